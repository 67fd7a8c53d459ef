"""The grid through the prior's quantiles, against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from workbench.engine.latent.manifold import grid_codes, grid_places, grid_quantiles
from workbench.engine.latent.plane import dimensions_plane


@given(st.integers(1, 100))
def test_the_whole_range_is_symmetric_and_equally_spaced_in_quantiles(n: int) -> None:
    found = grid_quantiles(n)
    assert (found == -found[::-1]).all()
    assert found == pytest.approx(norm.ppf((np.arange(n) + 0.5) / n), abs=1e-12)


@given(st.integers(1, 40), st.floats(0, 0.98), st.floats(0.01, 1))
def test_a_part_of_the_range(n: int, low: float, share: float) -> None:
    high = low + (1 - low) * share
    found = grid_quantiles(n, low=low, high=high)
    assert norm.cdf(found) == pytest.approx(low + (high - low) * (np.arange(n) + 0.5) / n, abs=1e-12)
    mirrored = grid_quantiles(n, low=0.25, high=0.75)
    assert (mirrored == -mirrored[::-1]).all()


def test_rows_from_the_highest_and_columns_from_the_left() -> None:
    codes = grid_codes(3, plane=dimensions_plane(0, 1, 2)).reshape(3, 3, 2)
    end = norm.ppf(5 / 6)
    assert codes[0, 0] == pytest.approx([-end, end], abs=1e-6)
    assert codes[0, 2] == pytest.approx([end, end], abs=1e-6)
    assert codes[2, 0] == pytest.approx([-end, -end], abs=1e-6)
    assert codes[1, 1].tolist() == [0, 0]
    assert codes.dtype == np.float32
    assert (grid_codes(3, plane=dimensions_plane(0, 1, 2)) == grid_places(3).astype(np.float32)).all()


def test_each_axis_has_a_range_and_the_rest_of_a_code_stays() -> None:
    plane = dimensions_plane(2, 0, 3, rest=np.array([9, 5, 9], np.float32))
    codes = grid_codes(2, low=(0.5, 0.0), high=(1.0, 0.5), plane=plane)
    assert (codes[:, 1] == 5).all()
    assert (codes[:, 2] > 0).all()
    assert (codes[:, 0] < 0).all()


def test_a_range_at_the_very_end_stays_finite() -> None:
    assert np.isfinite(grid_quantiles(5, low=0.0, high=5e-324)).all()
    assert np.isfinite(grid_quantiles(5, low=1 - 2**-53, high=1.0)).all()
