"""How well each score tells known from unknown items, for every set of unknown ones: a table with the best marked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.gui.models.statistics import Cell
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE
from workbench.gui.widgets.dataset.card import CardPage
from workbench.gui.widgets.dataset.tables import CsvButtons, FactTable, at_left
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.inspection.unknown import UnknownRow

_HEADER = ("Unknown items", "Score", "AUROC", "Average precision", "Wrongly accepted at 95 %", "Known", "Unknown")
_BEST = "\N{BLACK STAR} "
_MEASURES = range(2, 5)  # columns
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_EXPLAINED = (
    f"{_BEST.strip()} marks the best score on each set. AUROC: how often a known item scores higher than an unknown "
    "one (50 % is guessing). Average precision: how many of the accepted items are known, over all thresholds. Wrongly "
    "accepted: unknown items let through when 95 % of the known ones are accepted; less is better."
)
_CATCH_ALL = (
    "This run learned a class from unknown items, {name}. On that set the catch-all score was trained on such items; "
    "the other sets show how it does on kinds it was never trained on."
)


class ScoreTable(CardPage):
    """Scores below one another for each set of unknown items."""

    def __init__(self, theme: Theme, *, errors: ErrorBar) -> None:
        super().__init__()
        self.table = FactTable(name="inspect.unknown-scores", about="Scores compared")
        self._explanation = WrappedLabel(_EXPLAINED)
        self._explanation.setProperty("role", "muted")
        self._catch_all = WrappedLabel()
        self._nothing = named(QLabel(), "inspect.unknown-scores-nothing", "Why there is no table")
        self._nothing.setProperty("role", "muted")
        self._csv = CsvButtons(theme, self.table, name="inspect.unknown-scores", about="the scores", errors=errors)
        row = QHBoxLayout()
        row.addWidget(self._csv)
        row.addStretch(1)
        column = self.column
        column.setContentsMargins(0, GAP, GAP, 0)
        column.addWidget(self._nothing)
        column.addLayout(at_left(self.table))
        column.addLayout(row)
        column.addWidget(self._catch_all)
        column.addWidget(self._explanation)
        column.addStretch(1)
        self.show_rows((), titles={})

    def show_rows(self, rows: "Sequence[UnknownRow]", *, titles: dict[str, str], catch_all: str = "") -> None:
        """Show one row a set and score.

        Args:
            titles: Of the scores, by their ids, in the order in which they are listed.
            catch_all: Name of the class that was trained on unknown items, if the run has one.
        """
        places = {id: place for place, id in enumerate(titles)}
        sets = list(dict.fromkeys(row.unknowns for row in rows))
        ordered = sorted(rows, key=lambda row: (sets.index(row.unknowns), places[row.score]))
        best = {name: _best([row for row in ordered if row.unknowns == name]) for name in sets}
        cells: list[tuple[Cell, ...]] = []
        for row in ordered:
            values = (SHARE.text(row.auroc), SHARE.text(row.average_precision), SHARE.text(row.fpr))
            starred = [(_BEST if row.score in best[row.unknowns][i] else "") + text for i, text in enumerate(values)]
            cells.append((row.unknowns, titles[row.score], *starred, row.known, row.unknown))
        self.table.fill(_HEADER, cells)
        for place in range(len(ordered)):
            for column in _MEASURES:
                if item := self.table.item(place, column):
                    item.setTextAlignment(_RIGHT)
        self._catch_all.setText(_CATCH_ALL.format(name=catch_all) if catch_all else "")
        shown: tuple[QWidget, ...] = (self.table, self._csv, self._explanation)
        for widget in shown:
            widget.setVisible(bool(rows))
        self._catch_all.setVisible(bool(rows and catch_all))
        self._nothing.setVisible(not rows)

    def set_empty_text(self, text: str) -> None:
        """What is said while there are no rows."""
        self._nothing.setText(text)


def _best(rows: "Sequence[UnknownRow]") -> tuple[set[str], set[str], set[str]]:
    """Scores with the highest AUROC, the highest average precision, and the fewest wrongly accepted, as shown."""

    def of(values: list[float], wanted: float) -> set[str]:
        texts = {row.score: SHARE.text(value) for row, value in zip(rows, values, strict=True)}
        return {score for score, text in texts.items() if text == SHARE.text(wanted)} if len(rows) > 1 else set()

    aurocs, precisions, wrong = ([getattr(row, name) for row in rows] for name in ("auroc", "average_precision", "fpr"))
    return of(aurocs, max(aurocs)), of(precisions, max(precisions)), of(wrong, min(wrong))
