"""From the rows of a table to a listing, whatever kind of file the table was: its columns' roles are known here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.engine.data.source import UNKNOWN, Content, Listing, Palette, Problem, Record
from workbench.engine.data.sources.columns import Kind, Roles, label_set_names, to_labels, to_splits

Images = Callable[[], Iterator[tuple[int, bytes, bytes | None]]]
"""Starts a pass over a table's images: row, encoded image, encoded mask or ``None``. Rows ascend, with gaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table without its images.

    Attributes:
        kind, name: As in the listing.
        where: The table, for messages.
        columns: Column to one value a row; those that roles need.
        kinds: Column to what it holds.
        splits: The split that each row's file is named after, in its own words.
        names: What to call each row where no column does.
        place: Where a row stands, for messages.
    """

    kind: str
    name: str
    where: str
    columns: Mapping[str, Sequence[Any]]
    kinds: Mapping[str, Kind]
    splits: Sequence[str]
    names: Sequence[str]
    place: Callable[[int], str]


@dataclass
class Skipped:
    """Rows that cannot be items, and why."""

    rows: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: int, code: str, what: str, where: str, remedy: str = "") -> None:
        self.rows.add(row)
        self.problems.append(Problem(code=code, what=what, where=where, remedy=remedy))


def listing_of(
    rows: Rows,
    roles: Roles,
    images: Images,
    *,
    skipped: Skipped,
    notes: Sequence[str] = (),
    content: Content = "images",
    palette: Palette | None = None,
) -> Listing:
    """The listing of a table of images; rows in ``skipped`` are left out, and so are those whose label is none.

    Raises:
        UserError: A label column holds nothing that is a label.
    """
    keep = [row for row in range(len(rows.splits)) if row not in skipped.rows]
    label_sets: dict[str, tuple[str, ...]] = {}
    labels: list[dict[int, int]] = []
    for key, column in zip(label_set_names(roles.labels), roles.labels, strict=True):
        values = [rows.columns[column][row] for row in keep]
        classes, found, wrong = to_labels(values, kind=rows.kinds[column], column=column, where=rows.where)
        label_sets[key] = classes
        labels.append(dict(zip(keep, found, strict=True)))
        for place, what in wrong.items():
            skipped.add(keep[place], "label-range", what, rows.place(keep[place]), "correct the label")
    if not label_sets and content == "images":
        label_sets, labels = {"label": ()}, [dict.fromkeys(keep, UNKNOWN)]
        notes = [*notes, "There is no label column; every class is unknown."]
    splits, odd = to_splits(rows.columns[roles.split] if roles.split else rows.splits)
    notes = [*notes, *(f"Split {name!r} was kept as no split." for name in odd)]
    groups = [_text(value) for value in rows.columns[roles.group]] if roles.group else [""] * len(splits)
    names, noted = _names(rows, roles, skipped)
    kept = [row for row in keep if row not in skipped.rows]
    wanted = set(kept)

    def records() -> Iterator[Record]:
        for row, image, mask in images():
            if row in wanted:
                yield Record(
                    image=image,
                    labels=tuple(column[row] for column in labels),
                    split=splits[row],
                    name=names[row],
                    mask=mask,
                    group=groups[row],
                )

    return Listing(
        kind=rows.kind,
        name=rows.name,
        label_sets=label_sets,
        total=len(kept),
        records=records,
        notes=(*notes, *noted),
        content=content,
        palette=palette,
        problems=tuple(skipped.problems),
    )


def _names(rows: Rows, roles: Roles, skipped: Skipped) -> tuple[Sequence[str], tuple[str, ...]]:
    """The items' names: from their column if they differ there."""
    if not roles.name:
        return rows.names, ()
    names = [_text(value) for value in rows.columns[roles.name]]
    used = [name for row, name in enumerate(names) if row not in skipped.rows]
    if all(used) and len(set(used)) == len(used):
        return names, ()
    return rows.names, (f"Column {roles.name!r} does not tell the items apart, so it was not used for their names.",)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
