"""The original of an item, exactly as the network sees it: its size, its channels, black and white where it is so."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Event
from workbench.gui.jobs import DONE, Ending, Job
from workbench.gui.models.latent import LatentModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.engine.latent.explorer import Explorer
    from workbench.engine.preferences import Preferences
    from workbench.engine.project.project import Project
    from workbench.engine.project.runs import Run


class Originals(QObject):
    """Reads one at a time; of those that are wanted meanwhile only the last.

    Signals:
        read: Id of an item, and its picture (uint8 [H, W] or [H, W, 3]). An item that cannot be read has none.
    """

    read = Signal(int, object)

    def __init__(self, model: LatentModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._wanted = self._reading = -1
        self._job: Job | None = None

    def want(self, item: int) -> None:
        """Read this item; nothing for -1, or where there is no run that says how."""
        self._wanted = item
        if self._job is None:
            self._begin()

    def _begin(self) -> None:
        project, run, explorer = self._model.workspace.project, self._model.run, self._model.explorer
        item, self._wanted = self._wanted, -1
        if item < 0 or project is None or run is None or explorer is None:
            return
        self._reading = item
        work = _read(project, run, explorer, item, self._model.workspace.preferences)
        self._job = self._model.workspace.jobs.start(work, title="Reading an image", quiet=True)
        self._job.ended.connect(self._on_ended)

    def _on_ended(self, ending: Ending) -> None:
        self._job = None
        if ending.state == DONE:
            self.read.emit(self._reading, ending.result)
        self._begin()


def _read(
    project: "Project", run: "Run", explorer: "Explorer", item: int, preferences: "Preferences"
) -> Generator[Event, None, "NDArray[np.uint8]"]:
    from workbench.engine.latent.originals import item_pixels

    pixels = yield from item_pixels(project, run, explorer, np.array([item], np.int64), preferences=preferences)
    picture: NDArray[np.uint8] = explorer.pictures_of(pixels)[0]
    return picture
