"""A table with a row a class: what the scores of one run and the comparison of two have in common."""

from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.gui.models.statistics import as_csv

Index = QModelIndex | QPersistentModelIndex

CLASS = 0
"""The column of the names; the others hold numbers."""
VALUE = Qt.ItemDataRole.UserRole + 1
"""What a cell is sorted by: a share, a count, a name; ``None`` where there is none."""
BAR = Qt.ItemDataRole.UserRole + 2
"""The :class:`Bar` below a number, or ``None``."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class Bar(NamedTuple):
    """A stretch of a cell's width, 0..1, and what it is of: ``"share"``, ``"count"``, ``"good"`` or ``"bad"``."""

    start: float
    end: float
    ink: str


class ClassRows(QAbstractTableModel):
    """Holds names, labels and columns of numbers; a subclass fills them and says how they read.

    Args:
        titles, about: Of the columns.
    """

    def __init__(self, parent: QObject, *, titles: tuple[str, ...], about: tuple[str, ...]) -> None:
        super().__init__(parent)
        self._titles, self._about = titles, about
        self._names: tuple[str, ...] = ()
        self._labels: list[int] = []
        self._columns: dict[int, list[float]] = {}

    def label(self, row: int) -> int:
        """The class of a row."""
        return self._labels[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._labels)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._titles[section]
            case Qt.ItemDataRole.ToolTipRole:
                return self._about[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _CENTRE if section else _LEFT  # at the right the style's sorting arrow would lie on it
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column else _LEFT
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self.words(row)
        if role == BAR:
            return self.bar(row, column)
        return self.value(row, column) if role == VALUE else None

    def value(self, row: int, column: int) -> float | str | None:
        """What a cell is sorted by."""
        if column == CLASS:
            return self._names[self._labels[row]].casefold()
        value = self._columns[column][row]
        return None if value != value else value

    def text(self, row: int, column: int) -> str:
        """What a cell reads."""
        return self._names[self._labels[row]] if column == CLASS else self.number(row, column)

    def as_csv(self) -> str:
        """Every class with its numbers, shares of 1; empty where there is none."""
        rows = []
        for row in range(self.rowCount()):
            values = (self.value(row, column) for column in range(1, len(self._titles)))
            rows.append([self.text(row, CLASS), *("" if value is None else value for value in values)])
        return as_csv([title.casefold() for title in self._titles], rows)

    # For subclasses

    def number(self, row: int, column: int) -> str:
        """What the cell of a number reads."""
        raise AssertionError("a subclass says so")

    def words(self, row: int) -> str:
        """A class in a sentence."""
        raise AssertionError("a subclass says so")

    def bar(self, row: int, column: int) -> Bar | None:
        """What lies below a number."""
        raise AssertionError("a subclass says so")
