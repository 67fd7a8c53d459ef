"""Options of the deeper convolutional network."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class CnnDeepParams(Params):
    """Six convolutions in three pairs (32, 64, 128 filters), then one hidden dense layer."""

    normalization: str = param(
        "batch",
        "Normalisation after each activation. On maps, layer only subtracts each channel's mean.",
        choices=("none", "layer", "batch"),
    )
    dropout_first: float = param(0.3, "Share dropped after the first pair of convolutions.", low=0.0, high=0.95)
    dropout: float = param(0.5, "Share dropped after every later stage.", low=0.0, high=0.95)
    nodes: int = param(128, "Width of the hidden dense layer.", low=1, high=8192)
