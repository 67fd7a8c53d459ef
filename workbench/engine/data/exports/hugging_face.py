"""A folder as the ``datasets`` library saves one: an Arrow file a split, memory-mapped by ``load_from_disk``.

The layout is written here rather than by the library, which would first copy everything into a cache of its own.
"""

import contextlib
import json
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.engine.data.arrow import BATCH_BYTES, BATCH_RECORDS, batch_of, schema_of
from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.source import Item, Listing, Question
from workbench.engine.data.sources.folder import UNSPLIT
from workbench.engine.events import Progress
from workbench.engine.files import write_json
from workbench.engine.waiting import waiting

DATA = "data-00000-of-00001.arrow"


@dataclass
class _Part:
    """The file of one split, and what is yet to be written to it."""

    writer: Any
    batch: list[Item] = field(default_factory=list)
    size: int = 0


def write(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``dataset_dict.json`` and a folder a split; items in no split are in ``unsplit``.

    Columns are those of an imported dataset (:mod:`workbench.engine.data.arrow`) without ``split``. The schema's
    metadata hold the masks' palette.
    """
    import pyarrow as pa

    full = yield from waiting(lambda: schema_of(listing), stage="preparing")  # imports a large library
    place = full.get_field_index("split")
    metadata = {key.decode(): value.decode() for key, value in full.metadata.items()}
    features = json.loads(metadata["huggingface"])["info"]["features"]
    del features["split"]
    metadata["huggingface"] = json.dumps({"info": {"features": features}})
    schema = full.remove(place).with_metadata(metadata)

    def flush(part: _Part) -> None:
        if not part.batch:
            return
        columns = batch_of(part.batch, full, listing.content).columns
        part.writer.write_batch(pa.record_batch(columns[:place] + columns[place + 1 :], schema=schema))
        part.batch.clear()
        part.size = 0

    pace = Pace("exporting", total=listing.total)
    parts: dict[str, _Part] = {}
    with contextlib.ExitStack() as stack:
        for record in listing.records():
            split = record.split or UNSPLIT
            if split not in parts:
                (folder / split).mkdir()
                file = stack.enter_context(pa.OSFile(str(folder / split / DATA), "wb"))
                parts[split] = _Part(stack.enter_context(pa.ipc.new_stream(file, schema)))
            part = parts[split]
            part.batch.append(record)
            part.size += _size(record)
            if len(part.batch) >= BATCH_RECORDS or part.size >= BATCH_BYTES:
                flush(part)
            yield from pace.tick()
        for part in parts.values():
            flush(part)
    for split in parts:
        write_json(folder / split / "dataset_info.json", {"features": features})
        write_json(folder / split / "state.json", _state(split))
    write_json(folder / "dataset_dict.json", {"splits": list(parts)})
    return ()


def _size(item: Item) -> int:
    """About how many bytes an item takes."""
    return len(item.context) if isinstance(item, Question) else len(item.image) + len(item.mask or b"")


def _state(split: str) -> dict[str, Any]:
    """What ``load_from_disk`` of datasets 2 to 5 reads."""
    return {
        "_data_files": [{"filename": DATA}],
        "_fingerprint": uuid.uuid4().hex[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": split,
    }


EXPORTS.add(
    "hugging-face",
    ExportFormat(
        title="Hugging Face datasets folder, for load_from_disk", contents=("images", "masks", "questions"), write=write
    ),
)
