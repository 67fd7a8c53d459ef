"""What a job's network looks like on the project's data, before anything is trained."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from torch import nn

from workbench.engine import events as ev
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.errors import UserError
from workbench.engine.models import sketch
from workbench.engine.models.layers import LayerRow, count, summary
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.train.dividing import choose_label_set, classes_of, images_of
from workbench.engine.train.job import Job
from workbench.engine.train.material import choose_geometry
from workbench.engine.waiting import waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A network as it would be built.

    Attributes:
        shape: Channels, height and width of its input.
        classes: Number of its outputs.
        parameters, tensors: Trainable parameters and the tensors that hold them.
    """

    rows: tuple[LayerRow, ...]
    shape: tuple[int, int, int]
    classes: int
    parameters: int
    tensors: int


def outline(project: Project, job: Job, dataset: DatasetRow) -> Generator[ev.Event, None, Outline]:
    """Build the job's network for ``dataset`` and list its layers.

    Raises:
        UserError: The network does not suit the images.
    """
    return (yield from waiting(lambda: _outline(project, job, dataset), stage="building the network"))


def check_network(job: Job, dataset: Dataset) -> None:
    """Raise :class:`UserError` where the job's network cannot be built for the images of ``dataset``."""
    _sketched(job, dataset)


def _sketched(job: Job, opened: Dataset) -> tuple[nn.Module, tuple[int, int, int], int]:
    """The network, the shape of its input and the number of its outputs."""
    label_set = choose_label_set(opened.row, job.data.label, needed=job.learns_classes)
    kept = np.flatnonzero(~opened.state.excluded)
    if not len(kept):
        raise UserError("every item of this data is excluded", where=opened.row.name, remedy="take some in again")
    geometry, _ = choose_geometry(images_of(opened), job, kept)
    job.data.binarisation.check(geometry.shape)
    classes = len(classes_of(opened.state, job.data, label_set=label_set))
    return sketch(job.model, job.model_params, shape=geometry.shape, classes=classes), geometry.shape, classes


def _outline(project: Project, job: Job, dataset: DatasetRow) -> Outline:
    model, shape, classes = _sketched(job, open_dataset(project, dataset))
    counts = count(model)
    return Outline(
        rows=tuple(summary(model, shape)),
        shape=shape,
        classes=classes,
        parameters=counts.parameters,
        tensors=counts.tensors,
    )
