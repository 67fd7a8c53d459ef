"""Items with what a checkpoint takes them for, as tiles; smooth with 50,000 of them and more.

Whoever owns it decides which items are shown and in what order; the tiles, the scrolling and the thumbnails are those
of the Data panel's gallery.
"""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from workbench.gui.models.catalogue import Catalogue, Items, catalogue_of
from workbench.gui.models.inspected_items import InspectedModel
from workbench.gui.naming import named
from workbench.gui.theme import Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.images.gallery import ImageGallery
from workbench.gui.widgets.images.place import Place
from workbench.gui.widgets.inspect.item_tile import InspectedTileDelegate
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection

THUMBNAIL_BYTES = 48 << 20  # several grids may be open at once, beside the Data panel's


class InspectedGallery(ImageGallery):
    """The tiles of an :class:`InspectedModel`."""

    def __init__(self, model: InspectedModel, theme: Theme, *, name: str) -> None:
        super().__init__(model, theme, name=name)
        self._delegate = InspectedTileDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self._spread()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()  # Qt would copy the name of the current item alone
            return
        super().keyPressEvent(event)


class ItemGrid(QWidget):
    """Starts empty; see :meth:`show_items`.

    Signals:
        picked: The current item is another one; its id.
        opened: The current item is wanted large (Enter, Space or a double click); its id.
        selection_changed: See :meth:`selection`.
        tile_changed: Side of a tile in logical pixels.

    Args:
        workspace: Its jobs decode the thumbnails; its preferences say where they are kept.
        name: Of the gallery, ``panel.thing``.
    """

    picked = Signal(int)
    opened = Signal(int)
    selection_changed = Signal()
    tile_changed = Signal(int)

    def __init__(self, workspace: Workspace, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._workspace = workspace
        self._read: tuple[Dataset, Catalogue] | None = None
        cache = ThumbnailCache(workspace.preferences.cache / "thumbnails")
        self.thumbnails = Thumbnailer(workspace.jobs, limit_bytes=THUMBNAIL_BYTES, cache=cache, parent=self)
        self.model = InspectedModel(self.thumbnails, parent=self)
        self.gallery = InspectedGallery(self.model, theme, name=name)
        self._nothing = named(QLabel(wordWrap=True), f"{name}-nothing", "Why no items are shown")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setProperty("role", "muted")
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.gallery)
        self._pages.addWidget(self._nothing)
        self.setFocusProxy(self.gallery)
        self.gallery.moved.connect(self._on_gallery_moved)
        self.gallery.opened.connect(self._on_gallery_opened)
        self.gallery.picked.connect(self.selection_changed)
        self.gallery.tile_changed.connect(self.tile_changed)
        workspace.preferences_changed.connect(self._on_preferences_changed)
        self._on_preferences_changed()
        self.set_empty_text("No items")
        self._tell()

    # What is shown

    def show_items(self, dataset: "Dataset", inspection: "Inspection", items: Items) -> None:
        """Show these, in this order.

        What is current, selected and in view stays so where it is still among the items; for the same items in the same
        order, with other answers perhaps, nothing moves.

        Args:
            dataset: What the items are of.
            inspection: Of that dataset; has an answer for each of ``items``.
            items: int64, ids.
        """
        before, catalogue = self.model.catalogue, self.read(dataset)
        kept = before is not None and catalogue.images is before.images
        place, current = Place.of(self.gallery), self.current
        selected = self.gallery.selected_rows().size
        moved = self.model.show_items(catalogue, inspection, np.asarray(items, np.int64))
        if moved and kept:
            place.restore(self.gallery, scrolled=False)
        self._tell()
        if selected != self.gallery.selected_rows().size:
            self.selection_changed.emit()
        if current != self.current and self.current < 0:
            self.picked.emit(-1)

    def read(self, dataset: "Dataset") -> Catalogue:
        """What is known of the items of a dataset; kept for the next call, because 50,000 names take a moment."""
        if self._read is None or dataset is not self._read[0]:
            self._read = dataset, catalogue_of(dataset)
        return self._read[1]

    def clear(self) -> None:
        """Show nothing, and hold nothing."""
        self._read = None
        self.model.show_items(None, None, np.empty(0, np.int64))
        self._tell()

    def set_empty_text(self, text: str) -> None:
        """What stands in place of the tiles while there are none."""
        self._nothing.setText(text)

    @property
    def empty_text(self) -> str:
        """What is read in place of tiles; empty where there are some."""
        return "" if self.model.rowCount() else self._nothing.text()

    @property
    def shown(self) -> Items:
        """Ids of the items, in their order."""
        return self.model.shown

    @property
    def catalogue(self) -> Catalogue | None:
        """Of the dataset that is shown: its names, and more."""
        return self.model.catalogue

    @property
    def busy(self) -> bool:
        """Whether thumbnails are still to come."""
        return self.gallery.busy

    def set_tile(self, side: int) -> None:
        """Make the tiles ``side`` logical pixels wide, within bounds."""
        self.gallery.set_tile(side)

    @property
    def tile(self) -> int:
        return self.gallery.tile

    def _tell(self) -> None:
        self._pages.setCurrentWidget(self.gallery if self.model.rowCount() else self._nothing)

    # What is current and selected

    @property
    def current(self) -> int:
        """The current item; -1 for none."""
        row = self.gallery.currentIndex().row()
        return int(self.model.shown[row]) if row >= 0 else -1

    def set_current(self, item: int) -> None:
        """Make ``item`` current, select it alone and bring it into view; nothing where it is not shown."""
        row = self.model.row(item)
        if row >= 0:
            select = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.gallery.selectionModel().setCurrentIndex(self.model.index(row), select)
            self.gallery.scrollTo(self.model.index(row))

    def step(self, by: int) -> None:
        """Make the item current that lies ``by`` places after the current one, if there is one."""
        row = self.gallery.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.set_current(int(self.model.shown[row]))

    def selection(self) -> Items:
        """int64, ids of the selected items in the order in which they are shown."""
        return self.model.shown[self.gallery.selected_rows()]

    def copy_names(self) -> str:
        """Put the names of the selected items, a line each, on the clipboard; returns them."""
        catalogue = self.model.catalogue
        names = [catalogue.names[item] for item in self.selection().tolist()] if catalogue else []
        text = "\n".join(names)
        if names:
            QGuiApplication.clipboard().setText(text)
        return text

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_names()
            return
        super().keyPressEvent(event)

    def _on_gallery_moved(self, index: QModelIndex) -> None:
        if index.isValid():
            self.picked.emit(self.current)

    def _on_gallery_opened(self, index: QModelIndex) -> None:
        self.opened.emit(int(self.model.shown[index.row()]))

    def _on_preferences_changed(self) -> None:
        self.thumbnails.set_limit(self._workspace.preferences.limit_pixels)
        self.gallery.ask_for_thumbnails()
