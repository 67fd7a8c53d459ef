"""A job's split of a dataset. Apart from what loads pixels, because making a run needs no torch."""

from workbench.engine.data.image_set import ImageSet
from workbench.engine.errors import UserError
from workbench.engine.project.project import DatasetRow
from workbench.engine.project.splits import Division, Split, divide
from workbench.engine.registry import suggest
from workbench.engine.train.job import Job


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


def make_split(images: ImageSet, dataset: DatasetRow, job: Job) -> tuple[Split, str]:
    """The split that the job's protocol makes of the dataset, and a sentence where it had to be another protocol.

    A preset may ask for a protocol that only its own data has; on other data ``auto`` takes its place, and says so.
    """
    label_set = choose_label_set(dataset, job.data.label)
    if job.task == "classify" and len(dataset.label_sets[label_set]) == 1:
        raise UserError(
            "this data has only one class, and a classifier needs two to tell apart",
            where=dataset.name,
            remedy="import a folder with a subfolder for each class",
        )
    division = Division(
        labels=images.labels(label_set),
        published=images.splits(),
        validation=job.data.validation,
        test=job.data.test,
        seed=job.data.split_seed,
    )

    def attempt(protocol: str) -> Split:
        return divide(
            division,
            protocol=protocol,
            limit=job.data.limit,
            fingerprint=dataset.fingerprint,
            label_set=label_set,
        )

    try:
        return attempt(job.data.protocol), ""
    except UserError as error:
        if not job.data.protocol.startswith("GoMLX"):
            raise
        split = attempt("auto")
        return split, f"{error.what}: the protocol is {split.protocol!r} instead of {job.data.protocol!r}"
