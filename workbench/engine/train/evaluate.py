"""Metrics of whole splits, in pieces short enough that a person can interrupt between them."""

import contextlib
import time
from collections.abc import Callable, Generator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.events import Progress
from workbench.engine.models.layers import summary
from workbench.engine.project.runs import Run
from workbench.engine.project.scores import write_scores
from workbench.engine.project.splits import Items
from workbench.engine.tasks.task import Task, means
from workbench.engine.train.feed import Feed

Autocast = Callable[[], contextlib.AbstractContextManager[object]]
_MACS_A_PIECE = 6e9  # about a tenth of a second of a forward pass on two cores
_LEAST = 16


def autocast(precision: str, device: torch.device) -> Autocast:
    """A factory of the context in which forward passes run."""
    if precision == "fp32":
        return contextlib.nullcontext
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    return lambda: torch.autocast(device.type, dtype)


def piece_size(model: nn.Module, shape: tuple[int, ...], *, most: int, device: torch.device) -> int:
    """Images to evaluate at once: ``most``, or on a CPU what takes about a tenth of a second.

    Counted from the network's multiply-adds, never from the clock, so that a resumed run adds up in the same order.
    """
    if device.type != "cpu":
        return most
    macs = sum(row.macs for row in summary(model, shape))
    return max(1, min(most, max(_LEAST, int(_MACS_A_PIECE / max(1, macs)))))


class ItemScores:
    """What a classifier made of each item of an evaluation, on the device until the evaluation is over.

    Args:
        split: What is evaluated.
        step: Of the weights.
        items: The ids, in the order in which :meth:`add` gets them.
    """

    def __init__(self, *, split: str, step: int, items: Items) -> None:
        self._split, self._step, self._items = split, step, items
        self._pieces: list[Tensor] = []

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """The next B items: float32 logits [B, K] and labels [B]. Nothing waits for the device."""
        loss = F.cross_entropy(logits, labels, reduction="none")
        confidence, predicted = logits.softmax(-1).max(-1)
        self._pieces.append(torch.stack((loss, confidence, predicted.float(), (predicted == labels).float())))

    def write(self, run: Run) -> None:
        """Keep them with the run, brought from the device in one piece."""
        loss, confidence, predicted, correct = torch.cat(self._pieces, 1).cpu().numpy()
        write_scores(
            run,
            split=self._split,
            step=self._step,
            items=self._items,
            loss=loss,
            confidence=confidence,
            predicted=predicted.astype("int64"),
            correct=correct.astype(bool),
        )


def evaluate(
    model: nn.Module,
    task: Task,
    feed: Feed,
    items: Items,
    *,
    piece: int,
    stage: str,
    autocast: Autocast,
    scores: ItemScores | None = None,
) -> Generator[Progress, None, dict[str, float]]:
    """The task's metrics over ``items``. The model's mode is left as evaluation.

    Args:
        scores: Gets what the network says of each item.

    Yields:
        Progress after every piece that took the clock past 50 ms.
    """
    model.eval()
    ids = torch.from_numpy(items)
    sums: dict[str, float] = {}
    caught = _Caught(feed.catch_all)
    reported = time.monotonic()
    for start in range(0, len(ids), piece):
        with torch.inference_mode(), autocast():
            images, labels = feed.batch(ids[start : start + piece])
            outputs = task.predict(model, images)
            totals = task.totals(outputs, labels)
            caught.add(outputs, labels)
            if scores:
                scores.add(outputs, labels)
        for name, total in totals.items():
            sums[name] = sums.get(name, 0.0) + float(total)
        if time.monotonic() - reported > 0.05:
            reported = time.monotonic()
            yield Progress(stage=stage, done=min(start + piece, len(ids)), total=len(ids))
    return means(sums, len(ids)) | caught.metrics()


class _Caught:
    """How a classifier with a catch-all class does on items of a known class and on the others, each by themselves.

    Args:
        label: Of the catch-all class; -1 if there is none, and then there are no metrics.
    """

    def __init__(self, label: int) -> None:
        self._label = label
        self._right = {True: 0, False: 0}  # of the catch-all class, or not
        self._items = {True: 0, False: 0}

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """The next B items: logits [B, K] and labels [B]."""
        if self._label < 0:
            return
        right, other = logits.argmax(-1) == labels, labels == self._label
        for of_it, which in ((True, other), (False, ~other)):
            self._right[of_it] += int((right & which).sum())
            self._items[of_it] += int(which.sum())

    def metrics(self) -> dict[str, float]:
        """``known_accuracy``: the share of items of a known class that are given that class. ``unknown_recall``: the
        share of the others that are recognised as such. Only what there are items for."""
        names = {False: "known_accuracy", True: "unknown_recall"}
        return {name: self._right[of_it] / self._items[of_it] for of_it, name in names.items() if self._items[of_it]}


def evaluate_splits(
    model: nn.Module,
    task: Task,
    feed: Feed,
    parts: Mapping[str, Items],
    *,
    step: int,
    piece: int,
    autocast: Autocast,
) -> Generator[Progress, None, tuple[dict[str, float], list[ItemScores]]]:
    """Metrics of several splits, named ``split/metric``, and what was said of each of their items."""
    metrics: dict[str, float] = {}
    scores = [ItemScores(split=part, step=step, items=items) for part, items in parts.items()]
    for (part, items), scored in zip(parts.items(), scores, strict=True):
        measured = yield from evaluate(
            model, task, feed, items, piece=piece, stage=f"evaluating {part}", autocast=autocast, scores=scored
        )
        metrics |= {f"{part}/{name}": value for name, value in measured.items()}
    return metrics, scores


def recalibrate(
    model: nn.Module, feed: Feed, items: Items, *, piece: int, autocast: Autocast
) -> Generator[Progress, None, None]:
    """Recompute the running statistics of every batch norm as the mean over ``items``, dropout switched off.

    Those of a frozen part (``model.frozen``) stay as they are.
    """
    frozen = set(getattr(model, "frozen", nn.Identity()).modules())
    norms = [
        module
        for module in model.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module not in frozen
    ]
    if not norms:
        return
    model.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative mean
        norm.train()
    try:
        ids = torch.from_numpy(items)
        for start in range(0, len(ids), piece):
            batch = ids[start : start + piece]
            if len(batch) == 1:
                continue  # a single item has no variance
            with torch.no_grad(), autocast():
                model(feed.batch(batch)[0])
            yield Progress(stage="recalibrating", done=start + len(batch), total=len(ids))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
