"""One image large: fitted or pixel by pixel, zoomed by the wheel, moved by dragging.

What it shows is decoded in the background (:func:`decode_large`), together with halved copies, so that a photograph of
many megapixels is painted at once and without jagged edges at every zoom.
"""

from collections.abc import Generator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from workbench.engine.events import Event
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import Images, file_format, to_qimage

_STEP = 1.25  # a notch of the wheel
_LARGEST = 64.0  # device pixels an image pixel
_CRISP_FROM = 2.0  # from this zoom on, pixels are shown as squares
_LEAST_LEVEL = 256  # halving ends here


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded image.

    Attributes:
        item: Item id.
        levels: The image, and copies of half, a quarter ... its size.
        format: Of its file, ``"JPEG"``.
        file_bytes: Size of its file.
    """

    item: int
    levels: tuple[QImage, ...]
    format: str
    file_bytes: int


def decode_large(images: Images, item: int) -> Generator[Event, None, Picture]:
    """Decode one item whole; :class:`~workbench.engine.errors.UserError` if it cannot be read."""
    from workbench.engine.waiting import waiting

    return (yield from waiting(lambda: _decode_large(images, item), stage="reading the image"))


def _decode_large(images: Images, item: int) -> Picture:
    from workbench.engine.data.decode import decode

    encoded = images.encoded(item)
    levels = [to_qimage(decode(encoded, mode="RGB", where=images.name(item)))]
    while max(levels[-1].width(), levels[-1].height()) > 2 * _LEAST_LEVEL:
        half = levels[-1].size() / 2
        levels.append(
            levels[-1].scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        )
    return Picture(item=item, levels=tuple(levels), format=file_format(encoded), file_bytes=len(encoded))


class ImageView(QWidget):
    """Shows a :class:`Picture`, or a sentence in its place.

    Signals:
        zoom_changed: :attr:`zoom` is different.
    """

    zoom_changed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "The image, large")
        self._theme = theme
        self._levels: tuple[QImage, ...] = ()
        self._sentence = ""
        self._zoom = 0.0  # device pixels an image pixel; 0 follows the size of the widget
        self._centre = QPointF()  # of the widget, in image pixels
        self._grip: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(16 * GAP, 16 * GAP)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        theme.changed.connect(self.update)

    def show_picture(self, picture: Picture) -> None:
        """Show it, fitted."""
        self._levels, self._sentence = picture.levels, ""
        self.fit()

    def show_sentence(self, text: str) -> None:
        """Show words where there is no image: it is loading, or why it cannot be shown."""
        self._levels, self._sentence = (), text
        self.fit()

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
        level = self._levels[0]
        for smaller in self._levels[1:]:  # the smallest that need not be enlarged
            if smaller.width() >= self._size().width() * self.zoom:
                level = smaller
        scale, size = self._scale(), self._size()
        corner = QPointF(self.width() / 2, self.height() / 2) - self._centre * scale
        target = QRectF(corner, size * scale)
        seen = target.intersected(QRectF(self.rect()))
        across, down = level.width() / target.width(), level.height() / target.height()
        source = QRectF(
            (seen.left() - target.left()) * across,
            (seen.top() - target.top()) * down,
            seen.width() * across,
            seen.height() * down,
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < _CRISP_FROM and self.zoom != 1.0)
        painter.drawImage(seen, level, source)
        edge = QColor(colours.text)
        edge.setAlphaF(0.2)
        painter.setPen(QPen(edge, 0))
        painter.drawRect(target)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._changed()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(event.angleDelta().y() / 120, at=event.position())
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
