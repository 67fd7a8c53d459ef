"""Planes through the space of codes: what a person looks at and drags in, and how much of the codes lies where.

A plane has two orthonormal axes. Everything is arithmetic in double precision on float32 codes. Shapes: N or M codes,
D dimensions, K principal axes, H rows and W columns of a raster.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
_PIECE = 1 << 22  # numbers that are widened at once
_LARGEST = 2048  # dimensions up to which there is a covariance; above, this many codes stand for all of them
_LEAST = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plane:
    """A plane through the space of codes.

    Attributes:
        origin: float64[D], the code at (0, 0).
        axes: float64[2, D], orthonormal; the second is zero where there is one dimension only.
    """

    origin: Floats
    axes: Floats

    def __post_init__(self) -> None:
        assert self.axes.shape == (2, len(self.origin))
        products = self.axes @ self.axes.T
        assert abs(products[0, 1]) < 1e-6, "axes of a plane are orthogonal"
        assert all(abs(length - 1) < 1e-6 or length == 0 for length in products.diagonal()), "and of length one"

    @property
    def dims(self) -> int:
        return len(self.origin)

    def project(self, codes: Singles) -> Singles:
        """Where codes [M, D] lie, or their shadows: float32[M, 2]."""
        places = np.empty((len(codes), 2), np.float32)
        start = self.axes @ self.origin
        rows = max(1, _PIECE // self.dims)
        for first in range(0, len(codes), rows):
            some = slice(first, first + rows)
            places[some] = codes[some].astype(np.float64) @ self.axes.T - start
        return places

    def code(self, places: Singles | Floats | tuple[float, float]) -> Singles:
        """The code at a place [2], float32[D], or at places [M, 2], float32[M, D]."""
        return (self.origin + np.asarray(places, np.float64) @ self.axes).astype(np.float32)

    def through(self, code: Singles) -> "Plane":
        """The parallel plane that a code [D] lies in. Places stay where they are."""
        shift = code.astype(np.float64) - self.origin
        return Plane(origin=self.origin + shift - (self.axes @ shift) @ self.axes, axes=self.axes)

    def ellipse(self, deviation: Singles) -> tuple[Floats, Floats, Floats]:
        """The shadows of normal distributions with independent dimensions.

        Args:
            deviation: Of each dimension, [M, D].

        Returns:
            Semi-axes of one standard deviation, the longer first, and the angle of the longer one from the first axis,
            in radians, -pi/2..pi/2: float64[M] each.
        """
        first, second = self.axes
        across, along, mixed = np.empty((3, len(deviation)))
        rows = max(1, _PIECE // self.dims)
        for start in range(0, len(deviation), rows):
            some = slice(start, start + rows)
            variance = deviation[some].astype(np.float64) ** 2
            across[some], along[some], mixed[some] = (
                variance @ product for product in (first * first, second * second, first * second)
            )
        middle, half = (across + along) / 2, np.hypot((across - along) / 2, mixed)
        return (
            np.sqrt(middle + half),
            np.sqrt(np.maximum(middle - half, 0.0)),
            np.arctan2(2 * mixed, across - along) / 2,
        )


def dimensions_plane(i: int, j: int, dims: int, *, rest: Singles | None = None) -> Plane:
    """The plane of two dimensions.

    Args:
        i, j: Which; of one dimension the only one twice.
        dims: D.
        rest: A code [D] whose other dimensions all codes of the plane have; by default they are 0.
    """
    assert 0 <= i < dims
    assert 0 <= j < dims
    assert i != j or dims == 1
    axes = np.zeros((2, dims))
    axes[0, i] = 1.0
    if i != j:
        axes[1, j] = 1.0
    origin = np.zeros(dims) if rest is None else rest.astype(np.float64).copy()
    origin[[i, j]] = 0.0
    return Plane(origin=origin, axes=axes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Components:
    """The principal axes of some codes.

    Attributes:
        mean: Of the codes, float64[D].
        axes: float64[K, D], orthonormal, those along which codes vary most first. The greatest number of each is
            positive.
        shares: Of the variance, float64[K], descending; all 0 where codes do not vary.
    """

    mean: Floats
    axes: Floats
    shares: Floats

    def plane(self, i: int = 0, j: int = 1) -> Plane:
        """The plane of two of them, through the mean."""
        if len(self.axes) == 1:
            return Plane(origin=self.mean, axes=np.vstack([self.axes, np.zeros_like(self.axes)]))
        assert i != j
        return Plane(origin=self.mean, axes=self.axes[[i, j]])


def principal(codes: Singles, *, most: int = 16) -> Components:
    """Up to ``most`` principal axes of codes [N, D].

    Of codes with very many dimensions 2,048 evenly spaced ones stand for all.
    """
    assert len(codes)
    dims = codes.shape[1]
    if dims > _LARGEST:
        return _principal_of_few(codes[np.linspace(0, len(codes) - 1, min(len(codes), _LARGEST)).astype(int)], most)
    mean = codes.mean(0, dtype=np.float64)
    covariance = np.zeros((dims, dims))
    rows = max(1, _PIECE // dims)
    for start in range(0, len(codes), rows):
        some = codes[start : start + rows] - mean
        covariance += some.T @ some
    variance, axes = np.linalg.eigh(covariance / len(codes))
    return _components(mean, axes.T[::-1][:most], variance[::-1][:most], float(covariance.trace()) / len(codes))


def _principal_of_few(codes: Singles, most: int) -> Components:
    """By the products of codes with one another, which are fewer than the dimensions."""
    mean = codes.mean(0, dtype=np.float64)
    apart = codes - mean
    squares, weights = np.linalg.eigh(apart @ apart.T)
    squares, weights = np.maximum(squares[::-1][:most], 0.0), weights[:, ::-1][:, :most]
    axes, triangle = np.linalg.qr(apart.T @ weights)  # orthonormal even where the codes leave some open
    assert triangle.shape[0] == len(squares)
    return _components(mean, axes.T, squares / len(codes), float((apart**2).sum()) / len(codes))


def _components(mean: Floats, axes: Floats, variance: Floats, total: float) -> Components:
    greatest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1)
    shares = np.maximum(variance, 0.0) / total if total > _LEAST else np.zeros(len(variance))
    return Components(mean=mean, axes=axes * np.where(greatest < 0, -1.0, 1.0), shares=shares)


def pca_plane(codes: Singles, *, first: int = 0, second: int = 1) -> Plane:
    """The plane in which codes [N, D] vary most, or that of two other principal axes."""
    return principal(codes, most=max(first, second) + 1).plane(first, second)


def density(
    points: Singles,
    *,
    extent: tuple[float, float, float, float],
    size: tuple[int, int],
    bandwidth: float | None = None,
) -> Singles:
    """How densely points lie, as a picture: what a kernel density estimate with a normal kernel says in each cell.

    Args:
        points: [M, 2].
        extent: Left, right, low and high end of the picture, in the units of the points.
        size: Its columns and rows.
        bandwidth: Deviation of the kernel; by default Scott's rule (1992) for each axis; 0 for a plain histogram.

    Returns:
        float32[rows, columns], the share of all points per unit of area; the top row is the highest.
    """
    left, right, low, high = extent
    columns, rows = size
    assert left < right
    assert low < high
    widths = (right - left) / columns, (high - low) / rows
    places = np.asarray(points, np.float64)
    places = places[np.isfinite(places).all(1)]
    if not len(places):
        return np.zeros((rows, columns), np.float32)
    scott = places.std(0) * len(places) ** (-1 / 6)
    spread = scott if bandwidth is None else np.array([bandwidth, bandwidth])
    # Points beside the picture reach into it: the histogram is wider than that by four deviations.
    more = [min(int(np.ceil(4 * spread[axis] / widths[axis])), size[axis]) for axis in range(2)]
    wide, tall = columns + 2 * more[0], rows + 2 * more[1]
    with np.errstate(over="ignore"):
        x = np.floor((places[:, 0] - left) / widths[0]) + more[0]
        y = np.floor((high - places[:, 1]) / widths[1]) + more[1]
    inside = (x >= 0) & (x < wide) & (y >= 0) & (y < tall)
    cells = (y[inside] * wide + x[inside]).astype(np.int64)
    counts = np.bincount(cells, minlength=wide * tall).reshape(tall, wide).astype(np.float64)
    smooth = _kernel(rows, more[1], spread[1] / widths[1]) @ counts @ _kernel(columns, more[0], spread[0] / widths[0]).T
    return (smooth / (len(places) * widths[0] * widths[1])).astype(np.float32)


def _kernel(cells: int, more: int, deviation: float) -> Floats:
    """float64[cells, cells + 2 more]: how much of a point's weight in one cell reaches another."""
    apart = np.arange(cells)[:, None] - (np.arange(cells + 2 * more)[None, :] - more)
    kernel: Floats = (apart == 0).astype(np.float64)
    if deviation >= 0.1:  # wider than a cell
        kernel = np.exp(-0.5 * (apart / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
    return kernel
