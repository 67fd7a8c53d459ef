"""What one sample is like: how the network scores it, and which training images are nearest to it.

The training images are read once for a run; the distances of validation images to their nearest ones are the yardstick
by which a sample's distance is near or far.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Event
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Work
from workbench.gui.models.latent import LatentModel
from workbench.gui.models.looking import TRAIN, VALIDATION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.engine.latent.explorer import Explorer
    from workbench.engine.latent.sampling import TrainingImages

NEAREST = 5
YARDSTICK = 256
"""Validation images whose distances are compared with."""
_CLOSE = 0.01
"""A sample is suspiciously close when at most this share of validation images is as close."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleLook:
    """What is known of a sample.

    Attributes:
        picture: uint8 [H, W] or [H, W, 3].
        score: In the explorer's unit; NaN where it cannot be told.
        items, pictures, distances: The nearest training images, nearest first: ids int64 [K], uint8 [K, H, W(, 3)],
            and float32 [K], root mean squares of the differences of pixels in 0..1.
        yardstick: Distances of validation images to their nearest training image, float32 ascending; empty where there
            are none.
    """

    picture: "NDArray[np.uint8]"
    score: float
    items: "NDArray[np.int64]"
    pictures: "NDArray[np.uint8]"
    distances: "NDArray[np.float32]"
    yardstick: "NDArray[np.float32]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored(Event):
    score: float = field(default=float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """The training images of a run, and the yardstick."""

    run: str
    training: "TrainingImages"
    yardstick: "NDArray[np.float32]"


class SampleLooks(QObject):
    """At most one at a time.

    Signals:
        began: The :class:`Job` that looks.
        scored: The score of the sample, before its neighbours are known.
        found: A :class:`SampleLook`.
        failed: The error, and what was being done in words.
    """

    began = Signal(object)
    scored = Signal(float)
    found = Signal(object)
    failed = Signal(object, str)

    def __init__(self, model: LatentModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._known: _Known | None = None
        self._job: Job | None = None

    def look(self, picture: "NDArray[np.uint8]") -> None:
        """Look at a sample; what was looked at before is dropped."""
        self.forget()
        model = self._model
        project, run = model.workspace.project, model.run
        if model.explorer is None or project is None or run is None:
            return
        known = self._known if self._known and self._known.run == run.id else None
        work = _look(project, run.id, model.explorer, picture, known, preferences=model.workspace.preferences)
        self._job = model.workspace.jobs.start(work, title="Comparing with the training images", quiet=True)
        self._job.events.connect(self._on_events)
        self._job.ended.connect(self._on_ended)
        self.began.emit(self._job)

    @property
    def busy(self) -> bool:
        return self._job is not None

    def forget(self) -> None:
        """Look at nothing."""
        if self._job:
            job, self._job = self._job, None
            job.stop()

    def _on_events(self, events: tuple[Event, ...]) -> None:
        if self.sender() is self._job:
            for event in events:
                if isinstance(event, _Scored):
                    self.scored.emit(event.score)

    def _on_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            self._known, look = ending.result
            self.found.emit(look)
        elif ending.state == FAILED:
            self.failed.emit(ending.error, "comparing with the training images")


def _look(
    project: Project,
    run: str,
    explorer: "Explorer",
    picture: "NDArray[np.uint8]",
    known: _Known | None,
    *,
    preferences: Preferences,
) -> Work:
    """Returns a :class:`_Known` and a :class:`SampleLook`."""
    pixels = explorer.pixels_of(picture[None])
    score = float((yield from waiting(partial(explorer.score, pixels, seed=0), stage="scoring"))[0])
    yield _Scored(score=score)
    known = known or (yield from _read(project, run, explorer, preferences=preferences))
    nearest = partial(known.training.nearest, picture[None], count=NEAREST)
    items, distances = yield from waiting(nearest, stage="comparing")
    return known, SampleLook(
        picture=picture,
        score=score,
        items=items[0],
        pictures=known.training.pictures[known.training.items.searchsorted(items[0])],
        distances=distances[0],
        yardstick=known.yardstick,
    )


def _read(
    project: Project, run: str, explorer: "Explorer", *, preferences: Preferences
) -> Generator[Event, None, _Known]:
    import numpy as np

    from workbench.engine.latent.sampling import training_images

    of = partial(training_images, project, project.run(run), explorer, preferences=preferences)
    training = yield from of(split=TRAIN)
    yardstick = np.zeros(0, np.float32)
    if len(project.split(project.run(run).status().split).items.get(VALIDATION, ())):
        validation = yield from of(split=VALIDATION, most=YARDSTICK)
        nearest = partial(training.nearest, validation.pictures, count=1)
        _, distances = yield from waiting(nearest, stage="comparing the validation images")
        yardstick = np.sort(distances[:, 0])
    return _Known(run=run, training=training, yardstick=yardstick)


def is_suspicious(look: SampleLook) -> bool:
    """Whether the sample is as close to a training image as hardly any validation image is."""
    return bool(len(look.yardstick)) and _share_closer(look) <= _CLOSE


def verdict(look: SampleLook) -> str:
    """Whether it is memorised, in a sentence or two."""
    distance = float(look.distances[0])
    words = f"The nearest training image is {distance:.3f} away (root mean square of the pixels, 0 to 1)."
    if not len(look.yardstick):
        return f"{words} There are no validation images to compare with."
    middle = float(look.yardstick[len(look.yardstick) // 2])
    usual = f"A validation image is typically {middle:.3f} from its nearest one"
    share = _share_closer(look)
    if is_suspicious(look):
        closer = "none" if share == 0 else "only one in a hundred"
        return f"{words} {usual}, and {closer} of {len(look.yardstick)} is this close: it may be memorised."
    return f"{words} {usual}, and {100 * share:.0f} % of {len(look.yardstick)} are closer than this: it is not a copy."


def _share_closer(look: SampleLook) -> float:
    """Share of the validation images that are at least as close to the training images as the sample."""
    return float(look.yardstick.searchsorted(look.distances[0], side="right")) / len(look.yardstick)
