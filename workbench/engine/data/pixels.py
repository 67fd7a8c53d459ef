"""Decoded pixels by the fastest honest way: one ``uint8`` array, in memory or mapped from the cache.

A dataset is decoded once, in parallel, into a file keyed by its content and the size asked for. Training then indexes
an array and never sees a decoder again. A set too large for the memory budget is read from the mapped file, one too
large for the cache is decoded batch by batch.

Shapes: N items of the dataset, C channels (1 or 3), H = W pixels.
"""

import hashlib
import io
import os
import shutil
import time
import uuid
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.engine.data.decode import FORMATS, decode, fit
from workbench.engine.data.image_set import ImageSet
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import plain_disk_errors, read_json, write_json

Bytes = NDArray[np.uint8]
GIB = 1024**3
_CHUNK = 64  # images a worker decodes between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What every image becomes before a network sees it.

    Attributes:
        size: Height and width in pixels.
        how: ``"crop"`` scales the short side and cuts the middle out, ``"squash"`` scales both sides.
        mode: ``"L"`` (one channel) or ``"RGB"``.
    """

    size: int
    how: Literal["crop", "squash"]
    mode: Literal["L", "RGB"]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (1 if self.mode == "L" else 3, self.size, self.size)


@dataclass(frozen=True, slots=True)
class Header:
    """What an image file says of itself before it is decoded: stored size in pixels, and whether it has no colour."""

    width: int
    height: int
    grey: bool


def read_header(encoded: bytes) -> Header | None:
    """The header of an image file; ``None`` where it has none that can be read."""
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            return Header(image.width, image.height, image.mode in ("1", "L", "LA") or image.mode.startswith("I"))
    except Exception:  # Pillow raises whatever it trips over; decode() is what reports it
        return None


class Pixels(Protocol):
    """Decoded images of a dataset, by item id."""

    shape: tuple[int, int, int]
    unreadable: Mapping[int, str]

    def gather(self, items: NDArray[np.int64]) -> Bytes:
        """The images of ``items``, uint8 [B, C, H, W]."""
        ...


class ArrayPixels:
    """All images (or the selected ones) in one array, in memory or memory-mapped.

    Args:
        array: uint8 [N, C, H, W].
        rows: int64, row of ``array`` by item id, -1 for items that it does not hold; ``None`` where they are the same.
        unreadable: Item id to its name and what is wrong with it; its row is all zero.
    """

    def __init__(self, array: Bytes, *, rows: NDArray[np.int64] | None, unreadable: Mapping[int, str]) -> None:
        self.array = array
        self.shape = cast(tuple[int, int, int], array.shape[1:])
        self.unreadable = unreadable
        self.rows = rows

    def gather(self, items: NDArray[np.int64]) -> Bytes:
        rows = items if self.rows is None else self.rows[items]
        assert (rows >= 0).all(), "an item was asked for that nobody announced"
        return self.array[rows]


class DecodingPixels:
    """Decodes on demand, for a set that fits neither the memory nor the cache."""

    def __init__(self, images: ImageSet, geometry: Geometry, *, workers: int) -> None:
        self._images, self._geometry = images, geometry
        self.shape = geometry.shape
        self.unreadable: Mapping[int, str] = {}  # found out batch by batch
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")

    def gather(self, items: NDArray[np.int64]) -> Bytes:
        decoded = self._pool.map(lambda item: decode_item(self._images, int(item), self._geometry), items)
        return np.stack(list(decoded))


def decode_item(images: ImageSet, item: int, geometry: Geometry) -> Bytes:
    """Item ``item`` as uint8 [C, H, W]; :class:`UserError` names it where it cannot be read."""
    image = decode(images.encoded(item), mode=geometry.mode, where=images.name(item))
    return fit(image, size=geometry.size, how=geometry.how)


def load_pixels(
    images: ImageSet,
    geometry: Geometry,
    *,
    items: NDArray[np.int64],
    fingerprint: str,
    cache: Path,
    memory_bytes: float,
    cache_bytes: float,
) -> Generator[Progress, None, Pixels]:
    """Decode what ``items`` need, or find it decoded.

    Args:
        images: The dataset.
        geometry: What each becomes.
        items: The ids that will be asked for. A small part of a large set is decoded by itself, without the cache.
        fingerprint: The dataset's content hash.
        cache: Folder of the cache.
        memory_bytes, cache_bytes: Budgets.

    Yields:
        Progress, at least ten times a second.
    """
    workers = max(2, os.cpu_count() or 1)
    shape = geometry.shape
    one = int(np.prod(shape))
    if len(items) * 4 < len(images) and len(items) * one <= memory_bytes:
        array = np.zeros((len(items), *shape), np.uint8)
        unreadable = yield from _decode_into(array, images, geometry, items=items, workers=workers)
        rows = np.full(len(images), -1, np.int64)
        rows[items] = np.arange(len(items))
        return ArrayPixels(array, rows=rows, unreadable=unreadable)
    if len(images) * one > cache_bytes:
        return DecodingPixels(images, geometry, workers=workers)
    folder = cache / "pixels" / _key(fingerprint, geometry)
    if not (folder / "meta.json").exists():
        yield from _fill(folder, images, geometry, workers=workers)
    os.utime(folder)
    meta = read_json(folder / "meta.json")
    mapped = np.memmap(folder / "pixels.u8", np.uint8, "r", shape=(len(images), *shape))
    array = np.array(mapped) if mapped.nbytes <= memory_bytes else mapped
    return ArrayPixels(array, rows=None, unreadable={int(item): text for item, text in meta["unreadable"].items()})


def _key(fingerprint: str, geometry: Geometry) -> str:
    return hashlib.sha256(f"{fingerprint} {sorted(asdict(geometry).items())}".encode()).hexdigest()[:32]


def _fill(folder: Path, images: ImageSet, geometry: Geometry, *, workers: int) -> Generator[Progress, None, None]:
    """Decode the whole set into ``folder``, which appears complete or not at all."""
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        with plain_disk_errors(folder):
            temporary.mkdir(parents=True)
            array = np.memmap(temporary / "pixels.u8", np.uint8, "w+", shape=(len(images), *geometry.shape))
            unreadable = yield from _decode_into(array, images, geometry, items=np.arange(len(images)), workers=workers)
            array.flush()
            write_json(temporary / "meta.json", {"shape": [len(images), *geometry.shape], "unreadable": unreadable})
            try:
                os.rename(temporary, folder)
            except OSError:
                if not (folder / "meta.json").exists():  # otherwise another process was faster, with the same bytes
                    raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _decode_into(
    array: Bytes, images: ImageSet, geometry: Geometry, *, items: NDArray[np.int64], workers: int
) -> Generator[Progress, None, dict[int, str]]:
    """Fill row k of ``array`` with item ``items[k]``; returns the unreadable items, whose rows stay zero."""
    unreadable: dict[int, str] = {}

    def work(start: int) -> int:
        stop = min(start + _CHUNK, len(items))
        for row in range(start, stop):
            item = int(items[row])
            try:
                array[row] = decode_item(images, item, geometry)
            except UserError as error:
                unreadable[item] = f"{error.where}: {error.what}"
        return stop - start

    done, reported = 0, time.monotonic()
    starts = iter(range(0, len(items), _CHUNK))
    yield Progress(stage="decoding", done=0, total=len(items))
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        # A bounded number in flight: closing this generator then waits for a few chunks, not for the whole set.
        running = [pool.submit(work, start) for start in islice(starts, 2 * workers)]
        while running:
            done += running.pop(0).result()
            running.extend(pool.submit(work, start) for start in islice(starts, 1))
            if time.monotonic() - reported > 0.05:
                reported = time.monotonic()
                yield Progress(stage="decoding", done=done, total=len(items))
    yield Progress(stage="decoding", done=done, total=len(items))
    return dict(sorted(unreadable.items()))
