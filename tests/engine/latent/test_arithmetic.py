"""Means, differences and directions of codes."""

import numpy as np
import pytest

from workbench.engine.latent import arithmetic
from workbench.engine.latent.arithmetic import class_counts, class_means, combine, directions, mean_code
from workbench.engine.latent.codes import Codes

RNG = np.random.default_rng(0)


@pytest.fixture
def codes() -> Codes:
    """Items 10 to 59 of classes 0 to 2 and of none; class 3 is empty."""
    return Codes(
        run="run", step=1, split="train", protocol="", classes=("a", "b", "c", "none"), items=np.arange(10, 60),
        labels=np.arange(50) % 4 - 1, mean=RNG.normal(2, 1, (50, 3)).astype(np.float32),
        deviation=np.ones((50, 3), np.float32),
    )  # fmt: skip


def test_the_mean_of_some_items(codes: Codes) -> None:
    assert mean_code(codes, np.array([12, 11, 999])) == pytest.approx(codes.mean[[1, 2]].mean(0))
    assert mean_code(codes, np.array([], np.int64)).tolist() == [0, 0, 0]
    assert mean_code(codes, np.array([10])).dtype == np.float32


def test_one_less_another_and_a_third(codes: Codes) -> None:
    a, b, c = codes.mean[:5], codes.mean[5:6], codes.mean[7]
    assert combine(a, b, c) == pytest.approx(a.mean(0) - b[0] + c, abs=1e-6)
    none = np.zeros((0, 3), np.float32)
    assert combine(none, none, c) == pytest.approx(c)
    assert combine(a, a, c) == pytest.approx(c, abs=1e-6)


def test_directions_lead_from_all_others_to_a_class(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "_PIECE", 24)  # several pieces
    assert class_counts(codes).tolist() == [13, 12, 12, 0]
    means, found = class_means(codes), directions(codes)
    known = codes.labels >= 0
    for label in range(3):
        own = codes.labels == label
        assert means[label] == pytest.approx(codes.mean[own].mean(0), abs=1e-5)
        others = codes.mean[known & ~own].mean(0)
        assert found[label] == pytest.approx(codes.mean[own].mean(0) - others, abs=1e-5)
    assert found.shape == (4, 3)
    assert not found[3].any()
    assert not means[3].any()


def test_one_class_alone_has_no_direction(codes: Codes) -> None:
    alone = Codes(
        run="", step=1, split="", protocol="", classes=("a",), items=codes.items, labels=np.zeros(50, np.int64),
        mean=codes.mean, deviation=codes.deviation,
    )  # fmt: skip
    assert directions(alone).tolist() == [[0, 0, 0]]
