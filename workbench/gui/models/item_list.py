"""Which items of an inspection are wanted, and in what order: the list behind a grid.

What a ranking asks of 50,000 items is computed off the GUI thread, once; filtering and sorting are then a few
operations on arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, Ending, Job, Jobs
from workbench.gui.models.catalogue import ANY, Flags, Items, Key
from workbench.gui.models.inspected_items import Verdict

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection
    from workbench.gui.jobs import Work

LISTED = "listed"
"""The order in which the items were asked for; only where somebody asked for some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is wanted.

    Attributes:
        truth, predicted: Labels, :data:`~workbench.gui.models.catalogue.ANY` for all; -1 is the truth of an item
            without a label.
        verdict: ``None`` for any.
        text: A part of the name, compared without regard to case.
    """

    truth: int = ANY
    predicted: int = ANY
    verdict: Verdict | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many items of a list are what."""

    right: int = 0
    wrong: int = 0
    no_label: int = 0


class ItemList(QObject):
    """Empty at first; see :meth:`take` and :meth:`want`.

    Signals:
        changed: :attr:`items` are others, or in another order.

    Attributes:
        items: int64, ids.
        tally: Of those.
        left_out: Items that are wanted, but have no place in the order: those without a label have no loss.
    """

    changed = Signal()

    def __init__(self, jobs: Jobs, *, ranking: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._asked = ""  # the ranking that the job computes
        self._inspection: Inspection | None = None
        self._folded: Sequence[str] = ()
        self._among: Items | None = None
        self._choice, self._ranking = Choice(), ranking
        self._keys: dict[str, Key] = {}
        self.items: Items = np.empty(0, np.int64)
        self.tally, self.left_out = Tally(), 0

    def take(self, inspection: "Inspection | None", *, folded: Sequence[str] = ()) -> None:
        """Turn to another inspection; :meth:`want` says what of it, and lists it.

        Args:
            folded: Name of every item of the dataset, by id, folded for comparison.
        """
        self._stop()
        self._inspection, self._folded, self._keys = inspection, folded, {}

    def want(self, choice: Choice, *, ranking: str, among: Items | None = None) -> None:
        """List what is chosen in the order of a ranking, or as :data:`LISTED`.

        Args:
            among: No others than these, of which those that have no answer are passed over; ``None`` for all.
        """
        self._choice, self._ranking, self._among = choice, ranking, among
        self._list()

    @property
    def ranking(self) -> str:
        return self._ranking

    @property
    def busy(self) -> bool:
        """Whether another order is being computed."""
        return self._job is not None

    @property
    def total(self) -> int:
        """Items that there are an answer for."""
        return len(self._inspection) if self._inspection else 0

    # The list

    def _list(self) -> None:
        inspection = self._inspection
        if inspection is None:
            self._show(np.empty(0, np.int64), left_out=0)
            return
        rows = self._candidates(inspection)
        rows = rows[self._matching(inspection)[rows]]
        if text := self._choice.text.strip().casefold():
            items = inspection.items[rows].tolist()
            folded = self._folded
            rows = rows[np.array([text in folded[item] for item in items], bool)]
        left_out = 0
        if self._ranking != LISTED:
            key = self._keys.get(self._ranking)
            if key is None:
                self._compute(inspection)
                return  # what is shown stays until the order is known
            values = key[rows]
            left_out = int(np.isnan(values).sum())
            rows = rows[np.argsort(values, kind="stable")[: len(rows) - left_out]]  # which puts NaN last
        self._show(inspection.items[rows], left_out=left_out)

    def _candidates(self, inspection: "Inspection") -> Items:
        """Rows of the inspection in the order in which they were asked for, ascending otherwise."""
        if self._among is None:
            return np.arange(len(inspection))
        known = self._among[np.isin(self._among, inspection.items)]
        return inspection.rows(known)

    def _matching(self, inspection: "Inspection") -> Flags:
        choice, labels, predicted = self._choice, inspection.labels, inspection.predicted
        chosen = np.ones(len(inspection), bool)
        if choice.truth != ANY:
            chosen &= labels == choice.truth
        if choice.predicted != ANY:
            chosen &= predicted == choice.predicted
        match choice.verdict:
            case Verdict.RIGHT:
                chosen &= labels == predicted
            case Verdict.WRONG:
                chosen &= (labels >= 0) & (labels != predicted)
            case Verdict.NO_LABEL:
                chosen &= labels < 0
        return chosen

    def _show(self, items: Items, *, left_out: int) -> None:
        self.items, self.tally, self.left_out = items, _tally(self._inspection, items), left_out
        self.changed.emit()

    # The rankings

    def _compute(self, inspection: "Inspection") -> None:
        if self._job and self._asked == self._ranking:
            return
        self._stop()
        self._asked = self._ranking
        self._job = self._jobs.start(_keys(inspection, self._ranking), title="Ordering the items", quiet=True)
        self._job.ended.connect(self._on_job_ended)

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._keys[self._asked] = ending.result
            self._list()

    def _stop(self) -> None:
        if self._job:
            self._job.stop()
            self._job = None


def _tally(inspection: "Inspection | None", items: Items) -> Tally:
    if inspection is None:
        return Tally()
    rows = inspection.rows(items)
    labels = inspection.labels[rows]
    right, no_label = int((labels == inspection.predicted[rows]).sum()), int((labels < 0).sum())
    return Tally(right=right, wrong=len(rows) - right - no_label, no_label=no_label)


def _keys(inspection: "Inspection", ranking: str) -> "Work":
    from workbench.engine.inspection.ranking import RANKINGS

    return (yield from waiting(partial(RANKINGS[ranking].keys, inspection), stage="ordering"))
