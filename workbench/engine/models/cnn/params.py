"""Options of the small convolutional network."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class CnnParams(Params):
    """Three convolutions (32, 64, 64 filters), then the dense stack."""

    hidden_layers: int = param(8, "Dense layers before the one that makes the logits.", low=1, high=64)
    nodes: int = param(128, "Width of a hidden dense layer.", low=1, high=8192)
    normalization: str = param(
        "layer",
        "Normalisation of feature maps and dense layers. On maps, layer only subtracts each channel's mean.",
        choices=("none", "layer", "batch"),
    )
    dropout: float = param(0.0, "Share of dense activations dropped in training.", low=0.0, high=0.95)
    padding: str = param(
        "valid",
        "Whether a convolution shrinks its map (valid) or keeps its size (same); small images need same.",
        choices=("valid", "same"),
    )
