"""Any image and any folder, classified: dropped or chosen here, listed, and one of them closely beside."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.inspection import InspectionModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.close_card import CloseCard
from workbench.gui.widgets.inspect.tried import TriedFiles

_DOTS = "\N{HORIZONTAL ELLIPSIS}"
_HINT = "Drop images or folders anywhere on this panel, or choose some, and the network says what it takes them for."
_NO_RUN = "Choose a run above first: it is what classifies."


class TryPage(QWidget):
    """Follows ``model``: other weights classify the same files anew."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self.files = TriedFiles(model, self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.files)
        self._sorted.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table = named(QTableView(), "inspect.try-files", "Files and what they are taken for")
        self.table.setModel(self._sorted)
        self.card = CloseCard(model, theme, name="inspect.try-card")
        self._choose = named(QPushButton(f"Choose images{_DOTS}"), "inspect.try-choose", "Choose images")
        self._choose_folder = named(QPushButton(f"Choose a folder{_DOTS}"), "inspect.try-folder", "Choose a folder")
        self._stop = named(QPushButton("Stop"), "inspect.try-stop", "Stop classifying")
        self._clear = named(QPushButton("Clear"), "inspect.try-clear", "Forget these files")
        for button, icon in (
            (self._choose, "image"),
            (self._choose_folder, "folder"),
            (self._stop, "stop"),
            (self._clear, "delete"),
        ):
            button.setIcon(theme.icon(icon))
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._hint = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._hint.setProperty("role", "muted")
        self._lay_out()
        self.first = self.table
        self._connect()
        self._tell()

    def _lay_out(self) -> None:
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # as they came
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of photographs begin alike
        for place, share in ((1, 18), (2, 17), (3, 16)):
            self.table.setColumnWidth(place, self.fontMetrics().averageCharWidth() * share)
        tools = QHBoxLayout()
        tools.setSpacing(GAP)
        for button in (self._choose, self._choose_folder, self._stop, self._clear):
            tools.addWidget(button)
        tools.addWidget(self._count)
        tools.addStretch(1)
        beside = QSplitter(Qt.Orientation.Horizontal)
        beside.setChildrenCollapsible(False)
        beside.addWidget(self.table)
        beside.addWidget(self.card)
        beside.setStretchFactor(0, 1)
        beside.setStretchFactor(1, 1)
        beside.setSizes([500, 500])
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(beside)
        self._pages.addWidget(self._hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(tools)
        column.addWidget(pages, 1)

    def _connect(self) -> None:
        self._choose.clicked.connect(self.choose_files)
        self._choose_folder.clicked.connect(self.choose_folder)
        self._stop.clicked.connect(self.files.stop)
        self._clear.clicked.connect(self.files.clear)
        self.files.working.connect(self._tell)
        self.files.failed.connect(self._on_failed)
        self.files.modelReset.connect(self._on_files_reset)
        self.files.rowsInserted.connect(self._on_files_came)
        self.files.dataChanged.connect(self._on_files_changed)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        self._model.changed.connect(self._tell)

    def take(self, paths: list[Path]) -> None:
        """Classify files, and all images in folders."""
        self.files.take(paths)
        self._tell()

    def choose_files(self) -> None:
        """Ask which images."""
        self._ask(QFileDialog.FileMode.ExistingFiles, "Choose images")

    def choose_folder(self) -> None:
        """Ask for a folder of images."""
        self._ask(QFileDialog.FileMode.Directory, "Choose a folder of images")

    def _ask(self, mode: QFileDialog.FileMode, title: str) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()

    def _on_files_selected(self, names: list[str]) -> None:
        self.take([Path(name) for name in names])

    # What is shown

    def _tell(self) -> None:
        count, busy = self.files.rowCount(), self.files.job is not None
        asks = self._model.inspection is not None
        for button in (self._choose, self._choose_folder):
            button.setEnabled(asks)
        self._stop.setVisible(busy)
        self._clear.setEnabled(count > 0)
        words = f"{count:,} file{'' if count == 1 else 's'}" if count else ""
        self._count.setText(f"{words}, classifying{_DOTS}" if busy and count else words)
        self._hint.setText(f"Classifying{_DOTS}" if busy else _HINT if asks else _NO_RUN)
        self._pages.setCurrentIndex(0 if count else 1)

    def _on_files_reset(self) -> None:
        self.card.show_subject(None)
        self._tell()

    def _on_files_came(self) -> None:
        if not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self._sorted.index(0, 0))
        self._tell()

    def _on_files_changed(self) -> None:
        self._show(self.table.currentIndex())

    def _on_row_chosen(self, current: QModelIndex, before: QModelIndex) -> None:
        self._show(current)

    def _show(self, index: QModelIndex) -> None:
        if not index.isValid():
            self.card.show_subject(None)
            return
        tried = self.files.row(self._sorted.mapToSource(index).row())
        if tried.answer is None:
            self.card.show_subject(None)
            self.card.view.show_sentence(tried.error)
        else:
            self.card.show_subject(tried.subject)

    def _on_failed(self, error: BaseException) -> None:
        self._model.failed.emit(error, "classifying files")

    # For others

    def figures(self) -> dict[str, QWidget]:
        """The list and the image beside it."""
        return {"Files": self.table, "Image": self.card} if self.files.rowCount() else {}
