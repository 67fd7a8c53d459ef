"""Splits: laws that hold for every protocol, and what each one promises beside them."""

import hashlib
import struct
from collections.abc import Sequence
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


def suitable(*, seed: int = 0) -> Division:
    """Data that every protocol can divide: 50,000 to train on, 1,000 to validate, 10,000 to test, some unknown."""
    published = [TRAIN] * 50_000 + [VALIDATION] * 1000 + [TEST] * 10_000 + [""] * 500 + [TRAIN] * 500
    labels = np.random.default_rng(4).integers(0, 10, len(published))
    labels[-500:] = -1
    return division(labels.tolist(), published, seed=seed)


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
    data = suitable()
    split = divide(data, protocol=protocol, limit=limit)
    assert {TRAIN, VALIDATION} <= split.items.keys() <= {TRAIN, VALIDATION, TEST}
    for part in split.items.values():
        assert part.dtype == np.int64
        assert len(part)
        assert (np.diff(part) > 0).all()  # sorted, nothing twice
        assert (data.labels[part] >= 0).all()
        assert not limit or len(part) <= limit
    together = np.concatenate(list(split.items.values()))
    assert len(np.unique(together)) == len(together)
    again = divide(suitable(), protocol=protocol, limit=limit)
    assert (items(again), again.hash, again.protocol) == (items(split), split.hash, split.protocol)


@every_protocol
def test_a_limit_takes_from_what_would_be_there(protocol: str) -> None:
    whole, some = divide(suitable(), protocol=protocol), divide(suitable(), protocol=protocol, limit=5000)
    for name, part in some.items.items():
        assert len(part) == min(5000, len(whole.items[name]))
        assert np.isin(part, whole.items[name]).all()
    assert some.protocol == f"{whole.protocol} · at most 5000 each"
    assert some.hash != whole.hash
    other = divide(suitable(seed=1), protocol=protocol, limit=5000)
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
    split = divide(suitable(), protocol="GoMLX 50000/10000")
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
    divide(suitable(), protocol="random", limit=10)
    assert np.random.get_state()[1].tolist() == before


# The hash


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
