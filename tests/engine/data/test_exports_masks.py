"""Sets with masks written out and read again: the same labels in every pixel, the same splits, groups and names."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import png, shared_data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import workbench.engine.data.exports.coco
import workbench.engine.data.exports.pairs  # noqa: F401 - they register themselves
from workbench.engine.data import rle
from workbench.engine.data.exports import ExportSummary, export
from workbench.engine.data.masks import IGNORED, STRAY, decode_mask, encode_mask, label_colours
from workbench.engine.data.source import Listing, Palette, Record
from workbench.engine.data.sources import coco, pairs
from workbench.engine.data.tree import open_tree

COLOURS = ((10, 20, 30), (200, 0, 0), (0, 200, 0))
COLOUR = Palette(classes=("background", "roof", "tree, tall"), colours=COLOURS, coding="colour")
INDEX = replace(COLOUR, coding="index")
NO_BACKGROUND = replace(INDEX, classes=("soil", "roof", "tree"))
THRESHOLD = Palette(classes=("no", "yes"), colours=((0, 0, 0), (255, 255, 255)), coding="threshold")
READERS = {"pairs": pairs, "coco": coco}


def made(palette: Palette, *label_maps: np.ndarray, **changes: object) -> Listing:
    records = [
        Record(
            image=png(number),
            labels=(),
            split=("train", "validation", "test", "")[number % 4],
            name=f"{('train', 'validation', 'test', 'x')[number % 4]}/{number // 8}/{number}_sat.png",
            mask=encode_mask(labels, palette),
            group=("", "north", "süd, west")[number % 3],
        )
        for number, labels in enumerate(label_maps)
    ]
    listing = Listing(
        kind="made", name="made", label_sets={}, total=len(records), records=lambda: iter(records), content="masks",
        palette=palette,
    )  # fmt: skip
    return replace(listing, **changes)


def noise(count: int, values: list[int], *, shape: tuple[int, int] = (4, 4)) -> list[np.ndarray]:
    return [np.random.default_rng(number).choice(np.array(values, np.uint8), shape) for number in range(count)]


def run(listing: Listing, folder: Path, form: str) -> ExportSummary:
    work = export(listing, folder, format=form)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def reopened(folder: Path, form: str) -> tuple[Listing, dict[str, Record]]:
    with open_tree(folder) as tree:
        assert READERS[form].recognise(tree)
        listing = READERS[form].__dict__[f"open_{form}"](tree)
        return listing, {record.name: record for record in listing.records()}


def label_maps(listing: Listing) -> dict[str, list[list[int]]]:
    return {record.name: decode_mask(record.mask, listing.palette, where="it").tolist() for record in listing.records()}


@pytest.mark.parametrize("form", ["pairs", "coco"])
@pytest.mark.parametrize("palette", [COLOUR, INDEX, NO_BACKGROUND, THRESHOLD], ids=lambda p: p.coding + p.classes[0])
def test_round_trip(tmp_path: Path, form: str, palette: Palette) -> None:
    values = [*range(len(palette.classes)), IGNORED]
    listing = made(palette, *noise(12, values))
    summary = run(listing, tmp_path / "out", form)
    assert summary.items == 12
    assert summary.notes == ()
    again, records = reopened(tmp_path / "out", form)
    assert again.palette.classes == palette.classes
    assert again.palette.colours == palette.colours
    assert again.problems == ()
    before = {record.name: record for record in listing.records()}
    assert records.keys() == before.keys()
    for name, record in records.items():
        assert replace(record, mask=None) == replace(before[name], mask=None)
    expected = label_maps(listing)
    for name, record in records.items():
        assert decode_mask(record.mask, again.palette, where=name).tolist() == expected[name]


@pytest.mark.parametrize("form", ["pairs", "coco"])
@settings(max_examples=40)
@given(st.data())
def test_any_label_map_comes_back(tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject) -> None:
    palette = data.draw(st.sampled_from([COLOUR, INDEX, NO_BACKGROUND]))
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    values = data.draw(st.lists(st.sampled_from([0, 1, 2, IGNORED]), min_size=height * width, max_size=height * width))
    labels = np.array(values, np.uint8).reshape(height, width)
    folder = tmp_path_factory.mktemp("out")
    covered = np.full((1, 1), 1, np.uint8)  # COCO files in which nothing is drawn are refused
    run(made(palette, labels, covered), folder / "out", form)
    again, records = reopened(folder / "out", form)
    decoded = decode_mask(records["train/0/0_sat.png"].mask, again.palette, where="it")
    np.testing.assert_array_equal(decoded, labels)


def test_masks_of_colours_are_copied_byte_for_byte(tmp_path: Path) -> None:
    image = Image.frombytes("P", (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette([value for colour in (*COLOURS, (7, 7, 7)) for value in colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=0)
    record = Record(image=png(1), labels=(), split="", name="one", mask=buffer.getvalue())
    listing = made(COLOUR, records=lambda: iter([record]), total=1)
    summary = run(listing, tmp_path / "out", "pairs")
    assert (tmp_path / "out" / "masks" / "unsplit" / "one.png").read_bytes() == buffer.getvalue()
    assert summary.notes == ("1 mask pixels in 1 masks are of no class, here as before.",)
    again, records = reopened(tmp_path / "out", "pairs")
    assert records["one"].mask == buffer.getvalue()
    assert decode_mask(records["one"].mask, again.palette, where="it").tolist() == [[0, 1, 2, STRAY]]


@pytest.mark.parametrize("palette", [INDEX, THRESHOLD], ids=lambda palette: palette.coding)
def test_stray_pixels(tmp_path: Path, palette: Palette) -> None:
    listing = made(palette, np.array([[0, 1, STRAY, IGNORED]], np.uint8))
    assert "1 mask pixels in 1 masks are of no class" in run(listing, tmp_path / "pairs", "pairs").notes[0]
    again, records = reopened(tmp_path / "pairs", "pairs")
    (record,) = records.values()
    assert decode_mask(record.mask, again.palette, where="it").tolist() == [[0, 1, STRAY, IGNORED]]
    assert "are written as ignored" in run(listing, tmp_path / "coco", "coco").notes[0]
    again, records = reopened(tmp_path / "coco", "coco")
    (record,) = records.values()
    assert decode_mask(record.mask, again.palette, where="it").tolist() == [[0, 1, IGNORED, IGNORED]]


def test_the_files_of_a_pair_export(tmp_path: Path) -> None:
    run(made(INDEX, *noise(4, [0, 1, 2])), tmp_path / "out", "pairs")
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert names == [
        "class_dict.csv",
        "images/test/0/2_sat.png",
        "images/train/0/0_sat.png",
        "images/unsplit/x/0/3_sat.png",
        "images/validation/0/1_sat.png",
        "masks/test/0/2_sat.png",
        "masks/train/0/0_sat.png",
        "masks/unsplit/x/0/3_sat.png",
        "masks/validation/0/1_sat.png",
        "pairs.csv",
    ]
    with (tmp_path / "out" / "class_dict.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [["background", "10", "20", "30"], ["roof", "200", "0", "0"], ["tree, tall", "0", "200", "0"]]
    with Image.open(tmp_path / "out" / "masks" / "test" / "0" / "2_sat.png") as mask:
        assert mask.mode == "RGB"
        assert {colour for _, colour in mask.getcolors()} <= set(COLOURS)


def test_a_pair_export_is_understood_without_its_list(tmp_path: Path) -> None:
    listing = made(INDEX, *noise(4, [0, 1, 2]))
    run(listing, tmp_path / "out", "pairs")
    (tmp_path / "out" / "pairs.csv").unlink()
    again, records = reopened(tmp_path / "out", "pairs")
    assert {record.split for record in records.values()} == {"train", "validation", "test", ""}
    assert sorted(label_maps(again).values()) == sorted(label_maps(listing).values())


def test_classes_that_share_a_colour_get_others(tmp_path: Path) -> None:
    palette = replace(INDEX, colours=((1, 1, 1),) * 3)
    listing = made(palette, *noise(2, [0, 1, 2]))
    assert "shared a colour" in run(listing, tmp_path / "out", "pairs").notes[0]
    again, _ = reopened(tmp_path / "out", "pairs")
    assert again.palette.colours == label_colours(3)
    assert label_maps(again) == label_maps(listing)


def test_what_no_format_holds_is_told(tmp_path: Path) -> None:
    def records(listing: Listing) -> Callable[[], object]:
        return lambda: (replace(record, labels=(0,)) for record in listing.records())

    listing = made(replace(INDEX, classes=("a\nb", "c", "d")), *noise(1, [0, 1]))
    listing = replace(listing, label_sets={"scene": ("x",)}, records=records(listing))
    for form in ("pairs", "coco"):
        notes = run(listing, tmp_path / form, form).notes
        assert any("'a\\nb' is written as 'a b'" in note for note in notes)
        assert any("scene" in note for note in notes)


def test_coco_files_hold_what_other_readers_expect(tmp_path: Path) -> None:
    labels = np.array([[0, 1, 1, 0], [0, 1, 1, IGNORED], [2, 0, 0, 0]], np.uint8)
    run(made(INDEX, labels), tmp_path / "out", "coco")
    content = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())
    assert [(entry["id"], entry["name"]) for entry in content["categories"]] == [(1, "roof"), (2, "tree, tall")]
    (image,) = content["images"]
    assert (image["height"], image["width"]) == (3, 4)
    assert (tmp_path / "out" / image["file_name"]).read_bytes() == png(0)
    roof, tree, crowd = content["annotations"]
    assert (roof["category_id"], roof["iscrowd"], roof["area"], roof["bbox"]) == (1, 0, 4, [1, 0, 2, 2])
    assert (tree["category_id"], tree["area"], tree["bbox"]) == (2, 1, [0, 2, 1, 1])
    assert (crowd["iscrowd"], crowd["area"]) == (1, 1)
    assert {entry["image_id"] for entry in content["annotations"]} == {image["id"]}
    assert len({entry["id"] for entry in content["annotations"]}) == 3
    mask = rle.decode(rle.decompress(roof["segmentation"]["counts"]), height=3, width=4)
    np.testing.assert_array_equal(mask, labels == 1)


@pytest.mark.parametrize("form", ["pairs", "coco"])
def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path, form: str) -> None:
    broken = replace(next(iter(made(INDEX, *noise(1, [0])).records())), mask=b"broken", name="two")
    listing = made(INDEX, records=lambda: iter([*made(INDEX, *noise(1, [0])).records(), broken]))
    with pytest.raises(Exception, match="two"):
        run(listing, tmp_path / "out", form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["pairs", "coco"])
def test_real_aerial_pairs_come_back(tmp_path: Path, form: str) -> None:
    with open_tree(shared_data("landcover", "dubai_320")) as tree:
        listing = pairs.open_pairs(tree)
        some = list(listing.records())[::4]
    listing = replace(listing, records=lambda: iter(some), total=len(some))
    run(listing, tmp_path / "out", form)
    again, records = reopened(tmp_path / "out", form)
    assert again.palette.classes == listing.palette.classes
    assert {name: record.split for name, record in records.items()} == {record.name: record.split for record in some}
    for record in some:
        labels = decode_mask(record.mask, listing.palette, where=record.name)
        if form == "coco":
            labels = np.where(labels == STRAY, IGNORED, labels)
        after = decode_mask(records[record.name].mask, again.palette, where=record.name)
        np.testing.assert_array_equal(after, labels)
