"""The dataset that a person looks at: opened, examined and edited off the GUI thread, announced when it is different.

Whoever shows it asks for a row of the project, for edits, and for an examination, and hears from the signals what came
of it. The journal of edits, the facts and the findings are the engine's; the catalogue is the gallery's.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Progress
from workbench.engine.project.edits import Edit, EditJournal
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Work
from workbench.gui.models.catalogue import Catalogue, catalogue_of
from workbench.gui.models.statistics import Statistics
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.lint.facts import Facts
    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.opened import Dataset

AT_ONCE = 20_000
"""Up to this many items a dataset is examined without being asked: decoding more takes a processor for minutes."""
EXAMINATION = "examination"
"""The kind of the job that examines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A dataset at one moment, with what the journal would undo and do again."""

    dataset: "Dataset"
    catalogue: Catalogue | None
    last: Edit | None
    next: Edit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an edit came to, for a person.

    Attributes:
        edit: The edit.
        how: ``"done"``, ``"undone"`` or ``"redone"``.
        first: Whether nothing of the dataset had been edited before.
    """

    edit: Edit
    how: str
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What follows from a dataset and its facts."""

    catalogue: Catalogue | None
    findings: "tuple[Finding, ...]"
    statistics: Statistics


class DatasetModel(QObject):
    """At most one dataset at a time.

    Signals:
        turned: Another dataset is wanted, or none; :attr:`row` is different and nothing of the one before is left.
        opening: The :class:`Job` that opens it.
        opened: :attr:`dataset` is there.
        edited: A :class:`Told`; :attr:`dataset` and :attr:`catalogue` are different.
        examining: The job that examines it.
        examined: :attr:`facts`, :attr:`findings`, :attr:`statistics` are there, or are different after an edit.
        failed: The error, and what was being done in words.

    Attributes:
        row: What is wanted.
        dataset: As it is now; ``None`` until it is opened.
        catalogue: Of its images; ``None`` for questions.
        facts, statistics: ``None`` until they are known. ``findings`` are empty until then.
        moment: When the facts were gathered, in seconds since the epoch; 0 while there are none.
        last, next: What :meth:`undo` and :meth:`redo` would do; ``None`` for nothing.
    """

    turned = Signal()
    opening = Signal(object)
    opened = Signal()
    edited = Signal(object)
    examining = Signal(object)
    examined = Signal()
    failed = Signal(object, str)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._opening: Job | None = None
        self._editing: Job | None = None
        self._deriving: Job | None = None
        self.examination: Job | None = None
        self._waiting: deque[tuple[str, Callable[[EditJournal], Edit | None]]] = deque()
        self._how = "done"
        self._forget(None)

    def _forget(self, row: DatasetRow | None) -> None:
        for job in (self._opening, self._editing, self._deriving, self.examination):
            if job:
                job.stop()
        self._opening = self._editing = self._deriving = self.examination = None
        self._waiting.clear()
        self.row = row
        self.dataset: Dataset | None = None
        self.catalogue: Catalogue | None = None
        self.facts: Facts | None = None
        self.findings: tuple[Finding, ...] = ()
        self.statistics: Statistics | None = None
        self.moment = 0.0
        self.last: Edit | None = None
        self.next: Edit | None = None

    # Opening

    def open(self, row: DatasetRow | None) -> None:
        """Turn to a dataset of the open project, or to none; what went on with the one before is dropped."""
        self._forget(row)
        self.turned.emit()
        if row:
            work = _open(self._workspace.opened(), row)
            self._opening = self._workspace.jobs.start(work, title=f"Opening {row.name}", quiet=True)
            self._opening.ended.connect(self._on_opening_ended)
            self.opening.emit(self._opening)

    def _on_opening_ended(self, ending: Ending) -> None:
        if self.sender() is not self._opening:
            return
        self._opening = None
        assert self.row
        if ending.state == DONE:
            self._take(ending.result)
            self.opened.emit()
            self._look_closer()
        elif ending.state == FAILED:
            self.failed.emit(ending.error, f"opening {self.row.name}")

    def _take(self, snapshot: Snapshot) -> None:
        self.dataset, self.catalogue = snapshot.dataset, snapshot.catalogue
        self.last, self.next = snapshot.last, snapshot.next

    # Editing

    @property
    def busy(self) -> bool:
        """Whether an edit is on its way to the disk, or waits for one that is."""
        return self._editing is not None or bool(self._waiting)

    def edit(self, edit: Edit | None) -> None:
        """Do an edit; ``None`` does nothing."""
        if edit is not None:
            self._enqueue("done", _Adding(edit))

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        self._enqueue("undone", EditJournal.undo)

    def redo(self) -> None:
        self._enqueue("redone", EditJournal.redo)

    def _enqueue(self, how: str, act: Callable[[EditJournal], Edit | None]) -> None:
        if self.dataset is not None:
            self._waiting.append((how, act))
            self._next_edit()

    def _next_edit(self) -> None:
        if self._editing or not self._waiting:
            return
        assert self.dataset
        self._how, act = self._waiting.popleft()
        work = _change(self._workspace.opened(), self.dataset, act, self.facts)
        self._editing = self._workspace.jobs.start(work, title=f"Editing {self.dataset.row.name}", quiet=True)
        self._editing.ended.connect(self._on_editing_ended)

    def _on_editing_ended(self, ending: Ending) -> None:
        if self.sender() is not self._editing:
            return
        self._editing = None
        if ending.state == DONE:
            edit, snapshot = ending.result
            first = self.last is None
            self._take(snapshot)
            if edit:
                self.edited.emit(Told(edit=edit, how=self._how, first=first))
            if self.facts is not None:
                self._derive()
        elif ending.state == FAILED:
            assert self.row
            self._waiting.clear()
            self.failed.emit(ending.error, f"editing {self.row.name}")
        self._next_edit()

    # Examining

    def examine(self) -> None:
        """Look into every item, unless that is known or under way."""
        if self.dataset is not None and self.facts is None and self.examination is None:
            self._examine(quiet=len(self.dataset.items) <= AT_ONCE)

    def _look_closer(self) -> None:
        assert self.dataset
        if len(self.dataset.items) <= AT_ONCE or _facts_file(self._workspace.opened(), self.dataset.row).exists():
            self._examine(quiet=True)

    def _examine(self, *, quiet: bool) -> None:
        assert self.dataset
        row = self.dataset.row
        work = _examination(self._workspace.opened(), row, self._workspace.preferences.limit_pixels)
        job = self._workspace.jobs.start(work, title=f"Checking {row.name}", kind=EXAMINATION, quiet=quiet)
        self.examination = job
        job.ended.connect(self._on_examination_ended)
        self.examining.emit(job)

    def _on_examination_ended(self, ending: Ending) -> None:
        if self.sender() is not self.examination:
            return
        self.examination = None
        assert self.row
        if ending.state == DONE:
            self.facts, self.moment = ending.result
            self._derive()
        elif ending.state == FAILED:
            self.failed.emit(ending.error, f"checking {self.row.name}")
        if ending.state != DONE:
            self.examined.emit()

    def _derive(self) -> None:
        """Find out what follows from the facts for the dataset as it is now."""
        if self._deriving:
            self._deriving.stop()
        assert self.dataset
        assert self.facts
        work = waiting(_Deriving(self.dataset, self.facts), stage="checking")
        self._deriving = self._workspace.jobs.start(work, title=f"Checking {self.dataset.row.name}", quiet=True)
        self._deriving.ended.connect(self._on_deriving_ended)

    def _on_deriving_ended(self, ending: Ending) -> None:
        if self.sender() is not self._deriving:
            return
        self._deriving = None
        assert self.row
        if ending.state == DONE:
            derived: Derived = ending.result
            if not self.busy:
                self.catalogue = derived.catalogue
            self.findings, self.statistics = derived.findings, derived.statistics
            self.examined.emit()
        elif ending.state == FAILED:
            self.failed.emit(ending.error, f"checking {self.row.name}")


@dataclass(frozen=True, slots=True)
class _Adding:
    edit: Edit

    def __call__(self, journal: EditJournal) -> Edit:
        journal.add(self.edit)
        return self.edit


@dataclass(frozen=True, slots=True)
class _Deriving:
    dataset: "Dataset"
    facts: "Facts"

    def __call__(self) -> Derived:
        from workbench.engine.data.lint.report import dataset_findings
        from workbench.gui.models.statistics import statistics_of

        return Derived(
            catalogue=_catalogue(self.dataset, self.facts),
            findings=dataset_findings(self.dataset, self.facts),
            statistics=statistics_of(self.dataset, self.facts),
        )


def _catalogue(dataset: "Dataset", facts: "Facts | None") -> Catalogue | None:
    return catalogue_of(dataset, facts) if dataset.items.content != "questions" else None


def _open(project: Project, row: DatasetRow) -> Work:
    def work() -> Snapshot:
        from workbench.engine.data.opened import open_dataset

        return _snapshot(project, open_dataset(project, row), None)

    return (yield from waiting(work, stage="opening"))


def _snapshot(project: Project, dataset: "Dataset", facts: "Facts | None") -> Snapshot:
    journal = project.edits(dataset.row.id)
    return Snapshot(dataset=dataset, catalogue=_catalogue(dataset, facts), last=journal.last(), next=journal.next())


def _change(
    project: Project, dataset: "Dataset", act: Callable[[EditJournal], Edit | None], facts: "Facts | None"
) -> Work:
    """In the job's own thread: a person waits for it, and another thread would have to be started first."""
    from workbench.engine.data.opened import curate

    yield Progress(stage="editing", done=0, total=0)
    edit = act(project.edits(dataset.row.id))
    changed = replace(dataset, state=curate(project, dataset.row, dataset.items))
    return edit, _snapshot(project, changed, facts)


def _facts_file(project: Project, row: DatasetRow) -> Path:
    return project.dataset_file(row.id).with_name("facts.npz")  # the engine's name; asking it would load its checks


def _examination(project: Project, row: DatasetRow, limit_pixels: int) -> Work:
    from workbench.engine.data.lint import report

    facts = yield from report.examine_dataset(project, row, limit_pixels=limit_pixels)
    return facts, _facts_file(project, row).stat().st_mtime
