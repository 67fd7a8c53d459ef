"""Convolutional affine couplings: some channels are scaled and shifted as a network makes of the others.

The network is built of gated residual blocks after Ho et al. 2019 (Flow++, arXiv 1902.00275), without attention.

Shapes: B images, C channels, H height, W width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GatedBlock(nn.Module):
    """Adds to its input [B, C, H, W] what two convolutions make of it, by as much as a third of them lets through."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 3, padding=1)
        self.gated = nn.Conv2d(channels, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.gated(F.gelu(self.spatial(F.gelu(x))))
        return x + F.glu(inner, dim=1)


class ConvCoupling(nn.Module):
    """Scales and shifts some channels; the identity at the start.

    ``y = x exp(s tanh(a / s)) + b`` with ``a`` and ``b`` from the network and ``log s`` for each channel, 0 at first.

    Args:
        kept, changed: The channels that stay and those that change: each channel once.
        context: Channels of what else the network is given; 0 for nothing.
        width: Channels of the hidden layers.
        blocks: Gated blocks between the first and the last convolution.
    """

    kept: Tensor
    changed: Tensor
    order: Tensor

    def __init__(
        self, *, kept: Sequence[int], changed: Sequence[int], context: int = 0, width: int, blocks: int
    ) -> None:
        super().__init__()
        assert sorted([*kept, *changed]) == list(range(len(kept) + len(changed)))
        self.register_buffer("kept", torch.tensor(kept), persistent=False)
        self.register_buffer("changed", torch.tensor(changed), persistent=False)
        self.register_buffer("order", torch.tensor([*kept, *changed]).argsort(), persistent=False)
        self.network = nn.Sequential(
            nn.Conv2d(len(kept) + context, width, 3, padding=1),
            *(GatedBlock(width) for _ in range(blocks)),
            nn.GELU(),
            LastConv(width, 2 * len(changed)),
        )
        self.limit = ChannelLimit(len(changed))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The image [B, C, H, W] with its channels changed, and the log-determinants [B]."""
        kept, changed = x.index_select(1, self.kept), x.index_select(1, self.changed)
        log_scale, shift = self._read(kept, context)
        joined = torch.cat([kept, changed * log_scale.exp() + shift], dim=1)
        return joined.index_select(1, self.order), log_scale.flatten(1).sum(1)

    def inverse(self, y: Tensor, context: Tensor | None = None) -> Tensor:
        """The image that :meth:`forward` made ``y`` of."""
        kept, changed = y.index_select(1, self.kept), y.index_select(1, self.changed)
        log_scale, shift = self._read(kept, context)
        joined = torch.cat([kept, (changed - shift) * (-log_scale).exp()], dim=1)
        return joined.index_select(1, self.order)

    def _read(self, kept: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        given = kept if context is None else torch.cat([kept, context], dim=1)
        raw, shift = self.network(given).to(kept.dtype).chunk(2, dim=1)
        return self.limit(raw), shift


class LastConv(nn.Conv2d):
    """A 3x3 convolution that starts at 0."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3, padding=1)

    def initialise(self, generator: torch.Generator) -> None:
        nn.init.zeros_(self.weight)
        assert self.bias is not None
        nn.init.zeros_(self.bias)


class ChannelLimit(nn.Module):
    """``s tanh(x / s)`` of [B, C, H, W] with a learned limit s for each channel, 1 at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_limit = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.log_limit.exp() * torch.tanh(x * (-self.log_limit).exp())

    def initialise(self, generator: torch.Generator) -> None:
        nn.init.zeros_(self.log_limit)
