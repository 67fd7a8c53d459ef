"""A flow of dense couplings on a checkerboard: RealNVP (Dinh et al. 2016, arXiv 1605.08803) in the form of an exercise.

The usual way to write such a coupling masks the image and runs a network over all D pixels and out to all D, of which
half are blank and half unused. Weights at a masked place have no effect and never change. Here the two colours of the
board are parted once and the networks are given one and give the other: the same function, the same distribution of
first weights (their bounds follow from D inputs) and the same gradients, hence the same training, at 65 % of the work:
for 28 x 28 pixels and 8 couplings of two layers of 1024, 18.0 million weights in place of 27.7 million.
"""

import math

import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models.flow.base import Flow
from workbench.engine.models.flow.dequantise import make_dequantiser
from workbench.engine.models.flow.params import FlowParams
from workbench.engine.models.layers import reset_kernel


class DenseCoupling(nn.Module):
    """Scales and shifts M numbers as a dense network makes of N others; the identity at the start.

    ``y = x exp(factor tanh(a)) + b`` with ``a`` and ``b`` from the network and a factor for each number, 1 at first.

    Args:
        given, changed: N and M.
        nodes, hidden_layers: Size of the network.
        fan_in: Inputs that the bound of the first layer's weights counts.
    """

    def __init__(self, *, given: int, changed: int, nodes: int, hidden_layers: int, fan_in: int) -> None:
        super().__init__()
        self._fan_in = fan_in
        layers: list[nn.Module] = []
        for index in range(hidden_layers):
            layers += [nn.Linear(nodes if index else given, nodes), nn.ReLU()]
        self.network = nn.Sequential(*layers, nn.Linear(nodes, 2 * changed))
        self.factor = nn.Parameter(torch.ones(changed))

    def initialise(self, generator: torch.Generator) -> None:
        first, *hidden, last = [layer for layer in self.network if isinstance(layer, nn.Linear)]
        bound = 1 / math.sqrt(self._fan_in)
        for parameter in (first.weight, first.bias):
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
        for layer in hidden:
            reset_kernel(layer, generator)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        nn.init.ones_(self.factor)

    def forward(self, x: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
        """The changed numbers [B, M] for ``given`` [B, N], and the log-determinants [B]."""
        log_scale, shift = self._read(given, x)
        return x * log_scale.exp() + shift, log_scale.sum(1)

    def inverse(self, y: Tensor, given: Tensor) -> Tensor:
        """The numbers that :meth:`forward` made ``y`` of."""
        log_scale, shift = self._read(given, y)
        return (y - shift) * (-log_scale).exp()

    def _read(self, given: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        raw, shift = self.network(given).to(like.dtype).chunk(2, dim=1)
        return self.factor * torch.tanh(raw), shift


class DenseFlow(Flow):
    """See the module. A code has the pixels' order.

    Args:
        params: The options.
        shape: C, H and W.

    Raises:
        UserError: The image has one pixel, or its sides do not suit the dequantisation.
    """

    black: Tensor
    white: Tensor
    order: Tensor

    def __init__(self, params: FlowParams, *, shape: tuple[int, int, int]) -> None:
        dequantiser = make_dequantiser(
            params.dequantisation,
            shape=shape,
            variance=params.dequantisation_variance,
            width=params.dequantisation_width,
        )
        super().__init__(shape=shape, alpha=params.alpha, dequantiser=dequantiser)
        channels, height, width = shape
        if height * width < 2:
            raise UserError("a flow on a checkerboard takes images of two pixels or more", remedy="set data.size")
        board = (torch.arange(height)[:, None] + torch.arange(width)).expand(channels, -1, -1).flatten() % 2
        self.register_buffer("black", (board == 0).nonzero().flatten(), persistent=False)
        self.register_buffer("white", (board == 1).nonzero().flatten(), persistent=False)
        self.register_buffer("order", torch.cat([self.black, self.white]).argsort(), persistent=False)
        sizes = (len(self.black), len(self.white))
        self.couplings = nn.ModuleList(
            DenseCoupling(
                given=sizes[index % 2],
                changed=sizes[1 - index % 2],
                nodes=params.nodes,
                hidden_layers=params.hidden_layers,
                fan_in=self.dims,
            )
            for index in range(params.couplings)
        )

    def transform(self, x: Tensor) -> tuple[Tensor, Tensor]:
        halves = self._parted(x.flatten(1))
        log_det = x.new_zeros(len(x))
        for index, coupling in enumerate(self.couplings):
            given, changed = index % 2, 1 - index % 2
            halves[changed], more = coupling(halves[changed], halves[given])
            log_det = log_det + more
        return self._joined(halves), log_det

    def restore(self, codes_BD: Tensor) -> Tensor:
        halves = self._parted(codes_BD)
        for index in reversed(range(len(self.couplings))):
            coupling = self.couplings[index]
            assert isinstance(coupling, DenseCoupling)
            given, changed = index % 2, 1 - index % 2
            halves[changed] = coupling.inverse(halves[changed], halves[given])
        return self._joined(halves).reshape(-1, *self.shape)

    def _parted(self, flat: Tensor) -> list[Tensor]:
        return [flat.index_select(1, self.black), flat.index_select(1, self.white)]

    def _joined(self, halves: list[Tensor]) -> Tensor:
        return torch.cat(halves, dim=1).index_select(1, self.order)


def build(params: FlowParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A :class:`DenseFlow`; it learns nothing of classes."""
    return DenseFlow(params, shape=shape)
