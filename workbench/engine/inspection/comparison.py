"""Two runs on the same items: what one mended that the other had broken, and whether that can be chance.

Shapes: C items that both runs were asked about.
"""

import math
from dataclasses import dataclass

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.scoring import DRAWS, Interval, certain_bound, interval
from workbench.engine.project.splits import Items


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What became of each item from the first run to the second. Items are ids, ascending.

    Attributes:
        first, second: Names of the runs.
        items: int64[C], with the same label in both; ``unlike`` further ones are of different classes in the two.
        fixed: Wrong in the first run, right in the second; ``broken`` is the reverse.
        both_right, both_wrong: The rest.
        first_accuracy, second_accuracy: Shares of ``items``.
        difference: Second less first, with its 95 % bootstrap interval.
        p: Chance of ``fixed`` and ``broken`` being so unequal if the runs were equally good; McNemar's test, exact and
            two-sided.
    """

    first: str
    second: str
    items: Items
    unlike: int
    fixed: Items
    broken: Items
    both_right: Items
    both_wrong: Items
    first_accuracy: float
    second_accuracy: float
    difference: float
    difference_interval: Interval
    p: float


def compare(first: Inspection, second: Inspection, *, seed: int = 0) -> Comparison:
    """Compare two runs item by item, classes by name, so that they may have different ones.

    Args:
        seed: Of the draws for the interval.

    Raises:
        UserError: They are of different datasets, or share no item with the same label.
    """
    if first.dataset != second.dataset:
        raise UserError(
            "these runs were asked about different datasets, so no item of one is in the other",
            where=f"{first.name}, {second.name}",
        )
    shared, rows_first, rows_second = np.intersect1d(first.items, second.items, assume_unique=True, return_indices=True)
    names = {name: label for label, name in enumerate(first.classes)}
    translated = np.array([names.get(name, -2) for name in second.classes], np.int64)
    labels = first.labels[rows_first]
    theirs = second.labels[rows_second]
    both = (labels >= 0) & (theirs >= 0)
    same = both & (translated[theirs] == labels)
    if not same.any():
        where = f"{first.name} ({first.split}), {second.name} ({second.split})"
        raise UserError("these runs share no item with a label", where=where)
    items = shared[same]
    right_first = (first.predicted[rows_first] == labels)[same]
    right_second = (second.predicted[rows_second] == theirs)[same]
    fixed, broken = items[~right_first & right_second], items[right_first & ~right_second]
    return Comparison(
        first=first.name,
        second=second.name,
        items=items,
        unlike=int((both & ~same).sum()),
        fixed=fixed,
        broken=broken,
        both_right=items[right_first & right_second],
        both_wrong=items[~right_first & ~right_second],
        first_accuracy=float(right_first.mean()),
        second_accuracy=float(right_second.mean()),
        difference=(len(fixed) - len(broken)) / len(items),
        difference_interval=_difference_interval(len(fixed), len(broken), len(items), seed=seed),
        p=mcnemar(len(fixed), len(broken)),
    )


def mcnemar(fixed: int, broken: int) -> float:
    """The exact two-sided p-value: a fair coin's chance of landing at least this unequally."""
    tosses, fewer = fixed + broken, min(fixed, broken)
    if 2 * fewer >= tosses - 1:
        return 1.0
    whole = math.lgamma(tosses + 1) - tosses * math.log(2)
    terms = [math.exp(whole - math.lgamma(k + 1) - math.lgamma(tosses - k + 1)) for k in range(fewer + 1)]
    return min(1.0, 2 * math.fsum(terms))


def _difference_interval(fixed: int, broken: int, total: int, *, seed: int) -> Interval:
    """95 % bootstrap interval of the difference. Where no item differs, the exact bound on how many might stands in."""
    if fixed == broken == 0:
        bound = 1.0 - certain_bound(total)
        return -bound, bound
    shares = np.array([fixed, broken, total - fixed - broken]) / total
    drawn = np.random.default_rng(seed).multinomial(total, shares, size=DRAWS)
    return interval((drawn[:, 0] - drawn[:, 1]) / total)
