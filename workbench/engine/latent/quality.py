"""How good the samples of a generative run are, in the eyes of a classifier.

The same measure for every family: codes are drawn from the prior and decoded, and a judge compares what comes out with
real images of the run's own validation split, as :mod:`workbench.engine.tasks.adversarial.judging` has it.

Shapes: N images, C channels, H = W pixels.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.engine.data.pixels import Bytes
from workbench.engine.device import choose_device, mix
from workbench.engine.errors import UserError
from workbench.engine.events import Event, Progress
from workbench.engine.latent.explorer import Explorer
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import VALIDATION
from workbench.engine.registry import suggest
from workbench.engine.train.job import Job

if TYPE_CHECKING:
    from workbench.engine.tasks.adversarial.judging import Judged
    from workbench.engine.tasks.task import Judge

_PIECE = 64
_CODES, _DRAWS = 21, 22  # purposes of a seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """A judge's word on a run's samples.

    Attributes:
        run, step: Whose weights, and the steps behind them.
        judge: Id of the classifier's run.
        samples, real: How many samples it saw, and how many real images of ``split``.
        drawn: Whether samples have the noise of the likelihood, and real images are binarised as in training.
        distance: Fréchet distance between the two in the judge's features: like FID, which takes Inception's.
        classes: Names of the judge's classes.
        shares: Share of the samples that it takes for each class.
        covered: Number of classes that get at least half of a fair share.
    """

    run: str
    step: int
    judge: str
    split: str
    samples: int
    real: int
    drawn: bool
    distance: float
    classes: tuple[str, ...]
    shares: tuple[float, ...]
    covered: int


def quality(
    project: Project,
    run: Run,
    explorer: Explorer,
    *,
    judge: str,
    preferences: Preferences,
    samples: int = 10_000,
    seed: int = 0,
    split: str = VALIDATION,
    drawn: bool = False,
) -> Generator[Event, None, Quality]:
    """Measure ``samples`` samples of a run beside at most as many real images of its split.

    Args:
        explorer: Of ``run``.
        judge: Id or name of a finished classifier run of the project.
        samples: At least 2.
        drawn: Draw pixels from the likelihood instead of decoding means, and binarise real images as the run did.

    Raises:
        UserError: The judge is none, or there is no such split.
    """
    from workbench.engine.tasks.adversarial.judging import verdict
    from workbench.engine.train.judge import load_judge
    from workbench.engine.waiting import waiting

    classifier = yield from waiting(
        lambda: load_judge(project, judge, preferences=preferences), stage="loading the judge"
    )
    real = yield from _real(
        project, run, explorer, classifier, split=split, most=samples, drawn=drawn, preferences=preferences
    )
    judged = yield from judge_samples(explorer, classifier, samples=samples, seed=seed, drawn=drawn)
    said = verdict(judged, real)
    return Quality(
        run=explorer.run,
        step=explorer.step,
        judge=classifier.run,
        split=split,
        samples=samples,
        real=real.moments.count,
        drawn=drawn,
        distance=said.distance,
        classes=classifier.classes,
        shares=said.shares,
        covered=said.covered,
    )


def judge_samples(
    explorer: Explorer, judge: "Judge", *, samples: int, seed: int = 0, drawn: bool = False
) -> Generator[Progress, None, "Judged"]:
    """What a judge makes of samples of the prior; equal seeds give equal samples."""
    from workbench.engine.tasks.adversarial.judging import Judged

    judged, chance = Judged(), np.random.default_rng(mix(seed, _CODES))
    while (done := judged.moments.count) < samples:
        codes = chance.standard_normal((min(_PIECE, samples - done), explorer.dims), np.float32)
        pictures = explorer.draw(codes, seed=mix(seed, _DRAWS, done)) if drawn else explorer.decode(codes)
        judged.add(_tensor(pictures), judge)
        yield Progress(stage="judging samples", done=judged.moments.count, total=samples)
    return judged


def _real(
    project: Project,
    run: Run,
    explorer: Explorer,
    judge: "Judge",
    *,
    split: str,
    most: int,
    drawn: bool,
    preferences: Preferences,
) -> Generator[Event, None, "Judged"]:
    """What the judge makes of real images, spread evenly over a split."""
    from workbench.engine.tasks.adversarial.judging import Judged
    from workbench.engine.train.checkpoint import load_meta
    from workbench.engine.train.feed import Preprocessing
    from workbench.engine.train.material import load_material

    status = run.status()
    stored = project.split(status.split)
    if split not in stored.items:
        raise UserError(f"this run's data has no {split!r} split", remedy=suggest(split, sorted(stored.items)))
    meta = load_meta(run.checkpoint(run.checkpoint_steps()[-1]))
    job = Job.from_dict(meta.job, name=run.id)
    material = yield from load_material(
        project,
        replace(job, data=job.data.replace(binarize="no")),
        project.dataset(status.dataset),
        stored,
        device=choose_device("cpu"),
        preferences=preferences,
        preprocessing=Preprocessing.from_dict(meta.preprocessing),
    )
    items = material.split.items[split]
    items = items[np.linspace(0, len(items) - 1, min(most, len(items))).astype(int)]
    judged = Judged()
    for start in range(0, len(items), _PIECE):
        some = items[start : start + _PIECE]
        pixels = material.feed.images(_tensor_of(some)).numpy()
        pixels = explorer.binarisation(pixels, some) if drawn else pixels
        judged.add(_tensor(explorer.pictures_of(pixels)), judge)
        yield Progress(stage="judging real images", done=judged.moments.count, total=len(items))
    return judged


def _tensor(pictures: Bytes) -> Any:
    """Pictures uint8 [N, H, W] or [N, H, W, 3] as a judge wants them, uint8 [N, C, H, W]."""
    return _tensor_of(pictures[:, None] if pictures.ndim == 3 else pictures.transpose(0, 3, 1, 2))


def _tensor_of(array: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))
