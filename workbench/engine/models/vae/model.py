"""The dense variational autoencoder: pixels through dense layers to a code, and back."""

import math
from itertools import pairwise

from torch import nn

from workbench.engine.models.layers import activation
from workbench.engine.models.likelihoods import make_likelihood
from workbench.engine.models.vae.autoencoder import Autoencoder
from workbench.engine.models.vae.params import VaeParams


def build(params: VaeParams, *, shape: tuple[int, int, int], classes: int) -> Autoencoder:
    """Images [B, C, H, W] of any size; ``classes`` makes no difference."""
    channels, height, width = shape
    likelihood = make_likelihood(params.likelihood, deviation=params.deviation)
    planes = channels * likelihood.per_channel
    hidden = [params.nodes] * params.hidden_layers
    variational = params.code == "normal"
    encoded = params.latent * (2 if variational else 1)
    return Autoencoder(
        encoder=nn.Sequential(nn.Flatten(), *_dense([math.prod(shape), *hidden, encoded], params.activation)),
        decoder=nn.Sequential(
            *_dense([params.latent, *hidden, planes * height * width], params.activation),
            nn.Unflatten(1, (planes, height, width)),
        ),
        likelihood=likelihood,
        dims=params.latent,
        variational=variational,
    )


def _dense(widths: list[int], activation_name: str) -> list[nn.Module]:
    """Dense layers of these widths with a function between two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), activation(activation_name)]
    return layers[:-1]
