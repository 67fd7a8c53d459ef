"""Optimisers of torch by name, decoupled weight decay for every one of them, and kernel L2 beside it."""

from typing import Any

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


def make_optimiser(model: nn.Module, params: TrainParams) -> torch.optim.Optimizer:
    """The optimiser that ``params`` name, over all parameters that take gradients."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
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
    return _CLASSES[name](weights, **options)


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
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._weights: list[Tensor] = [*weights] if decays else []

    @torch.no_grad()
    def apply(self, rate: float) -> None:
        """Add the L2 gradient and shrink the weights, for a step of learning rate ``rate``."""
        if self._kernels:
            gradients = [weight.grad for weight in self._kernels if weight.grad is not None]
            torch._foreach_add_(gradients, self._kernels, alpha=2 * self._l2)
        if self._decay:
            torch._foreach_mul_(self._weights, 1 - rate * self._decay)
