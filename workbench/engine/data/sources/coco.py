"""COCO: images, and polygons or run lengths in JSON, drawn here into masks of indices.

Class 0 is the background, then come the categories by their ids. Where annotations overlap, the smaller lies on top
(a cup on a table), of equal ones the later. Regions of crowds (``iscrowd``) are ignored where nothing lies on them.
A file of our own export may say in ``info`` that there is no background: what is not annotated is then ignored.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.data import rle
from workbench.engine.data.decode import encode_png
from workbench.engine.data.masks import IGNORED, LARGEST_CLASSES, Labels, label_colours
from workbench.engine.data.source import SOURCES, Colour, Listing, Palette, Record, SourceFormat
from workbench.engine.data.sources.coco_json import (
    CocoImage,
    Finder,
    Identifier,
    Told,
    add_categories,
    add_images,
    background_of,
    may_be_coco,
    parsed,
)
from workbench.engine.data.sources.folder import LARGEST_FILE
from workbench.engine.data.sources.pairing import is_image
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

_ASKED = 8  # JSON files that are read to recognise the format
_LARGEST_JSON = 2 << 30  # bytes; those of COCO itself have 450 MB


def recognise(tree: Tree) -> bool:
    return bool(_files(_whole(tree), only=_only(tree)))


def open_coco(tree: Tree) -> Listing:
    whole, told = _whole(tree), Told()
    files = _files(whole, only=_only(tree))
    finder = Finder(whole.files)
    images: dict[str, CocoImage] = {}
    categories: dict[Identifier, tuple[str, Colour | None]] = {}
    backgrounds, annotations = [], 0
    for file in files:
        content = parsed(whole, file)
        backgrounds.append(background_of(content))
        annotations += len(content["annotations"])
        add_categories(content, categories, told, where=whole.locate(file))
        add_images(content, categories, images, finder, told, file=file, where=whole.locate(file))
    if len(categories) > LARGEST_CLASSES - 1:
        raise UserError(
            f"there are {len(categories):,} categories, more than the {LARGEST_CLASSES - 1} that a mask can hold",
            where=str(tree.path), remedy="leave some out",
        )  # fmt: skip
    if not categories:
        remedy = _first(told) if told.problems and told.problems[0].code == "coco-category" else "list the categories"
        raise UserError("this COCO file has no categories", where=str(tree.path), remedy=remedy)
    if not images:
        raise UserError("none of the images of this COCO file is here", where=str(tree.path), remedy=_first(told))
    if any(background != backgrounds[0] for background in backgrounds):
        raise UserError("the COCO files do not agree about the background", where=str(tree.path))
    if annotations and not any(image.shapes for image in images.values()):
        raise UserError("none of the annotations can be drawn", where=str(tree.path), remedy=_first(told))
    order = sorted(categories, key=lambda id: (isinstance(id, str), id))
    palette = _palette([categories[id] for id in order], backgrounds[0])
    first = len(palette.classes) - len(order)
    labels = {id: first + place for place, id in enumerate(order)}
    rest = 0 if first else IGNORED
    listed = sorted(images.values(), key=lambda image: image.file)
    names = _unique([image.name for image in listed], [image.file for image in listed])

    def records() -> Iterator[Record]:
        for image, name in zip(listed, names, strict=True):
            if whole.size(image.file) > LARGEST_FILE:
                raise UserError("an image file is larger than 1 GiB", where=whole.locate(image.file))
            mask = encode_png(_drawn(image, labels, rest))
            yield Record(
                image=whole.read(image.file), labels=(), split=image.split, name=name, mask=mask,
                group=image.group,
            )  # fmt: skip

    return Listing(
        kind="coco",
        name=tree.name if not _only(tree) else whole.name,
        label_sets={},
        total=len(listed),
        records=records,
        notes=_notes(listed, files, crowds=any(shape.crowd for image in listed for shape in image.shapes)),
        content="masks",
        palette=palette,
        problems=told.all(),
    )


def listed_files(tree: FolderTree) -> list[Path]:
    """The images on the disk that a lone JSON file may mean."""
    whole = _whole(tree)
    return [tree.root / name for name in whole.files if is_image(name)]


def _drawn(image: CocoImage, labels: Mapping[Identifier, int], rest: int) -> Labels:
    """The label map of an image."""
    label_map = np.full((image.height, image.width), rest, np.uint8)
    drawn = []
    for place, shape in enumerate(image.shapes):
        patch = _patch(shape.drawing, image.height, image.width)
        label = IGNORED if shape.crowd else labels[shape.category]
        drawn.append((not shape.crowd, -int(np.count_nonzero(patch.bits)), place, label, patch))
    for _, _, _, label, patch in sorted(drawn, key=lambda entry: entry[:3]):
        patch.lay(label_map, label)
    return label_map


def _patch(drawing: Any, height: int, width: int) -> rle.Patch:
    if isinstance(drawing, list):
        corners = (np.array(polygon, np.float64).reshape(-1, 2) for polygon in drawing)
        return rle.union([rle.polygon(some, height=height, width=width) for some in corners])
    counts = rle.decompress(drawing) if isinstance(drawing, str) else drawing
    return rle.cut_out(rle.decode(counts, height=height, width=width))


def _only(tree: Tree) -> str:
    return tree.only if isinstance(tree, FolderTree) else ""


def _whole(tree: Tree) -> Tree:
    """The files among which the images may lie: around a JSON file that was pointed at itself."""
    if not isinstance(tree, FolderTree) or not tree.only.lower().endswith(".json"):
        return tree
    return FolderTree(tree.root)


def _files(tree: Tree, *, only: str) -> list[str]:
    """The JSON files that hold instances: all of them, or those that say so in their name where some do."""
    names = [only] if only else [name for name in tree.files if name.lower().endswith(".json")]
    if only and not only.lower().endswith(".json"):
        return []
    likely = sorted(names, key=lambda name: (not re.search("instances|coco|annotation", name.lower()), name))
    found = sorted(name for name in likely[:_ASKED] if _holds_keys(tree, name))
    return [name for name in found if "instances" in name.lower()] or found


def _holds_keys(tree: Tree, name: str) -> bool:
    if tree.size(name) > _LARGEST_JSON:
        return False
    return may_be_coco(tree.read(name))


def _palette(categories: Sequence[tuple[str, Colour | None]], background: tuple[str, Colour] | None) -> Palette:
    names = [name for name, _ in categories]
    colours = [colour for _, colour in categories]
    if background:
        first, colour = background
        while first in names:
            first = f"({first})"
        names, colours = [first, *names], [colour, *colours]
    known = [colour for colour in colours if colour]
    if len(set(known)) < len(colours):
        known = list(label_colours(len(colours)))
    return Palette(classes=tuple(names), colours=tuple(known), coding="index")


def _unique(names: list[str], files: list[str]) -> list[str]:
    """The names that the images are given, or those of their files where two share one."""
    return names if len(set(names)) == len(names) else files


def _notes(images: Sequence[CocoImage], files: Sequence[str], *, crowds: bool) -> tuple[str, ...]:
    notes = [f"Annotations were taken from {', '.join(files)}."] if len(files) > 1 else []
    if empty := sum(not image.shapes for image in images):
        notes.append(f"{empty:,} images have no annotation that can be drawn.")
    if crowds:
        notes.append("Regions of crowds are ignored.")
    return tuple(notes)


def _first(told: Told) -> str:
    return told.problems[0].what if told.problems else "put the images beside it"


SOURCES.add(
    "coco",
    SourceFormat(
        title="COCO: instances in JSON, with the images beside it",
        recognise=recognise,
        open=open_coco,
    ),
)
