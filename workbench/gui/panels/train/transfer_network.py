"""The Network tab of a reused network: its layers as a tree, read in the background, and what a click makes of them."""

from collections.abc import Generator

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.models.transfer.params import TransferParams
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.train.job import Job
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending
from workbench.gui.jobs import Job as BackgroundJob
from workbench.gui.models.backbones import Backbones
from workbench.gui.models.layer_tree import Layer, Tree
from workbench.gui.models.transfer_words import caching, outcome
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.transfer.layer_view import LayerView
from workbench.gui.workspace import Workspace

_PATIENCE_MILLISECONDS = 300  # after the last change of a setting
_LONGEST_REMEDY = 120  # characters; longer ones list all names there are


class TransferNetwork(QWidget):
    """Shows the network of a job whose model is ``transfer``; reads it only while it is seen.

    Signals:
        wanted: The :class:`TransferParams` that a person asked for.
    """

    wanted = Signal(object)

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self._workspace = workspace
        self._job: Job | None = None
        self._work: BackgroundJob | None = None
        self._stale = False
        self._table = Backbones()
        self.view = LayerView(theme, name="train.layers", params=TransferParams(), parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self.view)
        self._timer = QTimer(self, singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self._timer.timeout.connect(self._read)
        self.view.wanted.connect(self.wanted)
        self.view.backbone_wanted.connect(self._on_backbone_wanted)
        workspace.datasets_changed.connect(self._on_data_changed)
        workspace.project_changed.connect(self._on_data_changed)

    def set_job(self, job: Job) -> None:
        """Show the network of ``job``."""
        before, self._job = self._job, job
        if before is None or _network_of(before) != _network_of(job):
            self._follow(before)
        elif self.view.model.tree.layers and (before.augment, before.task_params) != (job.augment, job.task_params):
            self._show(self.view.model.tree)

    @property
    def _params(self) -> TransferParams:
        assert self._job
        assert isinstance(self._job.model_params, TransferParams)
        return self._job.model_params

    def _follow(self, before: Job | None) -> None:
        """Show at once what the order of the layers tells; the engine is asked for the rest."""
        tree = self.view.model.tree
        old = before.model_params if before else None
        if tree.layers and isinstance(old, TransferParams) and old.backbone == self._params.backbone:
            known = all(tree.number(name) >= 0 for name in (self._params.cut, self._params.frozen) if name)
            if known and not tree.problem:
                self._show(tree.divided(self._params))
        self._on_data_changed()

    def _on_data_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._timer.start(0)

    def _read(self) -> None:
        if self._work:
            self._work.stop()
            self._work = None
        if not self._job or not isinstance(self._job.model_params, TransferParams):
            return
        self._stale = False
        project = self._workspace.project
        rows = {row.name: row for row in project.datasets()} if project else {}
        work = _read_tree(project, self._job, rows.get(self._job.data.source))
        self._work = self._workspace.jobs.start(work, title="Reading the network", quiet=True)
        self._work.ended.connect(self._on_work_ended)
        self.view.show_waiting("Reading the network\N{HORIZONTAL ELLIPSIS}")

    def _on_work_ended(self, ending: Ending) -> None:
        if self.sender() is not self._work:
            return
        self._work = None
        if self._stale:
            return  # it is read again in a moment
        if isinstance(ending.result, UserError):
            self._explain(ending.result)
        elif ending.state == DONE:
            self._show(ending.result)
        elif ending.state == FAILED:
            assert ending.error
            self._explain(ending.error)

    def _show(self, tree: Tree) -> None:
        assert self._job
        self.view.show_tree(tree, self._params, outcome=outcome(tree), hint=caching(self._job, tree))

    def _explain(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self.view.show_problem(f"The network cannot be read: {error!r}")
            return
        name = self._params.backbone
        instead = () if self._table.find(name) else self._table.like(name)
        remedy = error.remedy if not instead and len(error.remedy) <= _LONGEST_REMEDY else ""
        told = str(UserError(error.what, where=error.where, remedy=remedy))
        self.view.show_problem(f"{told}. Did you mean one of these?" if instead else told, instead=instead)

    def _on_backbone_wanted(self, name: str) -> None:
        self.wanted.emit(self._params.replace(backbone=name))


def _network_of(job: Job) -> tuple[object, ...]:
    return (job.model, job.model_params, job.data.source, job.data.label, job.data.catch_all, job.data.size)


def _read_tree(
    project: Project | None, job: Job, dataset: DatasetRow | None
) -> Generator[ev.Event, None, Tree | UserError]:
    """The tree, or what is wrong with the settings: which is said beside them, and is no failure to keep a note of."""
    try:
        return (yield from waiting(lambda: _tree(project, job, dataset), stage="reading the network"))
    except UserError as error:
        return error


def _tree(project: Project | None, job: Job, dataset: DatasetRow | None) -> Tree:
    from workbench.engine.models.transfer.tree import layer_tree  # torch, and only in the job's own thread

    params = job.model_params
    assert isinstance(params, TransferParams)
    classes = _classes(project, job, dataset)
    size = (job.data.size, job.data.size) if job.data.size else None
    found = layer_tree(params, classes=max(1, classes), size=size)
    return Tree(
        layers=tuple(
            Layer(
                name=row.name,
                kind=row.kind,
                depth=row.depth,
                shape=row.shape,
                parameters=row.parameters,
                may_cut=row.may_cut,
                part=row.part,
            )
            for row in found.rows
        ),
        cut=found.cut,
        frozen=found.frozen,
        classes=classes,
        problem=found.problem,
        divisible=found.divisible,
    )


def _classes(project: Project | None, job: Job, dataset: DatasetRow | None) -> int:
    """How many classes there are to learn; 0 where nobody knows yet."""
    from workbench.engine.data.opened import open_dataset
    from workbench.engine.train.dividing import choose_label_set, classes_of

    if not project or not dataset:
        return 0
    try:
        label_set = choose_label_set(dataset, job.data.label)
        return len(classes_of(open_dataset(project, dataset).state, job.data, label_set=label_set))
    except UserError:
        return 0  # starting is refused for the same reason, and says it
