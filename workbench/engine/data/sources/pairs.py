"""Images with masks beside them: colours that ``class_dict.csv`` names, or grey and palette masks of indices.

:mod:`workbench.engine.data.sources.pairing` finds the pairs by name; here are the classes, and what a pixel means. A
``pairs.csv`` (``image,mask,split,group,name``), as our own export writes it, is believed instead of the names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from workbench.engine.data.decode import unread
from workbench.engine.data.masks import (
    LARGEST_CLASSES,
    STRAY,
    decode_mask,
    file_colours,
    label_colours,
    label_counts,
    mask_facts,
)
from workbench.engine.data.source import NO_SPLIT, SOURCES, Colour, Listing, Palette, Problem, Record, SourceFormat
from workbench.engine.data.sources.class_dict import csv_rows, parse_class_dict
from workbench.engine.data.sources.classes import class_names
from workbench.engine.data.sources.folder import LARGEST_FILE, SPLIT_NAMES
from workbench.engine.data.sources.pairing import Pair, Pairing, is_image, may_hold_masks, pair_up
from workbench.engine.data.tree import Tree
from workbench.engine.errors import UserError

MANIFEST = "pairs.csv"
MANIFEST_COLUMNS = ("image", "mask", "split", "group", "name")
CLASS_DICTS = ("class_dict.csv", "class_dict_seg.csv", "classes.csv")
CLASS_LISTS = ("classes.txt", "labels.txt", "class_names.txt")

_LOOKED_AT = 4  # masks decoded to tell pairs from two classes of photographs
_SAMPLE = 8  # masks decoded to tell one coding from another
_SCANNED = 256  # masks decoded to find all indices in use
_MOST_COLOURS = 64  # more in one mask mean a photograph
_LARGEST_LOOKED_AT = 32 << 20  # bytes of a file
_GREY = ("1", "L", "P", "I;16", "I")
_CORNERS = (0, 255)
_INDICES = Palette(
    classes=tuple(map(str, range(LARGEST_CLASSES))), colours=label_colours(LARGEST_CLASSES), coding="index"
)
_DEEPGLOBE = frozenset(
    [(0, 255, 255), (255, 255, 0), (255, 0, 255), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)]
)


def recognise(tree: Tree) -> bool:
    if MANIFEST in tree.files:
        return True
    if not may_hold_masks(tree.files):
        return False
    pairing = pair_up(tree.files)
    if _shallowest(tree, CLASS_DICTS):
        return bool(pairing.pairs or pairing.masks)
    if not pairing.pairs or 2 * len(pairing.pairs) < pairing.masks:
        return False
    looks = [_looks_like_mask(tree, pair) for pair in _spread(pairing.pairs, _LOOKED_AT)]
    return looks.count(True) > looks.count(False)


def open_pairs(tree: Tree) -> Listing:
    pairing = _listed(tree) if MANIFEST in tree.files else pair_up(tree.files)
    if not pairing.pairs:
        raise UserError(
            "no image has a mask here", where=str(tree.path),
            remedy="name each mask like its image, in a folder masks/ beside images/ or with _mask after the name",
        )  # fmt: skip
    palette, notes = _palette(tree, pairing.pairs)
    problems = tuple(replace(problem, where=tree.locate(problem.where)) for problem in pairing.problems)

    def records() -> Iterator[Record]:
        for pair in pairing.pairs:
            yield Record(
                image=_read(tree, pair.image),
                labels=(),
                split=pair.split,
                name=pair.name,
                mask=_read(tree, pair.mask),
                group=pair.group,
            )

    return Listing(
        kind="pairs",
        name=tree.name,
        label_sets={},
        total=len(pairing.pairs),
        records=records,
        notes=(*pairing.notes, *notes),
        content="masks",
        palette=palette,
        problems=problems,
    )


def _read(tree: Tree, name: str) -> bytes:
    if tree.size(name) > LARGEST_FILE:
        raise UserError("an image file is larger than 1 GiB", where=tree.locate(name), remedy="move it away")
    return tree.read(name)


def _shallowest(tree: Tree, names: Sequence[str]) -> str:
    """The file of one of these names that lies nearest to the top, ``""`` without any."""
    found = [name for name in tree.files if name.rpartition("/")[2].lower() in names]
    return min(found, key=lambda name: (name.count("/"), names.index(name.rpartition("/")[2].lower())), default="")


def _spread(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """At most ``count`` pairs, evenly from all."""
    return [pairs[index * len(pairs) // count] for index in range(count)] if len(pairs) > count else list(pairs)


def _looks_like_mask(tree: Tree, pair: Pair) -> bool | None:
    """Whether a pair is a picture and a mask of its size in a few colours; ``None`` where that takes too long."""
    if max(tree.size(pair.image), tree.size(pair.mask)) > _LARGEST_LOOKED_AT:
        return None
    try:
        with unread(tree.read(pair.image), where=pair.image) as image:
            size = sorted(image.size)
        with unread(tree.read(pair.mask), where=pair.mask, limit_pixels=_LARGEST_LOOKED_AT) as mask:
            return sorted(mask.size) == size and mask.getcolors(_MOST_COLOURS) is not None
    except UserError:
        return None


def _palette(tree: Tree, pairs: Sequence[Pair]) -> tuple[Palette, tuple[str, ...]]:
    dictionary = _shallowest(tree, CLASS_DICTS)
    if dictionary:
        classes, colours = _class_list(tree, dictionary)
        return _coded(tree, pairs, Palette(classes=classes, colours=colours, coding="colour"))
    sample = list(_contents(tree, _spread(pairs, _SAMPLE)))
    modes = [_mode(content, where) for content, where in sample]
    if any(mode not in _GREY for mode in modes):
        raise UserError(
            "nothing says which class a colour of the masks means", where=str(tree.path),
            remedy="write class_dict.csv there: a line name,r,g,b, then a line for each class",
        )  # fmt: skip
    names_file = _shallowest(tree, CLASS_LISTS)
    names = class_names(_read(tree, names_file), where=tree.locate(names_file)) if names_file else ()
    if len(names) > LARGEST_CLASSES:
        raise UserError(f"there are more than {LARGEST_CLASSES} classes", where=tree.locate(names_file))
    used, notes = _indices(tree, pairs)
    if used <= {0, 255} and 255 in used and "P" not in modes and len(names) in (0, 2):
        return (
            Palette(classes=names or ("background", "foreground"), colours=((0,) * 3, (255,) * 3), coding="colour"),
            ("The masks are black and white; white was taken for the foreground.",),
        )
    labels = used - {STRAY, 255}
    classes = names or tuple(f"class {label}" for label in range(max(labels, default=0) + 1))
    own = next((file_colours(content, where=where) for content, where in sample if _mode(content, where) == "P"), ())
    colours = own[: len(classes)]
    if len(set(colours)) < len(classes):  # a grey file, or a palette of which only some entries were chosen
        colours = label_colours(len(classes))
    return Palette(classes=classes, colours=colours, coding="index"), notes


def _class_list(tree: Tree, file: str) -> tuple[tuple[str, ...], tuple[Colour, ...]]:
    """The classes of ``file``, after all files of its name were seen to say the same."""
    base = file.rpartition("/")[2]
    lists = {
        name: parse_class_dict(_read(tree, name), where=tree.locate(name))
        for name in tree.files
        if name.rpartition("/")[2] == base
    }
    for name, other in lists.items():
        if other != lists[file]:
            raise UserError(
                f"this list of classes is not the same as {file}", where=tree.locate(name),
                remedy="open the folders one by one, or let the lists agree",
            )  # fmt: skip
    return lists[file]


def _coded(tree: Tree, pairs: Sequence[Pair], palette: Palette) -> tuple[Palette, tuple[str, ...]]:
    """The palette with the coding that the masks follow, as a few of them tell."""
    sample = list(_contents(tree, _spread(pairs, _SAMPLE)))
    stray = _stray(sample, palette)
    if all(value in _CORNERS for colour in palette.colours for value in colour):
        rounded = replace(palette, coding="threshold")
        if set(palette.colours) == _DEEPGLOBE:
            return rounded, ("The classes are DeepGlobe's; mask values from 128 on count as 255, lower ones as 0.",)
        if _stray(sample, rounded) < stray:
            return rounded, ("Some masks are off their colours; values from 128 on count as 255, lower ones as 0.",)
    pixels = sum(_pixels(content, where) for content, where in sample)
    if 2 * stray > pixels and all(_mode(content, where) in _GREY for content, where in sample):
        indices = replace(palette, coding="index")
        if _stray(sample, indices) == 0:
            return indices, ("The masks hold no colours of the class list; their values were taken for labels.",)
    return palette, ()


def _contents(tree: Tree, pairs: Sequence[Pair]) -> Iterator[tuple[bytes, str]]:
    """Masks that can be read at all, each with where it lies. The others are found when all are checked."""
    for pair in pairs:
        content, where = _read(tree, pair.mask), tree.locate(pair.mask)
        try:
            decode_mask(content, _INDICES, where=where)
        except UserError:
            continue
        yield content, where


def _stray(sample: Sequence[tuple[bytes, str]], palette: Palette) -> int:
    return sum(mask_facts(content, palette, where).stray for content, where in sample)


def _mode(content: bytes, where: str) -> str:
    with unread(content, where=where) as image:
        return image.mode


def _pixels(content: bytes, where: str) -> int:
    with unread(content, where=where) as image:
        return image.width * image.height


def _indices(tree: Tree, pairs: Sequence[Pair]) -> tuple[set[int], tuple[str, ...]]:
    """Values that the masks hold, and a note where not all masks were asked."""
    used: set[int] = set()
    for content, where in _contents(tree, _spread(pairs, _SCANNED)):
        used.update(label_counts(decode_mask(content, _INDICES, where=where)).nonzero()[0].tolist())
    if len(pairs) <= _SCANNED:
        return used, ()
    return used, (f"The classes are those of {_SCANNED} of {len(pairs):,} masks; name all of them in classes.txt.",)


def _listed(tree: Tree) -> Pairing:
    """The pairs that ``pairs.csv`` lists."""
    where = tree.locate(MANIFEST)
    known = set(tree.files)
    rows = csv_rows(_read(tree, MANIFEST), where=where)
    _, header = next(rows, (1, []))
    columns = {name.strip().lower(): column for column, name in enumerate(header)}
    if not {"image", "mask"} <= columns.keys():
        raise UserError("the header image,mask,split,group,name is missing", where=f"{where}:1")
    pairs: list[Pair] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for number, row in rows:
        values = {key: row[columns[key]] if columns.get(key, len(row)) < len(row) else "" for key in MANIFEST_COLUMNS}
        image, mask, split = values["image"], values["mask"], values["split"].strip().lower()
        name = values["name"] or image
        if split and split not in SPLIT_NAMES:
            raise UserError(
                f"{split[:40]!r} is no split", where=f"{where}:{number}", remedy="write train, validation or test"
            )
        if name in first:
            raise UserError(f"the item of line {first[name]} is listed again", where=f"{where}:{number}")
        first[name] = number
        for code, file in (("missing-image", image), ("missing-mask", mask)):
            if file not in known or not is_image(file):
                what = f"line {number} of {MANIFEST} names a file that is not there"
                problems.append(Problem(code=code, what=what, where=PurePosixPath(file or "?").as_posix()))
                break
        else:
            pairs.append(Pair(image, mask, SPLIT_NAMES.get(split, NO_SPLIT), values["group"], name))
    return Pairing(pairs=tuple(pairs), masks=len(pairs), problems=tuple(problems), notes=())


SOURCES.add(
    "pairs",
    SourceFormat(
        title="Images with masks: class_dict.csv or palette masks, in images/ and masks/ or as x_sat and x_mask",
        recognise=recognise,
        open=open_pairs,
    ),
)
