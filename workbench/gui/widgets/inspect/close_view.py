"""One image large, and over it where the network looks for a class."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen

from workbench.gui.theme import Theme
from workbench.gui.widgets.images.view import ImageView

if TYPE_CHECKING:
    from workbench.gui.widgets.inspect.closely import Heat

# From what speaks little for the class to what speaks most: dark, for the image to stay below, then warm, then light.
_STOPS = ((0.0, (30, 12, 60)), (0.45, (190, 40, 70)), (0.75, (250, 140, 30)), (1.0, (255, 235, 130)))
_FINE = 96  # pixels of the longer side that a map is enlarged to, smoothly, before it is coloured


class HeatView(ImageView):
    """An :class:`ImageView` that can lay a :class:`~workbench.gui.widgets.inspect.closely.Heat` over its image."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__(theme, name=name)
        self._heat: Heat | None = None
        self._painted: QImage | None = None
        self._strength = 0.6

    def show_heat(self, heat: "Heat | None") -> None:
        """Show where the network looks; ``None`` for the image alone."""
        self._heat = heat
        self._painted = _coloured(heat.values) if heat else None
        self.update()

    def set_strength(self, strength: float) -> None:
        """0 shows the image alone, 1 the heat alone where it is greatest."""
        self._strength = strength
        self.update()

    @property
    def heat(self) -> "Heat | None":
        return self._heat

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.has_image or self._heat is None or self._painted is None or not self._strength:
            return
        scale, seen = self._scale(), self._heat.seen
        corner = QPointF(self.width() / 2, self.height() / 2) - self._centre * scale
        target = QRectF(corner + seen.topLeft() * scale, seen.size() * scale)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(self._strength)
        painter.drawImage(target, self._painted)
        painter.setOpacity(1.0)
        edge = QColor(self._theme.colours.accent)
        painter.setPen(QPen(edge, 1, Qt.PenStyle.DashLine))
        painter.drawRect(target)  # the rest the network never saw


def _coloured(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> QImage:
    """The map enlarged between its own pixels and coloured; what is least is nearly transparent."""
    height, width = values.shape
    grey = QImage(
        np.round(values * 255).astype(np.uint8).tobytes(), width, height, width, QImage.Format.Format_Grayscale8
    )
    scale = max(1.0, _FINE / max(width, height))
    fine = grey.scaled(
        max(1, round(width * scale)),
        max(1, round(height * scale)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    ).convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(fine.constBits(), np.uint8).reshape(fine.height(), fine.bytesPerLine())[:, : fine.width()]
    level = rows / 255
    places, colours = [stop for stop, _ in _STOPS], np.array([colour for _, colour in _STOPS], float)
    painted = np.empty((*level.shape, 4), np.uint8)
    for channel in range(3):
        painted[..., channel] = np.interp(level, places, colours[:, channel])
    painted[..., 3] = np.rint(255 * (0.35 + 0.65 * level))
    image = QImage(
        painted.tobytes(), painted.shape[1], painted.shape[0], 4 * painted.shape[1], QImage.Format.Format_RGBA8888
    )
    return image.copy()  # the bytes are gone when this returns
