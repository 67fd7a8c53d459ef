"""Items of a dataset with what a checkpoint takes them for: one row an item, in the order that somebody else chose.

It adds the answers of an :class:`~workbench.engine.inspection.inspection.Inspection` to what a
:class:`~workbench.gui.models.gallery.GalleryModel` knows already; which items are shown is decided elsewhere.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt

from workbench.gui.models.catalogue import Catalogue, Items
from workbench.gui.models.gallery import GalleryModel, Index, size_text
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.units import SHARE

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

_TOLD = 3  # classes in a tool tip


class Verdict(StrEnum):
    """Whether the class that was predicted is the true one."""

    RIGHT = "right"
    WRONG = "wrong"
    NO_LABEL = "no label"


class Answer(NamedTuple):
    """What a checkpoint says of one item.

    Attributes:
        predicted: The most likely class.
        share: Its probability, 0..1.
        truth: The true class; empty where nobody knows.
    """

    predicted: str
    share: float
    truth: str
    verdict: Verdict

    @property
    def words(self) -> str:
        """``"wrong, it is ants"``."""
        if self.verdict is Verdict.NO_LABEL:
            return "no label to compare with"
        return "right" if self.verdict is Verdict.RIGHT else f"wrong, it is {self.truth}"


class InspectedModel(GalleryModel):
    """Shows nothing at first; see :meth:`show_items`."""

    def __init__(self, thumbnails: Thumbnailer, *, parent: QObject | None = None) -> None:
        super().__init__(thumbnails, parent=parent)
        self._inspection: Inspection | None = None
        self._places: Items = np.empty(0, np.int64)  # of the rows' items in the inspection

    @property
    def inspection(self) -> "Inspection | None":
        return self._inspection

    def show_items(self, catalogue: Catalogue | None, inspection: "Inspection | None", items: Items) -> bool:
        """Show ``items`` of a set, each of them in ``inspection``, in this order; returns whether rows are different.

        Where only the answers are others, the rows stay.
        """
        # Before anything is changed: a view of a model that was changed by half cannot be painted.
        assert not len(items) or (catalogue is not None and items.min() >= 0 and items.max() < len(catalogue))
        places = inspection.rows(items) if inspection else np.empty(0, np.int64)
        assert inspection is None or np.array_equal(inspection.items[places], items), "items without an answer"
        same = (
            catalogue is not None
            and self.catalogue is not None
            and catalogue.images is self.catalogue.images
            and np.array_equal(items, self.shown)
        )
        if not same:
            self.beginResetModel()
        self._take(catalogue, "")
        self._mark()
        self._inspection = inspection
        self._places = places
        if same:
            self._announce()
        else:
            self._show_items(items)
            self.endResetModel()
        return not same

    def answer(self, row: int) -> Answer:
        """What is said of the item in a row."""
        inspection, place = self._inspection, int(self._places[row])
        assert inspection
        predicted, label = int(inspection.predicted[place]), int(inspection.labels[place])
        if label < 0:
            truth, verdict = "", Verdict.NO_LABEL
        else:
            truth, verdict = inspection.classes[label], Verdict.RIGHT if predicted == label else Verdict.WRONG
        return Answer(inspection.classes[predicted], float(inspection.confidence[place]), truth, verdict)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._inspection is not None and index.isValid():
            if role == Qt.ItemDataRole.ToolTipRole:
                return "\n".join(self._answer_lines(index.row()))
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(self._answer_lines(index.row()))
        return super().data(index, role)

    def _answer_lines(self, row: int) -> list[str]:
        """The name, whether it is right, the likeliest classes, and what is known of the picture."""
        inspection, catalogue, item = self._inspection, self.catalogue, int(self.shown[row])
        assert inspection
        assert catalogue
        answer, shares = self.answer(row), inspection.probabilities[self._places[row]]
        best = np.argsort(-shares, kind="stable")[:_TOLD].tolist()
        lines = [catalogue.names[item], f"Taken for {answer.predicted}: {answer.words}"]
        lines += [f"{SHARE.text(float(shares[label]))}  {inspection.classes[label]}" for label in best]
        if thumbnail := self.thumbnails.get(item):
            lines.append(thumbnail.error or size_text(thumbnail))
        return lines
