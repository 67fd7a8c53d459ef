"""A run that a person looks into: chosen, loaded off the GUI thread, followed while it trains.

What a look gives, and what is held of it, is for subclasses to say: :mod:`workbench.gui.models.inspection` has the
answers of a classifier, :mod:`workbench.gui.models.latent` a network that makes images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from workbench.engine.errors import UserError
from workbench.gui.jobs import Job, Work
from workbench.gui.models.inspectable_runs import LAST, InspectableRuns, at_hand, is_training, step_meant
from workbench.gui.models.look_queue import LookQueue, Wish
from workbench.gui.models.looking import VALIDATION, Choice, Divided
from workbench.gui.models.run_facts import RunFacts
from workbench.gui.models.snapshots import Outcome, Snapshots
from workbench.gui.workspace import Workspace


class Shown(NamedTuple):
    """Which weights are shown."""

    run: str
    step: int


class LookedRun(QObject):
    """At most one look at a time.

    Signals:
        chosen: Another run, checkpoint or split is wanted; :attr:`choice` is different.
        changed: What is shown is different now, or nothing is.
        working: Whether a look is under way.
        began: The :class:`Job` of a look that a person waits for.
        divided: :attr:`counts` are known.
        failed: The error, and what was being done in words.
        newer: Step of a checkpoint that would be looked at now, were it chosen again; -1 when there is none any more.
        page_wanted: Id of the page that what follows is for (it may have to be made first).

    Attributes:
        runs: Those that can be looked into. Someone has to :meth:`InspectableRuns.follow` them.
        choice: What is wanted; ``None`` before anything was.
        counts: Items in each split of the chosen run that can be looked at.

    Args:
        tasks: Runs of these are looked into.
        checkpoint: The checkpoint that :meth:`choose` takes unless told otherwise.
    """

    chosen = Signal()
    changed = Signal()
    working = Signal(bool)
    began = Signal(object)
    divided = Signal()
    failed = Signal(object, str)
    newer = Signal(int)
    page_wanted = Signal(str)

    def __init__(
        self, workspace: Workspace, parent: QObject | None, *, tasks: Sequence[str], checkpoint: str
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.workspace = workspace
        self.runs = InspectableRuns(workspace, self, tasks=tasks)
        self._queue = LookQueue(workspace.jobs, self._work_of, self)
        self._snapshots = Snapshots()
        self._usual = checkpoint
        self._newer = -1
        self._barren = False  # the chosen run has no checkpoint yet
        self._clear()
        self._queue.working.connect(self.working)
        self._queue.began.connect(self.began)
        self._queue.told.connect(self._on_told)
        self._queue.found.connect(self._on_found)
        self._queue.came_to_nothing.connect(self._on_came_to_nothing)
        self.runs.changed.connect(self._on_runs_changed)
        workspace.project_changed.connect(self._on_project_changed)

    # What subclasses say

    @property
    def shown(self) -> Shown | None:
        """Which weights are shown; ``None`` while nothing is."""
        raise NotImplementedError

    @property
    def measured(self) -> str:
        """What is shown and what it was measured on, for the badge; empty while nothing is."""
        raise NotImplementedError

    def _look_work(self, choice: Choice) -> Work:
        """What looks at ``choice``; it tells :class:`Divided`."""
        raise NotImplementedError

    def _take(self, look: Any) -> None:
        """Show what the look gave."""
        raise NotImplementedError

    def _work_of(self, wish: Wish) -> Work | None:
        """What fulfils a wish; ``None`` where there is nothing to look at with."""
        raise NotImplementedError

    def _take_wished(self, wish: Wish, result: Any) -> None:
        """Take up what a wish gave."""
        raise NotImplementedError

    def _clear(self) -> None:
        """Hold nothing."""
        self.choice: Choice | None = None
        self.counts: Mapping[str, int] = {}
        self._seen: tuple[Choice, Mapping[str, int]] | None = None  # what is shown came from

    def _announce(self) -> None:
        """Say that all that is shown is different."""
        self.changed.emit()

    # Choosing

    def choose(self, run_id: str, *, checkpoint: str = "", split: str = VALIDATION) -> None:
        """Look at a run of the open project; what went on before is dropped.

        Args:
            checkpoint: ``"best"``, ``"last"``, or a step; empty for the usual one.
            split: Where the run has no such split, the first that it has is looked at.
        """
        if self.choice is None or self.choice.run != run_id:
            self._snapshots.forget()
            self.counts = {}
        self.choice = Choice(run=run_id, checkpoint=checkpoint or self._usual, split=split)
        self.look()
        self.chosen.emit()

    def look(self) -> None:
        """Look at the choice again: at a checkpoint that is newer, or after it was stopped or failed.

        A run without a checkpoint is looked at as soon as it has one.
        """
        self._queue.drop()
        if self.choice is None:
            return
        facts = self.facts
        self._barren = facts is not None and not facts.checkpoints
        if self._barren:
            self._show_nothing()
            return
        self.choice = replace(self.choice, checkpoint=at_hand(facts, self.choice.checkpoint))
        self._queue.look(self._look_work(self.choice), title=f"Looking at {self.name}")

    def forget(self) -> None:
        """Look at nothing."""
        self._queue.drop()
        self._snapshots.forget()
        self._barren = False
        had = self.shown is not None
        self._clear()
        self._announce_newer()
        self.chosen.emit()
        if had:
            self._announce()

    @property
    def facts(self) -> RunFacts | None:
        """Of the chosen run."""
        return self.runs.facts(self.choice.run) if self.choice else None

    @property
    def name(self) -> str:
        """The chosen run, as a person calls it."""
        facts = self.facts
        return facts.name if facts else self.choice.run if self.choice else ""

    @property
    def job(self) -> Job | None:
        """The look under way that a person waits for."""
        return self._queue.job

    # While it trains

    @property
    def in_training(self) -> bool:
        """Whether the chosen run is being trained now."""
        return is_training(self.facts)

    @property
    def newest(self) -> int:
        """Step of a checkpoint that is newer than what is shown and would be shown, were it looked at again; or -1."""
        return self._newer

    @property
    def awaits_snapshot(self) -> bool:
        """Whether a snapshot was asked for and is still to come."""
        return self._snapshots.awaited

    def take_snapshot(self) -> None:
        """Ask the run for a checkpoint at its next report; it is looked at as soon as it is there."""
        facts = self.facts
        if facts is None or self.awaits_snapshot:
            return
        try:
            asked = self._snapshots.ask(facts)
        except UserError as error:
            self.failed.emit(error, "asking for a snapshot")
            return
        if asked:
            self.chosen.emit()
        else:  # it has just ended
            self.runs.refresh()

    def _on_runs_changed(self) -> None:
        facts = self.facts
        outcome = self._snapshots.look(facts)
        if outcome is Outcome.CAME:
            assert self.choice
            self.choose(self.choice.run, checkpoint=LAST, split=self.choice.split)
            return
        if outcome is Outcome.NEVER:
            self.chosen.emit()
        if self._barren and facts and facts.checkpoints:
            self.look()
        self._announce_newer()

    def _announce_newer(self) -> None:
        step, shown = step_meant(self.facts, self.choice.checkpoint) if self.choice else -1, self.shown
        if shown is None or self.choice is None or shown.run != self.choice.run or step == shown.step:
            step = -1
        if step != self._newer:
            self._newer = step
            self.newer.emit(step)

    # Jobs

    def _on_told(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, Divided):
                self.counts = event.counts
                self.divided.emit()

    def _on_found(self, wish: Wish | None, result: Any) -> None:
        if wish is None:
            self._take(result)
        else:
            self._take_wished(wish, result)

    def _on_came_to_nothing(self, wish: Wish | None, error: BaseException | None) -> None:
        if wish is None:
            self._go_back()
        if error is not None:
            self.failed.emit(error, f"looking at {wish.words if wish else self.name}")

    def _go_back(self) -> None:
        """The look at the choice came to nothing: what is shown is what is chosen again."""
        if self.shown is not None and self._seen:
            self.choice, self.counts = self._seen
        self._announce_newer()
        self.chosen.emit()

    def _show_nothing(self) -> None:
        """Nothing is shown of the choice."""
        if self.shown is not None:
            choice = self.choice
            self._clear()
            self.choice = choice
            self._announce_newer()
            self._announce()

    def _on_project_changed(self) -> None:
        self.forget()
