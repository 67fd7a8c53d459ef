"""The folder of computed sets: where each lies, who works on it or uses it, what goes when it grows too large.

A set holds one row of numbers for each of many items: decoded pixels, or what the frozen part of a network makes of
them. It is ``pixels/<key>/`` with one file of rows and ``meta.json``; while it is being filled ``pixels/<key>.part/``
with ``done.json``, which counts the items that are safely on the disk, so that stopped or killed work goes on from
there. Locks lie beside the sets: ``<key>`` is held by whoever fills or removes the set, ``<key>.<random>`` by each who
has it open. The operating system drops them when their holder dies. What is in a set is the business of who asks for
it (:mod:`.pixels`).
"""

import contextlib
import math
import os
import shutil
import time
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors, read_json, sync, write_json
from workbench.engine.project.lock import FileLock, is_held

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GONE = ".gone-"  # what is being removed is called so; nobody reads such a name
_PAUSE_SECONDS = 0.05  # between two looks at a lock
_NOTE_SECONDS = 2.0  # what killed work has to do again
_STALLED_SECONDS = 15.0  # another process that fills the same set and does not get on is not waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSet:
    """One set.

    Attributes:
        key: Says what it holds: a hash of content and what was made of it.
        bytes: On the disk, or that it will have where somebody is filling it now.
        used: When it was last opened or worked on, seconds since 1970.
        complete: Filled to its end.
        busy: Open or being filled, in this process or another one.
    """

    key: str
    folder: Path
    bytes: int
    used: float
    complete: bool
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheReport:
    """What the cache holds, the longest unused set first."""

    sets: tuple[CachedSet, ...]

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.sets)


def cache_report(cache: Path) -> CacheReport:
    """What is in the cache folder ``cache``, which need not exist."""
    sets = []
    for folder in (cache / "pixels").glob("*"):
        if folder.name == _LOCKS or folder.name.startswith(_GONE):
            continue
        with contextlib.suppress(OSError):  # another process may be removing it
            sets.append(_described(cache, folder))
    return CacheReport(sets=tuple(sorted(sets, key=lambda one: (one.used, one.key))))


def evict(cache: Path, *, limit_bytes: float = 0.0, spare: str = "") -> int:
    """Remove sets, the longest unused first, until the rest has ``limit_bytes`` at most. Returns the bytes freed.

    Sets that somebody has open or is filling stay, and so does the one whose key is ``spare``.
    """
    for leftover in (cache / "pixels").glob(f"{_GONE}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    sets = [one for one in cache_report(cache).sets if one.key != spare]
    total, freed = sum(one.bytes for one in sets), 0
    for one in sets:
        if total - freed <= limit_bytes:
            break
        if not one.busy and _removed(cache, one):
            freed += one.bytes
    return freed


class Place:
    """Where one set lies, whether it is there or not.

    Args:
        cache: The cache folder.
        key: Of the set.
        shape: Of its array, items first.
        width: Bytes of one number.
        file: Name of the file that holds the array.
    """

    def __init__(self, cache: Path, key: str, *, shape: Sequence[int], width: int = 1, file: str = "pixels.u8") -> None:
        self._cache, self.key, self.shape, self.file = cache, key, tuple(shape), file
        self.folder = cache / "pixels" / key
        self.part = _part(self.folder)
        self.bytes = math.prod(shape) * width

    def try_lock(self) -> FileLock | None:
        """The right to fill or to open the set, entered; ``None`` while somebody else has it."""
        path = _lock_file(self._cache, self.key)
        if is_held(path):
            return None
        with plain_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return FileLock(path, held=f"the cached set {self.key} is being filled by somebody else").__enter__()
        except UserError:
            if is_held(path):
                return None
            raise

    def wait_for_lock(self, *, stage: str) -> Generator[Progress, None, FileLock | None]:
        """As :meth:`try_lock`, but while another process fills the set its progress is told.

        Returns:
            ``None`` where the other one does not get on.
        """
        lock = self.try_lock()
        seen, since = -1, time.monotonic()
        while lock is None:
            done, _ = self.done()
            if done != seen:
                seen, since = done, time.monotonic()
            elif time.monotonic() - since > _STALLED_SECONDS:
                return None
            yield Progress(stage=stage, done=done, total=self.shape[0])
            time.sleep(_PAUSE_SECONDS)
            lock = self.try_lock()
        return lock

    def make_room(self, limit_bytes: float) -> bool:
        """Remove what was not used for longest; whether the set then fits into a cache of ``limit_bytes``.

        What somebody uses stays.
        """
        left = limit_bytes - self.bytes
        others = [one for one in cache_report(self._cache).sets if one.key != self.key]
        if sum(one.bytes for one in others if one.busy) > left:
            return False
        return sum(one.bytes for one in others) - evict(self._cache, limit_bytes=left, spare=self.key) <= left

    @contextlib.contextmanager
    def filling(self) -> Iterator["Part"]:
        """The set in the making, from where an earlier attempt was; it is complete when the context ends well.

        The caller holds :meth:`try_lock`'s lock.
        """
        with plain_disk_errors(self.folder):
            self.part.mkdir(parents=True, exist_ok=True)
            with (self.part / self.file).open("ab") as file, Part(self, file, one=self.bytes // self.shape[0]) as part:
                yield part
            self._finish(dict(sorted(part.unreadable.items())))

    @property
    def complete(self) -> bool:
        """Whether it is there whole."""
        with contextlib.suppress(OSError):
            size = (self.folder / self.file).stat().st_size
            return size == self.bytes and (self.folder / "meta.json").exists()
        return False

    def opened(self) -> FileLock:
        """Says that the set is in use until the returned lock is let go. The caller holds :meth:`try_lock`'s lock."""
        os.utime(self.folder)
        return _Use(_lock_file(self._cache, f"{self.key}.{uuid.uuid4().hex[:12]}"))

    def unreadable(self) -> dict[int, str]:
        """Items of the complete set that could not be read, and why."""
        return _texts(read_json(self.folder / "meta.json"))

    def done(self) -> tuple[int, dict[int, str]]:
        """Items of a set in the making that need not be done again, and which of them could not be read."""
        try:
            values = read_json(self.part / "done.json")
            size = (self.part / self.file).stat().st_size
            if tuple(values["shape"]) != self.shape:
                return 0, {}
            items = min(int(values["items"]), size * self.shape[0] // max(1, self.bytes))
            return max(0, items), _texts(values)
        except (UserError, OSError, KeyError, TypeError, ValueError, AttributeError):
            return 0, {}

    def note_done(self, items: int, unreadable: Mapping[int, str]) -> None:
        """Remember that the first ``items`` items are on the disk, where the caller has brought them."""
        values = {"shape": self.shape, "items": items, "unreadable": unreadable, "bytes": self.bytes}
        write_json(self.part / "done.json", values)

    def _finish(self, unreadable: Mapping[int, str]) -> None:
        """Make the set in the making the complete one."""
        write_json(self.part / "meta.json", {"shape": self.shape, "unreadable": unreadable})
        (self.part / "done.json").unlink(missing_ok=True)
        if self.folder.exists():  # half of a set, or one of another shape
            shutil.rmtree(self.folder)
        os.rename(self.part, self.folder)
        sync(self.folder.parent)


class Part:
    """The growing file of a set. Now and then, and at its end, it is brought to the disk and its length noted.

    A thread does that, because a slow disk takes longer than a reader of events should wait.

    Args:
        place: Of the set.
        file: Open to append to.
        one: Bytes an item.

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
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="cache-note")
        self._noting: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown()
        self._file.flush()
        self._note(self.done, self.unreadable)

    def keep(self, start: int, rows: "NDArray[Any]", bad: Mapping[int, str]) -> None:
        """Append ``rows``, the items from ``start`` on; ``bad`` are those of them that could not be read."""
        self._file.write(rows.data)
        self.done = start + len(rows)
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


_LOCKS = ".locks"


class _Use(FileLock):
    """A lock that nobody else wants, entered from the start, whose file goes with it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, held="a fresh name is taken")
        self._own = path
        self.__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        with contextlib.suppress(OSError):
            self._own.unlink()


def _lock_file(cache: Path, name: str) -> Path:
    return cache / "pixels" / _LOCKS / name


def _part(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{TEMPORARY}")


def _texts(values: Any) -> dict[int, str]:
    return {int(item): str(text) for item, text in values["unreadable"].items()}


def _described(cache: Path, folder: Path) -> CachedSet:
    key = folder.name.removesuffix(TEMPORARY)
    complete = key == folder.name and (folder / "meta.json").exists()
    size = sum(file.stat().st_size for file in folder.iterdir())
    if not complete and is_held(_lock_file(cache, key)):
        with contextlib.suppress(UserError, KeyError, TypeError):
            done = read_json(folder / "done.json")
            size = max(size, done.get("bytes", math.prod(done["shape"])))
    return CachedSet(
        key=key,
        folder=folder,
        bytes=size,
        used=folder.stat().st_mtime,
        complete=complete,
        busy=is_held(_lock_file(cache, key)) or any(map(is_held, _uses(cache, key))),
    )


def _uses(cache: Path, key: str) -> list[Path]:
    """A lock file of each who has the set open, and of those who died with it."""
    return list((cache / "pixels" / _LOCKS).glob(f"{key}.*"))


def _removed(cache: Path, one: CachedSet) -> bool:
    """Remove a set under its lock, so that nobody opens it meanwhile. False where somebody does."""
    lock = Place(cache, one.key, shape=()).try_lock()
    if lock is None:
        return False
    with contextlib.ExitStack() as stack:
        stack.push(lock)
        if any(map(is_held, _uses(cache, one.key))):
            return False
        for dead in _uses(cache, one.key):
            dead.unlink(missing_ok=True)
        doomed = one.folder.with_name(f"{_GONE}{uuid.uuid4().hex[:12]}")
        try:
            one.folder.rename(doomed)
        except OSError:  # another process was faster, or the system keeps open files
            return False
    shutil.rmtree(doomed, ignore_errors=True)
    return True
