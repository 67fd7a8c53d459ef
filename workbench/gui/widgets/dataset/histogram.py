"""How often which value occurs, as bars: read under the mouse or with the arrow keys, and a way to the items."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.models.statistics import Spread
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import plain

_BINS = 32
_FEW = 40  # distinct whole numbers that get a bar each
_LINES = 11  # lines of text that it is high


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Values from ``low`` to ``high``: inclusive where they are whole numbers, else to just below ``high``."""

    low: float
    high: float
    count: int


def bins_of(spread: Spread) -> list[Bin]:
    """Bars of one width that cover all values; ends are round numbers."""
    values = spread.values
    low, high = float(values.min()), float(values.max())
    if spread.whole:
        if high - low < _FEW:
            counts = np.bincount((values - low).astype(np.int64), minlength=int(high - low) + 1)
            return [Bin(low=low + i, high=low + i, count=int(count)) for i, count in enumerate(counts)]
        step = max(1.0, _round_up((high - low) / _BINS))
    elif high == low:
        return [Bin(low=low, high=high, count=len(values))]
    else:
        step = _round_up((high - low) / _BINS)
    first = math.floor(low / step)
    places = np.floor(values / step + 1e-9).astype(np.int64) - first
    counts = np.bincount(np.maximum(places, 0))
    last = step - 1 if spread.whole else step
    return [
        Bin(low=(first + i) * step, high=(first + i) * step + last, count=int(count)) for i, count in enumerate(counts)
    ]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1 - 1e-9))


class Histogram(QWidget):
    """Signals:
    picked: Ids of the items of the bar that was clicked or entered, int64, and what they have in common in words.
    """

    picked = Signal(object, str)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Histogram")
        self._theme = theme
        self._spread: Spread | None = None
        self.bins: list[Bin] = []
        self.current = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)

    def show_spread(self, spread: Spread) -> None:
        self._spread, self.bins, self.current = spread, bins_of(spread), -1
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(48 * metrics.averageCharWidth(), _LINES * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 * metrics.averageCharWidth(), _LINES * metrics.height())

    def words(self, index: int) -> str:
        """A bar in words: ``"500 to 999 pixels: 12"``."""
        return f"{self._range_text(index)}: {self.bins[index].count:,}"

    def _range_text(self, index: int) -> str:
        assert self._spread
        one, unit = self.bins[index], self._spread.unit
        ends = [number_text(one.low), number_text(one.high)]
        text = ends[0] if ends[0] == ends[1] else " to ".join(ends)
        return f"{text} {unit}".rstrip()

    def items(self, index: int) -> NDArray[np.int64]:
        """Ids of the items of a bar, ascending."""
        assert self._spread
        one, values = self.bins[index], self._spread.values
        below = values <= one.high if self._spread.whole or one.low == one.high else values < one.high - 1e-9
        return np.sort(self._spread.items[(values >= one.low - 1e-9) & below])

    # Geometry

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        return QRectF(self.rect()).adjusted(
            GAP // 2, metrics.height() + GAP // 2, -GAP // 2, -metrics.height() - GAP // 2
        )

    def rect_of(self, index: int) -> QRectF:
        """Where a bar is, from the base to the top of the chart."""
        area = self._area()
        width = area.width() / max(1, len(self.bins))
        return QRectF(area.left() + index * width, area.top(), width, area.height())

    def _at(self, position: QPointF) -> int:
        area = self._area()
        if not self.bins or not area.left() <= position.x() < area.right():
            return -1
        return min(len(self.bins) - 1, int((position.x() - area.left()) / area.width() * len(self.bins)))

    # What a person does

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._turn_to(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self._turn_to(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self.bins:
            self._turn_to(min(max(self.current + step, 0), len(self.bins) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._pick(self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(QPointF(event.pos()))
            if index >= 0:
                QToolTip.showText(event.globalPos(), f"{self.words(index)}\nClick to see them", self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._turn_to(-1)

    def _turn_to(self, index: int) -> None:
        if index != self.current:
            self.current = index
            self._describe()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(self.words(self.current) if 0 <= self.current < len(self.bins) else "")

    def _pick(self, index: int) -> None:
        if 0 <= index < len(self.bins) and self.bins[index].count:
            assert self._spread
            title = f"{self._spread.name} {self._range_text(index)}"
            self.picked.emit(self.items(index), title)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.bins:
            return
        colours, area, metrics = self._theme.colours, self._area(), self.fontMetrics()
        highest = max(one.count for one in self.bins)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, one in enumerate(self.bins):
            room = self.rect_of(index)
            if index == self.current:
                painter.fillRect(room, QColor(colours.raised))
            height = max(2.0, room.height() * one.count / highest) if one.count else 0.0
            gap = 1.0 if room.width() > 3 else 0.0
            bar = QRectF(room.left() + gap / 2, room.bottom() - height, max(1.0, room.width() - gap), height)
            painter.fillRect(bar, QColor(colours.accent if index == self.current else self._theme.series_colour(0)))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(colours.muted))
        below = QRectF(area.left(), area.bottom() + GAP // 4, area.width(), metrics.height())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), number_text(self.bins[0].low))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), number_text(self.bins[-1].high))
        middle = self.bins[len(self.bins) // 2]
        if len(self.bins) > 4 and area.width() > 30 * metrics.averageCharWidth():
            place = self.rect_of(len(self.bins) // 2).left()
            text = number_text(middle.low)
            half = metrics.horizontalAdvance(text) / 2 + 1
            painter.drawText(QRectF(place - half, below.top(), 2 * half, below.height()),
                             int(Qt.AlignmentFlag.AlignCenter), text)  # fmt: skip
        above = QRectF(area.left(), 0, area.width(), metrics.height())
        if self.current >= 0:
            painter.setPen(QColor(colours.text))
            painter.drawText(above, int(Qt.AlignmentFlag.AlignLeft), self.words(self.current))
        else:
            painter.drawText(above, int(Qt.AlignmentFlag.AlignLeft), f"most {highest:,}")
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))


def number_text(value: float) -> str:
    """A whole number with its thousands apart, any other with three digits."""
    return f"{value:,.0f}" if value == round(value) else plain(value, digits=3)
