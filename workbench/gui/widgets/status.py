"""The status bar: device and memory, project, whether all is saved, the running job in miniature."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QStatusBar, QWidget

from workbench.engine import events as ev
from workbench.gui.jobs import Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.workspace import TRAINING, Workspace

_SMALL_ICON = 14
_BAR_WIDTH = 90
_GIB = 2**30


class StatusBar(QStatusBar):
    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setSizeGripEnabled(False)
        self._workspace, self._theme = workspace, theme
        self._job: Job | None = None
        self._used = 0
        self._project = _Field("folder", "status.project", "Project")
        self._saved = _Field("check", "status.saved", "Saved state")
        self._job_words = named(QLabel(), "status.job", "Running job")
        self._job_words.setProperty("role", "muted")
        self._bar = named(QProgressBar(textVisible=False), "status.progress", "Progress of the running job")
        self._bar.setFixedWidth(_BAR_WIDTH)
        self._device = _Field("device", "status.device", "Device")
        self._memory = _Field("memory", "status.memory", "Device memory")
        for widget in (self._project, self._saved, self._job_words, self._bar):
            self.addWidget(widget)
        for widget in (self._device, self._memory):
            self.addPermanentWidget(widget)
        workspace.project_changed.connect(self._on_project_changed)
        workspace.device_known.connect(self._on_device_known)
        workspace.jobs.started.connect(self._on_job_started)
        workspace.jobs.ended.connect(self._on_job_ended)
        theme.changed.connect(self._on_theme_changed)
        self._on_project_changed()
        self._on_device_known()
        self._on_theme_changed()
        self._show_job()

    def _on_project_changed(self) -> None:
        project = self._workspace.project
        self._project.set_text(project.name if project else "no project")
        self._project.setToolTip(str(project.folder) if project else "")
        self._saved.setVisible(project is not None)

    def _on_device_known(self) -> None:
        device = self._workspace.device
        self._device.set_text(device.name if device else "looking for devices…")
        if device:
            self._used = device.memory.used
        self._show_memory()

    def _show_memory(self) -> None:
        device = self._workspace.device
        if not device or not device.memory.total:
            self._memory.hide()
            return
        self._memory.set_text(f"{self._used / _GIB:.1f} of {device.memory.total / _GIB:.0f} GiB")
        self._memory.setToolTip("memory that this program uses, of all that the device has")
        self._memory.show()

    def _on_job_started(self, job: Job) -> None:
        if not job.quiet:
            self._job = job
            job.changed.connect(self._on_job_changed)
            job.events.connect(self._on_job_events)
            self._show_job()

    def _on_job_ended(self, job: Job, ending: Ending) -> None:
        if job is self._job:
            self._job = next((one for one in reversed(self._workspace.jobs.running()) if not one.quiet), None)
            self._show_job()

    def _on_job_changed(self) -> None:
        if self.sender() is self._job:
            self._show_job()

    def _on_job_events(self, events: tuple[ev.Event, ...]) -> None:
        steps = [event for event in events if isinstance(event, ev.Steps)]
        if steps and steps[-1].memory != self._used:
            self._used = steps[-1].memory
            self._show_memory()

    def _show_job(self) -> None:
        job = self._job
        self._job_words.setVisible(job is not None)
        self._bar.setVisible(job is not None)
        if not job:
            self._saved.set_text("everything saved")
            return
        fraction = job.pace.fraction
        self._bar.setValue(round(100 * (fraction or 0)))
        share = f" {100 * fraction:.0f} %" if fraction is not None else ""
        self._job_words.setText(f"{job.title}{share}" + ("" if job.state == "running" else f" · {job.state}"))
        self._saved.set_text("saves as it trains" if job.kind == TRAINING else "everything saved")

    def _on_theme_changed(self) -> None:
        for field in (self._project, self._saved, self._device, self._memory):
            field.tint(self._theme)


class _Field(QWidget):
    """A small icon and a few words."""

    def __init__(self, icon: str, name: str, text: str) -> None:
        super().__init__()
        self._icon = icon
        self._sign = QLabel()
        self._words = named(QLabel(), name, text)
        self._words.setProperty("role", "muted")
        self._words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP // 2, 0, GAP, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words)

    def set_text(self, text: str) -> None:
        if text != self._words.text():
            self._words.setText(text)

    def tint(self, theme: Theme) -> None:
        self._sign.setPixmap(theme.icon(self._icon, colour=theme.colours.muted).pixmap(_SMALL_ICON, _SMALL_ICON))
