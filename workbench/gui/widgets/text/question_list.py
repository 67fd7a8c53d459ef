"""The list of questions: two lines each, smooth with more than a hundred thousand of them."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
)
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.gui.models.questions import QuestionsModel, Role, answers_text, article_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.text.spans import is_right_to_left

DOT = " \N{MIDDLE DOT} "
_SMALLER = 0.9
_LONGEST = 400  # characters of a question that any width could show
_CHARACTERS = 30  # of the narrowest list
_BAR = 3  # pixels of the mark beside the current row

Index = QModelIndex | QPersistentModelIndex
_Update = QItemSelectionModel.SelectionFlag


class QuestionList(QTableView):
    """Shows a :class:`QuestionsModel`. A table of one column, because that alone never asks every row for its height.

    Signals:
        moved: Another question is current; its item, -1 for none.
        opened: The current question is to be read (Enter or a double click).
        selection_changed: :meth:`selected` is different.
        menu_requested: A menu about these items (NDArray[int64]) is wanted at this place on the screen.
    """

    moved = Signal(int)
    opened = Signal()
    selection_changed = Signal()
    menu_requested = Signal(object, QPoint)

    def __init__(self, model: QuestionsModel, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Questions")
        self.questions = model
        self.setItemDelegate(_RowDelegate(theme, self))
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(row_height(self.font()))
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _CHARACTERS)
        self.setModel(model)
        self.selectionModel().selectionChanged.connect(self.selection_changed)
        self.doubleClicked.connect(self.opened)
        theme.changed.connect(self.viewport().update)

    def selected(self) -> NDArray[np.int64]:
        """The selected items, ascending."""
        blocks = list(self.selectionModel().selection())  # type: ignore[call-overload]  # a list, undeclared
        chosen = np.zeros(len(self.questions.catalogue or ()), bool)
        blocks = self.selectionModel().selection()
        for block in (blocks.at(place) for place in range(blocks.count())):
            chosen[self.questions.items[block.top() : block.bottom() + 1]] = True
        return np.flatnonzero(chosen).astype(np.int64)

    def select(self, items: NDArray[np.int64]) -> None:
        """Select those of ``items`` that are shown, and nothing else."""
        rows = self.questions.rows(items)
        selection = QItemSelection()
        if len(rows):
            ends = np.flatnonzero(np.diff(rows) > 1)
            firsts = rows[np.concatenate(([0], ends + 1))].tolist()
            lasts = rows[np.concatenate((ends, [len(rows) - 1]))].tolist()
            for first, last in zip(firsts, lasts, strict=True):
                selection.select(self.questions.index(first), self.questions.index(last))
        self.selectionModel().select(selection, _Update.ClearAndSelect)

    def current(self) -> int:
        """The item that the reader shows; -1 for none."""
        index = self.currentIndex()
        return int(index.data(Role.ITEM)) if index.isValid() else -1

    def make_current(self, item: int, *, scroll: bool = True) -> None:
        """Go to an item without selecting it; to the first where it is not shown."""
        row = max(0, self.questions.row(item))
        if self.questions.rowCount():
            index = self.questions.index(row)
            self.selectionModel().setCurrentIndex(index, _Update.NoUpdate)
            if scroll:
                self.scrollTo(index, QTableView.ScrollHint.EnsureVisible)

    def step(self, rows: int) -> None:
        """Go up or down and select what is there."""
        row = self.currentIndex().row() + rows
        if 0 <= row < self.questions.rowCount():
            self.setCurrentIndex(self.questions.index(row))

    # What Qt tells

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        self.moved.emit(int(current.data(Role.ITEM)) if current.isValid() else -1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(row_height(self.font()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Home and not event.modifiers():
            self.step(-self.currentIndex().row())
        elif event.key() == Qt.Key.Key_End and not event.modifiers():
            self.step(self.questions.rowCount() - 1 - self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        items = self.selected()
        if len(items):
            self.menu_requested.emit(items, place)
        event.accept()

    def _copy(self) -> None:
        """Put ids and questions of the selection on the clipboard, a line each."""
        items = self.selected()
        catalogue = self.questions.catalogue
        if catalogue and len(items):
            rows = np.array(sorted(items.tolist(), key=self.questions.row), np.int64)
            lines = (
                f"{catalogue.names[item]}\t{' '.join(catalogue.questions[item].split())}" for item in rows.tolist()
            )
            QGuiApplication.clipboard().setText("\n".join(lines))


def row_height(font: QFont) -> int:
    """Of a row, in logical pixels."""
    large, small = (QFontMetrics(one).lineSpacing() for one in _fonts(font))
    return large + small + GAP + GAP // 2


def _fonts(font: QFont) -> tuple[QFont, QFont]:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * _SMALLER)
    return font, small


class _RowDelegate(QStyledItemDelegate):
    """Question above; article, split and answers below, what is special about it at the other end of that line."""

    def __init__(self, theme: Theme, view: QuestionList) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, row_height(self._view.font()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours, rect = self._theme.colours, QRect(option.rect)
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colours.selection))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colours.raised))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(colours.line))
        if index.row() == self._view.currentIndex().row():
            painter.fillRect(QRect(rect.left(), rect.top(), _BAR, rect.height()), QColor(colours.accent))
        inner = rect.adjusted(_BAR + GAP, GAP // 2, -GAP, -GAP // 2)
        large, small = _fonts(self._view.font())
        excluded = bool(index.data(Role.EXCLUDED))
        self._paint_question(painter, inner, large, index, excluded=excluded)
        self._paint_facts(painter, inner, small, index, excluded=excluded)
        painter.restore()

    def _paint_question(self, painter: QPainter, inner: QRect, font: QFont, index: Index, *, excluded: bool) -> None:
        colours = self._theme.colours
        text = " ".join(str(index.data())[:_LONGEST].split())
        if excluded:
            font = QFont(font)
            font.setStrikeOut(True)
        metrics = QFontMetrics(font)
        backwards = is_right_to_left(text)
        side = Qt.AlignmentFlag.AlignRight if backwards else Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        painter.setPen(QColor(colours.muted if excluded else colours.text))
        painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft if backwards else Qt.LayoutDirection.LeftToRight)
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        flags = int(side | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignAbsolute)
        painter.drawText(inner, flags | int(Qt.TextFlag.TextSingleLine), elided)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)

    def _paint_facts(self, painter: QPainter, inner: QRect, font: QFont, index: Index, *, excluded: bool) -> None:
        colours, metrics = self._theme.colours, QFontMetrics(font)
        painter.setFont(font)
        flag, right = str(index.data(Role.FLAG)), inner.right()
        for word, colour in (
            ("excluded" if excluded else "", colours.muted),
            (flag, colours.warning if index.data(Role.WRONG) else colours.muted),
        ):
            if word:
                width = metrics.horizontalAdvance(word)
                place = QRect(right - width, inner.top(), width + 1, inner.height())
                painter.setPen(QColor(colour))
                painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom), word)
                right -= width + GAP // 2
                if colour == colours.warning:
                    side = metrics.ascent()
                    mark = QRect(
                        right - side, inner.bottom() - metrics.height() + (metrics.height() - side) // 2, side, side
                    )
                    self._theme.icon("warning", colour="warning").paint(painter, mark)
                    right -= side + GAP
        catalogue = self._view.questions.catalogue
        assert catalogue
        answers = answers_text(catalogue, int(index.data(Role.ITEM)))
        article = str(index.data(Role.ARTICLE))
        split = str(index.data(Role.SPLIT)) if self._view.questions.has_splits else ""
        facts = DOT.join(part for part in (article_text(article), answers, split) if part)
        painter.setPen(QColor(colours.muted))
        room = QRect(inner.left(), inner.top(), max(0, right - inner.left()), inner.height())
        elided = metrics.elidedText(facts, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), elided)
