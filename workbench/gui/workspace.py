"""What the panels share: the open project, the preferences, the jobs, and the operations that change any of them.

It holds no widget. A panel asks it to do things and hears from its signals what has changed; panels never talk to one
another. The engine's heavier parts are imported when they are first used, not when the window appears.
"""

import time
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine import events as ev
from workbench.engine.device import DeviceFacts, device_facts
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs, Work

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.project.project import DatasetRow, Project
    from workbench.engine.project.runs import Run
    from workbench.engine.train.job import Job as TrainingJob

TRAINING, IMPORT, EXPORT, DEVICE = "training", "import", "export", "device"
MESSAGES_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the message list.

    Attributes:
        text: A sentence.
        level: ``"info"``, ``"warning"`` or ``"error"``.
        source: What it is about: a job's title, or nothing.
        moment: Seconds since the epoch.
    """

    text: str
    level: str
    source: str
    moment: float


class Workspace(QObject):
    """The state of one window.

    Signals:
        project_changed: Another project is open, or none.
        datasets_changed, runs_changed: The open project has others; a run's state, name or note is different.
        preferences_changed: See :attr:`preferences`.
        device_known: :attr:`device` has been found out.
        job_offered: A training job is to be looked at, changed perhaps, and started: by "start from".
        dataset_offered: The name of a dataset is to be trained on.
        run_offered: The id of a run that is to be looked into.
        noted: A :class:`Note` was added to :attr:`notes`.
        changed: Any of the above, or a job began, ended, paused: what makes sense now may be different.
    """

    project_changed = Signal()
    datasets_changed = Signal()
    runs_changed = Signal()
    preferences_changed = Signal()
    device_known = Signal()
    job_offered = Signal(object)
    dataset_offered = Signal(str)
    run_offered = Signal(str)
    noted = Signal(object)
    changed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferences = preferences
        self.project: Project | None = None
        self.device: DeviceFacts | None = None
        self.notes: list[Note] = []
        self._resumed: Run | None = None
        self.jobs = Jobs(self)
        self.jobs.started.connect(self._on_job_started)
        self.jobs.ended.connect(self._on_job_ended)

    # The project

    def open_project(self, folder: Path) -> None:
        """Open ``folder`` as a project, made if it is absent or empty; the jobs of the one before are stopped.

        Raises:
            UserError: It cannot be one. What was open stays open.
        """
        from workbench.engine.project.project import Project

        project = Project(folder)
        self._stop_jobs()
        self.project = project
        self.project_changed.emit()
        self.changed.emit()

    def close_project(self) -> None:
        self._stop_jobs()
        self.project = None
        self.project_changed.emit()
        self.changed.emit()

    def _stop_jobs(self) -> None:
        """Stop all that belongs to the open project."""
        for job in self.jobs.running():
            if job.kind != DEVICE:
                job.stop()

    def opened(self) -> "Project":
        """The open project, where there must be one."""
        assert self.project is not None
        return self.project

    # Operations

    def import_data(self, target: str, *, repairs: Sequence[str] = (), unknowns: Sequence[str] = ()) -> Job:
        """Start the import of a path or an identifier, mended by the repairs of these names.

        Args:
            unknowns: Further sources, whose images join without a label.
        """
        work = _import(self.opened(), target, tuple(repairs), tuple(unknowns), preferences=self.preferences)
        return self.jobs.start(work, title=f"Importing {_short(target)}", kind=IMPORT)

    def repair_dataset(self, row: "DatasetRow", repairs: Sequence[str]) -> Job:
        """Start making another dataset out of one as it is now, mended by the repairs of these names."""
        work = _repair(self.opened(), row, tuple(repairs), preferences=self.preferences)
        return self.jobs.start(work, title=f"Repairing {row.name}", kind=IMPORT)

    def export_data(
        self, dataset: "Dataset", destination: Path, format: str, *, splits: Collection[str] | None = None
    ) -> Job:
        """Start writing a dataset as it is now to a folder; only the items of ``splits`` where some are named."""
        work = _export(dataset, destination, format, splits)
        return self.jobs.start(work, title=f"Exporting {dataset.row.name}", kind=EXPORT)

    def train(self, job: "TrainingJob") -> Job:
        """Start a new run of ``job``; its data is imported first if need be."""
        work = _create_and_train(self.opened(), job, preferences=self.preferences)
        self._resumed = None
        return self.jobs.start(work, title=f"Training {job.name}", kind=TRAINING)

    def resume(self, run: "Run", *, settings: Sequence[str] = ()) -> Job:
        """Go on with ``run``, with ``section.key=value`` settings changed if any are given."""
        work = _resume(self.opened(), run, settings, preferences=self.preferences)
        self._resumed = run
        return self.jobs.start(work, title=f"Training {run.status().name}", kind=TRAINING)

    def run_of(self, job: Job) -> "Run | None":
        """The run that ``job`` goes on with; ``None`` where it makes a new one."""
        return self._resumed if job is self.training else None

    def offer_job(self, job: "TrainingJob") -> None:
        """Hand ``job`` to whoever edits jobs."""
        self.job_offered.emit(job)

    def offer_dataset(self, name: str) -> None:
        """Hand a dataset's name to whoever edits jobs."""
        self.dataset_offered.emit(name)

    def offer_run(self, run_id: str) -> None:
        """Hand a run to whoever looks into runs."""
        self.run_offered.emit(run_id)

    @property
    def training(self) -> Job | None:
        """The run under way; one at a time, since two would only halve each other's speed."""
        return next(iter(self.jobs.running(TRAINING)), None)

    def set_preferences(self, preferences: Preferences) -> None:
        """Store and use other preferences. Raises :class:`UserError` if they cannot be stored."""
        preferences.save()
        another = preferences.device != self.preferences.device or self.device is None
        self.preferences = preferences
        self.preferences_changed.emit()
        if another:
            self.look_for_devices()

    def look_for_devices(self) -> None:
        """Load torch and find out what :attr:`device` is, in the background."""
        job = self.jobs.start(
            _device_facts(self.preferences.device), title="Looking for devices", kind=DEVICE, quiet=True
        )
        job.ended.connect(self._on_device_ended)

    def note(self, text: str, *, level: str = "info", source: str = "") -> None:
        """Add a line to the messages."""
        self.notes.append(Note(text=text, level=level, source=source, moment=time.time()))
        del self.notes[:-MESSAGES_KEPT]
        self.noted.emit(self.notes[-1])

    # What jobs say

    def _on_job_started(self, job: Job) -> None:
        job.events.connect(self._on_job_events)
        job.state_changed.connect(self.changed)
        self.changed.emit()

    def _on_job_events(self, events: tuple[ev.Event, ...]) -> None:
        job = self.sender()
        assert isinstance(job, Job)
        for event in events:
            match event:
                case ev.Message():
                    self.note(event.text, level=event.level, source=job.title)
                case ev.Imported():
                    verb = "is already imported" if event.reused else "imported"
                    self.note(f"{event.name} {verb}: {event.items:,} items", source=job.title)
                    self.datasets_changed.emit()
                case ev.Started():
                    self.note(f"run {event.run} measured on {event.protocol}", source=job.title)
                    self.runs_changed.emit()
                case ev.Evaluated() | ev.Checkpointed():
                    self.runs_changed.emit()
                case _:
                    pass

    def _on_job_ended(self, job: Job, ending: Ending) -> None:
        if ending.state == FAILED:
            self.note(_sentence(ending.error), level="error", source=job.title)
        elif not job.quiet:
            self.note("done" if ending.state == DONE else "stopped", source=job.title)
        if job.kind == IMPORT:
            self.datasets_changed.emit()
        if job.kind == TRAINING:
            self.datasets_changed.emit()
            self.runs_changed.emit()
        self.changed.emit()

    def _on_device_ended(self, ending: Ending) -> None:
        if ending.state == DONE:
            self.device = ending.result
            self.device_known.emit()


def _import(
    project: "Project", target: str, repairs: tuple[str, ...], unknowns: tuple[str, ...], *, preferences: Preferences
) -> Work:
    from workbench.engine.data import ingest

    work = ingest.import_dataset(project, target, preferences=preferences, repairs=repairs, unknowns=unknowns)
    return (yield from work)


def _repair(project: "Project", row: "DatasetRow", repairs: tuple[str, ...], *, preferences: Preferences) -> Work:
    from workbench.engine.data.reimporting import repair_dataset

    return (yield from repair_dataset(project, row, repairs, limit_pixels=preferences.limit_pixels))


def _export(dataset: "Dataset", destination: Path, format: str, splits: Collection[str] | None) -> Work:
    from workbench.engine.data.exports import export
    from workbench.engine.data.reimporting import of_splits

    return (yield from export(of_splits(dataset, splits), destination, format=format))


def _create_and_train(project: "Project", job: "TrainingJob", *, preferences: Preferences) -> Work:
    from workbench.engine.train import session

    run = yield from session.create(project, job, preferences=preferences)
    return (yield from session.train(project, run, preferences=preferences))


def _resume(project: "Project", run: "Run", settings: Sequence[str], *, preferences: Preferences) -> Work:
    from workbench.engine.train import session

    session.change_settings(run, settings)
    return (yield from session.train(project, run, preferences=preferences))


def _device_facts(wanted: str) -> Generator[ev.Event, None, DeviceFacts]:
    return (yield from waiting(lambda: device_facts(wanted), stage="looking for devices"))


def _sentence(error: BaseException | None) -> str:
    return str(error) if isinstance(error, UserError) else f"a bug in the workbench: {type(error).__name__}: {error}"


def _short(target: str) -> str:
    """The last part of a path, an identifier as it is."""
    return Path(target).name if Path(target).is_absolute() else target
