"""A confusion matrix to look at closely: every cell can be pointed at, reached with the keys, and opened.

The wheel zooms where the mouse is, dragging moves; with two fingers, or with Shift, the wheel moves, too. What is
drawn is kept as a picture, so that the mark under the mouse costs nothing more than itself.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from workbench.gui.models.confusion import Cell
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.confusion_frame import Frame
from workbench.gui.widgets.inspect.confusion_names import Names
from workbench.gui.widgets.inspect.confusion_picture import MatrixPicture

ZOOM_STEP = 1.25
_NOTCH = 120  # of the wheel
_LARGEST = 12  # lines of text: side of a cell at most where all fit
_PAGE = 10  # cells
_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class ConfusionView(QWidget):
    """Starts empty; see :meth:`show_picture`.

    Signals:
        pointed: The :class:`Cell` that is meant, under the mouse or else by the keys, is another; or ``None``.
        opened: The items of a :class:`Cell` are wanted: Enter, Space or a double click.
    """

    pointed = Signal(object)
    opened = Signal(object)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Confusion matrix")
        self._theme = theme
        self._picture: MatrixPicture | None = None
        self._names = Names([], [], font=self.font())
        self.frame = Frame()
        self._base: QPixmap | None = None
        self._current: Cell | None = None
        self._hovered: Cell | None = None
        self._grip: QPointF | None = None
        self._dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        theme.changed.connect(self._redraw)

    # What is shown

    def show_picture(self, picture: MatrixPicture | None) -> None:
        """Show another one; the zoom stays where it has as many rows and columns, the current cell where it has it."""
        before, self._picture = self._picture, picture
        if picture is None:
            self._current = self._hovered = None
        else:
            if before is None or before.values.shape != picture.values.shape:
                self._current = self._hovered = None
                self.frame.zoom = 1.0
            self._name(picture)
        self._lay_out()
        self._tell()

    @property
    def picture(self) -> MatrixPicture | None:
        return self._picture

    @property
    def current(self) -> Cell | None:
        """The cell that the keys are at."""
        return self._current

    def set_current(self, cell: Cell) -> None:
        """Be at a cell, and have it in sight."""
        assert self._picture
        self._current, self._hovered = cell, None
        self.frame.reveal(self._picture.row_of(cell.truth), self._picture.column_of(cell.predicted))
        self._redraw()
        self._tell()

    @property
    def meant(self) -> Cell | None:
        """The cell under the mouse, else the current one."""
        return self._hovered or self._current

    def zoom_by(self, factor: float, *, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget, else about the middle."""
        self.frame.zoom_by(factor, at=at or self.frame.room.center())
        self._redraw()

    def larger(self) -> None:
        self.zoom_by(ZOOM_STEP)

    def smaller(self) -> None:
        self.zoom_by(1 / ZOOM_STEP)

    def fit(self) -> None:
        """Everything in sight."""
        self.frame.fit()
        self._redraw()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(90 * metrics.averageCharWidth(), 30 * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(30 * metrics.averageCharWidth(), 10 * metrics.height())

    def cell_rect(self, cell: Cell) -> QRectF:
        """Where a cell lies in the widget; of a header its cell in the first row or column."""
        assert self._picture
        return self.frame.rect(
            max(0, self._picture.row_of(cell.truth)), max(0, self._picture.column_of(cell.predicted))
        )

    def cell_at(self, point: QPointF) -> Cell | None:
        """The cell at a point of the widget; beside the cells the row or column that is named there."""
        if self._picture is None:
            return None
        frame, seen = self.frame, self.frame.seen
        row = frame.row_at(point.y()) if seen.top() <= point.y() < seen.bottom() else -1
        column = frame.column_at(point.x()) if seen.left() <= point.x() < seen.right() else -1
        left, top = self._names.margins_of(frame)
        if row >= 0 and column < 0 and not seen.left() - left <= point.x() < seen.left():
            return None
        if column >= 0 and row < 0 and not seen.top() - top <= point.y() < seen.top():
            return None
        return self._picture.cell(row, column) if row >= 0 or column >= 0 else None

    def _name(self, picture: MatrixPicture) -> None:
        rows = [picture.table.row_name(truth) for truth in picture.rows.tolist()]
        columns = [picture.table.classes[label] for label in picture.columns.tolist()]
        self._names = Names(rows, columns, font=self.font())

    def _lay_out(self) -> None:
        if self._picture is not None:
            left, top = self._names.margins(self.width(), self.height())
            room = QRectF(left, top, max(1.0, self.width() - left - GAP), max(1.0, self.height() - top - GAP))
            rows, columns = self._picture.values.shape
            self.frame.lay_out(room, rows=rows, columns=columns, largest=_LARGEST * self.fontMetrics().height())
        self._redraw()

    def _redraw(self) -> None:
        self._base = None
        self.update()

    def _tell(self) -> None:
        meant = self.meant
        picture = self._picture
        self.setAccessibleDescription(picture.table.words(meant, picture.counting) if picture and meant else "")
        self.pointed.emit(meant)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            return
        if self._base is None:
            self._base = self._drawn(self._picture)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._base)
        if self._hovered:
            self._paint_mark(painter, self._hovered, self._theme.colours.text, 1.0)
        if self._current:
            width = 2.5 if self.hasFocus() else 1.5
            self._paint_mark(painter, self._current, self._theme.colours.accent, width)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _drawn(self, picture: MatrixPicture) -> QPixmap:
        ratio = self.devicePixelRatioF()
        base = QPixmap(self.size() * ratio)
        base.setDevicePixelRatio(ratio)
        base.fill(QColor(self._theme.colours.surface))
        painter = QPainter(base)
        self._names.paint(painter, self.frame, theme=self._theme)
        picture.paint(painter, self.frame, theme=self._theme, font=self.font())
        painter.end()
        return base

    def _paint_mark(self, painter: QPainter, cell: Cell, colour: str, width: float) -> None:
        assert self._picture
        row, column = self._picture.row_of(cell.truth), self._picture.column_of(cell.predicted)
        self._names.paint_marked(painter, self.frame, row, column, theme=self._theme)
        seen = self.frame.seen
        rect = self.frame.rect(max(0, row), max(0, column))
        if row < 0:
            rect = QRectF(rect.left(), seen.top(), rect.width(), seen.height())
        elif column < 0:
            rect = QRectF(seen.left(), rect.top(), seen.width(), rect.height())
        painter.save()
        painter.setClipRect(seen.adjusted(-2, -2, 2, 2))
        least = 3.0  # so that a cell of few pixels is not covered by its mark
        grown = max(0.0, (least - rect.width()) / 2) + width / 2
        # Light and dark around each other: one of them is seen on any cell.
        for ink, wide in ((self._theme.colours.surface, width + 2), (colour, width)):
            painter.setPen(QPen(QColor(ink), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, _MITRE))
            painter.drawRect(rect.adjusted(-grown, -grown, grown, grown))
        painter.restore()

    # What a person does

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._picture is None:
            event.ignore()
            return
        fine, turn, keys = event.pixelDelta(), event.angleDelta(), event.modifiers()
        by_fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase  # a wheel has no beginning and no end
        if keys & Qt.KeyboardModifier.ShiftModifier:
            self.frame.move_by(turn.x() or turn.y(), 0)
            self._redraw()
        elif turn.x() and not turn.y():
            self.frame.move_by(turn.x(), 0)
            self._redraw()
        elif by_fingers and not fine.isNull() and not keys & Qt.KeyboardModifier.ControlModifier:
            self.frame.move_by(fine.x(), fine.y())
            self._redraw()
        else:
            self.zoom_by(ZOOM_STEP ** (turn.y() / _NOTCH), at=event.position())
        self._hover(self.cell_at(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grip, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            self._hover(self.cell_at(event.position()))
            return
        moved = event.position() - self._grip
        if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
            self._dragged = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.frame.move_by(moved.x(), moved.y())
            self._grip = event.position()
            self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._grip is not None and not self._dragged and cell and event.button() == Qt.MouseButton.LeftButton:
            self._current = cell
            self.update()
            self._tell()
        self._grip = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell and event.button() == Qt.MouseButton.LeftButton:
            self._current = cell
            self.opened.emit(cell)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.update()
            self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        picture, key = self._picture, event.key()
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        zooms: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Plus: self.larger,
            Qt.Key.Key_Equal: self.larger,
            Qt.Key.Key_Minus: self.smaller,
            Qt.Key.Key_0: self.fit,
        }
        if picture is None:
            super().keyPressEvent(event)
        elif key in zooms and plain:
            zooms[key]()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and plain:
            if self._current:
                self.opened.emit(self._current)
        elif (place := self._stepped(picture, event)) is not None:
            self.set_current(picture.cell(*place))
        else:
            super().keyPressEvent(event)

    def _stepped(self, picture: MatrixPicture, event: QKeyEvent) -> tuple[int, int] | None:
        """Row and column that a key leads to, -1 for a header; ``None`` where it leads nowhere."""
        rows, columns = picture.values.shape
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        row, column = -1, -1
        if self._current:
            row, column = picture.row_of(self._current.truth), picture.column_of(self._current.predicted)
        elif event.key() in _STEPS:
            return 0, 0
        if event.key() == Qt.Key.Key_Home:
            return (0 if control else row), 0
        if event.key() == Qt.Key.Key_End:
            return (rows - 1 if control else row), columns - 1
        if event.key() not in _STEPS or control:
            return None
        down, right = _STEPS[event.key()]
        row = min(rows - 1, max(-1 if column >= 0 else 0, row + down)) if down else row
        column = min(columns - 1, max(-1 if row >= 0 else 0, column + right)) if right else column
        return row, column

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._picture is not None and self._current is None and event.reason() in _BY_KEYS:
            self.set_current(self._picture.cell(0, 0))
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # What Qt tells

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._picture is not None:
            self._name(self._picture)
            self._lay_out()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._redraw()
        return super().event(event)


_MITRE = Qt.PenJoinStyle.MiterJoin
_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_PageUp: (-_PAGE, 0),
    Qt.Key.Key_PageDown: (_PAGE, 0),
}
