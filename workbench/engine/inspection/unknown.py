"""When a run should say "I don't know": how surely an item is of a known kind, and what a threshold on that does.

Scores come from the logits (Hendrycks and Gimpel 2017; Liu et al. 2020), from how far an item's features lie from the
training items' (:mod:`workbench.engine.inspection.distances`), or from a class that was trained for the purpose. In
all of them higher means more surely known, and known items are the positives of every measure.

Where a run has a catch-all class, the scores from the logits look at the known classes' logits only, so that they
are what they would be without it, and can be compared with it.

Shapes: M items, N known and U unknown ones, K classes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.inspection.distances import mahalanobis, neighbour_similarity
from workbench.engine.inspection.inspection import Floats, Inspection, Singles
from workbench.engine.inspection.scoring import row_blocks
from workbench.engine.registry import Registry

SHARE = 0.95  # of known items, that a threshold accepts unless told otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScore:
    """One way to say how surely an item is of a known kind.

    Attributes:
        title: For a person ("Highest probability").
        help: What it measures, in a sentence.
        score: float64[M] of an inspection, and of the one of the training split if ``needs_training``.
        needs_training, needs_catch_all: What it cannot do without.
    """

    title: str
    help: str
    score: Callable[[Inspection, Inspection | None], Floats]
    needs_training: bool = False
    needs_catch_all: bool = False


@dataclass(frozen=True, kw_only=True)
class Roc:
    """What each threshold accepts, the strictest first; float64 arrays of one length.

    Attributes:
        thresholds: The first is infinite and accepts nothing.
        tpr, fpr: Shares of known and of unknown items that score at least that much.
    """

    thresholds: Floats
    tpr: Floats
    fpr: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What a threshold makes of known and unknown items: counts, and the mean share that it gets right.

    ``balanced_accuracy`` is NaN while there are no items of one sort.
    """

    threshold: float
    known_accepted: int
    known_rejected: int
    unknown_accepted: int
    unknown_rejected: int

    @property
    def balanced_accuracy(self) -> float:
        known = self.known_accepted + self.known_rejected
        unknown = self.unknown_accepted + self.unknown_rejected
        if not known or not unknown:
            return math.nan
        return (self.known_accepted / known + self.unknown_rejected / unknown) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRow:
    """How well one score tells the known items from one set of unknown ones.

    Attributes:
        unknowns: Name of the set.
        score: Name in :data:`SCORES`.
        known, unknown: Items compared.
        auroc, average_precision, fpr: See the functions; ``fpr`` is at the threshold of ``verdicts``.
        verdicts: At the threshold that accepts the wanted share of the known items.
    """

    unknowns: str
    score: str
    known: int
    unknown: int
    auroc: float
    average_precision: float
    fpr: float
    verdicts: Verdicts


SCORES: Registry[KnownScore] = Registry("score of the unknown")


def knownness(name: str, inspection: Inspection, *, training: Inspection | None = None) -> Floats:
    """float64[M], how surely each item is of a known kind, by the score called ``name``.

    Args:
        training: Of the training split and the same checkpoint, for the scores that need it.

    Raises:
        UserError: There is no such score, or it needs something that is not there.
    """
    score = SCORES[name]
    if score.needs_training and training is None:
        raise UserError(f"the score {name!r} needs the run's training items")
    if score.needs_catch_all and inspection.catch_all < 0:
        raise UserError(
            f"the run {inspection.name!r} has no class for the unknown",
            remedy="choose another score, or train with a catch-all class",
        )
    with np.errstate(invalid="ignore", over="ignore"):
        scores = score.score(inspection, training)
    # A network that went astray answers what is no number: nothing is known there.
    return np.where(np.isnan(scores), -np.inf, scores)


def usable_scores(inspection: Inspection, *, training: bool) -> list[str]:
    """Names of the scores that can be had of an inspection; ``training``: whether the training items are at hand."""
    return [
        name
        for name in SCORES
        if (training or not SCORES[name].needs_training)
        and (inspection.catch_all >= 0 or not SCORES[name].needs_catch_all)
    ]


def truly_known(inspection: Inspection) -> NDArray[np.bool_]:
    """bool[M], items with a label that is not the catch-all class."""
    known: NDArray[np.bool_] = inspection.known & (inspection.labels != inspection.catch_all)
    return known


# Measures. All take float64[N] scores of known and float64[U] scores of unknown items; NaN where there are none of one.


def auroc(known: Floats, unknown: Floats) -> float:
    """Chance that a known item scores higher than an unknown one, equals counting half: 1 perfect, 0.5 none, 0..1."""
    if not len(known) or not len(unknown):
        return math.nan
    ordered = np.sort(unknown)
    below = np.searchsorted(ordered, known, side="left")
    not_above = np.searchsorted(ordered, known, side="right")
    return float((below + not_above).sum() / (2 * len(known) * len(unknown)))


def roc(known: Floats, unknown: Floats) -> Roc:
    """Shares accepted at every threshold that makes a difference."""
    thresholds = np.unique(np.concatenate([known, unknown]))[::-1]
    return Roc(
        thresholds=np.concatenate([[np.inf], thresholds]),
        tpr=np.concatenate([[0.0], _accepted(known, thresholds)]),
        fpr=np.concatenate([[0.0], _accepted(unknown, thresholds)]),
    )


def average_precision(known: Floats, unknown: Floats) -> float:
    """Mean share of known items among those accepted, over the thresholds of the known ones: 0..1, 1 is perfect.

    What it is by chance depends on how many there are of each, so compare it between scores and not between sets.
    """
    if not len(known) or not len(unknown):
        return math.nan
    curve = roc(known, unknown)
    hits, misses = curve.tpr[1:] * len(known), curve.fpr[1:] * len(unknown)
    return float((np.diff(curve.tpr) * hits / (hits + misses)).sum())


def threshold_for(known: Floats, share: float = SHARE) -> float:
    """The highest threshold that accepts at least ``share`` (0..1) of the known items; what scores as much is accepted.

    Raises:
        UserError: There are no known items.
    """
    if not len(known):
        raise UserError("a threshold is set by known items, and there are none")
    wanted = min(max(math.ceil(share * len(known) - 1e-9), 1), len(known))
    return float(np.partition(known, len(known) - wanted)[len(known) - wanted])


def fpr_at(known: Floats, unknown: Floats, *, tpr: float = SHARE) -> float:
    """Share of the unknown items that the threshold for ``tpr`` of the known ones accepts, 0..1, less is better."""
    if not len(known) or not len(unknown):
        return math.nan
    return float((unknown >= threshold_for(known, tpr)).mean())


def verdicts(known: Floats, unknown: Floats, *, threshold: float) -> Verdicts:
    """Count what ``threshold`` accepts and rejects."""
    accepted, wrongly = int((known >= threshold).sum()), int((unknown >= threshold).sum())
    return Verdicts(
        threshold=threshold,
        known_accepted=accepted,
        known_rejected=len(known) - accepted,
        unknown_accepted=wrongly,
        unknown_rejected=len(unknown) - wrongly,
    )


def unknown_table(
    known: Inspection,
    unknowns: Mapping[str, Inspection],
    training: Inspection | None = None,
    *,
    share: float = SHARE,
) -> list[UnknownRow]:
    """Every score that can be had, on every set of unknowns, set by set.

    Known are the items of ``known`` whose label is one of the known classes. Unknown are the items of a set that have
    no label among them; if ``known`` holds such items itself, of the catch-all class, they come first as a set of
    their own under that class's name.

    Raises:
        UserError: ``known`` holds no known items.
    """
    of_known = truly_known(known)
    if not of_known.any():
        raise UserError("there are no known items to compare the unknown ones with", where=known.name)
    sets = dict(unknowns)
    if known.catch_all >= 0 and (known.labels == known.catch_all).any():
        sets = {known.classes[known.catch_all]: known, **sets}
    rows = []
    names = usable_scores(known, training=training is not None)
    scores = {name: knownness(name, known, training=training) for name in names}
    for title, inspection in sets.items():
        unlike = inspection.labels == known.catch_all if inspection is known else ~truly_known(inspection)
        for name in names:
            whole = scores[name] if inspection is known else knownness(name, inspection, training=training)
            positive, negative = scores[name][of_known], whole[unlike]
            rows.append(
                UnknownRow(
                    unknowns=title,
                    score=name,
                    known=len(positive),
                    unknown=len(negative),
                    auroc=auroc(positive, negative),
                    average_precision=average_precision(positive, negative),
                    fpr=fpr_at(positive, negative, tpr=share),
                    verdicts=verdicts(positive, negative, threshold=threshold_for(positive, share)),
                )
            )
    return rows


def _accepted(scores: Floats, thresholds: Floats) -> Floats:
    """Share of ``scores`` that is at least each threshold; NaN of none."""
    if not len(scores):
        return np.full(len(thresholds), np.nan)
    accepted: Floats = 1.0 - np.searchsorted(np.sort(scores), thresholds, side="left") / len(scores)
    return accepted


# The scores


def _known_logits(inspection: Inspection) -> Singles:
    """float32[M, K'], without the column of the catch-all class."""
    if inspection.catch_all < 0:
        return inspection.logits
    return np.delete(inspection.logits, inspection.catch_all, axis=1)


def _energy(inspection: Inspection, training: Inspection | None) -> Floats:
    return _log_sum(_known_logits(inspection))


def _log_sum(logits: Singles) -> Floats:
    """Logarithm of the sum of the exponentials of each row."""
    result = np.empty(len(logits))
    for rows in row_blocks(*logits.shape):
        some = logits[rows].astype(np.float64)
        highest = some.max(1)
        result[rows] = highest + np.log(np.exp(some - highest[:, None]).sum(1))
    return result


def _max_probability(inspection: Inspection, training: Inspection | None) -> Floats:
    logits = _known_logits(inspection)
    likeliest: Floats = np.exp(logits.max(1) - _log_sum(logits))
    return likeliest


def _catch_all(inspection: Inspection, training: Inspection | None) -> Floats:
    """From the odds, since 1 - p would lose all differences between items that are known for certain."""
    odds = _log_sum(_known_logits(inspection)) - inspection.logits[:, inspection.catch_all]
    return np.where(odds < 0, np.exp(np.minimum(odds, 0)), 1.0) / (1.0 + np.exp(-np.abs(odds)))


def _feature_distance(inspection: Inspection, training: Inspection | None) -> Floats:
    assert training is not None
    return neighbour_similarity(inspection, training)


def _mahalanobis(inspection: Inspection, training: Inspection | None) -> Floats:
    assert training is not None
    return mahalanobis(inspection, training)


for _name, _score in {
    "max-probability": KnownScore(
        title="Highest probability", help="Probability of the likeliest known class.", score=_max_probability
    ),
    "energy": KnownScore(title="Energy", help="How large the known classes' logits are together.", score=_energy),
    "feature-distance": KnownScore(
        title="Nearest training items",
        help="How like an item is to the nearest training items, as the last layer sees them.",
        score=_feature_distance,
        needs_training=True,
    ),
    "mahalanobis": KnownScore(
        title="Distance from the classes",
        help="How near an item's features are to the middle of a known class, for how much the classes spread.",
        score=_mahalanobis,
        needs_training=True,
    ),
    "catch-all": KnownScore(
        title="Catch-all class",
        help="Probability that an item is not of the class made from unknown items.",
        score=_catch_all,
        needs_catch_all=True,
    ),
}.items():
    SCORES.add(_name, _score)
