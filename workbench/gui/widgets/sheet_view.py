"""A sheet of pictures, as large as the room allows and every pixel as sharp as it is."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.engine.project.previews import MANIFOLD, RECONSTRUCTIONS, Sheet
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

_LEAST_SIDE = 160
_BETWEEN = 1 / 12  # of a picture's width, between two of them; none in a manifold, which is one picture


class SheetView(QWidget):
    """Shows one sheet, or words where there is none.

    Enlarged pictures get whole device pixels for each of theirs; where there is less room than that they are smoothed.
    """

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Preview")
        self._theme = theme
        self._sheet: Sheet | None = None
        self._images: list[QImage] = []
        self._text = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST_SIDE, _LEAST_SIDE)

    @property
    def sheet(self) -> Sheet | None:
        return self._sheet

    @property
    def text(self) -> str:
        """What is said where there is no sheet."""
        return self._text

    def set_sheet(self, sheet: Sheet, *, about: str) -> None:
        """Show ``sheet``; ``about`` describes it to those who do not see it."""
        self._sheet, self._text = sheet, ""
        self._images = [image_of(picture) for picture in sheet.pictures]
        self.setAccessibleDescription(about)
        self.update()

    def set_text(self, text: str) -> None:
        """Show no sheet, and say why."""
        self._sheet, self._images, self._text = None, [], text
        self.setAccessibleDescription(text)
        self.update()

    def places(self) -> list[QRectF]:
        """Where each picture lies, in logical pixels."""
        if self._sheet is None:
            return []
        count, height, width = self._sheet.pictures.shape[:3]
        columns = self._sheet.columns
        rows = -(-count // columns)
        between = _BETWEEN if self._sheet.kind != MANIFOLD else 0.0
        apart = [width * between * (1 + 2 * self._begins_pair(row)) if row else 0.0 for row in range(rows)]
        wide, high = width * (columns + between * (columns - 1)), rows * height + sum(apart)
        ratio = self.devicePixelRatioF()
        room = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        scale = min(room.width() / wide, room.height() / high) * ratio
        if scale >= 1:
            scale = float(int(scale))
        scale /= ratio
        left = self._sharp(room.left() + (room.width() - wide * scale) / 2)
        top = self._sharp(room.top() + (room.height() - high * scale) / 2)
        tops = [top + scale * (row * height + sum(apart[: row + 1])) for row in range(rows)]
        step = width * (1 + between) * scale
        return [
            QRectF(
                self._sharp(left + number % columns * step),
                self._sharp(tops[number // columns]),
                width * scale,
                height * scale,
            )
            for number in range(count)
        ]

    def _begins_pair(self, row: int) -> bool:
        """Whether a row of originals begins, which stands further from what is above it than its copies below."""
        return self._sheet is not None and self._sheet.kind == RECONSTRUCTIONS and row % 2 == 0

    def _sharp(self, value: float) -> float:
        ratio = self.devicePixelRatioF()
        return round(value * ratio) / ratio

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        if self._sheet is None:
            painter.setPen(QColor(colours.muted))
            area = self.rect().adjusted(2 * GAP, 2 * GAP, -2 * GAP, -2 * GAP)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._text)
        places = self.places()
        if places and places[0].width() * self.devicePixelRatioF() < self._images[0].width():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for image, place in zip(self._images, places, strict=True):
            painter.drawImage(place, image)
        if places:
            around = QRectF(places[0].topLeft(), QPointF(places[-1].right(), places[-1].bottom()))
            painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 1))
            painter.drawRect(around.adjusted(-1.5, -1.5, 1.5, 1.5))


def image_of(picture: NDArray[np.uint8]) -> QImage:
    """Grey [H, W] or coloured [H, W, 3] bytes as an image of its own."""
    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if picture.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(picture.data, width, height, picture.strides[0], kind).copy()
