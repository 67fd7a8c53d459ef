"""Where a person is in a gallery: what is current, what is selected, and how far it is scrolled.

It outlives a change of the rows: items are remembered, not rows.
"""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QItemSelectionModel

from workbench.gui.models.catalogue import Items
from workbench.gui.models.gallery import GalleryModel
from workbench.gui.widgets.images.gallery import ImageGallery

_MOST_RUNS = 5_000  # pieces of a selection; Qt becomes slow with more


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A place by items.

    Attributes:
        current: The current item; -1 for none.
        selected: Ids.
        seen: Items in view, the first ones first.
        offset: Pixels between the top of the first one's tile and the top of the view.
    """

    current: int
    selected: Items
    seen: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, gallery: ImageGallery) -> "Place":
        model = _model(gallery)
        rows, current = gallery.rows_in_view(), gallery.currentIndex().row()
        return cls(
            current=model.items(current, current + 1)[0] if current >= 0 else -1,
            selected=model.shown[gallery.selected_rows()],
            seen=tuple(model.items(rows.start, rows.stop)),
            offset=gallery.verticalScrollBar().value() % gallery.cell.height(),
        )

    def restore(self, gallery: ImageGallery, *, scrolled: bool) -> None:
        """Be there again, as far as the items are still among the rows.

        Args:
            scrolled: What was in view is so again; else the current item is, or the first one.
        """
        model = _model(gallery)
        rows = model.rows(self.selected)
        if len(rows) and np.count_nonzero(np.diff(rows) > 1) < _MOST_RUNS:
            gallery.select_rows(rows)
        if (row := model.row(self.current)) >= 0:
            gallery.selectionModel().setCurrentIndex(model.index(row), QItemSelectionModel.SelectionFlag.NoUpdate)
        if not scrolled:
            gallery.scrollTo(gallery.currentIndex())
            return
        still = next((row for item in self.seen if (row := model.row(item)) >= 0), -1)
        if still >= 0:
            line = still // gallery.columns
            gallery.verticalScrollBar().setValue(line * gallery.cell.height() + self.offset)


def _model(gallery: ImageGallery) -> GalleryModel:
    model = gallery.model()
    assert isinstance(model, GalleryModel)
    return model
