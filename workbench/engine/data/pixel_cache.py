"""The folder of decoded sets: where each lies, who works on it or uses it, what goes when it grows too large.

A set is ``pixels/<key>/`` with ``pixels.u8`` and ``meta.json``; while it is being decoded ``pixels/<key>.part/`` with
``done.json``, which counts the items that are safely on the disk, so that a stopped or killed decode goes on from
there. Locks lie beside the sets: ``<key>`` is held by whoever fills or removes the set, ``<key>.<random>`` by each who
has it open. The operating system drops them when their holder dies. What is in a set is :mod:`.pixels`'s business.
"""

import contextlib
import math
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.errors import UserError
from workbench.engine.files import TEMPORARY, read_json, sync, write_json
from workbench.engine.project.lock import FileLock, is_held

_GONE = ".gone-"  # what is being removed is called so; nobody reads such a name


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSet:
    """One decoded set.

    Attributes:
        key: Says what it holds: a hash of content and geometry.
        bytes: On the disk, or that it will have where somebody is decoding it now.
        used: When it was last opened or worked on, seconds since 1970.
        complete: Decoded to its end.
        busy: Open or being decoded, in this process or another one.
    """

    key: str
    folder: Path
    bytes: int
    used: float
    complete: bool
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheReport:
    """What the cache of decoded images holds, the longest unused set first."""

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

    Sets that somebody has open or is decoding stay, and so does the one whose key is ``spare``.
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
    """

    def __init__(self, cache: Path, key: str, *, shape: Sequence[int]) -> None:
        self._cache, self.key, self._shape = cache, key, list(shape)
        self.folder = cache / "pixels" / key
        self.part = _part(self.folder)
        self.bytes = math.prod(shape)

    def try_lock(self) -> FileLock | None:
        """The right to fill or to open the set, entered; ``None`` while somebody else has it."""
        path = _lock_file(self._cache, self.key)
        if is_held(path):
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return FileLock(path, held=f"the cached set {self.key} is being decoded by somebody else").__enter__()
        except UserError:
            if is_held(path):
                return None
            raise

    @property
    def complete(self) -> bool:
        """Whether it is there whole."""
        with contextlib.suppress(OSError):
            size = (self.folder / "pixels.u8").stat().st_size
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
        """Items of a set in the making that need not be decoded again, and which of them could not be read."""
        try:
            values = read_json(self.part / "done.json")
            size = (self.part / "pixels.u8").stat().st_size
            if values["shape"] != self._shape:
                return 0, {}
            items = min(int(values["items"]), size * self._shape[0] // max(1, self.bytes))
            return max(0, items), _texts(values)
        except (UserError, OSError, KeyError, TypeError, ValueError, AttributeError):
            return 0, {}

    def note_done(self, items: int, unreadable: Mapping[int, str]) -> None:
        """Remember that the first ``items`` items are on the disk, where the caller has brought them."""
        write_json(self.part / "done.json", {"shape": self._shape, "items": items, "unreadable": unreadable})

    def finish(self, unreadable: Mapping[int, str]) -> None:
        """Make the set in the making the complete one."""
        write_json(self.part / "meta.json", {"shape": self._shape, "unreadable": unreadable})
        (self.part / "done.json").unlink(missing_ok=True)
        if self.folder.exists():  # half of a set, or one of another shape
            shutil.rmtree(self.folder)
        os.rename(self.part, self.folder)
        sync(self.folder.parent)


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
            size = max(size, math.prod(read_json(folder / "done.json")["shape"]))
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
