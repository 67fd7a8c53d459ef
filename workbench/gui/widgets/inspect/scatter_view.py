"""Which piece of the plane is seen: from points to logical pixels and back. Values only, no widget.

Both axes have one scale, because distances between points are what is looked at; y grows upwards.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Floats = NDArray[np.float64]

MOST_ZOOM = 1e5  # logical pixels for the whole extent, in widths of the window
_MARGIN = 0.06  # of the window, on each side of what is fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is seen.

    Attributes:
        x, y: The point in the middle.
        scale: Logical pixels a unit, above 0.
        width, height: Of the window in logical pixels.
    """

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    width: float = 1.0
    height: float = 1.0

    def to_pixels(self, points: Points | Floats) -> Floats:
        """float64[M, 2]: x to the right and y downwards from the window's corner."""
        pixels = points.astype(np.float64)
        pixels -= (self.x, self.y)
        pixels *= (self.scale, -self.scale)
        pixels += (self.width / 2, self.height / 2)
        return pixels

    def to_point(self, x: float, y: float) -> tuple[float, float]:
        """The point below a pixel."""
        return self.x + (x - self.width / 2) / self.scale, self.y - (y - self.height / 2) / self.scale

    def zoomed(self, factor: float, *, at: tuple[float, float]) -> "View":
        """``factor`` times as large; the pixel ``at`` keeps its point."""
        x, y = self.to_point(*at)
        scale = self.scale * factor
        dx, dy = at[0] - self.width / 2, at[1] - self.height / 2
        return replace(self, x=x - dx / scale, y=y + dy / scale, scale=scale)

    def moved(self, dx: float, dy: float) -> "View":
        """As if the paper were pushed by so many pixels."""
        return replace(self, x=self.x - dx / self.scale, y=self.y + dy / self.scale)

    def resized(self, width: float, height: float) -> "View":
        """In another window the same middle, and as much of the plane as fits its shorter side."""
        before, after = min(self.width, self.height), min(width, height)
        return replace(self, width=width, height=height, scale=self.scale * after / before)


def fitted(points: Points, *, width: float, height: float) -> View:
    """All of ``points`` (float32[M, 2], finite) with a margin; some piece of the plane where there are none."""
    if not len(points):
        return View(scale=min(width, height) / 2, width=width, height=height)
    low, high = points.min(0).astype(np.float64), points.max(0).astype(np.float64)
    middle, extent = (low + high) / 2, high - low
    room = 1 - 2 * _MARGIN
    scales = [room * side / length for side, length in zip((width, height), extent.tolist(), strict=True) if length > 0]
    return View(x=float(middle[0]), y=float(middle[1]), scale=min(scales, default=1.0), width=width, height=height)
