"""A chart that hands and keys move: axes, the picture between them, wheel, drag and arrow keys.

pyqtgraph gives the scene, the mapping and the axes. Mouse and keys are handled here, before pyqtgraph's scene would see
them: none of its menus or drag modes exists in this program. Which range to go back to is decided by the owner.
"""

import math
import time

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsGridLayout,
    QGraphicsItem,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)

from workbench.gui.theme import Theme
from workbench.gui.units import NUMBER, STEPS
from workbench.gui.widgets.plots.axis import Axis
from workbench.gui.widgets.plots.chart import Chart

_ZOOM_A_NOTCH = 0.8  # of the range is left after one notch of the wheel
_KEY_ZOOM = 0.7
_LEAST_BOX = 8  # logical pixels; a dragged box that is narrower says nothing about that direction
_LEAST_RANGE = 1e-9  # of the numbers' size, so that pixels stay distinct
_MOST_POWERS = 250.0  # of ten
_DRAG = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)


class PlotView(pg.GraphicsView):  # type: ignore[misc]
    """Axes and the chart between them.

    Signals:
        zoomed: A person changed the range.
        home_asked: A person wants to see everything again.
        opened: A double click or Enter, where :attr:`opens`.
        cursor_moved: The read-out went somewhere else, or away.

    Attributes:
        opens: Double click and Enter open this chart instead of resetting its range.
        wheel_zooms: Whether the wheel zooms without Ctrl; else it is left to whatever scrolls.
    """

    zoomed = Signal()
    home_asked = Signal()
    opened = Signal()
    cursor_moved = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.opens = False
        self.wheel_zooms = True
        self.paint_seconds = 0.0
        self.paints = 0
        self._theme = theme
        self._from: QPointF | None = None
        self._pans = False
        self._x_axis, self._y_axis = Axis("bottom"), Axis("left")
        self.chart = Chart(theme, x_axis=self._x_axis, y_axis=self._y_axis)
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self._box.disableAutoRange()
        frame = pg.GraphicsWidget()
        layout = QGraphicsGridLayout()
        layout.setSpacing(0)
        layout.addItem(self._y_axis, 0, 0)
        layout.addItem(self._box, 0, 1)
        layout.addItem(self._x_axis, 1, 1)
        layout.setColumnStretchFactor(1, 1)
        layout.setRowStretchFactor(0, 1)
        frame.setLayout(layout)
        self._layout = layout
        self.setCentralItem(frame)
        for axis in (self._x_axis, self._y_axis):
            axis.linkToView(self._box)
            axis.setZValue(1)
        self._lines, self._over = _Lines(self.chart), _Over(self.chart)
        for item in (self._lines, self._over):
            item.setParentItem(self._box)
        self._over.setZValue(2)
        self._box.sigResized.connect(self._on_box_resized)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The scene's background covers everything, and nothing is painted beyond its own bounds: no second filling.
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.dress()

    def dress(self) -> None:
        """Take on the theme's colours and the window's font."""
        colours = self._theme.colours
        self.setBackground(QColor(colours.surface))
        font = QFont(self.font())
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.88))
        self.chart.font = font
        # Half a label stands out above the highest tick.
        self._layout.setContentsMargins(0, math.ceil(QFontMetricsF(font).height() / 2), 6, 0)
        for axis in (self._x_axis, self._y_axis):
            axis.dress(font, line=colours.line, text=colours.muted)
        self.redraw()

    def redraw(self) -> None:
        """The lines have changed: paint them anew, once, when Qt next paints."""
        self.chart.invalidate()
        self._lines.update()
        self._over.update()

    def retouch(self) -> None:
        """Only what lies over the lines has changed."""
        self._over.update()

    def set_range(self, left: float, right: float, bottom: float, top: float) -> None:
        """Show this much, in the axes' measures (logarithms to base 10 on logarithmic axes)."""
        view = self.chart.view
        left, right = _apart(left, right, log=view.log_x)
        bottom, top = _apart(bottom, top, log=view.log_y)
        if (left, right, bottom, top) != self.chart.range:
            self.chart.range = (left, right, bottom, top)
            self._box.setRange(xRange=(left, right), yRange=(bottom, top), padding=0)
            self._y_axis.make_room(self._box.height())
            self.redraw()

    def show_units(self) -> None:
        """Bring the axes in line with the chart's unit and view."""
        view = self.chart.view
        self._y_axis.show_as(self.chart.unit, log=view.log_y)
        self._x_axis.show_as(NUMBER if view.epochs else STEPS, log=view.log_x)

    def make_room(self) -> None:
        """Give the labels the width they need; for when unit and range are those of the same numbers again."""
        self._y_axis.make_room(self._box.height())

    def area(self) -> QRectF:
        """The inside of the axes, in pixels of this widget."""
        return QRectF(self._box.mapRectToScene(self._box.boundingRect()))

    def _on_box_resized(self) -> None:
        self.chart.width, self.chart.height = max(1.0, self._box.width()), max(1.0, self._box.height())
        for item in (self._lines, self._over):
            item.prepareGeometryChange()
        self._y_axis.make_room(self._box.height())
        self.redraw()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        started = time.perf_counter()
        super().paintEvent(event)
        self.paint_seconds += time.perf_counter() - started
        self.paints += 1

    # Zoom and pan

    def zoom(self, factor: float, *, at: QPointF | None = None, x: bool = True, y: bool = True) -> None:
        """Leave ``factor`` of the ranges, around a place of this widget (by default the middle)."""
        area = self.area()
        place = area.center() if at is None else at
        left, right, bottom, top = self.chart.range
        if x:
            share = min(1.0, max(0.0, (place.x() - area.left()) / area.width()))
            fixed = left + share * (right - left)
            left, right = fixed - (fixed - left) * factor, fixed + (right - fixed) * factor
        if y:
            share = min(1.0, max(0.0, (area.bottom() - place.y()) / area.height()))
            fixed = bottom + share * (top - bottom)
            bottom, top = fixed - (fixed - bottom) * factor, fixed + (top - fixed) * factor
        self._move(left, right, bottom, top)

    def _move(self, left: float, right: float, bottom: float, top: float) -> None:
        size = max(abs(left), abs(right), 1e-12) * _LEAST_RANGE, max(abs(bottom), abs(top), 1e-12) * _LEAST_RANGE
        if right - left > size[0] and top - bottom > size[1] and max(abs(left), abs(right), abs(bottom), top) < 1e15:
            self.set_range(left, right, bottom, top)
            self.zoomed.emit()

    def _pan(self, moved: QPointF) -> None:
        area = self.area()
        left, right, bottom, top = self.chart.range
        dx = -moved.x() * (right - left) / area.width()
        dy = moved.y() * (top - bottom) / area.height()
        self._move(left + dx, right + dx, bottom + dy, top + dy)

    def _zoom_to(self, box: QRectF) -> None:
        """Show what is inside ``box`` (pixels of the chart) and nothing else."""
        left, right, bottom, top = self.chart.range
        x, y = (right - left) / self.chart.width, (top - bottom) / self.chart.height
        if box.width() >= _LEAST_BOX:
            left, right = left + box.left() * x, left + box.right() * x
        if box.height() >= _LEAST_BOX:
            bottom, top = top - box.bottom() * y, top - box.top() * y
        if max(box.width(), box.height()) >= _LEAST_BOX:
            self._move(left, right, bottom, top)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() in _DRAG and self._from is None:
            self._from = event.position()
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pans = shifted or event.button() != Qt.MouseButton.LeftButton
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, at = self.area(), event.position()
        if self._from is not None and self._pans:
            self._pan(at - self._from)
            self._from = at
        elif self._from is not None:
            if (at - self._from).manhattanLength() >= QApplication.startDragDistance():
                ends = (_inside(self._from, area), _inside(at, area))
                self.chart.box = QRectF(*ends).normalized().translated(-area.topLeft())
                self.retouch()
        else:
            self._set_cursor(at.x() - area.left() if area.contains(at) else None)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        box, self.chart.box, self._from = self.chart.box, None, None
        if box is not None:
            self._zoom_to(box)
            self.retouch()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._from = None
        (self.opened if self.opens else self.home_asked).emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        controlled = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        delta = event.angleDelta().y() or event.angleDelta().x()
        if not delta or not (self.wheel_zooms or controlled):
            event.ignore()
            return
        area, at = self.area(), event.position()
        self.zoom(_ZOOM_A_NOTCH ** (delta / 120), at=at, x=at.x() >= area.left(), y=at.y() <= area.bottom())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._set_cursor(None)

    def _set_cursor(self, x: float | None) -> None:
        if x != self.chart.cursor:
            self.chart.cursor = x
            self.retouch()
            self.cursor_moved.emit()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chart = self.chart
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                step = (-1 if event.key() == Qt.Key.Key_Left else 1) * (chart.width / 20 if shifted else 1)
                middle = chart.width / 2 if chart.cursor is None else chart.cursor
                self._set_cursor(min(max(0.0, middle + step), chart.width))
            case Qt.Key.Key_Home:
                self.home_asked.emit()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(_KEY_ZOOM)
            case Qt.Key.Key_Minus:
                self.zoom(1 / _KEY_ZOOM)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.opens:
                self.opened.emit()
            case Qt.Key.Key_Escape if chart.cursor is not None:
                self._set_cursor(None)
            case _:
                event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.chart.focused = event.reason() != Qt.FocusReason.MouseFocusReason
        self.retouch()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.chart.focused = False
        self.retouch()


class _Layer(QGraphicsItem):
    """Fills the inside of the axes, in its pixels."""

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self._chart = chart
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._chart.width, self._chart.height)


class _Lines(_Layer):
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._chart.paint_lines(painter)


class _Over(_Layer):
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._chart.paint_over(painter)


def _inside(at: QPointF, area: QRectF) -> QPointF:
    """The place of ``area`` that is nearest to ``at``."""
    return QPointF(min(max(at.x(), area.left()), area.right()), min(max(at.y(), area.top()), area.bottom()))


def _apart(low: float, high: float, *, log: bool) -> tuple[float, float]:
    """A range that has a length and, where it is one of logarithms, no numbers that overflow."""
    if log:
        low, high = max(low, -_MOST_POWERS), min(high, _MOST_POWERS)
    if high > low:
        return low, high
    margin = abs(low) * 0.05 or 0.5
    return low - margin, low + margin
