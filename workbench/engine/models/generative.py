"""What explorers, previews and scores ask of a network that makes images of codes, whatever it was trained with.

Codes are points under a standard normal prior. Images are on the scale of the network's input.

Shapes: B images or codes, D dimensions of a code, C channels, H height, W width.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor


class Posterior(NamedTuple):
    """Where codes of B images lie: a normal distribution each, with independent dimensions.

    Attributes:
        mean: [B, D].
        deviation: [B, D]; 0 where the code is exact.
    """

    mean: Tensor
    deviation: Tensor


@runtime_checkable
class Generative(Protocol):
    """A network that turns codes into images.

    Attributes:
        dims: D.
        encodes: How an image gets its code: ``"posterior"`` as a distribution, ``"exact"`` as a point, ``"no"`` not at
            all.
        score_name, score_unit: What :meth:`score` says, in words.
    """

    dims: int
    encodes: str
    score_name: str
    score_unit: str

    def decode(self, codes_BD: Tensor) -> Tensor:
        """Images [B, C, H, W] without noise: a likelihood's mean."""
        ...

    def draw(self, codes_BD: Tensor, noise: torch.Generator) -> Tensor:
        """Images [B, C, H, W] with the noise of the likelihood; as :meth:`decode` where it has none."""
        ...

    def encode(self, images_BCHW: Tensor) -> Posterior:
        """The codes of images; :class:`~workbench.engine.errors.UserError` where images get none."""
        ...

    def score(self, images_BCHW: Tensor, noise: torch.Generator) -> Tensor:
        """How well the network accounts for each image, float32 [B]."""
        ...
