"""The names beside a confusion matrix: all of them where they fit, every few where they do not, and the one meant.

Names stay in sight when the matrix is moved, and keep out of the way of the cells.
"""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.confusion_frame import Frame

_WIDEST = 20  # characters of a name at most
_MOST_WIDTH, _MOST_HEIGHT = 0.25, 0.2  # of the widget, for names
_SMALL = 0.85  # size of names that share the room, in usual sizes
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine)
TRUTH_TITLE, PREDICTED_TITLE = "True class", "Predicted class"


class Names:
    """Names of rows and columns, in their order.

    Args:
        font: The usual one.
    """

    def __init__(self, rows: list[str], columns: list[str], *, font: QFont) -> None:
        self._rows, self._columns, self._font = rows, columns, font
        self._bold = QFont(font)
        self._bold.setBold(True)
        metrics = QFontMetricsF(self._bold)
        self._line = metrics.height()
        longest = max((metrics.horizontalAdvance(name) for name in {*rows, *columns}), default=0.0)
        self._wanted = min(longest, _WIDEST * metrics.averageCharWidth()) + GAP
        self._upright = longest + GAP

    def margins(self, width: float, height: float) -> tuple[float, float]:
        """Room left of and above the cells, titles of the axes included, in a widget of this size."""
        title = self._line + GAP / 2
        return min(self._wanted, _MOST_WIDTH * width) + title, min(self._wanted, _MOST_HEIGHT * height) + title

    def paint(self, painter: QPainter, frame: Frame, *, theme: Theme) -> None:
        """All that fit, and what the axes mean."""
        painter.setFont(self._font)
        colours = theme.colours
        self._paint_titles(painter, frame, colour=colours.muted)
        small = QFont(self._font)
        step = 1
        if frame.cell < self._line:
            small.setPointSizeF(self._font.pointSizeF() * _SMALL)
            step = math.ceil(_SMALL * self._line / frame.cell)
        painter.setFont(small)
        painter.setPen(QColor(colours.text))
        for row in frame.rows_seen():
            if row % step == 0:
                self._write_row(painter, frame, row, self._rows[row])
        for column in frame.columns_seen():
            if column % step == 0:
                self._write_column(painter, frame, column, self._columns[column])

    def paint_marked(self, painter: QPainter, frame: Frame, row: int, column: int, *, theme: Theme) -> None:
        """The names of one row and one column over all others; -1 for none."""
        painter.setFont(self._bold)
        colours = theme.colours
        for place, write, names in ((row, self._write_row, self._rows), (column, self._write_column, self._columns)):
            if place >= 0:
                painter.setPen(QColor(colours.text))
                write(painter, frame, place, names[place], ground=QColor(colours.selection))

    def _upright_columns(self, frame: Frame) -> bool:
        """Whether column names fit side by side as they are read."""
        return self._upright <= frame.cell

    def _row_band(self, frame: Frame) -> QRectF:
        left, _ = self.margins_of(frame)
        seen = frame.seen
        return QRectF(seen.left() - left, seen.top(), left - GAP / 2, seen.height())

    def _column_band(self, frame: Frame) -> QRectF:
        _, top = self.margins_of(frame)
        seen = frame.seen
        high = self._line if self._upright_columns(frame) else top
        return QRectF(seen.left(), seen.top() - high - GAP / 2, seen.width(), high)

    def margins_of(self, frame: Frame) -> tuple[float, float]:
        """Room for names alone, left of the cells and above them."""
        title = self._line + GAP / 2
        return frame.room.left() - title, frame.room.top() - title

    def _write_row(self, painter: QPainter, frame: Frame, row: int, name: str, *, ground: QColor | None = None) -> None:
        band, cell, high = self._row_band(frame), frame.rect(row, 0), max(self._line, 1.0)
        line = QRectF(band.left(), cell.center().y() - high / 2, band.width(), high)
        if not _inside(cell.center().y(), band.top(), band.bottom()):
            return
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
        if ground is not None:
            painter.fillRect(line.adjusted(0, 0, GAP / 2, 0), ground)
        painter.drawText(line, _RIGHT, text)

    def _write_column(
        self, painter: QPainter, frame: Frame, column: int, name: str, *, ground: QColor | None = None
    ) -> None:
        band, cell = self._column_band(frame), frame.rect(0, column)
        middle = cell.center().x()
        if not _inside(middle, band.left(), band.right()):
            return
        metrics = QFontMetricsF(painter.font())
        if self._upright_columns(frame):
            line = QRectF(cell.left(), band.top(), cell.width(), band.height())
            if ground is not None:
                wide = metrics.horizontalAdvance(name) + GAP
                painter.fillRect(QRectF(middle - wide / 2, line.top(), wide, line.height()), ground)
            painter.drawText(line, _CENTRE, name)
            return
        text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, band.height())
        painter.save()
        painter.translate(QPointF(middle, band.bottom()))
        painter.rotate(-90)
        line = QRectF(0, -self._line / 2, band.height(), self._line)
        if ground is not None:
            painter.fillRect(line.adjusted(-GAP / 2, 0, 0, 0), ground)
        painter.drawText(line, _LEFT, text)
        painter.restore()

    def _paint_titles(self, painter: QPainter, frame: Frame, *, colour: str) -> None:
        seen, high = frame.seen, self._line
        painter.setPen(QColor(colour))
        row_band, column_band = self._row_band(frame), self._column_band(frame)
        above = QRectF(seen.left(), column_band.top() - high - GAP / 4, seen.width(), high)
        metrics = QFontMetricsF(painter.font())
        wide = metrics.horizontalAdvance(PREDICTED_TITLE) + GAP
        if above.width() < wide:
            above = QRectF(seen.center().x() - wide / 2, above.top(), wide, high)
        painter.drawText(above, _CENTRE, PREDICTED_TITLE)
        painter.save()
        painter.translate(QPointF(row_band.left() - GAP / 2, seen.center().y()))
        painter.rotate(-90)
        painter.drawText(QRectF(-wide, -high, 2 * wide, high), _CENTRE, TRUTH_TITLE)
        painter.restore()


def _inside(value: float, low: float, high: float) -> bool:
    return low <= value <= high
