"""An error where it belongs: plain words and the remedy, the rest on demand, never a modal box."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout

from workbench.engine.errors import UserError
from workbench.gui.naming import named
from workbench.gui.report import details, report
from workbench.gui.theme import GAP, ICON, Theme

_DETAIL_LINES = 12


class ErrorBar(QFrame):
    """Hidden until :meth:`show_error`.

    Args:
        name: First part of its widgets' names, e.g. ``"train.error"``.
    """

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("banner", "error")
        self._theme = theme
        self._error: BaseException | None = None
        self._doing = ""
        self._sign = QLabel()
        self._sentence = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._more = named(QPushButton("Details"), f"{name}.details", "Details of the error")
        self._more.setCheckable(True)
        self._copy = named(QPushButton("Copy report"), f"{name}.copy", "Copy a report of the error")
        self._close = named(QToolButton(), f"{name}.dismiss", "Dismiss the error")
        self._details = named(QPlainTextEdit(readOnly=True), f"{name}.text", "Details of the error")
        self._details.setProperty("role", "code")
        self._details.setFixedHeight(self._details.fontMetrics().lineSpacing() * _DETAIL_LINES)
        self._details.hide()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._sentence, 1)
        for button in (self._more, self._copy, self._close):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        column.addLayout(row)
        column.addWidget(self._details)
        self._more.toggled.connect(self._details.setVisible)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._close.clicked.connect(self.dismiss)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def show_error(self, error: BaseException, *, doing: str) -> None:
        """Show ``error``; ``doing`` is what was being done, as in "while importing pets"."""
        self._error, self._doing = error, doing
        if isinstance(error, UserError):
            self._sentence.setText(str(error))
        else:
            name = f"{type(error).__name__}: {error}".rstrip(": ")
            self._sentence.setText(f"A bug in the workbench, while {doing}: {name}. Nothing of yours is lost.")
        self._details.setPlainText(details(error))
        self._more.setChecked(False)
        self._copy.setText("Copy report")
        self.show()

    @property
    def text(self) -> str:
        """What stands there now; empty if nothing does."""
        return self._sentence.text() if self._error else ""

    def dismiss(self) -> None:
        self._error = None
        self.hide()

    def _on_copy_clicked(self) -> None:
        assert self._error
        QGuiApplication.clipboard().setText(report(self._error, doing=self._doing))
        self._copy.setText("Copied")

    def _on_theme_changed(self) -> None:
        self._sign.setPixmap(self._theme.icon("error", colour=self._theme.colours.bad).pixmap(ICON, ICON))
        self._close.setIcon(self._theme.icon("close"))
