"""The directions that a code is looked at along: its own dimensions, or those in which the data's codes differ most.

Either way they are orthonormal, so that a code is its coordinates and one of them can be moved by itself; and because
the prior is the same in every direction, it is a standard normal along each. Numbers only, no widget.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.float32]
Floats = NDArray[np.float64]
Order = NDArray[np.int64]

DIMENSIONS, COMPONENTS = "dimensions", "components"
KL, VARIANCE = "KL", "variance"
_MOST_FITTED = 10_000  # codes that components are fitted to; more would say the same, later
_MOST_NUMBERS = 4_000_000  # of codes that strengths are measured on, which has to be quick
_SMALL = 1e-6  # deviation of a posterior that counts as none
_SERIES_STEPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axes:
    """Directions and how much there is along each.

    Attributes:
        kind: :data:`DIMENSIONS` or :data:`COMPONENTS`.
        origin: float64[D], the code whose coordinates are 0.
        basis: float64[D, D], orthonormal, a direction a row.
        strengths: float64[D]; zeros where nothing is known.
        measure: What the strengths are: :data:`KL` in nats, :data:`VARIANCE`, or nothing.
    """

    kind: str
    origin: Floats
    basis: Floats
    strengths: Floats
    measure: str

    @property
    def dims(self) -> int:
        return len(self.origin)

    @property
    def order(self) -> Order:
        """int64[D], the strongest first; as they come where nothing is known."""
        return np.argsort(-self.strengths, kind="stable")

    def name(self, index: int) -> str:
        """Of an axis, as people count: ``"z 7"``, ``"PC 1"``."""
        return f"z {index + 1}" if self.kind == DIMENSIONS else f"PC {index + 1}"

    def coordinates(self, code: Codes | Floats) -> Floats:
        """float64[D] of a code [D]."""
        own: Floats = self.basis @ (np.asarray(code, np.float64) - self.origin)
        return own

    def code(self, coordinates: Floats) -> Codes:
        """float32[D] of coordinates [D]."""
        return (self.origin + coordinates @ self.basis).astype(np.float32)

    def project(self, codes: Codes, i: int, j: int) -> Codes:
        """float32[M, 2] of codes [M, D]: their coordinates ``i`` and ``j``."""
        if self.kind == DIMENSIONS:
            return np.ascontiguousarray(codes[:, [i, j]])
        rows = self.basis[[i, j]]
        return (codes @ rows.T.astype(np.float32) - (rows @ self.origin).astype(np.float32)).astype(np.float32)

    def centre(self, i: int, j: int) -> tuple[float, float]:
        """Where the middle of the prior is in that plane."""
        x, y = (self.basis[[i, j]] @ -self.origin).tolist()
        return x, y

    def spread(self, deviations: Codes, i: int, j: int) -> Floats:
        """float64[M, 2, 2], covariances in that plane of posteriors with these deviations [M, D]."""
        rows = self.basis[[i, j]]
        shares: Floats = np.einsum("ad,md,bd->mab", rows, deviations.astype(np.float64) ** 2, rows)
        return shares


def own_dimensions(dims: int, *, mean: Codes | None = None, deviation: Codes | None = None) -> Axes:
    """The dimensions as they are, measured on codes [M, D] where there are some; of very many on a part that is spread
    evenly.
    """
    strengths, measure = np.zeros(dims), ""
    if mean is not None and len(mean):
        step = -(-mean.size // _MOST_NUMBERS)
        mean, deviation = mean[::step], None if deviation is None else deviation[::step]
        if deviation is not None and float(deviation.max(initial=0)) > _SMALL:
            strengths, measure = kl_per_dimension(mean, deviation), KL
        else:
            strengths, measure = mean.var(0, dtype=np.float64), VARIANCE
    return Axes(kind=DIMENSIONS, origin=np.zeros(dims), basis=np.eye(dims), strengths=strengths, measure=measure)


def principal_components(mean: Codes) -> Axes:
    """The directions of the codes [M, D], M at least 1: the first is the one along which they differ most. Of many
    codes a part that is spread evenly is looked at. Each points to where its largest part is positive.
    """
    fitted = mean[:: max(1, len(mean) // _MOST_FITTED)].astype(np.float64)
    origin = fitted.mean(0)
    fitted = fitted - origin
    strengths, columns = np.linalg.eigh(fitted.T @ fitted / len(fitted))
    basis = columns[:, ::-1].T.copy()
    signs = np.sign(basis[np.arange(len(basis)), np.abs(basis).argmax(1)])
    return Axes(
        kind=COMPONENTS, origin=origin, basis=basis * signs[:, None],
        strengths=np.maximum(strengths[::-1], 0), measure=VARIANCE,
    )  # fmt: skip


def kl_per_dimension(mean: Codes, deviation: Codes) -> Floats:
    """float64[D], nats: how far the posteriors [M, D] are from the prior on average, each dimension by itself."""
    totals = np.zeros(mean.shape[1])
    for start in range(0, len(mean), _MOST_FITTED):
        m = mean[start : start + _MOST_FITTED].astype(np.float64)
        s = np.maximum(deviation[start : start + _MOST_FITTED].astype(np.float64), _SMALL)
        apart = s - 1  # s² - 1 - log s² without cancellation near 1
        totals += (0.5 * (m * m + apart * (apart + 2)) - np.log1p(apart)).sum(0)
    kl: Floats = totals / len(mean)
    return kl


def share_within(radius: float, dims: int) -> float:
    """The share of the prior that lies within ``radius`` of its middle: the chi distribution's, the regularised lower
    incomplete gamma function of D/2 and r²/2 (series of Numerical Recipes 6.2).
    """
    a, x = dims / 2, radius * radius / 2
    if x <= 0:
        return 0.0
    if x > a + 40 * math.sqrt(a) + 40:
        return 1.0
    term = total = 1.0 / a
    for step in range(1, _SERIES_STEPS):
        term *= x / (a + step)
        total += term
        if term < total * 1e-14:
            break
    return min(1.0, total * math.exp(-x + a * math.log(x) - math.lgamma(a)))
