"""The Train panel's way on to Inspect."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from run_samples import add_run

from workbench.engine.project.runs import RUNNING
from workbench.gui.panels.train.panel import TrainPanel
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace


@pytest.fixture
def triggered() -> list[str]:
    return []


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, theme: Theme, triggered: list[str]) -> Iterator[TrainPanel]:
    panel = TrainPanel(workspace=workspace, theme=theme, trigger=triggered.append)
    qtbot.addWidget(panel)
    panel.resize(1200, 700)
    panel.show()
    yield panel
    workspace.jobs.join()


def command(panel: TrainPanel, id: str) -> None:
    next(action for action in panel.commands() if action.id == id).handler()


@pytest.mark.parametrize("state", ["finished", RUNNING])
def test_the_run_in_view_is_handed_to_inspect(
    qtbot: QtBot, panel: TrainPanel, workspace: Workspace, triggered: list[str], state: str
) -> None:
    inspect = panel.findChild(QPushButton, "train.inspect")
    assert not inspect.isEnabled()  # no run yet
    run = add_run(workspace.opened(), "mine", state=state)
    panel.following.follow(run)
    qtbot.waitUntil(inspect.isEnabled)
    offered: list[str] = []
    workspace.run_offered.connect(offered.append)
    qtbot.mouseClick(inspect, Qt.MouseButton.LeftButton)
    assert triggered == ["train.inspect"]
    command(panel, "train.inspect")
    assert triggered == ["train.inspect", "show.inspect"]
    assert offered == [run.id]


def test_without_a_project_there_is_nothing_to_inspect(panel: TrainPanel, workspace: Workspace) -> None:
    workspace.close_project()
    assert not panel.findChild(QPushButton, "train.inspect").isEnabled()
