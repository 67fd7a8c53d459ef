"""Curves as a run would make them, for tests of what shows them."""

from collections.abc import Sequence

from workbench.engine import events as ev
from workbench.engine.project.curves import Curves

PER_EPOCH = 10


def started(step: int = 0) -> ev.Started:
    return ev.Started(
        run="run", step=step, total_steps=99, steps_per_epoch=PER_EPOCH, parameters=1, tensors=1, device="cpu",
        protocol="p",
    )  # fmt: skip


def stretch(first: int, values: Sequence[float], *, name: str = "loss", memory: int = 0) -> ev.Steps:
    last = first + len(values) - 1
    return ev.Steps(
        first=first, epoch=last / PER_EPOCH, series={name: tuple(values)}, averages={}, learning_rate=0.1, seconds=0.1,
        samples_per_second=2000.0, memory=memory,
    )  # fmt: skip


def evaluated(step: int, **metrics: float) -> ev.Evaluated:
    """Keyword ``validation_loss`` is the metric ``validation/loss``."""
    named = {name.replace("_", "/", 1): value for name, value in metrics.items()}
    return ev.Evaluated(step=step, epoch=step / PER_EPOCH, metrics=named, seconds=0.1)


def curves_of(*events: ev.Event) -> Curves:
    curves = Curves()
    for event in (started(), *events):
        curves.add(event)
    return curves
