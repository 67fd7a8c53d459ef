"""Edits as a person makes them, worded: what is moved, left out, given a class, renamed, drawn anew.

Each function gives the :class:`~workbench.engine.project.edits.Edit` to put into the journal, over those items only
that it changes, or ``None`` where it would change nothing. Nothing is written here.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.project.edits import MASK, PUBLISHED, Edit

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

Items = NDArray[np.int64]
NO_SPLIT = "no split"
SPLITS = ("train", "validation", "test", "")
"""The splits that items can be moved to; the last one is none."""

_PRECIOUS = {"test": 0, "validation": 1, "train": 2}
_LONGEST = 40  # characters of a class's name in a sentence


def split_text(split: str) -> str:
    """The split in words."""
    return split or NO_SPLIT


def noun(dataset: "Dataset") -> str:
    """What the items are called, one of them."""
    return "question" if dataset.items.content == "questions" else "image"


def counted_items(dataset: "Dataset", number: int) -> str:
    """``"1 image"``, ``"12 questions"``."""
    return f"{number:,} {noun(dataset)}{'' if number == 1 else 's'}"


def moved(dataset: "Dataset", items: Items, split: str) -> Edit | None:
    """Put ``items`` into ``split``."""
    items = items[dataset.state.splits[items] != split]
    if not len(items):
        return None
    words = f"moved to {split}" if split else "taken out of their split"
    return Edit(kind="split", text=f"{counted_items(dataset, len(items))} {words}", parts={split: items})


def excluded(dataset: "Dataset", items: Items) -> Edit | None:
    """Leave ``items`` out of everything."""
    items = items[~dataset.state.excluded[items]]
    return _plain(dataset, "exclude", items, "excluded") if len(items) else None


def included(dataset: "Dataset", items: Items) -> Edit | None:
    """Take ``items`` in again that were excluded."""
    items = items[dataset.state.excluded[items]]
    return _plain(dataset, "include", items, "included again") if len(items) else None


def _plain(dataset: "Dataset", kind: Any, items: Items, verb: str) -> Edit:
    return Edit(kind=kind, text=f"{counted_items(dataset, len(items))} {verb}", parts={"": items})


def relabelled(dataset: "Dataset", items: Items, *, label_set: str, label: int) -> Edit | None:
    """Give ``items`` the class ``label`` of ``label_set``; -1 for unknown."""
    items = items[dataset.state.labels[label_set][items] != label]
    if not len(items):
        return None
    name = dataset.state.classes[label_set][label] if label >= 0 else "unknown"
    text = f"{counted_items(dataset, len(items))} given the class {_short(name)}"
    return Edit(kind="label", text=text, parts={str(label): items}, label_set=label_set)


def renamed(dataset: "Dataset", *, label_set: str, label: int, name: str) -> Edit | None:
    """Call a class something else. Raises ``ValueError``, in words, for a name that it cannot have."""
    plain = " ".join(name.split())
    names = dataset.state.classes[label_set]
    if not plain:
        raise ValueError("A class needs a name")
    if not plain.isprintable():
        raise ValueError("A class's name cannot hold control characters")
    if len(plain) > 200:
        raise ValueError("A class's name cannot be longer than 200 characters")
    if plain == names[label]:
        return None
    if plain in names:
        raise ValueError(f"Another class is called {_short(plain)} already")
    text = f"class {_short(names[label])} renamed to {_short(plain)}"
    return Edit(kind="name", text=text, label_set=label_set, label=label, value=plain)


def recoloured(dataset: "Dataset", *, label_set: str, label: int, colour: str) -> Edit | None:
    """Draw a class in ``colour``, ``"#rrggbb"``."""
    if dataset.state.colours.get(label_set, {}).get(label) == colour:
        return None
    name = dataset.state.classes[label_set][label]
    text = f"class {_short(name)} drawn in {colour}"
    return Edit(kind="colour", text=text, label_set=label_set, label=label, value=colour)


def divided(dataset: "Dataset", parts: Mapping[str, Items], *, protocol: str) -> Edit:
    """Split the whole set as ``protocol`` has drawn it; items in none of ``parts`` are in no split then."""
    left = np.ones(len(dataset.state), bool)
    for items in parts.values():
        left[items] = False
    whole = {split: items for split, items in parts.items() if len(items)}
    if left.any():
        whole[""] = np.flatnonzero(left)
    return Edit(kind="split", text=f"split {protocol}", parts=whole, value=protocol)


def published_again(dataset: "Dataset") -> Edit | None:
    """Give every item the split that its source gives it."""
    before = dataset.items.splits()
    state = dataset.state
    if not state.protocol and bool((before == state.splits).all()):
        return None
    parts = {str(split): np.flatnonzero(before == split) for split in np.unique(before)}
    return Edit(kind="split", text="splits put back as they were imported", parts=parts, value=PUBLISHED)


def label_sets(dataset: "Dataset") -> tuple[str, ...]:
    """The sets of classes that a person can edit, those of the masks last."""
    return (*dataset.items.label_sets, *((MASK,) if dataset.items.palette else ()))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def spare(dataset: "Dataset", clusters: Sequence[Sequence[int]]) -> Items:
    """All but one item of each cluster. The one that stays is the first in the most precious split: test, validation,
    train, none; so no test set gets smaller for a copy in train.
    """
    splits = dataset.state.splits
    left: list[int] = []
    for cluster in clusters:
        kept = min(cluster, key=lambda item: _PRECIOUS.get(str(splits[item]), len(_PRECIOUS)))
        left.extend(item for item in cluster if item != kept)
    return np.unique(np.array(left, np.int64))


def leaks(dataset: "Dataset", clusters: Sequence[Sequence[int]]) -> Items:
    """Items in train that share a cluster with one in validation or test."""
    splits = dataset.state.splits
    found: list[int] = []
    for cluster in clusters:
        where = {str(splits[item]) for item in cluster}
        if where & {"validation", "test"}:
            found.extend(item for item in cluster if splits[item] == "train")
    return np.unique(np.array(found, np.int64))
