"""The demo: one training after the other on data that ships, so that every panel has something to show.

First a network that tells digits apart, which takes seconds, then one that draws them, to be explored in the Latent
panel.
"""

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, Ending, Job
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.project.project import Project

_SOURCE = "Demo"


class Demo(QObject):
    """Goes on until a training is stopped or fails, a person starts another, or another project is opened."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._left: deque[str] = deque()
        self._job: Job | None = None
        workspace.jobs.ended.connect(self._on_job_ended)
        workspace.project_changed.connect(self._on_project_changed)

    def start(self) -> None:
        """Begin in the project that is open. Raises :class:`UserError` where a preset cannot be read."""
        from workbench.engine.train.job import DEMO_PRESET, LATENT_DEMO_PRESET, preset

        first = preset(DEMO_PRESET)
        self._left = deque([LATENT_DEMO_PRESET])
        self._workspace.offer_job(first)
        self._job = self._workspace.train(first)

    def _on_project_changed(self) -> None:
        self._left.clear()
        self._job = None

    def _on_job_ended(self, job: Job, ending: Ending) -> None:
        if job is not self._job:
            return
        self._job = None
        if ending.state == DONE and self._left and self._workspace.training is None:
            self._next(self._left.popleft())

    def _next(self, name: str) -> None:
        from workbench.engine.train.job import preset

        workspace = self._workspace
        if _is_there(workspace.opened(), name):
            return
        workspace.note(
            "now a network that draws digits learns; turn to the Latent panel to explore it, even while it learns",
            source=_SOURCE,
        )
        self._job = workspace.train(preset(name))


def _is_there(project: "Project", name: str) -> bool:
    """Whether a finished run of this name is left from an earlier demo."""
    from workbench.engine.project.runs import FINISHED

    for row in project.runs():
        try:
            status = row.run.status()
        except UserError:
            continue  # a damaged one is not there
        if (status.name, status.state) == (name, FINISHED):
            return True
    return False
