"""Nearest neighbours against scikit-learn, in every division into pieces, with ties, zeros and odd numbers."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from workbench.engine.inspection import neighbours
from workbench.engine.inspection.neighbours import nearest


def features(count: int, size: int = 24, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


def expected(queries: np.ndarray, reference: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    distances = cosine_distances(queries.astype(np.float64), reference.astype(np.float64))
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(distances, rows, 1)


@pytest.mark.parametrize("k", [1, 7, 300])
def test_they_are_those_of_scikit_learn(k: int) -> None:
    queries, reference = features(150, seed=1), features(300, seed=2)
    rows, distances = nearest(queries, reference, k=k)
    wanted_rows, wanted = expected(queries, reference, k)
    assert (rows.dtype, distances.dtype) == (np.int64, np.float64)
    assert (rows == wanted_rows).all()
    assert distances == pytest.approx(wanted, abs=1e-12)


def test_it_does_not_matter_how_the_work_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, reference = features(40, seed=1), features(200, seed=2)
    whole = nearest(queries, reference, k=9)
    monkeypatch.setattr(neighbours, "_ROWS", 7)
    monkeypatch.setattr(neighbours, "_QUERIES", 3)
    pieces = nearest(queries, reference, k=9)
    one_by_one = [nearest(query[None], reference, k=9) for query in queries]
    for number in (0, 1):
        assert (whole[number] == pieces[number]).all()
        assert (whole[number] == np.concatenate([one[number] for one in one_by_one])).all()


def test_items_that_single_precision_cannot_tell_apart_are_in_order() -> None:
    base = features(1, 512)
    steps = np.zeros((60, 512), np.float32)
    steps[:, 0] = np.random.default_rng(3).permutation(60) * 2e-5
    reference = base + steps
    rows, distances = nearest(base, reference, k=60)
    wanted_rows, wanted = expected(base, reference, 60)
    assert (rows == wanted_rows).all()
    assert distances == pytest.approx(wanted, abs=1e-14)


def test_equal_ones_come_in_the_order_of_their_rows() -> None:
    reference = np.repeat(features(3), 400, axis=0)[np.random.default_rng(0).permutation(1200)]
    rows, distances = nearest(reference[:5], reference, k=250)
    for query, found, away in zip(reference[:5], rows, distances, strict=True):
        same = np.flatnonzero((reference == query).all(1))
        assert found.tolist() == same[:250].tolist()
        assert away == pytest.approx(np.zeros(250), abs=1e-15)


def test_length_does_not_count_however_great_or_small() -> None:
    queries, reference = features(20, seed=1), features(100, seed=2)
    lengths = (10.0 ** np.linspace(-30, 30, 100))[:, None]
    rows, distances = nearest(queries, (reference * lengths).astype(np.float32), k=5)
    wanted_rows, wanted = expected(queries, reference, 5)
    assert (rows == wanted_rows).all()
    assert distances == pytest.approx(wanted, abs=1e-5)


def test_what_has_no_direction_is_far_from_everything() -> None:
    reference = features(10)
    reference[2] = 0
    reference[5, 3] = np.nan
    reference[7, 1] = np.inf
    rows, distances = nearest(features(4, seed=9), reference, k=10)
    assert (np.sort(rows, axis=1) == np.arange(10)).all()
    for place in (2, 5, 7):
        assert (distances[rows == place] == 1.0).all()
    rows, distances = nearest(np.zeros((1, 24), np.float32), reference, k=3)
    assert rows.tolist() == [[0, 1, 2]]
    assert distances.tolist() == [[1.0, 1.0, 1.0]]


def test_distances_stay_between_0_and_2() -> None:
    reference = features(200)
    rows, distances = nearest(reference, np.concatenate([reference, -reference]), k=400)
    assert distances.min() >= 0.0
    assert distances.max() <= 2.0
    assert rows[:, 0].tolist() == list(range(200))


def test_few_or_none_to_choose_from() -> None:
    rows, distances = nearest(features(3), features(2), k=8)
    assert rows.shape == distances.shape == (3, 2)
    assert nearest(features(3), features(0), k=8)[0].shape == (3, 0)
    assert nearest(features(0), features(5), k=2)[0].shape == (0, 2)
