"""Scores of the unknown against their formulas, measures against scikit-learn's."""

import math

import numpy as np
import pytest
from inspection_samples import inspected, random_answers
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn import metrics

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.unknown import (
    SCORES,
    auroc,
    average_precision,
    fpr_at,
    knownness,
    roc,
    threshold_for,
    truly_known,
    unknown_table,
    usable_scores,
    verdicts,
)

Floats = NDArray[np.float64]


def two_sorts(*, ties: bool, known: int = 300, unknown: int = 120) -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    scores = random.normal(1.0, 1.0, known), random.normal(0.0, 1.0, unknown)
    return tuple(np.round(some, 1) if ties else some for some in scores)  # type: ignore[return-value]


def blobs(
    labels: list[int], *, dataset: str = "data", split: str = "train", seed: int = 0, spread: float = 0.2, **rest: int
) -> Inspection:
    """Features in four groups around the ends of four axes; label -1 is of the last group."""
    random = np.random.default_rng(seed)
    features = np.eye(16)[labels] + spread * random.normal(size=(len(labels), 16)) / 4
    logits = np.asarray(features @ np.eye(16)[:, :3] * 5, np.float32)
    return inspected(labels, logits, features=features, dataset=dataset, split=split, **rest)  # type: ignore[arg-type]


# Measures


@pytest.mark.parametrize("ties", [False, True])
def test_measures_are_those_of_scikit_learn(ties: bool) -> None:
    known, unknown = two_sorts(ties=ties)
    truth, scores = np.r_[np.ones(300), np.zeros(120)], np.r_[known, unknown]
    assert auroc(known, unknown) == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert average_precision(known, unknown) == pytest.approx(metrics.average_precision_score(truth, scores))
    fpr, tpr, thresholds = metrics.roc_curve(truth, scores, drop_intermediate=False)
    curve = roc(known, unknown)
    np.testing.assert_allclose(curve.fpr, fpr, atol=1e-12)
    np.testing.assert_allclose(curve.tpr, tpr, atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, thresholds)
    assert fpr_at(known, unknown, tpr=0.95) == pytest.approx(fpr[np.argmax(tpr >= 0.95)])


def test_ends_of_the_scale() -> None:
    low, high = np.arange(5.0), np.arange(5.0) + 10
    assert (auroc(high, low), auroc(low, high), auroc(low, low)) == (1.0, 0.0, 0.5)
    assert (average_precision(high, low), fpr_at(high, low), fpr_at(low, high)) == (1.0, 0.0, 1.0)
    nothing = np.empty(0)
    assert all(math.isnan(value) for value in (auroc(low, nothing), average_precision(nothing, low),
                                               fpr_at(low, nothing)))  # fmt: skip


@pytest.mark.parametrize(("share", "threshold"), [(1.0, 1), (0.95, 1), (0.9, 2), (0.5, 6), (0.01, 10), (0.0, 10)])
def test_a_threshold_accepts_the_share_that_is_asked_for(share: float, threshold: float) -> None:
    known = np.random.default_rng(0).permutation(np.arange(1.0, 11.0))
    assert threshold_for(known, share) == threshold
    assert (known >= threshold).mean() >= share


def test_no_threshold_without_known_items() -> None:
    with pytest.raises(UserError, match="there are none"):
        threshold_for(np.empty(0))


def test_verdicts() -> None:
    result = verdicts(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 2.0]), threshold=2.0)
    assert (result.known_accepted, result.known_rejected) == (3, 1)
    assert (result.unknown_accepted, result.unknown_rejected) == (1, 1)
    assert result.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score([1, 1, 1, 1, 0, 0],
                                                                                     [0, 1, 1, 1, 0, 1]))  # fmt: skip
    assert math.isnan(verdicts(np.array([1.0]), np.empty(0), threshold=0.0).balanced_accuracy)


# Scores


def test_scores_from_logits() -> None:
    labels, logits = random_answers(50, 4)
    inspection = inspected(labels, logits)
    exact = logits.astype(float)
    np.testing.assert_allclose(knownness("max-probability", inspection), softmax(exact, axis=1).max(1))
    np.testing.assert_allclose(knownness("energy", inspection), logsumexp(exact, axis=1))
    assert usable_scores(inspection, training=False) == ["max-probability", "energy"]
    with pytest.raises(UserError, match="no class for the unknown"):
        knownness("catch-all", inspection)
    with pytest.raises(UserError, match="training items"):
        knownness("feature-distance", inspection)
    with pytest.raises(UserError, match="Did you mean 'energy'"):
        knownness("energie", inspection)


def test_a_catch_all_class_is_a_score_and_in_no_other() -> None:
    labels, logits = random_answers(50, 4)
    logits[0] = [0, 0, 0, 200]
    logits[1] = [200, 0, 0, -200]
    inspection, without = inspected(labels, logits, catch_all=3), inspected(labels % 3, logits[:, :3])
    np.testing.assert_allclose(
        knownness("catch-all", inspection), softmax(logits.astype(float), axis=1)[:, :3].sum(1), rtol=1e-9
    )
    for name in ("max-probability", "energy"):
        np.testing.assert_array_equal(knownness(name, inspection), knownness(name, without))
    assert list(truly_known(inspection)) == list(labels != 3)
    assert "catch-all" in usable_scores(inspection, training=False)


@pytest.mark.parametrize("name", ["feature-distance", "mahalanobis"])
@pytest.mark.parametrize("each", [1, 10, 3_000])
def test_scores_from_features_tell_what_was_trained_on_from_what_was_not(name: str, each: int) -> None:
    training = blobs([0, 1, 2] * each)
    shown = blobs([0, 1, 2, -1] * 20, split="test", dataset="other", seed=1)
    scores = knownness(name, shown, training=training)
    known = shown.labels >= 0
    assert np.isfinite(scores).all()
    assert auroc(scores[known], scores[~known]) == 1.0


def test_feature_distance_is_the_mean_cosine_of_the_nearest_training_items() -> None:
    random = np.random.default_rng(0)
    features, shown = random.normal(size=(60, 8)), random.normal(size=(30, 8))
    training = inspected(np.arange(60) % 3, np.zeros((60, 3)), features=features)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = np.sort(shown / np.linalg.norm(shown, axis=1, keepdims=True) @ unit.T, axis=1)
    inspection = inspected(np.zeros(30), np.zeros((30, 3)), features=shown, dataset="other")
    np.testing.assert_allclose(
        knownness("feature-distance", inspection, training=training), cosines[:, -5:].mean(1), atol=1e-6
    )


def test_no_item_is_a_neighbour_of_its_own() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(40, 8))
    training = inspected(np.arange(40) % 2, np.zeros((40, 2)), features=features, split="train")
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = np.sort(unit @ unit.T, axis=1)
    own = knownness("feature-distance", training, training=training)
    np.testing.assert_allclose(own, cosines[:, -6:-1].mean(1), atol=1e-6)
    elsewhere = inspected(training.labels, training.logits, features=features, dataset="a copy")
    copied = knownness("feature-distance", elsewhere, training=training)
    np.testing.assert_allclose(copied, cosines[:, -5:].mean(1), atol=1e-6)


def test_training_items_that_are_of_no_known_class_are_none_to_be_near_to() -> None:
    training = blobs([0, 1, -1, 2] * 10, catch_all=2)
    shown = blobs([0, 1, 2, -1] * 5, split="test", dataset="other", seed=1, catch_all=2)
    for name in ("feature-distance", "mahalanobis"):
        scores = knownness(name, shown, training=training)
        assert scores[shown.labels < 0].max() < scores[truly_known(shown)].min()
        assert scores[shown.labels == 2].max() < scores[truly_known(shown)].min()


def test_features_of_other_weights_cannot_be_compared() -> None:
    training, shown = blobs([0, 1, 2]), blobs([0, 1, 2], step=9)
    with pytest.raises(UserError, match=r"step 10 .* step 9"):
        knownness("feature-distance", shown, training=training)
    with pytest.raises(UserError, match="no training items of a known class"):
        knownness("mahalanobis", shown, training=blobs([-1, -1], step=9))


@pytest.mark.parametrize("name", list(SCORES))
def test_what_is_no_number_is_not_known(name: str) -> None:
    training, shown = blobs([0, 1, 2] * 5, catch_all=2), blobs([0, 1, 2] * 5, dataset="other", seed=1, catch_all=2)
    broken = inspected(shown.labels, shown.logits.copy(), features=shown.features.copy(), dataset="other", catch_all=2)
    broken.logits[0] = broken.features[0] = np.nan
    scores = knownness(name, broken, training=training)
    assert scores[0] == -np.inf
    np.testing.assert_allclose(scores[1:], knownness(name, shown, training=training)[1:])


# The table


def test_the_table_has_a_row_for_each_set_and_score() -> None:
    training, known = blobs([0, 1, 2] * 20), blobs([0, 1, 2] * 10 + [-1] * 3, split="test", seed=1)
    strangers = blobs([-1] * 12 + [0, 1], dataset="birds", seed=2)  # two of which are of known classes
    rows = unknown_table(known, {"birds": strangers, "nothing new": blobs([0, 1], dataset="x")}, training)
    names = ["max-probability", "energy", "feature-distance", "mahalanobis"]
    assert [(row.unknowns, row.score) for row in rows] == [
        (title, name) for title in ("birds", "nothing new") for name in names
    ]
    assert {(row.known, row.unknown) for row in rows} == {(30, 12), (30, 0)}
    for row in rows[:4]:
        known_scores = knownness(row.score, known, training=training)[:30]
        unknown_scores = knownness(row.score, strangers, training=training)[:12]
        assert row.auroc == auroc(known_scores, unknown_scores)
        assert row.fpr == row.verdicts.unknown_accepted / 12
        assert row.verdicts.known_accepted >= 0.95 * 30
    assert all(math.isnan(row.auroc) for row in rows[4:])
    assert [row.score for row in unknown_table(known, {"birds": strangers})] == names[:2]


def test_a_catch_all_class_makes_a_set_of_its_own() -> None:
    known = blobs([0, 1, 2] * 10, split="test", catch_all=2)
    rows = unknown_table(known, {}, blobs([0, 1, 2] * 10, catch_all=2))
    assert {row.unknowns for row in rows} == {"class 2"}
    assert {(row.known, row.unknown) for row in rows} == {(20, 10)}
    assert rows[-1].score == "catch-all"
    with pytest.raises(UserError, match="no known items"):
        unknown_table(blobs([-1, -1]), {"birds": known})
