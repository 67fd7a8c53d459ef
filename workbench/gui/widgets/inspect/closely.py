"""One image under the magnifying glass: decoded whole, and why the network answers as it does.

An image is an item of the inspection, or a file that nobody imported. Reading it, asking where the network looks, and
finding what it finds alike are jobs of their own: what is there first is shown first.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Signal

from workbench.engine.events import Event
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, STOPPED, Ending, Job
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.knownness import USUAL_SCORE, USUAL_SHARE, Threshold
from workbench.gui.models.looking import Weights

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection
    from workbench.gui.widgets.images.picture import Picture

NEIGHBOURS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An image and what was answered of it.

    Attributes:
        name: For people.
        read: Gives the file's content; called in a job.
        answer: An inspection of this one item. Its label is -1 where nobody knows the truth.
    """

    name: str
    read: Callable[[], bytes]
    answer: "Inspection"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heat:
    """Where the network looks for one class.

    Attributes:
        values: float32[h, w], 0..1.
        seen: The part of the upright image that the network sees, in its pixels.
        target: The class.
    """

    values: NDArray[np.float32]
    seen: QRectF
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How surely known an image is by one score: ``value``, which is unknown where it is below ``threshold``."""

    score: str
    title: str
    value: float
    threshold: float

    @property
    def known(self) -> bool:
        return self.value >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alike:
    """Training items that lie nearest: ids int64[k], nearest first, and cosine distances float64[k], 0..2;
    ``training`` is the inspection that they were found in.
    """

    training: "Inspection"
    items: NDArray[np.int64]
    distances: NDArray[np.float64]


class Closely(QObject):
    """Looks at one subject at a time; what was under way for the one before is dropped.

    Signals:
        picture_ready: A :class:`~workbench.gui.widgets.images.picture.Picture`.
        heat_ready: A :class:`Heat`.
        alike_ready: An :class:`Alike`.
        judged: A :class:`Judged`.
        failed: What could not be had (``"picture"``, ``"heat"``, ``"alike"`` or ``"verdict"``), and the error.
    """

    picture_ready = Signal(object)
    heat_ready = Signal(object)
    alike_ready = Signal(object)
    judged = Signal(object)
    failed = Signal(str, object)

    def __init__(self, model: InspectionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._subject: Subject | None = None
        self._jobs: dict[str, Job] = {}

    def show(self, subject: Subject) -> None:
        """Read the image of ``subject``; :meth:`explain` and :meth:`compare` are about it from now on."""
        self.drop()
        self._subject = subject
        self._start("picture", _read(subject, self._model.workspace.preferences.limit_pixels), "Reading an image")

    def explain(self, target: int) -> None:
        """Find out where the network looks for class ``target``."""
        weights = self._model.weights
        if self._subject is not None and weights is not None:
            self._start("heat", _explain(weights, self._subject, target), "Looking where the network looks")

    def compare(self) -> None:
        """Find the training items that the network finds most alike; nothing while these are not known."""
        training = self._model.training
        if self._subject is not None and training is not None:
            self._start("alike", _compare(self._subject, training), "Finding similar items")

    def judge(self) -> None:
        """Find out whether the image is of a known kind, by the threshold that the model has, or the usual one."""
        model = self._model
        if self._subject is not None and model.inspection is not None:
            work = _judge(self._subject, model.inspection, model.training, model.threshold)
            self._start("verdict", work, "Judging an image")

    def drop(self) -> None:
        """Look at nothing."""
        self._subject = None
        for what in tuple(self._jobs):
            self._jobs.pop(what).stop()

    def _start(self, what: str, work: Generator[Event, None, object], title: str) -> None:
        if what in self._jobs:
            self._jobs.pop(what).stop()
        job = self._jobs[what] = self._model.workspace.jobs.start(work, title=title, quiet=True)
        job.ended.connect(self._on_job_ended)

    def _on_job_ended(self, ending: Ending) -> None:
        what = next((what for what, job in self._jobs.items() if job is self.sender()), "")
        if not what:
            return
        del self._jobs[what]
        if ending.state == DONE:
            ready = {
                "picture": self.picture_ready,
                "heat": self.heat_ready,
                "alike": self.alike_ready,
                "verdict": self.judged,
            }
            if ending.result is not None:
                ready[what].emit(ending.result)
        elif ending.state == FAILED:
            self.failed.emit(what, ending.error)
        else:
            assert ending.state == STOPPED


class _OneFile:
    """A file as a set of one image."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def name(self, index: int) -> str:
        return self._subject.name

    def encoded(self, index: int) -> bytes:
        return self._subject.read()

    def mask(self, index: int) -> bytes | None:
        return None


def _read(subject: Subject, limit_pixels: int) -> "Generator[Event, None, Picture]":
    from workbench.gui.widgets.images.picture import decode_large

    return (yield from decode_large(_OneFile(subject), 0, limit_pixels=limit_pixels))


def _explain(weights: Weights, subject: Subject, target: int) -> Generator[Event, None, Heat]:
    trained = yield from weights.load()

    def find() -> Heat:
        from workbench.engine.data.decode import decode, seen
        from workbench.engine.data.pixels import prepare
        from workbench.engine.inspection.gradcam import grad_cam

        geometry, encoded = trained.preprocessing.geometry, subject.read()
        values = grad_cam(trained, prepare(encoded, geometry, where=subject.name), target=target)
        width, height = decode(encoded, mode="L", where=subject.name).size
        left, top, right, bottom = seen(width, height, size=geometry.size, how=geometry.how, share=geometry.share)
        return Heat(values=values, seen=QRectF(left, top, right - left, bottom - top), target=target)

    return (yield from waiting(find, stage="looking where the network looks"))


def _compare(subject: Subject, training: "Inspection") -> Generator[Event, None, Alike]:
    def find() -> Alike:
        from workbench.engine.inspection.neighbours import nearest

        answer = subject.answer
        own = answer.split == training.split and answer.dataset == training.dataset
        rows, distances = nearest(answer.features, training.features, k=NEIGHBOURS + own)
        items = training.items[rows[0]]
        others = items != answer.items[0] if own else np.ones(len(items), bool)  # an item is no neighbour of its own
        return Alike(training=training, items=items[others][:NEIGHBOURS], distances=distances[0][others][:NEIGHBOURS])

    return (yield from waiting(find, stage="finding similar items"))


def _judge(
    subject: Subject, known: "Inspection", training: "Inspection | None", threshold: Threshold | None
) -> Generator[Event, None, Judged | None]:
    """``None`` where there is nothing known to compare with, or the score needs training items that are not there."""

    def find() -> Judged | None:
        from workbench.engine.inspection import unknown

        score = threshold.score if threshold else USUAL_SCORE
        if score not in unknown.usable_scores(known, training=training is not None):
            return None
        limit = threshold.value if threshold else np.inf
        if threshold is None:
            sure = unknown.knownness(score, known, training=training)[unknown.truly_known(known)]
            if not len(sure):
                return None
            limit = unknown.threshold_for(sure, USUAL_SHARE)
        value = float(unknown.knownness(score, subject.answer, training=training)[0])
        return Judged(score=score, title=unknown.SCORES[score].title, value=value, threshold=float(limit))

    return (yield from waiting(find, stage="judging"))
