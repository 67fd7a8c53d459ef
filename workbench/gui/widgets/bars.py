"""The window's bars: the rail that chooses a panel, the toolbar of commands in a fixed order, and the menus."""

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenuBar, QSizePolicy, QToolBar, QToolButton

from workbench.gui.naming import named
from workbench.gui.theme import ICON

_RAIL_ICON = 24


class _Bar(QToolBar):
    """Stays where it is."""

    def __init__(self, title: str, *, name: str, icon: int) -> None:
        super().__init__(title, movable=False)
        self.setObjectName(name)
        self.setIconSize(QSize(icon, icon))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setEnabled(False)


class Rail(_Bar):
    """One button a panel, icon above word; one of them is checked."""

    def __init__(self) -> None:
        super().__init__("Panels", name="window.rail", icon=_RAIL_ICON)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self._group = QActionGroup(self)

    def add(self, command: QAction, *, panel: str) -> None:
        """A button for ``command``, which shows the panel of this id."""
        command.setCheckable(True)
        self._group.addAction(command)
        self.addAction(command)
        button = cast(QToolButton, self.widgetForAction(command))
        named(button, f"rail.{panel}", command.text())
        button.setProperty("rail", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)


class CommandBar(_Bar):
    """Commands in the order of ``groups``, the first parts of their ids, whenever they are added."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        super().__init__("Toolbar", name="window.toolbar", icon=ICON)
        self._groups = groups

    def add(self, command: QAction) -> None:
        follower = next((one for one in self.actions() if self._place(one) > self._place(command)), None)
        self.insertAction(cast(QAction, follower), command)
        id = command.objectName().replace(".", "-")
        named(self.widgetForAction(command), f"toolbar.{id}", command.text().rstrip("…"))

    def _place(self, command: QAction) -> int:
        return self._groups.index(command.objectName().partition(".")[0])


class Menus:
    """The menus of a window. One in which nothing stands yet is not shown.

    Args:
        names: From left to right.
    """

    def __init__(self, bar: QMenuBar, names: Iterable[str]) -> None:
        self._menus = {name: bar.addMenu(f"&{name}") for name in names}
        for menu in self._menus.values():
            menu.menuAction().setVisible(False)

    def add(self, command: QAction, *, path: str, apart: bool = False) -> None:
        """Put a command at the end of a menu.

        Args:
            path: The menu's name, or ``"Edit/Move to"`` for a menu within it.
            apart: A line separates it from what is there already.
        """
        name, _, inner = path.partition("/")
        menu = self._menus[name]
        menu.menuAction().setVisible(True)
        if inner and path not in self._menus:
            self._menus[path] = menu.addMenu(inner)
        menu = self._menus[path]
        if apart and not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(command)
