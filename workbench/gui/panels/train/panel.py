"""The Train panel: choose on the left, start above, watch on the right."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.project.runs import FINISHED, Run
from workbench.engine.train.job import DEMO_PRESET, preset
from workbench.gui.actions import Action, Trigger
from workbench.gui.jobs import FAILED, PAUSED, RUNNING, STOPPING, Ending
from workbench.gui.jobs import Job as BackgroundJob
from workbench.gui.models.inspectable_runs import CLASSIFYING, GENERATIVE
from workbench.gui.naming import named
from workbench.gui.panels.panel import Panel
from workbench.gui.panels.train.editor import JobEditor
from workbench.gui.panels.train.following import Following
from workbench.gui.panels.train.watch import WatchView
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.plots.board import BoardSettings
from workbench.gui.workspace import TRAINING, Workspace


class TrainPanel(Panel):
    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("train", workspace=workspace, theme=theme, trigger=trigger)
        self.following = Following(workspace, self)
        self.editor = JobEditor(workspace, theme, preset(DEMO_PRESET))
        self._buttons: dict[str, QPushButton] = {}
        controls = QWidget()
        buttons = QHBoxLayout(controls)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(GAP)
        for verb, text, about in (
            ("start", "Start", "Start training"),
            ("pause", "Pause", "Pause training"),
            ("stop", "Stop", "Stop training"),
            ("resume", "Resume", "Resume training"),
            ("inspect", "Inspect", "See how good the network of this run is, and on what"),
            ("latent", "Latent", "Explore what the network of this run has learned"),
        ):
            button = named(QPushButton(text), f"train.{verb}", about)
            button.clicked.connect(self._on_button_clicked)
            button.setProperty("primary", verb == "start")
            buttons.addWidget(button)
            self._buttons[verb] = button
        self.watch = WatchView(self.following, workspace, theme, controls=controls)
        self._reason = QLabel(wordWrap=True)
        self._reason.setProperty("role", "muted")
        self._reason.setContentsMargins(2 * GAP, 0, 2 * GAP, GAP)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.editor, 1)
        column.addWidget(self._reason)
        self._halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self._halves.addWidget(left)
        self._halves.addWidget(self.watch)
        self._halves.setStretchFactor(1, 1)
        self._halves.setSizes([380, 900])
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._halves)
        self.editor.changed.connect(self._refresh)
        self.following.turned.connect(self._refresh)
        self.following.failed.connect(self._on_reading_failed)
        self.watch.board.failed.connect(self._on_export_failed)
        self.watch.previews.failed.connect(self._on_export_failed)
        workspace.changed.connect(self._refresh)
        workspace.runs_changed.connect(self._refresh)
        workspace.project_changed.connect(self._on_project_changed)
        workspace.job_offered.connect(self.editor.load)
        workspace.dataset_offered.connect(self.editor.choose_data)
        workspace.jobs.started.connect(self._on_job_started)
        workspace.jobs.ended.connect(self._on_job_ended)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._on_project_changed()

    def commands(self) -> list[Action]:
        return [
            Action(id="train.start", text="Start training", handler=self.start, shortcut="Ctrl+Return", icon="start",
                   menu="Run", enabled=self._can_start, toolbar=True),
            Action(id="train.pause", text="Pause or go on", handler=self.pause, shortcut="Ctrl+P", icon="pause",
                   menu="Run", enabled=self._can_pause, toolbar=True),
            Action(id="train.stop", text="Stop training", handler=self.stop, shortcut="Ctrl+.", icon="stop",
                   menu="Run", enabled=self._can_stop, toolbar=True),
            Action(id="train.resume", text="Resume the run in view", handler=self.resume, icon="resume",
                   menu="Run", enabled=self._can_resume),
            Action(id="train.inspect", text="Inspect the run in view", handler=self.inspect, icon="inspect",
                   menu="Run", enabled=self._can_inspect),
            Action(id="train.latent", text="Open the run in view in Latent", handler=self.open_latent, icon="latent",
                   menu="Run", enabled=self._can_open_latent),
        ]  # fmt: skip

    # What a person does

    def start(self) -> None:
        """Begin a new run of the job that the editor holds."""
        self.errors.dismiss()
        self.workspace.train(self.editor.job)

    def pause(self) -> None:
        """Hold the training, or let it go on."""
        if job := self.workspace.training:
            if job.state == PAUSED:
                job.resume()
            else:
                job.pause()

    def stop(self) -> None:
        """End the training with a checkpoint."""
        if job := self.workspace.training:
            job.stop()

    def resume(self) -> None:
        """Let a paused training go on, or take up the run in view where it was left."""
        job = self.workspace.training
        if job and job.state == PAUSED:
            job.resume()
        elif not job and self.following.run:
            self.errors.dismiss()
            self.workspace.resume(self.following.run)

    def inspect(self) -> None:
        """Hand the run in view, which may still be trained, to the Inspect panel."""
        self._offer_to("inspect")

    def open_latent(self) -> None:
        """Hand the run in view, which may still be trained, to the Latent panel."""
        self._offer_to("latent")

    def _offer_to(self, panel: str) -> None:
        if run := self.following.run:
            self.trigger(f"show.{panel}")  # first: it may have to be made
            self.workspace.offer_run(run.id)

    def _can_start(self) -> bool:
        return self.workspace.project is not None and not self.workspace.training and not self.editor.problem

    def _can_pause(self) -> bool:
        job = self.workspace.training
        return job is not None and job.state in (RUNNING, PAUSED)

    def _can_stop(self) -> bool:
        return self._can_pause()

    def _can_resume(self) -> bool:
        job, run = self.workspace.training, self.following.run
        if job:
            return job.state == PAUSED
        return run is not None and _resumable(run)

    def _can_inspect(self) -> bool:
        return self.following.run is not None and self.watch.task in CLASSIFYING

    def _can_open_latent(self) -> bool:
        return self.following.run is not None and self.watch.task in GENERATIVE

    def _on_button_clicked(self) -> None:
        self.trigger(self.sender().objectName())

    # What happens

    def _on_job_started(self, job: BackgroundJob) -> None:
        if job.kind == TRAINING:
            self.errors.dismiss()
            self.following.follow_job(job, self.workspace.run_of(job))

    def _on_job_ended(self, job: BackgroundJob, ending: Ending) -> None:
        if job.kind == TRAINING and ending.state == FAILED and ending.error:
            self.show_error(ending.error, doing=job.title.lower())

    def _on_reading_failed(self, error: BaseException) -> None:
        self.show_error(error, doing="reading the run")

    def _on_export_failed(self, error: BaseException) -> None:
        self.show_error(error, doing="exporting")

    def _on_project_changed(self) -> None:
        project = self.workspace.project
        self.errors.dismiss()
        rows = project.runs() if project else []
        self.following.follow(rows[-1].run if rows else None)

    def _refresh(self) -> None:
        job = self.workspace.training
        for verb, can in (
            ("start", self._can_start),
            ("pause", self._can_pause),
            ("stop", self._can_stop),
            ("resume", self._can_resume),
            ("inspect", self._can_inspect),
            ("latent", self._can_open_latent),
        ):
            self._buttons[verb].setEnabled(can())
        self._buttons["latent"].setVisible(self._can_open_latent())
        self._buttons["inspect"].setHidden(self._can_open_latent())
        problem = self.editor.problem
        if job:
            problem = "Saving a checkpoint…" if job.state == STOPPING else ""
        self._reason.setText(problem)
        self._reason.setVisible(bool(problem))

    def _on_theme_changed(self) -> None:
        for verb, button in self._buttons.items():
            colour = self.theme.colours.on_accent if verb == "start" else ""
            button.setIcon(self.theme.icon(verb, colour=colour))

    # Remembering

    def state(self) -> dict[str, object]:
        board = self.watch.board.settings
        return {
            "halves": self._halves.sizes(),
            "board": {name: getattr(board, name) for name in BoardSettings.__slots__},
        }

    def restore(self, state: dict[str, Any]) -> None:
        halves, board = state.get("halves"), state.get("board")
        if isinstance(halves, list) and len(halves) == 2 and all(isinstance(size, int) for size in halves):
            self._halves.setSizes(halves)
        if isinstance(board, dict):
            known = {name: value for name, value in board.items() if name in BoardSettings.__slots__}
            self.watch.board.apply(BoardSettings(**known))


def _resumable(run: Run) -> bool:
    try:
        return run.status().state != FINISHED
    except UserError:
        return False
