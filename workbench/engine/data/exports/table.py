"""Tables: a CSV file beside the images that it lists, and one Parquet file that holds the images as well."""

import csv
import json
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.exports.naming import (
    IMAGES,
    Namer,
    one_line,
    one_line_names,
    renamed,
    safe_part,
    split_suffix,
)
from workbench.engine.data.source import UNKNOWN, Listing, Record
from workbench.engine.data.sources.columns import CLASSES_KEY
from workbench.engine.events import Progress

ITEMS_CSV, ITEMS_PARQUET = "items.csv", "items.parquet"
BATCH_RECORDS, BATCH_BYTES = 1000, 8 << 20
_TAKEN = ("path", "image", "split", "group", "name")


def write_csv(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``images/`` and ``items.csv``: path, a column of class names a label set, split, group, name.

    The classes in their order are in ``<column>.classes.txt``, so that labels keep their numbers. An unknown label is
    an empty field.
    """
    classes = {key: one_line_names(names) for key, names in listing.label_sets.items()}
    columns = _columns(listing)
    namer, pace = Namer(), Pace("exporting", total=listing.total)
    with (folder / ITEMS_CSV).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["path", *columns, "split", "group", "name"])
        for record in listing.records():
            assert isinstance(record, Record)
            path = namer.free(IMAGES, *split_suffix(record.name, record.image))
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(record.image)
            names = _names(record, classes)
            rows.writerow(
                [path, *(name or "" for name in names), record.split, *map(one_line, (record.group, record.name))]
            )
            yield from pace.tick()
    for column, listed in zip(columns, classes.values(), strict=True):
        if listed:
            text = "\n".join(listed) + "\n"
            (folder / f"{safe_part(column)}.classes.txt").write_text(text, encoding="utf-8", newline="\n")
    return _notes(listing, classes)


def write_parquet(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``items.parquet``: image (a struct of bytes and path, as in the Hub's sets), the same columns as the CSV.

    The schema's metadata hold the classes in their order, and what the ``datasets`` library wants to know.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = _columns(listing)
    texts = [*columns, "split", "group", "name"]
    fields = [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        *((name, pa.string()) for name in texts),
    ]
    text_feature = {"dtype": "string", "_type": "Value"}
    features = {"image": {"_type": "Image"}, **dict.fromkeys(texts, text_feature)}
    classes = {column: list(names) for column, names in zip(columns, listing.label_sets.values(), strict=True)}
    schema = pa.schema(fields).with_metadata(
        {"huggingface": json.dumps({"info": {"features": features}}), CLASSES_KEY: json.dumps(classes)}
    )
    pace = Pace("exporting", total=listing.total)
    batch: list[Record] = []
    size = 0
    with pq.ParquetWriter(folder / ITEMS_PARQUET, schema) as writer:
        for record in listing.records():
            assert isinstance(record, Record)
            batch.append(record)
            size += len(record.image)
            if len(batch) >= BATCH_RECORDS or size >= BATCH_BYTES:
                writer.write_batch(_batch(batch, listing, schema))
                batch, size = [], 0
            yield from pace.tick()
        if batch:
            writer.write_batch(_batch(batch, listing, schema))
    return ()


def _batch(records: Sequence[Record], listing: Listing, schema: Any) -> Any:
    import pyarrow as pa

    images = [{"bytes": record.image, "path": None} for record in records]
    labels = zip(*(_names(record, listing.label_sets) for record in records), strict=True)
    others = ([getattr(record, key) for record in records] for key in ("split", "group", "name"))
    columns = [
        pa.array(images, schema.field(0).type),
        *(pa.array(column, pa.string()) for column in (*labels, *others)),
    ]
    return pa.record_batch(columns, schema=schema)


def _columns(listing: Listing) -> list[str]:
    """A column a label set."""
    return [f"{key}_label" if key in _TAKEN else key for key in listing.label_sets]


def _names(record: Record, classes: Mapping[str, Sequence[str]]) -> list[str | None]:
    """The class name in each label set, ``None`` where not known."""
    pairs = zip(record.labels, classes.values(), strict=True)
    return [None if label == UNKNOWN else names[label] for label, names in pairs]


def _notes(listing: Listing, classes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(note for key, names in classes.items() for note in renamed(listing.label_sets[key], names))


EXPORTS.add("csv", ExportFormat(title="CSV table beside the images", contents=("images",), write=write_csv))
EXPORTS.add(
    "parquet", ExportFormat(title="Parquet: one file with the images in it", contents=("images",), write=write_parquet)
)
