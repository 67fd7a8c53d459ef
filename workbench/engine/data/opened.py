"""A dataset of a project as a person sees it: the imported items, and what was changed of them since."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.engine.data.question_set import ItemSet, open_items
from workbench.engine.data.source import Colour, Item, Listing, Palette, Record
from workbench.engine.project.edits import MASK, Curated, as_imported, replay
from workbench.engine.project.project import DatasetRow, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """An opened dataset. Immutable; after an edit :func:`curate` gives the state for another one.

    Attributes:
        items: What was imported.
        state: Labels, splits and classes as they are now.
    """

    row: DatasetRow
    items: ItemSet
    state: Curated

    @property
    def palette(self) -> Palette | None:
        """The masks' classes under the names that they have now. The colours are those that the files use."""
        imported = self.items.palette
        return replace(imported, classes=self.state.classes[MASK]) if imported else None

    @property
    def mask_colours(self) -> tuple[Colour, ...]:
        """What the masks' classes are drawn in: as a person chose, else as in the files."""
        imported = self.items.palette
        chosen = self.state.colours.get(MASK, {})
        colours = imported.colours if imported else ()
        return tuple(_rgb(chosen[label]) if label in chosen else colour for label, colour in enumerate(colours))


def open_dataset(project: Project, row: DatasetRow) -> Dataset:
    """Open a dataset; takes a while for a large one. :class:`UserError` where its file cannot be read."""
    items = open_items(project.dataset_file(row.id))
    return Dataset(row=row, items=items, state=curate(project, row, items))


def curate(project: Project, row: DatasetRow, items: ItemSet) -> Curated:
    """What the dataset is after all edits that are in force."""
    classes = dict(items.label_sets)
    if items.palette:
        classes[MASK] = items.palette.classes
    labels = {key: items.labels(key) for key in items.label_sets}  # type: ignore[union-attr]  # questions have none
    imported = as_imported(labels=labels, classes=classes, splits=items.splits())
    return replay(imported, project.edits(row.id).done())


def dataset_listing(dataset: Dataset) -> Listing:
    """The dataset as it is now as a listing: to check, repair or export it. Excluded items are not in it."""
    state = dataset.state
    kept = np.flatnonzero(~state.excluded)
    columns = [state.labels[key] for key in dataset.items.label_sets]

    def records() -> Iterator[Item]:
        items: Iterator[Item] = dataset.items.records()
        for index, item in enumerate(items):
            split = str(state.splits[index])
            if state.excluded[index]:
                continue
            if isinstance(item, Record):
                yield replace(item, labels=tuple(int(column[index]) for column in columns), split=split)
            else:
                yield replace(item, split=split)

    return Listing(
        kind=dataset.row.kind,
        name=dataset.row.name,
        label_sets={key: state.classes[key] for key in dataset.items.label_sets},
        total=len(kept),
        records=records,
        content=dataset.items.content,
        palette=dataset.palette,
    )


def _rgb(text: str) -> tuple[int, int, int]:
    """``"#rrggbb"`` as numbers."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
