"""A small table of facts that is as high as its rows, to be read, copied and saved."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.engine.errors import UserError
from workbench.gui.models.statistics import Cell, as_csv, cell_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.error_bar import ErrorBar


class CsvSource(Protocol):
    """What can be copied and saved as a table."""

    def as_csv(self) -> str: ...


_MOST_ROWS = 16  # that are seen without scrolling
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FactTable(QTableWidget):
    """Words to the left, numbers to the right; nothing in it can be changed."""

    def __init__(self, *, name: str, about: str) -> None:
        super().__init__()
        named(self, name, about)
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._header: Sequence[str] = ()
        self._rows: Sequence[Sequence[Cell]] = ()

    def fill(self, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        self._header, self._rows = header, rows
        self.setColumnCount(len(header))
        self.setRowCount(len(rows))
        for column, text in enumerate(header):
            title = QTableWidgetItem(text)
            numeric = bool(rows) and not isinstance(rows[0][column], str)
            title.setTextAlignment(_RIGHT if numeric else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, title)
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                item = QTableWidgetItem(cell_text(value))
                if not isinstance(value, str):
                    item.setTextAlignment(_RIGHT)
                self.setItem(row, column, item)
        self._fit()

    def text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text() if item else ""

    def as_csv(self) -> str:
        return as_csv(self._header, self._rows)

    def _fit(self) -> None:
        self.resizeRowsToContents()
        self.resizeColumnsToContents()
        rows = sum(self.rowHeight(row) for row in range(min(_MOST_ROWS, self.rowCount())))
        bar = self.horizontalScrollBar().sizeHint().height()
        columns = sum(self.columnWidth(column) for column in range(self.columnCount()))
        bar_beside = self.verticalScrollBar().sizeHint().width() if self.rowCount() > _MOST_ROWS else 0
        self.setMaximumWidth(columns + bar_beside + 2 * self.frameWidth())
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows + 2 * self.frameWidth() + bar // 2)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.as_csv())
            return
        super().keyPressEvent(event)


def at_left(table: FactTable) -> QHBoxLayout:
    """The table as wide as its columns, or as there is room."""
    row = QHBoxLayout()
    row.addWidget(table, 1)
    row.addStretch(0)
    return row


class CsvButtons(QWidget):
    """Copy and save what ``source.as_csv()`` gives.

    Args:
        name: First part of the buttons' names, e.g. ``"data.classes"``; also what the file is called at first.
        errors: Where it is told if the file cannot be written.
    """

    def __init__(self, theme: Theme, source: CsvSource, *, name: str, about: str, errors: ErrorBar) -> None:
        super().__init__()
        self._source, self._errors, self._about = source, errors, about
        self._file = f"{name.rpartition('.')[2]}.csv"
        self._copy = named(QPushButton("Copy"), f"{name}-copy", f"Copy {about} as CSV")
        self._copy.setIcon(theme.icon("copy"))
        self._save = named(QPushButton("Save CSV\N{HORIZONTAL ELLIPSIS}"), f"{name}-save", f"Save {about} as CSV")
        self._save.setIcon(theme.icon("csv"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        for button in (self._copy, self._save):
            button.setFlat(True)
            row.addWidget(button)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._save.clicked.connect(self._on_save_clicked)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._source.as_csv())
        self._copy.setText("Copied")

    def _on_save_clicked(self) -> None:
        dialog = QFileDialog(self, f"Save {self._about}", self._file, "Comma-separated values (*.csv)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def save(self, path: str) -> None:
        """Write the file ``path``; where that cannot be done it is told."""
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(self._source.as_csv())
        except OSError as error:
            wrong = UserError(
                f"the file cannot be written ({error.strerror})", where=path, remedy="choose another folder"
            )
            self._errors.show_error(wrong, doing=f"saving {self._about}")
