"""Orders in which items are worth looking at: the worst first, the least certain first, and the like.

Each is a key by item, least first, from one inspection; NaN leaves an item out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.engine.inspection.inspection import Floats, Inspection
from workbench.engine.inspection.scoring import item_losses, row_blocks
from workbench.engine.project.splits import Items
from workbench.engine.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """One order.

    Attributes:
        title: For a person ("Worst first").
        help: What is first in it, in a sentence.
        keys: float64[M] of an inspection's M items: the least comes first, NaN is in no place.
    """

    title: str
    help: str
    keys: Callable[[Inspection], Floats]


RANKINGS: Registry[Ranking] = Registry("ranking")


def rank(name: str, inspection: Inspection) -> Items:
    """int64, item ids in the order called ``name``; equals by id. It may hold fewer items than the inspection.

    Raises:
        UserError: There is no ranking of this name.
    """
    keys = RANKINGS[name].keys(inspection)
    places = np.argsort(keys, kind="stable")  # which puts NaN last
    return inspection.items[places[: len(keys) - int(np.isnan(keys).sum())]]


def _else(keys: Floats, broken: float) -> Floats:
    """``keys`` with a place for the items about which a network that went astray says what is no number."""
    return np.where(np.isnan(keys), broken, keys)


def _worst(inspection: Inspection) -> Floats:
    known = inspection.known
    keys = np.full(len(inspection), np.nan)
    keys[known] = _else(-item_losses(inspection.logits[known], inspection.labels[known]), -np.inf)
    return keys


def _confidently_wrong(inspection: Inspection) -> Floats:
    wrong = inspection.known & (inspection.predicted != inspection.labels)
    return np.where(wrong, _else(-inspection.confidence, np.inf), np.nan)


def _least_confident(inspection: Inspection) -> Floats:
    return _else(inspection.confidence, -np.inf)


def _most_sure(inspection: Inspection) -> Floats:
    return _else(-inspection.confidence, np.inf)


def _margin(inspection: Inspection) -> Floats:
    """Probability of the first class less that of the second."""
    if len(inspection.classes) == 1:
        return _least_confident(inspection)
    margins = np.empty(len(inspection))
    for rows in row_blocks(*inspection.probabilities.shape):
        two = np.partition(inspection.probabilities[rows], -2, axis=1)[:, -2:]
        margins[rows] = two[:, 1] - two[:, 0]
    return _else(margins, -np.inf)


def _entropy(inspection: Inspection) -> Floats:
    entropies = np.empty(len(inspection))
    for rows in row_blocks(*inspection.probabilities.shape):
        some = inspection.probabilities[rows]
        entropies[rows] = (some * np.log(np.maximum(some, np.finfo(np.float64).tiny))).sum(1)
    return _else(entropies, -np.inf)


for _name, _ranking in {
    "worst": Ranking(
        title="Worst first", help="The highest loss first: the true class got the least probability.", keys=_worst
    ),
    "confidently-wrong": Ranking(
        title="Confidently wrong first", help="Wrong items only, the surest first.", keys=_confidently_wrong
    ),
    "least-confident": Ranking(
        title="Least confident first", help="The lowest highest probability first.", keys=_least_confident
    ),
    "smallest-margin": Ranking(
        title="Smallest margin first", help="The two likeliest classes closest to each other first.", keys=_margin
    ),
    "highest-entropy": Ranking(
        title="Highest entropy first", help="Probability spread over most classes first.", keys=_entropy
    ),
    "most-sure": Ranking(title="Most sure first", help="The highest probability first.", keys=_most_sure),
}.items():
    RANKINGS.add(_name, _ranking)
