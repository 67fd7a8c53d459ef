"""How the likelihood term goes along a walk: a small chart, one line a path, a dot a frame."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import plain

_DOT = 2.5  # radius in logical pixels
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)  # lines differ without colour, too
_SAMPLE = 2 * GAP  # length of a line in the legend
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine)


class Line(NamedTuple):
    """One path: what it is called, where its frames are, and what was measured there (nan where nothing was)."""

    title: str
    t: tuple[float, ...]
    values: tuple[float, ...]


class WalkCurve(QWidget):
    """Empty until :meth:`set_lines`.

    Signals:
        picked: Index of the frame that was clicked.
    """

    picked = Signal(int)

    def __init__(self, theme: Theme, *, name: str, text: str) -> None:
        super().__init__()
        named(self, name, text)
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self._heading, self._current = "", -1
        self._least, self._most, self._known = 0.0, 1.0, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set_lines(self, lines: Sequence[Line], *, heading: str) -> None:
        """Show these; ``heading`` says what was measured, and in what."""
        self._lines, self._heading = tuple(lines), heading
        values = [value for line in lines for value in line.values if math.isfinite(value)]
        self._known = bool(values)
        self._least, self._most = (min(values), max(values)) if values else (0.0, 1.0)
        if self._least == self._most:
            self._least, self._most = self._least - 0.5, self._most + 0.5
        said = [f"{line.title}: {plain(min(known), digits=4)} to {plain(max(known), digits=4)}" for line in lines
                if (known := [value for value in line.values if math.isfinite(value)])]  # fmt: skip
        self.setAccessibleDescription(f"{heading}. {'; '.join(said)}")
        self.update()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def set_current(self, index: int) -> None:
        """Mark the frame that is looked at."""
        if index != self._current:
            self._current = index
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(40 * GAP, 14 * GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(16 * GAP, 5 * self.fontMetrics().height())

    # Where things are

    def _ticks(self) -> tuple[str, str]:
        least, most = alike((self._least, self._most))
        return least, most

    def _frame(self) -> QRectF:
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(text) for text in self._ticks()) + GAP
        line = metrics.height()
        above = line * (1 + len(self._legend_rows())) + GAP
        return QRectF(self.rect()).adjusted(left, above, -GAP, -(line + GAP // 2))

    def _legend_widths(self) -> list[int]:
        """Of each line's place in the legend, with the gap behind it."""
        metrics = self.fontMetrics()
        return [_SAMPLE + GAP // 2 + metrics.horizontalAdvance(line.title) + 2 * GAP for line in self._lines]

    def _legend_rows(self) -> list[list[int]]:
        """The lines in each row of the legend below the heading; no row where they stand beside it, or are no use."""
        if len(self._lines) < 2:
            return []
        widths = self._legend_widths()
        if self.fontMetrics().horizontalAdvance(self._heading) + 2 * GAP + sum(widths) <= self.width():
            return []
        rows: list[list[int]] = [[]]
        for index, wide in enumerate(widths):
            if rows[-1] and sum(widths[one] for one in rows[-1]) + wide - 2 * GAP > self.width():
                rows.append([])
            rows[-1].append(index)
        return rows

    def _place(self, frame: QRectF, t: float, value: float) -> QPointF:
        last = max((line.t[-1] for line in self._lines if line.t), default=1.0) or 1.0
        share = (value - self._least) / (self._most - self._least)
        return QPointF(frame.left() + frame.width() * t / last, frame.bottom() - frame.height() * share)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            frame = self._frame()
            if not self._lines or frame.height() < _DOT:
                return
            self._paint_axes(painter, frame)
            for index, line in enumerate(self._lines):
                self._paint_line(painter, frame, index, line)

    def _paint_axes(self, painter: QPainter, frame: QRectF) -> None:
        colours, height = self._theme.colours, self.fontMetrics().height()
        painter.setPen(QPen(QColor(colours.line), 1))
        for y in (frame.top(), frame.bottom()):
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
        last = max((line.t[-1] for line in self._lines if line.t), default=1.0)
        painter.setPen(QColor(colours.muted))
        least, most = self._ticks()
        # The lower number stands on its line, or it would touch the first t.
        for y, text in ((frame.bottom() - height + 2, least), (frame.top() - height / 2, most)) if self._known else ():
            painter.drawText(QRectF(0, y, frame.left() - GAP // 2, height), _RIGHT, text)
        for t in range(round(last) + 1):
            at = self._place(frame, t, self._least).x()
            painter.drawText(QRectF(at - 4 * GAP, frame.bottom() + 2, 8 * GAP, height), _CENTRE,
                             f"t {t}" if not t else str(t))  # fmt: skip
        painter.drawText(QRectF(0, 0, self.width(), height), _LEFT, self._heading)
        if self._current >= 0 and self._lines[0].t:
            at = self._lines[0].t[min(self._current, len(self._lines[0].t) - 1)]
            painter.setPen(QPen(QColor(colours.accent), 1))
            x = self._place(frame, at, self._least).x()
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        if len(self._lines) > 1:
            self._paint_legend(painter, height)

    def _paint_legend(self, painter: QPainter, height: int) -> None:
        widths = self._legend_widths()
        below = self._legend_rows()
        for row, shown in enumerate(below or [list(range(len(widths)))]):
            left = 0 if below else self.width() + GAP - sum(widths)
            top = (row + 1) * height if below else 0
            for index in shown:
                painter.setPen(self._pen(index))
                painter.drawLine(QPointF(left, top + height / 2), QPointF(left + _SAMPLE, top + height / 2))
                words = QRectF(left + _SAMPLE + GAP // 2, top, widths[index], height)
                painter.setPen(QColor(self._theme.colours.text))
                painter.drawText(words, _LEFT, self._lines[index].title)
                left += widths[index]

    def _pen(self, index: int) -> QPen:
        return QPen(QColor(self._theme.series_colour(index)), 1.6, _DASHES[index % len(_DASHES)])

    def _paint_line(self, painter: QPainter, frame: QRectF, index: int, line: Line) -> None:
        places = [self._place(frame, t, value) for t, value in zip(line.t, line.values, strict=True)
                  if math.isfinite(value)]  # fmt: skip
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._pen(index))
        painter.drawPolyline(QPolygonF(places))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.series_colour(index)))
        for place in places:
            painter.drawEllipse(place, _DOT, _DOT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._lines or not self._lines[0].t:
            return
        frame, x = self._frame(), event.position().x()
        away = [abs(self._place(frame, t, self._least).x() - x) for t in self._lines[0].t]
        self.picked.emit(away.index(min(away)))


def alike(values: Sequence[float]) -> list[str]:
    """Numbers with as many decimals each as four digits of the largest leave."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=1.0)
    decimals = max(0, min(3, 3 - math.floor(math.log10(largest)))) if largest > 0 else 2
    return [f"{value:,.{decimals}f}" if math.isfinite(value) else plain(value, digits=4) for value in values]
