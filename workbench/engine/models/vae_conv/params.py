"""Options of the convolutional variational autoencoder."""

from dataclasses import dataclass

from workbench.engine.models.vae.params import AutoencoderParams
from workbench.engine.params import param


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeConvParams(AutoencoderParams):
    """See :mod:`workbench.engine.models.vae_conv.model` for where each option acts."""

    latent: int = param(32, "Dimensions of a code; two can be looked at as a plane.", low=1, high=4096)
    channels: int = param(
        32, "Feature maps at half the image's size; each further halving doubles them.", low=1, high=1024
    )
    blocks: int = param(1, "Residual blocks at the smallest size, each side.", low=0, high=64)
    wide_blocks: int = param(0, "Residual blocks at each larger size, each side.", low=0, high=64)
    hidden: int = param(256, "Width of the dense layer between feature maps and code.", low=1, high=8192)
    activation: str = param("swish", "Function between the layers.", choices=("elu", "swish", "relu", "gelu"))
    normalization: str = param("none", "Normalisation in the residual blocks.", choices=("none", "group"))
