"""About: which versions these are, for a report."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.report import versions, versions_text
from workbench.gui.theme import GAP, Theme

_LOGO = 64


class About(QDialog):
    """Name, licence, versions and a button that copies them.

    Args:
        device: The device in words; empty while it is not known.
    """

    def __init__(self, theme: Theme, *, device: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Workbench")
        self._device = device
        logo = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        logo.setPixmap(theme.icon("app").pixmap(_LOGO, _LOGO))
        title = QLabel("Workbench", alignment=Qt.AlignmentFlag.AlignHCenter)
        title.setProperty("role", "title")
        licence = QLabel("A deep-learning workbench. MIT licence.", alignment=Qt.AlignmentFlag.AlignHCenter)
        licence.setProperty("role", "muted")
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GAP)
        grid.setColumnStretch(1, 1)
        facts = versions() | ({"device": device} if device else {})
        for row, (name, number) in enumerate(facts.items()):
            key = QLabel(name)
            key.setProperty("role", "muted")
            value = QLabel(number, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(key, row, 0)
            grid.addWidget(value, row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        named(buttons.button(QDialogButtonBox.StandardButton.Close), "about.close", "Close")
        self._copy = named(QPushButton("Copy report"), "about.copy", "Copy a report of the versions")
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.close)
        self._copy.clicked.connect(self._on_copy_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(4 * GAP, 3 * GAP, 4 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        for widget in (logo, title, licence):
            column.addWidget(widget)
        column.addSpacing(2 * GAP)
        column.addLayout(grid)
        column.addStretch(1)
        column.addSpacing(2 * GAP)
        column.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 60)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(filter(None, [versions_text(), self._device])))
        self._copy.setText("Copied")
