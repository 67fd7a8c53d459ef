"""A confusion matrix as people read it: counts, shares of either side, words for every cell, and the items in it.

How the matrix is counted and ordered is the engine's; how it is drawn is left to the widgets. A place in it is a
:class:`Cell` of class labels, not of positions, so that it outlives another order.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from workbench.engine.inspection.confusion import cell_items, confusion, order
from workbench.engine.inspection.inspection import Floats, Inspection
from workbench.engine.project.splits import Items

HEADER = -1
"""Stands for a whole row or column in a :class:`Cell`."""
UNLABELLED_TEXT = "no label"
MOST_PAIRS = 1_000
"""Nobody reads further down a list of mistakes."""


class Counting(StrEnum):
    """What a cell tells."""

    COUNTS = "counts"
    RECALL = "recall"  # shares of the true class
    PRECISION = "precision"  # shares of the predicted class


class Cell(NamedTuple):
    """Labels of a row and a column; :data:`HEADER` for the whole column or row."""

    truth: int
    predicted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Items of one class that were taken for another, and their share of whatever is counted, 0..1."""

    cell: Cell
    count: int
    share: float


class ConfusionTable:
    """What one inspection says of K classes; never changes.

    Attributes:
        inspection: What was counted.
        classes: K names.
        counts: int64[R, K], rows are the truth; R is K, or K + 1 where items without a label are in the last row.
    """

    def __init__(self, inspection: Inspection) -> None:
        self.inspection = inspection
        self.classes = inspection.classes
        counted = confusion(inspection.labels, inspection.predicted, len(self.classes))
        self._square = counted
        strays = inspection.predicted[~inspection.known]
        if len(strays):
            row = np.bincount(strays, minlength=len(self.classes)).astype(np.int64)
            counted = np.vstack([counted, row])
        self.counts: Items = counted

    @property
    def has_unlabelled(self) -> bool:
        """Whether the last row is that of the items without a label."""
        return len(self.counts) > len(self.classes)

    @cached_property
    def support(self) -> Items:
        """int64[R], items in each row."""
        support: Items = self.counts.sum(1)
        return support

    @cached_property
    def taken(self) -> Items:
        """int64[K], items with a label that were said to be of each class."""
        taken: Items = self._square.sum(0)
        return taken

    def shares(self, counting: Counting) -> Floats:
        """float64[R, K], 0..1: of the row, or by precision of the column; the row without labels has no precision."""
        if counting is not Counting.PRECISION:
            return self.counts / np.maximum(self.support, 1)[:, None]
        shares: Floats = self.counts / np.maximum(self.taken, 1)[None, :]
        shares[len(self.classes) :] = 0.0
        return shares

    def order(self, by: str) -> Items:
        """int64[K], labels; see :data:`~workbench.engine.inspection.confusion.ORDERS`."""
        return order(self._square, by)

    def row_name(self, truth: int) -> str:
        return self.classes[truth] if truth < len(self.classes) else UNLABELLED_TEXT

    def pairs(self, counting: Counting, *, most: int = MOST_PAIRS) -> list[Pair]:
        """Cells beside the diagonal that hold items, the greatest first; equals the greater share first.

        Counts and shares of the true class are listed by the row, precision by the column.

        Args:
            most: So many pairs of the greatest.
        """
        shares = self.shares(counting)[: len(self.classes)]
        errors = self._square.copy()
        np.fill_diagonal(errors, 0)
        rows, columns = np.nonzero(errors)
        counts, parts = errors[rows, columns], shares[rows, columns]
        first, second = (counts, parts) if counting is Counting.COUNTS else (parts, counts)
        best = np.lexsort((-second, -first))[:most]
        return [
            Pair(cell=Cell(int(rows[place]), int(columns[place])), count=int(counts[place]), share=float(parts[place]))
            for place in best.tolist()
        ]

    # In words

    def title(self, cell: Cell) -> str:
        """What a cell, row or column holds: ``"bees taken for ants"``, ``"all bees"``, ``"all taken for ants"``."""
        if cell.predicted == HEADER:
            return f"all {self.row_name(cell.truth)}" if cell.truth < len(self.classes) else "all without a label"
        predicted = self.classes[cell.predicted]
        if cell.truth == HEADER:
            return f"all taken for {predicted}"
        if cell.truth == cell.predicted:
            return f"{predicted} recognised"
        return f"{self._row_words(cell.truth)} taken for {predicted}"

    def words(self, cell: Cell, counting: Counting = Counting.COUNTS) -> str:
        """A place in a sentence: ``"bees taken for ants: 7 of 83 bees (8 %)"``."""
        truth, predicted = cell
        if predicted == HEADER:
            return self._words_of_row(truth)
        if truth == HEADER:
            return self._words_of_column(predicted)
        count = int(self.counts[truth, predicted])
        if counting is Counting.PRECISION and truth < len(self.classes):
            whole = int(self.taken[predicted])
            return (
                f"{self.title(cell)}: {count:,} of {whole:,} taken for {self.classes[predicted]}{_share(count, whole)}"
            )
        whole = int(self.support[truth])
        return f"{self.title(cell)}: {count:,} of {whole:,} {self._row_words(truth)}{_share(count, whole)}"

    def _row_words(self, truth: int) -> str:
        return self.classes[truth] if truth < len(self.classes) else "items without a label"

    def _words_of_row(self, truth: int) -> str:
        whole = int(self.support[truth])
        if truth >= len(self.classes):
            first = int(self.counts[truth].argmax())
            most = f", most of them ({int(self.counts[truth, first]):,}) taken for {self.classes[first]}"
            return f"{whole:,} items without a label{most}"
        if not whole:
            return f"{self.classes[truth]}: no items in this split"
        right = int(self.counts[truth, truth])
        return f"{self.classes[truth]}: {right:,} of {whole:,} recognised (recall {_percent(right / whole)})"

    def _words_of_column(self, predicted: int) -> str:
        whole, name = int(self.taken[predicted]), self.classes[predicted]
        if not whole:
            return f"taken for {name}: no items"
        right = int(self.counts[predicted, predicted])
        return f"taken for {name}: {right:,} of {whole:,} are (precision {_percent(right / whole)})"

    # The items

    def items(self, cell: Cell) -> Items:
        """int64, ids of the items in a cell, row or column, ascending."""
        inspection = self.inspection
        truth = -1 if cell.truth >= len(self.classes) else cell.truth
        if HEADER not in cell:
            return cell_items(inspection, truth, cell.predicted)
        of_row = inspection.labels == truth
        chosen = of_row if cell.predicted == HEADER else inspection.known & (inspection.predicted == cell.predicted)
        items: Items = inspection.items[chosen]
        return items


def percent_text(share: float) -> str:
    """A share of 1 as a short number of percent, without the sign; what is not quite all or nothing is not rounded."""
    percent = round(100 * share)
    if percent == 0 and share > 0:
        return "<1"
    return ">99" if percent == 100 and share < 1 else str(percent)


def _percent(share: float) -> str:
    return f"{percent_text(share)} %"


def _share(count: int, whole: int) -> str:
    return f" ({_percent(count / whole)})" if whole else ""
