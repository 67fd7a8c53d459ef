"""The protocols by name. Each takes a division to its own full name and the items of each split."""

from collections.abc import Callable

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.project.splits.division import TEST, TRAIN, VALIDATION, Division, Items
from workbench.engine.registry import Registry

AUTOMATIC = "auto"
Parts = dict[str, Items]
Protocol = Callable[[Division], tuple[str, Parts]]
PROTOCOLS: Registry[Protocol] = Registry("protocol")
PUBLISHED = "published"
GOMLX = "GoMLX 50000/10000"
MNIST = "MNIST 50000+10000/10000"
FLOWERS, FLOWERS_SWAPPED = "official 1020+1020/6149", "CNTK swapped 6149/1020"
RANDOM, GROUPED = "random", "grouped"
FRESH = (RANDOM, GROUPED)
"""Protocols that divide all items anew, whatever splits there are."""
PARTICULAR = (GOMLX, MNIST, FLOWERS, FLOWERS_SWAPPED)
"""Protocols that belong to one published dataset each."""


def _percent(share: float) -> str:
    return f"{share * 100:g}"


def _shares(division: Division) -> str:
    shares = (1 - division.validation - division.test, division.validation, division.test)
    return "/".join(_percent(round(share, 6)) for share in shares)


def _whole_groups(division: Division) -> str:
    return " by group" if division.grouped else ""


def _made(division: Division) -> str:
    return f" · of {division.assigned}" if division.assigned else ""


def _with_some(parts: Parts) -> Parts:
    """All but an empty test split."""
    return {key: items for key, items in parts.items() if len(items) or key != TEST}


@PROTOCOLS.register(PUBLISHED)
def published(division: Division) -> tuple[str, Parts]:
    """Train and validation (and test) exactly as the source gives them, whatever a person moved since."""
    parts = {name: division.of(name) for name in (TRAIN, VALIDATION, TEST)}
    if not len(parts[TRAIN]) or not len(parts[VALIDATION]):
        raise UserError(
            "this data does not come with a train and a validation split",
            remedy="use data.protocol = random, or train-test to validate on a published test split",
        )
    return f"published {_sizes(parts)}", _with_some(parts)


def _sizes(parts: Parts) -> str:
    sizes = f"{len(parts[TRAIN])}+{len(parts[VALIDATION])}"
    return f"{sizes}/{len(parts[TEST])}" if len(parts[TEST]) else sizes


@PROTOCOLS.register("assigned")
def assigned(division: Division) -> tuple[str, Parts]:
    """Train and validation (and test) as a person made them."""
    if not division.assigned:
        raise UserError(
            "nobody has made splits of this data", remedy="make some in the Data panel, or use data.protocol = auto"
        )
    parts = {name: division.now(name) for name in (TRAIN, VALIDATION, TEST)}
    for name in (TRAIN, VALIDATION):
        if not len(parts[name]):
            raise UserError(
                f"the splits that were made of this data leave nothing for {name}",
                remedy=f"put some items into {name}, or use data.protocol = hold-out or random",
            )
    return f"assigned {division.assigned}", _with_some(parts)


@PROTOCOLS.register("train-test")
def train_test(division: Division) -> tuple[str, Parts]:
    """All of the published training split, validated on the published test split: nothing may be selected on it."""
    train, test = division.of(TRAIN), division.of(TEST)
    if not len(train) or not len(test):
        raise UserError(
            "this data does not come with a train and a test split", remedy="use data.protocol = random or auto"
        )
    return f"train-test {len(train)}/{len(test)}", {TRAIN: train, VALIDATION: test}


@PROTOCOLS.register(GOMLX)
def gomlx(division: Division) -> tuple[str, Parts]:
    """CIFAR's 50,000 training images, validated on the 10,000 official test images; the last step is what counts."""
    _, parts = train_test(division)
    if (len(parts[TRAIN]), len(parts[VALIDATION])) != (50000, 10000):
        raise UserError(
            f"this data has {len(parts[TRAIN])} training and {len(parts[VALIDATION])} test images, not 50000 and 10000",
            remedy="use data.protocol = train-test",
        )
    return GOMLX, parts


@PROTOCOLS.register(MNIST)
def mnist(division: Division) -> tuple[str, Parts]:
    """MNIST as published likelihoods have it: 10,000 of the 60,000 training images drawn to validate on, 10,000 test.

    The draw goes by the seed alone, not by class: exactly 50,000 and 10,000.
    """
    train, test = division.of(TRAIN), division.of(TEST)
    if (len(train), len(test)) != (60000, 10000):
        raise UserError(
            f"this data has {len(train)} training and {len(test)} test images, not 60000 and 10000",
            remedy="use data.protocol = hold-out",
        )
    drawn = np.random.default_rng(division.seed).permutation(train)
    parts = {TRAIN: np.sort(drawn[10000:]), VALIDATION: np.sort(drawn[:10000]), TEST: test}
    return f"{MNIST} · seed {division.seed}", parts


def _flowers(division: Division) -> Parts:
    """The published splits of Flowers-102 (Nilsback and Zisserman 2008); nothing else has these sizes."""
    parts = {name: division.of(name) for name in (TRAIN, VALIDATION, TEST)}
    sizes = tuple(len(items) for items in parts.values())
    if sizes != (1020, 1020, 6149):
        raise UserError(
            f"this protocol is of Flowers-102, with 1020 training, 1020 validation and 6149 test images; "
            f"this data has {sizes[0]}, {sizes[1]} and {sizes[2]}",
            remedy="use data.protocol = auto or published",
        )
    return parts


@PROTOCOLS.register(FLOWERS)
def flowers(division: Division) -> tuple[str, Parts]:
    """Flowers-102 as published: train on 1,020, validate on 1,020, test on 6,149."""
    return FLOWERS, _flowers(division)


@PROTOCOLS.register(FLOWERS_SWAPPED)
def flowers_swapped(division: Division) -> tuple[str, Parts]:
    """Flowers-102 as CNTK's example has it: train on the official test images, validate on the official training ones.

    Six times the training images make it the easier of the two.
    """
    parts = _flowers(division)
    return FLOWERS_SWAPPED, {TRAIN: parts[TEST], VALIDATION: parts[TRAIN]}


@PROTOCOLS.register("hold-out")
def hold_out(division: Division) -> tuple[str, Parts]:
    """Validation drawn from the training split; the test split stays untouched."""
    train, test = division.now(TRAIN), division.now(TEST)
    if not len(train):
        raise UserError("this data does not come with a training split", remedy="use data.protocol = random")
    validation, rest = division.drawn(train, division.validation)
    share = f"{_percent(division.validation)} % of train{_whole_groups(division)}"
    name = f"hold-out {share} · seed {division.seed}{_made(division)}"
    return name, _with_some({TRAIN: rest, VALIDATION: validation, TEST: test})


@PROTOCOLS.register("k-fold")
def k_fold(division: Division) -> tuple[str, Parts]:
    """One of k equal parts validates, the others train; a test split stays untouched.

    The seed decides about all k parts at once, so that runs over all folds validate on every item once.
    """
    test = division.now(TEST) if len(division.now(TRAIN)) else np.empty(0, np.int64)
    items = np.setdiff1d(np.flatnonzero(division.usable), test)
    groups = division.groups[items]
    units = len(np.unique(groups[groups != ""])) + int((groups == "").sum())
    if units < division.folds:
        what = "groups" if division.grouped else "items"
        raise UserError(f"{units} {what} cannot be dealt into {division.folds} folds", remedy="use fewer data.folds")
    parts = division.dealt(items, division.folds)
    validation = parts[division.fold - 1]
    name = f"k-fold {division.fold} of {division.folds}{_whole_groups(division)} · seed {division.seed}"
    train = np.setdiff1d(items, validation)
    return name + _made(division), _with_some({TRAIN: train, VALIDATION: validation, TEST: test})


@PROTOCOLS.register(RANDOM)
def random(division: Division) -> tuple[str, Parts]:
    """A stratified draw over all labelled items, whatever the source says of them."""
    return f"random {_shares(division)}{_whole_groups(division)} · seed {division.seed}", _drawn(division)


@PROTOCOLS.register(GROUPED)
def grouped(division: Division) -> tuple[str, Parts]:
    """As random, and groups are what it is about: no group is in two splits. Items without one count as their own."""
    if not division.grouped:
        raise UserError(
            "no item of this data is of a group", remedy="set data.groups = folder or a pattern, or use random"
        )
    return f"grouped {_shares(division)} · seed {division.seed}", _drawn(division)


def _drawn(division: Division) -> Parts:
    validation, test, rest = division.drawn(np.flatnonzero(division.usable), division.validation, division.test)
    return _with_some({TRAIN: rest, VALIDATION: validation, TEST: test})


def choose_protocol(division: Division) -> str:
    """What ``auto`` stands for: splits that a person made, else the published ones, and drawn ones for what is missing.

    Splits of a person's that only lack a validation split get one from their training split.
    """
    train, validation = len(division.now(TRAIN)), len(division.now(VALIDATION))
    if division.assigned:
        return "hold-out" if train and not validation else "assigned"
    if not train:
        return "random"
    return "published" if validation else "hold-out"
