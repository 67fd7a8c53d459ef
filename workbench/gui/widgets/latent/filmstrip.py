"""Pictures in a row with what is to be said of each, painted, because a slider redraws all of it many times a second.

What the frames show and which one is current is their owner's; several strips below one another share one owner.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import CRISP
from workbench.gui.widgets.images.tile import picture_rect

Pictures = NDArray[np.uint8]

LEAST, LARGEST = 56, 168
"""Sides of a frame in logical pixels."""

_PAD = GAP // 2
_RADIUS = 4
_EDGE = 0.18  # opacity of the line around a picture
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine)


def to_image(picture: Pictures) -> QImage:
    """A copy of a picture uint8[H, W] (grey) or uint8[H, W, 3]."""
    height, width = picture.shape[:2]
    if picture.ndim == 2:
        grey = np.ascontiguousarray(picture)
        return QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
    rows = np.ascontiguousarray(picture)
    return QImage(rows.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def to_images(pictures: Pictures) -> list[QImage]:
    """Of pictures uint8[N, H, W] or uint8[N, H, W, 3]."""
    return [to_image(picture) for picture in pictures]


def paint_picture(painter: QPainter, square: QRectF, image: QImage, *, theme: Theme) -> QRectF:
    """Paint an image as large as fits; small ones without blurring. Returns where it lies."""
    target = picture_rect(image.size(), square, ratio=painter.device().devicePixelRatioF())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(image.width(), image.height()) > CRISP)
    painter.drawImage(target, image)
    edge = QColor(theme.colours.text)
    edge.setAlphaF(_EDGE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(edge, 0))
    painter.drawRect(target)
    return target


class Frame(NamedTuple):
    """One place in a strip.

    Attributes:
        image: ``None`` while it is being made.
        title: What it is: ``"0.25"``.
        value: What was measured of it; empty where nothing was, or not yet.
        above: What is to be compared with it; ``None`` for nothing.
        mark: What it is marked with: ``"1"``; empty for no mark.
    """

    image: QImage | None
    title: str
    value: str = ""
    above: QImage | None = None
    mark: str = ""


class Rows(NamedTuple):
    """What is read at the left of each row of a strip; those whose text is empty stay without words."""

    picture: str = ""
    above: str = ""
    title: str = ""
    value: str = ""


class Filmstrip(QWidget):
    """Empty until :meth:`set_frames`. Arrow keys, Home and End move; so does the mouse.

    Signals:
        moved: A person went to another frame.

    Args:
        text: Its accessible name.
        flexible: Whether the height is its layout's to choose; else it is what the width makes of it.
    """

    moved = Signal(int)

    def __init__(self, theme: Theme, *, name: str, text: str, flexible: bool = False) -> None:
        super().__init__()
        named(self, name, text)
        self._theme = theme
        self._flexible = flexible
        self._frames: tuple[Frame, ...] = ()
        self._rows = Rows()
        self._current, self._side, self._cell, self._largest = -1, LEAST, LEAST, LARGEST
        self._least_gutter = 0
        self._has_above = self._has_values = False
        self._has_titles = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        upright = QSizePolicy.Policy.Preferred if flexible else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, upright)
        theme.changed.connect(self.update)
        self._measure()

    # For the owner

    def set_frames(
        self, frames: Sequence[Frame], *, rows: Rows, above: bool = False, titles: bool = True, values: bool = True
    ) -> None:
        """Show these.

        Args:
            rows: What the rows are called.
            above: Whether there is a row of pictures to compare with, be they there or not.
            titles: Whether the titles are to be read.
            values: Whether there is a row of values, be they there or not.
        """
        another = (len(frames), above, titles, values, rows) != (
            len(self._frames), self._has_above, self._has_titles, self._has_values, self._rows
        )  # fmt: skip
        self._frames, self._rows = tuple(frames), rows
        self._has_above, self._has_titles, self._has_values = above, titles, values
        self._current = min(max(self._current, 0), len(frames) - 1)
        if another:
            self._measure()
            self.updateGeometry()
        self._describe()
        self.update()

    def set_current(self, index: int) -> None:
        """Mark the frame that is looked at; no signal says so."""
        index = max(-1, min(index, len(self._frames) - 1))
        if index != self._current:
            self._current = index
            self._describe()
            self.update()

    def set_largest(self, side: int) -> None:
        """Make no frame larger than ``side`` logical pixels."""
        if side != self._largest:
            self._largest = side
            self._measure()
            self.update()

    def set_least_gutter(self, width: int) -> None:
        """Begin the frames that far from the left at least, so that several strips are in line."""
        if width != self._least_gutter:
            self._least_gutter = width
            self._measure()
            self.updateGeometry()
            self.update()

    @property
    def height_without_pictures(self) -> int:
        """Logical pixels of all that is not a picture."""
        return self._height(0)

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self._frames

    @property
    def current(self) -> int:
        """-1 while there are no frames."""
        return self._current

    def frame_rect(self, index: int) -> QRect:
        """Where a frame with its words is, in this widget."""
        return QRect(self._gutter() + index * self._cell, 0, self._cell, self.height())

    def frame_at(self, x: float) -> int:
        """The frame at this distance from the left; -1 beside all of them."""
        index = int((x - self._gutter()) // self._cell) if self._cell else -1
        return index if 0 <= index < len(self._frames) else -1

    # Sizes

    def _gutter(self) -> int:
        return max(self._least_gutter, self.gutter)

    @property
    def gutter(self) -> int:
        """Width of what is read at the left, in logical pixels."""
        metrics, heavy = self.fontMetrics(), QFontMetrics(self._heavy())
        widest = max(metrics.horizontalAdvance(text) for text in self._rows)
        return max(widest, heavy.horizontalAdvance(self._rows.picture)) + GAP if any(self._rows) else 0

    def _heavy(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _least_cell(self) -> int:
        metrics = self.fontMetrics()
        words = max((metrics.horizontalAdvance(max(frame.title, frame.value, key=len)) for frame in self._frames),
                    default=0)  # fmt: skip
        return max(LEAST, words) + 2 * _PAD

    def _line(self) -> int:
        return self.fontMetrics().height()

    def _height(self, side: int) -> int:
        """With pictures of this side."""
        pictures = 2 if self._has_above else 1
        lines = self._has_titles + self._has_values
        return pictures * (side + _PAD) + lines * self._line() + 3 * _PAD

    def _measure(self) -> None:
        count = max(1, len(self._frames))
        room = (self.width() - self._gutter()) // count
        self._cell = max(self._least_cell(), min(room, LARGEST + 2 * _PAD))
        self._side = min(self._cell - 2 * _PAD, self._largest)
        if self._flexible:
            fits = (self.height() - self._height(0)) // (2 if self._has_above else 1)
            self._side = min(self._side, max(LEAST, fits))
            self.setMaximumHeight(self._height(LARGEST))
        else:
            self.setFixedHeight(self._height(self._side))

    @property
    def widest(self) -> int:
        """Logical pixels that it can make use of."""
        return self._gutter() + len(self._frames) * (LARGEST + 2 * _PAD)

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), self._height(LARGEST if self._flexible else self._side))

    def minimumSizeHint(self) -> QSize:
        height = self._height(LEAST if self._flexible else self._side)
        return QSize(self._gutter() + len(self._frames) * self._least_cell(), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._flexible or event.size().width() != event.oldSize().width():
            self._measure()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint_words(painter)
            first = max(0, (event.rect().left() - self._gutter()) // self._cell)
            last = (event.rect().right() - self._gutter()) // self._cell
            for index in range(first, min(last + 1, len(self._frames))):
                self._paint_frame(painter, index)

    def _tops(self) -> tuple[int, int, int, int]:
        """Where the rows begin: what is above, the pictures, the titles, the values."""
        pictures = _PAD + (self._side + _PAD if self._has_above else 0)
        titles = pictures + self._side + _PAD
        return _PAD, pictures, titles, titles + (self._line() if self._has_titles else 0)

    def _paint_words(self, painter: QPainter) -> None:
        above, pictures, titles, values = self._tops()
        width, colours = self._gutter() - GAP, self._theme.colours
        painter.setPen(QColor(colours.muted))
        if self._has_above:
            painter.drawText(QRect(0, above, width, self._side), _WRAPPED, self._rows.above)
        if self._has_titles:
            painter.drawText(QRect(0, titles, width, self._line()), _LEFT, self._rows.title)
        if self._has_values:
            painter.drawText(QRect(0, values, width, self._line()), _LEFT, self._rows.value)
        painter.setPen(QColor(colours.text))
        painter.setFont(self._heavy())
        painter.drawText(QRect(0, pictures, width, self._side), _WRAPPED, self._rows.picture)
        painter.setFont(self.font())

    def _paint_frame(self, painter: QPainter, index: int) -> None:
        frame, colours, current = self._frames[index], self._theme.colours, index == self._current
        above, pictures, titles, values = self._tops()
        left = self._gutter() + index * self._cell
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if current:
            painter.setBrush(QColor(colours.selection))
            painter.setPen(QPen(QColor(colours.accent), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            cell = QRectF(left + 1, 1, self._cell - 2, self.height() - 2)
            painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
        beside = left + (self._cell - self._side) / 2
        square = QRectF(beside, pictures, self._side, self._side)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if frame.above is not None:
            paint_picture(painter, QRectF(beside, above, self._side, self._side), frame.above, theme=self._theme)
        if frame.image is None:
            painter.fillRect(square, QColor(colours.raised))
        else:
            inside = paint_picture(painter, square, frame.image, theme=self._theme)
            if frame.mark:
                self._paint_mark(painter, inside, frame.mark)
        painter.setPen(QColor(colours.text if frame.mark or current else colours.muted))
        if self._has_titles:
            painter.drawText(QRect(left, titles, self._cell, self._line()), _CENTRE, frame.title)
        if self._has_values:
            painter.setPen(QColor(colours.text))
            painter.drawText(QRect(left, values, self._cell, self._line()), _CENTRE, frame.value)

    def _paint_mark(self, painter: QPainter, picture: QRectF, mark: str) -> None:
        """A frame around the picture and the number of the waypoint in its corner."""
        colours, metrics = self._theme.colours, self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawRoundedRect(picture.adjusted(-1, -1, 1, 1), 2, 2)
        side = max(metrics.height(), metrics.horizontalAdvance(mark) + _PAD)
        badge = QRectF(picture.left() - 2, picture.top() - 2, side, metrics.height())
        if self._cell - self._side > 2 * (side + _PAD):
            badge.moveRight(picture.left() - _PAD)  # beside the picture, where there is room
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(badge, _RADIUS, _RADIUS)
        painter.setPen(QColor(colours.on_accent))
        painter.drawText(badge, _CENTRE, mark)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _describe(self) -> None:
        if self._current < 0:
            self.setAccessibleDescription("")
            return
        frame, rows = self._frames[self._current], self._rows
        parts = [f"{rows.title} {frame.title}".strip()]
        if frame.value:
            parts.append(f"{rows.value} {frame.value}".strip())
        if frame.mark:
            parts.append(f"waypoint {frame.mark}")
        self.setAccessibleDescription(", ".join(parts))

    # What a person does

    def _go(self, index: int) -> None:
        index = max(0, min(index, len(self._frames) - 1))
        if self._frames and index != self._current:
            self.set_current(index)
            self.moved.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and (index := self.frame_at(event.position().x())) >= 0:
            self._go(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and (index := self.frame_at(event.position().x())) >= 0:
            self._go(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: self._current - 1,
            Qt.Key.Key_Right: self._current + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self._frames) - 1,
        }
        wanted = steps.get(Qt.Key(event.key()))
        if wanted is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        self._go(wanted)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
