"""Samples of the prior, and whether what becomes of them was there before: the images nearest to each.

Shapes: N samples, D dimensions, M images to compare with, P numbers of an image, k nearest ones.
"""

import time
from collections.abc import Generator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.engine import events as ev
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.pixels import GIB, Bytes
from workbench.engine.latent.explorer import Explorer
from workbench.engine.latent.originals import decoded, run_data, split_items
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TRAIN, Items
from workbench.engine.waiting import waiting

Singles = NDArray[np.float32]
_REPORT_SECONDS = 0.05
_QUERIES, _NUMBERS = 64, 1 << 20  # pictures at once, and numbers of a piece that the processor's cache keeps
_READ = 16 * 1024**2  # bytes of images that are read between two looks at the clock
_MIDDLE = 128.0  # subtracted, so that products of small images stay whole numbers that single precision knows
_MORE = 8  # candidates beyond those wanted, which are measured exactly
_ROUNDS = 100


def prior_codes(n: int, dims: int, *, temperature: float = 1.0, seed: int = 0, truncated: float = 0.0) -> Singles:
    """float32[n, D], codes of the prior; those of a smaller ``n`` are the first ones.

    Args:
        temperature: Deviation instead of 1; 0 gives the middle of the prior n times.
        seed: Equal seeds give equal codes.
        truncated: Draw numbers beyond this many deviations again, before the temperature (the truncation trick of
            Brock et al. 2019); 0 never does.
    """
    assert temperature >= 0
    assert truncated >= 0
    codes = np.random.default_rng(seed).standard_normal((n, dims), np.float32)
    if truncated:
        for number, code in enumerate(codes):
            again = np.random.default_rng([seed, number, 1])
            for _ in range(_ROUNDS):
                beyond = np.abs(code) > truncated
                if not beyond.any():
                    break
                code[beyond] = again.standard_normal(int(beyond.sum()), np.float32)
        np.clip(codes, -truncated, truncated, out=codes)
    return codes * np.float32(temperature)


class TrainingImages:
    """Images of a run's data to compare pictures with, ready to be asked many times, from any thread.

    Attributes:
        items: Their ids, int64[M].
        pictures: uint8[M, H, W] or [M, H, W, 3]. In grey levels or colours even where the network saw black and white,
            since that is how people see them.
    """

    def __init__(self, items: Items, pictures: Bytes) -> None:
        assert len(items) == len(pictures)
        self.items, self.pictures = items, pictures
        self._flat = pictures.reshape(len(pictures), -1)
        self._rows = max(1, _NUMBERS // self._flat.shape[1])
        self._squares = np.empty(len(items), np.float32)
        for start in range(0, len(items), self._rows):
            centred = self._centred(self._flat[start : start + self._rows])
            np.einsum("ij,ij->i", centred, centred, out=self._squares[start : start + self._rows])

    def __len__(self) -> int:
        return len(self.items)

    def nearest(self, pictures: Bytes, *, count: int = 1) -> tuple[Items, Singles]:
        """The images that are nearest to each of some pictures; of fewer than ``count`` all.

        A first look in single precision finds candidates, which are then measured exactly.

        Args:
            pictures: uint8[N, H, W] or [N, H, W, 3], of the size of the images.

        Returns:
            Ids int64[N, k], the nearest first, of equally near ones in their order; and how far each is,
            float32[N, k]: the root mean square of the differences of all pixels, in 0..1.
        """
        assert pictures.shape[1:] == self.pictures.shape[1:]
        count = min(count, len(self))
        items, distances = np.empty((len(pictures), count), np.int64), np.empty((len(pictures), count), np.float32)
        for start in range(0, len(pictures) if count else 0, _QUERIES):
            queries = pictures[start : start + _QUERIES].reshape(-1, self._flat.shape[1])
            for row, apart in enumerate(self._apart(self._centred(queries)), start):
                some = min(count + _MORE, len(self))
                candidates = np.sort(np.argpartition(apart, some - 1)[:some])
                exact = _squares(pictures[row].reshape(-1), self._flat[candidates])
                order = np.argsort(exact, kind="stable")[:count]
                items[row] = self.items[candidates[order]]
                distances[row] = np.sqrt(exact[order] / self._flat.shape[1]) / 255
        return items, distances

    def _apart(self, queries: Singles) -> Singles:
        """float32[N, M], squared distances but for rounding and for what an image has in common with itself."""
        apart = np.empty((len(queries), len(self)), np.float32)
        for start in range(0, len(self), self._rows):
            some = slice(start, start + self._rows)
            np.matmul(queries, self._centred(self._flat[some]).T, out=apart[:, some])
        apart *= -2.0
        apart += self._squares
        return apart

    def _centred(self, pictures: Bytes) -> Singles:
        centred = pictures.astype(np.float32)
        centred -= _MIDDLE
        return centred


def training_images(
    project: Project,
    run: Run,
    explorer: Explorer,
    *,
    split: str = TRAIN,
    most: int = 0,
    preferences: Preferences,
) -> Generator[ev.Event, None, TrainingImages]:
    """The images of a split of the run's own data, to compare pictures with. What cannot be read is left out.

    Args:
        most: This many at most, evenly spaced; 0 for all that the memory has room for.

    Yields:
        Progress, at least ten times a second, and a message where not all can be compared with.

    Raises:
        UserError: There is no such split, or the data is gone.
    """
    row, stored = run_data(project, run)
    items = split_items(stored, split)
    size = int(np.prod(explorer.shape))
    room = max(1, int(preferences.memory_gib * GIB) // size)
    if len(items) > room and not 0 < most <= room:
        yield ev.Message(text=f"compared with {room:,} of {len(items):,} images: the memory has no room for more",
                         level="warning")  # fmt: skip
        most = room
    if 0 < most < len(items):
        items = items[np.linspace(0, len(items) - 1, most).astype(int)]
    opened: Dataset = yield from waiting(partial(open_dataset, project, row), stage="opening the data")
    pixels = yield from decoded(opened, explorer, items, stored, preferences=preferences)
    if pixels.unreadable:
        items = items[~np.isin(items, np.fromiter(pixels.unreadable, np.int64))]
    read, rows, reported = [], max(1, _READ // size), time.monotonic()
    for start in range(0, len(items), rows):
        read.append(explorer.pictures_of(pixels.gather(items[start : start + rows])))
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            yield ev.Progress(stage="reading images", done=min(start + rows, len(items)), total=len(items))
    whole = read[0] if len(read) == 1 else np.concatenate(read)
    return (yield from waiting(partial(TrainingImages, items, whole), stage="reading images"))


def nearest_training(
    project: Project, run: Run, explorer: Explorer, pictures: Bytes, *, count: int = 1, preferences: Preferences
) -> Generator[ev.Event, None, tuple[Items, Singles]]:
    """As :meth:`TrainingImages.nearest`, once, of all images that the run was trained on.

    Yields, Raises:
        As :func:`training_images`.
    """
    images = yield from training_images(project, run, explorer, preferences=preferences)
    found = []
    for start in range(0, len(pictures), _QUERIES):
        yield ev.Progress(stage="looking for the nearest images", done=start, total=len(pictures), unit="pictures")
        found.append(images.nearest(pictures[start : start + _QUERIES], count=count))
    return np.concatenate([items for items, _ in found]), np.concatenate([apart for _, apart in found])


def _squares(one: Bytes, others: Bytes) -> NDArray[np.int64]:
    """int64[n]: summed squared differences of an image uint8[P] and others [n, P]."""
    apart = others.astype(np.int64) - one
    squares: NDArray[np.int64] = np.einsum("ij,ij->i", apart, apart)
    return squares
