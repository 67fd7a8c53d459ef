"""How scores lie along an axis: as they are, or by their odds where they are probabilities that crowd below 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.gui.models.knownness import PROBABILITIES
from workbench.gui.units import plain

Floats = NDArray[np.float64]

_SUREST = 1e-9  # probabilities nearer to 0 or 1 than that lie at the end of the axis
_MARKS = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999, 0.99999999)


@dataclass(frozen=True, slots=True)
class Scale:
    """``odds`` for probabilities: 90 %, 99 % and 99.9 % are about equally far apart. Monotonous either way."""

    odds: bool = False

    def to_axis(self, values: Floats) -> Floats:
        if not self.odds:
            return values
        inside = np.clip(values, _SUREST, 1 - _SUREST)
        places: Floats = np.log(inside) - np.log1p(-inside)
        return places

    def from_axis(self, place: float) -> float:
        return float(1 / (1 + np.exp(-place))) if self.odds else place

    def place(self, value: float) -> float:
        """One value on the axis."""
        return float(self.to_axis(np.array([value]))[0])

    def text(self, value: float) -> str:
        """A score as precise as matters."""
        if not self.odds:
            return plain(value, digits=4)
        percent = 100 * value
        return f"{percent:.7f}".rstrip("0").rstrip(".") + " %" if percent > 99 else f"{percent:.3g} %"

    def ticks(self, low: float, high: float) -> list[float]:
        """Scores to be written below an axis that reaches from one place to the other."""
        if not self.odds:
            return [low, (low + high) / 2, high]
        marks = [0.01, 0.1, *_MARKS] if low < -1 else list(_MARKS)
        return [mark for mark in marks if low <= self.place(mark) <= high]

    @property
    def decimals(self) -> int:
        """Of a score in a box; 0 where the range decides."""
        return 7 if self.odds else 0


def scale_of(score: str) -> Scale:
    """What the score of this id is drawn on."""
    return Scale(odds=score in PROBABILITIES)
