"""A gallery of images as tiles with class and split below, smooth with 100,000 of them and more.

Tiles are painted from memory; the view tells the thumbnails what is to be seen, and no more than that is ever decoded.
What the items are is the business of :class:`~workbench.gui.models.gallery.GalleryModel`, where they lie that of
:mod:`workbench.gui.widgets.images.grid`, how a tile looks that of :mod:`workbench.gui.widgets.images.tile`.
"""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QCursor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem

from workbench.gui.models.gallery import GalleryModel
from workbench.gui.naming import named
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.grid import GridView, Index
from workbench.gui.widgets.images.tile import TileDelegate

SMALLEST, LARGEST, USUAL, STEP = 48, 256, 112, 16
"""Sides of a tile in logical pixels."""

_PAUSE_MILLISECONDS = 15  # scrolling asks for thumbnails once a frame


class ImageGallery(GridView):
    """Shows a :class:`GalleryModel` as a grid of tiles.

    Signals:
        opened: The current item is to be shown large (Enter, Space or a double click); its index.
        moved: The current item changed; its index, which may be invalid.
        picked: Other rows are selected; see :meth:`selected_rows`.
        menu_asked: A menu is wanted for the selected rows, of which there are some; where on the screen.
        tile_changed: The side of a tile was changed, in logical pixels.
    """

    opened = Signal(QModelIndex)
    moved = Signal(QModelIndex)
    picked = Signal()
    menu_asked = Signal(QPoint)
    tile_changed = Signal(int)

    def __init__(self, model: GalleryModel, theme: Theme, *, name: str = "data.gallery") -> None:
        super().__init__(model)
        named(self, name, "Images")
        self._theme, self._gallery, self._tile = theme, model, USUAL
        self._hovered = -1
        self._grip: QPoint | None = None  # where a rectangle of selection began, in the content
        self._delegate = TileDelegate(theme, self)
        self._ask = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._ask.timeout.connect(self._on_ask_due)
        self.setMouseTracking(True)
        self.setItemDelegate(self._delegate)
        # The background is painted here, too: only then does scrolling move what is there and paint the rest alone.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setModel(model)
        theme.changed.connect(self.viewport().update)
        self.doubleClicked.connect(self.opened)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.entered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_left)
        self._spread()

    @property
    def tile(self) -> int:
        """Side of a tile in logical pixels."""
        return self._tile

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

    def ask_for_thumbnails(self) -> None:
        """Soon ask for what is in view; for whoever changed what a thumbnail is to show."""
        self._ask.start()

    def _on_selection_changed(self) -> None:
        self.picked.emit()

    def _spread(self) -> None:
        self.spread(self._delegate.cell(self._tile))
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

    # What else Qt tells

    def paintEvent(self, event: QPaintEvent) -> None:
        # Closed whatever happens within: Qt ends the program where a painter is still open when the window is drawn.
        with QPainter(self.viewport()) as painter:
            self._paint(painter, event)

    def _paint(self, painter: QPainter, event: QPaintEvent) -> None:
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
        if event.text().isprintable() and event.text() and not event.modifiers():
            event.ignore()  # a letter is a command of whoever holds the gallery
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.selectionModel().hasSelection():
            return
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            inside = self.visualRect(self.currentIndex()).center()
            place = self.viewport().mapToGlobal(inside if self.viewport().rect().contains(inside) else QPoint(0, 0))
        self.menu_asked.emit(place)

    def keyboardSearch(self, search: str) -> None:
        """Nothing: it would ask every row for its name. The filter above the gallery is the way."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            turn = event.angleDelta().y()
            self.set_tile(self._tile + (STEP if turn > 0 else -STEP if turn < 0 else 0))
            event.accept()
            return
        super().wheelEvent(event)
