"""Settings side by side: one column a run, the differences first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

Index = QModelIndex | QPersistentModelIndex
_ABSENT = "–"
_KEY_COLUMN = 0
_LEAST_WIDTH = 16  # characters of a run's column
_LEAST_SEARCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One column: what stands above it, more words about it, and ``section.key`` to value."""

    title: str
    about: str = ""
    values: Mapping[str, Any]


def value_text(value: Any) -> str:
    """A setting as a person reads it; a list of numbers is shortened where it repeats."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or "empty"
    if isinstance(value, list | tuple):
        return _list_text([value_text(item) for item in value]) or "empty"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _list_text(items: Sequence[str]) -> str:
    parts: list[tuple[str, int]] = []
    for item in items:
        if parts and parts[-1][0] == item:
            parts[-1] = (item, parts[-1][1] + 1)
        else:
            parts.append((item, 1))
    return ", ".join(item if times == 1 else f"{item} × {times}" for item, times in parts)


class CompareModel(QAbstractTableModel):
    """A row a setting; the first column names it, the first sheet is what the others are compared with."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._sheets: tuple[Sheet, ...] = ()
        self._keys: list[str] = []
        self._bold = QFont()
        self._bold.setBold(True)
        self._mark = QIcon()
        blank = QPixmap(ICON, ICON)
        blank.fill(Qt.GlobalColor.transparent)
        self._no_mark = QIcon(blank)  # as wide, so that names stand below one another
        self._marking = False
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show(self, sheets: Sequence[Sheet]) -> None:
        if tuple(sheets) == self._sheets:
            return
        self.beginResetModel()
        self._sheets = tuple(sheets)
        self._keys = list(dict.fromkeys(key for sheet in sheets for key in sheet.values))
        self.endResetModel()

    def mark(self, marking: bool) -> None:
        """Whether rows with differences bear a sign; it says nothing where no other rows are shown."""
        self._marking = marking
        if self._keys:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._keys) - 1, 0))

    @property
    def differences(self) -> int:
        return sum(self.differs(row) for row in range(len(self._keys)))

    def differs(self, row: int) -> bool:
        """Whether the sheets say different things of a setting."""
        return any(self._is_other(row, number) for number in range(1, len(self._sheets)))

    def _is_other(self, row: int, sheet: int) -> bool:
        key = self._keys[row]
        return self._sheets[sheet].values.get(key) != self._sheets[0].values.get(key)

    def words(self, row: int) -> str:
        """Everything in a row, for a search."""
        return "\n".join([self._keys[row], *(self._text(row, number) for number in range(len(self._sheets)))])

    def _text(self, row: int, sheet: int) -> str:
        values = self._sheets[sheet].values
        return value_text(values[self._keys[row]]) if self._keys[row] in values else _ABSENT

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._keys)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else 1 + len(self._sheets)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._sheets[section - 1].title if section > _KEY_COLUMN else "Setting"
        if role == Qt.ItemDataRole.ToolTipRole and section > _KEY_COLUMN:
            return self._sheets[section - 1].about or None
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, sheet = index.row(), index.column() - 1
        other = sheet > 0 and self._is_other(row, sheet)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._keys[row] if sheet < 0 else self._text(row, sheet)
            case Qt.ItemDataRole.FontRole:
                return self._bold if other else None
            case Qt.ItemDataRole.BackgroundRole:
                return QBrush(QColor(self._theme.colours.raised)) if other else None
            case Qt.ItemDataRole.ForegroundRole:
                muted = sheet >= 0 and self._keys[row] not in self._sheets[sheet].values
                return QBrush(QColor(self._theme.colours.muted)) if muted else None
            case Qt.ItemDataRole.DecorationRole:
                if sheet >= 0 or not self._marking:
                    return None
                return self._mark if self.differs(row) else self._no_mark
            case Qt.ItemDataRole.AccessibleTextRole:
                text = self._keys[row] if sheet < 0 else self._text(row, sheet)
                return f"{text}, different" if other or (sheet < 0 and self.differs(row)) else text
        return None

    def _on_theme_changed(self) -> None:
        self._mark = self._theme.icon("compare", colour=self._theme.colours.accent)
        if self._keys:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._keys) - 1, len(self._sheets)))


class _Filter(QSortFilterProxyModel):
    def __init__(self, model: CompareModel) -> None:
        super().__init__(model)
        self._model = model
        self._words: tuple[str, ...] = ()
        self._only_differences = True
        self.setSourceModel(model)

    def narrow(self, *, words: tuple[str, ...], only_differences: bool) -> None:
        self.beginFilterChange()
        self._words, self._only_differences = words, only_differences
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if self._only_differences and not self._model.differs(row):
            return False
        text = self._model.words(row).casefold() if self._words else ""
        return all(word in text for word in self._words)


class _Cell(QStyledItemDelegate):
    """Paints a cell's own background, which a stylesheet for items would leave out."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        background = index.data(Qt.ItemDataRole.BackgroundRole)
        if isinstance(background, QBrush):
            painter.fillRect(option.rect, background)
        super().paint(painter, option, index)


class CompareTable(QWidget):
    """Sheets of settings beside one another, with a search.

    Args:
        name: First part of its widgets' names, e.g. ``"runs.settings"``.
    """

    changed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._model = CompareModel(theme, self)
        self._filter = _Filter(self._model)
        self._equal_text = ""
        self._search = named(QLineEdit(), f"{name}.search", "Search the settings")
        self._search.setPlaceholderText("Search settings")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(self.fontMetrics().averageCharWidth() * _LEAST_SEARCH)
        self._only = named(QCheckBox("Only differences"), f"{name}.only-differences", "Only differences")
        self._only.setChecked(True)
        self.table = named(QTableView(), f"{name}.table", "Settings side by side")
        self.table.setModel(self._filter)
        self.table.setItemDelegate(_Cell(self.table))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setCornerButtonEnabled(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + GAP)
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * _LEAST_WIDTH)
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._message.setProperty("role", "muted")
        bar = QHBoxLayout()
        bar.setSpacing(2 * GAP)
        bar.addWidget(self._search, 1)
        bar.addWidget(self._only)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.table)
        self._pages.addWidget(self._message)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(bar)
        column.addWidget(pages, 1)
        self._search.textChanged.connect(self._on_narrowed)
        self._only.toggled.connect(self._on_narrowed)

    def show_sheets(self, sheets: Sequence[Sheet], *, equal: str) -> None:
        """Compare each sheet with the first; ``equal`` says in a sentence that there is no difference."""
        self._equal_text = equal
        self._model.show(sheets)
        header = self.table.horizontalHeader()
        if sheets:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(_KEY_COLUMN, QHeaderView.ResizeMode.ResizeToContents)
        self._only.setText(f"Only differences ({self._model.differences} of {self._model.rowCount()})")
        self._on_narrowed()

    @property
    def only_differences(self) -> bool:
        return self._only.isChecked()

    def set_only_differences(self, only: bool) -> None:
        self._only.setChecked(only)

    def shown(self) -> list[list[str]]:
        """The texts of the table as it stands, row by row."""
        rows, columns = self._filter.rowCount(), self._filter.columnCount()
        return [[str(self._filter.index(row, column).data()) for column in range(columns)] for row in range(rows)]

    def _on_narrowed(self) -> None:
        words = tuple(self._search.text().casefold().split())
        self._model.mark(not self._only.isChecked())
        self._filter.narrow(words=words, only_differences=self._only.isChecked())
        if self._filter.rowCount():
            self._pages.setCurrentWidget(self.table)
        else:
            self._message.setText("No setting matches." if words else self._equal_text)
            self._pages.setCurrentWidget(self._message)
        self.changed.emit()
