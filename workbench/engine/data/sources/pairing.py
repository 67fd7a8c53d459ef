"""Which mask belongs to which image, from their names alone.

Two habits and their mixtures are known: trees beside one another (``images/`` and ``masks/``, with folders for splits
and groups above or below), and a suffix (``7_sat.jpg`` and ``7_mask.png``).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from workbench.engine.data.source import NO_SPLIT, TRAIN, Problem
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES, SPLIT_NAMES

IMAGE_FOLDERS = frozenset(
    ("images", "image", "img", "imgs", "jpegimages", "leftimg8bit", "original", "original_images")
)  # fmt: skip
MASK_FOLDERS = frozenset(
    (
        "masks", "mask", "ann", "anns", "annot", "annotation", "annotations", "label", "labels", "segmentationclass",
        "segmentationclassaug", "gt", "gtfine", "groundtruth", "ground_truth", "label_images_semantic", "trimaps",
    )
)  # fmt: skip
_PASSED_OVER = frozenset({"segmentationobject"})  # objects, not classes
_IMAGE_SUFFIX = re.compile(r"[_-](sat|leftimg8bit|image|img|rgb)$", re.IGNORECASE)
_MASK_SUFFIX = re.compile(
    r"[_-](?:gtfine[_-]label(?:train)?ids|label(?:train)?ids|masks?|labels?|gt|seg|segmentation|l)$", re.IGNORECASE
)
_OTHER_SUFFIX = re.compile(r"[_-]gtfine[_-](color|instanceids)$", re.IGNORECASE)
_COMPOUND = re.compile(
    r"(train|training|val|valid|validation|test)[_-]?(images?|imgs?|masks?|labels?|annot)", re.IGNORECASE
)
Role = Literal["image", "mask"]
_SPLITS = {**SPLIT_NAMES, "training": TRAIN}


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its mask, by their names in the tree; the rest as in a record."""

    image: str
    mask: str
    split: str
    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """What the names of a tree's files give.

    Attributes:
        pairs: Sorted by the images' names.
        masks: Files that look like masks by name.
        problems: Images without a mask and masks without an image, where others beside them have one.
        notes: Folders of which no image has a mask.
    """

    pairs: tuple[Pair, ...]
    masks: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    role: Role | Literal[""]
    above: tuple[str, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    role: Role
    above: tuple[str, ...]  # folders over the one that says the role; all of them without such a one
    below: tuple[str, ...]
    stem: str
    plain: str  # the stem without its suffix

    def keys(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        folders = (*self.above, *self.below)
        return (*folders, self.stem), (*folders, self.plain)


def may_hold_masks(names: Iterable[str]) -> bool:
    """Whether any file is called like a mask; quick, for what holds none."""
    return any(file.role == "mask" for file in _sorted_out(names))


def is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def pair_up(names: Iterable[str]) -> Pairing:
    """Pair the images among the sorted ``names``; where two masks fit an image or two images a mask, none is taken."""
    files = list(_sorted_out(names))
    images = [file for file in files if file.role == "image"]
    masks = [file for file in files if file.role == "mask"]
    chosen, contested, problems = _matches(images, masks)
    paired = [file for file in images if file.name in chosen]
    wrapper = _wrapper(paired)
    names_of = _names(paired, wrapper)
    pairs = tuple(
        Pair(file.name, chosen[file.name], _split(file), _group(file, wrapper), names_of[file.name]) for file in paired
    )
    told = {problem.where for problem in problems}
    used = {*chosen.values(), *contested}
    problems += [
        Problem(
            code="missing-image", what="no image belongs to this mask", where=mask.name, severity="warning",
            remedy="add the image or remove the mask",
        )
        for mask in masks
        if mask.name not in used
    ]  # fmt: skip
    missing, notes = _without_mask(images, chosen, told)
    return Pairing(pairs=pairs, masks=len(masks), problems=tuple(problems + missing), notes=notes)


def _sorted_out(names: Iterable[str]) -> Iterator[_File]:
    folders: dict[str, _Folder | None] = {}
    for name in names:
        folder, _, base = name.rpartition("/")
        stem, _, suffix = base.rpartition(".")
        if f".{suffix.lower()}" not in IMAGE_SUFFIXES or _OTHER_SUFFIX.search(stem):
            continue
        if folder not in folders:
            folders[folder] = _folder(folder)
        place = folders[folder]
        if place is None:
            continue
        role = place.role or ("mask" if _MASK_SUFFIX.search(stem) else "image")
        plain = (_MASK_SUFFIX if role == "mask" else _IMAGE_SUFFIX).sub("", stem)
        yield _File(name, role, place.above, place.below, stem, plain)


def _folder(folder: str) -> _Folder | None:
    """What a folder says of its files; ``None`` for what belongs to no pair."""
    parts: list[str] = []
    for part in folder.split("/") if folder else ():
        compound = _COMPOUND.fullmatch(part)
        parts += compound.groups() if compound else (part,)
    lower = [part.lower() for part in parts]
    if not _PASSED_OVER.isdisjoint(lower):
        return None
    place = next((i for i in reversed(range(len(lower))) if lower[i] in IMAGE_FOLDERS or lower[i] in MASK_FOLDERS), -1)
    if place < 0:
        return _Folder("", tuple(parts), ())
    inner = place - 1 if place and lower[place] == "trimaps" and lower[place - 1] == "annotations" else place
    role: Role = "mask" if lower[place] in MASK_FOLDERS else "image"
    return _Folder(role, tuple(parts[:inner]), tuple(parts[place + 1 :]))


def _matches(images: Sequence[_File], masks: Sequence[_File]) -> tuple[dict[str, str], set[str], list[Problem]]:
    """Image to mask, masks that fit but were not taken, and why not."""
    whole: dict[tuple[str, ...], list[str]] = defaultdict(list)
    plain: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for mask in masks:
        stem, short = mask.keys()
        whole[stem].append(mask.name)
        plain[short].append(mask.name)
    chosen: dict[str, str] = {}
    contested: set[str] = set()
    problems = []
    for image in images:
        stem, short = image.keys()
        # The nearest spelling first: x and x, x and x_mask, x_sat and x, x_sat and x_mask.
        fitting = whole.get(stem) or plain.get(stem) or whole.get(short) or plain.get(short) or []
        if len(fitting) == 1:
            chosen[image.name] = fitting[0]
        elif fitting:
            contested.update(fitting)
            problems.append(
                Problem(
                    code="ambiguous-mask", what=f"{len(fitting)} masks fit this image ({', '.join(fitting[:3])})",
                    where=image.name, severity="warning", remedy="remove all but one of them",
                )
            )  # fmt: skip
    taken = Counter(chosen.values())
    for image_name, mask_name in list(chosen.items()):
        if taken[mask_name] > 1:
            del chosen[image_name]
            contested.add(mask_name)
            problems.append(
                Problem(
                    code="ambiguous-image", what=f"the mask {mask_name} fits another image too", where=image_name,
                    severity="warning", remedy="remove one of the images",
                )
            )  # fmt: skip
    return chosen, contested, problems


def _without_mask(
    images: Sequence[_File], chosen: dict[str, str], told: set[str]
) -> tuple[list[Problem], tuple[str, ...]]:
    """Images without a mask: one by one, and by the folder where none of its images has one."""
    folders: dict[str, list[str]] = defaultdict(list)
    for image in images:
        folders[str(PurePosixPath(image.name).parent)].append(image.name)
    problems, notes = [], []
    for folder, names in folders.items():
        missing = [name for name in names if name not in chosen and name not in told]
        if len(missing) == len(names) and chosen:
            notes.append(f"{len(missing):,} images in {folder!r} have no masks and were left out.")
            continue
        problems += [
            Problem(
                code="missing-mask", what="the image has no mask", where=name, severity="warning",
                remedy="add the mask or remove the image",
            )
            for name in missing
        ]  # fmt: skip
    return problems, tuple(notes)


def _wrapper(files: Sequence[_File]) -> int:
    """How many folders merely wrap everything."""
    depth = 0
    while files:
        parts = {file.above[depth] if len(file.above) > depth else "" for file in files}
        part = parts.pop()
        if parts or not part or part.lower() in _SPLITS:
            break
        depth += 1
    return depth


def _split(file: _File) -> str:
    places = (_SPLITS[part.lower()] for part in (*file.above, *file.below) if part.lower() in _SPLITS)
    return next(places, NO_SPLIT)


def _group(file: _File, wrapper: int) -> str:
    folders = [*file.above[wrapper:], *file.below]
    split = next((i for i, part in enumerate(folders) if part.lower() in _SPLITS), None)
    if split is not None:
        del folders[split]
    return "/".join(folders)


def _names(files: Sequence[_File], wrapper: int) -> dict[str, str]:
    """File to the name of its item: without what wraps everything and without the folder ``images``."""
    names = {file.name: "/".join((*file.above[wrapper:], *file.below, PurePosixPath(file.name).name)) for file in files}
    if len(set(names.values())) < len(names):
        return {file.name: file.name for file in files}
    return names
