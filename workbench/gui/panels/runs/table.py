"""The list of runs as a person handles it: sorted, narrowed, selected by id, names and notes written in place."""

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from workbench.gui.models.run_columns import COLUMNS, KEYS, STARTED
from workbench.gui.models.run_facts import RunFacts
from workbench.gui.models.runs import RunsFilter
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

_WIDTHS = {  # characters; the sort mark of a header needs some
    "state": 18,
    "name": 29,
    "model": 13,
    "data": 15,
    "best": 21,
    "at": 12,
    "last": 21,
    "protocol": 40,
    "steps": 19,
    "time": 14,
    "device": 25,
    "started": 20,
    "note": 36,
}
_LEAST_WIDTH = 4  # characters
Index = QModelIndex | QPersistentModelIndex


class _Cell(QStyledItemDelegate):
    """Lets an editor fill its cell, whatever padding a stylesheet gives to items."""

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        space = QRect(option.rect)
        missing = max(0, editor.minimumSizeHint().height() - space.height())
        editor.setGeometry(space.adjusted(0, -missing // 2, 0, missing - missing // 2))


class RunsTable(QTableView):
    """Shows a :class:`RunsFilter`, the latest run first.

    Signals:
        picked: Other runs are selected, or another one is the current one.
    """

    picked = Signal()

    def __init__(self, runs: RunsFilter, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._runs, self._theme = runs, theme
        named(self, name, "Runs")
        self.setModel(runs)
        self.setItemDelegate(_Cell(self))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTableView.EditTrigger.DoubleClicked)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(max(self.fontMetrics().height(), ICON) + GAP + GAP // 2)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * _LEAST_WIDTH)
        self.setSortingEnabled(True)
        self.sortByColumn(STARTED, Qt.SortOrder.DescendingOrder)
        for number, key in enumerate(KEYS):
            self.setColumnWidth(number, self.fontMetrics().averageCharWidth() * _WIDTHS[key])
        self.selectionModel().selectionChanged.connect(self._on_picked)
        self.selectionModel().currentRowChanged.connect(self._on_picked)

    # Selection

    def selected(self) -> list[RunFacts]:
        """The selected runs, in the order in which they are shown."""
        return [self._runs.facts(row) for row in sorted(index.row() for index in self.selectionModel().selectedRows())]

    def current(self) -> RunFacts | None:
        """The run that the keyboard is on, if it is selected; else the first selected one."""
        index = self.currentIndex()
        if index.isValid() and self.selectionModel().isRowSelected(index.row(), index.parent()):
            return self._runs.facts(index.row())
        return next(iter(self.selected()), None)

    def select(self, ids: Iterable[str]) -> None:
        """Select these runs, as far as they are shown, and no others; the first becomes the current one."""
        rows = [row for run_id in ids if (row := self._runs.row_of(run_id)) >= 0]
        selection = QItemSelection()
        for row in rows:
            selection.select(self._runs.index(row, 0), self._runs.index(row, len(COLUMNS) - 1))
        if rows:
            self.selectionModel().setCurrentIndex(
                self._runs.index(rows[0], 0), QItemSelectionModel.SelectionFlag.NoUpdate
            )
            self.scrollTo(self._runs.index(rows[0], 0))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def neighbour(self) -> tuple[str, ...]:
        """The run below the selected ones, or else above them, if there is one: where to go when they are gone."""
        rows = [index.row() for index in self.selectionModel().selectedRows()]
        if not rows:
            return ()
        near = [row for row in (max(rows) + 1, min(rows) - 1) if 0 <= row < self._runs.rowCount()]
        return tuple(self._runs.facts(row).id for row in near[:1])

    def write(self, column: int) -> None:
        """Open the current run's cell in ``column`` for writing."""
        current = self.current()
        if current:
            index = self._runs.index(self._runs.row_of(current.id), column)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)
            self.edit(index)

    def _on_picked(self) -> None:
        self.picked.emit()

    # What a person set

    def view_state(self) -> dict[str, object]:
        header = self.horizontalHeader()
        descending = header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        return {
            "columns": {key: self.columnWidth(number) for number, key in enumerate(KEYS[:-1])},
            "sort": [KEYS[header.sortIndicatorSection()], "descending" if descending else "ascending"],
        }

    def restore_view(self, state: dict[str, object]) -> None:
        widths, sort = state.get("columns"), state.get("sort")
        if isinstance(widths, dict):
            for number, key in enumerate(KEYS[:-1]):
                if isinstance(width := widths.get(key), int) and 0 < width < 10_000:
                    self.setColumnWidth(number, width)
        match sort:
            case [str(key), "descending" | "ascending" as way] if key in KEYS:
                descending = way == "descending"
                order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
                self.sortByColumn(KEYS.index(key), order)
            case _:
                pass

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._runs.words and not self._runs.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(QColor(self._theme.colours.muted))
            text = f"No run matches “{' '.join(self._runs.words)}”."
            space = self.viewport().rect().adjusted(2 * GAP, GAP, -2 * GAP, -GAP)
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            painter.end()
