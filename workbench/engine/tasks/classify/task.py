"""Cross-entropy and accuracy, over batches and over splits."""

from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.params import Params
from workbench.engine.project.previews import PredictedItem, Predictions
from workbench.engine.project.splits import Items
from workbench.engine.tasks.classify.params import ClassifyParams

_SHOWN_CLASSES = 3


class Classify:
    """Classification into K classes; the network's output are logits [B, K]."""

    def __init__(self, params: ClassifyParams, *, classes: int) -> None:
        self.params, self.classes = params, classes

    def step(self, model: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = model(images)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.params.label_smoothing)
        return loss, logits.detach()

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


def make(params: Params, *, classes: int) -> Classify:
    assert isinstance(params, ClassifyParams)
    return Classify(params, classes=classes)
