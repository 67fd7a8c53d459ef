"""Throwing runs away and bringing them back, in a job: many of them take a while."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.project.project import Project
from workbench.gui.jobs import DONE, FAILED, Ending
from workbench.gui.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Which runs it worked for, by id, and what was said of the others."""

    done: tuple[str, ...]
    refusals: tuple[UserError, ...]

    @property
    def refusal(self) -> UserError | None:
        """All refusals in one; ``None`` if there were none."""
        if len(self.refusals) < 2:
            return next(iter(self.refusals), None)
        first = self.refusals[0]
        more = f"{len(self.refusals) - 1} other" + ("s" if len(self.refusals) > 2 else "")
        return UserError(f"{first.what}, and {more} were refused, too", remedy=first.remedy)


Work = Generator[ev.Progress, None, Outcome]


def delete_runs(project: Project, ids: Sequence[str]) -> Work:
    """Delete each run; those that are refused stay."""
    return _each(project.delete_run, ids, stage="deleting runs")


def restore_runs(project: Project, ids: Sequence[str]) -> Work:
    """Bring each run back."""
    return _each(project.restore_run, ids, stage="restoring runs")


def _each(change: Callable[[str], None], ids: Sequence[str], *, stage: str) -> Work:
    done, refusals = [], []
    for number, run_id in enumerate(ids):
        yield ev.Progress(stage=stage, done=number, total=len(ids))
        try:
            change(run_id)
        except UserError as error:
            refusals.append(error)
        else:
            done.append(run_id)
    return Outcome(done=tuple(done), refusals=tuple(refusals))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thrown:
    """Runs that are, or were, deleted together: id to name."""

    project: Project
    names: Mapping[str, str]


class RunBin(QObject):
    """What was deleted since the project was opened, the last at the end.

    Signals:
        deleted, restored: The :class:`Outcome`, once it is done.
        failed: An error, and what was being done.
    """

    deleted = Signal(object)
    restored = Signal(object)
    failed = Signal(object, str)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._thrown: list[_Thrown] = []
        self._pending: _Thrown | None = None

    @property
    def text(self) -> str:
        """What was deleted last, in a sentence; empty if there is nothing to bring back."""
        if not self._thrown:
            return ""
        names = list(self._thrown[-1].names.values())
        return f"Deleted {names[0]}." if len(names) == 1 else f"Deleted {len(names)} runs."

    def delete(self, names: Mapping[str, str]) -> None:
        """Delete the runs with these ids; their names are for :attr:`text`."""
        if not self._pending:
            project = self._workspace.opened()
            self._pending = _Thrown(project=project, names=dict(names))
            work = delete_runs(project, list(names))
            self._workspace.jobs.start(work, title="Deleting runs", quiet=True).ended.connect(self._on_deleted)

    def undo(self) -> None:
        """Bring back what was deleted last."""
        if not self._pending and self._thrown:
            self._pending = self._thrown.pop()
            work = restore_runs(self._pending.project, list(self._pending.names))
            self._workspace.jobs.start(work, title="Restoring runs", quiet=True).ended.connect(self._on_restored)

    def forget(self) -> None:
        """Another project is open; what is in the bin stays deleted."""
        self._thrown.clear()

    def _on_deleted(self, ending: Ending) -> None:
        asked = self._conclude(ending, doing="deleting runs")
        if asked and ending.state == DONE:
            names = {run_id: asked.names[run_id] for run_id in ending.result.done}
            if names:
                self._thrown.append(_Thrown(project=asked.project, names=names))
            self.deleted.emit(ending.result)

    def _on_restored(self, ending: Ending) -> None:
        if self._conclude(ending, doing="restoring runs") and ending.state == DONE:
            self.restored.emit(ending.result)

    def _conclude(self, ending: Ending, *, doing: str) -> _Thrown | None:
        """What was asked, if that project is still open; errors are said."""
        asked, self._pending = self._pending, None
        if asked is None or asked.project is not self._workspace.project:
            return None
        error = ending.error if ending.state == FAILED else ending.result.refusal if ending.state == DONE else None
        if error:
            self.failed.emit(error, doing)
        return asked
