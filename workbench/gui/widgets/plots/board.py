"""Every number of one or several runs, as a grid of charts or one large chart.

Which charts there are follows from the curves. When they are painted follows from a budget: training has the processor,
and a picture that is half a second old costs nobody anything. Reading runs and keeping settings is the owner's.
"""

import statistics
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.project.curves import write_csv
from workbench.gui.jobs import DONE, Ending, Jobs
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import title_of
from workbench.gui.widgets.plots.legend import Legend
from workbench.gui.widgets.plots.live_plot import WAITING, LivePlot, write_png
from workbench.gui.widgets.plots.toolbar import BoardSettings, PlotToolbar
from workbench.gui.widgets.plots.traces import RunCurves, charts_of, entries_of

__all__ = ["BoardSettings", "PlotBoard", "RunCurves"]

WHILE_TRAINING, OTHERWISE = 0.01, 0.25  # shares of the time that painting may take
_FRAME = 0.045  # seconds between two charts at least: twenty a second, and timers are late
_QUIET = 0.5  # seconds without news after which what is left is painted without regard to the share
_REMEMBERED, _UNUSUAL = 15, 3.0  # paintings; times their median
_COLUMNS = 3
_LEAST_WIDTH, _LEAST_HEIGHT = 34, 10  # of a chart, in average characters and lines of text


class PlotBoard(QWidget):
    """All charts.

    Args:
        name: Prefix of the object names, ``train.plots``.
        jobs: Runs what takes its time (writing the numbers); without it that is done on the spot.

    Attributes:
        share: How much of the time painting may take, 0 to 1: :data:`WHILE_TRAINING` or :data:`OTHERWISE`.
        painting_seconds: How long it has painted so far.

    Signals:
        settings_changed: A person chose other settings; they are :attr:`settings`.
        exported: Something was written to this path.
        failed: Writing failed; the :class:`~workbench.engine.errors.UserError`.
    """

    settings_changed = Signal()
    exported = Signal(object)
    failed = Signal(object)

    def __init__(self, theme: Theme, *, name: str, jobs: Jobs | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = OTHERWISE
        self.painting_seconds = 0.0
        self._theme, self._name, self._jobs = theme, name, jobs
        self._runs: tuple[RunCurves, ...] = ()
        self._keys: tuple[object, ...] = ()
        self._plots: dict[str, LivePlot] = {}
        self._next = 0  # whose turn it is to be painted
        self._spent = self._painted_at = self._told_at = 0.0
        self._costs: deque[float] = deque(maxlen=_REMEMBERED)
        self._columns = 0
        self._toolbar = PlotToolbar(theme, name=name, parent=self)
        self._legend = Legend(theme, name=f"{name}.legend", parent=self)
        self._empty = QLabel(WAITING, self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._page = QWidget()
        self._cells = QGridLayout(self._page)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setSpacing(GAP)
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._toolbar)
        column.addWidget(self._legend)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._empty, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_tick)
        named(self, name, "Charts")
        self._toolbar.changed.connect(self._on_toolbar_changed)
        self._toolbar.follow_asked.connect(self._on_follow_asked)
        self._toolbar.fit_asked.connect(self._on_fit_asked)
        self._toolbar.export_asked.connect(self._on_export_asked)
        self._legend.hidden_changed.connect(self._on_legend_hidden_changed)
        self._scroll.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._on_scroll_range_changed)
        self._toolbar.show_metrics(())
        self._lay_out()

    # What it shows

    def set_runs(self, runs: Sequence[RunCurves]) -> None:
        """Show these runs; labels tell them apart."""
        self._runs = tuple(runs)
        self._keys = ()
        self.refresh()

    def refresh(self) -> None:
        """The curves may have grown. Cheap: charts are painted later, within the budget."""
        keys = tuple((run.curves.keys(), _latest(run)) for run in self._runs)
        if keys != self._keys or (not self._runs and self._plots):
            self._keys = keys
            self._build()
        self._told_at = time.perf_counter()
        self._schedule()

    @property
    def plots(self) -> dict[str, LivePlot]:
        """The charts by metric, in their order."""
        return dict(self._plots)

    @property
    def settings(self) -> BoardSettings:
        """How it looks now."""
        return self._toolbar.settings

    def apply(self, settings: BoardSettings) -> None:
        """Look like this; emits nothing."""
        self._toolbar.show_settings(settings)
        self._show_settings()

    @property
    def current(self) -> str:
        """The metric that is large, or in the grid the one last looked at; empty if there is none."""
        focused = [metric for metric, plot in self._plots.items() if plot.view.hasFocus()]
        chosen = self.settings.metric
        candidates = [chosen] if self.settings.large else [*focused, chosen]
        return next((metric for metric in candidates if metric in self._plots), next(iter(self._plots), ""))

    def _build(self) -> None:
        """Bring the charts in line with the keys there are."""
        charts = charts_of(self._runs)
        had = tuple(self._plots)
        for metric in [metric for metric in self._plots if metric not in charts]:
            plot = self._plots.pop(metric)
            self._cells.removeWidget(plot)
            plot.setParent(None)
            plot.deleteLater()
        self._legend.set_entries(entries_of(self._runs))
        self._legend.setVisible(len(self._legend.entries) > 1)
        plots = {}
        for metric, plan in charts.items():
            plot = self._plots.get(metric) or self._new_plot(metric)
            plot.set_traces(plan.traces, entries=plan.entries, levels=plan.levels)
            plots[metric] = plot
        self._plots = plots
        if tuple(plots) != had:
            self._toolbar.show_metrics(tuple(plots))
            self._columns = 0
        self._on_legend_hidden_changed(self._legend.hidden)
        self._lay_out()

    def _new_plot(self, metric: str) -> LivePlot:
        name = f"{self._name}.{metric.replace('_', '-').replace('/', '-').lower()}"
        plot = LivePlot(self._theme, name=name, title=title_of(metric), legend=False, parent=self._page)
        plot.look(self.settings.view)
        plot.follow_changed.connect(self._on_plot_follow_changed)
        plot.opened.connect(self._on_plot_opened)
        return plot

    # Where charts are

    def _lay_out(self) -> None:
        """Put the charts into their cells, as many in a row as are readable."""
        large, current = self.settings.large, self.current
        shown = [current] if large and current else list(self._plots)
        metrics = self.fontMetrics()
        least = QSize(_LEAST_WIDTH * metrics.averageCharWidth(), _LEAST_HEIGHT * metrics.height())
        wanted = len(shown) if len(shown) < 4 else 2 if len(shown) == 4 else _COLUMNS
        columns = max(1, min(wanted, (self.width() + GAP) // (least.width() + GAP)))
        if not large and columns == self._columns and all(not plot.isHidden() for plot in self._plots.values()):
            return
        self._columns = 0 if large else columns
        rows = -(-len(shown) // columns) if shown else 0
        for metric, plot in self._plots.items():
            self._cells.removeWidget(plot)
            plot.setVisible(metric in shown)
            plot.opens = not large
            plot.setMinimumHeight(0 if large else least.height())
        for index, metric in enumerate(shown):
            self._cells.addWidget(self._plots[metric], index // columns, index % columns)
        for row in range(max(rows, self._cells.rowCount())):
            self._cells.setRowStretch(row, int(row < rows))
        for column in range(max(columns, self._cells.columnCount())):
            self._cells.setColumnStretch(column, int(column < columns))
        self._empty.setVisible(not shown)
        self._scroll.setVisible(bool(shown))
        for before, after in pairwise(shown):
            QWidget.setTabOrder(self._plots[before].view, self._plots[after].view)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._schedule()

    def _on_scrolled(self) -> None:
        self._schedule()

    def _on_scroll_range_changed(self, least: int, most: int) -> None:
        """Where the wheel scrolls the page it does not zoom what it passes over."""
        for plot in self._plots.values():
            plot.view.wheel_zooms = most == least

    def _show_settings(self) -> None:
        self._lay_out()
        for plot in self._plots.values():
            plot.look(self.settings.view)
        self._show_follow()
        self._schedule()

    # When they are painted

    def _schedule(self) -> None:
        if not self._timer.isActive() and self.isVisible():
            self._timer.start(0)

    def _on_tick(self) -> None:
        """Bring one chart up to date, if the time spent on the ones before has been earned by now."""
        if not self.isVisible():
            return
        now = time.perf_counter()
        painted = sum(plot.take_cost() for plot in self._plots.values())
        self._spent += painted
        self.painting_seconds += painted
        wait = _FRAME if now - self._told_at > _QUIET else max(_FRAME, self._charge() / self.share)
        early = self._painted_at + wait - now
        if early > 0:
            self._timer.start(max(1, round(1000 * min(early, _QUIET / 2))))  # in between it may have become quiet
            return
        plots = list(self._plots.values())
        order = [*plots[self._next :], *plots[: self._next]]
        plot = next((plot for plot in order if plot.stale and not plot.visibleRegion().isEmpty()), None)
        if plot is None:
            return
        self._next = (plots.index(plot) + 1) % len(plots)
        plot.refresh()
        self._costs.append(self._spent)
        self._spent, self._painted_at = time.perf_counter() - now, now
        self.painting_seconds += self._spent
        self._timer.start(round(1000 * _FRAME))

    def _charge(self) -> float:
        """What the last chart cost. Many times the usual means that it was interrupted, and that was not its time."""
        usual = statistics.median(self._costs) if self._costs else self._spent
        return min(self._spent, _UNUSUAL * usual) if usual else self._spent

    # Reacting

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.settings.large:
            self._choose(large=False, metric=self.current)
        else:
            super().keyPressEvent(event)

    def _choose(self, *, large: bool, metric: str) -> None:
        self._toolbar.show_settings(replace(self.settings, large=large, metric=metric))
        self._show_settings()
        self._plots[metric].view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.settings_changed.emit()

    def _on_plot_opened(self) -> None:
        opened = self.sender()
        metric = next(metric for metric, plot in self._plots.items() if plot is opened)
        self._choose(large=True, metric=metric)

    def _on_toolbar_changed(self) -> None:
        self._show_settings()
        self.settings_changed.emit()

    def _on_legend_hidden_changed(self, hidden: frozenset[str]) -> None:
        for plot in self._plots.values():
            plot.set_hidden(hidden)

    def _seen(self) -> list[LivePlot]:
        return [plot for plot in self._plots.values() if not plot.isHidden()]

    def _on_follow_asked(self, on: bool) -> None:
        for plot in self._seen():
            plot.follow = on

    def _on_fit_asked(self) -> None:
        for plot in self._seen():
            plot.fit()

    def _on_plot_follow_changed(self) -> None:
        self._show_follow()

    def _show_follow(self) -> None:
        self._toolbar.show_follow(all(plot.follow for plot in self._seen()))

    # Leaving the program

    def export_png(self, path: Path, *, all_charts: bool = False, scale: float = 2.0) -> None:
        """Write the current chart, or all of them as a grid, as an image in the colours of the moment."""
        image = self._picture_of_all(scale) if all_charts else self._plots[self.current].picture(scale=scale)
        try:
            write_png(path, image)
        except (UserError, OSError) as error:
            self._say_failed(error, path)
        else:
            self.exported.emit(path)

    def _say_failed(self, error: Exception, path: Path) -> None:
        if isinstance(error, UserError):
            self.failed.emit(error)
        else:
            self.failed.emit(
                UserError("this file cannot be written", where=str(path), remedy="choose another name or folder")
            )

    def _picture_of_all(self, scale: float) -> QImage:
        """The grid, as it is or as it would be; every chart in the size of the largest that is seen."""
        plots = list(self._plots.values())
        seen = [plot.size() for plot in plots if not plot.isHidden()]
        size = seen[0] if not self.settings.large else QSize(480, 320)
        columns = min(_COLUMNS, max(1, self._columns or len(plots)))
        pictures = []
        for plot in plots:
            if plot.isHidden():
                plot.resize(size)
                plot.refresh()
            pictures.append(plot.picture(scale=scale))
        width = max(picture.width() for picture in pictures)
        height = max(picture.height() for picture in pictures)
        gap = round(GAP * scale)
        rows = -(-len(pictures) // columns)
        image = QImage(columns * (width + gap) + gap, rows * (height + gap) + gap, QImage.Format.Format_RGB32)
        image.fill(QColor(self._theme.colours.window))
        painter = QPainter(image)
        for index, picture in enumerate(pictures):
            row, column = divmod(index, columns)
            place = QRect(gap + column * (width + gap), gap + row * (height + gap), picture.width(), picture.height())
            painter.drawImage(place, picture)
        painter.end()
        return image

    def export_csv(self, path: Path) -> None:
        """Write every number of every run: ``curve,step,epoch,value``; the curve begins with the run if several."""
        several = len(self._runs) > 1
        lines = {
            f"{run.label}/{key}" if several else key: run.curves.get(key)
            for run in self._runs
            for key in (*run.curves.keys(), *(key for keys in run.curves.elements().values() for key in keys))
        }
        work = write_csv(path, lines)
        if self._jobs is not None:
            job = self._jobs.start(work, title=f"Writing {path.name}", kind="export", quiet=True)
            job.setProperty("path", str(path))
            job.ended.connect(self._on_export_ended)
            return
        try:
            for _ in work:
                pass
        except (UserError, OSError) as error:
            self._say_failed(error, path)
        else:
            self.exported.emit(path)

    def _on_export_ended(self, ending: Ending) -> None:
        path = Path(self.sender().property("path"))
        if isinstance(ending.error, Exception):
            self._say_failed(ending.error, path)
        elif ending.state == DONE:
            self.exported.emit(path)

    def _on_export_asked(self, what: str) -> None:
        numbers = what == "numbers"
        dialog = QFileDialog(self, "Export", "", "CSV (*.csv)" if numbers else "PNG (*.png)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv" if numbers else "png")
        dialog.selectFile({"numbers": "curves", "all": "charts"}.get(what, self.current.replace("/", "-")))
        dialog.setObjectName(f"{self._name}.save-{what}")
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        what = self.sender().objectName().rpartition("-")[2]
        if what == "numbers":
            self.export_csv(Path(path))
        else:
            self.export_png(Path(path), all_charts=what == "all")


def _latest(run: RunCurves) -> tuple[int, ...]:
    """What decides about the order of lines that are one of many: changes with each evaluation of them."""
    return tuple(run.curves.version(keys[0]) for keys in run.curves.elements().values())
