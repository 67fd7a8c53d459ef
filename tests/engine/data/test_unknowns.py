"""Items that join an import without a label: which they are, what they are called, and what they do to its identity."""

from pathlib import Path

import numpy as np
import pytest
from helpers import finish, png, write_files

from workbench.engine import events as ev
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.reimporting import repair_dataset
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project

PREFERENCES = Preferences(device="cpu")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def pets(tmp_path: Path) -> str:
    names = [f"{split}/{kind}/{n}.png" for split in ("train", "val") for kind in ("cat", "dog") for n in range(3)]
    return str(write_files(tmp_path / "pets", {name: png(n) for n, name in enumerate(names)}))


@pytest.fixture
def plants(tmp_path: Path) -> str:
    names = [f"{split}/rose/{n}.png" for split in ("train", "test") for n in range(2)]
    return str(write_files(tmp_path / "plants", {name: png(100 + n) for n, name in enumerate(names)}))


def bring_in(project: Project, source: str, *unknowns: str, repairs: tuple[str, ...] = ()) -> DatasetRow:
    work = import_dataset(project, source, preferences=PREFERENCES, repairs=repairs, unknowns=unknowns)
    row: DatasetRow = finish(work)
    return row


def items(project: Project, row: DatasetRow) -> ImageSet:
    return ImageSet(project.dataset_file(row.id))


def test_they_join_without_a_label_in_their_split_under_their_sources_name(
    project: Project, pets: str, plants: str
) -> None:
    row = bring_in(project, pets, plants)
    images = items(project, row)
    assert (row.name, row.items, row.label_sets) == ("pets", 16, {"label": ("cat", "dog")})
    assert row.splits == {"train": 8, "validation": 6, "test": 2}
    assert dict(row.unknowns) == {"plants": 4}
    unknown = images.labels() < 0
    assert [name for name, is_it in zip(images.names(), unknown, strict=True) if is_it] == [
        f"plants/{split}/rose/{n}.png" for split in ("test", "train") for n in range(2)
    ]
    assert images.splits()[unknown].tolist() == ["test", "test", "train", "train"]
    assert images.names()[:12] == items(project, bring_in(project, pets)).names()
    assert project.dataset(row.id).unknowns == {"plants": 4}


def test_several_sources_of_one_name_are_told_apart(project: Project, tmp_path: Path, pets: str, plants: str) -> None:
    loose = str(write_files(tmp_path / "more" / "plants", {f"{n}.png": png(200 + n) for n in range(3)}))
    own = str(write_files(tmp_path / "third" / "train", {"x/0.png": png(210), "y/0.png": png(211)}))
    row = bring_in(project, pets, plants, loose, own)
    assert dict(row.unknowns) == {"plants": 4, "plants-2": 3, "train-2": 2}  # train/ is where the pets are
    assert (items(project, row).labels() < 0).sum() == 9


def test_they_are_part_of_what_was_imported(project: Project, pets: str, plants: str) -> None:
    alone, with_them = bring_in(project, pets), bring_in(project, pets, plants)
    assert alone.id != with_them.id
    assert alone.fingerprint != with_them.fingerprint
    assert bring_in(project, pets, plants).id == with_them.id
    assert bring_in(project, pets).id == alone.id
    Path(plants, "train/rose/new.png").write_bytes(png(250))
    assert bring_in(project, pets, plants).items == 17
    assert not alone.unknowns


def test_what_is_no_image_set_cannot_join(project: Project, tmp_path: Path, pets: str) -> None:
    questions = tmp_path / "q.json"
    questions.write_text(
        '{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "one two", "qas": '
        '[{"id": "1", "question": "what?", "answers": [{"text": "one", "answer_start": 0}]}]}]}]}'
    )
    with pytest.raises(UserError, match="images without a label can join images only, and this holds questions: q"):
        bring_in(project, pets, str(questions))
    with pytest.raises(UserError, match="this holds questions"):
        bring_in(project, str(questions), pets)
    assert project.datasets() == []


def test_repairs_mend_them_too_and_are_counted(project: Project, pets: str, plants: str) -> None:
    Path(plants, "train/rose/broken.png").write_bytes(png(3)[:30])
    row = bring_in(project, pets, plants, repairs=("leave-out",))
    assert dict(row.unknowns) == {"plants": 4}
    assert "Items left out because they cannot be used: 1." in row.repairs
    assert bring_in(project, pets, plants).items == 17
    again: DatasetRow = finish(repair_dataset(project, bring_in(project, pets, plants), ["leave-out"]))
    assert dict(again.unknowns) == {"plants": 4}
    assert (again.items, int(np.sum(items(project, again).labels() < 0))) == (16, 4)


def test_it_is_said(project: Project, pets: str, plants: str) -> None:
    events = list(import_dataset(project, pets, preferences=PREFERENCES, unknowns=[plants]))
    said = [event.text for event in events if isinstance(event, ev.Message)]
    assert "4 items of plants joined without a label." in said
    with pytest.raises(UserError, match="no such file"):
        bring_in(project, pets, "nowhere/at-all/x")
