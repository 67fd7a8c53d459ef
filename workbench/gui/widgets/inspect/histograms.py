"""How the scores of several sets of items are spread, over one another, with a threshold that can be dragged."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.score_scale import Scale

Floats = NDArray[np.float64]

BINS = 64
_LINES = 10  # lines of text that it is high
_OUTSIDE = 0.002  # of the items at either end, that the axis does not stretch for
_GRIP = 7.0  # logical pixels beside the line where it is gripped
_STEPS = 200  # keys from one end to the other
_FILLS = (
    Qt.BrushStyle.SolidPattern, Qt.BrushStyle.NoBrush, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.FDiagPattern,
    Qt.BrushStyle.DiagCrossPattern, Qt.BrushStyle.HorPattern, Qt.BrushStyle.VerPattern,
)  # fmt: skip
_STROKES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine, Qt.PenStyle.DashDotLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One histogram: a title and float64[N] values, finite."""

    title: str
    values: Floats


def range_of(groups: Sequence[Group], scale: Scale) -> tuple[float, float]:
    """Places where the axis begins and ends: nearly all values lie between them; somewhere if there are none."""
    values = scale.to_axis(np.concatenate([np.empty(0), *(group.values for group in groups)]))
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, (_OUTSIDE, 1 - _OUTSIDE)).tolist()
    return (low, high) if high > low else (low - 0.5, low + 0.5)


class Histograms(QWidget):
    """Signals:
    moved: The threshold that a person dragged or pushed the line to.
    """

    moved = Signal(float)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Scores of known and unknown items, and the threshold")
        self._theme = theme
        self._groups: tuple[Group, ...] = ()
        self._heights: list[Floats] = []
        self._text = ""
        self._scale, self._title = Scale(), ""
        self.low, self.high = 0.0, 1.0
        self.threshold = 0.0
        self._dragging = self._over = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    # What it shows

    def show_groups(self, groups: Sequence[Group], *, title: str = "", scale: Scale | None = None) -> None:
        """The first group is filled, the second an outline, the others hatched; an empty one is only in the legend.

        Heights are square roots of shares of a group, so that a few items are seen beside many. :attr:`low` and
        :attr:`high` are places on the scale.
        """
        self._groups, self._title, self._scale = tuple(groups), title, scale or Scale()
        self.low, self.high = range_of(groups, self._scale)
        edges = np.linspace(self.low, self.high, BINS + 1)
        self._heights = []
        for group in groups:
            counts, _ = np.histogram(np.clip(self._scale.to_axis(group.values), self.low, self.high), edges)
            self._heights.append(np.sqrt(counts / max(1, len(group.values))))
        self.update()

    def set_threshold(self, threshold: float) -> None:
        """Move the line, without a signal."""
        self.threshold = threshold
        self.update()

    def set_text(self, text: str) -> None:
        """What is said in the middle while there are no groups."""
        self._text = text
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(60 * metrics.averageCharWidth(), (_LINES + 3) * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(30 * metrics.averageCharWidth(), _LINES * metrics.height())

    # Places

    def _legend_lines(self) -> list[list[tuple[int, float]]]:
        """Rows of (group, x) of the legend, wrapped."""
        metrics = QFontMetricsF(self.font())
        lines: list[list[tuple[int, float]]] = [[]]
        x = 0.0
        for index, group in enumerate(self._groups):
            width = 3 * GAP + metrics.horizontalAdvance(self._legend_text(group)) + 2 * GAP
            if x and x + width > self.width():
                lines.append([])
                x = 0.0
            lines[-1].append((index, x))
            x += width
        return lines

    @staticmethod
    def _legend_text(group: Group) -> str:
        return f"{group.title} ({len(group.values):,})"

    def area(self) -> QRectF:
        """Where the histograms are."""
        line = self.fontMetrics().height()
        top = len(self._legend_lines()) * line + line + GAP
        return QRectF(self.rect()).adjusted(1, top, -1, -2 * line - GAP)

    def x_of(self, value: float) -> float:
        """Logical pixel of a score; one outside of the axis is at its end."""
        return self._x_of_place(self._scale.place(value))

    def _x_of_place(self, place: float) -> float:
        area = self.area()
        share = (place - self.low) / (self.high - self.low)
        return area.left() + min(max(share, 0.0), 1.0) * area.width()

    def value_at(self, x: float) -> float:
        area = self.area()
        share = min(max((x - area.left()) / area.width(), 0.0), 1.0)
        return self._scale.from_axis(self.low + share * (self.high - self.low))

    # What a person does

    def _move_to(self, threshold: float) -> None:
        self.set_threshold(threshold)
        self.moved.emit(threshold)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._groups:
            self._dragging = True
            if abs(event.position().x() - self.x_of(self.threshold)) > _GRIP:
                self._move_to(self.value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = bool(self._groups) and abs(event.position().x() - self.x_of(self.threshold)) <= _GRIP
        if over != self._over:
            self._over = over
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)
            self.update()
        if self._dragging:
            self._move_to(self.value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def leaveEvent(self, event: QEvent) -> None:
        if self._over and not self._dragging:
            self._over = False
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = (self.high - self.low) / _STEPS
        here = min(max(self._scale.place(self.threshold), self.low), self.high)
        ends = {Qt.Key.Key_Home: self.low, Qt.Key.Key_End: self.high}
        steps = {
            Qt.Key.Key_Left: -step, Qt.Key.Key_Down: -step, Qt.Key.Key_Right: step, Qt.Key.Key_Up: step,
            Qt.Key.Key_PageDown: -10 * step, Qt.Key.Key_PageUp: 10 * step,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if self._groups and key in ends:
            self._move_to(self._scale.from_axis(ends[key]))
        elif self._groups and key in steps:
            self._move_to(self._scale.from_axis(min(max(here + steps[key], self.low), self.high)))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # Painting

    def _style(self, index: int) -> tuple[QColor, Qt.BrushStyle, Qt.PenStyle]:
        fill = _FILLS[index] if index < len(_FILLS) else _FILLS[2 + (index - 2) % (len(_FILLS) - 2)]
        return QColor(self._theme.series_colour(index)), fill, _STROKES[min(index, 2) if index < 3 else 2 + index % 2]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, area = self._theme.colours, self.area()
        if not any(len(group.values) for group in self._groups):
            painter.setPen(QColor(colours.muted))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect(), flags, self._text)
            return
        self._paint_legend(painter)
        line = self.x_of(self.threshold)
        rejected = QRectF(area.left(), area.top(), line - area.left(), area.height())
        painter.fillRect(rejected, QColor(colours.raised))
        highest = max(float(heights.max()) for heights in self._heights) or 1.0
        for index in reversed(range(len(self._groups))):  # those that are hatched lie behind the outline
            if len(self._groups[index].values):
                self._paint_group(painter, area, index, self._heights[index] / highest)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._paint_axis(painter, area)
        self._paint_threshold(painter, area, line)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_group(self, painter: QPainter, area: QRectF, index: int, heights: Floats) -> None:
        colour, fill, stroke = self._style(index)
        wide = area.width() / BINS
        points = [area.bottomLeft()]
        for place, height in enumerate(heights.tolist()):
            y = area.bottom() - height * (area.height() - 2)
            points += [QPointF(area.left() + place * wide, y), QPointF(area.left() + (place + 1) * wide, y)]
        points.append(area.bottomRight())
        shade = QColor(colour)
        shade.setAlphaF(0.3 if fill == Qt.BrushStyle.SolidPattern else 0.7)
        brush = painter.brush()
        brush.setStyle(fill)
        brush.setColor(shade)
        painter.setBrush(brush)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF(points))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.5, stroke))
        painter.drawPolyline(QPolygonF(points))

    def _paint_legend(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(self.font())
        for row, line in enumerate(self._legend_lines()):
            for index, x in line:
                colour, fill, stroke = self._style(index)
                box = QRectF(x + 1, row * metrics.height() + 3, 2 * GAP, metrics.height() - 6)
                shade = QColor(colour)
                shade.setAlphaF(0.3 if fill == Qt.BrushStyle.SolidPattern else 0.7)
                brush = painter.brush()
                brush.setStyle(fill)
                brush.setColor(shade)
                painter.setBrush(brush)
                painter.setPen(QPen(colour, 1.5, stroke))
                painter.drawRect(box)
                painter.setPen(QColor(self._theme.colours.text))
                room = QRectF(x + 3 * GAP, row * metrics.height(), self.width() - x - 3 * GAP, metrics.height())
                flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
                text = metrics.elidedText(
                    self._legend_text(self._groups[index]), Qt.TextElideMode.ElideMiddle, room.width()
                )
                painter.drawText(room, flags, text)

    def _paint_axis(self, painter: QPainter, area: QRectF) -> None:
        metrics, scale = QFontMetricsF(self.font()), self._scale
        painter.setPen(QColor(self._theme.colours.muted))
        top, free = area.bottom() + GAP / 4, area.left()
        for value in scale.ticks(self.low, self.high):
            text, x = scale.text(value), self.x_of(value)
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, area.left()), area.right() - width)
            if left >= free:
                painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
                painter.drawText(QRectF(left, top, width + 1, metrics.height()), Qt.AlignmentFlag.AlignLeft, text)
                free = left + width + GAP
        title = metrics.elidedText(f"{self._title}, surer to the right", Qt.TextElideMode.ElideRight, area.width())
        below = QRectF(area.left(), top + metrics.height(), area.width(), metrics.height())
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, title)

    def _paint_threshold(self, painter: QPainter, area: QRectF, x: float) -> None:
        colours, metrics = self._theme.colours, QFontMetricsF(self.font())
        middle = math.floor(x) + 0.5
        painter.setPen(QPen(QColor(colours.text), 3.0 if self._over or self._dragging else 2.0))
        painter.drawLine(QPointF(middle, area.top() - GAP / 2), QPointF(middle, area.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.text))
        grip = area.top() + area.height() * 0.5
        painter.drawRoundedRect(QRectF(middle - 4, grip - GAP, 8, 2 * GAP), 3, 3)
        painter.setPen(QColor(colours.text))
        top = area.top() - metrics.height() - GAP / 2
        left, right = "\N{LEFTWARDS ARROW} I don\u2019t know", "accepted \N{RIGHTWARDS ARROW}"
        if metrics.horizontalAdvance(left) + GAP < middle - area.left():
            room = QRectF(area.left(), top, middle - area.left() - GAP, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, left)
        if metrics.horizontalAdvance(right) + GAP < area.right() - middle:
            room = QRectF(middle + GAP, top, area.right() - middle - GAP, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, right)
