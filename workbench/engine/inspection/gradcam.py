"""Where in an image a network sees a class: Grad-CAM (Selvaraju et al. 2017, section 3).

Each map of a layer is weighted with the mean of the class's gradient over it; what adds to the class is kept. Works for
convolutions, for maps with the channels last, and for the tokens of transformers, which are put back on their grid.
How to lay a map over a picture is others' business.

Shapes: C channels of an image, K maps of a layer, h, w their height and width, N tokens.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from workbench.engine.data.pixels import Bytes
from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import Singles
from workbench.engine.registry import suggest
from workbench.engine.train.feed import Scale
from workbench.engine.train.trained import Trained

_MOST_PREFIX = 8  # class, distillation and register tokens before those of the image
# Their outputs are their inputs, or weights of attention, which look like maps and are none.
_PASSED_OVER = (nn.Identity, nn.Softmax, nn.Dropout, nn.Dropout2d, nn.Flatten)
_TRIED = 48  # last layers among which one is chosen where nobody names any

_Hook = Callable[[nn.Module, tuple[Any, ...], Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CamLayer:
    """A layer whose output is maps.

    Attributes:
        name: Dotted path in the network.
        kind: Class of the module.
        channels, height, width: Of the maps.
    """

    name: str
    kind: str
    channels: int
    height: int
    width: int


def cam_layers(trained: Trained) -> tuple[CamLayer, ...]:
    """The layers that :func:`grad_cam` can look at, in the order in which they come to their end.

    Empty for networks that see an image as a row of numbers. Takes a forward pass.
    """
    with trained.lock:
        return tuple(layer for layer, _ in _spatial(trained))


def grad_cam(trained: Trained, image: Bytes, *, target: int, layer: str = "") -> Singles:
    """How much each place of an image speaks for a class.

    It is the plain pass in single precision that is explained, whatever the task's mirroring and the precision of the
    training. Frozen parts of a network, which learn without gradients, are looked through all the same.

    Args:
        image: uint8[C, H, W] as :func:`workbench.engine.data.pixels.prepare` gives it.
        target: Label of the class.
        layer: Name of one of :func:`cam_layers`; by default the last one that the class's logit depends on in every
            place, which the tokens behind a transformer's last attention are not.

    Returns:
        float32[h, w], 0..1, at the layer's size. The greatest value is 1; all are 0 where nothing speaks for the class.

    Raises:
        UserError: The network has no maps, or none in a layer of that name.
    """
    assert 0 <= target < len(trained.meta.classes)
    with trained.lock:
        layers = _spatial(trained)
        if not layers:
            raise UserError(
                "this network has no layer that knows where in an image something is",
                remedy="train one with convolutions or attention to see what it looks at",
            )
        names = [one.name for one, _ in layers]
        if layer and layer not in names:
            raise UserError(f"there are no maps in a layer {layer!r}", remedy=suggest(layer, names))
        chosen = [(one, grid) for one, grid in layers if one.name == layer] if layer else layers[-_TRIED:]
        scale = Scale(trained.preprocessing, trained.device, channels_last=trained.job.channels_last)
        images = scale(torch.from_numpy(image[None].copy()).to(trained.device)).requires_grad_()
        outputs, gradients = _gradients(trained.model, images, [one.name for one, _ in chosen], target)
    for (one, grid), output, gradient in reversed(list(zip(chosen, outputs, gradients, strict=True))):
        if output is None or gradient is None:
            continue
        maps, slopes = grid(output)[0].float(), grid(gradient)[0].float()
        if layer or (one.kind != "Linear" and bool(slopes.any())):
            return _weighted(maps, slopes)
    return np.zeros((chosen[-1][0].height, chosen[-1][0].width), np.float32)


def _weighted(maps_Khw: Tensor, slopes_Khw: Tensor) -> Singles:
    weights_K = slopes_Khw.mean((1, 2))
    seen = torch.einsum("k,khw->hw", weights_K, maps_Khw).relu()
    greatest = seen.max()
    if not torch.isfinite(greatest) or greatest <= 0:
        return np.zeros(tuple(seen.shape), np.float32)
    return (seen / greatest).cpu().numpy()


def _gradients(
    model: nn.Module, images: Tensor, names: list[str], target: int
) -> tuple[list[Tensor | None], list[Tensor | None]]:
    """Outputs of the named modules and the gradients of the target's logit with respect to them."""
    found: dict[str, Tensor] = {}

    def catch(name: str) -> _Hook:
        def hook(module: nn.Module, given: tuple[Any, ...], output: Any) -> Any:
            if not isinstance(output, Tensor):
                return output
            found[name] = output
            return output.clone()  # the next layer may work in place

        return hook

    def go_on(module: nn.Module, given: tuple[Any, ...]) -> None:
        torch.set_grad_enabled(True)  # a frozen part has switched gradients off around itself

    modules = dict(model.named_modules())
    with contextlib.ExitStack() as hooks, torch.enable_grad():
        for module in modules.values():
            hooks.callback(module.register_forward_pre_hook(go_on).remove)
        for name in names:
            hooks.callback(modules[name].register_forward_hook(catch(name)).remove)
        logit = model(images)[0, target]
        outputs = [found.get(name) for name in names]
        wanted = [output for output in outputs if output is not None and output.requires_grad]
        slopes = iter(torch.autograd.grad(logit, wanted, allow_unused=True) if wanted else ())
        gradients = [next(slopes) if output is not None and output.requires_grad else None for output in outputs]
    return [None if output is None else output.detach() for output in outputs], gradients


_Grid = Callable[[Tensor], Tensor]
"""A layer's output [B, ...] as maps [B, K, h, w]."""


def _spatial(trained: Trained) -> list[tuple[CamLayer, _Grid]]:
    """Layers with maps, in the order in which they come to their end, and how to read theirs."""
    model = trained.model
    found: dict[str, tuple[CamLayer, _Grid]] = {}
    prefix = _prefix_tokens(model)

    def look(name: str, kind: str) -> _Hook:
        def hook(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
            if isinstance(output, Tensor) and len(output) == 2 and (read := _grid(output, prefix)):
                grid, (channels, height, width) = read
                found.pop(name, None)  # of several calls the last one counts
                layer = CamLayer(name=name, kind=kind, channels=channels, height=height, width=width)
                found[name] = (layer, grid)

        return hook

    with contextlib.ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            if name and not isinstance(module, _PASSED_OVER):
                hooks.callback(module.register_forward_hook(look(name, type(module).__name__)).remove)
        model(torch.zeros(2, *trained.meta.shape, device=trained.device))
    return list(found.values())


def _grid(output: Tensor, prefix: int | None) -> tuple[_Grid, tuple[int, int, int]] | None:
    """How to read maps from ``output``, and their K, h and w; ``None`` where it is none."""
    if output.dim() == 4:
        _, first, second, third = output.shape
        if second == third > 1:
            return (lambda maps: maps), (first, second, third)
        if first == second > 1:
            return (lambda maps: maps.permute(0, 3, 1, 2)), (third, first, second)
    if output.dim() == 3:
        tokens, channels = output.shape[1:]
        before = [prefix] if prefix is not None else range(_MOST_PREFIX + 1)
        for count in before:
            side = math.isqrt(max(0, tokens - count))
            if side > 1 and side * side == tokens - count:
                return _tokens_grid(count, side), (channels, side, side)
    return None


def _tokens_grid(prefix: int, side: int) -> _Grid:
    return lambda tokens: tokens[:, prefix:].transpose(1, 2).reshape(len(tokens), -1, side, side)


def _prefix_tokens(model: nn.Module) -> int | None:
    """Tokens before those of the image, where a part of the network says how many."""
    counts: Iterator[Any] = (getattr(module, "num_prefix_tokens", None) for module in model.modules())
    return next((count for count in counts if isinstance(count, int)), None)
