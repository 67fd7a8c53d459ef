"""Items that belong together (one patient, one film, one farm): who says so, and drawing that keeps them together.

Shapes: M items, G groups, P parts, K classes.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError

SOURCE, FOLDER = "source", "folder"
_TRIES, _PLACED = 24, 20_000  # orders of groups that are tried, and groups placed in all of them together
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]")  # (a+)+ may take for ever on one name
_DIGITS = 6  # scores are rounded before they are compared, so that every processor breaks ties alike

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


def check_rule(rule: str) -> None:
    """Refuse what is no rule for groups; see :func:`groups_by`."""
    if rule not in ("", SOURCE, FOLDER):
        try:
            re.compile(rule)
        except (re.error, RecursionError, OverflowError) as error:
            raise UserError(
                f"groups = {rule!r} is no pattern ({error})",
                remedy="use source, folder, or a regular expression such as ^(patient\\d+)",
            ) from None
        if _NESTED.search(rule):
            raise UserError(f"groups = {rule!r} repeats a repetition, which can take for ever", remedy="repeat it once")


def groups_by(rule: str, names: Sequence[str], *, given: NDArray[np.str_]) -> NDArray[np.str_]:
    """str[N]: the group of each item, ``""`` for none.

    Args:
        rule: ``""`` for no groups, ``"source"`` for ``given``, ``"folder"`` for the folder part of the name, else a
            regular expression that is searched for in the name: its first group, or all that it matches.
        names: Of the items.
        given: The groups that the source gives.

    Raises:
        UserError: The rule is no regular expression, or gives no item a group.
    """
    check_rule(rule)
    if rule in ("", SOURCE):
        groups = given if rule else np.full(len(names), "")
    elif rule == FOLDER:
        groups = np.array([name.rpartition("/")[0] for name in names], np.str_)
    else:
        pattern = re.compile(rule)
        which = 1 if pattern.groups else 0
        found = map(pattern.search, names)
        groups = np.array([(match[which] or "") if match else "" for match in found], np.str_)
    if rule and not (groups != "").any():
        why = {SOURCE: "the source gives no groups", FOLDER: "no item's name has a folder"}
        raise UserError(
            why.get(rule, f"groups = {rule!r} is found in no item's name"),
            remedy="use data.groups = source, folder, a regular expression over the names, or nothing for no groups",
        )
    return groups


def place(
    labels: Whole, groups: NDArray[np.str_], shares: Sequence[float], *, seed: int, rest: int | None = None
) -> Whole:
    """int64[M]: the part of each item, so that no group is in two parts.

    Groups come in a random order, and each goes to the part that lacks most of what it holds; of several orders the
    one is taken whose parts come closest to their shares and to one another's mix of classes. No part of a share
    above 0 stays empty as long as there are groups. Then items without a group fill up what is missing, class by
    class, to within one item a class.

    Args:
        labels: One a class, int64[M].
        groups: str[M], ``""`` for items that are a group each.
        shares: One a part, adding up to 1.
        seed: Of the orders.
        rest: The part that no class of items without groups may be missing from.
    """
    random = np.random.default_rng(seed)
    classes, label = np.unique(labels, return_inverse=True)
    want = np.outer(shares, np.bincount(label, minlength=len(classes)))
    have = np.zeros_like(want)
    where = np.zeros(len(labels), np.int64)
    grouped = groups != ""
    if grouped.any():
        names, group = np.unique(groups[grouped], return_inverse=True)
        counts = np.zeros((len(names), len(classes)))
        np.add.at(counts, (group, label[grouped]), 1)
        of_group = _best_of_several(counts, want, single=int((~grouped).sum()), random=random)
        where[grouped] = of_group[group]
        np.add.at(have, of_group, counts)
    where[~grouped] = _fill(label[~grouped], want, have, rest=rest, random=random)
    return where


def _best_of_several(counts: Real, want: Real, *, single: int, random: np.random.Generator) -> Whole:
    """int64[G]: the best placing of groups that hold ``counts`` [G, K] of each class, where ``want`` [P, K] is due."""
    best, least = np.zeros(len(counts), np.int64), np.inf
    for _ in range(max(1, min(_TRIES, _PLACED // len(counts)))):
        placed, have = _in_turn(counts, want, random.permutation(len(counts)), single=single)
        too_many = np.maximum(have.sum(1) - want.sum(1), 0).sum() + np.maximum(have - want, 0).sum()
        if round(float(too_many), _DIGITS) < least:
            best, least = placed, round(float(too_many), _DIGITS)
    return best


def _in_turn(counts: Real, want: Real, order: Whole, *, single: int) -> tuple[Whole, Real]:
    """Each group in ``order`` to the part that lacks most of what it holds; int64[G], and what the parts then hold."""
    placed = np.zeros(len(counts), np.int64)
    have = np.zeros_like(want)
    empty = want.sum(1) > 0
    for done, group in enumerate(order):
        score = np.round(((want - have) * counts[group]).sum(1), _DIGITS)
        if len(order) - done + single <= empty.sum():  # just enough are left for the parts that have nothing yet
            score[~empty] = -np.inf
        part = int(score.argmax())
        placed[group] = part
        have[part] += counts[group]
        empty[part] = False
    return placed, have


def _fill(label: Whole, want: Real, have: Real, *, rest: int | None, random: np.random.Generator) -> Whole:
    """int64[M]: the part of each item without a group, in numbers that bring ``have`` [P, K] up to ``want`` [P, K]."""
    where = np.zeros(len(label), np.int64)
    owed = np.zeros(len(want))  # what rounding has kept from each part so far
    for one in np.unique(label):
        members = random.permutation(np.flatnonzero(label == one))
        lacking = np.maximum(want[:, one] - have[:, one], 0)
        quota = lacking * (len(members) / lacking.sum())
        take = np.floor(np.round(quota, _DIGITS))
        owed += quota - take
        for _ in range(len(members) - int(take.sum())):
            open_to = np.where(quota - take > 10**-_DIGITS, np.round(owed, _DIGITS), -np.inf)
            part = int(open_to.argmax())
            take[part] += 1
            owed[part] -= 1
        if rest is not None and not have[rest, one] + take[rest]:
            take[int(take.argmax())] -= 1
            take[rest] += 1
        where[members] = np.repeat(np.arange(len(want)), take.astype(np.int64))
    return where
