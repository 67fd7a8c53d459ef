"""How probable a variational autoencoder finds images: two estimates of log p(x), one that works and one that fails.

The importance-weighted estimate draws codes where the encoder says that they matter (Burda et al. 2016): a lower bound
that tightens as there are more of them. The naive one draws codes from the prior; hardly any of them looks like the
image, so it stays many nats too low however long one draws, which is the point of showing it.

Shapes: N images, B images at once, K codes an image, k of them at once, R resamples.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.engine.device import mix
from workbench.engine.errors import UserError
from workbench.engine.events import Event, Progress
from workbench.engine.models.vae.autoencoder import Autoencoder, Terms
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items
from workbench.engine.registry import suggest
from workbench.engine.train.evaluate import piece_size
from workbench.engine.train.feed import Feed
from workbench.engine.train.material import load_material
from workbench.engine.train.trained import Trained, load_trained
from workbench.engine.waiting import waiting

IMPORTANCE, NAIVE = "importance", "naive"
METHODS = (IMPORTANCE, NAIVE)
_LIKELIHOOD = 13  # purpose of a seed, beside those of the feed and of the explorer
_RESAMPLES = 2000
_CODES_AT_ONCE = 100  # of one image: enough to fill a pass with few images, so that progress is told often


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """Estimates of log p(x), in nats.

    Attributes:
        method: ``"importance"`` or ``"naive"``.
        samples: K.
        items, log_prob: Ids int64 and estimates float64 [N].
        mean: Over the images.
        low, high: Where that mean would lie for 95 % of other draws of as many such images (bootstrap percentiles).
        split, protocol, step: What was measured, how it was divided, and the weights'.
    """

    method: str
    samples: int
    items: Items
    log_prob: NDArray[np.float64]
    mean: float
    low: float
    high: float
    split: str
    protocol: str
    step: int


def estimate_likelihood(
    project: Project,
    run: Run,
    *,
    split: str,
    checkpoint: str,
    preferences: Preferences,
    method: str = IMPORTANCE,
    most: int = 1000,
    samples: int = 1000,
    seed: int = 0,
) -> Generator[Event, None, Estimate]:
    """Estimate log p(x) of the first images of one of a run's splits.

    Args:
        most: N at most, the first ones of the split; 0 for all.
        samples: K.
        seed: Of the codes.

    Yields:
        Progress, in images, several times a second.

    Raises:
        UserError: The run's network draws no codes of images; it has no such split or checkpoint.
    """
    assert method in METHODS
    assert samples > 0
    loading = partial(load_trained, run, checkpoint=checkpoint, preferences=preferences)
    trained: Trained = yield from waiting(loading, stage="loading the network")
    if not isinstance(trained.model, Autoencoder) or not trained.model.variational:
        raise UserError(
            "this run's network has no distribution over the codes of an image",
            where=run.id,
            remedy="choose a run of a variational autoencoder",
        )
    status = run.status()
    stored = project.split(status.split)
    if split not in stored.items:
        raise UserError(f"this run's data has no {split!r} split", remedy=suggest(split, sorted(stored.items)))
    material = yield from load_material(
        project,
        trained.job,
        project.dataset(status.dataset),
        stored,
        device=trained.device,
        preferences=preferences,
        preprocessing=trained.preprocessing,
    )
    items = material.split.items[split][: most or None]
    log_prob = yield from log_probabilities(
        trained, material.feed, items, shape=material.shape, method=method, samples=samples, seed=seed
    )
    low, high = bootstrap(log_prob, seed=seed)
    return Estimate(
        method=method,
        samples=samples,
        items=items,
        log_prob=log_prob,
        mean=float(log_prob.mean()),
        low=low,
        high=high,
        split=split,
        protocol=material.badge,
        step=trained.meta.step,
    )


def log_probabilities(
    trained: Trained, feed: Feed, items: Items, *, shape: tuple[int, int, int], method: str, samples: int, seed: int
) -> Generator[Progress, None, NDArray[np.float64]]:
    """log p(x) of ``items``, float64 [N], in passes of about a tenth of a second."""
    model = cast(Autoencoder, trained.model)
    noise = torch.Generator(trained.device).manual_seed(mix(seed, _LIKELIHOOD))
    rows = piece_size(model, shape, most=trained.job.train.evaluation_batch, device=trained.device)
    together = min(samples, _CODES_AT_ONCE, rows)
    ids, pieces = torch.from_numpy(items), list[Tensor]()
    size = max(1, rows // together)
    for start in range(0, len(ids), size):
        images, _ = feed.batch(ids[start : start + size])
        total: Tensor | None = None
        for done in range(0, samples, together):
            with trained.lock, torch.inference_mode():
                some = min(together, samples - done)
                weights = (importance_weights if method == IMPORTANCE else prior_weights)(model, images, some, noise)
                part = weights.double().logsumexp(0) if weights.device.type == "cpu" else weights.logsumexp(0)
            total = part if total is None else torch.logaddexp(total, part)
            yield Progress(stage="estimating log p(x)", done=start, total=len(ids), unit="images")
        assert total is not None
        pieces.append(total.cpu().double() - math.log(samples))
    yield Progress(stage="estimating log p(x)", done=len(ids), total=len(ids), unit="images")
    found: NDArray[np.float64] = torch.cat(pieces).numpy()
    return found


def importance_weights(model: Autoencoder, images: Tensor, samples: int, noise: torch.Generator) -> Tensor:
    """log p(x | z) p(z) / q(z | x) [k, B] for codes drawn by the encoder."""
    terms: Terms = model(images, noise, max(2, samples))  # of a single code the network does not give the ratio
    assert terms.log_ratio is not None
    return (terms.log_likelihood + terms.log_ratio)[:samples]


def prior_weights(model: Autoencoder, images: Tensor, samples: int, noise: torch.Generator) -> Tensor:
    """log p(x | z) [k, B] for codes drawn from the prior; the images of a pass share them."""
    codes = torch.randn(samples, model.dims, generator=noise, device=images.device)
    parameters = model.decoder(codes).unsqueeze(1)
    return model.likelihood.log_prob(parameters, images)


def bootstrap(values: NDArray[np.float64], *, seed: int, share: float = 0.95) -> tuple[float, float]:
    """The percentiles between which the mean of resampled ``values`` [N] lies with probability ``share``."""
    random = np.random.default_rng(seed)
    means = [values[random.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
