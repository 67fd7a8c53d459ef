"""The evidence lower bound and its terms, over batches and over splits, and pictures of what was learned.

Bounds are in nats for each image. A plain autoencoder has no divergence: its bound is its reconstruction alone, and
bounds nothing.

Shapes: B images, D dimensions of a code, K codes an image, S steps.
"""

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from workbench.engine.events import Progress
from workbench.engine.models.gaussian import quantile_grid
from workbench.engine.models.vae.autoencoder import Autoencoder, Terms
from workbench.engine.project.previews import DRAWN, MANIFOLD, RECONSTRUCTIONS, SAMPLES, Sheet
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items
from workbench.engine.tasks.autoencode.params import AutoencodeParams
from workbench.engine.tasks.task import Moment, Setting, Shown, Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = 8
_SAMPLES = 64
_MANIFOLD_SIDE = 15
_ACTIVE = 0.01  # least variance of a dimension's means over the data (Burda et al. 2016)


class Autoencode:
    """Learning to make images from codes.

    Args:
        params: The options.
        setting: Nothing of it matters here.
    """

    losses = ("loss",)

    def __init__(self, params: AutoencodeParams, setting: Setting) -> None:
        self.params, self.setting = params, setting

    def parts(self, model: nn.Module) -> tuple[nn.Module, ...]:
        return (model,)

    def step(
        self, model: nn.Module, images: Tensor, labels: Tensor, moment: Moment, *, part: int = 0
    ) -> tuple[Tensor, Tensor]:
        """The negative objective, and the log-likelihood and the divergence that are in it, unweighed."""
        params = self.params
        shown = None if params.corruption == "none" else self._spoilt(images, moment.noise)
        terms: Terms = model(images, moment.noise, params.samples, shown)
        share = min(1.0, moment.epoch / params.warmup) if params.warmup else 1.0
        likelihood, kl = terms.log_likelihood.mean(), terms.kl.sum() / len(images)
        loss = self._loss(terms, likelihood, kl, weight=params.beta * share)
        return loss, torch.stack((likelihood.detach(), kl.detach()))

    def _loss(self, terms: Terms, likelihood: Tensor, kl: Tensor, *, weight: float) -> Tensor:
        if self.params.objective == "iwae" and terms.log_ratio is not None:
            return -importance_bound(terms, weight=weight).mean()
        if self.params.free_bits:  # of the mean over the batch, as Kingma et al. 2016 have it
            kl = terms.kl.mean(0).clamp(min=self.params.free_bits).sum()
        return (kl if weight == 1 else weight * kl) - likelihood

    def _spoilt(self, images: Tensor, noise: torch.Generator) -> Tensor:
        strength = self.params.corruption_strength
        if self.params.corruption == "gaussian":
            return images + strength * torch.empty_like(images).normal_(generator=noise)
        chosen = torch.empty_like(images).uniform_(generator=noise) < strength
        return torch.where(chosen, 1 - images if self.params.corruption == "flip" else 0.0, images)

    def series(self, outputs: Sequence[Tensor], labels: Tensor) -> dict[str, Tensor]:
        likelihood, kl = outputs[0].cpu().double().unbind(-1)  # on the CPU: not every device knows doubles
        return {"elbo": likelihood - kl, "reconstruction": -likelihood, "kl": kl}

    def evaluation(self, *, split: str, step: int, items: Items, noise: torch.Generator) -> "Bounds":
        return Bounds(samples=self.params.samples, noise=noise)

    def previews(self, model: nn.Module, shown: Shown) -> list[Sheet]:
        model = cast(Autoencoder, model)
        codes = torch.randn(_SAMPLES, model.dims, generator=shown.noise, device=shown.images.device)
        means = {SAMPLES: model.decode(codes)}
        if self.params.drawn:
            means[DRAWN] = model.draw(codes, shown.noise)
        sheets = [self._sheet(kind, images, shown, columns=_COLUMNS) for kind, images in means.items()]
        columns = min(_COLUMNS, len(shown.images))
        pairs = _pairs(shown.images, model.decode(model.encode(shown.images).mean), columns=columns)
        items = tuple(shown.items[: len(pairs) // 2].tolist())
        sheets.append(self._sheet(RECONSTRUCTIONS, pairs, shown, columns=columns, items=items))
        if model.dims == 2:
            plane = model.decode(quantile_grid(_MANIFOLD_SIDE).to(shown.images.device))
            sheets.append(self._sheet(MANIFOLD, plane, shown, columns=_MANIFOLD_SIDE))
        return sheets

    def _sheet(self, kind: str, images: Tensor, shown: Shown, *, columns: int, items: tuple[int, ...] = ()) -> Sheet:
        pixels = shown.pixels(images).cpu()
        pictures: NDArray[np.uint8] = (pixels[:, 0] if pixels.shape[1] == 1 else pixels.permute(0, 2, 3, 1)).numpy()
        return Sheet(kind=kind, step=shown.step, pictures=pictures, columns=columns, items=items)


def importance_bound(terms: Terms, *, weight: float = 1.0) -> Tensor:
    """The bound of K codes (Burda et al. 2016) [B]; ``weight`` is of the log ratio of prior and posterior."""
    assert terms.log_ratio is not None
    log_weights_KB = terms.log_likelihood + (terms.log_ratio if weight == 1 else weight * terms.log_ratio)
    return log_weights_KB.logsumexp(0) - math.log(len(log_weights_KB))


def _pairs(images: Tensor, others: Tensor, *, columns: int) -> Tensor:
    """Rows of images, below each of them a row of the others; what does not fill a row is left out."""
    rows = len(images) // columns
    both = [some[: rows * columns].reshape(rows, columns, *some.shape[1:]) for some in (images, others)]
    return torch.stack(both, 1).flatten(0, 2)


class Bounds:
    """The terms of the bound over a split.

    ``elbo`` is the negative of ``reconstruction`` + ``kl``; ``iwae``, where several codes are drawn for an image, the
    tighter bound of them all. ``active_dimensions`` counts those whose posterior means differ over the data.

    Args:
        samples: Codes for each image.
        noise: What they are drawn from.
    """

    def __init__(self, *, samples: int, noise: torch.Generator) -> None:
        self._samples, self._noise = samples, noise
        self._sums, self._moments = Sums(), Sums()

    def add(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        most = max(1, len(images) // self._samples)  # no more codes at once than there are images
        for start in range(0, len(images), most):
            some = images[start : start + most]
            terms: Terms = model(some, self._noise, self._samples)
            kl_D, reconstruction = terms.kl.sum(0), -terms.log_likelihood.mean(0).sum()
            sums = {"reconstruction": reconstruction, "kl": kl_D.sum(), "kl_per_dimension": kl_D}
            if terms.log_ratio is not None:
                sums["iwae"] = importance_bound(terms).sum()
            self._sums.add(sums, items=len(some))
            self._moments.add({"mean": terms.mean.sum(0), "square": terms.mean.square().sum(0)}, items=len(some))

    def finish(self, model: nn.Module) -> Generator[Progress, None, None]:
        yield from ()

    def metrics(self) -> dict[str, float]:
        means, moments = self._sums.means(), self._moments.vectors()
        pairs = zip(moments["mean"], moments["square"], strict=True)
        active = sum(square - mean**2 > _ACTIVE for mean, square in pairs)
        return {"elbo": -means["reconstruction"] - means["kl"], **means, "active_dimensions": float(active)}

    def vectors(self) -> dict[str, tuple[float, ...]]:
        return self._sums.vectors()

    def save(self, run: Run) -> None:
        """Nothing is known of single items that a person would look for."""


def make(params: AutoencodeParams, setting: Setting) -> Autoencode:
    """See :func:`workbench.engine.tasks.make_task`."""
    return Autoencode(params, setting)
