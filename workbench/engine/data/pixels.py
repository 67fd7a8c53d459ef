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
from dataclasses import asdict, dataclass
from io import BufferedWriter
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.engine.data.decode import FORMATS, Interpolation, decode, fit
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.pixel_cache import Place, cache_report, evict
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import plain_disk_errors

Bytes = NDArray[np.uint8]
_T = TypeVar("_T")
GIB = 1024**3
_CHUNK, _CHUNK_BYTES = 64, 16 * 1024**2  # images that a worker decodes at once, and bytes, at most
_REPORT_SECONDS = 0.05
_NOTE_SECONDS = 2.0  # what a killed decode has to do again
_STALLED_SECONDS = 15.0  # another process that decodes the same and does not get on is not waited for
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
    pixels: Pixels | None = None
    if len(items) * 4 >= len(images) or needed > memory_bytes:
        place = Place(cache, _key(fingerprint, geometry), shape=(len(images), *geometry.shape))
        pixels = yield from _cached(
            place, images, geometry, cache=cache, memory_bytes=memory_bytes, cache_bytes=cache_bytes, workers=workers
        )
    if pixels:
        return pixels
    if needed > memory_bytes:
        return DecodingPixels(images, geometry, workers=workers)
    return (yield from _in_memory(images, geometry, items=items, workers=workers))


def _key(fingerprint: str, geometry: Geometry) -> str:
    values = asdict(geometry)
    for name in ("interpolation", "share"):  # so that what was decoded before there was a choice is still found
        if values[name] == getattr(Geometry, name):
            del values[name]
    return hashlib.sha256(f"{fingerprint} {sorted(values.items())}".encode()).hexdigest()[:32]


def _in_memory(
    images: ImageSet, geometry: Geometry, *, items: NDArray[np.int64], workers: int
) -> Generator[Progress, None, ArrayPixels]:
    """``items`` decoded for this session only."""
    array = np.zeros((len(items), *geometry.shape), np.uint8)
    unreadable: dict[int, str] = {}

    def keep(start: int, decoded: Bytes, bad: Mapping[int, str]) -> None:
        array[start : start + len(decoded)] = decoded
        unreadable.update(bad)

    yield from _decode(images, geometry, items=items, keep=keep, workers=workers)
    rows = np.full(len(images), -1, np.int64)
    rows[items] = np.arange(len(items))
    return ArrayPixels(array, rows=rows, unreadable=unreadable)


def _cached(
    place: Place,
    images: ImageSet,
    geometry: Geometry,
    *,
    cache: Path,
    memory_bytes: float,
    cache_bytes: float,
    workers: int,
) -> Generator[Progress, None, ArrayPixels | None]:
    """The whole set from the cache, filled where it lacks it; ``None`` where it has no room or is not to be had."""
    if place.bytes > cache_bytes:
        return None
    lock = place.try_lock()
    seen, since = -1, time.monotonic()
    while lock is None:  # another process decodes the same set
        done, _ = place.done()
        if done != seen:
            seen, since = done, time.monotonic()
        elif time.monotonic() - since > _STALLED_SECONDS:
            return None
        yield Progress(stage="decoding in another process", done=done, total=len(images))
        time.sleep(_REPORT_SECONDS)
        lock = place.try_lock()
    with ExitStack() as held:
        held.push(lock)
        if not place.complete:
            if not _has_room(place, cache, cache_bytes):
                return None
            yield from _fill(place, images, geometry, workers=workers)
        use = place.opened()
    with ExitStack() as held:
        held.push(use)
        mapped = np.memmap(place.folder / "pixels.u8", np.uint8, "r", shape=(len(images), *geometry.shape))
        unreadable = place.unreadable()
        if mapped.nbytes <= memory_bytes:
            return ArrayPixels((yield from _copied(mapped)), rows=None, unreadable=unreadable)
        pixels = ArrayPixels(mapped, rows=None, unreadable=unreadable)
        weakref.finalize(mapped, held.pop_all().close)  # what maps the file keeps it from being removed
        return pixels


def _has_room(place: Place, cache: Path, cache_bytes: float) -> bool:
    """Make room for a set; whether there is enough without removing what somebody uses."""
    left = cache_bytes - place.bytes
    others = [one for one in cache_report(cache).sets if one.key != place.key]
    if sum(one.bytes for one in others if one.busy) > left:
        return False
    return sum(one.bytes for one in others) - evict(cache, limit_bytes=left, spare=place.key) <= left


def _copied(mapped: Bytes) -> Generator[Progress, None, Bytes]:
    """A copy in memory."""
    array = np.empty(mapped.shape, np.uint8)
    rows = max(1, _COPIED // max(1, mapped[:1].nbytes))
    reported = time.monotonic()
    for start in range(0, len(mapped), rows):
        array[start : start + rows] = mapped[start : start + rows]
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            yield Progress(stage="reading the cache", done=min(start + rows, len(mapped)), total=len(mapped))
    return array


def _fill(place: Place, images: ImageSet, geometry: Geometry, *, workers: int) -> Generator[Progress, None, None]:
    """Decode the whole set into the cache, from where an earlier attempt was. The caller holds the place's lock."""
    with plain_disk_errors(place.folder):
        place.part.mkdir(parents=True, exist_ok=True)
        with (
            (place.part / "pixels.u8").open("ab") as file,
            _Part(place, file, one=int(np.prod(geometry.shape))) as part,
        ):
            every = np.arange(len(images))
            yield from _decode(images, geometry, items=every, first=part.done, keep=part.keep, workers=workers)
        place.finish(dict(sorted(part.unreadable.items())))


class _Part:
    """The growing file of a set. Now and then, and at its end, it is brought to the disk and its length noted.

    A thread does that, because a slow disk takes longer than a reader of events should wait.

    Args:
        place: Of the set.
        file: Open to append to.
        one: Bytes an image.

    Attributes:
        done: Items in the file.
        unreadable: Those of them that could not be read.
    """

    def __init__(self, place: Place, file: BufferedWriter, *, one: int) -> None:
        self._place, self._file = place, file
        self.done, self.unreadable = place.done()
        file.truncate(self.done * one)
        place.note_done(self.done, self.unreadable)
        self._noted = time.monotonic()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="decode-note")
        self._noting: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown()
        self._file.flush()
        self._note(self.done, self.unreadable)

    def keep(self, start: int, decoded: Bytes, bad: Mapping[int, str]) -> None:
        """Append ``decoded``, the items from ``start`` on."""
        self._file.write(decoded.data)
        self.done = start + len(decoded)
        self.unreadable.update(bad)
        if time.monotonic() - self._noted > _NOTE_SECONDS and (self._noting is None or self._noting.done()):
            if self._noting:
                self._noting.result()  # what went wrong is said here
            self._file.flush()
            self._noted = time.monotonic()
            self._noting = self._pool.submit(self._note, self.done, dict(self.unreadable))

    def _note(self, done: int, unreadable: Mapping[int, str]) -> None:
        os.fsync(self._file.fileno())  # the count must not reach the disk before what it counts
        self._place.note_done(done, unreadable)


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
