"""How far a job is, how fast it goes and how long it still takes, from the events that it yields."""

import time
from collections import deque

from workbench.engine import events as ev

_WINDOW_SECONDS = 10.0  # what "now" means for a rate: long enough not to jump, short enough to notice a slowdown
_LEAST_SECONDS = 0.5  # before that a rate is a guess


class Pace:
    """Progress of one job. Feed it events in order; read the attributes.

    Attributes:
        stage: What is being done, in words; empty before anything is known.
        done, total: Units; ``total`` is 0 where nobody knows.
        unit: What is counted, in the plural: ``"steps"``, ``"items"`` ...
    """

    def __init__(self) -> None:
        self.stage, self.unit = "", "items"
        self.done = self.total = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._trains = False

    def add(self, event: ev.Event, *, now: float | None = None) -> None:
        """Take note of ``event``; ``now`` is the monotonic clock in seconds, for tests."""
        moment = time.monotonic() if now is None else now
        match event:
            case ev.Progress():
                if self._trains:  # an evaluation within training does not move its bar
                    self.stage = event.stage
                    return
                if (event.stage, event.total) != (self.stage, self.total):
                    self._marks.clear()
                self.stage, self.unit = event.stage, event.unit if event.total else "seconds"
                self.total = event.total
                self._mark(event.done, moment)
            case ev.Started():
                self._trains = True
                self.stage, self.unit, self.total = "training", "steps", event.total_steps
                self._marks.clear()
                self._mark(event.step, moment)
            case ev.Steps():
                self.stage = "training"
                self._mark(event.last, moment)
            case ev.Evaluated() | ev.Checkpointed():
                self.stage = "training" if self._trains else self.stage
            case _:
                pass

    def _mark(self, done: int, moment: float) -> None:
        self.done = done
        self._marks.append((moment, done))
        while moment - self._marks[0][0] > _WINDOW_SECONDS:
            self._marks.popleft()

    def rest(self) -> None:
        """Forget the speed so far: what comes after a pause says nothing about it."""
        self._marks.clear()

    @property
    def fraction(self) -> float | None:
        """Share of 1 that is done; ``None`` where the end is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def rate(self) -> float:
        """Units a second over the last seconds; 0 while it cannot be told."""
        if not self.total or len(self._marks) < 2:
            return 0.0
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        return (after - before) / (last - first) if last - first >= _LEAST_SECONDS else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end at this rate; ``None`` while it cannot be told."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None

    def words(self) -> str:
        """One line: ``"training 1,200 of 20,000 · 85 steps/s · 3 min left"``."""
        if not self.stage:
            return "starting"
        if not self.total:
            return f"{self.stage} · {self.done} s" if self.done else self.stage
        parts = [f"{self.stage} {self.done:,} of {self.total:,}"]
        if self.rate:
            parts.append(f"{number_text(self.rate)} {self.unit}/s")
        if self.seconds_left is not None:
            parts.append(f"{duration_text(self.seconds_left)} left")
        return " · ".join(parts)


def number_text(value: float) -> str:
    """A quantity as a person reads it: three digits, thousands separated."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration_text(seconds: float) -> str:
    """``"12 s"``, ``"3 min 20 s"``, ``"2 h 5 min"``: no more than two units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
