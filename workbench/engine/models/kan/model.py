"""The Kolmogorov-Arnold network (Liu et al. 2024, arXiv 2404.19756, section 2.2).

Shape suffixes: B batch, I input features, O output features, K control points.
"""

import math
from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from workbench.engine.models.kan.params import KanParams

SLOPE = 0.7
ROUGHNESS = 0.1


def clamped_knots(*, control_points: int, degree: int) -> Tensor:
    """The knots of a clamped uniform spline over [-1, 1], each end ``degree + 1`` times; [K + degree + 1]."""
    inner = torch.linspace(-1.0, 1.0, control_points - degree + 1)
    return torch.cat([inner[:1].expand(degree), inner, inner[-1:].expand(degree)])


def spline_bases(x: Tensor, knots: Tensor, *, degree: int) -> Tensor:
    """All B-spline basis functions at ``x`` [...]: [..., K]; outside [-1, 1] each goes on along its tangent.

    Only ``degree + 1`` of them differ from zero at one place, so only those are computed (Piegl and Tiller, The NURBS
    Book, 2nd ed., algorithm A2.2) and then put into their columns.

    Args:
        x: Any shape.
        knots: From :func:`clamped_knots`.
        degree: Of the pieces, at least 1.
    """
    control_points = knots.numel() - degree - 1
    pieces = control_points - degree
    width = 2.0 / pieces
    inside = x.clamp(-1.0, 1.0)
    # To integers before the clamp: a NaN then lands in some piece and shows in the loss, not as a bad index.
    first = ((inside.detach() + 1.0) / width).long().clamp(0, pieces - 1)
    left = [inside - knots[first + (degree + 1 - j)] for j in range(1, degree + 1)]
    right = [knots[first + (degree + j)] - inside for j in range(1, degree + 1)]
    local = [torch.ones_like(right[0])]
    for j in range(degree):
        carried = torch.zeros_like(right[0])
        for r in range(j + 1):
            share = local[r] / (right[r] + left[j - r])
            local[r] = carried + right[r] * share
            carried = left[j - r] * share
        local.append(carried)
    # At a clamped end only the two outermost functions have a slope: minus and plus degree / width.
    slope = degree / width
    below, above = nn.functional.relu(-1.0 - x) * slope, nn.functional.relu(x - 1.0) * slope
    local[0] = local[0] + below
    local[1] = local[1] - below
    local[-2] = local[-2] - above
    local[-1] = local[-1] + above
    values = torch.stack(local, dim=-1)
    columns = first.unsqueeze(-1) + torch.arange(degree + 1, device=x.device)
    return values.new_zeros(*x.shape, control_points).scatter(-1, columns, values)


class KanLayer(nn.Module):
    """``y_o = sum_i base_oi silu(x_i) + spline_oi sum_k point_oik B_k(x_i)``; [B, I] to [B, O].

    The bases are evaluated once for each input feature and shared by all outputs, which makes the splines one matrix
    product with ``spline * point``.

    Attributes:
        base_weight, spline_weight: [O, I].
        control_points: [O, I, K].
    """

    knots: Tensor

    def __init__(self, features: int, outputs: int, *, control_points: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        self.base_weight = nn.Parameter(torch.empty(outputs, features))
        self.spline_weight = nn.Parameter(torch.empty(outputs, features))
        self.control_points = nn.Parameter(torch.empty(outputs, features, control_points))
        self.register_buffer("knots", clamped_knots(control_points=control_points, degree=degree), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        bases = spline_bases(x, self.knots, degree=self.degree)
        folded = self.spline_weight.unsqueeze(-1) * self.control_points
        base = nn.functional.linear(nn.functional.silu(x), self.base_weight)
        return base + nn.functional.linear(bases.flatten(1), folded.flatten(1))

    def initialise(self, generator: torch.Generator) -> None:
        """Splines that are nearly straight lines of random slope.

        The paper starts from splines near zero, through which the signal fades by half a layer. Rough ones blow it up,
        since outside [-1, 1] each goes on along its tangent. Slopes keep its size over any number of layers.
        """
        scale = 1.0 / math.sqrt(self.base_weight.shape[1])
        # Control points at these places give the spline f(x) = x.
        line = self.knots[1:-1].unfold(0, self.degree, 1).mean(dim=1)
        slopes = torch.empty(*self.base_weight.shape, 1).normal_(0.0, SLOPE, generator=generator)
        nn.init.normal_(self.base_weight, 0.0, scale, generator=generator)
        nn.init.constant_(self.spline_weight, scale)
        nn.init.normal_(self.control_points, 0.0, ROUGHNESS, generator=generator)
        self.control_points.data += slopes * line

    def kernels(self) -> list[nn.Parameter]:
        return [self.base_weight, self.spline_weight, self.control_points]

    def macs(self) -> int:
        """Of the two matrix products, for one row; evaluating the bases is not counted."""
        return self.base_weight.numel() + self.control_points.numel()

    def extra_repr(self) -> str:
        outputs, features, control_points = self.control_points.shape
        return f"{features}, {outputs}, control_points={control_points}, degree={self.degree}"


class Rescale(nn.Module):
    """Pixels in [0, 1] onto the splines' [-1, 1], flattened to [B, I]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) * 2.0 - 1.0


def build(params: KanParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Images [B, C, H, W] in [0, 1] to logits [B, classes]; beyond that range the splines go on as straight lines."""
    widths = [math.prod(shape), *[params.nodes] * params.hidden_layers, classes]
    layers: OrderedDict[str, nn.Module] = OrderedDict(rescale=Rescale())
    for index, (features, outputs) in enumerate(pairwise(widths)):
        layers[f"layer_{index}"] = KanLayer(
            features, outputs, control_points=params.control_points, degree=params.degree
        )
    return nn.Sequential(layers)
