"""The checks of a whole source before it is imported, and of a dataset of a project as it is now."""

import contextlib
import dataclasses
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.data.decode import LARGEST_PIXELS
from workbench.engine.data.importing import open_source
from workbench.engine.data.lint.checks import findings
from workbench.engine.data.lint.examine import examine
from workbench.engine.data.lint.facts import Facts
from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.opened import Dataset, dataset_listing, open_dataset
from workbench.engine.data.source import Content, Item, Listing, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.waiting import waiting

FACTS = "facts.npz"  # the file's name beside the imported items
_FIRST = 20  # items that a report names
_NO_ITEMS = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What the checks say of a source or a dataset.

    Attributes:
        name: Of the dataset that is or would be made of it.
        kind: Name of the source's format; empty where none was recognised.
        content: What the items are.
        items: How many there are.
        splits: Split to its number of items, in order of appearance.
        findings: Errors first, then warnings, then what is only worth knowing.
        notes: What the source says was skipped or assumed.
        names: The items' names, by id.
    """

    name: str
    kind: str
    content: Content
    items: int
    splits: Mapping[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    names: Sequence[str] = ()

    def count(self, severity: str) -> int:
        """How many findings there are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; of every finding the total over the whole set, and the first items by name."""
        return {
            "name": self.name,
            "kind": self.kind,
            "content": self.content,
            "items": self.items,
            "splits": dict(self.splits),
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "infos": self.count("info"),
            "findings": [self.finding_to_json(finding) for finding in self.findings],
            "notes": list(self.notes),
        }

    def finding_to_json(self, finding: Finding) -> dict[str, Any]:
        """One of the findings as a plain dictionary."""
        return {
            "finding": finding.code,
            "title": finding.title,
            "severity": finding.severity,
            "count": finding.count,
            "unit": finding.unit,
            "items": len(finding.items),
            "first": self.first(finding),
            "clusters": len(finding.clusters),
            "details": {self.names[item] if item >= 0 else "": text for item, text in finding.details.items()},
            "remedy": finding.remedy,
            "repairs": list(finding.repairs),
        }

    def first(self, finding: Finding) -> list[str]:
        """Names of the first items of a finding."""
        return [self.names[item] for item in finding.items[:_FIRST]]


def lint_source(
    target: str, *, cache: Path, limit_pixels: int = LARGEST_PIXELS
) -> Generator[Progress, None, LintReport]:
    """Read all of ``target`` and check it, without importing it. What is broken about it is a finding.

    Args:
        target: As in :func:`~workbench.engine.data.importing.open_source`.
        cache: Folder that downloads may fill.
        limit_pixels: Images with more pixels are not decoded.

    Raises:
        UserError: There is nothing of that name to look at, or it cannot be fetched.
    """
    with contextlib.ExitStack() as stack:
        source = open_source(target, cache=cache)
        try:
            listing = yield from waiting(lambda: stack.enter_context(source), stage="opening")
        except UserError as error:
            if not _is_there(target):
                raise
            name = Path(target).expanduser().name
            return LintReport(name=name, kind="", content="images", items=0, splits={}, findings=(_of_source(error),))
        reading = _Reading(listing)
        facts = yield from examine(reading.listing, limit_pixels=limit_pixels)
        found = yield from waiting(lambda: reading.findings(facts), stage="comparing")
        if reading.error:
            found = (_of_source(reading.error), *found)
        elif not len(facts) and not any(finding.severity == "error" for finding in found):
            noun = "questions" if listing.content == "questions" else "images"
            nothing = UserError(f"there are no {noun} in this source", where=target, remedy="check what it holds")
            found = (_of_source(nothing), *found)
        return LintReport(
            name=listing.name,
            kind=listing.kind,
            content=listing.content,
            items=len(facts),
            splits=_counts(reading.splits),
            findings=found,
            notes=listing.notes,
            names=reading.names,
        )


def lint_dataset(
    project: Project, row: DatasetRow, *, limit_pixels: int = LARGEST_PIXELS
) -> Generator[Progress, None, LintReport]:
    """Check a dataset of a project as it is now. :class:`UserError` where its file cannot be read."""
    facts = yield from examine_dataset(project, row, limit_pixels=limit_pixels)
    dataset = yield from waiting(lambda: open_dataset(project, row), stage="opening")
    found = yield from waiting(lambda: dataset_findings(dataset, facts), stage="comparing")
    kept = np.flatnonzero(~dataset.state.excluded)
    return LintReport(
        name=row.name,
        kind=row.kind,
        content=dataset.items.content,
        items=len(kept),
        splits=_counts([str(split) for split in dataset.state.splits[kept]]),
        findings=found,
        notes=row.repairs,
        names=dataset.items.names(),
    )


def examine_dataset(
    project: Project, row: DatasetRow, *, limit_pixels: int = LARGEST_PIXELS
) -> Generator[Progress, None, Facts]:
    """The facts about all items of an imported dataset, excluded ones too: stored ones, else found out and stored.

    Raises:
        UserError: The dataset's file cannot be read, or the disk is full.
    """
    path = project.dataset_file(row.id).with_name(FACTS)
    with contextlib.suppress(UserError):
        stored = yield from waiting(lambda: Facts.load(path), stage="opening")
        if len(stored) == row.items and stored.content == row.content and stored.limit_pixels == limit_pixels:
            return stored
    dataset = yield from waiting(lambda: open_dataset(project, row), stage="opening")
    whole = dataclasses.replace(dataset_listing(dataset), total=len(dataset.items), records=dataset.items.records)
    facts = yield from examine(whole, limit_pixels=limit_pixels)
    yield from waiting(lambda: facts.save(path), stage="saving")
    return facts


def dataset_findings(dataset: Dataset, facts: Facts) -> tuple[Finding, ...]:
    """What the checks find in a dataset as it is now: with its edits, and without the items that are left out.

    Args:
        facts: Of all items, as from :func:`examine_dataset`.
    """
    state, items = dataset.state, dataset.items
    kept = np.flatnonzero(~state.excluded)
    whole = len(kept) == len(state)
    names = items.names()
    found = findings(
        facts if whole else facts.of(kept),
        names=names if whole else [names[item] for item in kept],
        labels={key: state.labels[key][kept] for key in items.label_sets},
        label_sets={key: state.classes[key] for key in items.label_sets},
        splits=state.splits[kept],
        groups=items.groups()[kept],
        palette=dataset.palette,
    )
    return found if whole else tuple(_renumbered(finding, kept) for finding in found)


def _renumbered(finding: Finding, ids: np.ndarray[Any, np.dtype[np.int64]]) -> Finding:
    """The finding about the items with these ids, of one about their places among them."""
    return dataclasses.replace(
        finding,
        items=ids[finding.items],
        details={int(ids[item]) if item >= 0 else item: text for item, text in finding.details.items()},
        clusters=tuple(tuple(int(ids[item]) for item in cluster) for cluster in finding.clusters),
    )


class _Reading:
    """A pass over a source that keeps what the checks need of its items besides the facts, and ends where it breaks."""

    def __init__(self, listing: Listing) -> None:
        self.names: list[str] = []
        self.splits: list[str] = []
        self.error: UserError | None = None
        self._groups: list[str] = []
        self._labels: list[tuple[int, ...]] = []
        self._source = listing
        self.listing = dataclasses.replace(listing, records=self._records)

    def _records(self) -> Iterator[Item]:
        try:
            for item in self._source.records():
                self.names.append(item.name)
                self.splits.append(item.split)
                self._groups.append(item.group)
                self._labels.append(item.labels if isinstance(item, Record) else ())
                yield item
        except UserError as error:
            self.error = error

    def findings(self, facts: Facts) -> tuple[Finding, ...]:
        labels = np.array(self._labels, np.int64).reshape(len(facts), len(self._source.label_sets))
        return findings(
            facts,
            names=self.names,
            labels=dict(zip(self._source.label_sets, labels.T, strict=True)),
            label_sets=self._source.label_sets,
            splits=np.array(self.splits, np.str_),
            groups=np.array(self._groups, np.str_),
            palette=self._source.palette,
            problems=self._source.problems,
        )


def _of_source(error: UserError) -> Finding:
    remedy = f"{error.remedy[:1].upper()}{error.remedy[1:]}." if error.remedy else ""
    return Finding(
        code="source",
        title=error.what[:1].upper() + error.what[1:],
        severity="error",
        count=1,
        unit="sources",
        items=_NO_ITEMS,
        details={-1: error.where} if error.where else {},
        remedy=remedy,
    )


def _is_there(target: str) -> bool:
    try:
        return bool(target) and Path(target).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user's home
        return False


def _counts(splits: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for split in splits:
        counts[split] = counts.get(split, 0) + 1
    return counts
