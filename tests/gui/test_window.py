"""The window as a person uses it: mouse and keys through the real event loop."""

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import png, write_files
from person import Person
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QDialog,
    QLineEdit,
    QListWidget,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot
from qt_helpers import settle

from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, STOPPED
from workbench.engine.train.job import preset
from workbench.gui.jobs import PAUSED, RUNNING
from workbench.gui.naming import OBJECT_NAME
from workbench.gui.panels import PANELS
from workbench.gui.theme import Theme


@pytest.fixture
def person(qtbot: QtBot, theme: Theme) -> Iterator[Person]:
    person = Person(qtbot, theme)
    yield person
    person.leave()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes that a network can tell apart: dark and bright squares."""
    images = {f"dark/{number}.png": png(number, side=8) for number in range(60)}
    images |= {f"bright/{number}.png": png(255 - number, side=8) for number in range(60)}
    return write_files(tmp_path / "pets", images)


def test_a_day_at_the_workbench(person: Person, pets: Path, tmp_path: Path) -> None:
    """New project, import, train, pause, go on, stop, second run, compare, close, open again: all is still there."""
    folder = tmp_path / "zoo"
    person.new_project(folder)
    person.import_folder(pets)
    assert [row.items for row in person.workspace.opened().datasets()] == [120]

    person.keys(Qt.Key.Key_2, control=True)
    data = person.find("train.data", QComboBox)
    assert data.currentText() == "pets"
    person.set_setting("steps", "100000")
    person.click("train.start")
    job = person.workspace.training
    assert job is not None
    person.wait(lambda: job.pace.done > 20)

    person.click("train.pause")
    assert job.state == PAUSED
    person.wait(lambda: person.find("train.resume", QAbstractButton).isEnabled())
    held = job.pace.done
    person.bot.wait(200)
    assert job.pace.done <= held + 200  # what was under way when it was held, and no more
    person.click("train.resume")
    assert job.state == RUNNING
    held = job.pace.done
    person.wait(lambda: job.pace.done > held + 20)

    person.click("train.stop")
    person.wait(lambda: person.workspace.training is None)
    first = person.workspace.opened().runs()[0].run
    assert first.status().state == STOPPED
    assert first.checkpoint_steps()[-1] == first.status().step >= held

    person.set_setting("steps", "120")
    person.set_setting("learning_rate", "0.01")
    person.keys(Qt.Key.Key_Return, control=True)  # the shortcut of Start
    person.wait(lambda: len(person.workspace.opened().runs()) == 2 and person.workspace.training is None)
    second = person.workspace.opened().runs()[1].run
    assert second.status().state == FINISHED
    assert second.status().metrics["validation/accuracy"] > 0.9

    person.keys(Qt.Key.Key_7, control=True)
    table = person.find("runs.table", QTableView)
    person.wait(lambda: table.model().rowCount(QModelIndex()) == 2)
    table.setFocus()
    person.keys(Qt.Key.Key_A, control=True, to=table)
    person.click_tab("runs.pages", "Settings")
    person.wait(lambda: "learning_rate" in all_text(person.find("runs.settings.table", QTableView)))

    person.keys(Qt.Key.Key_Q, control=True, to=person.window)
    person.wait(lambda: not person.window.isVisible())
    person.leave()
    person.start()
    recent = person.find("welcome.recent", QListWidget)
    assert "zoo" in recent.item(0).text()
    person.bot.mouseClick(
        recent.viewport(), Qt.MouseButton.LeftButton, pos=recent.visualItemRect(recent.item(0)).center()
    )
    person.wait(lambda: person.workspace.project is not None)
    assert person.window.deck.current == "runs"  # the panel that was in view
    table = person.find("runs.table", QTableView)
    person.wait(lambda: table.model().rowCount(QModelIndex()) == 2)
    assert [row.run.id for row in Project(folder).runs()] == [first.id, second.id]


def all_text(table: QTableView) -> str:
    model = table.model()
    rows, columns = model.rowCount(QModelIndex()), model.columnCount(QModelIndex())
    return " ".join(str(model.index(row, column).data()) for row in range(rows) for column in range(columns))


def test_closing_while_training_asks_once_and_saves(person: Person, pets: Path, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")
    person.import_folder(pets)
    person.keys(Qt.Key.Key_2, control=True)
    person.set_setting("steps", "1000000")
    person.click("train.start")
    job = person.workspace.training
    assert job is not None
    person.wait(lambda: job.pace.done > 5)

    person.keys(Qt.Key.Key_Q, control=True, to=person.window)
    person.click("closing.stay")
    assert person.window.isVisible()
    assert person.workspace.training is job

    person.keys(Qt.Key.Key_Q, control=True, to=person.window)
    person.click("closing.stop")
    person.wait(lambda: not person.window.isVisible())
    run = Project(tmp_path / "zoo").runs()[0].run
    assert run.status().state == STOPPED
    assert run.checkpoint_steps() == [run.status().step]


def test_a_training_that_fails_is_said_where_it_belongs(person: Person, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")
    person.import_folder(write_files(tmp_path / "one", {f"only/{number}.png": png(number) for number in range(9)}))
    person.keys(Qt.Key.Key_2, control=True)
    person.click("train.start")
    panel = person.window.panel("train")
    person.wait(lambda: "only one class" in panel.errors.text)
    assert panel.errors.isVisible()
    assert person.window.isVisible()
    person.click("train.error.copy")
    assert "only one class" in QGuiApplication.clipboard().text()
    person.click("train.error.dismiss")
    assert not panel.errors.isVisible()


def test_a_bug_in_a_job_is_shown_with_its_report_and_the_window_stays(
    person: Person, pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings_logged: list[object]
) -> None:
    def broken(*_: object, **__: object) -> Iterator[None]:
        yield from ()
        raise ZeroDivisionError("our own fault")

    monkeypatch.setattr("workbench.engine.train.session.create", broken)
    person.new_project(tmp_path / "zoo")
    person.import_folder(pets)
    person.keys(Qt.Key.Key_2, control=True)
    person.click("train.start")
    panel = person.window.panel("train")
    person.wait(lambda: "ZeroDivisionError" in panel.errors.text)
    assert "bug in the workbench" in panel.errors.text
    person.click("train.error.details")
    assert "in broken" in person.find("train.error.text", QPlainTextEdit).toPlainText()
    person.click("train.error.copy")
    assert "torch 2" in QGuiApplication.clipboard().text()
    person.click("rail.data")
    assert person.window.panel("data").isVisible()
    assert len(warnings_logged) == 1
    warnings_logged.clear()


def test_a_preset_a_model_and_a_wrong_setting(person: Person, pets: Path, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")
    person.import_folder(pets)
    person.keys(Qt.Key.Key_2, control=True)
    editor = person.window.panel("train").editor
    person.choose("train.preset", "cifar10-fnn")
    assert (editor.job.name, editor.job.model, editor.job.data.source) == ("cifar10-fnn", "fnn", "pets")
    person.choose("train.model", "kan – Kolmogorov-Arnold network of splines")
    assert editor.job.model == "kan"
    person.set_setting("batch_size", "none")
    assert "whole number" in editor.problem
    assert not person.find("train.start", QAbstractButton).isEnabled()
    person.set_setting("batch_size", "7")
    assert editor.job.train.batch_size == 7
    assert person.find("train.start", QAbstractButton).isEnabled()
    person.click_tab("train.tabs", "Job file")
    text = person.find("train.job-file.text", QPlainTextEdit)
    assert "batch_size = 7" in text.toPlainText()
    text.setPlainText(text.toPlainText().replace("batch_size = 7", "batch_size = 9"))
    assert editor.job.train.batch_size == 9
    text.setPlainText("[train]\nbatch_size = ")
    assert not person.find("train.start", QAbstractButton).isEnabled()
    assert editor.job.train.batch_size == 9
    person.click_tab("train.tabs", "Network")
    layers = person.find("train.network.layers", QTableView)
    person.wait(lambda: layers.model().rowCount(QModelIndex()) > 0)


def test_a_job_file_goes_out_and_comes_back(person: Person, tmp_path: Path) -> None:
    person.workspace.open_project(tmp_path / "zoo")
    editor = person.window.panel("train").editor
    file = editor.findChild(QWidget, "train.job-file.text").parentWidget()
    editor.load_preset("cifar10-cnn")
    file.save(str(tmp_path / "mine.toml"))
    editor.load_preset("digits-cnn")
    file.load(str(tmp_path / "mine.toml"))
    assert editor.job == preset("cifar10-cnn")
    (tmp_path / "wrong.toml").write_text("[model]\nname = 'cmm'\n")
    file.load(str(tmp_path / "wrong.toml"))
    assert editor.job == preset("cifar10-cnn")


def test_windows_come_and_go(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    gone = []
    for _ in range(3):
        person = Person(qtbot, theme)
        person.workspace.open_project(tmp_path / "zoo")
        for kind in PANELS:
            person.window.panel(kind.id)
        gone.append(weakref.ref(person.window))
        person.leave()
        del person
    gc.collect()
    assert [reference() for reference in gone] == [None] * 3


def test_the_palette_finds_and_runs_a_command(person: Person, tmp_path: Path) -> None:
    person.keys(Qt.Key.Key_K, control=True, to=person.window)
    person.write("palette.query", "dark the")
    person.keys(Qt.Key.Key_Return, to=person.find("palette.query", QLineEdit))
    assert person.theme.dark
    assert Preferences.load().theme == "dark"
    person.keys(Qt.Key.Key_K, control=True, to=person.window)
    person.write("palette.query", "light the")
    person.keys(Qt.Key.Key_Return, to=person.find("palette.query", QLineEdit))
    assert not person.theme.dark


def test_each_panel_has_its_key_and_its_rail_button(person: Person, tmp_path: Path) -> None:
    person.workspace.open_project(tmp_path / "zoo")
    for number, kind in enumerate(PANELS):
        person.keys(Qt.Key(Qt.Key.Key_1.value + number), control=True, to=person.window)
        assert person.window.deck.current == kind.id
        assert person.find(f"rail.{kind.id}", QAbstractButton).isChecked()
    for kind in PANELS:
        person.click(f"rail.{kind.id}")
        assert person.window.panel(kind.id).isVisible()
        assert [one.id for one in PANELS if person.window.panel(one.id).isVisible()] == [kind.id]


def test_a_panel_torn_off_comes_back_as_it_was(person: Person, tmp_path: Path) -> None:
    person.workspace.open_project(tmp_path / "zoo")
    person.click("rail.train")
    person.click("train.tear-off")
    torn = person.window.panel("train").window()
    assert torn is not person.window
    person.click("rail.data")
    assert person.window.panel("train").isVisible()
    person.window.leave()
    person.wait(lambda: not person.window.isVisible())
    person.leave()
    person.start()
    person.workspace.open_project(tmp_path / "zoo")
    person.wait(lambda: person.window.panel("train").window() is not person.window)
    assert person.window.panel("data").isVisible()
    person.click("train.tear-off")
    assert person.window.panel("train").window() is person.window


def test_a_wrong_place_for_a_project_is_said_in_the_dialog(person: Person, tmp_path: Path) -> None:
    write_files(tmp_path / "full", {"letter.txt": b"dear"})
    person.click("welcome.new")
    person.write("new-project.where", str(tmp_path))
    person.write("new-project.name", "full")
    assert not person.find("new-project.create", QAbstractButton).isEnabled()
    person.write("new-project.name", "a/b")
    assert not person.find("new-project.create", QAbstractButton).isEnabled()
    person.write("new-project.name", "empty")
    person.click("new-project.create")
    assert person.workspace.opened().folder == tmp_path / "empty"


def test_preferences_are_kept(person: Person) -> None:
    person.keys(Qt.Key.Key_Comma, control=True, to=person.window)
    person.write("preferences.form.threads", "many")
    assert not person.find("preferences.save", QAbstractButton).isEnabled()
    person.write("preferences.form.threads", "1")
    person.click("preferences.save")
    assert Preferences.load().threads == 1
    assert person.workspace.preferences.threads == 1
    person.wait(lambda: person.workspace.device is not None)


def test_the_cache_is_emptied_in_the_preferences(person: Person) -> None:
    folder = person.workspace.preferences.cache / "pixels" / "some-set"
    folder.mkdir(parents=True)
    (folder / "pixels.u8").write_bytes(bytes(3 << 20))
    (folder / "meta.json").write_text("{}")
    person.keys(Qt.Key.Key_Comma, control=True, to=person.window)
    person.click("preferences.clear-cache")
    assert not folder.exists()
    assert not person.find("preferences.clear-cache", QAbstractButton).isEnabled()
    person.click("preferences.cancel")


@pytest.mark.parametrize("command", ["app.shortcuts", "app.about"])
def test_a_dialog_opens_and_closes_by_key(person: Person, command: str) -> None:
    person.window.trigger(command)
    dialog = next(one for one in person.window.findChildren(QDialog) if one.isVisible())
    person.keys(Qt.Key.Key_Escape, to=dialog)
    settle()
    assert not person.window.findChildren(QDialog)


def test_the_report_of_about_has_versions(person: Person) -> None:
    person.window.trigger("app.about")
    person.click("about.copy")
    assert "PySide6-Essentials 6." in QGuiApplication.clipboard().text()


def interactive(root: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QAbstractSlider, QPlainTextEdit)
    found = [one for one in root.findChildren(QWidget) if isinstance(one, kinds) and not isinstance(one, QScrollBar)]
    # what Qt builds into its own widgets has no name of its own and is reached through them
    return [one for one in found if not one.objectName().startswith("qt_") and not inside_of_qt(one)]


def inside_of_qt(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent:
        if isinstance(parent, QComboBox | QLineEdit | QAbstractItemView | QTabBar | QMenuBar):
            return True
        parent = parent.parentWidget()
    return False


def test_everything_that_can_be_used_has_a_name(person: Person, tmp_path: Path) -> None:
    person.workspace.open_project(tmp_path / "zoo")
    for kind in PANELS:
        person.window.panel(kind.id)
    without = [
        f"{type(widget).__name__} {widget.objectName()!r} {widget.accessibleName()!r} in {widget.parentWidget()!r}"
        for widget in interactive(person.window)
        if not OBJECT_NAME.fullmatch(widget.objectName()) or not widget.accessibleName()
    ]
    assert not without


def test_every_command_can_be_reached_and_has_a_key_of_its_own(person: Person, tmp_path: Path) -> None:
    person.workspace.open_project(tmp_path / "zoo")
    for kind in PANELS:
        person.window.panel(kind.id)
    actions = person.window.actions_table.all()
    taken: dict[tuple[str, str], str] = {}
    for action in actions:
        for keys in filter(None, action.shortcut.split("; ")):
            for place in {action.panel, ""}:
                other = taken.get((place, keys))
                assert other is None, f"{action.id} and {other} both want {keys}"
            taken[action.panel, keys] = action.id
    assert len({action.id for action in actions}) == len(actions)
    assert all(action.text for action in actions)


def test_the_menus_stand_in_the_usual_order(person: Person, tmp_path: Path) -> None:
    def titles() -> list[str]:
        return [action.text().replace("&", "") for action in person.window.menuBar().actions() if action.isVisible()]

    assert titles() == ["File", "View", "Help"]
    person.workspace.open_project(tmp_path / "zoo")
    for kind in PANELS:
        person.window.panel(kind.id)
    assert titles() == ["File", "Edit", "View", "Data", "Run", "Help"]
    edit = next(action.menu() for action in person.window.menuBar().actions() if "Edit" in action.text())
    assert isinstance(edit, QMenu)
    entries = [action.text() for action in edit.actions() if not action.isSeparator()]
    assert entries[:4] == ["Undo", "Redo", "Select all", "Select nothing"]
    assert "Move to split" in entries


def test_what_cannot_be_learnt_is_greyed_out(person: Person, pets: Path, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")
    person.import_folder(pets)
    text = {"title": "sun", "paragraphs": [{"context": "The sun rises.", "qas": [
        {"id": "1", "question": "What?", "answers": [{"text": "The sun", "answer_start": 0}]}]}]}  # fmt: skip
    (tmp_path / "few.json").write_text(json.dumps({"version": "1.1", "data": [text]}))
    person.workspace.import_data(str(tmp_path / "few.json"))
    person.wait(lambda: len(person.workspace.opened().datasets()) == 2)
    person.keys(Qt.Key.Key_2, control=True)
    editor = person.window.panel("train").editor
    data = person.find("train.data", QComboBox)
    person.wait(lambda: data.findData("few") >= 0)
    model = data.model()
    flags = [model.flags(model.index(data.findData(name), 0)) for name in ("pets", "few")]
    assert [bool(one & Qt.ItemFlag.ItemIsEnabled) for one in flags] == [True, False]
    assert editor.job.data.source == "pets"
    person.workspace.offer_dataset("few")
    assert editor.problem == "There is no task yet that learns from questions about texts."


def test_an_error_of_ours_is_shown_and_the_window_stays(person: Person) -> None:
    person.window.errors.show_error(ZeroDivisionError("division by zero"), doing="testing")
    assert "ZeroDivisionError" in person.window.errors.text
    person.click("window.error.details")
    assert person.find("window.error.text", QPlainTextEdit).isVisible()
    person.click("window.error.dismiss")
    assert person.window.isVisible()
    assert person.window.childAt(QPoint(400, 400)) is not None
