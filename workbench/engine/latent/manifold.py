"""The grid of codes whose pictures show a plane of the latent space as densely as the prior has it."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from workbench.engine.latent.plane import Plane

Singles = NDArray[np.float32]
Ends = float | tuple[float, float]


def grid_quantiles(n: int, *, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
    """float64[n]: the middles of n equal parts of [low, high], through the inverse of the normal's distribution.

    They lie around 0 as ``low`` and ``high`` lie around 1/2: the whole range gives as many on either side.
    """
    assert n > 0
    assert 0.0 <= low < high <= 1.0
    shares = low + (high - low) * (np.arange(n) + 0.5) / n
    inverse = NormalDist().inv_cdf
    # From the nearer end, so that places which mirror each other do so to the last bit; 1e-300 is some 37 deviations.
    far = 1.0 - high + (high - low) * (n - np.arange(n) - 0.5) / n
    return np.array([inverse(max(share, 1e-300)) if share <= rest else -inverse(max(rest, 1e-300))
                     for share, rest in zip(shares.tolist(), far.tolist(), strict=True)])  # fmt: skip


def grid_places(n: int, *, low: Ends = 0.0, high: Ends = 1.0) -> NDArray[np.float64]:
    """float64[n * n, 2]: places of the grid in its plane, row by row from the highest; see :func:`grid_codes`."""
    (left, bottom), (right, top) = _both(low), _both(high)
    x, y = grid_quantiles(n, low=left, high=right), grid_quantiles(n, low=bottom, high=top)[::-1]
    return np.stack([np.tile(x, n), np.repeat(y, n)], 1)


def grid_codes(n: int, *, low: Ends = 0.0, high: Ends = 1.0, plane: Plane) -> Singles:
    """float32[n * n, D]: codes of an n x n grid that is equally spaced in the prior's quantiles (Kingma and Welling
    2014, figure 4), row by row, the top row with the greatest y.

    Args:
        low, high: Ends of the range of quantiles, within 0..1, one for both axes or each its own (x, y).
        plane: Where the grid lies. Its axes are those of the prior, which is the same in every direction.
    """
    return plane.code(grid_places(n, low=low, high=high))


def _both(ends: Ends) -> tuple[float, float]:
    return ends if isinstance(ends, tuple) else (ends, ends)
