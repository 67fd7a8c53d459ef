"""One image large, its mask over it: fitted or pixel by pixel, zoomed by the wheel, moved by dragging.

What it shows was decoded in the background (:mod:`workbench.gui.widgets.images.picture`), together with halved copies,
so that a photograph of many megapixels is painted at once and without jagged edges at every zoom. Of a mask only what
is in sight is coloured, when it is painted.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.picture import Labels, Picture

if TYPE_CHECKING:
    from workbench.engine.data.source import Colour

_STEP = 1.25  # a notch of the wheel
_LARGEST = 64.0  # device pixels an image pixel
_CRISP_FROM = 2.0  # from this zoom on, pixels are shown as squares
_BLOCK = 8  # pixels; where a part of a mask that is coloured begins, so that its hatching stays where it is


class ImageView(QWidget):
    """Shows a :class:`Picture`, or a sentence in its place.

    Signals:
        zoom_changed: :attr:`zoom` is different.
        pointed: The mouse is over another pixel of the image: its column and row, or -1, -1 for none.
    """

    zoom_changed = Signal()
    pointed = Signal(int, int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "The image, large")
        self._theme = theme
        self._levels: tuple[QImage, ...] = ()
        self._labels: tuple[Labels, ...] = ()
        self._table: Labels | None = None  # what each label is shown as; None for no mask
        self._colours: Sequence[Colour] = ()
        self._opacity = 0.0
        self._pixel = (-1, -1)
        self._sentence = ""
        self._zoom = 0.0  # device pixels an image pixel; 0 follows the size of the widget
        self._centre = QPointF()  # of the widget, in image pixels
        self._grip: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(16 * GAP, 16 * GAP)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def show_picture(self, picture: Picture) -> None:
        """Show it, fitted."""
        self._levels, self._labels, self._sentence = picture.levels, picture.labels, ""
        self.fit()

    def show_mask(self, colours: "Sequence[Colour]", *, opacity: float, hidden: frozenset[int] = frozenset()) -> None:
        """Draw the mask's classes in these colours.

        Args:
            opacity: 0 hides the mask, 1 the image below it. Stray pixels are opaque either way.
            hidden: Labels that are not drawn.
        """
        from workbench.engine.data.masks import IGNORED

        self._colours, self._opacity, self._table = colours, opacity, None
        if opacity:
            self._table = np.arange(256, dtype=np.uint8)
            self._table[list(hidden)] = IGNORED
        self.update()

    def show_sentence(self, text: str) -> None:
        """Show words where there is no image: it is loading, or why it cannot be shown."""
        self._levels, self._labels, self._sentence = (), (), text
        self.fit()
        self._point(None)

    @property
    def has_image(self) -> bool:
        return bool(self._levels)

    @property
    def zoom(self) -> float:
        """Screen pixels an image pixel."""
        return self._zoom or self._fitting()

    @property
    def fitted(self) -> bool:
        return not self._zoom

    def fit(self) -> None:
        """As large as the widget allows; it stays so when the widget is resized."""
        self._zoom = 0.0
        self._centre = QPointF(self._size().width() / 2, self._size().height() / 2)
        self._changed()

    def set_zoom(self, zoom: float, *, at: QPointF | None = None) -> None:
        """Show ``zoom`` screen pixels an image pixel; what is under ``at`` (the centre) stays where it is."""
        if not self._levels:
            return
        at = at or QPointF(self.width() / 2, self.height() / 2)
        before = self._to_image(at)
        self._zoom = min(_LARGEST, max(min(self._fitting(), 1.0), zoom))
        self._centre += before - self._to_image(at)
        self._changed()

    def zoom_by(self, steps: float, *, at: QPointF | None = None) -> None:
        self.set_zoom(self.zoom * _STEP**steps, at=at)

    def _changed(self) -> None:
        self._keep_in_sight()
        self.update()
        self.zoom_changed.emit()

    def _size(self) -> QSizeF:
        return QSizeF(self._levels[0].size()) if self._levels else QSizeF(1, 1)

    def _fitting(self) -> float:
        ratio, size = self.devicePixelRatioF(), self._size()
        room = QSizeF(max(1, self.width() - 2 * GAP), max(1, self.height() - 2 * GAP)) * ratio
        return max(1e-6, min(_LARGEST, room.width() / size.width(), room.height() / size.height()))

    def _scale(self) -> float:
        """Logical pixels an image pixel."""
        return self.zoom / self.devicePixelRatioF()

    def _to_image(self, point: QPointF) -> QPointF:
        return self._centre + (point - QPointF(self.width() / 2, self.height() / 2)) / self._scale()

    def _keep_in_sight(self) -> None:
        """No further than the image's edge at the widget's edge; centred where all of it fits."""
        size, scale = self._size(), self._scale()
        across, down = self.width() / scale / 2, self.height() / scale / 2
        x = min(max(self._centre.x(), across), size.width() - across)
        y = min(max(self._centre.y(), down), size.height() - down)
        if 2 * across >= size.width():
            x = size.width() / 2
        if 2 * down >= size.height():
            y = size.height() / 2
        self._centre = QPointF(x, y)

    # What Qt tells

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.window))
        if not self._levels:
            painter.setPen(QColor(colours.muted))
            inside = self.rect().adjusted(2 * GAP, 2 * GAP, -2 * GAP, -2 * GAP)
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._sentence)
            return
        scale, size = self._scale(), self._size()
        corner = QPointF(self.width() / 2, self.height() / 2) - self._centre * scale
        target = QRectF(corner, size * scale)
        seen = target.intersected(QRectF(self.rect()))
        wanted = size.width() * self.zoom
        level = self._levels[0]
        for smaller in self._levels[1:]:  # the smallest that need not be enlarged
            if smaller.width() >= wanted:
                level = smaller
        smooth = self.zoom < _CRISP_FROM and self.zoom != 1.0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(seen, level, _part(seen, target, QSizeF(level.size())))
        if self._labels and self._table is not None:
            self._paint_mask(painter, seen, target, wanted)
        edge = QColor(colours.text)
        edge.setAlphaF(0.2)
        painter.setPen(QPen(edge, 0))
        painter.drawRect(target)

    def _paint_mask(self, painter: QPainter, seen: QRectF, target: QRectF, wanted: float) -> None:
        from workbench.engine.data.masks import paint_mask

        assert self._table is not None
        labels = self._labels[0]
        for fewer in self._labels[1:]:
            if fewer.shape[1] >= wanted:
                labels = fewer
        height, width = labels.shape
        whole = QRect(0, 0, width, height)
        inside = _part(seen, target, QSizeF(width, height)).toAlignedRect().intersected(whole)
        left, top = inside.left() // _BLOCK * _BLOCK, inside.top() // _BLOCK * _BLOCK
        part = self._table[labels[top : inside.bottom() + 1, left : inside.right() + 1]]
        if not part.size:
            return
        painted = paint_mask(part, self._colours, opacity=self._opacity)
        rows, columns = part.shape
        image = QImage(painted.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        across, down = target.width() / width, target.height() / height
        place = QRectF(target.left() + left * across, target.top() + top * down, columns * across, rows * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # a mixed label would be a lie
        painter.drawImage(place, image)

    def _point(self, place: QPointF | None) -> None:
        """Tell which pixel lies under the mouse."""
        pixel = (-1, -1)
        if self._levels and place is not None:
            there, size = self._to_image(place), self._size()
            if 0 <= there.x() < size.width() and 0 <= there.y() < size.height():
                pixel = (math.floor(there.x()), math.floor(there.y()))
        if pixel != self._pixel:
            self._pixel = pixel
            self.pointed.emit(*pixel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._changed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(event.angleDelta().y() / 120, at=event.position())
        self._point(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._centre -= (event.position() - self._grip) / self._scale()
            self._grip = event.position()
            self._keep_in_sight()
            self.update()
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.fitted:
            self.set_zoom(1.0, at=event.position())
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(1)
            case Qt.Key.Key_Minus:
                self.zoom_by(-1)
            case Qt.Key.Key_0 | Qt.Key.Key_F:
                self.fit()
            case Qt.Key.Key_1:
                self.set_zoom(1.0)
            case _:
                super().keyPressEvent(event)


def _part(seen: QRectF, target: QRectF, size: QSizeF) -> QRectF:
    """What of an image of ``size``, stretched over ``target``, lies in ``seen``."""
    across, down = size.width() / target.width(), size.height() / target.height()
    left, top = (seen.left() - target.left()) * across, (seen.top() - target.top()) * down
    return QRectF(left, top, seen.width() * across, seen.height() * down)
