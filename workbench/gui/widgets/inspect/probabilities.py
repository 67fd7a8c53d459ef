"""The classes of one answer, the likeliest first, each with a bar as long as its probability."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE
from workbench.gui.widgets.images.tile import paint_chip

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

Index = QModelIndex | QPersistentModelIndex
_TRUE = "\N{CHECK MARK} true class"


class _Classes(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.names: list[str] = []
        self.labels: list[int] = []
        self.shares: list[float] = []
        self.truth = -1

    def take(self, answer: "Inspection | None") -> None:
        self.beginResetModel()
        shares = answer.probabilities[0] if answer else np.empty(0)
        order = np.argsort(-shares, kind="stable").tolist()
        self.labels, self.shares = order, shares[order].tolist()
        self.names = [answer.classes[label] for label in order] if answer else []
        self.truth = int(answer.labels[0]) if answer else -1
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.names[row]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            true = ", the true class" if self.labels[row] == self.truth else ""
            return f"{self.names[row]}: {SHARE.text(self.shares[row])}{true}"
        return None


class Probabilities(QListView):
    """Shows an answer's classes; choosing one asks for what speaks for it.

    Signals:
        chosen: Label of the class that the person chose.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Probability of each class")
        self._classes = _Classes(self)
        self.setModel(self._classes)
        self.setItemDelegate(_Bar(self._classes, theme, self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        theme.changed.connect(self.viewport().update)

    def show_answer(self, answer: "Inspection | None", *, chosen: int = -1) -> None:
        """Show the classes of an inspection of one item; ``chosen`` is the class that is looked for in the image."""
        self.blockSignals(True)
        self._classes.take(answer)
        if chosen in self._classes.labels:
            self.setCurrentIndex(self._classes.index(self._classes.labels.index(chosen), 0))
        self.blockSignals(False)
        self.scrollToTop()

    @property
    def rows(self) -> list[tuple[str, float]]:
        """Names and probabilities as they are shown."""
        return list(zip(self._classes.names, self._classes.shares, strict=True))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 3 * (self.fontMetrics().height() + GAP))

    def _on_current_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid() and not self.signalsBlocked():
            self.chosen.emit(self._classes.labels[current.row()])


class _Bar(QStyledItemDelegate):
    def __init__(self, classes: _Classes, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._classes, self._theme = classes, theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, colours = index.row(), self._theme.colours
        rect: QRect = option.rect
        share, label = self._classes.shares[row], self._classes.labels[row]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, option.palette.color(QPalette.ColorRole.Highlight))
        bar = rect.adjusted(GAP // 2, GAP // 4, -GAP // 2, -GAP // 4)
        bar.setWidth(round(bar.width() * share))
        fill = QColor(colours.accent)
        fill.setAlphaF(0.28)
        painter.fillRect(bar, fill)
        inside = rect.adjusted(GAP, 0, -GAP, 0)
        side = inside.height() - GAP
        paint_chip(painter, QRect(inside.left(), inside.top() + GAP // 2, side, side), label, theme=self._theme)
        inside.setLeft(inside.left() + side + GAP // 2)
        number, metrics = SHARE.text(share), painter.fontMetrics()
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number)
        inside.setRight(inside.right() - metrics.horizontalAdvance(number) - GAP)
        name = self._classes.names[row]
        if label == self._classes.truth:
            rest = inside.width() - metrics.horizontalAdvance(name) - GAP
            true = _TRUE if metrics.horizontalAdvance(_TRUE) <= rest else _TRUE[0]  # the name comes first
            painter.setPen(QColor(colours.muted))
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), true)
            inside.setRight(inside.right() - metrics.horizontalAdvance(true) - GAP // 2)
            painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        painter.restore()
