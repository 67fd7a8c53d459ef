"""From what a person points at to one Arrow file: recognise the format, list its records, write them once.

The formats do the reading. Where the imported set is kept and what else belongs to it is the project's business.
"""

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The formats register themselves; none of these imports is unused.
import workbench.engine.data.cifar
import workbench.engine.data.folder
import workbench.engine.data.idx
import workbench.engine.data.mapfile  # noqa: F401
from workbench.engine.data.digits import digits_listing
from workbench.engine.data.hub import HUB_PREFIX, hub_listing
from workbench.engine.data.image_set import ITEMS
from workbench.engine.data.source import SOURCES, UNKNOWN, Listing, Record
from workbench.engine.data.torchvision_sets import TORCHVISION_PREFIX, torchvision_listing
from workbench.engine.data.tree import FolderTree, Tree, open_tree
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors

DIGITS = "digits"
# The special ones first: every one of them might also pass for a folder that holds some images.
ORDER = ("idx", "cifar10", "cifar100", "map", "folder")
BATCH_RECORDS, BATCH_BYTES = 1000, 8 << 20
LARGEST_IMAGE = 1 << 30  # Arrow's plain binary columns end at 2 GiB a batch
REPORT_SECONDS = 0.05
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(:[\w.-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSummary:
    """What an import wrote.

    Attributes:
        items: Records.
        fingerprint: SHA-256 in hex over every record and the label sets: of the content, wherever it came from.
        splits: Split to number of records, in order of appearance.
        label_sets: As in the listing.
    """

    items: int
    fingerprint: str
    splits: Mapping[str, int]
    label_sets: Mapping[str, tuple[str, ...]]


def recognise(tree: Tree) -> str:
    """Name of the format that ``tree`` holds; :class:`UserError` that lists what is understood if it holds none."""
    for name in (*ORDER, *(name for name in SOURCES if name not in ORDER)):
        if SOURCES[name].recognise(tree):
            return name
    what = "no images are recognised in this" if tree.files else "there are no files in this"
    known = "; ".join(SOURCES[name].title for name in ORDER)
    raise UserError(what, where=str(tree.path), remedy=f"What is understood: {known}")


@contextmanager
def open_source(target: str, *, cache: Path) -> Iterator[Listing]:
    """The listing of what ``target`` names; its records can be read until the context ends.

    Args:
        target: ``"digits"``, ``"torchvision:NAME"``, ``"hub:owner/name[:config]"``, a path (``~`` is the home folder),
            or ``"owner/name"`` where no such path exists.
        cache: Folder that downloads may fill; they are kept for the next time.

    Raises:
        UserError: There is no such thing, it is in no known format, or it cannot be fetched.
    """
    if target == DIGITS:
        yield digits_listing()
    elif target.startswith(TORCHVISION_PREFIX):
        yield torchvision_listing(target.removeprefix(TORCHVISION_PREFIX), cache=cache)
    elif _is_hub_id(target):
        yield hub_listing(target, cache=cache)
    else:
        with open_tree(_path(target)) as tree:
            yield SOURCES[recognise(tree)].open(tree)


def signature(target: str) -> str:
    """SHA-256 in hex over what can be told of ``target`` without reading content: path, names, sizes, times.

    Two equal signatures mean that nothing was changed in between; for an id it is the id that is hashed.
    """
    if target == DIGITS or target.startswith(TORCHVISION_PREFIX) or _is_hub_id(target):
        return hashlib.sha256(target.removeprefix(HUB_PREFIX).encode()).hexdigest()
    path = _path(target)
    tree = FolderTree(path) if path.is_dir() else FolderTree(path.parent, only=path.name)
    digest = hashlib.sha256(_line(str(path)))
    for name in tree.files:
        status = tree.stat(name)
        digest.update(_line(name, status.st_size, status.st_mtime_ns))
    return digest.hexdigest()


def write_arrow(listing: Listing, folder: Path) -> Generator[Progress, None, ImportSummary]:
    """Write every record to ``folder/items.arrow``, an Arrow stream that ``datasets.Dataset.from_file`` opens.

    Columns: ``image`` (an encoded file), one ClassLabel a label set, ``split``, ``name``. The file appears under its
    name only once it is whole. Yields at least every 100 ms as long as the source hands out records that fast.

    Raises:
        UserError: No record at all, a name twice, a label without a class, an image too large, or a full disk.
    """
    import pyarrow as pa

    splits: Counter[str] = Counter()
    partial = folder / f".{ITEMS}{TEMPORARY}"
    digest = hashlib.sha256(_line({key: list(classes) for key, classes in listing.label_sets.items()}))
    names: set[str] = set()
    batch: list[Record] = []
    batch_bytes = 0
    yield Progress(stage="importing", done=0, total=listing.total)
    schema = _schema(listing.label_sets)
    reported = time.monotonic()
    try:
        with (
            plain_disk_errors(folder / ITEMS),
            pa.OSFile(str(partial), "wb") as file,
            pa.ipc.new_stream(file, schema) as writer,
        ):
            for record in listing.records():
                _check(record, listing, names)
                names.add(record.name)
                splits[record.split] += 1
                digest.update(_line(record.name, record.split, record.labels, len(record.image)))
                digest.update(record.image)
                batch.append(record)
                batch_bytes += len(record.image)
                if len(batch) >= BATCH_RECORDS or batch_bytes >= BATCH_BYTES:
                    writer.write_batch(_record_batch(batch, schema))
                    batch, batch_bytes = [], 0
                if time.monotonic() - reported >= REPORT_SECONDS:
                    yield Progress(stage="importing", done=len(names), total=listing.total)
                    reported = time.monotonic()
            if batch:
                writer.write_batch(_record_batch(batch, schema))
        if not names:
            raise UserError("there are no images in this source", where=listing.name, remedy="check what it holds")
        partial.replace(folder / ITEMS)
    finally:
        partial.unlink(missing_ok=True)
    yield Progress(stage="importing", done=len(names), total=len(names))
    return ImportSummary(
        items=len(names),
        fingerprint=digest.hexdigest(),
        splits=dict(splits),
        label_sets={key: tuple(classes) for key, classes in listing.label_sets.items()},
    )


def _is_hub_id(target: str) -> bool:
    return target.startswith(HUB_PREFIX) or (bool(_HUB_ID.fullmatch(target)) and not Path(target).exists())


def _path(target: str) -> Path:
    try:
        path = Path(target).expanduser()
        if target and path.exists():
            return path.resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user's home
        pass
    raise UserError(
        "there is no such file, folder or dataset", where=repr(target),
        remedy=f"give a path, {DIGITS}, {TORCHVISION_PREFIX}NAME or {HUB_PREFIX}owner/name",
    )  # fmt: skip


def _line(*values: Any) -> bytes:
    """Values as one unambiguous line for a digest."""
    return json.dumps(values, ensure_ascii=True).encode() + b"\n"


def _check(record: Record, listing: Listing, names: set[str]) -> None:
    assert len(record.labels) == len(listing.label_sets), record.name
    if record.name in names:
        raise UserError("two images have the same name", where=record.name, remedy="rename one of them")
    if len(record.image) > LARGEST_IMAGE:
        raise UserError("an image file is larger than 1 GiB", where=record.name, remedy="leave it out")
    for label, (key, classes) in zip(record.labels, listing.label_sets.items(), strict=True):
        if not UNKNOWN <= label < len(classes):
            raise UserError(
                f"{key} {label} is none of the {len(classes)} classes", where=record.name, remedy="correct the label"
            )


def _schema(label_sets: Mapping[str, tuple[str, ...]]) -> Any:
    import datasets  # more than a second of importing; an import that never happens should not cost it

    labels = {key: datasets.ClassLabel(names=list(classes)) for key, classes in label_sets.items()}
    assert labels
    assert not labels.keys() & {"image", "split", "name"}, list(labels)
    text = datasets.Value("string")
    return datasets.Features({"image": datasets.Image(), **labels, "split": text, "name": text}).arrow_schema


def _record_batch(records: list[Record], schema: Any) -> Any:
    import pyarrow as pa

    files = pa.array([record.image for record in records], pa.binary())
    images = pa.StructArray.from_arrays([files, pa.nulls(len(records), pa.string())], names=["bytes", "path"])
    labels = [pa.array(column, pa.int64()) for column in zip(*(record.labels for record in records), strict=True)]
    splits, names = ([record.split for record in records], [record.name for record in records])
    return pa.record_batch([images, *labels, pa.array(splits), pa.array(names)], schema=schema)
