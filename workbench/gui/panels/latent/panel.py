"""Latent: what a network that makes images has learned, explored by hand, even while it learns.

The panel arranges and has the commands. What is looked at is chosen in :mod:`workbench.gui.panels.look_bar`, held by
:mod:`workbench.gui.models.latent` and shown by the pages.
"""

from itertools import pairwise

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from workbench.engine.errors import UserError
from workbench.gui.actions import Action, Trigger
from workbench.gui.jobs import Job
from workbench.gui.models.inspectable_runs import LAST, is_training
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.looking import VALIDATION
from workbench.gui.panels.latent.commands import commands_of
from workbench.gui.panels.latent.export import LatentExports
from workbench.gui.panels.latent.pages import LatentPages
from workbench.gui.panels.look_bar import LookBar
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.theme import GAP, Theme
from workbench.gui.workspace import TRAINING, Workspace

_ABOUT = (
    "A network that makes images keeps what it learned in a latent space: every point of it is an image. Drag through"
    " it, walk from one image to another, add and subtract, and see whether the samples are new."
)
_NO_PROJECT = Empty(
    icon="latent",
    title="No project is open",
    text=_ABOUT,
    action="project.new",
    button="New project\N{HORIZONTAL ELLIPSIS}",
    other="project.demo",
    other_button="Try the demo",
)
_NO_RUNS = Empty(
    icon="latent",
    title="No network that makes images yet",
    text=f"{_ABOUT} Handwritten digits ship with the program: a network that draws them is trained within a minute.",
    action="latent.try",
    button="Try it on digits",
    other="show.train",
    other_button="Train another",
)
_NO_CHECKPOINT_YET = Empty(
    icon="latent",
    title="This network has just begun to learn",
    text="It appears here as soon as it is saved for the first time. A snapshot of it as it is now can be explored"
    " while the training goes on.",
    action="latent.snapshot",
    button="Take a snapshot",
    other="show.train",
    other_button="Watch it train",
)
_NO_CHECKPOINT = Empty(
    icon="latent",
    title="This run has saved nothing",
    text="It ended before its first checkpoint, so there is no network to explore. Resume it, and let it train for a"
    " while.",
    action="show.runs",
    button="Go to the runs",
)
_NOT_LOOKED = Empty(
    icon="latent",
    title="Not opened",
    text="The network of this run was not loaded. Try it again, or choose another checkpoint above.",
    action="latent.look",
    button="Explore it",
)
_DIGITS = "digits-vae"


class LatentPanel(Panel):
    """See the module."""

    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("latent", workspace=workspace, theme=theme, trigger=trigger)
        self.model = LatentModel(workspace, self)
        self._remembered: tuple[str, str, str] | None = None  # run, checkpoint and split to begin with
        self._offered = ""  # a run to explore as soon as it is known
        self.pages = LatentPages(self.model, theme)
        self.exports = LatentExports(self.model, self.pages, theme, self)
        self.bar = LookBar(self.model, theme, name="latent", export=self.exports.button)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(2 * GAP, GAP // 2, 2 * GAP, GAP)
        column.addWidget(self.pages)
        strip = self.layout()
        assert isinstance(strip, QVBoxLayout)
        strip.insertWidget(strip.indexOf(self.errors) + 1, self.bar)  # above the empty page, too: it chooses
        for one, after in pairwise((*self.bar.pickers, *self.bar.buttons, self.pages.tabs)):
            self.setTabOrder(one, after)
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        model = self.model
        model.runs.changed.connect(self._on_runs_changed)
        model.runs.failed.connect(self._on_reading_failed)
        model.chosen.connect(self._on_model_changed)
        model.changed.connect(self._on_model_changed)
        model.codes_changed.connect(self._on_model_changed)
        model.working.connect(self._on_model_changed)
        model.began.connect(self._on_look_began)
        model.failed.connect(self._on_failed)
        self.exports.failed.connect(self._on_failed)
        self.bar.snapshot_wanted.connect(self.take_snapshot)
        self.bar.update_wanted.connect(self.look)
        self.pages.turned.connect(self._on_page_turned)
        self.workspace.jobs.started.connect(self._on_job_started_or_ended)
        self.workspace.jobs.ended.connect(self._on_job_started_or_ended)
        self.workspace.project_changed.connect(self._on_project_changed)
        self.workspace.run_offered.connect(self._on_run_offered)

    # Commands

    def commands(self) -> list[Action]:
        return commands_of(self)

    def look(self) -> None:
        """Open what is chosen again: a newer checkpoint, or after it was stopped."""
        self.model.look()

    def take_snapshot(self) -> None:
        """Have the run save its network as it is now; it is opened when it is there."""
        self.errors.dismiss()
        self.model.take_snapshot()

    def try_digits(self) -> None:
        """Train on the digits that ship with the program; the run is opened as soon as there is something to see."""
        from workbench.engine.train.job import preset

        self.errors.dismiss()
        try:
            job = preset(_DIGITS)
        except UserError as error:
            self.show_error(error, doing="training on digits")
            return
        self.workspace.train(job)

    @property
    def can_look(self) -> bool:
        facts = self.model.facts
        return facts is not None and bool(facts.checkpoints) and self.model.job is None

    @property
    def can_snapshot(self) -> bool:
        return self.model.in_training and not self.model.awaits_snapshot

    @property
    def can_try(self) -> bool:
        return self.workspace.project is not None and self.workspace.training is None

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
        """What was offered, or else, while nothing is chosen, what was explored last or the newest run."""
        model = self.model
        if model.runs.facts(self._offered):
            run, self._offered = self._offered, ""
            if model.choice is None or model.choice.run != run or model.explorer is None:
                model.choose(run, split=model.choice.split if model.choice else VALIDATION)
        elif model.choice is not None and model.runs.facts(model.choice.run) is None and model.runs.known:
            model.forget()  # the run was deleted
            self._choose_something()
        elif model.choice is None and model.runs.rows and self.isVisible():
            run, checkpoint, split = self._remembered or ("", LAST, VALIDATION)
            if model.runs.facts(run) is None:
                with_checkpoint = [facts for facts in model.runs.rows if facts.checkpoints]
                run, checkpoint = (with_checkpoint or model.runs.rows)[0].id, LAST
            model.choose(run, checkpoint=checkpoint, split=split)

    def _refresh(self) -> None:
        """Show the page that teaches where there is nothing else to show."""
        model, facts = self.model, self.model.facts
        known = model.runs.known
        self.bar.setVisible(bool(model.runs.rows))
        if self.workspace.project is None:
            self.show_empty(_NO_PROJECT)
        elif model.explorer is not None:
            self.show_empty(None)
        elif known and not model.runs.rows:
            self.show_empty(self._beginning() or _NO_RUNS)
        elif facts and not facts.checkpoints:
            self.show_empty(_NO_CHECKPOINT_YET if is_training(facts) else _NO_CHECKPOINT)
        elif model.job or not known or facts is None:
            title = f"Opening {model.name}" if facts else "Reading the runs"
            self.show_empty(Empty(icon="latent", title=title, text=_ABOUT))
        else:
            self.show_empty(_NOT_LOOKED)
        self.exports.button.setEnabled(model.explorer is not None)

    def _beginning(self) -> Empty | None:
        """While a training prepares its data, there is no run yet."""
        job = self.workspace.training
        if job is None:
            return None
        return Empty(icon="latent", title=job.title, text=_ABOUT, action="show.train", button="Watch it train")

    def _on_job_started_or_ended(self, job: Job) -> None:
        if job.kind == TRAINING:
            self._refresh()

    def _on_model_changed(self) -> None:
        if choice := self.model.choice:  # it is known when the project is closed, too
            self._remembered = (choice.run, choice.checkpoint, choice.split)
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

    def leave(self) -> None:
        self.model.close()

    # What is remembered

    def state(self) -> dict[str, object]:
        return {
            "chosen": list(self._remembered) if self._remembered else [],
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
