"""Learning rates as pure functions of the step: nothing to save, nothing to get out of step on a resume."""

import math
from collections.abc import Callable

from workbench.engine.registry import Registry
from workbench.engine.train.params import SCHEDULES, TrainParams

Rate = Callable[[int], float]
"""Steps already taken (0 before the first) to the learning rate of the next one."""

_BUILDERS: Registry[Callable[[TrainParams, int, int], Rate]] = Registry("schedule")


def learning_rate(params: TrainParams, *, total: int, steps_per_epoch: int) -> Rate:
    """The schedule that ``params`` describe, for a run of ``total`` steps, warm-up included."""
    after = _BUILDERS[params.schedule](params, total, steps_per_epoch)
    warmup = _warmup(params, steps_per_epoch)
    return lambda step: after(step) * min(1.0, (step + 1) / (warmup + 1)) if step < warmup else after(step)


def _warmup(params: TrainParams, steps_per_epoch: int) -> int:
    return params.warmup_steps or round(params.warmup_epochs * steps_per_epoch)


@_BUILDERS.register("constant")
def _constant(params: TrainParams, total: int, steps_per_epoch: int) -> Rate:
    return lambda step: params.learning_rate


@_BUILDERS.register("step")
def _step(params: TrainParams, total: int, steps_per_epoch: int) -> Rate:
    every = params.decay_every or max(1, math.ceil(total / 3))
    return lambda step: params.learning_rate * params.decay_factor ** (step // every)


def _cosine_between(first: float, last: float, share: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * min(1.0, share))) / 2


@_BUILDERS.register("cosine")
def _cosine(params: TrainParams, total: int, steps_per_epoch: int) -> Rate:
    """Loshchilov and Hutter 2017 (SGDR) without restarts, after the warm-up."""
    warmup = _warmup(params, steps_per_epoch)
    length = max(1, total - warmup)
    peak = params.learning_rate
    return lambda step: _cosine_between(peak, peak * params.final_factor, max(0, step - warmup) / length)


@_BUILDERS.register("one-cycle")
def _one_cycle(params: TrainParams, total: int, steps_per_epoch: int) -> Rate:
    """Smith 2018: linear from ``start_factor`` up to the peak, then linear down to ``final_factor``."""
    peak, top = params.learning_rate, params.peak_at * total

    def rate(step: int) -> float:
        if step < top:
            return peak * (params.start_factor + (1 - params.start_factor) * step / top)
        share = min(1.0, (step - top) / max(1.0, total - top))
        return peak * (1 + (params.final_factor - 1) * share)

    return rate


@_BUILDERS.register("list")
def _list(params: TrainParams, total: int, steps_per_epoch: int) -> Rate:
    rates = params.learning_rates
    length = 1 if params.schedule_unit == "step" else steps_per_epoch
    return lambda step: rates[min(step // length, len(rates) - 1)]


assert tuple(_BUILDERS) == SCHEDULES


def evaluation_steps(params: TrainParams, total: int, *, steps_per_epoch: int) -> Callable[[int], bool]:
    """Whether to evaluate after a step, 1 or later.

    That is every ``evaluate_every`` steps, every ``evaluate_epochs`` epochs or at exponentially spaced steps, and after
    the last one.
    """
    if params.evaluate_every:
        return lambda step: step == total or step % params.evaluate_every == 0
    if params.evaluate_epochs:
        every = max(1.0, params.evaluate_epochs * steps_per_epoch)
        return lambda step: step == total or (step > 0 and step == round(max(1, round(step / every)) * every))
    due = {total}
    step = params.evaluate_first
    while step < total:
        due.add(step)
        step = max(step + 1, round(step * params.evaluate_factor))
    return due.__contains__
