"""Numbers of each class as a table: thin bars below them, sorted by any column, found by name."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.gui.models.class_rows import BAR, Bar, ClassRows
from workbench.gui.models.class_scores import MissingLast
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

Index = QModelIndex | QPersistentModelIndex
_NAME = 0
_LEAST_NAME, _MOST_NAME = 10, 40  # characters
_WIDEST = "100.0 %"
_ARROWS = 36  # pixels beside a title for the sorting arrow, and as many at its other side
_LEAST_ROWS = 5
_BAR = 3  # pixels


class ClassTable(QTableView):
    """Sorts by a click on a header, by ``column`` ascending at first; what is missing stays at the end.

    Signals:
        picked: Label of the class whose row was clicked or entered, and the column.
    """

    picked = Signal(int, int)

    def __init__(self, model: ClassRows, theme: Theme, *, name: str, about: str, column: int) -> None:
        super().__init__()
        named(self, name, about)
        self._rows = model
        self.proxy = MissingLast(model, self)
        self.setModel(self.proxy)
        self.setItemDelegate(_BarDelegate(theme, self))
        self.setSortingEnabled(True)
        self.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        line = self.fontMetrics().height() + GAP
        self.verticalHeader().setDefaultSectionSize(line)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumHeight((_LEAST_ROWS + 1) * line)
        self.clicked.connect(self._on_activated)
        theme.changed.connect(self.viewport().update)

    def search(self, text: str) -> None:
        """Show the classes with ``text`` in their names."""
        self.proxy.setFilterFixedString(text)

    def _on_activated(self, index: QModelIndex) -> None:
        self.picked.emit(self._rows.label(self.proxy.mapToSource(index).row()), index.column())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self._rows.as_csv())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._on_activated(index)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        letter, header = self.fontMetrics().averageCharWidth(), self.horizontalHeader()
        columns = range(_NAME + 1, header.count())
        number = self.fontMetrics().horizontalAdvance(_WIDEST) + 3 * GAP
        titles = (str(self.proxy.headerData(column, Qt.Orientation.Horizontal)) for column in columns)
        wanted = (self.fontMetrics().horizontalAdvance(title) * 6 // 5 + _ARROWS for title in titles)
        least = {column: max(number, title) for column, title in zip(columns, wanted, strict=True)}
        left = self.viewport().width() - sum(least.values())
        name = max(_LEAST_NAME * letter, min(left, _MOST_NAME * letter))
        more = max(0, left - name) // len(columns)
        for column in columns:
            self.setColumnWidth(column, least[column] + more)
        self.setColumnWidth(_NAME, max(name, left - more * len(columns)))


class _BarDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, view: ClassTable) -> None:
        super().__init__(view)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        bar: Bar | None = index.data(BAR)
        if bar is None:
            return
        colours, rect = self._theme.colours, QRectF(option.rect)
        inks = {
            "share": self._theme.series_colour(0), "count": colours.muted, "good": colours.good, "bad": colours.bad,
        }  # fmt: skip
        room = QRectF(rect.left() + GAP, rect.bottom() - _BAR - 1, rect.width() - 2 * GAP, _BAR)
        painter.fillRect(room, QColor(colours.line))
        low, high = sorted((bar.start, bar.end))
        room.setRect(room.left() + low * room.width(), room.top(), (high - low) * room.width(), room.height())
        painter.fillRect(room, QColor(inks[bar.ink]))
