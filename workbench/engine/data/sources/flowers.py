"""Oxford Flowers-102 as it is published: numbered photographs, and two MATLAB files that say what they show.

M.-E. Nilsback, A. Zisserman, "Automated Flower Classification over a Large Number of Classes", 2008;
https://www.robots.ox.ac.uk/~vgg/data/flowers/102/. Class and photograph numbers there count from 1. The published
split is kept under its own names, ``trnid`` as train, ``valid`` as validation and ``tstid`` as test; which of them to
train on is for a protocol to say.
"""

import json
import math
import posixpath
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.engine.data.source import (
    NO_SPLIT,
    SOURCES,
    TEST,
    TRAIN,
    VALIDATION,
    Listing,
    Problem,
    Record,
    SourceFormat,
)
from workbench.engine.data.sources.classes import LARGEST_LABEL
from workbench.engine.data.tree import Tree
from workbench.engine.errors import UserError

LABELS_FILE, SPLITS_FILE, NAMES_FILE = "imagelabels.mat", "setid.mat", "cat_to_name.json"
LARGEST_MAT = 16 << 20  # bytes, also of a variable unpacked; the published ones have 15,000
_SPLIT_KEYS = {"trnid": TRAIN, "valid": VALIDATION, "tstid": TEST}
_IMAGE = re.compile(r"image_(\d{5})\.jpe?g", re.IGNORECASE)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MATLAB_5 = 0x0100  # version in the header
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15  # data types of an element
_VALUES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMBERS = range(6, 16)  # classes of a matrix: double, single and the whole numbers


@dataclass(frozen=True, slots=True)
class _Photograph:
    number: int
    file: str
    label: int
    split: str


def recognise(tree: Tree) -> bool:
    """The two files side by side, or one of them with photographs that are numbered its way."""
    beside = _mat_files(tree)
    return len(beside) == 2 or (bool(beside) and any(_IMAGE.fullmatch(posixpath.basename(name)) for name in tree.files))


def open_flowers(tree: Tree) -> Listing:
    files = _mat_files(tree)
    for name in (LABELS_FILE, SPLITS_FILE):
        if name not in files:
            raise UserError(f"{name} is missing", where=str(tree.path), remedy="fetch it and put it beside the other")
    classes = read_mat(tree.read(files[LABELS_FILE]), keys=("labels",), where=tree.locate(files[LABELS_FILE]))["labels"]
    sets = read_mat(tree.read(files[SPLITS_FILE]), keys=tuple(_SPLIT_KEYS), where=tree.locate(files[SPLITS_FILE]))
    labels_where, splits_where = tree.locate(files[LABELS_FILE]), tree.locate(files[SPLITS_FILE])
    if not len(classes) or not 1 <= classes.min() <= classes.max() <= LARGEST_LABEL:
        found = f" ({classes.min()} to {classes.max()})" if len(classes) else ""
        raise UserError(
            f"class numbers count from 1 and these do not{found}", where=labels_where, remedy="fetch it again"
        )
    splits = _splits(sets, count=len(classes), where=splits_where)
    names = _class_names(tree, count=int(classes.max()))
    photographs, problems = _photographs(tree, classes, splits)
    if not photographs:
        raise UserError(
            "there are no photographs beside the labels", where=str(tree.path),
            remedy="put them into jpg/image_00001.jpg and so on",
        )  # fmt: skip
    named = f"Class names are from {NAMES_FILE}." if names else f"There is no {NAMES_FILE}; classes have their numbers."
    unassigned = sum(item.split == NO_SPLIT for item in photographs)
    left = (f"{unassigned:,} photographs are in none of the published sets.",) if unassigned else ()

    def records() -> Iterator[Record]:
        for item in photographs:
            name = posixpath.basename(item.file)
            yield Record(image=tree.read(item.file), labels=(item.label,), split=item.split, name=name)

    return Listing(
        kind="flowers102",
        name=tree.name,
        label_sets={"label": names or tuple(str(number) for number in range(1, int(classes.max()) + 1))},
        total=len(photographs),
        records=records,
        notes=(named, *left),
        problems=problems,
    )


def read_mat(content: bytes, *, keys: tuple[str, ...], where: str) -> dict[str, npt.NDArray[np.int64]]:
    """The variables ``keys`` of a MATLAB 5 file: vectors of whole numbers, int64[N]. Others are passed over.

    Format: MathWorks, "MAT-File Format", version 5. SciPy's reader is not used: it trusts the sizes in a file and
    brings the whole process down on some damaged ones.

    Raises:
        UserError: It is another version, is damaged, or holds something else under one of these names.
    """
    if len(content) > LARGEST_MAT:
        raise UserError(f"the file has {len(content):,} bytes, which no list of labels needs", where=where)
    if _HDF5 in content[:4096]:
        raise UserError(
            "this is a MATLAB 7.3 file, which is not read here", where=where,
            remedy="save it with -v7 or fetch the published file",
        )  # fmt: skip
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None or struct.unpack(f"{order}H", content[124:126])[0] != _MATLAB_5:
        raise _damaged(where, "it is no MATLAB 5 file")
    found: dict[str, npt.NDArray[np.int64]] = {}
    for kind, body in _elements(content[128:], order, where=where, padded=False):
        if kind == _COMPRESSED:
            [(kind, body), *more] = [*_elements(_unpacked(body, where=where), order, where=where), (0, b"")]
            if len(more) != 1:
                raise _damaged(where, "a variable in it goes on after its end")
        if kind != _MATRIX:
            raise _damaged(where, f"an element of type {kind} stands where a variable should")
        key, parts = _matrix(body, order, where=where)
        if key in found:
            raise _damaged(where, f"there are two variables {key!r}")
        if key in keys:
            found[key] = _vector(parts, order, key=key, where=where)
    for key in keys:
        if key not in found:
            raise UserError(f"there is no variable {key!r}", where=where, remedy="fetch the published file again")
    return found


def _elements(content: bytes, order: str, *, where: str, padded: bool = True) -> Iterator[tuple[int, bytes]]:
    """Type and content of the elements that follow one another; small ones hold theirs within their tag."""
    position = 0
    while position < len(content):
        if position + 8 > len(content):
            raise _damaged(where, "it is cut short")
        kind, size = struct.unpack(f"{order}II", content[position : position + 8])
        if kind >> 16:
            kind, size, start, following = kind & 0xFFFF, kind >> 16, position + 4, position + 8
            if size > 4:
                raise _damaged(where, "a size in it is wrong")
        else:
            start = position + 8
            following = start + size
            following += -following % 8 if padded else 0
        if start + size > len(content):
            raise _damaged(where, "it is cut short, or a size in it is wrong")
        yield kind, content[start : start + size]
        position = following


def _unpacked(body: bytes, *, where: str) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(body, LARGEST_MAT)
    except zlib.error as error:
        raise _damaged(where, str(error)) from error
    if not stream.eof:  # which comes after the checksum
        raise _damaged(where, "a variable in it is cut short or too large")
    return content


def _matrix(body: bytes, order: str, *, where: str) -> tuple[str, list[tuple[int, bytes]]]:
    """A variable's name and its elements: flags, dimensions, name, and what it holds."""
    parts = list(_elements(body, order, where=where))
    if [kind for kind, _ in parts[:3]] != [_UINT32, _INT32, _INT8] or len(parts[0][1]) != 8:
        raise _damaged(where, "a variable in it has no proper header")
    return parts[2][1].decode("latin-1"), parts


def _vector(parts: list[tuple[int, bytes]], order: str, *, key: str, where: str) -> npt.NDArray[np.int64]:
    flags = struct.unpack(f"{order}II", parts[0][1])[0]
    code = _VALUES.get(parts[3][0]) if len(parts) == 4 else None  # a complex variable has a fifth part
    if flags & 0xFF not in _NUMBERS or code is None:
        raise UserError(f"the variable {key!r} is no list of numbers", where=where, remedy="fetch it again")
    sizes, content, dtype = parts[1][1], parts[3][1], np.dtype(f"{order}{code}")
    if len(sizes) < 8 or len(sizes) % 4 or len(content) % dtype.itemsize:
        raise _damaged(where, f"the sizes of the variable {key!r} are wrong")
    shape, values = np.frombuffer(sizes, f"{order}i4").tolist(), np.frombuffer(content, dtype)
    if min(shape) < 0 or math.prod(shape) != len(values):
        raise _damaged(where, f"the sizes of the variable {key!r} are wrong")
    if len(values) != max(shape) and len(values):
        raise UserError(f"the variable {key!r} is no list of numbers", where=where, remedy="fetch it again")
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        raise UserError(f"the variable {key!r} holds fractions", where=where, remedy="fetch it again")
    return whole


def _splits(sets: Mapping[str, npt.NDArray[np.int64]], *, count: int, where: str) -> dict[int, str]:
    """Photograph number to split."""
    splits: dict[int, str] = {}
    for key, numbers in sets.items():
        for number in numbers.tolist():
            if not 1 <= number <= count:
                raise UserError(f"{key} names photograph {number}, and there are {count:,} labels", where=where)
            if number in splits:
                raise UserError(f"photograph {number} is in the published split twice", where=where)
            splits[number] = _SPLIT_KEYS[key]
    return splits


def _photographs(
    tree: Tree, classes: npt.NDArray[np.int64], splits: Mapping[int, str]
) -> tuple[list[_Photograph], tuple[Problem, ...]]:
    """The photographs by number, and which are missing, have no label or are there twice."""
    problems = []
    found: dict[int, str] = {}
    for name in tree.files:
        match = _IMAGE.fullmatch(posixpath.basename(name))
        if match is None:
            continue
        number, where = int(match[1]), tree.locate(name)
        if not 1 <= number <= len(classes):
            what = f"photograph {number} has no label; there are {len(classes):,}"
            problems.append(Problem(code="extra-image", what=what, where=where, remedy="move it away"))
        elif number in found:
            what = f"photograph {number} is there twice"
            problems.append(Problem(code="listed-twice", what=what, where=where, remedy="remove one of them"))
        else:
            found[number] = name
    missing = [number for number in range(1, len(classes) + 1) if number not in found] if found else []
    for number in missing:
        what = f"there is no photograph image_{number:05d}.jpg"
        problems.append(
            Problem(code="missing-image", what=what, where=str(tree.path), remedy="fetch the photographs again")
        )
    photographs = [
        _Photograph(number, name, int(classes[number - 1]) - 1, splits.get(number, NO_SPLIT))
        for number, name in sorted(found.items())
    ]
    return photographs, tuple(problems)


def _class_names(tree: Tree, *, count: int) -> tuple[str, ...]:
    """Names of the classes 1 to ``count``; none where no file says."""
    name = next((name for name in tree.files if posixpath.basename(name) == NAMES_FILE), "")
    if not name:
        return ()
    where = tree.locate(name)
    try:
        names = json.loads(tree.read(name).decode("utf-8-sig"))
        classes = tuple(str(names[str(number)]).strip() for number in range(1, count + 1))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UserError(
            f"the class names are no JSON of the numbers 1 to {count} and their names", where=where,
            remedy="correct it or move it away",
        ) from error  # fmt: skip
    if len(set(classes)) != len(classes) or not all(classes):
        raise UserError("two classes have the same name, or one has none", where=where, remedy="correct it")
    return classes


def _mat_files(tree: Tree) -> dict[str, str]:
    """The two files by their names, wherever in the tree they are."""
    found: dict[str, str] = {}
    for name in tree.files:
        if name.endswith(".mat") and (base := posixpath.basename(name)) in (LABELS_FILE, SPLITS_FILE):
            found.setdefault(base, name)
    return found


def _damaged(where: str, why: str) -> UserError:
    return UserError(
        f"the MATLAB file is damaged ({' '.join(why.split())[:200]})", where=where, remedy="fetch it again"
    )


SOURCES.add(
    "flowers102",
    SourceFormat(
        title="Oxford Flowers-102: jpg/image_00001.jpg ... with imagelabels.mat and setid.mat",
        recognise=recognise,
        open=open_flowers,
    ),
)
