"""The walk between waypoints: where its frames lie, what they look like and how well the network accounts for them.

Pictures come from the decoder of the :class:`~workbench.gui.models.latent.LatentModel`, which hands on the latest wish
only; codes of images and scores from jobs, see :mod:`workbench.gui.models.walk_work`. A page shows what is here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.engine.events import Event
from workbench.engine.latent.walk import PATHS, stops, walk
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.latent import LatentModel, Waypoint
from workbench.gui.models.walk_work import Found, Placed, Read, find_codes, score_strips

if TYPE_CHECKING:
    from workbench.gui.models.decoder import Decoded

Codes = NDArray[np.float32]
Pictures = NDArray[np.uint8]
Scores = NDArray[np.float32]

USUAL_PATH = "spherical"
LEAST_FRAMES, USUAL_FRAMES, MOST_FRAMES = 3, 9, 61
FINDING = "inversion"
"""The kind of the job that looks for the codes of images where a network does not encode."""

_CHANNEL = "walk/"
_PAUSE_MILLISECONDS = 120  # without another wish before scores are computed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """One path. F frames.

    Attributes:
        path: Its name in :data:`~workbench.engine.latent.walk.PATHS`.
        codes: float32[F, D].
        t: F places on the way: 0 at the first waypoint, 1 at the second, 2 at the third ...
        stops: Of each waypoint its frame.
        pictures: uint8[F, H, W] or [F, H, W, 3]; ``None`` while they are being decoded.
        scores: float32[F]; ``None`` while they are being computed.
        number: What the decoder calls the wish.
        step: Of the weights.
    """

    path: str
    codes: Codes
    t: tuple[float, ...]
    stops: tuple[int, ...]
    pictures: Pictures | None = None
    scores: Scores | None = None
    number: int = -1
    step: int = 0


class WalkModel(QObject):
    """Follows the waypoints and the network of ``model`` while it is :meth:`set_active`.

    Signals:
        changed: :attr:`strips`, :attr:`originals` or :attr:`finding` are different.

    Attributes:
        strips: The paths that are wanted, in the order of the registry; empty with fewer than two waypoints.
        path, compared: Which path is wanted, or whether all are.
        frames: Wanted; a strip never has fewer than there are waypoints.
        difference: Of the codes that are looked for by trial: the mean difference between their pictures and the
            images so far, a share of 1; nan before the first.
    """

    changed = Signal()

    def __init__(self, model: LatentModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.strips: tuple[Strip, ...] = ()
        self.path, self.compared, self.frames = USUAL_PATH, False, USUAL_FRAMES
        self._active = False
        self._explorer: object | None = None
        self._dataset: object | None = None
        self._codes: dict[int, Codes] = {}  # of items, as far as they were encoded or looked for here
        self._originals: dict[int, Pictures] = {}
        self._job: Job | None = None
        self._scoring: Job | None = None
        self._stopped = False
        self.difference = math.nan
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._on_pause_over)
        model.changed.connect(self.refresh)
        model.waypoints_changed.connect(self._on_waypoints_changed)

    # What is wanted

    def set_active(self, active: bool) -> None:
        """Whether anybody looks; nothing is computed for nobody."""
        if active != self._active:
            self._active = active
            if active:
                self._model.decoder.decoded.connect(self._on_decoded)
                self.refresh()
            else:
                self._model.decoder.decoded.disconnect(self._on_decoded)

    def set_path(self, path: str) -> None:
        assert path in PATHS
        if path != self.path:
            self.path = path
            self._lay()

    def compare(self, on: bool) -> None:
        """Want all paths, or the chosen one."""
        if on != self.compared:
            self.compared = on
            self._lay()

    def set_frames(self, frames: int) -> None:
        frames = max(LEAST_FRAMES, min(MOST_FRAMES, frames))
        if frames != self.frames:
            self.frames = frames
            self._lay()

    # What there is

    @property
    def waypoints(self) -> tuple[Waypoint, ...]:
        return self._model.waypoints

    def original(self, waypoint: Waypoint) -> Pictures | None:
        """The image of a waypoint as the network gets it, uint8[H, W] or [H, W, 3]; ``None`` for a sample, or while it
        is being read.
        """
        return self._originals.get(waypoint.item)

    def code(self, waypoint: Waypoint) -> Codes | None:
        """float32[D]; ``None`` while it is not known."""
        code = waypoint.code if waypoint.code is not None else self._codes.get(waypoint.item)
        explorer = self._model.explorer
        # While other weights are being taken up, a waypoint may still have the code that it had under the ones before.
        return code if code is not None and explorer is not None and len(code) == explorer.dims else None

    @property
    def finding(self) -> Job | None:
        """The job that looks for codes by trial, which takes a while and can be stopped."""
        return self._job if self._job is not None and self._job.kind == FINDING else None

    @property
    def busy(self) -> bool:
        """Whether pictures or numbers are still to come."""
        waiting = any(strip.pictures is None or strip.scores is None for strip in self.strips)
        return self._job is not None or self._scoring is not None or (waiting and self._active)

    @property
    def main(self) -> Strip | None:
        """The strip of the chosen path."""
        return next((strip for strip in self.strips if strip.path == self.path), None)

    def stop(self) -> None:
        """Look for codes no longer; the best so far stay. What has none yet is left out of the walk."""
        if self._job is not None:
            self._stopped = True
            self._job.stop()
            self._job = None
            self.changed.emit()

    # Following

    def _on_waypoints_changed(self) -> None:
        self._stopped = False
        self.refresh()

    def refresh(self) -> None:
        """Take what the model has now."""
        if not self._active:
            return
        explorer, dataset = self._model.explorer, self._model.dataset
        if explorer is not self._explorer or dataset is not self._dataset:
            self._explorer, self._dataset = explorer, dataset
            self._codes, self._originals, self._stopped, self.difference = {}, {}, False, math.nan
            self._end_jobs()
        self._look_up()
        self._lay()

    def _end_jobs(self) -> None:
        for job in (self._job, self._scoring):
            if job is not None:
                job.stop()
        self._job = self._scoring = None

    def _look_up(self) -> None:
        """Have the images read, and their codes found, that are not known yet."""
        explorer, run, project = self._model.explorer, self._model.run, self._model.workspace.project
        if self._job is not None or self._stopped or explorer is None or run is None or project is None:
            return
        points = {point.item: point for point in self.waypoints if point.item >= 0}
        uncoded = [item for item, point in points.items() if self.code(point) is None]
        unread = [item for item in points if item not in self._originals]
        wanted = sorted({*uncoded, *unread})
        if not wanted:
            return
        known = {item: code for item, point in points.items() if (code := self.code(point)) is not None}
        work = find_codes(
            explorer, np.array(wanted, np.int64), known=known, project=project, run=run,
            preferences=self._model.workspace.preferences,
        )  # fmt: skip
        by_trial = bool(uncoded) and not self._model.encodes
        title = f"Looking for the codes of {len(uncoded)} images" if by_trial else "Encoding the waypoints"
        kind = FINDING if by_trial else ""
        self._job = self._model.workspace.jobs.start(work, title=title, kind=kind, quiet=not by_trial)
        self._job.events.connect(self._on_job_events)
        self._job.changed.connect(self._on_job_changed)
        self._job.ended.connect(self._on_job_ended)
        self.changed.emit()

    def _on_job_events(self, events: Sequence[Event]) -> None:
        if self.sender() is not self._job:
            return
        better = False
        for event in events:
            if isinstance(event, Read):
                self._originals.update(event.pictures)
                better = True
            elif isinstance(event, Found):
                self._codes.update(event.codes)
                self.difference = float(np.mean(event.differences)) if event.differences else math.nan
                better = True
        if better:
            self._lay()

    def _on_job_changed(self) -> None:
        self.changed.emit()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            placed: Placed = ending.result
            self._codes.update(placed.codes)
            self._originals.update(placed.pictures)
            self._look_up()  # waypoints may have come meanwhile
        elif ending.state == FAILED:
            self._stopped = True
            self._model.failed.emit(ending.error, "encoding the waypoints")
        self._lay()

    # Laying the paths

    def _lay(self) -> None:
        """Place the frames of the wanted paths, and have them decoded."""
        if not self._active:
            return
        known = [code for point in self.waypoints if (code := self.code(point)) is not None]
        explorer = self._model.explorer
        if self._job is not None and self.finding is None and len(known) < len(self.waypoints) and self.strips:
            return  # what is shown stands for the moment that encoding takes
        if explorer is None or len(known) < 2:
            self.strips = ()
            self.changed.emit()
            return
        before = {strip.path: strip for strip in self.strips}
        codes = np.stack(known).astype(np.float32)
        paths = tuple(PATHS) if self.compared else (self.path,)
        self.strips = tuple(self._strip(path, codes, before.get(path)) for path in paths)
        self.changed.emit()

    def _strip(self, path: str, waypoints: Codes, before: Strip | None) -> Strip:
        codes = np.asarray(walk(waypoints, frames=max(self.frames, len(waypoints)), how=path), np.float32)
        explorer = self._model.explorer
        assert explorer
        if before is not None and before.step == explorer.step and np.array_equal(codes, before.codes):
            return before
        places = stops(len(waypoints), frames=len(codes))
        t = np.interp(np.arange(len(codes)), places, np.arange(len(places)))
        number = self._model.decoder.ask(_CHANNEL + path, codes)
        # While the frames are as many as before, the old pictures stand until the new ones are there: no flicker.
        kept = before.pictures if before is not None and len(before.codes) == len(codes) else None
        return Strip(path=path, codes=codes, t=tuple(t.tolist()), stops=tuple(places), pictures=kept, number=number,
                     step=explorer.step)  # fmt: skip

    def _on_decoded(self, decoded: "Decoded") -> None:
        if not decoded.channel.startswith(_CHANNEL):
            return
        path = decoded.channel.removeprefix(_CHANNEL)
        self.strips = tuple(
            replace(strip, pictures=decoded.pictures)
            if strip.path == path and strip.number == decoded.number
            else strip
            for strip in self.strips
        )
        self._pause.start()
        self.changed.emit()

    # Scores

    def _on_pause_over(self) -> None:
        explorer = self._model.explorer
        if explorer is None or not self._active:
            return
        if self._scoring is not None:
            self._scoring.stop()
            self._scoring = None
        wanted = {strip.number: strip.pictures for strip in self.strips
                  if strip.scores is None and strip.pictures is not None}  # fmt: skip
        if not wanted:
            return
        work = score_strips(explorer, wanted)
        self._scoring = self._model.workspace.jobs.start(work, title="Scoring the walk", quiet=True)
        self._scoring.ended.connect(self._on_scored)

    def _on_scored(self, ending: Ending) -> None:
        if self.sender() is not self._scoring:
            return
        self._scoring = None
        if ending.state == DONE:
            scores: dict[int, Scores] = ending.result
            self.strips = tuple(
                replace(strip, scores=scores[strip.number]) if strip.number in scores else strip
                for strip in self.strips
            )
            self.changed.emit()
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "scoring the walk")
