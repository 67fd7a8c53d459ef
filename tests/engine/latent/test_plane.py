"""Planes, principal axes, ellipses and densities, against what numpy says the long way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.latent import plane as plane_module
from workbench.engine.latent.plane import Plane, density, dimensions_plane, pca_plane, principal

RNG = np.random.default_rng(3)


def codes(count: int, dims: int) -> np.ndarray:
    mixing = RNG.normal(size=(dims, dims)) * np.linspace(3, 0.1, dims)
    return (RNG.normal(size=(count, dims)) @ mixing + RNG.normal(size=dims)).astype(np.float32)


def tilted(dims: int) -> Plane:
    axes, _ = np.linalg.qr(RNG.normal(size=(dims, 2)))
    return Plane(origin=RNG.normal(size=dims), axes=axes.T)


@given(st.integers(2, 30), st.integers(0, 1000))
def test_places_and_codes_are_inverse(dims: int, seed: int) -> None:
    plane = tilted(dims)
    places = np.random.default_rng(seed).normal(size=(7, 2)).astype(np.float32)
    assert plane.project(plane.code(places)) == pytest.approx(places, abs=1e-5)
    assert plane.code(tuple(places[0])) == pytest.approx(plane.code(places)[0], abs=1e-6)
    assert plane.code(places).dtype == plane.project(plane.code(places)).dtype == np.float32


def test_a_shadow_is_the_nearest_place() -> None:
    plane, some = tilted(5), codes(20, 5)
    shadows = plane.code(plane.project(some))
    apart = some - shadows
    assert np.abs(apart @ plane.axes.T).max() < 1e-4


def test_the_plane_of_two_dimensions_and_the_sliders() -> None:
    rest = np.arange(5, dtype=np.float32)
    plane = dimensions_plane(3, 1, 5, rest=rest)
    assert plane.code((10.0, 20.0)).tolist() == [0, 20, 2, 10, 4]
    assert plane.project(np.array([[1, 2, 3, 4, 5]], np.float32)).tolist() == [[4, 2]]
    assert rest.tolist() == [0, 1, 2, 3, 4]
    assert dimensions_plane(0, 1, 2).code((3.0, 4.0)).tolist() == [3, 4]
    line = dimensions_plane(0, 0, 1)
    assert line.code((3.0, 4.0)).tolist() == [3]
    assert line.project(np.array([[2.0]], np.float32)).tolist() == [[2, 0]]


def test_a_parallel_plane_through_a_code() -> None:
    plane, code = tilted(6), codes(1, 6)[0]
    moved = plane.through(code)
    assert moved.code(moved.project(code[None]))[0] == pytest.approx(code, abs=1e-5)
    assert moved.project(code[None]) == pytest.approx(plane.project(code[None]), abs=1e-5)


@pytest.mark.parametrize(("count", "dims"), [(500, 2), (300, 20), (10, 20), (40, 2100)])
def test_principal_axes_are_those_of_the_singular_values(count: int, dims: int) -> None:
    some = codes(count, dims)
    centred = some.astype(np.float64) - some.mean(0, dtype=np.float64)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    found = principal(some, most=4)
    ranks = min(4, dims, count - 1)
    assert found.mean == pytest.approx(some.mean(0, dtype=np.float64))
    shares = values**2 / (values**2).sum()
    assert found.shares[:ranks] == pytest.approx(shares[:ranks], abs=1e-9)
    assert np.abs((found.axes[:ranks] * axes[:ranks]).sum(1)) == pytest.approx(np.ones(ranks), abs=1e-6)
    assert found.axes @ found.axes.T == pytest.approx(np.eye(len(found.axes)), abs=1e-9)
    assert (found.axes[np.arange(len(found.axes)), np.abs(found.axes).argmax(1)] > 0).all()
    plane = pca_plane(some)
    assert plane.project(some).var(0, dtype=np.float64) == pytest.approx((values**2 / count)[:2], rel=1e-4)


def test_codes_without_any_spread_have_axes_all_the_same() -> None:
    for dims in (3, 2100):
        found = principal(np.ones((5, dims), np.float32), most=2)
        assert found.axes @ found.axes.T == pytest.approx(np.eye(2), abs=1e-9)
        assert found.shares.tolist() == [0, 0]
    assert principal(codes(30, 1)).plane().project(codes(3, 1)).shape == (3, 2)


def test_ellipses_are_those_of_the_projected_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane_module, "_PIECE", 16)  # several pieces
    plane = tilted(6)
    deviation = RNG.uniform(0.1, 2, (9, 6)).astype(np.float32)
    long, short, angle = plane.ellipse(deviation)
    for row, spread in enumerate(deviation.astype(np.float64)):
        covariance = plane.axes @ np.diag(spread**2) @ plane.axes.T
        turn = np.array([[np.cos(angle[row]), -np.sin(angle[row])], [np.sin(angle[row]), np.cos(angle[row])]])
        assert turn @ np.diag([long[row] ** 2, short[row] ** 2]) @ turn.T == pytest.approx(covariance, abs=1e-9)
    assert (long >= short).all()
    circle = dimensions_plane(0, 1, 3).ellipse(np.array([[0.5, 0.5, 9], [0, 0, 1], [1, 2, 0]], np.float32))
    assert [values.tolist() for values in circle[:2]] == [[0.5, 0, 2], [0.5, 0, 1]]
    assert abs(circle[2][2]) == pytest.approx(np.pi / 2)


def test_density_is_a_histogram_with_the_top_row_highest() -> None:
    points = np.array([[0.1, 0.9], [0.1, 0.9], [0.9, 0.1], [5, 5], [np.nan, 0]], np.float32)
    found = density(points, extent=(0, 1, 0, 1), size=(4, 2), bandwidth=0)
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array([[2, 0, 0, 0], [0, 0, 0, 1]]) / 4 * 8)


def test_density_is_what_normal_kernels_add_up_to() -> None:
    points = RNG.normal(size=(200, 2)).astype(np.float32)
    found = density(points, extent=(-3, 3, -2, 4), size=(60, 120), bandwidth=0.5)
    x, y = np.linspace(-2.95, 2.95, 60), np.linspace(3.975, -1.975, 120)
    apart = (x[None, :, None] - points[:, 0]) ** 2 + (y[:, None, None] - points[:, 1]) ** 2
    exact = np.exp(-apart / (2 * 0.25)).mean(2) / (2 * np.pi * 0.25)
    assert np.abs(found - exact).max() < 0.02 * exact.max()
    whole = density(points, extent=(-9, 9, -9, 9), size=(200, 100))
    assert whole.sum() * 18 / 200 * 18 / 100 == pytest.approx(1, abs=1e-3)


def test_density_of_points_beside_the_picture_or_of_none() -> None:
    assert not density(np.zeros((0, 2), np.float32), extent=(0, 1, 0, 1), size=(4, 3)).any()
    beside = density(np.array([[-0.1, 0.5]], np.float32), extent=(0, 1, 0, 1), size=(10, 10), bandwidth=0.2)
    assert beside[5, 0] > beside[5, 5] > 0
    assert not density(np.full((3, 2), 1e30, np.float32), extent=(0, 1, 0, 1), size=(4, 3), bandwidth=0.1).any()
