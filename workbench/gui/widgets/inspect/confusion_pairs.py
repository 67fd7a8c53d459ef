"""The pairs of classes that a run mistakes for one another, the worst first."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTableView

from workbench.gui.models.confusion import Cell, ConfusionTable, Counting, Pair, percent_text
from workbench.gui.naming import named

_TITLES = ("True class", "Taken for", "Items", "Share")
_TRUTH, _TAKEN, _COUNT, _SHARE = range(4)
_NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WORDS = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ROOM, _USUAL = 9, 17  # characters of a class name at least, and where there is room
Index = QModelIndex | QPersistentModelIndex


class PairsModel(QAbstractTableModel):
    """One row a pair, as :meth:`~workbench.gui.models.confusion.ConfusionTable.pairs` orders them."""

    def __init__(self, parent: QTableView) -> None:
        super().__init__(parent)
        self._table: ConfusionTable | None = None
        self._counting = Counting.COUNTS
        self._pairs: list[Pair] = []

    def show_pairs(self, table: ConfusionTable | None, counting: Counting, pairs: list[Pair]) -> None:
        self.beginResetModel()
        self._table, self._counting, self._pairs = table, counting, pairs
        self.endResetModel()

    @property
    def pairs(self) -> list[Pair]:
        return self._pairs

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._pairs)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBERS if section >= _COUNT else _WORDS
        if role == Qt.ItemDataRole.ToolTipRole and section == _SHARE:
            whose = "predicted" if self._counting is Counting.PRECISION else "true"
            return f"Of all items of the {whose} class"
        return _TITLES[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._table is None or not index.isValid():
            return None
        pair = self._pairs[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBERS if index.column() >= _COUNT else _WORDS
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._table.words(pair.cell, self._counting)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        texts = {
            _TRUTH: self._table.classes[pair.cell.truth],
            _TAKEN: self._table.classes[pair.cell.predicted],
            _COUNT: f"{pair.count:,}",
            _SHARE: f"{percent_text(pair.share)} %",
        }
        return texts[index.column()]


class PairsList(QTableView):
    """Signals:
    moved: The :class:`Cell` of the current row, when a person chose it.
    opened: The items of a :class:`Cell` are wanted: Enter, Space or a double click.
    """

    moved = Signal(object)
    opened = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        named(self, name, "Most confused classes")
        self._pairs = PairsModel(self)
        self.setModel(self._pairs)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(1)
        for section in (_TRUTH, _TAKEN):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        for section in (_COUNT, _SHARE):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
        self.doubleClicked.connect(self._on_double_clicked)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self._size()

    @property
    def pairs(self) -> list[Pair]:
        return self._pairs.pairs

    def show_pairs(self, table: ConfusionTable | None, counting: Counting, pairs: list[Pair]) -> None:
        """List pairs of a table, counted like this."""
        self._pairs.show_pairs(table, counting, pairs)

    def sizeHint(self) -> QSize:
        numbers = self.columnWidth(_COUNT) + self.columnWidth(_SHARE)
        return QSize(2 * _USUAL * self.fontMetrics().averageCharWidth() + numbers, super().sizeHint().height())

    def _size(self) -> None:
        metrics = self.fontMetrics()
        wide = metrics.averageCharWidth()
        self.verticalHeader().setDefaultSectionSize(round(1.6 * metrics.height()))
        self.setColumnWidth(_COUNT, metrics.horizontalAdvance("Items") + 4 * wide)
        self.setColumnWidth(_SHARE, metrics.horizontalAdvance("Share") + 4 * wide)
        numbers = self.columnWidth(_COUNT) + self.columnWidth(_SHARE)
        self.setMinimumWidth(2 * _ROOM * wide + numbers)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_pairs"):
            self._size()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.modifiers():
            self._on_double_clicked(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _cell(self, index: QModelIndex) -> Cell:
        return self._pairs.pairs[index.row()].cell

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self._cell(index))

    def _on_current_row_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid():
            self.moved.emit(self._cell(current))
