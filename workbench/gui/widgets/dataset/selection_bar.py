"""What can be done with the selected items, in one line that is there while any are selected."""

from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from workbench.gui.models.dataset_edits import SPLITS, split_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme


class SelectionBar(QFrame):
    """Hidden until :meth:`show_selection`.

    Signals:
        split_wanted: The split that the items are to be in; empty for none.
        class_wanted: Where on the screen to ask for the class.
        exclusion_wanted: Whether to leave them out (else to take them in again).
        cleared: Nothing shall be selected.
    """

    split_wanted = Signal(str)
    class_wanted = Signal(QPoint)
    exclusion_wanted = Signal(bool)
    cleared = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.selection")
        self.setProperty("card", True)
        self._count = QLabel()
        self._count.setProperty("role", "heading")
        self.menu = split_menu(self, prefix="data.move")
        for action in self.menu.actions():
            action.triggered.connect(partial(self._on_split_chosen, str(action.data())))
        self._move = named(QPushButton("Move to split"), "data.move", "Move to a split")
        self._move.setMenu(self.menu)
        self._class = named(QPushButton("Set class\N{HORIZONTAL ELLIPSIS}"), "data.set-class", "Set the class")
        self._class.setIcon(theme.icon("label"))
        self._exclude = named(QPushButton("Exclude"), "data.exclude-selected", "Exclude the selected items")
        self._exclude.setIcon(theme.icon("eye-off"))
        self._exclude.setToolTip("Leave them out of everything; they stay in the file (Del)")
        self._include = named(QPushButton("Include"), "data.include-selected", "Include the selected items again")
        self._include.setIcon(theme.icon("eye"))
        self._clear = named(QPushButton("Clear selection"), "data.clear-selection", "Clear the selection")
        self._clear.setFlat(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP // 2, GAP, GAP // 2)
        row.setSpacing(GAP)
        row.addWidget(self._count)
        row.addSpacing(GAP)
        for button in (self._move, self._class, self._exclude, self._include):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._clear)
        self._class.clicked.connect(self._on_class_clicked)
        self._exclude.clicked.connect(partial(self.exclusion_wanted.emit, True))
        self._include.clicked.connect(partial(self.exclusion_wanted.emit, False))
        self._clear.clicked.connect(self.cleared)
        self.hide()

    def show_selection(self, count: int, *, excluded: int, classes: bool) -> None:
        """Speak of ``count`` items, of which some are excluded already; without ``classes`` there is none to set."""
        self.setVisible(count > 0)
        self._count.setText(f"{count:,} selected")
        self._class.setVisible(classes)
        self._exclude.setVisible(excluded < count)
        self._include.setVisible(excluded > 0)

    @property
    def text(self) -> str:
        return self._count.text()

    def _on_split_chosen(self, split: str) -> None:
        self.split_wanted.emit(split)

    def _on_class_clicked(self) -> None:
        self.class_wanted.emit(self._class.mapToGlobal(QPoint(0, self._class.height() + GAP // 2)))


def split_menu(parent: QWidget, *, prefix: str) -> QMenu:
    """The splits that items can be moved to; an action's data is the split."""
    menu = QMenu("Move to split", parent)
    menu.setObjectName(prefix)
    for split in SPLITS:
        if not split:
            menu.addSeparator()
        action = menu.addAction(split_text(split).capitalize())
        action.setData(split)
        action.setObjectName(f"{prefix}-{split or 'none'}")
    return menu
