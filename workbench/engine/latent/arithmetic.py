"""Sums and differences of codes: what a selection has that another has not, added to a third.

Shapes: N codes, D dimensions, K classes.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.engine.latent.codes import Codes
from workbench.engine.project.splits import Items

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
_PIECE = 1 << 22  # numbers that are widened at once


def mean_code(codes: Codes, items: Items) -> Singles:
    """float32[D], the mean code of some items; those that have no code do not count, and without any it is 0."""
    return _mean(codes.mean[np.isin(codes.items, items)])


def combine(a: Singles, b: Singles, c: Singles) -> Singles:
    """float32[D]: ``a - b + c``, each a code [D], or codes [N, D] of which the mean is meant; of none it is 0."""
    first, less, more = (_mean(codes).astype(np.float64) for codes in (a, b, c))
    return (first - less + more).astype(np.float32)


def class_counts(codes: Codes) -> Items:
    """int64[K]: items of each class."""
    return np.bincount(codes.labels[codes.labels >= 0], minlength=len(codes.classes)).astype(np.int64)


def class_means(codes: Codes) -> Singles:
    """float32[K, D], the mean code of each class; 0 for one without items."""
    means = _sums(codes) / np.maximum(class_counts(codes), 1)[:, None]
    return means.astype(np.float32)


def directions(codes: Codes) -> Singles:
    """float32[K, D]: from the mean of all other items that have a class to the mean of each class.

    0 for a class that has no items, or all of them.
    """
    sums, counts = _sums(codes), class_counts(codes)[:, None]
    others = counts.sum() - counts
    apart = sums / np.maximum(counts, 1) - (sums.sum(0) - sums) / np.maximum(others, 1)
    return np.where((counts > 0) & (others > 0), apart, 0.0).astype(np.float32)


def _mean(codes: Singles) -> Singles:
    if codes.ndim == 1:
        return codes
    if not len(codes):
        return np.zeros(codes.shape[1], np.float32)
    mean: Floats = codes.mean(0, dtype=np.float64)
    return mean.astype(np.float32)


def _sums(codes: Codes) -> Floats:
    """float64[K, D]."""
    sums = np.zeros((len(codes.classes), codes.dims))
    rows, classes = max(1, _PIECE // codes.dims), np.arange(len(codes.classes))
    for start in range(0, len(codes), rows):
        some = slice(start, start + rows)
        sums += (classes[:, None] == codes.labels[some]).astype(np.float64) @ codes.mean[some].astype(np.float64)
    return sums
