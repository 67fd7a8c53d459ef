"""The main window: rail, panels, menus, Activity dock, status bar. It arranges and remembers; it knows no domain.

Panels and dialogs are imported when they are first shown: the window itself is to be there at once.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.gui.actions import Action, Actions
from workbench.gui.commands import MENUS, open_log, window_commands
from workbench.gui.memory import Memory
from workbench.gui.panels import PANELS, Kind
from workbench.gui.panels.panel import Panel
from workbench.gui.theme import Theme
from workbench.gui.widgets.activity import Activity
from workbench.gui.widgets.bars import CommandBar, Menus, Rail
from workbench.gui.widgets.deck import Deck, Place
from workbench.gui.widgets.dock_title import DockTitle
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.status import StatusBar
from workbench.gui.widgets.welcome import Welcome
from workbench.gui.workspace import Workspace

_ACTIVITY_HEIGHT = 120
_STANDARD_SIZE = QSize(1280, 800)
TOOLBAR = ("project", "data", "train")  # whose commands come first


class Window(QMainWindow):
    """Signals:
    appeared: It has been painted for the first time.
    demo_wanted: The person wants to try the demo.
    left: It has closed for good.
    """

    appeared = Signal()
    demo_wanted = Signal()
    left = Signal()

    def __init__(self, workspace: Workspace, theme: Theme, memory: Memory) -> None:
        super().__init__()
        self.setObjectName("window")
        self._workspace, self._theme, self._memory = workspace, theme, memory
        self._closing = self._painted = False
        self._menus = Menus(self.menuBar(), MENUS)
        self.actions_table = Actions(theme, self)

        self.errors = ErrorBar(theme, name="window.error")
        self._welcome = Welcome(theme, self.trigger)
        self._welcome.chosen.connect(self.open_project)
        self.deck = Deck([Place(id=kind.id, title=kind.title, make=self._maker(kind)) for kind in PANELS], theme)
        self.deck.shown.connect(self._on_panel_shown)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._welcome)
        self._pages.addWidget(self.deck)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.errors)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(centre)

        self._activity = QDockWidget("Activity", self)
        self._activity.setObjectName("dock.activity")
        self._activity.setAllowedAreas(Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self._activity)
        self.setStatusBar(StatusBar(workspace, theme))

        self._toolbar, self._rail = CommandBar(TOOLBAR), Rail()
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self._toolbar)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._rail)
        self._enter_commands()

        self._builder = QTimer(self, interval=0)
        self._builder.timeout.connect(self._on_builder_due)
        workspace.project_changed.connect(self._on_project_changed)
        workspace.changed.connect(self.actions_table.refresh)
        workspace.preferences_changed.connect(self._on_preferences_changed)
        self._welcome.set_recent(memory.recent())
        self._arrange()
        self._on_project_changed()

    # Commands

    def trigger(self, id: str) -> None:
        """Run a command by its id, making the panel that has it first."""
        panel = id.partition(".")[0]
        if panel in {kind.id for kind in PANELS}:
            self.deck.panel(panel)
        self.actions_table.trigger(id)

    def _enter_commands(self) -> None:
        handlers: dict[str, Callable[[], object]] = {
            "project.new": self._new_project,
            "project.open": self._choose_project,
            "project.demo": self.demo_wanted.emit,
            "project.close": self._close_project,
            "app.preferences": self._show_preferences,
            "app.quit": self.close,
            "view.activity": self._toggle_activity,
            "view.light": self._themer("light"),
            "view.dark": self._themer("dark"),
            "view.system": self._themer("auto"),
            "view.reset": self._reset_layout,
            "view.full-screen": self._toggle_full_screen,
            "app.palette": self._show_palette,
            "app.shortcuts": self._show_shortcuts,
            "app.log": open_log,
            "app.about": self._show_about,
        }
        self._enter(*window_commands(
            handlers,
            panels=[(kind.id, kind.title) for kind in PANELS],
            show=self._shower,
            beside=partial(self._shower, beside=True),
            tear_off=self._tearer,
            has_project=lambda: self._workspace.project is not None,
        ))  # fmt: skip
        for kind in PANELS:
            self._rail.add(self.actions_table.command(f"show.{kind.id}"), panel=kind.id)

    def _enter(self, *actions: Action, owner: QWidget | None = None) -> None:
        for action in actions:
            command = self.actions_table.add(action, owner=owner or self)
            if action.menu:
                self._menus.add(command, path=action.menu, apart=action.apart)
            if action.toolbar:
                self._toolbar.add(command)

    def _shower(self, id: str, *, beside: bool = False) -> Callable[[], None]:
        return lambda: self.deck.show_panel(id, beside=beside)

    def _tearer(self, id: str) -> Callable[[], None]:
        def tear_off() -> None:
            self.deck.show_panel(id)
            self.deck.tear_off(id)

        return tear_off

    def _themer(self, choice: str) -> Callable[[], None]:
        return lambda: self._store_preferences(self._workspace.preferences.replace(theme=choice))

    # Projects

    def open_project(self, folder: Path) -> bool:
        """Open the project in ``folder``; where that fails, say so in the window. Whether it is open now."""
        try:
            self._workspace.open_project(folder)
        except UserError as error:
            self.errors.show_error(error, doing="opening a project")
            return False
        self.errors.dismiss()
        return True

    def _new_project(self) -> None:
        from workbench.gui.dialogs.new_project import NewProject

        recent = self._memory.recent()
        dialog = NewProject(where=recent[0].parent if recent else Path.home(), parent=self)
        dialog.wanted.connect(self._on_new_project_wanted)
        self._open_dialog(dialog)

    def _on_new_project_wanted(self, folder: Path) -> None:
        self._answer(self._workspace.open_project, folder)

    def _answer(self, act: Callable[[Any], None], value: object) -> None:
        """Do what the dialog that has just spoken wants; close it, or say in it why that cannot be done."""
        dialog: Any = self.sender()
        try:
            act(value)
        except UserError as error:
            dialog.show_problem(str(error))
        else:
            dialog.accept()

    def _choose_project(self) -> None:
        dialog = QFileDialog(self, "Open project")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._on_folder_selected)
        self._open_dialog(dialog)

    def _on_folder_selected(self, folder: str) -> None:
        if (Path(folder) / "project.toml").exists():
            self.open_project(Path(folder))
        else:
            error = UserError("there is no project in this folder", where=folder, remedy="choose New project")
            self.errors.show_error(error, doing="opening a project")

    def _close_project(self) -> None:
        self._ask_about_jobs(self._workspace.close_project)

    def _on_project_changed(self) -> None:
        project = self._workspace.project
        self.setWindowTitle(f"{project.name} — Workbench" if project else "Workbench")
        self._pages.setCurrentWidget(self.deck if project else self._welcome)
        self._rail.setVisible(project is not None)
        self._toolbar.setVisible(project is not None)
        self._activity.setVisible(project is not None and bool(self._memory.value("activity") in (None, True)))
        if project:
            self._furnish()
            self._memory.add_recent(project.folder)
            self._show_first_panel()
            self._builder.start()
        else:
            self._welcome.set_recent(self._memory.recent())
        self.actions_table.refresh()

    def _furnish(self) -> None:
        """Make what only a window with a project shows."""
        if self._activity.widget() is None:
            self._activity.setWidget(Activity(self._workspace, self._theme))
            self._activity.setTitleBarWidget(DockTitle(self._activity, self._theme, name="activity"))

    # Panels

    def _show_first_panel(self) -> None:
        """What was in view when this window, or the one before it, had a project open."""
        if not self.deck.current and (layout := self._memory.layout("panels")):
            self.deck.restore_layout(layout)
        last = self.deck.current or str(self._memory.value("panel"))
        self.deck.show_panel(last if last in {kind.id for kind in PANELS} else PANELS[0].id)

    def _maker(self, kind: Kind) -> Callable[[], QWidget]:
        def make() -> QWidget:
            module, _, name = kind.path.partition(":")
            panel = cast(
                Panel,
                getattr(import_module(module), name)(
                    workspace=self._workspace, theme=self._theme, trigger=self.trigger
                ),
            )
            self._enter(*panel.commands(), owner=panel)
            panel.restore(dict(self._memory.panel_state(kind.id)))
            return panel

        return make

    def panel(self, id: str) -> Panel:
        """The panel called ``id``."""
        return cast(Panel, self.deck.panel(id))

    def _on_builder_due(self) -> None:
        """Make one panel that nobody has looked at yet, so that its commands are there and showing it is instant."""
        missing = [kind.id for kind in PANELS if kind.id not in self.deck.made()]
        if missing:
            self.deck.panel(missing[0])
        if len(missing) <= 1:
            self._builder.stop()

    def _on_panel_shown(self, id: str) -> None:
        self.actions_table.command(f"show.{id}").setChecked(True)
        self._memory.set_value("panel", id)
        self.actions_table.refresh()

    def _toggle_activity(self) -> None:
        shown = not self._activity.isVisible()
        self._activity.setVisible(shown)
        self._memory.set_value("activity", shown)

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    # Dialogs

    def _open_dialog(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_palette(self) -> None:
        from workbench.gui.dialogs.palette import CommandPalette

        CommandPalette(self.actions_table, self._theme, self).show()

    def _show_shortcuts(self) -> None:
        from workbench.gui.dialogs.shortcuts import ShortcutSheet

        titles = {kind.id: kind.title for kind in PANELS}
        current = self.deck.current if self._workspace.project else ""
        self._open_dialog(
            ShortcutSheet(self.actions_table, panel=current, title=titles.get(current, "Everywhere"), parent=self)
        )

    def _show_about(self) -> None:
        from workbench.gui.dialogs.about import About

        device = self._workspace.device
        self._open_dialog(About(self._theme, device=device.name if device else "", parent=self))

    def _show_preferences(self) -> None:
        from workbench.gui.dialogs.preferences import PreferencesDialog

        dialog = PreferencesDialog(self._workspace.preferences, self._theme, self)
        dialog.wanted.connect(self._on_preferences_wanted)
        self._open_dialog(dialog)

    def _on_preferences_wanted(self, preferences: Preferences) -> None:
        self._answer(self._workspace.set_preferences, preferences)

    def _store_preferences(self, preferences: Preferences) -> None:
        try:
            self._workspace.set_preferences(preferences)
        except UserError as error:
            self.errors.show_error(error, doing="storing the preferences")

    def _on_preferences_changed(self) -> None:
        self._theme.choose(self._workspace.preferences.theme)

    # Layout

    def _arrange(self) -> None:
        geometry, layout = self._memory.layout("geometry"), self._memory.layout("window")
        if not (geometry and self.restoreGeometry(geometry)):
            available = QGuiApplication.primaryScreen().availableSize()
            self.resize(_STANDARD_SIZE.boundedTo(available))
        if layout:
            self.restoreState(layout)
        else:
            self.resizeDocks([self._activity], [_ACTIVITY_HEIGHT], Qt.Orientation.Vertical)

    def _reset_layout(self) -> None:
        for kind in PANELS:
            self.deck.put_back(kind.id)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self._activity)
        self._activity.setFloating(False)
        self.deck.show_panel(self.deck.current or PANELS[0].id)

    def _remember(self) -> None:
        self._memory.set_layout("geometry", self.saveGeometry())
        self._memory.set_layout("window", self.saveState())
        if self._workspace.project:
            self._memory.set_layout("panels", self.deck.layout_state())
        for id, panel in self.deck.made().items():
            self._memory.set_value(f"panel/{id}", cast(Panel, panel).state())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.appeared.emit)

    # Leaving

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once if a run is under way; then stop everything, and close when it has stopped."""
        if not self._closing:
            event.ignore()
            self._ask_about_jobs(self.leave)
        elif self._workspace.jobs.running():
            event.ignore()  # it closes when the last job has ended
        else:
            event.accept()
            for panel in self.deck.made().values():
                cast(Panel, panel).leave()
            self.left.emit()

    def _ask_about_jobs(self, then: Callable[[], None]) -> None:
        jobs = [job for job in self._workspace.jobs.running() if not job.quiet]
        if not jobs:
            then()
            return
        from workbench.gui.dialogs.closing import ClosingQuestion

        question = ClosingQuestion(jobs, parent=self)
        question.accepted.connect(then)
        self._open_dialog(question)

    def leave(self) -> None:
        """Stop everything, save what there is to save, and close, without a question."""
        if self._closing:
            return
        self._closing = True
        self._remember()
        if any(not job.quiet for job in self._workspace.jobs.running()):
            self.statusBar().showMessage("Saving what is under way…")
        else:
            self.hide()  # what still runs is of no interest, and may take a second to notice
        self._workspace.jobs.ended.connect(self._on_last_jobs_ended)
        self._workspace.jobs.stop_all()
        QTimer.singleShot(0, self.close)

    def _on_last_jobs_ended(self) -> None:
        if not self._workspace.jobs.running():
            QTimer.singleShot(0, self.close)
