"""A moving average of a network's weights: smoother than any single step's, and usually better."""

import copy
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class PartlyAveraged(Protocol):
    """A network of which a part alone is to be averaged."""

    def averaged(self) -> nn.Module:
        """That part."""
        ...


class WeightAverage:
    """A copy of ``model`` whose weights follow the model's, step by step.

    Floating-point buffers are averaged as the weights are: the batch statistics of averaged weights are nearer to
    averaged statistics than to the last step's. Counters are copied. What is frozen (parameters without gradients, and
    the buffers of layers that have only such) is shared with the model, not copied; so is what lies outside of the part
    that a :class:`PartlyAveraged` model names.

    Args:
        model: As it starts; the average starts equal.
        decay: Share of the average that a step leaves, in (0, 1). Over the first steps it is (1 + t) / (10 + t) as
            long as that is less, so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self._decay = decay
        shared = [*_frozen(model), *_outside(model)]
        self.model = copy.deepcopy(model, {id(tensor): tensor for tensor in shared}).eval()
        live = _tensors(model)
        self._pairs = {name: (own, live[name]) for name, own in _tensors(self.model).items() if own is not live[name]}
        for own, _ in self._pairs.values():
            own.requires_grad_(False)
        floating = [pair for pair in self._pairs.values() if pair[0].is_floating_point()]
        counters = [pair for pair in self._pairs.values() if not pair[0].is_floating_point()]
        self._floating: tuple[list[Tensor], list[Tensor]] = _unzip(floating)
        self._counters: tuple[list[Tensor], list[Tensor]] = _unzip(counters)

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move towards the weights that step ``step`` (counted from 0) has just made."""
        decay = min(self._decay, (1 + step) / (10 + step))
        if self._floating[0]:
            torch._foreach_lerp_(*self._floating, 1 - decay)
        if self._counters[0]:
            torch._foreach_copy_(*self._counters)

    def weights(self) -> dict[str, Tensor]:
        """The model's own weights and buffers, as far as the average has others."""
        return {name: live.detach() for name, (_, live) in self._pairs.items()}

    @torch.no_grad()
    def restart(self) -> None:
        """Take over the model's weights as they are."""
        for own, live in self._pairs.values():
            own.copy_(live)


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _frozen(model: nn.Module) -> list[Tensor]:
    found: list[Tensor] = []
    for module in model.modules():
        weights = list(module.parameters(recurse=False))
        still = [weight for weight in weights if not weight.requires_grad]
        found += still
        if weights and len(still) == len(weights):
            found += module.buffers(recurse=False)
    return found


def _outside(model: nn.Module) -> list[Tensor]:
    """Weights and buffers of what is not averaged."""
    if not isinstance(model, PartlyAveraged):
        return []
    inside = {id(tensor) for tensor in _tensors(model.averaged()).values()}
    return [tensor for tensor in _tensors(model).values() if id(tensor) not in inside]


def _unzip(pairs: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    return cast("tuple[list[Tensor], list[Tensor]]", tuple(map(list, zip(*pairs, strict=True))) or ([], []))
