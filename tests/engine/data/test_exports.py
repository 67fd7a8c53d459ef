"""The law of exports: whatever is written can be imported again and is the same. Over every format and sample."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import listed, png

from workbench.engine.data.exports import EXPORTS, ExportFormat, ExportSummary, export
from workbench.engine.data.source import Answer, Item, Listing, Palette, Question, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
KEEP_NAMES = {"csv", "parquet", "hugging-face", "squad", "pairs", "coco"}
KEEP_LABEL_SETS = {"csv", "parquet", "hugging-face"}
KEEP_GROUPS = {"csv", "parquet", "hugging-face"}
PALETTE = Palette(classes=("sea", "land"), colours=((0, 0, 200), (0, 200, 0)), coding="index")


def listing(records: list[Item], **changes: Any) -> Listing:
    """Records as a source would list them; two classes whose order is not that of their names."""
    made = Listing(
        kind="made",
        name="made",
        label_sets={"label": ("wolf", "ant")},
        total=len(records),
        records=lambda: iter(records),
    )
    return replace(made, **changes)


def record(number: int, **changes: Any) -> Record:
    made = Record(image=png(number), labels=(number % 2,), split="train", name=f"some/{number}")
    return replace(made, **changes)


def mask(values: list[list[int]]) -> bytes:
    import io

    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.array(values, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def questions() -> Listing:
    context = "Ants live in nests. Wolves live in packs."
    made: list[Item] = [
        Question(context, "Who lives in nests?", (Answer("Ants", 0),), "train", "q1", "animals"),
        Question(
            context, "Who lives in packs?", (Answer("Wolves", 20), Answer("Wolves", 20)), "validation", "q2", "animals"
        ),
        Question(context, "Who lives in trees?", (), "train", "q3", "animals", impossible=True),
        Question("日本は国です。", "何?", (Answer("国", 3),), "train", "q4", "places"),
    ]
    return listing(made, label_sets={}, content="questions")


def masks() -> Listing:
    made: list[Item] = [
        record(1, labels=(), name="a", mask=mask([[0, 1], [1, 1]]), image=png(1, side=2)),
        record(2, labels=(), name="b", mask=mask([[1, 0], [0, 0]]), image=png(2, side=2), split="test"),
        record(3, labels=(), name="c", mask=mask([[0, 0], [0, 1]]), image=png(3, side=2), split="validation"),
    ]
    return listing(made, label_sets={}, content="masks", palette=PALETTE)


ODD_NAMES = [
    "some/a.PNG", "other/a.png", "A.png", "con", "../up", "/absolute/x", "a b\tc", "trailing. ", ".hidden", "x" * 300,
    "a.png/inside", "日本/é", "e\u0301", "\u00e9", "__MACOSX/x", "photo.jpg", "7",
    'quote"d, x', "line\nbreak", "a:b*?<>|", "😀/🎉",
]  # fmt: skip


SAMPLES: dict[str, Callable[[], Listing]] = {
    "splits": lambda: listing([record(n, split=("train", "validation", "test")[n % 3]) for n in range(9)]),
    "no splits": lambda: listing([record(n, split="") for n in range(5)]),
    "some in no split": lambda: listing([record(n, split=("train", "")[n // 3]) for n in range(6)]),
    "unknown classes": lambda: listing([record(n, labels=(n - 1,), split=("", "test")[n % 2]) for n in range(3)]),
    "all unknown": lambda: listing([record(n, labels=(-1,)) for n in range(3)], label_sets={"label": ()}),
    "all unknown, no splits": lambda: listing([record(n, labels=(-1,), split="") for n in range(3)]),
    "names": lambda: listing([record(n, name=name) for n, name in enumerate(ODD_NAMES)]),
    "names, no splits": lambda: listing([record(n, name=name, split="") for n, name in enumerate(ODD_NAMES)]),
    "groups": lambda: listing([record(n, group=f"place {n // 2}") for n in range(4)]),
    "one item": lambda: listing([record(0)]),
    "classes called by numbers": lambda: listing(
        [record(n, labels=(n % 3,)) for n in range(6)], label_sets={"label": ("10", "9", "1")}
    ),
    "classes called by splits": lambda: listing(
        [record(n, labels=(n % 2,), split="") for n in range(4)], label_sets={"label": ("train", "test")}
    ),
    "a class called unsplit": lambda: listing(
        [record(n, labels=(n % 2,), split="") for n in range(4)], label_sets={"label": ("unsplit", "b")}
    ),
    "two label sets": lambda: listing(
        [record(n, labels=(n % 2, n % 3 - 1)) for n in range(6)], label_sets={"fine": ("z", "a"), "coarse": ("q", "p")}
    ),
    "jpeg called png": lambda: listing([record(0), record(1, image=JPEG + b"1", name="x.png"), record(2, image=JPEG)]),
    "masks": masks,
    "questions": questions,
}
PAIRS = [
    (name, sample) for name in EXPORTS for sample, make in SAMPLES.items() if make().content in EXPORTS[name].contents
]


def exported(what: Listing, destination: Path, *, format: str) -> ExportSummary:
    work = export(what, destination, format=format)
    while True:
        try:
            next(work)
        except StopIteration as end:
            summary: ExportSummary = end.value
            return summary


def described(what: Listing, items: list[Any], *, format: str) -> list[tuple[Any, ...]]:
    """What must come through, in an order that does not depend on the format's."""
    keys = list(what.label_sets) if format in KEEP_LABEL_SETS else list(what.label_sets)[:1]
    found = []
    for item in items:
        if isinstance(item, Question):
            found.append((item.name, item))
            continue
        labels = [
            what.label_sets[key][label] if label >= 0 else None for key, label in zip(keys, item.labels, strict=False)
        ]
        name = item.name.replace("\n", " " if format == "csv" else "\n") if format in KEEP_NAMES else ""
        group = item.group if format in KEEP_GROUPS else ""
        found.append((item.image, labels, item.split, name, group))
    return sorted(found, key=repr)


@pytest.mark.parametrize(("format", "sample"), PAIRS)
def test_an_export_imports_as_the_same(format: str, sample: str, tmp_path: Path) -> None:
    before = SAMPLES[sample]()
    summary = exported(before, tmp_path / "out", format=format)
    after, items = listed(tmp_path / "out")
    assert after.content == before.content
    assert not [problem for problem in after.problems if problem.severity == "error"]
    assert described(after, items, format=format) == described(before, list(before.records()), format=format)
    assert summary.items == len(items) == before.total
    assert summary.folder == tmp_path / "out"
    assert summary.files == sum(path.is_file() for path in (tmp_path / "out").rglob("*"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    if format in KEEP_LABEL_SETS and before.content == "images":
        assert sorted(item.labels for item in items) == sorted(item.labels for item in before.records())
        kept = {key: classes for key, classes in before.label_sets.items() if classes}
        assert {key: classes for key, classes in after.label_sets.items() if classes} == kept


NO_TEXT = ["line\nbreak", "line\rbreak", "line\u2028break", "null\0break", "next\x85line"]


@pytest.mark.parametrize("format", ["csv", "pairs"])
def test_names_that_no_line_of_text_holds_cost_nothing_else(format: str, tmp_path: Path) -> None:
    """Once, a null character kept the table from being read, and all images were labelled by their folder."""
    content = masks() if format == "pairs" else listing([record(n) for n in range(10)])
    items = [replace(item, name=name) for item, name in zip(content.records(), NO_TEXT, strict=False)]
    exported(replace(content, total=len(items), records=lambda: iter(items)), tmp_path / "out", format=format)
    after, found = listed(tmp_path / "out")
    assert after.problems == ()
    assert after.content == content.content
    assert after.label_sets == content.label_sets
    assert [(item.image, item.labels, item.split) for item in found] == [
        (item.image, item.labels, item.split) for item in items
    ]


@pytest.mark.parametrize("format", ["parquet", "hugging-face"])
def test_formats_without_text_keep_any_class_name(format: str, tmp_path: Path) -> None:
    classes = ("", " a ", "a", "con", "a:b", "line\nbreak", "\u2028")
    records = [record(n, labels=(n - 1,)) for n in range(8)]
    exported(listing(records, label_sets={"label": classes}), tmp_path / "out", format=format)
    after, items = listed(tmp_path / "out")
    assert after.label_sets == {"label": classes}
    assert [item.labels[0] for item in items] == [-1, *range(7)]


@pytest.mark.parametrize(("format", "sample"), PAIRS)
def test_an_export_has_names_that_any_system_takes(format: str, sample: str, tmp_path: Path) -> None:
    exported(SAMPLES[sample](), tmp_path / "out", format=format)
    names = [str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*")]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert not set(name) & set('<>:"\\|?*\t\n'), name
        assert all(part == part.strip(" ").rstrip(".") and len(part.encode()) < 200 for part in name.split("/")), name


def test_masks_keep_their_pixels_and_palette(tmp_path: Path) -> None:
    exported(masks(), tmp_path / "out", format="hugging-face")
    after, items = listed(tmp_path / "out")
    assert after.palette == PALETTE
    assert [item.mask for item in items] == [item.mask for item in masks().records()]


def test_every_content_can_be_exported() -> None:
    assert {content for entry in EXPORTS.values() for content in entry.contents} == {"images", "masks", "questions"}


def test_the_wrong_content_names_the_right_formats(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot hold questions.*hugging-face"):
        exported(questions(), tmp_path / "out", format="folder")
    with pytest.raises(UserError, match=r"no export format called 'floder'. Did you mean 'folder'"):
        exported(questions(), tmp_path / "out", format="floder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", list(EXPORTS))
def test_nothing_to_export(format: str, tmp_path: Path) -> None:
    content = EXPORTS[format].contents[0]
    empty = listing([], content=content, palette=PALETTE if content == "masks" else None)
    with pytest.raises(UserError, match="there are no"):
        exported(empty, tmp_path / "out", format=format)
    assert list(tmp_path.iterdir()) == []


def test_a_destination_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_bytes(b"x")
    for name, says in (("file", "is a file"), ("full", "not empty")):
        with pytest.raises(UserError, match=says):
            exported(SAMPLES["splits"](), tmp_path / name, format="folder")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "x"]


def test_an_empty_folder_and_missing_ones_above_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert exported(SAMPLES["splits"](), tmp_path / "empty", format="folder").items == 9
    assert exported(SAMPLES["splits"](), tmp_path / "a" / "b", format="folder").files == 9


def test_stopping_and_failing_leave_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[Item]:
        yield record(0)
        raise UserError("this image is gone")

    for format in EXPORTS:
        content = EXPORTS[format].contents[0]
        sample = next(make() for make in SAMPLES.values() if make().content == content)
        work = export(sample, tmp_path / "out", format=format)
        assert isinstance(next(work), Progress)
        work.close()
        if content == "images":
            with pytest.raises(UserError, match="gone"):
                exported(replace(sample, records=broken, total=2), tmp_path / "out", format=format)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", [name for name in EXPORTS if "images" in EXPORTS[name].contents])
def test_progress_comes_in_time(format: str, tmp_path: Path) -> None:
    def slowly() -> Iterator[Item]:
        for number in range(30):
            time.sleep(0.01)
            yield record(number)

    what = replace(SAMPLES["splits"](), records=slowly, total=30)
    events = [event for event in export(what, tmp_path / "out", format=format) if event.stage == "exporting"]
    assert len(events) >= 4
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[-1] == Progress(stage="exporting", done=30, total=30)


def test_disk_trouble_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    for number, says in (
        (errno.ENOSPC, "the disk is full"), (errno.EACCES, "no permission"), (errno.EIO, "cannot be written"),
    ):  # fmt: skip

        def write(what: Listing, folder: Path, number: int = number) -> Iterator[Progress]:
            (folder / "half").write_bytes(b"x")
            yield Progress(stage="exporting", done=0, total=1)
            raise OSError(number, os.strerror(number))

        monkeypatch.setitem(EXPORTS._entries, "broken", ExportFormat(title="", contents=("images",), write=write))
        with pytest.raises(UserError, match=says):
            exported(SAMPLES["splits"](), tmp_path / "out", format="broken")
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="no place for a folder"):
        exported(SAMPLES["splits"](), Path("no\0name"), format="folder")


def test_the_folder_format_is_the_usual_one(tmp_path: Path) -> None:
    records = [
        record(0, name="train/x/1.JPEG", image=JPEG),
        record(1, name="deep/down/1.jpeg", image=JPEG + b"1"),
        record(2, name="deep/up/1.jpeg", image=JPEG + b"2", labels=(0,)),
        record(3, labels=(-1,), split="test"),
        record(4, split="validation", name="v2.0"),
    ]
    summary = exported(
        listing(records, label_sets={"label": ("a/b", "ant", "none")}), tmp_path / "out", format="folder"
    )
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {
        "train/a_b/1.JPEG",
        "train/a_b/1-2.jpeg",
        "train/ant/1.jpeg",
        "test/3.png",
        "validation/a_b/v2.0.png",
    }
    assert any("'a/b' is written as 'a_b'" in note for note in summary.notes)
    assert any("none" in note for note in summary.notes)


def test_what_the_formats_write_is_read_by_other_programs(tmp_path: Path) -> None:
    """The libraries' own readers, as the independent judges of the layout."""
    import csv

    import datasets
    import pyarrow.parquet as pq

    before = SAMPLES["two label sets"]()
    for format in ("csv", "parquet", "hugging-face", "map"):
        exported(before, tmp_path / format, format=format)
    with (tmp_path / "csv" / "items.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["fine"] for row in rows] == ["z", "a"] * 3
    assert [row["coarse"] for row in rows] == ["", "q", "p"] * 2
    assert [(tmp_path / "csv" / row["path"]).read_bytes() for row in rows] == [png(n) for n in range(6)]
    table = pq.read_table(tmp_path / "parquet" / "items.parquet").to_pylist()
    assert [row["image"]["bytes"] for row in table] == [png(n) for n in range(6)]
    assert [row["coarse"] for row in table] == [None, "q", "p"] * 2
    saved = datasets.load_from_disk(str(tmp_path / "hugging-face"))
    assert list(saved) == ["train"]
    assert saved["train"].features["fine"] == datasets.ClassLabel(names=["z", "a"])
    assert saved["train"]["coarse"][:] == [-1, 0, 1] * 2
    assert saved["train"][1]["image"].size == (4, 4)
    lines = (tmp_path / "map" / "train.txt").read_text().splitlines()
    assert lines[:2] == ["images/some/0.png\t0", "images/some/1.png\t1"]
    assert (tmp_path / "map" / "classes.txt").read_text() == "z\na\n"


def test_saved_masks_and_questions_load_in_the_library(tmp_path: Path) -> None:
    import datasets

    for what in (masks(), questions()):
        exported(what, tmp_path / what.content, format="hugging-face")
    saved = datasets.load_from_disk(str(tmp_path / "masks"))
    assert set(saved) == {"train", "validation", "test"}
    assert saved["test"][0]["mask"].getpixel((0, 0)) == 1
    loaded = datasets.load_from_disk(str(tmp_path / "questions"))
    assert loaded["validation"][0]["answers"] == {"text": ["Wolves"] * 2, "answer_start": [20, 20]}
