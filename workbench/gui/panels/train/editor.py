"""What to train: task, data, model and preset, the form of all settings, the job file and the network's layers."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QTabWidget, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.params import Params
from workbench.engine.tasks import TASKS
from workbench.engine.train.job import Job, models_for, preset, preset_about, presets
from workbench.gui.form import JobForm
from workbench.gui.models.training import untrainable
from workbench.gui.naming import named
from workbench.gui.panels.train.job_file import JobFileView
from workbench.gui.panels.train.network import NetworkView
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.explained_items import add_explained, explain_items
from workbench.gui.widgets.transfer.editors import editors
from workbench.gui.workspace import Workspace


class JobEditor(QWidget):
    """Edits one job, the only copy of which is :attr:`job`.

    Signals:
        changed: The job, or whether it can be started, is different.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, theme: Theme, job: Job) -> None:
        super().__init__()
        self.setObjectName("train.editor")
        self._workspace = workspace
        self.job = self._baseline = job
        self._task = named(QComboBox(), "train.task", "Task")
        for name in TASKS:
            self._task.addItem(TASKS[name].title, name)
        self._data = named(QComboBox(), "train.data", "Data")
        self._model = named(QComboBox(), "train.model", "Model")
        self._preset = named(QComboBox(), "train.preset", "Preset")
        explain_items(self._preset, theme=theme)
        self._shipped = {name: preset(name) for name in presets()}
        self._offered = ""  # the task whose models and presets are offered
        for box in (self._task, self._data, self._model, self._preset):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        choices = QFormLayout()
        choices.setContentsMargins(2 * GAP, GAP, 2 * GAP, 0)
        choices.setVerticalSpacing(GAP * 3 // 4)
        choices.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, box in (
            ("Task", self._task),
            ("Data", self._data),
            ("Model", self._model),
            ("Preset", self._preset),
        ):
            choices.addRow(text, box)
        self._form = JobForm(job, theme=theme, baseline=job, makers=editors(workspace, theme))
        self._file = JobFileView(job)
        self._network = NetworkView(workspace, theme, job)
        tabs = named(QTabWidget(), "train.tabs", "Settings, job file and network")
        tabs.addTab(self._form, "Settings")
        tabs.addTab(self._file, "Job file")
        tabs.addTab(self._network, "Network")
        tabs.setDocumentMode(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(choices)
        column.addWidget(tabs, 1)
        self._task.activated.connect(self._on_task_chosen)
        self._data.activated.connect(self._on_data_chosen)
        self._model.activated.connect(self._on_model_chosen)
        self._preset.activated.connect(self._on_preset_chosen)
        self._form.changed.connect(self._on_form_changed)
        self._form.validity_changed.connect(self.changed)
        self._file.edited.connect(self._on_file_edited)
        self._file.loaded.connect(self.load)
        self._file.validity_changed.connect(self.changed)
        self._network.model_wanted.connect(self._on_model_wanted)
        workspace.datasets_changed.connect(self._on_datasets_changed)
        workspace.project_changed.connect(self._on_datasets_changed)
        self._fill_data()
        self._show()

    @property
    def problem(self) -> str:
        """Why the job cannot be started; empty if it can."""
        try:
            self.job.check()
        except UserError as error:
            return str(error)
        if not self.job.data.source:
            return "Choose what to train on."
        if why_not := self._datasets().get(self.job.data.source):
            return why_not
        if not self._form.valid:
            return self._form.first_error()
        return self._file.problem

    def load(self, job: Job) -> None:
        """Edit ``job`` from now on; what is changed is marked against it."""
        self._baseline = job
        self._set(job)

    def load_preset(self, name: str) -> None:
        """Take up a preset. A dataset of the project that is chosen stays chosen."""
        job = preset(name)
        if self.job.data.source in self._datasets():
            job = replace(job, data=job.data.replace(source=self.job.data.source))
        self.load(job)

    def choose_data(self, source: str) -> None:
        """Train on a dataset of the project, or on what ``source`` names outside of it."""
        self._baseline = replace(self._baseline, data=self._baseline.data.replace(source=source))
        self._set(replace(self.job, data=self.job.data.replace(source=source)))

    def _set(self, job: Job) -> None:
        self.job = job
        self._form.set_job(job, baseline=self._baseline)
        self._file.set_job(job)
        self._network.set_job(job)
        self._fill_data()
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._fill_kinds()
        for box, value in (
            (self._task, self.job.task),
            (self._model, self.job.model),
            (self._data, self.job.data.source),
            (self._preset, self._baseline.name),
        ):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(value))
        if self._preset.currentIndex() < 0:
            self._preset.setPlaceholderText(self._baseline.name)
        train = self.job.train
        length = f"{train.steps:,} steps" if train.steps else f"{train.epochs:g} epochs"
        about = preset_about(self._baseline.name) if self._baseline.name in self._shipped else ""
        self._preset.setToolTip(f"{about}\n{length}, batches of {train.batch_size:,}, {train.optimizer}".strip())

    def _datasets(self) -> dict[str, str]:
        """Names of the project's datasets; to why one cannot be trained on, which is empty where it can."""
        project = self._workspace.project
        return {row.name: untrainable(row, task=self.job.task) for row in project.datasets()} if project else {}

    def _of_task(self) -> list[str]:
        """Names of the presets of the task."""
        return [name for name, job in self._shipped.items() if job.task == self.job.task]

    def _fill_kinds(self) -> None:
        """Offer the models and presets of the task, and no others."""
        if self._offered == self.job.task:
            return
        self._offered = self.job.task
        with QSignalBlocker(self._model), QSignalBlocker(self._preset):
            self._model.clear()
            for name in models_for(self.job.task):
                self._model.addItem(f"{name} – {MODELS[name].title}", name)
            self._preset.clear()
            for name in self._of_task():
                add_explained(self._preset, name, preset_about(name))

    def _grey_out(self, index: int, why: str) -> None:
        model = self._data.model()
        assert isinstance(model, QStandardItemModel)
        model.item(index).setEnabled(False)
        self._data.setItemData(index, why, Qt.ItemDataRole.ToolTipRole)

    def _fill_data(self) -> None:
        names = self._datasets()
        with QSignalBlocker(self._data):
            self._data.clear()
            for name, why_not in names.items():
                self._data.addItem(name, name)
                if why_not:
                    self._grey_out(self._data.count() - 1, why_not)
            outside = [self.job.data.source, *(self._shipped[name].data.source for name in self._of_task())]
            for source in dict.fromkeys(source for source in outside if source and source not in names):
                self._data.addItem(f"{source} (imported when training starts)", source)
            self._data.setCurrentIndex(self._data.findData(self.job.data.source))

    def _on_datasets_changed(self) -> None:
        names = self._datasets()
        usable = [name for name, why_not in names.items() if not why_not]
        if len(usable) == 1 and self.job.data.source not in names:
            self.choose_data(usable[0])  # the one thing that there is to train on
        else:
            self._fill_data()

    def _on_task_chosen(self) -> None:
        """Begin with the first preset of the task: another task wants other settings throughout."""
        task = self._task.currentData()
        if task == self.job.task:
            return
        offered = [name for name, job in self._shipped.items() if job.task == task]
        if offered:
            self.load_preset(offered[0])
            return
        self._form.set_task(task)
        for name in models_for(task)[:1]:
            self._form.set_model(name)
        self._on_form_changed(self._form.job)

    def _on_model_chosen(self) -> None:
        name = self._model.currentData()
        if name != self.job.model:
            self._form.set_model(name)
            self._on_form_changed(self._form.job)

    def _on_model_wanted(self, params: Params) -> None:
        self._set(replace(self.job, model_params=params))

    def _on_data_chosen(self) -> None:
        self.choose_data(self._data.currentData())

    def _on_preset_chosen(self) -> None:
        self.load_preset(self._preset.currentData())

    def _on_form_changed(self, job: Job) -> None:
        self.job = job
        self._file.set_job(job)
        self._network.set_job(job)
        self._show()
        self.changed.emit()

    def _on_file_edited(self, job: Job) -> None:
        self.job = job
        self._form.set_job(job, baseline=self._baseline)
        self._network.set_job(job)
        self._fill_data()
        self._show()
        self.changed.emit()
