"""Somebody in front of the real window, with mouse and keys."""

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QTabBar, QTabWidget, QWidget
from pytestqt.qtbot import QtBot
from qt_helpers import settle

from workbench.engine.preferences import Preferences
from workbench.gui.memory import Memory
from workbench.gui.theme import Theme
from workbench.gui.window import Window
from workbench.gui.workspace import Workspace

W = TypeVar("W", bound=QWidget)
PATIENCE = 30_000  # milliseconds; a busy machine loads torch slowly


class Person:
    """Somebody in front of the window."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.bot, self.theme = qtbot, theme
        self.start()

    def start(self) -> None:
        """Start the program."""
        self.workspace = Workspace(Preferences(device="cpu"))
        self.window = Window(self.workspace, self.theme, Memory())
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def leave(self) -> None:
        """The program has ended, however it did; its parts are given up."""
        self.workspace.jobs.join()
        self.window.leave()
        settle()
        self.window.deleteLater()
        self.workspace.deleteLater()
        settle()

    def find(self, name: str, kind: type[W]) -> W:
        """The widget of this name, as soon as it is to be seen."""

        def seen() -> list[W]:
            roots = QApplication.topLevelWidgets()
            return [one for root in roots for one in root.findChildren(kind, name) if one.isVisible()]

        self.wait(lambda: bool(seen()))
        return seen()[0]

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isEnabled(), f"{name} cannot be clicked"
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def keys(self, key: Qt.Key, *, control: bool = False, to: QWidget | None = None) -> None:
        modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
        self.bot.keyClick(to or QApplication.focusWidget() or self.window, key, modifier)

    def write(self, name: str, text: str) -> None:
        """Replace what stands in a line edit."""
        edit = self.find(name, QLineEdit)
        edit.setFocus()
        edit.selectAll()
        self.bot.keyClicks(edit, text)

    def wait(self, condition: object) -> None:
        self.bot.waitUntil(condition, timeout=PATIENCE)

    def set_setting(self, field: str, text: str) -> None:
        """Look a setting up, and type its value."""
        self.click_tab("train.tabs", "Settings")
        self.write("train.form.search", field)
        self.write(f"train.form.train.{field}", text)
        self.write("train.form.search", " ")

    def click_tab(self, name: str, text: str) -> None:
        tabs = self.find(name, QTabWidget)
        index = next(number for number in range(tabs.count()) if tabs.tabText(number) == text)
        self.bot.mouseClick(tabs.tabBar(), Qt.MouseButton.LeftButton, pos=tabs.tabBar().tabRect(index).center())

    def new_project(self, folder: Path) -> None:
        self.click("welcome.new")
        self.write("new-project.where", str(folder.parent))
        self.write("new-project.name", folder.name)
        self.keys(Qt.Key.Key_Return, to=self.find("new-project.name", QLineEdit))
        self.wait(lambda: self.workspace.project is not None)
        self.come_back()

    def come_back(self) -> None:
        """The dialog is gone, and the system makes the window the active one; this platform leaves that to us."""
        self.wait(lambda: QApplication.activeModalWidget() is None)
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def import_folder(self, folder: Path) -> None:
        self.keys(Qt.Key.Key_1, control=True)
        self.keys(Qt.Key.Key_I, control=True)
        self.write("data.import-target", str(folder))
        self.wait(self.find("data.import-start", QAbstractButton).isEnabled)
        self.keys(Qt.Key.Key_Return, to=self.find("data.import-target", QLineEdit))
        self.wait(lambda: bool(self.workspace.opened().datasets()) and not self.workspace.jobs.running("import"))
        self.come_back()

    def choose(self, name: str, text: str) -> None:
        """Pick an entry of a combo box with the keyboard."""
        box = self.find(name, QComboBox)
        self.wait(lambda: box.findText(text) >= 0)
        box.setFocus()
        steps = box.findText(text) - box.currentIndex()
        for _ in range(abs(steps)):
            self.bot.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)

    def turn_to(self, page: str) -> None:
        """Click the tab of a page of the Data panel."""
        bar = self.find("data.pages", QTabBar)
        index = next(number for number in range(bar.count()) if bar.tabText(number) == page)
        self.bot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())
