"""Features as points of a plane: principal components at once, t-SNE (van der Maaten and Hinton 2008) as long work.

Shapes: M items, D features.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.engine import events as ev
from workbench.engine.inspection.inspection import Floats, Singles
from workbench.engine.waiting import waiting

EXAGGERATED, ITERATIONS = 250, 500
PERPLEXITY = 30.0
_LISTENING = 5  # iterations between two looks at where the points are, and whether to stop
_LARGEST_EXACT = 1_024  # columns or rows up to which the eigenvectors come from the whole matrix
_SPARE, _ROUNDS = 14, 12  # of the subspace iteration beyond that
_COMPONENTS = 50  # that t-SNE sees; the rest is noise to distances, and costs time
_FEWEST = 5  # points below which neighbours mean nothing
_START_SPREAD = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed(ev.Event):
    """Where the points are for now. ``positions`` is float32[M, 2], ``done`` of ``total`` iterations are behind it."""

    positions: Singles
    done: int
    total: int


def pca(features: Singles) -> tuple[Singles, Floats]:
    """The plane in which the items are spread most.

    Args:
        features: float32[M, D].

    Returns:
        float32[M, 2] coordinates about the mean, and float64[2], the share of all variance that each axis shows, the
        greater first. Each axis points to where its largest loading is positive. What is not there (one feature, one
        item, no spread) is 0.
    """
    scores, explained = principal(features, 2)
    return scores, explained


def principal(features: Singles, count: int) -> tuple[Singles, Floats]:
    """As :func:`pca` for ``count`` axes: float32[M, count] and float64[count]."""
    coordinates = np.zeros((len(features), count), np.float32)
    explained = np.zeros(count)
    if not features.size:
        return coordinates, explained
    sound = np.isfinite(features).all(1)
    centred = features - features[sound].mean(0, dtype=np.float64).astype(np.float32) if sound.any() else features
    centred[~sound] = 0.0  # a network that went astray answers what is no number: it has no place but the middle
    total = float(np.einsum("md,md->", centred, centred, dtype=np.float64))
    if total <= 0.0:
        return coordinates, explained
    axes = _axes(centred, min(count, *features.shape))
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    some = centred @ axes
    found = np.einsum("mc,mc->c", some, some, dtype=np.float64) / total
    order = np.argsort(-found, kind="stable")
    coordinates[:, : len(order)], explained[: len(order)] = some[:, order], found[order]
    return coordinates, explained


def _axes(centred: Singles, count: int) -> Singles:
    """float32[D, count], unit vectors of the greatest spread, the greatest first."""
    rows, columns = centred.shape
    if columns <= min(rows, _LARGEST_EXACT):
        _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        return np.ascontiguousarray(vectors[:, ::-1][:, :count], np.float32)
    if rows <= _LARGEST_EXACT:
        _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        return _orthonormal(centred.T @ vectors[:, ::-1][:, :count].astype(np.float32))
    # Halko et al. 2011: a few spare directions and repeated multiplication find the leading ones to float32's digits.
    start = np.random.default_rng(0).standard_normal((columns, count + _SPARE)).astype(np.float32)
    basis = _orthonormal(start)
    for _ in range(_ROUNDS):
        basis = _orthonormal(centred.T @ (centred @ basis))
    small = centred @ basis
    _, vectors = np.linalg.eigh((small.T @ small).astype(np.float64))
    return np.asarray(basis @ vectors[:, ::-1][:, :count].astype(np.float32))


def _orthonormal(columns: Singles) -> Singles:
    return np.asarray(np.linalg.qr(columns.astype(np.float64))[0], np.float32)


def tsne(
    features: Singles, *, perplexity: float = PERPLEXITY, seed: int = 0, iterations: int = ITERATIONS
) -> Generator[ev.Event, None, Singles]:
    """Place the items so that each has about the neighbours that it has among the features. Close it to stop.

    It begins with the principal components, of which it looks at the first 50, and is the same for the same seed.
    The library works in a thread and listens every few iterations, so stopping takes up to half a second of 50,000
    items; finding the neighbours, which comes first, it cannot interrupt at all.

    Args:
        features: float32[M, D].
        perplexity: About how many neighbours count; no more than a third of the items can.
        iterations: After the first 250, which drive groups apart.

    Yields:
        An event every 50 ms: :class:`Placed` whenever there are new positions, Progress otherwise.

    Returns:
        float32[M, 2].
    """
    if len(features) < _FEWEST:
        return pca(features)[0]
    reduced = yield from waiting(
        lambda: principal(features, min(_COMPONENTS, features.shape[1]))[0], stage="finding principal components"
    )
    embedding = yield from waiting(
        lambda: _prepared(reduced, perplexity=min(perplexity, (len(features) - 1) / 3), seed=seed),
        stage="finding neighbours",
    )
    watch = _Watch()

    def place() -> None:
        for length, exaggeration, momentum in ((EXAGGERATED, 12, 0.5), (iterations, 1, 0.8)):
            if length and not watch.stopped:
                embedding.optimize(length, inplace=True, exaggeration=exaggeration, momentum=momentum,
                                   callbacks=watch, callbacks_every_iters=_LISTENING)  # fmt: skip

    total = EXAGGERATED + iterations
    work = waiting(place, stage="placing the items")
    try:
        for progress in work:
            positions, watch.positions = watch.positions, None
            done = min(watch.done, total)
            if positions is None:
                yield replace(progress, done=done, total=total)
            else:
                yield Placed(positions=positions, done=done, total=total)
    finally:
        watch.stopped = True
        work.close()
    return np.array(embedding, np.float32)


class _Watch:
    """What the library calls every few iterations: notes where the points are, and says whether to stop."""

    def __init__(self) -> None:
        self.positions: Singles | None = None
        self.done = 0
        self.stopped = False

    def __call__(self, iteration: int, error: float, embedding: Floats) -> bool:
        self.positions = np.array(embedding, np.float32)
        self.done += _LISTENING
        return self.stopped


def _prepared(reduced: Singles, *, perplexity: float, seed: int) -> Any:
    """An openTSNE embedding at its start."""
    from openTSNE import TSNEEmbedding, affinity

    neighbours = affinity.PerplexityBasedNN(reduced.astype(np.float64), perplexity=perplexity, random_state=seed)
    start = reduced[:, :2].astype(np.float64)
    if start.shape[1] < 2:
        start = np.column_stack([start, np.zeros(len(start))])
    start *= _START_SPREAD / (start[:, 0].std() or 1.0)
    # Items that are equal would never part.
    start += np.random.default_rng(seed).normal(0.0, _START_SPREAD / 100, start.shape)
    return TSNEEmbedding(start, neighbours, random_state=seed, learning_rate="auto")
