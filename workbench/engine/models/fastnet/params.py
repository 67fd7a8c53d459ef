"""Options of the fast network."""

from dataclasses import dataclass

from workbench.engine.params import Params, param


@dataclass(frozen=True, slots=True, kw_only=True)
class FastNetParams(Params):
    """Widths of the three blocks and what makes the network learn fast."""

    width1: int = param(64, "Filters of the first block.", low=4, high=2048)
    width2: int = param(256, "Filters of the second block.", low=4, high=2048)
    width3: int = param(256, "Filters of the third block.", low=4, high=2048)
    whitening: bool = param(True, "Fix the first convolution to filters that decorrelate 2x2 patches.")
    logit_scale: float = param(0.111, "Factor on the logits.", low=1e-4, high=100.0, advanced=True)
    bn_momentum: float = param(
        0.4, "Share of the newest batch in the running statistics.", low=0.001, high=1.0, advanced=True
    )
