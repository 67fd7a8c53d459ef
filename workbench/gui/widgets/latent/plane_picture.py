"""A decoded picture as large as there is room for: its pixels stay squares, or a sentence in its place."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

Pictures = NDArray[np.uint8]

_CRISP = 2.0  # device pixels a picture's pixel from which on its squares are worth seeing


def to_image(picture: Pictures) -> QImage:
    """A copy of uint8[H, W] or [H, W, 3]."""
    picture = np.ascontiguousarray(picture)
    grey = picture.ndim == 2
    form = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return QImage(picture.data, picture.shape[1], picture.shape[0], picture.strides[0], form).copy()


class PictureView(QWidget):
    """Shows one picture, square by square.

    Signals:
        painted: The number of the picture that is on the paper now; for who measures.

    Args:
        name: Object name, ``panel.thing``.
        text: What it shows, for those who do not see it.
        small: Whether it stands beside a larger one.
    """

    painted = Signal(int)

    def __init__(self, theme: Theme, *, name: str, text: str, small: bool = False) -> None:
        super().__init__()
        named(self, name, text)
        self._theme, self._small = theme, small
        self._image: QImage | None = None
        self._number = self._told = 0
        self._text = ""
        policy = QSizePolicy.Policy.Preferred if small else QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        theme.changed.connect(self.update)

    def show_picture(self, picture: Pictures | None, *, number: int = 0) -> None:
        """Show uint8[H, W] or [H, W, 3], or nothing."""
        self._image = None if picture is None else to_image(picture)
        self._number = number
        self.update()

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def set_text(self, text: str) -> None:
        """What is read while there is no picture."""
        self._text = text
        self.update()

    @property
    def image(self) -> QImage | None:
        """What is shown, one pixel a pixel."""
        return self._image

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height() * (4 if self._small else 16)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        side = self.fontMetrics().height() * (3 if self._small else 8)
        return QSize(side, side)

    def hasHeightForWidth(self) -> bool:
        return False

    def place(self) -> QRectF:
        """Where the picture is painted, in logical pixels: whole device pixels a pixel where they are to be seen."""
        assert self._image is not None
        ratio = self.devicePixelRatioF()
        wide, high = self._image.width(), self._image.height()
        scale = min(self.width() * ratio / wide, self.height() * ratio / high)
        if scale >= _CRISP:
            scale = math.floor(scale)
        width, height = wide * scale / ratio, high * scale / ratio
        left, top = (self.width() - width) / 2, (self.height() - height) / 2
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self._theme.colours
        if self._image is None:
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.setBrush(QColor(colours.surface))
            side = min(self.width(), self.height())
            frame = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(frame, 4, 4)
            painter.setPen(QColor(colours.muted))
            how = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(frame.adjusted(GAP, GAP, -GAP, -GAP), how, self._text)
            return
        place = self.place()
        crisp = place.width() * self.devicePixelRatioF() >= _CRISP * self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not crisp)
        painter.drawImage(place, self._image)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._number != self._told:
            self._told = self._number
            self.painted.emit(self._number)
