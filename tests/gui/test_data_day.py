"""A dataset's life in the real window: looked at, checked, repaired, edited, divided, trained on, written out again."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import write_files
from person import Person
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QListView, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.opened import open_dataset
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED
from workbench.engine.project.scores import item_scores
from workbench.gui.theme import Theme


@pytest.fixture
def person(qtbot: QtBot, theme: Theme) -> Iterator[Person]:
    person = Person(qtbot, theme)
    yield person
    person.leave()


def noisy(number: int, level: int) -> bytes:
    """A square that looks like no other one, dark or bright."""
    pixels = np.random.default_rng(number).integers(0, 60, (16, 16, 3)) + level
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two classes in two splits; one picture is in both splits, and one file is cut short."""
    files = {f"train/dark/{number}.png": noisy(number, 0) for number in range(30)}
    files |= {f"train/bright/{number}.png": noisy(100 + number, 180) for number in range(30)}
    files |= {f"val/dark/{number}.png": noisy(200 + number, 0) for number in range(10)}
    files |= {f"val/bright/{number}.png": noisy(300 + number, 180) for number in range(10)}
    files["val/dark/again.png"] = files["train/dark/7.png"]
    files["train/bright/torn.png"] = noisy(999, 180)[:-300]
    return write_files(tmp_path / "shop", files)


def test_a_day_with_data(person: Person, shop: Path, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")

    # Looked at, checked and repaired on the way in
    person.keys(Qt.Key.Key_1, control=True)
    person.keys(Qt.Key.Key_I, control=True)
    person.write("data.import-target", str(shop))
    repair = person.find("data.repair-leave-out", QAbstractButton)
    assert not repair.isChecked(), "nothing is mended unasked"
    person.bot.mouseClick(repair, Qt.MouseButton.LeftButton, pos=repair.rect().center() / 4)
    repair.setFocus()
    if not repair.isChecked():
        person.keys(Qt.Key.Key_Space, to=repair)
    person.wait(person.find("data.import-start", QAbstractButton).isEnabled)
    person.click("data.import-start")
    person.wait(lambda: bool(person.workspace.opened().datasets()) and not person.workspace.jobs.running("import"))
    person.come_back()
    project = person.workspace.opened()
    (row,) = project.datasets()
    assert row.items == 81
    assert any("1" in sentence for sentence in row.repairs)

    # The copy in two splits is found, shown and left out; undone, and done again
    model = person.window.panel("data").model
    person.wait(lambda: model.facts is not None)
    person.turn_to("Checks")
    person.click("data.finding-0-show")
    gallery = person.find("data.gallery", QListView)
    person.wait(lambda: gallery.model().rowCount() == 2)
    person.turn_to("Checks")
    person.click("data.finding-0-exclude-leaks")
    person.wait(lambda: model.last is not None)
    assert excluded(project) == ["train/dark/7.png"]
    person.keys(Qt.Key.Key_Z, control=True)
    person.wait(lambda: model.next is not None)
    assert excluded(project) == []
    person.bot.keyClick(
        person.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    person.wait(lambda: excluded(project) == ["train/dark/7.png"])

    # Divided anew, and trained on as it is now
    person.turn_to("Splits")
    person.choose("data.split-protocol", "random")
    person.wait(person.find("data.splits-apply", QAbstractButton).isEnabled)
    person.click("data.splits-apply")
    person.wait(lambda: open_dataset(project, row).state.protocol.startswith("random"))
    person.click("data.train-on")
    person.set_setting("steps", "40")
    person.click("train.start")
    person.wait(lambda: bool(project.runs()) and person.workspace.training is None)

    status = project.runs()[0].run.status()
    assert status.state == FINISHED
    assert "random" in status.protocol
    split = project.split(status.split)
    assert sum(map(len, split.items.values())) == 80

    # What the run said of each item sorts them
    person.keys(Qt.Key.Key_1, control=True)
    person.turn_to("Items")
    person.choose("data.sort", f"loss · {status.name}")
    loss = item_scores(project, row.id)[f"loss · {status.name}"]
    person.wait(lambda: gallery.model().index(0, 0).data() == open_dataset(project, row).items.name(np.nanargmin(loss)))
    person.click("data.direction")
    person.wait(lambda: gallery.model().index(0, 0).data() == open_dataset(project, row).items.name(np.nanargmax(loss)))

    # Written out as it is now
    person.click("data.export-this")
    formats = person.find("data.export-formats", QListWidget)
    person.wait(lambda: formats.count() > 1)
    texts = [formats.item(number).text() for number in range(formats.count())]
    folder = next(number for number, text in enumerate(texts) if "older" in text and "class" in text)
    formats.setCurrentRow(folder)
    person.write("data.export-folder", str(tmp_path / "out"))
    assert person.find("data.export-folder", QLineEdit).text() == str(tmp_path / "out")
    person.click("data.export-start")
    person.wait(lambda: len(list((tmp_path / "out").rglob("*.png"))) == 80)
    person.wait(lambda: not person.workspace.jobs.running("export"))
    person.keys(Qt.Key.Key_Escape, to=person.find("data.export-dialog", QWidget))
    person.come_back()


def excluded(project: Project) -> list[str]:
    """Names of the items of the first dataset that are left out."""
    dataset = open_dataset(project, project.datasets()[0])
    return [dataset.items.name(int(item)) for item in np.flatnonzero(dataset.state.excluded)]
