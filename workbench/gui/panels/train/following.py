"""Following one run, live or stored: its curves, its previews and where it stands.

A stored run is read in the background. Where a run goes on that was not yet read, what happens meanwhile is kept and
added behind what was read, so that nothing is missing and nothing comes twice.
"""

from collections.abc import Generator
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from workbench.engine import events as ev
from workbench.engine.project.curves import Curves
from workbench.engine.project.runs import Run
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.workspace import Workspace


@dataclass(slots=True)
class History:
    """What is known of a run: curves, and every preview in order."""

    curves: Curves = field(default_factory=Curves)
    previews: list[ev.Previewed] = field(default_factory=list)
    last_steps: ev.Steps | None = None
    total_steps: int = 0

    def add(self, event: ev.Event) -> None:
        self.curves.add(event)
        match event:
            case ev.Previewed():
                self.previews.append(event)
            case ev.Steps():
                self.last_steps = event
            case ev.Started():
                self.previews = [one for one in self.previews if one.step <= event.step]
                self.total_steps = event.total_steps
            case _:
                pass

    def knows(self, event: ev.Event) -> bool:
        """Whether ``event`` came before: it was read from the file and heard as well."""
        match event:
            case ev.Steps():
                return event.first <= self.curves.last_step
            case ev.Previewed():
                return any((one.step, one.kind) == (event.step, event.kind) for one in self.previews)
            case ev.Evaluated():
                return any(event.step in self.curves.get(key).steps for key in event.metrics)
            case _:
                return False


class Following(QObject):
    """Signals:
    progressed: The job's state or progress is different.
    turned: Another run is followed: :attr:`run`, :attr:`history` are new.
    advanced: A tuple of events was added to the history.
    failed: The exception that kept the stored events from being read.
    """

    progressed = Signal()
    turned = Signal()
    advanced = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.run: Run | None = None
        self.history = History()
        self.job: Job | None = None
        self._reading: Job | None = None
        self._waiting: list[ev.Event] = []

    def follow(self, run: Run | None) -> None:
        """Turn to a stored run, or to none."""
        self._leave()
        self._turn(run)

    def follow_job(self, job: Job, run: Run | None) -> None:
        """Turn to a training under way; ``run`` where it goes on with one that there is already."""
        same = run is not None and self.run is not None and run.id == self.run.id and not self._reading
        self._leave()
        self.job = job
        job.changed.connect(self.progressed)
        job.events.connect(self._on_job_events)
        job.ended.connect(self._on_job_ended)
        if same:
            self.turned.emit()
        else:
            self._turn(run)

    def _turn(self, run: Run | None) -> None:
        self.run, self.history = run, History()
        self.turned.emit()
        if run:
            self._read(run)

    def _leave(self) -> None:
        if self._reading:
            self._reading.stop()
            self._reading = None
        if self.job:
            self.job.changed.disconnect(self.progressed)
            self.job.events.disconnect(self._on_job_events)
            self.job.ended.disconnect(self._on_job_ended)
            self.job = None
        self._waiting.clear()

    def _read(self, run: Run) -> None:
        self._reading = self._workspace.jobs.start(_read_history(run), title=f"Reading {run.id}", quiet=True)
        self._reading.ended.connect(self._on_reading_ended)

    def _on_reading_ended(self, ending: Ending) -> None:
        if self.sender() is not self._reading:
            return
        self._reading = None
        if ending.state == DONE:
            self.history = ending.result
            for event in self._waiting:
                if not self.history.knows(event):
                    self.history.add(event)
            self._waiting.clear()
            self.turned.emit()
        elif ending.state == FAILED:
            self.failed.emit(ending.error)

    def _on_job_events(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            if isinstance(event, ev.Started) and (self.run is None or self.run.id != event.run):
                self.run = self._workspace.opened().run(event.run)
                self.turned.emit()
        if self._reading:
            self._waiting.extend(events)
            return
        for event in events:
            self.history.add(event)
        self.advanced.emit(events)

    def _on_job_ended(self, ending: Ending) -> None:
        self.job = None


def _read_history(run: Run) -> Generator[ev.Progress, None, History]:
    history = History()
    for count, event in enumerate(run.events(), 1):
        history.add(event)
        if count % 200 == 0:
            yield ev.Progress(stage="reading the run", done=count, total=0)
    return history
