"""The window's own commands as a table. What each does is the window's affair; panels bring tables of their own."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from workbench.engine.preferences import log_file
from workbench.gui.actions import Action, always

MENUS = ("File", "Edit", "View", "Data", "Run", "Help")
"""From left to right. One in which nothing stands yet is not shown."""
_DOTS = "\N{HORIZONTAL ELLIPSIS}"


class _Entry(NamedTuple):
    id: str
    text: str
    menu: str
    keys: str = ""
    icon: str = ""
    apart: bool = False
    toolbar: bool = False


_BEFORE = (
    _Entry("project.new", f"New project{_DOTS}", "File", "Ctrl+N", "new-project", toolbar=True),
    _Entry("project.open", f"Open project{_DOTS}", "File", "Ctrl+O", "open-folder", toolbar=True),
    _Entry("project.demo", "Try the demo", "File", icon="demo"),
    _Entry("project.close", "Close project", "File", "Ctrl+Shift+W", "close"),
    _Entry("app.preferences", f"Preferences{_DOTS}", "File", "Ctrl+,", "settings", apart=True),
    _Entry("app.quit", "Quit", "File", "Ctrl+Q", apart=True),
)
_AFTER = (
    _Entry("view.activity", "Activity", "View", "Ctrl+J", "activity", apart=True),
    _Entry("view.light", "Light theme", "View", icon="sun", apart=True),
    _Entry("view.dark", "Dark theme", "View", icon="moon"),
    _Entry("view.system", "Theme of the system", "View"),
    _Entry("view.reset", "Put all panels back", "View", apart=True),
    _Entry("view.full-screen", "Full screen", "View", "F11"),
    _Entry("app.palette", f"Find a command{_DOTS}", "Help", "Ctrl+K", "palette"),
    _Entry("app.shortcuts", "Keyboard shortcuts", "Help", "?; F1", "keyboard"),
    _Entry("app.log", "Open the log's folder", "Help", icon="folder", apart=True),
    _Entry("app.about", "About Workbench", "Help", icon="info"),
)
_IN_PROJECTS = ("project.close",)  # what makes sense only with a project


def open_log() -> None:
    """Have the system show the folder in which the log is."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file().parent)))


def window_commands(
    handlers: Mapping[str, Callable[[], object]],
    *,
    panels: Iterable[tuple[str, str]],
    show: Callable[[str], Callable[[], object]],
    beside: Callable[[str], Callable[[], object]],
    tear_off: Callable[[str], Callable[[], object]],
    has_project: Callable[[], bool],
) -> list[Action]:
    """All of them in the order of the menus.

    Args:
        handlers: Id of a command to what it does, for every command that is not about a panel.
        panels: Id and title of each panel, in order.
        show, beside, tear_off: Id of a panel to what brings it into view, puts it beside another, takes it out.
    """

    def of_window(entry: _Entry) -> Action:
        return Action(
            id=entry.id, text=entry.text, handler=handlers[entry.id], shortcut=entry.keys, icon=entry.icon,
            menu=entry.menu, apart=entry.apart, toolbar=entry.toolbar,
            enabled=has_project if entry.id in _IN_PROJECTS else always,
        )  # fmt: skip

    panels = list(panels)
    shown = [
        Action(id=f"show.{id}", text=title, handler=show(id), shortcut=f"Ctrl+{number}", icon=id, menu="View",
               enabled=has_project)
        for number, (id, title) in enumerate(panels, 1)
    ]  # fmt: skip
    arranged = [
        action
        for id, title in panels
        for action in (
            Action(id=f"beside.{id}", text=f"Put {title} beside the current panel", handler=beside(id),
                   enabled=has_project),
            Action(id=f"tear-off.{id}", text=f"Tear off {title}, or put it back", handler=tear_off(id),
                   enabled=has_project),
        )
    ]  # fmt: skip
    return [*map(of_window, _BEFORE), *shown, *arranged, *map(of_window, _AFTER)]
