"""The waypoints of a walk in a row: their pictures, in an order that the mouse and the keys can change.

It shows what it is given and says what a person wants; the waypoints themselves are the model's.
"""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.latent.filmstrip import paint_picture
from workbench.gui.widgets.latent.waypoints_picker import MIME, items_of

_SIDE = 8 * GAP
_PAD = GAP // 2
_RADIUS = 4
_WIDTH = _SIDE + 4 * GAP  # of a card: a caption of a few letters fits below the picture
_CROSS = 2 * GAP
_CENTRE = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine)
_WRAPPED = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)


class Card(NamedTuple):
    """A waypoint as it is shown.

    Attributes:
        image: ``None`` while it is being read.
        caption: A word or two: its class, or "sample".
        title: All that is known of it.
    """

    image: QImage | None
    caption: str
    title: str


class WaypointRow(QWidget):
    """Empty until :meth:`set_cards`. Arrow keys go from card to card, with Alt they carry it along; Delete removes it.

    Signals:
        arranged: The old places of the cards that are to stay, in the order in which they are to stand.
        dropped: Ids of the items that were dropped, and before which place.
    """

    arranged = Signal(object)
    dropped = Signal(object, int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Waypoints")
        self._theme = theme
        self._cards: tuple[Card, ...] = ()
        self._sentence = ""
        self._current = self._hovered = self._gap = -1  # _gap: before which card something would be put
        self._from: QPoint | None = None
        self._carried = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        theme.changed.connect(self.update)

    # For the owner

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Show these; the current place stays where there still is one."""
        self._cards = tuple(cards)
        self._current = min(max(self._current, 0), len(cards) - 1)
        self._hovered = min(self._hovered, len(cards) - 1)
        self.updateGeometry()
        self._describe()
        self.update()

    def set_sentence(self, text: str) -> None:
        """What is read while there are no cards."""
        self._sentence = text
        self.update()

    @property
    def cards(self) -> tuple[Card, ...]:
        return self._cards

    @property
    def current(self) -> int:
        """-1 where there are none."""
        return self._current

    def card_rect(self, index: int) -> QRect:
        """Where a card is, in this widget."""
        return QRect(index * _WIDTH, 0, _WIDTH, self.height())

    # Sizes

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(max(1, len(self._cards)) * _WIDTH, _SIDE + self.fontMetrics().height() + 3 * _PAD)

    def _card_at(self, point: QPoint) -> int:
        index = point.x() // _WIDTH
        return index if 0 <= index < len(self._cards) else -1

    def _gap_at(self, point: QPoint) -> int:
        return max(0, min(len(self._cards), round(point.x() / _WIDTH)))

    def _picture_rect(self, index: int) -> QRectF:
        return QRectF(index * _WIDTH + (_WIDTH - _SIDE) / 2, _PAD, _SIDE, _SIDE)

    def cross_rect(self, index: int) -> QRect:
        """Where a click removes a card, while the mouse is over it."""
        return QRect(index * _WIDTH + _WIDTH - _CROSS - 2, _PAD, _CROSS, _CROSS)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self._cards:
                edge = QColor(colours.accent if self._gap >= 0 else colours.muted)
                painter.setPen(QPen(edge, 1, Qt.PenStyle.DashLine))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)
                painter.setPen(QColor(colours.muted))
                painter.drawText(self.rect().adjusted(GAP, 0, -GAP, 0), _WRAPPED, self._sentence)
                return
            for index, card in enumerate(self._cards):
                self._paint_card(painter, index, card)
            if self._gap >= 0:
                x = min(max(self._gap * _WIDTH, 2), self.width() - 2)
                painter.setPen(QPen(QColor(colours.accent), 3))
                painter.drawLine(x, _PAD, x, self.height() - _PAD)

    def _paint_card(self, painter: QPainter, index: int, card: Card) -> None:
        colours, metrics = self._theme.colours, self.fontMetrics()
        rect = QRectF(self.card_rect(index)).adjusted(1, 1, -1, -1)
        focused = self.hasFocus() and index == self._current
        painter.setBrush(QColor(colours.raised) if index == self._hovered or focused else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), 2) if focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, _RADIUS, _RADIUS)
        square = self._picture_rect(index)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if card.image is None:
            painter.fillRect(square, QColor(colours.raised))
        else:
            paint_picture(painter, square, card.image, theme=self._theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        number = str(index + 1)
        badge = QRectF(rect.left() + 1, _PAD, max(metrics.height(), metrics.horizontalAdvance(number) + _PAD),
                       metrics.height())  # fmt: skip
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(badge, _RADIUS, _RADIUS)
        painter.setPen(QColor(colours.on_accent))
        painter.drawText(badge, _CENTRE, number)
        painter.setPen(QColor(colours.text))
        line = QRect(int(rect.left()) + 2, _SIDE + 2 * _PAD, int(rect.width()) - 4, metrics.height())
        painter.drawText(line, _CENTRE, metrics.elidedText(card.caption, Qt.TextElideMode.ElideRight, line.width()))
        if index == self._hovered or focused:
            self._theme.icon("close").paint(painter, self.cross_rect(index))

    def _describe(self) -> None:
        count = len(self._cards)
        if self._current < 0:
            self.setAccessibleDescription(self._sentence)
        else:
            self.setAccessibleDescription(f"{self._current + 1} of {count}: {self._cards[self._current].title}")

    # What a person does

    def remove(self, index: int) -> None:
        """Ask for one card less."""
        self.arranged.emit(tuple(place for place in range(len(self._cards)) if place != index))

    def carry(self, index: int, gap: int) -> None:
        """Ask for the card to stand before what is at ``gap`` now."""
        if not 0 <= index < len(self._cards) or gap in (index, index + 1):
            return
        order = [place for place in range(len(self._cards)) if place != index]
        place = gap if gap < index else gap - 1
        order.insert(place, index)
        self._current = place
        self.arranged.emit(tuple(order))

    def _set_current(self, index: int) -> None:
        self._current = index
        self._describe()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self._cards) - 1
        carrying = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if last < 0:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove(self._current)
        elif carrying and key == Qt.Key.Key_Left:
            self.carry(self._current, self._current - 1)
        elif carrying and key == Qt.Key.Key_Right and self._current < last:
            self.carry(self._current, self._current + 2)
        elif not carrying and key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End):
            wanted = {Qt.Key.Key_Left: self._current - 1, Qt.Key.Key_Right: self._current + 1, Qt.Key.Key_Home: 0}
            self._set_current(max(0, min(last, wanted.get(Qt.Key(key), last))))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self._card_at(point)
        if event.button() != Qt.MouseButton.LeftButton or index < 0:
            return
        if self.cross_rect(index).contains(point):
            self.remove(index)
            return
        self._set_current(index)
        self._from, self._carried = point, index

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._from is None:
            hovered = self._card_at(point)
            if hovered != self._hovered:
                self._hovered = hovered
                self.update()
        elif self._gap >= 0 or (point - self._from).manhattanLength() >= QApplication.startDragDistance():
            self._mark(self._gap_at(point))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gap, carried = self._gap, self._carried
        self._from, self._carried = None, -1
        self._mark(-1)
        if gap >= 0:
            self.carry(carried, gap)

    def _mark(self, gap: int) -> None:
        if gap != self._gap:
            self._gap = gap
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._card_at(event.pos())
            text = f"{self._cards[index].title}\nDrag to reorder" if index >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._mark(self._gap_at(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        items, gap = items_of(event.mimeData()), self._gap_at(event.position().toPoint())
        self._mark(-1)
        if items:
            event.acceptProposedAction()
            self.dropped.emit(tuple(items), gap)
