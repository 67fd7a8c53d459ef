"""A table of things of which one is chosen: filtered by words, sorted by any column, the present one marked.

What the things are, and how they are written, is for subclasses to say.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QIcon

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ChoicesModel(QAbstractTableModel, Generic[T]):
    """Args:
    rows: All that there is, in its usual order.
    columns: Titles.
    numeric: Columns of numbers, which stand at the right.
    mark: Stands before the one that is chosen now.
    """

    def __init__(
        self,
        rows: Sequence[T],
        *,
        columns: Sequence[str],
        mark: QIcon,
        numeric: Sequence[int] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._all, self._shown = list(rows), list(rows)
        self._columns, self._numeric, self._mark = tuple(columns), tuple(numeric), mark
        self._current: T | None = None
        self._typed = ""
        self._order: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)

    # What subclasses say

    def text(self, row: T, column: int) -> str:
        """What stands in a cell."""
        raise NotImplementedError

    def key(self, column: int) -> Callable[[T], Any]:
        """What a column is sorted by."""
        return lambda row: self.text(row, column).casefold()

    def haystack(self, row: T) -> str:
        """The folded text in which words are looked for."""
        return " ".join(self.text(row, column) for column in range(len(self._columns))).casefold()

    def tip(self, row: T) -> str:
        """More of a row, for its tool tip."""
        return ""

    def value(self, row: T, *, typed: str) -> str:
        """What choosing ``row`` stands for, while ``typed`` is what it was looked for with."""
        raise NotImplementedError

    def taken_as_typed(self, typed: str) -> str:
        """What ``typed`` stands for where nothing is found; empty where that is not allowed."""
        return ""

    # What it does

    @property
    def total(self) -> int:
        return len(self._all)

    def set_all(self, rows: Sequence[T]) -> None:
        """Choose among these from now on; what is looked for stays."""
        self._all = list(rows)
        self._arrange()

    def set_current(self, row: T | None) -> None:
        self._current = row

    def at(self, number: int) -> T:
        return self._shown[number]

    def current_row(self) -> int:
        """Where the present choice stands; -1 where it does not."""
        return self._shown.index(self._current) if self._current in self._shown else -1

    def look_for(self, typed: str) -> None:
        """Show what holds all words of ``typed``; in the usual order, what begins with the first one comes first."""
        self._typed = typed
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (column, order)
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        words = self._typed.casefold().split()
        self._shown = [row for row in self._all if all(word in self.haystack(row) for word in words)]
        column, order = self._order
        if column >= 0:
            self._shown.sort(key=self.key(column), reverse=order == Qt.SortOrder.DescendingOrder)
        elif words:
            self._shown.sort(key=lambda row: _rank(self.text(row, 0).casefold(), words[0].rpartition("/")[2]))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        return self._side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _side(self, column: int) -> Qt.AlignmentFlag:
        return _RIGHT if column in self._numeric else _LEFT

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._shown[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self.tip(row) or None
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._side(column)
            case Qt.ItemDataRole.DecorationRole:
                return self._mark if column == 0 and row == self._current else None
            case Qt.ItemDataRole.FontRole if row == self._current:
                font = QFont()
                font.setBold(True)
                return font
            case Qt.ItemDataRole.AccessibleTextRole if column == 0 and row == self._current:
                return f"{self.text(row, column)}, chosen now"
            case _:
                return None


def _rank(text: str, word: str) -> tuple[bool, bool, int]:
    """Whole, then at the beginning, then anywhere; what is as good keeps its order."""
    place = text.find(word)
    return (text != word, place != 0, place if place >= 0 else len(text))
