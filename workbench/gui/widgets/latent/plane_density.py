"""How densely points lie, as a smooth landscape over the plane and as lines around its heights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARES = (0.9, 0.75, 0.5, 0.25)
"""Of the points, that lie within the lines."""
_CELLS = 128
_MARGIN = 0.12  # of the extent, for the slopes beyond the outermost points
_OUTSIDE = 0.001  # of the points on each side, that the landscape does not reach out for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Density:
    """A landscape.

    Attributes:
        heights: float64[N, N], rows upwards, 0 to 1.
        left, bottom, right, top: The middles of the outermost cells.
        levels: Heights of the lines, the lowest first, see :data:`SHARES`.
    """

    heights: Floats
    left: float
    bottom: float
    right: float
    top: float
    levels: tuple[float, ...]

    def lines(self, level: float) -> Floats:
        """float64[L, 4]: pieces (x0, y0, x1, y1) of the lines at one height, in no order (marching squares)."""
        return _marched(self.heights, level, self)


def density_of(points: NDArray[np.float32]) -> Density | None:
    """Of float32[M, 2]; ``None`` where they are too few or in one place."""
    if len(points) < 8:
        return None
    low = np.quantile(points, _OUTSIDE, axis=0)
    high = np.quantile(points, 1 - _OUTSIDE, axis=0)
    extent = high - low
    if not (extent > 0).all():
        return None
    low, high = low - _MARGIN * extent, high + _MARGIN * extent
    cells = ((points - low) / (high - low) * _CELLS).astype(np.int64)
    cells = cells[((cells >= 0) & (cells < _CELLS)).all(1)]
    counts = np.bincount(cells[:, 1] * _CELLS + cells[:, 0], minlength=_CELLS * _CELLS).reshape(_CELLS, _CELLS)
    width = max(1.5, 0.2 * _CELLS * len(points) ** (-1 / 6))  # Scott's rule for a cloud of a few blobs
    heights = _blurred(counts.astype(np.float64), width)
    heights /= heights.max()
    falling = np.sort(heights, axis=None)[::-1]
    mass = np.cumsum(falling) / falling.sum()
    levels = tuple(float(falling[int(np.searchsorted(mass, share))]) for share in SHARES)
    half = (high - low) / _CELLS / 2
    (left, bottom), (right, top) = (low + half).tolist(), (high - half).tolist()
    return Density(heights=heights, left=left, bottom=bottom, right=right, top=top, levels=levels)


def _blurred(image: Floats, width: float) -> Floats:
    reach = int(np.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        image = np.apply_along_axis(np.convolve, axis, image, kernel, mode="same")
    return image


def _marched(heights: Floats, level: float, frame: Density) -> Floats:
    above = heights >= level
    # corners of a cell: 0 below left, 1 below right, 2 above right, 3 above left; edges begin at their corner
    cases = above[:-1, :-1] * 1 + above[:-1, 1:] * 2 + above[1:, 1:] * 4 + above[1:, :-1] * 8
    rows, columns = np.nonzero((cases > 0) & (cases < 15))
    case = cases[rows, columns]
    corners = np.stack([heights[rows, columns], heights[rows, columns + 1], heights[rows + 1, columns + 1],
                        heights[rows + 1, columns]], 1)  # fmt: skip
    after = np.roll(corners, -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.clip((level - corners) / (after - corners), 0, 1)
    zero, one = np.zeros(len(case)), np.ones(len(case))
    crossing = np.stack(
        [np.stack([along[:, 0], zero], 1), np.stack([one, along[:, 1]], 1),
         np.stack([1 - along[:, 2], one], 1), np.stack([zero, 1 - along[:, 3]], 1)], 1,
    )  # fmt: skip
    pieces = []
    for bits in range(1, 15):
        own = np.flatnonzero(case == bits)
        for start, end in _EDGES[bits]:
            base = np.stack([columns[own], rows[own]], 1)
            pieces.append(np.concatenate([crossing[own, start] + base, crossing[own, end] + base], 1))
    found = np.concatenate(pieces) if pieces else np.empty((0, 4))
    step = np.array([frame.right - frame.left, frame.top - frame.bottom]) / (len(heights) - 1)
    lines: Floats = found * np.tile(step, 2) + np.tile([frame.left, frame.bottom], 2)
    return lines


# The edges that a line crosses, by which corners lie above it (1, 2, 4, 8); edge 0 is below, then on against the clock.
_EDGES: tuple[tuple[tuple[int, int], ...], ...] = (
    (), ((3, 0),), ((0, 1),), ((3, 1),), ((1, 2),), ((3, 0), (1, 2)), ((0, 2),), ((3, 2),),
    ((2, 3),), ((2, 0),), ((0, 1), (2, 3)), ((2, 1),), ((1, 3),), ((1, 0),), ((0, 3),), (),
)  # fmt: skip
