"""The Data panel as a person uses it: drop, look, narrow down, look closer."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QSlider, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data import ingest
from workbench.engine.data.decode import encode_png
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.gui.jobs import Work
from workbench.gui.models.gallery import Role
from workbench.gui.panels.data import DataPanel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
SEED = 5


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, theme: Theme, calls: list[str]) -> Iterator[DataPanel]:
    panel = DataPanel(workspace=workspace, theme=theme, trigger=calls.append)
    qtbot.addWidget(panel)
    panel.resize(1100, 700)
    panel.show()
    yield panel
    workspace.jobs.join()


def pets(folder: Path, *, per_class: int = 8) -> Path:
    """``train|test/cat|dog/*.png``, noise of 24 pixels a side."""
    generator = np.random.default_rng(SEED)
    for split in ("train", "test"):
        for kind in ("cat", "dog"):
            where = folder / split / kind
            where.mkdir(parents=True)
            for number in range(per_class):
                pixels = generator.integers(0, 256, (24, 24, 3)).astype(np.uint8)
                (where / f"{number:02}.png").write_bytes(encode_png(pixels))
    return folder


def quiet(panel: DataPanel) -> Callable[[], bool]:
    """Nothing is under way any more."""
    return lambda: not panel.workspace.jobs.running() and not panel.imports.waiting and not panel.browser.gallery.busy


def drop(widget: QWidget, *, paths: tuple[Path, ...] = (), text: str = "") -> None:
    """As the window system does it: enter, then drop."""
    mime = QMimeData()
    if paths:
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    if text:
        mime.setText(text)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys))


def imported(qtbot: QtBot, panel: DataPanel, *targets: Path | str) -> None:
    panel.import_targets([str(target) for target in targets])
    qtbot.waitUntil(quiet(panel), timeout=20_000)


def names(panel: DataPanel) -> list[str]:
    return [panel.datasets.item(row).text() for row in range(panel.datasets.count())]


def combo(panel: DataPanel, thing: str) -> QComboBox:
    return panel.findChild(QComboBox, f"data.{thing}")


def test_an_empty_panel_teaches(qtbot: QtBot, panel: DataPanel, calls: list[str]) -> None:
    assert panel.is_empty
    qtbot.mouseClick(panel.findChild(QPushButton, "data.fill"), Qt.MouseButton.LeftButton)
    assert calls == ["data.import"]


def test_the_digits_are_one_click_away(qtbot: QtBot, panel: DataPanel, calls: list[str]) -> None:
    qtbot.mouseClick(panel.findChild(QPushButton, "data.fill-other"), Qt.MouseButton.LeftButton)
    assert calls == ["data.import-digits"]
    next(action for action in panel.commands() if action.id == calls[0]).handler()
    qtbot.waitUntil(lambda: not panel.is_empty, timeout=20_000)
    qtbot.waitUntil(quiet(panel))
    assert names(panel) == ["digits"]
    assert panel.browser.count_text == "1,797 of 1,797"
    assert "1,797 images" in panel.header.text
    assert "10 classes" in panel.header.text
    qtbot.waitUntil(lambda: panel.browser.model.index(0).data(Role.THUMBNAIL) is not None)
    assert panel.browser.model.index(0).data(Role.THUMBNAIL).width() == 8


def test_a_folder_is_dropped(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    drop(panel, paths=(pets(tmp_path / "pets"),))
    qtbot.waitUntil(quiet(panel))
    assert names(panel) == ["pets"]
    assert panel.browser.model.rowCount() == 32
    assert "train 16" in panel.header.text
    assert not panel.errors.isVisible()


def test_several_things_are_dropped_at_once(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    drop(panel, paths=(pets(tmp_path / "pets"), pets(tmp_path / "others", per_class=3), tmp_path / "nothing"))
    qtbot.waitUntil(quiet(panel))
    assert names(panel) == ["pets", "others"]
    assert panel.header.text.startswith("others")
    assert "nothing" in panel.errors.text


def test_names_are_dropped_as_text(qtbot: QtBot, panel: DataPanel) -> None:
    drop(panel, text="  digits \n\n")
    qtbot.waitUntil(quiet(panel), timeout=20_000)
    assert names(panel) == ["digits"]


def test_the_highlight_comes_and_goes(panel: DataPanel, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    before = panel.grab().toImage()
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted()
    assert panel.grab().toImage() != before
    QApplication.sendEvent(panel, QDragLeaveEvent())
    assert panel.grab().toImage() == before


def test_what_cannot_be_imported_is_refused(panel: DataPanel) -> None:
    empty = QMimeData()
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, empty, buttons, keys)
    enter.ignore()
    QApplication.sendEvent(panel, enter)
    assert not enter.isAccepted()


def test_a_wrong_path_is_explained_in_place(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, tmp_path / "nowhere")
    assert panel.errors.isVisible()
    assert "there is no such file, folder or dataset" in panel.errors.text
    assert "nowhere" in panel.errors.text
    imported(qtbot, panel, pets(tmp_path / "pets"))
    assert not panel.errors.isVisible()


def test_every_failure_is_named(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, tmp_path / "one", tmp_path / "two")
    assert "2 imports failed" in panel.errors.text
    assert "one" in panel.errors.text
    assert "two" in panel.errors.text


def test_filters_narrow_down(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    combo(panel, "class").setCurrentIndex(combo(panel, "class").findText("dog (16)"))
    assert panel.browser.count_text == "16 of 32"
    combo(panel, "split").setCurrentIndex(combo(panel, "split").findText("test (16)"))
    assert panel.browser.count_text == "8 of 32"
    assert {panel.browser.model.index(row).data(Role.CLASS) for row in range(8)} == {"dog"}
    assert {panel.browser.model.index(row).data(Role.SPLIT) for row in range(8)} == {"test"}
    text = panel.findChild(QLineEdit, "data.text")
    qtbot.keyClicks(text, "03.PNG")
    qtbot.waitUntil(lambda: panel.browser.count_text == "1 of 32")
    qtbot.keyClicks(text, "x")
    qtbot.waitUntil(lambda: panel.browser.count_text == "0 of 32")
    qtbot.mouseClick(panel.findChild(QPushButton, "data.show-all"), Qt.MouseButton.LeftButton)
    assert panel.browser.count_text == "32 of 32"


def test_the_current_item_stays_current_through_a_filter(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    dogs = [row for row in range(32) if panel.browser.model.index(row).data(Role.CLASS) == "dog"]
    panel.browser.gallery.setCurrentIndex(panel.browser.model.index(dogs[5]))
    name = panel.browser.gallery.currentIndex().data()
    combo(panel, "class").setCurrentIndex(combo(panel, "class").findText("dog (16)"))
    assert panel.browser.gallery.currentIndex().data() == name


def test_an_unreadable_image_is_shown_as_such(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    folder = pets(tmp_path / "pets", per_class=2)
    (folder / "train" / "cat" / "00.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    imported(qtbot, panel, folder)
    row = next(row for row in range(8) if panel.browser.model.index(row).data() == "train/cat/00.png")
    qtbot.waitUntil(lambda: bool(panel.browser.model.index(row).data(Role.ERROR)))
    panel.browser.gallery.setCurrentIndex(panel.browser.model.index(row))
    panel.browser.gallery.setFocus()
    qtbot.keyClick(panel.browser.gallery, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Unreadable" in panel.browser.inspector.facts)
    assert not panel.browser.inspector.view.has_image


def test_an_item_is_looked_at_closely(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    place = panel.browser.gallery.visualRect(panel.browser.model.index(1)).center()
    qtbot.mouseClick(panel.browser.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.browser.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.browser.inspector.isVisible()
    view = panel.browser.inspector.view
    qtbot.waitUntil(lambda: view.has_image)
    assert "24 \N{MULTIPLICATION SIGN} 24 pixels \N{MIDDLE DOT} PNG" in panel.browser.inspector.facts
    assert "Class cat \N{MIDDLE DOT} test" in panel.browser.inspector.facts
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_1)
    assert view.zoom == 1.0
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom == 1.25
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.fitted
    assert view.zoom > 5
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert panel.browser.gallery.currentIndex().row() == 2
    qtbot.waitUntil(lambda: panel.browser.inspector.item == 2 and view.has_image)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not panel.browser.inspector.isVisible()
    qtbot.waitUntil(panel.browser.gallery.hasFocus)


def test_datasets_are_switched_quickly(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"), pets(tmp_path / "others", per_class=3))
    for row in (0, 1, 0, 1, 0):
        panel.datasets.setCurrentRow(row)
    qtbot.waitUntil(quiet(panel))
    assert panel.header.text.startswith("pets")
    assert panel.browser.model.rowCount() == 32
    assert panel.browser.count_text == "32 of 32"


def test_a_dataset_that_is_damaged_says_so(
    qtbot: QtBot, panel: DataPanel, workspace: Workspace, tmp_path: Path
) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"), pets(tmp_path / "others", per_class=3))
    first = workspace.opened().datasets()[0]
    workspace.opened().dataset_file(first.id).write_bytes(b"nothing")
    panel.datasets.setCurrentRow(0)
    qtbot.waitUntil(lambda: panel.errors.isVisible())
    assert "cannot be read" in panel.errors.text
    panel.datasets.setCurrentRow(1)
    qtbot.waitUntil(lambda: panel.browser.model.rowCount() == 12)


def test_another_project_is_another_list(qtbot: QtBot, panel: DataPanel, workspace: Workspace, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    workspace.open_project(tmp_path / "other")
    assert panel.is_empty
    assert panel.browser.model.rowCount() == 0
    workspace.close_project()
    assert panel.is_empty
    assert not panel.findChild(QPushButton, "data.fill-other").isVisible()
    workspace.open_project(tmp_path / "project")
    qtbot.waitUntil(lambda: panel.browser.model.rowCount() == 32)


def test_a_hidden_panel_catches_up_when_it_is_shown(
    qtbot: QtBot, panel: DataPanel, workspace: Workspace, tmp_path: Path
) -> None:
    panel.hide()
    workspace.import_data(str(pets(tmp_path / "pets")))
    qtbot.waitUntil(quiet(panel))
    assert names(panel) == []
    panel.show()
    assert names(panel) == ["pets"]
    qtbot.waitUntil(lambda: panel.browser.model.rowCount() == 32)


def test_training_is_offered_the_dataset(
    qtbot: QtBot, panel: DataPanel, workspace: Workspace, calls: list[str], tmp_path: Path
) -> None:
    offered: list[str] = []
    workspace.dataset_offered.connect(offered.append)
    imported(qtbot, panel, pets(tmp_path / "pets"))
    qtbot.mouseClick(panel.findChild(QPushButton, "data.train-on"), Qt.MouseButton.LeftButton)
    assert offered == ["pets"]
    assert calls == ["show.train"]


def test_commands_know_when_they_help(qtbot: QtBot, panel: DataPanel, workspace: Workspace, tmp_path: Path) -> None:
    commands = {command.id: command for command in panel.commands()}
    assert all(id.startswith("data.") for id in commands)
    assert commands["data.import"].enabled()
    assert not commands["data.train"].enabled()
    imported(qtbot, panel, pets(tmp_path / "pets"))
    assert commands["data.train"].enabled()
    before = panel.browser.gallery.tile
    commands["data.larger"].handler()
    assert panel.browser.gallery.tile > before
    assert panel.findChild(QSlider, "data.tile-size").value() == panel.browser.gallery.tile
    workspace.close_project()
    assert not commands["data.import"].enabled()


def test_the_dialog_chooses_what_it_imported(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    panel.ask_for_import()
    qtbot.waitUntil(quiet(panel))
    dialog = panel.findChild(QWidget, "data.import-dialog")
    dialog.findChild(QLineEdit, "data.import-target").setText(str(pets(tmp_path / "others", per_class=3)))
    qtbot.mouseClick(dialog.findChild(QPushButton, "data.import-start"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.header.text.startswith("others"))
    qtbot.waitUntil(quiet(panel))
    assert not dialog.isVisible()


def test_an_error_of_a_closed_dialog_is_shown_by_the_panel(
    qtbot: QtBot, panel: DataPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def held(
        project: Project, target: str, *, preferences: Preferences, repairs: Sequence[str], unknowns: Sequence[str]
    ) -> Work:
        while not gate.wait(0.01):
            yield Progress(stage="waiting", done=0, total=0)
        raise UserError("these are not the digits")

    monkeypatch.setattr(ingest, "import_dataset", held)
    panel.ask_for_import()
    qtbot.waitUntil(quiet(panel))
    dialog = panel.findChild(QWidget, "data.import-dialog")
    dialog.findChild(QLineEdit, "data.import-target").setText("digits")
    qtbot.mouseClick(dialog.findChild(QPushButton, "data.import-start"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.findChild(QPushButton, "data.import-close"), Qt.MouseButton.LeftButton)
    gate.set()
    qtbot.waitUntil(lambda: "these are not the digits" in panel.errors.text)


def test_what_is_remembered_comes_back(
    qtbot: QtBot, panel: DataPanel, workspace: Workspace, theme: Theme, tmp_path: Path
) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"), pets(tmp_path / "others", per_class=3))
    panel.datasets.setCurrentRow(0)
    panel.browser.gallery.set_tile(160)
    state = json.loads(json.dumps(panel.state()))
    again = DataPanel(workspace=workspace, theme=theme, trigger=print)
    qtbot.addWidget(again)
    again.restore({"tile": "huge", "dataset": 3, "splitter": [1]})
    again.restore(state)
    again.show()
    assert again.browser.gallery.tile == 160
    qtbot.waitUntil(quiet(again))
    assert again.header.text.startswith("pets")


def test_escape_and_the_focus_reach_everything(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    panel.datasets.setFocus()
    reached = set()
    for _ in range(40):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget().objectName())
    assert {"data.class", "data.text", "data.tile-size", "data.gallery", "data.datasets", "data.add"} <= reached
    unnamed = [widget for widget in panel.findChildren(QPushButton) if not widget.accessibleName()]
    assert unnamed == []


def test_nothing_is_left_of_a_closed_panel(qtbot: QtBot, workspace: Workspace, theme: Theme, tmp_path: Path) -> None:
    panel = DataPanel(workspace=workspace, theme=theme, trigger=print)
    panel.show()
    imported(qtbot, panel, pets(tmp_path / "pets"))
    gone: list[bool] = []
    panel.destroyed.connect(lambda: gone.append(True))
    panel.close()
    panel.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert gone == [True]
    del panel
    workspace.datasets_changed.emit()
    theme.choose("dark")
