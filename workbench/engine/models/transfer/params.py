"""Options of a network that begins with what another has learned."""

from dataclasses import dataclass

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
