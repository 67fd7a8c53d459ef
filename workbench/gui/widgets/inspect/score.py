"""The Score page: how good a run is, on what, class by class, and whether it is as sure as it should be."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.class_scores import F1, PRECISION, PREDICTED, ClassScores, Scored, of_class, said_to_be, score
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.looking import VALIDATION
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import items_text
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.inspect.class_table import ClassTable
from workbench.gui.widgets.inspect.message import Message
from workbench.gui.widgets.inspect.reliability import BINS, ConfidenceChart, ReliabilityChart, bin_of
from workbench.gui.widgets.inspect.tiles import Tile

_TILES = (
    ("accuracy", "Accuracy", "Share of the items whose most likely class is theirs"),
    ("top5", "Top 5", "Share of the items whose class is among the five most likely ones"),
    ("macro-f1", "Macro F1", "Mean of F1 over the classes: each counts the same, however many items it has"),
    ("balanced", "Balanced accuracy", "Mean of recall over the classes: each counts the same"),
    ("loss", "Loss", "Mean cross-entropy in nats: what training makes small. Being sure and wrong costs most"),
    ("ece", "Calibration error", "Expected calibration error: by how much confidence and accuracy differ on average"),
)
_STACKED = 46  # lines of text that the page is high at least for its charts to stand below one another
_NO_LABELS = (
    "None of these items has a label among the run's classes, so there is nothing to score.\nItems shows what the"
    " network says of them, Unknown whether it should say so."
)


class ScorePage(QWidget):
    """Follows ``model``; computes when it is to be seen and something is different."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("score")
        self._model = model
        self._stale = True
        self._job: Job | None = None
        self.scored: Scored | None = None
        self.tiles = {id: Tile(title, name=f"score.{id}", about=about) for id, title, about in _TILES}
        self.measured = WrappedLabel()
        self.measured.setObjectName("score.measured")
        self.measured.setProperty("role", "muted")
        self.classes = ClassScores(self)
        self.table = ClassTable(self.classes, theme, name="score.classes", about="Scores of each class", column=F1)
        self.filter = named(QLineEdit(), "score.filter", "Find a class")
        self.filter.setPlaceholderText("Find a class")
        self.filter.setClearButtonEnabled(True)
        self.reliability = ReliabilityChart(theme, name="score.reliability")
        self.confidence = ConfidenceChart(theme, name="score.confidence")
        self.scaled = named(QCheckBox("Temperature scaling"), "score.scaled", "Temperature scaling")
        self.scaled.setToolTip("Divide the network's logits by one number, so that its confidence is what it is worth")
        self.told = WrappedLabel()
        self.told.setObjectName("score.told")
        self.told.setProperty("role", "muted")
        self._lay_out()
        self.first = self.table
        self.filter.textChanged.connect(self.table.search)
        self.table.picked.connect(self._on_class_picked)
        self.reliability.picked.connect(self._on_reliability_picked)
        self.confidence.picked.connect(self._on_confidence_picked)
        self.scaled.toggled.connect(self._show_calibration)
        model.changed.connect(self._on_model_changed)
        model.split_known.connect(self._on_split_known)

    def _lay_out(self) -> None:
        row = QWidget()
        flow = FlowLayout(row)
        for tile in self.tiles.values():
            flow.addWidget(tile)
        self._scores = QWidget()
        column = QVBoxLayout(self._scores)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(row)
        column.addWidget(self.measured)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, GAP // 2, 0)
        column.setSpacing(GAP)
        column.addLayout(_head("Classes, worst first", self.filter))
        column.addWidget(self.table, 1)
        self._charts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._charts.setSpacing(2 * GAP)
        self._charts.addWidget(self.reliability, 1)
        self._charts.addWidget(self.confidence, 1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(_head("Is it as sure as it should be?", self.scaled))
        column.addLayout(self._charts, 1)
        column.addWidget(self.told)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setSizes([500, 500])
        self._sizes: list[int] = []  # as a person has set them
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._scores)
        column.addWidget(self.splitter, 1)
        self.message = Message(name="score.message")
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.message)
        self._pages.addWidget(content)
        self._content = content

    # Following

    def _on_model_changed(self) -> None:
        self._stale = True
        self._catch_up()

    def _on_split_known(self, split: str) -> None:
        if split == VALIDATION and self.scored is not None and self.scored.calibrated is None:
            self._on_model_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if not self._stale or not self.isVisible():
            return
        self._stale = False
        if self._job:
            self._job.stop()
            self._job = None
        shown = self._model.inspection
        if shown is None:
            self._show_nothing("")
        elif not shown.known.any():
            self._show_nothing(_NO_LABELS)
        else:
            before = self.scored if self.scored and self.scored.inspection is shown else None
            work = score(shown, self._fitted_on(), before=before)
            self._job = self._model.workspace.jobs.start(work, title="Scoring", quiet=True)
            self._job.ended.connect(self._on_job_ended)

    def _fitted_on(self) -> Any:
        """What a temperature is fitted to; ``None`` until it is known."""
        shown = self._model.inspection
        assert shown is not None
        if shown.split == VALIDATION or VALIDATION not in self._model.counts:
            return shown
        self._model.want(VALIDATION)
        validation = self._model.of(VALIDATION)
        return shown if validation is not None and not validation.known.any() else validation

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._show(ending.result)
        elif ending.state == FAILED:
            self._show_nothing("")
            self._model.failed.emit(ending.error, "scoring")

    # Showing

    def _show_nothing(self, why: str) -> None:
        self.scored = None
        self.classes.show(None)
        self.message.show_text(why)
        self._pages.setCurrentWidget(self.message)

    def _show(self, scored: Scored) -> None:
        same = self.scored is not None and self.scored.inspection is scored.inspection
        self.scored = scored
        report, shown = scored.report, scored.inspection
        if not same:
            self.classes.show(scored)
        right = int(scored.right.sum())
        items = items_text(report.items)
        low, high = report.accuracy_interval
        self.tiles["accuracy"].show_number(_share(report.accuracy), f"{_between(low, high)} · {right:,} of {items}")
        self.tiles["top5"].set_title(f"Top {report.top}")
        self.tiles["top5"].show_number(_share(report.top5), f"of {items}")
        self.tiles["top5"].setVisible(len(shown.classes) > report.top)
        classes = f"{int((report.support > 0).sum()):,} classes"
        self.tiles["macro-f1"].show_number(_share(report.macro_f1), f"{_between(*report.macro_f1_interval)}")
        self.tiles["balanced"].show_number(_share(report.balanced_accuracy), f"over {classes}")
        left_out = f" {report.unlabelled:,} without a label are left out." if report.unlabelled else ""
        self.measured.setText(
            f"Measured on {items_text(report.items, kind=shown.split)} at step {shown.step:,}: {shown.protocol}."
            f"{left_out} Ranges are 95 % bootstrap intervals."
        )
        self._show_calibration()
        self._pages.setCurrentWidget(self._content)

    def _show_calibration(self) -> None:
        if self.scored is None:
            return
        scored, after = self.scored, self.scored.calibrated
        on = self.scaled.isChecked() and after is not None
        self.scaled.setEnabled(after is not None)
        before = scored.reliability
        self.reliability.show_bins(after.reliability if on and after else before)
        self.confidence.show_items(after.confidence if on and after else scored.confidence, scored.right)
        loss, ece = f"{scored.report.loss:.4g}", _share(before.ece, digits=2)
        if after is None:
            self.tiles["loss"].show_number(loss, " ")
            self.tiles["ece"].show_number(ece, f"worst bin {_share(before.mce)}")
            self.told.setText("Waiting for the validation items, to fit a temperature to.")
            return
        self.tiles["loss"].show_number(loss, f"{after.loss:.4g} at temperature {after.temperature:.2f}")
        self.tiles["ece"].show_number(ece, f"{_share(after.reliability.ece, digits=2)} after scaling")
        self.told.setText(_told(scored))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        high = self.height() >= _STACKED * self.fontMetrics().height()
        self._charts.setDirection(QBoxLayout.Direction.TopToBottom if high else QBoxLayout.Direction.LeftToRight)

    # To the items

    def _on_class_picked(self, label: int, column: int) -> None:
        assert self.scored
        shown = self.scored.inspection
        if column in (PRECISION, PREDICTED):
            self._model.show_items(said_to_be(shown, label), f"Taken for {shown.classes[label]}")
        else:
            self._model.show_items(of_class(shown, label), f"Class {shown.classes[label]}")

    def _on_reliability_picked(self, index: int) -> None:
        assert self.scored
        edges = self.scored.reliability.edges
        where = np.clip(np.searchsorted(edges, self._confidence(), side="left") - 1, 0, len(edges) - 2)
        self._show_bin(where == index, 100 * float(edges[index]), 100 * float(edges[index + 1]))

    def _on_confidence_picked(self, index: int) -> None:
        self._show_bin(bin_of(self._confidence()) == index, 100 * index / BINS, 100 * (index + 1) / BINS)

    def _confidence(self) -> NDArray[np.float64]:
        """As the charts show it."""
        assert self.scored
        after = self.scored.calibrated
        return after.confidence if self.scaled.isChecked() and after else self.scored.confidence

    def _show_bin(self, which: NDArray[np.bool_], low: float, high: float) -> None:
        """The items of a bin, the wrong ones first, the surest of each first."""
        assert self.scored
        rows = np.flatnonzero(which)
        rows = rows[np.lexsort((-self._confidence()[rows], self.scored.right[rows]))]
        items = self.scored.inspection.items[self.scored.rows[rows]]
        self._model.show_items(items, f"{low:.0f} to {high:.0f} % sure")

    # What the panel asks for

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as pictures."""
        if self.scored is None:
            return {}
        return {
            "Scores": self._scores,
            "Classes": self.table,
            "Reliability": self.reliability,
            "Confidence": self.confidence,
        }

    def tables(self) -> dict[str, Callable[[], str]]:
        """What can be saved as tables."""
        return {"Scores of each class": self.classes.as_csv} if self.scored else {}

    def _on_splitter_moved(self) -> None:
        self._sizes = self.splitter.sizes()

    def state(self) -> dict[str, object]:
        return {"scaled": self.scaled.isChecked(), "splitter": self._sizes}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave."""
        sizes = state.get("splitter")
        self.scaled.setChecked(state.get("scaled") is True)
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) and size > 0 for size in sizes):
            self._sizes = sizes
            self.splitter.setSizes(sizes)


def _told(scored: Scored) -> str:
    """What temperature scaling does to this run, in a sentence or two."""
    after = scored.calibrated
    assert after
    before, now = scored.reliability.ece, after.reliability.ece
    both = f"{_share(before, digits=2)} before, {_share(now, digits=2)} after"
    if now >= before:
        meaning = f"scaling does not help here, the calibration error is {both}"
    else:
        way = "too sure of itself" if after.temperature > 1 else "less sure than it could be"
        meaning = f"the network is {way}, the calibration error is {both}"
    return f"Temperature {after.temperature:.2f}, {after.fitted}: {meaning}. No prediction changes."


def _share(value: float, *, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f} %"


def _between(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def _head(title: str, beside: QWidget) -> QHBoxLayout:
    label = QLabel(title)
    label.setProperty("role", "heading")
    row = QHBoxLayout()
    row.setSpacing(GAP)
    row.addWidget(label)
    row.addStretch(1)
    row.addWidget(beside)
    return row
