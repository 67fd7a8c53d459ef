"""Whether a run's probabilities mean what they say, and the one number that makes them mean it better.

Reliability compares how sure a run was with how often it was right. Temperature scaling (Guo et al. 2017, On
Calibration of Modern Neural Networks) divides all logits by one number, which changes no prediction.

Shapes: M items, K classes, B bins.
"""

from dataclasses import dataclass

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Floats, Singles
from workbench.engine.inspection.scoring import row_blocks
from workbench.engine.project.splits import Items

BINS = 15
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.05, 20.0
_STEPS = 60
_PRECISE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How often a run was right where it was about so sure.

    Attributes:
        edges: float64[B + 1] of confidence, 0..1; a bin holds its upper edge and not its lower one.
        confidence, accuracy: float64[B], means in each bin; NaN in an empty one.
        count: int64[B].
        ece: Expected calibration error: mean distance between the two, weighted by the items, 0..1.
        mce: Greatest such distance in any bin that has items.
    """

    edges: Floats
    confidence: Floats
    accuracy: Floats
    count: Items
    ece: float
    mce: float


def reliability(probabilities: Floats, labels: Items, *, bins: int = BINS) -> Reliability:
    """Put the items in bins of equal width by their highest probability.

    Args:
        probabilities: float64[M, K].
        labels: int64[M]; items below 0 are left out, and so are those whose probabilities are no numbers.

    Raises:
        UserError: No item has a label.
    """
    assert bins > 0
    known = (labels >= 0) & ~np.isnan(probabilities).any(1)
    if not known.any():
        raise UserError("none of these items has a label, so there is nothing to compare the probabilities with")
    predicted = probabilities.argmax(1)[known]
    confidence = probabilities.max(1)[known]
    right = predicted == labels[known]
    edges = np.linspace(0.0, 1.0, bins + 1)
    where = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(where, minlength=bins)
    some = np.maximum(count, 1)
    sure = np.where(count > 0, np.bincount(where, confidence, minlength=bins) / some, np.nan)
    often = np.where(count > 0, np.bincount(where, right, minlength=bins) / some, np.nan)
    gaps = np.abs(often - sure)[count > 0]
    return Reliability(
        edges=edges,
        confidence=sure,
        accuracy=often,
        count=count,
        ece=float((gaps * count[count > 0]).sum() / len(right)),
        mce=float(gaps.max()),
    )


def fit_temperature(logits: Singles | Floats, labels: Items) -> float:
    """The temperature that makes the labels most likely, between 0.05 and 20.

    An end of that range means that there is none: the run is right about all of these items, so the surer the better,
    or it does no better than chance. Fit it on items that the run was not trained on, and not on those that its
    calibration is then reported for.

    Args:
        logits: float32[M, K].
        labels: int64[M]; items below 0 are left out.

    Raises:
        UserError: No item has a label, or no logits are numbers.
    """
    known = labels >= 0
    if not known.any():
        raise UserError("a temperature is fitted to items with a label, and none of these has one")
    known &= np.isfinite(logits).all(1)
    if not known.any():
        raise UserError("what this run answers is no numbers, so no temperature can mend it")
    logits, labels = logits[known], labels[known]
    # The loss is convex in 1 / temperature, so its slope has one root: Newton's steps, kept between what is known to
    # be too small and too large.
    low, high = 1.0 / MOST_TEMPERATURE, 1.0 / LEAST_TEMPERATURE
    if _slope(logits, labels, 1.0)[1] == 0:  # all classes are always equally likely
        return 1.0
    if _slope(logits, labels, low)[0] >= 0:
        return MOST_TEMPERATURE
    if _slope(logits, labels, high)[0] <= 0:
        return LEAST_TEMPERATURE
    inverse = 1.0
    for _ in range(_STEPS):
        slope, bend = _slope(logits, labels, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / bend if bend > 0 else low
        if not low < step < high:
            step = (low * high) ** 0.5
        if abs(step - inverse) <= _PRECISE * inverse:
            break
        inverse = step
    return float(1.0 / inverse)


def _slope(logits: Singles | Floats, labels: Items, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean loss by the inverse temperature."""
    first = second = 0.0
    for rows in row_blocks(*logits.shape):
        some = logits[rows].astype(np.float64)
        some -= some.max(1, keepdims=True)
        own = np.take_along_axis(some, labels[rows, None], 1)[:, 0]
        weights = np.exp(some * inverse)
        weights /= weights.sum(1, keepdims=True)
        mean = np.einsum("mk,mk->m", weights, some)
        first += float((mean - own).sum())
        some *= some
        second += float((np.einsum("mk,mk->m", weights, some) - mean**2).sum())
    return first / len(labels), second / len(labels)
