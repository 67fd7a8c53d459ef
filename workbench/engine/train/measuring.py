"""What a run is worth while it trains: its evaluations, the best of them, and previews for people."""

import math
import time
from collections.abc import Generator

import torch
from torch import nn

from workbench.engine import events as ev
from workbench.engine.device import mix
from workbench.engine.project.previews import MOST_ITEMS, PREDICTIONS
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TRAIN, VALIDATION
from workbench.engine.tasks import TASKS
from workbench.engine.tasks.task import Evaluation, Shown, Task
from workbench.engine.train.evaluate import Autocast, evaluate_splits, recalibrate
from workbench.engine.train.feed import PREVIEW, Scale, evaluation_sample
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material
from workbench.engine.train.trouble import not_finite


class Measuring:
    """Evaluates a run's network on validation and a sample of the training split, always on the same items.

    Args:
        run, job: What is trained.
        task: Says what is measured and shown.
        material: The data.
        scale: Of the network's input.
        piece: Images at once.
        autocast: In which forward passes run.

    Attributes:
        evaluations: All of the run, those of earlier sessions too, in order.
    """

    def __init__(
        self,
        run: Run,
        job: Job,
        task: Task,
        material: Material,
        *,
        scale: Scale,
        piece: int,
        autocast: Autocast,
        device: torch.device,
    ) -> None:
        self._run, self._params, self._task, self._feed = run, job.train, task, material.feed
        self._kind = TASKS[job.task]
        self._scale, self._piece, self._autocast, self._device = scale, piece, autocast, device
        items = material.split.items
        sample = evaluation_sample(items[TRAIN], most=self._params.evaluation_sample, seed=self._params.seed)
        self._parts = {TRAIN: sample, VALIDATION: items[VALIDATION]}
        self._shown = evaluation_sample(items[VALIDATION], most=MOST_ITEMS, seed=self._params.seed)
        self.evaluations = run.evaluations()
        self._latest: dict[str, Evaluation] = {}

    def best(self) -> ev.Evaluated | None:
        """The best evaluation by the task's headline metric, the first of equals."""
        pick = max if self._kind.maximise else min
        return pick(self.evaluations, key=lambda event: event.metrics[self._kind.headline], default=None)

    def is_measured(self, step: int) -> bool:
        """Whether the last evaluation was at ``step``."""
        return bool(self.evaluations) and self.evaluations[-1].step == step

    def out_of_patience(self) -> bool:
        """Whether as many evaluations as the job is patient for were no better than one before them."""
        best = self.best()
        if not self._params.patience or best is None:
            return False
        return sum(event.step > best.step for event in self.evaluations) >= self._params.patience

    def evaluate(self, network: nn.Module, *, step: int, epoch: float) -> Generator[ev.Progress, None, ev.Evaluated]:
        """Measure ``network``, which is left in evaluation mode.

        Raises:
            UserError: A metric is not finite.
        """
        started = time.monotonic()
        if self._params.recalibrate:
            yield from recalibrate(network, self._feed, self._parts[TRAIN], piece=self._piece, autocast=self._autocast)
        latest = yield from evaluate_splits(
            network, self._task, self._feed, self._parts, step=step, seed=self._params.seed,
            device=self._device, piece=self._piece, autocast=self._autocast,
        )  # fmt: skip
        metrics = {f"{part}/{name}": value for part, one in latest.items() for name, value in one.metrics().items()}
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise not_finite(self._run, name, value, step=step)
        event = ev.Evaluated(
            step=step,
            epoch=epoch,
            metrics=metrics,
            seconds=round(time.monotonic() - started, 4),
            vectors={f"{part}/{name}": value for part, one in latest.items() for name, value in one.vectors().items()},
        )
        self.evaluations.append(event)
        self._latest = latest
        return event

    def previews(self, network: nn.Module, *, step: int, epoch: float) -> Generator[ev.Previewed, None, None]:
        """Store what the network, in evaluation mode, makes of a few validation items."""
        with torch.inference_mode(), self._autocast():
            images, labels = self._feed.batch(torch.from_numpy(self._shown))
            shown = Shown(
                step=step,
                items=self._shown,
                images=images,
                labels=labels,
                noise=torch.Generator(self._device).manual_seed(mix(self._params.seed, PREVIEW)),
                pixels=self._scale.pixels,
            )
            previews = self._task.previews(network, shown)
        for preview in previews:
            kind = "" if preview.kind == PREDICTIONS else f".{preview.kind}"
            path = f"previews/step-{step:08d}{kind}{preview.suffix}"
            preview.save(self._run.folder / path)
            yield ev.Previewed(step=step, epoch=epoch, kind=preview.kind, path=path)

    def keep_scores(self) -> None:
        """Store what the last evaluation of this session, if there was one, said of each item."""
        for evaluation in self._latest.values():
            evaluation.save(self._run)
