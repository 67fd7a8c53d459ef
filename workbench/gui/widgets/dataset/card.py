"""A framed part of a page: a heading, buttons at its right, and whatever it is about below."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import WrappedLabel


class Card(QFrame):
    """Fill :attr:`body`; put buttons into :attr:`head`."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self.heading = QLabel(title)
        self.heading.setProperty("role", "heading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self._note = WrappedLabel()
        self._note.setProperty("role", "muted")
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._note.hide()
        self.head = QHBoxLayout()
        self.head.setSpacing(GAP)
        self.head.addWidget(self.heading)
        self.head.addStretch(1)
        self.body = QVBoxLayout()
        self.body.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addLayout(self.head)
        column.addWidget(self._note)
        column.addLayout(self.body)

    def explain(self, text: str) -> None:
        """A sentence below the heading; nothing for an empty one."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    @property
    def explanation(self) -> str:
        return self._note.text()


class CardPage(QScrollArea):
    """Cards below one another, as wide as the page; scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(0, 0, GAP, GAP)
        self.column.setSpacing(GAP)
        self.setWidget(inside)
