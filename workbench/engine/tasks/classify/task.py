"""Cross-entropy and accuracy, over batches and over splits."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.events import Progress
from workbench.engine.params import Params
from workbench.engine.project.previews import PredictedItem, Predictions
from workbench.engine.project.runs import Run
from workbench.engine.project.scores import write_scores
from workbench.engine.project.splits import Items
from workbench.engine.tasks.classify.params import ClassifyParams
from workbench.engine.tasks.task import Moment, Setting, Shown, Sums

_SHOWN_CLASSES = 3


class Classify:
    """Classification into K classes; the network's output are logits [B, K].

    Args:
        params: The options.
        setting: With ``counts`` where classes are to be weighed.
    """

    losses = ("loss",)

    def __init__(self, params: ClassifyParams, setting: Setting) -> None:
        self.params, self.setting = params, setting
        self._weights: Tensor | None = None
        if params.class_weights == "balanced" and setting.counts is not None:
            self._weights = balanced_weights(setting.counts)

    def parts(self, model: nn.Module) -> tuple[nn.Module, ...]:
        return (model,)

    def step(
        self, model: nn.Module, images: Tensor, labels: Tensor, moment: Moment, *, part: int = 0
    ) -> tuple[Tensor, Tensor]:
        logits = model(images)
        return self._loss(logits.float(), labels), logits.detach()

    def _loss(self, logits_BK: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy; weighed, the sum over the batch by the sum of the weights, of mixed targets as of plain ones.

        Torch itself divides by the weights of plain labels, but by the number of items where targets are shares.
        """
        smoothing = self.params.label_smoothing
        if self.params.class_weights == "none":
            return F.cross_entropy(logits_BK, labels, label_smoothing=smoothing)
        assert self._weights is not None, "to weigh classes takes their counts"
        self._weights = weights_K = self._weights.to(logits_BK.device)
        if labels.dim() == 1:
            return F.cross_entropy(logits_BK, labels, weight=weights_K, label_smoothing=smoothing)
        total = F.cross_entropy(logits_BK, labels, weight=weights_K, label_smoothing=smoothing, reduction="sum")
        return total / (labels @ weights_K).sum()

    def series(self, outputs: Sequence[Tensor], labels: Tensor) -> dict[str, Tensor]:
        right = (outputs[0].argmax(-1) == labels).sum(-1)
        return {"accuracy": right.cpu().double() / labels.shape[-1]}  # on the CPU: not every device knows doubles

    def predict(self, model: nn.Module, images: Tensor) -> Tensor:
        """Logits [B, K] as they are evaluated, float32."""
        logits: Tensor = model(images)
        if self.params.mirror:
            logits = (logits + model(images.flip(-1))) / 2
        return logits.float()

    def evaluation(self, *, split: str, step: int, items: Items, noise: torch.Generator) -> "ClassScores":
        return ClassScores(self, split=split, step=step, items=items)

    def previews(self, model: nn.Module, shown: Shown) -> tuple[Predictions]:
        outputs = self.predict(model, shown.images)
        best = outputs.softmax(-1).topk(min(_SHOWN_CLASSES, self.setting.classes), dim=-1)
        rows = zip(
            shown.items.tolist(), shown.labels.tolist(), best.indices.tolist(), best.values.tolist(), strict=True
        )
        items = tuple(
            PredictedItem(item=item, label=label, classes=tuple(classes), probabilities=tuple(shares))
            for item, label, classes, shares in rows
        )
        return (Predictions(step=shown.step, items=items),)


class ClassScores:
    """What a classifier makes of each item of a split, on the device until the evaluation is over.

    With a catch-all class there are two metrics more: ``known_accuracy``, the share of items of a known class that are
    given that class, and ``unknown_recall``, the share of the others that are recognised as such; each only where there
    are items for it.

    Args:
        task: How the network is asked.
        split, step: What is evaluated, and the weights'.
        items: The ids, in the order in which :meth:`add` gets them.
    """

    def __init__(self, task: Classify, *, split: str, step: int, items: Items) -> None:
        self._task, self._split, self._step, self._items = task, split, step, items
        self._sums = Sums()
        self._catch_all = task.setting.catch_all
        self._of_known, self._of_others = Sums(), Sums()
        self._pieces: list[Tensor] = []

    def add(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        logits = self._task.predict(model, images)
        loss = F.cross_entropy(logits, labels, reduction="none")
        confidence, predicted = logits.softmax(-1).max(-1)
        right = (predicted == labels).float()
        self._sums.add({"loss": F.cross_entropy(logits, labels, reduction="sum"), "accuracy": right.sum()},
                       items=len(labels))  # fmt: skip
        if self._catch_all >= 0:
            other = labels == self._catch_all
            for sums, which in ((self._of_known, ~other), (self._of_others, other)):
                sums.add({"accuracy": right[which].sum()}, items=int(which.sum()))
        self._pieces.append(torch.stack((loss, confidence, predicted.float(), right)))

    def finish(self, model: nn.Module) -> Generator[Progress, None, None]:
        yield from ()

    def metrics(self) -> dict[str, float]:
        metrics = self._sums.means()
        for name, sums in (("known_accuracy", self._of_known), ("unknown_recall", self._of_others)):
            if sums.items:
                metrics[name] = sums.means()["accuracy"]
        return metrics

    def vectors(self) -> dict[str, tuple[float, ...]]:
        return {}

    def save(self, run: Run) -> None:
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


def balanced_weights(counts: Sequence[int]) -> Tensor:
    """Weights [K] that make every class count alike, 1 for an item on average; 0 for a class without any."""
    counts_K = torch.as_tensor(counts, dtype=torch.float64)
    present_K = counts_K > 0
    weights_K = counts_K.sum() / (present_K.sum() * counts_K.clamp(min=1))
    return weights_K.where(present_K, 0.0).float()


def make(params: Params, setting: Setting) -> Classify:
    assert isinstance(params, ClassifyParams)
    return Classify(params, setting)
