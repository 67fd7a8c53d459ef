"""The import dialog: what it says of a line of text, and what becomes of an import that is begun in it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data import ingest
from workbench.engine.data.decode import encode_png
from workbench.engine.events import Progress
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.gui.dialogs.import_dialog import ImportDialog
from workbench.gui.jobs import Job, Work
from workbench.gui.theme import Theme
from workbench.gui.workspace import IMPORT, Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


@pytest.fixture
def dialog(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[ImportDialog]:
    """Open, and it has found out what can be imported."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    dialog = ImportDialog(workspace, theme, window)
    dialog.ask()
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    yield dialog
    workspace.jobs.join()


def line(dialog: ImportDialog) -> QLineEdit:
    return dialog.findChild(QLineEdit, "data.import-target")


def button(dialog: ImportDialog, thing: str) -> QPushButton:
    return dialog.findChild(QPushButton, f"data.{thing}")


def pets(folder: Path, *, count: int = 6) -> Path:
    """A folder per class, of small grey images."""
    for number in range(count):
        kind = folder / ("cat" if number % 2 else "dog")
        kind.mkdir(parents=True, exist_ok=True)
        (kind / f"{number}.png").write_bytes(encode_png(np.full((16, 16), number, np.uint8)))
    return folder


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Imports begin in earnest only once this is set."""
    gate, real = threading.Event(), ingest.import_dataset

    def held(project: Project, target: str, *, preferences: Preferences) -> Work:
        while not gate.wait(0.01):
            yield Progress(stage="waiting", done=0, total=0)
        return (yield from real(project, target, preferences=preferences))

    monkeypatch.setattr(ingest, "import_dataset", held)
    return gate


@pytest.mark.parametrize(
    ("text", "good", "said"),
    [
        ("", False, "keeps a copy"),
        ("/no/such/folder", False, "no such file or folder"),
        ("digits", True, "come with the program"),
        ("torchvision:MNIST", True, "MNIST by torchvision"),
        ("torchvision:NIST", False, "FashionMNIST"),
        ("someone/pets", True, "Hugging Face Hub"),
        ("hub:someone/pets", True, "Hugging Face Hub"),
        ("hub:pets", False, "owner/name"),
        ("a\0b", False, "no such file or folder"),
    ],
)
def test_it_says_what_a_line_names(qtbot: QtBot, dialog: ImportDialog, text: str, good: bool, said: str) -> None:
    line(dialog).setText(text)
    assert said in dialog.verdict
    assert button(dialog, "import-start").isEnabled() is good


def test_a_path_is_looked_up_while_one_types(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets")
    qtbot.keyClicks(line(dialog), str(folder)[:-1])
    assert dialog.verdict == "There is no such file or folder"
    qtbot.keyClicks(line(dialog), str(folder)[-1])
    assert dialog.verdict == "A folder"
    assert button(dialog, "import-start").isEnabled()


def test_an_example_is_taken_by_a_click(qtbot: QtBot, dialog: ImportDialog) -> None:
    qtbot.mouseClick(button(dialog, "example-0"), Qt.MouseButton.LeftButton)
    assert dialog.target == "digits"
    assert button(dialog, "import-start").isEnabled()


def test_success_closes_it(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path) -> None:
    jobs: list[Job] = []
    dialog.started.connect(jobs.append)
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.keyClick(line(dialog), Qt.Key.Key_Return)
    assert not button(dialog, "import-start").isEnabled()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert [row.name for row in workspace.opened().datasets()] == ["pets"]
    assert [job.kind for job in jobs] == [IMPORT]
    assert dialog.target == ""


def test_an_error_is_said_in_place(qtbot: QtBot, dialog: ImportDialog, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line(dialog).setText(str(tmp_path / "empty"))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.errors.text))
    assert "there are no files in this" in dialog.errors.text
    assert dialog.isVisible()
    assert button(dialog, "import-start").isEnabled()
    line(dialog).setText("digits")
    assert not dialog.errors.isVisible()


def test_the_import_goes_on_when_it_is_closed(
    qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, gate: threading.Event, tmp_path: Path
) -> None:
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(dialog, "import-close"), Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert workspace.jobs.running(IMPORT)
    gate.set()
    qtbot.waitUntil(lambda: not workspace.jobs.running(IMPORT))
    assert [row.items for row in workspace.opened().datasets()] == [6]


@pytest.mark.usefixtures("gate")
def test_stop_stops_it(qtbot: QtBot, dialog: ImportDialog, workspace: Workspace, tmp_path: Path) -> None:
    line(dialog).setText(str(pets(tmp_path / "pets")))
    qtbot.mouseClick(button(dialog, "import-start"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(dialog, "import-progress.stop"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.jobs.running(IMPORT))
    assert workspace.opened().datasets() == []
    assert dialog.isVisible()
    assert not dialog.errors.isVisible()
    assert button(dialog, "import-start").isEnabled()


def test_a_drop_fills_the_line(dialog: ImportDialog, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    assert dialog.target == str(tmp_path)
    assert dialog.verdict == "A folder"
