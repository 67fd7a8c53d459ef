"""Splits of a dataset as a person plans them: a protocol and its settings, and what comes of them before it is done.

The protocols are the engine's; nothing is written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.engine.project.splits import PROTOCOLS, Division, divide
from workbench.engine.project.splits.groups import groups_by
from workbench.gui.models.statistics import splits_of

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

Items = NDArray[np.int64]
DRAWN = ("random", "grouped", "hold-out", "k-fold")
"""Protocols that draw; the others follow from what the source says."""
NOT_PLANNED = ("published", "assigned")
"""What is there already, and so nothing to make."""
_NAMED = 6  # classes or groups that a warning names


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Settings of a protocol.

    Attributes:
        protocol: A name in ``PROTOCOLS``.
        validation, test: Shares of 1.
        label_set: Whose classes are to be alike in all splits; empty for none.
        groups: Rule of what stays together, see :func:`~workbench.engine.project.splits.groups.groups_by`.
        folds, fold: Of a k-fold; the fold counts from 1.
    """

    protocol: str = "random"
    seed: int = 0
    validation: float = 0.15
    test: float = 0.15
    label_set: str = ""
    groups: str = ""
    folds: int = 5
    fold: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a plan comes to.

    Attributes:
        name: The protocol's full name.
        badge: What a run would be measured on then, with the hash of its manifest; empty where no run can be made.
        parts: Split to item ids.
        dataset: The dataset as it would be then.
        groups: How many groups there are; 0 where none are kept together.
        sizes: Items of the smallest and the largest group.
        warnings: Sentences.
    """

    name: str
    badge: str
    parts: "dict[str, Items]"
    dataset: "Dataset"
    groups: int
    sizes: tuple[int, int]
    warnings: tuple[str, ...]


def protocols_for(dataset: "Dataset") -> list[str]:
    """Protocols that this data can have, the usual ones first."""
    from workbench.engine.errors import UserError

    found = []
    for name in (*DRAWN, *(name for name in PROTOCOLS if name not in DRAWN)):
        if name in NOT_PLANNED:
            continue
        if name not in DRAWN:
            try:
                PROTOCOLS[name](division_of(dataset, Plan()))
            except UserError:
                continue
        found.append(name)
    return found


def protocol_help(name: str) -> str:
    """What a protocol does, in a sentence or two."""
    return " ".join((PROTOCOLS[name].__doc__ or "").split("\n\n")[0].split())


def division_of(dataset: "Dataset", plan: Plan) -> Division:
    """What the plan divides. Raises ``UserError`` for a rule of groups that is wrong or fits no item."""
    from workbench.engine.train.dividing import made_by

    state = dataset.state
    count = len(state)
    labels = state.labels[plan.label_set] if plan.label_set else np.zeros(count, np.int64)
    published = dataset.items.splits()
    return Division(
        labels=labels,
        published=published,
        validation=plan.validation,
        test=plan.test,
        seed=plan.seed,
        splits=state.splits,
        assigned=made_by(dataset),
        groups=groups_by(plan.groups, dataset.items.names(), given=dataset.items.groups()),
        excluded=state.excluded,
        relabelled=state.relabelled,
        folds=plan.folds,
        fold=plan.fold,
    )


def outcome(dataset: "Dataset", plan: Plan) -> Outcome:
    """What would come of ``plan``. ``UserError`` where it does not fit the data."""
    division = division_of(dataset, plan)
    split = divide(division, protocol=plan.protocol, fingerprint=dataset.row.fingerprint, label_set=plan.label_set)
    splits = np.full(len(dataset.state), "", "<U16")
    for name, items in split.items.items():
        splits[items] = name
    groups, counts = np.unique(division.groups[division.groups != ""], return_counts=True)
    changed = replace(dataset, state=replace(dataset.state, splits=splits, protocol=split.protocol, moved=0))
    badge, why_not = measurement(changed, label_set=plan.label_set)
    return Outcome(
        name=split.protocol,
        badge=badge,
        parts=dict(split.items),
        dataset=changed,
        groups=len(groups),
        sizes=(int(counts.min()), int(counts.max())) if len(groups) else (0, 0),
        warnings=(*filter(None, [why_not]), *warnings_of(changed, label_set=plan.label_set, groups=division.groups)),
    )


def measured_on(dataset: "Dataset", *, label_set: str) -> str:
    """What a run with the usual settings would be measured on: the protocol's name and the hash's first digits.

    Empty where there are no classes to learn. ``UserError`` where no run can be made of the dataset as it is.
    """
    from workbench.engine.train.dividing import make_division
    from workbench.engine.train.params import DataParams

    if not label_set:
        return ""
    division = make_division(dataset, DataParams(), label_set=label_set, groups="")
    return divide(division, fingerprint=dataset.row.fingerprint, label_set=label_set).badge


def measurement(dataset: "Dataset", *, label_set: str) -> tuple[str, str]:
    """What :func:`measured_on` gives, else empty; and why no run can be made as a sentence, else empty."""
    from workbench.engine.errors import UserError

    try:
        return measured_on(dataset, label_set=label_set), ""
    except UserError as error:
        return "", f"No run can be measured as it is: {error.what}"


def warnings_of(dataset: "Dataset", *, label_set: str, groups: NDArray[np.str_]) -> tuple[str, ...]:
    """What is wrong with the splits of a dataset: a class that a split lacks, a group that lies across splits."""
    state = dataset.state
    found: list[str] = []
    used = ~state.excluded & (state.splits != "")
    if label_set:
        labels, names = state.labels[label_set], state.classes[label_set]
        present = np.unique(labels[used & (labels >= 0)])
        for split in splits_of(state.splits[used]):
            here = np.unique(labels[used & (state.splits == split)])
            missing = [names[label] for label in np.setdiff1d(present, here).tolist()]
            if missing:
                found.append(f"{split} has no item of {_few(missing)}")
    grouped = used & (groups != "")
    if grouped.any():
        pairs = np.unique(np.stack([groups[grouped], state.splits[grouped].astype(groups.dtype)]), axis=1)
        across, times = np.unique(pairs[0], return_counts=True)
        crossing = across[times > 1].tolist()
        if crossing:
            found.append(f"{'groups lie' if len(crossing) > 1 else 'a group lies'} across splits: {_few(crossing)}")
    left = int((~state.excluded & (state.splits == "")).sum())
    if left:
        found.append(f"{left:,} items are in no split")
    return tuple(sentence[0].upper() + sentence[1:] for sentence in found)


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
