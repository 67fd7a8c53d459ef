"""The list of imported datasets: a name and two lines of facts each."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.engine.project.project import DatasetRow
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

DOT = " \N{MIDDLE DOT} "
_ROW = Qt.ItemDataRole.UserRole
_SMALLER = 0.9
_CHARACTERS = 18  # of the narrowest list


def facts(row: DatasetRow) -> str:
    """``"1,797 images · 10 classes · folder"``: what it is in one line."""
    if row.content == "questions":
        parts = [counted(row.items, "question")]
    else:
        classes = len(next(iter(row.label_sets.values()), row.palette))
        images = counted(row.items, "image") + (" with masks" if row.content == "masks" else "")
        parts = [images, counted(classes, "class")]
    return DOT.join([*parts, row.kind] if row.kind != row.name else parts)


def split_facts(row: DatasetRow) -> str:
    """The splits as imported, see :func:`splits_text`."""
    return splits_text(row.splits)


def splits_text(counts: Mapping[str, int]) -> str:
    """``"train 50,000 · test 10,000"``; says so where there is none, and how many are in none beside others."""
    usual = {split: place for place, split in enumerate(("train", "validation", "test"))}
    splits = sorted((split for split in counts if split), key=lambda split: usual.get(split, len(usual)))
    named_splits = [f"{split} {counts[split]:,}" for split in splits]
    if named_splits and counts.get(""):
        named_splits.append(f"no split {counts['']:,}")
    return DOT.join(named_splits) or "no splits"


def counted(number: int, noun: str) -> str:
    """``"1 image"``, ``"1,797 images"``, ``"2 classes"``."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


class ImageSetList(QListWidget):
    """Datasets, oldest first.

    Signals:
        chosen: Id of the dataset that is current now; empty for none.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, *, name: str = "data.datasets") -> None:
        super().__init__()
        named(self, name, "Datasets")
        self.setItemDelegate(_RowDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _CHARACTERS)
        self.currentItemChanged.connect(self._on_current_item_changed)
        theme.changed.connect(self.viewport().update)

    def show_rows(self, rows: list[DatasetRow], *, current: str = "") -> None:
        """List ``rows``; the one with the id ``current`` is chosen, without a signal."""
        blocked = self.blockSignals(True)
        self.clear()
        for row in rows:
            item = QListWidgetItem(row.name)
            item.setData(_ROW, row)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{row.name}, {facts(row)}")
            item.setToolTip(f"{row.name}\n{facts(row)}\n{split_facts(row)}\nFrom {row.origin}")
            self.addItem(item)
            if row.id == current:
                self.setCurrentItem(item)
        self.blockSignals(blocked)

    def _on_current_item_changed(self, current: QListWidgetItem | None, previous: QListWidgetItem | None) -> None:
        self.chosen.emit(current.data(_ROW).id if current else "")


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, view: ImageSetList) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def _fonts(self) -> tuple[QFont, QFont]:
        name, small = QFont(self._view.font()), QFont(self._view.font())
        name.setWeight(QFont.Weight.DemiBold)
        small.setPointSizeF(small.pointSizeF() * _SMALLER)
        return name, small

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        name, small = (QFontMetrics(font).lineSpacing() for font in self._fonts())
        return QSize(0, name + 2 * small + 2 * GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        row, colours = index.data(_ROW), self._theme.colours
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colours.selection))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(colours.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.raised))
        name, small = self._fonts()
        top, left, width = rect.top() + GAP, rect.left() + GAP + GAP // 2, rect.width() - 2 * GAP
        lines = (
            (row.name, name, colours.text),
            (facts(row), small, colours.muted),
            (split_facts(row), small, colours.muted),
        )
        for text, font, colour in lines:
            metrics = QFontMetrics(font)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            line = QRect(left, top, width, metrics.height())
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)
            top += metrics.lineSpacing()
        painter.restore()
