"""Scores against scikit-learn's, intervals against what they promise."""

import numpy as np
import pytest
from inspection_samples import answers, inspected, random_answers
from scipy.special import log_softmax, softmax
from sklearn import metrics

from workbench.engine.errors import UserError
from workbench.engine.inspection.scoring import item_losses, report, share_interval


def test_scores_are_those_of_scikit_learn() -> None:
    labels, logits = random_answers(500, 7)
    scores = report(inspected(labels, logits))
    predicted = logits.argmax(1)
    probabilities = softmax(logits.astype(float), axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted)
    assert scores.items == 500
    assert scores.unlabelled == 0
    assert scores.accuracy == metrics.accuracy_score(labels, predicted)
    assert scores.top == 5
    assert scores.top5 == pytest.approx(metrics.top_k_accuracy_score(labels, logits, k=5))
    assert scores.macro_f1 == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert scores.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    assert scores.loss == pytest.approx(metrics.log_loss(labels, probabilities))
    assert scores.brier == pytest.approx(((probabilities - np.eye(7)[labels]) ** 2).sum(1).mean())
    np.testing.assert_allclose(scores.precision, precision)
    np.testing.assert_allclose(scores.recall, recall)
    np.testing.assert_allclose(scores.f1, f1)
    np.testing.assert_array_equal(scores.support, support)
    np.testing.assert_array_equal(scores.predicted, np.bincount(predicted, minlength=7))
    assert list(scores.worst) == list(np.argsort(f1))


def test_absent_classes() -> None:
    labels, predicted = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 3, 1, 1, 0, 0])  # 2 never said, 3 and 4 no items
    scores = report(inspected(labels, answers(labels, predicted, classes=5)))
    expected = metrics.f1_score(labels, predicted, labels=[0, 1, 2], average="macro", zero_division=0)
    assert scores.macro_f1 == pytest.approx(expected)
    assert scores.balanced_accuracy == pytest.approx(metrics.recall_score(labels, predicted, labels=[0, 1, 2],
                                                                          average="macro"))  # fmt: skip
    np.testing.assert_array_equal(np.isnan(scores.precision), [False, False, True, False, True])
    np.testing.assert_array_equal(np.isnan(scores.recall), [False, False, False, True, True])
    np.testing.assert_array_equal(np.isnan(scores.f1), [False, False, False, False, True])
    assert scores.f1[2] == scores.f1[3] == 0
    assert list(scores.worst) == [2, 0, 1]


def test_items_without_a_label_count_for_nothing() -> None:
    labels, logits = random_answers(40, 3)
    with_unknown = np.where(np.arange(40) % 4 == 0, -1, labels)
    scores = report(inspected(with_unknown, logits))
    rest = report(inspected(labels[with_unknown >= 0], logits[with_unknown >= 0]))
    assert (scores.items, scores.unlabelled) == (30, 10)
    assert (scores.accuracy, scores.loss, scores.macro_f1_interval) == (
        rest.accuracy, rest.loss, rest.macro_f1_interval,
    )  # fmt: skip
    with pytest.raises(UserError, match="nothing to score"):
        report(inspected(np.full(40, -1), logits))


def test_equals_are_the_first_class_in_top_5_too() -> None:
    logits = np.zeros((8, 8), np.float32)
    scores = report(inspected(np.arange(8), logits))
    assert scores.accuracy == 1 / 8
    assert scores.top5 == 5 / 8


def test_fewer_classes_than_five() -> None:
    scores = report(inspected([0, 1], np.eye(2)))
    assert (scores.top, scores.top5) == (2, 1.0)


def test_temperature_changes_loss_and_brier_alone() -> None:
    labels, logits = random_answers(300, 4)
    plain, cooled = (report(inspected(labels, logits), temperature=temperature) for temperature in (1.0, 2.5))
    shares = softmax(logits / 2.5, axis=1)
    assert cooled.loss == pytest.approx(metrics.log_loss(labels, shares))
    assert cooled.brier == pytest.approx(((shares - np.eye(4)[labels]) ** 2).sum(1).mean())
    assert (cooled.accuracy, cooled.top5, cooled.accuracy_interval) == (
        plain.accuracy, plain.top5, plain.accuracy_interval,
    )  # fmt: skip


def test_losses_of_extreme_logits() -> None:
    logits = np.array([[1e4, 0.0, -1e4], [30.0, 0.0, 0.0]], np.float32)
    labels = np.array([2, 0])
    expected = -log_softmax(logits.astype(float), axis=1)[np.arange(2), labels]
    np.testing.assert_allclose(item_losses(logits, labels), expected)


def test_a_network_that_went_astray_is_scored_all_the_same() -> None:
    labels, logits = random_answers(20, 6)
    logits[3] = np.nan
    logits[4] = np.inf
    scores = report(inspected(labels, logits))
    assert np.isnan(scores.loss)
    assert scores.top5 <= 19 / 20
    assert 0 <= scores.accuracy <= 1


def test_intervals_belong_to_the_seed() -> None:
    labels, logits = random_answers(200, 5, sure=1.0)
    one, same, other = (report(inspected(labels, logits), seed=seed) for seed in (1, 1, 2))
    assert (one.accuracy_interval, one.macro_f1_interval) == (same.accuracy_interval, same.macro_f1_interval)
    assert one.macro_f1_interval != other.macro_f1_interval
    assert one.accuracy_interval[0] < one.accuracy < one.accuracy_interval[1]
    assert one.macro_f1_interval[0] < one.macro_f1 < one.macro_f1_interval[1]


def test_an_interval_holds_the_true_share_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    share, items, trials = 0.8, 300, 400
    held = 0
    for right in random.binomial(items, share, size=trials):
        low, high = share_interval(int(right), items, random=random)
        held += low <= share <= high
    assert 0.92 <= held / trials <= 0.98


@pytest.mark.parametrize("items", [5, 30, 1000])
def test_no_error_at_all_is_not_certainty(items: int) -> None:
    labels = np.arange(items) % 3
    scores = report(inspected(labels, answers(labels, labels, classes=3)))
    low, high = scores.accuracy_interval
    assert high == 1.0
    assert low**items == pytest.approx(0.025)  # so good a result of a run that is no better than that is that unlikely
    assert scores.macro_f1_interval == scores.accuracy_interval
    never = report(inspected(labels, answers(labels, (labels + 1) % 3, classes=3)))
    assert never.accuracy_interval == (0.0, pytest.approx(1.0 - low))


def test_the_macro_f1_interval_is_that_of_drawing_rows() -> None:
    random = np.random.default_rng(3)
    labels = random.choice(6, p=[0.4, 0.3, 0.2, 0.07, 0.02, 0.01], size=400)  # the last two are rare in every draw
    wrong = random.random(400) < 0.3
    predicted = np.where(wrong, random.integers(0, 6, 400), labels)
    inspection = inspected(labels, answers(labels, predicted, classes=6))
    found = [report(inspection, seed=seed).macro_f1_interval for seed in range(5)]
    drawn = []
    for _ in range(8_000):
        rows = random.integers(0, 400, 400)
        matrix = np.bincount(labels[rows] * 6 + predicted[rows], minlength=36).reshape(6, 6)
        there = matrix.sum(1) > 0
        drawn.append((2 * matrix.diagonal() / np.maximum(matrix.sum(0) + matrix.sum(1), 1))[there].mean())
    assert np.mean(found, axis=0) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.004)


def test_an_interval_of_very_many_cells() -> None:
    """So many that fewer draws are made: 20,000 items in 300 classes, hardly one of them right."""
    labels = np.random.default_rng(0).integers(0, 300, 20_000)
    predicted = np.random.default_rng(1).integers(0, 300, 20_000)
    scores = report(inspected(labels, answers(labels, predicted, classes=300)))
    low, high = scores.macro_f1_interval
    assert 0 < high - low < 0.002
    assert low < 1 / 300 < high
