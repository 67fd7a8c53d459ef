"""What a run trains on and is measured on, loaded: the dataset's pixels, labels, split and preprocessing."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, cast

import numpy as np
import torch

from workbench.engine import events as ev
from workbench.engine.data.binarise import Binarisation
from workbench.engine.data.decode import Interpolation
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import open_dataset
from workbench.engine.data.pixels import GIB, ArrayPixels, Geometry, Pixels, load_pixels, read_header
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, wanted_input
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.splits import TRAIN, Items, Split
from workbench.engine.train.dividing import choose_label_set, classes_of, images_of, protocol_badge, unlabelled_items
from workbench.engine.train.feed import Feed, Preprocessing, Scale, channel_statistics
from workbench.engine.train.job import Job
from workbench.engine.train.params import NORMALIZATIONS
from workbench.engine.waiting import waiting

_LOOKED_AT = 64  # items that decide about "auto" size and colour
_FALLBACK_SIZE = 64  # where sizes differ and nobody chose one
_BINARISED = 4096  # images between two reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A loaded dataset.

    Attributes:
        fingerprint: Of the data.
        classes: Their names, as a person calls them now; the catch-all class, if there is one, is the last. None where
            the data has no labels.
        split: As stored; ``items`` leaves out what could not be read and was to be skipped.
        shape: Channels, height and width of the network's input.
        badge: Protocol, split and what became of grey levels, as shown beside every number.
    """

    fingerprint: str
    classes: tuple[str, ...]
    split: Split
    preprocessing: Preprocessing
    shape: tuple[int, int, int]
    feed: Feed
    badge: str


def load_material(
    project: Project,
    job: Job,
    dataset: DatasetRow,
    split: Split,
    *,
    device: torch.device,
    preferences: Preferences,
    preprocessing: Preprocessing | None = None,
) -> Generator[ev.Event, None, Material]:
    """Decode and scale as the job says, or as ``preprocessing`` of a trained run says.

    Items and labels are those of ``split``, whatever was moved, excluded or relabelled since it was made.

    Yields:
        Progress, and messages about what was chosen or skipped.

    Raises:
        UserError: An image cannot be read and ``data.on_error`` is ``stop``; nothing is left to train on.
    """
    label_set = choose_label_set(dataset, job.data.label, needed=job.learns_classes)
    opened = yield from waiting(partial(open_dataset, project, dataset), stage="opening the data")
    images = images_of(opened)
    needed = np.unique(np.concatenate(list(split.items.values())))
    if preprocessing is None:
        geometry, said = choose_geometry(images, job, needed)
        if said:
            yield ev.Message(text=said)
    else:
        geometry = preprocessing.geometry
    job.data.binarisation.check(geometry.shape)
    pixels: Pixels = yield from load_pixels(
        images,
        geometry,
        items=needed,
        fingerprint=dataset.fingerprint,
        cache=preferences.cache,
        memory_bytes=preferences.memory_gib * GIB,
        cache_bytes=preferences.cache_gib * GIB,
    )
    bad = [int(item) for item in needed if int(item) in pixels.unreadable]
    badge = protocol_badge(split, job)
    if bad:
        split = _without(split, bad, pixels.unreadable[bad[0]], skip=job.data.on_error == "skip")
        badge = f"{badge} · {len(bad)} unreadable left out"
        yield ev.Message(text=f"{len(bad)} images cannot be read and are left out", level="warning")
    if preprocessing is None:
        preprocessing = _preprocessing(job, geometry, pixels, split.items[TRAIN])
    pixels, binarisation = yield from _binarised(pixels, job)
    labels = split.labels
    if labels is None:
        labels = images.labels(label_set) if label_set else unlabelled_items(images)
    return Material(
        fingerprint=dataset.fingerprint,
        classes=classes_of(opened.state, job.data, label_set=label_set),
        split=split,
        preprocessing=preprocessing,
        shape=pixels.shape,
        feed=Feed(
            pixels,
            labels,
            device=device,
            scale=Scale(preprocessing, device, channels_last=job.channels_last),
            catch_all=len(opened.state.classes[label_set]) if job.data.catch_all else -1,
            binarisation=binarisation,
        ),
        badge=badge,
    )


def _binarised(pixels: Pixels, job: Job) -> Generator[ev.Progress, None, tuple[Pixels, Binarisation]]:
    """Pixels made black and white once for all where that can be, and what is left for every batch.

    Training that alters images, or draws anew, needs the grey levels. ``pixels`` in memory are given away: their array
    is changed.
    """
    binarisation = job.data.binarisation
    if not binarisation.active or binarisation.dynamic or job.augment.alters:
        return pixels, binarisation
    if not isinstance(pixels, ArrayPixels) or isinstance(pixels.array, np.memmap):
        return pixels, binarisation
    items = np.arange(len(pixels.array)) if pixels.rows is None else _items_of(pixels.rows, total=len(pixels.array))
    for start in range(0, len(items), _BINARISED):
        part = slice(start, start + _BINARISED)
        pixels.array[part] = binarisation(pixels.array[part], items[part])
        yield ev.Progress(stage="making black and white", done=min(part.stop, len(items)), total=len(items))
    return pixels, Binarisation()


def _items_of(rows: Items, *, total: int) -> Items:
    """int64[total]: the item in each row, from the row of each item."""
    items = np.full(total, -1)
    held = np.flatnonzero(rows >= 0)
    items[rows[held]] = held
    return items


def _without(split: Split, bad: list[int], first: str, *, skip: bool) -> Split:
    if not skip:
        more = f" ({len(bad) - 1} more like it)" if len(bad) > 1 else ""
        raise UserError(f"{first}{more}", remedy="mend or remove it, or set data.on_error = skip")
    items: dict[str, Items] = {key: np.setdiff1d(part, bad) for key, part in split.items.items()}
    if any(not len(part) for part in items.values()):
        raise UserError("no readable image is left in one of the splits", remedy="mend the data and import it again")
    return replace(split, items=items)


def _preprocessing(job: Job, geometry: Geometry, pixels: Pixels, training: Items) -> Preprocessing:
    """As the job says, else as the network was trained, else as its kind takes it."""
    how, wanted = job.data.normalize, wanted_input(job.model, job.model_params)
    if how == "standardize":
        mean, deviation = channel_statistics(pixels, training)
    elif how == "auto" and wanted:
        turn = -1 if wanted.bgr != (geometry.mode == "BGR") else 1
        mean, deviation = wanted.mean[::turn], wanted.deviation[::turn]
    else:
        mean, deviation = NORMALIZATIONS[MODELS[job.model].normalize if how == "auto" else how]
        if geometry.mode == "BGR":
            mean, deviation = mean[::-1], deviation[::-1]
    if geometry.mode == "L" and len(mean) == 3:  # the mean of three channels that are alike
        mean, deviation = (sum(mean) / 3,), (sum(deviation) / 3,)
    return Preprocessing(geometry=geometry, mean=tuple(mean), deviation=tuple(deviation))


def choose_geometry(images: ImageSet, job: Job, needed: Items) -> tuple[Geometry, str]:
    """Size and colour as the job says, else as the network was trained or the first images are; what to tell of it."""
    how, wanted = cast(Literal["crop", "squash"], job.data.resize), wanted_input(job.model, job.model_params)
    if wanted:
        colour = {"auto": "BGR" if wanted.bgr else "RGB", "grey": "L"}.get(job.data.colour, job.data.colour.upper())
        return Geometry(
            size=job.data.size or wanted.size,
            how=how,
            mode=cast(Literal["L", "RGB", "BGR"], colour),
            interpolation=_interpolation(job, wanted.interpolation),
            share=job.data.central or wanted.share,
        ), ""
    looked_at = needed[np.linspace(0, len(needed) - 1, min(_LOOKED_AT, len(needed))).astype(int)]
    headers = [header for item in looked_at if (header := read_header(images.encoded(int(item))))]
    grey = bool(headers) and all(header.grey for header in headers)
    mode: Literal["L", "RGB", "BGR"] = "BGR" if job.data.colour == "bgr" else "RGB"
    if job.data.colour == "grey" or (job.data.colour == "auto" and grey):
        mode = "L"
    geometry = Geometry(
        size=job.data.size or _FALLBACK_SIZE,
        how=how,
        mode=mode,
        interpolation=_interpolation(job, "bilinear"),
        share=job.data.central or 1.0,
    )
    sizes = {(header.width, header.height) for header in headers}
    if job.data.size or not sizes:
        return geometry, ""
    if len(sizes) == 1:
        width, height = sizes.pop()
        side = min(width, height)
        said = "" if width == height else f"images are {width}x{height}: made square, {side} pixels"
        return replace(geometry, size=side), said
    return geometry, f"images differ in size: scaled to {_FALLBACK_SIZE} pixels (data.size)"


def _interpolation(job: Job, usual: str) -> Interpolation:
    return cast(Interpolation, usual if job.data.interpolation == "auto" else job.data.interpolation)
