"""The one question that is asked before leaving while something is under way, naming what would be interrupted."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.gui.jobs import Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP
from workbench.gui.workspace import TRAINING


class ClosingQuestion(QDialog):
    """Accepted if the jobs are to be stopped."""

    def __init__(self, jobs: Sequence[Job], *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closing")
        trains = any(job.kind == TRAINING for job in jobs)
        self.setWindowTitle("Stop and close?")
        title = QLabel("Something is still running" if len(jobs) == 1 else f"{len(jobs)} things are still running")
        title.setProperty("role", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(title)
        for job in jobs:
            column.addWidget(QLabel(f"{job.title}: {job.pace.words()}", wordWrap=True))
        outcome = "A checkpoint is saved first; the run can be resumed from there." if trains else ""
        if any(job.kind != TRAINING for job in jobs):
            outcome = f"{outcome} What is being imported is not kept.".strip()
        consequence = QLabel(outcome, wordWrap=True)
        consequence.setProperty("role", "muted")
        column.addWidget(consequence)
        column.addSpacing(GAP)
        buttons = QDialogButtonBox()
        stop = named(QPushButton("Save and close" if trains else "Stop and close"), "closing.stop", "Stop and close")
        stop.setProperty("primary", True)
        stay = named(QPushButton("Keep running"), "closing.stay", "Keep running")
        buttons.addButton(stop, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(stay, QDialogButtonBox.ButtonRole.RejectRole)
        column.addWidget(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        stop.setDefault(True)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 60)
