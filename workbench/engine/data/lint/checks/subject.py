"""What a check looks at, and how it says what it found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.lint.checks.near import near_clusters
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.lint.finding import Finding, Items
from workbench.engine.data.source import TEST, TRAIN, VALIDATION, Palette, Problem, Severity
from workbench.engine.registry import Registry

DETAILED = 20  # items of a finding that get words of their own
MEASURED = (TRAIN, VALIDATION, TEST)  # splits that nothing may be in two of
Clusters = Sequence[Items]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A dataset under examination: what its items are found to be, and what is said of them. N items.

    Attributes:
        labels: Label set to int64[N], -1 where unknown or beyond the classes.
        beyond: Ids of items with a label beyond the classes.
        label_sets: Label set to its classes.
        splits, groups: str[N], ``""`` where nobody said.
        palette: The masks' classes; ``None`` without masks.
        problems: Of the source.
    """

    facts: Facts
    names: Sequence[str]
    labels: Mapping[str, Items]
    beyond: Items
    label_sets: Mapping[str, tuple[str, ...]]
    splits: NDArray[np.str_]
    groups: NDArray[np.str_]
    palette: Palette | None
    problems: Sequence[Problem]

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def unit(self) -> str:
        """What the items are counted in."""
        return "questions" if self.facts.content == "questions" else "images"

    @cached_property
    def readable(self) -> Items:
        """Ids of the images that could be decoded; none for questions."""
        return np.flatnonzero(self.facts.faults == "")

    @cached_property
    def split_codes(self) -> Items:
        """The splits as numbers, int64[N]."""
        return np.unique(self.splits, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def copies(self) -> Clusters:
        """Images with exactly the same pixels."""
        return clusters(self.readable, *same_content(self.facts))

    @cached_property
    def lookalikes(self) -> Clusters:
        """Images that look the same, among them at least two whose pixels differ."""
        facts = self.facts
        twins = {int(cluster[0]): cluster for cluster in self.copies}
        spare = np.concatenate([cluster[1:] for cluster in self.copies] or [np.zeros(0, np.int64)])
        items = np.setdiff1d(self.readable, spare, assume_unique=True)
        found = near_clusters(facts.perceptual[items], facts.miniatures[items], facts.mean[items])
        together = (items[cluster] for cluster in found)
        return [
            np.sort(np.concatenate([twins.get(int(item), np.array([item])) for item in cluster]))
            for cluster in together
        ]

    @cached_property
    def _measured(self) -> Items:
        """The splits that are measured on as numbers, int64[N]; -1 for any other."""
        return np.select([self.splits == split for split in MEASURED], list(range(len(MEASURED))), -1)

    def divided(self, found: Clusters) -> Clusters:
        """Of clusters of items, those that lie in more than one of the splits that are measured on."""
        return [cluster for cluster in found if len(self._splits_of(cluster)) > 1]

    def leak(self, divided: Clusters) -> Severity:
        """How bad it is that clusters are divided: what validation and test share, nothing is learnt from."""
        train = MEASURED.index(TRAIN)
        return "error" if any(train in self._splits_of(cluster) for cluster in divided) else "warning"

    def _splits_of(self, items: Items) -> set[int]:
        return set(self._measured[items].tolist()) - {-1}

    def places(self, cluster: Items) -> str:
        """The members of a cluster and the splits that they are in, in words."""
        shown = [f"{self.names[item]}{f' ({self.splits[item]})' if self.splits[item] else ''}" for item in cluster[:4]]
        rest = len(cluster) - len(shown)
        return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


Check = Callable[[Subject], Iterator[Finding]]
CHECKS: Registry[Check] = Registry("check")
"""All checks by the code of what they find."""


def found(
    code: str,
    title: str,
    severity: Severity,
    *,
    items: Items,
    unit: str = "images",
    count: int | None = None,
    words: Callable[[int], str] | None = None,
    **more: Any,
) -> Iterator[Finding]:
    """One finding, or none where there is nothing to count.

    Args:
        count: How many units; as many as there are items, if ``None``.
        words: Details of one item, asked for the first few.
        more: Other fields of the finding.
    """
    total = len(items) if count is None else count
    if total:
        details = dict(more.pop("details", {}))
        if words:
            details |= {int(item): words(int(item)) for item in items[:DETAILED]}
        yield Finding(
            code=code, title=title, severity=severity, count=total, unit=unit, items=items, details=details, **more
        )


def found_clusters(
    subject: Subject, code: str, title: str, severity: Severity, *, among: Clusters, unit: str = "images", **more: Any
) -> Iterator[Finding]:
    """A finding of items that belong together; each of the first few is told with which."""
    if not among:
        return
    items = np.sort(np.concatenate(among))
    first = {int(cluster[0]): subject.places(cluster) for cluster in among[:DETAILED]}
    groups = tuple(tuple(map(int, cluster)) for cluster in among)
    yield from found(code, title, severity, items=items, unit=unit, details=first, clusters=groups, **more)


def clusters(items: Items, *keys: NDArray[Any]) -> list[Items]:
    """The ids among ``items`` that agree in all ``keys`` (one value an id each), in clusters of at least two.

    Clusters are ordered by their first ids, and ascending.
    """
    order = items[np.lexsort([items, *(key[items] for key in keys)])]
    new = np.ones(len(order), bool)
    new[1:] = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    starts = np.flatnonzero(new)
    sizes = np.diff(starts, append=len(order))
    several = [order[start : start + size] for start, size in zip(starts, sizes, strict=True) if size > 1]
    return sorted(several, key=lambda cluster: int(cluster[0]))


def same_content(facts: Facts) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Keys that agree for images with the same pixels, and for questions about the same text."""
    pair = np.ascontiguousarray(facts.digests).view(np.uint64)
    return pair[:, 0], pair[:, 1]
