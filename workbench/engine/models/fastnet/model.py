"""A network that learns in few epochs, in the manner of K. Jordan's airbench94 (arXiv 2404.00498, section 3).

What makes it fast beside its shape: a frozen first convolution that whitens 2x2 patches, convolutions that start as the
identity on their inputs, batch normalisation with a short memory and no gain, and small logits.
"""

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models.fastnet.params import FastNetParams
from workbench.engine.models.layers import reset_kernel

PATCH = 2
POOLINGS = 3
SMALLEST = 4
# Relative to the mean variance of a pixel, so that the filters do not depend on how pixels were scaled.
WHITENING_EPSILON = 5e-4
IMAGES_AT_ONCE = 500


class WhiteningConv(nn.Conv2d):
    """A 2x2 convolution with frozen weights, whose outputs on training images have unit variance and no correlation.

    The filters are the eigenvectors of the patches' covariance, each divided by the deviation along it, followed by
    their negatives. The bias starts where it centres the outputs and is trained. Until :meth:`fit` is called the
    filters are random.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, 2 * channels * PATCH**2, PATCH)
        self.weight.requires_grad_(False)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Take the filters from ``images`` [B, C, H, W], preprocessed as in training, on any device."""
        mean, covariance = patch_statistics(images)
        variances, vectors = torch.linalg.eigh(covariance)
        variances = variances.clamp(min=0.0)
        deviations = (variances + WHITENING_EPSILON * variances.mean() + 1e-8).sqrt()
        filters = vectors.T / deviations.unsqueeze(1)
        filters = torch.cat([filters, -filters])
        assert self.bias is not None
        self.weight.copy_(filters.reshape(self.weight.shape))
        self.bias.copy_(-filters @ mean)


def patch_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [D] and covariance [D, D] of all 2x2 patches, D = 4 C in the order of a filter's weights; double, CPU."""
    size = images.shape[1] * PATCH**2
    total = torch.zeros(size, dtype=torch.float64)
    squares = torch.zeros(size, size, dtype=torch.float64)
    patches = 0
    for some in torch.split(images, IMAGES_AT_ONCE):
        columns = nn.functional.unfold(some.float(), PATCH).transpose(0, 1).flatten(1)
        total += columns.sum(dim=1).cpu()
        squares += (columns @ columns.T).cpu()
        patches += columns.shape[1]
    mean = total / patches
    return mean, squares / patches - torch.outer(mean, mean)


class IdentityConv(nn.Conv2d):
    """A 3x3 convolution without bias whose first filters pass their input channel through unchanged at the start."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3, padding="same", bias=False)

    def initialise(self, generator: torch.Generator) -> None:
        reset_kernel(self, generator)
        nn.init.dirac_(self.weight.data[: self.in_channels])


class BiasOnlyNorm(nn.BatchNorm2d):
    """Batch normalisation whose gain stays 1."""

    def __init__(self, channels: int, *, momentum: float) -> None:
        super().__init__(channels, momentum=momentum)
        self.weight.requires_grad_(False)


class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor

    def extra_repr(self) -> str:
        return f"{self.factor}"


class FastNet(nn.Module):
    """See the module. Images [B, C, H, W] of at least 4 x 4 to logits [B, classes]."""

    def __init__(self, params: FastNetParams, *, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        first = 2 * channels * PATCH**2
        # Below 9 pixels nothing would be left of a side that is halved three times, rounding down.
        round_up = (min(height, width) - PATCH + 1) < 2**POOLINGS
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["first"] = WhiteningConv(channels) if params.whitening else nn.Conv2d(channels, first, PATCH)
        layers["activation"] = nn.GELU()
        widths = (first, params.width1, params.width2, params.width3)
        for index, (before, after) in enumerate(pairwise(widths)):
            layers[f"block_{index}"] = nn.Sequential(
                OrderedDict(
                    conv_0=IdentityConv(before, after),
                    pool=nn.MaxPool2d(2, ceil_mode=round_up),
                    norm_0=BiasOnlyNorm(after, momentum=params.bn_momentum),
                    activation_0=nn.GELU(),
                    conv_1=IdentityConv(after, after),
                    norm_1=BiasOnlyNorm(after, momentum=params.bn_momentum),
                    activation_1=nn.GELU(),
                )
            )
        layers["pool"] = nn.AdaptiveMaxPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["dense"] = nn.Linear(params.width3, classes, bias=False)
        layers["scale"] = Scale(params.logit_scale)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits

    def prepare(self, images: Tensor) -> None:
        """Fit the whitening to preprocessed training images; some thousands are plenty. Call before the first step."""
        first = self.layers[0]
        if isinstance(first, WhiteningConv):
            first.fit(images)


def build(params: FastNetParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A :class:`FastNet`.

    Raises:
        UserError: The image is smaller than 4 x 4.
    """
    _, height, width = shape
    if min(height, width) < SMALLEST:
        raise UserError(
            f"images of {width} x {height} pixels are too small for fastnet",
            remedy=f"enlarge the images to at least {SMALLEST} x {SMALLEST} or use the fnn model",
        )
    return FastNet(params, shape=shape, classes=classes)
