"""The items of one or several splits as points of a plane: what the network's last layer sees of them, in two numbers.

Merging, projecting and scoring run in jobs. Principal components come at once; t-SNE on demand, its points moving while
it works, and what it had reached is kept when it is stopped.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Event, Progress
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models import colouring
from workbench.gui.models.colouring import Groups, Measure
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.knownness import PROBABILITIES
from workbench.gui.models.looking import TRAIN

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection

Points = NDArray[np.float32]
Items = NDArray[np.int64]
Floats = NDArray[np.float64]

PCA, TSNE = "pca", "tsne"
PROJECTION = "projection"
"""The kind of the job of t-SNE."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cloud:
    """What the points stand for, in the order of the items' ids.

    Attributes:
        whole: The items of all parts in one inspection; the split is ``"all"`` where there are several.
        parts: Names of the splits; ``part`` is int64[M], which one an item is in.
        explained: Share of the variance that each of the two principal components shows.
        scores: Ids and titles of the scores of the unknown that the points can be coloured by; ``by_training`` are
            those that need the training items.
    """

    whole: "Inspection"
    parts: tuple[str, ...]
    part: Items
    explained: tuple[float, float]
    scores: tuple[tuple[str, str], ...]
    by_training: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Projected:
    cloud: Cloud
    positions: Points


class EmbeddingModel(QObject):
    """Takes what ``model`` has whenever :meth:`refresh` is called.

    Signals:
        changed: :attr:`cloud` is another one, or none, or whether one is on its way.
        placed: :attr:`positions` are others.
        scored: Key of a colouring that :meth:`colouring` can give now.
        state_changed: t-SNE has begun or ended, or the layout was chosen.
        began: The :class:`Job` of t-SNE.

    Attributes:
        cloud: What the points stand for.
        layout: :data:`PCA` or :data:`TSNE`.
        perplexity: Of the last t-SNE.
    """

    changed = Signal()
    placed = Signal()
    scored = Signal(str)
    state_changed = Signal()
    began = Signal(object)

    def __init__(self, model: InspectionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.cloud: Cloud | None = None
        self.layout = PCA
        self._positions: dict[str, Points] = {}
        self._parts: tuple[Inspection, ...] = ()
        self._wanted: set[str] = set()
        self._scores: dict[str, Measure] = {}
        self._job: Job | None = None
        self._tsne: Job | None = None
        self._scoring: dict[str, Job] = {}
        self._waiting: set[str] = set()  # scores that wait for the training items
        self.perplexity = 0.0
        model.training_changed.connect(self._on_training_changed)

    # What there is

    @property
    def positions(self) -> Points | None:
        """float32[M, 2] of the layout that was chosen; ``None`` while there are none."""
        return self._positions.get(self.layout)

    @property
    def busy(self) -> bool:
        """Whether the points are on their way."""
        return self._job is not None

    @property
    def tsne(self) -> Job | None:
        """t-SNE at work."""
        return self._tsne

    @property
    def wanted(self) -> frozenset[str]:
        """Splits that are to be shown beside the one that is looked at, as far as a run has them."""
        return frozenset(self._wanted)

    def has(self, layout: str) -> bool:
        return layout in self._positions

    # What is wanted

    def show_parts(self, splits: set[str]) -> None:
        """Show the items of these splits, too, as soon as they are looked at."""
        self._wanted = set(splits)
        self.refresh()

    def refresh(self) -> None:
        """Take what the model has now, unless that is what is shown or on its way."""
        for split in sorted(self._wanted):
            self._model.want(split)
        shown = self._model.inspection
        others = [self._model.of(split) for split in sorted(self._wanted)]
        parts = () if shown is None else (shown, *(one for one in others if one is not None and one is not shown))
        if [*map(id, parts)] == [*map(id, self._parts)]:
            return
        another = not parts or not self._parts or parts[0] is not self._parts[0]
        self._parts = parts
        self._stop_all()
        if another:
            self._forget()
        if parts:
            trained = TRAIN in self._model.counts or self._model.training is not None
            work = _project(parts, trained=trained)
            self._job = self._model.workspace.jobs.start(work, title="Placing points", quiet=True)
            self._job.ended.connect(self._on_projected)
        self.changed.emit()

    def choose(self, layout: str) -> None:
        """Show the points as :data:`PCA` or :data:`TSNE` places them."""
        if layout != self.layout:
            self.layout = layout
            self.state_changed.emit()
            self.placed.emit()

    def start_tsne(self, *, perplexity: float) -> None:
        """Begin anew to place the points by t-SNE."""
        if self.cloud is None:
            return
        self._stop(self._tsne)
        self.perplexity = perplexity
        work = _tsne(self.cloud.whole.features, perplexity=perplexity)
        title = f"t-SNE of {len(self.cloud.whole):,} items"
        self._tsne = self._model.workspace.jobs.start(work, title=title, kind=PROJECTION)
        self._tsne.events.connect(self._on_tsne_events)
        self._tsne.ended.connect(self._on_tsne_ended)
        self.began.emit(self._tsne)
        self.state_changed.emit()

    def colouring(self, key: str) -> Groups | Measure | None:
        """What the points are coloured by; ``None`` for a score that is not there yet, see :meth:`want_score`."""
        cloud = self.cloud
        assert cloud
        match key:
            case colouring.LABEL:
                return colouring.labels_of(cloud.whole)
            case colouring.PREDICTION:
                return colouring.predictions_of(cloud.whole)
            case colouring.RIGHT:
                return colouring.verdicts_of(cloud.whole)
            case colouring.SPLIT:
                return Groups(names=cloud.parts, codes=cloud.part)
            case colouring.CONFIDENCE:
                return colouring.measure_of(cloud.whole.confidence, share=True)
            case _:
                return self._scores.get(key)

    def want_score(self, key: str) -> None:
        """Compute a score for all points; :attr:`scored` follows."""
        if self.cloud is None or key in self._scores or key in self._scoring:
            return
        training, name = self._model.training, key.removeprefix(colouring.SCORE)
        if training is None and name in self.cloud.by_training:
            self._waiting.add(key)
            self._model.want_training()
            return
        work = _score(self.cloud.whole, training, name)
        self._scoring[key] = self._model.workspace.jobs.start(work, title="Scoring points", quiet=True)
        self._scoring[key].ended.connect(self._on_scored)

    # Jobs

    def _on_training_changed(self) -> None:
        waiting_for, self._waiting = self._waiting, set()
        for key in waiting_for:
            self.want_score(key)

    def _forget(self) -> None:
        self.cloud, self._positions, self._scores, self._waiting = None, {}, {}, set()

    def _stop(self, job: Job | None) -> None:
        if job:
            job.stop()

    def _stop_all(self) -> None:
        for job in (self._job, self._tsne, *self._scoring.values()):
            self._stop(job)
        self._job = self._tsne = None
        self._scoring = {}

    def _on_projected(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        if ending.state == DONE:
            result: _Projected = ending.result
            self._forget()
            self.cloud, self.layout = result.cloud, PCA
            self._positions = {PCA: result.positions}
            self.state_changed.emit()
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "placing the points")
        self.changed.emit()

    def _on_tsne_events(self, events: Sequence[Event]) -> None:
        if self.sender() is not self._tsne:
            return
        from workbench.engine.inspection.projection import Placed

        placed = [event for event in events if isinstance(event, Placed)]
        if placed:  # the eye needs only the last of a batch
            self._positions[TSNE] = placed[-1].positions
            if self.layout == TSNE:
                self.placed.emit()

    def _on_tsne_ended(self, ending: Ending) -> None:
        if self.sender() is not self._tsne:
            return
        self._tsne = None
        if ending.state == DONE:
            self._positions[TSNE] = ending.result
            if self.layout == TSNE:
                self.placed.emit()
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "running t-SNE")
        if not self.has(TSNE):
            self.choose(PCA)
        self.state_changed.emit()

    def _on_scored(self, ending: Ending) -> None:
        key = next((key for key, job in self._scoring.items() if job is self.sender()), "")
        if not key:
            return
        del self._scoring[key]
        if ending.state == DONE:
            self._scores[key] = ending.result
            self.scored.emit(key)
        elif ending.state == FAILED:
            self._model.failed.emit(ending.error, "scoring the points")


def _project(parts: "tuple[Inspection, ...]", *, trained: bool) -> Generator[Event, None, _Projected]:
    """Merge and place; ``trained`` says whether the training items can be had."""
    from workbench.engine.inspection.projection import pca
    from workbench.engine.inspection.unknown import SCORES, usable_scores

    def project() -> _Projected:
        whole, codes = _merged(parts)
        positions, explained = pca(whole.features)
        names = usable_scores(whole, training=trained)
        cloud = Cloud(
            whole=whole,
            parts=tuple(part.split for part in parts),
            part=codes,
            explained=(float(explained[0]), float(explained[1])),
            scores=tuple((name, SCORES[name].title) for name in names),
            by_training=frozenset(name for name in names if SCORES[name].needs_training),
        )
        return _Projected(cloud=cloud, positions=positions)

    return (yield from waiting(project, stage="finding principal components"))


def _merged(parts: "tuple[Inspection, ...]") -> "tuple[Inspection, Items]":
    """All items in one inspection, ascending, and which part each is of. An item that is in two is of the first."""
    first = parts[0]
    if len(parts) == 1:
        return first, np.zeros(len(first), np.int64)
    items, places = np.unique(np.concatenate([part.items for part in parts]), return_index=True)
    codes = np.repeat(np.arange(len(parts)), [len(part) for part in parts])[places]
    whole = replace(
        first,
        split="all",
        items=items,
        labels=np.concatenate([part.labels for part in parts])[places],
        logits=np.concatenate([part.logits for part in parts])[places],
        features=np.concatenate([part.features for part in parts])[places],
    )
    return whole, codes.astype(np.int64)


def _tsne(features: Points, *, perplexity: float) -> Generator[Event, None, Points]:
    """t-SNE that says how far it is in the words of every other job, too."""
    from workbench.engine.inspection.projection import Placed, tsne

    work = tsne(features, perplexity=perplexity)
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return np.asarray(end.value, np.float32)
            yield event
            if isinstance(event, Placed):
                yield Progress(stage="placing the points, round", done=event.done, total=event.total, unit="rounds")
    finally:
        work.close()


def _score(whole: "Inspection", training: "Inspection | None", name: str) -> Generator[Event, None, Measure]:
    from workbench.engine.inspection.unknown import knownness

    values = yield from waiting(lambda: knownness(name, whole, training=training), stage="scoring")
    return colouring.measure_of(values, share=name in PROBABILITIES)
