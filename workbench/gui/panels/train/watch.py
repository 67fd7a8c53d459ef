"""The run in view: where it stands, its buttons, its curves and its previews."""

import time
from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.project.runs import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED, Status
from workbench.engine.tasks import ranking_metric
from workbench.gui.jobs import PAUSED, STOPPING, TELL_SECONDS
from workbench.gui.models.run_facts import flat, levels_of
from workbench.gui.naming import named
from workbench.gui.pace import duration_text, number_text
from workbench.gui.panels.train.following import Following
from workbench.gui.panels.train.previews import PreviewsView
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import BITS, metric_of, unit_of, words_of
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.plots.board import OTHERWISE, WHILE_TRAINING, PlotBoard, RunCurves
from workbench.gui.workspace import Workspace

_GIB = 2**30
_FIGURE_CHARACTERS = 18  # "98.05 % at 12,340"
_SIGNS = {
    RUNNING: ("start", "good"),
    FINISHED: ("check", "good"),
    STOPPED: ("stop", "muted"),
    INTERRUPTED: ("warning", "warning"),
    FAILED: ("error", "bad"),
    PAUSED: ("pause", "warning"),
    STOPPING: ("stop", "muted"),
}


class WatchView(QWidget):
    """Shows what a :class:`Following` follows.

    Args:
        controls: What begins and ends a run; stands at the head.
    """

    def __init__(self, following: Following, workspace: Workspace, theme: Theme, *, controls: QWidget) -> None:
        super().__init__()
        self._following, self._workspace, self._theme = following, workspace, theme
        self._status: Status | None = None
        self._told = 0.0
        self._task = ""
        self._levels: dict[str, float] = {}
        self._sign = QLabel()
        self._name = QLabel("No run yet")
        self._name.setProperty("role", "title")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._name.setMinimumWidth(self.fontMetrics().averageCharWidth() * _FIGURE_CHARACTERS)
        self._state = named(QLabel(), "train.state", "State of the run")
        self._state.setProperty("role", "badge")
        self._protocol = named(QLabel(), "train.protocol", "What the numbers are measured on")
        self._protocol.setProperty("role", "muted")
        self._protocol.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._protocol.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self._sign)
        head.addWidget(self._name, 1)
        head.addWidget(self._state)
        head.addSpacing(GAP)
        head.addWidget(controls)
        self._figures = Figures(
            ("best", "Best validation"),
            ("last", "Last validation"),
            ("step", "Step"),
            ("rate", "Learning rate"),
            ("speed", "Samples a second"),
            ("memory", "Device memory"),
            ("time", "Time"),
        )
        self.board = PlotBoard(theme, name="train.plots", jobs=workspace.jobs)
        self.previews = PreviewsView(workspace, theme, name="train.previews")
        self.tabs = named(QTabWidget(), "train.views", "Curves and previews")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.board, "Curves")
        self.tabs.addTab(self.previews, "Previews")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addWidget(self._protocol)
        column.addWidget(self._figures)
        column.addWidget(self.tabs, 1)
        following.turned.connect(self._on_turned)
        following.advanced.connect(self._on_advanced)
        following.progressed.connect(self._show_state)
        workspace.changed.connect(self._on_workspace_changed)
        workspace.runs_changed.connect(self._on_runs_changed)
        theme.changed.connect(self._show_state)
        self._on_turned()

    @property
    def task(self) -> str:
        """Name of the task of the run in view; empty where nobody knows."""
        return self._task

    def _on_turned(self) -> None:
        run, history = self._following.run, self._following.history
        self._read_status()
        name = self._status.name if self._status else ""
        self.board.set_runs([RunCurves(label=name, curves=history.curves, levels=self._levels)] if run else [])
        self.previews.show_run(run)
        self.previews.set_events(history.previews)
        self._show_figures()
        self._show_state()

    def _on_advanced(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            if isinstance(event, ev.Previewed):
                self.previews.add(event)
            if isinstance(event, ev.Started):
                self.board.share = WHILE_TRAINING if event.device.startswith("cpu") else OTHERWISE
        self.board.refresh()
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self._show_figures()

    def _on_runs_changed(self) -> None:
        self._read_status()
        self._show_figures()
        self._show_state()

    def _on_workspace_changed(self) -> None:
        if not self._following.job:
            self.board.share = OTHERWISE
        self._show_state()

    def _read_status(self) -> None:
        self._status, self._task, self._levels = None, "", {}
        if run := self._following.run:
            try:
                self._status = run.status()
                values = run.job()
                self._task = str(values.get("task", {}).get("name", ""))
                self._levels = levels_of(flat(values))
            except UserError as error:
                self._protocol.setText(str(error))

    def _show_state(self) -> None:
        status, job = self._status, self._following.job
        state = status.state if status else ""
        if job and job.alive:
            state = job.state if job.state in (PAUSED, STOPPING) else RUNNING
        sign, role = _SIGNS.get(state, ("train", "muted"))
        colour = getattr(self._theme.colours, role)
        self._sign.setPixmap(self._theme.icon(sign, colour=colour).pixmap(QSize(20, 20)))
        self._name.setText(status.name if status else job.title if job else "No run yet")
        self._name.setToolTip(self._following.run.id if self._following.run else "")
        words = "preparing" if job and state == RUNNING and not status else state
        self._state.setText(words)
        self._state.setVisible(bool(words))
        if status:
            where = f"measured on {status.protocol}"
            self._protocol.setText(f"{where} · {status.device}" if status.device else where)
            if status.error:
                self._protocol.setText(status.error)
            self._protocol.setToolTip(self._protocol.text())
        elif not self._following.run:
            self._protocol.setText(job.pace.words() if job else "Choose settings and press Start.")

    def _show_figures(self) -> None:
        status, history = self._status, self._following.history
        last = history.last_steps
        figures = dict.fromkeys(("best", "last", "step", "rate", "speed", "memory", "time"), "")
        if status:
            figures["best"] = _score(status.best, task=self._task)
            figures["last"] = _score(status.metrics, task=self._task)
            total = status.total_steps or history.total_steps
            step = max(status.step, last.last if last else 0)
            figures["step"] = f"{step:,} of {total:,}" if total else ""
            figures["time"] = duration_text(status.seconds) if status.seconds else ""
        if last:
            figures["rate"] = f"{last.learning_rate:.3g}"
            figures["speed"] = number_text(last.samples_per_second)
            figures["memory"] = f"{last.memory / _GIB:.2f} GiB" if last.memory else ""
        metric = metric_of(ranking_metric(self._task, [*status.best, *status.metrics]) if status else "")
        words = "" if unit_of(metric) is BITS else words_of(metric)  # the figure itself says "bits/dim"
        for key, which in (("best", "Best"), ("last", "Last")):
            self._figures.rename(key, f"{which} validation {words}".strip())
        job = self._following.job
        if job and job.alive and job.pace.seconds_left is not None:
            figures["time"] = f"{duration_text(job.pace.seconds_left)} left"
        self._figures.show_figures(figures)


class Figures(QFrame):
    """Numbers with their names above them, in as many rows as the width asks for."""

    def __init__(self, *entries: tuple[str, str]) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        self._grid.setHorizontalSpacing(2 * GAP)
        self._grid.setVerticalSpacing(0)
        self._labels: dict[str, ElidedLabel] = {}
        self._values: dict[str, QLabel] = {}
        for key, text in entries:
            label = ElidedLabel()
            label.show_text(text)
            label.setProperty("role", "muted")
            value = named(QLabel("–"), f"train.figure-{key}", text)
            value.setProperty("role", "heading")
            for one in (label, value):
                one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._labels[key], self._values[key] = label, value
        self._columns = 0
        self._arrange(len(entries))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        for number, key in enumerate(self._values):
            row, column = divmod(number, columns)
            self._grid.addWidget(self._labels[key], 3 * row, column)
            self._grid.addWidget(self._values[key], 3 * row + 1, column)
            self._grid.setColumnStretch(column, 1)
            self._grid.setRowMinimumHeight(3 * row + 2, GAP // 2 if (row + 1) * columns < len(self._values) else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = self.fontMetrics().averageCharWidth() * _FIGURE_CHARACTERS + 2 * GAP
        fitting = max(2, (self.width() - 4 * GAP) // wanted)
        rows = -(-len(self._values) // fitting)
        self._arrange(-(-len(self._values) // rows))

    def rename(self, key: str, text: str) -> None:
        """Call a number something else."""
        if self._labels[key].whole != text:
            self._labels[key].show_text(text)
            self._values[key].setAccessibleName(text)

    def show_figures(self, figures: dict[str, str]) -> None:
        """Show these texts by key; an empty one is a dash."""
        for key, text in figures.items():
            if self._values[key].text() != (text or "–"):
                self._values[key].setText(text or "–")
                self._values[key].setToolTip(text)


def _score(metrics: Mapping[str, float], *, task: str) -> str:
    name = ranking_metric(task, metrics)
    if not name:
        return ""
    text = unit_of(name).text(metrics[name])
    return f"{text} at {metrics['step']:,.0f}" if "step" in metrics else text
