"""The classes of a label set as a table: colour, name, how they are spread over the splits, exact numbers a split."""

from enum import IntEnum
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from workbench.engine.project.edits import MASK
from workbench.gui.models.dataset_edits import noun, split_text
from workbench.gui.models.statistics import as_csv, cell_text, class_counts, mask_class_counts, split_counts
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.lint.facts import Facts
    from workbench.engine.data.opened import Dataset

Index = QModelIndex | QPersistentModelIndex
NAME, SPREAD = 0, 1
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SPLIT_COLOURS = {"train": 0, "validation": 1, "test": 2}
_OTHER_SPLIT = 8
_LEAST_NAME, _LEAST_BAR = 14, 12  # characters of the narrowest columns


def split_colour(theme: Theme, split: str) -> str:
    """The colour that stands for a split wherever counts are drawn."""
    return theme.series_colour(_SPLIT_COLOURS.get(split, _OTHER_SPLIT)) if split else theme.colours.muted


def class_colour(theme: Theme, dataset: "Dataset", label_set: str, label: int) -> str:
    """What a class is drawn in: as a person chose, as the masks' files have it, or one of the theme's."""
    chosen = dataset.state.colours.get(label_set, {}).get(label, "")
    if chosen or label < 0:
        return chosen or theme.colours.muted
    if not label_set:
        return ""
    if label_set == MASK:
        red, green, blue = dataset.mask_colours[label]
        return f"#{red:02x}{green:02x}{blue:02x}"
    return theme.series_colour(label)


class Role(IntEnum):
    """What a row can be asked for beside its texts."""

    LABEL = Qt.ItemDataRole.UserRole + 1  # -1 for the unknown class
    COLOUR = Qt.ItemDataRole.UserRole + 2
    COUNTS = Qt.ItemDataRole.UserRole + 3  # list of items a split
    SORT = Qt.ItemDataRole.UserRole + 4


class ClassModel(QAbstractTableModel):
    """Rows are classes in label order, the unknown one last if any item is of it.

    Signals:
        renaming: Label and the name that a person typed; whoever listens edits the dataset.
    """

    renaming = Signal(int, str)

    def __init__(self, theme: Theme, parent: QObject, *, editable: bool = False) -> None:
        super().__init__(parent)
        self._theme, self._editable = theme, editable
        self.label_set = ""
        self.splits: list[str] = []
        self._dataset: Dataset | None = None
        self._names: tuple[str, ...] = ()
        self._counts = np.zeros((0, 0), np.int64)
        self._shares: NDArray[np.float64] | None = None
        self._rows = 0
        self.largest = 0

    def show(self, dataset: "Dataset | None", label_set: str, *, facts: "Facts | None" = None) -> None:
        """The classes of one label set. Without one, all items.

        Args:
            facts: Without them it is not known which mask holds which class, and masks' classes have no numbers.
        """
        again = (
            dataset is not None
            and self._dataset is not None
            and (self._dataset.row.id, self.label_set) == (dataset.row.id, label_set)
        )
        splits: list[str] = []
        names: tuple[str, ...] = ()
        counts, shares = np.zeros((0, 0), np.int64), None
        if dataset is not None and not label_set:
            names = (f"all {noun(dataset)}s",)
            splits, counts = split_counts(dataset)
        elif dataset is not None:
            names = dataset.state.classes[label_set]
            if label_set != MASK:
                splits, counts = class_counts(dataset, label_set)
            elif facts is not None:
                splits, counts, shares = mask_class_counts(dataset, facts)
        rows = len(names) + bool(len(counts) > len(names) and counts[-1].sum())
        same = again and rows == self._rows and splits == self.splits and (shares is None) == (self._shares is None)
        if not same:
            self.beginResetModel()
        self._dataset, self.label_set, self.splits = dataset, label_set, splits
        self._names, self._counts, self._shares, self._rows = names, counts, shares, rows
        self.largest = int(counts.sum(axis=1).max()) if counts.size else 0
        if same:
            self.dataChanged.emit(self.index(0, 0), self.index(max(0, rows - 1), self.columnCount() - 1))
        else:
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        if parent.isValid():
            return 0
        return 2 + len(self.splits) + (len(self.splits) > 1) + (self._shares is not None)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if section > SPREAD else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return self._title(section) if role == Qt.ItemDataRole.DisplayRole else None

    def _title(self, section: int) -> str:
        if section in (NAME, SPREAD):
            return ("Class" if self.label_set else "", "Items" if self._shares is None else "Images with it")[section]
        if self._is_share(section):
            return "Share of pixels"
        place = section - 2
        return split_text(self.splits[place]).capitalize() if place < len(self.splits) else "All"

    def _is_share(self, column: int) -> bool:
        return self._shares is not None and column == self.columnCount() - 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        can = self._editable and index.column() == NAME and index.row() < len(self._names)
        return flags | Qt.ItemFlag.ItemIsEditable if can else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole:
            return False
        self.renaming.emit(index.row(), str(value))
        return False  # the dataset tells what became of it

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        known = row < len(self._names)
        name = self._names[row] if known else "unknown"
        if role == Role.LABEL:
            return row if known else -1
        if role == Role.COLOUR:
            assert self._dataset
            return class_colour(self._theme, self._dataset, self.label_set, row if known else -1)
        counts = self._counts[row].tolist() if len(self._counts) else []
        if role == Role.COUNTS:
            return counts
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if column > SPREAD else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.SORT:
            return row if column == NAME else self._number(row, counts, column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            if column == NAME:
                return name
            return "" if column == SPREAD else cell_text(self._number(row, counts, column))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.words(row)
        return None

    def _number(self, row: int, counts: list[int], column: int) -> int | float:
        if self._shares is not None and self._is_share(column):
            return float(self._shares[row])
        place = column - 2
        return counts[place] if 0 <= place < len(self.splits) else sum(counts)

    def words(self, row: int) -> str:
        """A class in a sentence: ``"dog: 6,000 items (train 5,000, test 1,000)"``."""
        name = self._names[row] if row < len(self._names) else "unknown"
        if not len(self._counts):
            return name
        counts = self._counts[row].tolist()
        parts = ", ".join(f"{split_text(split)} {count:,}" for split, count in zip(self.splits, counts, strict=True))
        words = f"{name}: {sum(counts):,} {'items' if self._shares is None else 'images'}"
        words += f" ({parts})" if len(self.splits) > 1 else ""
        return words if self._shares is None else f"{words}, {cell_text(float(self._shares[row]))} of all pixels"

    def as_csv(self) -> str:
        """Every class with its items a split."""
        header = ["class", *map(split_text, self.splits), "all"] + ["share of pixels"] * (self._shares is not None)
        rows = []
        for row in range(self._rows):
            name = self._names[row] if row < len(self._names) else "unknown"
            counts = self._counts[row].tolist() if len(self._counts) else []
            shares = [] if self._shares is None else [f"{self._shares[row]:.6f}"]
            rows.append([name, *counts, sum(counts), *shares])
        return as_csv(header, rows)


class ClassView(QTableView):
    """Sorts by a click on a header.

    Signals:
        picked: Label of the class that a person clicked or pressed Enter on; its items are wanted.
    """

    picked = Signal(int)

    def __init__(self, model: ClassModel, theme: Theme, *, name: str, about: str, picks: bool) -> None:
        super().__init__()
        named(self, name, about)
        self._model, self._picks, self._wanted = model, picks, 0
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(model)
        self.proxy.setSortRole(Role.SORT)
        self.proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.proxy)
        self._delegates = (_NameDelegate(theme, self), _SpreadDelegate(theme, self))
        self.setItemDelegateForColumn(NAME, self._delegates[0])
        self.setItemDelegateForColumn(SPREAD, self._delegates[1])
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + GAP)
        self.horizontalHeader().setHighlightSections(False)
        if picks:
            self.clicked.connect(self._on_activated)
        model.modelReset.connect(self._on_model_reset)
        theme.changed.connect(self.viewport().update)
        self._on_model_reset()

    def _on_model_reset(self) -> None:
        header = self.horizontalHeader()
        if not header.count():
            return
        for section in range(header.count()):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
        names = [str(self._model.index(row, NAME).data()) for row in range(min(400, self._model.rowCount()))]
        widest = max(map(self.fontMetrics().horizontalAdvance, names), default=0)
        letter = self.fontMetrics().averageCharWidth()
        self._wanted = min(max(widest + ICON + 4 * GAP, 16 * letter), 40 * letter)
        for section in range(2, header.count()):
            title = self.fontMetrics().horizontalAdvance(
                str(self._model.headerData(section, Qt.Orientation.Horizontal))
            )
            self.setColumnWidth(section, max(title * 5 // 4 + 4 * GAP, 10 * letter))
        header.setMinimumSectionSize(letter * 6)
        self._share_room()

    def _share_room(self) -> None:
        """Numbers whole, then names, then bars as far as there is room for them."""
        header, letter = self.horizontalHeader(), self.fontMetrics().averageCharWidth()
        if not header.count():
            return
        left = self.viewport().width() - sum(self.columnWidth(section) for section in range(2, header.count()))
        bars = bool(self._model.splits) and left >= _LEAST_NAME * letter + _LEAST_BAR * letter
        self.setColumnHidden(SPREAD, not bars)
        name = min(self._wanted, left - _LEAST_BAR * letter) if bars else max(left, _LEAST_NAME * letter)
        self.setColumnWidth(NAME, name)
        self.setColumnWidth(SPREAD, left - name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _on_activated(self, index: QModelIndex) -> None:
        self.picked.emit(int(index.data(Role.LABEL)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid() and self._picks:
            self._on_activated(index)
            return
        super().keyPressEvent(event)

    def height_for(self, rows: int) -> int:
        """Logical pixels that show this many rows at most."""
        shown = min(rows, self._model.rowCount())
        line = self.verticalHeader().defaultSectionSize()
        return self.horizontalHeader().sizeHint().height() + shown * line + 2 * self.frameWidth()


class _NameDelegate(QStyledItemDelegate):
    """A square of the class's colour before its name."""

    def __init__(self, theme: Theme, view: ClassView) -> None:
        super().__init__(view)
        self._theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.data(Role.COLOUR):
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.decorationSize = QSize(ICON, ICON)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        colour = str(index.data(Role.COLOUR))
        if not colour:
            return
        side = ICON - GAP // 2
        rect = QRectF(option.rect)
        chip = QRectF(rect.left() + GAP, rect.center().y() - side / 2, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.colours.muted), 1))
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(chip, 3, 3)
        painter.restore()


class _SpreadDelegate(QStyledItemDelegate):
    """Items of a class as a bar, one piece a split; all bars of a table have the same measure."""

    def __init__(self, theme: Theme, view: ClassView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        model = self._view._model
        room = QRectF(option.rect).adjusted(GAP, GAP * 0.6, -GAP, -GAP * 0.6)
        scale = room.width() / max(1, model.largest)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        left = room.left()
        for split, count in zip(model.splits, index.data(Role.COUNTS), strict=False):
            if count:
                width = max(1.0, count * scale)
                painter.setBrush(QColor(split_colour(self._theme, split)))
                painter.drawRect(QRectF(left, room.top(), max(1.0, width - 1), room.height()))
                left += width
        painter.restore()


class SplitLegend(WrappedLabel):
    """Which colour stands for which split, and how many items are in it; on as many lines as there must be."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self._theme = theme
        self._entries: list[tuple[str, int]] = []
        theme.changed.connect(self._draw)

    def show_splits(self, entries: list[tuple[str, int]]) -> None:
        """Splits and their numbers of items."""
        self._entries = entries
        self._draw()

    @property
    def entries(self) -> str:
        """``"train 244, validation 153"``."""
        return ", ".join(f"{split_text(split)} {count:,}" for split, count in self._entries)

    def _draw(self) -> None:
        chips = [
            f'<span style="color:{split_colour(self._theme, split)}">\N{BLACK SQUARE}</span>'
            f"&nbsp;{_unbroken(split_text(split))}&nbsp;{count:,}"
            for split, count in self._entries
        ]
        self.setText("&nbsp;&nbsp;&nbsp; ".join(chips))  # a line ends between two of them only


def _unbroken(text: str) -> str:
    """As rich text on one line."""
    return escape(text).replace(" ", "&nbsp;")
