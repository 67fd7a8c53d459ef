"""A chart over bins of confidence, 0 to 100 %: what all such charts share. Read under the mouse or with the arrow keys;
a click or Enter leads to a bin's items.
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

_TICKS, _FEW_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), (0.0, 0.5, 1.0)
_LINES, _LEAST_LINES = 18, 8  # of text that it is high
_CHARACTERS = 30  # that it is wide at least


class BinChart(QWidget):
    """Signals:
    picked: Number of the bin whose items are wanted.

    Args:
        title: What stands above it, and what screen readers call it.
    """

    picked = Signal(int)

    def __init__(self, theme: Theme, *, name: str, title: str) -> None:
        super().__init__()
        named(self, name, title)
        self._theme, self.title = theme, title
        self.current = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    # For who draws something

    def bins(self) -> int:
        """How many there are; 0 while there is nothing to show."""
        raise NotImplementedError

    def count(self, index: int) -> int:
        """Items in a bin."""
        raise NotImplementedError

    def words(self, index: int) -> str:
        """A bin in a sentence."""
        raise NotImplementedError

    def top_text(self) -> str:
        """What the top of the axis at the left is."""
        raise NotImplementedError

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Draw what there is to see in ``area``; its left is 0 and its right 100 % confidence."""
        raise NotImplementedError

    # Geometry

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(_CHARACTERS * metrics.averageCharWidth(), _LINES * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(_CHARACTERS * metrics.averageCharWidth(), _LEAST_LINES * metrics.height())

    def area(self) -> QRectF:
        """Inside of the axes."""
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance("100 %"), metrics.horizontalAdvance(self.top_text())) + GAP
        right, line = metrics.horizontalAdvance("100 %") / 2, metrics.height()
        return QRectF(self.rect()).adjusted(left, line + GAP, -right, -2 * line - GAP // 2)

    def rect_of(self, index: int) -> QRectF:
        """Where a bin is, from the base to the top."""
        area = self.area()
        width = area.width() / max(1, self.bins())
        return QRectF(area.left() + index * width, area.top(), width, area.height())

    def _at(self, position: QPointF) -> int:
        area = self.area()
        if not self.bins() or not area.left() <= position.x() < area.right():
            return -1
        return min(self.bins() - 1, int((position.x() - area.left()) / area.width() * self.bins()))

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
        if step and self.bins():
            start = self.current if self.current >= 0 else (-1 if step > 0 else self.bins())
            self._turn_to(min(max(start + step, 0), self.bins() - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._pick(self.current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(QPointF(event.pos()))
            if index >= 0:
                more = "\nClick to see them" if self.count(index) else ""
                QToolTip.showText(event.globalPos(), f"{self.words(index)}{more}", self)
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
            self.setAccessibleDescription(self.words(index) if 0 <= index < self.bins() else "")
        self.update()

    def _pick(self, index: int) -> None:
        if 0 <= index < self.bins() and self.count(index):
            self.picked.emit(index)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.bins():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, area, metrics = self._theme.colours, self.area(), self.fontMetrics()
        line = metrics.height()
        apart = metrics.horizontalAdvance("100 %") + GAP
        for share in _TICKS if area.width() >= (len(_TICKS) - 1) * apart else _FEW_TICKS:
            x = area.left() + share * area.width()
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom() + GAP // 2))
            painter.setPen(QColor(colours.muted))
            text = f"{100 * share:.0f} %"
            half = metrics.horizontalAdvance(text) / 2 + 1
            painter.drawText(QRectF(x - half, area.bottom() + GAP // 2, 2 * half, line),
                             int(Qt.AlignmentFlag.AlignCenter), text)  # fmt: skip
        below = QRectF(area.left(), area.bottom() + GAP // 2 + line, area.width(), line)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), "Confidence")
        if 0 <= self.current < self.bins():
            painter.fillRect(self.rect_of(self.current), QColor(colours.raised))
        self.paint(painter, area)
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        head = QRectF(0, 0, self.width(), line)
        painter.setPen(QColor(colours.text if self.current >= 0 else colours.muted))
        text = self.words(self.current) if self.current >= 0 else self.title
        painter.drawText(head, int(Qt.AlignmentFlag.AlignLeft),
                         metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(head.width())))  # fmt: skip
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def draw_level(self, painter: QPainter, area: QRectF, *, share: float, text: str) -> None:
        """A line across at a height, with what it stands for at its left."""
        y, line = area.bottom() - share * area.height(), self.fontMetrics().height()
        painter.setPen(QPen(QColor(self._theme.colours.line), 1))
        painter.drawLine(QPointF(area.left() - GAP // 2, y), QPointF(area.right(), y))
        painter.setPen(QColor(self._theme.colours.muted))
        painter.drawText(QRectF(0, y - line / 2, area.left() - GAP, line),
                         int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)  # fmt: skip
