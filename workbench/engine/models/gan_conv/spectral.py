"""Layers divided by their largest singular value (Miyato et al. 2018, arXiv 1802.05957).

Torch's own parametrisation draws its first directions from the global state and hides the weight from whoever
initialises and counts it; these layers own weight and directions like any other.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.models.layers import reset_kernel

_FIRST_ITERATIONS = 15


class _Spectral(nn.Module):
    """What both have: estimates of the weight's first singular vectors, one power iteration a training pass.

    The weight is a matrix with a row for each output. Directions are moved in place, since an average of other weights
    of the network shares them.
    """

    weight: Tensor
    left: Tensor
    right: Tensor

    def _add_directions(self) -> None:
        self.register_buffer("left", torch.zeros(len(self.weight)))
        self.register_buffer("right", torch.zeros(self.weight[0].numel()))

    def _start(self, generator: torch.Generator) -> None:
        """Begin anew with the weight as it is, from a random direction."""
        nn.init.normal_(self.left, generator=generator)
        for _ in range(_FIRST_ITERATIONS):
            self._follow()

    @torch.no_grad()
    def _follow(self) -> None:
        matrix = self.weight.flatten(1)
        self.right.copy_(F.normalize(matrix.T @ self.left, dim=0))
        self.left.copy_(F.normalize(matrix @ self.right, dim=0))

    def scaled(self) -> Tensor:
        """The weight by its largest singular value, through which gradients pass as well."""
        if self.training:
            self._follow()
        # Copies, since another pass may move the directions before this one's gradients are asked for.
        return self.weight / torch.dot(self.left.clone(), self.weight.flatten(1) @ self.right.clone())


class SpectralConv2d(_Spectral, nn.Conv2d):
    """A convolution whose kernel, as a matrix of its output channels, has the spectral norm 1."""

    def __init__(self, channels: int, filters: int, kernel_size: int, *, stride: int, padding: int) -> None:
        nn.Conv2d.__init__(self, channels, filters, kernel_size, stride=stride, padding=padding)
        self._add_directions()

    def initialise(self, generator: torch.Generator) -> None:
        reset_kernel(self, generator)
        self._start(generator)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self._conv_forward(x, self.scaled(), self.bias)
        return maps


class SpectralLinear(_Spectral, nn.Linear):
    """A dense layer whose matrix has the spectral norm 1."""

    def __init__(self, features: int, outputs: int) -> None:
        nn.Linear.__init__(self, features, outputs)
        self._add_directions()

    def initialise(self, generator: torch.Generator) -> None:
        reset_kernel(self, generator)
        self._start(generator)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.scaled(), self.bias)
