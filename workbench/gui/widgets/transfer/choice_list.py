"""A list that drops from a field: type to filter, arrows to move, Enter to choose, Esc to leave all as it was."""

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.choices import ChoicesModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

_ROWS = 14
_WIDTH = 100  # characters
_SHARE = 0.9  # of the screen, at most
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}


class ChoiceList(QDialog):
    """Open it with :meth:`drop`. It is gone when it closes.

    Signals:
        chosen: The value that was chosen.

    Args:
        model: What there is; becomes the list's own.
        name: First part of its widgets' names.
        title: What is chosen, for the accessible name.
        hint: Stands in the empty line.
        samples: A wide text of each column after the first, which takes what is left.
    """

    chosen = Signal(str)

    def __init__(
        self,
        model: ChoicesModel[Any],
        theme: Theme,
        *,
        name: str,
        title: str,
        hint: str,
        samples: tuple[str, ...],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        named(self, name, title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model, self._theme = model, theme
        model.setParent(self)
        self._query = named(QLineEdit(placeholderText=hint), f"{name}.query", f"Filter: {title}")
        self._query.setClearButtonEnabled(True)
        self._query.installEventFilter(self)
        self._table = named(QTableView(), f"{name}.list", title)
        self._foot = QLabel()
        self._foot.setProperty("role", "muted")
        self._set_up_table(samples)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self._query)
        column.addWidget(self._table, 1)
        column.addWidget(self._foot)
        self._query.textChanged.connect(self._on_query_changed)
        self._table.clicked.connect(self._on_clicked)
        model.modelReset.connect(self._on_model_reset)
        self._on_model_reset()

    def _set_up_table(self, samples: tuple[str, ...]) -> None:
        table, header = self._table, self._table.horizontalHeader()
        table.setModel(self.model)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + GAP)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        bold = header.font()
        bold.setBold(True)
        advance = QFontMetrics(bold).horizontalAdvance
        for column, sample in enumerate(samples, 1):
            title = str(self.model.headerData(column, Qt.Orientation.Horizontal))
            header.resizeSection(column, max(advance(sample), advance(title)) + 4 * GAP)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        table.setSortingEnabled(True)

    def drop(self, field: QWidget) -> None:
        """Open below ``field``, or above it where there is more room."""
        metrics, screen = self.fontMetrics(), field.screen().availableGeometry()
        row = metrics.height() + GAP
        width = max(field.width(), min(metrics.averageCharWidth() * _WIDTH, round(screen.width() * _SHARE)))
        height = min(row * (min(_ROWS, max(4, self.model.total)) + 4), round(screen.height() * _SHARE))
        place = field.mapToGlobal(QPoint(0, field.height() + GAP // 2))
        if place.y() + height > screen.bottom():
            above = field.mapToGlobal(QPoint(0, 0)).y() - height - GAP // 2
            place.setY(max(screen.top(), min(above, screen.bottom() - height)))
        place.setX(max(screen.left(), min(place.x(), screen.right() - width)))
        self.setGeometry(QRect(place, QSize(width, height)))
        self.show()
        self._query.setFocus()
        self._table.scrollTo(self._table.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # a popup has no frame, and what it lies on has its colour
            painter.setPen(QColor(self._theme.colours.muted))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    @property
    def foot(self) -> str:
        """What is said below the list."""
        return self._foot.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _STEPS:
                self._move(_STEPS[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self._table.currentIndex())
                return True
            column = key - Qt.Key.Key_1
            if event.modifiers() & Qt.KeyboardModifier.AltModifier and 0 <= column < self.model.columnCount():
                self._sort(column)
                return True
        return super().eventFilter(watched, event)

    def _move(self, by: int) -> None:
        rows = self.model.rowCount()
        if rows:
            row = max(0, min(rows - 1, self._table.currentIndex().row() + by))
            self._table.setCurrentIndex(self.model.index(row, 0))

    def _sort(self, column: int) -> None:
        """By this column; the other way round if it is so already."""
        header = self._table.horizontalHeader()
        up = Qt.SortOrder.AscendingOrder
        turned = header.sortIndicatorSection() == column and header.sortIndicatorOrder() == up
        self._table.sortByColumn(column, Qt.SortOrder.DescendingOrder if turned else up)

    def _on_query_changed(self, text: str) -> None:
        self.model.look_for(text)

    def _on_model_reset(self) -> None:
        typed = self._query.text()
        rows = self.model.rowCount()
        row = 0 if typed.strip() else max(0, self.model.current_row())
        if rows:
            self._table.setCurrentIndex(self.model.index(row, 0))
        self._foot.setText(self._hint(rows, typed))

    def _hint(self, rows: int, typed: str) -> str:
        if rows:
            count = f"{rows:,} of {self.model.total:,}" if rows < self.model.total else f"{rows:,}"
            last = self.model.columnCount()
            return f"{count} · Enter chooses · Esc closes · Alt+1 to Alt+{last} sorts"
        if as_typed := self.model.taken_as_typed(typed):
            return f"Nothing of that is in the list. Enter takes “{as_typed}” as it is."
        return "Nothing of that is in the list."

    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        typed = self._query.text()
        if index.isValid() and self.model.rowCount():
            value = self.model.value(self.model.at(index.row()), typed=typed)
        else:
            value = self.model.taken_as_typed(typed)
        if value:
            self.close()
            self.chosen.emit(value)
