"""Options of the convolutional adversarial pair."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class GanConvParams(Params):
    """Each halving of the resolution doubles the channels, in both."""

    latent: int = param(100, "Dimensions of a code.", low=1, high=4096)
    generator_channels: int = param(
        64, "The generator's feature maps at half the resolution of the image.", low=1, high=1024
    )
    discriminator_channels: int = param(
        64, "The discriminator's feature maps at half the resolution of the image.", low=1, high=1024
    )
    normalization: str = param("batch", "Normalisation of the generator's maps.", choices=("none", "batch"))
    spectral_norm: bool = param(
        True,
        "Divide each of the discriminator's kernels by its largest singular value, so that no step of the generator's "
        "sends its verdict far away.",
    )
    slope: float = param(0.2, "Slope of the leaky ReLU below zero.", low=0.0, high=1.0)
    dropout: float = param(0.0, "Share of the discriminator's activations dropped in training.", low=0.0, high=0.95)
