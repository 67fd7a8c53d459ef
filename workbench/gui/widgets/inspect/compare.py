"""The Compare page: two runs on the same items. What one mended, what it broke, and whether that can be chance."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.jobs import Job
from workbench.gui.models.comparing import CHANGE, ClassChanges, Compared, Comparing, signed
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.run_columns import labels, score_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import items_text
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.inspect.class_table import ClassTable
from workbench.gui.widgets.inspect.message import Message
from workbench.gui.widgets.inspect.outcomes import Outcomes
from workbench.gui.widgets.inspect.tiles import Tile

if TYPE_CHECKING:
    from workbench.engine.project.splits import Items

SURE = 0.05
"""Chance below which a difference is said not to be chance."""
_PICKER = 36  # characters
_NOTHING = "Choose a run"
_ABOUT = (
    "Choose another run of the same data above. The two are compared on the items that both were asked about: which"
    " ones this run mends, which ones it breaks, class by class, and whether the difference can be chance."
)
_ALONE = (
    "There is no other run of this data with a checkpoint to compare with. Train a second one, with other settings."
)


class ComparePage(QWidget):
    """Follows ``model``; compares when it is to be seen and something is different."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("compare")
        self._model = model
        self._stale = True
        self.comparing = Comparing(model, self)
        self.picker = named(QComboBox(), "compare.run", "Run to compare with")
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picker.setMinimumContentsLength(_PICKER)
        self.progress = ProgressLine(theme, name="compare.progress")
        self.tiles = {
            id: Tile(title, name=f"compare.{id}", about=about)
            for id, title, about in (
                ("shown", "This run", "Share of the common items that the run that is looked at gets right"),
                ("baseline", "The other run", "Share of the common items that the other run gets right"),
                ("difference", "Difference", "In percentage points, with its 95 % bootstrap interval"),
            )
        }
        self.verdict = WrappedLabel()
        self.verdict.setObjectName("compare.verdict")
        self.outcomes = Outcomes(theme, name="compare")
        self.changes = ClassChanges(self)
        self.table = ClassTable(
            self.changes, theme, name="compare.classes", about="Change of each class", column=CHANGE
        )  # fmt: skip
        self.filter = named(QLineEdit(), "compare.filter", "Find a class")
        self.filter.setPlaceholderText("Find a class")
        self.filter.setClearButtonEnabled(True)
        self._lay_out()
        self.first = self.picker
        self.picker.activated.connect(self._on_run_activated)
        self.filter.textChanged.connect(self.table.search)
        self.outcomes.picked.connect(model.show_items)
        self.table.picked.connect(self._on_class_picked)
        self.comparing.changed.connect(self._show)
        self.comparing.began.connect(self._on_began)
        model.changed.connect(self._on_model_changed)
        model.runs.changed.connect(self._on_runs_changed)

    def _lay_out(self) -> None:
        title = QLabel("Compare with")
        title.setProperty("role", "muted")
        title.setBuddy(self.picker)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(title)
        head.addWidget(self.picker)
        head.addWidget(self.progress, 1)
        head.addStretch(0)
        row = QWidget()
        flow = FlowLayout(row)
        for tile in self.tiles.values():
            flow.addWidget(tile)
        self._left = QWidget()
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, GAP, 0)
        column.setSpacing(GAP)
        column.addWidget(row)
        column.addWidget(self.verdict)
        column.addSpacing(GAP)
        column.addWidget(self.outcomes)
        column.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GAP, 0, 0, 0)
        column.setSpacing(GAP)
        heading = QLabel("Classes, what became worse first")
        heading.setProperty("role", "heading")
        above = QHBoxLayout()
        above.setSpacing(GAP)
        above.addWidget(heading)
        above.addStretch(1)
        above.addWidget(self.filter)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._left)
        self.splitter.addWidget(right)
        self.splitter.setSizes([450, 550])
        self.message = Message(name="compare.message")
        below = QWidget()
        self._pages = QStackedLayout(below)
        self._pages.addWidget(self.message)
        self._pages.addWidget(self.splitter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP)
        whole.addLayout(head)
        whole.addWidget(below, 1)

    # Following

    def _on_model_changed(self) -> None:
        self._stale = True
        self._catch_up()

    def _on_runs_changed(self) -> None:
        if self.isVisible():
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill()
        self._catch_up()

    def _catch_up(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            compared = self.comparing.compared
            if compared is None or compared.shown is not self._model.inspection:
                self.comparing.refresh()

    def _on_run_activated(self, index: int) -> None:
        self.comparing.choose(str(self.picker.itemData(index)))

    def _on_began(self, job: Job) -> None:
        self.progress.follow(job)

    # Showing

    def _fill(self) -> None:
        rows = self.comparing.candidates
        entries = [(_NOTHING, "")] + [
            (" · ".join((name, facts.dataset, score_text(facts.best))), facts.id)
            for facts, name in zip(rows, labels(rows), strict=True)
        ]
        there = [(self.picker.itemText(row), self.picker.itemData(row)) for row in range(self.picker.count())]
        if entries != there:
            self.picker.clear()
            for text, id in entries:
                self.picker.addItem(text, id)
        self.picker.setCurrentIndex(max(0, self.picker.findData(self.comparing.run)))
        self.picker.setEnabled(bool(rows))
        if not self.comparing.compared:
            self.message.show_text(self.comparing.problem or (_ABOUT if rows else _ALONE))

    def _show(self) -> None:
        compared = self.comparing.compared
        self._fill()
        self.outcomes.show_comparison(compared.comparison if compared else None)
        self.changes.show(compared)
        if compared is None:
            if self.comparing.job:
                self.message.show_text("Comparing")
            self._pages.setCurrentWidget(self.message)
            return
        found = compared.comparison
        items = f"of {items_text(len(found.items))}"
        self.tiles["shown"].set_title(f"This run, step {compared.shown.step:,}")
        self.tiles["shown"].show_number(f"{100 * found.second_accuracy:.1f} %", items)
        self.tiles["baseline"].set_title(f"The other, step {compared.baseline.step:,}")
        self.tiles["baseline"].show_number(f"{100 * found.first_accuracy:.1f} %", items)
        low, high = found.difference_interval
        self.tiles["difference"].show_number(
            f"{signed(found.difference)} points", f"{signed(low)} to {signed(high)} (95 %)"
        )
        self.verdict.setText(verdict(compared))
        self._pages.setCurrentWidget(self.splitter)

    # To the items

    def _on_class_picked(self, label: int, column: int) -> None:
        compared = self.comparing.compared
        assert compared
        found, shown = compared.comparison, compared.shown

        def of_it(items: "Items") -> "Items":
            mine: Items = items[shown.labels[shown.rows(items)] == label]
            return mine

        changed = np.concatenate([of_it(found.broken), of_it(found.fixed)])
        name = shown.classes[label]
        if len(changed):
            self._model.show_items(changed, f"{name}: broken, then fixed")
        else:
            self._model.show_items(of_it(found.items), f"{name}: nothing changed")

    # What the panel asks for

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as pictures."""
        return {"Comparison": self._left, "Classes": self.table} if self.comparing.compared else {}

    def tables(self) -> dict[str, Callable[[], str]]:
        """What can be saved as tables."""
        return {"Change of each class": self.changes.as_csv} if self.comparing.compared else {}

    def state(self) -> dict[str, object]:
        return {"run": self.comparing.run}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave."""
        if isinstance(run := state.get("run"), str):
            self.comparing.run = run
            self._stale = True


def verdict(compared: Compared) -> str:
    """What a comparison comes to, in plain words."""
    found = compared.comparison
    fixed, broken = len(found.fixed), len(found.broken)
    name, other = compared.shown.name, compared.baseline.name
    name, other = (name, other) if name != other else ("this run", "the other")
    on = f"on {items_text(len(found.items), kind=compared.shown.split)}"
    if fixed == broken:
        first = f"{_capital(name)} and {other} are equally good {on}"
    else:
        first = f"{_capital(name)} is {'better' if fixed > broken else 'worse'} than {other} {on}"
    counts = f"it gets {fixed:,} right that the other gets wrong, and {broken:,} the other way round"
    if fixed + broken == 0:
        return f"{first}: not one item changed."
    unlike = f" {found.unlike:,} items with different labels in the two are left out." if found.unlike else ""
    return f"{first}: {counts}. {_chance(found.p, even=fixed == broken)} (McNemar's test, {_p_text(found.p)}).{unlike}"


def _chance(p: float, *, even: bool) -> str:
    if even:
        return "That says nothing for either"
    often = "fewer than 1 in 1,000" if p < 0.001 else f"{100 * p:.2g} %" if p < 0.995 else "nearly all"
    if p < SURE:
        return f"Were they equally good, {often} of such comparisons would come out this unequal: it is hardly chance"
    return f"Were they equally good, {often} of such comparisons would come out at least this unequal: it may be chance"


def _p_text(p: float) -> str:
    """On one line."""
    return f"p = {p:.2g}".replace(" ", "\N{NO-BREAK SPACE}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
