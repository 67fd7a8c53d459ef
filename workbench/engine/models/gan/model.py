"""The dense adversarial pair: linear layers on flattened images."""

import math

from torch import nn

from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.models.gan.params import GanParams
from workbench.engine.models.layers import Dropout, named

DOUBLINGS = 3


def build(params: GanParams, *, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Both of them for images of ``shape`` in -1..1; ``classes`` is of no matter."""
    pixels = math.prod(shape)
    return AdversarialPair(
        generator=_generator(params, shape),
        discriminator=named(
            flatten=nn.Flatten(),
            dense_0=nn.Linear(pixels, 4 * params.hidden),
            activation_0=nn.LeakyReLU(params.slope),
            dropout_0=Dropout(params.dropout),
            dense_1=nn.Linear(4 * params.hidden, 2 * params.hidden),
            activation_1=nn.LeakyReLU(params.slope),
            dropout_1=Dropout(params.dropout),
            last=nn.Linear(2 * params.hidden, 1),
        ),
        dims=params.latent,
    )


def _generator(params: GanParams, shape: tuple[int, int, int]) -> nn.Module:
    width = params.hidden
    layers: dict[str, nn.Module] = {
        "dense_0": nn.Linear(params.latent, width),
        "activation_0": nn.LeakyReLU(params.slope),
    }
    for stage in range(1, DOUBLINGS + 1):
        layers[f"dense_{stage}"] = nn.Linear(width, 2 * width)
        width *= 2
        layers[f"norm_{stage}"] = nn.BatchNorm1d(width) if params.normalization == "batch" else nn.Identity()
        layers[f"activation_{stage}"] = nn.LeakyReLU(params.slope)
    return named(
        **layers,
        last=nn.Linear(width, math.prod(shape)),
        squash=nn.Tanh(),
        shape=nn.Unflatten(1, shape),
    )
