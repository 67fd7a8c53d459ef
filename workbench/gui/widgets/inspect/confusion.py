"""Which classes a run takes for which: the matrix, the worst pairs beside it, and the way from either to the items."""

import csv
import io
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.events import Event
from workbench.engine.inspection.confusion import ORDERS
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.confusion import Cell, ConfusionTable, Counting, Pair
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import items_text
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.wrapping import WrapLayout
from workbench.gui.widgets.inspect.confusion_colours import ScaleLegend
from workbench.gui.widgets.inspect.confusion_pairs import PairsList
from workbench.gui.widgets.inspect.confusion_picture import MatrixPicture
from workbench.gui.widgets.inspect.confusion_view import ConfusionView

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

_COUNTINGS = {
    Counting.COUNTS: ("Counts", "How many items are in each cell"),
    Counting.RECALL: ("Share of the true class (recall)", "Each row adds up to 100 %"),
    Counting.PRECISION: ("Share of the predicted class (precision)", "Each column adds up to 100 %"),
}
_ORDER_TITLES = {
    "name": "By name",
    "support": "Most items first",
    "recall": "Worst recall first",
    "confused": "Most confused first",
    "similar": "Similar classes together",
}
_HINT = "Point at a cell to read it, double-click to see its items. The wheel zooms, dragging moves."
_NO_ITEMS = "No items in this split, so there is nothing to compare."
_NO_ERRORS = "No class is taken for another."
_NO_LABELS = "None of these items has a label, so none is known to be taken for another class."
_COUNTING = "Counting which class is taken for which\N{HORIZONTAL ELLIPSIS}"
_AT_ONCE = 5_000_000
"""Answers (items times classes) and cells that are counted in a few hundredths of a second; more takes a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """What one inspection comes to, as it was asked for."""

    table: ConfusionTable
    picture: MatrixPicture
    pairs: list[Pair]


class ConfusionPage(QWidget):
    """Follows ``model``; opens items through it."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._table: ConfusionTable | None = None
        self._shown: Inspection | None = None  # whose table there is, or is on its way
        self._job: Job | None = None
        self._build()
        self._lay_out()
        self.first = self.view
        self._connect()
        self._take()

    def _build(self) -> None:
        theme = self._theme
        self.counting = named(QComboBox(), "inspect.counting", "What the cells tell")
        for counting, (text, help) in _COUNTINGS.items():
            self.counting.addItem(text, counting)
            self.counting.setItemData(self.counting.count() - 1, help, Qt.ItemDataRole.ToolTipRole)
        self.order = named(QComboBox(), "inspect.class-order", "Order of the classes")
        for order in ORDERS:
            self.order.addItem(_ORDER_TITLES[order], order)
        self.hide_right = named(QCheckBox("Hide the diagonal"), "inspect.hide-diagonal", "Hide the diagonal")
        self.hide_right.setToolTip("Show errors only")
        self.view = ConfusionView(theme, name="inspect.matrix")
        self.zooms = [
            self._button("zoom-out", "minus", "Smaller (-)"),
            self._button("zoom-in", "plus", "Larger (+)"),
            self._button("zoom-fit", "zoom-fit", "All classes in view (0)"),
        ]
        self.legend = ScaleLegend(theme, name="inspect.matrix-legend")
        self._told = ElidedLabel()
        named(self._told, "inspect.matrix-told", "What the cell says")
        self._measured = ElidedLabel()
        self._measured.setProperty("role", "muted")
        self.pairs = PairsList(name="inspect.pairs")
        self._pairs_title = QLabel("Most confused")
        self._pairs_title.setProperty("role", "heading")
        self._no_errors = QLabel(_NO_ERRORS, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._no_errors.setProperty("role", "muted")

    def _button(self, thing: str, icon: str, text: str) -> QToolButton:
        button = named(QToolButton(), f"inspect.matrix-{thing}", text.split(" (")[0])
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        self._bar = QWidget()
        row = WrapLayout(self._bar)
        for widget in (self.counting, self.order, self.hide_right, *self.zooms):
            row.addWidget(widget)
        row.addWidget(QWidget())  # takes what is left of the row
        self._figure = QFrame()
        self._figure.setProperty("card", True)
        figure = QVBoxLayout(self._figure)
        figure.setContentsMargins(GAP, GAP, GAP, GAP)
        figure.setSpacing(GAP // 2)
        figure.addWidget(self._measured)
        figure.addWidget(self.view, 1)
        figure.addWidget(self.legend, 0, Qt.AlignmentFlag.AlignHCenter)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._figure, 1)
        told = QHBoxLayout()
        told.setContentsMargins(GAP, 0, 0, 0)
        told.addWidget(self._told)
        column.addLayout(told)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP // 2, 0, 0, 0)
        column.setSpacing(GAP // 2)
        self._pair_pages = QStackedWidget()
        self._pair_pages.addWidget(self.pairs)
        self._pair_pages.addWidget(self._no_errors)
        column.addWidget(self._pairs_title)
        column.addWidget(self._pair_pages, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        self._nothing = QLabel(_NO_ITEMS, alignment=Qt.AlignmentFlag.AlignCenter)
        self._nothing.setProperty("role", "muted")
        self._pages = QStackedWidget()
        self._pages.addWidget(splitter)
        self._pages.addWidget(self._nothing)
        self._splitter = splitter
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addWidget(self._bar)
        whole.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self._model.changed.connect(self._on_model_changed)
        self.counting.currentIndexChanged.connect(self._draw)
        self.order.currentIndexChanged.connect(self._draw)
        self.hide_right.toggled.connect(self._draw)
        smaller, larger, fit = self.zooms
        smaller.clicked.connect(self.view.smaller)
        larger.clicked.connect(self.view.larger)
        fit.clicked.connect(self.view.fit)
        self.view.pointed.connect(self._on_cell_pointed)
        self.view.opened.connect(self.open_cell)
        self.pairs.moved.connect(self._on_pair_moved)
        self.pairs.opened.connect(self.open_cell)

    # What is shown

    def _on_model_changed(self) -> None:
        if self.isVisible():
            self._take()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._take()

    def _take(self) -> None:
        """Show what the model has now, unless it is shown."""
        if self._model.inspection is not self._shown or (self._table is None and self._job is None):
            self._shown = self._model.inspection
            self._draw()

    def _draw(self) -> None:
        """Count and colour as the bar says: at once where that takes no time, else in a job, and what is there stays
        until it is done.
        """
        if self._job:
            self._job.stop()
            self._job = None
        shown = self._shown
        if shown is None or not len(shown):
            self._receive(None)
            return
        table = self._table if self._table is not None and self._table.inspection is shown else None
        work = partial(
            _drawn, shown, table, counting=Counting(self.counting.currentData()),
            order=str(self.order.currentData()), hide_right=self.hide_right.isChecked(),
        )  # fmt: skip
        classes = len(shown.classes)
        if classes * max(classes, len(shown)) <= _AT_ONCE:
            self._receive(work())
            return
        self._job = self._model.workspace.jobs.start(_counted(work), title="Counting confusions", quiet=True)
        self._job.ended.connect(self._on_job_ended)
        if self._table is None:
            self._nothing.setText(_COUNTING)

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._receive(ending.result)
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "counting confusions")

    def _receive(self, drawn: _Drawn | None) -> None:
        counting = Counting(self.counting.currentData())
        table = self._table = drawn.table if drawn else None
        self.view.show_picture(drawn.picture if drawn else None)
        self.legend.show_entries(drawn.picture.legend() if drawn else ())
        self._measured.show_text(_measured(drawn.table.inspection) if drawn else "")
        blocked = QSignalBlocker(self.pairs)
        self.pairs.show_pairs(table, counting, drawn.pairs if drawn else [])
        blocked.unblock()
        self._nothing.setText(_NO_ITEMS)
        self._no_errors.setText(_NO_LABELS if table is not None and not table.taken.any() else _NO_ERRORS)
        self._pair_pages.setCurrentWidget(self.pairs if self.pairs.pairs else self._no_errors)
        self._bar.setEnabled(table is not None)
        self._pages.setCurrentWidget(self._splitter if table else self._nothing)
        self._on_cell_pointed(self.view.meant)

    @property
    def told(self) -> str:
        """What is read of the cell that is meant."""
        return self._told.whole

    def _on_cell_pointed(self, cell: Cell | None) -> None:
        table = self._table
        text = table.words(cell, Counting(self.counting.currentData())) if table and cell else ""
        self._told.show_text(text or (_HINT if table else ""))

    def _on_pair_moved(self, cell: Cell) -> None:
        self.view.set_current(cell)

    # The items

    def open_cell(self, cell: Cell) -> None:
        """Have the items of a cell, row or column shown, the surest first; nothing where there are none."""
        assert self._table
        items, inspection = self._table.items(cell), self._table.inspection
        if len(items):
            surest = (-inspection.confidence[inspection.rows(items)]).argsort(kind="stable")
            self._model.show_items(items[surest], self._table.title(cell))

    # For others

    def figures(self) -> dict[str, QWidget]:
        """The matrix with its legend."""
        return {"Confusion matrix": self._figure} if self._table else {}

    def tables(self) -> dict[str, Callable[[], str]]:
        """The counts as a table."""
        return {"Confusion matrix": self.as_csv} if self._table else {}

    def as_csv(self) -> str:
        """The counts in the order that is shown: a row a true class, a column a predicted one."""
        table, picture = self._table, self.view.picture
        assert table
        assert picture
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["true class", *(table.classes[label] for label in picture.columns.tolist())])
        for truth in picture.rows.tolist():
            writer.writerow([table.row_name(truth), *table.counts[truth, picture.columns].tolist()])
        return file.getvalue()

    def state(self) -> dict[str, object]:
        return {
            "counting": str(self.counting.currentData()),
            "order": str(self.order.currentData()),
            "hide_diagonal": self.hide_right.isChecked(),
        }

    def restore(self, state: dict[str, object]) -> None:
        for combo, key in ((self.counting, "counting"), (self.order, "order")):
            row = combo.findData(state.get(key))
            if row >= 0:
                combo.setCurrentIndex(row)
        self.hide_right.setChecked(state.get("hide_diagonal") is True)


def _drawn(
    inspection: "Inspection", table: ConfusionTable | None, *, counting: Counting, order: str, hide_right: bool
) -> _Drawn:
    """Count and colour; ``table`` is of the inspection where there is one already."""
    table = table or ConfusionTable(inspection)
    picture = MatrixPicture(table, counting=counting, order=table.order(order), hide_right=hide_right)
    _ = inspection.confidence  # what opening a cell asks for
    return _Drawn(table=table, picture=picture, pairs=table.pairs(counting))


def _counted(work: Callable[[], _Drawn]) -> Generator[Event, None, _Drawn]:
    return (yield from waiting(work, stage="counting"))


def _measured(inspection: "Inspection") -> str:
    """What the numbers were measured on."""
    return f"{items_text(len(inspection))} \N{MIDDLE DOT} {inspection.protocol} \N{MIDDLE DOT} step {inspection.step:,}"
