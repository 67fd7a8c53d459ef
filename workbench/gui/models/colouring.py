"""What points can be coloured by: classes of some kind, or a number. Which colour means what is decided elsewhere."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

Items = NDArray[np.int64]
Floats = NDArray[np.float64]

LABEL, PREDICTION, RIGHT, SPLIT, CONFIDENCE = "label", "prediction", "right", "split", "confidence"
SCORE = "score:"
"""Begins the key of a score of the unknown; its id follows."""
TITLES = {
    LABEL: "Label", PREDICTION: "Prediction", RIGHT: "Right or wrong", SPLIT: "Split", CONFIDENCE: "Confidence",
}  # fmt: skip
_OUTSIDE = 0.01  # of the items at either end of a scale, that it does not stretch for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Every point is of one group.

    Attributes:
        names: Of the groups, in words.
        codes: int64[M], into ``names``.
        none: The group of those of which nothing is known; -1 where there is no such group.
    """

    names: tuple[str, ...]
    codes: Items
    none: int = -1

    def counts(self) -> Items:
        """int64[len(names)]."""
        return np.bincount(self.codes, minlength=len(self.names))

    def word(self, index: int) -> str:
        """What is said of one point."""
        return self.names[int(self.codes[index])]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """Every point has a number.

    Attributes:
        values: float64[M]; what is not finite has no colour of its own.
        low, high: Ends of the scale, ``low`` below ``high``; values beyond are coloured like the ends.
        share: Whether the numbers are shares of 1.
    """

    values: Floats
    low: float
    high: float
    share: bool


def labels_of(inspection: "Inspection") -> Groups:
    return _with_none(inspection.classes, inspection.labels, "no label")


def predictions_of(inspection: "Inspection") -> Groups:
    return Groups(names=inspection.classes, codes=inspection.predicted)


def verdicts_of(inspection: "Inspection") -> Groups:
    wrong = inspection.predicted != inspection.labels
    return _with_none(("right", "wrong"), np.where(inspection.known, wrong.astype(np.int64), -1), "no label")


def measure_of(values: Floats, *, share: bool) -> Measure:
    """A scale that nearly all of the values fill."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, (_OUTSIDE, 1 - _OUTSIDE)).tolist() if len(finite) else (0.0, 1.0)
    if share:
        high = max(high, 1.0)
    return Measure(values=values, low=low, high=high if high > low else low + 1.0, share=share)


def _with_none(names: tuple[str, ...], codes: Items, none: str) -> Groups:
    """Groups, and one more for those whose code is -1 if there are any."""
    missing = codes < 0
    if not missing.any():
        return Groups(names=names, codes=codes)
    return Groups(names=(*names, none), codes=np.where(missing, len(names), codes), none=len(names))
