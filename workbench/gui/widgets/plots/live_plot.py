"""One chart of growing curves: what it shows, which part of it, and how that leaves the program.

It is told when numbers have come (:meth:`LivePlot.refresh`) and by whom it is looked at decides how often. Painting,
points for pixels, mouse and keys are the ``plot_*`` modules'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.engine.files import write_bytes
from workbench.engine.project.curves import Line
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE
from workbench.gui.widgets.plots.legend import Entry, Legend, paint_entry
from workbench.gui.widgets.plots.lines import logged, unlogged
from workbench.gui.widgets.plots.series import Level, Reading, Series, Trace, View
from workbench.gui.widgets.plots.view import PlotView

__all__ = ["Level", "LivePlot", "Reading", "Trace", "View"]

WAITING = "Waiting for the first step"
_ABOVE, _BESIDE = 0.06, 0.015  # shares of the range that stay free around the lines
_PNG_QUALITY = 80  # of 100, where 0 is small and slow: a fifth larger, several times as fast


class LivePlot(QWidget):
    """A chart.

    Args:
        name: Prefix of its object names: ``train.plots.loss``.
        title: Above it; the accessible name as well.
        legend: Whether it shows its own; else its owner does, unless it is given entries.

    Signals:
        follow_changed: Whether the view follows the newest data has changed.
        hidden_changed: Other traces than before are switched off; the labels, a frozenset.
        opened: Double click or Enter, where :attr:`opens`.
    """

    follow_changed = Signal(bool)
    hidden_changed = Signal(object)
    opened = Signal()

    def __init__(
        self, theme: Theme, *, name: str, title: str = "", legend: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._series: tuple[Series, ...] = ()
        self._hidden: frozenset[str] = frozenset()
        self._off: frozenset[str] = frozenset()  # by the owner; the legend knows what is off there
        self._entries: tuple[Entry, ...] | None = None
        self._has_legend = legend
        self._versions: tuple[int, ...] = ()
        self._follow = True
        self._width: float | None = None  # of the range that slides along with the newest data; None: all of it
        self._title = QLabel(title, self)
        font = self._title.font()
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)
        self._title.setVisible(bool(title))
        self._title.setMinimumHeight(self.fontMetrics().height() + GAP)
        self._legend = Legend(theme, name=f"{name}.legend", parent=self)
        self._legend.setVisible(legend)
        self.view = named(PlotView(theme, self), f"{name}.view", title or "Chart")
        self.view.chart.message = WAITING
        self._head, self._column = QHBoxLayout(), QVBoxLayout(self)
        self._head.setContentsMargins(GAP, 0, GAP // 2, 0)
        self._head.addWidget(self._title, 0, Qt.AlignmentFlag.AlignTop)
        self._head.addWidget(self._legend, 1)
        self._column.setContentsMargins(GAP // 2, GAP // 2, GAP // 2, GAP // 2)
        self._column.setSpacing(GAP // 4)
        self._column.addLayout(self._head)
        self._column.addWidget(self.view, 1)
        named(self, name, title or "Chart")
        self.setAutoFillBackground(True)
        self._legend.hidden_changed.connect(self._on_legend_hidden_changed)
        self.view.zoomed.connect(self._on_view_zoomed)
        self.view.home_asked.connect(self.home)
        self.view.opened.connect(self.opened)
        theme.changed.connect(self._on_theme_changed)
        self._dress()

    # What it shows

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def traces(self) -> tuple[Trace, ...]:
        return tuple(series.trace for series in self._series)

    def set_traces(
        self, traces: Sequence[Trace], *, entries: Sequence[Entry] = (), levels: Sequence[Level] = ()
    ) -> None:
        """Show these, the first at the back. Labels are unique.

        Args:
            entries: A legend of its own, whose labels are groups or labels of traces; else there is an entry a trace.
            levels: Values to mark.
        """
        assert len({trace.label for trace in traces}) == len(traces)
        if (tuple(traces), tuple(entries), tuple(levels)) == (self.traces, self._entries, self.levels):
            return
        known = {series.trace: series for series in self._series}
        self._series = tuple(known.get(trace) or Series(trace) for trace in traces)
        self._entries, self.view.chart.levels = tuple(entries), tuple(levels)
        self._legend.set_entries(
            entries or [Entry(trace.label, trace.colour, trace.dashed, trace.dotted) for trace in traces]
        )
        self._place_legend(below=bool(entries))
        self._legend.setVisible(self._has_legend or bool(entries))
        self._sort_out()
        self._select()

    def _place_legend(self, *, below: bool) -> None:
        """Beside the title, or in a row of its own: one of many charts has no room for both."""
        self._head.removeWidget(self._legend)
        self._column.removeWidget(self._legend)
        if below:
            self._column.insertWidget(1, self._legend)
        else:
            self._head.addWidget(self._legend, 1)

    @property
    def levels(self) -> tuple[Level, ...]:
        """The values that are marked."""
        return tuple(self.view.chart.levels)

    @property
    def hidden(self) -> frozenset[str]:
        """Labels of traces that are switched off."""
        return self._hidden

    def set_hidden(self, labels: frozenset[str]) -> None:
        """Switch off the traces with these labels, or of these groups, and on all others that its legend has on."""
        self._off = labels
        if self._sort_out():
            self._select()
            self.hidden_changed.emit(self._hidden)

    def _sort_out(self) -> bool:
        """Find which traces are switched off; whether they are others than before."""
        off = self._off | self._legend.hidden
        hidden = frozenset(trace.label for trace in self.traces if trace.label in off or trace.groups & off)
        changed, self._hidden = hidden != self._hidden, hidden
        return changed

    def _select(self) -> None:
        chart = self.view.chart
        chart.series = [series for series in self._series if series.trace.label not in self._hidden]
        chart.message = WAITING if chart.series or not self._series else "Every line is switched off"
        self.view.show_units()
        self._versions = ()
        self.refresh()
        self.view.make_room()
        self.view.redraw()

    @property
    def settings(self) -> View:
        return self.view.chart.view

    def look(self, settings: View) -> None:
        """Look at the numbers in another way."""
        before = self.settings
        if settings == before:
            return
        self.view.chart.view = settings
        self.view.show_units()
        if (settings.epochs, settings.log_x) != (before.epochs, before.log_x):
            self._width = None
            self.fit()
        elif settings.log_y != before.log_y:
            left, right, _, _ = self.view.chart.range
            self._show(left, right)
        elif self._follow:
            self._follow_newest()
        self.view.make_room()
        self.view.redraw()

    @property
    def opens(self) -> bool:
        """Whether a double click or Enter emits :attr:`opened` instead of showing everything."""
        return self.view.opens

    @opens.setter
    def opens(self, on: bool) -> None:
        self.view.opens = on

    # New numbers

    @property
    def stale(self) -> bool:
        """Whether there are numbers that it has not shown."""
        return self._versions != tuple(series.version for series in self.view.chart.series)

    def refresh(self) -> None:
        """Show the numbers there are now; costs nothing where none are new. Painted when Qt next paints."""
        if self.stale:
            self._versions = tuple(series.version for series in self.view.chart.series)
            if self._follow:
                self._follow_newest()
            self.view.redraw()

    def take_cost(self) -> float:
        """Seconds spent painting since this was last asked."""
        seconds, self.view.paint_seconds = self.view.paint_seconds, 0.0
        return seconds

    # Which part of it

    @property
    def follow(self) -> bool:
        """Whether the view goes along with the newest data. Zooming by hand ends that."""
        return self._follow

    @follow.setter
    def follow(self, on: bool) -> None:
        if on == self._follow:
            return
        self._follow = on
        if on:
            home, now = self._home(), self.view.chart.range
            if home is not None:
                width = now[1] - now[0]
                self._width = width if width < 0.97 * (home[1] - home[0]) else None
            self._follow_newest()
        self.follow_changed.emit(on)

    def fit(self) -> None:
        """Show everything there is now."""
        self._width = None
        home = self._home()
        if home is not None:
            self._show(*home)

    def home(self) -> None:
        """Show everything, and go on doing so."""
        self.fit()
        self.follow = True
        self.fit()

    @property
    def shown_range(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top, in steps or epochs and values."""
        left, right, bottom, top = self.view.chart.range
        log_x, log_y = self.settings.log_x, self.settings.log_y
        return unlogged(left, log_x), unlogged(right, log_x), unlogged(bottom, log_y), unlogged(top, log_y)

    def _home(self) -> tuple[float, float] | None:
        """The sides between which everything is, in the axis's measure; ``None`` while there is nothing."""
        ends: list[float] = []
        for series in self.view.chart.series:
            x = series.x(self.settings)
            if self.settings.log_x:
                x = x[int(np.searchsorted(x, 0, side="right")) :]
            if len(x):
                ends += [float(x[0]), float(x[-1])]
        if not ends:
            return None
        left, right = float(logged(min(ends), self.settings.log_x)), float(logged(max(ends), self.settings.log_x))
        if left == right:
            return left - 0.5, right + 0.5
        return left, right + (right - left) * _BESIDE

    def _follow_newest(self) -> None:
        home = self._home()
        if home is None:
            return
        left, right = home
        if self._width is not None:
            left = max(left, right - self._width)
        self._show(left, right)

    def _show(self, left: float, right: float) -> None:
        """Show everything between two sides, from top to bottom."""
        self.view.set_range(left, right, *self._bottom_and_top(left, right))

    def _bottom_and_top(self, left: float, right: float) -> tuple[float, float]:
        chart = self.view.chart
        log = self.settings.log_y
        window = replace(chart.window(), left=left, right=right)
        columns = max(1, round(chart.width * self.devicePixelRatioF()))
        spans = [series.span(self.settings, window, columns=columns) for series in chart.series]
        found = [span for span in spans if span is not None]
        if not found:
            return chart.range[2:]
        found += [(level.value, level.value) for level in chart.levels if level.value > 0 or not log]
        bottom = float(logged(min(low for low, _ in found), log))
        top = float(logged(max(high for _, high in found), log))
        if bottom == top:
            margin = 0.3 if log else abs(top) * 0.1 or 0.5
            return bottom - margin, top + margin
        margin = (top - bottom) * _ABOVE
        if chart.unit is SHARE and not log and top <= 1:
            return bottom - margin, min(top + margin, 1 + margin / 3)  # a tick above 100 % would be a riddle
        return bottom - margin, top + margin

    # Reading

    def readings(self, x: float) -> tuple[Reading, ...]:
        """What the read-out says at step (or epoch) ``x``: the nearest sample of each trace that is not hidden."""
        return self.view.chart.readings(x)

    def cursor_place(self) -> float | None:
        """The step or epoch that the read-out stands at; ``None`` while there is none."""
        return self.view.chart.cursor_place()

    # Leaving the program

    def lines(self) -> Mapping[str, Line]:
        """The numbers of all traces, by label."""
        return {series.trace.label: series.trace.curves.get(series.trace.key) for series in self._series}

    def picture(self, *, scale: float = 2.0) -> QImage:
        """The chart as it is now with its title and legend, at ``scale`` pixels for a logical one."""
        entries = [entry for entry in self._entries or () if entry.label not in self._off | self._legend.hidden] or [
            Entry(trace.label, trace.colour, trace.dashed, trace.dotted)
            for trace in self.traces
            if trace.label not in self._hidden and not trace.muted and trace.curves.version(trace.key)
        ]
        metrics = QFontMetricsF(self.font())
        row = metrics.height() * 1.5
        width = self.view.width() + 2 * GAP
        places, x, y = [], float(GAP), float(GAP) + (row if self.title else 0)
        for entry in entries:
            size = min(metrics.horizontalAdvance(entry.label) + 40, width - 2 * GAP)
            if x > GAP and x + size > width - GAP:
                x, y = float(GAP), y + row
            places.append(QRectF(x, y, size, row))
            x += size + GAP
        top = y + row if entries else y
        image = QImage(
            QSize(round(width * scale), round((top + self.view.height() + GAP) * scale)), QImage.Format.Format_RGB32
        )
        image.setDevicePixelRatio(scale)
        image.fill(QColor(self._theme.colours.surface))
        cursor, self.view.chart.cursor = self.view.chart.cursor, None
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.title:
            painter.setFont(self._title.font())
            painter.setPen(QColor(self._theme.colours.text))
            painter.drawText(QRectF(GAP, GAP, width, row), Qt.AlignmentFlag.AlignVCenter, self.title)
        painter.setFont(self.font())
        for entry, place in zip(entries, places, strict=True):
            paint_entry(painter, place, entry=entry, theme=self._theme)
        QWidget.render(self.view, painter, QPoint(GAP, round(top)))  # pyqtgraph's own takes less than the widget
        painter.end()
        self.view.chart.cursor = cursor
        return image

    def export_png(self, path: Path, *, scale: float = 2.0) -> None:
        """Write :meth:`picture` to ``path``.

        Raises:
            UserError: The disk is full or refuses.
        """
        write_png(path, self.picture(scale=scale))

    # Looks

    def _dress(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), QColor(self._theme.colours.surface))
        self.setPalette(palette)

    def _on_theme_changed(self) -> None:
        self._dress()
        self.view.dress()

    def _on_legend_hidden_changed(self, labels: frozenset[str]) -> None:
        if self._sort_out():
            self._select()
            self.hidden_changed.emit(self._hidden)

    def _on_view_zoomed(self) -> None:
        self._width = None
        self.follow = False


def write_png(path: Path, image: QImage) -> None:
    """Write ``image``, whole or not at all."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG", _PNG_QUALITY)  # type: ignore[call-overload]
    write_bytes(path, bytes(content.data()))
