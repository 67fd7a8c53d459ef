"""From curves to as many points as there are pixels: what makes a hundred thousand steps cost what two thousand do.

Numbers in, numbers out; nothing is painted here. In each column of pixels the smallest and the largest value survive,
so a peak of a single step is still seen.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.engine.project.curves import Floats, Integers, Line

Abscissae = Integers | Floats

_FAR = 1e5  # pixels; what lies further out is drawn there, since the raster engine overflows
_TINY = 1e-300  # stands for what has no logarithm: far below every chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the numbers that a chart shows, and the pixels that it has for it.

    ``left``, ``right``, ``bottom`` and ``top`` are in the axis's own measure: the logarithm to base 10 where
    ``log_x`` or ``log_y``. ``width`` and ``height`` are in pixels of any kind; y pixels grow downwards.
    """

    left: float
    right: float
    bottom: float
    top: float
    log_x: bool = False
    log_y: bool = False
    width: int = 1
    height: int = 1

    def x_pixels(self, values: npt.ArrayLike) -> Floats:
        return _clipped((logged(values, self.log_x) - self.left) * (self.width / (self.right - self.left)))

    def y_pixels(self, values: npt.ArrayLike) -> Floats:
        return _clipped((self.top - logged(values, self.log_y)) * (self.height / (self.top - self.bottom)))

    def x_value(self, pixel: float) -> float:
        return unlogged(self.left + pixel * (self.right - self.left) / self.width, self.log_x)

    def edges(self, columns: int) -> Floats:
        """The ``columns + 1`` borders of columns of equal width, in values."""
        borders = np.linspace(self.left, self.right, columns + 1)
        return 10**borders if self.log_x else borders


def logged(values: npt.ArrayLike, log: bool) -> Floats:
    """Values in an axis's measure; what has no logarithm lands far below."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.log10(np.maximum(numbers, _TINY)) if log else numbers


def unlogged(value: float, log: bool) -> float:
    """The inverse of :func:`logged`, for one number; never infinite."""
    return 10.0 ** min(max(value, -300.0), 300.0) if log else value


def _clipped(pixels: Floats) -> Floats:
    return np.clip(pixels, -_FAR, _FAR)


def x_values(line: Line, *, epochs: bool) -> Abscissae:
    return line.epochs if epochs else line.steps


def decimated(x: Abscissae, y: Floats, *, edges: Floats) -> tuple[Abscissae, Floats]:
    """At most two points for each of the C columns between ``edges`` (C + 1 of them, ascending).

    Args:
        x: Ascending, N of them.
        y: N values.

    Returns:
        Points in order of x. In each column ``[edges[i], edges[i + 1])`` they have the minimum and the maximum of the
        whole line there; one point on each side of all columns lets the line go on beyond them. Where N points between
        the edges are no more than 2 C, they are all there, untouched.
    """
    borders = np.ceil(edges).astype(np.int64) if x.dtype == np.int64 else edges
    cuts = np.searchsorted(x, borders)
    first, last = int(cuts[0]), int(cuts[-1])
    before, after = max(0, first - 1), min(len(x), last + 1)
    if last - first <= 2 * (len(edges) - 1):
        return x[before:after], y[before:after]
    starts, ends = cuts[:-1], cuts[1:]
    filled = ends > starts
    starts, ends = starts[filled], ends[filled] - 1
    inside = y[first:last]
    low, high = np.minimum.reduceat(inside, starts - first), np.maximum.reduceat(inside, starts - first)
    falls = y[ends] < y[starts]  # enter where the line enters, so that a steep line gets no teeth
    points_x = np.empty(2 * len(starts))
    points_y = np.empty(2 * len(starts))
    points_x[0::2], points_x[1::2] = x[starts], x[ends]
    points_y[0::2], points_y[1::2] = np.where(falls, high, low), np.where(falls, low, high)
    all_x: Floats = np.concatenate((x[before:first], points_x, x[last:after]))
    return all_x, np.concatenate((y[before:first], points_y, y[last:after]))


def thinned(x: Floats, y: Floats, *, within: float) -> tuple[Floats, Floats]:
    """Pixel points without every second one that is less than ``within`` pixels, both ways, from the one before it: in
    most columns of a calm line its minimum and its maximum are one point.
    """
    keep = np.ones(len(x), dtype=bool)
    pairs = len(x) // 2
    apart = np.maximum(np.abs(x[1::2] - x[0 : 2 * pairs : 2]), np.abs(y[1::2] - y[0 : 2 * pairs : 2]))
    keep[1::2] = apart >= within
    return x[keep], y[keep]


def nearest(x: Abscissae, value: float) -> int:
    """Index of the entry of ascending, non-empty ``x`` that is nearest to ``value``; the earlier one of two."""
    right = int(np.searchsorted(x, value))
    if right == 0:
        return 0
    if right == len(x) or value - float(x[right - 1]) <= float(x[right]) - value:
        return right - 1
    return right
