"""Decoded pixels by the fastest honest way: one ``uint8`` array, in memory or mapped from the cache.

A dataset is decoded once, in parallel, into a file keyed by its content and the size asked for. Training then indexes
an array and never sees a decoder again. A set too large for the memory budget is read from the mapped file, one too
large for the cache is decoded for this session only: once where memory has room, else batch by batch.
:mod:`.pixel_cache` keeps the files.

Shapes: N items of the dataset, C channels (1 or 3), H = W pixels.
"""

import hashlib
import io
import os
import threading
import time
import weakref
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.engine.data.decode import FORMATS, Interpolation, decode, fit
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.pixel_cache import Part, Place
from workbench.engine.errors import UserError
from workbench.engine.events import Progress

Bytes = NDArray[np.uint8]
_T = TypeVar("_T")
_Number = TypeVar("_Number", bound=np.generic)
GIB = 1024**3
_CHUNK, _CHUNK_BYTES = 64, 16 * 1024**2  # images that a worker decodes at once, and bytes, at most
_REPORT_SECONDS = 0.05
_COPIED = 64 * 1024**2  # bytes brought into memory between two looks at the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What every image becomes before a network sees it.

    Attributes:
        size: Height and width in pixels.
        how: ``"crop"`` scales the short side and cuts the middle out, ``"squash"`` scales both sides.
        mode: ``"L"`` (one channel), ``"RGB"``, or ``"BGR"`` for networks that want the channels the other way round.
        interpolation, share: See :func:`workbench.engine.data.decode.fit`.
    """

    size: int
    how: Literal["crop", "squash"]
    mode: Literal["L", "RGB", "BGR"]
    interpolation: Interpolation = "bilinear"
    share: float = 1.0

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


class ArrayRows(Generic[_Number]):
    """Numbers of all items (or the selected ones) in one array, in memory or memory-mapped.

    Args:
        array: [N, ...], a row an item.
        rows: int64, row of ``array`` by item id, -1 for items that it does not hold; ``None`` where they are the same.
    """

    def __init__(self, array: NDArray[_Number], *, rows: NDArray[np.int64] | None) -> None:
        self.array = array
        self.rows = rows

    def gather(self, items: NDArray[np.int64]) -> NDArray[_Number]:
        """The rows of ``items``, [B, ...]."""
        rows = items if self.rows is None else self.rows[items]
        assert (rows >= 0).all(), "an item was asked for that nobody announced"
        return self.array[rows]


class ArrayPixels(ArrayRows[np.uint8]):
    """Images as uint8 [N, C, H, W].

    Args:
        array, rows: See :class:`ArrayRows`.
        unreadable: Item id to its name and what is wrong with it; its row is all zero.
    """

    def __init__(self, array: Bytes, *, rows: NDArray[np.int64] | None, unreadable: Mapping[int, str]) -> None:
        super().__init__(array, rows=rows)
        self.shape = cast(tuple[int, int, int], array.shape[1:])
        self.unreadable = unreadable


def rows_of(items: NDArray[np.int64], *, total: int) -> NDArray[np.int64]:
    """int64[total]: position of each item in ``items``, -1 for those that are not there."""
    rows = np.full(total, -1, np.int64)
    rows[items] = np.arange(len(items))
    return rows


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
    return prepare(images.encoded(item), geometry, where=images.name(item))


def prepare(encoded: bytes, geometry: Geometry, *, where: str) -> Bytes:
    """Pixels uint8[C, H, W] of an image file: the one way from a file to what a network sees, whoever asks.

    Args:
        encoded: The file's content.
        where: What to call it in an error.

    Raises:
        UserError: As :func:`workbench.engine.data.decode.decode`.
    """
    image = decode(encoded, mode="L" if geometry.mode == "L" else "RGB", where=where)
    pixels = fit(
        image, size=geometry.size, how=geometry.how, interpolation=geometry.interpolation, share=geometry.share
    )
    return np.ascontiguousarray(pixels[::-1]) if geometry.mode == "BGR" else pixels


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

    Closing the generator, or a crash, loses the last seconds of a decode; the next one goes on from there.

    Args:
        images: The dataset.
        geometry: What each becomes.
        items: The ids that will be asked for. A small part of a large set is decoded by itself, without the cache.
        fingerprint: The dataset's content hash.
        cache: Folder of the cache.
        memory_bytes, cache_bytes: Budgets. Sets that were not used for longest leave the cache to keep to it.

    Yields:
        Progress, at least ten times a second.
    """
    workers = max(2, os.cpu_count() or 1)
    needed = len(items) * int(np.prod(geometry.shape))
    if len(items) * 4 >= len(images) or needed > memory_bytes:
        place = Place(cache, _key(fingerprint, geometry), shape=(len(images), *geometry.shape))
        every = np.arange(len(images))

        def fill(part: Part) -> Generator[Progress, None, None]:
            return _decode(images, geometry, items=every, first=part.done, keep=part.keep, workers=workers)

        found = yield from from_cache(
            place, np.uint8, fill, memory_bytes=memory_bytes, cache_bytes=cache_bytes,
            elsewhere="decoding in another process",
        )  # fmt: skip
        if found:
            array, unreadable = found
            return ArrayPixels(array, rows=None, unreadable=unreadable)
    if needed > memory_bytes:
        return DecodingPixels(images, geometry, workers=workers)
    return (yield from _for_this_session(images, geometry, items=items, workers=workers))


def _key(fingerprint: str, geometry: Geometry) -> str:
    values = asdict(geometry)
    for field in fields(Geometry):  # so that what was decoded before there was a choice is still found
        if values[field.name] == field.default:
            del values[field.name]
    return hashlib.sha256(f"{fingerprint} {sorted(values.items())}".encode()).hexdigest()[:32]


def _for_this_session(
    images: ImageSet, geometry: Geometry, *, items: NDArray[np.int64], workers: int
) -> Generator[Progress, None, ArrayPixels]:
    """``items`` decoded for this session only."""
    array = np.zeros((len(items), *geometry.shape), np.uint8)
    unreadable: dict[int, str] = {}

    def keep(start: int, decoded: Bytes, bad: Mapping[int, str]) -> None:
        array[start : start + len(decoded)] = decoded
        unreadable.update(bad)

    yield from _decode(images, geometry, items=items, keep=keep, workers=workers)
    return ArrayPixels(array, rows=rows_of(items, total=len(images)), unreadable=unreadable)


def from_cache(
    place: Place,
    kind: type[_Number],
    fill: Callable[[Part], Generator[Progress, None, None]],
    *,
    memory_bytes: float,
    cache_bytes: float,
    elsewhere: str,
) -> Generator[Progress, None, tuple[NDArray[_Number], Mapping[int, str]] | None]:
    """A whole set from the cache, filled where it lacks it.

    Args:
        place: Where it lies.
        kind: Of its numbers.
        fill: Appends to the set in the making what it lacks.
        memory_bytes: A set up to this size is copied into memory, a larger one is mapped.
        cache_bytes: Budget of the cache.
        elsewhere: What to call it when another process fills it.

    Returns:
        The array, and what could not be read; ``None`` where the cache has no room or the set is not to be had.
    """
    if place.bytes > cache_bytes:
        return None
    lock = yield from place.wait_for_lock(stage=elsewhere)
    if lock is None:
        return None
    with ExitStack() as held:
        held.push(lock)
        if not place.complete:
            if not place.make_room(cache_bytes):
                return None
            with place.filling() as part:
                yield from fill(part)
        use = place.opened()
    with ExitStack() as held:
        held.push(use)
        mapped: NDArray[_Number] = np.memmap(place.folder / place.file, kind, "r", shape=place.shape)
        unreadable = place.unreadable()
        if mapped.nbytes <= memory_bytes:
            return (yield from _in_memory(mapped)), unreadable
        weakref.finalize(mapped, held.pop_all().close)  # what maps the file keeps it from being removed
        return mapped, unreadable


def _in_memory(mapped: NDArray[_Number]) -> Generator[Progress, None, NDArray[_Number]]:
    """A copy in memory of an array that lies in the cache, in pieces that let a person interrupt."""
    array = np.empty(mapped.shape, mapped.dtype)
    rows = max(1, _COPIED // max(1, mapped[:1].nbytes))
    reported = time.monotonic()
    for start in range(0, len(mapped), rows):
        array[start : start + rows] = mapped[start : start + rows]
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            yield Progress(stage="reading the cache", done=min(start + rows, len(mapped)), total=len(mapped))
    return array


def _decode(
    images: ImageSet,
    geometry: Geometry,
    *,
    items: NDArray[np.int64],
    first: int = 0,
    keep: Callable[[int, Bytes, Mapping[int, str]], None],
    workers: int,
) -> Generator[Progress, None, None]:
    """Decode ``items[first:]`` in parallel.

    Args:
        keep: Called in order, in this thread, with the position of the first of some items in ``items``, their pixels
            uint8 [b, C, H, W], and which of them could not be read (theirs are zero).
    """
    chunk = max(1, min(_CHUNK, _CHUNK_BYTES // int(np.prod(geometry.shape))))
    closing = threading.Event()

    def work(start: int) -> tuple[int, Bytes, dict[int, str]]:
        some = items[start : start + chunk]
        decoded, bad = np.zeros((len(some), *geometry.shape), np.uint8), {}
        for row, item in enumerate(some.tolist()):
            if closing.is_set():
                break
            try:
                decoded[row] = decode_item(images, item, geometry)
            except UserError as error:
                bad[item] = f"{error.where}: {error.what}"
        return start, decoded, bad

    done, reported = first, time.monotonic()
    starts = iter(range(first, len(items), chunk))
    yield Progress(stage="decoding", done=done, total=len(items))
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        # A bounded number in flight: memory holds a few chunks, and closing this generator waits for an image each.
        running = [pool.submit(work, start) for start in islice(starts, 2 * workers)]
        try:
            while running:
                result = _soon(running[0])
                if result:
                    running.pop(0)
                    running.extend(pool.submit(work, start) for start in islice(starts, 1))
                    keep(*result)
                    done = result[0] + len(result[1])
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    yield Progress(stage="decoding", done=done, total=len(items))
        finally:
            closing.set()
    yield Progress(stage="decoding", done=done, total=len(items))


def _soon(future: "Future[_T]") -> _T | None:
    """The result if it comes within the time between two reports."""
    try:
        return future.result(timeout=_REPORT_SECONDS)
    except NotYet:
        return None
