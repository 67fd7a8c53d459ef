"""Options of the dense flow."""

from dataclasses import dataclass

from workbench.engine.params import Params, param

DEQUANTISATIONS = ("uniform", "gaussian", "variational")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowParams(Params):
    """See :class:`workbench.engine.models.flow.model.DenseFlow` for where each option acts."""

    couplings: int = param(8, "Coupling layers, the two colours of the checkerboard changing in turn.", low=1, high=64)
    nodes: int = param(1024, "Width of the hidden layers in each coupling.", low=1, high=8192)
    hidden_layers: int = param(2, "Hidden layers in each coupling.", low=1, high=8)
    alpha: float = param(
        1e-5,
        "Share of the range of pixels that is cut off, half at each end, before the logit, which is infinite there.",
        low=1e-7,
        high=0.1,
        advanced=True,
    )
    dequantisation: str = param(
        "uniform",
        "Noise that spreads each of the 256 grey levels over its interval: uniform; gaussian, a normal distribution "
        "around the middle of the level, cut off at its ends; variational, a small flow that learns what suits.",
        choices=DEQUANTISATIONS,
    )
    dequantisation_variance: float = param(
        1.0,
        "gaussian: variance of the noise before it is cut off, in squared levels; a large one is as good as uniform.",
        low=1e-4,
        high=1e4,
        advanced=True,
    )
    dequantisation_width: int = param(
        32, "variational: channels of the convolutions that learn the noise.", low=1, high=1024, advanced=True
    )
