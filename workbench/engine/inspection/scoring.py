"""How good a run's answers are, and how sure that is: scores with intervals, in all and for each class.

Everything here is a count of items, so what is drawn again for an interval are counts too, never rows: 2,000 draws of
50,000 items in 102 classes take less than a second. Probabilities matter only to the loss and the Brier score; whether
they can be believed is :mod:`workbench.engine.inspection.calibration`'s question.

Shapes: M labelled items, K classes, C cells of the confusion matrix, R draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Floats, Inspection, Singles
from workbench.engine.project.splits import Items

Interval = tuple[float, float]

DRAWS = 2_000
LEVEL = 0.95
TOP = 5
_CELL_DRAWS = 8_000_000  # under a second; a matrix of very many cells gets fewer draws
_FEWEST_DRAWS = 200
_RARE = 15  # items; a larger class is missing from one draw in three million
_BLOCK = 1 << 20  # logits that are looked at together


@dataclass(frozen=True, kw_only=True)
class Report:
    """Scores of the labelled items of an inspection. Shares are of 1.

    Attributes:
        items: M, how many these are; ``unlabelled`` items were left out.
        top, top5: The share whose class is among the ``top`` = min(5, K) most likely ones.
        macro_f1, balanced_accuracy: Means of ``f1`` and ``recall`` over the classes that have items. A class of
            which nothing was predicted counts as 0; a class without items counts not at all.
        loss: Mean cross-entropy in nats, at ``temperature``.
        brier: Mean squared distance between probabilities and truth, 0..2, at ``temperature``.
        accuracy_interval, macro_f1_interval: Ends of the 95 % bootstrap interval.
        precision, recall, f1: float64[K]; NaN where there is nothing to divide by: a class never predicted has no
            precision, one without items no recall, one without either no F1.
        support, predicted: int64[K], items of the class and items said to be of it.
    """

    items: int
    unlabelled: int
    accuracy: float
    top: int
    top5: float
    macro_f1: float
    balanced_accuracy: float
    loss: float
    brier: float
    accuracy_interval: Interval
    macro_f1_interval: Interval
    temperature: float
    precision: Floats
    recall: Floats
    f1: Floats
    support: Items
    predicted: Items

    @property
    def worst(self) -> Items:
        """int64, the classes that have items, least F1 first."""
        classes = np.flatnonzero(self.support)
        return classes[np.argsort(self.f1[classes], kind="stable")]


def report(inspection: Inspection, *, temperature: float = 1.0, seed: int = 0) -> Report:
    """Score the labelled items.

    Args:
        temperature: What logits are divided by; it changes ``loss`` and ``brier`` alone.
        seed: Of the draws; the same one gives the same intervals.

    Raises:
        UserError: No item has a label among the run's classes.
    """
    known = inspection.known
    labels = inspection.labels[known]
    if not len(labels):
        raise UserError(
            "none of these items has a label among the run's classes, so there is nothing to score",
            where=f"{inspection.name}, {inspection.split}",
        )
    classes = len(inspection.classes)
    predicted = inspection.predicted[known]
    losses, ranks, brier = _by_item(inspection.logits[known], labels, temperature=temperature)
    matrix = np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    right, support, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    f1 = _divide(2.0 * right, support + said)
    recall = _divide(right, support)
    present = support > 0
    top = min(TOP, classes)
    accuracy = float(right.sum() / len(labels))
    random = np.random.default_rng(seed)
    return Report(
        items=len(labels),
        unlabelled=int(len(known) - len(labels)),
        accuracy=accuracy,
        top=top,
        top5=float((ranks < top).mean()),
        macro_f1=float(f1[present].mean()),
        balanced_accuracy=float(recall[present].mean()),
        loss=float(losses.mean()),
        brier=float(brier.mean()),
        accuracy_interval=share_interval(int(right.sum()), len(labels), random=random),
        macro_f1_interval=_macro_f1_interval(matrix, random=random),
        temperature=temperature,
        precision=_divide(right, said),
        recall=recall,
        f1=f1,
        support=support,
        predicted=said,
    )


def item_losses(logits: Singles | Floats, labels: Items, *, temperature: float = 1.0) -> Floats:
    """float64[M], cross-entropy of each item in nats. ``labels`` int64[M], none of them below 0."""
    return _by_item(logits, labels, temperature=temperature)[0]


def interval(draws: Floats) -> Interval:
    """The middle 95 % of ``draws``."""
    low, high = np.quantile(draws, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def share_interval(right: int, total: int, *, random: np.random.Generator) -> Interval:
    """95 % bootstrap interval of ``right / total``: as many draws of ``total`` items, with replacement.

    Where all or none are right every draw is like the first, and the bootstrap would claim to be certain. There the
    exact binomial bound (Clopper and Pearson 1934) stands in.
    """
    bound = certain_bound(total)
    if right == total:
        return bound, 1.0
    if right == 0:
        return 0.0, 1.0 - bound
    return interval(random.binomial(total, right / total, size=DRAWS) / total)


def certain_bound(total: int) -> float:
    """The least share under which ``total`` successes of ``total`` are not surprising at the 95 % level."""
    return float(((1 - LEVEL) / 2) ** (1 / total))


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of ``rows`` that hold so few values that working on them takes little memory and time."""
    step = max(1, _BLOCK // max(1, columns))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _by_item(logits: Singles | Floats, labels: Items, *, temperature: float) -> tuple[Floats, Items, Floats]:
    """Loss, rank of the true class (0 for the predicted one, the first of equals) and Brier score of each item."""
    assert temperature > 0
    losses, brier = np.empty(len(labels)), np.empty(len(labels))
    ranks = np.empty(len(labels), np.int64)
    with np.errstate(invalid="ignore"):  # what a network that went astray answers is no number, and nor is its loss
        for rows in row_blocks(*logits.shape):
            some, true = logits[rows].astype(np.float64), labels[rows, None]
            own = np.take_along_axis(some, true, 1)
            before = np.arange(some.shape[1]) < true
            ranks[rows] = (~(some <= own)).sum(1) + ((some == own) & before).sum(1)
            some /= temperature
            some -= some.max(1, keepdims=True)
            own = np.take_along_axis(some, true, 1)[:, 0]
            np.exp(some, out=some)
            total = some.sum(1)
            losses[rows] = np.log(total) - own
            some /= total[:, None]
            brier[rows] = np.einsum("mk,mk->m", some, some) + 1.0 - 2.0 * np.exp(-losses[rows])
    return losses, ranks, brier


def _divide(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Floats:
    """The quotient, NaN where there is nothing to divide by."""
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def _macro_f1_interval(matrix: Items, *, random: np.random.Generator) -> Interval:
    """95 % bootstrap interval of macro F1, over the classes that have items in the draw.

    F1 = 2 right / (2 right + errors that the class has a part in), in which ``i`` taken for ``j`` and ``j`` for ``i``
    count the same, so both are one cell here; but not where one is so rare that a draw may hold none of it, which only
    the true class tells. Where there are no errors at all, the bound of the accuracy stands in.
    """
    support = matrix.sum(1)
    total = int(support.sum())
    classes = np.flatnonzero((support > 0) | (matrix.sum(0) > 0))
    matrix, support = matrix[np.ix_(classes, classes)], support[classes]
    right = matrix.diagonal()
    if right.sum() == total:
        return certain_bound(total), 1.0
    truth, said = np.nonzero(matrix - np.diag(right))
    counts = matrix[truth, said]
    both_common = (support[truth] >= _RARE) & (support[said] >= _RARE)
    first = np.where(both_common, np.minimum(truth, said), truth)
    second = np.where(both_common, np.maximum(truth, said), said)
    cells, where = np.unique(first * len(classes) + second, return_inverse=True)
    first, second = np.divmod(cells, len(classes))
    shares = np.concatenate([right, np.bincount(where, counts)]) / total
    shares /= shares.sum()
    draws = int(np.clip(_CELL_DRAWS // len(shares), _FEWEST_DRAWS, DRAWS))
    results = np.empty(draws)
    for rows in row_blocks(draws, len(shares)):
        drawn_CR = random.multinomial(total, shares, size=rows.stop - rows.start).T
        right_KR, errors_CR = drawn_CR[: len(classes)], drawn_CR[len(classes) :]
        by_first_KR = _sum_by(errors_CR, first, len(classes))
        parts_KR = 2 * right_KR + by_first_KR + _sum_by(errors_CR, second, len(classes))
        has_items_KR = (support[:, None] >= _RARE) | (right_KR + by_first_KR > 0)
        has_items_KR &= support[:, None] > 0
        f1_KR = np.where(has_items_KR, 2.0 * right_KR / np.maximum(parts_KR, 1), 0.0)
        results[rows] = f1_KR.sum(0) / has_items_KR.sum(0)
    return interval(results)


def _sum_by(values_CR: Items, group: Items, groups: int) -> Items:
    """Sums of the rows of the same group."""
    order = np.argsort(group, kind="stable")
    found, starts = np.unique(group[order], return_index=True)
    sums = np.zeros((groups, values_CR.shape[1]), np.int64)
    sums[found] = np.add.reduceat(values_CR[order], starts, axis=0)
    return sums
