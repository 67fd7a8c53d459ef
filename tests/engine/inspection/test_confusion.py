"""The confusion matrix against scikit-learn's, and the orders it is read in."""

from itertools import pairwise

import numpy as np
import pytest
from inspection_samples import answers, inspected, random_answers
from sklearn.metrics import confusion_matrix

from workbench.engine.errors import UserError
from workbench.engine.inspection.confusion import ORDERS, cell_items, confusion, most_confused, normalised, order


def test_the_matrix_is_that_of_scikit_learn() -> None:
    labels, logits = random_answers(300, 6, sure=1.0)
    predicted = logits.argmax(1)
    matrix = confusion(labels, predicted, 6)
    np.testing.assert_array_equal(matrix, confusion_matrix(labels, predicted))
    for by, sklearns in (("truth", "true"), ("prediction", "pred")):
        np.testing.assert_allclose(normalised(matrix, by=by), confusion_matrix(labels, predicted, normalize=sklearns))


def test_items_without_a_label_and_empty_classes() -> None:
    matrix = confusion(np.array([0, -1, 2]), np.array([1, 1, 2]), 4)
    np.testing.assert_array_equal(matrix, [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(normalised(matrix).sum(1), [1, 0, 1, 0])


@pytest.mark.parametrize("by", ORDERS)
def test_every_order_shows_every_class_once(by: str) -> None:
    labels, logits = random_answers(200, 9, sure=0.5)
    labels[labels == 4] = 5  # a class without items
    matrix = confusion(labels, logits.argmax(1), 9)
    assert sorted(order(matrix, by)) == list(range(9))
    assert list(order(np.zeros((9, 9), np.int64), by)) == list(range(9))
    assert list(order(np.array([[3]]), by)) == [0]


def test_orders() -> None:
    matrix = np.array([[8, 2, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 4, 5]])
    assert list(order(matrix)) == [0, 1, 2, 3]
    assert list(order(matrix, by="support")) == [0, 3, 1, 2]
    assert list(order(matrix, by="recall")) == [3, 0, 1, 2]
    assert list(order(matrix, by="confused")) == [3, 2, 0, 1]
    with pytest.raises(UserError, match="'alphabet'"):
        order(matrix, by="alphabet")


def test_similar_classes_stand_side_by_side() -> None:
    groups = [(0, 4, 8), (1, 5), (2, 6, 7)]  # taken for each other; 3 and 9 for nothing
    matrix = np.diag(np.full(10, 50))
    for group in groups:
        for truth in group:
            for predicted in group:
                matrix[truth, predicted] += 5
    places = {label: place for place, label in enumerate(order(matrix, by="similar"))}
    for group in groups:
        there = [places[label] for label in group]
        assert max(there) - min(there) == len(group) - 1
    assert [places[3], places[9]] == [8, 9]


def test_a_chain_of_likenesses_is_laid_out_as_one() -> None:
    """Ages, say: each is taken for the next one, so only one line and its mirror image have all neighbours adjacent."""
    random = np.random.default_rng(0)
    chain = random.permutation(12)
    matrix = np.diag(np.full(12, 100))
    for place, (one, other) in enumerate(pairwise(chain)):
        matrix[one, other] += 10 + place
        matrix[other, one] += 10 + place
    found = list(order(matrix, by="similar"))
    assert found in (list(chain), list(chain[::-1]))


def test_a_thousand_classes_are_ordered() -> None:
    random = np.random.default_rng(0)
    matrix = random.poisson(0.5, (1000, 1000)) + np.diag(random.poisson(40, 1000))
    assert sorted(order(matrix, by="similar")) == list(range(1000))


def test_the_items_of_a_cell() -> None:
    labels, predicted = np.array([0, 0, 1, -1, 0]), np.array([1, 0, 1, 1, 1])
    inspection = inspected(labels, answers(labels, predicted, classes=2), items=[3, 5, 7, 11, 20])
    assert list(cell_items(inspection, 0, 1)) == [3, 20]
    assert list(cell_items(inspection, 1, 1)) == [7]
    assert list(cell_items(inspection, -1, 1)) == [11]
    assert not len(cell_items(inspection, 1, 0))


def test_the_greatest_confusions() -> None:
    matrix = np.array([[90, 3, 0], [7, 80, 0], [0, 3, 99]])
    assert most_confused(matrix) == [(1, 0, 7), (0, 1, 3), (2, 1, 3)]
    assert most_confused(matrix, most=1) == [(1, 0, 7)]
    assert most_confused(np.diag([4, 4])) == []
