"""What holds for every test of the window: an own theme and workspace, and nothing of Qt's left behind."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from qt_helpers import settle
from shiboken6 import isValid

from workbench.engine.preferences import Preferences
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace


@pytest.fixture(autouse=True)
def _no_widget_left(qapp: QApplication) -> Iterator[None]:
    """Each test closes what it opens: no top-level widget and no running thread stays."""
    before = set(map(id, QApplication.topLevelWidgets()))

    def left() -> list[str]:
        widgets = [widget for widget in QApplication.topLevelWidgets() if id(widget) not in before]
        return [f"{type(widget).__name__} {widget.objectName()}" for widget in widgets]

    yield
    settle()
    if left():
        gc.collect()  # what only a cycle holds is nobody's; collecting after every test would take minutes
        settle()
    assert not left()
    threads = [one for one in gc.get_objects() if issubclass(type(one), QThread) and isValid(one)]
    assert not [thread for thread in threads if thread.isRunning()]


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp, choice="light")
    yield theme
    theme.deleteLater()


@pytest.fixture
def workspace(qapp: QApplication, tmp_path: Path) -> Iterator[Workspace]:
    """With an open, empty project in ``tmp_path / "project"``."""
    workspace = Workspace(Preferences(device="cpu"))
    workspace.open_project(tmp_path / "project")
    yield workspace
    workspace.jobs.join()
    workspace.deleteLater()
