"""What was just done, and the way back: stands below the content until somebody takes it or sends it away."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme


class UndoBar(QFrame):
    """Hidden until :meth:`offer`.

    Args:
        name: First part of its widgets' names, e.g. ``"runs.undo"``.
        keys: The shortcut that undoes, as a person reads it.
    """

    undone = Signal()

    def __init__(self, theme: Theme, *, name: str, keys: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("banner", "info")
        self._theme = theme
        self._sentence = QLabel(wordWrap=True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._undo = named(QPushButton("Undo"), f"{name}.button", "Undo")
        self._undo.setIcon(theme.icon("undo"))
        self._undo.setToolTip(f"Undo ({keys})" if keys else "Undo")
        self._close = named(QToolButton(), f"{name}.dismiss", "Dismiss")
        self._close.setAutoRaise(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP // 2, GAP, GAP // 2)
        row.setSpacing(GAP)
        row.addWidget(self._sentence, 1)
        row.addWidget(self._undo)
        row.addWidget(self._close)
        self._undo.clicked.connect(self.undone)
        self._close.clicked.connect(self.hide)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def offer(self, text: str) -> None:
        """Say what was done."""
        self._sentence.setText(text)
        self.show()

    @property
    def text(self) -> str:
        return self._sentence.text()

    def _on_theme_changed(self) -> None:
        self._undo.setIcon(self._theme.icon("undo"))
        self._close.setIcon(self._theme.icon("close"))
