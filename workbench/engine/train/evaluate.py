"""Metrics of whole splits, in pieces short enough that a person can interrupt between them."""

import contextlib
import time
from collections.abc import Callable, Generator, Mapping

import torch
from torch import nn

from workbench.engine.device import mix
from workbench.engine.events import Progress
from workbench.engine.models.layers import summary
from workbench.engine.project.splits import Items
from workbench.engine.tasks.task import Evaluation, Task
from workbench.engine.train.feed import EVALUATION, Feed

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


def evaluate(
    model: nn.Module,
    evaluation: Evaluation,
    feed: Feed,
    items: Items,
    *,
    piece: int,
    stage: str,
    autocast: Autocast,
) -> Generator[Progress, None, None]:
    """Let ``evaluation`` gather its metrics over ``items``. The model's mode is left as evaluation.

    Yields:
        Progress after every piece that took the clock past 50 ms.
    """
    model.eval()
    ids = torch.from_numpy(items)
    reported = time.monotonic()
    for start in range(0, len(ids), piece):
        with torch.inference_mode(), autocast():
            evaluation.add(model, *feed.batch(ids[start : start + piece]))
        if time.monotonic() - reported > 0.05:
            reported = time.monotonic()
            yield Progress(stage=stage, done=min(start + piece, len(ids)), total=len(ids))
    yield from evaluation.finish(model)


def evaluation_noise(seed: int, split: str, device: torch.device) -> torch.Generator:
    """What an evaluation of ``split`` draws from: always alike, so that numbers differ by the weights alone."""
    return torch.Generator(device).manual_seed(mix(seed, EVALUATION, *split.encode()))


def evaluate_splits(
    model: nn.Module,
    task: Task,
    feed: Feed,
    parts: Mapping[str, Items],
    *,
    step: int,
    seed: int,
    device: torch.device,
    piece: int,
    autocast: Autocast,
) -> Generator[Progress, None, dict[str, Evaluation]]:
    """The evaluations of several splits."""
    evaluations = {}
    for part, items in parts.items():
        noise = evaluation_noise(seed, part, device)
        evaluations[part] = task.evaluation(split=part, step=step, items=items, noise=noise)
        yield from evaluate(
            model, evaluations[part], feed, items, piece=piece, stage=f"evaluating {part}", autocast=autocast
        )
    return evaluations


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
