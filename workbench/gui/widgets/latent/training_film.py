"""What a run kept while it trained, as a film: each preview is a frame. Read when it is wanted, in the background."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.engine.events import Previewed

if TYPE_CHECKING:
    from workbench.engine.project.previews import Sheet
    from workbench.engine.project.runs import Run

Pictures = NDArray[np.uint8]

FILM_RATE = 6.0
"""Frames a second to begin with."""


class TrainingFilm:
    """Calling it reads every preview, uint8 [F, H, W] or [F, H, W, 3]; those of another size than the last are left
    out.

    Args:
        events: Of one kind, oldest first; at least one.
    """

    def __init__(self, run: "Run", events: Sequence[Previewed]) -> None:
        self._run, self._events = run, tuple(events)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a frame; reads the last one.

        Raises:
            UserError: It cannot be read.
        """
        frame = _joined(self._sheet(self._events[-1]))
        return frame.shape[0], frame.shape[1]

    def __call__(self) -> Pictures:
        frames = [_joined(self._sheet(event)) for event in self._events]
        return np.stack([frame for frame in frames if frame.shape == frames[-1].shape])

    def _sheet(self, event: Previewed) -> "Sheet":
        from workbench.engine.project.previews import Sheet

        return Sheet.load(self._run.folder / event.path)


def _joined(sheet: "Sheet") -> Pictures:
    """The pictures of a sheet side by side, as one."""
    count, height, width, *channels = sheet.pictures.shape
    rows = count // sheet.columns
    parts = sheet.pictures[: rows * sheet.columns].reshape(rows, sheet.columns, height, width, *channels)
    return np.ascontiguousarray(parts.swapaxes(1, 2).reshape(rows * height, sheet.columns * width, *channels))
