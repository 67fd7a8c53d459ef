"""Writing so that a reader sees the old file or the new one, never half of one."""

import contextlib
import errno
import json
import os
import shutil
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w

from workbench.engine.errors import UserError

_DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
TEMPORARY = ".part"  # what a killed write leaves behind; nothing reads such a name


@contextlib.contextmanager
def plain_disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says while ``path`` is written into a :class:`UserError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise UserError("the disk is full", where=str(path), remedy="free some space and resume") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise UserError("no permission to write", where=str(path), remedy="choose another folder") from error
        raise


def sync(path: Path) -> None:
    """Flush one file or folder to the disk (folders are a no-op where the system has no such thing)."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    """A temporary name on the same disk; ``tempfile`` would narrow the permissions, which a shared folder minds."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{TEMPORARY}")


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` under a temporary name beside ``path``, flush, rename."""
    with plain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _beside(path)
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill the yielded temporary folder; it becomes ``path`` in one rename, or is removed if anything fails.

    ``path`` must not exist yet.
    """
    with plain_disk_errors(path):
        temporary = _beside(path)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for file in temporary.rglob("*"):
                sync(file)
            sync(temporary)
            os.rename(temporary, path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def write_json(path: Path, value: Any) -> None:
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def _read(path: Path) -> str:
    """The text in ``path``, without the mark that some Windows editors put before it."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError("there is no such file", where=str(path)) from None
    except IsADirectoryError:
        raise UserError("this is a folder, not a file", where=str(path)) from None
    except OSError as error:
        raise UserError(f"this file cannot be read ({error.strerror})", where=str(path)) from error


def read_json(path: Path) -> Any:
    """The JSON in ``path``; a :class:`UserError` if it is missing or is none."""
    try:
        return json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"this is not JSON ({error})", where=str(path)) from None


def write_toml(path: Path, value: dict[str, Any]) -> None:
    write_bytes(path, tomli_w.dumps(value).encode())


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML in ``path``; a :class:`UserError` if it is missing or is none."""
    try:
        return tomllib.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"this is not TOML ({error})", where=str(path)) from None
