"""What a protocol divides, and how it draws parts from it: by class, and by group where there are groups."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.engine.project.splits.groups import place

Items = NDArray[np.int64]
Texts = NDArray[np.str_]
TRAIN, VALIDATION, TEST = "train", "validation", "test"


def _no_texts() -> Texts:
    return np.empty(0, np.str_)


def _no_flags() -> NDArray[np.bool_]:
    return np.empty(0, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """What a protocol divides. Arrays that are left out say what is usual: no groups, nothing excluded, ….

    Attributes:
        labels: One label an item, -1 unknown.
        published: The split that the source gives each item, ``""`` where it gives none.
        validation, test: Shares of 1 that a protocol which draws its own splits sets aside.
        seed: Of the draw.
        splits: The split of each item as it is now, where a person changed some.
        assigned: What made ``splits``, e.g. ``"random 70/20/10 · seed 3 + 12 by hand"``; ``""`` if they are published.
        groups: str[N], items of one group stay together where a protocol draws; ``""`` is a group of its own.
        excluded: bool[N], left out of every split.
        relabelled: bool[N], the label is not the imported one.
        folds: Parts of a k-fold; ``fold`` the one to validate on, from 1 on.
        catch_all: The label of the class "of no class", given to the items that had none; -1 where they keep none.
        all_items: Whether items without a label are divided, too, as one class more.
        completed: Whether :meth:`complete` drew some of those into splits that lacked them.
    """

    labels: Items
    published: Texts
    validation: float
    test: float
    seed: int
    splits: Texts = field(default_factory=_no_texts)
    assigned: str = ""
    groups: Texts = field(default_factory=_no_texts)
    excluded: NDArray[np.bool_] = field(default_factory=_no_flags)
    relabelled: NDArray[np.bool_] = field(default_factory=_no_flags)
    folds: int = 5
    fold: int = 1
    catch_all: int = -1
    all_items: bool = False
    completed: bool = False

    def __post_init__(self) -> None:
        items = len(self.labels)
        usual = {
            "splits": self.published,
            "groups": np.full(items, ""),
            "excluded": np.zeros(items, bool),
            "relabelled": np.zeros(items, bool),
        }
        for name, values in usual.items():
            if not len(getattr(self, name)):
                object.__setattr__(self, name, values)
            assert len(getattr(self, name)) == items, name

    @property
    def usable(self) -> NDArray[np.bool_]:
        """bool[N]: not excluded, and labelled unless all items count."""
        usable: NDArray[np.bool_] = ((self.labels >= 0) | self.all_items) & ~self.excluded
        return usable

    @property
    def grouped(self) -> bool:
        """Whether any item that can be used is of a group."""
        return bool((self.groups[self.usable] != "").any())

    def complete(self) -> "Division":
        """As it is, but items of the catch-all class that are in no split are drawn into those that there are.

        Each split gets the share of them that it has of the other items. What those items are in decides: a split for
        training or validation that holds items of the catch-all class alone is none, and where nothing else is in a
        training split there are no splits to complete.
        """
        if self.catch_all < 0:
            return self
        changed: dict[str, Texts] = {}
        completed = False
        for name in ("published", "splits"):
            values: Texts = getattr(self, name)
            known = self.usable & (self.labels != self.catch_all)
            counts = {split: int((known & (values == split)).sum()) for split in (VALIDATION, TEST, TRAIN)}
            empty = [split for split in (VALIDATION, TRAIN) if not counts[split]] if counts[TRAIN] else list(counts)
            alone = self.usable & ~known & np.isin(values, empty)
            if alone.any():
                values = changed[name] = np.where(alone, "", values)
            loose = np.flatnonzero(self.usable & ~known & (values == ""))
            if len(loose) and counts[TRAIN]:
                shares = [counts[split] / sum(counts.values()) for split in (VALIDATION, TEST)]
                filled = values.astype(np.result_type(values, np.array(list(counts))))
                for split, items in zip(counts, self.drawn(loose, *shares), strict=True):
                    filled[items] = split
                changed[name], completed = filled, True
        if not changed:
            return self
        return replace(
            self,
            published=changed.get("published", self.published),
            splits=changed.get("splits", self.splits),
            completed=completed,
        )

    def of(self, split: str) -> Items:
        """Usable items that the source puts into ``split``."""
        return np.flatnonzero((self.published == split) & self.usable)

    def now(self, split: str) -> Items:
        """Usable items that are in ``split`` after what a person changed; as published where nobody changed any."""
        return np.flatnonzero((self.splits == split) & self.usable)

    def drawn(self, items: Items, *shares: float) -> list[Items]:
        """``items`` drawn apart: one part a share, then the rest. Whole groups where there are any, else by class."""
        if not self.grouped:
            return self.stratified(items, *shares)
        parts = (*shares, 1 - sum(shares))
        where = place(self.labels[items], self.groups[items], parts, seed=self.seed, rest=len(shares))
        return [items[where == part] for part in range(len(parts))]

    def dealt(self, items: Items, parts: int) -> list[Items]:
        """``items`` in ``parts`` parts of one size, whole groups where there are any, alike in their classes."""
        where = place(self.labels[items], self.groups[items], (1 / parts,) * parts, seed=self.seed)
        return [items[where == part] for part in range(parts)]

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
