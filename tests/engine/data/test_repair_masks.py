"""Stray mask pixels mended: counted, and nothing else touched."""

import io
from dataclasses import replace

import numpy as np
import pytest
from helpers import png, shared_data
from PIL import Image

from workbench.engine.data.masks import IGNORED, STRAY, decode_mask, mask_facts
from workbench.engine.data.repairs import REPAIRS, repaired
from workbench.engine.data.repairs.off_palette import nearest_class
from workbench.engine.data.source import Listing, Palette, Problem, Record
from workbench.engine.data.sources.pairs import open_pairs
from workbench.engine.data.tree import open_tree

COLOURS = ((0, 0, 0), (200, 0, 0), (0, 200, 0))
COLOUR = Palette(classes=("a", "b", "c"), colours=COLOURS, coding="colour")
INDEX = replace(COLOUR, coding="index")
THRESHOLD = Palette(classes=("a", "b"), colours=((0, 0, 0), (255, 0, 0)), coding="threshold")


def saved(array: list, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.array(array, np.uint8)).save(buffer, "PNG", **options)
    return buffer.getvalue()


def mended(palette: Palette, repair: str, *masks: bytes) -> tuple[list[bytes], tuple[str, ...]]:
    records = [
        Record(image=png(n), labels=(), split="train", name=f"{n}.png", mask=mask, group="g")
        for n, mask in enumerate(masks)
    ]
    listing = Listing(
        kind="made", name="made", label_sets={}, total=len(records), records=lambda: iter(records), content="masks",
        palette=palette,
    )  # fmt: skip
    after, tally = repaired(listing, [repair])
    out = list(after.records())
    assert [replace(record, mask=None) for record in out] == [replace(record, mask=None) for record in records]
    return [record.mask for record in out], tally.sentences()


def test_the_nearest_colour_wins() -> None:
    mask = saved([[(0, 0, 0), (90, 0, 0), (120, 20, 0), (10, 190, 30), (255, 255, 255)]])
    (after,), told = mended(COLOUR, "off-palette-nearest", mask)
    assert decode_mask(after, COLOUR, where="it").tolist() == [[0, 0, 1, 2, 1]]  # white is as far from b as from c
    assert told == ("Mask pixels of no class given the class of the nearest colour: 4 (masks: 1).",)


def test_the_nearest_class_is_the_nearest_one() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (500, 3))
    distances = np.linalg.norm(colours[:, None] - np.array(COLOURS)[None], axis=2)
    assert nearest_class(colours, COLOUR).tolist() == distances.argmin(axis=1).tolist()


def test_stray_pixels_become_transparent() -> None:
    mask = saved([[(0, 0, 0, 255), (90, 0, 0, 255), (200, 0, 0, 255), (200, 0, 0, 0)]])
    (after,), told = mended(COLOUR, "off-palette-ignore", mask)
    assert decode_mask(after, COLOUR, where="it").tolist() == [[0, IGNORED, 1, IGNORED]]
    with Image.open(io.BytesIO(after)) as image:
        assert image.mode == "RGBA"
        assert np.asarray(image)[0, :, 3].tolist() == [255, 0, 255, 0]
    assert told == ("Mask pixels of no class that are ignored from now on: 1 (masks: 1).",)


@pytest.mark.parametrize("repair", ["off-palette-nearest", "off-palette-ignore"])
def test_indices_of_no_class_are_ignored(repair: str) -> None:
    (after,), told = mended(INDEX, repair, saved([[0, 1, 2, 3, 255, 77]]))
    assert told == ("Mask pixels of no class that are ignored from now on: 2 (masks: 1).",)
    with Image.open(io.BytesIO(after)) as image:
        assert np.asarray(image).tolist() == [[0, 1, 2, 255, 255, 255]]


def test_rounded_colours_are_mended_too() -> None:
    mask = saved([[(10, 20, 30), (240, 3, 4), (10, 250, 250), (250, 250, 2)]])
    (after,), _ = mended(THRESHOLD, "off-palette-nearest", mask)
    assert decode_mask(after, THRESHOLD, where="it").tolist() == [[0, 1, 0, 1]]


@pytest.mark.parametrize("repair", ["off-palette-nearest", "off-palette-ignore"])
def test_clean_masks_stay_as_they_are(repair: str) -> None:
    clean = saved([[(0, 0, 0), (200, 0, 0)]], compress_level=0)
    dirty = saved([[(0, 0, 0), (201, 0, 0)]])
    after, told = mended(COLOUR, repair, clean, dirty, clean)
    assert after[0] == after[2] == clean
    assert after[1] != dirty
    assert told[0].endswith(": 1 (masks: 1).")
    assert mended(COLOUR, repair, clean) == ([clean], ())


@pytest.mark.parametrize("repair", ["off-palette-nearest", "off-palette-ignore"])
def test_palette_and_lossy_masks(repair: str) -> None:
    palette_image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    palette_image.putpalette([200, 0, 0, 190, 0, 0, 0, 0, 0])
    buffer = io.BytesIO()
    palette_image.save(buffer, "PNG")
    (after,), _ = mended(COLOUR, repair, buffer.getvalue())
    assert decode_mask(after, COLOUR, where="it").tolist() == [[1, 1 if repair.endswith("nearest") else IGNORED, 0]]
    blocks = np.array(COLOURS, np.uint8)[np.arange(64 * 64).reshape(64, 64) // 1366]
    buffer = io.BytesIO()
    Image.fromarray(blocks).save(buffer, "JPEG", quality=70)
    (after,), _ = mended(COLOUR, repair, buffer.getvalue())
    labels = decode_mask(after, COLOUR, where="it")
    assert not (labels == STRAY).any()
    if repair.endswith("nearest"):
        assert (np.array(COLOURS)[labels] == blocks).all(axis=2).mean() > 0.95


def test_the_finding_is_mended() -> None:
    problems = (Problem(code="off-palette", what="x", where="y"), Problem(code="other", what="x", where="y"))
    listing = Listing(
        kind="made", name="made", label_sets={}, total=0, records=lambda: iter(()), content="masks", palette=COLOUR,
        problems=problems,
    )  # fmt: skip
    for name in ("off-palette-nearest", "off-palette-ignore"):
        assert REPAIRS[name].contents == ("masks",)
        assert repaired(listing, [name])[0].problems == problems[1:]


@pytest.mark.parametrize(
    ("repair", "ignored"), [("off-palette-nearest", 0), ("off-palette-ignore", 552_156)], ids=["nearest", "ignore"]
)
def test_the_black_pixels_of_dubai_are_mended(repair: str, ignored: int) -> None:
    with open_tree(shared_data("landcover", "dubai_full")) as tree:
        listing = open_pairs(tree)
        after, tally = repaired(listing, [repair])
        left, untouched, found = 0, 0, 0
        for before, record in zip(listing.records(), after.records(), strict=True):
            if record.mask == before.mask:
                untouched += 1
                continue
            facts = mask_facts(record.mask, listing.palette, record.name)
            left += facts.stray
            found += facts.ignored
    assert tally.counts == {repair: (552_156, 9)}
    assert (untouched, left, found) == (63, 0, ignored)
