"""One writer at a time, enforced by the operating system, which forgets the lock when its holder dies."""

import contextlib
import os
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from workbench.engine.errors import UserError
from workbench.engine.files import plain_disk_errors

if os.name == "nt":
    import msvcrt

    def _try_lock(file: IO[bytes], *, shared: bool = False) -> None:
        file.seek(1 << 20)  # past the text, which others may want to read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _try_lock(file: IO[bytes], *, shared: bool = False) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


_TRIES, _PAUSE = 10, 0.02  # is_held() takes the lock for an instant; a writer outwaits that


def _locked(file: IO[bytes]) -> bool:
    for _ in range(_TRIES):
        try:
            _try_lock(file)
            return True
        except OSError:
            time.sleep(_PAUSE)
    return False


class FileLock:
    """An exclusive lock on a file, held from ``with`` to its end.

    Args:
        path: The lock file. It stays behind; only the lock on it means anything.
        held: What to tell the second comer, e.g. ``"run 20260101-… is already being trained"``.

    Raises:
        UserError: On entry, where another process (or thread) holds it, or the disk refuses.
    """

    def __init__(self, path: Path, *, held: str) -> None:
        self._path, self._held = path, held
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        with plain_disk_errors(self._path):
            file = self._path.open("a+b")
        if not _locked(file):
            file.seek(0)
            holder = file.read(20).decode("ascii", "replace").strip()
            file.close()
            raise UserError(self._held, where=f"process {holder or 'unknown'}", remedy="stop that one first")
        try:
            with plain_disk_errors(self._path):
                file.truncate(0)
                file.write(f"{os.getpid()}\n".encode())
                file.flush()
        except BaseException:
            with contextlib.suppress(OSError):  # it tries once more to write what it holds, and closes all the same
                file.close()
            raise
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock on ``path`` now. Asking needs no right to write, and two may ask at once."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            _try_lock(file, shared=True)
        except OSError:
            return True
    return False
