"""Datasets of every content as a person has changed them, and as the listing that is exported and checked."""

import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pytest
from helpers import png, written

from workbench.engine.data.arrow import ITEMS
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset, curate, dataset_listing, open_dataset
from workbench.engine.data.question_set import QuestionSet, open_items
from workbench.engine.data.source import Answer, Listing, Palette, Question, Record
from workbench.engine.errors import UserError
from workbench.engine.project.edits import MASK, Edit
from workbench.engine.project.project import Project
from workbench.engine.project.store import MIGRATIONS

PALETTE = Palette(classes=("road", "water"), colours=((1, 2, 3), (200, 100, 0)), coding="colour")
PAIRS = [
    Record(image=png(n), labels=(), split="train", name=f"{n}", mask=png(n + 9), group=f"g{n % 2}") for n in range(4)
]
QUESTIONS = [
    Question(
        context="Ünï ist 😀 gut.", question=f"Was {n}?", answers=(Answer("gut", 10), Answer("Ünï", 0))[:n],
        split="", name=f"q{n}", group="Titel", impossible=n == 0,
    )
    for n in range(3)
]  # fmt: skip
IMAGES = [Record(image=png(n), labels=(n % 2,), split="", name=f"{n}") for n in range(4)]


def pairs() -> Listing:
    return Listing(
        kind="made", name="pairs", label_sets={}, total=4, records=lambda: iter(PAIRS), content="masks", palette=PALETTE
    )


def questions() -> Listing:
    return Listing(
        kind="made", name="asked", label_sets={}, total=3, records=lambda: iter(QUESTIONS), content="questions"
    )


def images() -> Listing:
    return Listing(kind="made", name="pets", label_sets={"label": ("a", "b")}, total=4, records=lambda: iter(IMAGES))


def opened(project: Project, listing: Listing) -> Dataset:
    folder = project.dataset_file(listing.name).parent
    folder.mkdir(parents=True)
    summary = written(listing, folder)
    row = project.add_dataset(
        listing.name, id=listing.name, kind=listing.kind, origin="", signature="", fingerprint=summary.fingerprint,
        items=summary.items, label_sets=summary.label_sets, splits=summary.splits, content=listing.content,
        palette=listing.palette.classes if listing.palette else (),
    )  # fmt: skip
    return open_dataset(project, row)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def edited(project: Project, dataset: Dataset, *edits: Edit) -> Dataset:
    for edit in edits:
        project.edits(dataset.row.id).add(edit)
    return replace(dataset, state=curate(project, dataset.row, dataset.items))


@pytest.mark.parametrize("make", [pairs, questions, images], ids=["masks", "questions", "images"])
def test_items_come_back_as_they_were(project: Project, make: object) -> None:
    assert callable(make)
    listing = make()
    back = dataset_listing(opened(project, listing))
    assert list(back.records()) == list(listing.records())
    assert (back.content, back.palette, back.label_sets, back.total) == (
        listing.content, listing.palette, listing.label_sets, listing.total,
    )  # fmt: skip


def test_what_a_set_of_masks_says(project: Project) -> None:
    dataset = opened(project, pairs())
    assert isinstance(dataset.items, ImageSet)
    assert dataset.items.groups().tolist() == ["g0", "g1", "g0", "g1"]
    assert dataset.items.mask(2) == PAIRS[2].mask
    assert dataset.row.palette == ("road", "water")
    assert dataset.mask_colours == PALETTE.colours


def test_what_a_set_of_questions_says(project: Project) -> None:
    items = opened(project, questions()).items
    assert isinstance(items, QuestionSet)
    assert items.questions() == ["Was 0?", "Was 1?", "Was 2?"]
    assert items.groups().tolist() == ["Titel"] * 3
    assert items.question(2).answers[0].fits(items.question(2).context)


def test_questions_are_a_hugging_face_dataset(project: Project) -> None:
    opened(project, questions())
    rows = datasets.Dataset.from_file(str(project.dataset_file("asked")))
    assert rows[2]["answers"] == {"text": ["gut", "Ünï"], "answer_start": [10, 0]}


def test_an_edited_dataset_lists_what_it_is_now(project: Project) -> None:
    dataset = edited(
        project,
        opened(project, images()),
        Edit(kind="exclude", text="", parts={"": np.array([1])}),
        Edit(kind="label", text="", parts={"1": np.array([0])}, label_set="label"),
        Edit(kind="split", text="", parts={"test": np.array([3])}),
        Edit(kind="name", text="", label_set="label", label=0, value="cat"),
    )
    listing = dataset_listing(dataset)
    assert listing.total == 3
    assert listing.label_sets == {"label": ("cat", "b")}
    found = [(record.name, record.split, record.labels) for record in listing.records() if isinstance(record, Record)]
    assert found == [("0", "", (1,)), ("2", "", (0,)), ("3", "test", (1,))]


def test_a_chosen_colour_is_drawn_and_the_masks_are_read_as_before(project: Project) -> None:
    dataset = edited(
        project,
        opened(project, pairs()),
        Edit(kind="colour", text="", label_set=MASK, label=1, value="#0a0b0c"),
        Edit(kind="name", text="", label_set=MASK, label=0, value="street"),
    )
    assert dataset.mask_colours == ((1, 2, 3), (10, 11, 12))
    assert dataset.palette == replace(PALETTE, classes=("street", "water"))


def test_the_wrong_reader_says_so(project: Project) -> None:
    opened(project, questions())
    opened(project, images())
    with pytest.raises(UserError, match="it holds questions"):
        ImageSet(project.dataset_file("asked"))
    with pytest.raises(UserError, match="it holds no questions"):
        QuestionSet(project.dataset_file("pets"))


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(4000)])
def test_a_damaged_file_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ITEMS
    with pytest.raises(UserError, match="missing"):
        open_items(path)
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        open_items(path)
    with pytest.raises(UserError, match="cannot be read"):
        QuestionSet(path)


def test_a_project_of_the_first_schema_opens_and_can_be_edited(tmp_path: Path) -> None:
    """As version 0.2.0 wrote it: no columns for content, palette and repairs, and no groups among the items."""
    folder = tmp_path / "old"
    (folder / "data" / "abc").mkdir(parents=True)
    (folder / "project.toml").write_text('format = 1\nname = "old"\n')
    with contextlib.closing(sqlite3.connect(folder / "project.db")) as db:
        db.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1")
        row = ("abc", "pets", "folder", "/there", "s", "f", 3, '{"label": ["cat", "dog"]}', '{"train": 3}', 1.0)
        db.execute("INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.commit()
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
        "split": {"dtype": "string", "_type": "Value"},
        "name": {"dtype": "string", "_type": "Value"},
    }
    images = pa.array([{"bytes": png(number), "path": None} for number in range(3)])
    table = pa.table({"image": images, "label": [0, 1, 1], "split": ["train"] * 3, "name": ["1", "2", "3"]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path = str(folder / "data" / "abc" / ITEMS)
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)

    project = Project(folder)
    dataset = open_dataset(project, project.dataset("pets"))
    assert (dataset.row.content, dataset.row.palette, dataset.row.repairs) == ("images", (), ())
    assert dataset.items.groups().tolist() == ["", "", ""]
    project.edits("abc").add(Edit(kind="exclude", text="1 image left out", parts={"": np.array([0])}))
    edited = open_dataset(project, project.dataset("pets"))
    assert [(item.name, item.labels) for item in dataset_listing(edited).records()] == [("2", (1,)), ("3", (1,))]
    project.edits("abc").undo()
    assert not open_dataset(project, project.dataset("pets")).state.excluded.any()
