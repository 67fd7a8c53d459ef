"""Asking a checkpoint about items: of its own data, of another dataset, or of files that nobody imported.

Everything here is a generator that tells how far it is and can be closed at any time. It works while the run trains:
what is asked is a checkpoint on the disk. Loads torch when it is needed and not before. What the answers are worth is
the business of the modules beside this one.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.engine import events as ev
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.pixels import GIB, ArrayPixels, Bytes, Geometry, decode_item, load_pixels, prepare
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES
from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Inspection, Singles
from workbench.engine.inspection.kept import Place, edits_mark, keep, kept, weights_mark
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import RUNNING, Run
from workbench.engine.project.splits import Items, Split
from workbench.engine.registry import suggest
from workbench.engine.train.dividing import choose_label_set
from workbench.engine.waiting import waiting

if TYPE_CHECKING:
    from workbench.engine.train.inference import Images
    from workbench.engine.train.trained import Trained

UNLABELLED, ALL = "unlabelled", "all"
_READ_AT_ONCE = 4  # a set of which more than one in this many images is wanted is decoded for good
_SAMPLE_SEED = 0

Look = Generator[ev.Event, None, Inspection]
"""Work that ends in an inspection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """What can be looked at of a run.

    Attributes:
        steps: Of the complete checkpoints, ascending; empty before the first.
        best: The one whose evaluation was best, ``None`` where it was not kept.
        training: Whether somebody trains the run now, so that there will be more.
    """

    steps: tuple[int, ...]
    best: int | None
    training: bool

    @property
    def last(self) -> int | None:
        return self.steps[-1] if self.steps else None


def checkpoints(run: Run) -> Checkpoints:
    """What can be looked at of ``run`` now; quick, and without torch."""
    status, steps = run.status(), tuple(run.checkpoint_steps())
    best = status.best.get("step")
    return Checkpoints(
        steps=steps, best=int(best) if best is not None and best in steps else None, training=status.state == RUNNING
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a network is to be shown.

    Attributes:
        items: Ids, int64[M], ascending.
        labels: int64[M] into the run's classes, -1 where there is none.
        protocol: What to call it beside a number.
        stop: Whether an image that cannot be read ends the work.
    """

    items: Items
    labels: Items
    protocol: str
    stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked, and where the answer is kept.

    Attributes:
        row: The dataset.
        name: Of the file that keeps the answer.
        source: What an answer has to be made from, apart from the weights; see :class:`Place`.
        subject: Finds the items, in a thread of its own.
    """

    project: Project
    run: Run
    row: DatasetRow
    split: str
    name: str
    source: Mapping[str, Any]
    subject: "Callable[[Dataset, Trained], _Subject]"

    def place(self, folder: Path, step: int) -> Place:
        source = {"name": self.name, **self.source, "weights": weights_mark(folder)}
        return Place(run=self.run, name=self.name, step=step, source=source)

    def run_name(self) -> str:
        """What a person calls the run now."""
        return next((row.name for row in self.project.runs() if row.run.id == self.run.id), self.run.id)


def inspect_run(project: Project, run: Run, *, split: str, checkpoint: str, preferences: Preferences) -> Look:
    """What a run says of one of its own splits, as it was when the run was made.

    Args:
        split: A split of the run; ``"unlabelled"`` for items without a label that are in none of them; ``"all"``.
            What a person has excluded by now is in neither of the last two.
        checkpoint: ``"best"``, ``"last"``, or a step.

    Raises:
        UserError: There is no such split or checkpoint, or no item in it; the data is gone; an image cannot be read
            and ``data.on_error`` is ``stop``.
    """
    status = run.status()
    stored = project.split(status.split)
    known = [*stored.items, UNLABELLED, ALL]
    if split not in known:
        raise UserError(f"this run's data has no {split!r} split", remedy=suggest(split, known))
    row = project.dataset(status.dataset)
    edits = {"edits": edits_mark(project.edits(row.id).done())} if split in (UNLABELLED, ALL) else {}
    question = _Question(
        project=project,
        run=run,
        row=row,
        split=split,
        name=split,
        source={"split": stored.hash, **edits},
        subject=lambda opened, trained: _own_items(opened, stored, trained, split=split),
    )
    return (yield from _asked(question, checkpoint=checkpoint, preferences=preferences))


def inspect_dataset(
    project: Project, run: Run, dataset: DatasetRow, *, checkpoint: str, preferences: Preferences, most: int = 0
) -> Look:
    """What a run says of another dataset, as a person has left that: all of its items that are not excluded.

    An item's label is the run's class of the same name, -1 if there is none. Images that cannot be read are left out,
    and the protocol counts them.

    Args:
        most: Look at this many items at most, always the same ones; 0 for all.

    Raises:
        UserError: There is no such checkpoint; the dataset has no images, or none is left.
    """
    edits = edits_mark(project.edits(dataset.id).done())
    question = _Question(
        project=project,
        run=run,
        row=dataset,
        split=ALL,
        name=f"data-{dataset.id}",
        source={"dataset": dataset.fingerprint, "edits": edits, "most": most},
        subject=lambda opened, trained: _foreign_items(opened, trained, most=most),
    )
    return (yield from _asked(question, checkpoint=checkpoint, preferences=preferences))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswers(ev.Event):
    """What a network says of one image file.

    Attributes:
        logits: float32[K]; empty where the file could not be read.
        features: float32[D], what the last layer sees; empty where the file could not be read.
        error: Why the file could not be read; empty if it was.
    """

    path: Path
    logits: Singles
    features: Singles
    error: str = ""


Files = Generator[ev.Progress | FileAnswers, None, None]


def inspect_files(trained: "Trained", paths: Iterable[Path]) -> Files:
    """What a network says of image files, to the bit what it says of the same files in a dataset.

    Args:
        paths: Files, each of which is answered for, and folders, which stand for all images in and below them.

    Yields:
        Progress, and the answers in the order of ``paths``, a folder's by name. A file that cannot be read is an
        answer too.

    Raises:
        UserError: A folder has no images, or cannot be listed.
    """
    from workbench.engine.train.inference import DecodedImages, answers_to

    files: list[Path] = yield from waiting(partial(image_files, paths), stage="listing the files")
    geometry = trained.preprocessing.geometry
    shown = DecodedImages(len(files), shape=geometry.shape, read=lambda place: _read_file(files[place], geometry))
    for answer in answers_to(trained, shown, stage="classifying"):
        if isinstance(answer, ev.Progress):
            yield answer
            continue
        for row in range(len(answer)):
            error = answer.unreadable.get(answer.first + row, "")
            yield FileAnswers(
                path=files[answer.first + row],
                logits=answer.logits[row, :0] if error else answer.logits[row],
                features=answer.features[row, :0] if error else answer.features[row],
                error=error,
            )


def image_files(paths: Iterable[Path]) -> list[Path]:
    """``paths`` with each folder replaced by the images in and below it, by name; hidden ones are passed over.

    Raises:
        UserError: A folder has no images, or cannot be listed.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        try:
            below = sorted(file for file in path.rglob("*") if _is_image(file.relative_to(path)) and file.is_file())
        except OSError as error:
            raise UserError(f"the folder cannot be listed ({error.strerror})", where=str(path)) from None
        if not below:
            raise UserError("there is no image in this folder", where=str(path), remedy="name another one")
        found += below
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _read_file(path: Path, geometry: Geometry) -> Bytes:
    try:
        encoded = path.read_bytes()
    except OSError as error:
        raise UserError(f"the file cannot be read ({error.strerror})", where=str(path)) from None
    return prepare(encoded, geometry, where=str(path))


def _asked(question: _Question, *, checkpoint: str, preferences: Preferences) -> Look:
    """The answer that is kept, or a fresh one, kept from now on."""
    from workbench.engine.train.trained import choose_checkpoint, load_trained

    def remembered() -> Inspection | None:
        folder = choose_checkpoint(question.run, checkpoint)
        try:
            place = question.place(folder, int(folder.name.rpartition("-")[2]))
        except OSError:  # the checkpoint has just been removed: what follows finds the next one
            return None
        return kept(place, name=question.run_name(), steps=question.run.status().total_steps,
                    dataset=question.row.id, split=question.split)  # fmt: skip

    before = yield from waiting(remembered, stage="looking for the answers")
    if before:
        return before
    trained = yield from waiting(
        partial(load_trained, question.run, checkpoint=checkpoint, preferences=preferences), stage="loading the network"
    )
    try:
        place = question.place(trained.checkpoint, trained.meta.step)
    except OSError:  # removed since it was read
        place = None
    inspection = yield from _answered(question, trained, preferences)
    if place:
        try:
            yield from waiting(partial(keep, place, inspection), stage="keeping the answers")
        except (UserError, OSError) as error:
            yield ev.Message(text=f"the answers cannot be kept for the next time: {error}", level="warning")
    return inspection


def _answered(question: _Question, trained: "Trained", preferences: Preferences) -> Look:
    """Show the items to the network."""
    from workbench.engine.train.inference import infer

    row = question.row
    if row.content == "questions":
        raise UserError("this data has no images", where=row.name, remedy="choose a dataset of images")
    opened = yield from waiting(partial(open_dataset, question.project, row), stage="opening the data")
    subject = yield from waiting(partial(question.subject, opened, trained), stage="choosing the items")
    if not len(subject.items):
        raise UserError(
            f"there is nothing to look at in {question.split}", where=row.name, remedy="choose another split"
        )
    images = yield from _images(opened, subject.items, trained.preprocessing.geometry, preferences)
    what = question.split if question.split != ALL else row.name
    answers = yield from infer(trained, images, stage=f"looking at {what}", stop=subject.stop)
    read = np.ones(len(subject.items), bool)
    read[list(answers.unreadable)] = False
    protocol = subject.protocol
    if answers.unreadable:
        count = len(answers.unreadable)
        protocol = f"{protocol} · {count} unreadable left out"
        yield ev.Message(text=f"{count} images cannot be read and are left out", level="warning")
        if not read.any():
            raise UserError("none of these images can be read", where=row.name, remedy="mend the data")
    status = question.run.status()
    whole = not answers.unreadable
    return Inspection(
        run=question.run.id,
        name=question.run_name(),
        step=trained.meta.step,
        steps=status.total_steps,
        dataset=row.id,
        split=question.split,
        protocol=protocol,
        classes=trained.meta.classes,
        items=subject.items if whole else subject.items[read],
        labels=subject.labels if whole else subject.labels[read],
        logits=answers.logits if whole else answers.logits[read],
        features=answers.features if whole else answers.features[read],
        catch_all=trained.meta.catch_all,
    )


def _images(
    opened: Dataset, items: Items, geometry: Geometry, preferences: Preferences
) -> "Generator[ev.Progress, None, Images]":
    """The images of ``items``: decoded before, or for good now, or where only a few are wanted as they are needed."""
    from workbench.engine.train.inference import DecodedImages, StoredImages

    images = opened.items
    assert isinstance(images, ImageSet), opened.row.content
    if len(items) * _READ_AT_ONCE >= len(images):
        pixels = yield from load_pixels(
            images,
            geometry,
            items=items,
            fingerprint=opened.row.fingerprint,
            cache=preferences.cache,
            memory_bytes=0,  # mapped from the cache: each image is looked at once
            cache_bytes=preferences.cache_gib * GIB,
        )
        if isinstance(pixels, ArrayPixels):
            return StoredImages(pixels, items)
    ids = items.tolist()
    return DecodedImages(len(ids), shape=geometry.shape, read=lambda place: decode_item(images, ids[place], geometry))


def _own_items(opened: Dataset, stored: Split, trained: "Trained", *, split: str) -> _Subject:
    """A split of the run, with the labels that it was trained with."""
    images = opened.items
    assert isinstance(images, ImageSet), opened.row.content
    label_set = choose_label_set(opened.row, trained.job.data.label)
    labels = images.labels(label_set) if stored.labels is None else stored.labels.copy()
    used = np.zeros(len(labels), bool)
    for part in stored.items.values():
        used[part] = True
    if trained.meta.catch_all >= 0:
        labels[used & (labels < 0)] = trained.meta.catch_all
    if split in stored.items:
        items = np.sort(stored.items[split])
    elif split == UNLABELLED:
        items = np.flatnonzero(~used & (labels < 0) & ~opened.state.excluded)
    else:
        items = np.flatnonzero(used | ~opened.state.excluded)
    return _Subject(
        items=items.astype(np.int64, copy=False),
        labels=labels[items],
        protocol=stored.badge,
        stop=trained.job.data.on_error != "skip",
    )


def _foreign_items(opened: Dataset, trained: "Trained", *, most: int) -> _Subject:
    """Another dataset's items, with the labels of the run's classes of the same names."""
    state = opened.state
    items = np.flatnonzero(~state.excluded).astype(np.int64, copy=False)
    total = len(items)
    if most and total > most:
        items = np.sort(np.random.default_rng(_SAMPLE_SEED).choice(items, most, replace=False))
    sets = list(opened.row.label_sets)
    wanted = trained.job.data.label
    if sets:
        label_set = wanted if wanted in sets else sets[0]
        ours = {name: label for label, name in enumerate(trained.meta.classes)}
        renamed = np.array([*(ours.get(name, -1) for name in state.classes[label_set]), -1], np.int64)
        labels = renamed[state.labels[label_set][items]]  # their -1 is the last entry
    else:
        labels = np.full(len(items), -1, np.int64)
    drawn = f"{len(items):,} of " if len(items) < total else ""
    return _Subject(items=items, labels=labels, protocol=f"{opened.row.name} · {drawn}{total:,} images", stop=False)
