"""What long work says while it runs: frozen values that every reader (terminal, test, window) iterates alike.

An event names facts, never how to show them. All of them turn into JSON with :func:`to_json` and those that a run
keeps are what ``events.jsonl`` holds, one a line.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of everything that a generator of work yields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """Work that has a length but no numbers of its own: importing, decoding, evaluating.

    Attributes:
        stage: What is being done, as a person would say it ("decoding", "evaluating validation").
        done: Units finished so far.
        total: Units in all; 0 if nobody knows.
        unit: What is counted, in the plural.
    """

    stage: str
    done: int
    total: int
    unit: str = "items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Event):
    """A sentence for the person. ``level`` is ``"info"`` or ``"warning"``; errors are raised, not yielded."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A run is about to take its first step, or its first one after a resume.

    Attributes:
        run: Run id.
        step: Steps already behind it (0 unless resumed).
        total_steps: Steps it will have taken when it ends.
        steps_per_epoch: Optimiser steps in one pass over the training split.
        parameters, tensors: Trainable parameters and the tensors that hold them.
        device: The device in words, e.g. ``"cpu (2 threads)"``.
        protocol: What its numbers will be measured on, e.g. ``"GoMLX 50000/10000 · split 3f9c"``.
    """

    run: str
    step: int
    total_steps: int
    steps_per_epoch: int
    parameters: int
    tensors: int
    device: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(Event):
    """A stretch of training: one value a step, so that curves and resumes can be compared to the bit.

    Attributes:
        first: Number of the first step of the stretch; steps count from 1.
        epoch: Passes over the training split behind the last step, with fraction.
        series: Metric name to one number a step, e.g. ``{"loss": (2.31, 2.28)}``.
        averages: Moving averages after the last step, e.g. ``{"loss": 2.3}``.
        learning_rate: Of the last step.
        seconds: Median wall time of one step since the run (or resume) started.
        samples_per_second: Training samples a second over this stretch, evaluation excluded.
        memory: Bytes allocated on the device; 0 where the device does not say.
    """

    first: int
    epoch: float
    series: Mapping[str, tuple[float, ...]]
    averages: Mapping[str, float]
    learning_rate: float
    seconds: float
    samples_per_second: float
    memory: int = 0

    @property
    def last(self) -> int:
        """Number of the last step of the stretch."""
        return self.first + max((len(values) for values in self.series.values()), default=0) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated(Event):
    """Metrics of whole splits at one step, named ``split/metric`` (``validation/accuracy``, a share of 1).

    Attributes:
        vectors: Named alike, what is one number for each of something: ``validation/kl_per_dimension``.
    """

    step: int
    epoch: float
    metrics: Mapping[str, float]
    seconds: float
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointed(Event):
    """The run's state is on the disk. ``path`` is relative to the run's folder."""

    step: int
    path: str
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed(Event):
    """What the network makes of the same few items at one step is on the disk.

    Attributes:
        kind: What the file holds, see :mod:`workbench.engine.project.previews`.
        path: Relative to the run's folder.
    """

    step: int
    epoch: float
    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """The last event of work that ran to its end. ``metrics`` are the last evaluation's."""

    run: str
    step: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Event):
    """The last event of an import: the dataset's name, items, classes and items a split."""

    name: str
    items: int
    classes: tuple[str, ...]
    splits: Mapping[str, int]
    reused: bool = False


KINDS: dict[str, type[Event]] = {
    kind.__name__.lower(): kind
    for kind in (Progress, Message, Started, Steps, Evaluated, Checkpointed, Previewed, Finished, Imported)
}


def to_json(event: Event) -> dict[str, Any]:
    """A plain dictionary of the event's own values, not copies; ``event`` holds the kind in lower case."""
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {"event": type(event).__name__.lower(), **values}


def from_json(values: Mapping[str, Any]) -> Event:
    """The inverse of :func:`to_json`; ``ValueError`` if it is no event of this version."""
    try:
        rest = dict(values)
        kind = KINDS[rest.pop("event")]
        if kind is Steps:
            rest["series"] = {name: tuple(numbers) for name, numbers in rest["series"].items()}
        if kind is Evaluated:
            vectors = rest.get("vectors", {})
            rest["vectors"] = {name: tuple(numbers) for name, numbers in vectors.items()}
        if kind is Imported:
            rest["classes"] = tuple(rest["classes"])
        return kind(**rest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event: {error!r}") from None
