"""What every flow shares: from the bytes of an image to a point of its code space and back, and what that costs.

A flow is a density over the reals, and the pixels of an image are whole numbers. So noise spreads each level over its
interval (:mod:`.dequantise`), the logit takes that from the unit cube to the reals, and the transform of a family takes
it to where a standard normal prior lies. What remains is a lower bound on the log-probability of the 8-bit image, and
complete: it counts the width of the levels, the logit and the noise, so that bits per dimension compare with anybody's.

Shapes: B images, C channels, H height, W width, D = C H W.
"""

import math
from abc import abstractmethod
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.errors import UserError
from workbench.engine.models.flow.dequantise import Dequantiser
from workbench.engine.models.generative import Posterior

LEVELS = 256


class Terms(NamedTuple):
    """Log-likelihood of B images in nats, as the sum of its parts, each [B].

    Attributes:
        prior: Of the code, under the standard normal distribution.
        log_det: Of the family's transform.
        logit: Of the way from grey levels to the reals: the width of a level and the logit's own determinant.
        dequantisation: Minus the log-density of the noise; 0 where that is uniform.
    """

    prior: Tensor
    log_det: Tensor
    logit: Tensor
    dequantisation: Tensor

    def log_prob(self) -> Tensor:
        """The sum [B]."""
        return self.prior + self.log_det + self.logit + self.dequantisation


class Flow(nn.Module):
    """Base of flows over images in 0..1 whose pixels are levels: k / 255 for k from 0 to 255.

    Args:
        shape: C, H and W.
        alpha: Share of the unit interval that is cut off its ends before the logit.
        dequantiser: The noise.
    """

    encodes = "exact"
    score_name = "bits per dimension"
    score_unit = "bits/dim"

    def __init__(self, *, shape: tuple[int, int, int], alpha: float, dequantiser: Dequantiser) -> None:
        super().__init__()
        self.shape, self.alpha = shape, alpha
        self.dims = math.prod(shape)
        self.dequantiser = dequantiser

    @abstractmethod
    def transform(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Points of the reals [B, C, H, W] to codes [B, D], and the log-determinants [B] of their Jacobians."""

    @abstractmethod
    def restore(self, codes_BD: Tensor) -> Tensor:
        """The inverse of :meth:`transform`: codes [B, D] to points of the reals [B, C, H, W]."""

    def forward(self, images: Tensor, noise: torch.Generator | None = None) -> Terms:
        """The bound for images [B, C, H, W].

        Args:
            images: In 0..1; other numbers than k / 255 count as the nearest level.
            noise: What the dequantisation draws from, on the device of the images; without it the noise is at its
                median, which is no bound, and always the same.
        """
        levels = levels_of(images)
        within, dequantisation = self.dequantiser(levels, noise)
        x, logit = self.to_reals(levels + within)
        codes, log_det = self.transform(x)
        prior = -0.5 * (codes.square() + math.log(2 * math.pi)).sum(1)
        return Terms(prior=prior, log_det=log_det, logit=logit, dequantisation=dequantisation)

    def log_prob(self, images: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """The bound in nats [B]; see :meth:`forward`."""
        return cast(Terms, self(images, noise)).log_prob()

    def score(self, images: Tensor, noise: torch.Generator) -> Tensor:
        """Bits per dimension, float32 [B]; less is better."""
        return (self.log_prob(images, noise) / (-self.dims * math.log(2))).float()

    def encode(self, images: Tensor) -> Posterior:
        """The codes of images whose pixels lie in the middle of their levels; always in full precision."""
        with full_precision(images.device):
            codes, _ = self.transform(self.to_reals(levels_of(images) + 0.5)[0])
        return Posterior(mean=codes, deviation=torch.zeros_like(codes))

    def decode(self, codes_BD: Tensor) -> Tensor:
        """Images in 0..1: the inverse of :meth:`encode`, which changes smoothly with the code. The nearest level is the
        one within which the code's point lies.
        """
        return self.pixels(codes_BD).clamp(0.0, 1.0)

    def draw(self, codes_BD: Tensor, noise: torch.Generator) -> Tensor:
        """As :meth:`decode`: a flow's likelihood has no noise."""
        return self.decode(codes_BD)

    def pixels(self, codes_BD: Tensor) -> Tensor:
        """As :meth:`decode`, but for the half levels beyond 0 and 1: what shows how exact the inverse is."""
        with full_precision(codes_BD.device):
            cut = torch.sigmoid(self.restore(codes_BD))
        unit = (cut - self.alpha / 2) / (1 - self.alpha)
        return (LEVELS * unit - 0.5) / (LEVELS - 1)

    def prepare(self, images: Tensor) -> None:
        """See that images are what a flow takes, given some of them.

        Raises:
            UserError: They are not in 0..1.
        """
        if float(images.min()) < 0.0 or float(images.max()) > 1.0:
            raise UserError("a flow takes pixels in 0..1 and no others", remedy="set data.normalize to auto or unit")

    def to_reals(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of points in 0..256, levels with what the noise adds to them, and the log-determinants [B]."""
        cut = x * ((1 - self.alpha) / LEVELS) + self.alpha / 2
        reals = torch.logit(cut)
        # log 1 / (y (1 - y)) of y = sigmoid(reals)
        slopes = F.softplus(reals) + F.softplus(-reals)
        width = self.dims * (math.log1p(-self.alpha) - math.log(LEVELS))
        return reals, slopes.flatten(1).sum(1) + width


def full_precision(device: torch.device) -> torch.autocast:
    """A context in which what autocast does outside of it is not done: an inverse is only as exact as its numbers."""
    return torch.autocast(device.type, enabled=False)


def levels_of(images: Tensor) -> Tensor:
    """The grey levels, whole numbers 0..255 as floats, of images in 0..1."""
    return (images * (LEVELS - 1)).round().clamp(0, LEVELS - 1)
