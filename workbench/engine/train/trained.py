"""What a trained run can be asked: its network, ready to be used, and its score on a split.

:mod:`.inference` shows images to the network.
"""

import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from workbench.engine import events as ev
from workbench.engine.device import choose_device
from workbench.engine.errors import UserError
from workbench.engine.models import build
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import RUNNING, Run
from workbench.engine.registry import suggest
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.classify.task import Classify
from workbench.engine.tasks.task import Setting, Task
from workbench.engine.train.checkpoint import BEST, Meta, find_checkpoint, load_meta, load_weights
from workbench.engine.train.evaluate import autocast, evaluate, evaluation_noise, piece_size
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.material import load_material


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A checkpoint, ready to be used.

    Attributes:
        checkpoint: Its folder.
        model: In evaluation mode, on ``device``.
        lock: To be held while the network runs, since whoever listens to its layers must be alone with it.
    """

    checkpoint: Path
    meta: Meta
    job: Job
    model: nn.Module
    task: Task
    device: torch.device
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing.from_dict(self.meta.preprocessing)

    @property
    def classifier(self) -> Classify:
        """Its task, where that is to classify; :class:`UserError` else."""
        if not isinstance(self.task, Classify):
            raise UserError("this run learned no classes", where=self.checkpoint.parent.parent.name,
                            remedy="choose a run that classifies")  # fmt: skip
        return self.task


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Metrics of a split. ``protocol`` names what they were measured on, ``step`` the weights."""

    split: str
    items: int
    metrics: Mapping[str, float]
    protocol: str
    step: int


def load_trained(run: Run, *, checkpoint: str, preferences: Preferences) -> Trained:
    """Load a run's ``best`` or ``last`` checkpoint, or the one of a step.

    Training may remove a checkpoint between the moment it is chosen and the moment it is read; the next newer one is
    loaded then.

    Raises:
        UserError: There is no such checkpoint, or it is damaged.
    """
    while True:
        folder = choose_checkpoint(run, checkpoint)
        try:
            return _load(run, folder, preferences)
        except UserError:
            if folder.exists():
                raise


def choose_checkpoint(run: Run, which: str) -> Path:
    """The folder of the checkpoint ``which``, as :func:`find_checkpoint` has it.

    While a run trains, the best is the best of those on the disk, and a step whose checkpoint is gone already means
    the next one.
    """
    kind = TASKS[Job.from_dict(run.job(), name=run.id).task]
    steps = run.checkpoint_steps()
    if steps and run.status().state == RUNNING:
        if which.isdecimal() and int(which) < steps[-1]:
            return run.checkpoint(min(step for step in steps if step >= int(which)))
        if which == BEST:
            evaluated = {event.step: event.metrics[kind.headline] for event in run.evaluations()
                         if kind.headline in event.metrics and event.step in steps}  # fmt: skip
            choose = max if kind.maximise else min
            return run.checkpoint(choose(evaluated, key=lambda step: evaluated[step]) if evaluated else steps[-1])
    return find_checkpoint(run, which, metric=kind.headline, maximise=kind.maximise)


def _load(run: Run, folder: Path, preferences: Preferences) -> Trained:
    meta = load_meta(folder)
    job = Job.from_dict(meta.job, name=run.id)
    device = choose_device(preferences.device)
    model = build(
        job.model,
        job.model_params,
        shape=meta.shape,
        classes=len(meta.classes),
        generator=torch.Generator(),
    )
    load_weights(folder, model)
    model.to(device).eval()
    if job.channels_last:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,unused-ignore]
    task = make_task(job.task, job.task_params, Setting(classes=len(meta.classes), catch_all=meta.catch_all))
    return Trained(checkpoint=folder, meta=meta, job=job, model=model, task=task, device=device)


def score(
    project: Project, run: Run, *, split: str, checkpoint: str, preferences: Preferences
) -> Generator[ev.Event, None, Score]:
    """Measure a run on all of one of its own splits (``train``, ``validation`` or ``test``).

    The items and labels are those that it was trained with, whatever a person changed of the data since. What it makes
    of each item is kept with the run.
    """
    trained = load_trained(run, checkpoint=checkpoint, preferences=preferences)
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
    items = material.split.items[split]
    noise = evaluation_noise(trained.job.train.seed, split, trained.device)
    evaluation = trained.task.evaluation(split=split, step=trained.meta.step, items=items, noise=noise)
    yield from evaluate(
        trained.model,
        evaluation,
        material.feed,
        items,
        piece=piece_size(trained.model, material.shape, most=trained.job.train.evaluation_batch, device=trained.device),
        stage=f"evaluating {split}",
        autocast=autocast(trained.job.train.precision, trained.device),
    )
    evaluation.save(run)
    return Score(
        split=split,
        items=len(items),
        metrics={f"{split}/{name}": value for name, value in evaluation.metrics().items()},
        protocol=material.badge,
        step=trained.meta.step,
    )
