"""What became of the items from one run to another, two by two: each of the four numbers leads to its items."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import ElidedLabel

if TYPE_CHECKING:
    from workbench.engine.inspection.comparison import Comparison
    from workbench.engine.project.splits import Items

BOTH_RIGHT, FIXED, BROKEN, BOTH_WRONG = "both_right", "fixed", "broken", "both_wrong"
_CELLS = (
    (BOTH_RIGHT, "both right", 0, 0, "check", "muted"),
    (FIXED, "fixed", 0, 1, "check", "good"),
    (BROKEN, "broken", 1, 0, "error", "bad"),
    (BOTH_WRONG, "both wrong", 1, 1, "error", "muted"),
)
_SIGN = 22


class Outcomes(QWidget):
    """Signals:
    picked: Ids of the items of a group, and what they are in words.
    """

    picked = Signal(object, str)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._items: dict[str, Items] = {}
        self._cells: dict[str, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP)
        self._columns = (ElidedLabel(), ElidedLabel())
        for place, (column, words) in enumerate(zip(self._columns, ("right here", "wrong here"), strict=True), start=1):
            column.setProperty("role", "muted")
            column.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            row = QLabel(words)
            row.setProperty("role", "muted")
            grid.addWidget(column, 0, place)
            grid.addWidget(row, place, 0)
            grid.setColumnStretch(place, 1)
        for id, words, at_row, at_column, icon, colour in _CELLS:
            cell = named(QPushButton(), f"{name}.{id.replace('_', '-')}", words.capitalize())
            cell.setProperty("group", id)
            cell.setIcon(theme.icon(icon, colour=colour))
            cell.setIconSize(QSize(_SIGN, _SIGN))
            cell.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            cell.setMinimumHeight(self.fontMetrics().height() * 3)
            cell.clicked.connect(self._on_cell_clicked)
            self._cells[id] = cell
            grid.addWidget(cell, 1 + at_row, 1 + at_column)

    def show_comparison(self, comparison: "Comparison | None") -> None:
        """Show the four groups."""
        self._items = {}
        if comparison is None:
            return
        other = comparison.first if comparison.first != comparison.second else "the other"
        self._columns[0].show_text(f"{other} right")
        self._columns[1].show_text(f"{other} wrong")
        for id, words, *_ in _CELLS:
            items = self._items[id] = getattr(comparison, id)
            cell = self._cells[id]
            cell.setText(f"{len(items):,} {words}")
            cell.setEnabled(len(items) > 0)
            share = 100 * len(items) / max(1, len(comparison.items))
            cell.setToolTip(f"{share:.1f} % of {len(comparison.items):,} items. Click to see them")

    def cell(self, id: str) -> QPushButton:
        """The button of a group."""
        return self._cells[id]

    def _on_cell_clicked(self) -> None:
        id = str(self.sender().property("group"))
        words = next(words for other, words, *_ in _CELLS if other == id)
        self.picked.emit(self._items[id], words.capitalize())
