"""A rectangle of quantiles of the prior, and where its ticks are. Values only, no widget."""

import math
from dataclasses import dataclass
from statistics import NormalDist

LEAST = 1e-4
"""The narrowest range there is."""


@dataclass(frozen=True, slots=True)
class Range:
    """Quantiles from ``left`` to ``right`` and from ``bottom`` to ``top``, within 0..1."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def zoomed(self, factor: float, *, at: tuple[float, float]) -> "Range":
        """``factor`` times as large; the place ``at`` stays where it is, as far as there is room."""
        width = min(1.0, max(LEAST, self.width / factor))
        height = min(1.0, max(LEAST, self.height / factor))
        left = at[0] - (at[0] - self.left) / self.width * width
        bottom = at[1] - (at[1] - self.bottom) / self.height * height
        return _within(left, bottom, width, height)

    def moved(self, right: float, up: float) -> "Range":
        """Pushed by so many of its own widths and heights, as far as there is room."""
        return _within(self.left + right * self.width, self.bottom + up * self.height, self.width, self.height)

    def squared(self, like: "Range") -> "Range":
        """At least this, in the shape of another one, with the same middle as far as there is room."""
        share = max(self.width / like.width, self.height / like.height)
        width, height = max(LEAST, share * like.width), max(LEAST, share * like.height)
        x, y = self.centre
        return _within(x - width / 2, y - height / 2, width, height)

    def cell_of(self, x: float, y: float, *, side: int) -> tuple[int, int] | None:
        """Column, and row from the top, of the place in ``side`` x ``side`` cells; ``None`` outside."""
        column = math.floor((x - self.left) / self.width * side)
        row = math.floor((self.top - y) / self.height * side)
        return (column, row) if 0 <= column < side and 0 <= row < side else None

    def middle_of(self, column: int, row: int, *, side: int) -> tuple[float, float]:
        """The place in the middle of a cell."""
        return (
            self.left + (column + 0.5) / side * self.width,
            self.top - (row + 0.5) / side * self.height,
        )


WHOLE = Range(0.0, 0.0, 1.0, 1.0)
"""All of the prior."""


def _within(left: float, bottom: float, width: float, height: float) -> Range:
    left, bottom = min(max(left, 0.0), 1.0 - width), min(max(bottom, 0.0), 1.0 - height)
    return Range(left, bottom, left + width, bottom + height)


def z_of(quantile: float) -> float:
    """The place along a dimension of the prior."""
    return NormalDist().inv_cdf(min(1 - 1e-12, max(1e-12, quantile)))


def ticks(low: float, high: float, *, most: int) -> list[float]:
    """Round quantiles between two, without 0 and 1, which lie nowhere."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * own for own in (1, 2, 2.5, 5, 10, 20) if (high - low) / (power * own) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1) if 1e-9 < number * step < 1 - 1e-9]
