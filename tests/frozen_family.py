"""A small family of networks with a frozen part and weights of others, for tests of what surrounds such a network."""

import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Self

import pytest
import torch
from torch import Tensor, nn

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, ModelFamily, Wanted
from workbench.engine.models.layers import Dropout
from workbench.engine.params import Params, param

NAME = "frozen-test"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenParams(Params):
    reuse: str = param("none", "What is trained.", choices=("all", "none", "upto"))
    weights: str = param("ours", "ours, missing, or none.")
    dropout: float = param(0.0, "Before the head.", low=0, high=0.9)

    def settled(self, run: Callable[[str], str]) -> Self:
        of_run = self.weights.startswith("run:")
        return self.replace(weights=f"run:{run(self.weights.removeprefix('run:'))}") if of_run else self


class FrozenNet(nn.Module):
    """[B, C, H, W] -> frozen convolutions -> a trained convolution (``upto``) -> mean -> head."""

    def __init__(self, params: FrozenParams, *, channels: int, classes: int) -> None:
        super().__init__()
        trunk = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 6, 3),
            nn.ReLU(),
        )
        pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        further = nn.Sequential(nn.Conv2d(6, 6, 3), nn.BatchNorm2d(6), nn.ReLU())
        frozen = {"none": [trunk, further, pool], "upto": [trunk], "all": []}[params.reuse]
        tail = {"none": [], "upto": [further, pool], "all": [trunk, further, pool]}[params.reuse]
        self.frozen, self.tail = nn.Sequential(*frozen), nn.Sequential(*tail)
        self.head = nn.Sequential(Dropout(params.dropout), nn.Linear(6, classes))
        self.frozen.requires_grad_(False)
        self.passes = 0

    def train(self, mode: bool = True) -> "FrozenNet":
        super().train(mode)
        self.frozen.eval()
        return self

    def stem(self, x: Tensor) -> Tensor:
        self.passes += len(x)
        with torch.no_grad():
            out: Tensor = self.frozen(x)
        return out

    def rest(self, stem: Tensor) -> Tensor:
        out: Tensor = self.head(self.tail(stem))
        return out

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.stem(x))

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        groups = [(0.5, list(self.tail.parameters())), (1.0, list(self.head.parameters()))]
        return [(share, weights) for share, weights in groups if weights]


def build(params: FrozenParams, *, shape: tuple[int, int, int], classes: int) -> FrozenNet:
    return FrozenNet(params, channels=shape[0], classes=classes)


def wanted(params: FrozenParams) -> Wanted:
    return Wanted(
        size=12, interpolation="bicubic", share=0.75, mean=(0.5, 0.25, 0.125), deviation=(0.2, 0.3, 0.4), bgr=True
    )


def load_pretrained(model: FrozenNet, params: FrozenParams, *, of_run: object) -> Generator[ev.Event, None, None]:
    if params.weights == "missing":
        raise UserError("there are no weights called 'missing'", remedy="put the file there")
    if params.weights.startswith("run:"):
        assert callable(of_run)
        yield ev.Message(text=f"from {of_run(params.weights.removeprefix('run:')).name}")
    yield ev.Progress(stage="fetching weights", done=1, total=2)
    yield ev.Progress(stage="fetching weights", done=2, total=2)
    if params.weights == "ours":
        generator = torch.Generator().manual_seed(7)
        for weight in (*model.frozen.parameters(), *model.tail.parameters()):
            weight.data = torch.rand(weight.shape, generator=generator) - 0.4


@pytest.fixture
def frozen_family() -> Iterator[str]:
    """Registers the family for one test; its name."""
    package = f"workbench.engine.models.{NAME}"
    for part in ("model", "weights"):
        module = ModuleType(f"{package}.{part}")
        module.__dict__.update(build=build, sketch=build, wanted=wanted, load_pretrained=load_pretrained)
        sys.modules[module.__name__] = module
    sys.modules[package] = ModuleType(package)
    MODELS.add(NAME, ModelFamily(title="For tests", folder=NAME, params=FrozenParams, pretrained=True))
    yield NAME
    del MODELS._entries[NAME]
    for name in (package, f"{package}.model", f"{package}.weights"):
        del sys.modules[name]
