"""Checks of classes, labels and groups."""

from collections.abc import Iterator, Mapping

import numpy as np

from workbench.engine.data.lint.checks.subject import (
    CHECKS,
    DETAILED,
    MEASURED,
    Subject,
    clusters,
    found,
    found_clusters,
)
from workbench.engine.data.lint.finding import Finding, Items
from workbench.engine.data.source import UNKNOWN

_RARE = 10  # a class with so many times fewer items than the largest one is rare
_NOBODY = np.zeros(0, np.int64)


def _counts(subject: Subject) -> Mapping[str, Items]:
    """Items of each class by label set; label sets of which no label is known are left out."""
    known = {key: labels[labels != UNKNOWN] for key, labels in subject.labels.items()}
    return {
        key: np.bincount(labels, minlength=len(subject.label_sets[key])) for key, labels in known.items() if len(labels)
    }


def _listed(names: list[str]) -> str:
    rest = len(names) - DETAILED
    return ", ".join(names[:DETAILED]) + (f" and {rest:,} more" if rest > 0 else "")


@CHECKS.register("no-such-class")
def no_such_class(subject: Subject) -> Iterator[Finding]:
    """Labels beyond the classes of their label set."""
    return found(
        "no-such-class",
        "Images with a label that is no class",
        "error",
        items=subject.beyond,
        remedy="Correct the labels, or name the classes that are missing.",
    )


@CHECKS.register("empty-class")
def empty_class(subject: Subject) -> Iterator[Finding]:
    """Classes of images that no image has, and of masks that no pixel has."""
    names = [
        subject.label_sets[key][label]
        for key, counts in _counts(subject).items()
        for label in np.flatnonzero(counts == 0)
    ]
    counts = subject.facts.mask_counts
    if subject.palette and counts.sum():
        names += [subject.palette.classes[label] for label in np.flatnonzero(counts.sum(0) == 0)]
    return found(
        "empty-class",
        "Classes that nothing belongs to",
        "warning",
        items=_NOBODY,
        unit="classes",
        count=len(names),
        details={-1: _listed(names)} if names else {},
        remedy="A network cannot learn them. Find out whether items are missing.",
    )


@CHECKS.register("rare-class")
def rare_class(subject: Subject) -> Iterator[Finding]:
    """Classes with far fewer images than the largest one."""
    words: list[str] = []
    items: list[Items] = []
    for key, counts in _counts(subject).items():
        rare = np.flatnonzero((counts > 0) & (counts * _RARE <= counts.max()))
        largest = subject.label_sets[key][int(counts.argmax())]
        words += [f"{subject.label_sets[key][label]} {counts[label]:,}" for label in rare]
        if len(rare):
            words[-1] += f" against {counts.max():,} of {largest}"
        items.append(np.flatnonzero(np.isin(subject.labels[key], rare)))
    return found(
        "rare-class",
        "Classes with far fewer images than the largest one",
        "info",
        items=np.unique(np.concatenate(items)) if items else _NOBODY,
        unit="classes",
        count=len(words),
        details={-1: _listed(words)} if words else {},
        remedy="Judge a network by class, not by its overall accuracy alone.",
    )


@CHECKS.register("unknown-class")
def unknown_class(subject: Subject) -> Iterator[Finding]:
    unknown = np.zeros(len(subject.facts), bool)
    for labels in subject.labels.values():
        unknown |= labels == UNKNOWN
    unknown[subject.beyond] = False
    return found(
        "unknown-class",
        "Images whose class nobody has said",
        "info",
        items=np.flatnonzero(unknown),
        remedy="They are not trained on. Label them, or keep them as a pool.",
    )


@CHECKS.register("label-conflict")
def label_conflict(subject: Subject) -> Iterator[Finding]:
    """The same pixels under different labels."""
    among = [
        cluster
        for cluster in subject.copies
        if any(len(set(labels[cluster].tolist()) - {UNKNOWN}) > 1 for labels in subject.labels.values())
    ]
    words = {int(cluster[0]): f"{_labels(subject, cluster)}: {subject.places(cluster)}" for cluster in among[:DETAILED]}
    return found(
        "label-conflict",
        "Copies of an image with different classes",
        "error",
        items=np.sort(np.concatenate(among)) if among else _NOBODY,
        details=words,
        clusters=tuple(tuple(map(int, cluster)) for cluster in among),
        remedy="At most one of the classes is right. Correct them, or leave the copies out.",
    )


def _labels(subject: Subject, cluster: Items) -> str:
    names = {
        subject.label_sets[key][label]
        for key, labels in subject.labels.items()
        for label in labels[cluster].tolist()
        if label != UNKNOWN
    }
    return " and ".join(sorted(names))


@CHECKS.register("group-across")
def group_across(subject: Subject) -> Iterator[Finding]:
    """Groups of which one part is learnt and the other measured on."""
    items = np.flatnonzero((subject.groups != "") & np.isin(subject.splits, MEASURED))
    codes = np.unique(subject.groups, return_inverse=True)[1]
    among = subject.divided(clusters(items, codes))
    questions = subject.facts.content == "questions"
    return found_clusters(
        subject,
        "group-across",
        "Questions of an article that several splits share"
        if questions
        else "Images of a group that several splits share",
        "warning",
        among=among,
        unit=subject.unit,
        remedy="Divide the set by groups; a score on items of a group that was learnt from is too good.",
    )
