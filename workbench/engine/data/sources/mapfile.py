"""Map files: one ``path<TAB>label`` a line, the list that CNTK's image reader takes and that scripts write easily.

Labels are 0-based and -1 is unknown. Relative paths start at the map file's own folder. A map may be pointed at by
itself, or lie at the top of a folder or an archive; there may be one for each split there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workbench.engine.data.source import NO_SPLIT, SOURCES, UNKNOWN, Listing, Problem, Record, SourceFormat
from workbench.engine.data.sources.classes import LARGEST_LABEL, class_names, numbered_classes
from workbench.engine.data.sources.columns import is_image_path, named_split
from workbench.engine.data.sources.folder import LARGEST_FILE
from workbench.engine.data.sources.places import UTF16_MARKS, Places, missing, top_folder, without_utf16
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

SUFFIXES = (".txt", ".tsv", ".map")
_BOM = b"\xef\xbb\xbf"
_LABEL = re.compile(r"-?[0-9]{1,19}")
_SPLIT_MAP = re.compile(r"(?P<split>[a-z]+?)(_?(img|image)?_?map)?", re.IGNORECASE)
_HEAD, _HEAD_LINES = 1 << 16, 20  # bytes and lines that say whether a file is a map


@dataclass(frozen=True, slots=True)
class _Line:
    where: str  # file:line
    path: str
    label: int
    split: str
    found: str | Path


@dataclass
class _Parsed:
    """What the lines of one or several maps say."""

    lines: list[_Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)  # image to the line that lists it

    def wrong(self, code: str, what: str, where: str, remedy: str = "") -> None:
        self.problems.append(Problem(code=code, what=what, where=where, remedy=remedy))


def recognise(tree: Tree) -> bool:
    return bool(_maps(tree))


def open_map(tree: Tree) -> Listing:
    maps = _maps(tree)
    if len(maps) > 1 and set(maps.values()) == {NO_SPLIT}:
        several = ", ".join(map(tree.locate, [*maps][:3]))
        raise UserError("there are several map files here", where=several, remedy="import one of them alone")
    parsed = _Parsed()
    notes: list[str] = []
    for name, split in maps.items():
        content = tree.read(name)
        if content.startswith(UTF16_MARKS):
            raise UserError("the map file is UTF-16 text", where=tree.locate(name), remedy="save the file as UTF-8")
        notes += _marks(content, file=tree.locate(name), parsed=parsed)
        _parse(content, tree=tree, name=name, split=split, parsed=parsed)
    lines, classes = _with_classes(tree, list(maps), parsed)
    if not lines and (errors := [problem for problem in parsed.problems if problem.severity == "error"]):
        raise UserError(errors[0].what, where=errors[0].where, remedy=errors[0].remedy)
    places = Places(tree, next(iter(maps)))

    def records() -> Iterator[Record]:
        for line in lines:
            image = places.read(line.found, path=line.path, where=line.where)
            yield Record(image=image, labels=(line.label,), split=line.split, name=line.path)

    return Listing(
        kind="map",
        name=tree.name,
        label_sets={"label": classes},
        total=len(lines),
        records=records,
        notes=tuple(dict.fromkeys(notes)),
        problems=tuple(parsed.problems),
    )


def listed_files(tree: FolderTree) -> list[Path]:
    """The files on the disk that a lone map names, its class names included; as far as it can be read."""
    parsed = _Parsed()
    _parse(tree.read(tree.only), tree=tree, name=tree.only, split=NO_SPLIT, parsed=parsed)
    found = [line.found if isinstance(line.found, Path) else tree.root / line.found for line in parsed.lines]
    return [*found, *(tree.root / name for name in _names_files(tree.only) if (tree.root / name).is_file())]


def _maps(tree: Tree) -> dict[str, str]:
    """Map file to its split: the lone file, or those at the top of a folder or an archive; else none.

    Of several that are not one a split, each is given without a split: which of them is meant, nobody can tell.
    """
    if isinstance(tree, FolderTree) and tree.only:
        suffix = Path(tree.only).suffix.lower()
        # A .tsv may as well be a table with a header, which is another format's.
        lone = suffix in (".txt", ".map") or (tree.size(tree.only) <= LARGEST_FILE and _head_is_map(tree, tree.only))
        return {tree.only: NO_SPLIT} if lone else {}
    top = top_folder(tree)
    names = [name for name in tree.files if name.rpartition("/")[0] == top and name.lower().endswith(SUFFIXES)]
    found = [name for name in names if 0 < tree.size(name) <= LARGEST_FILE and _head_is_map(tree, name, images=True)]
    splits = {name: split for name in found if (split := _split(name)) is not None}
    if splits and len(set(splits.values())) == len(splits):
        order = ["train", "validation", "test", NO_SPLIT]
        return dict(sorted(splits.items(), key=lambda item: order.index(item[1])))
    return dict.fromkeys(found, NO_SPLIT)


def _split(name: str) -> str | None:
    match = _SPLIT_MAP.fullmatch(PurePosixPath(name).stem)
    return named_split(match["split"]) if match else None


def _head_is_map(tree: Tree, name: str, *, images: bool = False) -> bool:
    """Whether one of the first lines is a path, a tab and a label; of an image that is there if ``images``."""
    content = without_utf16(tree.read(name)[:_HEAD])
    if b"\0" in content[:4096] and not images:
        return False
    places = Places(tree, name) if images else None
    for raw in content.removeprefix(_BOM).lstrip().split(b"\n", _HEAD_LINES)[:_HEAD_LINES]:
        path, tab, label = raw.decode("utf-8", "replace").rpartition("\t")
        if tab and (places is None or (_LABEL.fullmatch(label.strip()) and _is_there(places, path))):
            return not name.lower().endswith(".tsv") or bool(_LABEL.fullmatch(label.strip()))
        if places is None:
            return False
    return False


def _is_there(places: Places, path: str) -> bool:
    """Whether an image is there; of a path that is no UTF-8 nobody can tell, so that it looks like one must do."""
    return is_image_path(path) if "\ufffd" in path else places.find(path) is not None


def _parse(content: bytes, *, tree: Tree, name: str, split: str, parsed: _Parsed) -> None:
    places, file = Places(tree, name), tree.locate(name)
    for number, raw in enumerate(content.removeprefix(_BOM).split(b"\n"), 1):
        where = f"{file}:{number}"
        try:
            text = raw.decode().removesuffix("\r")
        except UnicodeDecodeError:
            parsed.wrong("not-utf8", "the line is not UTF-8 text", where, "save the file as UTF-8")
            continue
        if not text.strip():
            continue
        path, tab, label_text = text.rpartition("\t")
        label = _label(label_text)
        if not tab or not path.strip():
            parsed.wrong("map-line", "the line is not a path, a tab and a label", where, "write path<TAB>label")
        elif label is None:
            what = f"{label_text.strip()[:40]!r} is no label"
            parsed.wrong("bad-label", what, where, "write a whole number from 0 on, or -1 for unknown")
        elif label > LARGEST_LABEL:
            parsed.wrong("label-range", f"label {label} is larger than {LARGEST_LABEL}", where, "number from 0")
        elif path in parsed.first:
            before_file, _, before = parsed.first[path].rpartition(":")
            line = f"line {before}" if before_file == file else f"line {before} of {before_file}"
            parsed.wrong("listed-twice", f"the image of {line} is listed again", where, "remove one of the lines")
        elif places.leaves(path):
            parsed.wrong("path-outside", f"the path {path!r} leads out of the archive", where, "correct the path")
        elif (found := places.find(path)) is None:
            parsed.first[path] = where
            error = missing(path, where=where)
            parsed.wrong("missing-image", error.what, where, error.remedy)
        else:
            parsed.first[path] = where
            parsed.lines.append(_Line(where, path, label, split, found))


def _label(text: str) -> int | None:
    """-1 and up; ``None`` for what is no label."""
    plain = text.strip(" ")
    return int(plain) if _LABEL.fullmatch(plain) and int(plain) >= UNKNOWN else None


def _with_classes(tree: Tree, maps: Sequence[str], parsed: _Parsed) -> tuple[list[_Line], tuple[str, ...]]:
    """The lines whose label has a class, and the classes."""
    file = _names_file(tree, maps)
    if not file:
        return parsed.lines, numbered_classes(max((line.label for line in parsed.lines), default=UNKNOWN))
    content, where = file
    classes = class_names(content, where=where)
    name = re.split(r"[\\/]", where.partition(" in ")[0])[-1]
    lines = []
    for line in parsed.lines:
        if line.label < len(classes):
            lines.append(line)
        else:
            remedy = f"name {line.label + 1} classes there, or correct the label"
            parsed.wrong("label-range", f"label {line.label} has no name in {name}", line.where, remedy)
    return lines, classes


def _names_files(map_name: str) -> tuple[str, ...]:
    """Where the class names may be, the likeliest first."""
    path = PurePosixPath(map_name)
    names = (str(path.with_name(f"{path.stem}.classes.txt")), str(path.with_name("classes.txt")))
    return tuple(name for name in names if name != map_name)


def _names_file(tree: Tree, maps: Sequence[str]) -> tuple[bytes, str] | None:
    """Content and place of the class names beside the first map that has some."""
    for name in (file for map_name in maps for file in _names_files(map_name)):
        if name in tree.files:
            return tree.read(name), tree.locate(name)
        if isinstance(tree, FolderTree) and (tree.root / name).is_file():
            return (tree.root / name).read_bytes(), str(tree.root / name)
    return None


def _marks(content: bytes, *, file: str, parsed: _Parsed) -> list[str]:
    """Notes on how the file was written, which are informative problems as well."""
    found = []
    if content.startswith(_BOM):
        found.append(("byte-order-mark", "The byte order mark at the start of the map file was passed over."))
    if b"\r\n" in content:
        found.append(("windows-line-ends", "The map file has Windows line ends; they were taken as plain ones."))
    for code, sentence in found:
        what = sentence[0].lower() + sentence[1:-1]
        parsed.problems.append(Problem(code=code, what=what, where=file, severity="info"))
    return [sentence for _, sentence in found]


SOURCES.add(
    "map",
    SourceFormat(title="Map file: a text file of path<TAB>label lines", recognise=recognise, open=open_map),
)
