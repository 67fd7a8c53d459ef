"""The curves of the runs that somebody looks at, read in the background and kept until their files grow."""

from collections.abc import Generator, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.engine import events as ev
from workbench.engine.project.curves import Curves, read_curves
from workbench.engine.project.runs import Run
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.run_facts import RunFacts
from workbench.gui.workspace import Workspace

_KEPT = 24  # runs whose curves are remembered; a long run's are some megabytes


class RunCurvesCache(QObject):
    """Curves by run.

    Signals:
        ready: More curves can be had than before, or newer ones.
        failed: What kept a run from being read.
    """

    ready = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._known: dict[str, tuple[int, Curves]] = {}
        self._wanted: list[RunFacts] = []
        self._job: Job | None = None
        self._doing: tuple[str, int] = ("", 0)
        # Not at once: at the end of the program jobs are stopped one by one, and none may begin in between.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._read_next)

    def want(self, runs: Sequence[RunFacts]) -> None:
        """Read the curves of ``runs`` as far as they are not known as they are now; forget the wishes before."""
        self._wanted = list(runs)
        self._read_next()

    def get(self, run_id: str) -> Curves | None:
        """The curves of a run, perhaps older than its file; ``None`` until they have been read."""
        return self._known[run_id][1] if run_id in self._known else None

    def clear(self) -> None:
        """Forget everything; what is being read is thrown away."""
        self._known.clear()
        self._wanted.clear()
        self._doing = ("", 0)

    def _read_next(self) -> None:
        if self._job:
            return
        for facts in self._wanted:
            size = _size(facts.run)
            if facts.id not in self._known or self._known[facts.id][0] != size:
                self._doing = (facts.id, size)
                self._job = self._workspace.jobs.start(_read(facts.run), title=f"Reading {facts.name}", quiet=True)
                self._job.ended.connect(self._on_read)
                return
        self._wanted.clear()

    def _on_read(self, ending: Ending) -> None:
        self._job = None
        run_id, size = self._doing
        if run_id and ending.state in (DONE, FAILED):
            self._known.pop(run_id, None)
            # What cannot be read is remembered as empty, so that it is not tried again until it has changed.
            self._known[run_id] = (size, ending.result if ending.state == DONE else Curves())
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
            self.ready.emit()
        if ending.state == FAILED:
            self.failed.emit(ending.error)
        self._later.start()


def _read(run: Run) -> Generator[ev.Event, None, Curves]:
    return (yield from read_curves(run))


def _size(run: Run) -> int:
    try:
        return (run.folder / "events.jsonl").stat().st_size
    except OSError:
        return -1
