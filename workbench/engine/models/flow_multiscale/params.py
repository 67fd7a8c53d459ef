"""Options of the multi-scale flow."""

from dataclasses import dataclass

from workbench.engine.models.flow.params import DEQUANTISATIONS
from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowMultiscaleParams(Params):
    """See :class:`workbench.engine.models.flow_multiscale.model.MultiscaleFlow` for where each option acts."""

    scales: int = param(
        2, "Times that height and width are halved; they must be divisible by 2 so often.", low=1, high=6
    )
    steps: int = param(4, "Couplings at the first scale, of half the height and width.", low=1, high=64)
    further_steps: int = param(8, "Couplings at each further scale.", low=1, high=64)
    width: int = param(48, "Channels of the hidden layers in couplings at the first scale.", low=1, high=2048)
    further_width: int = param(
        96, "Channels of the hidden layers in couplings at each further scale.", low=1, high=2048
    )
    blocks: int = param(1, "Gated blocks in each coupling.", low=0, high=16)
    actnorm: bool = param(
        True, "Scale and shift each channel before a coupling, so that the first images get mean 0 and deviation 1."
    )
    mixing: str = param(
        "lu",
        "What goes between couplings so that other channels change next: lu, an invertible 1x1 convolution that is "
        "learned, or reverse, the channels in reverse order.",
        choices=("lu", "reverse"),
    )
    alpha: float = param(
        1e-5,
        "Share of the range of pixels that is cut off, half at each end, before the logit, which is infinite there.",
        low=1e-7,
        high=0.1,
        advanced=True,
    )
    dequantisation: str = param(
        "variational",
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
