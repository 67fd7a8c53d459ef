"""How surely known the items of an inspection and those of the unknown sets are, by every score there is.

Scoring goes through tens of thousands of items, so it runs in a job; what comes of it is sorted once, and after that
any threshold is answered by a search. What threshold there is, and what is done with it, is the page's.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workbench.engine.events import Event
from workbench.engine.waiting import waiting
from workbench.gui.jobs import FAILED, Ending, Job
from workbench.gui.models.inspection import InspectionModel

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.inspection.unknown import UnknownRow

Items = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

KNOWN = ""
"""Stands for the known items where a set of unknown ones has a name."""
USUAL_SCORE, USUAL_SHARE = "max-probability", 0.95
"""What a threshold is set on at first, and the share of the known items that it accepts."""
PROBABILITIES = ("max-probability", "catch-all")
"""Ids of the scores that are probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Items whose ``score`` (an id) is below ``value`` are unknown."""

    score: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One set of items under one score, the least surely known first.

    Attributes:
        name: Of the set; :data:`KNOWN` for the known items.
        items: int64[N], ids.
        scores: float64[N], ascending.
        right: bool[N], whether the predicted class is the true one; false for all unknown items.
        right_before: int64[N + 1], how many of the first so many are right.
    """

    name: str
    items: Items
    scores: Floats
    right: Flags
    right_before: Items

    def __len__(self) -> int:
        return len(self.items)

    def rejected(self, threshold: float) -> int:
        """Items that score less than ``threshold``."""
        return int(np.searchsorted(self.scores, threshold, side="left"))

    def right_accepted(self, threshold: float) -> int:
        """Items that are accepted and of which the predicted class is right."""
        return int(self.right_before[-1] - self.right_before[self.rejected(threshold)])

    def divided(self, threshold: float) -> tuple[Items, Items]:
        """Ids of the rejected and of the accepted items, of both the nearest to the threshold first."""
        place = self.rejected(threshold)
        return self.items[:place][::-1], self.items[place:]

    def threshold_for(self, share: float) -> float:
        """The highest score that accepts at least ``share`` (0..1) of the items; infinite for none of them."""
        wanted = int(np.ceil(share * len(self) - 1e-9))
        return float(self.scores[len(self) - wanted]) if 0 < wanted <= len(self) else np.inf


def sample(name: str, items: Items, scores: Floats, right: Flags) -> Sample:
    order = np.argsort(scores, kind="stable")
    before = np.concatenate([[0], np.cumsum(right[order])]).astype(np.int64)
    return Sample(name=name, items=items[order], scores=scores[order], right=right[order], right_before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score as a person chooses it."""

    id: str
    title: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(Event):
    """Everything under one score.

    Attributes:
        samples: The known items first, then the sets of unknown ones.
        rows: How well it tells each set from the known items.
        raw: By set, of all of its items in the inspection's order: what need not be computed again.
        inspections: By set, what its sample was taken from: the model may have another one by now.
    """

    score: Score
    samples: tuple[Sample, ...]
    rows: "tuple[UnknownRow, ...]"
    raw: Mapping[str, Floats]
    inspections: "Mapping[str, Inspection]"


class Knownness(QObject):
    """Follows ``model`` while it is told to.

    Signals:
        changed: :attr:`scored` is different, or whether it is :attr:`busy`.

    Attributes:
        scored: By the score's id, in the order in which they are offered.
    """

    changed = Signal()

    def __init__(self, model: InspectionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.scored: dict[str, Scored] = {}
        self._known: Inspection | None = None
        self._training: Inspection | None = None
        self._sets: dict[str, Inspection] = {}
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def of(self) -> "Inspection | None":
        """Whose known items the samples are of."""
        return self._known

    def refresh(self) -> None:
        """Score what is there now, unless that is done or under way; what is left of before stays until it is."""
        model = self._model
        known, training, sets = model.inspection, model.training, dict(model.unknowns)
        same = known is self._known and training is self._training
        if same and [*map(id, sets.values())] == [*map(id, self._sets.values())] and [*sets] == [*self._sets]:
            return
        if known is not self._known:
            self.scored = {}
        # What was computed of an inspection that is still the same one need not be again.
        kept = {
            (id, name): raw
            for id, scored in self.scored.items()
            for name, raw in scored.raw.items()
            if same and (name == KNOWN or self._sets.get(name) is sets.get(name))
        }
        self._known, self._training, self._sets = known, training, sets
        if self._job:
            self._job.stop()
            self._job = None
        if known is not None:
            work = _score(known, training, sets, kept)
            self._job = model.workspace.jobs.start(work, title="Scoring unknowns", quiet=True)
            self._job.events.connect(self._on_job_events)
            self._job.ended.connect(self._on_job_ended)
        self.changed.emit()

    def _on_job_events(self, events: Sequence[Event]) -> None:
        if self.sender() is self._job:
            for event in events:
                if isinstance(event, Scored):
                    self.scored[event.score.id] = event
            self.changed.emit()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is self._job:
            self._job = None
            if ending.state == FAILED:
                self._model.failed.emit(ending.error, "scoring unknown items")
            self.changed.emit()


def _score(
    known: "Inspection",
    training: "Inspection | None",
    sets: "Mapping[str, Inspection]",
    kept: Mapping[tuple[str, str], Floats],
) -> Generator[Event, None, None]:
    """Yields :class:`Scored`, one a score that can be had, the quickest first."""
    from workbench.engine.inspection import unknown

    of_known = unknown.truly_known(known)
    everything = {KNOWN: known}
    if known.catch_all >= 0 and (known.labels == known.catch_all).any():
        everything[known.classes[known.catch_all]] = known
    everything |= sets

    def whole(id: str) -> dict[str, Floats]:
        found: dict[str, Floats] = {}
        for name, inspection in everything.items():
            if inspection is known and name != KNOWN:
                found[name] = found[KNOWN]
            else:
                before = kept.get((id, name))
                fresh = before if before is not None else unknown.knownness(id, inspection, training=training)
                found[name] = fresh
        return found

    for id in unknown.usable_scores(known, training=training is not None):
        raw = yield from waiting(lambda id=id: whole(id), stage="scoring")  # type: ignore[misc]
        samples, rows = [], []
        for name, inspection in everything.items():
            if name == KNOWN:
                chosen, right = of_known, known.predicted == known.labels
            else:
                own = inspection is known
                chosen = known.labels == known.catch_all if own else ~unknown.truly_known(inspection)
                right = np.zeros(len(inspection), bool)
            samples.append(sample(name, inspection.items[chosen], raw[name][chosen], right[chosen]))
            if name != KNOWN and len(samples[0]):
                rows.append(_row(id, samples[0], samples[-1]))
        score = Score(id=id, title=unknown.SCORES[id].title, help=unknown.SCORES[id].help)
        yield Scored(score=score, samples=tuple(samples), rows=tuple(rows), raw=raw, inspections=everything)


def _row(id: str, known: Sample, others: Sample) -> "UnknownRow":
    from workbench.engine.inspection import unknown

    threshold = unknown.threshold_for(known.scores)
    return unknown.UnknownRow(
        unknowns=others.name,
        score=id,
        known=len(known),
        unknown=len(others),
        auroc=unknown.auroc(known.scores, others.scores),
        average_precision=unknown.average_precision(known.scores, others.scores),
        fpr=unknown.fpr_at(known.scores, others.scores),
        verdicts=unknown.verdicts(known.scores, others.scores, threshold=threshold),
    )
