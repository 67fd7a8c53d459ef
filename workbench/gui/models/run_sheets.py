"""The previews that a run has left, by kind and in the order of training; read again when there are more."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Previewed, Progress
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs, Work

if TYPE_CHECKING:
    from workbench.engine.project.runs import Run

FOLDER = "previews"
_SIGN_OF_LIFE = 1000  # events between two signs of life while reading


class RunSheets(QObject):
    """Of one run at a time.

    Signals:
        changed: There are others now, or none.
        failed: The error with which reading ended.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._run: Run | None = None
        self._found: tuple[Previewed, ...] = ()
        self._signature = self._reading = -1

    def follow(self, run: "Run | None") -> None:
        """Read those of another run; of none for ``None``."""
        if run and self._run and run.folder == self._run.folder:
            self.refresh()
            return
        self._drop()
        self._run, self._signature = run, -1
        if self._found:
            self._found = ()
            self.changed.emit()
        self.refresh()

    def refresh(self) -> None:
        """Read them again if files have come or gone."""
        if self._run is None or self._job:
            return
        signature = self._look()
        if signature in (-1, self._signature):
            return
        self._reading = signature
        self._job = self._jobs.start(_read(self._run), title="Reading the previews", quiet=True)
        self._job.ended.connect(self._on_ended)

    def of(self, kind: str) -> list[Previewed]:
        """Those of one kind, oldest first; one a step."""
        return list({event.step: event for event in self._found if event.kind == kind}.values())

    def _look(self) -> int:
        """What is different as soon as there is another preview; -1 before there is any."""
        assert self._run
        try:
            return (self._run.folder / FOLDER).stat().st_mtime_ns
        except OSError:
            return -1

    def _drop(self) -> None:
        if self._job:
            job, self._job = self._job, None
            job.stop()

    def _on_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._signature, self._found = self._reading, ending.result
            self.changed.emit()
            self.refresh()  # one may have come meanwhile
        elif ending.state == FAILED:
            self._signature = self._reading
            self.failed.emit(ending.error)


def _read(run: "Run") -> Work:
    found = []
    for number, event in enumerate(run.events()):
        if isinstance(event, Previewed):
            found.append(event)
        if number % _SIGN_OF_LIFE == 0:
            yield Progress(stage="reading the previews", done=number, total=0)
    return tuple(found)
