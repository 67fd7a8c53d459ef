"""What the tests of checks and of importing share: work run to its end, small clean sources."""

import io
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from helpers import write_files
from PIL import Image

from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.source import Listing
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project

R = TypeVar("R")


def outcome(work: Generator[ev.Event, None, R]) -> tuple[R, list[ev.Event]]:
    """What the work returns, and what it said on the way."""
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return end.value, events


def entered(project: Project, target: Path, *repairs: str, **preferences: Any) -> tuple[DatasetRow, list[str]]:
    """An imported dataset, and the messages of the import."""
    work = import_dataset(project, str(target), preferences=Preferences(**preferences), repairs=repairs)
    row, events = outcome(work)
    return row, [event.text for event in events if isinstance(event, ev.Message)]


def shades(root: Path, more: Mapping[str, bytes] | None = None) -> Path:
    """A folder of two classes of six images each with nothing wrong, and ``more`` files."""
    clean = {f"a/{number}.png": noise(number) for number in range(6)}
    clean |= {f"b/{number}.png": noise(100 + number) for number in range(6)}
    return write_files(root, clean | dict(more or {}))


def noise(seed: int, side: int = 16) -> bytes:
    """A smooth coloured picture as a PNG, each seed its own."""
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8))
    buffer = io.BytesIO()
    small.resize((side, side), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


class Opened:
    """Stands in for an opened source."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def __enter__(self) -> Listing:
        return self._listing

    def __exit__(self, *_: object) -> None:
        pass
