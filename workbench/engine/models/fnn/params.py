"""Options of the dense network."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class FnnParams(Params):
    """See :class:`workbench.engine.models.layers.DenseStack` for where each option acts."""

    hidden_layers: int = param(8, "Dense layers before the one that makes the logits.", low=1, high=64)
    nodes: int = param(128, "Width of a hidden layer.", low=1, high=8192)
    activation: str = param(
        "sigmoid",
        "Function between the layers.",
        choices=("sigmoid", "relu", "swish", "tanh", "gelu", "leaky_relu"),
    )
    normalization: str = param("layer", "Normalisation after each hidden layer.", choices=("none", "layer", "batch"))
    dropout: float = param(0.0, "Share of activations dropped in training.", low=0.0, high=0.95)
    residual: bool = param(True, "Add each further hidden layer to its input.")
