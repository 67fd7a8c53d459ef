"""The scatter of the codes with a handle: what is below the handle is decoded by whoever listens."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent

from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.scatter import Scatter, Tool
from workbench.gui.widgets.inspect.scatter_view import View, fitted
from workbench.gui.widgets.latent.plane_overlays import RADII, Circles, Ellipses, Handle, Landscape

Points = NDArray[np.float32]

_STEP, _FINE = 10.0, 1.0  # logical pixels an arrow key
_STRAY = 0.002  # of the codes on each side that may be far away
_OUTWARDS = 0.2  # of the extent of the others that the first view reaches out for them
_KEYS = Qt.KeyboardModifier
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0), Qt.Key.Key_Right: (1.0, 0.0), Qt.Key.Key_Up: (0.0, -1.0), Qt.Key.Key_Down: (0.0, 1.0),
}  # fmt: skip


class Hand(StrEnum):
    """What dragging with the left button does."""

    HANDLE = "handle"
    LASSO = "lasso"
    RECTANGLE = "rectangle"
    MOVE = "move"


class PlaneView(Scatter):
    """Signals:
    handle_moved: A person moved the handle; its place is :attr:`handle`.
    hand_changed: See :attr:`hand`.
    view_moved: Another piece of the plane is seen.

    Arrow keys move the handle, with Shift by single pixels; with Control they go from point to point, as in any other
    scatter, and Enter takes the point.
    """

    handle_moved = Signal()
    hand_changed = Signal()
    view_moved = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        self._hand = Hand.HANDLE
        self._centre = (0.0, 0.0)
        super().__init__(theme, name=name)
        self.landscape, self.circles, self.ellipses = Landscape(theme), Circles(theme), Ellipses(theme)
        self._handle = Handle(
            theme, moved=self._on_handle_dragged, clicked=self._on_handle_clicked, takes_all=self._takes_all
        )
        for overlay in (self.landscape, self.circles, self.ellipses, self._handle):
            self.add_overlay(overlay)
        self.fit()

    # What it shows

    @property
    def hand(self) -> Hand:
        return self._hand

    def set_hand(self, hand: Hand) -> None:
        if hand != self._hand:
            self._hand = hand
            self.set_tool(Tool.LASSO if hand is Hand.HANDLE else Tool(hand.value))
            self._show_cursor()
            self.hand_changed.emit()

    def set_centre(self, centre: tuple[float, float]) -> None:
        """Where the prior's middle is."""
        self._centre = centre
        self.circles.set_centre(centre)
        self._refit()

    def set_points(self, points: Points) -> None:
        super().set_points(points)
        self._refit()

    def show_handle(self, shown: bool) -> None:
        self._handle.shown = shown
        self.update()

    @property
    def handle(self) -> tuple[float, float]:
        """Where it is, in the plane."""
        return self._handle.x, self._handle.y

    @property
    def held(self) -> bool:
        """Whether a hand drags the handle."""
        return self._handle.held

    def move_handle(self, x: float, y: float) -> None:
        """Put it somewhere; no signal."""
        self._handle.x, self._handle.y = x, y
        self.update()

    def in_view(self) -> NDArray[np.int64]:
        """int64, the points that are seen."""
        inside = ((self._places >= 0) & (self._places <= (self.width(), self.height()))).all(1)
        return np.flatnonzero(inside)

    # The view holds the prior, too

    def _extent(self) -> Points:
        """Corners of what is worth seeing at first: nearly all codes, and the prior to its outermost circle."""
        reach = float(RADII[-1]) if len(self._points) < 2 else float(RADII[1])
        (x, y), corners = self._centre, []
        for sign in (-1.08, 1.08):
            corners.append((x + sign * reach, y + sign * reach))
        if len(self._points):
            low, high = np.quantile(self._points, (_STRAY, 1 - _STRAY), axis=0)
            room = _OUTWARDS * (high - low)
            corners.append(np.maximum(self._points.min(0), low - room).tolist())
            corners.append(np.minimum(self._points.max(0), high + room).tolist())
        return np.array(corners, np.float32)

    def _refit(self) -> None:
        if self._fits:
            self.fit()

    def fit(self) -> None:
        self._fits = True
        whole = fitted(self._extent(), width=self.width(), height=self.height())
        self._least, self._most = whole.scale / 8, whole.scale * 1e4
        self._look(whole)

    def _look(self, view: View) -> None:
        super()._look(view)
        self.view_moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refit()

    # What a person does

    def _takes_all(self) -> bool:
        return self._hand is Hand.HANDLE

    def _show_cursor(self) -> None:
        super()._show_cursor()
        if self._hand is Hand.HANDLE:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def _on_handle_dragged(self, x: float, y: float) -> None:
        self._turn_to(-1)
        self.handle_moved.emit()

    def _on_handle_clicked(self, at: QPointF) -> None:
        index = self.at(at)
        if index >= 0:
            self.picked.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._hand is Hand.HANDLE:  # two quick clicks at two places are two clicks
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), event.modifiers() & ~_KEYS.KeypadModifier
        if key in _ARROWS and keys & _KEYS.ControlModifier:
            self._turn_to(self._next(_ARROWS[key]))
        elif key in _ARROWS and self._handle.shown:
            right, down = _ARROWS[key]
            step = _FINE if keys & _KEYS.ShiftModifier else _STEP
            place = self._handle.pixel(self._view) + QPointF(right * step, down * step)
            self._handle.x, self._handle.y = self._view.to_point(place.x(), place.y())
            self.update()
            self.handle_moved.emit()
        else:
            super().keyPressEvent(event)
