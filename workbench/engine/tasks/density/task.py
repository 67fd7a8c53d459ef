"""Bits per dimension of 8-bit images, in all and by their parts, and how exact a flow's inverse is.

Bits per dimension are minus the log-likelihood in bits by the number of pixels' channels; each part of it is counted
likewise, so that the parts add up to the whole. Less is better.
"""

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from workbench.engine.events import Progress
from workbench.engine.models.flow.base import Flow, Terms
from workbench.engine.params import Params
from workbench.engine.project.previews import RECONSTRUCTIONS, SAMPLES, Sheet
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items
from workbench.engine.tasks.density.params import DensityParams
from workbench.engine.tasks.task import Moment, Setting, Shown, Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PARTS = ("prior_bits", "log_det_bits", "logit_bits", "dequantisation_bits")
_INVERTED = 256  # items of a split whose codes are decoded again
_SAMPLES, _COLUMNS = 32, 8


class Density:
    """Maximum likelihood of images under a :class:`~workbench.engine.models.flow.base.Flow`.

    Args:
        params: The options.
    """

    losses = ("bits_per_dim",)

    def __init__(self, params: DensityParams) -> None:
        self.params = params

    def parts(self, model: nn.Module) -> tuple[nn.Module, ...]:
        return (model,)

    def step(
        self, model: nn.Module, images: Tensor, labels: Tensor, moment: Moment, *, part: int = 0
    ) -> tuple[Tensor, Tensor]:
        bits = bits_of(model(images, moment.noise), dims=images[0].numel()).mean(1)
        return bits.sum(), bits.detach()

    def series(self, outputs: Sequence[Tensor], labels: Tensor) -> dict[str, Tensor]:
        return dict(zip(_PARTS, outputs[0].unbind(1), strict=True))

    def evaluation(self, *, split: str, step: int, items: Items, noise: torch.Generator) -> "DensityScores":
        return DensityScores(noise)

    def previews(self, model: nn.Module, shown: Shown) -> tuple[Sheet, ...]:
        flow = as_flow(model)
        device = shown.images.device
        codes = torch.randn(_SAMPLES, flow.dims, generator=shown.noise, device=device) * self.params.temperature
        samples = Sheet(kind=SAMPLES, step=shown.step, pictures=_pictures(shown, flow.decode(codes)), columns=_COLUMNS)
        count = len(shown.images) // _COLUMNS * _COLUMNS or len(shown.images)
        images = shown.images[:count]
        pairs = torch.stack([images, flow.decode(flow.encode(images).mean)], dim=1)  # [B, 2, C, H, W]
        columns = min(count, _COLUMNS)
        rows = pairs.reshape(count // columns, columns, *pairs.shape[1:]).transpose(1, 2).flatten(0, 2)
        reconstructions = Sheet(
            kind=RECONSTRUCTIONS,
            step=shown.step,
            pictures=_pictures(shown, rows),
            columns=columns,
            items=tuple(shown.items[:count].tolist()),
        )
        return samples, reconstructions


class DensityScores:
    """Means over a split: ``bits_per_dim`` with its parts, and ``inverse_error``, the largest difference between a
    pixel in 0..1 and what decoding the image's code gives, over the first items of the split.

    Args:
        noise: For the dequantisation, on the device of the images.
    """

    def __init__(self, noise: torch.Generator) -> None:
        self._noise = noise
        self._sums = Sums()
        self._errors: list[Tensor] = []

    def add(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        if self._sums.items < _INVERTED:
            flow, some = as_flow(model), images[: _INVERTED - self._sums.items]
            self._errors.append((flow.pixels(flow.encode(some).mean) - some).abs().amax())
        bits = bits_of(model(images, self._noise), dims=images[0].numel()).sum(1)
        self._sums.add({"bits_per_dim": bits.sum(), **dict(zip(_PARTS, bits.unbind(), strict=True))}, items=len(images))

    def finish(self, model: nn.Module) -> Generator[Progress, None, None]:
        yield from ()

    def metrics(self) -> dict[str, float]:
        return {**self._sums.means(), "inverse_error": float(torch.stack(self._errors).amax())}

    def vectors(self) -> dict[str, tuple[float, ...]]:
        return {}

    def save(self, run: Run) -> None:
        """Nothing: bits of single images are cheap to ask for."""


def bits_of(terms: Terms, *, dims: int) -> Tensor:
    """The parts of the bits per dimension of B images [4, B]."""
    return torch.stack(terms).float() / (-dims * math.log(2))


def as_flow(model: nn.Module) -> Flow:
    """The flow that a network is."""
    assert isinstance(model, Flow)
    return model


def _pictures(shown: Shown, images: Tensor) -> "NDArray[np.uint8]":
    """What :class:`Sheet` takes, of images on the network's scale [N, C, H, W]."""
    pixels = shown.pixels(images).cpu()
    return pixels[:, 0].numpy() if pixels.shape[1] == 1 else pixels.permute(0, 2, 3, 1).numpy()


def make(params: Params, setting: Setting) -> Density:
    return Density(cast(DensityParams, params))
