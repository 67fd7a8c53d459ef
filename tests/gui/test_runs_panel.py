"""The Runs panel under mouse and keys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from qt_helpers import settle
from run_samples import add_run, log_steps

from workbench.engine import events as ev
from workbench.engine.project.project import Project
from workbench.engine.project.runs import CREATED, RUNNING, STOPPED, Run
from workbench.engine.train.job import Job
from workbench.gui.actions import Actions
from workbench.gui.models.run_columns import KEYS, NAME, NOTE
from workbench.gui.panels.runs.compare import CURVES, DETAILS, SETTINGS
from workbench.gui.panels.runs.panel import RunsPanel
from workbench.gui.theme import Theme
from workbench.gui.widgets.plots.board import RunCurves
from workbench.gui.workspace import TRAINING, Workspace

Key, Left, Mods = Qt.Key, Qt.MouseButton.LeftButton, Qt.KeyboardModifier


@dataclass
class Opened:
    """The panel as a window would hold it, and what it asked the window for."""

    panel: RunsPanel
    actions: Actions
    project: Project
    triggered: list[str] = field(default_factory=list)

    def find(self, kind: type[Any], name: str) -> Any:
        found = self.panel.findChild(kind, name)
        assert found, name
        return found

    def names(self) -> list[str]:
        runs = self.panel.runs
        return [runs.facts(row).name for row in range(runs.rowCount())]

    def selected(self) -> list[str]:
        return [facts.name for facts in self.panel.table.selected()]


@pytest.fixture
def opened(workspace: Workspace, theme: Theme, qtbot: QtBot) -> Iterator[Callable[..., Opened]]:
    panels: list[RunsPanel] = []

    def open_panel(*, width: int = 1200) -> Opened:
        triggered: list[str] = []
        panel = RunsPanel(workspace=workspace, theme=theme, trigger=triggered.append)
        panels.append(panel)
        actions = Actions(theme, panel)
        for action in panel.commands():
            actions.add(action, owner=panel)
        workspace.changed.connect(actions.refresh)
        panel.resize(width, 800)
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(panel.isActiveWindow)
        qtbot.waitUntil(lambda: panel.model.known or workspace.project is None)
        assert workspace.project
        return Opened(panel=panel, actions=actions, project=workspace.project, triggered=triggered)

    yield open_panel
    for panel in panels:
        panel.close()  # hidden, it begins no more work
    workspace.jobs.join()
    for panel in panels:
        panel.deleteLater()


@pytest.fixture
def three(workspace: Workspace, opened: Callable[..., Opened]) -> Opened:
    """Three runs: old and new are finished, mid is stopped; new is selected, as the latest."""
    project = workspace.opened()
    add_run(project, "old", created=1e9, accuracy=0.5)
    add_run(project, "mid", created=1.1e9, accuracy=0.9, state=STOPPED, settings=("train.learning_rate=0.5",))
    add_run(project, "new", created=1.2e9, accuracy=0.7, settings=("train.batch_size=7",))
    return opened()


def click(it: Opened, qtbot: QtBot, row: int, *, column: int = 0, keys: Qt.KeyboardModifier = Mods.NoModifier) -> None:
    table = it.panel.table
    place = table.visualRect(table.model().index(row, column)).center()
    qtbot.mouseClick(table.viewport(), Left, keys, place)


def press(it: Opened, qtbot: QtBot, name: str) -> None:
    qtbot.mouseClick(it.find(QToolButton, name), Left)


def reason(it: Opened, name: str) -> str:
    button = it.find(QToolButton, name)
    return "" if button.isEnabled() else button.toolTip()


# The list


def test_the_latest_run_is_on_top_and_selected(three: Opened) -> None:
    assert three.names() == ["new", "mid", "old"]
    assert three.selected() == ["new"]
    assert three.panel.count.text() == "3 runs"
    assert not three.panel.is_empty


def test_a_click_on_a_heading_sorts(three: Opened, qtbot: QtBot) -> None:
    header = three.panel.table.horizontalHeader()
    best = KEYS.index("best")
    place = QPoint(header.sectionViewportPosition(best) + header.sectionSize(best) // 2, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Left, Mods.NoModifier, place)
    assert three.names() == ["old", "new", "mid"]
    qtbot.mouseClick(header.viewport(), Left, Mods.NoModifier, place)
    assert three.names() == ["mid", "new", "old"]
    assert three.selected() == ["new"]


def test_a_search_narrows_the_list_and_says_how_far(three: Opened, qtbot: QtBot) -> None:
    three.panel.table.setFocus()
    qtbot.keyClick(three.panel.table, Key.Key_F, Mods.ControlModifier)
    search = three.find(QLineEdit, "runs.search")
    assert search.hasFocus()
    qtbot.keyClicks(search, "stopped mi")
    assert three.names() == ["mid"]
    assert three.panel.count.text() == "1 of 3 runs"
    qtbot.keyClicks(search, "x")
    assert three.names() == []
    assert reason(three, "runs.delete") == "Select a run first"
    before = three.panel.table.grab().toImage()
    qtbot.keyClicks(search, "y")
    assert three.panel.table.grab().toImage() != before  # it says what was not found


def test_keys_and_mouse_select_several(three: Opened, qtbot: QtBot) -> None:
    table = three.panel.table
    click(three, qtbot, 0)
    qtbot.keyClick(table, Key.Key_Down, Mods.ShiftModifier)
    assert three.selected() == ["new", "mid"]
    click(three, qtbot, 2, keys=Mods.ControlModifier)
    assert three.selected() == ["new", "mid", "old"]
    qtbot.keyClick(table, Key.Key_Up)
    assert three.selected() == ["mid"]


def test_a_run_under_way_is_followed_and_the_selection_stays(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    click(three, qtbot, 1)
    run = add_run(three.project, "newest", created=1.3e9, state=RUNNING, step=10, accuracy=None)
    with run.writer():
        workspace.runs_changed.emit()
        qtbot.waitUntil(lambda: three.names() == ["newest", "new", "mid", "old"])
        assert three.selected() == ["mid"]
        run.write_status(replace(run.status(), step=20))
        workspace.runs_changed.emit()
        steps = three.panel.table.model().index(0, KEYS.index("steps"))
        qtbot.waitUntil(lambda: steps.data() == "20 of 200")


def test_runs_of_the_command_line_are_noticed(three: Opened, qtbot: QtBot) -> None:
    add_run(three.project, "elsewhere", created=1.3e9)
    three.panel.looks.setInterval(10)
    qtbot.waitUntil(lambda: three.names()[0] == "elsewhere")


def test_a_hidden_panel_waits(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not workspace.jobs.running())  # the curves of the selected run
    three.panel.hide()
    add_run(three.project, "newest", created=1.3e9)
    begun: list[object] = []
    workspace.jobs.started.connect(begun.append)
    workspace.runs_changed.emit()
    settle()  # what reads the runs does so when the event loop is idle
    assert begun == []
    workspace.jobs.started.disconnect(begun.append)
    three.panel.show()
    qtbot.waitUntil(lambda: three.names()[0] == "newest")


def test_empty_pages_teach(workspace: Workspace, opened: Callable[..., Opened], qtbot: QtBot) -> None:
    it = opened()
    assert it.panel.is_empty
    qtbot.mouseClick(it.find(QPushButton, "runs.fill"), Left)
    assert it.triggered == ["show.train"]
    add_run(it.project, "r")
    workspace.runs_changed.emit()
    qtbot.waitUntil(lambda: not it.panel.is_empty)
    workspace.close_project()
    qtbot.waitUntil(lambda: it.panel.is_empty)
    assert it.panel.table.selected() == []


def test_the_theme_can_change_while_it_is_open(three: Opened, theme: Theme) -> None:
    state = three.panel.table.model().index(0, 0)
    light = state.data(Qt.ItemDataRole.DecorationRole).pixmap(32, 32).toImage()
    theme.choose("dark")
    assert state.data(Qt.ItemDataRole.DecorationRole).pixmap(32, 32).toImage() != light


def test_a_narrow_panel_shows_icons_alone(three: Opened, qtbot: QtBot) -> None:
    button = three.find(QToolButton, "runs.resume")
    assert button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    three.panel.resize(420, 600)
    qtbot.waitUntil(lambda: button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly)
    three.panel.resize(1200, 600)
    qtbot.waitUntil(lambda: button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


# Names and notes


def editor(it: Opened) -> QLineEdit:
    found = it.panel.table.viewport().findChild(QLineEdit)
    assert found
    return found


def test_a_run_is_renamed_in_place(three: Opened, qtbot: QtBot) -> None:
    click(three, qtbot, 1)
    qtbot.keyClick(three.panel.table, Key.Key_F2)
    qtbot.keyClicks(editor(three), "wide net")
    qtbot.keyClick(editor(three), Key.Key_Return)
    qtbot.waitUntil(lambda: three.names() == ["new", "wide net", "old"])
    qtbot.waitUntil(lambda: not three.panel.table.viewport().findChild(QLineEdit))
    assert three.project.run("wide net").status().name == "mid"
    qtbot.keyClick(three.panel.table, Key.Key_F2)
    qtbot.keyClicks(editor(three), "not this")
    qtbot.keyClick(editor(three), Key.Key_Escape)
    qtbot.waitUntil(lambda: not three.panel.table.viewport().findChild(QLineEdit))
    assert three.names() == ["new", "wide net", "old"]


def test_what_is_being_typed_survives_news_of_the_run(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    click(three, qtbot, 1)
    press(three, qtbot, "runs.note")
    qtbot.keyClicks(editor(three), "half a sen")
    run = three.panel.table.selected()[0].run
    run.write_status(replace(run.status(), step=150))
    with qtbot.waitSignal(three.panel.model.dataChanged):
        workspace.runs_changed.emit()
    qtbot.keyClicks(editor(three), "tence")
    qtbot.keyClick(editor(three), Key.Key_Return)
    qtbot.waitUntil(lambda: three.panel.table.selected()[0].note == "half a sentence")


def test_a_name_that_is_none_is_refused_in_the_bar(three: Opened, qtbot: QtBot) -> None:
    table = three.panel.table
    place = table.visualRect(table.model().index(0, NAME)).center()
    qtbot.mouseClick(table.viewport(), Left, Mods.NoModifier, place)
    qtbot.mouseDClick(table.viewport(), Left, Mods.NoModifier, place)
    qtbot.keyClicks(editor(three), "last")
    qtbot.keyClick(editor(three), Key.Key_Return)
    qtbot.waitUntil(lambda: bool(three.panel.errors.text))
    assert three.panel.errors.text == "'last' always means the latest run. Choose another name"
    assert three.names() == ["new", "mid", "old"]


# Throwing away


def test_runs_are_deleted_at_once_and_brought_back(three: Opened, qtbot: QtBot) -> None:
    panel = three.panel
    click(three, qtbot, 0)
    click(three, qtbot, 1, keys=Mods.ControlModifier)
    qtbot.keyClick(panel.table, Key.Key_Delete)
    qtbot.waitUntil(lambda: three.names() == ["old"])
    assert panel.undo_bar.isVisible()
    assert panel.undo_bar.text == "Deleted 2 runs."
    assert [row.name for row in three.project.runs()] == ["old"]
    assert three.selected() == ["old"]
    press(three, qtbot, "runs.delete")
    qtbot.waitUntil(lambda: panel.is_empty)
    assert panel.undo_bar.text == "Deleted old."
    qtbot.mouseClick(three.find(QPushButton, "runs.undo.button"), Left)
    qtbot.waitUntil(lambda: three.names() == ["old"])
    assert panel.undo_bar.text == "Deleted 2 runs."
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Key.Key_Z, Mods.ControlModifier)
    qtbot.waitUntil(lambda: three.names() == ["new", "mid", "old"])
    assert three.selected() == ["new", "mid"]
    assert not panel.undo_bar.isVisible()
    assert not three.actions.command("runs.undo-delete").isEnabled()


def test_a_run_being_trained_is_not_deleted(three: Opened, qtbot: QtBot) -> None:
    panel = three.panel
    qtbot.keyClick(panel.table, Key.Key_A, Mods.ControlModifier)
    with panel.table.selected()[1].run.writer():
        qtbot.keyClick(panel.table, Key.Key_Delete)
        qtbot.waitUntil(lambda: three.names() == ["mid"])
    assert panel.errors.text.startswith("mid is being trained")
    assert panel.errors.text.endswith("Stop it, then delete it")
    assert panel.undo_bar.text == "Deleted 2 runs."


# Going on


def test_resume_says_why_it_cannot(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    assert reason(three, "runs.resume").startswith("This run is finished")
    click(three, qtbot, 1)
    assert reason(three, "runs.resume") == ""

    def endless() -> Iterator[ev.Event]:
        while True:
            yield ev.Progress(stage="x", done=0, total=0)

    job = workspace.jobs.start(endless(), title="Training", kind=TRAINING)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: reason(three, "runs.resume") == "Another training is under way")
    job.stop()
    qtbot.waitUntil(lambda: reason(three, "runs.resume") == "")
    qtbot.keyClick(three.panel.table, Key.Key_A, Mods.ControlModifier)
    assert reason(three, "runs.resume") == "Select a single run"
    assert reason(three, "runs.delete") == ""


def test_a_stopped_run_goes_on(
    workspace: Workspace, three: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[str] = []

    def resume(run: Run) -> None:
        resumed.append(run.status().name)

    monkeypatch.setattr(workspace, "resume", resume)
    qtbot.keyClick(three.panel.table, Key.Key_R, Mods.ControlModifier)  # new is finished
    click(three, qtbot, 1)
    qtbot.keyClick(three.panel.table, Key.Key_R, Mods.ControlModifier)
    assert (resumed, three.triggered) == (["mid"], ["show.train"])


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Job] = []

    @Slot(object)
    def take(self, job: Job) -> None:
        self.jobs.append(job)


def test_settings_are_handed_on_to_start_from(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    receiver = Receiver()
    workspace.job_offered.connect(receiver.take)
    press(three, qtbot, "runs.start-from")
    assert [(job.name, job.train.batch_size) for job in receiver.jobs] == [("new", 7)]
    assert three.triggered == ["show.train"]
    run = three.panel.table.selected()[0].run
    (run.folder / "job.toml").write_text('[model]\nname = "unheard-of"')
    press(three, qtbot, "runs.start-from")
    assert three.panel.errors.text.startswith("there is no model called 'unheard-of'")
    assert len(receiver.jobs) == 1


def test_a_damaged_run_can_only_be_thrown_away(workspace: Workspace, three: Opened, qtbot: QtBot) -> None:
    run = three.panel.table.selected()[0].run
    (run.folder / "status.json").write_text("{")
    (run.folder / "job.toml").write_text("[")
    workspace.runs_changed.emit()
    qtbot.waitUntil(lambda: reason(three, "runs.resume") == "This run is damaged")
    assert reason(three, "runs.start-from") == "The settings of this run cannot be read"
    for page in (CURVES, SETTINGS, DETAILS):
        three.panel.compare.turn_to(page)
    press(three, qtbot, "runs.delete")
    qtbot.waitUntil(lambda: three.names() == ["mid", "old"])


def test_the_folder_is_opened(three: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[QUrl] = []
    answers = [True, False]

    def open_url(url: QUrl) -> bool:
        urls.append(url)
        return answers.pop(0)

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    press(three, qtbot, "runs.open-folder")
    assert [Path(url.toLocalFile()) for url in urls] == [three.panel.table.selected()[0].folder]
    assert three.panel.errors.text == ""
    press(three, qtbot, "runs.open-folder")
    assert three.panel.errors.text.startswith("no program of this system opens folders")


# Comparing


@pytest.fixture
def boards(three: Opened, monkeypatch: pytest.MonkeyPatch) -> list[list[RunCurves]]:
    """What the board was told to show, the latest at the end."""
    shown: list[list[RunCurves]] = []
    before = three.panel.compare.board.set_runs

    def set_runs(runs: list[RunCurves]) -> None:
        shown.append(list(runs))
        before(runs)

    monkeypatch.setattr(three.panel.compare.board, "set_runs", set_runs)
    return shown


def test_curves_of_the_selected_runs_lie_over_one_another(
    three: Opened, boards: list[list[RunCurves]], qtbot: QtBot
) -> None:
    click(three, qtbot, 1)
    qtbot.waitUntil(lambda: bool(boards) and [run.label for run in boards[-1]] == ["mid"])
    colour = boards[-1][0].colour
    click(three, qtbot, 0, keys=Mods.ControlModifier)
    qtbot.waitUntil(lambda: [run.label for run in boards[-1]] == ["new", "mid"])
    assert boards[-1][1].colour == colour  # a curve that stays keeps its colour
    assert boards[-1][0].colour != colour
    assert [len(run.curves.get("step/loss")) for run in boards[-1]] == [100, 100]


def test_curves_grow_with_their_run(
    workspace: Workspace, three: Opened, boards: list[list[RunCurves]], qtbot: QtBot
) -> None:
    click(three, qtbot, 1)
    qtbot.waitUntil(lambda: bool(boards) and [run.label for run in boards[-1]] == ["mid"])
    log_steps(three.panel.table.selected()[0].run, 101, 120)
    workspace.runs_changed.emit()
    qtbot.waitUntil(lambda: boards[-1][0].curves.last_step == 120)


def test_no_more_curves_than_can_be_told_apart(
    workspace: Workspace, three: Opened, boards: list[list[RunCurves]], qtbot: QtBot
) -> None:
    for number in range(8):
        add_run(three.project, f"more {number}", created=1.3e9 + number)
    add_run(three.project, "not begun", created=1.4e9, state=CREATED, step=0)
    workspace.runs_changed.emit()
    qtbot.waitUntil(lambda: len(three.names()) == 12)
    three.panel.table.setFocus()
    qtbot.keyClick(three.panel.table, Key.Key_A, Mods.ControlModifier)
    qtbot.waitUntil(lambda: bool(boards) and len(boards[-1]) == 7)
    assert three.panel.compare.remark == ("Showing the first 8 of 12 selected runs. Nothing measured yet: not begun.")
    assert len({run.colour for run in boards[-1]}) == 7


def test_settings_side_by_side(three: Opened, qtbot: QtBot) -> None:
    compare = three.panel.compare
    qtbot.keyClick(three.panel.table, Key.Key_D, Mods.ControlModifier | Mods.ShiftModifier)
    assert three.selected() == ["new", "mid"]
    assert compare.page == SETTINGS
    shown = {row[0]: row[1:] for row in compare.settings.shown()}
    assert shown.keys() == {"train.batch_size", "train.learning_rate"}
    assert shown["train.batch_size"][0] == "7"
    assert shown["train.learning_rate"][1] == "0.5"
    box = three.find(QCheckBox, "runs.settings.only-differences")
    assert box.text().startswith("Only differences (2 of ")
    total = int(box.text().rpartition(" ")[2].rstrip(")"))
    qtbot.mouseClick(box, Left, Mods.NoModifier, QPoint(8, box.height() // 2))
    assert len(compare.settings.shown()) == total > 50
    search = three.find(QLineEdit, "runs.settings.search")
    qtbot.keyClicks(search, "train rate")
    assert "train.learning_rate" in {row[0] for row in compare.settings.shown()}
    assert all("rate" in "".join(row) for row in compare.settings.shown())


def test_comparing_brings_the_panel_to_the_front(three: Opened) -> None:
    three.panel.hide()
    three.actions.trigger("runs.compare")
    assert three.triggered == ["show.runs"]
    assert three.selected() == ["new", "mid"]


def test_settings_of_one_run_beside_the_defaults(three: Opened, qtbot: QtBot) -> None:
    three.panel.compare.turn_to(SETTINGS)
    qtbot.waitUntil(lambda: bool(three.panel.compare.settings.shown()))
    shown = {row[0]: row[1:] for row in three.panel.compare.settings.shown()}
    assert shown["train.batch_size"] == ["50", "7"]
    assert shown["data.source"] == ["empty", "digits"]


def test_details_of_one_run(three: Opened, qtbot: QtBot) -> None:
    compare = three.panel.compare
    compare.turn_to(DETAILS)
    click(three, qtbot, 1)
    qtbot.waitUntil(lambda: ("State", "Stopped: by somebody; it can be resumed") in compare.details.lines)
    lines = dict(compare.details.lines)
    assert lines["Best"] == "validation accuracy 90.00 % at step 100"
    assert lines["Measured on"] == "random 1437+180/180 · split 3f9c"
    assert lines["Checkpoints"] == "100 (best)"
    assert lines["Network"] == "cnn · 12,345 parameters in 14 tensors"
    assert lines["Folder"] == str(three.panel.table.selected()[0].folder)
    assert "Error" not in lines


# Between sessions


def test_the_view_is_remembered(three: Opened, opened: Callable[..., Opened], qtbot: QtBot) -> None:
    panel = three.panel
    panel.table.setColumnWidth(NAME, 321)
    panel.table.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
    panel.search.setText("finished")
    panel.compare.turn_to(DETAILS)
    panel.compare.settings.set_only_differences(False)
    panel.splitter.setSizes([300, 400])
    state = panel.state()
    other = opened()
    other.panel.restore(state)
    assert other.panel.state() == state
    assert other.names() == ["new", "old"]
    nonsense: dict[str, object] = {
        "search": 3,
        "splitter": ["x"],
        "table": {"columns": {"name": -1}, "sort": ["nothing", "descending"]},
        "compare": {"page": "x", "only differences": "yes", "board": {"smoothing": "x", "more": 1}},
    }
    other.panel.restore(nonsense)
    other.panel.restore({"table": [], "compare": 1})
    assert other.panel.state() == state
    assert len(KEYS) - 1 == NOTE
