"""A list of names to choose from, each with a few words on what it is, beside it and quieter."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QComboBox, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.gui.theme import GAP, Theme

WORDS = Qt.ItemDataRole.UserRole + 1
_CHARACTERS = 72  # of the words that are seen without widening the list


class ExplainedItems(QStyledItemDelegate):
    """Paints an item's text and, at one distance for all of them, its :data:`WORDS`."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size: QSize = super().sizeHint(option, index)
        return QSize(size.width(), max(size.height(), option.fontMetrics.height() + GAP))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        words = index.data(WORDS)
        if not words:
            return
        metrics, rect = option.fontMetrics, option.rect
        left = rect.left() + self._names_end(option, index) + 2 * GAP
        area = QRect(left, rect.top(), rect.right() - left - GAP, rect.height())
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        colours = self._theme.colours
        painter.setPen(QColor(colours.text if chosen else colours.muted))
        text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _names_end(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> int:
        model, metrics = index.model(), option.fontMetrics
        names = (str(model.index(row, 0).data() or "") for row in range(model.rowCount()))
        return 2 * GAP + max((metrics.horizontalAdvance(name) for name in names), default=0)


def explain_items(box: QComboBox, *, theme: Theme) -> None:
    """Let a combo box show in its list what :func:`add_explained` says of its items."""
    box.setItemDelegate(ExplainedItems(theme, box))


def add_explained(box: QComboBox, name: str, words: str) -> None:
    """Add an item called ``name``, which is its data, too."""
    box.addItem(name, name)
    row = box.count() - 1
    box.setItemData(row, words, WORDS)
    box.setItemData(row, words, Qt.ItemDataRole.ToolTipRole)
    box.setItemData(row, f"{name}: {words}" if words else name, Qt.ItemDataRole.AccessibleTextRole)
    metrics = box.fontMetrics()
    wide = max(metrics.horizontalAdvance(box.itemText(row)) for row in range(box.count()))
    box.view().setMinimumWidth(wide + 4 * GAP + _CHARACTERS * metrics.averageCharWidth())
