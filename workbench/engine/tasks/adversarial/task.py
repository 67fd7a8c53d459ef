"""The two losses of adversarial training (Goodfellow et al. 2014, arXiv 1406.2661), and metrics of both networks.

Shapes: B images of a batch, D dimensions of a code, S steps, N images for the judge.
"""

from collections.abc import Generator, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.events import Progress
from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.params import Params
from workbench.engine.project.previews import SAMPLES, Sheet
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import VALIDATION, Items
from workbench.engine.tasks.adversarial.judging import Judged, Moments, frechet_distance, verdict
from workbench.engine.tasks.adversarial.params import AdversarialParams
from workbench.engine.tasks.task import Evaluation, Moment, Setting, Shown, Sums

DISCRIMINATOR, GENERATOR = 0, 1
_COLUMNS = 8  # of the sheet of samples, and its rows
_COARSE = 8  # side of what pixel distances are taken of
_PIECE = 64  # images that the judge is shown at once


class Adversarial:
    """A discriminator learns first in each step, then a generator; each objective draws codes of its own.

    Args:
        params: The options.
        setting: With a judge, and with ``pixels`` for it, where the judge is to be asked.
    """

    losses = ("discriminator_loss", "generator_loss")

    def __init__(self, params: AdversarialParams, setting: Setting) -> None:
        self.params, self.setting = params, setting
        self.real: Judged | None = None  # what the judge makes of real images, which stay the same

    def parts(self, model: nn.Module) -> tuple[nn.Module, ...]:
        pair = _pair(model)
        return pair.discriminator, pair.generator

    def step(
        self, model: nn.Module, images: Tensor, labels: Tensor, moment: Moment, *, part: int
    ) -> tuple[Tensor, Tensor]:
        pair = _pair(model)
        if part == DISCRIMINATOR:
            with torch.no_grad():
                fakes = pair.decode(codes(pair, len(images), moment.noise))
            real, fake = model(images).float(), model(fakes).float()
            loss = discriminator_loss(real, fake, self.params.loss, smoothing=self.params.label_smoothing)
            return loss, torch.stack((real.detach().sigmoid().mean(), fake.detach().sigmoid().mean()))
        fakes = pair.decode(codes(pair, len(images), moment.noise))
        weights = [weight for weight in pair.discriminator.parameters() if weight.requires_grad]
        try:
            for weight in weights:
                weight.requires_grad_(False)
            loss = generator_loss(model(fakes).float(), self.params.loss)
        finally:
            for weight in weights:
                weight.requires_grad_(True)
        return loss, loss.detach()

    def series(self, outputs: Sequence[Tensor], labels: Tensor) -> dict[str, Tensor]:
        real, fake = outputs[DISCRIMINATOR].unbind(-1)
        return {"real": real, "fake": fake}

    def evaluation(self, *, split: str, step: int, items: Items, noise: torch.Generator) -> Evaluation:
        judged = split == VALIDATION and self.setting.judge is not None
        return AdversarialScores(self, items=len(items), noise=noise, judged=judged)

    def previews(self, model: nn.Module, shown: Shown) -> tuple[Sheet]:
        pair = _pair(model)
        pictures = shown.pixels(pair.decode(codes(pair, _COLUMNS**2, shown.noise))).cpu().numpy()
        grey = pictures.shape[1] == 1
        pictures = pictures[:, 0] if grey else np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
        return (Sheet(kind=SAMPLES, step=shown.step, pictures=pictures, columns=_COLUMNS),)


class AdversarialScores:
    """Losses of both networks over a split and as many samples, without smoothing, and how far apart the two are.

    ``real`` and ``fake`` are means of D(x) and D(G(z)) as probabilities, ``gap`` their difference; ``pixel_distance``
    is the Fréchet distance between real and generated images, averaged to at most 8 x 8 pixels. What a judge says is
    beside these.

    Args:
        task: With options, and the judge.
        items: How many :meth:`add` will get.
        noise: What samples are drawn from.
        judged: Whether to ask the judge.
    """

    def __init__(self, task: Adversarial, *, items: int, noise: torch.Generator, judged: bool) -> None:
        self._task, self._noise, self._judged = task, noise, judged
        self._sums = Sums()
        self._real, self._fake = Moments(), Moments()
        self._verdict: dict[str, float] = {}
        self._shares: tuple[float, ...] = ()
        # A judge sees a part of a large split, spread evenly over it: items may lie in the order of their classes.
        most = min(task.params.judge_samples, items)
        chosen = np.zeros(items, bool)
        if judged and task.real is None:
            chosen[np.linspace(0, items - 1, most).astype(int)] = True
        self._chosen = torch.from_numpy(chosen)
        self._shown: list[Tensor] = []

    def add(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        pair, loss = _pair(model), self._task.params.loss
        fakes = pair.decode(codes(pair, len(images), self._noise))
        real, fake = model(images).float(), model(fakes).float()
        count = len(images)
        first = self._sums.items
        self._sums.add(
            {
                "discriminator_loss": discriminator_loss(real, fake, loss) * count,
                "generator_loss": generator_loss(fake, loss) * count,
                "real": real.sigmoid().sum(),
                "fake": fake.sigmoid().sum(),
            },
            items=count,
        )
        self._real.add(_coarse(images))
        self._fake.add(_coarse(fakes))
        if (chosen := self._chosen[first : first + count]).any():
            self._shown.append(self._pixels(images[chosen.to(images.device)]).cpu())

    def _pixels(self, images: Tensor) -> Tensor:
        assert self._task.setting.pixels is not None, "a judge wants bytes"
        return self._task.setting.pixels(images)

    def finish(self, model: nn.Module) -> Generator[Progress, None, None]:
        if not self._judged:
            return
        task, pair = self._task, _pair(model)
        judge = task.setting.judge
        assert judge is not None
        if task.real is None:
            real, pictures = Judged(), torch.cat(self._shown)
            for start in range(0, len(pictures), _PIECE):
                with torch.inference_mode():
                    real.add(pictures[start : start + _PIECE].to(self._noise.device), judge)
                yield Progress(stage="judging real images", done=real.moments.count, total=len(pictures))
            self._shown.clear()
            task.real = real
        samples, total = Judged(), task.params.judge_samples
        while (done := samples.moments.count) < total:
            with torch.inference_mode():
                fakes = pair.decode(codes(pair, min(_PIECE, total - done), self._noise))
                samples.add(self._pixels(fakes), judge)
            yield Progress(stage="judging samples", done=samples.moments.count, total=total)
        said = verdict(samples, task.real)
        self._verdict, self._shares = said.metrics(), said.shares

    def metrics(self) -> dict[str, float]:
        means = self._sums.means()
        distance = frechet_distance(self._fake, self._real)
        return {**means, "gap": means["real"] - means["fake"], "pixel_distance": distance, **self._verdict}

    def vectors(self) -> dict[str, tuple[float, ...]]:
        return {"class_shares": self._shares} if self._shares else {}

    def save(self, run: Run) -> None:
        """Nothing is kept of single items: a discriminator's word means something at its own step only."""


def discriminator_loss(real_B: Tensor, fake_B: Tensor, loss: str, *, smoothing: float = 0.0) -> Tensor:
    """What the discriminator lowers, of its logits: for the hinge ``E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))``, else
    the two cross-entropies, whose sum is 2 log 2 where it cannot tell. ``smoothing`` lowers the target of real images.
    """
    if loss == "hinge":
        return F.relu(1 - real_B).mean() + F.relu(1 + fake_B).mean()
    target = torch.full_like(real_B, 1 - smoothing)
    return F.binary_cross_entropy_with_logits(real_B, target) + F.softplus(fake_B).mean()


def generator_loss(fake_B: Tensor, loss: str) -> Tensor:
    """What the generator lowers: ``-log D(G(z))``, for minimax ``log(1 - D(G(z)))``, for the hinge minus the logit."""
    if loss == "hinge":
        return -fake_B.mean()
    return -F.softplus(fake_B).mean() if loss == "minimax" else F.softplus(-fake_B).mean()


def codes(pair: AdversarialPair, count: int, noise: torch.Generator) -> Tensor:
    """Codes [count, D] of the prior, on the device of ``noise``."""
    return torch.randn(count, pair.dims, generator=noise, device=noise.device)


def _coarse(images: Tensor) -> Tensor:
    """Images [B, C, H, W] as features: averaged to at most 8 x 8 pixels and flattened."""
    height, width = images.shape[2:]
    return F.adaptive_avg_pool2d(images.float(), (min(height, _COARSE), min(width, _COARSE))).flatten(1)


def _pair(model: nn.Module) -> AdversarialPair:
    """The networks themselves, whatever ``model`` is wrapped in for several processes."""
    return cast(AdversarialPair, getattr(model, "module", model))


def make(params: Params, setting: Setting) -> Adversarial:
    assert isinstance(params, AdversarialParams)
    return Adversarial(params, setting)
