"""What the Score page shows of an inspection, computed in a job, and the scores of its classes as a table.

The arithmetic is the engine's; here is decided on which items a temperature is fitted, and what is said of it.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from workbench.engine.waiting import waiting
from workbench.gui.jobs import Work
from workbench.gui.models.class_rows import CLASS, VALUE, Bar, ClassRows
from workbench.gui.units import items_text

if TYPE_CHECKING:
    from workbench.engine.inspection.calibration import Reliability
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.inspection.scoring import Report

Index = QModelIndex | QPersistentModelIndex
Floats = NDArray[np.float64]
Items = NDArray[np.int64]

NONE = "–"
SUPPORT, PRECISION, RECALL, F1, PREDICTED = range(1, 6)
_ABOUT = (
    "Click a class to see its items, those that the network gets wrong first",
    "Items of the class",
    "Of the items that the network says are of the class, the share that is. Click a number to see these items",
    "Of the items of the class, the share that the network finds",
    "The harmonic mean of precision and recall",
    "Items that the network says are of the class. Click a number to see them",
)
_COUNTS = (SUPPORT, PREDICTED)
TITLES = ("Class", "Items", "Precision", "Recall", "F1", "Predicted")


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """An inspection's probabilities after temperature scaling.

    Attributes:
        temperature: What logits are divided by.
        fitted: What it was fitted to, in words.
        reliability, confidence: As in :class:`Scored`, after scaling.
        loss: Mean cross-entropy, after scaling.
    """

    temperature: float
    fitted: str
    reliability: "Reliability"
    confidence: Floats
    loss: float


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Everything that the Score page shows.

    Attributes:
        rows: int64[N], positions in the inspection of the items with a label; what follows is of these.
        confidence: float64[N], of the predicted class.
        right: bool[N].
        calibrated: ``None`` where a temperature is not known yet.
    """

    inspection: "Inspection"
    report: "Report"
    reliability: "Reliability"
    rows: Items
    confidence: Floats
    right: NDArray[np.bool_]
    calibrated: Calibrated | None


def score(inspection: "Inspection", fitted_on: "Inspection | None", *, before: Scored | None = None) -> Work:
    """Score an inspection, in a job.

    Args:
        before: What is known of it already, without a temperature.
        fitted_on: What the temperature is fitted to; the inspection itself where there is nothing else: then each half
            of its items gets the temperature of the other half. ``None``: no temperature.

    Returns:
        A :class:`Scored`.

    Raises:
        UserError: No item has a label.
    """
    return (yield from waiting(partial(_score, inspection, fitted_on, before), stage="scoring"))


def _score(inspection: "Inspection", fitted_on: "Inspection | None", before: Scored | None) -> Scored:
    from workbench.engine.inspection.calibration import reliability
    from workbench.engine.inspection.scoring import report

    if before is not None:
        after = _calibrate(inspection, before.rows, fitted_on) if fitted_on is not None else before.calibrated
        return replace(before, calibrated=after)
    scores = report(inspection)
    rows = np.flatnonzero(inspection.known)
    labels = inspection.labels[rows]
    return Scored(
        inspection=inspection,
        report=scores,
        reliability=reliability(inspection.probabilities[rows], labels),
        rows=rows,
        confidence=inspection.confidence[rows],
        right=inspection.predicted[rows] == labels,
        calibrated=_calibrate(inspection, rows, fitted_on) if fitted_on is not None else None,
    )


def _calibrate(inspection: "Inspection", rows: Items, fitted_on: "Inspection") -> Calibrated:
    from workbench.engine.inspection.calibration import fit_temperature, reliability
    from workbench.engine.inspection.inspection import softmax
    from workbench.engine.inspection.scoring import item_losses

    logits, labels = inspection.logits[rows], inspection.labels[rows]
    temperature = fit_temperature(fitted_on.logits, fitted_on.labels)
    each = np.full(len(rows), temperature)
    if fitted_on is inspection and len(rows) > 1:
        first = np.random.default_rng(0).permutation(len(rows)) < len(rows) // 2
        for half in (first, ~first):
            each[half] = fit_temperature(logits[~half], labels[~half])
    scaled = logits / each[:, None]
    probabilities = softmax(scaled)
    return Calibrated(
        temperature=temperature,
        fitted=_fitted(inspection, fitted_on),
        reliability=reliability(probabilities, labels),
        confidence=probabilities.max(1),
        loss=float(item_losses(scaled, labels).mean()),
    )


def _fitted(inspection: "Inspection", fitted_on: "Inspection") -> str:
    count = int(fitted_on.known.sum())
    if fitted_on is inspection and count > 1:
        return f"each half of the {inspection.split} items scaled by what was fitted to the other half"
    return f"fitted to {items_text(count, kind=fitted_on.split)}"


class ClassScores(ClassRows):
    """A row a class that has items or is ever predicted, in label order."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, titles=TITLES, about=_ABOUT)
        self._most = 1  # items of any class, or said to be of any

    def show(self, scored: Scored | None) -> None:
        """Show the classes of a report."""
        self.beginResetModel()
        self._names, self._labels, self._columns, self._most = (), [], {}, 1
        if scored is not None:
            report = scored.report
            self._names = scored.inspection.classes
            self._labels = np.flatnonzero((report.support > 0) | (report.predicted > 0)).tolist()
            columns = {
                SUPPORT: report.support, PRECISION: report.precision, RECALL: report.recall, F1: report.f1,
                PREDICTED: report.predicted,
            }  # fmt: skip
            self._columns = {column: values[self._labels].tolist() for column, values in columns.items()}
            self._most = int(max(report.support.max(), report.predicted.max(), 1))
        self.endResetModel()

    def bar(self, row: int, column: int) -> Bar | None:
        value = None if column == CLASS else self._columns[column][row]
        if value is None or value != value:
            return None
        return Bar(0.0, value / self._most, "count") if column in _COUNTS else Bar(0.0, value, "share")

    def number(self, row: int, column: int) -> str:
        value = self._columns[column][row]
        if column in _COUNTS:
            return f"{value:,}"
        return NONE if value != value else f"{100 * value:.1f} %"

    def words(self, row: int) -> str:
        precision, recall, f1 = (self.text(row, column) for column in (PRECISION, RECALL, F1))
        return (
            f"{self.text(row, CLASS)}: {self.text(row, SUPPORT)} items, precision {precision}, recall {recall}, F1 {f1}"
            f", predicted {self.text(row, PREDICTED)} times"
        )


class MissingLast(QSortFilterProxyModel):
    """Sorted by :data:`VALUE`, what is missing at the end whichever way; filtered by the text of the first column."""

    def __init__(self, model: QAbstractTableModel, parent: QObject) -> None:
        super().__init__(parent)
        self.setSourceModel(model)
        self.setFilterKeyColumn(0)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def lessThan(self, left: Index, right: Index) -> bool:
        one, other = left.data(VALUE), right.data(VALUE)
        if one is None or other is None:  # Qt swaps the two to sort the other way round; what is missing stays last
            if one is other:
                return False
            return (other is None) == (self.sortOrder() == Qt.SortOrder.AscendingOrder)
        return bool(one < other)


def of_class(inspection: "Inspection", label: int) -> Items:
    """Ids of the items of a class, the least likely of it first: what the network gets wrong, then what it doubts."""
    return _ordered(inspection, inspection.labels == label, label, ascending=True)


def said_to_be(inspection: "Inspection", label: int) -> Items:
    """Ids of the labelled items that are taken for a class, the wrong ones first, the surest of each first."""
    taken = inspection.known & (inspection.predicted == label)
    wrong = _ordered(inspection, taken & (inspection.labels != label), label, ascending=False)
    return np.concatenate([wrong, _ordered(inspection, taken & (inspection.labels == label), label, ascending=False)])


def _ordered(inspection: "Inspection", which: NDArray[np.bool_], label: int, *, ascending: bool) -> Items:
    rows = np.flatnonzero(which)
    share = inspection.probabilities[rows, label]
    items: Items = inspection.items[rows[np.argsort(share if ascending else -share, kind="stable")]]
    return items
