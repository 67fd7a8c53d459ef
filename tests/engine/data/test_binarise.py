"""Black and white images: what is drawn, how often, and that it never changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.data.binarise import BINARISATIONS, Binarisation, thresholds
from workbench.engine.errors import UserError

ONCE = Binarisation(how="once")


def grey(count: int, *, side: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, side, side), dtype=np.uint8)


def splitmix64(state: int) -> int:
    """One output of SplitMix64 after its state was advanced to ``state``, by the book."""
    mask = 2**64 - 1
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return state ^ (state >> 31)


def test_each_threshold_comes_equally_often() -> None:
    drawn = thresholds(np.arange(4000), count=783, seed=3)
    counts = np.bincount(drawn.ravel(), minlength=256)
    assert counts[255] == 0
    expected = drawn.size / 255
    chi_squared = ((counts[:255] - expected) ** 2 / expected).sum()
    assert 254 - 5 * np.sqrt(2 * 254) < chi_squared < 254 + 5 * np.sqrt(2 * 254)


def test_thresholds_are_what_the_published_generator_gives() -> None:
    """A draw that changes with a version would be another protocol."""
    golden, mask = 0x9E3779B97F4A7C15, 2**64 - 1
    for seed, item in ((0, 0), (7, 59_999)):
        key = splitmix64((item * golden + splitmix64((seed + golden) & mask)) & mask)
        words = [splitmix64((key + golden * number) & mask) for number in range(1, 6)]
        wanted = [(half * 255) >> 32 for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
        assert thresholds(np.array([item]), count=9, seed=seed)[0].tolist() == wanted[:9]


@pytest.mark.parametrize("level", [0, 1, 64, 128, 200, 254, 255])
def test_a_pixel_is_white_as_often_as_it_is_grey(level: int) -> None:
    pixels = np.full((2000, 1, 16, 16), level, np.uint8)
    white = ONCE(pixels, np.arange(2000)) == 255
    chance = level / 255
    assert abs(white.mean() - chance) <= 5 * np.sqrt(chance * (1 - chance) / white.size)


@given(st.permutations(range(12)), st.integers(1, 12), st.integers(0, 2**31 - 1))
def test_neither_order_nor_company_changes_a_draw(order: list[int], count: int, seed: int) -> None:
    pixels, items = grey(12), np.arange(100, 112)
    binarisation = Binarisation(how="once", seed=seed)
    whole = binarisation(pixels, items)
    some = order[:count]
    assert (binarisation(pixels[some], items[some]) == whole[some]).all()
    assert set(np.unique(whole)) <= {0, 255}


def test_a_long_batch_is_drawn_as_short_ones_are() -> None:
    pixels = grey(300, side=31)
    assert (ONCE(pixels, np.arange(300))[250:251] == ONCE(pixels[250:251], np.array([250]))).all()


def test_seeds_and_items_draw_apart() -> None:
    pixels = np.full((2, 1, 32, 32), 128, np.uint8)
    one = ONCE(pixels, np.array([4, 5]))
    other = Binarisation(how="once", seed=1)(pixels, np.array([4, 5]))
    for first, second in ((one[0], one[1]), (one[0], other[0]), (one[0], other[1])):
        assert 0.4 < (first == second).mean() < 0.6


def test_the_threshold_is_the_middle() -> None:
    pixels = np.array([0, 127, 128, 255], np.uint8).reshape(1, 1, 2, 2)
    assert Binarisation(how="threshold")(pixels).ravel().tolist() == [0, 0, 255, 255]


def test_nothing_is_done_where_nothing_is_asked() -> None:
    pixels = grey(3)
    assert Binarisation()(pixels, np.arange(3)) is pixels
    assert not Binarisation().active


def test_what_is_drawn_anew_is_evaluated_on_the_lasting_draw() -> None:
    pixels, items = grey(3), np.arange(3)
    assert (Binarisation(how="dynamic", seed=2)(pixels, items) == Binarisation(how="once", seed=2)(pixels, items)).all()


def test_a_picture_that_is_no_item_has_a_draw_of_its_own_that_lasts() -> None:
    pixels = grey(4, side=16)
    assert (ONCE(pixels)[2] == ONCE(pixels[2:3])[0]).all()
    same = np.repeat(pixels[:1] // 2 + 60, 2, axis=0)
    other = same.copy()
    other[1, 0, 0, 0] ^= 1
    drawn = ONCE(other)
    assert 0 < (drawn[0] != drawn[1]).mean() < 1


def test_colour_is_refused() -> None:
    for how in BINARISATIONS[1:]:
        Binarisation(how=how).check((1, 8, 8))
        with pytest.raises(UserError, match=r"3 channels.*data\.colour = grey"):
            Binarisation(how=how).check((3, 8, 8))
    Binarisation().check((3, 8, 8))


def test_the_words_for_it() -> None:
    assert Binarisation().badge == ""
    assert Binarisation(how="once", seed=3).badge == "binarised once (seed 3)"
    assert Binarisation(how="threshold").badge == "thresholded at 128"
    assert Binarisation(how="dynamic").badge.startswith("binarised anew each batch")
