"""Why only some items are shown, in a word or two, and the way back to all of them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import ElidedLabel

_CHARACTERS = 16


class Chip(QFrame):
    """A text with a cross beside it.

    Signals:
        removed: The cross was clicked.
    """

    removed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._text = ElidedLabel()
        self._text.setMinimumWidth(self.fontMetrics().averageCharWidth() * _CHARACTERS)
        cross = named(QToolButton(), name, "Show all again")
        cross.setIcon(theme.icon("close"))
        cross.setAutoRaise(True)
        cross.setToolTip("Show all again")
        cross.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._text, 1)
        row.addWidget(cross)
        self.hide()

    def show_text(self, text: str) -> None:
        """Appear with this text; with an empty one disappear."""
        self._text.show_text(text)
        self.setVisible(bool(text))

    @property
    def text(self) -> str:
        return self._text.whole
