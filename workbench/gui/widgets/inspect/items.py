"""The items that a run was asked about: the worst first, the least certain first, and one of them closely beside."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.item_list import ItemList
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST, STEP, USUAL
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.images.wrapping import WrapLayout
from workbench.gui.widgets.inspect.item_filters import USUAL_RANKING, WITHOUT_LABELS, ItemFilters
from workbench.gui.widgets.inspect.item_grid import ItemGrid

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection
    from workbench.gui.models.catalogue import Items
    from workbench.gui.widgets.inspect.item_card import ItemCard

_SHARES = (3, 2)  # of the width, for the grid and for the item beside it
_NO_DATA = "The images of this run cannot be shown: its data is not open."
_NO_ITEMS = "No items in this split"
_NO_MATCH = "No item matches"
_NO_PLACE = "None of these items has a place in this order. Choose another one."


class ItemsPage(QWidget):
    """Follows ``model``: its inspection, what others want to be shown of it, and which item they want large."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._shown: Inspection | None = None
        self._dataset: Dataset | None = None
        self._among: Items | None = None  # what it is restricted to, in words, and the step at which that was so
        self._title, self._step = "", 0
        self._awaited = -1  # the item that is to be current as soon as the list has it
        self.card: ItemCard | None = None  # made with the first item
        self.filters = ItemFilters(theme)
        self.grid = ItemGrid(model.workspace, theme, name="inspect.items")
        self.list = ItemList(model.workspace.jobs, ranking=USUAL_RANKING, parent=self)
        self._build_tools()
        self._lay_out()
        self._connect()
        self._take()

    def _build_tools(self) -> None:
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._every = named(QPushButton("Show all"), "inspect.show-all", "Show all items")
        self._every.setFlat(True)
        self._previous = self._button("previous", "chevron-left", "The item before (P)")
        self._next = self._button("next", "chevron-right", "The item after (N)")
        self._copy = self._button("copy", "copy", "Copy the names of the selected items (Ctrl+C)")
        self._closely = self._button("closely", "inspect", "Show one item closely (I)")
        self._closely.setCheckable(True)
        self._closely.setChecked(True)
        self._size_sign = QLabel()
        self._size = named(QSlider(Qt.Orientation.Horizontal), "inspect.tile-size", "Size of the tiles")
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setSingleStep(STEP)
        self._size.setPageStep(2 * STEP)
        self._size.setValue(USUAL)
        self._size.setToolTip("Size of the tiles")
        self._size.setFixedWidth(10 * GAP)

    def _button(self, thing: str, icon: str, text: str) -> QToolButton:
        button = named(QToolButton(), f"inspect.item-{thing}", text.split(" (")[0])
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(text)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._count)
        row.addWidget(self._every)
        row.addStretch(1)
        for button in (self._previous, self._next, self._copy, self._closely):
            row.addWidget(button)
        row.addSpacing(GAP)
        row.addWidget(self._size_sign)
        row.addWidget(self._size)
        bar = QWidget()
        wrapped = WrapLayout(bar)
        wrapped.addWidget(self.filters)
        wrapped.addWidget(tools)
        self.beside = QSplitter(Qt.Orientation.Horizontal)
        self.beside.setChildrenCollapsible(False)
        self.beside.addWidget(self.grid)
        self.first = self.grid
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(bar)
        column.addWidget(self.beside, 1)

    def _connect(self) -> None:
        model = self._model
        model.changed.connect(self._on_model_changed)
        model.items_wanted.connect(self.restrict)
        model.item_opened.connect(self.show_closely)
        self.filters.changed.connect(self._want)
        self.filters.ranked.connect(self._on_ranked)
        self.filters.widened.connect(self._on_widened)
        self._every.clicked.connect(self.show_all)
        self.list.changed.connect(self._on_list_changed)
        self.grid.picked.connect(self._on_item_picked)
        self.grid.opened.connect(self.show_closely)
        self.grid.selection_changed.connect(self._tell)
        self.grid.tile_changed.connect(self._size.setValue)
        self._size.valueChanged.connect(self.grid.set_tile)
        self._previous.clicked.connect(self.step_back)
        self._next.clicked.connect(self.step_on)
        self._copy.clicked.connect(self.grid.copy_names)
        self._closely.toggled.connect(self._on_closely_toggled)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # What is shown

    def _on_model_changed(self) -> None:
        if self.isVisible():
            self._take()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._take()
        self._follow()

    def _take(self) -> None:
        """Show what the model has now, unless it is shown. Of the same items what was chosen stays."""
        inspection, dataset, before = self._model.inspection, self._model.dataset, self._shown
        if inspection is before and dataset is self._dataset:
            return
        same = inspection is not None and before is not None and _about(inspection) == _about(before)
        self._shown, self._dataset = inspection, dataset
        if not same:
            self._awaited = -1
            self._forget_title()
        elif self._title:
            self._tell_title()
        self.filters.fill(inspection, keep=same)
        known = inspection is not None and dataset is not None
        self.list.take(inspection if known else None, folded=self.grid.read(dataset).folded if dataset else ())
        self._want()

    def restrict(self, items: "Items", title: str) -> None:
        """Show only these, in this order, and ``title`` on a chip that a person can remove; filters are cleared."""
        self._take()
        self._among, self._title = np.asarray(items, np.int64), title
        self._step = self._shown.step if self._shown else 0
        self.filters.clear()
        self._tell_title()
        self._want()
        self.grid.gallery.verticalScrollBar().setValue(0)

    def show_all(self) -> None:
        """Let everything through again."""
        self.filters.clear()
        self._on_widened()

    def show_closely(self, item: int) -> None:
        """Make an item current and show it closely; where it is filtered out, everything is let through first."""
        self._take()
        if self._shown is None or item not in self._shown.items:
            return
        self._closely.setChecked(True)
        self._awaited = item
        self._find_awaited()
        self._follow()

    def _find_awaited(self) -> None:
        """Make the item current that somebody wants, once the list is known: behind filters, or where it has no place
        in the order, they give way.
        """
        item = self._awaited
        if item < 0 or self.list.busy:
            return
        if self.grid.model.row(item) >= 0:
            self._awaited = -1
            self.grid.set_current(item)
        elif self.filters.narrowed:
            self.show_all()
        elif self.filters.ranking != WITHOUT_LABELS:
            self.filters.set_ranking(WITHOUT_LABELS)
            self._want()
        else:
            self._awaited = -1

    def _tell_title(self) -> None:
        old = self._shown is not None and self._shown.step != self._step
        self.filters.restrict(f"{self._title} (at step {self._step:,})" if old else self._title)

    def _forget_title(self) -> None:
        self._among, self._title = None, ""
        self.filters.restrict("")

    def _want(self) -> None:
        self.list.want(self.filters.choice(), ranking=self.filters.ranking, among=self._among)

    def _on_ranked(self) -> None:
        self._want()
        self.grid.gallery.verticalScrollBar().setValue(0)

    def _on_widened(self) -> None:
        self._forget_title()
        self._want()

    def _on_list_changed(self) -> None:
        inspection, dataset = self._shown, self._dataset
        if inspection is None or dataset is None:
            self.grid.clear()
        else:
            self.grid.show_items(dataset, inspection, self.list.items)
        self.grid.set_empty_text(self._why_empty())
        self._find_awaited()
        if self.grid.current < 0 and len(self.list.items):
            self.grid.set_current(int(self.list.items[0]))
        self._tell()
        if self.isVisible():
            self._follow()

    def _why_empty(self) -> str:
        if self._shown is None:
            return ""
        if self._dataset is None:
            return _NO_DATA
        if not len(self._shown):
            return _NO_ITEMS
        return _NO_MATCH if self.filters.narrowed else _NO_PLACE

    def _tell(self) -> None:
        shown, total, tally = len(self.list.items), self.list.total, self.list.tally
        parts = [f"{shown:,} of {total:,}"]
        for count, word in ((tally.right, "right"), (tally.wrong, "wrong"), (tally.no_label, "without a label")):
            if count:
                parts.append(f"{count:,} {word}")
        if self.list.left_out:
            parts.append(f"{self.list.left_out:,} have no place in this order")
        selected = len(self.grid.selection())
        if selected > 1:
            parts.append(f"{selected:,} selected")
        self._count.setText(DOT.join(parts) if self._shown else "")
        self._every.setVisible(self.filters.narrowed)
        self._copy.setEnabled(selected > 0)
        for button in (self._previous, self._next):
            button.setEnabled(shown > 1)

    @property
    def count_text(self) -> str:
        """``"11 of 153 · 8 right · 3 wrong"``."""
        return self._count.text()

    # One item closely

    def step_on(self) -> None:
        """The item after the current one."""
        self.grid.step(1)

    def step_back(self) -> None:
        self.grid.step(-1)

    def _on_item_picked(self, item: int) -> None:
        if self.isVisible():
            self._follow()

    def _follow(self) -> None:
        """Have the current item beside the grid, if one is wanted there."""
        item = self.grid.current
        wanted = self._closely.isChecked() and self._shown is not None and item in self._shown.items
        if self.card is None and wanted:
            self._make_card()
        if self.card is not None:
            focus = QApplication.focusWidget()
            if not wanted and focus is not None and self.card.isAncestorOf(focus):
                self.grid.setFocus()  # else the keys would be lost with it
            self.card.setVisible(wanted)
            if wanted:
                self.card.show_item(item)

    def _make_card(self) -> None:
        # Not before it is seen: it brings what looks into networks.
        from workbench.gui.widgets.inspect.item_card import ItemCard

        self.card = ItemCard(self._model, self._theme)
        self.beside.addWidget(self.card)
        for place, share in enumerate(_SHARES):
            self.beside.setStretchFactor(place, share)
        self.beside.setSizes([self.beside.width() * share // sum(_SHARES) for share in _SHARES])

    def _on_closely_toggled(self) -> None:
        self._follow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {Qt.Key.Key_N: self.step_on, Qt.Key.Key_P: self.step_back, Qt.Key.Key_I: self._closely.toggle}
        act = keys.get(Qt.Key(event.key()))
        if act is None or event.modifiers():
            super().keyPressEvent(event)
            return
        act()

    def _on_theme_changed(self) -> None:
        self._size_sign.setPixmap(self._theme.icon("grid", colour=self._theme.colours.muted).pixmap(ICON, ICON))

    # For others

    def figures(self) -> dict[str, QWidget]:
        """The tiles that are in view."""
        return {"Items": self.grid} if len(self.list.items) else {}

    def state(self) -> dict[str, object]:
        return {"tile": self.grid.tile, "closely": self._closely.isChecked(), "ranking": self.list.ranking}

    def restore(self, state: dict[str, object]) -> None:
        tile, ranking = state.get("tile"), state.get("ranking")
        if isinstance(tile, int):
            self.grid.set_tile(tile)
        self._closely.setChecked(state.get("closely") is not False)
        if isinstance(ranking, str) and self._among is None:
            self.filters.set_ranking(ranking)
            self.filters.suit(self._shown)
            self._want()


def _about(inspection: "Inspection") -> tuple[str, str, str, tuple[str, ...]]:
    """What the items and their classes are, whatever the weights."""
    return inspection.run, inspection.dataset, inspection.split, inspection.classes
