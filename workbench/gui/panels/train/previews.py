"""What the network makes of the same few things, at every step at which it was evaluated, on a slider.

A classifier says what it takes validation items for; a network that makes images shows samples, reconstructions and the
like, one kind at a time. The run's events say which previews there are; each is a small file that is read when it is
shown. The items' pictures and the names of the classes come from the run's data, once, in the background.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.events import Event, Previewed
from workbench.engine.project.previews import PREDICTIONS, PredictedItem, Predictions, Sheet
from workbench.engine.project.runs import Run
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Work
from workbench.gui.panels.train.preview_bar import FILM, TITLES, PreviewBar
from workbench.gui.panels.train.preview_files import load_preview, write_film, write_image
from workbench.gui.panels.train.preview_items import Opened, Pictured, read_items
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.plots.live_plot import write_png
from workbench.gui.widgets.prediction_grid import PredictionGrid, Tile
from workbench.gui.widgets.sheet_view import SheetView
from workbench.gui.widgets.timeline import Timeline
from workbench.gui.workspace import EXPORT, Workspace

_KEPT = 500  # previews in memory

_NO_RUN = "No run is in view. Its previews appear here, one for every evaluation."
_NONE_YET = "No previews yet. From the next evaluation on, this shows what the network makes of a few things."
_READING = "Reading the images"


class PreviewsView(QWidget):
    """A run's previews, one at a time. While "Latest" is on, the newest one.

    Signals:
        failed: What kept a file from being written.

    Args:
        workspace: Whose project holds the run and its data.
        theme: Colours and icons.
        name: First part of the names of the widgets in it.
    """

    failed = Signal(object)

    def __init__(self, workspace: Workspace, theme: Theme, *, name: str = "train.previews") -> None:
        super().__init__()
        self.setObjectName(name)
        self._workspace = workspace
        self._run: Run | None = None
        self._all: dict[str, list[Previewed]] = {}  # by kind
        self._kind = self._wanted = PREDICTIONS  # that is in view, and that a person chose last
        self._stale = True
        self._loaded: OrderedDict[tuple[str, int], Predictions | Sheet] = OrderedDict()  # by kind and step
        self._classes: tuple[str, ...] = ()
        self._pictures: dict[int, Pictured] = {}
        self._asked: set[int] = set()
        self._job: Job | None = None
        self.bar = PreviewBar(theme, name=name)
        self.grid = PredictionGrid(theme, name=f"{name}.grid")
        self.sheet = SheetView(theme, name=f"{name}.sheet")
        self._pages = QStackedWidget()
        self._pages.addWidget(self.grid)
        self._pages.addWidget(self.sheet)
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
        column.addWidget(self.bar)
        column.addWidget(self._pages, 1)
        column.addWidget(self._problem)
        column.addWidget(self.timeline)
        self.timeline.moved.connect(self._on_timeline_moved)
        self.bar.chosen.connect(self._on_kind_chosen)
        self.bar.export_asked.connect(self._on_export_asked)

    # What there is

    def show_run(self, run: Run | None) -> None:
        """Turn to another run, with no previews so far; nothing happens if it is the one in view."""
        if (run and run.folder) == (self._run and self._run.folder):
            return
        if self._job:
            self._job.stop()
            self._job = None
        self._run = run
        self._all = {}
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
        self._all = {}
        self._loaded.clear()
        for event in events:
            self._take(event)
        self._settle(step)

    def _take(self, event: Previewed) -> None:
        if event.kind not in TITLES:  # of a later version
            return
        events = self._all.setdefault(event.kind, [])
        while events and events[-1].step >= event.step:
            self._loaded.pop((event.kind, events.pop().step), None)
        events.append(event)

    @property
    def kind(self) -> str:
        """The kind of previews in view."""
        return self._kind

    @property
    def _events(self) -> list[Previewed]:
        """The previews of that kind, in order."""
        return self._all.get(self._kind, [])

    def show_kind(self, kind: str) -> None:
        """Turn to previews of another kind, at the same step; as soon as there are some."""
        step = self._step_in_view()
        self._wanted = kind
        self._settle(step)

    def _step_in_view(self) -> int:
        position = self.timeline.position
        return self._events[position].step if position >= 0 else 0

    def _settle(self, step: int) -> None:
        """Stay at ``step``, or at the one before that where it is gone, unless the newest is followed."""
        kinds = [kind for kind in TITLES if kind in self._all]
        self._kind = self._wanted if self._wanted in kinds else next(iter(kinds), PREDICTIONS)
        self.bar.show_kinds(kinds, chosen=self._kind)
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
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.sheet.hasFocus():
            self.timeline.pause()
            self.timeline.go(self.timeline.position + (1 if event.key() == Qt.Key.Key_Right else -1))
        else:
            super().keyPressEvent(event)

    def _on_timeline_moved(self, position: int) -> None:
        self._refresh()

    def _on_kind_chosen(self, kind: str) -> None:
        self.show_kind(kind)

    # Leaving the program

    def _on_export_asked(self, what: str, path: Path) -> None:
        self.export(what, path)

    def export(self, what: str, path: Path) -> None:
        """Write what is in view as an image, or every step of its kind as a film; in the background."""
        if not self._run or not self._events:
            return
        if what == FILM:
            self._write(write_film(self._run, list(self._events), path), path)
        elif self.sheet.sheet is not None and self._kind != PREDICTIONS:
            self._write(write_image(self.sheet.sheet, path, run=self._run.id), path)
        else:
            try:
                write_png(path, self.grid.grab().toImage())
            except UserError as error:
                self.failed.emit(error)

    def _write(self, work: Work, path: Path) -> None:
        job = self._workspace.jobs.start(work, title=f"Writing {path.name}", kind=EXPORT, quiet=True)
        job.ended.connect(self._on_export_ended)

    def _on_export_ended(self, ending: Ending) -> None:
        if ending.state == FAILED:
            self.failed.emit(ending.error)

    def _refresh(self) -> None:
        self._stale = not self.isVisible()
        if self._stale:
            return
        self.timeline.setVisible(bool(self._events))
        self._pages.setCurrentWidget(self.grid if self._kind == PREDICTIONS else self.sheet)
        if not self._events:
            self._say(_NONE_YET if self._run else _NO_RUN)
            return
        event = self._events[self.timeline.position]
        where = f"step {event.step:,} · epoch {event.epoch:,.1f}"
        try:
            preview = self._load(event)
        except UserError as error:
            self.timeline.set_words(where)
            self._say(f"The preview of step {event.step:,} cannot be shown: {error}")
            return
        if isinstance(preview, Sheet):
            self.timeline.set_words(where)
            self._problem.hide()
            self.sheet.set_sheet(preview, about=f"{TITLES[self._kind]}, {len(preview.pictures)} pictures, {where}")
        else:
            self._show_predictions(preview, where)

    def _show_predictions(self, predictions: Predictions, where: str) -> None:
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
        self.sheet.set_text(text)

    def _load(self, event: Previewed) -> Predictions | Sheet:
        """The preview of ``event``, from memory if it was shown before; :class:`UserError` if it makes no sense."""
        assert self._run
        key = (event.kind, event.step)
        preview = self._loaded.pop(key, None) or load_preview(self._run, event)
        self._loaded[key] = preview
        if len(self._loaded) > _KEPT:
            self._loaded.popitem(last=False)
        return preview

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
