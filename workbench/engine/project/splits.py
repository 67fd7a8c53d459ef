"""Protocols: named ways of dividing a dataset, and the stored manifest that every number names.

A protocol is a function from labels and published splits to item ids; a :class:`Split` is its result, frozen and
hashed. An old run keeps the split it was measured on whatever happens to the protocol later.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.registry import Registry

Items = NDArray[np.int64]
TRAIN, VALIDATION, TEST = "train", "validation", "test"
AUTOMATIC = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """What a protocol divides.

    Attributes:
        labels: One label an item, -1 unknown.
        published: The split that the source gives each item, ``""`` where it gives none.
        validation, test: Shares of 1 that a protocol which draws its own splits sets aside.
        seed: Of the draw.
    """

    labels: Items
    published: NDArray[np.str_]
    validation: float
    test: float
    seed: int

    def of(self, split: str) -> Items:
        """Known items that the source puts into ``split``."""
        return np.flatnonzero((self.published == split) & (self.labels >= 0))

    def stratified(self, items: Items, *shares: float) -> list[Items]:
        """``items`` drawn apart class by class: one part a share, then the rest. Each part is sorted.

        A class gives to the later parts only what leaves it an item for the rest, so none disappears from training.
        """
        random = np.random.default_rng(self.seed)
        parts: list[list[Items]] = [[] for _ in range(len(shares) + 1)]
        for label in np.unique(self.labels[items]):
            of_class = random.permutation(items[self.labels[items] == label])
            start = 0
            for part, share in zip(parts, shares, strict=False):
                count = min(round(share * len(of_class)), len(of_class) - 1 - start)
                part.append(of_class[start : start + count])
                start += count
            parts[-1].append(of_class[start:])
        return [np.sort(np.concatenate(part)) if part else np.empty(0, np.int64) for part in parts]


Protocol = Callable[[Division], tuple[str, dict[str, Items]]]
PROTOCOLS: Registry[Protocol] = Registry("protocol")


def _percent(share: float) -> str:
    return f"{share * 100:g}"


@PROTOCOLS.register("published")
def published(division: Division) -> tuple[str, dict[str, Items]]:
    """Train and validation (and test) exactly as the source gives them."""
    parts = {name: division.of(name) for name in (TRAIN, VALIDATION, TEST)}
    if not len(parts[TRAIN]) or not len(parts[VALIDATION]):
        raise UserError(
            "this data does not come with a train and a validation split",
            remedy="use data.protocol = random, or train-test to validate on a published test split",
        )
    sizes = "+".join(str(len(parts[name])) for name in (TRAIN, VALIDATION))
    name = f"published {sizes}/{len(parts[TEST])}" if len(parts[TEST]) else f"published {sizes}"
    return name, {key: items for key, items in parts.items() if len(items)}


@PROTOCOLS.register("train-test")
def train_test(division: Division) -> tuple[str, dict[str, Items]]:
    """All of the published training split, validated on the published test split: nothing may be selected on it."""
    train, test = division.of(TRAIN), division.of(TEST)
    if not len(train) or not len(test):
        raise UserError(
            "this data does not come with a train and a test split", remedy="use data.protocol = random or auto"
        )
    return f"train-test {len(train)}/{len(test)}", {TRAIN: train, VALIDATION: test}


@PROTOCOLS.register("GoMLX 50000/10000")
def gomlx(division: Division) -> tuple[str, dict[str, Items]]:
    """CIFAR's 50,000 training images, validated on the 10,000 official test images; the last step is what counts."""
    _, parts = train_test(division)
    if (len(parts[TRAIN]), len(parts[VALIDATION])) != (50000, 10000):
        raise UserError(
            f"this data has {len(parts[TRAIN])} training and {len(parts[VALIDATION])} test images, not 50000 and 10000",
            remedy="use data.protocol = train-test",
        )
    return "GoMLX 50000/10000", parts


@PROTOCOLS.register("hold-out")
def hold_out(division: Division) -> tuple[str, dict[str, Items]]:
    """Validation drawn from the published training split; the published test split stays untouched."""
    train, test = division.of(TRAIN), division.of(TEST)
    if not len(train):
        raise UserError("this data does not come with a training split", remedy="use data.protocol = random")
    validation, rest = division.stratified(train, division.validation)
    parts = {TRAIN: rest, VALIDATION: validation}
    return (
        f"hold-out {_percent(division.validation)} % of train · seed {division.seed}",
        parts | ({TEST: test} if len(test) else {}),
    )


@PROTOCOLS.register("random")
def random(division: Division) -> tuple[str, dict[str, Items]]:
    """A stratified draw over all labelled items, whatever the source says of them."""
    known = np.flatnonzero(division.labels >= 0)
    validation, test, rest = division.stratified(known, division.validation, division.test)
    shares = (1 - division.validation - division.test, division.validation, division.test)
    name = f"random {'/'.join(_percent(round(share, 6)) for share in shares)} · seed {division.seed}"
    return name, {TRAIN: rest, VALIDATION: validation} | ({TEST: test} if len(test) else {})


def choose_protocol(division: Division) -> str:
    """What ``auto`` stands for: the published splits as far as they go, drawn ones for what is missing."""
    if not len(division.of(TRAIN)):
        return "random"
    return "published" if len(division.of(VALIDATION)) else "hold-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A dataset divided.

    Attributes:
        protocol: The protocol's full name, with its seed and shares.
        items: Split name to item ids, sorted.
        hash: SHA-256 over protocol, the data's fingerprint, label set and items; equal hashes are equal splits.
    """

    protocol: str
    items: Mapping[str, Items]
    hash: str

    @property
    def badge(self) -> str:
        """What stands beside every number: protocol and the hash's first four digits."""
        return f"{self.protocol} · split {self.hash[:4]}"


def divide(
    division: Division, *, protocol: str = AUTOMATIC, limit: int = 0, fingerprint: str = "", label_set: str = ""
) -> Split:
    """Apply a protocol.

    Args:
        division: What to divide.
        protocol: A name in :data:`PROTOCOLS`, or ``"auto"``.
        limit: Keep at most this many items of each split, drawn with the seed; 0 keeps all.
        fingerprint: Of the data, part of the hash.
        label_set: Which labels were used, part of the hash.

    Raises:
        UserError: The protocol is unknown or does not fit, or leaves nothing to train or validate on.
    """
    if not (division.labels >= 0).any():
        raise UserError("no item of this data has a label", remedy="label some first, or import data with classes")
    name, parts = PROTOCOLS[choose_protocol(division) if protocol == AUTOMATIC else protocol](division)
    if limit:
        draw = np.random.default_rng(division.seed)
        parts = {
            key: np.sort(draw.choice(items, limit, replace=False)) if len(items) > limit else items
            for key, items in parts.items()
        }
        name = f"{name} · at most {limit} each"
    for key in (TRAIN, VALIDATION):
        if not len(parts[key]):
            raise UserError(f"protocol {name!r} leaves nothing for {key}", remedy="use more data or a larger share")
    return Split(protocol=name, items=parts, hash=split_hash(parts, name, fingerprint, label_set))


def split_hash(parts: Mapping[str, Items], protocol: str, fingerprint: str, label_set: str) -> str:
    """SHA-256 in hexadecimal over the protocol's name, content, label set and the items of each split."""
    digest = hashlib.sha256(f"{protocol}\n{fingerprint}\n{label_set}".encode())
    for key in sorted(parts):
        digest.update(f"\n{key} {len(parts[key])}\n".encode())
        digest.update(parts[key].astype("<i8").tobytes())
    return digest.hexdigest()
