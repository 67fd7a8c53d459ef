"""The points that a person has selected, as pictures, and the way to all of them on the items page."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.inspect.item_grid import ItemGrid
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection

Items = NDArray[np.int64]
_HINT = "Drag around points to select them, or click one."
_TILE = 88  # logical pixels


class SelectedPoints(QWidget):
    """Signals:
    show_wanted: The selected items are wanted on a page of their own.
    clear_wanted: None shall be selected.
    opened: Id of an item that is wanted large.
    """

    show_wanted = Signal()
    clear_wanted = Signal()
    opened = Signal(int)

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._words = WrappedLabel()
        self._words.setProperty("role", "muted")
        self.show_button = named(QPushButton(), "inspect.embedding-show", "Show the selected items")
        self.show_button.setProperty("primary", True)
        self.clear_button = named(QPushButton("Clear"), "inspect.embedding-clear", "Clear the selection")
        self.grid = ItemGrid(workspace, theme, name="inspect.embedding-selection")
        self.grid.set_tile(_TILE)
        self.grid.set_empty_text(_HINT)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.show_button)
        buttons.addWidget(self.clear_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addWidget(self.grid, 1)
        column.addLayout(buttons)
        self.show_button.clicked.connect(self.show_wanted)
        self.clear_button.clicked.connect(self.clear_wanted)
        self.grid.opened.connect(self.opened)
        self.clear()

    def show_selection(
        self, items: Items, words: str, *, inspection: "Inspection", dataset: "Dataset | None", shown: int, split: str
    ) -> None:
        """Show the selected items.

        Args:
            words: What they are, in short.
            shown: How many of them can be shown on the items page, which is about one split only.
            split: Its name.
        """
        self._title.setText(f"{len(items):,} selected")
        self._words.setText(words)
        self._words.show()
        if dataset is None:
            self.grid.clear()
            self.grid.set_empty_text("The pictures of these items are not at hand.")
        else:
            self.grid.show_items(dataset, inspection, items)
        noun = "item" if shown == 1 else "items"
        this = "this" if shown == 1 else f"these {shown:,}"
        text = f"Show {this} {noun}" if shown == len(items) else f"Show the {shown:,} of {split}"
        self.show_button.setText(text)
        self.show_button.setEnabled(shown > 0)
        self.clear_button.setEnabled(True)

    def clear(self) -> None:
        self._title.setText("Nothing selected")
        self._words.hide()
        self.grid.clear()
        self.grid.set_empty_text(_HINT)
        self.show_button.setText("Show these items")
        self.show_button.setEnabled(False)
        self.clear_button.setEnabled(False)
