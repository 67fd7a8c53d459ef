"""The layers of the chosen network on the chosen data, with shapes and counts.

A network that is reused has a page of its own, :mod:`workbench.gui.panels.train.transfer_network`: a tree to choose in.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QStackedWidget, QTableView, QVBoxLayout, QWidget

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.train.job import Job
from workbench.gui.jobs import DONE, FAILED, Ending
from workbench.gui.jobs import Job as BackgroundJob
from workbench.gui.models.layers import LayersModel
from workbench.gui.naming import named
from workbench.gui.panels.train.transfer_network import TransferNetwork
from workbench.gui.theme import GAP, Theme
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.train.outline import Outline

_PATIENCE_MILLISECONDS = 300  # after the last change of a setting


class NetworkView(QStackedWidget):
    """The page for the model of a job.

    Signals:
        model_wanted: The parameters of the model that a person chose here.
    """

    model_wanted = Signal(object)

    def __init__(self, workspace: Workspace, theme: Theme, job: Job) -> None:
        super().__init__()
        self._flat = FlatNetwork(workspace, job)
        self._transfer = TransferNetwork(workspace, theme)
        self.addWidget(self._flat)
        self.addWidget(self._transfer)
        self._transfer.wanted.connect(self.model_wanted)
        self.set_job(job)

    def set_job(self, job: Job) -> None:
        """Show the network of ``job``."""
        if isinstance(job.model_params, TransferParams):
            self._transfer.set_job(job)
            self.setCurrentWidget(self._transfer)
        else:
            self._flat.set_job(job)
            self.setCurrentWidget(self._flat)


class FlatNetwork(QWidget):
    """Builds the network in the background whenever it is looked at and something has changed."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        super().__init__()
        self._workspace, self._job = workspace, job
        self._work: BackgroundJob | None = None
        self._stale = True
        self._model = LayersModel(self)
        table = named(QTableView(), "train.network.layers", "Layers of the network")
        table.setModel(self._model)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._words = QLabel(wordWrap=True)
        self._words.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self._words)
        column.addWidget(table, 1)
        self._timer = QTimer(self, singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self._timer.timeout.connect(self._build)
        workspace.datasets_changed.connect(self._on_datasets_changed)

    def set_job(self, job: Job) -> None:
        """Show the network of ``job``."""
        before, self._job = self._job, job
        kept = ("model", "model_params", "data")
        if any(getattr(before, name) != getattr(job, name) for name in kept):
            self._on_datasets_changed()

    def _on_datasets_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._timer.start(0)

    def _build(self) -> None:
        if self._work:
            self._work.stop()
            self._work = None
        self._stale = False
        project = self._workspace.project
        rows = {row.name: row for row in project.datasets()} if project else {}
        dataset = rows.get(self._job.data.source)
        if not project or not dataset:
            self._model.set_rows([])
            self._words.setText("The layers are listed once the data is imported: its images decide the shapes.")
            return
        self._words.setText("Building the network…")
        self._work = self._workspace.jobs.start(
            _outline(project, self._job, dataset), title="Building the network", quiet=True
        )
        self._work.ended.connect(self._on_work_ended)

    def _on_work_ended(self, ending: Ending) -> None:
        if self.sender() is not self._work:
            return
        self._work = None
        if ending.state == DONE:
            self._model.set_rows(ending.result.rows)
            channels, height, width = ending.result.shape
            where = f"input {channels} × {height} × {width}"
            if self._job.learns_classes:
                where += f", {ending.result.classes} classes"
            self._words.setText(f"{self._model.totals} · {where}")
        elif ending.state == FAILED:
            self._model.set_rows([])
            known = isinstance(ending.error, UserError)
            self._words.setText(str(ending.error) if known else f"The network cannot be built: {ending.error!r}")


def _outline(project: Project, job: Job, dataset: DatasetRow) -> "Generator[ev.Event, None, Outline]":
    from workbench.engine.train.outline import outline  # torch, and only in the job's own thread

    return (yield from outline(project, job, dataset))
