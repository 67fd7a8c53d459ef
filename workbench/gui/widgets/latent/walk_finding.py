"""A line that says how far the search for codes is, and ends it on request. What was found by then stays."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton

from workbench.gui.jobs import Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.set_list import DOT

_STEPS = "steps"  # what a search counts


class FindingBar(QFrame):
    """Hidden while nothing is looked for.

    Signals:
        stopped: The search is to end.
    """

    stopped = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._words = QLabel()
        self._bar = named(QProgressBar(), f"{name}-progress", "How far the search is")
        self._bar.setTextVisible(False)
        self._stop = named(QPushButton("Stop"), f"{name}-stop", "Stop the search and keep the best so far")
        self._stop.setToolTip("Stop the search and keep the best so far")
        self._stop.setIcon(theme.icon("stop"))
        self._stop.clicked.connect(self.stopped)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP // 2, GAP // 2, GAP // 2)
        row.setSpacing(GAP)
        row.addWidget(self._words)
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def follow(self, job: Job | None, *, difference: float) -> None:
        """Say how far ``job`` is; disappear where there is none.

        Args:
            difference: Between the pictures so far and the images, a share of 1; nan where that is not known.
        """
        self.setVisible(job is not None)
        if job is None:
            return
        pace, parts = job.pace, [job.title]
        if math.isfinite(difference):
            parts.append(f"difference {100 * difference:.1f} % so far")
        self._words.setText(DOT.join(parts))
        counts = pace.unit == _STEPS  # before that, images are read
        self._bar.setRange(0, pace.total if counts else 0)
        self._bar.setValue(pace.done if counts else -1)
