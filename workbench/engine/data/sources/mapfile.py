"""Map files: one ``path<TAB>label`` a line, the list that CNTK's image reader takes and that scripts write easily.

Labels are 0-based and -1 is unknown. Relative paths start at the map file's own folder.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.engine.data.source import NO_SPLIT, SOURCES, UNKNOWN, Listing, Record, SourceFormat
from workbench.engine.data.sources.classes import LARGEST_LABEL, class_names, numbered_classes
from workbench.engine.data.sources.folder import LARGEST_FILE
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

SUFFIXES = (".txt", ".tsv", ".map")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Line:
    where: str  # file:line
    path: str
    label: int


def recognise(tree: Tree) -> bool:
    if not isinstance(tree, FolderTree) or not tree.only:
        return False
    if Path(tree.only).suffix.lower() in SUFFIXES:
        return True
    if tree.size(tree.only) > LARGEST_FILE:
        return False
    head = tree.read(tree.only)[:4096]
    return b"\0" not in head and b"\t" in head.lstrip().partition(b"\n")[0]


def open_map(tree: Tree) -> Listing:
    assert isinstance(tree, FolderTree)
    root, content = tree.root, tree.read(tree.only)
    lines = list(_parse(content, file=tree.locate(tree.only), root=root))
    labels = [line.label for line in lines]
    names_file = _names_file(tree)
    if names_file:
        classes = class_names(names_file.read_bytes(), where=str(names_file))
        for line in lines:
            if line.label >= len(classes):
                raise UserError(
                    f"label {line.label} has no name in {names_file.name}", where=line.where,
                    remedy=f"name {line.label + 1} classes there, or correct the label",
                )  # fmt: skip
    else:
        classes = numbered_classes(max(labels, default=UNKNOWN))

    def records() -> Iterator[Record]:
        for line in lines:
            yield Record(image=_read(root / line.path, line), labels=(line.label,), split=NO_SPLIT, name=line.path)

    return Listing(
        kind="map",
        name=tree.name,
        label_sets={"label": classes},
        total=len(lines),
        records=records,
        notes=_notes(content),
    )


def _parse(content: bytes, *, file: str, root: Path) -> Iterator[_Line]:
    first: dict[str, int] = {}
    for number, raw in enumerate(content.removeprefix(_BOM).split(b"\n"), 1):
        where = f"{file}:{number}"
        try:
            text = raw.decode().removesuffix("\r")
        except UnicodeDecodeError as error:
            raise UserError("the line is not UTF-8 text", where=where, remedy="save the file as UTF-8") from error
        if not text.strip():
            continue
        path, tab, label_text = text.rpartition("\t")
        if not tab or not path.strip():
            raise UserError("the line is not a path, a tab and a label", where=where, remedy="write path<TAB>label")
        if not re.fullmatch(r"-?[0-9]+", label_text.strip()) or len(label_text) > 20 or int(label_text) < UNKNOWN:
            raise UserError(
                f"{label_text.strip()[:40]!r} is no label", where=where,
                remedy="write a whole number from 0 on, or -1 for unknown",
            )  # fmt: skip
        label = int(label_text)
        if label > LARGEST_LABEL:
            raise UserError(f"label {label} is larger than {LARGEST_LABEL}", where=where, remedy="number from 0")
        if path in first:
            raise UserError(
                f"the image of line {first[path]} is listed again", where=where, remedy="remove one of the lines"
            )
        first[path] = number
        line = _Line(where, path, label)
        if not (root / path).is_file():
            raise _missing(line)
        yield line


def _missing(line: _Line) -> UserError:
    return UserError(f"there is no image file {line.path!r}", where=line.where, remedy="correct the path")


def _read(path: Path, line: _Line) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"the image file {line.path!r} is larger than 1 GiB", where=line.where)
        return path.read_bytes()
    except FileNotFoundError:
        raise _missing(line) from None
    except OSError as error:
        raise UserError(f"the image file {line.path!r} cannot be read ({error.strerror})", where=line.where) from error


def _names_file(tree: FolderTree) -> Path | None:
    for name in (f"{tree.name}.classes.txt", "classes.txt"):
        if (tree.root / name).is_file() and name != tree.only:
            return tree.root / name
    return None


def _notes(content: bytes) -> tuple[str, ...]:
    notes = []
    if content.startswith(_BOM):
        notes.append("The byte order mark at the start of the map file was passed over.")
    if b"\r\n" in content:
        notes.append("The map file has Windows line ends; they were taken as plain ones.")
    return tuple(notes)


SOURCES.add(
    "map",
    SourceFormat(title="Map file: a text file of path<TAB>label lines", recognise=recognise, open=open_map),
)
