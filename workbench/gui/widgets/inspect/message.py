"""A sentence or two in the middle of a page that has nothing else to show."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.gui.theme import GAP

_READABLE = 64  # characters in a line that is easy to read


class Message(QWidget):
    """Empty until :meth:`show_text`."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._label = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._label.setObjectName(name)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setProperty("role", "muted")
        self._label.setFixedWidth(self.fontMetrics().averageCharWidth() * _READABLE)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.addWidget(self._label, 1, Qt.AlignmentFlag.AlignHCenter)

    def show_text(self, text: str) -> None:
        self._label.setText(text)

    @property
    def text(self) -> str:
        return self._label.text()
