"""Options of a network that begins with what another has learned."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workbench.engine.errors import UserError
from workbench.engine.params import Params, param

REUSE = ("all", "none", "upto")
IMAGENET, NOTHING, OF_RUN = "imagenet", "none", "run:"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferParams(Params):
    """Which network, what of it is kept and what of that is trained."""

    backbone: str = param(
        "torchvision/resnet18",
        "Network to reuse: torchvision/NAME or timm/NAME, with .TAG for one of its sets of weights.",
    )
    weights: str = param(
        IMAGENET,
        "What it begins with: imagenet for its published weights, none for random ones, a file, or run:ID.",
    )
    reuse: str = param(
        "all",
        "What of it is trained: all of it, none of it (only the new last layer), or what comes after a layer (upto).",
        choices=REUSE,
    )
    frozen: str = param("", "reuse = upto: the last layer that stays as it is.", label="frozen up to")
    cut: str = param("", "Last layer that is kept; the new head follows. Empty keeps the whole network.")
    statistics: str = param(
        "learn",
        "Mean and variance in the batch norms of what is trained: learn follows the batches, keep stays with those "
        "of the weights, which is safer for few images and small batches.",
        label="batch-norm statistics",
        choices=("learn", "keep"),
    )
    dropout: float = param(0.0, "Share of features dropped before the new last layer.", low=0.0, high=0.95)
    backbone_rate: float = param(
        1.0, "Learning rate of the reused layers, as a share of the new last layer's.", low=0.0, high=10.0
    )
    layer_decay: float = param(
        1.0, "Each block further from the head learns at this share of the rate of the one after it.", low=0.05, high=1
    )
    drop_path: float = param(
        0.0, "Share of images that skip the last residual block in training; less in earlier ones.", low=0.0, high=0.9
    )

    def check(self) -> None:
        library, slash, name = self.backbone.partition("/")
        if not self.backbone.strip() or (slash and (library not in ("torchvision", "timm") or not name)):
            raise UserError(
                f"backbone cannot be {self.backbone!r}", remedy="write torchvision/resnet18 or timm/convnext_tiny"
            )
        if not self.weights.strip() or self.weights.strip() == OF_RUN:
            raise UserError(f"weights cannot be {self.weights!r}", remedy="write imagenet, none, a file or run:ID")

    def settled(self, run: Callable[[str], str]) -> Self:
        """With a run named by its id, and a file by its whole path; see :class:`..BeginsWithOthers`."""
        weights = self.weights.strip()
        if weights in (IMAGENET, NOTHING):
            return self.replace(weights=weights)
        if weights.startswith(OF_RUN):
            return self.replace(weights=f"{OF_RUN}{run(weights.removeprefix(OF_RUN).strip())}")
        path = Path(weights).expanduser().absolute()
        if not path.exists():
            raise UserError(
                "there is no such file of weights", where=str(path),
                remedy="set model.weights to one that is there, or to imagenet, none or run:ID",
            )  # fmt: skip
        return self.replace(weights=str(path))
