"""One read-only view of files for a folder, a single file and an archive, so that a format is written once.

Nothing is ever extracted: a member of an archive is read in place by its name, so no name can reach a place on the
disk. What the files mean is left to the formats.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import tempfile
import threading
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from workbench.engine.errors import UserError
from workbench.engine.files import plain_disk_errors

LIMIT_BYTES = 64 << 30  # what an archive may unpack to; the largest image sets in use are some tens of GB
BOMB_RATIO, BOMB_BYTES = 1000, 100_000_000  # deflate reaches 1032:1 on zeros, photographs never reach 2:1
ARCHIVE_SUFFIX = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)

_UNPACKERS: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
# What the standard library raises on damaged archives; it promises no common base class.
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, struct.error, EOFError, OSError, ValueError,
    LookupError, ArithmeticError, RuntimeError, MemoryError,
)  # fmt: skip


class Tree(ABC):
    """Files by name, wherever they lie. Reading is safe from several threads.

    Attributes:
        name: Short name, without folders and without an archive's suffix.
        path: Where the tree lies on the disk: the folder, the file or the archive.
        files: Sorted relative names of the regular files, with ``/`` between folders; without hidden files.
    """

    def __init__(self, path: Path, files: list[str]) -> None:
        self.path = path
        self.files = sorted(files)
        self.name = path.name if path.is_dir() else ARCHIVE_SUFFIX.sub("", path.name)

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The content of one of :attr:`files`; :class:`UserError` where it cannot be read."""

    def stream(self, name: str) -> BinaryIO:
        """The same content to be read piece by piece, for what may be larger than memory; to be closed.

        Raises:
            UserError: It cannot be opened. What the disk says later is an ``OSError``.
        """
        return io.BytesIO(self.read(name))

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes that :meth:`read` would return, as the tree declares them."""

    def locate(self, name: str) -> str:
        """Where a file lies, for messages."""
        return f"{name} in {self.path}"


class FolderTree(Tree):
    """A folder on the disk, or one file of it alone.

    Args:
        root: The folder. Links to regular files are followed, links to folders are not.
        only: Name of the one file to show; everything below the folder if empty.
    """

    def __init__(self, root: Path, *, only: str = "") -> None:
        self.root = root
        self.only = only
        self._disk_names = {only: only} if only else dict(_walk(root))
        super().__init__(root / only if only else root, list(self._disk_names))
        if only:
            self.name = Path(only).stem

    def read(self, name: str) -> bytes:
        try:
            return (self.root / self._disk_names[name]).read_bytes()
        except OSError as error:
            raise UserError(f"the file cannot be read ({error.strerror})", where=self.locate(name)) from error

    def stream(self, name: str) -> BinaryIO:
        try:
            return (self.root / self._disk_names[name]).open("rb")
        except OSError as error:
            raise UserError(f"the file cannot be read ({error.strerror})", where=self.locate(name)) from error

    def size(self, name: str) -> int:
        return self.stat(name).st_size

    def stat(self, name: str) -> os.stat_result:
        try:
            return os.stat(self.root / self._disk_names[name])
        except OSError as error:
            raise UserError(f"the file cannot be read ({error.strerror})", where=self.locate(name)) from error

    def locate(self, name: str) -> str:
        return str(self.root / name)


class ZipTree(Tree):
    """A zip archive, read in place. Its names, sizes and kinds of member are checked before anything is read."""

    def __init__(self, path: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        with _broken_archive(path):
            self._zip = zipfile.ZipFile(path)
        try:
            self._members: dict[str, zipfile.ZipInfo] = {}
            for member in self._zip.infolist():
                name = _safe_name(member.filename, archive=path)
                if member.is_dir():
                    continue
                kind = stat.S_IFMT(member.external_attr >> 16)
                if kind and not stat.S_ISREG(kind):
                    raise _refused("it is a link or a device", name=name, archive=path)
                if member.flag_bits & 1:
                    raise UserError("the archive is encrypted", where=str(path), remedy="unpack it first")
                refuse_bomb(f"{name} in {path}", packed=member.compress_size, plain=member.file_size)
                if not _hidden(name):
                    self._members[name] = member
            _check_total(sum(member.file_size for member in self._members.values()), limit_bytes, path)
            super().__init__(path, list(self._members))
        except BaseException:
            self.close()
            raise

    def read(self, name: str) -> bytes:
        with _broken_archive(self.path, name):
            return self._zip.read(self._members[name])

    def size(self, name: str) -> int:
        return self._members[name].file_size

    def close(self) -> None:
        self._zip.close()


class TarTree(Tree):
    """A plain tar archive, indexed once and then read by offset.

    Args:
        path: The archive as the person knows it, for messages.
        file: The uncompressed archive, opened; the tree owns it.
    """

    def __init__(self, path: Path, *, file: BinaryIO, limit_bytes: int = LIMIT_BYTES) -> None:
        self._file = file
        self._lock = threading.Lock()
        try:
            with _broken_archive(path):
                self._places = dict(_index(path, file))
            _check_total(sum(size for _, size in self._places.values()), limit_bytes, path)
            super().__init__(path, list(self._places))
        except BaseException:
            self.close()
            raise

    def read(self, name: str) -> bytes:
        offset, size = self._places[name]
        with self._lock, _broken_archive(self.path, name):
            self._file.seek(offset)
            content = self._file.read(size)
        if len(content) != size:
            raise UserError("the archive is cut short", where=self.locate(name), remedy="fetch it again")
        return content

    def size(self, name: str) -> int:
        return self._places[name][1]

    def close(self) -> None:
        self._file.close()


@contextlib.contextmanager
def open_tree(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> Iterator[Tree]:
    """The tree at ``path``: a folder, an archive (known by its content, not its name) or a single file.

    A compressed tar is unpacked once to a temporary plain tar, because reading it by member would start over each time.

    Args:
        limit_bytes: The most that an archive may unpack to.

    Raises:
        UserError: There is nothing there, it cannot be read, or it is an archive that is damaged or unsafe.
    """
    tree = _open(path, limit_bytes)
    try:
        yield tree
    finally:
        if isinstance(tree, ZipTree | TarTree):
            tree.close()


def refuse_bomb(where: str, *, packed: int, plain: int) -> None:
    """Raise if ``plain`` bytes out of ``packed`` ones is more than any image data compresses to."""
    if plain > BOMB_BYTES and plain > BOMB_RATIO * packed:
        raise UserError(f"{packed:,} bytes claim to unpack to {plain:,}, which no image data does", where=where)


def _open(path: Path, limit_bytes: int) -> Tree:
    try:
        if path.is_dir():
            return FolderTree(path)
        if not path.exists():
            raise UserError("there is no such file or folder", where=str(path), remedy="check the spelling")
        if not path.is_file():
            raise UserError("this is neither a file nor a folder", where=str(path))
        with path.open("rb") as file:
            head = file.read(512)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"this cannot be read ({reason})", where=repr(str(path))) from error
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ZipTree(path, limit_bytes=limit_bytes)
    named_archive = ARCHIVE_SUFFIX.search(path.name)
    for magic, unpack in _UNPACKERS.items():
        if head.startswith(magic) and (named_archive or _holds_tar(path, unpack)):
            return TarTree(path, file=_unpacked(path, unpack, limit_bytes), limit_bytes=limit_bytes)
    if _is_tar(head) or (named_archive and path.suffix.lower() == ".tar"):
        return TarTree(path, file=path.open("rb"), limit_bytes=limit_bytes)
    if named_archive:
        raise _damaged(path, "it is not what its name says")
    return FolderTree(path.parent, only=path.name)


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """Printable name and name on the disk, both relative, of the regular files below a folder."""
    todo = [""]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    name = f"{folder}{entry.name}"
                    if _hidden(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(f"{name}/")
                    elif _is_file(entry):
                        yield _printable(name), name
        except OSError as error:
            where = str(root / _printable(folder))
            raise UserError(f"the folder cannot be read ({error.strerror})", where=where) from error


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a regular file or leads to one; a link that leads round in circles is as good as a dead one."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _index(path: Path, file: BinaryIO) -> Iterator[tuple[str, tuple[int, int]]]:
    """Name to (offset, size) of a tar's regular files."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            name = _safe_name(member.name, archive=path)
            # A negative size sends the standard library round in circles, so stop before the next member is asked for.
            if member.size < 0:
                raise _damaged(path, f"{name} claims a negative size")
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                raise _refused("it is a link, a device or a sparse file", name=name, archive=path)
            if not _hidden(name):
                yield name, (member.offset_data, member.size)
        # The standard library takes a damaged header for the end; a whole archive ends with a block of zeros.
        file.seek(archive.offset)
        end = file.read(tarfile.BLOCKSIZE)
    if len(end) < tarfile.BLOCKSIZE:
        raise _damaged(path, "it is cut short")
    if any(end):
        raise _damaged(path, f"there is no member header at byte {archive.offset}")


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _holds_tar(path: Path, unpack: Callable[[Path], Any]) -> bool:
    try:
        with unpack(path) as stream:
            return _is_tar(stream.read(512))
    except BROKEN:
        return False


def _unpacked(path: Path, unpack: Callable[[Path], Any], limit_bytes: int) -> BinaryIO:
    # TemporaryFile has no name, or one that the system removes, so a killed process leaves nothing behind.
    with plain_disk_errors(Path(tempfile.gettempdir())):
        plain = tempfile.TemporaryFile()  # noqa: SIM115 - the tree closes it
    try:
        with _broken_archive(path), unpack(path) as stream:
            packed, done = path.stat().st_size, 0
            while piece := stream.read(1 << 20):
                done += len(piece)
                _check_total(done, limit_bytes, path)
                refuse_bomb(str(path), packed=packed, plain=done)
                with plain_disk_errors(Path(tempfile.gettempdir())):
                    plain.write(piece)
        plain.seek(0)
    except BaseException:
        plain.close()
        raise
    return cast(BinaryIO, plain)  # a wrapper on some systems, with the same methods


def _safe_name(name: str, *, archive: Path) -> str:
    """The member's name in plain form; :class:`UserError` for one that means a place outside the archive."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise _refused("its name points outside the archive", name=name, archive=archive)
    return _printable("/".join(part for part in parts if part not in ("", ".")))


def _printable(name: str) -> str:
    """``name`` with any bytes that are no UTF-8 spelled out, so that it can be stored as text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/")) or not name


def _check_total(total: int, limit_bytes: int, path: Path) -> None:
    if total > limit_bytes:
        limit = f"{limit_bytes / 2**30:,.3g} GiB"
        raise UserError(f"the archive unpacks to more than {limit}", where=str(path), remedy="unpack it yourself")


def _refused(why: str, *, name: str, archive: Path) -> UserError:
    return UserError(f"the archive holds a member that is refused because {why}", where=f"{name!r} in {archive}")


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"the archive is damaged ({why})", where=str(path), remedy="fetch or make it again")


@contextlib.contextmanager
def _broken_archive(path: Path, name: str = "") -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise _damaged(path, f"{name}: {error}" if name else str(error) or type(error).__name__) from error
