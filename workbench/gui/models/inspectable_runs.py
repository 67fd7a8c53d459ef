"""The runs of a project that a panel can look into, newest first, followed while they train.

What is known of a run is :mod:`workbench.gui.models.run_facts`'s; which of them is looked at, and how, is
:mod:`workbench.gui.models.looked_run`'s.
"""

from collections.abc import Collection

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.engine.project.project import Project
from workbench.engine.project.runs import RUNNING
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.run_facts import DAMAGED, Reading, RunFacts, read_facts
from workbench.gui.workspace import Workspace

_LOOK_EVERY = 5000  # milliseconds; runs that the command line trains send no signal
CLASSIFYING = ("classify",)
"""Tasks whose runs are inspected."""
GENERATIVE = ("autoencode", "adversarial", "density")
"""Tasks whose runs make images of codes, to be explored in the Latent panel."""
BEST, LAST = "best", "last"


class InspectableRuns(QObject):
    """Reads nothing before :meth:`follow`.

    Args:
        tasks: Runs of these are among them.

    Signals:
        changed: :attr:`rows` have been read; they may be the same as before.
        failed: The error with which reading ended.

    Attributes:
        rows: The runs, newest first.
        known: Whether the runs of the open project have been read; before, no rows mean nothing.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, workspace: Workspace, parent: QObject | None = None, *, tasks: Collection[str] = CLASSIFYING
    ) -> None:
        super().__init__(parent)
        self._workspace, self._tasks = workspace, frozenset(tasks)
        self._following = self._again = False
        self._job: Job | None = None
        self._looks = QTimer(self, interval=_LOOK_EVERY)
        self._looks.timeout.connect(self.refresh)
        # Not at once: at the end of the program jobs are stopped one by one, and none may begin in between.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        self._forget()
        workspace.project_changed.connect(self._on_project_changed)
        workspace.runs_changed.connect(self._on_runs_changed)
        workspace.datasets_changed.connect(self._on_runs_changed)

    def _forget(self) -> None:
        self._project: Project | None = self._workspace.project
        self._reading = Reading()
        self.rows: tuple[RunFacts, ...] = ()
        self.known = False

    def follow(self, on: bool = True) -> None:
        """Keep up with the project, or no longer."""
        self._following = on
        if on:
            self._looks.start()
            self.refresh()
        else:
            self._looks.stop()

    def refresh(self) -> None:
        """Read what has changed, in the background."""
        if self._job:
            self._again = True
        elif self._project:
            self._again = False
            work = read_facts(self._project, before=self._reading)
            self._job = self._workspace.jobs.start(work, title="Reading the runs", quiet=True)
            self._job.ended.connect(self._on_reading_ended)

    def facts(self, run: str) -> RunFacts | None:
        """The run with this id, if it is among them."""
        return next((facts for facts in self.rows if facts.id == run), None)

    def _on_project_changed(self) -> None:
        if self._job:
            self._again = True  # what is being read now is another project's
        self._forget()
        self.changed.emit()
        if self._following:
            self._later.start()

    def _on_runs_changed(self) -> None:
        if self._following:
            self._later.start()

    def _on_reading_ended(self, ending: Ending) -> None:
        self._job = None
        again, same = self._again, self._project is self._workspace.project
        if ending.state == DONE and same and not (again and not self.known and not ending.result.facts):
            self._take(ending.result)
        elif ending.state == FAILED and same:
            self.failed.emit(ending.error)
        if again:
            self._later.start()

    def _take(self, reading: Reading) -> None:
        assert self._project
        if any(facts.folder.parent.parent != self._project.folder for facts in reading.facts):
            return  # of the project before
        self._reading = reading
        rows = [facts for facts in reading.facts if facts.settings.get("task.name") in self._tasks]
        self.rows = tuple(facts for facts in reversed(rows) if facts.state != DAMAGED)
        self.known = True
        self.changed.emit()


def at_hand(facts: RunFacts | None, checkpoint: str) -> str:
    """``checkpoint`` of a run, or its last one where the best is wanted and was not kept."""
    if checkpoint == BEST and facts is not None and not (facts.best and facts.best.step in facts.checkpoints):
        return LAST
    return checkpoint


def step_meant(facts: RunFacts | None, checkpoint: str) -> int:
    """Step of the checkpoint that ``"best"`` or ``"last"`` means now; -1 where there is none, or a step was named."""
    if facts is None or checkpoint not in (BEST, LAST):
        return -1
    if checkpoint == LAST:
        return max(facts.checkpoints, default=-1)
    return facts.best.step if facts.best and facts.best.step in facts.checkpoints else -1


def is_training(facts: RunFacts | None) -> bool:
    """Whether the run is being trained now, by this program or another."""
    return facts is not None and facts.state == RUNNING
