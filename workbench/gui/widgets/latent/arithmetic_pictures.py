"""A few items of a dataset in a row, small: representatives of a group, neighbours of a result."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.latent.filmstrip import paint_picture


class ItemPictures(QWidget):
    """Shows as many as fit. Whoever owns ``thumbnails`` says which are wanted.

    Signals:
        opened: Id of an item that was double-clicked.

    Args:
        side: Of a picture, in logical pixels.
        largest: That side where there is more room; 0 for always the same.
    """

    opened = Signal(int)

    def __init__(
        self, thumbnails: Thumbnailer, theme: Theme, *, name: str, text: str, side: int, most: int, largest: int = 0
    ) -> None:
        super().__init__()
        named(self, name, text)
        self._thumbnails, self._theme, self._least, self._most = thumbnails, theme, side, most
        self._largest = max(side, largest)
        self._items: tuple[int, ...] = ()
        self._words: tuple[str, ...] = ()
        upright = QSizePolicy.Policy.Preferred if largest else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, upright)
        self.setMaximumHeight(self._largest)
        thumbnails.ready.connect(self.update)
        theme.changed.connect(self.update)

    def set_items(self, items: Sequence[int], words: Sequence[str]) -> None:
        """Show these; ``words`` say what each is."""
        self._items, self._words = tuple(items), tuple(words)
        self.setAccessibleDescription(", ".join(words))
        self.update()

    @property
    def items(self) -> tuple[int, ...]:
        return self._items

    @property
    def _side(self) -> int:
        return max(self._least, min(self._largest, self.height(), self.width() // self._most - GAP // 2))

    def sizeHint(self) -> QSize:
        return QSize(self._most * (self._least + GAP // 2), self._largest)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (self._least + GAP // 2), self._least)

    def _at(self, x: float) -> int:
        index = int(x // (self._side + GAP // 2))
        return index if 0 <= index < len(self._items) else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        side = self._side
        with QPainter(self) as painter:
            for index, item in enumerate(self._items):
                left = index * (side + GAP // 2)
                if left + side > self.width():
                    return
                square = QRectF(left, 0, side, side)
                thumbnail = self._thumbnails.get(item)
                if thumbnail is not None and thumbnail.image is not None:
                    paint_picture(painter, square, thumbnail.image, theme=self._theme)
                else:
                    painter.fillRect(square, QColor(self._theme.colours.raised))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.opened.emit(self._items[index])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(event.pos().x())
            QToolTip.showText(event.globalPos(), self._words[index] if index >= 0 else "", self)
            return True
        return super().event(event)
