"""The convolutional adversarial pair, after DCGAN (Radford et al. 2016, arXiv 1511.06434)."""

import math
from typing import cast

import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.models.gan_conv.params import GanConvParams
from workbench.engine.models.gan_conv.spectral import SpectralConv2d, SpectralLinear
from workbench.engine.models.layers import Dropout, named

SMALLEST = 8
_COARSEST = 6  # about the side of the coarsest maps


def build(params: GanConvParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Both of them for images of ``shape`` in -1..1; ``classes`` is of no matter.

    The generator begins with maps of 5 to 8 pixels a side and doubles them; what is then too much at the edges is cut
    off. The discriminator halves as often, and once more.

    Raises:
        UserError: The image is smaller than that needs.
    """
    _, height, width = shape
    if min(height, width) < SMALLEST:
        raise UserError(
            f"images of {width} x {height} pixels are too small for gan-conv",
            remedy=f"enlarge the images to at least {SMALLEST} x {SMALLEST} or use the gan model",
        )
    doublings = max(1, round(math.log2(min(height, width) / _COARSEST)))
    return AdversarialPair(
        generator=_generator(params, shape, doublings),
        discriminator=_discriminator(params, shape, doublings),
        dims=params.latent,
    )


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution of 4 x 4 that doubles height and width.

    Args:
        sides: Of what it is given.
    """

    def __init__(self, channels: int, filters: int, *, sides: list[int]) -> None:
        super().__init__(channels, filters, 4, stride=2, padding=1)
        self._inputs = channels * math.prod(sides)

    def initialise(self, generator: torch.Generator) -> None:
        # Of the sixteen positions of a kernel four reach an output.
        bound = 1.0 / math.sqrt(4 * self.in_channels)
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def kernels(self) -> list[nn.Parameter]:
        return [cast(nn.Parameter, self.weight)]

    def macs(self) -> int:
        return self._inputs * self.weight[0].numel()


class Middle(nn.Module):
    """Cuts images [B, C, H, W] down to ``height`` and ``width``."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        top, left = (x.shape[2] - self.height) // 2, (x.shape[3] - self.width) // 2
        return x[:, :, top : top + self.height, left : left + self.width]


def _generator(params: GanConvParams, shape: tuple[int, int, int], doublings: int) -> nn.Module:
    def norm(channels: int) -> nn.Module:
        return nn.BatchNorm2d(channels) if params.normalization == "batch" else nn.Identity()

    channels, height, width = shape
    sides = [-(-side // 2**doublings) for side in (height, width)]
    filters = params.generator_channels * 2 ** (doublings - 1)
    layers: dict[str, nn.Module] = {
        "dense": nn.Linear(params.latent, filters * math.prod(sides)),
        "shape": nn.Unflatten(1, (filters, *sides)),
        "norm": norm(filters),
        "activation": nn.LeakyReLU(params.slope),
    }
    for stage in range(doublings - 1):
        layers[f"double_{stage}"] = Doubling(filters, filters // 2, sides=sides)
        filters, sides = filters // 2, [2 * side for side in sides]
        layers[f"norm_{stage}"] = norm(filters)
        layers[f"activation_{stage}"] = nn.LeakyReLU(params.slope)
    exact = [2 * side for side in sides] == [height, width]
    return named(
        **layers,
        last=Doubling(filters, channels, sides=sides),
        middle=nn.Identity() if exact else Middle(height, width),
        squash=nn.Tanh(),
    )


def _discriminator(params: GanConvParams, shape: tuple[int, int, int], doublings: int) -> nn.Module:
    def conv(channels: int, filters: int, kernel: int) -> nn.Module:
        kind = SpectralConv2d if params.spectral_norm else nn.Conv2d
        return kind(channels, filters, kernel, stride=2, padding=1)

    channels, *sides = shape
    filters = params.discriminator_channels
    layers: dict[str, nn.Module] = {}
    for stage in range(doublings + 1):
        last = stage == doublings
        layers[f"halve_{stage}"] = conv(channels, filters, 3 if last else 4)
        layers[f"activation_{stage}"] = nn.LeakyReLU(params.slope)
        layers[f"dropout_{stage}"] = Dropout(params.dropout)
        sides = [-(-side // 2) if last else side // 2 for side in sides]
        channels, filters = filters, 2 * filters
    features = channels * math.prod(sides)
    return named(
        **layers,
        flatten=nn.Flatten(),
        last=(SpectralLinear if params.spectral_norm else nn.Linear)(features, 1),
    )
