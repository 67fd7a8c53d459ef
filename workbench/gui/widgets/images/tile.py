"""How an item of a gallery is painted: the picture with its mask and signs, below it the class and the split.

A class is a chip in its colour and its name; of a mask without a class of its own the shares of its classes are a bar.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.gui.models.catalogue import NO_SPLIT_TEXT
from workbench.gui.models.gallery import GalleryModel, Tile
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.thumbnails import CRISP

_RADIUS = 4
_FADED = 0.3  # how much is left of an excluded item's picture
_SIGN_SHARE = 6  # of a tile's side, the side of a sign
_LEAST_SIGN = 12  # logical pixels
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
        self._warning, self._pencil = theme.icon("warning", colour="warning"), theme.icon("rename")

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
        model, side = index.model(), self._tile
        assert isinstance(model, GalleryModel)
        tile = model.tile(index.row())
        painter.save()
        self._paint_background(painter, rect.adjusted(1, 1, -1, -1), state)
        square = QRect(rect.left() + (rect.width() - side) // 2, rect.top() + GAP // 2 + 2, side, side)
        inside = square
        if tile.error:
            self._paint_unreadable(painter, square)
        else:
            inside = self._paint_picture(painter, square, tile)
        if tile.excluded or tile.marked or tile.relabelled:
            self._paint_signs(painter, inside, tile)
        left, top = square.left(), square.bottom() + 1 + GAP // 2
        line = QRect(left, top, rect.right() - GAP // 2 - left, self._line_height())
        told = self._paint_first_line(painter, line, tile, model)
        if side >= self._two_lines():
            self._paint_second_line(painter, line.translated(0, line.height()), tile, model, told=told)
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

    def _paint_picture(self, painter: QPainter, square: QRect, tile: Tile) -> QRect:
        """Returns where the picture lies."""
        colours, image = self._theme.colours, tile.picture
        if image is None:
            painter.fillRect(square, QColor(colours.raised))
            return square
        target = picture_rect(image.size(), QRectF(square), ratio=painter.device().devicePixelRatioF())
        if tile.excluded:
            painter.setOpacity(_FADED)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(image.width(), image.height()) > CRISP)
        painter.drawImage(target, image)
        if tile.overlay is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # a mixed label would be a lie
            painter.drawImage(target, tile.overlay)
        painter.setOpacity(1.0)
        # A thin edge, so that a white image does not run into the background. As four rectangles: a see-through outline
        # takes as long to draw as all the rest of a tile.
        edge = QColor(colours.text)
        edge.setAlphaF(0.15)
        left, top, width, height = target.left(), target.top(), target.width(), target.height()
        for side in (
            QRectF(left, top, width, 1),
            QRectF(left, top + height - 1, width, 1),
            QRectF(left, top + 1, 1, height - 2),
            QRectF(left + width - 1, top + 1, 1, height - 2),
        ):
            painter.fillRect(side, edge)
        return target.toRect()

    def _paint_signs(self, painter: QPainter, picture: QRect, tile: Tile) -> None:
        """In the corners of the picture: left out, labelled by hand, an error."""
        side = max(_LEAST_SIGN, min(ICON, self._tile // _SIGN_SHARE))
        corner = QRect(picture.left() + 2, picture.top() + 2, side, side)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if tile.excluded:
            self._paint_struck(painter, corner)
        corner.moveRight(max(picture.right() - 2, corner.right() + side))
        for wanted, icon in ((tile.marked, self._warning), (tile.relabelled, self._pencil)):
            if wanted:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._theme.colours.surface))
                painter.drawRoundedRect(corner, 3, 3)
                icon.paint(painter, corner.adjusted(1, 1, -1, -1))
                corner.translate(-side - 2, 0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_struck(self, painter: QPainter, rect: QRect) -> None:
        """A ring with a bar across: not in use."""
        painter.setPen(QPen(QColor(self._theme.colours.text), max(1.5, rect.width() / 9)))
        painter.setBrush(QColor(self._theme.colours.surface))
        ring = QRectF(rect).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.drawEllipse(ring)
        reach = ring.width() / 2 * 0.7
        middle = ring.center()
        painter.drawLine(
            QPointF(middle.x() - reach, middle.y() - reach), QPointF(middle.x() + reach, middle.y() + reach)
        )

    def _paint_unreadable(self, painter: QPainter, square: QRect) -> None:
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

    def _paint_first_line(self, painter: QPainter, line: QRect, tile: Tile, model: GalleryModel) -> str:
        """The class; of a mask the shares of its classes, else the name. Returns what was told beside the class."""
        colours = self._theme.colours
        if tile.label is not None:
            side = max(8, line.height() // 2)
            chip = QRect(line.left(), line.center().y() - side // 2, side, side)
            paint_chip(painter, chip, tile.label, theme=self._theme, colour=tile.colour)
            painter.setPen(QColor(colours.text if tile.label >= 0 else colours.muted))
            _paint_elided(
                painter, line.adjusted(side + GAP // 2, 0, 0, 0), tile.class_name, Qt.TextElideMode.ElideRight
            )
            return ""
        if any(tile.shares):
            self._paint_shares(painter, QRect(line.left(), line.center().y() - 3, self._tile, 7), tile.shares, model)
            return ""
        painter.setPen(QColor(colours.text))
        _paint_elided(painter, line, tile.name, Qt.TextElideMode.ElideMiddle)
        return tile.name

    def _paint_shares(self, painter: QPainter, rect: QRect, shares: list[int], model: GalleryModel) -> None:
        total, done = sum(shares), 0
        for label, pixels in enumerate(shares):
            if pixels:
                left, right = rect.width() * done // total, rect.width() * (done + pixels) // total
                part = QRect(rect.left() + left, rect.top(), right - left, rect.height())
                painter.fillRect(part, QColor(model.mask_colour(label)))
                done += pixels
        edge = QColor(self._theme.colours.text)
        edge.setAlphaF(0.3)
        painter.setPen(QPen(edge, 0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _paint_second_line(self, painter: QPainter, line: QRect, tile: Tile, model: GalleryModel, *, told: str) -> None:
        painter.setPen(QColor(self._theme.colours.muted))
        splits = model.catalogue is not None and len(model.catalogue.splits) > 1
        parts = [tile.split or NO_SPLIT_TEXT] if splits else []
        if tile.name != told and (not parts or self._tile >= _ROOMY * self._two_lines()):
            parts.append(tile.name)
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


def paint_chip(painter: QPainter, rect: QRect, label: int, *, theme: Theme, colour: str = "") -> None:
    """The mark of a class: a filled square in its colour, an empty one where the class is unknown.

    Args:
        colour: ``"#rrggbb"``; empty for the theme's own.
    """
    edge = QColor(theme.colours.muted)
    if label >= 0:
        painter.fillRect(rect, QColor(colour or theme.series_colour(label)))
        if not colour:
            return
        edge.setAlphaF(0.6)  # any colour may have been chosen, also that of the background
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(0, 0, -1, -1))


def _paint_elided(painter: QPainter, rect: QRect, text: str, mode: Qt.TextElideMode) -> None:
    metrics = painter.fontMetrics()
    painter.drawText(rect, _LINE, metrics.elidedText(text, mode, rect.width()))
