"""A dataset as a source: some splits of it, and a mended one beside it."""

from pathlib import Path

import numpy as np
import pytest
from helpers import png, write_files

from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.reimporting import of_splits, repair_dataset
from workbench.engine.data.repairs import REPAIRS, Mend, Repair
from workbench.engine.data.source import Item, Listing
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import DatasetRow, Project


def finish(work: object) -> tuple[list[ev.Event], DatasetRow]:
    events: list[ev.Event] = []
    while True:
        try:
            events.append(next(work))  # type: ignore[call-overload]
        except StopIteration as end:
            return events, end.value


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def pets(project: Project, tmp_path: Path) -> Dataset:
    """Three training cats and two dogs to test on; the second cat is excluded."""
    names = ["train/cat/0", "train/cat/1", "train/cat/2", "test/dog/0", "test/dog/1"]
    root = write_files(tmp_path / "pets", {f"{name}.png": png(number) for number, name in enumerate(names)})
    _, row = finish(import_dataset(project, str(root), preferences=Preferences()))
    dataset = open_dataset(project, row)
    place = [item.name for item in dataset.items.records()].index("train/cat/1.png")
    project.edits(row.id).add(Edit(kind="exclude", text="", parts={"": np.array([place])}))
    return open_dataset(project, row)


@pytest.fixture
def leave_out_cats(monkeypatch: pytest.MonkeyPatch) -> str:
    def prepare(listing: Listing, limit_pixels: int) -> Mend:
        def mend(item: Item) -> tuple[Item | None, int]:
            return (None, 1) if "cat/0" in item.name else (item, 0)

        return mend

    repair = Repair(title="-", done="{count} cats gone.", mends=("cats",), contents=("images",), prepare=prepare)
    monkeypatch.setitem(REPAIRS._entries, "no-cats", repair)
    return "no-cats"


def test_only_some_splits(pets: Dataset) -> None:
    listing = of_splits(pets, ["train"])
    assert [item.name for item in listing.records()] == ["train/cat/0.png", "train/cat/2.png"]
    assert listing.total == 2
    assert of_splits(pets, None).total == 4
    assert of_splits(pets, ["test", "train"]).total == 4


def test_a_repaired_one_is_another_dataset(project: Project, pets: Dataset, leave_out_cats: str) -> None:
    events, made = finish(repair_dataset(project, pets.row, [leave_out_cats]))
    assert [event.text for event in events if isinstance(event, ev.Message)] == ["1 cats gone."]
    assert isinstance(events[-1], ev.Imported)
    assert (made.name, made.items, made.origin) == ("pets-repaired", 3, pets.row.origin)
    assert made.repairs == ("1 cats gone.",)
    names = [item.name for item in open_dataset(project, made).items.records()]
    assert sorted(names) == ["test/dog/0.png", "test/dog/1.png", "train/cat/2.png"]
    assert len(project.datasets()) == 2
    # Importing the source again finds what was imported, not what was mended.
    _, again = finish(import_dataset(project, pets.row.origin, preferences=Preferences()))
    assert again.id == pets.row.id


def test_an_unknown_repair_changes_nothing(project: Project, pets: Dataset) -> None:
    with pytest.raises(UserError, match="repair"):
        finish(repair_dataset(project, pets.row, ["magic"]))
    assert len(project.datasets()) == 1


def test_what_cannot_be_used_goes_before_other_repairs(
    project: Project, pets: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(listing: Listing, limit_pixels: int) -> Mend:
        def mend(item: Item) -> tuple[Item | None, int]:
            assert "cat/0" not in item.name
            return item, 0

        return mend

    def broken(listing: Listing, limit_pixels: int) -> Mend:
        return lambda item: (None, 1) if "cat/0" in item.name and limit_pixels == 5 else (item, 0)

    for name, function, first in (("strict", prepare, False), ("gone", broken, True)):
        repair = Repair(title="-", done="-", mends=(), contents=("images",), prepare=function, first=first)
        monkeypatch.setitem(REPAIRS._entries, name, repair)
    _, made = finish(repair_dataset(project, pets.row, ["strict", "gone", "strict"], limit_pixels=5))
    assert made.items == 3


def test_a_repair_for_other_data_is_refused(project: Project, pets: Dataset) -> None:
    with pytest.raises(UserError, match="is for masks, and this holds images"):
        finish(repair_dataset(project, pets.row, ["off-palette-ignore"]))
    assert len(project.datasets()) == 1
