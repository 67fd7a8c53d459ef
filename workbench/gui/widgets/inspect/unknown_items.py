"""The items that a threshold rejects and those that it accepts, side by side, those nearest to it first."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.models.knownness import KNOWN, Sample
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.item_grid import ItemGrid
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection

_KNOWN_TITLE = "Known items"
_TILE = 88  # logical pixels


class DividedItems(QWidget):
    """Two grids. Whoever owns it says what is in them.

    Attributes:
        head: Chooses the set; whoever owns this finds a place for it.

    Signals:
        set_chosen: Another set is wanted, see :attr:`chosen`.
        opened: Id of a known item that is wanted large.
    """

    set_chosen = Signal()
    opened = Signal(int)

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self.choice = named(QComboBox(), "inspect.unknown-set", "Items shown")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.addItem(_KNOWN_TITLE, KNOWN)
        self.rejected = ItemGrid(workspace, theme, name="inspect.rejected")
        self.accepted = ItemGrid(workspace, theme, name="inspect.accepted")
        self._titles = (QLabel(), QLabel())
        halves = QHBoxLayout()
        halves.setSpacing(GAP)
        for title, grid in zip(self._titles, (self.rejected, self.accepted), strict=True):
            title.setProperty("role", "heading")
            column = QVBoxLayout()
            column.setSpacing(GAP // 2)
            column.addWidget(title)
            column.addWidget(grid, 1)
            halves.addLayout(column, 1)
            grid.set_tile(_TILE)
            grid.opened.connect(self._on_opened)
        label = QLabel("Sho&w")
        label.setBuddy(self.choice)
        order = QLabel("nearest to the threshold first")
        order.setProperty("role", "muted")
        self.head = QWidget()
        row = QHBoxLayout(self.head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(order)
        row.addWidget(label)
        row.addWidget(self.choice)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, GAP // 2, 0, 0)
        whole.addLayout(halves, 1)
        self.choice.currentIndexChanged.connect(self.set_chosen)
        self.clear("")

    @property
    def chosen(self) -> str:
        """Name of the set that is wanted; :data:`KNOWN` for the known items."""
        return str(self.choice.currentData())

    def offer(self, names: list[str]) -> None:
        """The sets that can be chosen beside the known items; what was chosen stays if it is among them."""
        present = [self.choice.itemData(row) for row in range(1, self.choice.count())]
        if present == names:
            return
        chosen = self.chosen
        self.choice.blockSignals(True)
        while self.choice.count() > 1:
            self.choice.removeItem(1)
        for name in names:
            self.choice.addItem(f"Unknown: {name}", name)
        self.choice.setCurrentIndex(max(0, self.choice.findData(chosen)))
        self.choice.blockSignals(False)
        if chosen != self.chosen:
            self.set_chosen.emit()

    def show_divided(
        self, one: Sample, threshold: float, *, inspection: "Inspection", dataset: "Dataset | None"
    ) -> None:
        """Fill both grids with the items of a set; ``dataset`` is what they are of."""
        rejected, accepted = one.divided(threshold)
        verbs = ("Rejected", "Accepted")
        for title, verb, items in zip(self._titles, verbs, (rejected, accepted), strict=True):
            title.setText(f"{verb} ({len(items):,})")
        self.rejected.set_empty_text("The threshold rejects none of these items.")
        self.accepted.set_empty_text("The threshold accepts none of these items.")
        for grid, items in ((self.rejected, rejected), (self.accepted, accepted)):
            if dataset is None:
                grid.clear()
                grid.set_empty_text("The pictures of these items are not at hand.")
            else:
                grid.show_items(dataset, inspection, np.ascontiguousarray(items))

    def clear(self, text: str) -> None:
        """Show ``text`` in place of items."""
        for title, words in zip(self._titles, ("Rejected", "Accepted"), strict=True):
            title.setText(words)
        for grid in (self.rejected, self.accepted):
            grid.clear()
            grid.set_empty_text(text)

    def _on_opened(self, item: int) -> None:
        if self.chosen == KNOWN:
            self.opened.emit(item)
