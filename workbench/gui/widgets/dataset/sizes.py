"""Every size that occurs among the images as a disc at its width and height, as large as there are many."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.histogram import number_text

_MOST = 4000  # sizes that are drawn, the most frequent ones
_NEAR = 3 * GAP  # logical pixels from the mouse to a disc's middle
_LINES = 13
_LARGEST = 13.0  # radius of a disc
Size = tuple[int, int, int]


def size_text(width: int, height: int) -> str:
    """``"640 x 480 pixels"`` with the proper sign."""
    return f"{width:,} \N{MULTIPLICATION SIGN} {height:,} pixels"


class SizeScatter(QWidget):
    """Signals:
    picked: Width and height of the disc that was clicked.
    """

    picked = Signal(int, int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Sizes of the images")
        self._theme = theme
        self._sizes: Sequence[Size] = ()
        self._limit = 1.0
        self.current = -1
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)

    def show_sizes(self, sizes: Sequence[Size]) -> None:
        """(width, height, images), the most frequent first."""
        self._sizes, self.current = sizes[:_MOST], -1
        self._limit = 1.06 * max((max(width, height) for width, height, _ in sizes), default=1)
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(48 * metrics.averageCharWidth(), _LINES * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 * metrics.averageCharWidth(), _LINES * metrics.height())

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance(number_text(round(self._limit))) + GAP
        return QRectF(self.rect()).adjusted(left, metrics.height() + GAP, -GAP, -metrics.height() - GAP // 2)

    def place(self, width: int, height: int) -> QPointF:
        """The middle of a size's disc."""
        area = self._area()
        return QPointF(
            area.left() + width / self._limit * area.width(), area.bottom() - height / self._limit * area.height()
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._turn_to(self._at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.picked.emit(*self._sizes[index][:2])

    def leaveEvent(self, event: QEvent) -> None:
        self._turn_to(-1)

    def _at(self, position: QPointF) -> int:
        best, least = -1, float(_NEAR)
        for index, (width, height, _) in enumerate(self._sizes):
            away = position - self.place(width, height)
            distance = math.hypot(away.x(), away.y())
            if distance < least:
                best, least = index, distance
        return best

    def _turn_to(self, index: int) -> None:
        if index != self.current:
            self.current = index
            self.update()

    @property
    def words(self) -> str:
        """What stands above the chart: the size under the mouse, or how many there are."""
        if 0 <= self.current < len(self._sizes):
            width, height, count = self._sizes[self.current]
            return f"{size_text(width, height)}: {count:,} image{'' if count == 1 else 's'}"
        return f"{len(self._sizes):,} sizes" if len(self._sizes) < _MOST else f"the {_MOST:,} most frequent sizes"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, area, metrics = self._theme.colours, self._area(), self.fontMetrics()
        line = metrics.height()
        step = _nice(self._limit / 4)
        painter.setPen(QColor(colours.muted))
        value = 0.0
        while value <= self._limit:
            x, y = area.left() + value / self._limit * area.width(), area.bottom() - value / self._limit * area.height()
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.muted))
            text = number_text(value)
            wide = metrics.horizontalAdvance(text) + 2
            left = min(x - wide / 2, self.width() - wide)
            painter.drawText(QRectF(left, area.bottom() + 2, wide, line), int(Qt.AlignmentFlag.AlignCenter), text)
            if value:
                painter.drawText(
                    QRectF(0, y - line / 2, area.left() - GAP // 2, line),
                    int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text,
                )  # fmt: skip
            value += step
        painter.setPen(QPen(QColor(colours.line), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), QPointF(area.right(), area.top()))
        fill = QColor(self._theme.series_colour(0))
        fill.setAlphaF(0.55)
        for index, (width, height, count) in enumerate(self._sizes):
            radius = min(_LARGEST, 2.5 + 1.7 * math.log2(count))
            chosen = index == self.current
            painter.setBrush(QColor(colours.accent) if chosen else fill)
            painter.setPen(QPen(QColor(colours.text), 1) if chosen else Qt.PenStyle.NoPen)
            painter.drawEllipse(self.place(width, height), radius, radius)
        painter.setPen(QColor(colours.text if self.current >= 0 else colours.muted))
        top = QRectF(0, 0, self.width(), line)
        painter.drawText(top, int(Qt.AlignmentFlag.AlignLeft), f"Height over width. {self.words}")


def _nice(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return max(1.0, next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * 0.999))
