"""Data: what is in the project, looked at, checked, put right and divided. Drop something on it and it is imported.

The panel arranges and has the commands; the list of datasets, the imports, and the looks at one dataset
(:mod:`workbench.gui.panels.data.pages`) are of their own.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from workbench.engine.project.project import DatasetRow
from workbench.gui.actions import Action, Trigger
from workbench.gui.dialogs.export_dialog import ExportDialog
from workbench.gui.dialogs.import_dialog import ImportDialog
from workbench.gui.jobs import FAILED, Ending, Job
from workbench.gui.models.dataset import DatasetModel, Told
from workbench.gui.models.training import untrainable
from workbench.gui.naming import named
from workbench.gui.panels.data.commands import UNDO, commands_of
from workbench.gui.panels.data.pages import CHECKS, ITEMS, TITLES, DatasetPages
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.browser import ImageBrowser
from workbench.gui.widgets.images.drop import DropHighlight, targets_of
from workbench.gui.widgets.images.header import ImageSetHeader
from workbench.gui.widgets.images.imports import Imports
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.set_list import ImageSetList
from workbench.gui.widgets.undo_bar import UndoBar
from workbench.gui.workspace import Workspace

_LIST = 32  # characters of width that the list of datasets begins with
_UNTOUCHED = "The imported files stay as they are; every change here can be undone."
_NO_DATA = Empty(
    icon="data",
    title="No data yet",
    text="Drop a folder of images, an archive or a file here, or import it from a path or by name. The handwritten "
    "digits that come with the program are ready at once.",
    action="data.import",
    button="Import\N{HORIZONTAL ELLIPSIS}",
    other="data.import-digits",
    other_button="Import the digits",
)
_NO_PROJECT = Empty(
    icon="data",
    title="No project is open",
    text="A project keeps the data that you import and the runs that learn from it.",
    action="project.new",
    button="New project\N{HORIZONTAL ELLIPSIS}",
)
DIGITS = "digits"  # as the engine calls them; asking it would load its readers of files here


class DataPanel(Panel):
    """Datasets on the left, the chosen one on the right: its items, classes, numbers, findings and splits."""

    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("data", workspace=workspace, theme=theme, trigger=trigger)
        self.setAcceptDrops(True)
        self._wanted = ""  # name of the dataset to choose when it is there
        self._stale = True
        self._failed_here = False  # the error that is shown is about the dataset that is shown
        self.model = DatasetModel(workspace, self)
        self.datasets = ImageSetList(theme)
        self.header = ImageSetHeader()
        self.pages = DatasetPages(self.model, workspace, theme, errors=self.errors)
        self.undo_bar = UndoBar(theme, name="data.undo", keys=_native(UNDO))
        self.progress = ProgressLine(theme, name="data.progress")
        self.opening = ProgressLine(theme, name="data.opening")
        self.imports = Imports(workspace, self)
        self._import_dialog: ImportDialog | None = None
        self._export_dialog: ExportDialog | None = None
        self._lay_out()
        self._highlight = DropHighlight(self, theme, text="Drop to import")
        self._connect()

    @property
    def browser(self) -> ImageBrowser:
        """What shows images."""
        return self.pages.items.images

    def _lay_out(self) -> None:
        add = named(QPushButton("Import\N{HORIZONTAL ELLIPSIS}"), "data.add", "Import data")
        add.setIcon(self.theme.icon("import"))
        add.clicked.connect(self._on_add_clicked)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(GAP, GAP, GAP // 2, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.datasets, 1)
        column.addWidget(add)
        self._export = named(QPushButton("Export\N{HORIZONTAL ELLIPSIS}"), "data.export-this", "Export this dataset")
        self._export.setIcon(self.theme.icon("export"))
        self._export.clicked.connect(self.ask_for_export)
        self._train = named(QPushButton("Train on this"), "data.train-on", "Train on this dataset")
        self._train.setIcon(self.theme.icon("train"))
        self._train.clicked.connect(self.train_on_this)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.header, 1)
        head.addWidget(self._export, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._train, 0, Qt.AlignmentFlag.AlignTop)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP // 2, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addWidget(self.opening)
        column.addWidget(self.pages, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        width = self.fontMetrics().averageCharWidth() * _LIST
        self.splitter.setSizes([width, 4 * width])
        whole = QVBoxLayout(self.content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.undo_bar)
        strip = self.layout()
        assert isinstance(strip, QVBoxLayout)
        strip.addWidget(self.progress)  # below everything, so that it is seen over the empty page, too
        self.progress.setContentsMargins(GAP, GAP // 2, GAP, GAP // 2)

    def _connect(self) -> None:
        self.workspace.project_changed.connect(self._on_project_changed)
        self.workspace.datasets_changed.connect(self._on_datasets_changed)
        self.datasets.chosen.connect(self._on_dataset_chosen)
        self.imports.began.connect(self._on_import_began)
        self.imports.succeeded.connect(self._on_import_succeeded)
        self.imports.failed.connect(self._on_failed)
        self.model.opening.connect(self._on_opening)
        self.model.opened.connect(self._on_opened)
        self.model.edited.connect(self._on_edited)
        self.model.failed.connect(self._on_model_failed)
        self.pages.turned.connect(self._on_page_turned)
        self.pages.items.selection_changed.connect(self.workspace.changed)
        self.pages.repair_wanted.connect(self._on_repair_wanted)
        self.undo_bar.undone.connect(self.model.undo)

    # Commands

    def commands(self) -> list[Action]:
        return commands_of(self)

    def ask_for_import(self) -> None:
        """Open the dialog."""
        if self._import_dialog is None:
            self._import_dialog = ImportDialog(self.workspace, self.theme, self)
            self._import_dialog.started.connect(self.imports.follow)
            self._import_dialog.failed_unseen.connect(self._on_failed)
        self._import_dialog.ask()

    def ask_for_export(self) -> None:
        """Open the dialog that writes the dataset in another form."""
        if self.model.dataset is None:
            return
        if self._export_dialog is None:
            self._export_dialog = ExportDialog(self.workspace, self.theme, self)
        self._export_dialog.ask(self.model.dataset)

    def import_targets(self, targets: list[str]) -> None:
        """Import paths and identifiers, one after another; the last becomes the chosen dataset."""
        self.errors.dismiss()
        self.imports.add(targets)

    def check(self) -> None:
        """Turn to the findings, and look into the data if nobody has yet."""
        self.pages.turn_to(CHECKS)
        self.model.examine()

    def search(self) -> None:
        """Let a person type what to search for among the items."""
        self.pages.turn_to(ITEMS)
        self.pages.items.browser.filters.focus_text()

    def _on_add_clicked(self) -> None:
        self.trigger("data.import")

    def import_digits(self) -> None:
        """Import the sample that comes with the program."""
        self.import_targets([DIGITS])

    def train_on_this(self) -> None:
        """Hand the dataset to whoever trains."""
        assert self.model.row
        self.workspace.offer_dataset(self.model.row.name)
        self.trigger("show.train")

    def _on_failed(self, error: BaseException, doing: str) -> None:
        self.show_error(error, doing=doing)

    def _on_model_failed(self, error: BaseException, doing: str) -> None:
        self._failed_here = True
        self.show_error(error, doing=doing)

    # Imports

    def _on_import_began(self, job: Job) -> None:
        self.progress.follow(job)

    def _on_import_succeeded(self, id: str) -> None:
        self._wanted = self.workspace.opened().dataset(id).name
        self._on_datasets_changed()

    def _on_repair_wanted(self, repair: str) -> None:
        assert self.model.row
        self.errors.dismiss()
        job = self.workspace.repair_dataset(self.model.row, [repair])
        job.ended.connect(self._on_repair_ended)
        self.imports.follow(job)

    def _on_repair_ended(self, ending: Ending) -> None:
        if ending.state == FAILED:
            assert ending.error
            self.show_error(ending.error, doing="repairing")

    # The list of datasets

    def _on_project_changed(self) -> None:
        self.imports.drop_waiting()
        self.errors.dismiss()
        self._turn_to(None)  # its file is in the other project
        self._on_datasets_changed()

    def _on_datasets_changed(self) -> None:
        if self.isVisible():
            self._refresh()
        else:
            self._stale = True

    def _refresh(self) -> None:
        self._stale = False
        project = self.workspace.project
        rows = project.datasets() if project else []
        if not rows:
            self.show_empty(_NO_DATA if project else _NO_PROJECT)
        else:
            self.show_empty(None)
        chosen = next((row for row in rows if row.name == self._wanted), rows[-1] if rows else None)
        self.datasets.show_rows(rows, current=chosen.id if chosen else "")
        self._turn_to(chosen)

    def _on_dataset_chosen(self, id: str) -> None:
        project = self.workspace.project
        if id and project:
            self._turn_to(project.dataset(id))

    def _turn_to(self, row: DatasetRow | None) -> None:
        """Show this dataset; what went on with the one before is dropped."""
        if row == self.model.row:
            return
        self.opening.release()
        self.undo_bar.hide()
        if self._failed_here:
            self._failed_here = False
            self.errors.dismiss()
        why_not = untrainable(row) if row else ""
        self._train.setEnabled(row is not None and not why_not)
        self._train.setToolTip(why_not)
        self._export.setEnabled(False)
        if row:
            self._wanted = row.name
            self.header.show_row(row)
        self.model.open(row)
        self._announce()

    # The dataset

    def _on_opening(self, job: Job) -> None:
        self.opening.follow(job, stoppable=False)

    def _on_opened(self) -> None:
        assert self.model.dataset
        self.header.show_dataset(self.model.dataset)
        self._export.setEnabled(True)
        self._announce()

    def _on_edited(self, told: Told) -> None:
        assert self.model.dataset
        self.errors.dismiss()
        self.header.show_dataset(self.model.dataset)
        if told.how == "undone":
            self.undo_bar.hide()
        else:
            text = _sentence(told.edit.text)
            self.undo_bar.offer(f"{text}. {_UNTOUCHED}" if told.first else text)
        self._announce()

    def _on_page_turned(self, id: str) -> None:
        self.workspace.changed.emit()

    def _announce(self) -> None:
        """Have the commands ask anew what makes sense, and what undo and redo would do."""
        self.workspace.changed.emit()

    # What Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.workspace.project and targets_of(event.mimeData()):
            self._highlight.appear()
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._highlight.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._highlight.hide()
        targets = targets_of(event.mimeData())
        if targets and self.workspace.project:
            event.acceptProposedAction()
            self.import_targets(targets)

    # What is remembered

    def state(self) -> dict[str, object]:
        return {
            "tile": self.browser.gallery.tile,
            "dataset": self._wanted,
            "splitter": self.splitter.sizes(),
            "page": self.pages.current,
        }

    def restore(self, state: dict[str, object]) -> None:
        tile, dataset, sizes = state.get("tile"), state.get("dataset"), state.get("splitter")
        if isinstance(tile, int):
            self.browser.gallery.set_tile(tile)
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) and size > 0 for size in sizes):
            self.splitter.setSizes(sizes)
        if isinstance(dataset, str) and dataset:
            self._wanted = dataset
            self._on_datasets_changed()
        if (page := state.get("page")) in TITLES:
            self.pages.turn_to(str(page))


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
