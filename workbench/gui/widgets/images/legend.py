"""The classes of one mask: what each is drawn in, how much of the image it covers, and whether it is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

if TYPE_CHECKING:
    from workbench.engine.data.source import Colour

_ROWS = 7  # that are seen at once
_LABEL = Qt.ItemDataRole.UserRole


class MaskLegend(QTreeWidget):
    """One line a class, those of no class first.

    Signals:
        changed: Other classes are shown; see :attr:`hidden`.
    """

    changed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Classes of the mask")
        self._theme = theme
        self.hidden: frozenset[int] = frozenset()
        """Labels that a person does not want to see; they stay so for the masks that follow."""
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._on_item_changed)

    def show_mask(self, classes: Sequence[str], colours: "Sequence[Colour]", counts: NDArray[np.int64]) -> None:
        """List these classes.

        Args:
            counts: int64[256]: pixels a label, as :func:`~workbench.engine.data.masks.label_counts` gives them.
        """
        from workbench.engine.data.masks import IGNORED, STRAY

        blocked = self.blockSignals(True)
        self.clear()
        total = max(1, int(counts.sum()))
        if counts[STRAY]:
            item = self._add(STRAY, "No class", int(counts[STRAY]), total)
            item.setIcon(0, self._theme.icon("warning", colour="bad"))
            font = item.font(0)
            font.setBold(True)
            for column in range(2):
                item.setFont(column, font)
                item.setForeground(column, QColor(self._theme.colours.bad))
            item.setToolTip(0, "These pixels have a colour or number that is no class; hatched in the image")
        for label, name in enumerate(classes):
            item = self._add(label, name, int(counts[label]), total)
            item.setIcon(0, _swatch(QColor(*colours[label])))
            if not counts[label]:
                item.setForeground(0, QColor(self._theme.colours.muted))
        if counts[IGNORED]:
            item = self._add(IGNORED, "Ignored", int(counts[IGNORED]), total)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
            item.setData(0, Qt.ItemDataRole.CheckStateRole, None)
            item.setToolTip(0, "The mask itself leaves these pixels out; nothing is drawn over them")
        self.blockSignals(blocked)
        self.updateGeometry()

    def _add(self, label: int, name: str, pixels: int, total: int) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name, share_text(pixels, total)])
        item.setData(0, _LABEL, label)
        item.setCheckState(0, Qt.CheckState.Unchecked if label in self.hidden else Qt.CheckState.Checked)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(1, f"{pixels:,} of {total:,} pixels")
        if not pixels:
            item.setForeground(1, QColor(self._theme.colours.muted))
        self.addTopLevelItem(item)
        return item

    def _on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        label = int(item.data(0, _LABEL))
        shown = item.checkState(0) == Qt.CheckState.Checked
        hidden = self.hidden - {label} if shown else self.hidden | {label}
        if hidden != self.hidden:
            self.hidden = hidden
            self.changed.emit()

    def sizeHint(self) -> QSize:
        rows = max(1, min(_ROWS, self.topLevelItemCount()))
        row = max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        return QSize(super().sizeHint().width(), rows * row + 2 * self.frameWidth() + GAP)


def share_text(pixels: int, total: int) -> str:
    """``"12.3 %"``; what is there never rounds to nothing, nor what is not all to everything."""
    share = 100 * pixels / total
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %"


def _swatch(colour: QColor) -> QIcon:
    pixmap = QPixmap(ICON, ICON)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QColor(128, 128, 128))
    painter.setBrush(colour)
    painter.drawRect(2, 2, ICON - 5, ICON - 5)
    painter.end()
    return QIcon(pixmap)
