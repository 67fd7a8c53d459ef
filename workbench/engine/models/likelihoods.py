"""How probable an image is, given what a decoder says of its pixels.

A decoder emits parameters, some planes for each channel; a likelihood turns them into probabilities, means and draws.
Images are on the scale 0..1. Bernoulli and discretised logistic give probabilities of what pixels can be, in nats that
can be compared with each other's on equal data; a Gaussian gives a density, which cannot.

Shapes: ... any axes before, P planes, C channels, H height, W width.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.models.gaussian import LOG_2_PI
from workbench.engine.registry import Registry

LEVELS = 256
_LEAST_LOG_DEVIATION = math.log(1e-3)
_LEAST_LOG_SCALE = -7.0  # a ninth of a level: nothing is gained below it
_SUMMED = (-3, -2, -1)


class Likelihood(nn.Module):
    """What pixels are, given parameters.

    Attributes:
        per_channel: Planes that the decoder makes for each channel.
    """

    per_channel = 1

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        """log p [...] in float32 of ``images`` [..., C, H, W] under ``parameters`` [..., P, H, W]; the axes in front
        broadcast.
        """
        raise NotImplementedError

    def mean(self, parameters: Tensor) -> Tensor:
        """The expected images [..., C, H, W]."""
        raise NotImplementedError

    def draw(self, parameters: Tensor, noise: torch.Generator) -> Tensor:
        """Images [..., C, H, W] with the likelihood's own noise."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Black or white pixels; parameters are logits. Of grey images it is a cross-entropy and no probability."""

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        logits, images = parameters.float(), images.float()
        if logits.shape != images.shape:
            logits, images = torch.broadcast_tensors(logits, images)  # type: ignore[no-untyped-call]
        return -F.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(_SUMMED)

    def mean(self, parameters: Tensor) -> Tensor:
        return parameters.float().sigmoid()

    def draw(self, parameters: Tensor, noise: torch.Generator) -> Tensor:
        return torch.bernoulli(self.mean(parameters), generator=noise)


class Gaussian(Likelihood):
    """Pixels with normal noise of one deviation, the same everywhere; parameters are means.

    Args:
        deviation: It, on the scale 0..1; 0 learns it, from 0.1 and never below 0.001.
    """

    def __init__(self, deviation: float = 0.0) -> None:
        super().__init__()
        self._start = math.log(deviation or 0.1)
        self.log_deviation = nn.Parameter(torch.tensor(self._start), requires_grad=not deviation)

    def initialise(self, generator: torch.Generator) -> None:
        nn.init.constant_(self.log_deviation, self._start)

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        log_deviation = self.log_deviation.clamp(min=_LEAST_LOG_DEVIATION)
        squares = (images.float() - parameters.float()).square().sum(_SUMMED) * torch.exp(-2 * log_deviation)
        return -0.5 * squares - math.prod(images.shape[-3:]) * (log_deviation + 0.5 * LOG_2_PI)

    def mean(self, parameters: Tensor) -> Tensor:
        return parameters.float()

    def draw(self, parameters: Tensor, noise: torch.Generator) -> Tensor:
        deviation = self.log_deviation.clamp(min=_LEAST_LOG_DEVIATION).exp()
        normal = torch.empty_like(parameters, dtype=torch.float32).normal_(generator=noise)
        return parameters.float() + deviation * normal


class DiscretisedLogistic(Likelihood):
    """One of 256 levels, each with what a logistic distribution has within half a level of it; the outermost have all
    that lies beyond (Salimans et al. 2017, with one component). Parameters: C means, then C logarithms of the scale,
    both for each pixel.
    """

    per_channel = 2

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        means, log_scales = parameters.float().chunk(2, dim=-3)
        return means, log_scales.sub(2).clamp(min=_LEAST_LOG_SCALE)  # from about 1/7 of the range, not all of it

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        means, log_scales = self._split(parameters)
        images, inverse = images.float(), torch.exp(-log_scales)
        half = 0.5 / (LEVELS - 1)
        above, below = (images - means + half) * inverse, (images - means - half) * inverse
        # log(sigmoid(a) - sigmoid(b)) = log sigmoid(a) + log sigmoid(-b) + log(1 - exp(b - a)): nothing cancels
        under, over = F.logsigmoid(above), F.logsigmoid(-below)
        between = under + over + torch.log(-torch.expm1(-2 * half * inverse))
        inner = torch.where(images > 1 - half, over, between)
        return torch.where(images < half, under, inner).sum(_SUMMED)

    def mean(self, parameters: Tensor) -> Tensor:
        return self._split(parameters)[0].clamp(0, 1)

    def draw(self, parameters: Tensor, noise: torch.Generator) -> Tensor:
        means, log_scales = self._split(parameters)
        uniform = torch.empty_like(means).uniform_(generator=noise).clamp_(1e-7, 1 - 1e-7)
        values = means + log_scales.exp() * torch.logit(uniform)
        return values.mul(LEVELS - 1).round().clamp(0, LEVELS - 1).div(LEVELS - 1)


LIKELIHOODS: Registry[type[Likelihood]] = Registry("likelihood")
LIKELIHOODS.add("bernoulli", Bernoulli)
LIKELIHOODS.add("gaussian", Gaussian)
LIKELIHOODS.add("logistic", DiscretisedLogistic)


def make_likelihood(name: str, *, deviation: float = 0.0) -> Likelihood:
    """The likelihood called ``name``; ``deviation`` is the Gaussian's."""
    return Gaussian(deviation) if name == "gaussian" else LIKELIHOODS[name]()
