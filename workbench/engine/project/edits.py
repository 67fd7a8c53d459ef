"""What a person changes of an imported dataset: splits, exclusions, labels, names and colours of classes.

The imported file never changes. Every change is a row of a journal; what the dataset is now follows from replaying
those that are not undone over what was imported. Undo marks the last one, redo takes the mark off again.
"""

import hashlib
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.engine.project.store import Store

Items = NDArray[np.int64]
Kind = Literal["split", "exclude", "include", "label", "name", "colour"]
MASK = "mask"
"""Stands for the masks' classes where a label set is named."""
PUBLISHED = "published"
"""The value of an edit that puts the splits back as the source gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change, as it is told and undone.

    Attributes:
        kind: ``"split"`` puts items into splits, ``"exclude"`` and ``"include"`` leave them out and take them in
            again, ``"label"`` gives them a class, ``"name"`` and ``"colour"`` change a class itself.
        text: What was done, in words ("12 images moved to test").
        parts: New value (a split's name, a label as text, ``""`` for the kinds that need none) to item ids.
        label_set: Of a label, name or colour; :data:`MASK` for the classes of the masks.
        label: Of a name or colour.
        value: The new name; the new colour as ``"#rrggbb"``; for splits the protocol that drew them, ``""`` by hand.
    """

    kind: Kind
    text: str
    parts: Mapping[str, Items] = field(default_factory=dict)
    label_set: str = ""
    label: int = -1
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """What a dataset is after all edits. Do not change the arrays.

    Attributes:
        labels: Label set to int64[N], -1 unknown.
        classes: Label set to class names; the masks' under :data:`MASK`.
        colours: Label set to label to ``"#rrggbb"``, where a person chose one.
        splits: str[N].
        excluded: bool[N], left out of everything.
        relabelled: bool[N], a person gave the label.
        protocol: What drew the splits, ``""`` where they are as published.
        moved: Items that were moved by hand since.
        digest: SHA-256 in hex of the edits that decide about items; ``""`` where nothing was edited.
    """

    labels: Mapping[str, Items]
    classes: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, Mapping[int, str]]
    splits: NDArray[np.str_]
    excluded: NDArray[np.bool_]
    relabelled: NDArray[np.bool_]
    protocol: str = ""
    moved: int = 0
    digest: str = ""

    def __len__(self) -> int:
        return len(self.splits)


def as_imported(
    *, labels: Mapping[str, Items], classes: Mapping[str, tuple[str, ...]], splits: NDArray[np.str_]
) -> Curated:
    """A dataset that nobody has edited."""
    nothing = np.zeros(len(splits), bool)
    return Curated(
        labels=labels, classes=classes, colours={}, splits=splits, excluded=nothing, relabelled=nothing.copy()
    )


def replay(imported: Curated, edits: Sequence[Edit]) -> Curated:
    """``imported`` with ``edits`` done in order."""
    if not edits:
        return imported
    labels = {key: values.copy() for key, values in imported.labels.items()}
    classes = {key: list(names) for key, names in imported.classes.items()}
    colours: dict[str, dict[int, str]] = {key: {} for key in imported.classes}
    widest = max((len(value) for edit in edits if edit.kind == "split" for value in edit.parts), default=0)
    splits = imported.splits.astype(f"<U{max(1, widest, imported.splits.dtype.itemsize // 4)}")  # a copy, wide enough
    excluded, relabelled = imported.excluded.copy(), imported.relabelled.copy()
    moved = np.zeros(len(splits), bool)
    protocol = imported.protocol
    digest = hashlib.sha256()
    for edit in edits:
        if edit.parts:
            digest.update(json.dumps([edit.kind, edit.label_set, edit.value]).encode())
        if edit.kind == "split" and edit.value:
            protocol = "" if edit.value == PUBLISHED else edit.value
            moved[:] = False
        for value, items in edit.parts.items():
            digest.update(f"{value} {len(items)} ".encode() + items.astype("<i8").tobytes())
            match edit.kind:
                case "split":
                    splits[items] = value
                    moved[items] |= not edit.value
                case "exclude" | "include":
                    excluded[items] = edit.kind == "exclude"
                case _:
                    labels[edit.label_set][items] = int(value)
                    relabelled[items] = True
        if edit.kind == "name":
            classes[edit.label_set][edit.label] = edit.value
        elif edit.kind == "colour":
            colours[edit.label_set][edit.label] = edit.value
    return replace(
        imported,
        labels=labels,
        classes={key: tuple(names) for key, names in classes.items()},
        colours=colours,
        splits=splits,
        excluded=excluded,
        relabelled=relabelled,
        protocol=protocol,
        moved=int(moved.sum()),
        digest=digest.hexdigest() if any(edit.parts for edit in edits) else "",
    )


class EditJournal:
    """The edits of one dataset, on the disk the moment they are made."""

    def __init__(self, store: Store, dataset: str) -> None:
        self._store, self._dataset = store, dataset

    def done(self) -> list[Edit]:
        """All edits that are in force, oldest first."""
        rows = self._store.query("SELECT * FROM edits WHERE dataset = ? AND NOT undone ORDER BY number", self._dataset)
        return [_from_row(row) for row in rows]

    def last(self) -> Edit | None:
        """What :meth:`undo` would undo."""
        return self._one("NOT undone ORDER BY number DESC")

    def next(self) -> Edit | None:
        """What :meth:`redo` would do again."""
        return self._one("undone ORDER BY number")

    def add(self, edit: Edit) -> None:
        """Do an edit; those that were undone before can no longer be done again."""
        head, blob = _to_row(edit)
        with self._store.transaction() as db:
            db.execute("DELETE FROM edits WHERE dataset = ? AND undone", (self._dataset,))
            db.execute(
                "INSERT INTO edits (dataset, edit, items, moment) VALUES (?, ?, ?, ?)",
                (self._dataset, head, blob, time.time()),
            )

    def undo(self) -> Edit | None:
        """Take the last edit back; returns it, or ``None`` where there is none."""
        return self._mark(1, "NOT undone ORDER BY number DESC")

    def redo(self) -> Edit | None:
        """Do the edit again that was undone last; returns it, or ``None``."""
        return self._mark(0, "undone ORDER BY number")

    def _one(self, which: str) -> Edit | None:
        rows = self._store.query(f"SELECT * FROM edits WHERE dataset = ? AND {which} LIMIT 1", self._dataset)
        return _from_row(rows[0]) if rows else None

    def _mark(self, undone: int, which: str) -> Edit | None:
        with self._store.transaction() as db:
            row = db.execute(f"SELECT * FROM edits WHERE dataset = ? AND {which} LIMIT 1", (self._dataset,)).fetchone()
            if row is None:
                return None
            db.execute("UPDATE edits SET undone = ? WHERE number = ?", (undone, row["number"]))
            return _from_row(row)


def _to_row(edit: Edit) -> tuple[str, bytes]:
    head = {
        "kind": edit.kind,
        "text": edit.text,
        "label_set": edit.label_set,
        "label": edit.label,
        "value": edit.value,
        "parts": [[value, len(items)] for value, items in edit.parts.items()],
    }
    ids = b"".join(items.astype("<i8").tobytes() for items in edit.parts.values())
    return json.dumps(head), zlib.compress(ids, 1)  # the person waits for it


def _from_row(row: Any) -> Edit:
    head = json.loads(row["edit"])
    items, start = np.frombuffer(zlib.decompress(row["items"]), "<i8").astype(np.int64), 0
    parts = {}
    for value, count in head.pop("parts"):
        parts[value] = items[start : start + count]
        start += count
    return Edit(**head, parts=parts)
