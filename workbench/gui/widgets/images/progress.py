"""One line that says how far a job is, with a button that stops it."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from workbench.gui.jobs import STOPPING, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import ElidedLabel

_FINE = 1000  # parts of the bar
_BAR = 20  # its least width, in characters


class ProgressLine(QWidget):
    """Hidden until :meth:`follow`; hidden again when that job has ended.

    Args:
        name: First part of its widgets' names, e.g. ``"data.progress"``.
        stop: What the button says that ends the job.
    """

    def __init__(self, theme: Theme, *, name: str, stop: str = "Stop") -> None:
        super().__init__()
        self.setObjectName(name)
        self._job: Job | None = None
        self._text = ElidedLabel()
        self._bar = named(QProgressBar(textVisible=False, maximum=_FINE), f"{name}.bar", "Progress")
        self._bar.setMinimumWidth(self.fontMetrics().averageCharWidth() * _BAR)
        self._bar.setMaximumHeight(GAP)
        self._stop = named(QPushButton(stop), f"{name}.stop", f"{stop} this")
        self._stop.setIcon(theme.icon("skip" if stop == "Skip" else "stop"))
        self._stop.setAutoDefault(False)
        self._stop.setMinimumHeight(ICON)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._text, 3)
        row.addWidget(self._bar, 2)
        row.addWidget(self._stop)
        self._stop.clicked.connect(self._on_stop_clicked)
        self.hide()

    def follow(self, job: Job, *, stoppable: bool = True) -> None:
        """Show how far ``job`` is; one followed before is no longer shown."""
        self.release()
        self._job = job
        job.changed.connect(self._on_job_changed)
        job.ended.connect(self._on_job_ended)
        self._stop.setVisible(stoppable)
        self._on_job_changed()
        self.show()

    def release(self) -> None:
        """Follow nothing."""
        if self._job:
            self._job.changed.disconnect(self._on_job_changed)
            self._job.ended.disconnect(self._on_job_ended)
            self._job = None
        self.hide()

    @property
    def text(self) -> str:
        return self._text.whole

    def _on_job_changed(self) -> None:
        assert self._job
        pace, stopping = self._job.pace, self._job.state == STOPPING
        self._stop.setEnabled(not stopping)
        self._bar.setValue(round((pace.fraction or 0.0) * _FINE))
        self._text.show_text(f"{self._job.title}: {'stopping' if stopping else pace.words()}")

    def _on_job_ended(self, ending: Ending) -> None:
        self.release()

    def _on_stop_clicked(self) -> None:
        if self._job:
            self._job.stop()
