"""Saving frames as a GIF: where to, then in the background."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.jobs import DONE, FAILED, Ending
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.walk_work import write_film
from workbench.gui.naming import named
from workbench.gui.workspace import EXPORT

Pictures = NDArray[np.uint8]


class FilmSaver(QObject):
    """Signals:
    written: Path of a film that is there now.

    Args:
        page: What the dialog belongs to.
        name: First part of the dialog's name.
    """

    written = Signal(object)

    def __init__(self, model: LatentModel, page: QWidget, *, name: str) -> None:
        super().__init__(page)
        self._model, self._page, self._name = model, page, name
        self._frames: Pictures | None = None
        self._rate, self._boomerang, self._title = 5, False, ""

    def ask(self, frames: Pictures, *, rate: int, boomerang: bool, title: str) -> None:
        """Ask where these frames are to go; they are written as they are now.

        Args:
            frames: uint8[F, H, W] or [F, H, W, 3].
            rate: Frames a second.
            boomerang: Whether the film goes back after the last frame.
            title: What it is, for the name of the file.
        """
        self._frames, self._rate, self._boomerang, self._title = frames, rate, boomerang, title
        dialog = QFileDialog(self._page, "Save GIF", "", "GIF (*.gif)")
        named(dialog, f"{self._name}-save", "Where to write it")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("gif")
        dialog.selectFile(f"{'-'.join(f'{self._model.name} {title}'.casefold().split())}.gif")
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        self.write(Path(path))

    def write(self, path: Path) -> None:
        """Write the frames that were asked about."""
        explorer = self._model.explorer
        if self._frames is None or explorer is None:
            return
        from workbench.engine.export.latent import About

        about = About(run=explorer.run, step=explorer.step, shows=self._title)
        work = write_film(path, self._frames, rate=self._rate, boomerang=self._boomerang, about=about)
        job = self._model.workspace.jobs.start(work, title=f"Writing {path.name}", kind=EXPORT)
        job.ended.connect(self._on_job_ended)
        self._frames = None

    def _on_job_ended(self, ending: Ending) -> None:
        if ending.state == DONE:
            self._model.workspace.note(f"written to {ending.result}", source="Export")
            self.written.emit(ending.result)
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "saving the GIF")
