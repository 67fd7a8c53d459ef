"""Cross-entropy and accuracy, over batches and over splits."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.params import Params
from workbench.engine.project.previews import PredictedItem, Predictions
from workbench.engine.project.splits import Items
from workbench.engine.tasks.classify.params import ClassifyParams

_SHOWN_CLASSES = 3


class Classify:
    """Classification into K classes; the network's output are logits [B, K].

    Args:
        params: The options.
        classes: K.
        counts: Training items of each class, for the weights of classes; without them nothing can be weighed.
    """

    def __init__(self, params: ClassifyParams, *, classes: int, counts: Sequence[int] | None = None) -> None:
        self.params, self.classes = params, classes
        self._weights: Tensor | None = None
        if params.class_weights == "balanced" and counts is not None:
            self._weights = balanced_weights(counts)

    def step(self, model: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
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

    def series(self, outputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        right = (outputs.argmax(-1) == labels).sum(-1)
        return {"accuracy": right.cpu().double() / labels.shape[-1]}  # on the CPU: not every device knows doubles

    def predict(self, model: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = model(images)
        if self.params.mirror:
            logits = (logits + model(images.flip(-1))) / 2
        return logits.float()

    def totals(self, outputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {
            "loss": F.cross_entropy(outputs, labels, reduction="sum"),
            "accuracy": (outputs.argmax(-1) == labels).float().sum(),
        }

    def preview(self, outputs: Tensor, labels: Tensor, *, step: int, items: Items) -> Predictions:
        best = outputs.softmax(-1).topk(min(_SHOWN_CLASSES, self.classes), dim=-1)
        rows = zip(items.tolist(), labels.tolist(), best.indices.tolist(), best.values.tolist(), strict=True)
        return Predictions(
            step=step,
            items=tuple(
                PredictedItem(item=item, label=label, classes=tuple(classes), probabilities=tuple(shares))
                for item, label, classes, shares in rows
            ),
        )


def balanced_weights(counts: Sequence[int]) -> Tensor:
    """Weights [K] that make every class count alike, 1 for an item on average; 0 for a class without any."""
    counts_K = torch.as_tensor(counts, dtype=torch.float64)
    present_K = counts_K > 0
    weights_K = counts_K.sum() / (present_K.sum() * counts_K.clamp(min=1))
    return weights_K.where(present_K, 0.0).float()


def make(params: Params, *, classes: int, counts: Sequence[int] | None = None) -> Classify:
    assert isinstance(params, ClassifyParams)
    return Classify(params, classes=classes, counts=counts)
