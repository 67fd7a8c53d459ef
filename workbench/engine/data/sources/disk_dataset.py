"""Parquet and Arrow files, and the folders that the ``datasets`` library saves; read by pyarrow alone.

The library itself is not asked: it would need files on the disk, and knows ways to run what lies beside them. Nothing
here is ever executed or unpickled.
"""

import contextlib
import json
import posixpath
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.engine.data.source import SOURCES, Listing, SourceFormat
from workbench.engine.data.sources.arrow_parts import LARGEST_ROWS, Part, kinds_of, parts_listing, with_features
from workbench.engine.data.sources.arrow_questions import QUESTION_COLUMNS
from workbench.engine.data.sources.columns import named_split
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES
from workbench.engine.data.sources.places import Places, top_folder
from workbench.engine.data.tree import FolderTree, Tree, refuse_bomb
from workbench.engine.errors import UserError

BATCH_ROWS = 32  # images held at once
DICT, INFO, STATE = "dataset_dict.json", "dataset_info.json", "state.json"
_SUFFIXES = (".parquet", ".arrow")


def _recognise_saved(tree: Tree) -> bool:
    top = top_folder(tree)
    at_top = {posixpath.join(top, name) for name in (DICT, INFO, STATE)}.intersection(tree.files)
    return posixpath.join(top, DICT) in at_top or len(at_top) == 2


def _open_saved(tree: Tree) -> Listing:
    top = top_folder(tree)
    splits: dict[str, str] = {}  # folder to split
    if posixpath.join(top, DICT) in tree.files:
        names = _json(tree, posixpath.join(top, DICT)).get("splits")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise _not_saved(tree, DICT, "it names no splits")
        splits = {posixpath.join(top, name): name for name in names}
    else:
        split = _json(tree, posixpath.join(top, STATE)).get("_split")
        splits = {top: split if isinstance(split, str) and named_split(split) else ""}
    parts = [part for folder, split in splits.items() for part in _saved_parts(tree, folder, split)]
    if not parts:
        raise UserError("the saved dataset is empty", where=str(tree.path))
    return parts_listing(parts, kind="hugging-face", name=tree.name, where=tree.name)


def _saved_parts(tree: Tree, folder: str, split: str) -> Iterator[Part]:
    """The Arrow files of one split, in the order in which its state names them."""
    state = _json(tree, posixpath.join(folder, STATE))
    features = _json(tree, posixpath.join(folder, INFO)).get("features")
    files = state.get("_data_files")
    if not isinstance(files, list) or not all(isinstance(file, Mapping) for file in files):
        raise _not_saved(tree, posixpath.join(folder, STATE), "it names no files")
    if state.get("_indices_data_files"):
        raise _not_saved(
            tree, posixpath.join(folder, STATE), "it was saved by an old version that kept a selection apart"
        )
    for file in files:
        name = posixpath.join(folder, str(file.get("filename")))
        if name not in tree.files:
            raise UserError("a file of the saved dataset is missing", where=tree.locate(name), remedy="save it again")
        part = _arrow_part(tree, name, split)
        yield with_features(part, features) if isinstance(features, Mapping) else part


def _recognise_files(tree: Tree) -> bool:
    files = _data_files(tree)
    if not files:
        return False
    if len(tree.files) == len(files) or not any(name.lower().endswith(IMAGE_SUFFIXES) for name in tree.files):
        return True  # there is nothing else that it could be; what is wrong with it is said when it is opened
    try:
        part = _part(tree, files[0])
        kinds = kinds_of(part.schema)
        paths = [column for column, kind in kinds.items() if kind.name == "text"]
        held = any(kind.name in ("image", "bytes") for kind in kinds.values()) or set(kinds) >= QUESTION_COLUMNS
        return held or any(
            part.resolves(str(value)) for column in paths for value in part.light([column])[column].to_pylist()[:20]
        )
    except UserError:
        # At the top it is what the images belong to. Passed over, they would be labelled by their folders.
        return posixpath.dirname(files[0]) == top_folder(tree)


def _open_files(tree: Tree) -> Listing:
    parts = [_part(tree, name) for name in _data_files(tree)]
    return parts_listing(_ordered(parts), kind="parquet", name=tree.name, where=tree.name, explain=True)


def _ordered(parts: Sequence[Part]) -> list[Part]:
    """Training first, as a person expects; files of one split stay in their order."""
    order = ["train", "validation", "test", ""]
    return sorted(parts, key=lambda part: order.index(named_split(part.split) or ""))


def _data_files(tree: Tree) -> list[str]:
    """Parquet files, or Arrow files where there are none."""
    for suffix in _SUFFIXES:
        if found := [name for name in tree.files if name.lower().endswith(suffix)]:
            return found
    return []


def _part(tree: Tree, name: str) -> Part:
    path = PurePosixPath(name)
    words = [re.split(r"[-_.]", path.name)[0], *reversed(path.parts[:-1])]
    split = next((word for word in words if named_split(word) is not None), "")
    make = _parquet_part if name.lower().endswith(".parquet") else _arrow_part
    return make(tree, name, split)


def _parquet_part(tree: Tree, name: str, split: str) -> Part:
    import pyarrow as pa

    where = tree.locate(name)

    @contextlib.contextmanager
    def opened() -> Iterator[Any]:
        import pyarrow.parquet as pq

        source = str(_disk(tree, name)) if _disk(tree, name) else pa.BufferReader(tree.read(name))
        with _plain_errors(where), pq.ParquetFile(source) as file:
            yield file

    def light(columns: list[str]) -> Any:
        with opened() as file:
            table = file.read(columns=columns).select(columns)
            table.validate(full=True)
            return table

    def batches(columns: list[str]) -> Iterator[Any]:
        with opened() as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                batch.validate(full=True)
                yield batch.select(columns)

    with opened() as file:
        metadata = file.metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        if sum(group.num_rows for group in groups) != metadata.num_rows or metadata.num_rows < 0:
            raise _damaged(where, "its parts do not add up")
        refuse_bomb(where, packed=tree.size(name), plain=sum(max(group.total_byte_size, 0) for group in groups))
        return _with_places(tree, name, split, metadata.num_rows, file.schema_arrow, light, batches)


def _arrow_part(tree: Tree, name: str, split: str) -> Part:
    import pyarrow as pa

    where = tree.locate(name)

    def all_batches() -> Generator[Any, None, None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_plain_errors(where))
            disk = _disk(tree, name)
            source = stack.enter_context(pa.memory_map(str(disk)) if disk else pa.BufferReader(tree.read(name)))
            if source.read(6) == b"ARROW1":
                file = pa.ipc.open_file(source)
                yield file.schema
                found: Iterator[Any] = (file.get_batch(number) for number in range(file.num_record_batches))
            else:
                source.seek(0)
                stream = pa.ipc.open_stream(source)
                yield stream.schema
                found = iter(stream)
            for batch in found:
                batch.validate(full=True)  # offsets are checked before anything follows them
                yield batch

    def batches(columns: list[str]) -> Iterator[Any]:
        found = all_batches()
        next(found)  # the schema
        with contextlib.closing(found):
            for batch in found:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield batch.select(columns).slice(start, BATCH_ROWS)

    def light(columns: list[str]) -> Any:
        return pa.Table.from_batches(list(batches(columns)), schema=pa.schema([schema.field(name) for name in columns]))

    found = all_batches()
    schema = next(found)
    rows = sum(batch.num_rows for batch in found)
    return _with_places(tree, name, split, rows, schema, light, batches)


def _with_places(tree: Tree, name: str, split: str, rows: int, schema: Any, light: Any, batches: Any) -> Part:
    places = Places(tree, name)
    where = tree.locate(name)
    with _plain_errors(where):
        _decode_names(schema)
    if rows > LARGEST_ROWS:
        raise UserError(f"there are more than {LARGEST_ROWS:,} rows", where=where, remedy="import a part of it")

    def found(path: str) -> str | Path | None:
        return None if places.leaves(path) else places.find(path)

    def find(path: str) -> bytes | None:
        target = found(path)
        return None if target is None else places.read(target, path=path, where=where)

    return Part(
        where=where,
        split=split,
        rows=rows,
        schema=schema,
        light=light,
        batches=batches,
        find=find,
        resolves=lambda path: found(path) is not None,
    )


def _decode_names(fields: Any) -> None:
    """Ask for every name in a schema or a nested type: they are only decoded then, and may be no UTF-8."""
    for field in fields:
        assert isinstance(field.name, str)
        _decode_names(field.type.field(place) for place in range(field.type.num_fields))


def _disk(tree: Tree, name: str) -> Path | None:
    """Where a file of the tree is on the disk, if it is."""
    return Path(tree.locate(name)) if isinstance(tree, FolderTree) else None


def _json(tree: Tree, name: str) -> dict[str, Any]:
    if name not in tree.files:
        raise _not_saved(tree, name, "it is missing")
    try:
        found = json.loads(tree.read(name))
    except (ValueError, RecursionError) as error:
        raise _not_saved(tree, name, "it is no JSON") from error
    if not isinstance(found, dict):
        raise _not_saved(tree, name, "it holds no object")
    return found


@contextlib.contextmanager
def _plain_errors(where: str) -> Iterator[None]:
    """What pyarrow says of a damaged file becomes a :class:`UserError`."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError, MemoryError) as error:
        raise _damaged(where, str(error) or type(error).__name__) from error


def _damaged(where: str, why: str) -> UserError:
    return UserError(
        f"the file is damaged ({' '.join(why.split())[:200]})", where=where, remedy="fetch or make it again"
    )


def _not_saved(tree: Tree, name: str, why: str) -> UserError:
    return UserError(f"this is no dataset that datasets saved ({why})", where=tree.locate(name), remedy="save it again")


SOURCES.add(
    "hugging-face",
    SourceFormat(
        title="Hugging Face datasets folder, as save_to_disk writes it", recognise=_recognise_saved, open=_open_saved
    ),
)
SOURCES.add(
    "parquet",
    SourceFormat(
        title="Parquet or Arrow files with a column of images or of their paths",
        recognise=_recognise_files,
        open=_open_files,
    ),
)
