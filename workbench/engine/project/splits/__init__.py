"""Splits: named ways of dividing a dataset, and the stored manifest that every number names.

A protocol is a function from labels and published splits to item ids; a :class:`Split` is its result, frozen and
hashed. An old run keeps the split it was measured on whatever happens to the protocol, or to the data, later.

``division`` is what is divided and how parts are drawn, ``groups`` keeps together what belongs together,
``protocols`` holds the protocols; to add one, register it there.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.project.splits.division import TEST, TRAIN, VALIDATION, Division, Items
from workbench.engine.project.splits.protocols import AUTOMATIC, FRESH, PROTOCOLS, choose_protocol

__all__ = [
    "AUTOMATIC",
    "PROTOCOLS",
    "TEST",
    "TRAIN",
    "VALIDATION",
    "Division",
    "Items",
    "Split",
    "choose_protocol",
    "divide",
    "split_hash",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A dataset divided.

    Attributes:
        protocol: The protocol's full name, with its seed and shares.
        items: Split name to item ids, sorted.
        hash: SHA-256 over protocol, the data's fingerprint, label set and items, and over labels where they are kept
            with it; equal hashes are equal splits.
        facts: How it came about, as JSON knows it: ``protocol`` (as asked for), ``seed``, ``shares``, ``folds`` and
            ``fold``, ``limit``, ``stratified`` (by which labels), ``groups`` (the rule), ``splits`` (who made those
            of the data), ``edits`` (their digest), ``excluded`` and ``relabelled`` (items), ``counts`` (split to its
            number of items), and ``catch_all`` (the class of the items without a label) where there is one. Empty for
            splits of earlier versions.
        labels: int64[N], one an item, where a person had changed some by then or items without one got the catch-all
            class; ``None`` where they are as imported.
    """

    protocol: str
    items: Mapping[str, Items]
    hash: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    labels: Items | None = None

    @property
    def badge(self) -> str:
        """What stands beside every number: protocol and the hash's first four digits."""
        return f"{self.protocol} · split {self.hash[:4]}"


def divide(
    division: Division,
    *,
    protocol: str = AUTOMATIC,
    limit: int = 0,
    fingerprint: str = "",
    label_set: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Split:
    """Apply a protocol.

    Args:
        division: What to divide.
        protocol: A name in :data:`PROTOCOLS`, or ``"auto"``.
        limit: Keep at most this many items of each split, drawn with the seed; 0 keeps all.
        fingerprint: Of the data, part of the hash.
        label_set: Which labels were used, part of the hash.
        facts: What else to remember with the split.

    Raises:
        UserError: The protocol is unknown or does not fit, or leaves nothing to train or validate on.
    """
    if not division.all_items and not (division.labels >= 0).any():
        raise UserError("no item of this data has a label", remedy="label some first, or import data with classes")
    if not division.usable.any():
        which = "" if division.all_items else " that has a label"
        raise UserError(f"every item of this data{which} is excluded", remedy="take some in again")
    caught = division.catch_all >= 0
    chosen = choose_protocol(division) if protocol == AUTOMATIC else protocol
    name, parts = PROTOCOLS[chosen](division)
    if limit:
        draw = np.random.default_rng(division.seed)
        parts = {
            key: _limited(draw, items, limit, apart=caught & (division.labels[items] == division.catch_all))
            if len(items) > limit
            else items
            for key, items in parts.items()
        }
        name = f"{name} · at most {limit} each"
    if division.completed and chosen not in FRESH:
        name = f"{name} · unlabelled ones drawn with seed {division.seed}"
    for key in (TRAIN, VALIDATION):
        if not len(parts[key]):
            raise UserError(f"protocol {name!r} leaves nothing for {key}", remedy="use more data or a larger share")
    if caught and not (division.labels[parts[TRAIN]] == division.catch_all).any():
        raise UserError(
            f"under protocol {name!r} no item without a label is in train, so there is nothing to learn the catch-all "
            "class from",
            remedy="use data.protocol = random, put some into train in the Data panel, or leave data.catch_all empty",
        )
    relabelled = any(division.relabelled[items].any() for items in parts.values())
    labels = division.labels if relabelled or caught else None
    return Split(
        protocol=name,
        items=parts,
        hash=split_hash(parts, name, fingerprint, label_set, labels),
        facts={
            "protocol": chosen,
            "seed": division.seed,
            "shares": {VALIDATION: division.validation, TEST: division.test},
            "folds": division.folds,
            "fold": division.fold,
            "limit": limit,
            "stratified": label_set,
            "splits": division.assigned,
            "excluded": int(division.excluded.sum()),
            "relabelled": int(division.relabelled.sum()),
            "counts": {key: len(items) for key, items in parts.items()},
            **(facts or {}),
        },
        labels=labels,
    )


def _limited(draw: np.random.Generator, items: Items, limit: int, *, apart: NDArray[np.bool_]) -> Items:
    """``limit`` of more items. Those that are ``apart`` keep their share, and where there are any, one at least."""
    special = min(limit - 1, max(1, round(limit * float(apart.mean())))) if apart.any() and not apart.all() else 0
    if not special:
        return np.sort(draw.choice(items, limit, replace=False))
    parts = ((items[apart], special), (items[~apart], limit - special))
    return np.sort(np.concatenate([draw.choice(some, count, replace=False) for some, count in parts]))


def split_hash(
    parts: Mapping[str, Items], protocol: str, fingerprint: str, label_set: str, labels: Items | None = None
) -> str:
    """SHA-256 in hexadecimal over the protocol's name, content, label set and the items of each split.

    Args:
        labels: int64[N] where a person changed some; those of the splits' items are hashed, too.
    """
    digest = hashlib.sha256(f"{protocol}\n{fingerprint}\n{label_set}".encode())
    for key in sorted(parts):
        digest.update(f"\n{key} {len(parts[key])}\n".encode())
        digest.update(parts[key].astype("<i8").tobytes())
        if labels is not None:
            digest.update(b"\nlabels\n")
            digest.update(labels[parts[key]].astype("<i8").tobytes())
    return digest.hexdigest()
