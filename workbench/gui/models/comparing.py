"""A second run beside the one that is looked at: chosen, looked at on the same split, compared item by item in a job.

Which items differ and whether that can be chance is the engine's business
(:mod:`workbench.engine.inspection.comparison`); here is what is shown of it, class by class.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Work
from workbench.gui.models.class_rows import CLASS, Bar, ClassRows
from workbench.gui.models.inspectable_runs import BEST, at_hand
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.looking import Choice, Look, look
from workbench.gui.models.run_facts import RunFacts

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.comparison import Comparison
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.preferences import Preferences
    from workbench.engine.project.project import Project

Items = NDArray[np.int64]
SUPPORT, BEFORE, AFTER, CHANGE, FIXED, BROKEN = range(1, 7)
TITLES = ("Class", "Items", "Before", "Now", "Change", "Fixed", "Broken")
ABOUT = (
    "Click a class to see its items that are fixed or broken",
    "Items of the class that both runs were asked about",
    "Share that the other run gets right",
    "Share that this run gets right",
    "This run's share less the other's",
    "Items that only this run gets right",
    "Items that only the other run gets right",
)
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two runs on the items that they have in common.

    Attributes:
        baseline, shown: What is compared with, and what is looked at.
        comparison: From the baseline to what is looked at: ``fixed`` are the items that only the latter gets right.
        support, before, after, fixed, broken: int64[K], items of each class of ``shown``: all, right in the baseline,
            right in what is shown, and those that changed.
    """

    baseline: "Inspection"
    shown: "Inspection"
    comparison: "Comparison"
    support: Items
    before: Items
    after: Items
    fixed: Items
    broken: Items


def compare_inspections(baseline: "Inspection", shown: "Inspection") -> Compared:
    """Compare ``shown`` with ``baseline``. Takes a moment: not for the thread of a window.

    Raises:
        UserError: They have no items in common.
    """
    from workbench.engine.inspection.comparison import compare

    found = compare(baseline, shown)

    def a_class(*groups: Items) -> Items:
        """Items of each class among the groups."""
        labels = shown.labels[shown.rows(np.concatenate(groups))]
        counts: Items = np.bincount(labels, minlength=len(shown.classes))
        return counts

    return Compared(
        baseline=baseline,
        shown=shown,
        comparison=found,
        support=a_class(found.items),
        before=a_class(found.both_right, found.broken),
        after=a_class(found.both_right, found.fixed),
        fixed=a_class(found.fixed),
        broken=a_class(found.broken),
    )


class Comparing(QObject):
    """At most one second run at a time.

    Signals:
        changed: :attr:`compared` is there, or none is, or :attr:`candidates` are others.
        began: The :class:`Job` that looks at the second run.

    Attributes:
        run: Id of the second run; empty for none.
        compared: ``None`` until both are looked at.
        problem: Why there is nothing to compare, in a sentence.
    """

    changed = Signal()
    began = Signal(object)

    def __init__(self, model: InspectionModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._job: Job | None = None
        self.run = ""
        self.compared: Compared | None = None
        self.problem = ""

    @property
    def candidates(self) -> list[RunFacts]:
        """Runs of the same data that can be compared with, newest first."""
        shown = self._model.inspection
        rows = self._model.runs.rows
        if shown is None:
            return []
        return [
            facts for facts in rows
            if facts.id != shown.run and facts.status.dataset == shown.dataset and facts.checkpoints
        ]  # fmt: skip

    @property
    def job(self) -> Job | None:
        return self._job

    def choose(self, run: str) -> None:
        """Compare with the best checkpoint of another run, on the split that is looked at; with none for ``""``."""
        self.run = run
        self.refresh()

    def refresh(self) -> None:
        """Compare again: something else is looked at."""
        if self._job:
            self._job.stop()
            self._job = None
        self.compared, self.problem = None, ""
        shown, workspace = self._model.inspection, self._model.workspace
        if self._model.runs.known and self._model.runs.facts(self.run) is None:
            self.run = ""  # it was of another project, or is gone
        if self.run and shown is not None and shown.run != self.run and workspace.project is not None:
            checkpoint = at_hand(self._model.runs.facts(self.run), BEST)
            choice = Choice(run=self.run, checkpoint=checkpoint, split=shown.split)
            work = _compare(
                workspace.project, choice, shown, preferences=workspace.preferences, opened=self._model.dataset
            )  # fmt: skip
            self._job = workspace.jobs.start(work, title="Comparing", quiet=True)
            self._job.ended.connect(self._on_ended)
            self.began.emit(self._job)
        self.changed.emit()

    def show(self, compared: Compared) -> None:
        """Show a comparison that is at hand."""
        self.run, self.compared, self.problem = compared.baseline.run, compared, ""
        self.changed.emit()

    def _on_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self.compared = ending.result
        elif ending.state == FAILED:
            self.problem = str(ending.error)
            self._model.failed.emit(ending.error, "comparing")
        else:
            self.run = ""  # a person stopped it
        self.changed.emit()


def _compare(
    project: "Project", choice: Choice, shown: "Inspection", *, preferences: "Preferences", opened: "Dataset | None"
) -> Work:
    found: Look = yield from look(project, choice, preferences=preferences, opened=opened)
    return (yield from waiting(partial(compare_inspections, found.inspection, shown), stage="comparing"))


class ClassChanges(ClassRows):
    """A row a class that has items in common, in label order."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, titles=TITLES, about=ABOUT)

    def show(self, compared: Compared | None) -> None:
        """Show the classes of a comparison."""
        self.beginResetModel()
        self._labels, self._columns = [], {}
        if compared is not None:
            self._names = compared.shown.classes
            rows = np.flatnonzero(compared.support)
            self._labels = rows.tolist()
            support, before, after = (part[rows] for part in (compared.support, compared.before, compared.after))
            columns = {
                SUPPORT: support, BEFORE: before / support, AFTER: after / support,
                CHANGE: (after - before) / support, FIXED: compared.fixed[rows], BROKEN: compared.broken[rows],
            }  # fmt: skip
            self._columns = {column: values.tolist() for column, values in columns.items()}
        self.endResetModel()

    def bar(self, row: int, column: int) -> Bar | None:
        if column in (BEFORE, AFTER):
            return Bar(0.0, self._columns[column][row], "share")
        if column == CHANGE:
            change = self._columns[column][row]
            return Bar(0.5, 0.5 + change / 2, "good" if change > 0 else "bad")
        return None

    def number(self, row: int, column: int) -> str:
        value = self._columns[column][row]
        if column == CHANGE:
            return signed(value)
        return f"{100 * value:.1f} %" if column in (BEFORE, AFTER) else f"{value:,}"

    def words(self, row: int) -> str:
        return (
            f"{self.text(row, CLASS)}: {self.text(row, SUPPORT)} items, {self.text(row, BEFORE)} right before,"
            f" {self.text(row, AFTER)} now; {self.text(row, FIXED)} fixed, {self.text(row, BROKEN)} broken"
        )


def signed(share: float) -> str:
    """A difference of shares in percentage points: ``"+1.2"``, with a proper minus."""
    text = f"{100 * abs(share):.1f}"
    return text if float(f"{100 * share:.1f}") == 0 else f"{'+' if share > 0 else _MINUS}{text}"
