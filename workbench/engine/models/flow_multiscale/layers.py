"""Invertible layers between couplings: actnorm and 1x1 convolutions, after Kingma and Dhariwal 2018 (Glow, arXiv
1807.03039).

Each takes [B, C, H, W] and gives that and the log-determinants of its Jacobian, [B] or one number for all images.
"""

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.models.flow.base import full_precision

_LEAST = 1e-6  # deviation of a channel that counts as constant


class Mixing(nn.Module):
    """An invertible layer that looks at nothing but the channels."""

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]: ...

    @abstractmethod
    def inverse(self, y: Tensor) -> Tensor: ...


class ActNorm(Mixing):
    """``(x + shift) exp(log_scale)`` with both learned for each channel; the identity until :meth:`fit`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return (x + self.shift) * self.log_scale.exp(), self.log_scale.sum() * (x.shape[2] * x.shape[3])

    def inverse(self, y: Tensor) -> Tensor:
        return y * (-self.log_scale).exp() - self.shift

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Let ``x`` come out with mean 0 and deviation 1 in each channel; constant channels with mean 0 alone."""
        deviation, mean = torch.std_mean(x, dim=(0, 2, 3), keepdim=True, correction=0)
        self.shift.copy_(-mean[0])
        self.log_scale.copy_(torch.where(deviation > _LEAST, -deviation.clamp(min=_LEAST).log(), 0.0)[0])

    def initialise(self, generator: torch.Generator) -> None:
        nn.init.zeros_(self.shift)
        nn.init.zeros_(self.log_scale)


class InvertibleConv(Mixing):
    """A learned 1x1 convolution, a rotation at the start, kept as ``P L U``: a permutation, which stays, a lower matrix
    with ones on its diagonal, and an upper one with a diagonal that keeps its signs. So the determinant is a product,
    and the inverse always exists. It is computed in the precision of its input, in whatever the networks are.
    """

    permutation: Tensor
    signs: Tensor
    below: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lower = nn.Parameter(torch.zeros(channels, channels))
        self.upper = nn.Parameter(torch.zeros(channels, channels))
        self.log_diagonal = nn.Parameter(torch.zeros(channels))
        self.register_buffer("permutation", torch.eye(channels))
        self.register_buffer("signs", torch.ones(channels))
        self.register_buffer("below", torch.ones(channels, channels).tril(-1), persistent=False)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        channels = len(self.signs)
        random = torch.randn(channels, channels, dtype=torch.float64, generator=generator)
        permutation, lower, upper = torch.linalg.lu(torch.linalg.qr(random).Q)
        self.permutation.copy_(permutation)
        self.lower.copy_(lower.tril(-1))
        self.upper.copy_(upper.triu(1))
        self.signs.copy_(upper.diagonal().sign())
        self.log_diagonal.copy_(upper.diagonal().abs().log())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with full_precision(x.device):
            lower, upper = self._factors()
            kernel = self.permutation @ lower @ upper
            return _mixed(x, kernel), self.log_diagonal.sum() * (x.shape[2] * x.shape[3])

    def inverse(self, y: Tensor) -> Tensor:
        with full_precision(y.device):
            lower, upper = self._factors()
            halfway = torch.linalg.solve_triangular(lower, self.permutation.T, upper=False, unitriangular=True)
            return _mixed(y, torch.linalg.solve_triangular(upper, halfway, upper=True))

    def _factors(self) -> tuple[Tensor, Tensor]:
        """L and U; each uses its half of its parameters' square."""
        lower = self.lower * self.below + torch.diag(torch.ones_like(self.signs))
        upper = self.upper * self.below.T + torch.diag(self.signs * self.log_diagonal.exp())
        return lower, upper


class Reverse(Mixing):
    """The channels in reverse order."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.flip(1), x.new_zeros(())

    def inverse(self, y: Tensor) -> Tensor:
        return y.flip(1)


def _mixed(x: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(x, kernel[:, :, None, None])
