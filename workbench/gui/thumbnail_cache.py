"""Small pictures kept on the disk, so that photographs of many megapixels are decoded once and not at every opening.

One SQLite file in WAL mode: 100,000 small files would cost more than what is in them. Whatever is wrong with it, it is
thrown away without a word; all that is in it can be made again. Measured for a picture of 128 pixels: 0.02 ms to write
it among others, 0.07 ms to read and decode it, where decoding its photograph takes 1 ms (0.3 megapixels) to 25 ms
(12 megapixels).
"""

import contextlib
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT_BYTES = 1 << 30
SIDES = (128, 256, 512)
"""Device pixels of the pictures that are kept; others are made from the next larger one."""
WORTHWHILE_PIXELS = 1 << 16
"""Images of no more pixels than this are decoded as quickly as a thumbnail of them is found."""
FILE = "thumbnails.sqlite"

_VERSION = 1
_CHUNK = 64  # rows a transaction
_MOST_WAITING = 1024  # rows
_KEPT_SHARE = 0.8  # of the limit, once it was passed
_HOUR = 3600
_PATIENCE = 0.05  # seconds that a writer waits for another process; a thumbnail is not worth more
_ITEM_BITS, _CODE_BITS = 40, 4
_SCHEMA = f"""
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS datasets (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS thumbnails (
        key INTEGER PRIMARY KEY,
        used INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        format TEXT NOT NULL,
        content BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS thumbnails_used ON thumbnails (used);
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A thumbnail as it lies on the disk.

    Attributes:
        content: A JPEG file; of a mask the labels, uint8[height, width], compressed by zlib.
        width, height: Of the image itself, upright; of a mask those of ``content``.
        format: Of the image's file.
    """

    content: bytes
    width: int
    height: int
    format: str = ""


class ThumbnailCache:
    """The thumbnails of all datasets, for several processes at once.

    Args:
        folder: Created when first needed.
        limit_bytes: What the file may take; what was not used for longest goes first.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder, self._limit = folder, limit_bytes

    def open(self, fingerprint: str) -> "Shelf | None":
        """The thumbnails of one dataset; ``None`` where there can be no cache, for instance on a full disk."""
        path = self._folder / FILE
        for attempt in range(2):
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                return Shelf(path, fingerprint, limit_bytes=self._limit)
            except sqlite3.OperationalError:
                return None
            except sqlite3.DatabaseError:
                if attempt == 0:
                    discard(path)
            except OSError:
                return None
        return None


def discard(path: Path) -> None:
    """Remove a cache file and what belongs to it. A process that has it open goes on with what is no longer there."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{suffix}")


class Shelf:
    """The thumbnails of one dataset, open. :meth:`get` and :meth:`put` are for any thread, the rest for one.

    Raises:
        sqlite3.Error: The file is no such cache, or cannot be had.
    """

    def __init__(self, path: Path, fingerprint: str, *, limit_bytes: int) -> None:
        self._path, self._limit = path, limit_bytes
        self._lock = threading.Lock()
        self._waiting: dict[int, Kept] = {}
        self._used: set[int] = set()
        self._now = int(time.time()) // _HOUR
        self._lost = self._shrinking = False
        self._reader = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            self._writer = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
        except sqlite3.Error:
            self._reader.close()
            raise
        try:
            self._dataset = self._enter(fingerprint)
        except BaseException:
            self.close()
            raise

    def _enter(self, fingerprint: str) -> int:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError("another version wrote it")
        if version == 0:
            self._writer.executescript(_SCHEMA)
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute(f"PRAGMA journal_size_limit = {16 << 20}")
        found = self._dataset_of(fingerprint)
        if found is None:
            self._writer.execute("INSERT OR IGNORE INTO datasets (fingerprint) VALUES (?)", (fingerprint,))
            found = self._dataset_of(fingerprint)
        assert found is not None
        return found

    def _dataset_of(self, fingerprint: str) -> int | None:
        row = self._reader.execute("SELECT id FROM datasets WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return int(row[0]) if row else None

    def _key(self, item: int, side: int, *, mask: bool) -> int:
        code = 2 * SIDES.index(side) + mask
        return self._dataset << (_ITEM_BITS + _CODE_BITS) | item << _CODE_BITS | code

    def get(self, item: int, *, side: int, mask: bool = False) -> Kept | None:
        """What was kept for one of :data:`SIDES`; ``None`` for nothing, or nothing whole."""
        key = self._key(item, side, mask=mask)
        with self._lock:
            if self._lost:
                return None
            if key in self._waiting:
                return self._waiting[key]
            try:
                row = self._reader.execute(
                    "SELECT used, sum, width, height, format, content FROM thumbnails WHERE key = ?", (key,)
                ).fetchone()
            except sqlite3.Error as error:
                self._lose(error)
                return None
            if row is None or zlib.crc32(row[5]) != row[1]:
                return None
            if row[0] < self._now:
                self._used.add(key)
        return Kept(width=row[2], height=row[3], format=row[4], content=row[5])

    def put(self, item: int, kept: Kept, *, side: int, mask: bool = False) -> None:
        """Keep it; it is written when there is time, by :meth:`settle`."""
        with self._lock:
            if not self._lost and len(self._waiting) < _MOST_WAITING:
                self._waiting[self._key(item, side, mask=mask)] = kept

    @property
    def waiting(self) -> int:
        """How many are to be written."""
        return len(self._waiting)

    def settle(self) -> bool:
        """Write a few, remember what was used, or make room: a few milliseconds of work. Whether any is left."""
        try:
            return not self._lost and (self._write() or self._remember() or self._make_room())
        except sqlite3.Error as error:
            with self._lock:
                self._lose(error)
            return False

    def _write(self) -> bool:
        with self._lock:
            chunk = list(self._waiting.items())[:_CHUNK]
        if not chunk:
            return False
        rows = [
            (key, self._now, zlib.crc32(kept.content), kept.width, kept.height, kept.format, kept.content)
            for key, kept in chunk
        ]
        self._change("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        with self._lock:
            for key, _ in chunk:
                self._waiting.pop(key, None)
        return True

    def _remember(self) -> bool:
        with self._lock:
            chunk = [self._used.pop() for _ in range(min(_CHUNK, len(self._used)))]
        if chunk:
            self._change("UPDATE thumbnails SET used = ? WHERE key = ?", [(self._now, key) for key in chunk])
        return bool(chunk)

    def _make_room(self) -> bool:
        """Remove what was not used for longest, some at a time, from where the limit is passed to well below it."""
        bytes_used = self._bytes_used()
        if bytes_used <= (self._limit * _KEPT_SHARE if self._shrinking else self._limit):
            self._shrinking = False
            return False
        self._shrinking = True
        oldest = self._writer.execute("SELECT key FROM thumbnails ORDER BY used, key LIMIT ?", (4 * _CHUNK,)).fetchall()
        self._change("DELETE FROM thumbnails WHERE key = ?", oldest)
        self._writer.execute("PRAGMA incremental_vacuum").fetchall()
        return bool(oldest)

    def _bytes_used(self) -> int:
        """Of the file, without what is free in it."""
        pages, free, size = (
            self._writer.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.executemany(statement, rows)
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise
        self._writer.execute("COMMIT")

    def _lose(self, error: sqlite3.Error) -> None:
        """Do without from now on; a file that is damaged goes, one that somebody else is busy with stays."""
        self._lost = True
        self._waiting.clear()
        self._used.clear()
        if not isinstance(error, sqlite3.OperationalError):
            discard(self._path)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            while not self._lost and self._write():
                pass
        self._reader.close()
        self._writer.close()
