"""Orders of items: what comes first in each, and what is in none."""

import numpy as np
import pytest
from inspection_samples import answers, inspected, random_answers
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from workbench.engine.errors import UserError
from workbench.engine.inspection.ranking import RANKINGS, rank


@pytest.mark.parametrize("name", list(RANKINGS))
def test_every_ranking_sorts_by_its_formula(name: str) -> None:
    labels, logits = random_answers(200, 5, sure=1.0)
    labels[:20] = -1
    items = np.arange(200) * 3 + 1
    shares = softmax(logits.astype(float), axis=1)
    two = np.sort(shares, axis=1)[:, -2:]
    known, wrong = labels >= 0, (labels >= 0) & (logits.argmax(1) != labels)
    formulas = {
        "worst": np.where(known, log_softmax(logits.astype(float), axis=1)[np.arange(200), labels], np.nan),
        "confidently-wrong": np.where(wrong, -shares.max(1), np.nan),
        "least-confident": shares.max(1),
        "smallest-margin": two[:, 1] - two[:, 0],
        "highest-entropy": -entropy(shares, axis=1),
        "most-sure": -shares.max(1),
    }
    keys = formulas[name]
    expected = items[np.argsort(keys)][: np.isfinite(keys).sum()]
    found = rank(name, inspected(labels, logits, items=items))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", list(RANKINGS))
def test_equals_come_by_id(name: str) -> None:
    found = rank(name, inspected(np.ones(6), answers(np.ones(6), np.zeros(6, int), classes=3)))
    assert list(found) == list(range(6))


@pytest.mark.parametrize("name", list(RANKINGS))
def test_few_classes_and_no_items(name: str) -> None:
    assert len(rank(name, inspected([0, 0], np.ones((2, 1))))) in (0, 2)
    assert not len(rank(name, inspected([], np.empty((0, 3)))))


def test_certainty_has_no_entropy() -> None:
    sure = inspected([0, 0], [[1000.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(RANKINGS["highest-entropy"].keys(sure), [0.0, -np.log(2)], atol=1e-12)


@pytest.mark.parametrize("name", list(RANKINGS))
def test_what_is_no_number_is_the_least_certain(name: str) -> None:
    labels, logits = random_answers(30, 3)
    logits[7] = np.nan
    found = rank(name, inspected(labels, logits))
    if name in ("most-sure", "confidently-wrong"):
        assert 7 not in found[:-1]
    else:
        assert found[0] == 7


def test_a_mistyped_ranking() -> None:
    with pytest.raises(UserError, match="Did you mean 'worst'"):
        rank("wurst", inspected([0], [[1.0, 0.0]]))
    assert all(ranking.title and ranking.help for ranking in RANKINGS.values())
