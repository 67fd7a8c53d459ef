"""Finding the principal axes of codes, at once where nobody would notice, else in the background."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, Ending, Job, Jobs
from workbench.gui.widgets.latent.plane_axes import Axes, principal_components

Codes = NDArray[np.float32]

_QUICK_DIMS = 64  # up to which it takes some hundredths of a second


class ComponentsFinder(QObject):
    """Signals:
    found: The :class:`Axes` of the codes that were asked for last.
    failed: The exception.
    """

    found = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._mean: Codes | None = None  # wanted, or found
        self._axes: Axes | None = None
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether :attr:`found` is still to come."""
        return self._job is not None and self._mean is not None

    def forget(self) -> None:
        """Nothing is wanted any more."""
        self._mean = self._axes = None

    def find(self, mean: Codes) -> None:
        """Find the axes of codes float32[M, D], M at least 1; :attr:`found` may come before this returns."""
        if mean is self._mean and self._axes is not None:
            self.found.emit(self._axes)
            return
        self._mean, self._axes = mean, None
        if mean.shape[1] <= _QUICK_DIMS:
            self._take(principal_components(mean))
        elif self._job is None:
            self._begin()

    def _begin(self) -> None:
        mean = self._mean
        assert mean is not None
        work = waiting(lambda: (mean, principal_components(mean)), stage="finding the principal axes")
        self._job = self._jobs.start(work, title="Principal axes", quiet=True)
        self._job.ended.connect(self._on_ended)

    def _take(self, axes: Axes) -> None:
        self._axes = axes
        self.found.emit(axes)

    def _on_ended(self, ending: Ending) -> None:
        self._job = None
        if ending.error is not None:
            self.failed.emit(ending.error)
        elif ending.state == DONE and self._mean is not None:
            mean, axes = ending.result
            if mean is self._mean:
                self._take(axes)
            elif self._axes is None:
                self._begin()  # for codes that came meanwhile
