"""The Inspect panel's frame under mouse and keys: what is chosen, what is told, what it writes."""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from inspected_runs import Zoo, make_zoo
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QPushButton, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.project.runs import CREATED, RUNNING
from workbench.gui.actions import Actions
from workbench.gui.panels.exporting import file_name
from workbench.gui.panels.inspect import pages
from workbench.gui.panels.inspect.panel import InspectPanel
from workbench.gui.panels.runs.panel import RunsPanel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")

Left = Qt.MouseButton.LeftButton


@dataclass
class Opened:
    """The panel as a window would hold it, and what it asked the window for."""

    panel: InspectPanel
    actions: Actions
    bot: QtBot
    triggered: list[str] = field(default_factory=list)

    def find(self, kind: type[Any], name: str) -> Any:
        found = self.panel.findChild(kind, name)
        assert found, name
        return found

    def shown(self) -> None:
        """Something is shown, and nothing is under way."""
        model = self.panel.model
        self.bot.waitUntil(lambda: model.inspection is not None and model.job is None)

    def badge(self) -> str:
        return self.panel.bar.badge.whole

    def texts(self) -> list[str]:
        """What the empty page says."""
        return [label.text() for label in self.panel.findChildren(QLabel) if label.isVisibleTo(self.panel)]

    def pick(self, name: str, row: int) -> None:
        """Choose an entry with the arrow keys."""
        box = self.find(QComboBox, name)
        box.setFocus()
        while box.currentIndex() != row:
            self.bot.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < row else Qt.Key.Key_Up)


@pytest.fixture
def opened(workspace: Workspace, theme: Theme, qtbot: QtBot) -> Iterator[Callable[..., Opened]]:
    panels: list[InspectPanel] = []

    def open_panel(state: dict[str, object] | None = None) -> Opened:
        triggered: list[str] = []
        panel = InspectPanel(workspace=workspace, theme=theme, trigger=triggered.append)
        panels.append(panel)
        actions = Actions(theme, panel)
        for action in panel.commands():
            actions.add(action, owner=panel)
        workspace.changed.connect(actions.refresh)
        panel.restore(state or {})
        panel.resize(1100, 640)
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(panel.isActiveWindow)
        qtbot.waitUntil(lambda: panel.model.runs.known or workspace.project is None)
        return Opened(panel=panel, actions=actions, bot=qtbot, triggered=triggered)

    yield open_panel
    for panel in panels:
        panel.close()
    workspace.jobs.join()
    for panel in panels:
        panel.deleteLater()


@pytest.fixture
def zoo(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    return make_zoo(workspace.opened(), tmp_path, monkeypatch)


def test_without_a_project_and_without_a_run_it_says_what_is_missing_and_leads_there(
    opened: Callable[..., Opened], workspace: Workspace
) -> None:
    one = opened()
    assert one.panel.is_empty
    assert "No trained network yet" in one.texts()
    one.bot.mouseClick(one.find(QPushButton, "inspect.fill"), Left)
    workspace.close_project()
    assert "No project is open" in one.texts()
    one.bot.mouseClick(one.find(QPushButton, "inspect.fill"), Left)
    assert one.triggered == ["show.train", "project.new"]


def test_a_run_without_a_checkpoint_says_so_and_others_can_still_be_chosen(
    opened: Callable[..., Opened], zoo: Zoo
) -> None:
    zoo.add("with", created=1_700_000_000.0)
    without = zoo.add("without", created=1_700_000_100.0, step=0, state=CREATED)
    one = opened()
    one.shown()
    assert one.panel.model.name == "with"
    one.pick("inspect.run", 0)
    assert "This run has saved nothing" in one.texts()
    assert one.badge() == ""
    zoo.save(without, 30)
    one.panel.model.runs.refresh()
    one.shown()
    assert one.panel.model.name == "without"
    assert not one.panel.is_empty


def test_the_newest_run_with_a_checkpoint_is_looked_at_and_the_badge_says_on_what(
    opened: Callable[..., Opened], zoo: Zoo
) -> None:
    zoo.add("old", created=1_700_000_000.0)
    zoo.add("new", created=1_700_000_100.0, state="stopped")
    one = opened()
    one.shown()
    assert not one.panel.is_empty
    assert one.badge() == "validation · 4 items · random 70/20/10 · split 3f9c · step 100 of 10"
    assert [one.find(QComboBox, "inspect.run").itemText(row).split(" · ")[0] for row in (0, 1)] == ["new", "old"]
    splits = one.find(QComboBox, "inspect.split")
    assert [splits.itemText(row) for row in range(splits.count())] == ["Validation (4)", "Test (2)", "Train (6)"]


def test_runs_checkpoints_and_splits_are_chosen_with_the_keyboard(opened: Callable[..., Opened], zoo: Zoo) -> None:
    zoo.add("old", created=1_700_000_000.0)
    zoo.save(zoo.add("new", created=1_700_000_100.0), 150)
    one = opened()
    one.shown()
    one.pick("inspect.split", 1)
    one.bot.waitUntil(lambda: one.badge().startswith("test"))
    one.pick("inspect.checkpoint", 1)
    one.bot.waitUntil(lambda: "step 150" in one.badge())
    one.pick("inspect.run", 1)
    one.bot.waitUntil(lambda: one.panel.model.name == "old")
    one.shown()
    assert one.badge().startswith("test")  # the split that was looked at


def test_a_run_that_trains_is_marked_offers_snapshots_and_updates(opened: Callable[..., Opened], zoo: Zoo) -> None:
    run = zoo.add("busy", state=RUNNING)
    with run.writer():
        one = opened()
        one.shown()
        assert one.badge().endswith("step 100 of 10, in training")
        assert "training" in one.find(QComboBox, "inspect.run").itemText(0)
        snapshot, update = one.find(QPushButton, "inspect.take-snapshot"), one.find(QPushButton, "inspect.update")
        assert snapshot.isVisible()
        assert not update.isVisible()
        one.bot.mouseClick(snapshot, Left)
        assert not snapshot.isEnabled()
        zoo.save(run, 140)
        one.panel.model.runs.refresh()
        one.bot.waitUntil(lambda: "step 140" in one.badge())
        zoo.save(run, 160)
        one.panel.model.runs.refresh()
        one.bot.waitUntil(update.isVisible)
        assert update.text() == "Update to step 160"
        one.bot.mouseClick(update, Left)
        one.bot.waitUntil(lambda: "step 160" in one.badge())


def test_a_look_can_be_stopped_and_begun_again(opened: Callable[..., Opened], zoo: Zoo) -> None:
    zoo.add("first")
    zoo.held = True
    one = opened()
    stop = one.find(QPushButton, "inspect.progress.stop")
    one.bot.waitUntil(stop.isVisible)
    assert "Looking at first" in one.texts()
    one.bot.mouseClick(stop, Left)
    one.bot.waitUntil(lambda: "Not looked at yet" in one.texts())
    zoo.held = False
    one.bot.mouseClick(one.find(QPushButton, "inspect.fill"), Left)
    assert one.triggered == ["inspect.look"]
    one.actions.trigger("inspect.look")
    one.shown()


def test_what_fails_is_told_in_the_panel(opened: Callable[..., Opened], zoo: Zoo) -> None:
    zoo.add("first")
    zoo.broken = "the images are gone"
    one = opened()
    one.bot.waitUntil(lambda: one.panel.errors.text == "the images are gone")
    assert "Not looked at yet" in one.texts()
    zoo.broken = ""
    one.actions.trigger("inspect.look")
    one.shown()
    assert one.panel.errors.text == ""


def test_an_offered_run_is_looked_at_even_one_that_is_not_known_yet(
    opened: Callable[..., Opened], zoo: Zoo, workspace: Workspace
) -> None:
    old = zoo.add("old", created=1_700_000_000.0)
    zoo.add("new", created=1_700_000_100.0)
    one = opened()
    one.shown()
    workspace.offer_run(old.id)
    one.bot.waitUntil(lambda: one.panel.model.inspection.run == old.id)
    fresh = zoo.add("fresh", created=1_700_000_200.0)
    workspace.offer_run(fresh.id)
    one.bot.waitUntil(lambda: one.panel.model.inspection.run == fresh.id)


def test_the_runs_panel_offers_the_selected_run(
    opened: Callable[..., Opened], zoo: Zoo, workspace: Workspace, theme: Theme, qtbot: QtBot
) -> None:
    old = zoo.add("old", created=1_700_000_000.0)
    zoo.add("new", created=1_700_000_100.0)
    one = opened()
    one.shown()
    runs = RunsPanel(workspace=workspace, theme=theme, trigger=one.triggered.append)
    qtbot.addWidget(runs)
    runs.show()
    qtbot.waitUntil(lambda: runs.model.known)
    runs.table.select([old.id])
    button = runs.findChild(QToolButton, "runs.look-into")
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Left)
    assert one.triggered == ["show.inspect"]
    qtbot.waitUntil(lambda: one.panel.model.inspection is not None and one.panel.model.inspection.run == old.id)
    runs.close()


def test_a_deleted_run_gives_way_to_another(opened: Callable[..., Opened], zoo: Zoo, workspace: Workspace) -> None:
    old, new = zoo.add("old", created=1_700_000_000.0), zoo.add("new", created=1_700_000_100.0)
    one = opened()
    one.shown()
    assert one.panel.model.inspection.run == new.id
    zoo.project.delete_run(new.id)
    workspace.runs_changed.emit()
    one.bot.waitUntil(lambda: one.panel.model.inspection is not None and one.panel.model.inspection.run == old.id)


def test_pages_are_made_when_they_are_turned_to_and_shortcuts_turn_to_them(
    opened: Callable[..., Opened], zoo: Zoo
) -> None:
    zoo.add("first")
    one = opened()
    one.shown()
    tabs = one.find(QTabBar, "inspect.pages")
    assert one.panel.findChild(QWidget, "compare") is None
    place = [look.id for look in pages.LOOKS].index("compare")
    one.bot.mouseClick(tabs, Left, pos=tabs.tabRect(place).center())
    assert one.find(QWidget, "compare").isVisible()
    tabs.setFocus()
    one.bot.keyClick(tabs, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert one.panel.pages.current == "score"


def test_who_turns_the_page_with_the_keys_goes_on_in_it(opened: Callable[..., Opened], zoo: Zoo) -> None:
    zoo.add("first")
    one = opened()
    one.shown()
    one.find(QWidget, "score.classes").setFocus()
    one.bot.keyClick(QApplication.focusWidget(), Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert one.find(QWidget, "inspect.matrix").hasFocus()
    one.find(QTabBar, "inspect.pages").setFocus()
    one.bot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert one.panel.pages.current == "score"
    assert one.find(QTabBar, "inspect.pages").hasFocus()


def test_what_is_gone_when_it_is_to_be_saved_is_said(opened: Callable[..., Opened], zoo: Zoo, tmp_path: Path) -> None:
    zoo.add("first")
    one = opened()
    one.shown()
    for write in (one.panel.exports.write_figure, one.panel.exports.write_table):
        write("Something else", tmp_path / "x")
        assert "Something else is no longer shown" in one.panel.errors.text
    one.panel.model.forget()
    one.panel.exports.write_predictions("csv", tmp_path / "x")
    assert "the run is no longer shown" in one.panel.errors.text.casefold()
    assert not (tmp_path / "x").exists()


def test_dropped_images_go_to_the_page_that_classifies_them(
    opened: Callable[..., Opened], zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[list[Path]] = []

    class Page(QWidget):
        def __init__(self, model: object, theme: object) -> None:
            super().__init__()

        def take(self, paths: list[Path]) -> None:
            taken.append(paths)

    zoo.add("first")
    one = opened()
    one.shown()
    module = ModuleType("try_out")
    module.TryPage = Page  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "workbench.gui.widgets.inspect.try_out", module)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "shades"))])
    one.panel.dropEvent(
        QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, mime, Left, Qt.KeyboardModifier.NoModifier
        )
    )  # fmt: skip
    assert taken == [[tmp_path / "shades"]]
    assert one.panel.pages.current == pages.TRY


def test_what_was_looked_at_is_taken_up_again(opened: Callable[..., Opened], zoo: Zoo) -> None:
    old = zoo.add("old", created=1_700_000_000.0)
    zoo.add("new", created=1_700_000_100.0)
    first = opened({"chosen": [old.id, "last", "test"], "page": "compare"})
    first.shown()
    assert first.panel.model.inspection.run == old.id
    assert first.panel.model.inspection.split == "test"
    assert first.panel.pages.current == "compare"
    state = first.panel.state()
    assert state["chosen"] == [old.id, "last", "test"]
    assert state["page"] == "compare"


@pytest.mark.parametrize("state", [{"chosen": "x", "pages": 3}, {"chosen": ["gone", "best", "train"], "page": "none"}])
def test_a_memory_that_makes_no_sense_is_passed_over(
    opened: Callable[..., Opened], zoo: Zoo, state: dict[str, object]
) -> None:
    zoo.add("first")
    one = opened(state)
    one.shown()
    assert one.panel.model.name == "first"
    assert one.panel.pages.current == "score"


def test_predictions_are_written_with_the_names_of_the_images(
    opened: Callable[..., Opened], zoo: Zoo, tmp_path: Path
) -> None:
    zoo.add("first")
    one = opened()
    one.shown()
    one.actions.trigger("inspect.export-csv")
    dialog = one.find(QFileDialog, "inspect.save")
    with one.bot.waitSignal(one.panel.exports.written):
        dialog.fileSelected.emit(str(tmp_path / "out.csv"))
    dialog.close()
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["item"] for row in rows] == ["6", "7", "8", "9"]
    assert [row["image"] for row in rows] == [f"b/{number}.png" for number in range(4)]
    assert [row["right"] for row in rows] == ["no", "yes", "yes", "yes"]


def test_pictures_and_tables_of_the_page_in_view_are_written(
    opened: Callable[..., Opened], zoo: Zoo, tmp_path: Path
) -> None:
    zoo.add("first")
    one = opened()
    one.shown()
    score: Any = one.panel.pages.page("score")
    one.bot.waitUntil(lambda: score.scored is not None)
    one.panel.exports.menu.aboutToShow.emit()
    words = [action.text() for action in one.panel.exports.menu.actions() if action.text()]
    assert len(words) == 3 + 4 + 1
    one.panel.exports.write_figure("Reliability", tmp_path / "figure.png")
    picture = QImage(str(tmp_path / "figure.png"))
    assert picture.width() == 2 * score.reliability.width()
    one.panel.exports.write_table("Scores of each class", tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().startswith("class,items,precision,recall,f1,predicted\n")
    one.panel.exports.write_figure("Reliability", tmp_path / "table.csv" / "figure.png")
    assert "figure.png" in one.panel.errors.text


def test_file_names_suit_every_system() -> None:
    assert file_name("my run: a/b test Scores", "csv") == "my-run-a-b-test-scores.csv"
