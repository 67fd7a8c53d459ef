"""The Latent panel's frame under mouse and keys: what is chosen, what is told, what it writes."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latent_runs import copied, train_digits
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QTabBar
from pytestqt.qtbot import QtBot

from workbench.engine.errors import UserError
from workbench.engine.project.project import Project
from workbench.engine.project.runs import RUNNING, Run
from workbench.gui.actions import Actions
from workbench.gui.models.inspectable_runs import GENERATIVE
from workbench.gui.panels.latent.panel import LatentPanel
from workbench.gui.panels.latent.picture_dialog import PictureDialog, PictureWish
from workbench.gui.panels.runs.panel import RunsPanel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")

Left = Qt.MouseButton.LeftButton
SAMPLES: dict[str, object] = {"page": "samples"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one run of six steps."""
    project = Project(tmp_path_factory.mktemp("trained") / "project")
    train_digits(project)
    return project


@pytest.fixture
def run(trained: Project, workspace: Workspace, tmp_path: Path) -> Run:
    copied(trained, tmp_path / "copy")
    workspace.open_project(tmp_path / "copy")
    (row,) = workspace.opened().runs()
    return row.run


@dataclass
class Opened:
    """The panel as a window would hold it, and what it asked the window for."""

    panel: LatentPanel
    actions: Actions
    bot: QtBot
    triggered: list[str] = field(default_factory=list)

    def find(self, kind: type[Any], name: str) -> Any:
        found = self.panel.findChild(kind, name)
        assert found, name
        return found

    def shown(self) -> None:
        model = self.panel.model
        self.bot.waitUntil(lambda: model.explorer is not None and model.job is None, timeout=30_000)

    def samples(self) -> Any:
        """The page of samples, with samples in it."""
        self.shown()
        self.panel.pages.turn_to("samples")
        page: Any = self.panel.pages.page("samples")
        self.bot.waitUntil(lambda: page.grid.count > 0, timeout=30_000)
        return page

    def badge(self) -> str:
        return self.panel.bar.badge.whole

    def texts(self) -> list[str]:
        return [label.text() for label in self.panel.findChildren(QLabel) if label.isVisibleTo(self.panel)]

    def save(self, path: Path) -> None:
        """Say in the dialog that is open where to write to."""
        dialog = self.find(QFileDialog, "latent.save")
        with self.bot.waitSignal(self.panel.exports.written, timeout=30_000):
            dialog.fileSelected.emit(str(path))
        dialog.close()


@pytest.fixture
def opened(workspace: Workspace, theme: Theme, qtbot: QtBot) -> Iterator[Callable[..., Opened]]:
    panels: list[LatentPanel] = []

    def open_panel(state: dict[str, object] | None = None) -> Opened:
        triggered: list[str] = []
        panel = LatentPanel(workspace=workspace, theme=theme, trigger=triggered.append)
        panels.append(panel)
        actions = Actions(theme, panel)
        for action in panel.commands():
            actions.add(action, owner=panel)
        workspace.changed.connect(actions.refresh)
        panel.restore(SAMPLES if state is None else state)
        panel.resize(1100, 640)
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(panel.isActiveWindow)
        qtbot.waitUntil(lambda: panel.model.runs.known or workspace.project is None)
        return Opened(panel=panel, actions=actions, bot=qtbot, triggered=triggered)

    yield open_panel
    for panel in panels:
        panel.close()
        panel.leave()
    workspace.jobs.join()
    for panel in panels:
        panel.leave()
        panel.deleteLater()


def test_without_a_project_and_without_a_run_it_says_what_is_missing_and_leads_there(
    opened: Callable[..., Opened], workspace: Workspace
) -> None:
    one = opened()
    assert "No network that makes images yet" in one.texts()
    for name in ("latent.fill", "latent.fill-other"):
        one.bot.mouseClick(one.find(QPushButton, name), Left)
    workspace.close_project()
    assert "No project is open" in one.texts()
    for name in ("latent.fill", "latent.fill-other"):
        one.bot.mouseClick(one.find(QPushButton, name), Left)
    assert one.triggered == ["latent.try", "show.train", "project.new", "project.demo"]


def test_digits_are_trained_on_and_opened_as_soon_as_there_is_something(
    opened: Callable[..., Opened], workspace: Workspace
) -> None:
    one = opened()
    one.actions.trigger("latent.try")
    job = workspace.training
    assert job is not None
    assert not one.actions.command("latent.try").isEnabled()
    assert "Training digits-vae" in one.texts()
    one.bot.waitUntil(lambda: one.panel.model.facts is not None, timeout=60_000)
    one.bot.waitUntil(lambda: one.panel.can_snapshot, timeout=30_000)
    begun = "This network has just begun to learn"
    one.bot.waitUntil(lambda: begun in one.texts() or "Opening digits-vae" in one.texts() or not one.panel.is_empty)
    if begun in one.texts():
        one.actions.trigger("latent.snapshot")
    one.shown()
    assert "training · step" in one.badge()
    job.stop()


def test_the_run_is_opened_and_the_badge_says_what_it_is(opened: Callable[..., Opened], run: Run) -> None:
    one = opened()
    one.shown()
    assert one.badge().startswith("2 dimensions · validation · random 70/20/10")
    assert one.badge().endswith(" · step 6")
    splits = one.find(QComboBox, "latent.split")
    assert [splits.itemText(row).split(" ")[0] for row in range(splits.count())] == ["Validation", "Test", "Train"]
    assert one.find(QComboBox, "latent.run").itemText(0).startswith("digits-vae · digits · ")


def test_another_checkpoint_and_split_give_other_codes(opened: Callable[..., Opened], run: Run) -> None:
    one = opened()
    one.shown()
    model = one.panel.model
    model.want_codes()
    one.bot.waitUntil(lambda: model.codes is not None, timeout=30_000)
    codes, explorer = model.codes, model.explorer
    assert codes is not None
    assert len(codes) == model.counts["validation"]
    model.choose(run.id, split="test")
    one.shown()
    assert model.explorer is explorer  # the same weights are not loaded again
    assert model.codes is None
    model.choose(run.id, split="validation")
    one.shown()
    assert model.codes is codes
    model.choose(run.id, checkpoint="3")
    one.bot.waitUntil(lambda: model.explorer is not explorer, timeout=30_000)
    assert one.badge().endswith(" · step 3")
    assert model.codes is None


def test_picked_items_bring_their_codes_and_keep_their_place_under_other_weights(
    opened: Callable[..., Opened], run: Run
) -> None:
    one = opened()
    one.shown()
    model = one.panel.model
    model.want_codes()
    one.bot.waitUntil(lambda: model.codes is not None, timeout=30_000)
    codes: Any = model.codes
    item = int(codes.items[5])
    model.add_waypoint_items([item])
    model.add_waypoint_codes(np.zeros((1, 2), np.float32), "the middle")
    model.set_group("a", codes.items[:3])
    first, second = model.waypoints
    assert np.array_equal(first.code, codes.mean[5])
    assert first.title == f"{codes.classes[first.label]} · item {item:,}"
    assert (second.item, second.title) == (-1, "the middle")
    model.choose(run.id, checkpoint="3")
    one.bot.waitUntil(lambda: model.explorer is not None and model.explorer.step == 3, timeout=30_000)
    first, second = model.waypoints
    assert (first.item, first.code) == (item, None)
    assert second.code is not None
    assert model.group("a").tolist() == codes.items[:3].tolist()
    assert model.group("b").tolist() == []


def test_a_page_is_made_when_somebody_turns_to_it(opened: Callable[..., Opened], run: Run) -> None:
    one = opened({"page": "manifold"})
    one.shown()
    tabs = one.find(QTabBar, "latent.pages")
    assert [tabs.tabText(row) for row in range(tabs.count())] == ["Plane", "Manifold", "Walk", "Arithmetic", "Samples"]
    assert one.panel.pages.current == "manifold"
    tabs.setFocus()
    one.bot.keyClick(tabs, Qt.Key.Key_5, Qt.KeyboardModifier.AltModifier)
    assert one.panel.pages.current == "samples"
    one.panel.model.page_wanted.emit("walk")
    assert one.panel.pages.current == "walk"


def test_a_run_that_trains_is_marked_offers_snapshots_and_updates(
    opened: Callable[..., Opened], run: Run, tmp_path: Path
) -> None:
    later = run.checkpoint(6).rename(tmp_path / "later")
    run.write_status(replace(run.status(), state=RUNNING))
    with run.writer():
        one = opened()
        one.shown()
        assert "training · step 3" in one.badge()
        snapshot, update = one.find(QPushButton, "latent.take-snapshot"), one.find(QPushButton, "latent.update")
        assert snapshot.isVisible()
        assert not update.isVisible()
        later.rename(run.checkpoint(6))  # as who trains it would
        one.panel.model.runs.refresh()
        one.bot.waitUntil(update.isVisible)
        assert update.text() == "Update to step 6"
        one.bot.mouseClick(update, Left)
        one.bot.waitUntil(lambda: "step 6" in one.badge(), timeout=30_000)
        one.bot.mouseClick(snapshot, Left)
        assert not snapshot.isEnabled()
        assert run.is_asked_for_checkpoint()


def test_what_fails_is_told_in_the_panel(opened: Callable[..., Opened], run: Run) -> None:
    for step in run.checkpoint_steps():
        for path in run.checkpoint(step).glob("*.safetensors"):
            path.write_bytes(b"torn")
    one = opened()
    one.bot.waitUntil(lambda: bool(one.panel.errors.text), timeout=30_000)
    assert "the weights cannot be read" in one.panel.errors.text
    assert "Not opened" in one.texts()


def test_the_training_s_previews_come_with_the_run(opened: Callable[..., Opened], run: Run) -> None:
    one = opened()
    page = one.samples()
    one.bot.waitUntil(lambda: len(one.panel.model.sheets("samples")) == 3)
    assert [event.step for event in one.panel.model.sheets("samples")] == [0, 3, 6]
    assert page.timeline.position == 3


def test_a_sheet_is_written_as_large_as_wanted(opened: Callable[..., Opened], run: Run, tmp_path: Path) -> None:
    one = opened()
    one.samples()
    one.panel.exports.menu.aboutToShow.emit()
    words = [action.text() for action in one.panel.exports.menu.actions() if action.text()]
    assert words[0].startswith("Sheet: Samples (PNG, any size)")
    assert any(word.startswith("Codes of the data (npz)") for word in words)
    one.panel.exports.menu.actions()[0].trigger()
    dialog = one.find(PictureDialog, "latent.picture-dialog")
    dialog.enlarge.setValue(3)
    dialog.lines.setChecked(False)
    assert dialog.size_words.text() == "192 × 192 pixels"
    one.bot.mouseClick(dialog.findChild(QPushButton, "latent.picture-save"), Left)
    one.save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (192, 192)


def test_a_film_of_the_training_is_written(opened: Callable[..., Opened], run: Run, tmp_path: Path) -> None:
    one = opened()
    one.samples()
    one.bot.waitUntil(lambda: "Samples during training" in one.panel.pages.offers("films"))
    one.panel.exports.ask_for_film("Samples during training")
    dialog = one.find(PictureDialog, "latent.picture-dialog")
    dialog.enlarge.setValue(2)
    dialog.rate.setValue(5.0)
    assert dialog.size_words.text() == "128 × 128 pixels"
    one.bot.mouseClick(dialog.findChild(QPushButton, "latent.picture-save"), Left)
    one.save(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == (128, 128)
        assert (film.n_frames, film.info["duration"]) == (3, 200)


@pytest.mark.parametrize("suffix", ["csv", "npz"])
def test_the_codes_are_written(opened: Callable[..., Opened], run: Run, tmp_path: Path, suffix: str) -> None:
    one = opened()
    one.shown()
    one.panel.exports.ask_for_codes(suffix)
    one.save(tmp_path / f"codes.{suffix}")
    one.bot.waitUntil(lambda: one.panel.model.codes is not None, timeout=30_000)
    codes: Any = one.panel.model.codes
    if suffix == "npz":
        assert np.array_equal(np.load(tmp_path / "codes.npz")["mean"], codes.mean)
    else:
        rows = list(csv.reader((tmp_path / "codes.csv").read_text(encoding="utf-8-sig").splitlines()))
        assert len(rows) == len(codes) + 1


def test_what_is_gone_when_it_is_to_be_saved_is_said(opened: Callable[..., Opened], run: Run, tmp_path: Path) -> None:
    one = opened()
    one.samples()
    exports, wish = one.panel.exports, PictureWish(enlarge=1, rate=1.0)
    for act in (
        lambda: exports.ask_for_sheet("Other"),
        lambda: exports.ask_for_film("Other"),
        lambda: exports.write_sheet("Other", tmp_path / "x", wish),
        lambda: exports.write_film("Other", tmp_path / "x", wish),
    ):
        one.panel.errors.dismiss()
        act()
        assert "Other is no longer shown" in one.panel.errors.text
    one.panel.model.forget()
    exports.write_codes(tmp_path / "x")
    assert "the run is no longer shown" in one.panel.errors.text.casefold()


def test_what_cannot_be_written_is_said(opened: Callable[..., Opened], run: Run, tmp_path: Path) -> None:
    one = opened()
    one.samples()
    (tmp_path / "file").write_text("in the way")
    with one.bot.waitSignal(one.panel.exports.failed, timeout=30_000) as said:
        one.panel.exports.write_sheet("Samples", tmp_path / "file" / "x.png", PictureWish(enlarge=1))
    assert isinstance(said.args[0], UserError)


def test_what_was_explored_is_taken_up_again(opened: Callable[..., Opened], run: Run) -> None:
    one = opened({"chosen": [run.id, "3", "test"], "page": "samples", "pages": {"samples": {"seed": 4}}})
    page = one.samples()
    assert page.samples.seed == 4
    assert one.badge().endswith("step 3")
    state: Any = one.panel.state()
    assert state["chosen"] == [run.id, "3", "test"]
    assert state["page"] == "samples"
    assert state["pages"]["samples"]["seed"] == 4
    one.panel.workspace.close_project()  # before the window is
    assert one.panel.state()["chosen"] == [run.id, "3", "test"]


def test_the_list_of_runs_leads_here(
    workspace: Workspace, run: Run, theme: Theme, qtbot: QtBot, opened: Callable[..., Opened]
) -> None:
    triggered: list[str] = []
    runs = RunsPanel(workspace=workspace, theme=theme, trigger=triggered.append)
    qtbot.addWidget(runs)
    runs.resize(1100, 600)
    runs.show()
    one = opened()
    offered: list[str] = []
    workspace.run_offered.connect(offered.append)
    qtbot.waitUntil(lambda: runs.runs.rowCount() == 1)
    commands = {command.id: command for command in runs.commands()}
    qtbot.waitUntil(lambda: commands["runs.open-latent"].enabled())
    assert not commands["runs.look-into"].enabled()
    commands["runs.open-latent"].handler()
    assert triggered == ["show.latent"]
    assert offered == [run.id]
    one.shown()


def test_every_task_that_makes_images_is_known() -> None:
    from workbench.engine.models import MODELS

    assert {family.task for family in MODELS.values()} - {"classify"} == set(GENERATIVE)
