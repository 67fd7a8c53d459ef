"""What lies over the codes of the plane: the prior's circles, posteriors as ellipses, how dense the codes are, and the
handle. Everything but the handle is kept as a picture until the view changes, so that dragging costs only copies.
"""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QTransform

from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.point_plane import Overlay
from workbench.gui.widgets.inspect.scatter_view import View
from workbench.gui.widgets.latent.plane_density import Density

Floats = NDArray[np.float64]

RADII = (1, 2, 3)
"""Of the prior's circles, in standard deviations."""
MOST_ELLIPSES = 300
GRASP = 14.0  # logical pixels from the middle of the handle, where it can be taken
_RING = 8.0
_DIAGONAL = math.sqrt(0.5)
_SHADE = 0.4  # how opaque the densest place is


class _Kept(Overlay):
    """Paints into a picture once for each view."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._key: tuple[object, ...] = ()
        self._pixmap = QPixmap()
        self.shown = True

    def forget(self) -> None:
        """What it would paint is different now."""
        self._key = ()

    def paint(self, painter: QPainter, view: View) -> None:
        if not self.shown or not self._has_any():
            return
        ratio = painter.device().devicePixelRatioF()
        key = (view, ratio, self._theme.colours)
        if key != self._key:
            self._key = key
            size = (math.ceil(view.width * ratio), math.ceil(view.height * ratio))
            self._pixmap = QPixmap(*size)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._pixmap)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            inner.setFont(painter.font())
            self._draw(inner, view)
            inner.end()
        painter.drawPixmap(0, 0, self._pixmap)

    def _has_any(self) -> bool:
        return True

    def _draw(self, painter: QPainter, view: View) -> None:
        raise NotImplementedError


class Circles(_Kept):
    """The prior: its middle, and circles at one, two and three standard deviations."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._centre = (0.0, 0.0)

    def set_centre(self, centre: tuple[float, float]) -> None:
        self._centre = centre
        self.forget()

    def _draw(self, painter: QPainter, view: View) -> None:
        colours, metrics = self._theme.colours, painter.fontMetrics()
        x, y = view.to_pixels(np.array([self._centre]))[0].tolist()
        middle = QPointF(x, y)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for radius in RADII:
            own = radius * view.scale
            painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
            painter.drawEllipse(middle, own, own)
            text = f"{radius} \N{GREEK SMALL LETTER SIGMA}"
            at = QRectF(0, 0, metrics.horizontalAdvance(text) + GAP, metrics.height())
            at.moveCenter(middle + QPointF(own, own) * _DIAGONAL)  # clear of the handle's cross
            ground = QColor(colours.surface)
            ground.setAlphaF(0.8)
            painter.fillRect(at, ground)
            painter.setPen(QColor(colours.muted))
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(middle - QPointF(GAP / 2, 0), middle + QPointF(GAP / 2, 0))
        painter.drawLine(middle - QPointF(0, GAP / 2), middle + QPointF(0, GAP / 2))


class Ellipses(_Kept):
    """Posteriors at some standard deviations."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._middles: Floats = np.empty((0, 2))
        self._spreads: Floats = np.empty((0, 2, 2))
        self._colours: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._deviations = 1.0

    def show(self, middles: Floats, spreads: Floats, colours: NDArray[np.uint32], *, deviations: float) -> None:
        """Show M of them.

        Args:
            middles: float64[M, 2].
            spreads: float64[M, 2, 2], covariances.
            colours: uint32[M], 0xRRGGBB.
            deviations: How far out the lines are.
        """
        self._middles, self._spreads, self._colours, self._deviations = middles, spreads, colours, deviations
        self.forget()

    def clear(self) -> None:
        """Show none."""
        self.show(np.empty((0, 2)), np.empty((0, 2, 2)), np.empty(0, np.uint32), deviations=1.0)

    @property
    def count(self) -> int:
        return len(self._middles)

    def _has_any(self) -> bool:
        return bool(len(self._middles))

    def _draw(self, painter: QPainter, view: View) -> None:
        values, vectors = np.linalg.eigh(self._spreads)
        radii = self._deviations * np.sqrt(np.maximum(values, 0)) * view.scale
        angles = -np.degrees(np.arctan2(vectors[:, 1, 1], vectors[:, 0, 1]))  # the longer axis; pixels grow downwards
        places = view.to_pixels(self._middles)
        for (x, y), (short, long), angle, colour in zip(
            places.tolist(), radii.tolist(), angles.tolist(), self._colours.tolist(), strict=True
        ):
            ink = QColor.fromRgb(colour)
            painter.setPen(QPen(ink, 1.2))
            ink.setAlphaF(0.08)
            painter.setBrush(ink)
            painter.setTransform(QTransform().translate(x, y).rotate(angle))
            painter.drawEllipse(QPointF(0, 0), max(long, 0.5), max(short, 0.5))
        painter.resetTransform()


class Landscape(_Kept):
    """How densely the codes lie: shading, or lines that hold a share of them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._density: Density | None = None
        self.shades = False

    def show(self, density: Density | None, *, shades: bool) -> None:
        self._density, self.shades = density, shades
        self.forget()

    def _has_any(self) -> bool:
        return self._density is not None

    def _draw(self, painter: QPainter, view: View) -> None:
        density = self._density
        assert density is not None
        if self.shades:
            self._draw_shades(painter, view, density)
            return
        colours = self._theme.colours
        for order, level in enumerate(density.levels):
            lines = density.lines(level)
            pixels = view.to_pixels(lines.reshape(-1, 2)).reshape(-1, 4)
            pieces = [QLineF(*line) for line in pixels.tolist()]
            width = 1.2 + 0.5 * order
            for ink, wide in ((colours.surface, width + 2.4), (colours.text, width)):
                painter.setPen(QPen(QColor(ink), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLines(pieces)

    def _draw_shades(self, painter: QPainter, view: View, density: Density) -> None:
        heights = np.ascontiguousarray(density.heights[::-1])
        accent = int(self._theme.colours.text[1:], 16)
        alpha = np.rint(255 * _SHADE * np.sqrt(heights)).astype(np.uint32)
        pixels = (alpha << np.uint32(24)) | np.uint32(accent)
        size = len(heights)
        image = QImage(pixels.data, size, size, pixels.strides[0], QImage.Format.Format_ARGB32)
        corners = view.to_pixels(np.array([[density.left, density.top], [density.right, density.bottom]]))
        (x0, y0), (x1, y1) = corners.tolist()
        half_x, half_y = (x1 - x0) / (size - 1) / 2, (y1 - y0) / (size - 1) / 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(x0 - half_x, y0 - half_y, x1 - x0 + 2 * half_x, y1 - y0 + 2 * half_y), image)


class Handle(Overlay):
    """The place that is decoded, with a cross through the whole plane; it goes where the mouse does.

    Args:
        moved: Called with the new place, while a hand moves it.
        clicked: Called where a press was no drag.
        takes_all: Whether every press is for it, wherever it begins.
    """

    _NONE: ClassVar[QPointF] = QPointF(-1e9, -1e9)

    def __init__(
        self,
        theme: Theme,
        *,
        moved: Callable[[float, float], None],
        clicked: Callable[[QPointF], None],
        takes_all: Callable[[], bool],
    ) -> None:
        self._theme, self._moved, self._clicked, self._takes_all = theme, moved, clicked, takes_all
        self._offset = QPointF()
        self._pressed = QPointF(self._NONE)
        self._drags = False
        self.x = self.y = 0.0
        self.shown = False

    @property
    def held(self) -> bool:
        """Whether a hand has it."""
        return self._pressed != self._NONE

    def pixel(self, view: View) -> QPointF:
        x, y = view.to_pixels(np.array([[self.x, self.y]]))[0].tolist()
        return QPointF(x, y)

    def press(self, at: QPointF, view: View) -> bool:
        if not self.shown:
            return False
        away = at - self.pixel(view)
        near = math.hypot(away.x(), away.y()) <= GRASP
        if not near and not self._takes_all():
            return False
        self._offset = away if near else QPointF()  # taken at its edge it does not jump
        self._pressed, self._drags = QPointF(at), False
        if not near:
            self._go(at, view)
        return True

    def drag(self, at: QPointF, view: View) -> None:
        if not self._drags and (at - self._pressed).manhattanLength() < 2:
            return
        self._drags = True
        self._go(at - self._offset, view)

    def release(self, at: QPointF, view: View) -> None:
        self._pressed = QPointF(self._NONE)
        if not self._drags:
            self._clicked(at)

    def _go(self, at: QPointF, view: View) -> None:
        self.x, self.y = view.to_point(at.x(), at.y())
        self._moved(self.x, self.y)

    def paint(self, painter: QPainter, view: View) -> None:
        if not self.shown:
            return
        colours, at = self._theme.colours, self.pixel(view)
        for ink, wide in ((QColor(colours.surface), 3.0), (QColor(colours.accent), 1.0)):
            painter.setPen(QPen(ink, wide))
            for line in (
                QLineF(0, at.y(), at.x() - _RING, at.y()), QLineF(at.x() + _RING, at.y(), view.width, at.y()),
                QLineF(at.x(), 0, at.x(), at.y() - _RING), QLineF(at.x(), at.y() + _RING, at.x(), view.height),
            ):  # fmt: skip
                painter.drawLine(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, wide in ((QColor(colours.surface), 6.0), (QColor(colours.accent), 3.0)):
            painter.setPen(QPen(ink, wide))
            painter.drawEllipse(at, _RING, _RING)
