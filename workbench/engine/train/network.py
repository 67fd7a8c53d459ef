"""A run's network as it stands when a session begins, and what it is to be fed with.

At a fresh start it has drawn weights, another run's, or those that others trained; later those of the last checkpoint.
Where a part of it is frozen, the rest may be trained on what that part makes of each item (:mod:`.stems`).
"""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

from workbench.engine import events as ev
from workbench.engine.device import mix
from workbench.engine.models import MODELS, build
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TRAIN
from workbench.engine.train.checkpoint import LAST, find_checkpoint, load_weights
from workbench.engine.train.feed import Feed, evaluation_sample
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material
from workbench.engine.train.stems import OnStems, load_stems
from workbench.engine.waiting import waiting

_PREPARE_ITEMS = 2000  # training images shown to a network that wants to see some before the first step
_INITIAL_WEIGHTS = 0  # purpose of a seed, beside those of the feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What is trained.

    Attributes:
        model: Takes what ``feed`` gives; its weights have the names of the whole network's.
        shape: Of one item of the feed.
    """

    model: nn.Module
    feed: Feed
    shape: tuple[int, ...]


def begin(
    project: Project, run: Run, job: Job, material: Material, *, device: torch.device, preferences: Preferences
) -> Generator[ev.Event, None, Network]:
    """Build the run's network with the weights that it has now, on ``device``.

    Yields:
        Progress and messages.

    Raises:
        UserError: Weights are missing or of another network.
    """
    steps = run.checkpoint_steps()
    model = yield from waiting(partial(_build, job, material), stage="building the network")
    if steps:
        yield from waiting(lambda: load_weights(run.checkpoint(steps[-1]), model), stage="loading the checkpoint")
    elif job.train.init_from:
        folder = last_checkpoint(project, job.train.init_from)
        yield from waiting(lambda: load_weights(folder, model), stage="loading weights")
    elif MODELS[job.model].pretrained:
        weights = import_module(f"workbench.engine.models.{MODELS[job.model].folder}.weights")
        yield from weights.load_pretrained(model, job.model_params, of_run=partial(last_checkpoint, project))
    model.to(device)
    if job.channels_last:
        model.to(memory_format=torch.channels_last)
    if not steps and not job.train.init_from and (prepare := getattr(model, "prepare", None)):
        sample = evaluation_sample(material.split.items[TRAIN], most=job.train.evaluation_sample, seed=job.train.seed)
        items = torch.from_numpy(evaluation_sample(sample, most=_PREPARE_ITEMS, seed=job.train.seed))
        yield from waiting(lambda: prepare(material.feed.batch(items)[0]), stage="preparing")
    stems = yield from load_stems(model, job, material, device=device, preferences=preferences)
    if stems is None:
        return Network(model=model, feed=material.feed, shape=material.shape)
    feed, shape = stems
    return Network(model=OnStems(model), feed=feed, shape=shape)


def last_checkpoint(project: Project, run: str) -> Path:
    """The folder of another run's newest checkpoint."""
    return find_checkpoint(project.run(run), LAST, metric="", maximise=True)  # the metric is of the best one


def _build(job: Job, material: Material) -> nn.Module:
    return build(
        job.model,
        job.model_params,
        shape=material.shape,
        classes=len(material.classes),
        generator=torch.Generator().manual_seed(mix(job.train.seed, _INITIAL_WEIGHTS)),
    )
