"""What a trained run can be asked: its score on a split, and its opinion of any image file."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from workbench.engine import events as ev
from workbench.engine.data.pixels import prepare
from workbench.engine.device import choose_device
from workbench.engine.errors import UserError
from workbench.engine.models import build
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.registry import suggest
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.task import Task
from workbench.engine.train.checkpoint import Meta, find_checkpoint, load_meta, load_weights
from workbench.engine.train.evaluate import ItemScores, autocast, evaluate, piece_size
from workbench.engine.train.feed import Preprocessing, Scale
from workbench.engine.train.job import Job
from workbench.engine.train.material import load_material


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A checkpoint, ready to be used.

    Attributes:
        checkpoint: Its folder.
        model: In evaluation mode, on ``device``.
    """

    checkpoint: Path
    meta: Meta
    job: Job
    model: nn.Module
    task: Task
    device: torch.device

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing.from_dict(self.meta.preprocessing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Metrics of a split. ``protocol`` names what they were measured on, ``step`` the weights."""

    split: str
    items: int
    metrics: Mapping[str, float]
    protocol: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One image's class probabilities, most likely first."""

    path: str
    probabilities: tuple[tuple[str, float], ...]


def load_trained(run: Run, *, checkpoint: str, preferences: Preferences) -> Trained:
    """Load a run's ``best`` or ``last`` checkpoint, or the one of a step."""
    first = Job.from_dict(run.job(), name=run.id)
    kind = TASKS[first.task]
    folder = find_checkpoint(run, checkpoint, metric=kind.headline, maximise=kind.maximise)
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
    task = make_task(job.task, job.task_params, classes=len(meta.classes))
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
    scores = ItemScores(split=split, step=trained.meta.step, items=items)
    metrics = yield from evaluate(
        trained.model,
        trained.task,
        material.feed,
        items,
        piece=piece_size(trained.model, material.shape, most=trained.job.train.evaluation_batch, device=trained.device),
        stage=f"evaluating {split}",
        autocast=autocast(trained.job.train.precision, trained.device),
        scores=scores,
    )
    scores.write(run)
    return Score(
        split=split,
        items=len(items),
        metrics={f"{split}/{name}": value for name, value in metrics.items()},
        protocol=material.badge,
        step=trained.meta.step,
    )


def predict(trained: Trained, files: Iterable[Path]) -> Generator[Prediction, None, None]:
    """Classify image files with the preprocessing that the checkpoint stores, one at a time.

    Raises:
        UserError: A file is missing or is no image.
    """
    geometry = trained.preprocessing.geometry
    scale = Scale(trained.preprocessing, trained.device, channels_last=trained.job.channels_last)
    context = autocast(trained.job.train.precision, trained.device)
    for path in files:
        try:
            encoded = path.read_bytes()
        except OSError as error:
            raise UserError(f"the file cannot be read ({error.strerror})", where=str(path)) from None
        pixels = prepare(encoded, geometry, where=str(path))
        with torch.inference_mode(), context():
            images = scale(torch.from_numpy(pixels[None]).to(trained.device))
            logits = trained.task.predict(trained.model, images)[0]
        probabilities = logits.softmax(-1).double().cpu().numpy()
        order = np.argsort(-probabilities, kind="stable")
        yield Prediction(
            path=str(path),
            probabilities=tuple((trained.meta.classes[label], float(probabilities[label])) for label in order),
        )
