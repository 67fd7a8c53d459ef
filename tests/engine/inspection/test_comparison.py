"""Two runs item by item, and the tests of the difference against scipy's."""

from typing import Any

import numpy as np
import pytest
from inspection_samples import answers, inspected
from scipy.stats import binomtest

from workbench.engine.errors import UserError
from workbench.engine.inspection.comparison import compare, mcnemar
from workbench.engine.inspection.inspection import Inspection

FIRST_RIGHT, SECOND_RIGHT = [1, 1, 0, 0, 1, 0], [1, 0, 1, 0, 1, 1]


def half(right: Any, *, run: str, items: Any = None) -> Inspection:
    labels = np.arange(len(right)) % 3
    said = np.where(right, labels, (labels + 1) % 3)
    return inspected(labels, answers(labels, said, classes=3), run=run, items=items)


def test_what_became_of_each_item() -> None:
    first, second = half(FIRST_RIGHT, run="one"), half(SECOND_RIGHT, run="two")
    result = compare(first, second)
    assert list(result.items) == [0, 1, 2, 3, 4, 5]
    assert (list(result.fixed), list(result.broken)) == ([2, 5], [1])
    assert (list(result.both_right), list(result.both_wrong)) == ([0, 4], [3])
    assert (result.first_accuracy, result.second_accuracy) == (3 / 6, 4 / 6)
    assert result.difference == pytest.approx(1 / 6)
    assert (result.first, result.second, result.unlike) == ("one", "two", 0)
    back = compare(second, first)
    assert (list(back.fixed), list(back.broken), back.p) == ([1], [2, 5], result.p)


def test_only_items_that_both_have_are_compared() -> None:
    first = half(FIRST_RIGHT, run="one", items=[1, 2, 3, 10, 11, 12])
    labels = np.array([0, 0, 1, -1])  # of items 2, 10, 11 and 12, which the first run has as 1, 0, 1 and 2
    second = inspected(labels, answers(labels, [0, 0, 1, 0], classes=3), run="two", items=[2, 10, 11, 12])
    result = compare(first, second)
    assert list(result.items) == [10, 11]
    assert result.unlike == 1
    assert list(result.fixed) == [10]


def test_classes_are_matched_by_name() -> None:
    labels = np.array([0, 1, 2])
    first = inspected(labels, answers(labels, labels, classes=3), classes=("ant", "bee", "cow"))
    other = np.array([1, 0, 2])
    second = inspected(other, answers(other, [1, 1, 2], classes=3), classes=("bee", "ant", "dog"))
    result = compare(first, second)
    assert (list(result.items), result.unlike) == ([0, 1], 1)
    assert (list(result.both_right), list(result.broken)) == ([0], [1])


def test_what_cannot_be_compared() -> None:
    here = half(FIRST_RIGHT, run="one")
    elsewhere = inspected([0, 1], np.eye(2), dataset="other")
    with pytest.raises(UserError, match="different datasets"):
        compare(here, elsewhere)
    with pytest.raises(UserError, match="share no item"):
        compare(here, half([1, 1], run="two", items=[100, 101]))


@pytest.mark.parametrize(
    ("fixed", "broken"), [(0, 0), (1, 0), (5, 0), (3, 4), (4, 4), (12, 3), (3, 12), (60, 35), (900, 1000), (20, 21_000)]
)
def test_chance_is_that_of_the_exact_binomial_test(fixed: int, broken: int) -> None:
    expected = binomtest(fixed, fixed + broken, 0.5).pvalue if fixed + broken else 1.0
    assert mcnemar(fixed, broken) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_the_interval_of_the_difference() -> None:
    random = np.random.default_rng(1)
    kinds = random.choice(4, p=[0.1, 0.05, 0.75, 0.1], size=2_000)  # fixed, broken, both right, both wrong
    first, second = np.isin(kinds, [1, 2]), np.isin(kinds, [0, 2])
    one = compare(half(first, run="one"), half(second, run="two"))
    deviation = np.sqrt(((kinds == 0) + 1.0 * (kinds == 1)).mean() - one.difference**2) / np.sqrt(2_000)
    expected = one.difference - 1.96 * deviation, one.difference + 1.96 * deviation
    assert one.difference_interval == pytest.approx(expected, abs=0.002)
    again = compare(half(first, run="one"), half(second, run="two"))
    assert again.difference_interval == one.difference_interval


def test_runs_that_never_differ_may_differ_elsewhere() -> None:
    result = compare(half(FIRST_RIGHT * 5, run="one"), half(FIRST_RIGHT * 5, run="two"))
    low, high = result.difference_interval
    assert (result.p, result.difference) == (1.0, 0.0)
    assert low == -high
    assert (1 - high) ** 30 == pytest.approx(0.025)
