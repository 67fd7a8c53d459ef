"""What a run's events say, as growing arrays that charts can be painted from at any moment.

Numbers arrive a report at a time and are looked at far more often than they arrive, so each line lives in one buffer
that doubles, readers get views of it, and smoothing is continued instead of repeated. How a line is shown is the
window's business.
"""

import csv
import io
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from workbench.engine import events as ev
from workbench.engine.files import write_bytes
from workbench.engine.project.runs import Run

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
N = TypeVar("N", bound=np.generic)

STEP, LEARNING_RATE, SAMPLES_PER_SECOND, MEMORY = "step", "learning_rate", "samples_per_second", "memory"
SIGN_OF_LIFE = 0.05  # seconds between two Progress events of a generator
_FIRST_CAPACITY = 64
_BLOCK = 64  # values that one product with a triangular matrix smooths at once
_CSV_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: ``values[i]`` was measured after ``steps[i]`` steps, ``epochs[i]`` epochs.

    The arrays have one length, N, are read-only, and ``steps`` is strictly increasing. They are views of a buffer that
    goes on growing: valid until the next :meth:`Curves.add`, to be copied by who keeps them longer.
    """

    steps: Integers
    epochs: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def copy(self) -> "Line":
        """The same numbers, which nothing changes any more."""
        return Line(self.steps.copy(), self.epochs.copy(), self.values.copy())


class _Growing:
    """Three parallel arrays with room to grow, and the last smoothing asked for."""

    def __init__(self) -> None:
        self.count = 0
        self.version = 0
        self.steps = np.empty(_FIRST_CAPACITY, dtype=np.int64)
        self.epochs = np.empty(_FIRST_CAPACITY)
        self.values = np.empty(_FIRST_CAPACITY)
        self.smooth = np.empty(0)
        self.smooth_count = 0
        self.smooth_weight = -1.0

    def append(self, steps: Integers, epochs: Floats, values: Floats) -> None:
        if not len(values):
            return
        self.cut(int(steps[0]) - 1)  # what is said again replaces what was said first
        end = self.count + len(values)
        if end > len(self.values):
            capacity = max(end, 2 * len(self.values))
            self.steps = _enlarged(self.steps, capacity)
            self.epochs = _enlarged(self.epochs, capacity)
            self.values = _enlarged(self.values, capacity)
        self.steps[self.count : end] = steps
        self.epochs[self.count : end] = epochs
        self.values[self.count : end] = values
        self.count = end
        self.version += 1

    def cut(self, step: int) -> None:
        """Forget what came after ``step``."""
        if self.count and self.steps[self.count - 1] > step:
            self.count = int(np.searchsorted(self.steps[: self.count], step, side="right"))
            self.smooth_count = min(self.smooth_count, self.count)
            self.version += 1

    def line(self) -> Line:
        count = self.count
        return Line(_frozen(self.steps, count), _frozen(self.epochs, count), _frozen(self.values, count))

    def smoothed(self, weight: float) -> Floats:
        if weight != self.smooth_weight:
            self.smooth_count, self.smooth_weight = 0, weight
        if self.smooth_count < self.count:
            if len(self.smooth) < self.count:
                self.smooth = _enlarged(self.smooth, len(self.values))
            done = self.smooth_count
            self.smooth[done : self.count] = smoothed(self.values[done : self.count], weight, before=self.smooth[:done])
            self.smooth_count = self.count
        return _frozen(self.smooth, self.count)


def _enlarged(array: npt.NDArray[N], capacity: int) -> npt.NDArray[N]:
    larger = np.empty(capacity, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def _frozen(array: npt.NDArray[N], count: int) -> npt.NDArray[N]:
    view = array[:count]
    view.flags.writeable = False
    return view


class Curves:
    """Every number of one run over its steps. One thread fills and reads it.

    Keys: ``step/<name>`` for each series of :class:`~workbench.engine.events.Steps` (a value a step), each metric of
    :class:`~workbench.engine.events.Evaluated` as it is named (``validation/accuracy``), and ``learning_rate``,
    ``samples_per_second`` and ``memory`` (bytes; only where a device says so), a value a report at its last step.
    What an evaluation says of each of several things has a key for each: :meth:`elements` tells them.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Growing] = {}
        self._elements: dict[str, list[str]] = {}
        self._checkpoints: list[int] = []
        self._steps_per_epoch = 0

    def add(self, event: ev.Event) -> None:
        """Take what ``event`` says; events without numbers are passed over."""
        match event:
            case ev.Started():
                self._steps_per_epoch = event.steps_per_epoch
                for line in self._lines.values():
                    line.cut(event.step)
                self._checkpoints = [step for step in self._checkpoints if step <= event.step]
            case ev.Steps():
                self._add_steps(event)
            case ev.Evaluated():
                for name, value in event.metrics.items():
                    self._add_value(name, event.step, event.epoch, value)
                for name, values in event.vectors.items():
                    keys = self._elements.setdefault(name, [])
                    keys += [f"{name}[{index}]" for index in range(len(keys), len(values))]
                    for key, value in zip(keys, values, strict=False):
                        self._add_value(key, event.step, event.epoch, value)
            case ev.Checkpointed():
                self._checkpoints = [step for step in self._checkpoints if step < event.step] + [event.step]
            case _:
                pass

    def _add_steps(self, event: ev.Steps) -> None:
        last = event.last
        for name, numbers in event.series.items():
            steps = np.arange(event.first, event.first + len(numbers), dtype=np.int64)
            if self._steps_per_epoch:
                epochs = event.epoch - (last - steps) / self._steps_per_epoch
            else:  # a file without its beginning: epochs in proportion, as if batches had always been the same
                epochs = event.epoch * steps / max(1, last)
            self._line(f"{STEP}/{name}").append(steps, epochs, np.asarray(numbers, dtype=np.float64))
        self._add_value(LEARNING_RATE, last, event.epoch, event.learning_rate)
        self._add_value(SAMPLES_PER_SECOND, last, event.epoch, event.samples_per_second)
        if event.memory or MEMORY in self._lines:
            self._add_value(MEMORY, last, event.epoch, event.memory)

    def _add_value(self, key: str, step: int, epoch: float, value: float) -> None:
        self._line(key).append(np.array([step], dtype=np.int64), np.array([epoch]), np.array([value], dtype=np.float64))

    def _line(self, key: str) -> _Growing:
        return self._lines.setdefault(key, _Growing())

    # Reading

    def keys(self) -> tuple[str, ...]:
        """Keys that have values, in the order in which they first came; those of elements are not among them."""
        elements = {key for keys in self._elements.values() for key in keys}
        return tuple(key for key, line in self._lines.items() if line.count and key not in elements)

    def elements(self) -> dict[str, tuple[str, ...]]:
        """Keys of the numbers that come several at once, one for each of something: by what they are called together
        (``validation/kl_per_dimension``), in their order, as far as they have values."""
        found = {name: tuple(key for key in keys if self._lines[key].count) for name, keys in self._elements.items()}
        return {name: keys for name, keys in found.items() if keys}

    def get(self, key: str) -> Line:
        """The line of ``key``; an empty one if nothing has come for it."""
        return self._lines[key].line() if key in self._lines else _Growing().line()

    def smoothed(self, key: str, weight: float) -> Floats:
        """:func:`smoothed` of the line's values, of which only what is new is computed; valid as long as the line."""
        return self._lines[key].smoothed(weight) if key in self._lines else np.empty(0)

    def version(self, key: str) -> int:
        """A number that grows with every change of the line; 0 before its first value."""
        return self._lines[key].version if key in self._lines else 0

    def best(self, key: str, *, maximise: bool) -> tuple[int, float] | None:
        """Step and value of the largest (or smallest) value, the first of equals; ``None`` before any."""
        line = self.get(key)
        if not len(line):
            return None
        index = int(np.argmax(line.values) if maximise else np.argmin(line.values))
        return int(line.steps[index]), float(line.values[index])

    @property
    def last_step(self) -> int:
        """The last step that anything is known of; 0 before any."""
        return max((int(line.steps[line.count - 1]) for line in self._lines.values() if line.count), default=0)

    @property
    def steps_per_epoch(self) -> int:
        """As the run said when it (last) started; 0 before."""
        return self._steps_per_epoch

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Steps that a checkpoint was written at, ascending, whether or not it was kept."""
        return tuple(self._checkpoints)


def smoothed(values: npt.ArrayLike, weight: float, *, before: npt.ArrayLike = ()) -> Floats:
    """Exponential moving average without the bias of starting at zero (Kingma & Ba 2015, section 3).

    Args:
        values: N numbers.
        weight: Of the past, 0 (no smoothing) to below 1.
        before: What this function returned for the M numbers that come before ``values``, to continue from there.

    Returns:
        N numbers; number i is the mean of all M + i + 1 so far, weighted by ``weight ** age``.
    """
    assert 0 <= weight < 1, weight
    new, past = np.asarray(values, dtype=np.float64), np.asarray(before, dtype=np.float64)
    if weight == 0 or not len(new):
        return new.copy()
    # Sums of (1 - weight) * weight ** age * value; divided by the sum of those weights, which -expm1 keeps exact.
    carried = past[-1] * _mass(weight, np.array([len(past)]))[0] if len(past) else 0.0
    sums = _decaying_sums((1 - weight) * new, weight, carried)
    result: Floats = sums / _mass(weight, np.arange(len(past) + 1, len(past) + len(new) + 1))
    return result


def _mass(weight: float, counts: Integers) -> Floats:
    result: Floats = -np.expm1(counts * np.log(weight))
    return result


def _decaying_sums(values: Floats, weight: float, carried: float) -> Floats:
    """``s[i] = weight * s[i - 1] + values[i]`` from ``s[-1] = carried``.

    A block at a time by a product with a lower triangular matrix of powers, none of which is above 1; what one block
    hands to the next is the same recurrence over the blocks' ends, with the weight's power.
    """
    powers = weight ** np.arange(_BLOCK + 1)
    ages = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    triangle = np.where(ages >= 0, powers[np.abs(ages)], 0.0)
    count = len(values)
    if count <= _BLOCK:
        small: Floats = triangle[:count, :count] @ values + powers[1 : count + 1] * carried
        return small
    blocks = -(-count // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[:count] = values
    within = padded.reshape(blocks, _BLOCK) @ triangle.T
    ends = _decaying_sums(within[:, -1], float(powers[_BLOCK]), carried)
    entering = np.concatenate(([carried], ends[:-1]))
    sums: Floats = (within + entering[:, None] * powers[1:]).ravel()[:count]
    return sums


def write_csv(path: Path, lines: Mapping[str, Line]) -> Generator[ev.Progress, None, None]:
    """Work that writes ``lines`` (curve name to numbers) to ``path``, whole or not at all: ``curve,step,epoch,value``.

    The lines are copied at the call, so that they may go on growing while the work is done, in whatever thread.

    Raises:
        UserError: The disk is full or refuses (when the work is done, not at the call).
    """
    return _write_csv(path, {name: line.copy() for name, line in lines.items()})


def _write_csv(path: Path, lines: Mapping[str, Line]) -> Generator[ev.Progress, None, None]:
    total, done = sum(len(line) for line in lines.values()), 0
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("curve", "step", "epoch", "value"))
    yield ev.Progress(stage="writing curves", done=0, total=total)
    for name, line in lines.items():
        for start in range(0, len(line), _CSV_ROWS):
            rows = slice(start, start + _CSV_ROWS)
            columns = line.steps[rows].tolist(), line.epochs[rows].tolist(), line.values[rows].tolist()
            writer.writerows((name, *row) for row in zip(*columns, strict=True))
            done += len(columns[0])
            yield ev.Progress(stage="writing curves", done=done, total=total)
    write_bytes(path, text.getvalue().encode())


def read_curves(run: Run) -> Generator[ev.Progress, None, Curves]:
    """The curves of what ``run`` has done so far, from its events."""
    curves = Curves()
    yield ev.Progress(stage="reading curves", done=0, total=0)
    told = time.monotonic()
    for count, event in enumerate(run.events(), start=1):
        curves.add(event)
        if time.monotonic() - told >= SIGN_OF_LIFE:
            yield ev.Progress(stage="reading curves", done=count, total=0)
            told = time.monotonic()
    return curves
