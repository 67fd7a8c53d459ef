"""Words among the points of a scatter: which group is where, told by its name and not by its colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.scatter_view import View

_LONGEST = 24  # characters
_CROWD = 20  # names from which on they keep away from one another, so that points are seen between them
_GROUND = 0.82  # how opaque a name's background is


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """``text`` at a point, with an edge of ``colour`` (``"#rrggbb"``)."""

    text: str
    x: float
    y: float
    colour: str


class Names:
    """Paints them from pixmaps, made once, because a frame has no time to lay out a hundred texts."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._names: Sequence[Name] = ()
        self._pixmaps: dict[tuple[str, str, float, str], QPixmap] = {}

    def show(self, names: Sequence[Name]) -> None:
        self._names = names

    def forget(self) -> None:
        """The colours of the theme are others now."""
        self._pixmaps.clear()

    def paint(self, painter: QPainter, view: View, *, avoid: QPointF | None = None) -> None:
        """Paint those that find room; none over the pixel to ``avoid``."""
        if not self._names:
            return
        font, ratio, margin = painter.font().key(), painter.device().devicePixelRatioF(), GAP / 2
        crowded = len(self._names) > _CROWD
        # Plain numbers: comparing a hundred boxes with one another through Qt takes several times as long.
        taken = [(avoid.x() - GAP, avoid.y() - GAP, avoid.x() + GAP, avoid.y() + GAP)] if avoid else []
        places = view.to_pixels(np.array([(name.x, name.y) for name in self._names]))
        for name, (x, y) in zip(self._names, places.tolist(), strict=True):
            pixmap = self._pixmap(painter, name, font, ratio)
            wide, high = pixmap.width() / ratio, pixmap.height() / ratio
            left, top = round(x - wide / 2), round(y - high / 2)
            right, bottom = left + wide, top + high
            if left < margin or top < margin or right > view.width - margin or bottom > view.height - margin:
                continue
            if any(left < x1 and right > x0 and top < y1 and bottom > y0 for x0, y0, x1, y1 in taken):
                continue
            apart = GAP if crowded else 0
            taken.append((left - apart, top - apart / 2, right + apart, bottom + apart / 2))
            painter.drawPixmap(QPointF(left, top), pixmap)

    def _pixmap(self, painter: QPainter, name: Name, font: str, ratio: float) -> QPixmap:
        key = (name.text, name.colour, ratio, font)
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            pixmap = self._pixmaps[key] = self._drawn(painter, name, ratio)
        return pixmap

    def _drawn(self, painter: QPainter, name: Name, ratio: float) -> QPixmap:
        metrics, colours = QFontMetricsF(painter.font()), self._theme.colours
        most = _LONGEST * metrics.averageCharWidth()
        text = metrics.elidedText(name.text, Qt.TextElideMode.ElideRight, most)
        size = QSize(round(metrics.horizontalAdvance(text)) + GAP + 2, round(metrics.height()) + 2)
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        inner = QPainter(pixmap)
        inner.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner.setFont(painter.font())
        ground = QColor(colours.surface)
        ground.setAlphaF(_GROUND)
        inner.setBrush(ground)
        inner.setPen(QPen(QColor(name.colour), 1))
        room = QRectF(0.5, 0.5, size.width() - 1, size.height() - 1)
        inner.drawRoundedRect(room, 4, 4)
        inner.setPen(QColor(colours.text))
        inner.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        inner.end()
        return pixmap
