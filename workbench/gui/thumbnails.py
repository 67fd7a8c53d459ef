"""Small pictures of the items in view, decoded in the background and kept within a bound of memory.

Whoever shows items says which ones are in view, again and again; what left the view before its turn is never decoded.
Images of a few pixels are kept as they are: the one who paints enlarges them without blurring.
"""

import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from workbench.engine.events import Event
from workbench.gui.jobs import DONE, Ending, Job, Jobs
from workbench.gui.thumbnail_cache import Shelf, ThumbnailCache
from workbench.gui.thumbnail_making import CRISP, Images, Thumbnail, make_thumbnail, to_qimage

if TYPE_CHECKING:
    from workbench.engine.data.source import Palette

__all__ = ["CACHE_BYTES", "CRISP", "Decoded", "Images", "Thumbnail", "Thumbnailer", "make_thumbnail", "to_qimage"]

CACHE_BYTES = 128 << 20

_REPORT_SECONDS = 0.04
_MOST_WORKERS = 4
_MOST_UNWRITTEN = 512  # pictures that wait for the disk until writing no longer waits for a pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded(Event):
    """Some thumbnails are there."""

    thumbnails: tuple[Thumbnail, ...]


class Thumbnailer(QObject):
    """Thumbnails of one image set at a time.

    Signals:
        ready: A tuple of item ids whose thumbnails :meth:`get` has from now on.

    Args:
        jobs: Where the decoding runs, quietly.
        limit_bytes: The most that is kept in memory; the least recently shown go first.
        cache: Where they are kept on the disk.
    """

    ready = Signal(object)

    def __init__(
        self,
        jobs: Jobs,
        *,
        limit_bytes: int = CACHE_BYTES,
        cache: ThumbnailCache | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._limit, self._cache = jobs, limit_bytes, cache
        self._set = _Set()
        self._limit_pixels = 0
        self._table: list[int] | None = None
        self._coloured: dict[int, QImage] = {}
        self._kept: OrderedDict[int, Thumbnail] = OrderedDict()
        self._bytes = 0
        self._requests = _Requests()
        self._job: Job | None = None

    def show(self, images: Images | None, *, fingerprint: str = "", palette: "Palette | None" = None) -> None:
        """Turn to another set; everything of the one before is dropped.

        Args:
            fingerprint: Of the set's content; without one nothing is kept on the disk.
            palette: What its masks mean.
        """
        self._requests.replace([], side=0)
        if self._job:
            self._job.stop()
            self._job = None
        cache = self._cache if fingerprint else None
        self._set = _Set(
            images=images, fingerprint=fingerprint, palette=palette, cache=cache, limit_pixels=self._limit_pixels
        )
        self._requests = _Requests()
        self._kept.clear()
        self._coloured.clear()
        self._bytes = 0

    def set_limit(self, pixels: int) -> None:
        """Decode no image of more pixels than that."""
        if pixels != self._limit_pixels:
            self._limit_pixels = pixels
            self.show(self._set.images, fingerprint=self._set.fingerprint, palette=self._set.palette)

    def show_masks(self, table: list[int] | None) -> None:
        """From now on masks are wanted, too, in these colours.

        Args:
            table: 0xAARRGGBB for each of the 256 labels; ``None`` if no masks are wanted.
        """
        self._table = table
        self._coloured.clear()

    def overlay(self, thumbnail: Thumbnail) -> QImage | None:
        """Its mask in colours, as large as its image; ``None`` if there is none, or none is wanted."""
        if self._table is None or thumbnail.labels is None:
            return None
        coloured = self._coloured.get(thumbnail.item)
        if coloured is None:
            thumbnail.labels.setColorTable(self._table)
            coloured = self._coloured[thumbnail.item] = thumbnail.labels
        return coloured

    def get(self, item: int) -> Thumbnail | None:
        """From memory; ``None`` if there is none yet. It may have been made for another size."""
        thumbnail = self._kept.get(item)
        if thumbnail:
            self._kept.move_to_end(item)
        return thumbnail

    def want(self, items: Sequence[int], *, ahead: Sequence[int] = (), side: int) -> None:
        """Say what is in view and what may come into view next; all that was wanted before is forgotten.

        Args:
            items: In view, the most urgent first.
            ahead: Done after those, and only so many that they do not drive out what is in view.
            side: Device pixels of the square to fill.
        """
        if self._set.images is None:
            return
        masked = self._table is not None and self._set.palette is not None
        room = max(0, self._limit // 2 // (4 * side * side) - len(items))
        missing = [item for item in (*items, *ahead[:room]) if not self._serves(item, side, masked)]
        self._requests.replace(missing, side=side, masked=masked)
        if missing and self._job is None:
            self._start()

    @property
    def bytes(self) -> int:
        """What the thumbnails that are kept take."""
        return self._bytes

    @property
    def idle(self) -> bool:
        """Whether nothing is being decoded or waits for it."""
        return self._job is None

    def _serves(self, item: int, side: int, masked: bool) -> bool:
        thumbnail = self._kept.get(item)
        return thumbnail is not None and thumbnail.serves(side, masked=masked)

    def _start(self) -> None:
        self._job = self._jobs.start(_decode(self._set, self._requests), title="Reading thumbnails", quiet=True)
        self._job.events.connect(self._on_job_events)
        self._job.ended.connect(self._on_job_ended)

    def _on_job_events(self, events: tuple[Event, ...]) -> None:
        if self.sender() is not self._job:
            return
        items: list[int] = []
        for event in events:
            if isinstance(event, Decoded):
                for thumbnail in event.thumbnails:
                    self._keep(thumbnail)
                    items.append(thumbnail.item)
        if items:
            self.ready.emit(tuple(items))

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        self._requests.forget_taken()
        if ending.state == DONE and self._requests.waiting:  # asked for after the job had looked for the last time
            self._start()

    def _keep(self, thumbnail: Thumbnail) -> None:
        self._requests.landed(thumbnail.item)
        before = self._kept.pop(thumbnail.item, None)
        self._bytes += thumbnail.bytes - (before.bytes if before else 0)
        self._kept[thumbnail.item] = thumbnail
        self._coloured.pop(thumbnail.item, None)
        while self._bytes > self._limit and len(self._kept) > 1:
            item, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.bytes
            self._coloured.pop(item, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    """What thumbnails are made of; ``cache`` only where the set has a fingerprint."""

    images: Images | None = None
    fingerprint: str = ""
    palette: "Palette | None" = None
    cache: ThumbnailCache | None = None
    limit_pixels: int = 0


@dataclass(frozen=True, slots=True)
class _Request:
    item: int
    side: int
    masked: bool


class _Requests:
    """What is wanted, most urgent first. Shared by the GUI thread, which replaces it, and the job's, which takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[_Request] = deque()
        self._taken: dict[int, _Request] = {}  # by item, from when it is taken until it has landed

    def replace(self, items: Sequence[int], *, side: int, masked: bool = False) -> None:
        wanted = [_Request(item, side, masked) for item in items]
        with self._lock:
            self._queue = deque(request for request in wanted if self._taken.get(request.item) != request)

    def take(self) -> _Request | None:
        with self._lock:
            if not self._queue:
                return None
            request = self._queue.popleft()
            self._taken[request.item] = request
            return request

    def landed(self, item: int) -> None:
        with self._lock:
            self._taken.pop(item, None)

    def forget_taken(self) -> None:
        with self._lock:
            self._taken.clear()

    @property
    def waiting(self) -> int:
        return len(self._queue)


def _decode(source: _Set, requests: _Requests) -> Generator[Decoded, None, None]:
    """Serve ``requests`` until none are left. Yields every 40 ms, even where one image takes longer than that."""
    assert source.images is not None
    workers = max(1, min(_MOST_WORKERS, (os.cpu_count() or 2) - 1))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="thumbnails")
    shelf = source.cache.open(source.fingerprint) if source.cache else None
    running: set[Future[Thumbnail]] = set()
    ready: list[Thumbnail] = []
    reported = time.monotonic()
    try:
        while True:
            # Few in flight: what scrolls out of view meanwhile is not decoded for nothing, and stopping is quick.
            while len(running) <= workers and (request := requests.take()):
                running.add(pool.submit(_make, source, request, shelf))
            if running:
                done, running = wait(running, timeout=_REPORT_SECONDS, return_when=FIRST_COMPLETED)
                ready.extend(future.result() for future in done)
                if shelf and shelf.waiting > _MOST_UNWRITTEN:
                    shelf.settle()
            elif not (shelf and shelf.settle()):  # the disk's turn comes when nobody waits for a picture
                break
            if time.monotonic() - reported >= _REPORT_SECONDS:
                yield Decoded(thumbnails=tuple(ready))
                ready, reported = [], time.monotonic()
        if ready:
            yield Decoded(thumbnails=tuple(ready))
    finally:
        pool.shutdown(cancel_futures=True)
        if shelf:
            shelf.close()


def _make(source: _Set, request: _Request, shelf: Shelf | None) -> Thumbnail:
    assert source.images is not None
    masks = source.palette if request.masked else None
    return make_thumbnail(
        source.images, request.item, side=request.side, masks=masks, shelf=shelf, limit_pixels=source.limit_pixels
    )
