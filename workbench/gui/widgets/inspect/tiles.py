"""One number in a frame: what it is, the number, and what it was measured on."""

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from workbench.gui.naming import named
from workbench.gui.theme import GAP

_NARROWEST = 17  # characters


class Tile(QFrame):
    """Shows a dash until :meth:`show_number`.

    Args:
        name: Its object name.
        about: What the number means, on hovering.
    """

    def __init__(self, title: str, *, name: str, about: str) -> None:
        super().__init__()
        named(self, name, title)
        self.setProperty("card", True)
        self.setToolTip(about)
        self._title = QLabel(title)
        self._title.setProperty("role", "muted")
        self._number = QLabel("–")
        self._number.setProperty("role", "title")
        self._below = QLabel()
        self._below.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP * 3 // 2, GAP, GAP * 3 // 2, GAP)
        column.setSpacing(GAP // 4)
        for label in (self._title, self._number, self._below):
            column.addWidget(label)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NARROWEST)

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self.setAccessibleName(title)

    def show_number(self, number: str, below: str = "") -> None:
        """Show a number; ``below`` says how sure it is, or what it is of."""
        self._number.setText(number)
        self._below.setText(below or " ")
        self.setAccessibleDescription(f"{number}, {below}" if below else number)

    @property
    def number(self) -> str:
        return self._number.text()

    @property
    def below(self) -> str:
        return self._below.text().strip()
