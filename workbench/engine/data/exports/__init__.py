"""Exports: a dataset written out in the ways that other programs read, each of which can be imported again.

One module a format; each registers an :class:`ExportFormat` in :data:`EXPORTS` and only writes what a listing holds
into an empty folder. That a destination holds all of an export or nothing of it is seen to here.
"""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.engine.data.source import Content, Item, Listing
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors, sync
from workbench.engine.registry import Registry
from workbench.engine.waiting import waiting

REPORT_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """One way to write a dataset.

    Attributes:
        title: One line for a person ("Folder per class, in folders for the splits").
        contents: What datasets it can hold.
        write: Writes a listing into an existing empty folder; yields progress at least every 100 ms as long as the
            items come that fast. May return sentences about what the format could not hold or had to change.
    """

    title: str
    contents: tuple[Content, ...]
    write: Callable[[Listing, Path], Generator[Progress, None, tuple[str, ...] | None]]


EXPORTS: Registry[ExportFormat] = Registry("export format")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSummary:
    """What an export wrote.

    Attributes:
        items: Images or questions.
        files: Files in ``folder``, lists of classes and the like included.
        folder: Where they are.
        notes: Sentences about what the format could not hold or had to change.
    """

    items: int
    files: int
    folder: Path
    notes: tuple[str, ...]


class Pace:
    """Says when progress is due, so that a loop over items reports in time and not at every item.

    Args:
        stage: What is being done.
        total: Units in all; 0 if nobody knows.
    """

    def __init__(self, stage: str, *, total: int) -> None:
        self._stage = stage
        self._total = total
        self._done = 0
        self._reported = 0.0

    def tick(self, units: int = 1) -> Iterator[Progress]:
        """Count ``units`` as done; hands out one event if it is time for one."""
        self._done += units
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            yield Progress(stage=self._stage, done=self._done, total=max(self._total, self._done))


def export(listing: Listing, destination: Path, *, format: str) -> Generator[Progress, None, ExportSummary]:
    """Write ``listing`` as ``format``, a name in :data:`EXPORTS`, into the folder ``destination``.

    It appears there whole, in one rename, or not at all. Folders above it are made where they are missing.

    Raises:
        UserError: There is no such format or it cannot hold this content, there is something at the destination, an
            item cannot be read, there are no items, or the disk refuses.
    """
    entry = EXPORTS[format]
    if listing.content not in entry.contents:
        able = ", ".join(name for name in EXPORTS if listing.content in EXPORTS[name].contents)
        raise UserError(f"the format {format!r} cannot hold {listing.content}", remedy=f"choose one of {able}")
    items = 0

    def counted() -> Iterator[Item]:
        nonlocal items
        items = 0  # a format may need more than one pass
        for item in listing.records():
            items += 1
            yield item

    with _plain_errors(destination):
        target = _resolved(destination)
        _refuse_taken(target)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}{TEMPORARY}")
        temporary.mkdir(parents=True)
        try:
            notes = yield from entry.write(replace(listing, records=counted), temporary)
            if not items:
                raise UserError(f"there are no {listing.content} to export", where=listing.name)
            files = yield from waiting(lambda: _flush(temporary), stage="flushing")
            _refuse_taken(target)
            if target.exists():
                target.rmdir()  # an empty folder, which not every system lets a rename replace
            os.rename(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    yield Progress(stage="exporting", done=items, total=items)
    return ExportSummary(items=items, files=files, folder=target, notes=notes or ())


def _resolved(destination: Path) -> Path:
    try:
        return destination.resolve()
    except (ValueError, RuntimeError) as error:  # a null character, a ring of links
        raise UserError(f"this is no place for a folder ({error})", where=repr(str(destination))) from error


def _refuse_taken(target: Path) -> None:
    remedy = "choose a new or an empty folder"
    if target.is_dir():
        if any(target.iterdir()):
            raise UserError("the destination is not empty", where=str(target), remedy=remedy)
    elif target.exists():
        raise UserError("the destination is a file", where=str(target), remedy=remedy)


def _flush(folder: Path) -> int:
    """Put everything below ``folder`` on the disk; how many files that are."""
    found = list(folder.rglob("*"))
    if hasattr(os, "sync"):
        os.sync()  # at once: file by file, 60,000 images took longer to flush than to write, by far
    else:
        for path in (*found, folder):
            sync(path)
    return sum(path.is_file() for path in found)


@contextlib.contextmanager
def _plain_errors(destination: Path) -> Iterator[None]:
    """What the disk says in a sentence: names that its file system does not take, an unplugged drive, and the rest."""
    try:
        with plain_disk_errors(destination):
            yield
    except OSError as error:
        raise UserError(
            f"the export cannot be written ({error.strerror or error})",
            where=repr(str(destination)),
            remedy="choose another folder",
        ) from error


# ruff: noqa: E402 - the formats register themselves in the table above, so they can only come after it.
import workbench.engine.data.exports.coco
import workbench.engine.data.exports.folder
import workbench.engine.data.exports.hugging_face
import workbench.engine.data.exports.mapfile
import workbench.engine.data.exports.pairs
import workbench.engine.data.exports.squad
import workbench.engine.data.exports.table  # noqa: F401
