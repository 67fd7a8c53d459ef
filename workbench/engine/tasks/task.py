"""What the training loop asks of a task.

Shapes: B images of a batch, K classes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from workbench.engine.project.splits import Items


class Task(Protocol):
    """A loss, per-batch numbers that cost nothing until they are read, and totals over whole splits.

    Attributes:
        classes: K.
    """

    classes: int

    def step(self, model: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The training loss (a scalar that carries gradients) and the detached output that metrics come from.

        ``labels`` are whole numbers [B] or, of mixed images, shares of each class [B, K].
        """
        ...

    def series(self, outputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Metrics of S steps at once from stacked outputs [S, B, ...] and labels [S, B]: one number a step, [S]."""
        ...

    def predict(self, model: nn.Module, images: Tensor) -> Tensor:
        """The model's output for evaluation, float32."""
        ...

    def totals(self, outputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Sums over the B items of a batch, scalars; divided by the number of items they are the metrics."""
        ...

    def preview(self, outputs: Tensor, labels: Tensor, *, step: int, items: Items) -> "Preview":
        """What a person should see of B items (ids [B]) whose outputs these are."""
        ...


class Preview(Protocol):
    """Something to look at that was made at one step."""

    @property
    def kind(self) -> str: ...

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        ...


def means(totals: Mapping[str, float], items: int) -> dict[str, float]:
    """Totals over ``items`` items as metrics."""
    return {name: total / items for name, total in totals.items()}
