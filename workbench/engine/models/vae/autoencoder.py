"""What every variational autoencoder is, whatever its two halves are made of.

The encoder gives each image a normal distribution over codes, the decoder makes of a code what a likelihood needs. A
plain autoencoder is the same with a point for a distribution: its terms have no divergence, and its codes no prior.

Shapes: B images, C channels, H height, W width, D dimensions of a code, K codes drawn for each image.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models.gaussian import kl_standard, log_ratio
from workbench.engine.models.generative import Posterior
from workbench.engine.models.likelihoods import Likelihood


class Terms(NamedTuple):
    """What the objectives are made of, in nats.

    Attributes:
        log_likelihood: log p(x | z) of each code and image [K, B], float32.
        kl: Divergence of the posterior from the prior [B, D], in closed form; 0 where codes are points.
        log_ratio: log p(z) - log q(z | x) of each code [K, B], where K > 1; else ``None``, as nobody needs it.
        mean: Of the posterior [B, D].
    """

    log_likelihood: Tensor
    kl: Tensor
    log_ratio: Tensor | None
    mean: Tensor


class Autoencoder(nn.Module):
    """A :class:`~workbench.engine.models.generative.Generative` network with an encoder.

    Args:
        encoder: Images [B, C, H, W] to [B, 2 D], means and logarithms of variances; to [B, D] where ``variational`` is
            false.
        decoder: Codes [N, D] to the likelihood's parameters [N, P, H, W].
        likelihood: What pixels are.
        dims: D.
        variational: Whether a code is a distribution.
    """

    def __init__(
        self, *, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood, dims: int, variational: bool
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.dims, self.variational = dims, variational
        self.encodes = "posterior" if variational else "exact"
        self.score_name = "ELBO" if variational else "log p(x | code)"
        self.score_unit = "nats"

    def forward(
        self,
        images_BCHW: Tensor,
        noise: torch.Generator | None = None,
        samples: int = 1,
        shown_BCHW: Tensor | None = None,
    ) -> Terms:
        """The terms of the objectives.

        Args:
            images_BCHW: What is to be accounted for.
            noise: Codes are drawn from it; without it they are the posterior's mean.
            samples: K.
            shown_BCHW: What the encoder sees instead: the same images, spoilt.
        """
        mean_BD, log_variance_BD = self._posterior(images_BCHW if shown_BCHW is None else shown_BCHW)
        if log_variance_BD is None:
            likelihood_B = self.likelihood.log_prob(self.decoder(mean_BD), images_BCHW)
            return Terms(likelihood_B.expand(samples, -1), torch.zeros_like(mean_BD), None, mean_BD)
        kl_BD = kl_standard(mean_BD, log_variance_BD)
        if samples == 1:  # as below, without the axis of codes on the way: the usual case, in every step
            codes_BD = mean_BD
            if noise is not None:
                normal_BD = torch.empty_like(mean_BD).normal_(generator=noise)
                codes_BD = torch.addcmul(mean_BD, torch.exp(0.5 * log_variance_BD), normal_BD)
            likelihood_B = self.likelihood.log_prob(self.decoder(codes_BD), images_BCHW)
            return Terms(likelihood_B[None], kl_BD, None, mean_BD)
        codes_KBD = mean_BD.expand(samples, -1, -1)
        if noise is not None:
            normal_KBD = torch.empty_like(codes_KBD).normal_(generator=noise)
            codes_KBD = torch.addcmul(codes_KBD, torch.exp(0.5 * log_variance_BD), normal_KBD)
        parameters = self.decoder(codes_KBD.flatten(0, 1)).unflatten(0, (samples, -1))
        return Terms(
            log_likelihood=self.likelihood.log_prob(parameters, images_BCHW),
            kl=kl_BD,
            log_ratio=log_ratio(codes_KBD, mean_BD, log_variance_BD),
            mean=mean_BD,
        )

    def prepare(self, images_BCHW: Tensor) -> None:
        """See some training images before the first step; :class:`UserError` where they are not on the scale 0..1."""
        low, high = images_BCHW.aminmax()
        if low < 0 or high > 1:
            raise UserError(
                f"an autoencoder takes pixels on the scale 0..1, not from {float(low):.3g} to {float(high):.3g}",
                remedy="set data.normalize = auto or unit",
            )

    def _posterior(self, images_BCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Means and logarithms of variances [B, D], float32."""
        encoded: Tensor = self.encoder(images_BCHW).float()
        if not self.variational:
            return encoded, None
        mean_BD, log_variance_BD = encoded.chunk(2, dim=1)
        return mean_BD, log_variance_BD

    def encode(self, images_BCHW: Tensor) -> Posterior:
        """Where the codes of images lie."""
        mean_BD, log_variance_BD = self._posterior(images_BCHW)
        deviation = torch.zeros_like(mean_BD) if log_variance_BD is None else torch.exp(0.5 * log_variance_BD)
        return Posterior(mean_BD, deviation)

    def decode(self, codes_BD: Tensor) -> Tensor:
        """The likelihood's mean images [B, C, H, W]."""
        return self.likelihood.mean(self.decoder(codes_BD))

    def draw(self, codes_BD: Tensor, noise: torch.Generator) -> Tensor:
        """Images [B, C, H, W] with the likelihood's noise."""
        return self.likelihood.draw(self.decoder(codes_BD), noise)

    def score(self, images_BCHW: Tensor, noise: torch.Generator) -> Tensor:
        """The evidence lower bound of each image [B], by one code each."""
        terms: Terms = self(images_BCHW, noise)
        return (terms.log_likelihood[0] - terms.kl.sum(1)).float()
