"""The convolutional variational autoencoder, for images of about 16 to 64 pixels, grey or in colour.

What runs at full size is only a rearrangement of pixels into channels and back, at half size hardly more than one
convolution: nearly all multiplications are at the smallest size, of up to 8 pixels, and in the dense layers beside the
code.
"""

import math
from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.models.likelihoods import make_likelihood
from workbench.engine.models.vae.autoencoder import Autoencoder
from workbench.engine.models.vae_conv.params import VaeConvParams

_SMALLEST = 8
_FUNCTIONS: dict[str, Callable[[], nn.Module]] = {"elu": nn.ELU, "swish": nn.SiLU, "relu": nn.ReLU, "gelu": nn.GELU}
_GROUPS = 8


def build(params: VaeConvParams, *, shape: tuple[int, int, int], classes: int) -> Autoencoder:
    """Images [B, C, H, W]; ``classes`` makes no difference."""
    channels, height, width = shape
    likelihood = make_likelihood(params.likelihood, deviation=params.deviation)
    sizes = _sizes(height, width)
    maps = [params.channels * 2**level for level in range(len(sizes) - 1)]
    variational = params.code == "normal"
    return Autoencoder(
        encoder=_encoder(params, channels, sizes, maps, params.latent * (2 if variational else 1)),
        decoder=_decoder(params, channels * likelihood.per_channel, sizes, maps),
        likelihood=likelihood,
        dims=params.latent,
        variational=variational,
    )


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Heights and widths from the image's down to the smallest, halved and rounded up; at least one halving."""
    sizes = [(height, width)]
    while len(sizes) == 1 or max(sizes[-1]) > _SMALLEST:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def _encoder(
    params: VaeConvParams, channels: int, sizes: list[tuple[int, int]], maps: list[int], encoded: int
) -> nn.Sequential:
    layers: list[nn.Module] = [Gather(), nn.Conv2d(4 * channels, maps[0], 3, padding=1)]
    for before, after in pairwise(maps):
        layers += [Residual(params, before) for _ in range(params.wide_blocks)]
        layers += [_function(params), nn.Conv2d(before, after, 3, stride=2, padding=1)]
    layers += [Residual(params, maps[-1]) for _ in range(params.blocks)]
    features = maps[-1] * math.prod(sizes[-1])
    layers += [_function(params), nn.Flatten(), nn.Linear(features, params.hidden), _function(params)]
    return nn.Sequential(*layers, nn.Linear(params.hidden, encoded))


def _decoder(params: VaeConvParams, planes: int, sizes: list[tuple[int, int]], maps: list[int]) -> nn.Sequential:
    features = maps[-1] * math.prod(sizes[-1])
    layers: list[nn.Module] = [nn.Linear(params.latent, params.hidden), _function(params)]
    layers += [nn.Linear(params.hidden, features), nn.Unflatten(1, (maps[-1], *sizes[-1]))]
    layers += [Residual(params, maps[-1]) for _ in range(params.blocks)]
    for (before, after), size in zip(pairwise(reversed(maps)), reversed(sizes[1:-1]), strict=True):
        layers += [_function(params), nn.Conv2d(before, 4 * after, 3, padding=1), Spread(size)]
        layers += [Residual(params, after) for _ in range(params.wide_blocks)]
    return nn.Sequential(*layers, _function(params), nn.Conv2d(maps[0], 4 * planes, 3, padding=1), Spread(sizes[0]))


def _function(params: VaeConvParams) -> nn.Module:
    return _FUNCTIONS[params.activation]()


class Residual(nn.Module):
    """Two convolutions beside the identity, [B, C, H, W] to the same."""

    def __init__(self, params: VaeConvParams, channels: int) -> None:
        super().__init__()
        grouped = params.normalization == "group"
        norms = [nn.GroupNorm(math.gcd(channels, _GROUPS), channels) if grouped else nn.Identity() for _ in range(2)]
        self.first = nn.Sequential(norms[0], _function(params), nn.Conv2d(channels, channels, 3, padding=1))
        self.second = nn.Sequential(norms[1], _function(params), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.second(self.first(x))
        return x + branch


class Gather(nn.Module):
    """Squares of 2 x 2 pixels into channels: [B, C, H, W] to [B, 4 C, H / 2, W / 2], rounded up."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return F.pixel_unshuffle(F.pad(x, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else x, 2)


class Spread(nn.Module):
    """Channels into squares of 2 x 2 pixels: [B, 4 C, H, W] to [B, C, height, width]."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.height, self.width = size

    def forward(self, x: Tensor) -> Tensor:
        spread: Tensor = F.pixel_shuffle(x, 2)[..., : self.height, : self.width]
        return spread
