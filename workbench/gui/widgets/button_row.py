"""Buttons for the commands of a panel: icon and word where there is room, icons alone where there is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One button: ``id`` is the second part of its object name, ``about`` its tooltip while it can be pressed."""

    id: str
    text: str
    icon: str
    about: str


class ButtonRow(QWidget):
    """A row of buttons.

    Args:
        name: First part of its buttons' names, e.g. ``"runs"``.
    """

    pressed = Signal(str)

    def __init__(self, theme: Theme, *, name: str, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._theme = theme
        self._buttons: dict[str, tuple[Entry, QToolButton]] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addStretch(1)  # icons alone stand together at the end
        for entry in entries:
            button = named(QToolButton(), f"{name}.{entry.id}", entry.text)
            button.setText(entry.text)
            button.setIconSize(QSize(ICON, ICON))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setToolTip(entry.about)
            button.clicked.connect(self._on_button_clicked)
            self._buttons[entry.id] = (entry, button)
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def allow(self, id: str, reason: str) -> None:
        """Enable the button if ``reason`` is empty; else its tooltip says why it cannot be pressed."""
        entry, button = self._buttons[id]
        button.setEnabled(not reason)
        button.setToolTip(reason or entry.about)

    def button(self, id: str) -> QToolButton:
        return self._buttons[id][1]

    def _width(self, style: Qt.ToolButtonStyle) -> int:
        total = 0
        for _, button in self._buttons.values():
            before = button.toolButtonStyle()
            button.setToolButtonStyle(style)
            total += button.sizeHint().width() + GAP // 2
            button.setToolButtonStyle(before)
        return total

    def sizeHint(self) -> QSize:
        return QSize(self._width(Qt.ToolButtonStyle.ToolButtonTextBesideIcon), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(Qt.ToolButtonStyle.ToolButtonIconOnly), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        fits = self.width() >= self._width(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for _, button in self._buttons.values():
            button.setToolButtonStyle(beside if fits else alone)
        super().resizeEvent(event)

    def _on_button_clicked(self) -> None:
        sender = self.sender()
        for entry, button in self._buttons.values():
            if button is sender:
                self.pressed.emit(entry.id)

    def _on_theme_changed(self) -> None:
        for entry, button in self._buttons.values():
            button.setIcon(self._theme.icon(entry.icon))
