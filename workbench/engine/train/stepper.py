"""One step: batches in, gradients, an update of the weights. Goes through Accelerate's objects.

What a step returns stays on the device; bringing numbers to the host is the loop's affair.
"""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from workbench.engine.device import mix
from workbench.engine.models.layers import attach_generator
from workbench.engine.tasks.task import Moment, Task
from workbench.engine.train.augment import Augment
from workbench.engine.train.average import WeightAverage
from workbench.engine.train.evaluate import autocast
from workbench.engine.train.feed import NOISE, Feed, Order
from workbench.engine.train.job import Job
from workbench.engine.train.mixing import Mixing
from workbench.engine.train.optimisers import Regulariser, load_optimiser, make_optimiser, set_rate
from workbench.engine.train.params import TrainParams

_MIXING = 4  # purpose of a seed, beside those of the feed

Taken = tuple[Tensor, tuple[Tensor, ...], Tensor]
"""Losses of the task's parts [P], what :meth:`Task.step` gave of each of them, and labels [B] of one batch, detached; a
mixed image has its larger part's label."""


class OutOfMemory(Exception):
    """The device's memory is full. ``fits`` is a batch size that would go through, 0 if none does."""

    def __init__(self, fits: int) -> None:
        super().__init__(fits)
        self.fits = fits


class Stepper:
    """Updates ``model``; what it remembers between steps is in :meth:`state`.

    Args:
        model: On ``device``, in its memory layout.
        job: Optimiser, precision, accumulation, augmentation.
        task: Whose parts are updated one after the other, each by an optimiser of its own.
        feed, order: Where batches come from.
        classes: How many there are.

    Attributes:
        shown: The network to evaluate and to save: ``model``, or the moving average of its weights.
    """

    def __init__(
        self,
        model: nn.Module,
        job: Job,
        task: Task,
        *,
        feed: Feed,
        order: Order,
        device: torch.device,
        classes: int,
    ) -> None:
        self._model, self._task, self._feed, self._order = model, task, feed, order
        self._params, self._device = job.train, device
        self._average = WeightAverage(model, decay=job.train.ema) if job.train.ema else None
        self.shown: nn.Module = self._average.model if self._average else model
        # Devices are placed by us: Accelerate keeps one placement for the whole process, and jobs may differ.
        self._accelerator = Accelerator(device_placement=False, mixed_precision="no")
        # Not wrapped: Accelerate's optimiser searches for an absent package twice a step, 0.15 ms for rules not used.
        self._parts = [_Part(module, job.train) for module in task.parts(model)]
        self._network: nn.Module = self._accelerator.prepare_model(torch.compile(model) if job.train.compile else model)
        self._scaler = torch.amp.GradScaler(device.type, enabled=job.train.precision == "fp16")
        self.autocast = autocast(job.train.precision, device)
        self._noise = torch.Generator(device)
        attach_generator(model, self._noise)
        self._host_noise = torch.Generator() if device.type != "cpu" else self._noise
        augment = Augment(job.augment, self._noise, host=self._host_noise)
        self._augment = augment if augment.active else None
        mixing = Mixing(job.augment, classes=classes)
        self._mixing = mixing if mixing.active else None
        self._steps_per_epoch = max(1, order.per_epoch // job.train.accumulate)

    def state(self) -> dict[str, Any]:
        """Everything but the weights of :attr:`shown`: plain values and tensors."""
        state = {name: part.optimiser.state_dict() for name, part in zip(_names(), self._parts, strict=False)}
        state["scaler"] = self._scaler.state_dict()
        return {**state, "weights": self._average.weights()} if self._average else state

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave, once ``model`` has the weights that :attr:`shown` had then."""
        for name, part in zip(_names(), self._parts, strict=False):
            load_optimiser(part.optimiser, state[name])
        self._scaler.load_state_dict(state["scaler"])
        if self._average:
            self._average.restart()
        if weights := state.get("weights"):  # also where an average is kept no longer
            self._model.load_state_dict(weights, strict=False)

    def take(self, step: int, rate: float) -> list[Taken]:
        """Take step ``step`` (counted from 0) at learning rate ``rate``; one entry an accumulated batch.

        Raises:
            OutOfMemory: The batch does not fit; the weights are as before.
        """
        for generator in {self._noise, self._host_noise}:
            generator.manual_seed(mix(self._params.seed, NOISE, step))
        moment = Moment(step=step, epoch=step / self._steps_per_epoch, noise=self._noise)
        numbers = range(step * self._params.accumulate, (step + 1) * self._params.accumulate)
        try:
            taken = [self._batch(number) for number in numbers]
            losses: list[list[Tensor]] = [[] for _ in numbers]
            outputs: list[list[Tensor]] = [[] for _ in numbers]
            for index, part in enumerate(self._parts):
                set_rate(part.optimiser, rate)
                for place, (images, targets, _) in enumerate(taken):
                    last = place == len(numbers) - 1
                    loss, output = self._backward(images, targets, moment, part=index, last=last)
                    losses[place].append(loss)
                    outputs[place].append(output)
                self._update(part, rate)
            if self._scaler.is_enabled():
                self._scaler.update()
            if self._average:
                self._average.follow(step)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            raise OutOfMemory(self._largest_batch(moment)) from error
        return [
            (torch.stack(lost) if len(lost) > 1 else lost[0][None], tuple(output), labels)
            for lost, output, (_, _, labels) in zip(losses, outputs, taken, strict=True)
        ]

    def _batch(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Images, targets and labels of batch ``number``."""
        images, labels = self._feed.batch(self._order[number], self._augment, noise=self._noise)
        if not self._mixing:
            return images, labels, labels
        return self._mixing(images, labels, seed=mix(self._params.seed, _MIXING, number))

    def _backward(
        self, images: Tensor, targets: Tensor, moment: Moment, *, part: int, last: bool
    ) -> tuple[Tensor, Tensor]:
        with contextlib.nullcontext() if last else self._accelerator.no_sync(self._network):
            with self.autocast():
                loss, output = self._task.step(self._network, images, targets, moment, part=part)
            share = loss if self._params.accumulate == 1 else loss / self._params.accumulate
            self._accelerator.backward(self._scaler.scale(share) if self._scaler.is_enabled() else share)
        return loss.detach(), output

    def _update(self, part: "_Part", rate: float) -> None:
        scaled = self._scaler.is_enabled()
        if scaled:
            self._scaler.unscale_(part.optimiser)
        part.regulariser.apply(rate)
        if self._params.clip_norm:
            self._accelerator.clip_grad_norm_(part.module.parameters(), self._params.clip_norm)
        if scaled:
            self._scaler.step(part.optimiser)
        else:
            part.optimiser.step()
        self._forget()

    def _forget(self) -> None:
        """Drop all gradients, those that a part's loss has left in another part among them."""
        for part in self._parts:
            part.optimiser.zero_grad()

    def _largest_batch(self, moment: Moment) -> int:
        """The largest halving of the batch size for which forward and backward passes go through; 0 if none."""
        size = self._order.batch // 2
        while size:
            self._forget()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            try:
                images, labels = self._feed.batch(self._order[0][:size], self._augment, noise=self._noise)
                for part in range(len(self._parts)):
                    with self.autocast():
                        loss, _ = self._task.step(self._network, images, labels, moment, part=part)
                    self._accelerator.backward(loss)
                    self._forget()
                return size
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
            size //= 2
        return 0


class _Part:
    """What is updated by one optimiser."""

    def __init__(self, module: nn.Module, params: TrainParams) -> None:
        self.module = module
        self.optimiser = make_optimiser(module, params)
        self.regulariser = Regulariser(module, params)


def _names() -> Iterator[str]:
    """Names of the optimisers' states."""
    yield "optimizer"
    yield from (f"optimizer-{number}" for number in itertools.count(2))


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
