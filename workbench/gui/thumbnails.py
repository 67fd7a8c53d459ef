"""Small pictures of the items in view, decoded in the background and kept within a bound of memory.

Whoever shows items says which ones are in view, again and again; what left the view before its turn is never decoded.
Images of a few pixels are kept as they are: the one who paints enlarges them without blurring.
"""

import io
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from workbench.engine.errors import UserError
from workbench.engine.events import Event
from workbench.gui.jobs import DONE, Ending, Job, Jobs

if TYPE_CHECKING:
    from PIL import Image

CACHE_BYTES = 128 << 20
CRISP = 64
"""Images of at most this many pixels a side are shown pixel by pixel when they are enlarged."""

_REPORT_SECONDS = 0.04
_LEAST_BYTES = 1 << 10  # what an entry counts at least, so that the number of entries is bounded, too
_MOST_WORKERS = 4


class Images(Protocol):
    """The part of :class:`~workbench.engine.data.image_set.ImageSet` that pictures are made from."""

    def name(self, index: int) -> str: ...

    def encoded(self, index: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """One item's picture, or why there is none.

    Attributes:
        item: Item id.
        side: Device pixels of the square that it was made for.
        image: At most ``side`` pixels wide and high, the aspect ratio kept; ``None`` for an unreadable image.
        width, height: Pixels of the image itself, upright; 0 for an unreadable one.
        format: Of its file, ``"JPEG"``; empty where it is not known.
        error: A sentence; empty for a readable image.
    """

    item: int
    side: int
    image: QImage | None = None
    width: int = 0
    height: int = 0
    format: str = ""
    error: str = ""

    @property
    def bytes(self) -> int:
        return max(_LEAST_BYTES, self.image.sizeInBytes() if self.image else 0)

    def serves(self, side: int) -> bool:
        """Whether it is as good as one made for ``side``."""
        largest = max(self.width, self.height)
        return self.image is None or self.side == side or largest <= max(CRISP, min(self.side, side))


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
        limit_bytes: The most that is kept; the least recently shown go first.
    """

    ready = Signal(object)

    def __init__(self, jobs: Jobs, *, limit_bytes: int = CACHE_BYTES, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._limit = jobs, limit_bytes
        self._images: Images | None = None
        self._kept: OrderedDict[int, Thumbnail] = OrderedDict()
        self._bytes = 0
        self._requests = _Requests()
        self._job: Job | None = None

    def show(self, images: Images | None) -> None:
        """Turn to another set; everything of the one before is dropped."""
        self._requests.replace([], side=0)
        if self._job:
            self._job.stop()
            self._job = None
        self._images, self._requests = images, _Requests()
        self._kept.clear()
        self._bytes = 0

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
        if self._images is None:
            return
        room = max(0, self._limit // 2 // (4 * side * side) - len(items))
        missing = [item for item in (*items, *ahead[:room]) if not self._serves(item, side)]
        self._requests.replace(missing, side=side)
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

    def _serves(self, item: int, side: int) -> bool:
        thumbnail = self._kept.get(item)
        return thumbnail is not None and thumbnail.serves(side)

    def _start(self) -> None:
        assert self._images is not None
        self._job = self._jobs.start(_decode(self._images, self._requests), title="Reading thumbnails", quiet=True)
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
        while self._bytes > self._limit and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].bytes


class _Requests:
    """What is wanted, most urgent first. Shared by the GUI thread, which replaces it, and the job's, which takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, int]] = deque()
        self._taken: dict[int, int] = {}  # item to side, from when it is taken until it has landed

    def replace(self, items: Sequence[int], *, side: int) -> None:
        with self._lock:
            self._queue = deque((item, side) for item in items if self._taken.get(item) != side)

    def take(self) -> tuple[int, int] | None:
        with self._lock:
            if not self._queue:
                return None
            item, side = self._queue.popleft()
            self._taken[item] = side
            return item, side

    def landed(self, item: int) -> None:
        with self._lock:
            self._taken.pop(item, None)

    def forget_taken(self) -> None:
        with self._lock:
            self._taken.clear()

    @property
    def waiting(self) -> int:
        return len(self._queue)


def _decode(images: Images, requests: _Requests) -> Generator[Decoded, None, None]:
    """Serve ``requests`` until none are left. Yields every 40 ms, even where one image takes longer than that."""
    workers = max(1, min(_MOST_WORKERS, (os.cpu_count() or 2) - 1))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="thumbnails")
    running: set[Future[Thumbnail]] = set()
    ready: list[Thumbnail] = []
    reported = time.monotonic()
    try:
        while True:
            # Few in flight: what scrolls out of view meanwhile is not decoded for nothing, and stopping is quick.
            while len(running) <= workers and (request := requests.take()):
                running.add(pool.submit(make_thumbnail, images, request[0], side=request[1]))
            if not running:
                break
            done, running = wait(running, timeout=_REPORT_SECONDS, return_when=FIRST_COMPLETED)
            ready.extend(future.result() for future in done)
            if time.monotonic() - reported >= _REPORT_SECONDS:
                yield Decoded(thumbnails=tuple(ready))
                ready, reported = [], time.monotonic()
        if ready:
            yield Decoded(thumbnails=tuple(ready))
    finally:
        pool.shutdown(cancel_futures=True)


def make_thumbnail(images: Images, item: int, *, side: int) -> Thumbnail:
    """Decode one item for a square of ``side`` device pixels. What is smaller than that keeps its size."""
    from PIL.Image import Resampling

    from workbench.engine.data.decode import decode

    try:
        encoded = images.encoded(item)
        picture = decode(encoded, mode="RGB", where=images.name(item))
    except UserError as error:
        return Thumbnail(item=item, side=side, error=str(error))
    width, height = picture.size
    largest = max(width, height)
    if largest > max(side, CRISP):
        size = max(1, round(width * side / largest)), max(1, round(height * side / largest))
        picture = picture.resize(size, Resampling.BICUBIC, reducing_gap=2.0)
    return Thumbnail(
        item=item, side=side, image=to_qimage(picture), width=width, height=height, format=file_format(encoded)
    )


def file_format(encoded: bytes) -> str:
    """The format of an image file, ``"JPEG"``, from its first bytes; empty if it is none."""
    from PIL import Image

    from workbench.engine.data.decode import FORMATS

    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            return image.format or ""
    except Exception:  # Pillow raises whatever it trips over; decode() is what reports it
        return ""


def to_qimage(picture: "Image.Image") -> QImage:
    """A copy of an RGB image in the format that is painted without conversion. Safe outside the GUI thread."""
    pixels = picture.tobytes("raw", "BGRX")  # 0xffRRGGBB in memory on every machine that Qt runs on here
    width, height = picture.size
    return QImage(pixels, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
