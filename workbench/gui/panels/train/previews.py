"""What the network makes of the same few validation items, at every step at which it was evaluated, on a slider.

The run's events say which previews there are; each is a small file that is read when it is shown. The items' pictures
and the names of the classes come from the run's data, once, in the background.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.events import Event, Previewed
from workbench.engine.project.previews import PREDICTIONS, PredictedItem, Predictions
from workbench.engine.project.runs import Run
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.panels.train.preview_items import Opened, Pictured, load_predictions, read_items
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.prediction_grid import PredictionGrid, Tile
from workbench.gui.widgets.timeline import Timeline
from workbench.gui.workspace import Workspace

_KEPT = 500  # previews in memory

_NO_RUN = "No run is in view. Its previews appear here, one for every evaluation."
_NONE_YET = (
    "No previews yet. From the next evaluation on, this shows what the network takes a few validation items for."
)
_READING = "Reading the images"


class PreviewsView(QWidget):
    """A run's previews, one at a time. While "Latest" is on, the newest one.

    Args:
        workspace: Whose project holds the run and its data.
        theme: Colours and icons.
        name: First part of the names of the widgets in it.
    """

    def __init__(self, workspace: Workspace, theme: Theme, *, name: str = "train.previews") -> None:
        super().__init__()
        self.setObjectName(name)
        self._workspace = workspace
        self._run: Run | None = None
        self._events: list[Previewed] = []
        self._stale = True
        self._loaded: OrderedDict[int, Predictions] = OrderedDict()  # by step
        self._classes: tuple[str, ...] = ()
        self._pictures: dict[int, Pictured] = {}
        self._asked: set[int] = set()
        self._job: Job | None = None
        self.grid = PredictionGrid(theme, name=f"{name}.grid")
        self.timeline = Timeline(theme, name=name, what="preview")
        self._problem = QLabel(wordWrap=True)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._problem.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._problem.setProperty("role", "muted")
        self._problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.grid, 1)
        column.addWidget(self._problem)
        column.addWidget(self.timeline)
        self.timeline.moved.connect(self._on_timeline_moved)

    # What there is

    def show_run(self, run: Run | None) -> None:
        """Turn to another run, with no previews so far; nothing happens if it is the one in view."""
        if (run and run.folder) == (self._run and self._run.folder):
            return
        if self._job:
            self._job.stop()
            self._job = None
        self._run = run
        self._events = []
        self._classes = ()
        self._loaded.clear()
        self._pictures.clear()
        self._asked.clear()
        self._problem.clear()
        self.timeline.set_count(0)
        self.timeline.follow()

    def add(self, event: Previewed) -> None:
        """A preview was made just now. Those of this step and of later ones are from before a resume: they go."""
        step = self._step_in_view()
        self._take(event)
        self._settle(step)

    def set_events(self, events: Sequence[Previewed]) -> None:
        """All previews of the run, in order; they take the place of those there are."""
        step = self._step_in_view()
        self._events = []
        self._loaded.clear()
        for event in events:
            self._take(event)
        self._settle(step)

    def _take(self, event: Previewed) -> None:
        if event.kind != PREDICTIONS:  # of a task whose previews are shown elsewhere
            return
        while self._events and self._events[-1].step >= event.step:
            self._loaded.pop(self._events.pop().step, None)
        self._events.append(event)

    def _step_in_view(self) -> int:
        position = self.timeline.position
        return self._events[position].step if position >= 0 else 0

    def _settle(self, step: int) -> None:
        """Stay at ``step``, or at the one before that where it is gone, unless the newest is followed."""
        position = bisect_right(self._events, step, key=_step) - 1
        self.timeline.set_count(len(self._events), position=max(0, position))
        self._refresh()

    @property
    def problem(self) -> str:
        """Why pictures or names are missing; empty if none are."""
        text: str = self._problem.text()
        return text

    # Showing it

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._problem.text():  # the data may have come back meanwhile
            self._problem.clear()
            self._asked = set(self._pictures)
            self._stale = True
        if self._stale:
            self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):  # from the tiles, which have no use for them
            self.timeline.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _on_timeline_moved(self, position: int) -> None:
        self._refresh()

    def _refresh(self) -> None:
        self._stale = not self.isVisible()
        if self._stale:
            return
        self.timeline.setVisible(bool(self._events))
        if not self._events:
            self._say(_NONE_YET if self._run else _NO_RUN)
            return
        event = self._events[self.timeline.position]
        where = f"step {event.step:,} · epoch {event.epoch:,.1f}"
        try:
            predictions = self._load(event)
        except UserError as error:
            self.timeline.set_words(where)
            self._say(f"The preview of step {event.step:,} cannot be shown: {error}")
            return
        self._read_items([one.item for one in predictions.items])
        right = sum(one.classes[0] == one.label for one in predictions.items)
        self.timeline.set_words(f"{where} · {right} of {len(predictions.items)} right")
        if self._job and not self._classes:
            self._say(_READING)
            return
        self._problem.setVisible(bool(self._problem.text()))
        self.grid.set_items([self._tile(one) for one in predictions.items])

    def _say(self, text: str) -> None:
        self._problem.setVisible(False)
        self.grid.set_text(text)

    def _load(self, event: Previewed) -> Predictions:
        """The preview of ``event``, from memory if it was shown before; :class:`UserError` if it makes no sense."""
        assert self._run
        predictions = self._loaded.pop(event.step, None) or load_predictions(self._run, event.path)
        self._loaded[event.step] = predictions
        if len(self._loaded) > _KEPT:
            self._loaded.popitem(last=False)
        return predictions

    def _tile(self, one: PredictedItem) -> Tile:
        pictured = self._pictures.get(one.item) or Pictured(
            item=one.item, name=f"item {one.item:,}", problem="It has no picture." if self._problem.text() else ""
        )
        guesses = zip(one.classes, one.probabilities, strict=True)
        return Tile(
            image=pictured.image,
            name=pictured.name,
            true=self._class(one.label) if one.label >= 0 else "",
            guesses=tuple((self._class(label), share) for label, share in guesses),
            problem=pictured.problem,
        )

    def _class(self, label: int) -> str:
        return self._classes[label] if 0 <= label < len(self._classes) else f"class {label}"

    # The items' pictures

    def _read_items(self, items: Sequence[int]) -> None:
        wanted = [item for item in items if item not in self._asked]
        if not wanted or self._job or not self._run or not self._workspace.project:
            return
        self._asked.update(wanted)
        work = read_items(
            self._workspace.project, self._run, wanted, limit_pixels=self._workspace.preferences.limit_pixels
        )
        self._job = self._workspace.jobs.start(work, title="Reading the images of previews", quiet=True)
        self._job.events.connect(self._on_job_events)
        self._job.ended.connect(self._on_job_ended)

    def _on_job_events(self, events: tuple[Event, ...]) -> None:
        if self.sender() is not self._job:
            return
        for event in events:
            if isinstance(event, Opened):
                self._classes = event.classes
            elif isinstance(event, Pictured):
                self._pictures[event.item] = event
        self._refresh()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == FAILED:
            why = ending.error if isinstance(ending.error, UserError) else f"a bug in the workbench: {ending.error}"
            self._problem.setText(f"The pictures and the names of the classes are missing: {why}")
        if ending.state in (DONE, FAILED):
            self._refresh()
        else:
            self._asked = set(self._pictures)


def _step(event: Previewed) -> int:
    return event.step
