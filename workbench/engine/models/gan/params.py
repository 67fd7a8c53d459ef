"""Options of the dense adversarial pair."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class GanParams(Params):
    """The generator widens from layer to layer; the discriminator narrows from half of its widest to one logit."""

    latent: int = param(100, "Dimensions of a code.", low=1, high=4096)
    hidden: int = param(
        128,
        "Width of the generator's first layer. Three more double it; the discriminator's two have four and two times "
        "as many nodes.",
        low=1,
        high=4096,
    )
    normalization: str = param(
        "batch", "Normalisation of the generator's layers but the first.", choices=("none", "batch")
    )
    slope: float = param(0.2, "Slope of the leaky ReLU below zero.", low=0.0, high=1.0)
    dropout: float = param(0.3, "Share of the discriminator's activations dropped in training.", low=0.0, high=0.95)
