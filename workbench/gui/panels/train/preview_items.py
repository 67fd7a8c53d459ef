"""The names and pictures of the items that a run's previews are of, from the run's data."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from workbench.engine.errors import UserError
from workbench.engine.events import Event
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.waiting import waiting
from workbench.gui.thumbnails import make_thumbnail

if TYPE_CHECKING:
    from workbench.engine.data.image_set import ImageSet

SIDE = 512
"""Device pixels that pictures are decoded for; 24 of them are 25 MB at most."""

_STAGE = "reading the images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """The run's data is open: its class names, in the order of the labels."""

    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured(Event):
    """One item of the run's data: its name and its picture, or why there is none."""

    item: int
    name: str
    image: QImage | None = None
    problem: str = ""


def read_items(
    project: Project, run: Run, items: Sequence[int], *, limit_pixels: int = 0
) -> Generator[Event, None, None]:
    """Open the data that ``run`` is trained on and decode ``items``.

    Args:
        limit_pixels: The most pixels of an image that is decoded; 0 for as many as ever are.

    Yields:
        :class:`Opened`, then a :class:`Pictured` for each item, in order.

    Raises:
        UserError: The data is gone, or is not what it was.
    """
    images, classes = yield from waiting(partial(_open, project, run), stage=_STAGE)
    yield Opened(classes=classes)
    for item in items:
        yield (yield from waiting(partial(_picture, images, item, limit_pixels), stage=_STAGE))


def _open(project: Project, run: Run) -> "tuple[ImageSet, tuple[str, ...]]":
    from workbench.engine.data.opened import open_dataset
    from workbench.engine.train.dividing import choose_label_set, images_of
    from workbench.engine.train.job import Job

    status = run.status()
    dataset = project.dataset(status.dataset)
    if status.fingerprint not in ("", dataset.fingerprint):
        raise UserError("the data is not what the run was trained on", where=dataset.name)
    job = Job.from_dict(run.job(), name=status.name)
    label_set = choose_label_set(dataset, job.data.label, needed=job.learns_classes)
    opened = open_dataset(project, dataset)
    return images_of(opened), opened.state.classes.get(label_set, ())


def _picture(images: "ImageSet", item: int, limit_pixels: int) -> Pictured:
    if not 0 <= item < len(images):
        return Pictured(item=item, name=f"item {item:,}", problem="The data has no such item.")
    thumbnail = make_thumbnail(images, item, side=SIDE, limit_pixels=limit_pixels)
    return Pictured(item=item, name=images.name(item), image=thumbnail.image, problem=thumbnail.error)
