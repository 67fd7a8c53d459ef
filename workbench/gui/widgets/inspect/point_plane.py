"""Points in a plane, up to some hundred thousand, painted and found again; what a hand does to them is another's.

It knows places, colours and forms; what a point stands for is its owner's. The image of the points is kept until view
or looks change, so that what lies over it costs a copy of it. Finding the point under the mouse is a look at all of
them: 0.3 ms for 50,000, and no index to keep right while points move.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.rasterise import CHOSEN, FADED, PLAIN, Canvas, Ink, border_for, ink_of
from workbench.gui.widgets.inspect.scatter_names import Name, Names
from workbench.gui.widgets.inspect.scatter_view import MOST_ZOOM, View, fitted

Items = NDArray[np.int64]
Points = NDArray[np.float32]
Flags = NDArray[np.bool_]

NEAR = 9.0  # logical pixels from a place to a point
_RADIUS, _LEAST_RADIUS = 4.5, 1.8  # logical pixels, of few points and of many
_FEW = 500


class Overlay:
    """Something above the points that paints itself and may take the mouse; a subclass overrides what it needs."""

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint in logical pixels; ``view`` turns points into them."""

    def press(self, at: QPointF, view: View) -> bool:
        """Whether what begins here with the left button is for the overlay: then it gets the rest, too."""
        return False

    def drag(self, at: QPointF, view: View) -> None: ...

    def release(self, at: QPointF, view: View) -> None: ...


class PointPlane(QWidget):
    """Signals:
    hovered: Index of the current point, -1 for none.

    Args:
        name: Object name, e.g. ``"inspect.scatter"``.
    """

    hovered = Signal(int)

    def __init__(self, theme: Theme, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, "Points")
        self._theme = theme
        self._points: Points = np.empty((0, 2), np.float32)
        self._places = np.empty((0, 2))  # of the points in logical pixels
        self._colours = np.empty(0, np.uint32)
        self._shapes = np.empty(0, np.uint8)
        self._front: Flags | None = None
        self._rare: Flags | None = None
        self._selection: Items = np.empty(0, np.int64)
        self._names = Names(theme)
        self._overlays: list[Overlay] = []
        self._text = ""
        self._current = -1
        self._view, self._fits = View(), True
        self._least, self._most = 0.0, math.inf
        self._canvas: Canvas | None = None
        self._ink: Ink | None = None
        self._stale = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self._on_theme_changed)

    # What it shows

    def set_points(self, points: Points) -> None:
        """Show float32[M, 2], finite. As many as before keep colours, selection and a view that a person chose."""
        if len(points) != len(self._points):
            count = len(points)
            plain = int(self._theme.series_colour(0)[1:], 16)
            self._colours, self._shapes = np.full(count, plain, np.uint32), np.zeros(count, np.uint8)
            self._front = self._rare = None
            self._selection, self._fits = np.empty(0, np.int64), True
            self._turn_to(-1)
            self._ink = None
        self._points = points
        whole = fitted(points, width=self.width(), height=self.height())
        self._least, self._most = whole.scale / 4, whole.scale * MOST_ZOOM
        self._look(whole if self._fits else self._view)

    def set_colours(
        self,
        colours: NDArray[np.uint32],
        *,
        shapes: NDArray[np.uint8] | None = None,
        front: Flags | None = None,
        rare: Flags | None = None,
    ) -> None:
        """How the points look.

        Args:
            colours: uint32[M], 0xRRGGBB.
            shapes: uint8[M], indices into ``rasterise.SHAPES``; discs without.
            front: bool[M], the points that the others are faded behind; all alike without.
            rare: bool[M], few points that shall not be covered by the many.
        """
        assert len(colours) == len(self._points)
        self._colours, self._front, self._rare = colours, front, rare
        self._shapes = np.zeros(len(colours), np.uint8) if shapes is None else shapes
        self._repaint_points()

    def set_names(self, names: Sequence[Name]) -> None:
        """Words at places, the most important first; one that finds no room is left out."""
        self._names.show(names)
        self.update()

    def set_selection(self, selection: Items) -> None:
        """Outline these points, and bring them to the front."""
        self._selection = np.unique(selection)
        self._repaint_points()

    @property
    def selection(self) -> Items:
        """int64, ascending."""
        return self._selection

    def set_text(self, text: str) -> None:
        """What is said in the middle while there are no points."""
        self._text = text
        self.update()

    def add_overlay(self, overlay: Overlay) -> None:
        """Paint it above the points; the last one added is asked first whether a press is for it."""
        self._overlays.append(overlay)
        self.update()

    def say(self, text: str) -> None:
        """What a screen reader tells of the current point."""
        self.setAccessibleDescription(text)

    @property
    def points(self) -> Points:
        """float32[M, 2], as they were set."""
        return self._points

    @property
    def view(self) -> View:
        return self._view

    @property
    def current(self) -> int:
        """Index of the point under the mouse or the keys; -1 for none."""
        return self._current

    def place(self, index: int) -> QPointF:
        """Where a point is, in logical pixels."""
        x, y = self._view.to_pixels(self._points[index : index + 1])[0].tolist()
        return QPointF(x, y)

    def fit(self) -> None:
        """Show all points."""
        self._fits = True
        self._look(fitted(self._points, width=self.width(), height=self.height()))

    def zoom(self, factor: float, *, at: QPointF | None = None) -> None:
        """Enlarge about a pixel, the middle without one."""
        wanted = min(max(self._view.scale * factor, self._least), self._most)
        middle = at or QPointF(self.width() / 2, self.height() / 2)
        self._fits = False
        self._look(self._view.zoomed(wanted / self._view.scale, at=(middle.x(), middle.y())))

    def move_view(self, dx: float, dy: float) -> None:
        """Push the paper by so many pixels."""
        self._fits = False
        self._look(self._view.moved(dx, dy))

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(80 * metrics.averageCharWidth(), 30 * metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 * metrics.averageCharWidth(), 8 * metrics.height())

    def _look(self, view: View) -> None:
        self._view = view
        self._places = view.to_pixels(self._points)
        self._stale = True
        self.update()

    def _repaint_points(self) -> None:
        self._ink, self._stale = None, True
        self.update()

    def _layers(self) -> NDArray[np.uint8]:
        layers = np.full(len(self._points), PLAIN, np.uint8)
        if self._front is not None:
            layers[~self._front] = FADED
        layers[self._selection] = CHOSEN
        return layers

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width, height = max(1, self.width()), max(1, self.height())
        self._look(
            fitted(self._points, width=width, height=height) if self._fits else self._view.resized(width, height)
        )

    def _on_theme_changed(self) -> None:
        self._names.forget()
        self._repaint_points()

    # Finding points

    def at(self, position: QPointF) -> int:
        """Index of the nearest point within reach of a pixel, those in front preferred; -1 for none."""
        if not len(self._places):
            return -1
        away = self._places - (position.x(), position.y())
        away *= away
        distance = away[:, 0] + away[:, 1]
        if self._front is not None:
            distance[~self._front] += NEAR * NEAR / 2
        nearest = int(distance.argmin())
        return nearest if distance[nearest] <= NEAR * NEAR else -1

    def _turn_to(self, index: int) -> None:
        if index != self._current:
            self._current = index
            self.hovered.emit(index)
            self.update()

    # Painting

    def radius(self) -> float:
        """Of a point in logical pixels: smaller where there are many, larger where a person looks closely."""
        base = max(_LEAST_RADIUS, _RADIUS * min(1.0, (_FEW / max(1, len(self._points))) ** 0.2))
        closer = min(2.0, max(1.0, (self._view.scale / (4 * self._least)) ** 0.25)) if self._least else 1.0
        return float(min(base * closer, 1.6 * _RADIUS))

    def _render(self, scale: float) -> None:
        """Bring the image of the points up to date."""
        colours = self._theme.colours
        width, height = math.ceil(self.width() * scale), math.ceil(self.height() * scale)
        radius = round(4 * self.radius() * scale) / 4
        border = border_for(radius)
        canvas = self._canvas
        if canvas is None or (canvas.width, canvas.height, canvas.border) != (width, height, border):
            canvas = self._canvas = Canvas(width, height, border=border)
        if self._ink is None:
            ground, outline = int(colours.surface[1:], 16), int(colours.text[1:], 16)
            self._ink = ink_of(
                self._colours, shapes=self._shapes, layers=self._layers(), ground=ground, outline=outline,
                rare=self._rare,
            )  # fmt: skip
        canvas.paint(self._places * scale, ink=self._ink, radius=radius)
        self._stale = False

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, scale = self._theme.colours, self.devicePixelRatioF()
        canvas = self._canvas
        if self._stale or canvas is None or canvas.width != math.ceil(self.width() * scale):
            self._render(scale)
            canvas = self._canvas
        assert canvas is not None
        painter = QPainter(self)
        pixels = canvas.pixels
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB32)
        source = QRectF(canvas.border, canvas.border, canvas.width, canvas.height)
        painter.drawImage(QRectF(0, 0, canvas.width / scale, canvas.height / scale), image, source)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._names.paint(painter, self._view, avoid=self._current_place())
        for overlay in self._overlays:
            overlay.paint(painter, self._view)
        self._paint_hand(painter)
        self._paint_current(painter)
        if not len(self._points) and self._text:
            painter.setPen(QColor(colours.muted))
            room = self.rect().adjusted(2 * GAP, 2 * GAP, -2 * GAP, -2 * GAP)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), self._text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(colours.accent if focused else colours.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_hand(self, painter: QPainter) -> None:
        """Paint what a hand is drawing, in logical pixels."""

    def _current_place(self) -> QPointF | None:
        return self.place(self._current) if 0 <= self._current < len(self._points) else None

    def _paint_current(self, painter: QPainter) -> None:
        at = self._current_place()
        if at is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self.radius() + 4
        for colour, width in ((self._theme.colours.surface, 4.0), (self._theme.colours.text, 2.0)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(at, radius, radius)
