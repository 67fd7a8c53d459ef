"""A dataset of a project as the source of another one: mended, or only some of its splits.

What comes out is what a person sees: edits are applied and excluded items are left out. The dataset itself is never
changed.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np

# The repairs register themselves.
import workbench.engine.data.repairs.answers
import workbench.engine.data.repairs.leave_out
import workbench.engine.data.repairs.off_palette  # noqa: F401
from workbench.engine import events as ev
from workbench.engine.data.arrow import write_arrow
from workbench.engine.data.decode import LARGEST_PIXELS
from workbench.engine.data.opened import Dataset, dataset_listing, open_dataset
from workbench.engine.data.repairs import in_order, repaired
from workbench.engine.data.source import Item, Listing
from workbench.engine.data.unknowns import Joined
from workbench.engine.files import new_folder
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.waiting import waiting


def of_splits(dataset: Dataset, splits: Collection[str] | None) -> Listing:
    """The dataset as it is now, as a listing of the items in ``splits`` alone; ``None`` keeps all."""
    listing = dataset_listing(dataset)
    if splits is None:
        return listing
    wanted = frozenset(splits)

    def records() -> Iterator[Item]:
        return (item for item in listing.records() if item.split in wanted)

    state = dataset.state
    total = int(np.count_nonzero(np.isin(state.splits, list(wanted)) & ~state.excluded))
    return replace(listing, total=total, records=records)


def repair_dataset(
    project: Project, row: DatasetRow, repairs: Sequence[str], *, limit_pixels: int = LARGEST_PIXELS
) -> Generator[ev.Event, None, DatasetRow]:
    """Make another dataset out of the one of ``row`` as it is now, with ``repairs`` done.

    Args:
        limit_pixels: An image with more pixels cannot be used.

    Yields:
        Progress, a message a repair that had anything to do, and one ``Imported``.

    Raises:
        UserError: There is no such repair for this data, nothing is left, or the disk is full; the project is then
            unchanged.
    """
    dataset = yield from waiting(lambda: open_dataset(project, row), stage="opening")
    chosen = in_order(repairs)
    listing, tally = repaired(dataset_listing(dataset), chosen, limit_pixels=limit_pixels)
    joined = Joined(beginnings=list(row.unknowns))
    id = uuid.uuid4().hex[:12]
    with new_folder(project.dataset_file(id).parent) as temporary:
        summary = yield from write_arrow(joined.counted(listing), temporary)
    sentences = tally.sentences()
    for sentence in sentences:
        yield ev.Message(text=sentence)
    made = project.add_dataset(
        f"{row.name}-repaired",
        id=id,
        kind=row.kind,
        origin=row.origin,
        # Never that of an import, so that importing the origin again gives the origin and not this.
        signature=hashlib.sha256(json.dumps([row.id, summary.fingerprint, *chosen]).encode()).hexdigest(),
        fingerprint=summary.fingerprint,
        items=summary.items,
        label_sets=summary.label_sets,
        splits=summary.splits,
        content=listing.content,
        palette=listing.palette.classes if listing.palette else (),
        repairs=(*row.repairs, *sentences),
        unknowns=joined.counts,
    )
    classes = next(iter(made.label_sets.values()), made.palette)
    yield ev.Imported(name=made.name, items=made.items, classes=classes, splits=made.splits)
    return made
