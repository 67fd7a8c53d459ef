"""What tests of several parts share: real data where it is at hand, and small samples made on the spot."""

import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workbench.engine.data.arrow import ITEMS, ImportSummary, write_arrow
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.importing import open_source
from workbench.engine.data.source import Listing, Record


def shared_data(*parts: str) -> Path:
    """A path below ``shared/data`` beside the checkout; skips the test where there is none."""
    path = Path(__file__).resolve().parents[2].joinpath("shared", "data", *parts)
    if not path.exists():
        pytest.skip(f"needs the real data at {'/'.join(('shared', 'data', *parts))}, which is not here")
    return path


def png(value: int, *, side: int = 4) -> bytes:
    """A grey square as a PNG; different values below 256 give different files."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side), value % 256, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_files(root: Path, files: Mapping[str, bytes]) -> Path:
    """Fill a folder; returns it."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    """A tar, compressed as the suffix says."""
    suffix = path.suffix.lstrip(".")
    mode = {"tar": "w", "gz": "w:gz", "tgz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}[suffix]
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def listed(target: Path | str, *, cache: Path = Path("no-cache")) -> tuple[Listing, list[Record]]:
    """A source's listing and all of its records."""
    with open_source(str(target), cache=cache) as listing:
        return listing, list(listing.records())


def imported(target: Path | str, folder: Path, *, cache: Path = Path("no-cache")) -> tuple[ImportSummary, ImageSet]:
    """A source written to ``folder`` and opened again."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_source(str(target), cache=cache) as listing:
        summary = written(listing, folder)
    return summary, ImageSet(folder / ITEMS)


def written(listing: Listing, folder: Path) -> ImportSummary:
    """Run an import to its end."""
    work = write_arrow(listing, folder)
    while True:
        try:
            next(work)
        except StopIteration as end:
            summary: ImportSummary = end.value
            return summary


def finish(work: Iterator[object]) -> Any:
    """Run a generator of work to its end; returns what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
