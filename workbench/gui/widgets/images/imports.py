"""Imports that one panel began: one after another, with what went wrong kept until it is shown."""

from collections import deque

from PySide6.QtCore import QObject, Signal

from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.workspace import Workspace


class Imports(QObject):
    """A queue of targets.

    Signals:
        began: The job of the import that runs now.
        succeeded: Id of the dataset, imported or found imported already.
        failed: The error, and what was being done in words; for several failures one error that names them all.
    """

    began = Signal(object)
    succeeded = Signal(str)
    failed = Signal(object, str)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._waiting: deque[str] = deque()
        self._job: Job | None = None
        self._target = ""
        self._failures: list[tuple[str, BaseException]] = []

    def add(self, targets: list[str]) -> None:
        """Import these, after those that are waiting."""
        if self._job is None:
            self._failures.clear()
        self._waiting.extend(targets)
        self._next()

    def follow(self, job: Job) -> None:
        """An import that was begun elsewhere, where its failure is told, too; it does not wait for the others."""
        job.ended.connect(self._on_followed_ended)
        self.began.emit(job)

    @property
    def busy(self) -> bool:
        """Whether one of the targets is being imported."""
        return self._job is not None

    @property
    def waiting(self) -> int:
        """Targets whose import has not begun."""
        return len(self._waiting)

    def drop_waiting(self) -> None:
        self._waiting.clear()

    def _next(self) -> None:
        if self._job or not self._waiting or self._workspace.project is None:
            return
        self._target = self._waiting.popleft()
        self._job = self._workspace.import_data(self._target)
        self._job.ended.connect(self._on_job_ended)
        self.began.emit(self._job)

    def _on_job_ended(self, ending: Ending) -> None:
        self._job = None
        if ending.state == DONE:
            self.succeeded.emit(ending.result.id)
        elif ending.state == FAILED:
            assert ending.error
            self._failures.append((self._target, ending.error))
            self.failed.emit(*self._summary())
        else:
            self._waiting.clear()  # whoever stops one of them is done with all
        self._next()

    def _on_followed_ended(self, ending: Ending) -> None:
        if ending.state == DONE:
            self.succeeded.emit(ending.result.id)

    def _summary(self) -> tuple[BaseException, str]:
        if len(self._failures) == 1:
            target, error = self._failures[0]
            return error, f"importing {target}"
        sentences = "; ".join(str(error) for _, error in self._failures)
        error = UserError(f"{len(self._failures)} imports failed", where=sentences)
        return error, f"importing {', '.join(target for target, _ in self._failures)}"
