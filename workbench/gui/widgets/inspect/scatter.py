"""A scatter under a person's hand: points are hovered, picked, selected by drawing around them; the paper is pushed and
enlarged. What is painted and how a point is found is the plane's (:mod:`workbench.gui.widgets.inspect.point_plane`).
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect import lasso
from workbench.gui.widgets.inspect.point_plane import NEAR, Overlay, PointPlane

__all__ = ["NEAR", "Overlay", "Scatter", "Tool"]

Items = NDArray[np.int64]

_NOTCH = 1.0015  # zoom a unit of the wheel, of which a notch has 120
_STEP = 1.25  # zoom a key
_PUSH = 0.1  # of the window a key
_APART = 3.0  # logical pixels between the corners of a drawn line
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0), Qt.Key.Key_Right: (1.0, 0.0), Qt.Key.Key_Up: (0.0, -1.0), Qt.Key.Key_Down: (0.0, 1.0),
}  # fmt: skip
_SHIFT, _ALT, _CONTROL = (
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier,
)  # fmt: skip
Keys = Qt.KeyboardModifier


class Tool(StrEnum):
    """What dragging with the left button does; the right and the middle one always move."""

    MOVE = "move"
    LASSO = "lasso"
    RECTANGLE = "rectangle"


class Scatter(PointPlane):
    """Signals:
    hovered: Of the plane; the current point is the one under the mouse, or where the arrow keys have led.
    picked: Index of the point that was clicked, or chosen with Enter.
    lassoed: int64, ascending indices of the selected points, whenever a person has changed them.
    tool_changed: Another tool was chosen.

    Args:
        name: Object name, e.g. ``"inspect.scatter"``.
    """

    picked = Signal(int)
    lassoed = Signal(object)
    tool_changed = Signal()

    def __init__(self, theme: Theme, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, name=name, parent=parent)
        self._tool = Tool.LASSO
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._button = Qt.MouseButton.NoButton
        self._taker: Overlay | None = None
        self._path: list[QPointF] = []
        self._dragged = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._show_cursor()

    @property
    def tool(self) -> Tool:
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        if tool != self._tool:
            self._tool = tool
            self._show_cursor()
            self.tool_changed.emit()

    def _next(self, direction: tuple[float, float]) -> int:
        """The nearest point in sight in a direction from the current one, at most 45 degrees off."""
        if not len(self._places):
            return -1
        start = self.place(self._current) if self._current >= 0 else QPointF(self.width() / 2, self.height() / 2)
        away = self._places - (start.x(), start.y())
        along = away @ np.array(direction)
        across = np.abs(away @ np.array((-direction[1], direction[0])))
        inside = ((self._places >= 0) & (self._places <= (self.width(), self.height()))).all(1)
        distance = np.where((along > 0.5) & (across <= along) & inside, along + 2 * across, np.inf)
        if self._front is not None:
            distance[~self._front] = np.inf
        nearest = int(distance.argmin())
        return nearest if np.isfinite(distance[nearest]) else self._current

    # What a person does

    def _show_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._tool is Tool.MOVE else Qt.CursorShape.CrossCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            return
        self._pressed = self._last = event.position()
        self._button, self._dragged = event.button(), False
        if event.button() == Qt.MouseButton.LeftButton:
            takers = reversed(self._overlays)
            self._taker = next((one for one in takers if one.press(event.position(), self._view)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._turn_to(self.at(at))
        elif self._taker:
            self._taker.drag(at, self._view)
            self.update()
        elif self._dragged or (at - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            if self._draws:
                self._draw(at)
            else:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.move_view(at.x() - self._last.x(), at.y() - self._last.y())
                self._last = at
            self._dragged = True

    @property
    def _draws(self) -> bool:
        return self._button == Qt.MouseButton.LeftButton and self._tool is not Tool.MOVE

    def _draw(self, at: QPointF) -> None:
        assert self._pressed is not None
        self._turn_to(-1)
        if self._tool is Tool.RECTANGLE or not self._path:
            self._path = [self._pressed, at]
        elif (at - self._path[-1]).manhattanLength() >= _APART:
            self._path.append(at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != self._button:
            return
        taker, path, dragged = self._taker, self._path, self._dragged
        draws = self._draws
        self._end_drag()
        if taker:
            taker.release(event.position(), self._view)
        elif dragged and draws:
            self._select(self._enclosed(path), keys=event.modifiers())
        elif not dragged and event.button() == Qt.MouseButton.LeftButton:
            self._click(event)
        self._turn_to(self.at(event.position()))

    def _end_drag(self) -> None:
        self._pressed, self._taker, self._path, self._dragged = None, None, [], False
        self._show_cursor()
        self.update()

    def _click(self, event: QMouseEvent) -> None:
        index = self.at(event.position())
        if event.modifiers() & (_SHIFT | _ALT | _CONTROL):
            self._select(np.array([index] if index >= 0 else [], np.int64), keys=event.modifiers())
        elif index >= 0:
            self.picked.emit(index)
        elif len(self._selection):
            self._select(np.empty(0, np.int64), keys=Keys.NoModifier)

    def _enclosed(self, path: list[QPointF]) -> Items:
        corners = [(point.x(), point.y()) for point in path]
        if self._tool is Tool.RECTANGLE:
            return np.flatnonzero(lasso.in_rectangle(self._places, corners[0], corners[1]))
        return np.flatnonzero(lasso.inside(self._places, np.array(corners)))

    def _select(self, items: Items, *, keys: Keys) -> None:
        """Take ``items`` as the selection, or add them to it, or take them away; faded points cannot be seen to be."""
        if self._front is not None:
            items = items[self._front[items]]
        if keys & _SHIFT:
            items = np.union1d(self._selection, items)
        elif keys & (_ALT | _CONTROL):
            items = np.setdiff1d(self._selection, items)
        self.set_selection(items)
        self.lassoed.emit(self._selection)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(_NOTCH ** event.angleDelta().y(), at=event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        if self._pressed is None:
            self._turn_to(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._acts_on(Qt.Key(event.key()), event.modifiers() & ~Keys.KeypadModifier):
            super().keyPressEvent(event)

    def _acts_on(self, key: Qt.Key, keys: Keys) -> bool:
        """Do what a key asks for; whether it asks for anything here."""
        if key in _ARROWS:
            x, y = _ARROWS[key]
            if keys & _SHIFT:
                self.move_view(-x * _PUSH * self.width(), -y * _PUSH * self.height())
            else:
                self._turn_to(self._next((x, y)))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / _STEP if key == Qt.Key.Key_Minus else _STEP)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.picked.emit(self._current)
        elif key == Qt.Key.Key_Space and self._current >= 0:
            mode = _ALT if self._current in self._selection else _SHIFT
            self._select(np.array([self._current]), keys=mode)
        elif key == Qt.Key.Key_A and keys == _CONTROL:
            self._select(np.arange(len(self._points)), keys=Keys.NoModifier)
        elif key == Qt.Key.Key_Escape and self._pressed is not None:
            self._end_drag()
        elif key == Qt.Key.Key_Escape and len(self._selection):
            self._select(np.empty(0, np.int64), keys=Keys.NoModifier)
        else:
            return False
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _paint_hand(self, painter: QPainter) -> None:
        if len(self._path) < 2:
            return
        accent = QColor(self._theme.colours.accent)
        fill = QColor(accent)
        fill.setAlphaF(0.12)
        painter.setPen(QPen(accent, 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(fill)
        if self._tool is Tool.RECTANGLE:
            painter.drawRect(QRectF(self._path[0], self._path[1]).normalized())
        else:
            painter.drawPolygon(QPolygonF(self._path), Qt.FillRule.OddEvenFill)
