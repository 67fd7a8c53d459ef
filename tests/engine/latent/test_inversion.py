"""Codes that are looked for by their pictures."""

import numpy as np
import pytest
import torch
from latent_networks import BGR, GREY, HALF, explorer

from workbench.engine.latent.inversion import Inverted, invert
from workbench.engine.train.feed import Preprocessing

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("preprocessing", [GREY, HALF, BGR])
def test_the_codes_of_pictures_are_found_again(preprocessing: Preprocessing) -> None:
    explored = explorer(preprocessing, dims=3, encodes="no")
    codes = RNG.normal(0, 0.3, (5, 3)).astype(np.float32)
    pixels = explored.pixels_of(explored.decode(codes))
    events, work = [], invert(explored, pixels, steps=200, restarts=3)
    with torch.no_grad():  # whoever calls
        while True:
            try:
                events.append(next(work))
            except StopIteration as end:
                found = end.value
                break
    assert found == pytest.approx(codes, abs=0.2)  # the prior draws them to the middle
    last = events[-1]
    assert isinstance(last, Inverted)
    assert (last.done, last.total) == (200, 200)
    assert (last.codes == found).all()
    assert (last.pictures == explored.decode(found)).all()
    assert last.loss.max() < 0.02
    losses = np.stack([event.loss for event in events])
    assert (np.diff(losses, axis=0) <= 0).all()


def test_closing_keeps_the_best_so_far_and_frees_the_network() -> None:
    explored = explorer(encodes="no")
    work = invert(explored, np.zeros((2, 1, 4, 4), np.uint8), steps=10_000)
    first = next(work)
    second = next(work)
    work.close()
    assert first.done < second.done < 10_000
    assert (second.loss <= first.loss).all()
    assert first.codes is not second.codes
    explored.decode(np.zeros((1, 2), np.float32))


def test_equal_seeds_find_equal_codes_and_groups_take_turns() -> None:
    explored = explorer(encodes="no")
    pixels = RNG.integers(0, 256, (5, 1, 4, 4), np.uint8)
    object.__setattr__(explored.network, "code_rows", 4)  # two images at a time

    def run(seed: int) -> tuple[list[Inverted], np.ndarray]:
        events, work = [], invert(explored, pixels, steps=3, restarts=2, seed=seed)
        while True:
            try:
                events.append(next(work))
            except StopIteration as end:
                return events, end.value

    events, found = run(1)
    assert events[-1].total == 9
    assert np.isfinite(events[-1].loss).all()
    assert np.isinf(events[0].loss[2:]).all()
    assert (found == run(1)[1]).all()
    assert (found != run(2)[1]).any()


def test_weights_get_no_gradients() -> None:
    explored = explorer(encodes="no")
    for _ in invert(explored, np.zeros((1, 1, 4, 4), np.uint8), steps=2):
        pass
    assert all(parameter.grad is None for parameter in explored.network.model.parameters())  # type: ignore[attr-defined]
