"""Run lengths and polygons against what can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engine.data import rle

BOX = np.array([[False, True, True, False], [False, True, True, False], [False, False, False, False]])


def spelled(counts: list[int]) -> str:
    """The short spelling, a number and a bit group at a time, as the format's description has it."""
    text = ""
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        while True:
            bits, value = value & 31, value >> 5
            done = value == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if done else 32))
            if done:
                break
    return text


def test_columns_come_first_and_zeros_begin() -> None:
    assert rle.encode(BOX).tolist() == [3, 2, 1, 2, 4]
    assert rle.encode(~BOX).tolist() == [0, 3, 2, 1, 2, 4]
    assert rle.encode(np.ones((2, 3), bool)).tolist() == [0, 6]
    assert rle.encode(np.zeros((2, 3), bool)).tolist() == [6]
    np.testing.assert_array_equal(rle.decode(np.array([3, 2, 1, 2, 4]), height=3, width=4), BOX)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([], ""),
        ([0], "0"),
        ([6], "6"),
        ([15], "?"),
        ([16], "`0"),  # 16 alone would be read as -16
        ([31], "o0"),
        ([100], "T3"),  # 100 = 3 * 32 + 4: "T" is 48 + 4 + 32, "3" is 48 + 3
        ([3, 2, 1, 2, 4], "32103"),  # 2 - 2 = 0, 4 - 1 = 3
        ([5, 9, 7, 3, 1], "597JJ"),  # 3 - 9 = -6 = 26 in five bits, 1 - 7 = -6
    ],
)
def test_short_spellings_by_hand(counts: list[int], text: str) -> None:
    assert rle.compress(np.array(counts, np.int64)) == text
    assert rle.decompress(text).tolist() == counts


@given(st.lists(st.integers(0, 400_000_000), max_size=40))
def test_short_spellings_come_back(counts: list[int]) -> None:
    text = rle.compress(np.array(counts, np.int64))
    assert text == spelled(counts)
    assert rle.decompress(text).tolist() == counts


@given(st.data(), st.integers(1, 12), st.integers(1, 12))
def test_masks_come_back(data: st.DataObject, height: int, width: int) -> None:
    bits = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    mask = np.array(bits).reshape(height, width)
    counts = rle.encode(mask)
    assert counts.sum() == mask.size
    again = rle.decode(rle.decompress(rle.compress(counts)), height=height, width=width)
    np.testing.assert_array_equal(again, mask)


@settings(max_examples=2000)
@given(st.one_of(st.text(max_size=30), st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=60)))
def test_any_text_is_a_mask_or_a_value_error(text: str) -> None:
    try:
        counts = rle.decompress(text)
        mask = rle.decode(counts, height=5, width=4)
    except ValueError:
        return
    assert mask.shape == (5, 4)
    assert counts.min() >= 0
    assert counts.sum() == 20


@pytest.mark.parametrize(
    ("text", "says"),
    [("\x7f", "cannot occur"), ("é", "cannot occur"), ("`", "cut short"), ("`" * 12 + "1", "larger than any image")],
)
def test_wrong_spellings_are_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        rle.decompress(text)


@pytest.mark.parametrize(
    ("counts", "says"),
    [([3, -1, 10], "negative"), ([11], "fill 11 of 12"), ([], "fill 0 of 12"), ([2**62, 2**62, 2**62], "longer than")],
)
def test_runs_that_do_not_fill_the_mask(counts: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        rle.decode(np.array(counts, np.int64), height=3, width=4)


def filled(*corners: tuple[float, float], height: int = 40, width: int = 50) -> np.ndarray:
    patch = rle.polygon(np.array(corners, float).reshape(-1, 2), height=height, width=width)
    return patch.whole(height=height, width=width)


def test_a_rectangle_on_pixel_borders_is_those_pixels() -> None:
    mask = filled((3, 5), (11, 5), (11, 9), (3, 9))
    expected = np.zeros_like(mask)
    expected[5:9, 3:11] = True
    np.testing.assert_array_equal(mask, expected)


@given(*[st.floats(-5, 60) for _ in range(4)])
def test_a_rectangle_holds_the_centres_between_its_sides(x0: float, x1: float, y0: float, y1: float) -> None:
    mask = filled((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    columns, rows = np.arange(50) + 0.5, np.arange(40) + 0.5
    across = (min(x0, x1) <= columns) & (columns < max(x0, x1))
    down = (min(y0, y1) <= rows) & (rows < max(y0, y1))
    # x of a crossing is weighed from two equal ends, which may cost the last digit
    close = np.abs(columns[:, None] - [x0, x1]).min(axis=1) < 1e-9
    np.testing.assert_array_equal(mask[:, ~close], (down[:, None] & across[None])[:, ~close])


def test_the_area_of_a_triangle() -> None:
    corners = [(3.2, 4.7), (871.4, 120.3), (333.3, 902.9)]
    (ax, ay), (bx, by), (cx, cy) = corners
    area = abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    mask = filled(*corners, height=1000, width=1000)
    assert mask.sum() == pytest.approx(area, rel=2e-4)


@given(st.lists(st.tuples(st.floats(-20, 70), st.floats(-20, 60)), min_size=3, max_size=3))
def test_a_triangle_holds_the_centres_on_the_inner_side_of_its_edges(corners: list[tuple[float, float]]) -> None:
    x, y = np.meshgrid(np.arange(50) + 0.5, np.arange(40) + 0.5)
    sides = []
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        sides.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    clear = np.all([np.abs(side) > 1e-6 for side in sides], axis=0)
    inside = np.all([side > 0 for side in sides], axis=0) | np.all([side < 0 for side in sides], axis=0)
    np.testing.assert_array_equal(filled(*corners)[clear], inside[clear])


@given(st.floats(1, 49), st.floats(1, 39))
def test_neighbours_share_no_pixel_and_leave_none_out(x: float, y: float) -> None:
    outline = [(0.0, 0.0), (50.0, 0.0), (50.0, 40.0), (0.0, 40.0)]
    parts = [filled(a, b, (x, y)) for a, b in zip(outline, outline[1:] + outline[:1], strict=True)]
    total = np.sum(parts, axis=0)
    assert (total == 1).mean() > 0.995  # a centre within rounding of an edge may be seen from both sides


def test_a_hole_and_degenerate_polygons() -> None:
    ring = filled((0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (3, 3), (3, 7), (7, 7), (7, 3), (3, 3))
    assert ring.sum() == 100 - 16
    assert not filled((5, 5), (9, 9)).any()
    assert not filled((5, 5)).any()
    assert not filled((2, 2), (30, 2), (9, 2)).any()
    assert not filled((-9, -9), (-1, -9), (-1, -1)).any()


def test_huge_corners_are_cut_to_the_image() -> None:
    assert filled((-1.7e308, -1.7e308), (1.7e308, -1.7e308), (1.7e308, 1.7e308), (-1.7e308, 1.7e308)).all()
    half = filled((25, -1e200), (1e200, -1e200), (1e200, 1e200), (25, 1e200))
    assert half[:, 26:].all()
    assert not half[:, :24].any()


@given(st.lists(st.lists(st.integers(0, 59), max_size=4), min_size=1, max_size=4))
def test_patches_are_the_masks_they_were_cut_from(ones: list[list[int]]) -> None:
    masks = np.zeros((len(ones), 6, 10), bool)
    for mask, places in zip(masks, ones, strict=True):
        mask.flat[places] = True
    patches = [rle.cut_out(mask) for mask in masks]
    assert all(patch.bits.sum() == mask.sum() for patch, mask in zip(patches, masks, strict=True))
    np.testing.assert_array_equal(patches[0].whole(height=6, width=10), masks[0])
    np.testing.assert_array_equal(rle.union(patches).whole(height=6, width=10), masks.any(axis=0))


def test_portions_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    corners = [(float(x), float(y)) for x, y in np.random.default_rng(0).uniform(0, 40, (60, 2))]
    whole = filled(*corners)
    monkeypatch.setattr(rle, "_CROSSINGS", 50)
    np.testing.assert_array_equal(filled(*corners), whole)
