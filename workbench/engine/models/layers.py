"""Layers that several families share, and what can be asked of any network.

Weights and dropout masks come from generators that are handed in, so that a run depends on no global state and a
resumed one goes on bit for bit. What is peculiar to one family stays in its folder.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

# The source's default for layer and batch normalisation alike; torch's is a hundredth of it.
EPSILON = 1e-3

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "relu": nn.ReLU,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
}


def activation(name: str) -> nn.Module:
    """A new activation layer: sigmoid, relu, swish, tanh, gelu or leaky_relu."""
    return _ACTIVATIONS[name]()


class Dropout(nn.Module):
    """Inverted dropout that draws its masks from a generator of its own; the identity in evaluation and for ``p = 0``.

    Args:
        p: Share of values set to zero, in [0, 1), kept to 1/65536.

    :func:`attach_generator` must give it a generator on its input's device before it trains.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        assert 0.0 <= p < 1.0
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        assert self.generator is not None, "a training Dropout needs attach_generator()"
        threshold = min(max(round((1.0 - self.p) * 65536), 1), 65535)
        keep = threshold / 65536
        mask = torch.empty_like(x)
        if x.device.type == "cpu":
            # Four 16-bit lanes out of each 64-bit draw: over twice as fast as bernoulli_, which nn.Dropout uses.
            bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64)
            bits.random_(-(2**63), None, generator=self.generator)
            lanes = bits.view(torch.int16).as_strided(mask.shape, mask.stride())
            torch.lt(lanes, threshold - 32768, out=mask)
        else:
            mask.bernoulli_(keep, generator=self.generator)
        return x * mask.mul_(1.0 / keep)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class DropPath(Dropout):
    """Leaves out all values of an image, for a share ``p`` of the images, and scales the others up: what stochastic
    depth (arXiv 1603.09382) puts at the end of a residual branch. Takes and returns [B, ...].
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        assert self.generator is not None, "a training DropPath needs attach_generator()"
        mask = x.new_empty((len(x), *(1 for _ in x.shape[1:]))).bernoulli_(1.0 - self.p, generator=self.generator)
        return x * mask.div_(1.0 - self.p)


def attach_generator(model: nn.Module, generator: torch.Generator) -> None:
    """Let every :class:`Dropout` in ``model`` draw from ``generator``, which must be on the model's device."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


class ImageCentring(nn.Module):
    """Subtracts from each channel its mean over the image, then applies a gain and an offset for each position.

    This is layer normalisation over height and width *without* the division by the deviation, as the source's
    convolutional network uses it; by the source's defaults gain and offset have the shape of the normalised axes,
    [H, W], and all channels share them. Takes and returns [B, C, H, W].
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(height, width))
        self.bias = nn.Parameter(torch.zeros(height, width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.bias, x - x.mean(dim=(2, 3), keepdim=True), self.weight)

    def initialise(self, generator: torch.Generator) -> None:
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)


def image_norm(normalization: str, *, channels: int, height: int, width: int) -> nn.Module:
    """Normalisation of feature maps: ``"layer"`` (:class:`ImageCentring`), ``"batch"`` or ``"none"``."""
    if normalization == "layer":
        return ImageCentring(height, width)
    return nn.BatchNorm2d(channels, eps=EPSILON) if normalization == "batch" else nn.Identity()


def feature_norm(normalization: str, *, features: int) -> nn.Module:
    """Normalisation of feature vectors [B, features]: ``"layer"``, ``"batch"`` or ``"none"``."""
    if normalization == "layer":
        return nn.LayerNorm(features, eps=EPSILON)
    return nn.BatchNorm1d(features, eps=EPSILON) if normalization == "batch" else nn.Identity()


def named(**layers: nn.Module) -> nn.Sequential:
    """A sequence that leaves out what does nothing; names, and so checkpoints, do not depend on what is left out."""

    def idle(layer: nn.Module) -> bool:
        return isinstance(layer, nn.Identity) or (isinstance(layer, Dropout) and layer.p == 0.0)

    return nn.Sequential(OrderedDict((name, layer) for name, layer in layers.items() if not idle(layer)))


class DenseStack(nn.Module):
    """Dense layers with residual connections, and the dense layer that makes the logits.

    ``x = norm(dense(x))``; for each further layer ``x = x + norm(dense(dropout(act(x))))``; ``dense(act(x))``.

    Args:
        features: Width of the input [B, features].
        classes: Width of the output [B, classes].
        hidden_layers: Dense layers before the last one, at least 1.
        nodes: Their width.
        activation_name: See :func:`activation`.
        normalization: ``"none"``, ``"layer"`` or ``"batch"``.
        dropout: Share dropped after each activation but the last.
        residual: Whether a further layer adds to its input or replaces it.
    """

    def __init__(
        self,
        *,
        features: int,
        classes: int,
        hidden_layers: int,
        nodes: int,
        activation_name: str,
        normalization: str,
        dropout: float,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.first = named(dense=nn.Linear(features, nodes), norm=feature_norm(normalization, features=nodes))
        self.further = nn.ModuleList(
            named(
                activation=activation(activation_name),
                dropout=Dropout(dropout),
                dense=nn.Linear(nodes, nodes),
                norm=feature_norm(normalization, features=nodes),
            )
            for _ in range(hidden_layers - 1)
        )
        self.last = named(activation=activation(activation_name), dense=nn.Linear(nodes, classes))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for layer in self.further:
            x = x + layer(x) if self.residual else layer(x)
        logits: Tensor = self.last(x)
        return logits


@runtime_checkable
class SelfInitialising(Protocol):
    """A module that sets its parameters, and its children's, in its own way."""

    def initialise(self, generator: torch.Generator) -> None: ...


@runtime_checkable
class OwnKernels(Protocol):
    """A module that multiplies its input by weights other than a ``Linear`` or a ``Conv2d`` does."""

    def kernels(self) -> list[nn.Parameter]: ...

    def macs(self) -> int: ...


_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def reset_kernel(layer: nn.Linear | nn.Conv2d, generator: torch.Generator) -> None:
    """Torch's default for these layers, from ``generator``: weight and bias uniform within 1 / sqrt(fan in).

    ``kaiming_uniform_`` with ``a = sqrt(5)`` is the same thing, since its gain is then 1 / sqrt(3).
    """
    bound = 1.0 / math.sqrt(layer.weight[0].numel())
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    if layer.bias is not None:
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Set every parameter of ``model`` afresh, in the order of its modules.

    Dense layers and convolutions follow torch's default, normalisations become the identity, and a module with a
    method ``initialise(generator)`` is asked instead; its children are then its own affair.
    """
    if isinstance(model, SelfInitialising):
        model.initialise(generator)
        return
    if isinstance(model, nn.Linear | nn.Conv2d):
        reset_kernel(model, generator)
    elif isinstance(model, _NORMS):
        model.reset_parameters()
    else:
        assert not list(model.parameters(recurse=False)), f"nobody initialises {type(model).__name__}"
    for child in model.children():
        initialise(child, generator)


def kernels(model: nn.Module) -> list[nn.Parameter]:
    """The trainable weights that multiply inputs, without biases and normalisations: what kernel L2 applies to."""

    found: list[nn.Parameter] = []
    for module in model.modules():
        if isinstance(module, OwnKernels):
            found += module.kernels()
        elif isinstance(module, nn.Linear | nn.Conv2d):
            found.append(cast(nn.Parameter, module.weight))
    return [kernel for kernel in found if kernel.requires_grad]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Trainable parameters and the tensors that hold them."""

    parameters: int
    tensors: int


def count(model: nn.Module) -> Counts:
    """The size of what an optimiser would train."""
    sizes = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    return Counts(parameters=sum(sizes), tensors=len(sizes))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One leaf module as a network runs it.

    Attributes:
        name: Dotted path in the network.
        kind: Class of the module.
        output_shape: For one image, without the batch axis.
        parameters: Trainable parameters of its own, in the first row of a module that runs several times.
        macs: Multiply-adds of its kernels for one image; 0 for what has none.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int


@runtime_checkable
class Overviewed(Protocol):
    """A network of which a pass runs a part only, and which has another way to run all of it."""

    def overview(self, images: Tensor) -> Tensor: ...


def summary(model: nn.Module, shape: tuple[int, ...]) -> list[LayerRow]:
    """One row for each leaf module in the order in which they run, found by sending one blank image through.

    Args:
        model: A network on any device; its modes and gradients are left as they were.
        shape: Channels, height and width of the image; of whatever else the network takes.
    """
    rows: list[LayerRow] = []
    seen: set[str] = set()

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
        def record(module: nn.Module, _: tuple[Tensor, ...], output: object) -> None:
            tensor = first_tensor(output)
            rows.append(
                LayerRow(
                    name=name,
                    kind=type(module).__name__,
                    output_shape=() if tensor is None else tuple(tensor.shape[1:]),
                    parameters=0 if name in seen else count(module).parameters,
                    macs=0 if tensor is None else _macs(module, tensor),
                )
            )
            seen.add(name)

        return record

    modes = [(module, module.training) for module in model.modules()]
    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    handles = [module.register_forward_hook(hook(name)) for name, module in leaves]
    example = next(model.parameters())
    try:
        model.eval()
        with torch.no_grad():
            run = model.overview if isinstance(model, Overviewed) else model
            run(torch.zeros(1, *shape, dtype=example.dtype, device=example.device))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    return rows


def first_tensor(output: object) -> Tensor | None:
    """What a module returned, or the first tensor in the tuple, list or table that it returned."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, list | tuple):
        return next((tensor for part in output if (tensor := first_tensor(part)) is not None), None)
    return None


@runtime_checkable
class Embedding(Protocol):
    """A network that says itself what its last layer sees."""

    def embed(self, x: Tensor) -> Tensor: ...

    def classify(self, features: Tensor) -> Tensor: ...


def embed(model: nn.Module, x: Tensor) -> Tensor:
    """Features [B, D] of the images ``x`` [B, C, H, W]: what the network's last dense layer sees."""
    return model.embed(x) if isinstance(model, Embedding) else answers(model, x)[1]


def answers(model: nn.Module, x: Tensor, *, last: nn.Module | None = None) -> tuple[Tensor, Tensor]:
    """Logits [B, classes] and features [B, D] of the images ``x`` [B, C, H, W], from one pass.

    Features are what the last ``Linear``, or layer with kernels of its own, is given; the logits are ``model(x)``'s to
    the bit. The network stays in its mode, and gradients are the caller's affair.

    Args:
        last: That layer, as :func:`last_dense` finds it, for whoever asks many times: the inputs of the others, which
            may be large, are then not held until it runs.
    """
    if isinstance(model, Embedding):
        features = model.embed(x)
        return model.classify(features), features
    logits, _, features = _heard(model, x, _dense(model) if last is None else [last])
    return logits, features.flatten(1)


def last_dense(model: nn.Module, x: Tensor) -> nn.Module | None:
    """The layer whose input :func:`answers` gives as features, found by a pass with ``x``; ``None`` where no layer is
    listened to, since the network itself says what its features are.
    """
    return None if isinstance(model, Embedding) else _heard(model, x, _dense(model))[1]


def _dense(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, nn.Linear | OwnKernels)]


def _heard(model: nn.Module, x: Tensor, layers: list[nn.Module]) -> tuple[Tensor, nn.Module, Tensor]:
    """What the network says of ``x``, which of ``layers`` ran last, and what that was given."""
    seen: list[tuple[nn.Module, Tensor]] = []

    def record(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen[:] = [(module, inputs[0])]

    handles = [layer.register_forward_pre_hook(record) for layer in layers]
    try:
        logits: Tensor = model(x)
    finally:
        for handle in handles:
            handle.remove()
    assert seen, f"{type(model).__name__} has no dense layer"
    return logits, *seen[0]


def _macs(module: nn.Module, output: Tensor) -> int:
    if isinstance(module, OwnKernels):
        return module.macs()
    if isinstance(module, nn.Linear):
        return output[0].numel() * module.in_features
    if isinstance(module, nn.Conv2d):
        return output[0].numel() * module.weight[0].numel()
    return 0
