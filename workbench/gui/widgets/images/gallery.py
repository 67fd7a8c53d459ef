"""A gallery of images as tiles with class and split below, smooth with 100,000 of them and more.

Tiles are painted from memory; the view tells the thumbnails what is to be seen, and no more than that is ever decoded.
What the items are is the business of :class:`~workbench.gui.models.gallery.GalleryModel`, how a tile looks that of
:mod:`workbench.gui.widgets.images.tile`.
"""

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QCursor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem

from workbench.gui.models.gallery import GalleryModel
from workbench.gui.naming import named
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.tile import TileDelegate

SMALLEST, LARGEST, USUAL, STEP = 48, 256, 112, 16
"""Sides of a tile in logical pixels."""

_PAUSE_MILLISECONDS = 15  # scrolling asks for thumbnails once a frame

Index = QModelIndex | QPersistentModelIndex
_Hint = QListView.ScrollHint
_Move = QListView.CursorAction


class ImageGallery(QListView):
    """Shows a :class:`GalleryModel` as a grid whose geometry is arithmetic: nothing is laid out, however many rows.

    ``QListView`` would visit every row whenever the width changes. Wrapped as here, 100,000 rows took it 0.14 s each
    time; laid out in batches, it forgot how far one had scrolled. What it gives is the rest of a view: selection,
    tool tips, and what screen readers hear.

    Signals:
        opened: The current item is to be shown large (Enter, Space or a double click); its index.
        moved: The current item changed; its index, which may be invalid.
        tile_changed: The side of a tile was changed, in logical pixels.
    """

    opened = Signal(QModelIndex)
    moved = Signal(QModelIndex)
    tile_changed = Signal(int)

    def __init__(self, model: GalleryModel, theme: Theme, *, name: str = "data.gallery") -> None:
        super().__init__()
        named(self, name, "Images")
        self._theme, self._gallery, self._tile = theme, model, USUAL
        self._columns, self._cell = 1, QSize(1, 1)
        self._page = 1  # the viewport's height when the cells were last spread
        self._hovered = -1
        self._grip: QPoint | None = None  # where a rectangle of selection began, in the content
        self._delegate = TileDelegate(theme, self)
        self._ask = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._ask.timeout.connect(self._on_ask_due)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        # Always there: otherwise the tiles would be spread anew when it comes and goes.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setItemDelegate(self._delegate)
        # The background is painted here, too: only then does scrolling move what is there and paint the rest alone.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setModel(model)
        theme.changed.connect(self.viewport().update)
        self.doubleClicked.connect(self.opened)
        self.entered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_left)
        self._spread()

    @property
    def tile(self) -> int:
        """Side of a tile in logical pixels."""
        return self._tile

    @property
    def cell(self) -> QSize:
        """Of a tile with its text and what surrounds it, in logical pixels."""
        return self._cell

    @property
    def columns(self) -> int:
        return self._columns

    @property
    def busy(self) -> bool:
        """Whether thumbnails are about to come, because they are decoded or just to be asked for."""
        return self._ask.isActive() or not self._gallery.thumbnails.idle

    def set_tile(self, side: int) -> None:
        """Make the tiles ``side`` logical pixels wide; the current item, if in view, else the first stays in view."""
        side = max(SMALLEST, min(LARGEST, side))
        if side == self._tile:
            return
        self._tile = side
        self._spread()
        self.tile_changed.emit(side)

    def rows_in_view(self) -> range:
        """The rows of which anything is to be seen."""
        return self._rows_between(0, self.viewport().height() - 1)

    def _rows_between(self, top: int, bottom: int) -> range:
        """The rows that reach into these lines of the viewport."""
        count, value, height = self._gallery.rowCount(), self.verticalScrollBar().value(), self._cell.height()
        first, last = (top + value) // height, (bottom + value) // height
        return range(min(count, max(0, first * self._columns)), min(count, max(0, (last + 1) * self._columns)))

    def _row_at(self, point: QPoint) -> int:
        """The row of the cell that holds ``point`` of the viewport, or would if it were there; -1 beside the cells."""
        column = point.x() // self._cell.width()
        line = (point.y() + self.verticalScrollBar().value()) // self._cell.height()
        return line * self._columns + column if 0 <= column < self._columns and line >= 0 else -1

    def _spread(self) -> None:
        """Set the cells' size so that they fill the width evenly, and keep in view what was."""
        seen, current = self._rows_between(0, self._page - 1), self.currentIndex().row()
        kept = current if current in seen else seen.start
        into = 0 if current in seen else self.verticalScrollBar().value() % self._cell.height()
        least, width = self._delegate.cell(self._tile), self.viewport().width()
        cell, columns = self._cell, self._columns
        self._columns = max(1, width // least.width())
        self._cell = QSize(max(least.width(), width // self._columns), least.height())
        self.updateGeometries()
        if (cell, columns) != (self._cell, self._columns):
            self.verticalScrollBar().setValue(kept // self._columns * self._cell.height() + into)
        if current in seen:
            self.scrollTo(self.currentIndex())
        self._page = self.viewport().height()
        self.viewport().update()
        self._ask.start()

    def _on_ask_due(self) -> None:
        if not self.isVisible():
            return
        rows = self.rows_in_view()
        first, last = rows.start, rows.stop
        ahead = self._gallery.items(last, last + len(rows)) + self._gallery.items(first - len(rows), first)
        side = round(self._tile * self.devicePixelRatioF())
        self._gallery.thumbnails.want(self._gallery.items(first, last), ahead=ahead, side=side)

    def _on_entered(self, index: QModelIndex) -> None:
        self._hover(index.row())

    def _on_left(self) -> None:
        self._hover(-1)

    def _hover(self, row: int) -> None:
        for changed in {self._hovered, row} - {-1}:
            self.viewport().update(self._rect(changed))
        self._hovered = row

    def _rect(self, row: int) -> QRect:
        line, column = divmod(row, self._columns)
        top = line * self._cell.height() - self.verticalScrollBar().value()
        return QRect(QPoint(column * self._cell.width(), top), self._cell)

    # Geometry, as Qt asks for it

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)  # not QListView's, which visits every row

    def updateGeometries(self) -> None:
        QAbstractItemView.updateGeometries(self)
        lines = -(-self._gallery.rowCount() // self._columns)
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, lines * self._cell.height() - page))
        bar.setPageStep(max(self._cell.height(), page - self._cell.height()))
        bar.setSingleStep(-(-self._cell.height() // 3))  # a notch of the wheel is three steps

    def visualRect(self, index: Index) -> QRect:
        return self._rect(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._row_at(point)
        return self._gallery.index(row) if 0 <= row < self._gallery.rowCount() else QModelIndex()

    def scrollTo(self, index: Index, hint: QListView.ScrollHint = QListView.ScrollHint.EnsureVisible) -> None:
        if not index.isValid():
            return
        rect, bar, height = self.visualRect(index), self.verticalScrollBar(), self.viewport().height()
        if hint == _Hint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif hint == _Hint.PositionAtTop or rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif hint == _Hint.PositionAtBottom or rect.bottom() >= height:
            bar.setValue(bar.value() + rect.bottom() + 1 - height)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def moveCursor(self, action: QListView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count, row = self._gallery.rowCount(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        page = max(1, self.viewport().height() // self._cell.height()) * self._columns
        steps = {
            _Move.MoveLeft: -1, _Move.MovePrevious: -1, _Move.MoveRight: 1, _Move.MoveNext: 1,
            _Move.MoveUp: -self._columns, _Move.MoveDown: self._columns,
            _Move.MovePageUp: -page, _Move.MovePageDown: page,
        }  # fmt: skip
        if action in (_Move.MoveHome, _Move.MoveEnd):
            return self._gallery.index(0 if action == _Move.MoveHome else count - 1)
        if row < 0:
            return self._gallery.index(self.rows_in_view().start)
        wanted = row + steps[action]
        if action in (_Move.MoveUp, _Move.MovePageUp) and wanted < 0:
            wanted = row % self._columns
        if action in (_Move.MoveDown, _Move.MovePageDown) and wanted >= count:
            last_line = (count - 1) // self._columns
            below = last_line * self._columns + row % self._columns
            wanted = row if row // self._columns == last_line else below
        return self._gallery.index(min(count - 1, max(0, wanted)))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        selection, count = QItemSelection(), self._gallery.rowCount()

        def take(first: int, last: int) -> None:
            if 0 <= first <= last:
                selection.select(self._gallery.index(first), self._gallery.index(last))

        if self.state() == QListView.State.DragSelectingState:
            whole = rect.normalized()
            left, right = max(0, whole.left()) // self._cell.width(), whole.right() // self._cell.width()
            if whole.right() >= 0 and left < self._columns:
                rows = self._rows_between(whole.top(), whole.bottom())
                for start in range(rows.start, rows.stop, self._columns):
                    take(start + left, min(count - 1, start + min(right, self._columns - 1)))
        else:  # a range: the rectangle's first corner lies in the item where it begins, the other where it ends
            ends = sorted((self._row_at(rect.topLeft()), self._row_at(rect.bottomRight())))
            take(ends[0], min(count - 1, ends[1]))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region, seen = QRegion(), self.rows_in_view()
        for part in selection.toList():
            for row in range(max(part.top(), seen.start), min(part.bottom() + 1, seen.stop)):
                region += self._rect(row)
        return region

    # What else Qt tells

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.colours.surface))
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain: QStyle.StateFlag = option.state & ~(QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus)
        selected, current = self.selectionModel(), self.currentIndex().row() if self.hasFocus() else -1
        for row in self._rows_between(event.rect().top(), event.rect().bottom()):
            rect = self._rect(row)
            if not rect.intersects(event.rect()):
                continue
            index, state = self._gallery.index(row), plain
            if selected.isSelected(index):
                state |= QStyle.StateFlag.State_Selected
            if row == current:
                state |= QStyle.StateFlag.State_HasFocus
            if row == self._hovered:
                state |= QStyle.StateFlag.State_MouseOver
            option.rect, option.state = rect, state
            self._delegate.paint(painter, option, index)
        if self._grip is not None and self.state() == QListView.State.DragSelectingState:
            start = self._grip - QPoint(0, self.verticalOffset())
            self._delegate.paint_band(painter, QRect(start, self.viewport().mapFromGlobal(QCursor.pos())).normalized())

    def reset(self) -> None:
        super().reset()
        self._hovered = -1
        self.updateGeometries()
        self.verticalScrollBar().setValue(0)
        self._ask.start()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)
        self._hover(-1)  # something else lies under the mouse now
        self._ask.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        QAbstractItemView.resizeEvent(self, event)
        self._spread()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_ask"):
            self._spread()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "_ask"):
            self._ask.start()
        return super().event(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.moved.emit(self.currentIndex())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grip = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        QAbstractItemView.mouseMoveEvent(self, event)
        if self.state() == QListView.State.DragSelectingState:
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        QAbstractItemView.mouseReleaseEvent(self, event)
        self._grip = None
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.modifiers():
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: it would ask every row for its name. The filter above the gallery is the way."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            turn = event.angleDelta().y()
            self.set_tile(self._tile + (STEP if turn > 0 else -STEP if turn < 0 else 0))
            event.accept()
            return
        super().wheelEvent(event)
