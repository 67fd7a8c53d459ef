"""How an item of a gallery is painted: the picture, below it the class (a coloured chip, its name) and the split."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.gui.models.gallery import GalleryModel, Role
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.thumbnails import CRISP

_RADIUS = 4
_ROOMY = 2.5  # times the least width of two lines: from here on the name stands beside the split
# Put together once: Python takes five microseconds for each of these, and a full window has 300 tiles.
_SELECTED, _FOCUSED, _HOVERED = (
    QStyle.StateFlag.State_Selected,
    QStyle.StateFlag.State_HasFocus,
    QStyle.StateFlag.State_MouseOver,
)
_MARKED = _SELECTED | _FOCUSED | _HOVERED
_LINE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


class TileDelegate(QStyledItemDelegate):
    """Paints the tiles of ``view``, which says how large they are."""

    def __init__(self, theme: Theme, view: QWidget) -> None:
        super().__init__(view)
        self._theme, self._view, self._tile = theme, view, 0

    def cell(self, tile: int) -> QSize:
        """Paint tiles of this side from now on; the least size of a cell that holds one, in logical pixels."""
        self._tile = tile
        lines = 1 if tile < self._two_lines() else 2
        height = tile + 2 * GAP + lines * self._line_height() + GAP // 2
        return QSize(tile + 2 * GAP, height)

    def _line_height(self) -> int:
        return self._view.fontMetrics().height() + 2

    def _two_lines(self) -> int:
        """The least tile that a word fits below, in logical pixels."""
        return self._view.fontMetrics().averageCharWidth() * 10

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tile = self._tile
        painter.save()
        self._paint_background(painter, rect.adjusted(1, 1, -1, -1), state)
        square = QRect(rect.left() + (rect.width() - tile) // 2, rect.top() + GAP // 2 + 2, tile, tile)
        if error := index.data(Role.ERROR):
            self._paint_unreadable(painter, square, str(error))
        else:
            self._paint_picture(painter, square, index.data(Role.THUMBNAIL))
        left, top = square.left(), square.bottom() + 1 + GAP // 2
        line = QRect(left, top, rect.right() - GAP // 2 - left, self._line_height())
        self._paint_class(painter, line, index)
        if tile >= self._two_lines():
            self._paint_second_line(painter, line.translated(0, line.height()), index)
        painter.restore()

    def paint_band(self, painter: QPainter, rect: QRect) -> None:
        """The rectangle that is drawn with the mouse to select what it touches."""
        accent = QColor(self._theme.colours.accent)
        painter.setPen(QPen(accent, 1))
        accent.setAlphaF(0.15)
        painter.setBrush(accent)
        painter.drawRect(rect)

    def _paint_background(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        colours = self._theme.colours
        if not state & _MARKED:
            return
        selected, current, hovered = bool(state & _SELECTED), bool(state & _FOCUSED), bool(state & _HOVERED)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent), 2) if current else QPen(Qt.PenStyle.NoPen))
        if selected:
            painter.setBrush(QColor(colours.selection))
        else:
            painter.setBrush(QColor(colours.raised) if hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_picture(self, painter: QPainter, square: QRect, image: QImage | None) -> None:
        colours = self._theme.colours
        if image is None:
            painter.fillRect(square, QColor(colours.raised))
            return
        target = picture_rect(image.size(), QRectF(square), ratio=painter.device().devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(image.width(), image.height()) > CRISP)
        painter.drawImage(target, image)
        # A thin edge, so that a white image does not run into the background.
        edge = QColor(colours.text)
        edge.setAlphaF(0.15)
        painter.setPen(QPen(edge, 0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(target.adjusted(0, 0, -1, -1))

    def _paint_unreadable(self, painter: QPainter, square: QRect, sentence: str) -> None:
        colours = self._theme.colours
        painter.fillRect(square, QColor(colours.raised))
        painter.setPen(QPen(QColor(colours.bad), 1, Qt.PenStyle.DashLine))
        painter.drawRect(square.adjusted(0, 0, -1, -1))
        text = "cannot be read"
        metrics = QFontMetrics(painter.font())
        inside = square.adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        needed = metrics.boundingRect(inside, int(flags), text)
        fits = needed.width() <= inside.width() and needed.height() + ICON + GAP // 2 <= inside.height()
        height = ICON + (GAP // 2 + needed.height() if fits else 0)
        top = inside.top() + (inside.height() - height) // 2
        icon = self._theme.icon("error", colour=colours.bad)
        icon.paint(painter, QRect(inside.center().x() - ICON // 2, top, ICON, ICON))
        if fits:
            painter.setPen(QColor(colours.bad))
            below = QRect(inside.left(), top + ICON + GAP // 2, inside.width(), needed.height())
            painter.drawText(below, int(flags), text)

    def _paint_class(self, painter: QPainter, line: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        colours = self._theme.colours
        label, text = index.data(Role.LABEL), str(index.data(Role.CLASS))
        side = max(8, line.height() // 2)
        paint_chip(painter, QRect(line.left(), line.center().y() - side // 2, side, side), label, theme=self._theme)
        painter.setPen(QColor(colours.text if label >= 0 else colours.muted))
        _paint_elided(painter, line.adjusted(side + GAP // 2, 0, 0, 0), text, Qt.TextElideMode.ElideRight)

    def _paint_second_line(self, painter: QPainter, line: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, GalleryModel)
        painter.setPen(QColor(self._theme.colours.muted))
        parts = [str(index.data(Role.SPLIT))] if model.has_splits else []
        if not parts or self._tile >= _ROOMY * self._two_lines():
            parts.append(str(index.data(Role.NAME)))
        text = " \N{MIDDLE DOT} ".join(parts)
        _paint_elided(painter, line, text, Qt.TextElideMode.ElideMiddle)


def picture_rect(size: QSize, square: QRectF, *, ratio: float) -> QRectF:
    """Where in ``square`` an image of ``size`` pixels goes: centred, as large as fits, the aspect ratio kept.

    An image of at most :data:`CRISP` pixels a side is enlarged by a whole number of device pixels, so that all of its
    pixels are equally large; ``ratio`` is how many of those a logical pixel has.
    """
    largest = max(1, size.width(), size.height())
    factor = min(square.width(), square.height()) * ratio / largest  # device pixels an image pixel
    if largest <= CRISP and factor >= 1:
        factor = int(factor + 1e-6)
    width, height = max(1.0, size.width() * factor) / ratio, max(1.0, size.height() * factor) / ratio
    left = round((square.center().x() - width / 2) * ratio) / ratio
    top = round((square.center().y() - height / 2) * ratio) / ratio
    return QRectF(left, top, width, height)


def paint_chip(painter: QPainter, rect: QRect, label: int, *, theme: Theme) -> None:
    """The mark of a class: a filled square in its colour, an empty one where the class is unknown."""
    if label >= 0:
        painter.fillRect(rect, QColor(theme.series_colour(label)))
        return
    painter.setPen(QPen(QColor(theme.colours.muted), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(0, 0, -1, -1))


def _paint_elided(painter: QPainter, rect: QRect, text: str, mode: Qt.TextElideMode) -> None:
    metrics = painter.fontMetrics()
    painter.drawText(rect, _LINE, metrics.elidedText(text, mode, rect.width()))
