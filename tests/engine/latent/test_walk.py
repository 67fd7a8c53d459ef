"""Laws of all paths, and what is special about each."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import norm

from workbench.engine.errors import UserError
from workbench.engine.latent.walk import PATHS, stops, walk

HOW = st.sampled_from(PATHS.names())
NUMBERS = st.floats(-6, 6, width=32) | st.sampled_from([0.0, 1.0, -1.0, 30.0, -40.0])


@st.composite
def waypoints(draw: Any) -> np.ndarray:
    return draw(arrays.arrays(np.float32, (draw(st.integers(2, 5)), draw(st.integers(1, 6))), elements=NUMBERS))


@given(HOW, waypoints(), st.integers(1, 30))
def test_every_waypoint_is_met_exactly_and_all_is_finite(how: str, codes: np.ndarray, frames: int) -> None:
    walked = walk(codes, frames=frames, how=how)
    places = stops(len(codes), frames=frames)
    assert walked.shape == (max(frames, len(codes)), codes.shape[1])
    assert walked.dtype == np.float32
    assert np.isfinite(walked).all()
    assert (walked[list(places)] == codes).all()
    assert (places[0], places[-1]) == (0, len(walked) - 1)


@given(HOW, waypoints(), st.integers(2, 30))
def test_there_and_back_is_the_same_way(how: str, codes: np.ndarray, frames: int) -> None:
    two = codes[:2]
    there, back = walk(two, frames=frames, how=how), walk(two[::-1], frames=frames, how=how)
    opposite = two[0] @ two[1] <= -0.999 * np.linalg.norm(two[0]) * np.linalg.norm(two[1])
    if how == "spherical" and opposite:
        return  # which great circle is a matter of taste
    assert there == pytest.approx(back[::-1], abs=1e-3)


@given(st.integers(1, 12), st.integers(1, 60))
def test_frames_are_spread_evenly(points: int, frames: int) -> None:
    apart = np.diff(stops(points, frames=frames))
    assert len(apart) == points - 1
    assert (apart >= 1).all()
    assert not len(apart) or apart.max() - apart.min() <= 1


@given(waypoints(), st.integers(3, 20))
def test_straight_is_straight(codes: np.ndarray, frames: int) -> None:
    walked = walk(codes[:2], frames=frames, how="straight")
    expected = np.linspace(codes[0].astype(np.float64), codes[1].astype(np.float64), frames)
    assert walked == pytest.approx(expected, abs=1e-5)


@given(waypoints(), st.integers(3, 20))
def test_spherical_keeps_to_the_lengths_of_its_ends(codes: np.ndarray, frames: int) -> None:
    two = codes[:2]
    lengths = np.linalg.norm(two.astype(np.float64), axis=1)
    walked = walk(two, frames=frames, how="spherical")
    expected = np.linspace(lengths[0], lengths[1], frames)
    if codes.shape[1] == 1 or lengths.min() == 0:
        expected = np.linalg.norm(np.linspace(two[0].astype(np.float64), two[1].astype(np.float64), frames), axis=1)
    assert np.linalg.norm(walked, axis=1) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_spherical_turns_evenly_and_in_the_plane_of_its_ends() -> None:
    ends = np.array([[2, 0, 0], [0, 4, 0]], np.float32)
    walked = walk(ends, frames=5, how="spherical")
    turned = np.degrees(np.arctan2(walked[:, 1], walked[:, 0]))
    assert turned == pytest.approx([0, 22.5, 45, 67.5, 90], abs=1e-4)
    assert not walked[:, 2].any()


def test_spherical_between_opposite_codes_goes_around() -> None:
    ends = np.array([[3, 1, 0], [-3, -1, 0]], np.float32)
    walked = walk(ends, frames=7, how="spherical")
    assert np.linalg.norm(walked, axis=1) == pytest.approx(np.full(7, np.sqrt(10)), rel=1e-5)
    cosines = (walked[:-1] * walked[1:]).sum(1) / 10
    assert np.degrees(np.arccos(cosines)) == pytest.approx(np.full(6, 30), abs=1e-2)


@given(waypoints(), st.integers(3, 20))
def test_quantiles_are_even_in_the_share_below(codes: np.ndarray, frames: int) -> None:
    two = np.clip(codes[:2], -5, 5)
    walked = walk(two, frames=frames, how="quantiles").astype(np.float64)
    expected = np.linspace(norm.cdf(two[0].astype(np.float64)), norm.cdf(two[1].astype(np.float64)), frames)
    assert norm.cdf(walked) == pytest.approx(expected, abs=1e-6)


@given(HOW, waypoints())
def test_no_dimension_overshoots_but_on_a_sphere(how: str, codes: np.ndarray) -> None:
    if how == "spherical":
        return
    walked, (one, other) = walk(codes[:2], frames=12, how=how), codes[:2]
    slack = 1e-5 * np.maximum(1, np.abs(codes[:2]).max(0))
    assert (walked >= np.minimum(one, other) - slack).all()
    assert (walked <= np.maximum(one, other) + slack).all()


def test_quantiles_are_exact_in_both_tails() -> None:
    for sign in (-1, 1):
        ends = sign * np.array([[8.0], [10.0]], np.float32)
        middle = walk(ends, frames=3, how="quantiles")[1, 0]
        share = (norm.sf(8.0) + norm.sf(10.0)) / 2
        assert middle == pytest.approx(sign * norm.isf(share), rel=1e-6)
    far = walk(np.array([[-60.0], [60.0]], np.float32), frames=5, how="quantiles")[:, 0]
    assert far[2] == 0
    assert far[1] == pytest.approx(norm.ppf(0.25), abs=1e-6)


def test_what_cannot_be_walked() -> None:
    with pytest.raises(UserError, match="beginning and an end"):
        walk(np.zeros((1, 2), np.float32))
    with pytest.raises(UserError, match="no path called 'sferical'"):
        walk(np.zeros((2, 2), np.float32), how="sferical")
