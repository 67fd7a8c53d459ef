"""Pixels of items and files exactly as a run's network gets them: size, channels, and black and white where it is so.

A generator where it may take a while. Loads no torch.
"""

from collections.abc import Generator
from functools import partial
from pathlib import Path

import numpy as np

from workbench.engine import events as ev
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.pixels import GIB, Bytes, Pixels, load_pixels, prepare
from workbench.engine.errors import UserError
from workbench.engine.latent.explorer import Explorer
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items, Split
from workbench.engine.registry import suggest
from workbench.engine.waiting import waiting

_FEW = 256  # images that are decoded by themselves rather than fetched from the cache
_SHARE = 4  # a run of more than one image in this many has the whole set in the cache


def run_data(project: Project, run: Run) -> tuple[DatasetRow, Split]:
    """The dataset that a run was trained on and how it was divided; :class:`UserError` where it is gone."""
    status = run.status()
    return project.dataset(status.dataset), project.split(status.split)


def split_items(stored: Split, split: str) -> Items:
    """The items of a split of a run; :class:`UserError` where it has none of that name."""
    if split not in stored.items or not len(stored.items[split]):
        raise UserError(
            f"this run's data has no {split!r} split",
            remedy=suggest(split, [name for name, items in stored.items.items() if len(items)]),
        )
    return stored.items[split]


def item_pixels(
    project: Project, run: Run, explorer: Explorer, items: Items, *, preferences: Preferences
) -> Generator[ev.Event, None, Bytes]:
    """Pixels uint8[N, C, H, W] of a few items of the run's dataset, for :meth:`Explorer.encode` and the like.

    Args:
        items: Ids, int64[N], in any order.

    Raises:
        UserError: There is no such item, or its image cannot be read.
    """
    row, stored = run_data(project, run)
    opened: Dataset = yield from waiting(partial(open_dataset, project, row), stage="opening the data")
    known = len(opened.items)
    wrong = [int(item) for item in items if not 0 <= item < known]
    if wrong:
        raise UserError(f"there is no item {wrong[0]}", where=row.name, remedy=f"its items are 0 to {known - 1}")
    pixels = yield from decoded(opened, explorer, np.unique(items), stored, preferences=preferences)
    bad = [pixels.unreadable[int(item)] for item in items if int(item) in pixels.unreadable]
    if bad:
        raise UserError(bad[0], remedy="choose another image")
    return explorer.binarisation(pixels.gather(items), items)


def file_pixels(explorer: Explorer, path: Path) -> Bytes:
    """Pixels uint8[1, C, H, W] of an image file that belongs to no dataset; quick.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        encoded = path.read_bytes()
    except OSError as error:
        raise UserError(f"the file cannot be read ({error.strerror})", where=str(path)) from None
    return explorer.binarisation(prepare(encoded, explorer.geometry, where=str(path))[None])


def decoded(
    opened: Dataset, explorer: Explorer, items: Items, stored: Split, *, preferences: Preferences
) -> Generator[ev.Progress, None, Pixels]:
    """The images of ``items`` (int64[N], each once), with their grey levels: those that training decoded, or anew."""
    images = opened.items
    assert isinstance(images, ImageSet), opened.row.content
    whole = sum(len(part) for part in stored.items.values()) * _SHARE >= len(images)
    cached = whole and len(items) > _FEW
    return (
        yield from load_pixels(
            images,
            explorer.geometry,
            items=items,
            fingerprint=opened.row.fingerprint,
            cache=preferences.cache,
            memory_bytes=0 if cached else preferences.memory_gib * GIB,  # mapped: each image is looked at once
            cache_bytes=preferences.cache_gib * GIB,
        )
    )
