"""A job's split of a dataset as it is now. Apart from what loads pixels, because making a run needs no torch."""

import numpy as np

from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset
from workbench.engine.data.source import UNKNOWN
from workbench.engine.errors import UserError
from workbench.engine.project.edits import Curated
from workbench.engine.project.project import DatasetRow
from workbench.engine.project.splits import VALIDATION, Division, Items, Split, divide
from workbench.engine.project.splits.groups import SOURCE, groups_by
from workbench.engine.project.splits.protocols import PARTICULAR, PUBLISHED
from workbench.engine.registry import suggest
from workbench.engine.train.job import Job
from workbench.engine.train.params import DataParams


def choose_label_set(dataset: DatasetRow, label: str, *, needed: bool = True) -> str:
    """The label set that ``data.label`` names; the first where it is empty.

    Args:
        needed: Whether data without labels will not do; else ``""`` for such.
    """
    names = list(dataset.label_sets)
    if not names and not needed and not label:
        if dataset.content == "questions":
            raise UserError("this data has no images", where=dataset.name, remedy="choose data with images")
        return ""
    if not names:
        raise UserError(
            "the items of this data have no classes of their own", where=dataset.name,
            remedy="choose data with one class an image",
        )  # fmt: skip
    if label and label not in names:
        raise UserError(f"the data has no labels called {label!r}", where=dataset.name, remedy=suggest(label, names))
    return label or names[0]


def classes_of(state: Curated, data: DataParams, *, label_set: str) -> tuple[str, ...]:
    """The classes that there are, in label order: those of the label set, and the catch-all class as the last.

    None without a label set.
    """
    if not label_set:
        return ()
    classes = state.classes[label_set]
    return (*classes, data.catch_all) if data.catch_all else classes


def images_of(dataset: Dataset) -> ImageSet:
    """The images of a dataset that was chosen for having some."""
    assert isinstance(dataset.items, ImageSet), dataset.row.content
    return dataset.items


def make_split(dataset: Dataset, job: Job) -> tuple[Split, str]:
    """The split that the job's protocol makes of the dataset, and a sentence where it had to be another protocol.

    Labels, splits and exclusions are those of now. A preset may ask for a protocol that only its own data has; on
    other data ``auto`` takes its place, and says so.
    """
    row = dataset.row
    label_set = choose_label_set(row, job.data.label, needed=job.learns_classes)
    if job.learns_classes and len(classes_of(dataset.state, job.data, label_set=label_set)) == 1:
        raise UserError(
            "this data has only one class, and a classifier needs two to tell apart",
            where=row.name,
            remedy="import a folder with a subfolder for each class",
        )
    rule = job.data.groups or (SOURCE if job.data.protocol == "grouped" else "")
    division = make_division(dataset, job.data, label_set=label_set, groups=rule, all_items=not job.learns_classes)

    def attempt(protocol: str) -> Split:
        return divide(
            division,
            protocol=protocol,
            limit=job.data.limit,
            fingerprint=row.fingerprint,
            label_set=label_set,
            facts={"groups": rule, "edits": dataset.state.digest}
            | ({"catch_all": job.data.catch_all} if job.data.catch_all else {}),
        )

    remarks = []
    try:
        split = attempt(job.data.protocol)
    except UserError as error:
        if job.data.protocol not in PARTICULAR:
            raise
        split = attempt("auto")
        remarks.append(f"{error.what}: the protocol is {split.protocol!r} instead of {job.data.protocol!r}")
    if division.catch_all >= 0 and not (division.labels[split.items[VALIDATION]] == division.catch_all).any():
        remarks.append(f"no item of {job.data.catch_all!r} is in validation, so nothing measures how it is told apart")
    return split, ". ".join(remarks)


def make_division(
    dataset: Dataset, data: DataParams, *, label_set: str, groups: str, all_items: bool = False
) -> Division:
    """What protocols divide, from the dataset as a person has left it.

    Args:
        label_set: Whose labels; ``""`` where there are none.
        groups: The rule for groups; see :func:`workbench.engine.project.splits.groups.groups_by`.
        all_items: Whether items without a label are divided, too.

    Raises:
        UserError: A catch-all class is asked for, and every item has a label, or another class has its name.
    """
    images, state = images_of(dataset), dataset.state
    labels, imported = (
        (state.labels[label_set], images.labels(label_set)) if label_set else (unlabelled_items(images),) * 2
    )
    relabelled = labels != imported
    catch_all = -1
    if data.catch_all:
        if data.catch_all in state.classes[label_set]:
            raise UserError(
                f"there is a class {data.catch_all!r} already, so the items without a label cannot be called that",
                where=dataset.row.name,
                remedy="give data.catch_all another name",
            )
        unlabelled = labels < 0
        if not (unlabelled & ~state.excluded).any():
            raise UserError(
                f"every item of this data has a label, so there is nothing to make a class {data.catch_all!r} of",
                where=dataset.row.name,
                remedy="import it once more with --unknowns FOLDER, or leave data.catch_all empty",
            )
        catch_all = len(state.classes[label_set])
        labels = np.where(unlabelled, catch_all, labels)
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
        relabelled=relabelled,
        folds=data.folds,
        fold=data.fold,
        catch_all=catch_all,
        all_items=all_items,
    ).complete()


def unlabelled_items(images: ImageSet) -> Items:
    """int64[N]: the labels of images that have none."""
    return np.full(len(images), UNKNOWN, np.int64)


def protocol_badge(split: Split, job: Job) -> str:
    """What stands beside every number of a job: how the data was divided, and what became of its grey levels."""
    how = job.data.binarisation.badge
    if not how and job.task == "autoencode" and getattr(job.model_params, "likelihood", "") == "bernoulli":
        how = "grey levels as probabilities"
    return f"{split.badge} · {how}" if how else split.badge


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
