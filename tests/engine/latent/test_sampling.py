"""Codes of the prior, and the images that are nearest to a picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.latent.sampling import TrainingImages, prior_codes

RNG = np.random.default_rng(0)


@given(st.integers(0, 20), st.integers(1, 30), st.integers(0, 5), st.sampled_from([0.0, 0.3, 2.0]))
def test_fewer_samples_are_the_first_of_more(n: int, dims: int, seed: int, truncated: float) -> None:
    some = prior_codes(n, dims, seed=seed, truncated=truncated, temperature=0.5)
    more = prior_codes(n + 7, dims, seed=seed, truncated=truncated, temperature=0.5)
    assert (some == more[:n]).all()
    assert some.dtype == np.float32
    if truncated:
        assert np.abs(more).max() <= 0.5 * truncated + 1e-6


def test_temperature_is_the_deviation() -> None:
    codes = prior_codes(5000, 10, temperature=0.7, seed=3)
    assert codes.std() == pytest.approx(0.7, rel=0.02)
    assert not prior_codes(5, 3, temperature=0).any()
    assert (prior_codes(5, 3, seed=1) != prior_codes(5, 3, seed=2)).any()
    cut = prior_codes(5000, 10, truncated=1.0)
    assert cut.std() == pytest.approx(0.5396, rel=0.02)  # of a normal distribution cut off at one deviation


@pytest.mark.parametrize("shape", [(9, 9), (5, 5, 3)])
@pytest.mark.parametrize("count", [1, 4, 50])
def test_the_nearest_are_those_of_a_search_by_hand(shape: tuple[int, ...], count: int) -> None:
    images = RNG.integers(0, 256, (40, *shape), np.uint8)
    items = RNG.permutation(1000)[:40]
    pictures = np.concatenate([RNG.integers(0, 256, (70, *shape), np.uint8), images[:3]])
    found, distances = TrainingImages(items, images).nearest(pictures, count=count)
    apart = (pictures[:, None].astype(float) - images[None]).reshape(73, 40, -1) / 255
    exact = np.sqrt((apart**2).mean(2))
    order = np.argsort(exact, axis=1, kind="stable")[:, :count]
    assert found.shape == (73, min(count, 40))
    assert (found == items[order]).all()
    assert distances == pytest.approx(np.take_along_axis(exact, order, 1), rel=1e-6)
    assert distances[-3:, 0].tolist() == [0, 0, 0]


def test_nearly_equal_images_are_told_apart() -> None:
    image = RNG.integers(1, 255, (64, 64), np.uint8)
    images = np.stack([image] * 20)
    images[:, 3, 3] += np.arange(20, dtype=np.uint8)[::-1] % 7  # the first of those that are equal to it is number 5
    found, distances = TrainingImages(np.arange(20), images).nearest(image[None], count=3)
    assert found.tolist() == [[5, 12, 19]]
    assert distances.tolist() == [[0, 0, 0]]


def test_nothing_is_near_nothing() -> None:
    images = TrainingImages(np.arange(3), np.zeros((3, 4, 4), np.uint8))
    found, distances = images.nearest(np.zeros((0, 4, 4), np.uint8))
    assert found.shape == distances.shape == (0, 1)
