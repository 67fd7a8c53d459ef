"""Data: what is in the project, looked at. Drop something on it and it is imported.

The panel arranges; the browser of images, the list of datasets and the imports are of their own.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from workbench.engine.project.project import DatasetRow
from workbench.gui.actions import Action, Trigger
from workbench.gui.dialogs.import_dialog import ImportDialog
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.gallery import open_catalogue
from workbench.gui.naming import named
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.browser import ImageBrowser
from workbench.gui.widgets.images.drop import DropHighlight, targets_of
from workbench.gui.widgets.images.header import ImageSetHeader
from workbench.gui.widgets.images.imports import Imports
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.set_list import ImageSetList
from workbench.gui.workspace import Workspace

_LIST = 32  # characters of width that the list of datasets begins with
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
    """Datasets on the left, the chosen one's gallery on the right, an item of it large on demand."""

    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("data", workspace=workspace, theme=theme, trigger=trigger)
        self.setAcceptDrops(True)
        self._row: DatasetRow | None = None
        self._wanted = ""  # name of the dataset to choose when it is there
        self._loading: Job | None = None
        self._stale = True
        self.datasets = ImageSetList(theme)
        self.header = ImageSetHeader()
        self.browser = ImageBrowser(workspace.jobs, theme)
        self.progress = ProgressLine(theme, name="data.progress")
        self.opening = ProgressLine(theme, name="data.opening")
        self.imports = Imports(workspace, self)
        self._dialog: ImportDialog | None = None
        self._lay_out()
        self._highlight = DropHighlight(self, theme, text="Drop to import")
        self._connect()

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
        self._train = named(QPushButton("Train on this"), "data.train-on", "Train on this dataset")
        self._train.setIcon(self.theme.icon("train"))
        self._train.clicked.connect(self._on_train_clicked)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.header, 1)
        head.addWidget(self._train, 0, Qt.AlignmentFlag.AlignTop)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP // 2, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addWidget(self.opening)
        column.addWidget(self.browser, 1)
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
        self.imports.failed.connect(self._on_import_failed)

    # Commands

    def commands(self) -> list[Action]:
        def has_project() -> bool:
            return self.workspace.project is not None

        def has_images() -> bool:
            return self._row is not None

        return [
            Action(
                id="data.import", text="Import data\N{HORIZONTAL ELLIPSIS}", handler=self.ask_for_import,
                shortcut="Ctrl+I", icon="import", menu="Data", enabled=has_project, toolbar=True,
            ),
            Action(
                id="data.import-digits", text="Import the digits that come with the program",
                handler=self._on_digits_wanted, menu="Data", enabled=has_project,
            ),
            Action(
                id="data.train", text="Train on this dataset", handler=self._on_train_clicked, icon="train",
                menu="Data", enabled=has_images,
            ),
            Action(
                id="data.larger", text="Larger tiles", handler=self.browser.larger, shortcut="Ctrl++; Ctrl+=",
                icon="plus", menu="Data", panel="data", enabled=has_images,
            ),
            Action(
                id="data.smaller", text="Smaller tiles", handler=self.browser.smaller, shortcut="Ctrl+-",
                icon="minus", menu="Data", panel="data", enabled=has_images,
            ),
            Action(
                id="data.find", text="Find images by name", handler=self.browser.filters.focus_text, shortcut="Ctrl+F",
                icon="search", menu="Data", panel="data", enabled=has_images,
            ),
        ]  # fmt: skip

    def ask_for_import(self) -> None:
        """Open the dialog."""
        if self._dialog is None:
            self._dialog = ImportDialog(self.workspace, self.theme, self)
            self._dialog.started.connect(self.imports.follow)
            self._dialog.failed_unseen.connect(self._on_import_failed)
        self._dialog.ask()

    def import_targets(self, targets: list[str]) -> None:
        """Import paths and identifiers, one after another; the last becomes the chosen dataset."""
        self.errors.dismiss()
        self.imports.add(targets)

    def _on_add_clicked(self) -> None:
        self.trigger("data.import")

    def _on_digits_wanted(self) -> None:
        self.import_targets([DIGITS])

    def _on_train_clicked(self) -> None:
        assert self._row
        self.workspace.offer_dataset(self._row.name)
        self.trigger("show.train")

    # Imports

    def _on_import_began(self, job: Job) -> None:
        self.progress.follow(job)

    def _on_import_succeeded(self, id: str) -> None:
        self._wanted = self.workspace.opened().dataset(id).name
        self._on_datasets_changed()

    def _on_import_failed(self, error: BaseException, doing: str) -> None:
        self.show_error(error, doing=doing)

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
        """Show this dataset; opening the one before, if that still goes on, is dropped."""
        if row == self._row:
            return
        if self._loading:
            self._loading.stop()
            self._loading = None
        self.opening.release()
        self.browser.show_catalogue(None, total=row.items if row else 0)
        self._row = row
        self._train.setEnabled(row is not None)
        if row:
            self._wanted = row.name
            self.header.show_row(row)
            work = open_catalogue(self.workspace.opened().dataset_file(row.id))
            self._loading = self.workspace.jobs.start(work, title=f"Opening {row.name}", quiet=True)
            self._loading.ended.connect(self._on_loading_ended)
            self.opening.follow(self._loading, stoppable=False)
        self.workspace.changed.emit()

    def _on_loading_ended(self, ending: Ending) -> None:
        if self.sender() is not self._loading:
            return
        self._loading = None
        assert self._row
        if ending.state == DONE:
            self.browser.show_catalogue(ending.result)
        elif ending.state == FAILED:
            assert ending.error
            self.show_error(ending.error, doing=f"opening {self._row.name}")

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
        return {"tile": self.browser.gallery.tile, "dataset": self._wanted, "splitter": self.splitter.sizes()}

    def restore(self, state: dict[str, object]) -> None:
        tile, dataset, sizes = state.get("tile"), state.get("dataset"), state.get("splitter")
        if isinstance(tile, int):
            self.browser.gallery.set_tile(tile)
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) and size > 0 for size in sizes):
            self.splitter.setSizes(sizes)
        if isinstance(dataset, str) and dataset:
            self._wanted = dataset
            self._on_datasets_changed()
