"""A job's split of a dataset as it is now. Apart from what loads pixels, because making a run needs no torch."""

import numpy as np

from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset
from workbench.engine.errors import UserError
from workbench.engine.project.project import DatasetRow
from workbench.engine.project.splits import Division, Split, divide
from workbench.engine.project.splits.groups import SOURCE, groups_by
from workbench.engine.project.splits.protocols import PARTICULAR, PUBLISHED
from workbench.engine.registry import suggest
from workbench.engine.train.job import Job
from workbench.engine.train.params import DataParams


def choose_label_set(dataset: DatasetRow, label: str) -> str:
    """The label set that ``data.label`` names; the first where it is empty."""
    names = list(dataset.label_sets)
    if not names:
        raise UserError(
            "the items of this data have no classes of their own", where=dataset.name,
            remedy="choose data with one class an image",
        )  # fmt: skip
    if label and label not in names:
        raise UserError(f"the data has no labels called {label!r}", where=dataset.name, remedy=suggest(label, names))
    return label or names[0]


def images_of(dataset: Dataset) -> ImageSet:
    """The images of a dataset that has labels, which only images have."""
    assert isinstance(dataset.items, ImageSet), dataset.row.content
    return dataset.items


def make_split(dataset: Dataset, job: Job) -> tuple[Split, str]:
    """The split that the job's protocol makes of the dataset, and a sentence where it had to be another protocol.

    Labels, splits and exclusions are those of now. A preset may ask for a protocol that only its own data has; on
    other data ``auto`` takes its place, and says so.
    """
    row = dataset.row
    label_set = choose_label_set(row, job.data.label)
    if job.task == "classify" and len(row.label_sets[label_set]) == 1:
        raise UserError(
            "this data has only one class, and a classifier needs two to tell apart",
            where=row.name,
            remedy="import a folder with a subfolder for each class",
        )
    rule = job.data.groups or (SOURCE if job.data.protocol == "grouped" else "")
    division = make_division(dataset, job.data, label_set=label_set, groups=rule)

    def attempt(protocol: str) -> Split:
        return divide(
            division,
            protocol=protocol,
            limit=job.data.limit,
            fingerprint=row.fingerprint,
            label_set=label_set,
            facts={"groups": rule, "edits": dataset.state.digest},
        )

    try:
        return attempt(job.data.protocol), ""
    except UserError as error:
        if job.data.protocol not in PARTICULAR:
            raise
        split = attempt("auto")
        return split, f"{error.what}: the protocol is {split.protocol!r} instead of {job.data.protocol!r}"


def make_division(dataset: Dataset, data: DataParams, *, label_set: str, groups: str) -> Division:
    """What protocols divide, from the dataset as a person has left it.

    Args:
        groups: The rule for groups; see :func:`workbench.engine.project.splits.groups.groups_by`.
    """
    images, state = images_of(dataset), dataset.state
    labels = state.labels[label_set]
    return Division(
        labels=labels,
        published=images.splits(),
        validation=data.validation,
        test=data.test,
        seed=data.split_seed,
        splits=state.splits,
        assigned=made_by(dataset),
        groups=groups_by(groups, images.names() if groups else [""] * len(images), given=images.groups()),
        excluded=state.excluded,
        relabelled=labels != images.labels(label_set),
        folds=data.folds,
        fold=data.fold,
    )


def made_by(dataset: Dataset) -> str:
    """What made the splits that the dataset has now: a protocol's name, how many items were moved by hand, or both.

    ``""`` if they are as published.
    """
    state, published = dataset.state, dataset.items.splits()
    moved = int(np.count_nonzero(state.splits != published))
    if not moved:
        return ""
    if state.protocol and state.protocol != PUBLISHED:
        return f"{state.protocol} + {state.moved:,} by hand" if state.moved else state.protocol
    return f"{PUBLISHED} + {moved:,} by hand" if (published != "").any() else f"{moved:,} by hand"
