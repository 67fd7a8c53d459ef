"""What is known of a set's items: which match, in what order, and what an edit changes."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from gallery_samples import Pictures, catalogue, dataset, flags
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine.project.edits import MASK, Edit, replay
from workbench.gui.models.catalogue import State, catalogue_of, natural_ranks, ordered, together


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"label": -1}, [0, 3, 6, 9]),
        ({"split": ""}, [5, 6, 7, 8, 9]),
        ({"split": "validation"}, []),
        ({"text": "ITEM-7"}, [7]),
        ({"label": 0, "split": "", "text": "7"}, [7]),
        ({"text": "nothing like it"}, []),
        ({"among": np.array([8, 2, 5])}, [2, 5, 8]),
    ],
)
def test_filters(choice: dict[str, Any], expected: list[int]) -> None:
    assert catalogue(Pictures(10)).matching(**choice).tolist() == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.IN_USE, [0, 1, 3, 4, 5]),
        (State.LABELLED, [1, 4, 5]),
        (State.UNLABELLED, [0, 3]),
        (State.BY_HAND, [4]),
        (State.EXCLUDED, [2]),
        (State.ALL, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_states(state: State, expected: list[int]) -> None:
    whole = catalogue(Pictures(6), excluded=flags(6, 2), relabelled=flags(6, 2, 4))
    assert whole.matching(state=state).tolist() == expected
    assert whole.state_counts("label")[state] == len(expected)


def test_counts_leave_out_what_is_excluded() -> None:
    whole = catalogue(Pictures(6), excluded=flags(6, 2, 3))
    assert whole.split_counts() == {"train": 2, "": 2}
    assert whole.class_counts("label").tolist() == [2, 1, 1]


def test_a_catalogue_says_what_the_dataset_is_now(tmp_path: Path) -> None:
    files = {f"img{number}": (b"x", number % 2, ("train", "test", "")[number % 3]) for number in range(6)}
    imported = dataset(tmp_path, files)
    edits = [
        Edit(kind="exclude", text="", parts={"": np.array([5])}),
        Edit(kind="label", text="", parts={"1": np.array([0])}, label_set="label"),
        Edit(kind="split", text="", parts={"validation": np.array([1])}),
        Edit(kind="name", text="", label_set="label", label=1, value="wasp"),
        Edit(kind="colour", text="", label_set="label", label=0, value="#102030"),
    ]
    whole = catalogue_of(replace(imported, state=replay(imported.state, edits)))
    assert whole.names == list(files)
    assert whole.labels["label"].tolist() == [1, 1, 0, 1, 0, 1]
    assert whole.label_sets == {"label": ("ant", "wasp")}
    assert [whole.split(item) for item in range(6)] == ["train", "validation", "", "train", "test", ""]
    assert whole.splits == ("train", "validation", "test", "")
    assert whole.excluded.tolist() == [False] * 5 + [True]
    assert np.flatnonzero(whole.relabelled).tolist() == [0]
    assert (whole.colour("label", 0), whole.colour("label", 1)) == ("#102030", "")
    assert whole.fingerprint == "f" * 64


def test_masks_are_filtered_by_what_they_hold(tmp_path: Path) -> None:
    imported = dataset(tmp_path, dict.fromkeys("abc", (b"x", 0, "")), masks=True)
    assert catalogue_of(imported).class_sets == {}, "nobody has looked into the masks"

    class Known(SimpleNamespace):
        def __len__(self) -> int:
            return 3

    facts: Any = Known(
        width=np.array([2, 4, 0], np.int32),
        height=np.array([3, 5, 0], np.int32),
        mask_counts=np.array([[6, 0], [10, 10], [0, 0]]),
        mask_stray=np.zeros(3, np.int64),
    )
    whole = catalogue_of(imported, cast(Any, facts))
    assert whole.class_sets == {MASK: ("land", "sea")}
    assert whole.matching(label_set=MASK, label=0).tolist() == [0, 1]
    assert whole.matching(label_set=MASK, label=1).tolist() == [1]
    assert whole.class_counts(MASK).tolist() == [2, 1, 0]
    assert whole.colour(MASK, 1) == "#0000ff"
    assert ordered(np.arange(3), whole.size_key(), descending=True).tolist() == [1, 0, 2]


def test_order_is_stable_and_leaves_the_unknown_for_last() -> None:
    key = np.array([3.0, np.nan, 1.0, 3.0, 2.0])
    items = np.arange(5)
    assert ordered(items, key).tolist() == [2, 4, 0, 3, 1]
    assert ordered(items, key, descending=True).tolist() == [0, 3, 4, 2, 1]
    assert ordered(np.array([4, 3]), key).tolist() == [4, 3]


def test_copies_lie_side_by_side() -> None:
    assert together(np.array([0, 1, 2, 5, 7]), ((1, 7), (0, 5))).tolist() == [1, 7, 0, 5, 2]


def test_names_in_natural_order() -> None:
    names = ["img10", "img2", "img1", "a", "img02", "img2b", "b3/x1", "b21/x0", ""]
    by_rank = [names[item] for item in np.argsort(natural_ranks(names))]
    assert by_rank == ["", "a", "b3/x1", "b21/x0", "img1", "img02", "img2", "img2b", "img10"]


@given(st.lists(st.integers(0, 10**30), max_size=30))
def test_numbers_sort_as_numbers(numbers: list[int]) -> None:
    ranks = natural_ranks([f"x{number}.png" for number in numbers])
    assert sorted(ranks.tolist()) == list(range(len(numbers)))
    assert [numbers[item] for item in np.argsort(ranks)] == sorted(numbers)


def test_filtering_and_sorting_are_quick() -> None:
    """100,000 items in far less than a frame or two; the bound allows for a busy machine."""
    count = 100_000
    names = [f"train/class/img_{number * 7919 % count}.jpg" for number in range(count)]
    whole = catalogue(Pictures(1), names=names, folded=names, splits=("train", "test"),
                      split_codes=np.arange(count) % 2, labels={"label": np.arange(count) % 3 - 1},
                      excluded=flags(count), relabelled=flags(count))  # fmt: skip
    key = np.random.default_rng(0).random(count)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        items = ordered(whole.matching(label=1, split="test", text="img_1"), key)
        items = ordered(whole.matching(), key)
        times.append(time.perf_counter() - started)
    assert len(items) == count
    assert min(times) < 0.2
