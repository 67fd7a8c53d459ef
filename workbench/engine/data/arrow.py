"""The one Arrow file of an imported dataset: its columns, and the writing of a listing into it.

Columns of images: ``image`` (an encoded file), one ClassLabel a label set, ``split``, ``name``, ``group``, and ``mask``
where the content is masks. Columns of questions: ``context``, ``question``, ``answers`` (``text`` and ``answer_start``,
as in the Hub's ``squad``), ``impossible``, ``split``, ``name``, ``group``. The schema's metadata hold what the items
are and the palette. :mod:`workbench.engine.data.image_set` and :mod:`workbench.engine.data.question_set` read it back.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from workbench.engine.data.source import UNKNOWN, Content, Item, Listing, Palette, Question, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.files import TEMPORARY, plain_disk_errors

ITEMS = "items.arrow"  # the file's name in an imported set's folder
BATCH_RECORDS, BATCH_BYTES = 1000, 8 << 20
LARGEST_IMAGE = 1 << 30  # Arrow's plain binary columns end at 2 GiB a batch
REPORT_SECONDS = 0.05
_METADATA = b"workbench"
_TAKEN = frozenset({"image", "mask", "split", "name", "group"})


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


def write_arrow(listing: Listing, folder: Path) -> Generator[Progress, None, ImportSummary]:
    """Write every item to ``folder/items.arrow``, an Arrow stream that ``datasets.Dataset.from_file`` opens.

    The file appears under its name only once it is whole. Yields at least every 100 ms as long as the source hands out
    records that fast.

    Raises:
        UserError: No record at all, a name twice, a label without a class, an image too large, or a full disk.
    """
    import pyarrow as pa

    splits: Counter[str] = Counter()
    partial = folder / f".{ITEMS}{TEMPORARY}"
    digest = hashlib.sha256(_line({key: list(classes) for key, classes in listing.label_sets.items()}))
    if listing.palette:
        digest.update(_line(asdict(listing.palette)))
    names: set[str] = set()
    batch: list[Item] = []
    batch_bytes = 0
    yield Progress(stage="importing", done=0, total=listing.total)
    schema = schema_of(listing)
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
                batch_bytes += _hash(record, digest)
                batch.append(record)
                if len(batch) >= BATCH_RECORDS or batch_bytes >= BATCH_BYTES:
                    writer.write_batch(batch_of(batch, schema, listing.content))
                    batch, batch_bytes = [], 0
                if time.monotonic() - reported >= REPORT_SECONDS:
                    yield Progress(stage="importing", done=len(names), total=listing.total)
                    reported = time.monotonic()
            if batch:
                writer.write_batch(batch_of(batch, schema, listing.content))
        if not names:
            noun = "questions" if listing.content == "questions" else "images"
            raise UserError(
                f"there are no {noun} in this source",
                where=listing.name,
                remedy="check what it holds, and what is left out of it",
            )
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


def read_metadata(schema: Any) -> tuple[Content, Palette | None]:
    """What the items are, and the masks' palette; files of the first versions hold images and do not say so.

    Raises:
        ValueError, KeyError, TypeError: The metadata are not what :func:`write_arrow` wrote.
    """
    values = json.loads((schema.metadata or {}).get(_METADATA, b'{"content": "images"}'))
    content, palette = values["content"], values.get("palette")
    if content not in ("images", "masks", "questions"):
        raise ValueError(f"unknown content {content!r}")
    if palette is None:
        return cast(Content, content), None
    colours = tuple((int(red), int(green), int(blue)) for red, green, blue in palette["colours"])
    classes = tuple(str(name) for name in palette["classes"])
    if len(colours) != len(classes):
        raise ValueError("the palette has not one colour a class")
    return cast(Content, content), Palette(classes=classes, colours=colours, coding=palette["coding"])


def label_sets_of(schema: Any) -> dict[str, tuple[str, ...]]:
    """Label set to its classes, from the columns' features."""
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    return {key: tuple(value["names"]) for key, value in features.items() if value.get("_type") == "ClassLabel"}


def _line(*values: Any) -> bytes:
    """Values as one unambiguous line for a digest."""
    return json.dumps(values, ensure_ascii=True).encode() + b"\n"


def _hash(record: Item, digest: Any) -> int:
    """Add a record to the digest; returns about how many bytes it takes."""
    if isinstance(record, Question):
        line = _line(asdict(record))
        digest.update(line)
        return len(line)
    digest.update(_line(record.name, record.split, record.labels, len(record.image)))
    digest.update(record.image)
    if record.mask is not None or record.group:
        digest.update(_line(record.group, len(record.mask or b"")))
        digest.update(record.mask or b"")
    return len(record.image) + len(record.mask or b"")


def _check(record: Item, listing: Listing, names: set[str]) -> None:
    assert isinstance(record, Question) == (listing.content == "questions"), record.name
    if record.name in names:
        noun = "questions" if listing.content == "questions" else "images"
        raise UserError(f"two {noun} have the same name", where=record.name, remedy="rename one of them")
    if isinstance(record, Question):
        return
    assert len(record.labels) == len(listing.label_sets), record.name
    assert (record.mask is not None) == (listing.content == "masks"), record.name
    if len(record.image) > LARGEST_IMAGE or len(record.mask or b"") > LARGEST_IMAGE:
        raise UserError("an image file is larger than 1 GiB", where=record.name, remedy="leave it out")
    for label, (key, classes) in zip(record.labels, listing.label_sets.items(), strict=True):
        if not UNKNOWN <= label < len(classes):
            raise UserError(
                f"{key} {label} is none of the {len(classes)} classes", where=record.name, remedy="correct the label"
            )


def schema_of(listing: Listing) -> Any:
    import datasets  # more than a second of importing; an import that never happens should not cost it

    text, columns = datasets.Value("string"), {}
    if listing.content == "questions":
        answers = {"text": datasets.List(text), "answer_start": datasets.List(datasets.Value("int64"))}
        columns = {"context": text, "question": text, "answers": answers, "impossible": datasets.Value("bool")}
    else:
        assert listing.label_sets or listing.content == "masks"
        assert not listing.label_sets.keys() & _TAKEN, list(listing.label_sets)
        columns = {"image": datasets.Image()}
        columns |= {key: datasets.ClassLabel(names=list(classes)) for key, classes in listing.label_sets.items()}
        if listing.content == "masks":
            columns["mask"] = datasets.Image()
    schema = datasets.Features({**columns, "split": text, "name": text, "group": text}).arrow_schema
    ours = {"content": listing.content, "palette": asdict(listing.palette) if listing.palette else None}
    return schema.with_metadata({**schema.metadata, _METADATA: json.dumps(ours).encode()})


def batch_of(items: Sequence[Item], schema: Any, content: Content) -> Any:
    import pyarrow as pa

    columns = _of_questions(items) if content == "questions" else _of_images(items, masks=content == "masks")
    places = [[getattr(item, key) for item in items] for key in ("split", "name", "group")]
    return pa.record_batch([*columns, *map(pa.array, places)], schema=schema)


def _of_images(items: Sequence[Item], *, masks: bool) -> list[Any]:
    import pyarrow as pa

    records = [item for item in items if isinstance(item, Record)]
    labels = [pa.array(column, pa.int64()) for column in zip(*(record.labels for record in records), strict=True)]
    more = [_files([record.mask or b"" for record in records])] if masks else []
    return [_files([record.image for record in records]), *labels, *more]


def _files(contents: list[bytes]) -> Any:
    import pyarrow as pa

    columns = [pa.array(contents, pa.binary()), pa.nulls(len(contents), pa.string())]
    return pa.StructArray.from_arrays(columns, names=["bytes", "path"])


def _of_questions(items: Sequence[Item]) -> list[Any]:
    import pyarrow as pa

    questions = [item for item in items if isinstance(item, Question)]
    texts = pa.array([[answer.text for answer in question.answers] for question in questions], pa.list_(pa.string()))
    starts = pa.array([[answer.start for answer in question.answers] for question in questions], pa.list_(pa.int64()))
    return [
        pa.array([question.context for question in questions], pa.string()),
        pa.array([question.question for question in questions], pa.string()),
        pa.StructArray.from_arrays([texts, starts], names=["text", "answer_start"]),
        pa.array([question.impossible for question in questions], pa.bool_()),
    ]
