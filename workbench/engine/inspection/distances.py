"""How near items lie to a run's training items in the space that its last layer sees.

Two ways: to the nearest training items (Sun et al. 2022), which assumes nothing of how a class is spread, and to the
middle of each class, measured by how the classes spread (Lee et al. 2018), which needs no sample of very many items.

Shapes: M items asked about, N training items, D features, K classes.
"""

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Floats, Inspection, Singles
from workbench.engine.project.splits import Items

MOST_NEIGHBOURS = 5_000  # training items that are compared with; more cost time and change next to nothing
NEAREST = 5
_BLOCK = 2_048  # items asked about at once
_SHRINKAGE = 0.1


def neighbour_similarity(inspection: Inspection, training: Inspection) -> Floats:
    """float64[M], mean cosine similarity, -1..1, to the nearest training items of the known classes.

    Of very many training items evenly many of each class are compared with. An item is no neighbour of its own.

    Raises:
        UserError: No training item is of a known class, or the two are of different checkpoints.
    """
    rows = _reference(inspection, training)
    rows = _thinned(rows, training.labels[rows])
    reference = _directions(training.features[rows])
    own = _own_columns(inspection, training, rows)
    nearest = min(NEAREST, len(rows))
    result = np.empty(len(inspection))
    for start in range(0, len(inspection), _BLOCK):
        some = slice(start, start + _BLOCK)
        alike = _directions(inspection.features[some]) @ reference.T
        self_rows = np.flatnonzero(own[some] >= 0)
        count = nearest
        if len(self_rows) and len(rows) > 1:
            alike[self_rows, own[some][self_rows]] = -2.0
            count = min(nearest, len(rows) - 1)
        result[some] = np.partition(alike, len(rows) - count, axis=1)[:, len(rows) - count :].mean(1, dtype=np.float64)
    return result


def mahalanobis(inspection: Inspection, training: Inspection) -> Floats:
    """float64[M], less the squared Mahalanobis distance from the middle of the nearest class: 0 at best.

    It is measured between directions, since the length of the features says more about an image's contrast than about
    what it shows (Mueller and Hein 2025), and by the spread that the classes have in common, shrunk towards a ball, so
    that 30 items of 1,280 features will do.

    Raises:
        UserError: No training item is of a known class, or the two are of different checkpoints.
    """
    rows = _reference(inspection, training)
    features = _directions(training.features[rows]).astype(np.float64)
    _, labels = np.unique(training.labels[rows], return_inverse=True)
    count = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    centres_KD = np.add.reduceat(features[order], np.cumsum(count) - count, axis=0) / count[:, None]
    whitening_DD = _whitening(features - centres_KD[labels])
    centres_KD = centres_KD @ whitening_DD
    lengths_K = (centres_KD**2).sum(1)
    result = np.empty(len(inspection))
    for start in range(0, len(inspection), _BLOCK):
        some_MD = _directions(inspection.features[start : start + _BLOCK]) @ whitening_DD
        squares_MK = (some_MD**2).sum(1)[:, None] - 2 * some_MD @ centres_KD.T + lengths_K
        result[start : start + _BLOCK] = -np.maximum(squares_MK.min(1), 0.0)
    return result


def _reference(inspection: Inspection, training: Inspection) -> Items:
    """Rows of the training items of known classes."""
    if inspection.run != training.run or inspection.step != training.step:
        raise UserError(
            f"the training items are of step {training.step} of {training.name!r}, the others of step "
            f"{inspection.step} of {inspection.name!r}, so their features cannot be compared"
        )
    sound = np.isfinite(training.features).all(1)
    rows = np.flatnonzero(training.known & (training.labels != training.catch_all) & sound)
    if not len(rows):
        raise UserError("there are no training items of a known class to compare with", where=training.name)
    return rows


def _thinned(rows: Items, labels: Items) -> Items:
    """At most :data:`MOST_NEIGHBOURS` of ``rows``, spread evenly over the classes and within them."""
    if len(rows) <= MOST_NEIGHBOURS:
        return rows
    by_class = rows[np.argsort(labels, kind="stable")]
    return np.sort(by_class[np.arange(MOST_NEIGHBOURS) * len(rows) // MOST_NEIGHBOURS])


def _own_columns(inspection: Inspection, training: Inspection, rows: Items) -> Items:
    """int64[M], which of ``rows`` is the item itself; -1 if none is."""
    if inspection.dataset != training.dataset:
        return np.full(len(inspection), -1)
    items = training.items[rows]
    where = np.minimum(np.searchsorted(items, inspection.items), len(items) - 1)
    return np.where(items[where] == inspection.items, where, -1)


def _directions(features: Singles) -> Singles:
    """Rows of length 1; nought stays nought."""
    lengths = np.sqrt(np.einsum("md,md->m", features, features, dtype=np.float64))
    directions: Singles = (features / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]).astype(np.float32)
    return directions


def _whitening(centred: Floats) -> Floats:
    """float64[D, D], which turns the shrunken covariance of ``centred`` rows into the unit matrix."""
    covariance = centred.T @ centred / len(centred)
    covariance *= 1.0 - _SHRINKAGE
    scale = np.trace(covariance) / len(covariance) or 1.0
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 0.0) + _SHRINKAGE * scale))
