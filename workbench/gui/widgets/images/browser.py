"""An image set to look through: filters above, the gallery, and one item large beside or below it.

It knows nothing of projects or imports: whoever has opened a set hands over its catalogue, and whoever knows more of
its items (findings, scores) says so.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.jobs import DONE, Ending, Job, Jobs
from workbench.gui.models.catalogue import Catalogue, Items, Key, State, ordered, rank_names, together
from workbench.gui.models.gallery import GalleryModel, Role
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.images.arrangement import CLASS, IMPORTED, NAME, SCORE, SIZE, Arrangement
from workbench.gui.widgets.images.filters import ImageFilters
from workbench.gui.widgets.images.gallery import STEP, ImageGallery
from workbench.gui.widgets.images.inspector import ImageInspector
from workbench.gui.widgets.images.overlay import colour_table
from workbench.gui.widgets.images.place import Place
from workbench.gui.widgets.images.wrapping import WrapLayout

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

_BESIDE = 120  # characters of width from which on the large view lies beside the gallery, else below it


class ImageBrowser(QWidget):
    """Starts empty; see :meth:`show_catalogue`.

    Signals:
        selection_changed: See :meth:`selection`.
        menu_requested: Ids of the selected items, ascending, of which there are some, and where on the screen.

    Args:
        jobs: Where images are decoded.
        panel: First part of its widgets' names.
        cache: The folder where thumbnails are kept from one start to the next; ``None`` for nowhere.
    """

    selection_changed = Signal()
    menu_requested = Signal(object, QPoint)

    def __init__(self, jobs: Jobs, theme: Theme, *, panel: str = "data", cache: Path | None = None) -> None:
        super().__init__()
        self._jobs = jobs
        self._ranking: Job | None = None
        self._ranks: Key | None = None
        self._among: Items | None = None
        self._scores: Mapping[str, NDArray[np.float64]] = {}
        self.thumbnails = Thumbnailer(jobs, cache=ThumbnailCache(cache) if cache else None, parent=self)
        self.model = GalleryModel(self.thumbnails, parent=self)
        self.filters = ImageFilters(theme, panel=panel)
        self.arrangement = Arrangement(theme, panel=panel)
        self.gallery = ImageGallery(self.model, theme, name=f"{panel}.gallery")
        self.inspector = ImageInspector(jobs, theme, panel=panel)
        self._lay_out(panel)
        self._connect()
        self.show_catalogue(None)

    def _lay_out(self, panel: str) -> None:
        self._nothing = QLabel("No image matches", alignment=Qt.AlignmentFlag.AlignCenter)
        self._nothing.setProperty("role", "muted")
        self._every = named(QPushButton("Show all"), f"{panel}.show-all", "Show all images")
        self._none = QWidget()
        middle = QVBoxLayout(self._none)
        middle.setSpacing(GAP)
        middle.addStretch(1)
        middle.addWidget(self._nothing)
        middle.addWidget(self._every, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(2)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.gallery)
        self._pages.addWidget(self._none)
        self._beside = QSplitter(Qt.Orientation.Horizontal)
        self._beside.setChildrenCollapsible(False)
        self._beside.addWidget(self._pages)
        self._beside.addWidget(self.inspector)
        self.inspector.hide()
        self._bar = QWidget()
        bar = WrapLayout(self._bar)
        bar.addWidget(self.filters)
        bar.addWidget(self.arrangement)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._bar)
        column.addWidget(self._beside, 1)

    def _connect(self) -> None:
        self._every.clicked.connect(self.show_all)
        self.filters.changed.connect(self._on_filters_changed)
        self.filters.label_set_changed.connect(self._on_label_set_changed)
        self.filters.widened.connect(self._on_chip_removed)
        self.arrangement.order_changed.connect(self._on_filters_changed)
        self.arrangement.masks_changed.connect(self._draw_masks)
        self.arrangement.tile_changed.connect(self.gallery.set_tile)
        self.gallery.tile_changed.connect(self.arrangement.show_tile)
        self.gallery.opened.connect(self._on_gallery_opened)
        self.gallery.moved.connect(self._on_gallery_moved)
        self.gallery.picked.connect(self._on_gallery_picked)
        self.gallery.menu_asked.connect(self._on_gallery_menu_asked)
        self.inspector.closed.connect(self.close_large)
        self.inspector.stepped.connect(self._on_inspector_stepped)

    # What is shown

    def show_catalogue(self, catalogue: Catalogue | None, *, total: int = 0) -> None:
        """Show a set from its beginning; or none, and ``total`` as the number of items of the one that is to come.

        Findings and scores of the one before are forgotten.
        """
        self.close_large()
        self._stop_ranking()
        self._ranks, self._among, self._scores = None, None, {}
        self.filters.fill(catalogue)
        self.arrangement.set_scores(())
        self.arrangement.fill(catalogue, label_set=self.filters.label_set)
        self.arrangement.reset_order()
        self.arrangement.keep_together(False)
        for part in (self.filters, self.arrangement):
            part.setEnabled(catalogue is not None)
        self.model.show(catalogue, label_set=self.filters.label_set)
        self._draw_masks()
        self._tell_count(len(catalogue) if catalogue else total)
        self.selection_changed.emit()

    def keep_showing(self, catalogue: Catalogue) -> None:
        """Show the same set as it is now, after an edit or when facts are there: same filters, order, selection, place.

        A set other than the one that is shown is shown from its beginning.
        """
        before = self.model.catalogue
        if before is None or before.images is not catalogue.images:
            self.show_catalogue(catalogue)
            return
        self.filters.fill(catalogue, keep=True)
        self.arrangement.fill(catalogue, label_set=self.filters.label_set)
        self.model.update(catalogue, label_set=self.filters.label_set)
        self._draw_masks()
        self._narrow(scrolled=True)
        current = self.gallery.currentIndex()
        if not self.inspector.isHidden() and current.isValid():
            self._show_large(current)

    def restrict(self, items: Items | None, title: str = "") -> None:
        """Show only these, and ``title`` on a chip that a person can remove; ``None`` shows all again.

        Other filters are cleared, so that nothing of what is asked for is hidden.
        """
        catalogue = self.model.catalogue
        if catalogue is None:
            return
        self._among = items
        hidden = items is not None and bool(catalogue.excluded[items].any())
        self.filters.clear(state=State.ALL if hidden else State.IN_USE)
        self.filters.chip.show_text((title or "A part of it") if items is not None else "")
        self._narrow()

    def set_findings(self, findings: "Sequence[Finding]") -> None:
        """Offer these as filters, and mark the items in which errors were found."""
        self.model.set_findings(findings)
        self.filters.set_findings(findings)
        self._narrow(scrolled=True)

    def set_scores(self, scores: Mapping[str, NDArray[np.float64]]) -> None:
        """Offer these to sort by: a name to float64[N], nan where it is not known."""
        self._scores = dict(scores)
        self.arrangement.set_scores(tuple(scores), label_set=self.filters.label_set)
        self._narrow(scrolled=True)

    def set_limit(self, pixels: int) -> None:
        """Decode no image of more pixels than that."""
        self.thumbnails.set_limit(pixels)
        self.inspector.set_limit(pixels)
        self.gallery.ask_for_thumbnails()

    def show_finding(self, finding: "Finding") -> None:
        """Show the items of a finding only; those that belong together side by side, where it says which do."""
        if not finding.clusters:
            self.restrict(finding.items, finding.title)
            return
        self.restrict(None)
        self.filters.choose_finding(finding.code)

    def take_focus(self) -> None:
        """The gallery has the keyboard."""
        self.gallery.setFocus()

    def clear_selection(self) -> None:
        """Select nothing; the gallery has the keyboard."""
        self.gallery.clearSelection()
        self.gallery.setFocus()

    def select_all(self) -> None:
        """Select every item that is shown."""
        self.gallery.selectAll()
        self.gallery.setFocus()

    def show_all(self) -> None:
        """Let everything through again that is not excluded."""
        self.restrict(None)

    def selection(self) -> Items:
        """Ids of the selected items, ascending."""
        return np.sort(self.model.shown[self.gallery.selected_rows()])

    @property
    def count_text(self) -> str:
        """``"42 of 1,797 · 3 selected"``."""
        return self.arrangement.count_text

    def larger(self) -> None:
        """A step larger tiles."""
        self.gallery.set_tile(self.gallery.tile + STEP)

    def smaller(self) -> None:
        self.gallery.set_tile(self.gallery.tile - STEP)

    def _on_filters_changed(self) -> None:
        self._narrow()

    def _on_label_set_changed(self, label_set: str) -> None:
        if self.model.catalogue:
            self.model.update(self.model.catalogue, label_set=label_set)
            self.arrangement.fill(self.model.catalogue, label_set=label_set)

    def _on_chip_removed(self) -> None:
        self._among = None
        self.filters.chip.show_text("")
        self._narrow()

    def _narrow(self, *, scrolled: bool = False) -> None:
        """Show what the filters let through, in the order that is wanted. What is selected stays so where it can.

        Args:
            scrolled: What is in view stays there, too.
        """
        catalogue = self.model.catalogue
        if catalogue is None:
            return
        choice, finding = self.filters.choice(), self.filters.finding()
        among = self._among
        if finding:
            among = finding.items if among is None else np.intersect1d(among, finding.items)
        items = catalogue.matching(
            label_set=self.filters.label_set,
            label=choice.label,
            split=choice.split,
            state=choice.state,
            text=choice.text,
            among=among,
        )
        clustered = finding is not None and bool(finding.clusters)
        self.arrangement.keep_together(clustered)
        items = together(items, finding.clusters) if finding and clustered else self._in_order(catalogue, items)
        place, before = Place.of(self.gallery), self.gallery.selected_rows().size
        if self.model.select(items):
            place.restore(self.gallery, scrolled=scrolled)
            if before or self.gallery.selected_rows().size:
                self.selection_changed.emit()
        self._tell_count(len(catalogue))

    def _in_order(self, catalogue: Catalogue, items: Items) -> Items:
        by, descending = self.arrangement.order()
        if by == IMPORTED:
            return items[::-1].copy() if descending else items
        if by == NAME:
            if self._ranks is None:
                self._rank(catalogue)
                return items
            key = self._ranks
        elif by == SIZE:
            key = catalogue.size_key()
        elif by == CLASS:
            key = catalogue.class_key(self.filters.label_set)
        elif by.startswith(SCORE):
            key = self._scores[by.removeprefix(SCORE)]
        else:
            key = catalogue.split_key()
        return ordered(items, key, descending=descending)

    def _rank(self, catalogue: Catalogue) -> None:
        """Sort the names off the GUI thread, once a set and not before somebody asks for it."""
        if self._ranking is None:
            self._ranking = self._jobs.start(rank_names(catalogue), title="Sorting the names", quiet=True)
            self._ranking.ended.connect(self._on_ranking_ended)

    def _on_ranking_ended(self, ending: Ending) -> None:
        if self.sender() is not self._ranking:
            return
        self._ranking = None
        if ending.state == DONE:
            self._ranks = ending.result
            self._narrow()

    def _stop_ranking(self) -> None:
        if self._ranking:
            self._ranking.stop()
            self._ranking = None

    def _tell_count(self, total: int) -> None:
        shown = self.model.rowCount()
        self.arrangement.show_count(shown, total=total, selected=self.gallery.selected_rows().size)
        nothing = self.model.catalogue is not None and bool(total) and not shown
        self._pages.setCurrentWidget(self._none if nothing else self.gallery)

    def _draw_masks(self) -> None:
        catalogue, opacity = self.model.catalogue, self.arrangement.opacity
        masked = catalogue is not None and catalogue.palette is not None and opacity > 0
        self.thumbnails.show_masks(colour_table(catalogue.mask_colours, opacity) if catalogue and masked else None)
        self.gallery.viewport().update()
        self.gallery.ask_for_thumbnails()
        self.inspector.show_masks(opacity)

    # What is selected

    def _on_gallery_picked(self) -> None:
        catalogue = self.model.catalogue
        self._tell_count(len(catalogue) if catalogue else 0)
        self.selection_changed.emit()

    def _on_gallery_menu_asked(self, place: QPoint) -> None:
        self.menu_requested.emit(self.selection(), place)

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
            self.model.catalogue, int(index.data(Role.ITEM)), class_name=str(index.data(Role.CLASS))
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
        if event.key() == Qt.Key.Key_M and not event.modifiers():
            self.arrangement.toggle_masks()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_beside()
