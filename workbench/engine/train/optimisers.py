"""Optimisers of torch by name, decoupled weight decay for every one of them, and kernel L2 beside it.

Parts of a network may learn slower than the rest: they are groups of the optimiser with a share of the learning rate.
"""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from workbench.engine.models.layers import kernels
from workbench.engine.train.params import OPTIMISERS, TrainParams

_CLASSES: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
}
assert tuple(_CLASSES) == OPTIMISERS
_FUSED = {"sgd", "adam", "adamw", "adagrad"}  # one kernel for all tensors; several times faster on small networks


@runtime_checkable
class Grouped(Protocol):
    """A network whose parts learn at different rates."""

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """Shares of the learning rate and the parameters that learn with them: each trainable one once."""
        ...


def weight_groups(model: nn.Module) -> list[tuple[float, list[nn.Parameter]]]:
    """What learns, with its share of the learning rate; all of it in one group unless the network says otherwise."""
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    if not isinstance(model, Grouped):
        return [(1.0, trainable)]
    groups = [(share, weights) for share, weights in model.parameter_groups() if weights]
    grouped = [id(weight) for _, weights in groups for weight in weights]
    assert sorted(grouped) == sorted(map(id, trainable)), "parameter_groups() must hold each trainable parameter once"
    return groups


def make_optimiser(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """The optimiser that ``params`` name, over all parameters that take gradients; see :func:`set_rate`."""
    groups = [{"params": weights, "share": share} for share, weights in weight_groups(model)]
    options: dict[str, Any] = {"lr": params.learning_rate}
    name = params.optimizer
    if name == "sgd":
        options |= {"momentum": params.momentum, "nesterov": params.nesterov}
    elif name == "rmsprop":
        options |= {"momentum": params.momentum, "eps": params.epsilon}
    elif name in ("adam", "adamw", "adamax", "nadam", "radam"):
        options |= {"betas": (params.beta1, params.beta2), "eps": params.epsilon}
    else:
        options |= {"eps": params.epsilon}
    if name == "adamw":
        options |= {"weight_decay": params.weight_decay}
    if name in _FUSED:
        options |= {"fused": True}
    optimiser = _CLASSES[name](groups, **options)
    set_rate(optimiser, params.learning_rate)
    return optimiser


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give each group of an optimiser of ours its share of the learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]


def load_optimiser(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load what ``state_dict`` gave; the shares are the network's affair and stay."""
    shares = [group["share"] for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, share in zip(optimiser.param_groups, shares, strict=True):
        group["share"] = share


class Regulariser:
    """What is done to weights and gradients between the backward pass and the optimiser.

    Kernel L2 adds its gradient, ``2 l2 w``, directly: the same numbers as a term in the loss, without building it.
    """

    def __init__(self, model: nn.Module, params: TrainParams) -> None:
        self._l2 = params.l2
        self._kernels: list[Tensor] = list(kernels(model)) if params.l2 else []
        # AdamW decays by itself; every other rule is given the same decay here
        decays = params.weight_decay and params.optimizer != "adamw"
        self._decay = params.weight_decay if decays else 0.0
        groups = weight_groups(model) if decays else []
        self._groups: list[tuple[float, list[Tensor]]] = [(share, [*weights]) for share, weights in groups]

    @torch.no_grad()
    def apply(self, rate: float) -> None:
        """Add the L2 gradient and shrink the weights, for a step of learning rate ``rate``."""
        if self._kernels:
            gradients = [weight.grad for weight in self._kernels if weight.grad is not None]
            torch._foreach_add_(gradients, self._kernels, alpha=2 * self._l2)
        for share, weights in self._groups:
            torch._foreach_mul_(weights, 1 - rate * share * self._decay)
