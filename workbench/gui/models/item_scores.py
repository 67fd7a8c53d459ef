"""What runs said of each item of the dataset in view, kept up to date as runs end."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, Ending, Job, Work
from workbench.gui.models.dataset import DatasetModel
from workbench.gui.workspace import TRAINING, Workspace

if TYPE_CHECKING:
    from workbench.engine.project.project import Project


class ItemScores(QObject):
    """Follows ``model`` and the trainings of ``workspace``.

    Signals:
        changed: Name to float64[N], nan where a run says nothing of an item; empty where no run does.
    """

    changed = Signal(object)

    def __init__(self, model: DatasetModel, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._workspace = model, workspace
        self._job: Job | None = None
        self._names: tuple[str, ...] = ()
        model.turned.connect(self._on_turned)
        model.opened.connect(self._read)
        workspace.jobs.ended.connect(self._on_any_job_ended)

    def _on_turned(self) -> None:
        if self._job:
            self._job.stop()
            self._job = None
        self._names = ()

    def _on_any_job_ended(self, job: Job, ending: Ending) -> None:
        if job.kind == TRAINING and self._model.dataset is not None:
            self._read()

    def _read(self) -> None:
        row = self._model.row
        assert row
        if row.content == "questions":  # no task says anything of them yet
            return
        if self._job:
            self._job.stop()
        work = _scores(self._workspace.opened(), row.id)
        self._job = self._workspace.jobs.start(work, title="Reading what runs said", quiet=True)
        self._job.ended.connect(self._on_job_ended)

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            scores: Mapping[str, object] = ending.result
            if scores or self._names:
                self._names = tuple(scores)
                self.changed.emit(scores)


def _scores(project: "Project", dataset: str) -> Work:
    def read() -> object:
        from workbench.engine.project.scores import item_scores

        return item_scores(project, dataset)

    return (yield from waiting(read, stage="reading scores"))
