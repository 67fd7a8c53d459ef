"""Normal distributions with independent dimensions: divergences, densities, and the grid that a plane of codes needs.

Written so that nothing cancels where distributions nearly agree: a trained network's idle dimensions do.

Shapes: B items, D dimensions, N points of a side.
"""

import math

import torch
from torch import Tensor

LOG_2_PI = math.log(2 * math.pi)


def kl_standard(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of each dimension, in nats; any shape.

    ``exp(l) - 1 - l`` loses all digits near ``l = 0``; ``expm1(l) - l`` keeps as many as ``l`` has above the rounding.
    """
    return (mean.square() + (torch.expm1(log_variance) - log_variance)).mul(0.5)


def kl_of_deviation(mean: Tensor, deviation: Tensor) -> Tensor:
    """As :func:`kl_standard`, of a deviation above 0."""
    return kl_standard(mean, 2 * deviation.log())


def log_standard(codes: Tensor) -> Tensor:
    """log N(codes; 0, 1), summed over the last axis."""
    return -0.5 * (codes.square().sum(-1) + codes.shape[-1] * LOG_2_PI)


def log_ratio(codes: Tensor, mean_BD: Tensor, log_variance_BD: Tensor) -> Tensor:
    """log N(codes; 0, 1) - log N(codes; mean, exp(log_variance)) of codes [..., B, D], summed over the last axis."""
    deviations = (codes - mean_BD).square() * torch.exp(-log_variance_BD)
    return 0.5 * (deviations - codes.square() + log_variance_BD).sum(-1)


def quantile(shares: Tensor) -> Tensor:
    """The standard normal's inverse distribution function of shares in (0, 1), in their precision."""
    quantiles: Tensor = torch.special.ndtri(shares)
    return quantiles


def quantile_grid(side: int) -> Tensor:
    """Codes [side * side, 2] over the plane of two dimensions, float32, each cell standing for as much of the prior.

    Quantiles (i + 1/2) / side, so the grid is symmetric; row by row, the top row with the highest second coordinate.
    """
    ticks = quantile((torch.arange(side, dtype=torch.float64) + 0.5) / side)
    y, x = torch.meshgrid(ticks.flip(0), ticks, indexing="ij")
    return torch.stack((x, y), -1).reshape(-1, 2).float()
