"""Many small pictures in rows, painted, because dragging a slider redraws all of them many times a second."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import CRISP
from workbench.gui.widgets.latent.filmstrip import to_image

Pictures = NDArray[np.uint8]

_GAPS = 1 / 12  # of a cell's side that lie between two pictures
_LEAST_GAP = 1
_MARK = 2.0
_EDGE = 0.18  # opacity of the line around a picture: black ones would not end on a dark ground


class SampleGrid(QWidget):
    """All pictures at once, as large as they fit.

    Signals:
        picked: A person chose the picture of this number.
        opened: It is wanted elsewhere: Enter or a double click.
    """

    picked = Signal(int)
    opened = Signal(int)

    def __init__(self, theme: Theme, *, name: str, text: str) -> None:
        super().__init__()
        named(self, name, text)
        self._theme = theme
        self._atlas: QImage | None = None  # all pictures below one another
        self._count, self._columns = 0, 1
        self._picture = QSize(1, 1)
        self._current = -1
        self._hovered = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(20 * GAP, 20 * GAP)
        theme.changed.connect(self.update)

    def set_pictures(self, pictures: Pictures | None, *, columns: int) -> None:
        """Show these, uint8 [N, H, W] or [N, H, W, 3], in rows of ``columns``."""
        if pictures is None or not len(pictures):
            self._atlas, self._count = None, 0
        else:
            count, height, width = pictures.shape[:3]
            self._atlas = to_image(pictures.reshape(count * height, *pictures.shape[2:]))
            self._count, self._columns, self._picture = count, columns, QSize(width, height)
        if self._current >= self._count:
            self._current = -1
        self._describe()
        self.update()

    @property
    def count(self) -> int:
        return self._count

    @property
    def current(self) -> int:
        """Number of the picture that is chosen; -1 for none."""
        return self._current

    def set_current(self, number: int) -> None:
        """Mark another one, without a signal."""
        self._current = number if 0 <= number < self._count else -1
        self._describe()
        self.update()

    def cell_rect(self, number: int) -> QRect:
        """Where a picture lies."""
        cell, corner = self._cell(), self._corner()
        row, column = divmod(number, self._columns)
        gap = self._gap(cell)
        top = corner + QPoint(column * cell.width(), row * cell.height())
        return QRect(top, cell - QSize(gap, gap))

    def _cell(self) -> QSize:
        """Of a picture and the gap after it."""
        rows = -(-max(1, self._count) // self._columns)
        room = QSize((self.width() - GAP) // self._columns, (self.height() - GAP) // rows)
        scale = min(room.width() / self._picture.width(), room.height() / self._picture.height()) * (1 - _GAPS)
        size = QSize(max(1, int(self._picture.width() * scale)), max(1, int(self._picture.height() * scale)))
        gap = max(_LEAST_GAP, round(min(size.width(), size.height()) * _GAPS))
        return size + QSize(gap, gap)

    def _gap(self, cell: QSize) -> int:
        return max(_LEAST_GAP, round(min(cell.width(), cell.height()) * _GAPS / (1 + _GAPS)))

    def _corner(self) -> QPoint:
        cell = self._cell()
        rows = -(-max(1, self._count) // self._columns)
        width, height = self._columns * cell.width(), rows * cell.height()
        return QPoint(max(0, (self.width() - width) // 2), max(0, (self.height() - height) // 2))

    def _at(self, position: QPoint) -> int:
        cell, at = self._cell(), position - self._corner()
        if at.x() < 0 or at.y() < 0 or not self._count:
            return -1
        column, row = at.x() // cell.width(), at.y() // cell.height()
        number = row * self._columns + column
        return number if column < self._columns and number < self._count else -1

    def sizeHint(self) -> QSize:
        return QSize(60 * GAP, 60 * GAP)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._atlas is None:
            return
        width, height = self._picture.width(), self._picture.height()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(width, height) > CRISP)
        colours = self._theme.colours
        edge = QColor(colours.text)
        edge.setAlphaF(_EDGE)
        painter.setPen(QPen(edge, 0))
        for number in range(self._count):
            cell = self.cell_rect(number)
            painter.drawImage(cell, self._atlas, QRect(0, number * height, width, height))
            painter.drawRect(cell.adjusted(0, 0, -1, -1))
        for number, colour in ((self._hovered, colours.muted), (self._current, colours.accent)):
            if 0 <= number < self._count:
                rect = QRectF(self.cell_rect(number)).adjusted(-1, -1, 1, 1)
                painter.setPen(QPen(QColor(colour), _MARK))
                painter.drawRect(rect)
        if self.hasFocus() and 0 <= self._current < self._count:
            painter.setPen(QPen(QColor(colours.surface), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.cell_rect(self._current)).adjusted(1, 1, -1, -1))

    def _describe(self) -> None:
        chosen = f", number {self._current + 1} is chosen" if self._current >= 0 else ""
        self.setAccessibleDescription(f"{self._count} pictures{chosen}")

    # What a person does

    def _pick(self, number: int) -> None:
        if 0 <= number < self._count:
            self.set_current(number)
            self.picked.emit(number)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._at(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position().toPoint())
        if number >= 0:
            self.opened.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self._at(event.position().toPoint())
        if hovered != self._hovered:
            self._hovered = hovered
            self.setCursor(Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        key = Qt.Key(event.key())
        if key in steps and self._count:
            self._pick(0 if self._current < 0 else max(0, min(self._count - 1, self._current + steps[key])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.opened.emit(self._current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
