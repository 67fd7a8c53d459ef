"""Every command as data. Menus, toolbar, command palette and the sheet of shortcuts are built from the same table."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import Theme

EVERYWHERE = ""
Trigger = Callable[[str], None]
"""Runs a command by its id."""


def always() -> bool:
    return True


def nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One command.

    Attributes:
        id: ``panel.verb``, unique; also the ``QAction``'s object name.
        text: What it does, as a menu says it.
        handler: What to call.
        shortcut: In Qt's portable form, e.g. ``"Ctrl+K"``; several are separated by ``"; "``.
        icon: A name in ``resources/icons``; empty for none.
        menu: The menu it stands in, ``"Edit/Move to"`` for a menu within a menu; empty for the palette only.
        apart: Whether a line separates it from what stands above it in the menu.
        panel: The panel it belongs to (its shortcut works there alone), or :data:`EVERYWHERE`.
        enabled: Whether it makes sense now.
        detail: What it would do now, said after its text; empty where the text says all.
        toolbar: Whether the toolbar has it, too.
    """

    id: str
    text: str
    handler: Callable[[], object]
    shortcut: str = ""
    icon: str = ""
    menu: str = ""
    apart: bool = False
    panel: str = EVERYWHERE
    enabled: Callable[[], bool] = always
    detail: Callable[[], str] = nothing
    toolbar: bool = False


class Actions(QObject):
    """The table. ``changed`` says that there are more of them, or fewer."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: dict[str, tuple[Action, QAction]] = {}
        theme.changed.connect(self._on_theme_changed)

    def add(self, action: Action, *, owner: QWidget) -> QAction:
        """Enter ``action``; its shortcut works wherever ``owner`` (a window or a panel) has the focus."""
        assert action.id not in self._entries, f"action {action.id!r} is entered twice"
        command = QAction(action.text, owner)
        command.setObjectName(action.id)
        command.setShortcuts([QKeySequence(keys) for keys in action.shortcut.split("; ") if keys])
        command.setShortcutContext(
            Qt.ShortcutContext.WidgetWithChildrenShortcut if action.panel else Qt.ShortcutContext.WindowShortcut
        )
        keys = shortcut_text(action)
        command.setToolTip(f"{action.text} ({keys})" if keys else action.text)
        if action.icon:
            command.setIcon(self._theme.icon(action.icon))
        command.triggered.connect(self._on_triggered)
        owner.addAction(command)
        self._entries[action.id] = (action, command)
        self.refresh()
        self.changed.emit()
        return command

    def _on_triggered(self) -> None:
        command = self.sender()
        assert isinstance(command, QAction)
        self.trigger(command.objectName())

    def trigger(self, id: str) -> None:
        """Run a command if it makes sense now."""
        action, _ = self._entries[id]
        if action.enabled():
            action.handler()

    def refresh(self) -> None:
        """Ask every command anew whether it makes sense, and what it would do."""
        for action, command in self._entries.values():
            command.setEnabled(action.enabled())
            command.setText(current_text(action))

    def command(self, id: str) -> QAction:
        return self._entries[id][1]

    def all(self) -> list[Action]:
        """Every command in the order in which it was entered."""
        return [action for action, _ in self._entries.values()]

    def _on_theme_changed(self) -> None:
        for action, command in self._entries.values():
            if action.icon:
                command.setIcon(self._theme.icon(action.icon))


def current_text(action: Action) -> str:
    """What it does, with what it would do now."""
    detail = action.detail()
    return f"{action.text}: {detail}" if detail else action.text


def shortcut_text(action: Action) -> str:
    """The first shortcut as this system writes it; empty if there is none."""
    first = action.shortcut.split("; ")[0]
    return QKeySequence(first).toString(QKeySequence.SequenceFormat.NativeText) if first else ""
