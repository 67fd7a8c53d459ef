"""Cross-entropy and accuracy, over batches and over splits."""

from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.params import Params
from workbench.engine.tasks.classify.params import ClassifyParams


class Classify:
    """Classification into K classes; the network's output are logits [B, K]."""

    headline = "accuracy"
    maximise = True

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


def make(params: Params, *, classes: int) -> Classify:
    assert isinstance(params, ClassifyParams)
    return Classify(params, classes=classes)
