"""The page of a window without a project: begin, go on, or try."""

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from workbench.gui.actions import Trigger
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

_LOGO = 72
_WIDTH = 64  # characters across
_BEGINNINGS = (
    ("project.new", "new-project", "New project…", "An empty folder for data, runs and labels"),
    ("project.open", "open-folder", "Open project…", "Go on where you were"),
    ("project.demo", "demo", "Try the demo", "Train on digits that ship with the program, and explore what is learned"),
)


class Welcome(QWidget):
    """Signals: ``chosen`` with the folder of a recent project that is to be opened."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, trigger: Trigger) -> None:
        super().__init__()
        self.setObjectName("welcome")
        self._theme, self._trigger = theme, trigger
        self._logo = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        title = QLabel("Workbench", alignment=Qt.AlignmentFlag.AlignHCenter)
        title.setProperty("role", "title")
        purpose = QLabel(
            "Look at data, train networks, see what they do, and label what they ask about.",
            alignment=Qt.AlignmentFlag.AlignHCenter,
            wordWrap=True,
        )
        purpose.setProperty("role", "muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * GAP)
        self._buttons: list[tuple[QPushButton, str]] = []
        for number, (id, icon, text, help) in enumerate(_BEGINNINGS):
            button = named(QPushButton(text), f"welcome.{id.rpartition('.')[2]}", text.rstrip("…"))
            button.setAccessibleDescription(help)
            button.setToolTip(help)
            button.setProperty("primary", number == 0)
            button.setIconSize(QSize(ICON, ICON))
            button.setProperty("command", id)
            button.clicked.connect(self._on_button_clicked)
            self._buttons.append((button, icon))
            hint = QLabel(help, wordWrap=True, alignment=Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            hint.setProperty("role", "muted")
            column = QVBoxLayout()
            column.addWidget(button)
            column.addWidget(hint)
            buttons.addLayout(column, 1)
        self._heading = QLabel("Recent projects")
        self._heading.setProperty("role", "heading")
        self._recent = named(QListWidget(), "welcome.recent", "Recent projects")
        self._recent.itemActivated.connect(self._on_item_activated)
        self._recent.itemClicked.connect(self._on_item_activated)
        middle = QWidget()
        middle.setMaximumWidth(self.fontMetrics().averageCharWidth() * _WIDTH * 2)
        column = QVBoxLayout(middle)
        column.setSpacing(GAP)
        column.addStretch(2)
        for widget in (self._logo, title, purpose):
            column.addWidget(widget)
        column.addSpacing(3 * GAP)
        column.addLayout(buttons)
        column.addSpacing(4 * GAP)
        column.addWidget(self._heading)
        column.addWidget(self._recent, 4)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(4 * GAP, 2 * GAP, 4 * GAP, 2 * GAP)
        row.addStretch(1)
        row.addWidget(middle, 8)
        row.addStretch(1)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_recent(self, folders: Sequence[Path]) -> None:
        """Projects that were open, latest first; those that are gone are left out."""
        self._recent.clear()
        for folder in folders:
            marker = folder / "project.toml"
            try:
                used = max(marker.stat().st_mtime, (folder / "project.db").stat().st_mtime)
            except OSError:
                continue
            day = time.strftime("%d %B %Y", time.localtime(used))
            item = QListWidgetItem(f"{folder.name}\n{_home_as_tilde(folder)} · {day}")
            item.setData(Qt.ItemDataRole.UserRole, folder)
            item.setIcon(self._theme.icon("folder"))
            item.setToolTip(str(folder))
            self._recent.addItem(item)
        self._heading.setVisible(bool(self._recent.count()))
        self._recent.setVisible(bool(self._recent.count()))

    def _on_button_clicked(self) -> None:
        self._trigger(str(self.sender().property("command")))

    def _on_item_activated(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _on_theme_changed(self) -> None:
        self._logo.setPixmap(self._theme.icon("app").pixmap(_LOGO, _LOGO))
        for button, icon in self._buttons:
            primary = bool(button.property("primary"))
            button.setIcon(self._theme.icon(icon, colour=self._theme.colours.on_accent if primary else ""))


def _home_as_tilde(folder: Path) -> str:
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        return str(folder)
