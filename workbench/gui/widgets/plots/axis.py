"""The axis beside or below a chart: where its ticks are, and what they say.

pyqtgraph's axis is kept up with the range by its view box; its ticks and its painting are ours. The ticks are whole
numbers of whatever the values are counted in (percent, thousands, GiB), as many as the font leaves room for, on
logarithmic axes as well; painting them directly costs a tenth of pyqtgraph's pictures, which a live range never reuses.
"""

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from workbench.gui.units import NUMBER, Unit, plain

_LINES_A_TICK, _CROWDED = 2.6, 1.5  # heights of the font from one label to the next, upwards
_WIDTHS_A_TICK = 1.7  # widths of a label from one to the next, sideways
_TYPICAL = "88.8k"
_MOST = 14.0
_MOST_POWERS = 300  # of ten, before numbers overflow
_FEW = 4.0  # labels that even a low chart should have, if they fit at all
_SLACK = 0.8  # of the room for a label, where the next larger spacing would leave many times as much
_NARROWEST = "8.88"
_BESIDE, _BELOW, _OVERHANG = 12, 5, 6  # pixels
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


class Axis(pg.AxisItem):  # type: ignore[misc]
    """A linear or logarithmic axis; with ``log`` its range is in logarithms to base 10."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.unit: Unit = NUMBER
        self.log = False
        self._upright = side == "left"
        self._room = self._least_room = 1.0
        self._needed = 0.0
        self._font, self._line, self._text = QFont(), QColor(), QColor()
        self._metrics = QFontMetricsF(self._font)

    def dress(self, font: QFont, *, line: str, text: str) -> None:
        """Take on the colours of a theme and the font of the window."""
        self._font, self._line, self._text = font, QColor(line), QColor(text)
        metrics = self._metrics = QFontMetricsF(font)
        if self._upright:
            self._room, self._least_room = metrics.height() * _LINES_A_TICK, metrics.height() * _CROWDED
            self._needed = 0.0
            self.make_room(self.height())
        else:
            self._room = self._least_room = metrics.horizontalAdvance(_TYPICAL) * _WIDTHS_A_TICK
            self.setHeight(math.ceil(metrics.height() + 9))

    def show_as(self, unit: Unit, *, log: bool) -> None:
        """Count in ``unit``, on a logarithmic axis or a linear one."""
        if (unit, log) != (self.unit, self.log):
            self.unit, self.log = unit, log
            self._needed = 0.0
            self.update()

    def make_room(self, height: float) -> None:
        """Grow as wide as the labels of the moment on ``height`` pixels; never shrink, as a live chart would jump."""
        low, high = self.range
        texts = [text for spacing, values in self.levels(low, high, height) for text in self.texts(values, spacing)]
        needed = max(map(self._metrics.horizontalAdvance, [_NARROWEST, *texts]))
        if needed > self._needed:
            self._needed = needed
            self.setWidth(math.ceil(needed + _BESIDE))

    def ticks(self) -> list[float]:
        """Where ticks stand now, in the axis's measure, the labelled and the unlabelled ones."""
        low, high = self.range
        size = self.height() if self._upright else self.width()
        return [value for _, values in self.levels(low, high, size) for value in values]

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        low, high = self.range
        width, height = self.width(), self.height()
        if not high > low:
            return
        painter.setFont(self._font)
        painter.setPen(QPen(self._line, 1))
        size = height if self._upright else width
        corner = QPointF(width - 0.5, 0) if self._upright else QPointF(width, 0.5)
        painter.drawLine(QPointF(width - 0.5, height) if self._upright else QPointF(0, 0.5), corner)
        painter.setPen(self._text)
        box = self._metrics.height()
        for spacing, values in self.levels(low, high, size):
            for value, text in zip(values, self.texts(values, spacing), strict=True):
                place = (value - low) / (high - low) * size
                if self._upright:
                    painter.drawText(QRectF(0, height - place - box / 2, width - _BESIDE / 2, box), _RIGHT, text)
                else:
                    half = self._metrics.horizontalAdvance(text) / 2 + 1
                    left = min(max(place - half, -half), width - 2 * half + _OVERHANG)
                    painter.drawText(QRectF(left, _BELOW, 2 * half, box), _CENTRE, text)

    def levels(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Ticks from ``low`` to ``high`` on ``size`` pixels: spacing and places.

        The spacing is 0 on a logarithmic axis and below 0 for its ticks without words.
        """
        if not high > low or size <= 0:
            return []
        count = max(2.0, min(_MOST, size / self._room), min(_FEW, size / self._least_room))
        if self.log:
            low, high = max(low, -_MOST_POWERS), min(high, _MOST_POWERS)
        else:
            spacing = self._spacing((high - low) / count, max(abs(low), abs(high)))
            return [(spacing, _multiples(low, high, spacing))]
        if high - low < 0.7:
            bottom, top = 10**low, 10**high
            spacing = self._spacing((top - bottom) / count, top)
            return [(spacing, [math.log10(value) for value in _multiples(bottom, top, spacing) if value > 0])]
        if (high - low) * 3 <= count:
            return [(0.0, _decades(low, high, every=1, digits=(1, 2, 5)))]
        every = max(1, math.ceil((high - low) / count))
        fine = _decades(low, high, every=1, digits=range(2, 10)) if every == 1 else []
        return [(0.0, _decades(low, high, every=every, digits=(1,))), (-1.0, fine)]

    def texts(self, values: Sequence[float], spacing: float) -> list[str]:
        """What ticks of one level say."""
        if spacing < 0:
            return [""] * len(values)
        if not self.log:
            largest = max(abs(end) for end in self.range)
            return [self.unit.tick(value, spacing=spacing, largest=largest) for value in values]
        if spacing > 0:
            return [
                self.unit.tick(10**value, spacing=spacing, largest=10 ** min(self.range[1], _MOST_POWERS))
                for value in values
            ]
        return [self._alone(10**value) for value in values]

    def _alone(self, value: float) -> str:
        divisor, suffix = self.unit.scale(value)
        return plain(value / divisor, digits=2) + suffix

    def _spacing(self, least: float, largest: float) -> float:
        """The next of 1, 2, 5 times a power of ten, counted in the unit as it is shown."""
        divisor, _ = self.unit.scale(largest)
        power = 10.0 ** math.floor(math.log10(least / divisor))
        spacing = next(step * power for step in (1, 2, 5, 10) if step * power >= least / divisor * _SLACK) * divisor
        return max(1.0, spacing) if self.unit.whole else spacing


def _multiples(low: float, high: float, spacing: float) -> list[float]:
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [index * spacing for index in range(first, last + 1)]


def _decades(low: float, high: float, *, every: int, digits: Sequence[int]) -> list[float]:
    powers = range(math.floor(low / every) * every, math.ceil(high) + 1, every)
    found = [power + math.log10(digit) for power in powers for digit in digits]
    return [value for value in found if low - 1e-9 <= value <= high + 1e-9]
