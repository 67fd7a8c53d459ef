"""What COCO's JSON says: categories, images and annotations, each checked before it is believed.

What is wrong with one of them is told as a problem and that one left out; nothing is drawn here.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.engine.data import rle
from workbench.engine.data.decode import LARGEST_PIXELS
from workbench.engine.data.source import NO_SPLIT, Colour, Problem, Severity
from workbench.engine.data.sources.folder import SPLIT_NAMES
from workbench.engine.data.sources.pairing import is_image
from workbench.engine.data.tree import Tree
from workbench.engine.errors import UserError

KEYS = ("images", "annotations", "categories")
_HEADS = tuple(re.compile(rb'"%s"\s*:\s*\[' % key.encode()) for key in KEYS)
_SEVERAL = 20  # problems of a kind that are told one by one

Identifier = int | str


@dataclass(slots=True)
class CocoImage:
    file: str
    height: int
    width: int
    split: str
    name: str
    group: str
    shapes: list["Shape"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shape:
    """One annotation: polygons (flat lists of x and y) or run lengths, to be drawn when its image is asked for."""

    category: Identifier
    crowd: bool
    drawing: Any


class Told:
    """Problems, each kind told a few times and then counted."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._counts: dict[tuple[str, Severity], int] = defaultdict(int)
        self._last: dict[tuple[str, Severity], str] = {}  # kind to where the last one is

    def add(self, code: str, what: str, where: str, *, severity: Severity = "warning") -> None:
        """An ``"error"`` is what would make pixels the background that somebody said are something else."""
        self._counts[code, severity] += 1
        self._last[code, severity] = where
        if self._counts[code, severity] <= _SEVERAL:
            self.problems.append(Problem(code=code, what=what, where=where, severity=severity, remedy="correct it"))

    def all(self) -> tuple[Problem, ...]:
        more = [
            Problem(
                code=code, what=f"{count - _SEVERAL:,} more of this kind", where=f"up to {self._last[code, severity]}",
                severity=severity, count=count - _SEVERAL,
            )
            for (code, severity), count in self._counts.items()
            if count > _SEVERAL
        ]  # fmt: skip
        return (*self.problems, *more)


def may_be_coco(content: bytes) -> bool:
    """Whether a file has the lists of a COCO file, without parsing it."""
    return all(head.search(content) for head in _HEADS)


def parsed(tree: Tree, file: str) -> dict[str, Any]:
    where = tree.locate(file)
    try:
        content = json.loads(tree.read(file).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"this is not JSON ({error})", where=where, remedy="fetch or make it again") from None
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in KEYS):
        raise UserError(f"this is no COCO file: it needs the lists {', '.join(KEYS)}", where=where)
    return content


def add_categories(
    content: Mapping[str, Any], categories: dict[Identifier, tuple[str, Colour | None]], told: Told, *, where: str
) -> None:
    here: set[Identifier] = set()
    taken = {name for name, _ in categories.values()}
    for place, entry in enumerate(content["categories"]):
        id, name = _member(entry, "id"), _member(entry, "name")
        spot = f"{where}, category {place}"
        if not _is_identifier(id) or not isinstance(name, str) or not name.strip():
            told.add("coco-category", "a category has no id or no name", spot)
            continue
        name = _plain(name)
        if id in here:
            what = f"the id {id!r} is given to two categories; the first was kept"
            told.add("coco-category", what, spot, severity="error")
        elif id in categories and categories[id][0] != name:
            raise UserError(f"category {id!r} has another name in another file", where=spot, remedy="let them agree")
        elif id not in categories:
            if name in taken:
                told.add("coco-category", f"two categories are called {name!r}", spot)
            while name in taken:
                name = f"{name} ({_plain(str(id))})"
            taken.add(name)
            categories[id] = (name, _colour(_member(entry, "color")))
        here.add(id)


def add_images(
    content: Mapping[str, Any], categories: Mapping[Identifier, Any], images: dict[str, CocoImage], finder: "Finder",
    told: Told, *, file: str, where: str,
) -> None:  # fmt: skip
    """Add the images of one JSON file with all of their annotations that can be drawn."""
    by_id: dict[Identifier, CocoImage | None] = {}  # None for an image that was left out
    for place, entry in enumerate(content["images"]):
        id, spot = _member(entry, "id"), f"{where}, image {place}"
        new = _is_identifier(id) and id not in by_id
        if new:
            by_id[id] = None
        name, height, width = (_member(entry, key) for key in ("file_name", "height", "width"))
        if not _is_identifier(id):
            told.add("coco-image", "an image has no id", spot)
        elif not new:
            what = f"the id {id!r} is given to two images; the first was kept"
            told.add("coco-image", what, spot, severity="error")
        elif not isinstance(name, str) or not name:
            told.add("coco-image", "an image has no file_name", spot)
        elif not (_is_size(height) and _is_size(width)) or height * width > LARGEST_PIXELS:
            told.add("coco-image", f"{_short(height)} x {_short(width)} is no size of an image", spot)
        elif not (found := finder.find(name, near=file)):
            told.add("missing-image", f"there is no image {_short(name)}", spot)
        elif found in images:
            what = f"the image {_short(name)} is listed again; the first was kept"
            told.add("coco-image", what, spot, severity="error")
        else:
            split = _file_split(file.rpartition("/")[2]) or _folder_split(found)
            title, group = _string(_member(entry, "name")), _string(_member(entry, "group"))
            by_id[id] = images[found] = CocoImage(
                file=found, height=height, width=width, split=split, name=title or found, group=group
            )  # fmt: skip
    for place, entry in enumerate(content["annotations"]):
        spot = f"{where}, annotation {place}"
        image_id, category = _member(entry, "image_id"), _member(entry, "category_id")
        if not _is_identifier(image_id) or image_id not in by_id:
            told.add("coco-annotation", f"there is no image with the id {_short(image_id)}", spot)
        elif not _is_identifier(category) or category not in categories:
            what = f"there is no category with the id {_short(category)}"
            told.add("coco-annotation", what, spot, severity="error")
        elif (owner := by_id[image_id]) is not None:
            try:
                drawing, wrong = _drawing(_member(entry, "segmentation"), owner)
            except (ValueError, OverflowError) as error:
                what = f"an annotation cannot be drawn: {error}"
                told.add("coco-annotation", what, spot, severity=_severity(error))
            else:
                if wrong:
                    what = f"a part of an annotation cannot be drawn: {wrong}"
                    told.add("coco-annotation", what, spot, severity=_severity(wrong))
                owner.shapes.append(Shape(category, _member(entry, "iscrowd") in (1, True), drawing))


class _CoversNothing(ValueError):
    """No pixel of the image would be drawn anyhow."""


def _severity(error: Exception) -> Severity:
    return "warning" if isinstance(error, _CoversNothing) else "error"


def _drawing(segmentation: Any, image: CocoImage) -> tuple[Any, Exception | None]:
    """Polygons or run lengths that can be drawn for sure, and the worst about those that were left out of them.

    Raises:
        ValueError, OverflowError: Nothing is left.
    """
    if isinstance(segmentation, dict):
        return _run_lengths(segmentation, image), None
    if not isinstance(segmentation, list) or not segmentation:
        raise ValueError("it has no segmentation")
    polygons: list[list[float]] = []
    wrong: list[Exception] = []
    for corners in segmentation:
        try:
            polygons.append(_polygon(corners, image))
        except (ValueError, OverflowError) as error:
            wrong.append(error)
    worst = min(wrong, key=_severity, default=None)  # "error" comes before "warning"
    if worst and not polygons:
        raise worst
    return polygons, worst


def _polygon(corners: Any, image: CocoImage) -> list[float]:
    if not isinstance(corners, list) or not all(_is_number(value) for value in corners):
        raise ValueError("a polygon is no list of numbers")
    if len(corners) < 6 or len(corners) % 2:
        raise (ValueError if len(corners) % 2 else _CoversNothing)(
            f"a polygon has {len(corners)} numbers; it takes two for each of at least 3 corners"
        )
    values = [float(value) for value in corners]
    if not all(map(math.isfinite, values)):
        raise ValueError("a corner of a polygon is not finite")
    across, down = values[::2], values[1::2]
    if max(across) <= 0 or min(across) >= image.width or max(down) <= 0 or min(down) >= image.height:
        raise _CoversNothing("a polygon lies outside the image")
    if _is_line(across, down):
        raise _CoversNothing("a polygon has no area")
    return values


def _is_line(across: Sequence[float], down: Sequence[float]) -> bool:
    """Whether all corners lie on one line."""
    steps = [(x - across[0], y - down[0]) for x, y in zip(across, down, strict=True)]
    along, up = next((step for step in steps if step != (0, 0)), (0.0, 0.0))
    return all(along * y == up * x for x, y in steps)


def _run_lengths(segmentation: Mapping[str, Any], image: CocoImage) -> Any:
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if size != [image.height, image.width]:
        raise ValueError(f"its size is {_short(size)} and the image's {[image.height, image.width]}")
    if isinstance(counts, str):
        rle.check(rle.decompress(counts), height=image.height, width=image.width)
        return counts
    if not isinstance(counts, list) or not all(_is_whole(count) for count in counts):
        raise ValueError("its run lengths are neither a list of whole numbers nor text")
    lengths = np.array(counts, np.int64)
    rle.check(lengths, height=image.height, width=image.width)
    return lengths


class Finder:
    """Finds the file that a ``file_name`` means: beside the JSON file, at the top, or anywhere with such an end."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = {name for name in files if is_image(name)}
        self._by_base: dict[str, list[str]] = defaultdict(list)
        for name in self._files:
            self._by_base[name.rpartition("/")[2]].append(name)

    def find(self, name: str, *, near: str) -> str:
        """A file of the tree, ``""`` where none fits or several fit alike."""
        name = name.replace("\\", "/").removeprefix("./")
        folder = near.rpartition("/")[0]
        for exact in (f"{folder}/{name}" if folder else name, name):
            if exact in self._files:
                return exact
        base = name.rpartition("/")[2]
        fitting = [file for file in self._by_base.get(base, ()) if f"/{file}".endswith(f"/{name}")]
        fitting = fitting or self._by_base.get(base, [])
        if len(fitting) > 1:
            split = _file_split(near.rpartition("/")[2])
            fitting = [file for file in fitting if _folder_split(file) == split]
        return fitting[0] if len(fitting) == 1 else ""


def _folder_split(file: str) -> str:
    """The split that a folder above a file is called after: ``val2017/``."""
    words = (re.fullmatch(r"([a-z]+)[_-]?[0-9]*", part) for part in file.lower().split("/")[:-1])
    splits = (SPLIT_NAMES.get(word[1]) for word in words if word)
    return next((split for split in splits if split), NO_SPLIT)


def _file_split(text: str) -> str:
    """The split that a file's name tells of: ``instances_train2017.json``."""
    words = (SPLIT_NAMES.get(word) for word in re.findall("[a-z]+", text.lower()))
    return next((split for split in words if split), NO_SPLIT)


def _member(entry: Any, key: str) -> Any:
    return entry.get(key) if isinstance(entry, dict) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_identifier(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, str)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and 0 < value <= LARGEST_PIXELS


def _colour(value: Any) -> Colour | None:
    if isinstance(value, list) and len(value) == 3 and all(_is_whole(part) and 0 <= part <= 255 for part in value):
        return value[0], value[1], value[2]
    return None


def _plain(name: str) -> str:
    """A name as one line that can be stored as text."""
    return " ".join(_text(name).split())


def _string(value: Any) -> str:
    return _text(value) if isinstance(value, str) else ""


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def _short(value: Any) -> str:
    return repr(value)[:60]


def background_of(content: Mapping[str, Any]) -> tuple[str, Colour] | None:
    """Name and colour of the background; ``None`` where the file says that there is none."""
    info = content.get("info")
    if not isinstance(info, dict) or "background" not in info:
        return "background", (0, 0, 0)
    entry = info["background"]
    if entry is None:
        return None
    name = _member(entry, "name")
    plain = _plain(name) if isinstance(name, str) else ""
    return plain or "background", _colour(_member(entry, "color")) or (0, 0, 0)
