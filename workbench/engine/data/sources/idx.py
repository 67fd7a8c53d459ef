"""IDX: the format of MNIST and its many descendants, a big-endian header and raw bytes, often gzipped.

Layout: http://yann.lecun.com/exdb/mnist/. Images have magic 0x00000803 and sizes (count, rows, columns), labels have
0x00000801 and a count. The two files of a set belong together by name: ``<set>-images...`` and ``<set>-labels...``.
"""

import contextlib
import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from workbench.engine.data.decode import LARGEST_PIXELS, encode_png
from workbench.engine.data.source import NO_SPLIT, SOURCES, TEST, TRAIN, VALIDATION, Listing, Record, SourceFormat
from workbench.engine.data.sources.classes import item_name, numbered_classes
from workbench.engine.data.tree import LIMIT_BYTES, Tree, refuse_bomb
from workbench.engine.errors import UserError

IMAGES_MAGIC, LABELS_MAGIC = 0x00000803, 0x00000801
_NAME = re.compile(r"(?P<set>(?:.*/)?[^/]+?)[-_.](?P<part>images|labels)(?P<rest>[-_.][^/]*)?", re.IGNORECASE)
_SPLITS = {
    "train": TRAIN, "training": TRAIN, "t10k": TEST, "test": TEST, "testing": TEST,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """An image file that was checked against its labels.

    Attributes:
        images: Name of the image file in the tree.
        shape: Rows and columns of each image.
        labels: uint8[N].
    """

    stem: str
    split: str
    images: str
    shape: tuple[int, int]
    labels: npt.NDArray[np.uint8]


def recognise(tree: Tree) -> bool:
    return any(_is_images(tree, name) for name in tree.files)


def open_idx(tree: Tree) -> Listing:
    files: dict[tuple[str, str], str] = {}
    twice = 0
    for name in tree.files:  # sorted, so that an unpacked file comes before its own .gz
        if match := _match(name):
            key = match["set"], match["part"].lower()
            twice += key in files
            files.setdefault(key, name)
    # A folder may hold other things called "images"; only what looks like IDX counts.
    stems = [stem for (stem, part), name in files.items() if part == "images" and _is_images(tree, name)]
    families = sorted({_family(stem) for stem in stems})
    if len(families) > 1:
        raise UserError(
            f"there are several sets here: {', '.join(family or 'one without a name' for family in families)}",
            where=str(tree.path), remedy="put each in a folder of its own and import one",
        )  # fmt: skip
    pairs = [_pair(tree, stem, files) for stem in sorted(stems, key=lambda stem: (_split(stem) != TRAIN, stem))]
    largest = max((int(pair.labels.max()) for pair in pairs if len(pair.labels)), default=-1)
    notes = []
    if twice:
        notes.append("Files that are there both packed and unpacked were read unpacked.")
    if "emnist" in f"{tree.name} {families}".lower():
        notes.append("EMNIST stores its images transposed; they are kept as they are.")

    def records() -> Iterator[Record]:
        for pair in pairs:
            yield from _records(tree, pair)

    return Listing(
        kind="idx",
        name=tree.name,
        label_sets={"label": numbered_classes(largest)},
        total=sum(len(pair.labels) for pair in pairs),
        records=records,
        notes=tuple(notes),
    )


def _match(name: str) -> re.Match[str] | None:
    return _NAME.fullmatch(re.sub(r"\.gz$", "", name, flags=re.IGNORECASE))


def _is_images(tree: Tree, name: str) -> bool:
    """By name, and by content where the name does not say IDX: so a damaged header is reported, not passed over."""
    if "images" not in name.lower():  # most names of a large folder end here, before the slower pattern
        return False
    match = _match(name)
    if match is None or match["part"].lower() != "images":
        return False
    if "idx" in (match["rest"] or "").lower():
        return True
    try:
        with _stream(tree, name) as stream:
            return stream.read(4) == struct.pack(">I", IMAGES_MAGIC)
    except (OSError, EOFError, zlib.error):
        return False


def _split(stem: str) -> str:
    words = re.split(r"[-_./]", stem.lower())
    return next((_SPLITS[word] for word in reversed(words) if word in _SPLITS), NO_SPLIT)


def _family(stem: str) -> str:
    """The set's name without the word for its split: ``emnist-letters`` of ``emnist-letters-train``."""
    return "-".join(word for word in re.split(r"[-_./]", stem.lower()) if word not in _SPLITS)


def _pair(tree: Tree, stem: str, files: dict[tuple[str, str], str]) -> _Pair:
    images = files[stem, "images"]
    if (stem, "labels") not in files:
        raise UserError(
            "the labels of these images are missing", where=tree.locate(images),
            remedy="put their -labels file beside them and import the folder",
        )  # fmt: skip
    labels = files[stem, "labels"]
    count, rows, columns = _header(tree, images, IMAGES_MAGIC, dimensions=3)
    if not 0 < rows * columns <= LARGEST_PIXELS:
        where = tree.locate(images)
        raise UserError(f"images cannot be {rows} x {columns} pixels", where=where, remedy="fetch it again")
    (label_count,) = _header(tree, labels, LABELS_MAGIC, dimensions=1)
    if count != label_count:
        raise UserError(
            f"there are {count:,} images but {label_count:,} labels", where=f"{tree.locate(images)} and {labels}",
            remedy="these files do not belong together",
        )  # fmt: skip
    with _reading(tree, labels) as stream:
        stream.read(8)
        values = np.frombuffer(_exactly(tree, labels, stream, count), np.uint8)
        _expect_end(tree, labels, stream)
    name = stem.rpartition("/")[2]
    return _Pair(stem=name, split=_split(stem), images=images, shape=(rows, columns), labels=values)


def _header(tree: Tree, name: str, magic: int, *, dimensions: int) -> tuple[int, ...]:
    """The sizes that a file declares, checked against what it can hold."""
    with _reading(tree, name) as stream:
        head = _exactly(tree, name, stream, 4 + 4 * dimensions)
    found, *sizes = struct.unpack(f">I{dimensions}I", head)
    if found != magic:
        raise UserError(
            f"the file starts with {found:#010x}, not with {magic:#010x} as 8-bit IDX "
            f"{'images do' if dimensions == 3 else 'labels do'}", where=tree.locate(name), remedy="fetch it again",
        )  # fmt: skip
    declared = len(head) + math.prod(sizes)
    if declared > LIMIT_BYTES:
        raise UserError(f"the file claims to hold {declared:,} bytes", where=tree.locate(name), remedy="fetch it again")
    if _packed(name):
        refuse_bomb(tree.locate(name), packed=tree.size(name), plain=declared)
    elif tree.size(name) != declared:
        raise UserError(
            f"the file has {tree.size(name):,} bytes and its header says {declared:,}", where=tree.locate(name),
            remedy="fetch it again",
        )  # fmt: skip
    return tuple(sizes)


def _records(tree: Tree, pair: _Pair) -> Iterator[Record]:
    rows, columns = pair.shape
    with _reading(tree, pair.images) as stream:
        stream.read(16)
        for index, label in enumerate(pair.labels.tolist()):
            pixels = np.frombuffer(_exactly(tree, pair.images, stream, rows * columns), np.uint8)
            image = encode_png(pixels.reshape(rows, columns))
            name = item_name(pair.stem, index, total=len(pair.labels))
            yield Record(image=image, labels=(label,), split=pair.split, name=name)
        _expect_end(tree, pair.images, stream)


def _packed(name: str) -> bool:
    return name.lower().endswith(".gz")


@contextlib.contextmanager
def _stream(tree: Tree, name: str) -> Iterator[IO[bytes]]:
    with tree.stream(name) as content:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=content)) if _packed(name) else content


@contextlib.contextmanager
def _reading(tree: Tree, name: str) -> Iterator[IO[bytes]]:
    """The file's unpacked stream; what gzip says of a damaged one becomes a :class:`UserError`."""
    try:
        with _stream(tree, name) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        where = tree.locate(name)
        raise UserError(f"the gzip data is damaged ({error})", where=where, remedy="fetch it again") from error


def _exactly(tree: Tree, name: str, stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) != count:
        raise UserError("the file is truncated", where=tree.locate(name), remedy="fetch it again")
    return content


def _expect_end(tree: Tree, name: str, stream: IO[bytes]) -> None:
    if stream.read(1):
        raise UserError("the file goes on after what its header says", where=tree.locate(name), remedy="fetch it again")


SOURCES.add(
    "idx",
    SourceFormat(
        title="IDX, the format of MNIST: train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz",
        recognise=recognise,
        open=open_idx,
    ),
)
