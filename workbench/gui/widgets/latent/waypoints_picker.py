"""The items of a split to pick from: a small gallery with a class, a part of the name, and pictures to drag.

What is done with what was picked is its owner's, whose buttons stand below the pictures.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.catalogue import ANY, Catalogue, Items, catalogue_of
from workbench.gui.models.gallery import GalleryModel
from workbench.gui.models.latent import LatentModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.units import items_text
from workbench.gui.widgets.images.gallery import ImageGallery

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.project.runs import Run
    from workbench.gui.workspace import Workspace

MIME = "application/x-workbench-items"
"""What dragged items are; their ids as JSON."""

_THUMBNAIL_BYTES = 24 << 20
_TILE = 56
_NARROWEST = 36  # characters
_PAUSE_MILLISECONDS = 120  # after a letter was typed
_NO_DATA = "The images of this run cannot be shown: its data is not open."
_NO_MATCH = "No image matches"
_LOADING = "Reading the names"


def mime_of(items: Sequence[int]) -> QMimeData:
    """What is dragged for these items."""
    mime = QMimeData()
    mime.setData(MIME, json.dumps(list(map(int, items))).encode())
    return mime


def items_of(mime: QMimeData) -> list[int]:
    """The items that are dragged; empty where none are."""
    return [int(item) for item in json.loads(bytes(mime.data(MIME).data()))] if mime.hasFormat(MIME) else []


class PickerGallery(ImageGallery):
    """A gallery whose selected pictures can be dragged out. A rectangle of selection begins beside the pictures."""

    def __init__(self, model: GalleryModel, theme: Theme, *, name: str) -> None:
        super().__init__(model, theme, name=name)
        self._from: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        self._from = event.position().toPoint() if plain and index.isValid() else None
        if self._from is None or not self.selectionModel().isSelected(index):
            super().mousePressEvent(event)  # else all of the selection may be about to be dragged

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        if (event.position().toPoint() - self._from).manhattanLength() >= QApplication.startDragDistance():
            self._from = None
            self._drag()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:  # it was a click after all
            index = self.indexAt(self._from)
            self.selectionModel().setCurrentIndex(index, self.selectionModel().SelectionFlag.ClearAndSelect)
        self._from = None
        super().mouseReleaseEvent(event)

    def _drag(self) -> None:
        rows = self.selected_rows()
        if not rows.size:
            return
        drag = QDrag(self)
        drag.setMimeData(mime_of(self._gallery.shown[rows].tolist()))
        first = self.visualRect(self._gallery.index(int(rows[0])))
        drag.setPixmap(self.viewport().grab(first.intersected(self.viewport().rect())))
        drag.exec(Qt.DropAction.CopyAction)


class ItemPicker(QWidget):
    """Follows the data and the split of ``model`` while it is visible.

    Signals:
        chosen: Ids (int64) of the items that a person wants: by Enter or a double click.
        selection_changed: See :meth:`selection`.
        loaded: :attr:`catalogue` is another one, or none.

    Args:
        name: First part of the names of the widgets in it.
    """

    chosen = Signal(object)
    selection_changed = Signal()
    loaded = Signal()

    def __init__(self, model: LatentModel, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._model = model
        self._workspace: Workspace = model.workspace
        self._shown: tuple[Dataset, str] | None = None
        self._items: Items = np.empty(0, np.int64)
        self._job: Job | None = None
        cache = ThumbnailCache(self._workspace.preferences.cache / "thumbnails")
        self.thumbnails = Thumbnailer(self._workspace.jobs, limit_bytes=_THUMBNAIL_BYTES, cache=cache, parent=self)
        self.thumbnails.set_limit(self._workspace.preferences.limit_pixels)
        self.list = GalleryModel(self.thumbnails, parent=self)
        self.gallery = PickerGallery(self.list, theme, name=f"{name}.images")
        self.gallery.set_tile(_TILE)
        self.gallery.setAccessibleName("Images to pick from")
        self._class = named(QComboBox(), f"{name}.class", "Class")
        self._class.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._class.setMinimumContentsLength(8)
        self._class.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._text = named(QLineEdit(), f"{name}.text", "Part of the name")
        self._text.setPlaceholderText("Name contains")
        self._text.setClearButtonEnabled(True)
        self._text.setAcceptDrops(False)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._typing.timeout.connect(self._filter)
        self.buttons = QVBoxLayout()
        self._lay_out()
        self._class.currentIndexChanged.connect(self._filter)
        self._text.textChanged.connect(self._typing.start)
        self.gallery.opened.connect(self._on_gallery_opened)
        self.gallery.picked.connect(self._on_gallery_picked)
        model.changed.connect(self.refresh)
        self._fill_classes(None)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP // 2)
        row.addWidget(self._class, 1)
        row.addWidget(self._text, 1)
        self.buttons.setSpacing(GAP // 2)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NARROWEST)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(row)
        column.addWidget(self.gallery, 1)
        column.addWidget(self._count)
        column.addLayout(self.buttons)

    # For the owner

    @property
    def catalogue(self) -> Catalogue | None:
        """Of the data that is shown; ``None`` while it is being read."""
        return self.list.catalogue

    @property
    def count_text(self) -> str:
        """``"59 of 180 items"``, or why there are none."""
        return self._count.text()

    @property
    def busy(self) -> bool:
        """Whether names or thumbnails are still to come."""
        return self._job is not None or self.gallery.busy

    def selection(self) -> Items:
        """int64, ids of the selected items in the order in which they are shown."""
        return self.list.shown[self.gallery.selected_rows()]

    def class_items(self, label: int) -> Items:
        """int64, ids of all items of the split with this label."""
        catalogue = self.catalogue
        return catalogue.matching(label=label, among=self._items) if catalogue else np.empty(0, np.int64)

    @property
    def classes(self) -> tuple[str, ...]:
        return next(iter(self.catalogue.label_sets.values()), ()) if self.catalogue else ()

    def class_of(self, item: int) -> str:
        """Empty where nobody knows."""
        catalogue = self.catalogue
        if catalogue is None or not catalogue.labels or not 0 <= item < len(catalogue):
            return ""
        label = int(next(iter(catalogue.labels.values()))[item])
        return self.classes[label] if label >= 0 else ""

    def choose_class(self, label: int) -> None:
        """Show the items of one class; :data:`~workbench.gui.models.catalogue.ANY` for all."""
        self._class.setCurrentIndex(max(0, self._class.findData(label)))

    # Following

    def refresh(self) -> None:
        """Take the data and the split that the model has now."""
        if not self.isVisible():
            return
        dataset, split, run = self._model.dataset, self._model.split, self._model.run
        if dataset is None:
            self._shown = None
            self._show(None, np.empty(0, np.int64))
            return
        if self._shown is not None and self._shown[0] is dataset and self._shown[1] == split:
            return
        self._shown = dataset, split
        if self._job is not None:
            self._job.stop()
        codes = self._model.codes
        known = codes.items if codes is not None else None
        work = waiting(partial(_read, dataset, self._model.workspace.project, run, split, known), stage="reading")
        self._job = self._workspace.jobs.start(work, title="Reading the names", quiet=True)
        self._job.ended.connect(self._on_job_ended)
        self._tell()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._show(*ending.result)
        elif ending.state == FAILED:
            self._shown = None
            self._model.failed.emit(ending.error, "reading the names of the images")

    def _show(self, catalogue: Catalogue | None, items: Items) -> None:
        self._items = items
        self.list.show(catalogue)
        self._fill_classes(catalogue)
        self._filter()
        self.loaded.emit()

    def _fill_classes(self, catalogue: Catalogue | None) -> None:
        chosen = self._class.currentData()
        with QSignalBlocker(self._class):
            self._class.clear()
            self._class.addItem("Any class", ANY)
            if catalogue is not None and catalogue.labels:
                labels = next(iter(catalogue.labels.values()))[self._items]
                counts = np.bincount(labels[labels >= 0], minlength=len(self.classes)).tolist()
                for label, name in enumerate(self.classes):
                    self._class.addItem(f"{name} ({counts[label]:,})", label)
            self._class.setCurrentIndex(max(0, self._class.findData(chosen)))
        self._class.setVisible(self._class.count() > 1)

    def _filter(self) -> None:
        catalogue = self.catalogue
        if catalogue is not None:
            chosen = self._class.currentData()
            label = ANY if chosen is None else int(chosen)
            self.list.select(catalogue.matching(label=label, text=self._text.text(), among=self._items))
        self._tell()

    def _tell(self) -> None:
        catalogue, shown = self.catalogue, self.list.rowCount()
        if self._model.dataset is None:
            text = _NO_DATA if self._model.explorer is not None else ""
        elif catalogue is None:
            text = _LOADING
        elif not shown:
            text = _NO_MATCH
        else:
            total, selected = len(self._items), int(self.gallery.selected_rows().size)
            text = f"{selected:,} of {shown:,} selected" if selected else items_text(total, kind=self._model.split)
            if not selected and shown != total:
                text = f"{shown:,} of {text}"
        self._count.setText(text)
        self._count.setWordWrap(catalogue is None)

    def _on_gallery_opened(self, index: QModelIndex) -> None:
        rows = self.gallery.selected_rows()
        wanted = self.list.shown[rows] if index.row() in rows else self.list.shown[[index.row()]]
        self.chosen.emit(wanted)

    def _on_gallery_picked(self) -> None:
        self._tell()
        self.selection_changed.emit()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()


def _read(
    dataset: "Dataset", project: object, run: "Run | None", split: str, known: Items | None
) -> tuple[Catalogue, Items]:
    """The catalogue, and the items of the split as the run has them."""
    from workbench.engine.project.project import Project

    catalogue = catalogue_of(dataset)
    if known is not None:
        return catalogue, known
    if run is None or not isinstance(project, Project):
        return catalogue, catalogue.matching(split=split if split in catalogue.splits else None)
    stored = project.split(run.status().split)
    return catalogue, np.asarray(stored.items.get(split, np.empty(0, np.int64)), np.int64)
