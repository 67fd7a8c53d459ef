"""A generator and a discriminator as one network: what its task, explorers and the average of weights ask of it.

Shapes: B images or codes, D dimensions of a code, C channels, H height, W width.
"""

import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models.generative import Posterior


class AdversarialPair(nn.Module):
    """Images of codes, and a verdict on images; as a :class:`~workbench.engine.models.generative.Generative` network.

    Args:
        generator: Codes [B, D] to images [B, C, H, W] in -1..1.
        discriminator: Images to one logit each [B, 1], high for what it takes for real.
        dims: D.
    """

    encodes = "no"
    score_name, score_unit = "D(x)", ""

    def __init__(self, *, generator: nn.Module, discriminator: nn.Module, dims: int) -> None:
        super().__init__()
        self.generator, self.discriminator, self.dims = generator, discriminator, dims

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """The discriminator's logits [B]."""
        logits: Tensor = self.discriminator(images_BCHW)
        return logits.squeeze(-1)

    def overview(self, images_BCHW: Tensor) -> Tensor:
        """As much as there is, once: the logits [B] of what is generated from the middle of the prior."""
        logits: Tensor = self(self.decode(images_BCHW.new_zeros(len(images_BCHW), self.dims)))
        return logits

    def averaged(self) -> nn.Module:
        """What a moving average of weights is made of: a discriminator only means something to its own opponent."""
        return self.generator

    def decode(self, codes_BD: Tensor) -> Tensor:
        images_BCHW: Tensor = self.generator(codes_BD)
        return images_BCHW

    def draw(self, codes_BD: Tensor, noise: torch.Generator) -> Tensor:
        return self.decode(codes_BD)

    def encode(self, images_BCHW: Tensor) -> Posterior:
        raise UserError(
            "a generative adversarial network gives images no codes", remedy="search for the code of an image instead"
        )

    def score(self, images_BCHW: Tensor, noise: torch.Generator) -> Tensor:
        """The discriminator's probability that an image is real, [B]."""
        logits: Tensor = self(images_BCHW)
        return logits.float().sigmoid()
