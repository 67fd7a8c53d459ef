"""The run that a person looks into: chosen, looked at off the GUI thread, announced when there is something to see.

Every page of the Inspect panel follows one of these. Choosing and following are :mod:`.looked_run`'s. It holds what a
network answered (an :class:`~workbench.engine.inspection.inspection.Inspection`) and nothing that is computed from it:
scores, matrices and projections are the pages' own. What its jobs do is in :mod:`workbench.gui.models.looking`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.jobs import Work
from workbench.gui.models.inspectable_runs import BEST, CLASSIFYING, is_training
from workbench.gui.models.look_queue import Wish
from workbench.gui.models.looked_run import LookedRun, Shown
from workbench.gui.models.looking import (
    TRAIN,
    UNLABELLED,
    Choice,
    Look,
    Weights,
    look,
    look_at_dataset,
    look_at_split,
)
from workbench.gui.models.unknown_looks import UnknownLooks
from workbench.gui.units import items_text
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.project.splits import Items
    from workbench.gui.models.knownness import Threshold

ITEMS_PAGE = "items"
"""The page that shows items."""


class InspectionModel(LookedRun):
    """At most one inspection at a time; with it, on demand, others with the same weights.

    Signals, beside those of every run that is looked into:
        split_known: Name of a split that :meth:`of` has now.
        training_changed: :attr:`training` is there, or is gone.
        unknowns_changed: :attr:`unknowns` are others now, or :attr:`unknown_names`.
        threshold_changed: :attr:`threshold` is different.
        items_wanted: Ids of items (int64, in the order to be shown) and what they are in words: show these only.
        item_opened: Id of an item: show it large.

    Attributes:
        inspection: What is there. It stays until the next one is, so that what is shown is always of one piece.
        dataset: What its items are of, opened.
        weights: For jobs that ask the network itself.
        threshold: Below what an item is unknown, as the person has chosen it for these weights; ``None`` before.
    """

    split_known = Signal(str)
    training_changed = Signal()
    unknowns_changed = Signal()
    threshold_changed = Signal()
    items_wanted = Signal(object, str)
    item_opened = Signal(int)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        self._unknowns = UnknownLooks()
        super().__init__(workspace, parent, tasks=CLASSIFYING, checkpoint=BEST)

    def _clear(self) -> None:
        super()._clear()
        self.inspection: Inspection | None = None
        self.dataset: Dataset | None = None
        self.weights: Weights | None = None
        self._looks: dict[str, Inspection] = {}
        self.threshold: Threshold | None = None
        self._unknowns.forget_answers()

    @property
    def shown(self) -> Shown | None:
        return Shown(self.inspection.run, self.inspection.step) if self.inspection else None

    @property
    def measured(self) -> str:
        """``"validation · 180 items · random 1437+180/180 · split 3f9c · step 1,200 of 5,000, in training"``."""
        shown, facts = self.inspection, self.facts
        if shown is None:
            return ""
        of = f" of {shown.steps:,}" if shown.steps and shown.steps != shown.step else ""
        training = ", in training" if is_training(facts) and facts and facts.id == shown.run else ""
        parts = [shown.split, items_text(len(shown)), shown.protocol, f"step {shown.step:,}{of}{training}"]
        return " · ".join(part for part in parts if part)

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

    # Jobs

    def _look_work(self, choice: Choice) -> Work:
        return look(self.workspace.opened(), choice, preferences=self.workspace.preferences, opened=self.dataset)

    def _work_of(self, wish: Wish) -> Work | None:
        project, shown = self.workspace.project, self.inspection
        if shown is None or project is None:
            return None
        make: Callable[..., Work] = look_at_split if wish.kind == "split" else look_at_dataset
        return make(project, shown.run, shown.step, wish.name, preferences=self.workspace.preferences)

    def _take_wished(self, wish: Wish, result: Any) -> None:
        if wish.kind == "split":
            self.put(result)
        elif wish.name in self._unknowns.names:
            inspection, dataset = result
            self.put_unknowns(wish.name, inspection, dataset=dataset)

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
        self._seen = (self.choice, look.counts)
        self._announce_newer()
        self._announce()

    def _weights(self, inspection: "Inspection") -> Weights | None:
        project = self.workspace.project
        if project is None:
            return None
        return Weights(project, inspection.run, inspection.step, self.workspace.preferences)

    def _announce(self) -> None:
        super()._announce()
        self.training_changed.emit()
        self.unknowns_changed.emit()

    def _on_project_changed(self) -> None:
        self._unknowns.forget()
        super()._on_project_changed()
