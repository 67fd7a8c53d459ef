"""What the training loop asks of a task.

Shapes: B images of a batch, K classes, S steps.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from workbench.engine.events import Progress
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items

Judge = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A trained classifier: from images uint8 [N, C, H, W] to logits float32 [N, K] and features float32 [N, F]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a task may know of the run it serves.

    Attributes:
        classes: K.
        counts: Training items of each class; ``None`` outside training.
        catch_all: Label of the class that was made of items without one; -1 if there is none.
        judge: The classifier that the task's options name, if they name one, while training.
        pixels: From images on the scale of the network's input [N, C, H, W] to uint8 of the same shape, while training.
    """

    classes: int
    counts: Sequence[int] | None = None
    catch_all: int = -1
    judge: Judge | None = None
    pixels: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a step is taken.

    Attributes:
        step: Counted from 0.
        epoch: Passes over the training split behind it, with fraction.
        noise: What the step draws from, on the device of the images; seeded anew for every step.
    """

    step: int
    epoch: float
    noise: torch.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The few validation items of which a run keeps previews, always the same ones.

    Attributes:
        step: Steps behind the weights.
        items: Ids [B].
        images: Network input [B, C, H, W].
        labels: [B]; -1 where there is none.
        noise: Seeded alike at every step, so that what changes is the network.
        pixels: Images on the scale of the network's input [N, C, H, W] as uint8 of the same shape.
    """

    step: int
    items: Items
    images: Tensor
    labels: Tensor
    noise: torch.Generator
    pixels: Callable[[Tensor], Tensor]


class Task(Protocol):
    """A loss or several, numbers of single steps that cost nothing until they are read, and metrics of whole splits.

    Attributes:
        losses: Name of the loss of each part.
    """

    losses: tuple[str, ...]

    def parts(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """What is updated within one step, one after the other; usually the network as a whole."""
        ...

    def step(
        self, model: nn.Module, images: Tensor, labels: Tensor, moment: Moment, *, part: int
    ) -> tuple[Tensor, Tensor]:
        """The loss of a part (a scalar that carries gradients) and the detached numbers that metrics come from.

        ``labels`` are whole numbers [B] or, of mixed images, shares of each class [B, K].
        """
        ...

    def series(self, outputs: Sequence[Tensor], labels: Tensor) -> dict[str, Tensor]:
        """Metrics of S steps at once from the stacked numbers of each part [S, ...] and labels [S, B]: each [S]."""
        ...

    def evaluation(self, *, split: str, step: int, items: Items, noise: torch.Generator) -> "Evaluation":
        """What gathers metrics over ``items``.

        Args:
            step: Steps behind the weights.
            noise: What the evaluation draws from, seeded alike at every step.
        """
        ...

    def previews(self, model: nn.Module, shown: Shown) -> "Sequence[Preview]":
        """What a person should see of the network as it is. It is in evaluation and inference mode."""
        ...


class Evaluation(Protocol):
    """Metrics of one split, gathered piece by piece. The network is in evaluation and inference mode."""

    def add(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        """The next B items. Nothing need wait for the device."""
        ...

    def finish(self, model: nn.Module) -> Generator[Progress, None, None]:
        """What takes more than a pass over the split, once the last piece is added."""
        ...

    def metrics(self) -> dict[str, float]:
        """Metric to value; every name at every step."""
        ...

    def vectors(self) -> dict[str, tuple[float, ...]]:
        """What is one number for each of something, a dimension or a class."""
        ...

    def save(self, run: Run) -> None:
        """Keep with the run what is known of single items, if anything is."""
        ...


class Sums:
    """Sums over items that stay on the device until their means are asked for.

    Attributes:
        items: How many there have been.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self.items = 0

    def add(self, sums: dict[str, Tensor], *, items: int) -> None:
        """Sums over the next ``items`` items, of any shape."""
        for name, value in sums.items():
            value = value.double() if value.device.type == "cpu" else value  # not every device knows doubles
            self._sums[name] = self._sums[name] + value if name in self._sums else value
        self.items += items

    def means(self) -> dict[str, float]:
        """The scalar ones."""
        return {name: float(value) / self.items for name, value in self._sums.items() if not value.dim()}

    def vectors(self) -> dict[str, tuple[float, ...]]:
        """Those of one axis."""
        return {
            name: tuple((value.cpu().double() / self.items).tolist())
            for name, value in self._sums.items()
            if value.dim()
        }


class Preview(Protocol):
    """Something to look at that was made at one step.

    Attributes:
        kind: What it is; see :mod:`workbench.engine.project.previews`.
        suffix: Of its file.
    """

    @property
    def kind(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        ...
