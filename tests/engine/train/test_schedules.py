"""Learning rates against torch's schedulers and closed forms; steps at which to evaluate against written-out lists."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from workbench.engine.errors import UserError
from workbench.engine.train.params import SCHEDULES, TrainParams
from workbench.engine.train.schedules import evaluation_steps, learning_rate

PEAK = 0.3


def rates(total: int, *, steps_per_epoch: int = 10, **options: object) -> list[float]:
    params = TrainParams.from_dict({"learning_rate": PEAK, **options})
    rate = learning_rate(params, total=total, steps_per_epoch=steps_per_epoch)
    return [rate(step) for step in range(total)]


def torchs(total: int, make: object, **options: object) -> list[float]:
    """What one of torch's schedulers gives, step by step."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = make(optimiser, **options)  # type: ignore[operator]
    found = []
    for _ in range(total):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def test_constant() -> None:
    assert rates(5, schedule="constant") == [PEAK] * 5


@pytest.mark.parametrize(("every", "factor"), [(7, 0.1), (1, 0.9), (100, 0.5)])
def test_step_is_torchs(every: int, factor: float) -> None:
    ours = rates(50, schedule="step", decay_every=every, decay_factor=factor)
    np.testing.assert_allclose(ours, torchs(50, lr_scheduler.StepLR, step_size=every, gamma=factor), rtol=1e-12)


@pytest.mark.parametrize(("total", "every"), [(30, 10), (31, 11), (2, 1), (1, 1)])
def test_step_decays_twice_by_itself(total: int, every: int) -> None:
    assert rates(total, schedule="step") == rates(total, schedule="step", decay_every=every)


@pytest.mark.parametrize("final", [0.0, 0.25, 1.0])
def test_cosine_is_torchs(final: float) -> None:
    ours = rates(40, schedule="cosine", final_factor=final)
    theirs = torchs(40, lr_scheduler.CosineAnnealingLR, T_max=40, eta_min=PEAK * final)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_cosine_after_a_warm_up_is_torchs_in_sequence() -> None:
    warmup = 8
    linear = torchs(warmup, lr_scheduler.LinearLR, start_factor=1 / (warmup + 1), total_iters=warmup)
    cosine = torchs(32, lr_scheduler.CosineAnnealingLR, T_max=32)
    np.testing.assert_allclose(rates(40, schedule="cosine", warmup_steps=warmup), linear + cosine, rtol=1e-10)


@pytest.mark.parametrize("peak_at", [0.0, 0.23, 0.5, 1.0])
def test_one_cycle_is_two_lines(peak_at: float) -> None:
    total = 50
    ours = rates(total, schedule="one-cycle", peak_at=peak_at, start_factor=0.2, final_factor=0.05)
    wanted = np.interp(np.arange(total), [0, peak_at * total, total], [0.2 * PEAK, PEAK, 0.05 * PEAK])
    if peak_at == 0:
        wanted[0] = PEAK  # it begins at the peak
    np.testing.assert_allclose(ours, wanted, rtol=1e-12)


@pytest.mark.parametrize(("unit", "length"), [("step", 1), ("epoch", 4)])
def test_a_list_lasts(unit: str, length: int) -> None:
    listed = [0.5, 0.25, 0.0]
    ours = rates(20, schedule="list", learning_rates=listed, schedule_unit=unit, steps_per_epoch=4)
    assert ours == [listed[min(step // length, 2)] for step in range(20)]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_warm_up_in_epochs_is_that_many_steps(schedule: str) -> None:
    options = {"schedule": schedule, "learning_rates": [PEAK], "steps_per_epoch": 6}
    assert rates(30, warmup_epochs=1.5, **options) == rates(30, warmup_steps=9, **options)
    with pytest.raises(UserError, match="warmup_steps and warmup_epochs cannot both be set"):
        rates(30, warmup_steps=9, warmup_epochs=1.5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_warm_up_rises_to_the_schedule(schedule: str) -> None:
    options = {"schedule": schedule, "learning_rates": [PEAK], "start_factor": 1.0, "peak_at": 0.5}
    warm = rates(30, warmup_steps=9, **options)
    plain = [PEAK] * 9 if schedule == "cosine" else rates(30, **options)
    np.testing.assert_allclose(warm[:9], [plain[step] * (step + 1) / 10 for step in range(9)], rtol=1e-12)
    if schedule != "cosine":
        assert warm[9:] == plain[9:]


@given(
    st.sampled_from(SCHEDULES),
    st.integers(1, 60),
    st.integers(0, 80),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_rates_are_between_nothing_and_the_peak(
    schedule: str, total: int, warmup: int, peak_at: float, start: float, final: float
) -> None:
    found = rates(
        total,
        schedule=schedule,
        warmup_steps=warmup,
        peak_at=peak_at,
        start_factor=start,
        final_factor=final,
        learning_rates=[PEAK, 0.0],
    )
    assert all(math.isfinite(rate) and 0 <= rate <= PEAK * (1 + 1e-12) for rate in found)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_rate_depends_on_its_step_alone(schedule: str) -> None:
    params = TrainParams(schedule=schedule, learning_rates=(0.2, 0.1), warmup_steps=3)
    rate = learning_rate(params, total=30, steps_per_epoch=10)
    forwards = [rate(step) for step in range(40)]  # beyond the end, too
    assert [rate(step) for step in reversed(range(40))] == forwards[::-1]
    assert rate(30) >= 0


# Evaluation


STEPS_PER_EPOCH = 7


def due(total: int, **options: object) -> list[int]:
    evaluates = evaluation_steps(TrainParams.from_dict(options), total, steps_per_epoch=STEPS_PER_EPOCH)
    return [step for step in range(1, total + 1) if evaluates(step)]


def test_evaluations_are_spaced_exponentially() -> None:
    assert due(200) == [100, 110, 121, 133, 146, 161, 177, 195, 200]
    assert due(2000, evaluate_first=200, evaluate_factor=1.2)[:5] == [200, 240, 288, 346, 415]


def test_the_smallest_ratio_still_moves_on() -> None:
    assert due(9, evaluate_first=1, evaluate_factor=1.001) == list(range(1, 10))


@pytest.mark.parametrize(("total", "steps"), [(1, [1]), (50, [50]), (100, [100]), (101, [100, 101])])
def test_short_runs_are_evaluated_at_their_end(total: int, steps: list[int]) -> None:
    assert due(total) == steps


@pytest.mark.parametrize(("total", "steps"), [(10, [3, 6, 9, 10]), (9, [3, 6, 9]), (2, [2])])
def test_every_so_many_steps(total: int, steps: list[int]) -> None:
    assert due(total, evaluate_every=3) == steps


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [
        (1, [7, 14, 21, 28, 30]),
        (2, [14, 28, 30]),
        (0.5, [4, 7, 10, 14, 18, 21, 24, 28, 30]),
        (0.001, list(range(1, 31))),
        (100, [30]),
    ],
)
def test_every_so_many_epochs(epochs: float, steps: list[int]) -> None:
    assert due(30, evaluate_epochs=epochs) == steps


@given(st.floats(0.01, 20), st.integers(1, 1000))
def test_epochs_between_evaluations_never_drift(epochs: float, per_epoch: int) -> None:
    evaluates = evaluation_steps(TrainParams(evaluate_epochs=epochs), 10**9, steps_per_epoch=per_epoch)
    steps = [step for step in range(1, 3000) if evaluates(step)]
    every = max(1, epochs * per_epoch)
    assert all(abs(step - number * every) <= 0.5 + 1e-6 for number, step in enumerate(steps, 1))
    assert len(steps) >= int(2998 / every)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(1.001, 100))
def test_gaps_grow_by_the_ratio(total: int, first: int, factor: float) -> None:
    evaluates = evaluation_steps(TrainParams(evaluate_first=first, evaluate_factor=factor), total, steps_per_epoch=1)
    assert evaluates(total)
    steps = [step for step in range(first, min(total, first + 2000)) if evaluates(step)]
    assert not steps or steps[0] == first
    for one, following in itertools.pairwise(steps):
        assert following == one + 1 or abs(following - one * factor) <= 0.5 + 1e-6
