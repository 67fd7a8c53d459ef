"""Noise that spreads whole grey levels over their intervals, and what it adds to the bound on the log-likelihood.

For a density p and noise u in [0, 1] with density q(u | v) of its own, log P(v) >= E[log p(v + u) - log q(u | v)]
(Theis et al. 2015, arXiv 1511.01844; Ho et al. 2019, arXiv 1902.00275). It holds only for noise that stays within the
level, which is why normal noise is cut off here: added as it is, the number would be no bound on anything.

Shapes: B images, C channels, H height, W width.
"""

import math
from abc import abstractmethod
from itertools import cycle, islice

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.errors import UserError
from workbench.engine.models.flow.couplings import ConvCoupling

_FINEST = 2.0**-22  # draws in (0, 1) keep half of this from either end, so that their logits are finite in float32
_MIDDLE = 127.5
# Ways to part the four pixels of a 2 x 2 square: by colour of the checkerboard, by row, by column
_HALVES = (((0, 3), (1, 2)), ((1, 2), (0, 3)), ((0, 1), (2, 3)), ((1, 3), (0, 2)))


class Dequantiser(nn.Module):
    """Noise within a level."""

    @abstractmethod
    def forward(self, levels: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Noise in 0..1 for levels [B, C, H, W], of the same shape, and minus its log-density [B].

        Args:
            levels: Whole numbers 0..255 as floats.
            noise: What it is drawn from; without it, its median.
        """


class Uniform(Dequantiser):
    """Every place within a level is as likely as any other."""

    def forward(self, levels: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        return _shares(levels, noise), levels.new_zeros(len(levels))


class Gaussian(Dequantiser):
    """A normal distribution around the middle of the level, cut off at its ends.

    Args:
        variance: Before it is cut off, in squared levels.
    """

    def __init__(self, *, variance: float) -> None:
        super().__init__()
        self.variance = variance
        self._deviation = math.sqrt(variance)
        self._inside = math.erf(0.5 / self._deviation / math.sqrt(2))  # share of it within the level

    def forward(self, levels: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        # The inverse of the distribution function: erfinv takes the sign along, so that both tails are as precise.
        sides = (2 * _shares(levels, noise) - 1) * self._inside
        offset = torch.erfinv(sides) * (self._deviation * math.sqrt(2))
        constant = math.log(self._deviation * math.sqrt(2 * math.pi) * self._inside)
        surprise = offset.square() / (2 * self.variance) + constant
        return (offset + 0.5).clamp(0.0, 1.0), surprise.flatten(1).sum(1)

    def entropy(self) -> float:
        """Of one pixel's noise, in nats; below 0, which is that of uniform noise."""
        edge = 0.5 / self._deviation
        density = math.exp(-(edge**2) / 2) / math.sqrt(2 * math.pi)
        return (
            math.log(self._deviation * math.sqrt(2 * math.pi * math.e) * self._inside) - edge * density / self._inside
        )

    def extra_repr(self) -> str:
        return f"variance={self.variance:g}"


class Variational(Dequantiser):
    """Noise that a small flow makes of uniform noise and the image; uniform itself at the start.

    The couplings see 2 x 2 squares of pixels as channels.

    Args:
        shape: C, H and W; H and W even.
        width: Channels of the couplings' hidden layers.

    Raises:
        UserError: A side is odd.
    """

    def __init__(self, *, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        channels, height, breadth = shape
        if height % 2 or breadth % 2:
            raise UserError(
                f"variational dequantisation takes images with even sides, not {breadth} x {height}",
                remedy="set data.size to an even number, or take uniform dequantisation",
            )
        self.couplings = nn.ModuleList(
            ConvCoupling(
                kept=[4 * channel + place for channel in range(channels) for place in kept],
                changed=[4 * channel + place for channel in range(channels) for place in changed],
                context=4 * channels,
                width=width,
                blocks=1,
            )
            for kept, changed in islice(cycle(_HALVES), 4)
        )

    def forward(self, levels: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        start = torch.logit(_shares(levels, noise))
        context = F.pixel_unshuffle(levels / _MIDDLE - 1, 2)
        x, log_det = F.pixel_unshuffle(start, 2), levels.new_zeros(len(levels))
        for coupling in self.couplings:
            x, more = coupling(x, context)
            log_det = log_det + more
        end = F.pixel_shuffle(x, 2)
        return torch.sigmoid(end), log_det - _log_slopes(start) + _log_slopes(end)


def make_dequantiser(name: str, *, shape: tuple[int, int, int], variance: float, width: int) -> Dequantiser:
    """Noise by its name: ``uniform``, ``gaussian`` of a variance, or ``variational`` of a width."""
    if name == "gaussian":
        return Gaussian(variance=variance)
    if name == "variational":
        return Variational(shape=shape, width=width)
    assert name == "uniform"
    return Uniform()


def _shares(like: Tensor, noise: torch.Generator | None) -> Tensor:
    """Uniform draws from (0, 1), or 1/2 each."""
    if noise is None:
        return torch.full_like(like, 0.5)
    return torch.empty_like(like).uniform_(_FINEST / 2, 1 - _FINEST / 2, generator=noise)


def _log_slopes(x: Tensor) -> Tensor:
    """Log-determinants [B] of the sigmoid."""
    return -(F.softplus(x) + F.softplus(-x)).flatten(1).sum(1)
