"""The items that a network finds most alike: exact nearest neighbours by the cosine of their features.

Shapes: Q queries, N reference items, D features.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.engine.inspection.inspection import Floats, Singles
from workbench.engine.project.splits import Items

_QUERIES, _ROWS = 64, 2048  # 50,000 reference items: 13 MB of similarities at once
_UNIT = 2.0**-24  # largest relative error of one operation in single precision


class Neighbours:
    """Reference features, ready to be asked many times.

    A first look in single precision finds candidates, with the bound of its rounding error as a margin; these are then
    measured in double precision, each by itself, so that the answer does not depend on what else was asked.

    Args:
        reference: float32[N, D]. A row of zeros, or with a number that is none, is at distance 1 from everything.
    """

    def __init__(self, reference: Singles) -> None:
        self._reference, self._scale = _prepared(reference)
        # 2 D + 8 operations lie between features and a similarity of the first look; two of these are compared.
        self._margin = 2 * (2 * reference.shape[1] + 8) * _UNIT

    def __len__(self) -> int:
        return len(self._reference)

    def nearest(self, features: Singles, *, k: int) -> tuple[Items, Floats]:
        """Rows of the k reference items nearest to each query, int64[Q, k], and their distances, float64[Q, k].

        Distances are 1 - cosine, 0..2, ascending; equal ones are in the order of their rows. Of fewer than k reference
        items all are given.

        Args:
            features: float32[Q, D].
        """
        assert k >= 0
        assert features.shape[1:] == self._reference.shape[1:]
        k = min(k, len(self))
        rows, distances = np.empty((len(features), k), np.int64), np.empty((len(features), k))
        for start in range(0, len(features) if k else 0, _QUERIES):
            queries, scale = _prepared(features[start : start + _QUERIES])
            for number, similar in enumerate(self._similarities(queries, scale)):
                least = np.partition(similar, len(self) - k)[len(self) - k] - self._margin
                candidates = np.flatnonzero(similar >= least)
                exact = _cosine_distances(queries[number], self._reference[candidates])
                order = np.argsort(exact, kind="stable")[:k]
                rows[start + number], distances[start + number] = candidates[order], exact[order]
        return rows, distances

    def _similarities(self, queries: Singles, scale: Singles) -> Singles:
        """float32[Q, N], cosines but for rounding."""
        similar = np.empty((len(queries), len(self)), np.float32)
        for start in range(0, len(self), _ROWS):  # a piece of the reference at a time, while the cache has it
            piece = queries @ self._reference[start : start + _ROWS].T
            np.multiply(piece, self._scale[start : start + _ROWS], out=similar[:, start : start + _ROWS])
        similar *= scale[:, None]
        return similar


def nearest(features: Singles, reference: Singles, *, k: int) -> tuple[Items, Floats]:
    """As :meth:`Neighbours.nearest`, for a reference that is asked once."""
    return Neighbours(reference).nearest(features, k=k)


def _prepared(features: Singles) -> tuple[Singles, Singles]:
    """``features`` without numbers that single precision cannot square or that are none, and 1 / the rows' norms."""
    features = np.ascontiguousarray(features, np.float32)
    squares = np.empty(len(features), np.float32)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, len(features), _ROWS):
            piece = features[start : start + _ROWS]
            np.einsum("ij,ij->i", piece, piece, out=squares[start : start + _ROWS])
    odd = ~((squares > 1e-25) & (squares < 1e25))
    if odd.any():
        features = features.copy()
        features[odd] = _of_norm_one(features[odd])
        squares[odd] = features[odd].any(1)
    scale = np.zeros_like(squares)
    np.divide(1.0, np.sqrt(squares), out=scale, where=squares > 0)
    return features, scale


def _of_norm_one(features: Singles) -> Singles:
    """Rows divided by their norm, in double precision; zeros where that cannot be done."""
    wide = features.astype(np.float64)
    wide[~np.isfinite(wide).all(1)] = 0.0
    norms = np.sqrt((wide**2).sum(1))
    np.divide(wide, norms[:, None], out=wide, where=norms[:, None] > 0)
    return wide.astype(np.float32)


def _cosine_distances(query: Singles, rows: Singles) -> Floats:
    """float64[n] for float32[D] and [n, D]; the same for a row whatever others there are."""
    distances = np.empty(len(rows))
    left = query.astype(np.float64)
    norm = np.sqrt((left * left).sum())
    for start in range(0, len(rows), _ROWS):
        right = rows[start : start + _ROWS].astype(np.float64)
        norms = norm * np.sqrt((right * right).sum(1))
        products = (right * left).sum(1)
        cosines = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
        distances[start : start + _ROWS] = 1.0 - cosines
    clipped: NDArray[np.float64] = distances.clip(0.0, 2.0)
    return clipped
