"""Looking at every item of a listing once, in parallel threads, for the facts that the checks need.

Pillow, the masks' reader and the hashes let go of Python's lock while they work, so threads are enough, and a listing's
items need no sending around.
"""

import contextlib
import dataclasses
import hashlib
import io
import os
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.engine.data.decode import FORMATS, LARGEST_PIXELS, flattened, unread, upright
from workbench.engine.data.lint.facts import Facts, Fault
from workbench.engine.data.lint.strays import stray_colours
from workbench.engine.data.masks import mask_facts
from workbench.engine.data.repairs.answers import true_start
from workbench.engine.data.source import Item, Listing, Palette, Question, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress

_CHUNK_ITEMS, _CHUNK_BYTES = 64, 4 << 20  # what a worker takes at a time
_BIG_PIXELS = 40_000_000  # decoded and copied, such an image takes hundreds of megabytes: one at a time
_REPORT_SECONDS = 0.05
_MINIATURE = (9, 8)  # width, height
_NO_PIXELS = (0,) * 768
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)  # so large that not even the header is had


@dataclasses.dataclass(frozen=True, slots=True)
class _Seen:
    """One image file; zeros and empty where it does not say, or cannot be decoded."""

    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""
    alpha: bool = False
    fault: Fault = ""
    error: str = ""
    digest: bytes = bytes(16)
    histogram: Sequence[int] = _NO_PIXELS
    miniature: bytes = bytes(72)


def examine(
    listing: Listing, *, limit_pixels: int = LARGEST_PIXELS, workers: int | None = None
) -> Generator[Progress, None, Facts]:
    """The facts about all items of ``listing``, in its order.

    An item that cannot be read is a fact like another. Closing the generator waits for the images that are being
    decoded just then.

    Args:
        limit_pixels: Images and masks with more pixels are not decoded.
        workers: Threads; as many as there are processors, if ``None``.

    Yields:
        Progress, at least ten times a second as long as the source hands out items that fast.

    Raises:
        UserError: The source itself cannot be read on.
    """
    workers = workers or max(2, os.cpu_count() or 1)
    worker = _Worker(listing, limit_pixels)
    chunks = _chunks(listing.records())
    parts = [Facts.blank(0, content=listing.content, classes=worker.classes, limit_pixels=limit_pixels)]
    running: deque[Future[Facts]] = deque()
    done, reported = 0, time.monotonic()
    yield Progress(stage="checking", done=0, total=listing.total)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="examine")
    try:
        while True:
            # A bounded number in flight: neither the memory nor the time to close depends on the size of the set.
            if len(running) < 2 * workers and (chunk := next(chunks, None)):
                running.append(pool.submit(worker.look, chunk))
            elif not running:
                break
            elif wait([running[0]], timeout=_REPORT_SECONDS).done:
                parts.append(running.popleft().result())
                done += len(parts[-1])
            if time.monotonic() - reported >= _REPORT_SECONDS:
                yield Progress(stage="checking", done=done, total=listing.total)
                reported = time.monotonic()
    finally:
        worker.stop()
        pool.shutdown(cancel_futures=True)
    yield Progress(stage="checking", done=done, total=done)
    return Facts.joined(parts)


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item.context if isinstance(item, Question) else item.image)
        size += len(item.mask or b"") if isinstance(item, Record) else 0
        if len(chunk) >= _CHUNK_ITEMS or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


class _Worker:
    """What the threads share."""

    def __init__(self, listing: Listing, limit_pixels: int) -> None:
        self.classes = len(listing.palette.classes) if listing.palette else 0
        self._content, self._palette, self._limit = listing.content, listing.palette, limit_pixels
        self._big = threading.Lock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let every thread end with the item it is at."""
        self._stopped.set()

    def look(self, chunk: list[Item]) -> Facts:
        """The facts of a stretch of items, with ids from 0."""
        facts = Facts.blank(len(chunk), content=self._content, classes=self.classes, limit_pixels=self._limit)
        if self._content == "questions":
            _look_at_questions([item for item in chunk if isinstance(item, Question)], facts)
            return facts
        records = [item for item in chunk if isinstance(item, Record)]
        facts = self._look_at_images(records, facts)
        return self._look_at_masks(records, facts, self._palette) if self._palette else facts

    def _look_at_images(self, records: list[Record], facts: Facts) -> Facts:
        seen = [_Seen() if self._stopped.is_set() else self._look_at_image(record) for record in records]
        facts.bytes[:] = [len(record.image) for record in records]
        facts.width[:] = [one.width for one in seen]
        facts.height[:] = [one.height for one in seen]
        facts.alpha[:] = [one.alpha for one in seen]
        facts.digests[:] = np.frombuffer(b"".join(one.digest for one in seen), np.uint8).reshape(-1, 16)
        facts.miniatures[:] = np.frombuffer(b"".join(one.miniature for one in seen), np.uint8).reshape(-1, 8, 9)
        facts.perceptual[:] = _difference_hashes(facts.miniatures)
        facts.mean[:], facts.deviation[:] = _moments(np.array([one.histogram for one in seen], np.float64))
        return dataclasses.replace(
            facts,
            format=np.array([one.format for one in seen], np.str_),
            mode=np.array([one.mode for one in seen], np.str_),
            faults=np.array([one.fault for one in seen], np.str_),
            errors={index: one.error for index, one in enumerate(seen) if one.error},
        )

    def _look_at_image(self, record: Record) -> _Seen:
        encoded, where = record.image, record.name
        try:
            with unread(encoded, where=where, limit_pixels=self._limit) as image, self._room_for(*image.size):
                format, mode = image.format or "", image.mode
                image.load()
                alpha = image.has_transparency_data and _some_transparent(image)
                pixels = flattened(upright(image), "RGB")
                width, height = pixels.size
                return _Seen(
                    width=width,
                    height=height,
                    format=format,
                    mode=mode,
                    alpha=alpha,
                    digest=hashlib.sha256(b"%d %d " % pixels.size + pixels.tobytes()).digest()[:16],
                    histogram=pixels.histogram(),
                    miniature=pixels.resize(_MINIATURE, Image.Resampling.BOX).convert("L").tobytes(),
                )
        except UserError as error:
            return _unreadable(encoded, error, self._limit)

    def _look_at_masks(self, records: list[Record], facts: Facts, palette: Palette) -> Facts:
        errors: dict[int, str] = {}
        colours: dict[int, str] = {}
        modes = [""] * len(records)
        for index, record in enumerate(records):
            if self._stopped.is_set():
                break
            encoded = record.mask or b""
            try:
                with self._room_for(
                    int(facts.width[index]), int(facts.height[index])
                ):  # a mask is as large as its image
                    mask = mask_facts(encoded, palette, record.name, limit_pixels=self._limit)
                    if mask.stray:
                        colours[index] = stray_colours(encoded, palette, where=record.name, limit_pixels=self._limit)
            except UserError as error:
                errors[index] = error.what
                continue
            facts.mask_width[index], facts.mask_height[index] = mask.width, mask.height
            facts.mask_counts[index] = mask.counts
            facts.mask_stray[index], facts.mask_ignored[index] = mask.stray, mask.ignored
            modes[index] = mask.mode
        return dataclasses.replace(facts, mask_mode=np.array(modes, np.str_), mask_errors=errors, mask_colours=colours)

    def _room_for(self, width: int, height: int) -> contextlib.AbstractContextManager[object]:
        return self._big if width * height > _BIG_PIXELS else contextlib.nullcontext()


def _unreadable(encoded: bytes, error: UserError, limit_pixels: int) -> _Seen:
    """What is still to be known of an image file that could not be decoded."""
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            seen = _Seen(width=image.width, height=image.height, format=image.format or "", mode=image.mode)
    except Exception:  # Pillow raises whatever it trips over
        seen = _Seen()
    fault: Fault = "unreadable"
    if not encoded:
        fault = "empty-file"
    elif seen.width * seen.height > limit_pixels or isinstance(error.__cause__, _BOMBS):
        fault = "too-large"
    elif "truncated" in error.what or is_cut_short(encoded):
        fault = "truncated"
    return dataclasses.replace(seen, fault=fault, error=error.what)


def is_cut_short(encoded: bytes) -> bool:
    """Whether an image file of a kind that marks its end, or says its length, has lost its end."""
    tail = encoded[-64:]
    if encoded.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in tail
    if encoded.startswith(b"\x89PNG"):
        return b"IEND" not in tail
    if encoded.startswith(b"GIF8"):
        return not tail.rstrip(b"\0").endswith(b";")
    if encoded.startswith(b"RIFF"):
        return len(encoded) < 8 + int.from_bytes(encoded[4:8], "little")
    if encoded.startswith(b"BM"):
        return len(encoded) < int.from_bytes(encoded[2:6], "little")
    return False


def _some_transparent(image: Image.Image) -> bool:
    opaque = image.convert("RGBA").getchannel("A").histogram()[255]
    return opaque < image.width * image.height


def _difference_hashes(miniatures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """uint64[N] of uint8[N, 8, 9]."""
    darker = miniatures[:, :, :-1] < miniatures[:, :, 1:]
    return np.packbits(darker.reshape(-1, 64), axis=1).view(">u8")[:, 0].astype(np.uint64)


def _moments(histograms: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation, each [N, 3] in 0..1, of [N, 3 * 256] pixels of each value of each channel."""
    counts = histograms.reshape(-1, 3, 256)
    values = np.arange(256) / 255
    pixels = np.maximum(counts.sum(2), 1)
    mean = counts @ values / pixels
    return mean, np.sqrt(np.maximum(counts @ values**2 / pixels - mean**2, 0))


def _look_at_questions(questions: list[Question], facts: Facts) -> None:
    """Fill in the facts. Questions about the same text follow one another, so each text is hashed once."""
    context, digest, length = None, b"", 0
    for index, question in enumerate(questions):
        if question.context != context:
            context = question.context
            digest = hashlib.sha256(context.encode("utf-8", "surrogatepass")).digest()
            length = len(context.strip())
        wrong = [answer for answer in question.answers if not answer.fits(question.context)]
        asked = " ".join(question.question.split())
        alike = asked.casefold().rstrip("? ").encode("utf-8", "surrogatepass")
        facts.digests[index] = np.frombuffer(digest[:16], np.uint8)
        facts.perceptual[index] = int.from_bytes(hashlib.sha256(alike).digest()[:8], "big")
        facts.answers[index] = len(question.answers)
        facts.wrong_answers[index] = len(wrong)
        facts.movable_answers[index] = sum(true_start(answer, question.context) is not None for answer in wrong)
        facts.empty_answers[index] = sum(not answer.text.strip() for answer in question.answers)
        facts.context_length[index], facts.question_length[index] = length, len(asked)
        facts.impossible[index] = question.impossible
