"""A sheet of decoded pictures over a rectangle of quantiles of the prior, that is enlarged and pushed like a map.

It knows quantiles and pictures. Which codes they are, and when the pictures are made anew, is its owner's: until they
are, those at hand are enlarged.
"""

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.latent.manifold_range import LEAST, WHOLE, Range, ticks, z_of
from workbench.gui.widgets.latent.plane_words import number

_NOTCH = 1.0015  # zoom a unit of the wheel, of which a notch has 120
_STEP = 1.25  # zoom a key
_PUSH = 0.1  # of the range a key
_CRISP = 2.0  # device pixels a picture's pixel from which on its squares are worth seeing
_TICKS_APART = 9  # characters
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetImage:
    """Pictures side by side.

    Attributes:
        image: All of them, without a gap.
        side: Pictures in a row, and rows.
        range: Where they lie.
        number: Of the decoder's answer; 0 for none.
    """

    image: QImage
    side: int
    range: Range
    number: int = 0


class ManifoldView(QWidget):
    """Signals:
    range_changed: A person zoomed or pushed; see :attr:`range`.
    cell_changed: The cell under the mouse or the keys is another one, see :attr:`cell`.
    chosen: A cell was clicked, or chosen with Enter: the quantiles of its middle, across and upwards.
    painted: The number of the sheet that is on the paper now; for who measures.

    Args:
        name: Object name, ``panel.thing``.
    """

    range_changed = Signal()
    cell_changed = Signal()
    chosen = Signal(float, float)
    painted = Signal(int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Decoded pictures over the prior's quantiles")
        self._theme = theme
        self._sheet: SheetImage | None = None
        self._range = WHOLE
        self._cell: tuple[int, int] | None = None
        self._text = ""
        self._told = 0
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._button = Qt.MouseButton.NoButton
        self._rubber: QRectF | None = None
        self._dragged = False
        self._click = QTimer(self, singleShot=True)  # a click waits whether it becomes a double one
        self._click.timeout.connect(self._on_click_alone)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme.changed.connect(self.update)

    # What it shows

    def show_sheet(self, sheet: SheetImage | None) -> None:
        """Show these pictures, where they lie."""
        self._sheet = sheet
        self.update()

    def set_text(self, text: str) -> None:
        """What is read while there are no pictures."""
        self._text = text
        self.update()

    @property
    def sheet(self) -> SheetImage | None:
        return self._sheet

    @property
    def range(self) -> Range:
        """The quantiles in view."""
        return self._range

    def set_range(self, range: Range) -> None:
        """Show these quantiles, within 0..1."""
        if range != self._range:
            self._range = range
            self.update()
            self.range_changed.emit()

    @property
    def cell(self) -> tuple[int, int] | None:
        """Column and row from the top of the current picture in the sheet."""
        return self._cell

    def picture(self) -> QImage | None:
        """The current picture alone."""
        sheet, cell = self._sheet, self._cell
        if sheet is None or cell is None:
            return None
        wide, high = sheet.image.width() // sheet.side, sheet.image.height() // sheet.side
        return sheet.image.copy(cell[0] * wide, cell[1] * high, wide, high)

    def middle(self) -> tuple[float, float] | None:
        """The quantiles of the current picture's middle."""
        sheet, cell = self._sheet, self._cell
        return None if sheet is None or cell is None else sheet.range.middle_of(*cell, side=sheet.side)

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height() * 30
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        side = self.fontMetrics().height() * 10
        return QSize(side, side)

    # Where things are

    def area(self) -> QRectF:
        """Of the pictures, in logical pixels: as high and wide as they are."""
        metrics = self.fontMetrics()
        left, below = metrics.averageCharWidth() * 8 + GAP, 2 * metrics.lineSpacing() + GAP
        room = QRectF(left, GAP, self.width() - left - GAP, self.height() - below - GAP)
        shape = 1.0
        if self._sheet is not None:
            shape = self._sheet.image.width() / self._sheet.image.height()
        width = max(1.0, min(room.width(), room.height() * shape))
        height = width / shape
        return QRectF(room.left() + (room.width() - width) / 2, room.top(), width, height)

    def to_pixel(self, x: float, y: float) -> QPointF:
        """Of quantiles."""
        area, seen = self.area(), self._range
        across = (x - seen.left) / seen.width * area.width()
        return QPointF(area.left() + across, area.bottom() - (y - seen.bottom) / seen.height * area.height())

    def to_quantiles(self, at: QPointF) -> tuple[float, float]:
        """Of a pixel; beyond the pictures those at their edge."""
        area, seen = self.area(), self._range
        across = min(1.0, max(0.0, (at.x() - area.left()) / area.width()))
        up = min(1.0, max(0.0, (area.bottom() - at.y()) / area.height()))
        return seen.left + across * seen.width, seen.bottom + up * seen.height

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """Column and row of the picture below a pixel."""
        if self._sheet is None or not self.area().contains(at):
            return None
        return self._sheet.range.cell_of(*self.to_quantiles(at), side=self._sheet.side)

    def _turn_to(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.update()
            self.cell_changed.emit()

    # What a person does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            self._pressed = self._last = event.position()
            self._button, self._dragged = event.button(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._turn_to(self.cell_at(at))
            return
        if not self._dragged and (at - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        self._dragged = True
        if self._button == Qt.MouseButton.LeftButton:
            self._rubber = QRectF(self._pressed, at).normalized().intersected(self.area())
            self.update()
        else:
            area, moved = self.area(), at - self._last
            self.set_range(self._range.moved(-moved.x() / area.width(), moved.y() / area.height()))
            self._last = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != self._button:
            return
        rubber, dragged = self._rubber, self._dragged
        self._pressed, self._rubber = None, None
        if rubber is not None and rubber.width() > GAP / 2 and rubber.height() > GAP / 2:
            left, top = self.to_quantiles(rubber.topLeft())
            right, bottom = self.to_quantiles(rubber.bottomRight())
            self.set_range(Range(left, bottom, right, top).squared(self._range))
        elif not dragged and event.button() == Qt.MouseButton.LeftButton:
            self._turn_to(self.cell_at(event.position()))
            if self._cell is not None and not self._click.isActive():
                self._click.start(QGuiApplication.styleHints().mouseDoubleClickInterval())
        self.update()

    def _on_click_alone(self) -> None:
        if (middle := self.middle()) is not None:
            self.chosen.emit(*middle)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._click.stop()
        if event.button() == Qt.MouseButton.LeftButton:
            self.set_range(WHOLE)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(_NOTCH ** event.angleDelta().y(), at=self.to_quantiles(event.position()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        if self._pressed is None:
            self._turn_to(None)

    def zoom(self, factor: float, *, at: tuple[float, float] | None = None) -> None:
        """Enlarge about quantiles, the middle without any."""
        self.set_range(self._range.zoomed(factor, at=at or self._range.centre))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in _ARROWS:
            right, down = _ARROWS[key]
            if shift:
                self.set_range(self._range.moved(right * _PUSH, -down * _PUSH))
            elif self._sheet is not None:
                last = self._sheet.side - 1
                column, row = self._cell or (last // 2 - right, last // 2 - down)
                self._turn_to((min(last, max(0, column + right)), min(last, max(0, row + down))))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / _STEP if key == Qt.Key.Key_Minus else _STEP, at=self.middle())
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.set_range(WHOLE)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self._on_click_alone()
        elif key == Qt.Key.Key_Escape and self._pressed is not None:
            self._pressed, self._rubber = None, None
            self.update()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, area = QPainter(self), self._theme.colours, self.area()
        sheet = self._sheet
        if sheet is None:
            painter.setPen(QColor(colours.muted))
            room = self.rect().adjusted(2 * GAP, 2 * GAP, -2 * GAP, -2 * GAP)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), self._text)
            return
        corner = self.to_pixel(sheet.range.left, sheet.range.top)
        place = QRectF(corner, self.to_pixel(sheet.range.right, sheet.range.bottom))
        painter.save()
        painter.setClipRect(area)
        painter.fillRect(area, QColor(colours.surface))
        crisp = place.width() * self.devicePixelRatioF() >= _CRISP * sheet.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not crisp)
        painter.drawImage(place, sheet.image)
        if self._cell is not None:
            self._paint_cell(painter, place, sheet.side)
        painter.restore()
        self._paint_rubber(painter)
        self._paint_axes(painter, area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 1))
        painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
        if sheet.number != self._told:
            self._told = sheet.number
            self.painted.emit(sheet.number)

    def _paint_cell(self, painter: QPainter, place: QRectF, side: int) -> None:
        assert self._cell is not None
        wide, high = place.width() / side, place.height() / side
        cell = QRectF(place.left() + self._cell[0] * wide, place.top() + self._cell[1] * high, wide, high)
        for ink, width in ((self._theme.colours.surface, 4.0), (self._theme.colours.accent, 2.0)):
            painter.setPen(QPen(QColor(ink), width))
            painter.drawRect(cell)

    def _paint_rubber(self, painter: QPainter) -> None:
        if self._rubber is not None:
            accent = QColor(self._theme.colours.accent)
            painter.setPen(QPen(accent, 1.5, Qt.PenStyle.DashLine))
            accent.setAlphaF(0.2)
            painter.setBrush(accent)
            painter.drawRect(self._rubber)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        """Quantiles, and above each the place in the space of codes that it is."""
        metrics, seen, muted = painter.fontMetrics(), self._range, QColor(self._theme.colours.muted)
        text = QColor(self._theme.colours.text)
        line, wide = metrics.lineSpacing(), metrics.averageCharWidth() * _TICKS_APART
        painter.setPen(muted)
        for tick in ticks(seen.left, seen.right, most=max(2, math.floor(area.width() / wide))):
            x = self.to_pixel(tick, seen.bottom).x()
            painter.setPen(muted)
            painter.drawLine(QPointF(x, area.bottom() + 1), QPointF(x, area.bottom() + GAP / 2))
            room = QRectF(x - wide / 2, area.bottom() + GAP / 2, wide, line)
            painter.drawText(room.translated(0, line), Qt.AlignmentFlag.AlignHCenter, _percent(tick))
            painter.setPen(text)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, number(z_of(tick)))
        for tick in ticks(seen.bottom, seen.top, most=max(2, math.floor(area.height() / (3 * line)))):
            y = self.to_pixel(seen.left, tick).y()
            painter.setPen(muted)
            painter.drawLine(QPointF(area.left() - GAP / 2, y), QPointF(area.left() - 1, y))
            room = QRectF(area.left() - GAP - wide, y - line, wide, line)
            painter.drawText(room.translated(0, line), Qt.AlignmentFlag.AlignRight, _percent(tick))
            painter.setPen(text)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, number(z_of(tick)))


def _percent(quantile: float) -> str:
    digits = 0 if LEAST * 1000 < quantile < 1 - LEAST * 1000 else 2
    text = f"{100 * quantile:.{max(digits, 3)}f}".rstrip("0").rstrip(".")
    return f"{text} %"
