"""Principal components against scikit-learn's; t-SNE by what it keeps together, and by how it can be stopped."""

from collections.abc import Callable

import numpy as np
import pytest
from helpers import finish
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from workbench.engine import events as ev
from workbench.engine.inspection.projection import Placed, pca, principal, tsne

Singles = NDArray[np.float32]


def cloud(items: int, features: int, *, seed: int = 0) -> Singles:
    """Points whose spread falls off from axis to axis, turned somehow and far from the origin."""
    random = np.random.default_rng(seed)
    turned = np.linalg.qr(random.normal(size=(features, features)))[0]
    spread = 0.8 ** np.arange(features)
    return np.asarray((random.normal(size=(items, features)) * spread) @ turned + 5, np.float32)


def groups(count: int, each: int, *, features: int = 20) -> tuple[NDArray[np.int64], Singles]:
    random = np.random.default_rng(0)
    labels = np.arange(count * each) % count
    centres = random.normal(size=(count, features)) * 10
    return labels, np.asarray(centres[labels] + random.normal(size=(count * each, features)), np.float32)


# Exact by the features, exact by the items, and by subspace iteration.
@pytest.mark.parametrize(("items", "features"), [(300, 40), (50, 400), (3, 40), (1_100, 1_030)])
def test_pca_is_that_of_scikit_learn(items: int, features: int) -> None:
    points = cloud(items, features)
    found, explained = pca(points)
    model = PCA(2, svd_solver="full").fit(points.astype(float))
    expected = model.transform(points.astype(float))
    axes = model.components_
    expected *= np.sign(axes[np.arange(2), np.abs(axes).argmax(1)])  # the sign that is promised
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())
    np.testing.assert_allclose(explained, model.explained_variance_ratio_, rtol=1e-3)
    assert found.dtype == np.float32
    assert found.shape == (items, 2)


def test_pca_shows_the_same_picture_of_the_same_items_in_another_order() -> None:
    points = cloud(200, 10)
    order = np.random.default_rng(0).permutation(200)
    np.testing.assert_allclose(pca(points[order])[0], pca(points)[0][order], atol=1e-4)


@pytest.mark.parametrize(
    "points", [np.ones((6, 4)), np.ones((1, 4)), np.empty((0, 4)), np.arange(5.0)[:, None]],
    ids=["all equal", "one item", "no items", "one feature"],
)  # fmt: skip
def test_pca_of_what_has_no_plane(points: Singles) -> None:
    found, explained = pca(points.astype(np.float32))
    assert found.shape == (len(points), 2)
    assert not found[:, 1].any()
    assert explained[1] == 0
    assert list(found[:, 0]) == ([-2, -1, 0, 1, 2] if points.shape[1] == 1 else [0] * len(points))


def test_what_is_no_number_is_in_the_middle() -> None:
    points = cloud(100, 10)
    broken = np.vstack([points, np.full((1, 10), np.nan, np.float32)])
    found, explained = pca(broken)
    np.testing.assert_allclose(found[:100], pca(points)[0], atol=1e-4)
    assert not found[100].any()
    np.testing.assert_allclose(explained, pca(points)[1], rtol=1e-5)


def test_more_components() -> None:
    points = cloud(80, 30)
    found, explained = principal(points, 7)
    assert found.shape == (80, 7)
    assert (np.diff(explained) <= 0).all()
    np.testing.assert_allclose(found[:, :2], pca(points)[0], atol=1e-4)


def test_tsne_keeps_groups_together_and_tells_how_far_it_is() -> None:
    labels, points = groups(4, 100)
    events: list[ev.Event] = []
    placed = finish(noted(tsne(points, perplexity=15, iterations=400), events.append))
    neighbours = NearestNeighbors(n_neighbors=6).fit(placed).kneighbors(placed, return_distance=False)[:, 1:]
    assert (labels[neighbours] == labels[:, None]).mean() > 0.98
    steps = [event for event in events if isinstance(event, Placed)]
    done = [event.done for event in steps]
    assert done == sorted(set(done))
    assert 0 < done[0] <= done[-1] <= steps[-1].total == 650
    assert all(event.positions.shape == (400, 2) and event.positions.dtype == np.float32 for event in steps)
    assert np.abs(steps[0].positions - placed).max() > 0.1  # the first pictures are of their own


def noted(work, note: Callable[[ev.Event], None]):  # type: ignore[no-untyped-def]
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        note(event)
        yield event


def test_tsne_is_the_same_for_the_same_seed() -> None:
    _, points = groups(3, 20)
    one, same = (finish(tsne(points, perplexity=8, seed=5, iterations=50)) for _ in range(2))
    np.testing.assert_array_equal(one, same)


def test_tsne_stops_when_it_is_told_to() -> None:
    _, points = groups(3, 30)
    work = tsne(points, iterations=100_000)
    for event in work:
        if isinstance(event, Placed):
            break
    work.close()
    assert next(work, None) is None


@pytest.mark.parametrize("items", [0, 1, 3, 5, 9])
def test_tsne_of_a_handful(items: int) -> None:
    placed = finish(tsne(cloud(items, 4), iterations=20))
    assert placed.shape == (items, 2)
    assert np.isfinite(placed).all()


@pytest.mark.parametrize("points", [np.ones((30, 8)), np.arange(30.0)[:, None]], ids=["all equal", "one feature"])
def test_tsne_of_what_has_no_plane(points: Singles) -> None:
    placed = finish(tsne(points.astype(np.float32), iterations=20))
    assert np.isfinite(placed).all()
