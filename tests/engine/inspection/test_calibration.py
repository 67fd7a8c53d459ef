"""Calibration error counted by hand, temperatures against an optimiser's."""

import numpy as np
import pytest
from inspection_samples import answers, random_answers
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from workbench.engine.errors import UserError
from workbench.engine.inspection.calibration import (
    LEAST_TEMPERATURE,
    MOST_TEMPERATURE,
    fit_temperature,
    reliability,
)


def test_four_items_by_hand() -> None:
    #             sure 0.9, right   sure 0.8, wrong   sure 0.6, right   sure 0.6, wrong
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.4, 0.6]])
    result = reliability(probabilities, np.array([0, 1, 1, 0]), bins=4)
    np.testing.assert_allclose(result.edges, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(result.count, [0, 0, 2, 2])
    np.testing.assert_allclose(result.confidence, [np.nan, np.nan, 0.6, 0.85])
    np.testing.assert_allclose(result.accuracy, [np.nan, np.nan, 0.5, 0.5])
    assert result.ece == pytest.approx((2 * 0.1 + 2 * 0.35) / 4)
    assert result.mce == pytest.approx(0.35)


def test_a_bin_holds_its_upper_edge() -> None:
    probabilities = np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
    result = reliability(probabilities, np.array([0, 0, 0]), bins=4)
    np.testing.assert_array_equal(result.count, [0, 1, 1, 1])


def test_every_item_is_in_a_bin() -> None:
    labels, logits = random_answers(2_000, 10)
    probabilities = softmax(logits.astype(float), axis=1)
    result = reliability(probabilities, labels)
    assert len(result.count) == 15
    assert result.count.sum() == 2_000
    some = result.count > 0
    assert result.count[some] @ result.confidence[some] == pytest.approx(probabilities.max(1).sum())
    assert result.count[some] @ result.accuracy[some] == pytest.approx((probabilities.argmax(1) == labels).sum())


def test_honest_probabilities_have_little_error() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(5), size=50_000)
    labels = (random.random((50_000, 1)) > probabilities.cumsum(1)).sum(1)
    assert reliability(probabilities, labels).ece < 0.01
    assert fit_temperature(np.log(probabilities), labels) == pytest.approx(1.0, abs=0.02)
    assert fit_temperature(3.0 * np.log(probabilities), labels) == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize("scale", [0.2, 1.0, 6.0])
def test_the_temperature_is_the_likeliest(scale: float) -> None:
    labels, logits = random_answers(700, 6, seed=2)
    logits *= scale

    def loss(temperature: float) -> float:
        return float(-log_softmax(logits.astype(float) / temperature, axis=1)[np.arange(700), labels].mean())

    best = minimize_scalar(loss, bounds=(0.05, 20.0), method="bounded", options={"xatol": 1e-8})
    assert fit_temperature(logits, labels) == pytest.approx(best.x, rel=1e-4)


def test_where_there_is_no_likeliest_temperature() -> None:
    labels = np.arange(30) % 3
    assert fit_temperature(answers(labels, labels, classes=3), labels) == LEAST_TEMPERATURE
    assert fit_temperature(answers(labels, (labels + 1) % 3, classes=3), labels) == MOST_TEMPERATURE
    assert fit_temperature(np.zeros((30, 3), np.float32), labels) == 1.0


def test_items_without_a_label_count_for_nothing() -> None:
    labels, logits = random_answers(400, 4)
    probabilities = softmax(logits.astype(float), axis=1)
    hidden = np.where(np.arange(400) < 100, -1, labels)
    assert fit_temperature(logits, hidden) == fit_temperature(logits[100:], labels[100:])
    assert reliability(probabilities, hidden).ece == reliability(probabilities[100:], labels[100:]).ece
    with pytest.raises(UserError, match="none of these has one"):
        fit_temperature(logits, np.full(400, -1))
    with pytest.raises(UserError, match="none of these items has a label"):
        reliability(probabilities, np.full(400, -1))


def test_a_network_that_went_astray() -> None:
    labels, logits = random_answers(100, 4)
    broken = logits.copy()
    broken[:10] = np.nan
    assert fit_temperature(broken, labels) == fit_temperature(logits[10:], labels[10:])
    assert reliability(softmax(broken.astype(float), axis=1), labels).count.sum() == 90
    with pytest.raises(UserError, match="no numbers"):
        fit_temperature(np.full((5, 4), np.nan), np.zeros(5, np.int64))
