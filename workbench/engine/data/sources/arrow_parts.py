"""Listings of Arrow tables: of Parquet and Arrow files, of what ``datasets`` saved, and of the Hub's sets.

A set is a list of parts, mostly one a file, that agree in their columns. Small columns are read whole; images are
streamed a few at a time. What the columns are for is told by the features that ``datasets`` writes into the schema, and
guessed where there are none.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.engine.data.source import Content, Listing, Palette
from workbench.engine.data.sources.arrow_masks import palette_of
from workbench.engine.data.sources.arrow_questions import QUESTION_COLUMNS, question_listing
from workbench.engine.data.sources.classes import item_name
from workbench.engine.data.sources.columns import (
    CLASSES_KEY,
    LABEL_NAMES,
    Kind,
    Roles,
    guess_roles,
    own_classes,
    unique_names,
)
from workbench.engine.data.sources.rows import Images, Rows, Skipped, listing_of
from workbench.engine.errors import UserError

LARGEST_ROWS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a set.

    Attributes:
        where: What to call it in messages.
        split: The split that it is named after, in its own words; ``""`` where it is named after none.
        rows: How many there are.
        schema: An Arrow schema.
        light: The table of some small columns, whole.
        batches: Starts a pass over some columns, a few rows at a time (record batches or tables).
        find: The image that a path in the part names, as its content; ``None`` where there is none.
        resolves: Whether :attr:`find` would find it, without reading it.
    """

    where: str
    split: str
    rows: int
    schema: Any
    light: Callable[[list[str]], Any]
    batches: Callable[[list[str]], Iterator[Any]]
    find: Callable[[str], bytes | None]
    resolves: Callable[[str], bool]


def parts_listing(parts: Sequence[Part], *, kind: str, name: str, where: str, explain: bool = False) -> Listing:
    """The listing of some parts.

    Args:
        where: The set, for messages.
        explain: Whether to note what each column was taken for even where the set itself says so.

    Raises:
        UserError: The parts differ, hold neither images nor questions, or hold labels that are none.
    """
    schema = _common_schema(parts)
    if sum(part.rows for part in parts) > LARGEST_ROWS:
        raise UserError(f"there are more than {LARGEST_ROWS:,} rows", where=where, remedy="import a part of it")
    if set(schema.names) >= QUESTION_COLUMNS:
        return question_listing(parts, kind=kind, name=name, where=where)
    columns = _Columns(parts, schema)
    roles = guess_roles(
        columns.kinds, values=columns.head, resolves=lambda _, text: any(part.resolves(text) for part in parts[:3])
    )
    if not roles.image and not roles.path:
        raise UserError(
            f"there is no image column among {', '.join(schema.names) or 'no columns'}", where=where,
            remedy="choose a set of images",
        )  # fmt: skip
    keys = [key for part in parts for key in [part.split] * part.rows]
    totals, counts = Counter(keys), Counter[str]()
    names: list[str] = []
    for key in keys:
        names.append(item_name(key or "items", counts[key], total=totals[key]))
        counts[key] += 1
    needed = [column for column in (roles.split, roles.group, roles.name, *roles.labels) if column]
    rows = Rows(
        kind=kind,
        name=name,
        where=where,
        columns={column: columns.whole(column) for column in needed},
        kinds=columns.kinds,
        splits=keys,
        names=names,
        place=lambda row: f"{names[row]} of {where}",
    )
    skipped = Skipped()
    images = _streamed(parts, roles, rows) if roles.image else _by_path(parts, columns.whole(roles.path), rows, skipped)
    content: Content = "masks" if roles.mask else "images"
    palette: Palette | None = None
    if roles.mask:
        palette = palette_of(schema, masks=lambda: ((rows.place(row), mask or b"") for row, _, mask in images()))
    listing = listing_of(
        rows, roles, images, skipped=skipped, notes=_notes(roles, columns.kinds, explain=explain), content=content,
        palette=palette,
    )  # fmt: skip
    if not listing.total and listing.problems:
        first = listing.problems[0]
        raise UserError(first.what, where=first.where, remedy=first.remedy)
    return listing


def kinds_of(schema: Any) -> dict[str, Kind]:
    """Column to what it holds, from the features in the schema's metadata and the columns' types."""
    import pyarrow as pa

    features = _features(schema)
    classes = own_classes((schema.metadata or {}).get(CLASSES_KEY.encode()))
    kinds = {}
    for field in schema:
        feature = features.get(field.name)
        feature = feature if isinstance(feature, Mapping) else {}
        kinds[field.name] = _kind(field.type, feature, classes.get(field.name), pa)
    return kinds


def _kind(type: Any, feature: Mapping[str, Any], classes: tuple[str, ...] | None, pa: Any) -> Kind:
    text = type.value_type if pa.types.is_dictionary(type) else type
    if pa.types.is_struct(type) and {"bytes", "path"} <= {type.field(place).name for place in range(type.num_fields)}:
        content = type.field("bytes").type
        path = type.field("path").type
        files = (pa.types.is_binary(content) or pa.types.is_large_binary(content)) and _is_text(path, pa)
        return Kind("image" if files else "other")
    if pa.types.is_binary(type) or pa.types.is_large_binary(type):
        return Kind("image" if feature.get("_type") == "Image" else "bytes")
    if pa.types.is_integer(type):
        if feature.get("_type") == "ClassLabel":
            try:
                return Kind("class", unique_names(feature.get("names")))
            except ValueError:
                return Kind("whole")
        return Kind("whole")
    if _is_text(text, pa) or pa.types.is_boolean(type):
        return Kind("text", classes)
    # What a table of whole numbers with gaps becomes in some programs; the values say whether it is one.
    return Kind("whole" if pa.types.is_floating(type) else "other")


def _is_text(type: Any, pa: Any) -> bool:
    return bool(pa.types.is_string(type) or pa.types.is_large_string(type))


def _features(schema: Any) -> Mapping[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


class _Columns:
    """The small columns of all parts, each read when it is first asked for."""

    def __init__(self, parts: Sequence[Part], schema: Any) -> None:
        import pyarrow as pa

        self._parts = parts
        self._read: dict[str, list[Any]] = {}
        self.kinds = kinds_of(schema)
        for column in schema.names:  # numbers with a point are labels only where none of them needs it
            if pa.types.is_floating(schema.field(column).type):
                likely = column.strip().casefold() in LABEL_NAMES
                fits = likely and all(
                    value is None or value != value or value.is_integer() for value in self.whole(column)
                )
                self.kinds[column] = Kind("whole" if fits else "other")

    def whole(self, column: str) -> list[Any]:
        if column not in self._read:
            self._read[column] = [value for part in self._parts for value in _values(part, column)]
        return self._read[column]

    def head(self, column: str) -> list[Any]:
        return self.whole(column)[:1000]


def _values(part: Part, column: str) -> list[Any]:
    try:
        values: list[Any] = part.light([column])[column].to_pylist()
    except ValueError as error:  # text that is no UTF-8
        raise UserError(f"the column {column!r} is damaged ({error})", where=part.where) from error
    if len(values) != part.rows:
        raise _too_few(part)
    return values


def _too_few(part: Part) -> UserError:
    return UserError("the file is damaged (it does not hold as many rows as it says)", where=part.where)


def _common_schema(parts: Sequence[Part]) -> Any:
    first = parts[0]
    if len(set(first.schema.names)) != len(first.schema.names):
        raise UserError("two columns have the same name", where=first.where, remedy="rename one of them")
    for part in parts[1:]:
        if part.schema.names != first.schema.names or part.schema.types != first.schema.types:
            raise UserError(
                f"its columns are not those of {first.where}", where=part.where, remedy="import one of them alone"
            )
    return first.schema


def _streamed(parts: Sequence[Part], roles: Roles, rows: Rows) -> Images:
    """Images that the table itself holds."""
    wanted = [column for column in (roles.image, roles.mask) if column]

    def images() -> Iterator[tuple[int, bytes, bytes | None]]:
        row = end = 0
        for part in parts:
            end += part.rows
            for batch in part.batches(wanted):
                if row + batch.num_rows > end:
                    raise _too_few(part)
                masks = batch.column(roles.mask).to_pylist() if roles.mask else [None] * batch.num_rows
                for cell, mask in zip(batch.column(roles.image).to_pylist(), masks, strict=True):
                    place = rows.place(row)
                    yield row, _encoded(cell, part, place), _encoded(mask, part, place) if roles.mask else None
                    row += 1
            if row != end:
                raise _too_few(part)

    return images


def _encoded(cell: Any, part: Part, where: str) -> bytes:
    """The file in a cell: its bytes, or what its path names."""
    content = cell.get("bytes") if isinstance(cell, Mapping) else cell
    if content is None and isinstance(cell, Mapping) and cell.get("path"):
        content = part.find(cell["path"])
    if content is None:
        raise UserError("the set has no image here", where=where, remedy="leave the item out of the set")
    return bytes(content)


def _by_path(parts: Sequence[Part], paths: Sequence[Any], rows: Rows, skipped: Skipped) -> Images:
    """Images that a column names."""
    owners = [part for part in parts for _ in range(part.rows)]
    for row, (path, part) in enumerate(zip(paths, owners, strict=True)):
        if path in (None, "") or not part.resolves(str(path)):
            what = f"there is no image file {str(path or '')!r}"
            skipped.add(row, "missing-image", what, rows.place(row), "correct the path")

    def images() -> Iterator[tuple[int, bytes, None]]:
        for row, (path, part) in enumerate(zip(paths, owners, strict=True)):
            if row not in skipped.rows:
                content = part.find(str(path))
                if content is None:
                    raise UserError(f"there is no image file {str(path)!r}", where=rows.place(row))
                yield row, content, None

    return images


def _notes(roles: Roles, kinds: Mapping[str, Kind], *, explain: bool) -> list[str]:
    if explain or roles.path or any(kinds[column].classes is None for column in roles.labels):
        return [roles.note()]
    left = [column for column in roles.ignored if kinds[column].name == "image"]
    return [f"Images were taken from column {roles.image!r}; {', '.join(left)} were left out."] if left else []


def with_features(part: Part, features: Any) -> Part:
    """``part`` with its columns' features as a file beside it gives them, which wins over the schema's own."""
    metadata = {**(part.schema.metadata or {}), b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return replace(part, schema=part.schema.with_metadata(metadata))
