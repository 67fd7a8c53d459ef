"""From single steps to what is told of them: a stretch at a time, brought to the host all at once."""

import math
import statistics
import time
from collections import deque
from collections.abc import Sequence

import torch

from workbench.engine import events as ev
from workbench.engine.device import memory
from workbench.engine.project.runs import Run
from workbench.engine.tasks.task import Task
from workbench.engine.train.params import TrainParams
from workbench.engine.train.series import follow, series_of
from workbench.engine.train.stepper import Taken
from workbench.engine.train.trouble import not_finite

_MEMORY_SECONDS = 1.0  # between two looks at the memory in use
_DURATIONS = 1001  # of stretches, whose median is what a step takes


class Reporter:
    """Gathers steps until somebody asks; nothing waits for the device before that.

    Args:
        run: Whose steps they are.
        task: Makes metrics of what they left.

    Attributes:
        averages: Moving averages of every metric after the last report.
    """

    def __init__(self, run: Run, task: Task, params: TrainParams, *, device: torch.device) -> None:
        self._run, self._task, self._params, self._device = run, task, params, device
        self.averages: dict[str, float] = {}
        self._pending: list[Taken] = []
        self._seconds = 0.0
        self._durations: deque[float] = deque(maxlen=_DURATIONS)
        self._memory, self._measured = 0, -math.inf

    def add(self, taken: Sequence[Taken], *, seconds: float) -> None:
        """One more step, and how long it took."""
        self._pending += taken
        self._seconds += seconds

    @property
    def pending(self) -> bool:
        """Whether there are steps that nobody was told of."""
        return bool(self._pending)

    @property
    def step_seconds(self) -> float:
        """Median time of one step in this session; 0 before the first report."""
        return round(statistics.median(self._durations), 6) if self._durations else 0.0

    def report(self, *, step: int, epoch: float, rate: float) -> ev.Steps:
        """The pending steps, of which ``step`` is the last.

        Raises:
            UserError: A loss is not finite.
        """
        started = time.perf_counter()
        samples = sum(len(labels) for _, _, labels in self._pending)
        values = series_of(self._pending, self._task, accumulate=self._params.accumulate)
        self._pending.clear()
        steps = len(values[self._task.losses[0]])
        first = step - steps + 1
        for name in self._task.losses:
            for number, loss in enumerate(values[name]):
                if not math.isfinite(loss):
                    raise not_finite(self._run, f"the {name.replace('_', ' ')}", loss, step=first + number)
        follow(self.averages, values, rate=self._params.average_rate)
        spent = self._seconds + time.perf_counter() - started
        self._durations.append(spent / steps)
        self._seconds = 0.0
        return ev.Steps(
            first=first,
            epoch=epoch,
            series=values,
            averages=dict(self.averages),
            learning_rate=rate,
            seconds=self.step_seconds,
            samples_per_second=round(samples / spent, 1),
            memory=self._memory_in_use(),
        )

    def _memory_in_use(self) -> int:
        """Bytes on the device, at most a second old: asking the system takes as long as a small step."""
        if time.monotonic() - self._measured >= _MEMORY_SECONDS:
            self._memory, self._measured = memory(self._device).used, time.monotonic()
        return self._memory
