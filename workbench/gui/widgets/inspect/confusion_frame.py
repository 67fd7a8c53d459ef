"""Where the cells of a matrix lie in the room that there is for them: zoomed, moved, and never out of sight.

Arithmetic only, in logical pixels; what is drawn there is the business of others.
"""

import math

from PySide6.QtCore import QPointF, QRectF

MOST_ZOOM_CELL = 96.0
"""Side of a cell at the largest zoom, unless it is larger already when all fit."""


class Frame:
    """Square cells in ``rows`` by ``columns``.

    Attributes:
        room: Where cells may be seen.
        zoom: 1 where all cells fit into the room.
        cell: Side of a cell.
        origin: Of the first cell, in the coordinates of ``room``.
    """

    def __init__(self) -> None:
        self.room = QRectF()
        self.rows = self.columns = 0
        self.zoom = self.cell = 1.0
        self.origin = QPointF()
        self._largest = MOST_ZOOM_CELL

    def lay_out(self, room: QRectF, *, rows: int, columns: int, largest: float) -> None:
        """Take this room; ``largest`` is the side of a cell at most while all cells fit."""
        middle = self._at(self.room.center())
        self.room, self.rows, self.columns, self._largest = room, rows, columns, largest
        self._scale(self.zoom, about=middle, at=room.center())

    def zoom_by(self, factor: float, *, at: QPointF) -> None:
        """Zoom; what lies under ``at`` stays there as far as it can."""
        self._scale(self.zoom * factor, about=self._at(at), at=at)

    def fit(self) -> None:
        """All cells in sight."""
        self._scale(1.0, about=QPointF(), at=self.room.topLeft())

    def move_by(self, x: float, y: float) -> None:
        self.origin += QPointF(x, y)
        self._keep_in_sight()

    def reveal(self, row: int, column: int) -> None:
        """Move as little as brings the cell into sight; -1 for none in that direction."""
        x = y = 0.0
        rect = self.rect(max(0, row), max(0, column))
        if column >= 0:
            x = max(0.0, self.room.left() - rect.left()) or min(0.0, self.room.right() - rect.right())
        if row >= 0:
            y = max(0.0, self.room.top() - rect.top()) or min(0.0, self.room.bottom() - rect.bottom())
        self.move_by(x, y)

    @property
    def fitting(self) -> float:
        """Side of a cell where all fit; never less than a pixel, because cells would be lost."""
        if not self.rows or not self.columns:
            return 1.0
        return max(1.0, min(self.room.width() / self.columns, self.room.height() / self.rows, self._largest))

    @property
    def seen(self) -> QRectF:
        """The part of the room that cells cover."""
        whole = QRectF(self.origin.x(), self.origin.y(), self.columns * self.cell, self.rows * self.cell)
        return whole.intersected(self.room)

    def rect(self, row: int, column: int) -> QRectF:
        """Of a cell, also outside the room; its edges lie between pixels."""
        left, top = self.edge_x(column), self.edge_y(row)
        return QRectF(left, top, self.edge_x(column + 1) - left, self.edge_y(row + 1) - top)

    def edge_x(self, column: int) -> int:
        return math.floor(self.origin.x() + column * self.cell + 0.5)

    def edge_y(self, row: int) -> int:
        return math.floor(self.origin.y() + row * self.cell + 0.5)

    def row_at(self, y: float) -> int:
        """The row at a height; -1 for none."""
        row = math.floor((y - self.origin.y()) / self.cell)
        return row if 0 <= row < self.rows else -1

    def column_at(self, x: float) -> int:
        column = math.floor((x - self.origin.x()) / self.cell)
        return column if 0 <= column < self.columns else -1

    def rows_seen(self) -> range:
        return _seen(self.room.top() - self.origin.y(), self.room.height(), self.cell, self.rows)

    def columns_seen(self) -> range:
        return _seen(self.room.left() - self.origin.x(), self.room.width(), self.cell, self.columns)

    def _at(self, point: QPointF) -> QPointF:
        """``point`` in cells."""
        return (point - self.origin) / self.cell

    def _scale(self, zoom: float, *, about: QPointF, at: QPointF) -> None:
        least = self.fitting
        self.zoom = min(max(1.0, zoom), max(1.0, MOST_ZOOM_CELL / least))
        self.cell = least * self.zoom
        self.origin = at - about * self.cell
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        """Cells that take less than the room lie in its middle, others fill it."""
        self.origin = QPointF(
            _kept(self.origin.x(), self.room.left(), self.room.width(), self.columns * self.cell),
            _kept(self.origin.y(), self.room.top(), self.room.height(), self.rows * self.cell),
        )


def _kept(origin: float, start: float, room: float, taken: float) -> float:
    if taken <= room:
        return start + (room - taken) / 2
    return min(start, max(start + room - taken, origin))


def _seen(offset: float, room: float, cell: float, count: int) -> range:
    first, last = math.floor(offset / cell), math.ceil((offset + room) / cell)
    return range(min(count, max(0, first)), min(count, max(0, last)))
