"""The numbers of single steps: brought to the host all at once, and their moving averages."""

from collections.abc import Mapping, Sequence

import torch

from workbench.engine.tasks.task import Task
from workbench.engine.train.stepper import Taken


def series_of(taken: Sequence[Taken], task: Task, *, accumulate: int) -> dict[str, tuple[float, ...]]:
    """Metric to one number a step, the losses first.

    Args:
        taken: What steps gave, ``accumulate`` entries each.
        task: Makes metrics of outputs.
    """
    losses, outputs, labels = zip(*taken, strict=True)
    series = dict(zip(task.losses, torch.stack(losses, 1).float(), strict=True))
    parts = list(zip(*outputs, strict=True))
    if len({batch.shape for batch in labels}) == 1:
        series |= task.series([torch.stack(part) for part in parts], torch.stack(labels))
    else:  # an epoch's last batch may be shorter
        each = [task.series([part[None] for part in output], batch[None])
                for output, batch in zip(outputs, labels, strict=True)]  # fmt: skip
        series |= {name: torch.cat([one[name] for one in each]) for name in each[0]}
    return {name: tuple(tensor.view(-1, accumulate).mean(1).tolist()) for name, tensor in series.items()}


def follow(averages: dict[str, float], series: Mapping[str, Sequence[float]], *, rate: float) -> None:
    """Move each of ``averages`` towards the numbers of its series, in their order; a new one begins at the first."""
    for name, numbers in series.items():
        average = averages.get(name, numbers[0])
        for number in numbers:
            average += rate * (number - average)
        averages[name] = average
