"""The run that a person looks into: chosen, looked at off the GUI thread, announced when there is something to see.

Every page of the Inspect panel follows one of these. It holds what a network answered (an
:class:`~workbench.engine.inspection.inspection.Inspection`) and nothing that is computed from it: scores, matrices and
projections are the pages' own. What its jobs do is in :mod:`workbench.gui.models.looking`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.engine.errors import UserError
from workbench.gui.jobs import Job, Work
from workbench.gui.models.inspectable_runs import BEST, LAST, InspectableRuns, at_hand, is_training, step_meant
from workbench.gui.models.look_queue import LookQueue, Wish
from workbench.gui.models.looking import (
    TRAIN,
    UNLABELLED,
    VALIDATION,
    Choice,
    Divided,
    Look,
    Weights,
    look,
    look_at_dataset,
    look_at_split,
)
from workbench.gui.models.run_facts import RunFacts
from workbench.gui.models.snapshots import Outcome, Snapshots
from workbench.gui.models.unknown_looks import UnknownLooks
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.project.splits import Items
    from workbench.gui.models.knownness import Threshold

ITEMS_PAGE = "items"
"""The page that shows items."""


class InspectionModel(QObject):
    """At most one inspection at a time; with it, on demand, others with the same weights.

    Signals:
        chosen: Another run, checkpoint or split is wanted; :attr:`choice` is different.
        changed: :attr:`inspection` (and :attr:`dataset`) are others now, or none.
        split_known: Name of a split that :meth:`of` has now.
        training_changed: :attr:`training` is there, or is gone.
        unknowns_changed: :attr:`unknowns` are others now, or :attr:`unknown_names`.
        working: Whether a look is under way.
        began: The :class:`Job` of a look that a person waits for.
        divided: :attr:`counts` are known.
        failed: The error, and what was being done in words.
        newer: Step of a checkpoint that would be looked at now, were it chosen again; -1 when there is none any more.
        threshold_changed: :attr:`threshold` is different.
        page_wanted: Id of the page that what follows is for (it may have to be made first).
        items_wanted: Ids of items (int64, in the order to be shown) and what they are in words: show these only.
        item_opened: Id of an item: show it large.

    Attributes:
        runs: Those that can be looked into. Someone has to :meth:`InspectableRuns.follow` them.
        choice: What is wanted; ``None`` before anything was.
        inspection: What is there. It stays until the next one is, so that what is shown is always of one piece.
        dataset: What its items are of, opened.
        weights: For jobs that ask the network itself.
        counts: Items in each split of the chosen run that can be looked at.
        threshold: Below what an item is unknown, as the person has chosen it for these weights; ``None`` before.
    """

    chosen = Signal()
    changed = Signal()
    split_known = Signal(str)
    training_changed = Signal()
    unknowns_changed = Signal()
    working = Signal(bool)
    began = Signal(object)
    divided = Signal()
    failed = Signal(object, str)
    newer = Signal(int)
    threshold_changed = Signal()
    page_wanted = Signal(str)
    items_wanted = Signal(object, str)
    item_opened = Signal(int)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.runs = InspectableRuns(workspace, self)
        self._queue = LookQueue(workspace.jobs, self._work_of, self)
        self._snapshots = Snapshots()
        self._newer = -1
        self._barren = False  # the chosen run has no checkpoint yet
        self._unknowns = UnknownLooks()
        self._clear()
        self._queue.working.connect(self.working)
        self._queue.began.connect(self.began)
        self._queue.told.connect(self._on_told)
        self._queue.found.connect(self._on_found)
        self._queue.came_to_nothing.connect(self._on_came_to_nothing)
        self.runs.changed.connect(self._on_runs_changed)
        workspace.project_changed.connect(self._on_project_changed)

    def _clear(self) -> None:
        self.choice: Choice | None = None
        self.inspection: Inspection | None = None
        self.dataset: Dataset | None = None
        self.weights: Weights | None = None
        self.counts: Mapping[str, int] = {}
        self._shown: tuple[Choice, Mapping[str, int]] | None = None  # what the inspection came from
        self._looks: dict[str, Inspection] = {}
        self.threshold: Threshold | None = None
        self._unknowns.forget_answers()

    # Choosing

    def choose(self, run_id: str, *, checkpoint: str = BEST, split: str = VALIDATION) -> None:
        """Look at a run of the open project; what went on before is dropped.

        Args:
            checkpoint: ``"best"``, ``"last"``, or a step.
            split: Where the run has no such split, the first that it has is looked at.
        """
        if self.choice is None or self.choice.run != run_id:
            self._snapshots.forget()
            self.counts = {}
        self.choice = Choice(run=run_id, checkpoint=checkpoint, split=split)
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
        work = look(
            self.workspace.opened(), self.choice, preferences=self.workspace.preferences, opened=self.dataset
        )  # fmt: skip
        self._queue.look(work, title=f"Looking at {self.name}")

    def forget(self) -> None:
        """Look at nothing."""
        self._queue.drop()
        self._snapshots.forget()
        self._barren = False
        had = self.inspection is not None
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

    def show(self, inspection: "Inspection", *, dataset: "Dataset | None" = None) -> None:
        """Show an inspection that is at hand, and no other.

        Args:
            dataset: What its items are of; where none is given, the one that is open if that is its own.
        """
        self._queue.drop()
        self.choice = Choice(run=inspection.run, checkpoint=str(inspection.step), split=inspection.split)
        if dataset is None and self.inspection is not None and self.inspection.dataset == inspection.dataset:
            dataset = self.dataset
        counts = {**self.counts, inspection.split: len(inspection)}
        self._take(Look(inspection=inspection, dataset=dataset, counts=counts))

    # More looks with the same weights

    def of(self, split: str) -> "Inspection | None":
        """The same weights on another split, if that is known; see :meth:`want`."""
        return self._looks.get(split)

    def want(self, split: str) -> None:
        """Look with the same weights at another split, too, unless that is known, under way, or there is none.

        :attr:`split_known` follows.
        """
        if self.inspection is not None and split not in self._looks and split in self.counts:
            self._queue.wish(Wish("split", split))

    @property
    def training(self) -> "Inspection | None":
        """The same weights on the training split; see :meth:`want_training`."""
        return self._looks.get(TRAIN)

    def want_training(self) -> None:
        """Look at the training split, too; :attr:`training_changed` follows."""
        self.want(TRAIN)

    def put(self, inspection: "Inspection") -> None:
        """Take up another look at a split with the same weights."""
        self._looks[inspection.split] = inspection
        if inspection.split == UNLABELLED:
            self._unknowns.put(UNLABELLED, inspection, dataset=None)
            self.unknowns_changed.emit()
        self.split_known.emit(inspection.split)
        if inspection.split == TRAIN:
            self.training_changed.emit()

    # Unknowns

    @property
    def unknowns(self) -> "Mapping[str, Inspection]":
        """What is known of unknown items, by the name of their dataset; see :meth:`want_unknowns`."""
        return self._unknowns.found

    @property
    def unknown_names(self) -> tuple[str, ...]:
        """Names of the other datasets that are taken for unknowns, looked at or not."""
        return self._unknowns.names

    def add_unknowns(self, dataset_name: str) -> None:
        """Take all items of another dataset for unknowns, and look at them."""
        if self._unknowns.add(dataset_name):
            self.unknowns_changed.emit()
        self.want_unknowns()

    def remove_unknowns(self, dataset_name: str) -> None:
        if self._unknowns.remove(dataset_name):
            self.unknowns_changed.emit()

    def want_unknowns(self) -> None:
        """Look at all unknowns that are not looked at yet, those among the run's own data included."""
        if self.inspection is None:
            return
        self.want(UNLABELLED)
        for name in self._unknowns.missing:
            self._queue.wish(Wish("dataset", name))

    def put_unknowns(self, name: str, inspection: "Inspection", *, dataset: "Dataset | None" = None) -> None:
        """Take up a look at unknowns with the same weights."""
        self._unknowns.add(name)
        self._unknowns.put(name, inspection, dataset=dataset)
        self.unknowns_changed.emit()

    def dataset_of(self, name: str) -> "Dataset | None":
        """The opened dataset that the unknowns of this name are items of."""
        return self.dataset if name == UNLABELLED else self._unknowns.dataset(name)

    def set_threshold(self, threshold: "Threshold | None") -> None:
        """Below what an item is unknown from now on."""
        if threshold != self.threshold:
            self.threshold = threshold
            self.threshold_changed.emit()

    # Items

    def show_items(self, items: "Items", title: str) -> None:
        """Have these items of :attr:`inspection` shown, in this order; ``title`` says what they are."""
        self.page_wanted.emit(ITEMS_PAGE)
        self.items_wanted.emit(items, title)

    def open_item(self, item: int) -> None:
        """Have one item shown large."""
        self.page_wanted.emit(ITEMS_PAGE)
        self.item_opened.emit(int(item))

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
        step, shown = step_meant(self.facts, self.choice.checkpoint) if self.choice else -1, self.inspection
        if shown is None or self.choice is None or shown.run != self.choice.run or step == shown.step:
            step = -1
        if step != self._newer:
            self._newer = step
            self.newer.emit(step)

    # Jobs

    def _work_of(self, wish: Wish) -> Work | None:
        project, shown = self.workspace.project, self.inspection
        if shown is None or project is None:
            return None
        make: Callable[..., Work] = look_at_split if wish.kind == "split" else look_at_dataset
        return make(project, shown.run, shown.step, wish.name, preferences=self.workspace.preferences)

    def _on_told(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, Divided):
                self.counts = event.counts
                self.divided.emit()

    def _on_found(self, wish: Wish | None, result: Any) -> None:
        if wish is None:
            self._take(result)
        elif wish.kind == "split":
            self.put(result)
        elif wish.name in self._unknowns.names:
            inspection, dataset = result
            self.put_unknowns(wish.name, inspection, dataset=dataset)

    def _on_came_to_nothing(self, wish: Wish | None, error: BaseException | None) -> None:
        if wish is None:
            self._go_back()
        if error is not None:
            self.failed.emit(error, f"looking at {wish.words if wish else self.name}")

    def _take(self, look: Look) -> None:
        assert self.choice
        inspection, before = look.inspection, self.inspection
        if before is None or (before.run, before.step) != (inspection.run, inspection.step):
            self._looks = {}
            self._unknowns.forget_answers()
            self.set_threshold(None)
            self.weights = self._weights(inspection)
        self.inspection, self.dataset, self.counts = inspection, look.dataset, look.counts
        self._looks[inspection.split] = inspection
        self.choice = replace(self.choice, split=inspection.split)
        self._shown = (self.choice, look.counts)
        self._announce_newer()
        self._announce()

    def _weights(self, inspection: "Inspection") -> Weights | None:
        project = self.workspace.project
        if project is None:
            return None
        return Weights(project, inspection.run, inspection.step, self.workspace.preferences)

    def _go_back(self) -> None:
        """The look at the choice came to nothing: what is shown is what is chosen again."""
        if self.inspection is not None and self._shown:
            self.choice, self.counts = self._shown
        self._announce_newer()
        self.chosen.emit()

    def _show_nothing(self) -> None:
        """Nothing is shown of the choice."""
        if self.inspection is not None:
            choice = self.choice
            self._clear()
            self.choice = choice
            self._announce_newer()
            self._announce()

    def _announce(self) -> None:
        self.changed.emit()
        self.training_changed.emit()
        self.unknowns_changed.emit()

    def _on_project_changed(self) -> None:
        self._unknowns.forget()
        self.forget()
