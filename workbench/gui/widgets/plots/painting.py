"""The strokes of a chart: lines, grid, marks, legend samples, the read-out. Painters and pixels, no state.

Qt's raster engine has a fast way for lines of one pixel, ten times as fast as any other and smoothed all the same, so
long lines are drawn with it: a thicker one is the thin one drawn a few times, half a pixel apart.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pyqtgraph.functions import create_qpolygonf, ndarray_from_qpolygonf
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from workbench.engine.project.curves import Floats

LINE, THIN = 1.8, 1.0  # logical pixels
MARK = 4.0
_MANY = 250  # points from which on a proper pen is too slow
_NOISE = 900  # points of a thin line from which on it is a band of noise
_DOTS = 40  # points up to which each is shown
_ONCE, _BESIDE = ((0.0, 0.0),), ((-1.0, 0.0), (1.0, 0.0))
_STEEP = 3.0  # way up and down for each pixel sideways, from which on a line is hardly anything but upright strokes
_AROUND = ((0.0, -1.0), (0.87, 0.5), (-0.87, 0.5))  # where copies of a thin line lie to make a thick one
_DASHES, _DOTTED = (4.0, 2.2), (1.2, 1.6)
_PADDING = 4.0


@dataclass(frozen=True, slots=True)
class Style:
    """How a line looks."""

    colour: QColor
    width: float = LINE
    dashed: bool = False
    dotted: bool = False

    @property
    def pattern(self) -> tuple[float, ...]:
        """Strokes and gaps in widths of the line; empty for a line without gaps."""
        return _DASHES if self.dashed else _DOTTED if self.dotted else ()


def mixed(colour: str, ground: str, share: float) -> QColor:
    """``share`` of ``colour`` on ``ground``: faint without being see-through, which costs less to paint."""
    front, back = QColor(colour), QColor(ground)
    parts = zip(front.getRgb()[:3], back.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(share * one + (1 - share) * other) for one, other in parts))


def polygon(x: Floats, y: Floats) -> QPolygonF:
    points: QPolygonF = create_qpolygonf(len(x))
    array = ndarray_from_qpolygonf(points)
    array[:, 0], array[:, 1] = x, y
    return points


def draw_line(painter: QPainter, x: Floats, y: Floats, *, style: Style, scale: float) -> None:
    """A line through pixel points; the painter counts device pixels, ``scale`` to a logical one."""
    if len(x) == 0:
        return
    width = style.width * scale
    line = polygon(x, y)
    if style.pattern or len(x) <= _MANY or width > 3:
        pen = QPen(style.colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
        if len(x) > _MANY:
            pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        if style.pattern:
            pen.setDashPattern(style.pattern)
        painter.setPen(pen)
        painter.drawPolyline(line)
    else:
        painter.setPen(QPen(style.colour, 1))
        apart = (width - 1) / 2
        if apart <= 0 and len(x) > _NOISE:  # hardly anything but upright strokes: nothing to smooth
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        upright = float(np.abs(np.diff(y)).sum()) > _STEEP * float(x[-1] - x[0])
        for dx, dy in (_BESIDE if upright else _AROUND) if apart > 0.05 else _ONCE:
            painter.translate(apart * dx, apart * dy)
            painter.drawPolyline(line)
            painter.translate(-apart * dx, -apart * dy)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if len(x) <= _DOTS:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour)
        radius = (1.0 if len(x) > 1 else 1.6) * width
        for at in zip(x.tolist(), y.tolist(), strict=True):
            painter.drawEllipse(QPointF(*at), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_sample(painter: QPainter, rect: QRectF, *, style: Style) -> None:
    """A piece of line as a legend shows it."""
    pen = QPen(style.colour, style.width + 0.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if style.pattern:
        pen.setDashPattern(style.pattern)
    painter.setPen(pen)
    painter.drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()))


def draw_best(painter: QPainter, at: QPointF, *, colour: QColor, ground: QColor) -> None:
    """A diamond."""
    size = MARK + 1.5
    painter.setPen(QPen(ground, 1.2))
    painter.setBrush(colour)
    painter.drawPolygon(
        QPolygonF([at + QPointF(0, -size), at + QPointF(size, 0), at + QPointF(0, size), at + QPointF(-size, 0)])
    )


def draw_last(painter: QPainter, at: QPointF, *, colour: QColor, ground: QColor) -> None:
    """A ring."""
    painter.setPen(QPen(colour, 1.8))
    painter.setBrush(ground)
    painter.drawEllipse(at, MARK - 0.6, MARK - 0.6)


class Labels:
    """Short texts near points, each where it fits: inside, and on no other one and on no mark."""

    def __init__(self, painter: QPainter, area: QRectF, *, ground: QColor, ink: QColor) -> None:
        self._painter, self._area, self._ink = painter, area, ink
        self._ground = QColor(ground)
        self._ground.setAlpha(215)
        self._taken: list[QRectF] = []

    def keep_free(self, at: QPointF) -> None:
        self._taken.append(QRectF(at.x() - MARK, at.y() - MARK, 2 * MARK, 2 * MARK))

    def write(self, text: str, at: QPointF, *, mark: Callable[[QPointF], None]) -> bool:
        """Write ``text`` after a small ``mark`` beside ``at`` if there is room for it; whether there was."""
        metrics = QFontMetricsF(self._painter.font())
        sign = 3 * MARK
        width, height = sign + metrics.horizontalAdvance(text) + _PADDING, metrics.height()
        gap = MARK + 4
        for dx, dy in (
            (-width / 2, -gap - height), (-width / 2, gap), (-width - gap, -height / 2), (gap, -height / 2),
            (-width - gap, -gap - height), (-width - gap, gap), (gap, -gap - height), (gap, gap),
            (-width - gap, -gap - 2 * height), (-width - gap, gap + height),
        ):  # fmt: skip
            box = QRectF(at.x() + dx, at.y() + dy, width, height)
            if self._area.contains(box) and not any(box.intersects(other) for other in self._taken):
                self._taken.append(box)
                self._painter.setPen(Qt.PenStyle.NoPen)
                self._painter.setBrush(self._ground)
                self._painter.drawRoundedRect(box, 3, 3)
                mark(QPointF(box.left() + sign / 2 + 1, box.center().y()))
                self._painter.setPen(self._ink)
                self._painter.drawText(box.adjusted(sign, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, text)
                return True
        return False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a read-out."""

    style: Style
    label: str
    value: str
    note: str = ""


def draw_readout(
    painter: QPainter, area: QRectF, *, x: float, title: str, rows: Sequence[Row], ground: QColor, line: QColor,
    ink: QColor, muted: QColor,
) -> None:  # fmt: skip
    """A box with one row a trace, beside the vertical line at ``x``, on the side where there is room."""
    metrics = QFontMetricsF(painter.font())
    height, gap = metrics.height(), 8.0
    sample = 16.0
    label_width = max(metrics.horizontalAdvance(row.label) for row in rows)
    value_width = max(metrics.horizontalAdvance(row.value) for row in rows)
    note_width = max(metrics.horizontalAdvance(row.note) for row in rows)
    inner = sample + gap + label_width + gap + value_width + (gap + note_width if note_width else 0)
    width = max(inner, metrics.horizontalAdvance(title)) + 2 * gap
    box = QRectF(x + 12, area.top() + 8, width, height * (len(rows) + 1) * 1.15 + gap)
    if box.right() > area.right() - 4:
        box.moveRight(x - 12 if x - 12 - width >= area.left() else area.right() - 4)
    if box.left() < area.left():
        box.moveLeft(area.left() + 2)
    painter.setPen(QPen(line, 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 4, 4)
    top = box.top() + gap / 2
    painter.setPen(muted)
    centre = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRectF(box.left() + gap, top, width, height * 1.15), centre, title)
    for index, row in enumerate(rows, start=1):
        y = top + index * height * 1.15
        left = box.left() + gap
        draw_sample(painter, QRectF(left, y, sample, height * 1.15), style=row.style)
        left += sample + gap
        painter.setPen(ink)
        painter.drawText(QRectF(left, y, label_width + 2, height * 1.15), centre, row.label)
        left += label_width + gap
        value = QRectF(left, y, value_width + 1, height * 1.15)
        painter.drawText(value, centre | Qt.AlignmentFlag.AlignRight, row.value)
        painter.setPen(muted)
        painter.drawText(QRectF(left + value_width + gap, y, note_width + 2, height * 1.15), centre, row.note)


def sharp(value: float) -> float:
    """The middle of the pixel at ``value``: where a line of one pixel is one pixel."""
    return math.floor(value) + 0.5


def grid(
    painter: QPainter, *, xs: Sequence[float], ys: Sequence[float], width: float, height: float, colour: QColor
) -> None:
    """Hairlines at pixel places."""
    painter.setPen(QPen(colour, 1))
    for x in map(sharp, xs):
        painter.drawLine(QPointF(x, 0), QPointF(x, height))
    for y in map(sharp, ys):
        painter.drawLine(QPointF(0, y), QPointF(width, y))
