"""COCO files: what is drawn where, and what is told where something in the JSON is wrong."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import png, write_files, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_samples import outcome

from workbench.engine.data.importing import signature
from workbench.engine.data.lint.report import lint_source
from workbench.engine.data.masks import IGNORED, decode_mask
from workbench.engine.data.source import Listing, Record
from workbench.engine.data.sources.coco import open_coco, recognise
from workbench.engine.data.tree import open_tree
from workbench.engine.errors import UserError

BOX = [[1, 1, 5, 1, 5, 3, 1, 3]]  # 4 x 2 pixels
SAMPLE: dict[str, Any] = {
    "info": {"description": "made"},
    "images": [
        {"id": 7, "file_name": "a.png", "height": 4, "width": 6},
        {"id": 9, "file_name": "b.png", "height": 4, "width": 6},
    ],
    "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "cat", "supercategory": "animal"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 18, "iscrowd": 0, "segmentation": BOX},
        {
            "id": 2, "image_id": 9, "category_id": 3, "iscrowd": 0,
            "segmentation": {"size": [4, 6], "counts": [4, 2, 2, 2, 14]},
        },
        {"id": 3, "image_id": 9, "category_id": 18, "iscrowd": 1, "segmentation": {"size": [4, 6], "counts": "0d04"}},
    ],
}  # fmt: skip


def written(root: Path, content: object = SAMPLE, *, file: str = "instances.json", **more: bytes) -> Path:
    encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
    return write_files(root, {file: encoded, "images/a.png": png(1), "images/b.png": png(2), **more})


def opened(root: Path) -> tuple[Listing, list[Record]]:
    with open_tree(root) as tree:
        assert recognise(tree)
        listing = open_coco(tree)
        records = list(listing.records())
    assert listing.content == "masks"
    assert listing.label_sets == {}
    assert listing.total == len(records)
    return listing, records


def maps(root: Path) -> dict[str, list[list[int]]]:
    listing, records = opened(root)
    return {record.name: decode_mask(record.mask, listing.palette, where="it").tolist() for record in records}


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    content = copy.deepcopy(SAMPLE)
    change(content)
    return content


def box(label: int) -> list[list[int]]:
    array = np.zeros((4, 6), int)
    array[1:3, 1:5] = label
    return array.tolist()


def test_polygons_and_run_lengths_are_drawn(tmp_path: Path) -> None:
    content = changed(lambda sample: sample["annotations"].pop())
    listing, records = opened(written(tmp_path / "set", content))
    assert listing.kind == "coco"
    assert listing.palette.classes == ("background", "cat", "dog")
    assert listing.palette.coding == "index"
    assert len(set(listing.palette.colours)) == 3
    assert [(record.name, record.split) for record in records] == [("images/a.png", ""), ("images/b.png", "")]
    assert [record.image for record in records] == [png(1), png(2)]
    runs = [[0, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0] * 6, [0] * 6]
    assert maps(tmp_path / "set") == {"images/a.png": box(2), "images/b.png": runs}
    assert listing.problems == ()


def test_crowds_are_ignored_below_everything_else(tmp_path: Path) -> None:
    sample = changed(lambda sample: None)
    # 0 zeros, 20 ones, 4 zeros: five columns of six. 20 is 10100 in five bits, whose sign takes a second group.
    assert sample["annotations"][2]["segmentation"]["counts"] == "0d04"
    listing, _ = opened(written(tmp_path / "set", sample))
    assert maps(tmp_path / "set")["images/b.png"] == [
        [IGNORED, 1, 1, IGNORED, IGNORED, 0],
        [IGNORED, 1, 1, IGNORED, IGNORED, 0],
        [IGNORED] * 5 + [0],
        [IGNORED] * 5 + [0],
    ]
    assert "Regions of crowds are ignored." in listing.notes


def test_the_smaller_lies_on_top_and_of_equal_ones_the_later(tmp_path: Path) -> None:
    def change(sample: dict[str, Any]) -> None:
        small, large = [[1, 1, 3, 1, 3, 3, 1, 3]], [[0, 0, 6, 0, 6, 4, 0, 4]]
        sample["annotations"] = [
            {"id": 1, "image_id": 7, "category_id": 3, "segmentation": small},
            {"id": 2, "image_id": 7, "category_id": 18, "segmentation": large},
            {"id": 3, "image_id": 9, "category_id": 3, "segmentation": small},
            {"id": 4, "image_id": 9, "category_id": 18, "segmentation": small},
        ]

    drawn = maps(written(tmp_path / "set", changed(change)))
    expected = np.full((4, 6), 2)
    expected[1:3, 1:3] = 1
    assert drawn["images/a.png"] == expected.tolist()
    assert {value for row in drawn["images/b.png"] for value in row} == {0, 2}


def test_several_polygons_of_one_annotation(tmp_path: Path) -> None:
    def change(sample: dict[str, Any]) -> None:
        parts = [[0, 0, 2, 0, 2, 1, 0, 1], [4, 3, 6, 3, 6, 4, 4, 4]]
        sample["annotations"] = [{"id": 1, "image_id": 7, "category_id": 3, "segmentation": parts}]

    expected = np.zeros((4, 6), int)
    expected[0, :2] = expected[3, 4:] = 1
    assert maps(written(tmp_path / "set", changed(change)))["images/a.png"] == expected.tolist()


def test_splits_come_from_names(tmp_path: Path) -> None:
    first, second = changed(lambda sample: sample["images"].pop()), changed(lambda sample: sample["images"].pop(0))
    first["annotations"], second["annotations"] = SAMPLE["annotations"][:1], SAMPLE["annotations"][1:]
    files = {
        "annotations/instances_train2017.json": json.dumps(first).encode(),
        "annotations/instances_val2017.json": json.dumps(second).encode(),
        "annotations/captions_train2017.json": b'{"images": [], "annotations": []}',
        "train2017/a.png": png(1),
        "val2017/b.png": png(2),
    }
    listing, records = opened(write_files(tmp_path / "set", files))
    assert [(record.name, record.split) for record in records] == [
        ("train2017/a.png", "train"),
        ("val2017/b.png", "validation"),
    ]
    assert listing.problems == ()


def test_each_split_may_have_a_file_of_its_own_beside_it(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    for number, split in enumerate(("train", "valid")):
        files[f"{split}/_annotations.coco.json"] = json.dumps(SAMPLE).encode()
        files |= {f"{split}/a.png": png(number), f"{split}/b.png": png(number + 5)}
    _, records = opened(write_zip(tmp_path / "set.zip", files))
    assert [(record.name, record.split) for record in records] == [
        ("train/a.png", "train"),
        ("train/b.png", "train"),
        ("valid/a.png", "validation"),
        ("valid/b.png", "validation"),
    ]


def test_the_file_alone_may_be_pointed_at(tmp_path: Path) -> None:
    root = written(tmp_path / "set")
    assert len(opened(root / "instances.json")[1]) == 2
    with open_tree(root / "images" / "a.png") as tree:
        assert not recognise(tree)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b'{"images": [1]}', b'{"version": "1.1", "data": []}', b'["images", "annotations", "categories"]',
        b'{"images": "many", "annotations": "few", "categories": "none"}',
    ],
)  # fmt: skip
def test_other_json_is_none(tmp_path: Path, content: bytes) -> None:
    with open_tree(written(tmp_path / "set", content)) as tree:
        assert not recognise(tree)


LOSES_PIXELS = {  # what would make an object a background
    "no category", "7 numbers", "not finite", "drawn", "no list of numbers", "no segmentation", "its size is",
    "fill 6 of 24", "negative", "neither a list", "cannot occur", "given to two images", "listed again",
    "two categories",
}  # fmt: skip
WRONG: list[tuple[str, Callable[[dict[str, Any]], Any], str, str]] = [
    ("unknown image", lambda s: s["annotations"][0].update(image_id=8), "coco-annotation", "no image with the id 8"),
    ("unknown category", lambda s: s["annotations"][0].update(category_id=[]), "coco-annotation", "no category"),
    ("outside", lambda s: s["annotations"][0].update(segmentation=[[9, 9, 12, 9, 9, 12]]), "coco-annotation",
     "lies outside the image"),
    ("two corners", lambda s: s["annotations"][0].update(segmentation=[[1, 1, 2, 2]]), "coco-annotation", "4 numbers"),
    ("odd", lambda s: s["annotations"][0].update(segmentation=[[1, 1, 2, 2, 3, 3, 4]]), "coco-annotation", "7 numbers"),
    ("line", lambda s: s["annotations"][0].update(segmentation=[[1, 1, 2, 2, 3, 3]]), "coco-annotation", "no area"),
    ("point", lambda s: s["annotations"][0].update(segmentation=[[1, 1] * 4]), "coco-annotation", "no area"),
    ("nan", lambda s: s["annotations"][0].update(segmentation=[[1, 1, 5, 1, 5, float("nan")]]), "coco-annotation",
     "not finite"),
    ("huge", lambda s: s["annotations"][0].update(segmentation=[[1, 1, 5, 1, 5, 10**400]]), "coco-annotation", "drawn"),
    ("text", lambda s: s["annotations"][0].update(segmentation=[["1", 1, 5, 1, 5, 2]]), "coco-annotation",
     "no list of numbers"),
    ("nested", lambda s: s["annotations"][0].update(segmentation=[[[1, 1], [5, 1], [5, 2]]]), "coco-annotation",
     "no list of numbers"),
    ("no shape", lambda s: s["annotations"][0].pop("segmentation"), "coco-annotation", "no segmentation"),
    ("one bad polygon", lambda s: s["annotations"][0]["segmentation"].append([1, 1]), "coco-annotation",
     "a part of an annotation"),
    ("size", lambda s: s["annotations"][1]["segmentation"].update(size=[6, 4]), "coco-annotation", "its size is"),
    ("counts", lambda s: s["annotations"][1]["segmentation"].update(counts=[4, 2]), "coco-annotation", "fill 6 of 24"),
    ("negative", lambda s: s["annotations"][1]["segmentation"].update(counts=[30, -6]), "coco-annotation", "negative"),
    ("float counts", lambda s: s["annotations"][1]["segmentation"].update(counts=[4.0, 20]), "coco-annotation",
     "neither a list"),
    ("bad text", lambda s: s["annotations"][2]["segmentation"].update(counts="~~~"), "coco-annotation", "cannot occur"),
    ("id twice", lambda s: s["images"][1].update(id=7), "coco-image", "given to two images"),
    ("image twice", lambda s: s["images"][1].update(file_name="a.png"), "coco-image", "listed again"),
    ("no id", lambda s: s["images"].append({"file_name": "b.png"}), "coco-image", "no id"),
    ("no image", lambda s: s["images"].append(3), "coco-image", "no id"),
    ("no size", lambda s: s["images"][1].update(height=0), "coco-image", "0 x 6 is no size"),
    ("vast", lambda s: s["images"][1].update(height=10**6, width=10**6), "coco-image", "is no size"),
    ("no name", lambda s: s["images"][1].update(file_name=None), "coco-image", "no file_name"),
    ("missing", lambda s: s["images"][1].update(file_name="../../etc/b.jpg"), "missing-image", "there is no image"),
    ("category twice", lambda s: s["categories"].append({"id": 3, "name": "x"}), "coco-category", "two categories"),
    ("name twice", lambda s: s["categories"].append({"id": 5, "name": "dog"}), "coco-category", "are called 'dog'"),
    ("no category", lambda s: s["categories"].append({"id": 5, "name": ""}), "coco-category", "no id or no name"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_told_and_left_out(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], code: str, says: str
) -> None:
    listing, records = opened(written(tmp_path / "set", changed(change)))
    told = [problem for problem in listing.problems if problem.code == code and says in problem.what]
    assert told, listing.problems
    assert "instances.json" in told[0].where
    assert told[0].severity == ("error" if says in LOSES_PIXELS else "warning")
    assert records


def test_many_problems_are_counted(tmp_path: Path) -> None:
    content = changed(lambda sample: sample["annotations"].extend([{"image_id": 1}] * 500))
    folder = written(tmp_path / "set", content)
    listing, _ = opened(folder)
    assert len(listing.problems) == 21
    assert (listing.problems[-1].what, listing.problems[-1].count) == ("480 more of this kind", 480)
    report, _ = outcome(lint_source(str(folder), cache=tmp_path))
    told = next(finding for finding in report.findings if finding.code == "coco-annotation")
    assert (told.count, told.unit) == (500, "parts")
    assert told.details[-1].endswith("and 480 more")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.update(categories=[]), "no categories"),
        (lambda s: s.update(categories=[{"id": n, "name": f"c{n}"} for n in range(254)]), "254 categories, more than"),
        (lambda s: s.update(images=[{"id": 1, "file_name": "c.png", "height": 4, "width": 6}]), "none of the images"),
        (lambda s: s.update(images=[]), "none of the images"),
        (lambda s: [entry.pop("segmentation") for entry in s["annotations"]], "none of the annotations can be drawn"),
    ],
)
def test_what_leaves_nothing_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], Any], says: str) -> None:
    with open_tree(written(tmp_path / "set", changed(change))) as tree, pytest.raises(UserError, match=says):
        open_coco(tree)


def test_files_must_agree(tmp_path: Path) -> None:
    other = changed(lambda sample: sample["categories"][0].update(name="wolf"))
    root = written(tmp_path / "set", **{"instances_2.json": json.dumps(other).encode()})
    with open_tree(root) as tree, pytest.raises(UserError, match="another name in another file"):
        open_coco(tree)


def test_damaged_json_is_a_user_error(tmp_path: Path) -> None:
    whole = json.dumps(SAMPLE).encode()
    for content in (whole[:-20], whole + b"]", b'{"images": [' + b"[" * 100_000 + b'"annotations": [ "categories": ['):
        with open_tree(written(tmp_path / "set", content)) as tree:
            assert recognise(tree)
            with pytest.raises(UserError, match="not JSON"):
                open_coco(tree)


def test_colours_and_names_of_our_own(tmp_path: Path) -> None:
    def change(sample: dict[str, Any]) -> None:
        sample["info"]["background"] = {"name": "soil", "color": [1, 2, 3]}
        for entry, colour in zip(sample["categories"], ([4, 5, 6], [7, 8, 9]), strict=True):
            entry["color"] = colour
        sample["images"][0].update(name="first", group="field")

    listing, records = opened(written(tmp_path / "set", changed(change)))
    assert listing.palette.classes == ("soil", "cat", "dog")
    assert listing.palette.colours == ((1, 2, 3), (7, 8, 9), (4, 5, 6))
    assert [(record.name, record.group) for record in records] == [("first", "field"), ("images/b.png", "")]
    same = changed(lambda sample: [image.update(name="first") for image in sample["images"]])
    assert [record.name for record in opened(written(tmp_path / "set", same))[1]] == ["images/a.png", "images/b.png"]


def test_without_a_background_the_rest_is_ignored(tmp_path: Path) -> None:
    listing, _ = opened(written(tmp_path / "set", changed(lambda sample: sample["info"].update(background=None))))
    assert listing.palette.classes == ("cat", "dog")
    expected = np.array(box(1))
    expected[expected == 0] = IGNORED
    drawn = maps(tmp_path / "set")["images/a.png"]
    assert drawn == expected.tolist()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 30) | st.floats() | st.text(max_size=5) | st.just(10**30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in a JSON value."""
    found = [path] if path else []
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        found += places(inner, (*path, key))
    return found


PLACES = places(SAMPLE)


@settings(max_examples=1000)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=4))
def test_any_change_gives_a_listing_or_a_user_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    content = copy.deepcopy(SAMPLE)
    for path, value in changes:
        owner: Any = content
        try:
            for key in path[:-1]:
                owner = owner[key]
            owner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    root = tmp_path_factory.getbasetemp() / "any"
    if not root.exists():
        written(root)
    (root / "instances.json").write_text(json.dumps(content))
    try:
        with open_tree(root) as tree:
            if not recognise(tree):
                return
            listing = open_coco(tree)
            for record in listing.records():
                labels = decode_mask(record.mask, listing.palette, where=record.name)
                known = {*range(len(listing.palette.classes)), IGNORED}
                assert set(np.unique(labels).tolist()) <= known
    except UserError:
        return
    assert len(set(listing.palette.classes)) == len(listing.palette.classes)


WHOLE = json.dumps(SAMPLE).encode()


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 9), st.binary(max_size=3)), max_size=3))
def test_any_damage_gives_a_listing_or_a_user_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, bytes]]
) -> None:
    content = WHOLE
    for place, remove, insert in changes:
        content = content[:place] + insert + content[place + remove :]
    root = tmp_path_factory.getbasetemp() / "damage"
    if not root.exists():
        written(root)
    (root / "instances.json").write_bytes(content)
    try:
        with open_tree(root) as tree:
            if recognise(tree):
                assert list(open_coco(tree).records())
    except UserError:
        return


def test_the_signature_covers_the_images_beside_a_lone_file(tmp_path: Path) -> None:
    root = written(tmp_path / "set")
    before = signature(str(root / "instances.json"))
    assert signature(str(root / "instances.json")) == before
    write_files(root, {"images/a.png": png(3, side=9)})
    assert signature(str(root / "instances.json")) != before
