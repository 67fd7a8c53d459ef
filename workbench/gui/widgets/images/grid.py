"""A view whose items lie in a grid of equal cells, however many there are: where a row lies is arithmetic.

``QListView`` would visit every row whenever the width changes. Wrapped as here, 100,000 rows took it 0.14 s each time;
laid out in batches, it forgot how far one had scrolled. What it gives is the rest of a view: selection, tool tips, and
what screen readers hear. How a cell looks is left to whoever derives from this.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QAbstractItemView, QListView

Index = QModelIndex | QPersistentModelIndex
_Hint = QListView.ScrollHint
_Move = QListView.CursorAction


class GridView(QListView):
    """Begins with one column; see :meth:`spread`.

    Args:
        model: Whoever derives from this also sets it, once it can bear to be told about resets.
    """

    def __init__(self, model: QAbstractListModel) -> None:
        super().__init__()
        self._grid, self._columns, self._cell = model, 1, QSize(1, 1)
        self._page = 1  # the viewport's height when the cells were last spread
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        # Always there: otherwise the cells would be spread anew when it comes and goes.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    @property
    def cell(self) -> QSize:
        """Of a tile with its text and what surrounds it, in logical pixels."""
        return self._cell

    @property
    def columns(self) -> int:
        return self._columns

    def spread(self, least: QSize) -> None:
        """Make the cells at least that large and fill the width with them evenly; what was in view stays in view."""
        seen, current = self._rows_between(0, self._page - 1), self.currentIndex().row()
        kept = current if current in seen else seen.start
        into = 0 if current in seen else self.verticalScrollBar().value() % self._cell.height()
        width, cell, columns = self.viewport().width(), self._cell, self._columns
        self._columns = max(1, width // least.width())
        self._cell = QSize(max(least.width(), width // self._columns), least.height())
        self.updateGeometries()
        if (cell, columns) != (self._cell, self._columns):
            self.verticalScrollBar().setValue(kept // self._columns * self._cell.height() + into)
        if current in seen:
            self.scrollTo(self.currentIndex())
        self._page = self.viewport().height()
        self.viewport().update()

    def selected_rows(self) -> NDArray[np.int64]:
        """Ascending. Asking Qt for the indexes instead takes a second for 100,000 of them."""
        chosen = np.zeros(self._grid.rowCount(), bool)
        for part in self.selectionModel().selection().toList():
            chosen[part.top() : part.bottom() + 1] = True
        return np.flatnonzero(chosen)

    def select_rows(self, rows: NDArray[np.int64]) -> None:
        """Select these and no others; ``rows`` are ascending."""
        selection = QItemSelection()
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            if len(run):
                selection.select(self._grid.index(int(run[0])), self._grid.index(int(run[-1])))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def selectAll(self) -> None:
        self.select_rows(np.arange(self._grid.rowCount()))  # Qt's own visits every row

    def rows_in_view(self) -> range:
        """The rows of which anything is to be seen."""
        return self._rows_between(0, self.viewport().height() - 1)

    def _rows_between(self, top: int, bottom: int) -> range:
        """The rows that reach into these lines of the viewport."""
        count, value, height = self._grid.rowCount(), self.verticalScrollBar().value(), self._cell.height()
        first, last = (top + value) // height, (bottom + value) // height
        return range(min(count, max(0, first * self._columns)), min(count, max(0, (last + 1) * self._columns)))

    def _row_at(self, point: QPoint) -> int:
        """The row of the cell that holds ``point`` of the viewport, or would if it were there; -1 beside the cells."""
        column = point.x() // self._cell.width()
        line = (point.y() + self.verticalScrollBar().value()) // self._cell.height()
        return line * self._columns + column if 0 <= column < self._columns and line >= 0 else -1

    def _rect(self, row: int) -> QRect:
        line, column = divmod(row, self._columns)
        top = line * self._cell.height() - self.verticalScrollBar().value()
        return QRect(QPoint(column * self._cell.width(), top), self._cell)

    # Geometry, as Qt asks for it

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)  # not QListView's, which visits every row

    def updateGeometries(self) -> None:
        QAbstractItemView.updateGeometries(self)
        lines = -(-self._grid.rowCount() // self._columns)
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, lines * self._cell.height() - page))
        bar.setPageStep(max(self._cell.height(), page - self._cell.height()))
        bar.setSingleStep(-(-self._cell.height() // 3))  # a notch of the wheel is three steps

    def visualRect(self, index: Index) -> QRect:
        return self._rect(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._row_at(point)
        return self._grid.index(row) if 0 <= row < self._grid.rowCount() else QModelIndex()

    def scrollTo(self, index: Index, hint: QListView.ScrollHint = QListView.ScrollHint.EnsureVisible) -> None:
        if not index.isValid():
            return
        rect, bar, height = self.visualRect(index), self.verticalScrollBar(), self.viewport().height()
        if hint == _Hint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif hint == _Hint.PositionAtTop or rect.top() < 0:
            bar.setValue(bar.value() + rect.top())
        elif hint == _Hint.PositionAtBottom or rect.bottom() >= height:
            bar.setValue(bar.value() + rect.bottom() + 1 - height)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def moveCursor(self, action: QListView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count, row = self._grid.rowCount(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        page = max(1, self.viewport().height() // self._cell.height()) * self._columns
        steps = {
            _Move.MoveLeft: -1, _Move.MovePrevious: -1, _Move.MoveRight: 1, _Move.MoveNext: 1,
            _Move.MoveUp: -self._columns, _Move.MoveDown: self._columns,
            _Move.MovePageUp: -page, _Move.MovePageDown: page,
        }  # fmt: skip
        if action in (_Move.MoveHome, _Move.MoveEnd):
            return self._grid.index(0 if action == _Move.MoveHome else count - 1)
        if row < 0:
            return self._grid.index(self.rows_in_view().start)
        wanted = row + steps[action]
        if action in (_Move.MoveUp, _Move.MovePageUp) and wanted < 0:
            wanted = row % self._columns
        if action in (_Move.MoveDown, _Move.MovePageDown) and wanted >= count:
            last_line = (count - 1) // self._columns
            below = last_line * self._columns + row % self._columns
            wanted = row if row // self._columns == last_line else below
        return self._grid.index(min(count - 1, max(0, wanted)))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        selection, count = QItemSelection(), self._grid.rowCount()

        def take(first: int, last: int) -> None:
            if 0 <= first <= last:
                selection.select(self._grid.index(first), self._grid.index(last))

        if self.state() == QListView.State.DragSelectingState:
            whole = rect.normalized()
            left, right = max(0, whole.left()) // self._cell.width(), whole.right() // self._cell.width()
            if whole.right() >= 0 and left < self._columns:
                rows = self._rows_between(whole.top(), whole.bottom())
                for start in range(rows.start, rows.stop, self._columns):
                    take(start + left, min(count - 1, start + min(right, self._columns - 1)))
        else:  # a range: the rectangle's first corner lies in the item where it begins, the other where it ends
            ends = sorted((self._row_at(rect.topLeft()), self._row_at(rect.bottomRight())))
            take(ends[0], min(count - 1, ends[1]))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region, seen = QRegion(), self.rows_in_view()
        for part in selection.toList():
            for row in range(max(part.top(), seen.start), min(part.bottom() + 1, seen.stop)):
                region += self._rect(row)
        return region
