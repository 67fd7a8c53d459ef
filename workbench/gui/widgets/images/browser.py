"""An image set to look through: filters above, the gallery, and one item large beside or below it.

It knows nothing of projects or imports: whoever has opened a set hands over its catalogue.
"""

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.jobs import Jobs
from workbench.gui.models.gallery import Catalogue, GalleryModel, Role
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.images.filters import ImageFilters
from workbench.gui.widgets.images.gallery import STEP, ImageGallery
from workbench.gui.widgets.images.inspector import ImageInspector

_BESIDE = 120  # characters of width from which on the large view lies beside the gallery, else below it


class ImageBrowser(QWidget):
    """Starts empty; see :meth:`show_catalogue`.

    Args:
        jobs: Where images are decoded.
        panel: First part of its widgets' names.
    """

    def __init__(self, jobs: Jobs, theme: Theme, *, panel: str = "data") -> None:
        super().__init__()
        self.thumbnails = Thumbnailer(jobs, parent=self)
        self.model = GalleryModel(self.thumbnails, parent=self)
        self.filters = ImageFilters(theme, panel=panel)
        self.gallery = ImageGallery(self.model, theme, name=f"{panel}.gallery")
        self.inspector = ImageInspector(jobs, theme, panel=panel)
        nothing = QLabel("No image matches", alignment=Qt.AlignmentFlag.AlignCenter)
        nothing.setProperty("role", "muted")
        every = named(QPushButton("Show all"), f"{panel}.show-all", "Show all images")
        every.clicked.connect(self.filters.clear)
        self._none = QWidget()
        middle = QVBoxLayout(self._none)
        middle.setSpacing(GAP)
        middle.addStretch(1)
        middle.addWidget(nothing)
        middle.addWidget(every, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(2)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.gallery)
        self._pages.addWidget(self._none)
        self._beside = QSplitter(Qt.Orientation.Horizontal)
        self._beside.setChildrenCollapsible(False)
        self._beside.addWidget(self._pages)
        self._beside.addWidget(self.inspector)
        self.inspector.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.filters)
        column.addWidget(self._beside, 1)
        self.filters.changed.connect(self._on_filters_changed)
        self.filters.label_set_changed.connect(self._on_label_set_changed)
        self.filters.tile_changed.connect(self.gallery.set_tile)
        self.gallery.tile_changed.connect(self.filters.show_tile)
        self.gallery.opened.connect(self._on_gallery_opened)
        self.gallery.moved.connect(self._on_gallery_moved)
        self.inspector.closed.connect(self.close_large)
        self.inspector.stepped.connect(self._on_inspector_stepped)
        self.show_catalogue(None)

    def show_catalogue(self, catalogue: Catalogue | None, *, total: int = 0) -> None:
        """Show a set; or none, and ``total`` as the number of items of the one that is to come."""
        self.close_large()
        self.filters.fill(catalogue)
        self.filters.setEnabled(catalogue is not None)
        self.model.show(catalogue, label_set=self.filters.label_set)
        self._show_count()
        if catalogue is None:
            self.filters.show_count(0, total=total)

    def larger(self) -> None:
        """A step larger tiles."""
        self.gallery.set_tile(self.gallery.tile + STEP)

    def smaller(self) -> None:
        self.gallery.set_tile(self.gallery.tile - STEP)

    def _on_label_set_changed(self, label_set: str) -> None:
        self.model.show(self.model.catalogue, label_set=label_set)

    def _on_filters_changed(self) -> None:
        catalogue = self.model.catalogue
        if catalogue is None:
            return
        label, split, text = self.filters.choice()
        kept = self._item(self.gallery.currentIndex())
        label_set = self.filters.label_set
        self.model.select(catalogue.matching(label_set=label_set, label=label, split=split, text=text))
        row = self.model.row(kept)
        if row >= 0:
            self.gallery.setCurrentIndex(self.model.index(row))
        self._show_count()

    def _show_count(self) -> None:
        catalogue = self.model.catalogue
        shown, total = self.model.rowCount(), len(catalogue) if catalogue else 0
        self.filters.show_count(shown, total=total)
        self._pages.setCurrentWidget(self._none if total and not shown else self.gallery)

    def _item(self, index: QModelIndex) -> int:
        return int(index.data(Role.ITEM)) if index.isValid() else -1

    # One item large

    def _on_gallery_opened(self, index: QModelIndex) -> None:
        self._arrange_beside()
        if self.inspector.isHidden():
            self.inspector.show()
            beside = self._beside.orientation() == Qt.Orientation.Horizontal
            room = self._beside.width() if beside else self._beside.height()
            self._beside.setSizes([room // 2, room - room // 2])
        self._show_large(index)

    def _on_gallery_moved(self, index: QModelIndex) -> None:
        if not self.inspector.isHidden() and index.isValid():
            self._show_large(index)

    def _show_large(self, index: QModelIndex) -> None:
        assert self.model.catalogue
        self.inspector.show_item(
            self.model.catalogue.images,
            self._item(index),
            class_name=str(index.data(Role.CLASS)),
            split=str(index.data(Role.SPLIT)),
        )

    def close_large(self) -> None:
        """Put the large view away; the gallery has the keyboard again."""
        if not self.inspector.isHidden():
            self.inspector.hide()
            self.inspector.clear()
            self.gallery.setFocus()

    def _on_inspector_stepped(self, step: int) -> None:
        row = self.gallery.currentIndex().row() + step
        if 0 <= row < self.model.rowCount():
            self.gallery.setCurrentIndex(self.model.index(row))

    def _arrange_beside(self) -> None:
        wide = self.width() >= self.fontMetrics().averageCharWidth() * _BESIDE
        self._beside.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    # What Qt tells

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.inspector.isHidden():
            self.close_large()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_beside()
