"""The export dialog: what it offers, what it writes, and where it refuses to."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import png, write_files
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.exports import EXPORTS
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.project.edits import Edit
from workbench.gui.dialogs.export_dialog import ExportDialog
from workbench.gui.jobs import Job
from workbench.gui.theme import Theme
from workbench.gui.workspace import EXPORT, Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def pets(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> Dataset:
    """Three training cats, two dogs to test on."""
    names = ["train/cat/0", "train/cat/1", "train/cat/2", "test/dog/0", "test/dog/1"]
    root = write_files(tmp_path / "pets", {f"{name}.png": png(number) for number, name in enumerate(names)})
    workspace.import_data(str(root))
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    return open_dataset(workspace.opened(), workspace.opened().dataset("pets"))


@pytest.fixture
def dialog(qtbot: QtBot, workspace: Workspace, theme: Theme, pets: Dataset) -> Iterator[ExportDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    dialog = ExportDialog(workspace, theme, window)
    dialog.ask(pets)
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    yield dialog
    workspace.jobs.join()


def formats(dialog: ExportDialog) -> QListWidget:
    return dialog.findChild(QListWidget, "data.export-formats")


def where(dialog: ExportDialog) -> QLineEdit:
    return dialog.findChild(QLineEdit, "data.export-folder")


def button(dialog: ExportDialog, thing: str) -> QAbstractButton:
    return dialog.findChild(QAbstractButton, f"data.export-{thing}")


def export(qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, destination: Path) -> None:
    where(dialog).setText(str(destination))
    qtbot.mouseClick(button(dialog, "start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.jobs.running())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_offers_what_can_hold_the_content(dialog: ExportDialog) -> None:
    offered = [formats(dialog).item(row).text() for row in range(formats(dialog).count())]
    assert sorted(offered) == sorted(entry.title for entry in EXPORTS.values() if "images" in entry.contents)
    assert formats(dialog).currentRow() == 0
    assert dialog.windowTitle() == "Export pets"


def test_it_writes_and_says_where(
    qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    dialog.started.connect(jobs.append)
    rows = [
        row for row in range(formats(dialog).count()) if formats(dialog).item(row).text() == EXPORTS["folder"].title
    ]
    formats(dialog).setCurrentRow(rows[0])
    assert "5 images will be written" in dialog.summary
    export(qtbot, dialog, workspace, tmp_path / "out")
    assert [job.kind for job in jobs] == [EXPORT]
    written = files(tmp_path / "out")
    assert [name for name in written if name.endswith(".png")] == [
        "test/dog/0.png", "test/dog/1.png", "train/cat/0.png", "train/cat/1.png", "train/cat/2.png",
    ]  # fmt: skip
    assert "5 images written" in dialog.summary
    assert str(tmp_path / "out") in dialog.summary
    assert not button(dialog, "start").isVisible()
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    qtbot.mouseClick(button(dialog, "open"), Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened] == [tmp_path / "out"]


def test_only_the_splits_that_are_chosen(
    qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    button(dialog, "split-test").setChecked(False)
    assert "3 images will be written" in dialog.summary
    export(qtbot, dialog, workspace, tmp_path / "out")
    assert sum(name.endswith(".png") for name in files(tmp_path / "out")) == 3
    button(dialog, "split-train").setChecked(False)
    assert "Choose at least one split" in dialog.summary
    assert not button(dialog, "start").isEnabled()


def test_edits_are_in_it_and_excluded_items_are_not(
    qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, pets: Dataset, tmp_path: Path
) -> None:
    edit = Edit(kind="exclude", text="1 image excluded", parts={"": np.array([0])})
    workspace.opened().edits(pets.row.id).add(edit)
    dialog.ask(open_dataset(workspace.opened(), pets.row))
    assert "4 images will be written" in dialog.summary
    assert "1 excluded ones are left out" in dialog.summary
    export(qtbot, dialog, workspace, tmp_path / "out")
    assert sum(name.endswith(".png") for name in files(tmp_path / "out")) == 4


def test_a_folder_with_something_in_it_is_refused_in_place(
    qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    taken = write_files(tmp_path / "taken", {"precious.txt": b"mine"})
    export(qtbot, dialog, workspace, taken)
    assert "the destination is not empty" in dialog.errors.text
    assert "Choose a new or an empty folder" in dialog.errors.text
    assert files(taken) == ["precious.txt"]
    assert button(dialog, "start").isEnabled()


def test_a_new_folder_is_proposed_where_the_chosen_one_is_taken(dialog: ExportDialog, tmp_path: Path) -> None:
    taken = write_files(tmp_path / "taken", {"precious.txt": b"mine"})
    dialog.choose_folder(str(taken))
    proposed = Path(dialog.destination)
    assert proposed.parent == taken
    assert proposed.name.startswith("pets-")
    assert not proposed.exists()
    formats(dialog).setCurrentRow(1)
    assert dialog.destination != str(proposed)  # it follows the format
    (tmp_path / "free").mkdir()
    dialog.choose_folder(str(tmp_path / "free"))
    formats(dialog).setCurrentRow(0)
    assert dialog.destination == str(tmp_path / "free")  # what a person chose stays


def test_a_failure_after_closing_is_told_elsewhere(
    qtbot: QtBot, dialog: ExportDialog, workspace: Workspace, tmp_path: Path
) -> None:
    taken = write_files(tmp_path / "taken", {"precious.txt": b"mine"})
    told: list[str] = []
    dialog.failed_unseen.connect(lambda error, doing: told.append(f"{doing}: {error}"))
    where(dialog).setText(str(taken))
    qtbot.mouseClick(button(dialog, "start"), Qt.MouseButton.LeftButton)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    assert [line.startswith(f"exporting to {taken}: the destination is not empty") for line in told] == [True]
