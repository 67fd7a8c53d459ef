"""Splits: laws that hold for every protocol, and what each one promises beside them."""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.engine.errors import UserError
from workbench.engine.project.splits import (
    AUTOMATIC,
    PROTOCOLS,
    TEST,
    TRAIN,
    VALIDATION,
    Division,
    Split,
    choose_protocol,
    divide,
    split_hash,
)
from workbench.engine.project.splits.groups import check_rule, groups_by, place
from workbench.engine.project.splits.protocols import FLOWERS, FLOWERS_SWAPPED, GOMLX, MNIST


def division(
    labels: Sequence[int], published: Sequence[str] = (), *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> Division:
    return Division(
        labels=np.array(labels, np.int64),
        published=np.array(published or [""] * len(labels), np.str_),
        validation=validation,
        test=test,
        seed=seed,
    )


SIZES = {  # the others: as CIFAR, and validation
    FLOWERS: (1020, 1020, 6149),
    FLOWERS_SWAPPED: (1020, 1020, 6149),
    MNIST: (60_000, 500, 10_000),
}


def suitable(protocol: str, *, seed: int = 0) -> Division:
    """Data that the protocol can divide: some of it unknown, some excluded, some in groups, some moved by hand."""
    train, validation, test = SIZES.get(protocol, (50_000, 1000, 10_000))
    published = np.array([TRAIN] * train + [VALIDATION] * validation + [TEST] * test + [""] * 500 + [TRAIN] * 600)
    random = np.random.default_rng(4)
    labels = random.integers(0, 10, len(published))
    labels[-500:] = -1
    excluded = np.zeros(len(published), bool)
    excluded[-600:-400] = True
    splits = published.copy()
    splits[random.permutation(len(splits))[:12]] = TEST
    return replace(
        division(labels.tolist(), published.tolist(), seed=seed),
        splits=splits,
        assigned="published + 12 by hand",
        groups=np.where(random.random(len(labels)) < 0.5, "", random.integers(0, 300, len(labels)).astype(str)),
        excluded=excluded,
        fold=2,
    )


def items(split: Split) -> dict[str, list[int]]:
    return {name: part.tolist() for name, part in split.items.items()}


def refusal(data: Division, protocol: str) -> str:
    with pytest.raises(UserError) as caught:
        divide(data, protocol=protocol)
    return str(caught.value)


every_protocol = pytest.mark.parametrize("protocol", [*PROTOCOLS, AUTOMATIC])


@every_protocol
@pytest.mark.parametrize("limit", [0, 700])
def test_the_laws(protocol: str, limit: int) -> None:
    data = suitable(protocol)
    assert not data.usable[-600:].all()
    split = divide(data, protocol=protocol, limit=limit)
    assert {TRAIN, VALIDATION} <= split.items.keys() <= {TRAIN, VALIDATION, TEST}
    for part in split.items.values():
        assert part.dtype == np.int64
        assert len(part)
        assert (np.diff(part) > 0).all()  # sorted, nothing twice
        assert (data.labels[part] >= 0).all()
        assert not data.excluded[part].any()
        assert not limit or len(part) <= limit
    together = np.concatenate(list(split.items.values()))
    assert len(np.unique(together)) == len(together)
    assert split.facts["counts"] == {name: len(part) for name, part in split.items.items()}
    again = divide(suitable(protocol), protocol=protocol, limit=limit)
    assert (items(again), again.hash, again.protocol) == (items(split), split.hash, split.protocol)


@every_protocol
def test_a_limit_takes_from_what_would_be_there(protocol: str) -> None:
    data = suitable(protocol)
    whole, some = divide(data, protocol=protocol), divide(data, protocol=protocol, limit=500)
    for name, part in some.items.items():
        assert len(part) == min(500, len(whole.items[name]))
        assert np.isin(part, whole.items[name]).all()
    assert some.protocol == f"{whole.protocol} · at most 500 each"
    assert some.hash != whole.hash
    other = divide(suitable(protocol, seed=1), protocol=protocol, limit=500)
    assert other.items[TRAIN].tolist() != some.items[TRAIN].tolist()


# What each protocol promises

PUBLISHED = [TRAIN, TRAIN, VALIDATION, TEST, TEST, "", TRAIN, TEST]
LABELS = [0, 1, 0, 1, 0, 1, -1, -1]


def test_published_splits_as_they_are() -> None:
    split = divide(division(LABELS, PUBLISHED), protocol="published")
    assert items(split) == {TRAIN: [0, 1], VALIDATION: [2], TEST: [3, 4]}
    assert split.protocol == "published 2+1/2"
    without = divide(division(LABELS[:3], PUBLISHED[:3]), protocol="published")
    assert items(without) == {TRAIN: [0, 1], VALIDATION: [2]}
    assert without.protocol == "published 2+1"


def test_validated_on_the_test_split() -> None:
    split = divide(division(LABELS, PUBLISHED), protocol="train-test")
    assert items(split) == {TRAIN: [0, 1], VALIDATION: [3, 4]}
    assert split.protocol == "train-test 2/2"


def test_the_protocol_of_the_demo() -> None:
    split = divide(suitable(GOMLX), protocol="GoMLX 50000/10000")
    assert items(split) == {TRAIN: list(range(50_000)), VALIDATION: list(range(51_000, 61_000))}
    assert split.protocol == "GoMLX 50000/10000"


def test_hold_out_divides_the_training_split() -> None:
    published = [TRAIN] * 100 + [TEST] * 10 + [VALIDATION] * 5
    split = divide(division([0, 1] * 57 + [0], published, validation=0.25, seed=3), protocol="hold-out")
    assert sorted(items(split)[TRAIN] + items(split)[VALIDATION]) == list(range(100))
    assert items(split)[TEST] == list(range(100, 110))
    assert split.protocol == "hold-out 25 % of train · seed 3"
    assert len(split.items[VALIDATION]) in (24, 26)  # 12.5 of each class, rounded alike


def test_random_divides_all_that_is_labelled() -> None:
    split = divide(division([0, 1, -1] * 40, [TRAIN, TEST, ""] * 40, validation=0.2, test=0.1), protocol="random")
    assert sorted(np.concatenate(list(split.items.values()))) == [item for item in range(120) if item % 3 < 2]
    assert [len(split.items[name]) for name in (TRAIN, VALIDATION, TEST)] == [56, 16, 8]
    assert split.protocol == "random 70/20/10 · seed 0"
    without = divide(division([0, 1] * 40, validation=0.1, test=0.0), protocol="random")
    assert without.items.keys() == {TRAIN, VALIDATION}


def test_both_protocols_of_the_flowers() -> None:
    data = suitable(FLOWERS)
    official, swapped = divide(data, protocol=FLOWERS), divide(data, protocol=FLOWERS_SWAPPED)
    assert official.protocol == "official 1020+1020/6149"
    assert items(official) == {TRAIN: list(range(1020)), VALIDATION: list(range(1020, 2040)),
                               TEST: list(range(2040, 8189))}  # fmt: skip
    assert swapped.protocol == "CNTK swapped 6149/1020"
    assert items(swapped) == {TRAIN: list(range(2040, 8189)), VALIDATION: list(range(1020))}


@pytest.mark.parametrize("protocol", [FLOWERS, FLOWERS_SWAPPED])
def test_protocols_of_the_flowers_are_for_nothing_else(protocol: str) -> None:
    said = refusal(division(LABELS, PUBLISHED), protocol)
    assert "this protocol is of Flowers-102" in said
    assert "this data has 2, 1 and 2" in said
    one_less = suitable(protocol)
    one_less.excluded[5000] = True
    assert "this data has 1020, 1020 and 6148" in refusal(one_less, protocol)


def test_the_protocol_of_published_likelihoods_has_its_sizes_to_the_item() -> None:
    split = divide(suitable(MNIST, seed=3), protocol=MNIST)
    assert {name: len(part) for name, part in split.items.items()} == {TRAIN: 50_000, VALIDATION: 10_000, TEST: 10_000}
    assert sorted(items(split)[TRAIN] + items(split)[VALIDATION]) == list(range(60_000))
    assert items(split)[TEST] == list(range(60_500, 70_500))
    assert split.protocol == "MNIST 50000+10000/10000 · seed 3"
    assert items(divide(suitable(MNIST, seed=4), protocol=MNIST))[VALIDATION] != items(split)[VALIDATION]
    assert "2 training and 2 test images, not 60000 and 10000" in refusal(division(LABELS, PUBLISHED), MNIST)


# Where labels are not needed


@pytest.mark.parametrize("protocol", ["published", "train-test", "hold-out", "random", "k-fold"])
@pytest.mark.parametrize("some", [False, True])
def test_all_items_are_divided_where_labels_are_not_needed(protocol: str, some: bool) -> None:
    published = [TRAIN] * 60 + [VALIDATION] * 20 + [TEST] * 20
    labels = [-1, 0, -1, 1] * 25 if some else [-1] * 100
    data = replace(division(labels, published), all_items=True, excluded=np.arange(100) % 10 == 3)
    split = divide(data, protocol=protocol)
    together = np.concatenate(list(split.items.values()))
    expected = {"published": 100, "train-test": 80, "hold-out": 80, "random": 100, "k-fold": 100}[protocol]
    assert len(np.unique(together)) == len(together) == expected * 9 // 10
    assert not data.excluded[together].any()
    assert (data.labels[split.items[VALIDATION]] < 0).any()


def test_with_all_labels_there_it_is_the_same_split() -> None:
    labels, published = [0, 1] * 60, [TRAIN] * 100 + [TEST] * 20
    for protocol in ("hold-out", "random"):
        usual = divide(division(labels, published), protocol=protocol, limit=30)
        assert divide(replace(division(labels, published), all_items=True), protocol=protocol, limit=30).hash == (
            usual.hash
        )


def test_items_without_a_split_stay_without_one_where_labels_are_not_needed() -> None:
    published = [TRAIN] * 40 + [VALIDATION] * 10 + [""] * 30
    data = replace(division([-1] * 80, published), all_items=True).complete()
    assert {name: len(part) for name, part in divide(data).items.items()} == {TRAIN: 40, VALIDATION: 10}


def test_everything_excluded_without_labels() -> None:
    data = replace(division([-1] * 20), all_items=True, excluded=np.ones(20, bool))
    assert refusal(data, "random").startswith("every item of this data is excluded")


HAND_MADE = [TEST, TRAIN, TRAIN, VALIDATION, "", TEST, TRAIN, TEST]


def test_splits_that_a_person_made() -> None:
    data = replace(division(LABELS, PUBLISHED), splits=np.array(HAND_MADE), assigned="published + 4 by hand")
    split = divide(data, protocol="assigned")
    assert items(split) == {TRAIN: [1, 2], VALIDATION: [3], TEST: [0, 5]}
    assert split.protocol == "assigned published + 4 by hand"
    assert split.facts["splits"] == "published + 4 by hand"
    assert choose_protocol(data) == "assigned"
    assert items(divide(data, protocol="published")) == {TRAIN: [0, 1], VALIDATION: [2], TEST: [3, 4]}
    assert "nobody has made splits of this data" in refusal(division(LABELS, PUBLISHED), "assigned")


def test_splits_that_a_person_made_without_validation_get_some_from_training() -> None:
    hand_made = np.array([TRAIN] * 40 + [TEST] * 20)
    data = replace(division([0, 1] * 30), splits=hand_made, assigned="60 by hand")
    split = divide(data)
    assert split.protocol == "hold-out 10 % of train · seed 0 · of 60 by hand"
    assert sorted(items(split)[TRAIN] + items(split)[VALIDATION]) == list(range(40))
    assert items(split)[TEST] == list(range(40, 60))
    assert "leave nothing for validation" in refusal(data, "assigned")
    assert "leave nothing for train" in refusal(replace(data, splits=np.full(60, TEST)), AUTOMATIC)


def test_k_fold_leaves_a_test_split_alone() -> None:
    data = replace(division([0, 1] * 50, [TRAIN] * 60 + [TEST] * 20 + [VALIDATION] * 10 + [""] * 10), folds=4)
    folds = [divide(replace(data, fold=fold), protocol="k-fold") for fold in range(1, 5)]
    assert [fold.protocol for fold in folds] == [f"k-fold {fold} of 4 · seed 0" for fold in range(1, 5)]
    assert all(items(fold)[TEST] == list(range(60, 80)) for fold in folds)
    assert sorted(np.concatenate([fold.items[VALIDATION] for fold in folds])) == [*range(60), *range(80, 100)]
    assert len({fold.hash for fold in folds}) == 4
    only_test = divide(division([0, 1] * 50, [TEST] * 100), protocol="k-fold")
    assert sum(map(len, only_test.items.values())) == 100
    assert "3 items cannot be dealt into 5 folds" in refusal(division([0, 1, 0]), "k-fold")


@pytest.mark.parametrize(
    ("published", "chosen"),
    [
        ([TRAIN, VALIDATION, TEST], "published"),
        ([TRAIN, VALIDATION], "published"),
        ([TRAIN, TEST], "hold-out"),
        ([TRAIN], "hold-out"),
        ([TEST], "random"),
        ([""], "random"),
    ],
)
def test_what_auto_stands_for(published: list[str], chosen: str) -> None:
    data = division([0, 1] * 30 * len(published), published * 60)
    assert choose_protocol(data) == chosen
    assert items(divide(data)) == items(divide(data, protocol=chosen))


def test_splits_without_labels_do_not_count() -> None:
    assert choose_protocol(division([-1, 0], [TRAIN, TEST])) == "random"
    assert choose_protocol(division([0, -1], [TRAIN, VALIDATION])) == "hold-out"


# Drawing


@given(
    st.lists(st.integers(-1, 4), min_size=1, max_size=80),
    st.floats(0.001, 0.25),
    st.floats(0, 0.25),
    st.integers(0, 2**31 - 1),
)
def test_each_class_is_divided_by_its_share(labels: list[int], validation: float, test: float, seed: int) -> None:
    data = division(labels, validation=validation, test=test, seed=seed)
    known = np.flatnonzero(data.labels >= 0)
    parts = data.stratified(known, validation, test)
    assert sorted(np.concatenate(parts)) == known.tolist()
    for label in set(labels) - {-1}:
        counts = [int((data.labels[part] == label).sum()) for part in parts]
        for count, share in zip(counts, (validation, test), strict=False):
            assert abs(count - share * sum(counts)) <= 1
        assert counts[-1] >= 1  # even a class of one item is trained on


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.floats(0.001, 0.9), st.floats(0, 0.9))
def test_no_class_disappears_from_training(labels: list[int], validation: float, test: float) -> None:
    assume(validation + test < 1)
    data = division(labels, validation=validation, test=test)
    rest = data.stratified(np.arange(len(labels)), validation, test)[-1]
    assert set(data.labels[rest].tolist()) == set(labels)


def test_small_classes_are_trained_on() -> None:
    labels = [0] * 50 + [1] + [2, 2]
    split = divide(division(labels, validation=0.4, test=0.4), protocol="random")
    assert {0, 1, 2} == {labels[item] for item in split.items[TRAIN]}
    assert 1 not in {labels[item] for item in (*split.items[VALIDATION], *split.items[TEST])}


def test_nothing_to_draw_from() -> None:
    assert [part.tolist() for part in division([0]).stratified(np.empty(0, np.int64), 0.5)] == [[], []]


@pytest.mark.parametrize("protocol", ["random", "hold-out"])
def test_the_draw_is_the_seeds(protocol: str) -> None:
    data = division([0, 1] * 100, [TRAIN] * 200)
    first, second = (divide(data, protocol=protocol) for _ in range(2))
    other = divide(replace(data, seed=1), protocol=protocol)
    assert items(first) == items(second)
    assert items(first)[VALIDATION] != items(other)[VALIDATION]
    assert first.hash == second.hash != other.hash


def test_the_draw_leaves_the_global_state_alone() -> None:
    before = np.random.get_state()[1].tolist()
    divide(suitable("random"), protocol="random", limit=10)
    assert np.random.get_state()[1].tolist() == before


# Groups and folds


@st.composite
def groupings(draw: st.DrawFn) -> Division:
    """Up to 60 items, few or many classes and groups, some without a label, a group or a place."""
    count = draw(st.integers(1, 60))

    def each(strategy: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(strategy, min_size=count, max_size=count))

    published = each(st.sampled_from(["", TRAIN, TRAIN, TEST]))
    data = division(each(st.integers(-1, draw(st.integers(0, 6)))), published, test=draw(st.sampled_from([0.0, 0.2])))
    return replace(
        data,
        validation=draw(st.sampled_from([0.1, 0.3, 0.5])),
        seed=draw(st.integers(0, 99)),
        groups=np.array(each(st.sampled_from(["", *"abcdefghij"[: draw(st.integers(1, 10))]])), np.str_),
        excluded=np.array(each(st.sampled_from([False, False, False, True])), bool),
        folds=draw(st.integers(2, 6)),
    )


def attempted(data: Division, protocol: str) -> Split:
    """The split; what cannot be divided this way is no example."""
    try:
        return divide(data, protocol=protocol)
    except UserError as error:
        assume("leaves nothing" not in error.what and "no item" not in error.what and "every item" not in error.what)
        assume("cannot be dealt" not in error.what and "does not come" not in error.what)
        raise


def crossing(data: Division, parts: Iterable[np.ndarray]) -> set[str]:
    """Groups that are in two of the parts."""
    seen: set[str] = set()
    twice: set[str] = set()
    for part in parts:
        here = set(data.groups[part].tolist()) - {""}
        twice |= seen & here
        seen |= here
    return twice


@given(groupings(), st.sampled_from(["grouped", "random", "hold-out", "k-fold"]))
def test_no_group_is_in_two_splits_and_nothing_excluded_in_any(data: Division, protocol: str) -> None:
    split = attempted(data, protocol)
    drawn = [split.items[TRAIN], split.items[VALIDATION]]
    if protocol in ("grouped", "random"):
        drawn += [split.items[TEST]] if TEST in split.items else []
        assert sorted(np.concatenate(drawn)) == np.flatnonzero(data.usable).tolist()
    assert not crossing(data, drawn)
    together = np.concatenate(list(split.items.values()))
    assert len(np.unique(together)) == len(together)
    assert data.usable[together].all()
    again = attempted(data, protocol)
    assert (items(again), again.hash) == (items(split), split.hash)


@given(groupings(), st.booleans())
def test_folds_cover_everything_once(data: Division, grouped: bool) -> None:
    if not grouped:
        data = replace(data, groups=np.full(len(data.labels), ""))
    folds = [attempted(replace(data, fold=fold), "k-fold") for fold in range(1, data.folds + 1)]
    test = folds[0].items.get(TEST, np.empty(0, np.int64))
    validated = np.concatenate([fold.items[VALIDATION] for fold in folds])
    assert sorted([*validated, *test]) == np.flatnonzero(data.usable).tolist()
    for fold in folds:
        assert sorted(np.concatenate([fold.items[TRAIN], fold.items[VALIDATION]])) == sorted(validated)
        assert not crossing(data, [fold.items[TRAIN], fold.items[VALIDATION]])
    sizes = [len(fold.items[VALIDATION]) for fold in folds]
    if not data.grouped:
        assert max(sizes) - min(sizes) <= 2
        for label in set(data.labels.tolist()) - {-1}:
            of_class = [int((data.labels[fold.items[VALIDATION]] == label).sum()) for fold in folds]
            assert max(of_class) - min(of_class) <= 1


@given(st.lists(st.integers(1, 30), min_size=2, max_size=40), st.integers(0, 99))
def test_groups_come_as_close_to_their_shares_as_a_group_is_large(sizes: list[int], seed: int) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes).astype(str)
    where = place(np.zeros(len(groups), np.int64), groups, (0.2, 0.1, 0.7), seed=seed, rest=2)
    counts = np.bincount(where, minlength=3)
    assert (counts - np.array([0.2, 0.1, 0.7]) * len(groups) <= max(sizes)).all()
    assert (counts > 0).sum() == min(3, len(sizes))


def test_many_small_groups_give_the_shares_and_the_classes_almost_exactly() -> None:
    random = np.random.default_rng(1)
    groups = random.integers(0, 400, 4000).astype(str)
    labels = random.integers(0, 8, 4000)
    data = replace(division(labels.tolist(), validation=0.2), groups=groups)
    split = divide(data, protocol="grouped")
    assert split.protocol == "grouped 70/20/10 · seed 0"
    for name, share in ((TRAIN, 0.7), (VALIDATION, 0.2), (TEST, 0.1)):
        part = split.items[name]
        assert abs(len(part) / 4000 - share) < 0.004
        assert np.abs(np.bincount(labels[part], minlength=8) / np.bincount(labels) - share).max() < 0.02
    other = divide(replace(data, seed=1), protocol="grouped")
    assert set(groups[other.items[TEST]]) != set(groups[split.items[TEST]])


@pytest.mark.parametrize("protocol", ["random", "hold-out", "k-fold"])
def test_names_say_that_groups_were_kept_whole(protocol: str) -> None:
    data = replace(division([0, 1] * 50, [TRAIN] * 100), groups=np.repeat(np.arange(20), 5).astype(str))
    assert " by group · seed 0" in divide(data, protocol=protocol).protocol


def test_groups_need_groups() -> None:
    assert "no item of this data is of a group" in refusal(division([0, 1] * 20), "grouped")
    two = replace(division([0, 1] * 20), groups=np.repeat(["a", "b"], 20), folds=3)
    assert "2 groups cannot be dealt into 3 folds" in refusal(two, "k-fold")
    one = replace(division([0, 1] * 20), groups=np.full(40, "a"))
    assert "leaves nothing for validation" in refusal(one, "grouped")


NAMES = ["a/p1_x.png", "a/p2_y.png", "b/c/p1_z.png", "q.png"]


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        ("", ["", "", "", ""]),
        ("source", ["g", "", "g", "h"]),
        ("folder", ["a", "a", "b/c", ""]),
        (r"p\d", ["p1", "p2", "p1", ""]),
        (r"(p\d)_", ["p1", "p2", "p1", ""]),
        (r"^(?:(a)/)?.", ["a", "a", "", ""]),
        (r"(?i)(P)\d_(.)", ["p", "p", "p", ""]),
    ],
)
def test_who_says_what_belongs_together(rule: str, groups: list[str]) -> None:
    assert groups_by(rule, NAMES, given=np.array(["g", "", "g", "h"])).tolist() == groups


@pytest.mark.parametrize("rule", ["(", "[a", "*", "(?P<x>", "a{2,1}", "(?<=a+)b"])
def test_a_pattern_that_is_none(rule: str) -> None:
    with pytest.raises(UserError, match="is no pattern"):
        check_rule(rule)


def test_a_rule_that_finds_no_group() -> None:
    none = np.full(2, "")
    for rule, said in (("source", "the source gives no groups"), ("folder", "has a folder"), ("z+", "'z\\+' is found")):
        with pytest.raises(UserError, match=said):
            groups_by(rule, ["x.png", "y.png"], given=none)


# What is excluded


@given(groupings(), st.sampled_from(["random", "hold-out", "published", "train-test", "k-fold"]))
def test_what_is_excluded_is_as_if_it_were_not_there(data: Division, protocol: str) -> None:
    data = replace(data, groups=np.full(len(data.labels), ""))
    kept = np.flatnonzero(~data.excluded)
    names = ("labels", "published", "splits", "groups", "excluded", "relabelled")
    without = replace(data, **{name: getattr(data, name)[kept] for name in names})
    wanted = attempted(without, protocol)
    assert items(attempted(data, protocol)) == {name: kept[part].tolist() for name, part in wanted.items.items()}


def test_everything_excluded() -> None:
    data = replace(division([0, 1, -1]), excluded=np.array([True, True, False]))
    assert "every item of this data that has a label is excluded" in refusal(data, "random")


# The hash


STORED = {  # what earlier versions stored: nobody's numbers may lose their split
    "published": "fae228f1a8059d227f9e888777644a499a94db2532fd5df41af230d2e07533c2",
    "train-test": "03eda6016b237603d759105e1f9cd4bed236db9d5909cd6da2b8abb0edf9892b",
    "hold-out": "30c4f994b483c76ab113950780b6c87969c9ceabca085275991a1fdbc28633b2",
    "random": "860ae45117b9cd51fb1d2f08d509da7026810c066f3e23f7bf4d5c2d7ac80a78",
    "auto": "fae228f1a8059d227f9e888777644a499a94db2532fd5df41af230d2e07533c2",
}


@pytest.mark.parametrize("protocol", STORED)
def test_hashes_stay_what_they_were(protocol: str) -> None:
    published = [TRAIN] * 60 + [VALIDATION] * 20 + [TEST] * 30 + [""] * 10
    labels = np.random.default_rng(7).integers(-1, 4, 120).tolist()
    data = division(labels, published, validation=0.2, seed=5)
    assert divide(data, protocol=protocol, fingerprint="f" * 8, label_set="label").hash == STORED[protocol]


def test_labels_count_where_a_person_changed_them() -> None:
    data = division(LABELS, PUBLISHED)
    plain = divide(data, protocol="published")
    assert plain.labels is None
    changed = data.labels.copy()
    changed[1] = 0
    edited = divide(replace(data, labels=changed, relabelled=changed != data.labels), protocol="published")
    assert items(edited) == items(plain)
    assert edited.hash != plain.hash
    assert edited.labels is not None
    assert edited.labels.tolist() == changed.tolist()
    other = changed.copy()
    other[0] = 1
    assert divide(replace(data, labels=other, relabelled=other != data.labels), protocol="published").hash not in (
        plain.hash,
        edited.hash,
    )
    elsewhere = data.labels.copy()
    elsewhere[5] = 0  # in no split
    unused = divide(replace(data, labels=elsewhere, relabelled=elsewhere != data.labels), protocol="published")
    assert (unused.hash, unused.labels) == (plain.hash, None)


def test_the_hash_is_over_protocol_content_labels_and_items() -> None:
    parts = {"b": np.array([1, 2**40]), "a": np.array([], np.int64)}
    content = b"named\nprint\nlabel" + b"\na 0\n" + b"\nb 2\n" + struct.pack("<2q", 1, 2**40)
    assert split_hash(parts, "named", "print", "label") == hashlib.sha256(content).hexdigest()
    assert split_hash(dict(reversed(parts.items())), "named", "print", "label") == split_hash(
        parts, "named", "print", "label"
    )


def test_any_change_changes_the_hash() -> None:
    parts = {TRAIN: np.array([0, 1, 2]), VALIDATION: np.array([3, 4])}
    variants = [
        (parts, "n", "x", "y"),
        (parts, "n", "X", "y"),
        (parts, "n", "x", "Y"),
        (parts, "N", "x", "y"),
        ({**parts, VALIDATION: np.array([3, 5])}, "n", "x", "y"),
        ({**parts, VALIDATION: np.array([3])}, "n", "x", "y"),
        ({TRAIN: np.array([0, 1]), VALIDATION: np.array([2, 3, 4])}, "n", "x", "y"),
        ({TRAIN: parts[VALIDATION], VALIDATION: parts[TRAIN]}, "n", "x", "y"),
        ({TRAIN: parts[TRAIN], TEST: parts[VALIDATION]}, "n", "x", "y"),
        ({**parts, TEST: np.array([5])}, "n", "x", "y"),
    ]
    assert len({split_hash(*variant) for variant in variants}) == len(variants)


def test_every_number_names_its_split() -> None:
    split = divide(division(LABELS, PUBLISHED), protocol="published", fingerprint="x", label_set="y")
    assert split.hash == split_hash(split.items, split.protocol, "x", "y")
    assert split.badge == f"published 2+1/2 · split {split.hash[:4]}"


# What does not fit


def test_protocols_that_do_not_fit() -> None:
    undivided = division([0, 1] * 20)
    assert "does not come with a train and a validation split. Use data.protocol" in refusal(undivided, "published")
    assert "does not come with a train and a test split" in refusal(undivided, "train-test")
    assert "does not come with a train and a test split" in refusal(undivided, "GoMLX 50000/10000")
    assert "does not come with a training split" in refusal(undivided, "hold-out")
    small = division([0] * 5, [TRAIN] * 3 + [TEST] * 2)
    assert "3 training and 2 test images, not 50000 and 10000" in refusal(small, "GoMLX 50000/10000")


def test_an_unknown_protocol() -> None:
    assert refusal(division([0]), "hold-ot").startswith(
        "there is no protocol called 'hold-ot'. Did you mean 'hold-out'?"
    )


def test_too_little_to_divide() -> None:
    assert "leaves nothing for validation. Use more data or a larger share" in refusal(division([0, 1]), "random")
    assert "no item of this data has a label" in refusal(division([-1, -1]), "random")
    assert "no item of this data has a label" in refusal(division([]), AUTOMATIC)


@pytest.mark.parametrize("rule", ["(a+)+$", r"^(\w*)*b", "(x|[0-9]+){4,}", r"(\(\d+\))*"])
def test_a_repeated_repetition_is_refused(rule: str) -> None:
    with pytest.raises(UserError, match="repeats a repetition"):
        check_rule(rule)


@pytest.mark.parametrize("rule", [r"^(\d)", "^(patient[0-9]+)_", "(a+)b+", r"(\w+)-(\w+)", "(?:ab)+", r"\(a+\)+"])
def test_plain_patterns_are_taken(rule: str) -> None:
    check_rule(rule)
