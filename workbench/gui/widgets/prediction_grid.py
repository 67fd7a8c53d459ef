"""What a network takes a few items for: their pictures with its best guess, told at a glance and exactly on request.

Painted, not built of widgets, because leafing through a run's steps redraws all of it several times a second. Where the
items come from is left to others, how tiles share the room to :mod:`workbench.gui.widgets.prediction_layout`.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.thumbnails import CRISP
from workbench.gui.widgets.prediction_layout import BAR, PAD, Arrangement, Percent, TextSizes, arrange

MOST_TILES = 24
_TOLD = 3  # guesses in a tooltip
_WIDEST = ">99 %"  # of what share_text() writes
_RADIUS = 4
_TICK = (((0.14, 0.54), (0.40, 0.80), (0.86, 0.22)),)  # strokes in a unit square
_CROSS = (((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8)))
_EDGE = 0.15  # opacity of the line around a picture
_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One item and what it is taken for.

    Attributes:
        image: The picture; ``None`` while it is being read, or where it cannot be.
        name: The item's name.
        true: Its true class; empty where nobody knows.
        guesses: Classes with their shares of 1, best first.
        problem: Why there is no picture; empty if there is one or it is still to come.
    """

    image: QImage | None
    name: str
    true: str
    guesses: tuple[tuple[str, float], ...]
    problem: str = ""

    @property
    def right(self) -> bool | None:
        """Whether the best guess is true; ``None`` where that cannot be told."""
        return self.guesses[0][0] == self.true if self.guesses and self.true else None

    @property
    def words(self) -> str:
        """All of it in a sentence, for those who do not see it."""
        said = f"taken for {self.guesses[0][0]}, {share_text(self.guesses[0][1])}" if self.guesses else "no guess"
        verdict = {True: ", which is right", False: f", but it is {self.true}", None: ""}[self.right]
        return f"{self.name}: {said}{verdict}"


class PredictionGrid(QWidget):
    """Shows up to :data:`MOST_TILES` tiles, or a sentence. Arrow keys move from tile to tile."""

    def __init__(self, theme: Theme, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, "Predictions")
        self._theme = theme
        self._tiles: tuple[Tile, ...] = ()
        self._text = ""
        self._current = self._hovered = self._tipped = -1
        self._arrangement: Arrangement | None = None
        self._pictures: dict[int, QPixmap] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    # What it shows

    def set_items(self, items: Sequence[Tile]) -> None:
        """Show the first :data:`MOST_TILES` of ``items``. The tile with the focus keeps it."""
        before = len(self._tiles)
        self._tiles, self._text = tuple(items[:MOST_TILES]), ""
        kept = {tile.image.cacheKey() for tile in self._tiles if tile.image}
        self._pictures = {key: picture for key, picture in self._pictures.items() if key in kept}
        if len(self._tiles) != before:
            self._arrangement = None
            self._hovered = -1
        if self._tiles:
            self._current = min(self._current, len(self._tiles) - 1)
        if self._tipped >= len(self._tiles):
            self._hide_tip()
        elif self._tipped >= 0 and QToolTip.isVisible():
            self._show_tip(self._tipped)
        self._describe()
        self.update()

    def set_text(self, text: str) -> None:
        """Show ``text`` in place of tiles."""
        self.set_items(())
        self._text = text
        self._describe()

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return self._tiles

    @property
    def text(self) -> str:
        """The sentence in place of tiles; empty where there are some."""
        return self._text

    @property
    def current(self) -> int:
        """Index of the tile that has or had the focus; -1 for none."""
        return self._current

    def tile_rect(self, index: int) -> QRect:
        """Where the tile is, in this widget."""
        return self._arranged().rect(index)

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 * metrics.averageCharWidth(), 6 * metrics.height())

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(80 * metrics.averageCharWidth(), 24 * metrics.height())

    def _arranged(self) -> Arrangement:
        if self._arrangement is None:
            metrics = self.fontMetrics()
            sign = _sign_side(metrics.height()) + PAD
            least = sign + 6 * metrics.averageCharWidth()
            text = TextSizes(
                line=metrics.height(),
                least=least,
                full=sign + 7 * metrics.averageCharWidth() + GAP + metrics.horizontalAdvance(_WIDEST),
            )
            self._arrangement = arrange(max(1, len(self._tiles)), self.size(), text)
        return self._arrangement

    def _at(self, position: QPointF) -> int:
        point = position.toPoint()
        return next((i for i in range(len(self._tiles)) if self.tile_rect(i).contains(point)), -1)

    def _describe(self) -> None:
        words = self._tiles[self._current].words if 0 <= self._current < len(self._tiles) else self._text
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    # What a person does

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(QPointF(event.pos()))
            if index >= 0:
                self._show_tip(index, at=event.globalPos())
            else:
                self._hide_tip()
            return True
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange):
            self._arrangement = None
            self._pictures.clear()
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0:
            self._set_current(index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._tiles:
            self._set_current(max(0, self._current), tell=event.reason() in _BY_KEYS)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hide_tip()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._arranged().columns
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._tiles or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif 0 <= self._current + step < len(self._tiles):
            self._set_current(self._current + step, tell=True)

    def _set_current(self, index: int, *, tell: bool = False) -> None:
        self._current = index
        self._describe()
        if tell:
            self._show_tip(index)
        self.update()

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.update()

    def _show_tip(self, index: int, *, at: QPoint | None = None) -> None:
        self._tipped = index
        rect = self.tile_rect(index)
        QToolTip.showText(at or self.mapToGlobal(rect.bottomLeft()), _tip(self._tiles[index]), self, rect)

    def _hide_tip(self) -> None:
        if self._tipped >= 0:
            self._tipped = -1
            QToolTip.hideText()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._tiles:
            self._paint_text(painter)
        for index, tile in enumerate(self._tiles):
            rect = self.tile_rect(index)
            if rect.intersects(event.rect()):
                self._paint_tile(painter, rect, tile, index)

    def _paint_text(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.colours.muted))
        width = min(self.width() - 2 * GAP, 60 * self.fontMetrics().averageCharWidth())
        room = QRect((self.width() - width) // 2, 0, width, self.height())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), self._text)

    def _paint_tile(self, painter: QPainter, rect: QRect, tile: Tile, index: int) -> None:
        colours, place = self._theme.colours, self._arranged()
        focused = index == self._current and self.hasFocus()
        if focused or index == self._hovered:
            painter.setPen(QPen(QColor(colours.accent), 2) if focused else QPen(Qt.PenStyle.NoPen))
            painter.setBrush(QColor(colours.raised) if index == self._hovered else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)
        inside = rect.adjusted(PAD, PAD, -PAD, -PAD)
        if place.beside:
            square = QRect(inside.left(), inside.top() + (inside.height() - place.side) // 2, place.side, place.side)
            top = inside.top() + (inside.height() - place.block) // 2
            words = QRect(square.right() + 1 + GAP, top, place.words, place.block)
        else:
            square = QRect(inside.left() + (inside.width() - place.side) // 2, inside.top(), place.side, place.side)
            words = QRect(inside.left(), square.bottom() + 1 + PAD, place.words, place.block)
        self._paint_picture(painter, square, tile)
        if place.words:
            self._paint_words(painter, words, tile)
        elif tile.right is not None:
            side = max(6, square.width() // 3)
            badge = QRectF(square.right() + 1 - side, square.bottom() + 1 - side, side, side)
            painter.fillRect(badge, QColor(colours.surface))
            self._paint_sign(painter, badge, right=tile.right)

    def _paint_picture(self, painter: QPainter, square: QRect, tile: Tile) -> None:
        if tile.image is None:
            painter.fillRect(square, QColor(self._theme.colours.raised))
            side = min(ICON, square.width())
            place = QRect(square.center() - QPoint(side // 2, side // 2), QSize(side, side))
            name, colour = ("error", "bad") if tile.problem else ("image", "muted")
            self._theme.icon(name, colour=colour).paint(painter, place)
            return
        ratio = self.devicePixelRatioF()
        picture = self._pictures.get(tile.image.cacheKey())
        if picture is None:
            picture = QPixmap.fromImage(fitted(tile.image, round(square.width() * ratio)))
            picture.setDevicePixelRatio(ratio)
            self._pictures[tile.image.cacheKey()] = picture
        size = picture.size() / ratio
        left = round((square.left() + (square.width() - size.width()) / 2) * ratio) / ratio
        top = round((square.top() + (square.height() - size.height()) / 2) * ratio) / ratio
        painter.drawPixmap(QPointF(left, top), picture)
        edge = QColor(self._theme.colours.text)  # so that a white picture does not run into the background
        edge.setAlphaF(_EDGE)
        painter.setPen(QPen(edge, 1 / ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = 0.5 / ratio
        painter.drawRect(QRectF(QPointF(left, top), size).adjusted(half, half, -half, -half))

    def _paint_words(self, painter: QPainter, room: QRect, tile: Tile) -> None:
        if not tile.guesses:
            return
        colours, metrics, place = self._theme.colours, painter.fontMetrics(), self._arranged()
        guess, share = tile.guesses[0]
        percent, right, line = share_text(share), tile.right, metrics.height()
        wide = metrics.horizontalAdvance(percent) + GAP
        first = QRect(room.left(), room.top(), room.width(), line)
        last = QRect(room.left(), room.bottom() + 1 - line, room.width(), line)
        between = QRect(room.left(), first.bottom() + 1, room.width(), last.top() - first.bottom() - 1)
        if right is not None:
            side = _sign_side(line)
            self._paint_sign(painter, QRectF(first.left(), first.center().y() - side / 2 + 1, side, side), right=right)
            first.setLeft(first.left() + side + PAD)
        painter.setPen(QColor(colours.muted))
        row = {Percent.BESIDE_NAME: first, Percent.BESIDE_BAR: between, Percent.BELOW_BAR: last}[place.percent]
        if row is not last or right is not False:
            painter.drawText(row, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), percent)
            row.setRight(row.right() - wide)
        painter.setPen(QColor(colours.text))
        _paint_elided(painter, first, guess)
        if right is False:
            _paint_elided(painter, last, f"is {tile.true}")
        ink = {True: colours.good, False: colours.bad, None: colours.accent}[right]
        if place.percent is Percent.BESIDE_BAR:
            between.setRight(room.right() - metrics.horizontalAdvance(_WIDEST) - GAP)  # all bars equally long
        bar = QRectF(between.left(), between.center().y() + 0.5 - BAR / 2, between.width(), BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, part in ((colours.line, 1.0), (ink, min(1.0, share))):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(max(BAR, part * bar.width()), BAR)), BAR / 2, BAR / 2)

    def _paint_sign(self, painter: QPainter, rect: QRectF, *, right: bool) -> None:
        """A tick or a cross, bolder than an icon, to be told apart in passing."""
        colours, cap = self._theme.colours, Qt.PenCapStyle.RoundCap
        ink = QColor(colours.good if right else colours.bad)
        painter.setPen(QPen(ink, rect.width() / 7, Qt.PenStyle.SolidLine, cap, Qt.PenJoinStyle.RoundJoin))
        for stroke in _TICK if right else _CROSS:
            points = [QPointF(rect.x() + x * rect.width(), rect.y() + y * rect.height()) for x, y in stroke]
            painter.drawPolyline(points)


def share_text(share: float) -> str:
    """A share of 1 in percent; what is not quite all or nothing is not rounded to it."""
    percent = round(100 * share)
    if percent == 0 and share > 0:
        return "<1 %"
    return ">99 %" if percent == 100 and share < 0.9995 else f"{percent} %"


def fitted(image: QImage, side: int) -> QImage:
    """``image`` for a square of ``side`` device pixels, its aspect ratio kept.

    A small image keeps its pixels as squares: enlarged by a whole number where that fills the square well, else by the
    next larger one and then reduced, which blurs no more than the edges of the squares.
    """
    side = max(1, side)
    largest = max(1, image.width(), image.height())
    factor = side / largest
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    if largest > CRISP or factor <= 1:
        return image.scaled(side, side, keep, smooth)
    whole = int(factor) if int(factor) >= 0.97 * factor else math.ceil(factor)
    large = image.scaled(image.size() * whole, keep, Qt.TransformationMode.FastTransformation)
    return large if whole <= factor else large.scaled(side, side, keep, smooth)


def _sign_side(line: int) -> int:
    return round(0.85 * line)


def _tip(tile: Tile) -> str:
    """Rich text: the name, the best guesses, the truth."""
    rows = "".join(
        f"<tr><td>{html.escape(guess)}{' (true)' if guess == tile.true else ''}</td>"
        f"<td align='right'>&nbsp;&nbsp;{html.escape(share_text(share))}</td></tr>"
        for guess, share in tile.guesses[:_TOLD]
    )
    told = tile.true in [guess for guess, _ in tile.guesses[:_TOLD]] or not tile.true
    truth = "" if told else f"<div>is {html.escape(tile.true)}</div>"
    problem = f"<div>{html.escape(tile.problem)}</div>" if tile.problem else ""
    return f"<div><b>{html.escape(tile.name)}</b></div><table cellspacing='0'>{rows}</table>{truth}{problem}"


def _paint_elided(painter: QPainter, rect: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(rect, int(flags), shown)
