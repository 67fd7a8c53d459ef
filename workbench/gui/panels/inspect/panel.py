"""Inspect: why a trained network says what it says, how good it is, and when it should say "I don't know".

The panel arranges and has the commands. What is looked at is chosen in :mod:`workbench.gui.panels.inspect.bar`, held by
:mod:`workbench.gui.models.inspection` and shown by the pages.
"""

from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from workbench.gui.actions import Action, Trigger
from workbench.gui.jobs import Job
from workbench.gui.models.inspectable_runs import BEST, is_training
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.looking import SPLITS
from workbench.gui.panels.inspect.commands import commands_of
from workbench.gui.panels.inspect.export import Exports
from workbench.gui.panels.inspect.pages import TRY, InspectPages
from workbench.gui.panels.look_bar import LookBar
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.drop import DropHighlight, targets_of
from workbench.gui.workspace import Workspace

_ABOUT = (
    "See how good a trained network is and on what, which classes it confuses, which images it gets wrong, and when it"
    " should say that it does not know."
)
_NO_PROJECT = Empty(
    icon="inspect",
    title="No project is open",
    text=_ABOUT,
    action="project.new",
    button="New project\N{HORIZONTAL ELLIPSIS}",
)
_NO_RUNS = Empty(
    icon="inspect",
    title="No trained network yet",
    text=f"{_ABOUT} Train one that tells classes apart, and look into it here, even while it trains.",
    action="show.train",
    button="Train a model",
)
_NO_CHECKPOINT_YET = Empty(
    icon="inspect",
    title="This run has saved nothing yet",
    text="A snapshot of the network as it is now can be looked into while the run goes on.",
    action="inspect.snapshot",
    button="Take a snapshot",
)
_NO_CHECKPOINT = Empty(
    icon="inspect",
    title="This run has saved nothing",
    text="It ended before its first checkpoint, so there is no network to look into. Resume it, and let it train for a"
    " while.",
    action="show.runs",
    button="Go to the runs",
)
_NOT_LOOKED = Empty(
    icon="inspect",
    title="Not looked at yet",
    text="The network has to answer for every item of the split once. The answers are kept with the run.",
    action="inspect.look",
    button="Look at it",
)
_ANSWERING = "The network answers for every item of the split. The answers are kept, so the next look takes no time."


class TakesFiles(Protocol):
    """The page that dropped images and folders go to."""

    def take(self, paths: list[Path]) -> None: ...


class InspectPanel(Panel):
    """See the module."""

    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("inspect", workspace=workspace, theme=theme, trigger=trigger)
        self.setAcceptDrops(True)
        self.model = InspectionModel(workspace, self)
        self._remembered: tuple[str, str, str] | None = None  # run, checkpoint and split to begin with
        self._offered = ""  # a run to look into as soon as it is known
        self.pages = InspectPages(self.model, theme)
        self.exports = Exports(self.model, self.pages, theme, self)
        self.bar = LookBar(self.model, theme, name="inspect", export=self.exports.button)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(2 * GAP, GAP // 2, 2 * GAP, GAP)
        column.addWidget(self.pages)
        strip = self.layout()
        assert isinstance(strip, QVBoxLayout)
        strip.insertWidget(strip.indexOf(self.errors) + 1, self.bar)  # above the empty page, too: it chooses
        keys = (*self.bar.pickers, *self.bar.buttons, self.pages.tabs)
        for one, after in pairwise(keys):
            self.setTabOrder(one, after)
        self._highlight = DropHighlight(self, theme, text="Drop to classify")
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        model = self.model
        model.runs.changed.connect(self._on_runs_changed)
        model.runs.failed.connect(self._on_reading_failed)
        model.chosen.connect(self._on_model_changed)
        model.changed.connect(self._on_model_changed)
        model.working.connect(self._on_model_changed)
        model.began.connect(self._on_look_began)
        model.failed.connect(self._on_failed)
        self.exports.failed.connect(self._on_failed)
        self.bar.snapshot_wanted.connect(self.take_snapshot)
        self.bar.update_wanted.connect(self.look)
        self.pages.turned.connect(self._on_page_turned)
        self.workspace.project_changed.connect(self._on_project_changed)
        self.workspace.run_offered.connect(self._on_run_offered)

    # Commands

    def commands(self) -> list[Action]:
        return commands_of(self)

    def look(self) -> None:
        """Look at what is chosen again: at a newer checkpoint, or after it was stopped."""
        self.model.look()

    def take_snapshot(self) -> None:
        """Have the run save its network as it is now; it is looked at when it is there."""
        self.errors.dismiss()
        self.model.take_snapshot()

    @property
    def can_look(self) -> bool:
        facts = self.model.facts
        return facts is not None and bool(facts.checkpoints) and self.model.job is None

    @property
    def can_snapshot(self) -> bool:
        return self.model.in_training and not self.model.awaits_snapshot

    # Following

    def _on_project_changed(self) -> None:
        self._offered = ""
        self.errors.dismiss()
        self._refresh()

    def _on_runs_changed(self) -> None:
        self._choose_something()
        self._refresh()
        self.workspace.changed.emit()

    def _on_run_offered(self, run: str) -> None:
        self._offered = run
        if self.model.runs.facts(run):
            self._choose_something()
        else:
            self.model.runs.refresh()

    def _choose_something(self) -> None:
        """What was offered, or else, while nothing is chosen, what was looked at last or the newest run."""
        model = self.model
        if model.runs.facts(self._offered):
            run, self._offered = self._offered, ""
            if model.choice is None or model.choice.run != run or model.inspection is None:
                model.choose(run, split=model.choice.split if model.choice else SPLITS[0])
        elif model.choice is not None and model.runs.facts(model.choice.run) is None and model.runs.known:
            model.forget()  # the run was deleted
            self._choose_something()
        elif model.choice is None and model.runs.rows and self.isVisible():
            run, checkpoint, split = self._remembered or ("", BEST, SPLITS[0])
            if model.runs.facts(run) is None:
                with_checkpoint = [facts for facts in model.runs.rows if facts.checkpoints]
                run, checkpoint = (with_checkpoint or model.runs.rows)[0].id, BEST
            model.choose(run, checkpoint=checkpoint, split=split)

    def _refresh(self) -> None:
        """Show the page that teaches where there is nothing else to show."""
        model, facts = self.model, self.model.facts
        known = model.runs.known
        self.bar.setVisible(bool(model.runs.rows))
        if self.workspace.project is None:
            self.show_empty(_NO_PROJECT)
        elif known and not model.runs.rows:
            self.show_empty(_NO_RUNS)
        elif model.inspection is not None:
            self.show_empty(None)
        elif facts and not facts.checkpoints:
            self.show_empty(_NO_CHECKPOINT_YET if is_training(facts) else _NO_CHECKPOINT)
        elif model.job or not known or facts is None:
            title = f"Looking at {model.name}" if facts else "Reading the runs"
            self.show_empty(Empty(icon="inspect", title=title, text=_ANSWERING if facts else _ABOUT))
        else:
            self.show_empty(_NOT_LOOKED)
        self.exports.button.setEnabled(model.inspection is not None)

    def _on_model_changed(self) -> None:
        self._refresh()
        self.workspace.changed.emit()  # the commands ask anew what makes sense

    def _on_look_began(self, job: Job) -> None:
        self.errors.dismiss()

    def _on_page_turned(self, id: str) -> None:
        self.workspace.changed.emit()

    def _on_failed(self, error: BaseException, doing: str) -> None:
        self.show_error(error, doing=doing)

    def _on_reading_failed(self, error: BaseException) -> None:
        self.show_error(error, doing="reading the runs")

    # What Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.runs.follow()
        self._choose_something()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.model.runs.follow(False)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.model.inspection is not None and _files(event):
            self._highlight.appear()
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._highlight.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._highlight.hide()
        paths = _files(event)
        if paths and self.model.inspection is not None:
            event.acceptProposedAction()
            self.classify(paths)

    def classify(self, paths: list[Path]) -> None:
        """Turn to the page that says what the network makes of any image, and hand it these files and folders."""
        self.pages.turn_to(TRY)
        cast(TakesFiles, self.pages.page(TRY)).take(paths)

    # What is remembered

    def state(self) -> dict[str, object]:
        choice = self.model.choice
        chosen = (choice.run, choice.checkpoint, choice.split) if choice else self._remembered
        return {
            "chosen": list(chosen) if chosen else [],
            "page": self.pages.current,
            "pages": self.pages.state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        chosen, pages = state.get("chosen"), state.get("pages")
        if isinstance(chosen, list) and len(chosen) == 3 and all(isinstance(part, str) for part in chosen):
            self._remembered = (chosen[0], chosen[1], chosen[2])
        if isinstance(pages, dict):
            self.pages.restore(pages)
        if isinstance(page := state.get("page"), str):
            self.pages.turn_to(page)


def _files(event: QDropEvent) -> list[Path]:
    """The files and folders that are dragged."""
    return [Path(target) for target in targets_of(event.mimeData()) if Path(target).exists()]
