"""Options of the dense variational autoencoder, and those that all of them share."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderParams(Params):
    """See :class:`workbench.engine.models.vae.autoencoder.Autoencoder`."""

    latent: int = param(20, "Dimensions of a code; two can be looked at as a plane.", low=1, high=4096)
    code: str = param(
        "normal",
        "What an image's code is: normal, a distribution, as in a variational autoencoder; or point, as in a plain "
        "autoencoder, the baseline that has no prior.",
        choices=("normal", "point"),
    )
    likelihood: str = param(
        "bernoulli",
        "What pixels are, given the code: bernoulli, black or white; gaussian, a grey level with normal noise; "
        "logistic, one of 256 levels.",
        choices=("bernoulli", "gaussian", "logistic"),
    )
    deviation: float = param(
        0.0, "gaussian: deviation of the noise, for pixels in 0..1; 0 learns it.", low=0.0, high=10.0, advanced=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VaeParams(AutoencoderParams):
    """The defaults are the widely known network of one hidden layer each side."""

    hidden_layers: int = param(1, "Dense layers each side, beside the last one.", low=1, high=16)
    nodes: int = param(500, "Their width.", low=1, high=8192)
    activation: str = param(
        "tanh",
        "Function between the layers.",
        choices=("sigmoid", "relu", "swish", "tanh", "gelu", "leaky_relu"),
    )
