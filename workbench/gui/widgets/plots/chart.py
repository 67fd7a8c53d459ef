"""The picture inside a chart's axes: what is seen of which lines, and what lies over them.

The lines are painted into a pixmap that is kept until something about them changes, so a moving cursor costs a copy of
it. Ranges are decided elsewhere; here they are turned into pixels.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from workbench.gui.theme import GAP, Theme
from workbench.gui.units import COUNT, NUMBER, Unit, unit_of
from workbench.gui.widgets.plots import painting as paint
from workbench.gui.widgets.plots.axis import Axis
from workbench.gui.widgets.plots.lines import Window, nearest, thinned
from workbench.gui.widgets.plots.series import Level, Reading, Series, Trace, View

_FAINT_LIGHT, _FAINT_DARK = 0.26, 0.36  # of a colour behind its own smoothed line
_NOISE = 0.65  # of a colour in noise without a smoothed line, so that calm lines are seen on it
_PALE = 0.45  # of a colour in lines that are one of many
_CALM = 0.7  # device pixels


class Chart:
    """State and painting of one chart's inside. Sizes are in logical pixels.

    Attributes:
        series: The lines that are seen, in painting order.
        levels: Values that are marked across.
        view: How the numbers are looked at.
        cursor: Where the read-out stands, in pixels from the left; ``None`` for none.
        box: The rectangle that is being dragged to zoom into.
        message: Said in the middle while there is nothing else to see.
        focused: Whether keys go here.
    """

    def __init__(self, theme: Theme, *, x_axis: Axis, y_axis: Axis) -> None:
        self.theme = theme
        self.series: Sequence[Series] = ()
        self.levels: Sequence[Level] = ()
        self.view = View()
        self.cursor: float | None = None
        self.box: QRectF | None = None
        self.message = ""
        self.focused = False
        self.font = QFont()
        self.width = self.height = 1.0
        self.range = (0.0, 1.0, 0.0, 1.0)
        self._x_axis, self._y_axis = x_axis, y_axis
        self._pixmap = QPixmap()
        self._ready = False

    @property
    def unit(self) -> Unit:
        """What the values are counted in."""
        return unit_of(self.series[0].trace.key) if self.series else NUMBER

    @property
    def empty(self) -> bool:
        return not any(len(series.x(self.view)) for series in self.series)

    def invalidate(self) -> None:
        """Something about the lines has changed; they are painted anew at the next opportunity."""
        self._ready = False

    def window(self, scale: float = 1.0) -> Window:
        """What is shown, for pixels of which ``scale`` are a logical one."""
        left, right, bottom, top = self.range
        return Window(
            left=left,
            right=right,
            bottom=bottom,
            top=top,
            log_x=self.view.log_x,
            log_y=self.view.log_y,
            width=max(1, math.ceil(self.width * scale)),
            height=max(1, math.ceil(self.height * scale)),
        )

    def colour(self, trace: Trace) -> str:
        return self._hue(trace.colour)

    def _hue(self, colour: int | str) -> str:
        return self.theme.series_colour(colour) if isinstance(colour, int) else colour or self.theme.colours.muted

    def _mixed(self, trace: Trace, share: float) -> QColor:
        return paint.mixed(self.colour(trace), self.theme.colours.surface, share)

    def style(self, trace: Trace) -> paint.Style:
        """How the trace's line looks in front."""
        if trace.muted:
            return paint.Style(self._mixed(trace, _PALE), width=paint.THIN, dashed=trace.dashed, dotted=trace.dotted)
        noisy = trace.smooth and not self.view.smoothing
        if noisy:
            return paint.Style(self._mixed(trace, _NOISE), width=paint.THIN)
        return paint.Style(QColor(self.colour(trace)), dashed=trace.dashed, dotted=trace.dotted)

    # The lines

    def paint_lines(self, painter: QPainter) -> None:
        scale = painter.device().devicePixelRatioF()
        window = self.window(scale)
        size = (window.width, window.height)
        if not self._ready or (self._pixmap.width(), self._pixmap.height()) != size:
            self._pixmap = QPixmap(*size)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            self._paint_pixmap(window, scale)
            self._pixmap.setDevicePixelRatio(scale)
            self._ready = True
        painter.drawPixmap(0, 0, self._pixmap)

    def _paint_pixmap(self, window: Window, scale: float) -> None:
        painter = QPainter(self._pixmap)
        self._paint_grid(painter, window)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        noisy = sum(series.smoothed(self.view) for series in self.series)
        share = (_FAINT_DARK if self.theme.dark else _FAINT_LIGHT) / (1 + 0.35 * max(0, noisy - 1))
        for series in self.series:
            if series.smoothed(self.view):
                raw, _ = series.points(self.view, window, columns=window.width)
                faint = paint.Style(self._mixed(series.trace, share), width=paint.THIN)
                paint.draw_line(painter, window.x_pixels(raw.x), window.y_pixels(raw.y), style=faint, scale=scale)
        for series in self.series:
            _, points = series.points(self.view, window, columns=window.width)
            x, y = thinned(window.x_pixels(points.x), window.y_pixels(points.y), within=_CALM)
            paint.draw_line(painter, x, y, style=self.style(series.trace), scale=scale)
        painter.scale(scale, scale)
        self._paint_levels(painter)
        self._paint_marks(painter)
        painter.end()

    def _paint_grid(self, painter: QPainter, window: Window) -> None:
        left, right, bottom, top = self.range
        xs = [(value - left) / (right - left) * window.width for value in self._x_axis.ticks()]
        ys = [(top - value) / (top - bottom) * window.height for value in self._y_axis.ticks()]
        colours = self.theme.colours
        colour = paint.mixed(colours.line, colours.surface, 0.6)
        paint.grid(painter, xs=xs, ys=ys, width=window.width, height=window.height, colour=colour)

    def _paint_levels(self, painter: QPainter) -> None:
        """Dashed lines across, each with its words above its left end, or below where the top is too near."""
        window, metrics = self.window(), QFontMetricsF(self.font)
        painter.setFont(self.font)
        for level in self.levels:
            y = paint.sharp(float(window.y_pixels(level.value)))
            if not 0 <= y <= self.height:
                continue
            colour = QColor(self._hue(level.colour))
            pen = QPen(colour, 1.2, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([5.0, 4.0])
            painter.setPen(pen)
            painter.drawLine(QPointF(0, y), QPointF(self.width, y))
            height, width = metrics.height(), metrics.horizontalAdvance(level.text) + GAP / 2
            top = y - height - 1 if y > height + 2 else y + 2
            box = QRectF(GAP / 2, top, width, height)
            ground = QColor(self.theme.colours.surface)
            ground.setAlpha(200)
            painter.fillRect(box, ground)
            painter.setPen(QColor(self.theme.colours.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, level.text)

    def _paint_marks(self, painter: QPainter) -> None:
        """Best and last of the traces that have a best: a diamond and a ring, with their values where there is room."""
        window, area = self.window(), QRectF(0, 0, self.width, self.height)
        colours = self.theme.colours
        ground = QColor(colours.surface)
        painter.setFont(self.font)
        labels = paint.Labels(painter, area.adjusted(2, 2, -2, -2), ground=ground, ink=QColor(colours.text))
        texts: list[tuple[str, QPointF, Callable[[QPointF], None]]] = []
        for series in self.series:
            best = series.best(self.view)
            if best is None:
                continue
            x, y = series.x(self.view), series.shown(self.view)
            colour = QColor(self.colour(series.trace))
            last = len(y) - 1
            for index, word in ((last, "last"), (best, "best")):
                at = QPointF(float(window.x_pixels(x[index])), float(window.y_pixels(y[index])))
                if not area.contains(at):
                    continue
                draw = paint.draw_best if word == "best" else paint.draw_last
                mark: Callable[[QPointF], None] = partial(draw, painter, colour=colour, ground=ground)
                mark(at)
                labels.keep_free(at)
                if index != best or word == "best":
                    texts.append((f"{word} {self.unit.text(float(y[index]))}", at, mark))
        for text, at, sign in sorted(texts, key=lambda one: one[0]):  # if there is room for some only: for "best"
            labels.write(text, at, mark=sign)

    # What lies over the lines

    def paint_over(self, painter: QPainter) -> None:
        colours = self.theme.colours
        painter.setFont(self.font)
        area = QRectF(0, 0, self.width, self.height)
        muted = QColor(colours.muted)
        metrics = QFontMetricsF(self.font)
        if self.empty:
            painter.setPen(muted)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)
        else:
            name = "epoch" if self.view.epochs else "step"
            width = metrics.horizontalAdvance(name) + GAP / 2
            box = QRectF(self.width - width - 2, self.height - metrics.height() - 2, width, metrics.height())
            ground = QColor(colours.surface)
            ground.setAlpha(200)
            painter.fillRect(box, ground)
            painter.setPen(muted)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.focused:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        if self.box is not None:
            accent = QColor(colours.accent)
            painter.setPen(QPen(accent, 1))
            accent.setAlpha(40)
            painter.setBrush(accent)
            painter.drawRect(self.box)
        elif self.cursor is not None and not self.empty:
            self._paint_readout(painter, area, self.cursor)

    def cursor_place(self) -> float | None:
        """The step or epoch under the cursor: that of the nearest sample of the line with the most samples."""
        dense = max(self.series, key=lambda series: len(series.x(self.view)), default=None)
        if self.cursor is None or dense is None or not len(dense.x(self.view)):
            return None
        places = dense.x(self.view)
        return float(places[nearest(places, self.window().x_value(self.cursor))])

    def readings(self, x: float) -> tuple[Reading, ...]:
        """The nearest sample of each line that is seen and has a name to the step or epoch ``x``."""
        found = (series.reading(self.view, x) for series in self.series if not series.trace.muted)
        return tuple(reading for reading in found if reading is not None)

    def _paint_readout(self, painter: QPainter, area: QRectF, cursor: float) -> None:
        place = self.cursor_place()
        if place is None:
            return
        colours, window, unit = self.theme.colours, self.window(), self.unit
        x = float(window.x_pixels(place))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = paint.sharp(min(max(x, 0.0), self.width - 1))
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(QPointF(line, 0), QPointF(line, self.height))
        readings = self.readings(place)
        if not readings:
            return
        styles = {series.trace.label: self.style(series.trace) for series in self.series}
        rows = []
        title = ""
        for reading in readings:
            at = reading.epoch if self.view.epochs else float(reading.step)
            shown = reading.value if reading.smoothed is None else reading.smoothed
            point = QPointF(float(window.x_pixels(at)), float(window.y_pixels(shown)))
            if area.contains(point):
                painter.setPen(QPen(QColor(colours.surface), 1))
                painter.setBrush(styles[reading.label].colour)
                painter.drawEllipse(point, 3.2, 3.2)
            note = ""
            if reading.smoothed is not None:
                note = f"raw {unit.text(reading.value)}"
            elif at != place:
                note = f"at step {COUNT.text(reading.step)}"
            if at == place:
                title = f"step {COUNT.text(reading.step)} · epoch {reading.epoch:.2f}"
            rows.append(paint.Row(styles[reading.label], reading.label, unit.text(shown), note))
        paint.draw_readout(
            painter,
            area,
            x=line,
            title=title,
            rows=rows,
            ground=QColor(colours.raised),
            line=QColor(colours.line),
            ink=QColor(colours.text),
            muted=QColor(colours.muted),
        )
