"""One step: batches in, gradients, an update of the weights. Goes through Accelerate's objects.

What a step returns stays on the device; bringing numbers to the host is the loop's affair.
"""

import contextlib
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from workbench.engine.device import mix
from workbench.engine.models.layers import Dropout, attach_generator
from workbench.engine.tasks.task import Task
from workbench.engine.train.augment import Augment
from workbench.engine.train.average import WeightAverage
from workbench.engine.train.evaluate import autocast
from workbench.engine.train.feed import NOISE, Feed, Order
from workbench.engine.train.job import Job
from workbench.engine.train.mixing import Mixing
from workbench.engine.train.optimisers import Regulariser, load_optimiser, make_optimiser, set_rate

_MIXING = 4  # purpose of a seed, beside those of the feed

Taken = tuple[Tensor, Tensor, Tensor]
"""Loss (scalar), output [B, ...] and labels [B] of one batch, detached; a mixed image has its larger part's label."""


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
        feed, order: Where batches come from.

    Attributes:
        shown: The network to evaluate and to save: ``model``, or the moving average of its weights.
    """

    def __init__(
        self, model: nn.Module, job: Job, task: Task, *, feed: Feed, order: Order, device: torch.device
    ) -> None:
        self._model, self._task, self._feed, self._order = model, task, feed, order
        self._params, self._device = job.train, device
        self._average = WeightAverage(model, decay=job.train.ema) if job.train.ema else None
        self.shown: nn.Module = self._average.model if self._average else model
        # Devices are placed by us: Accelerate keeps one placement for the whole process, and jobs may differ.
        self._accelerator = Accelerator(device_placement=False, mixed_precision="no")
        # Not wrapped: Accelerate's optimiser searches for an absent package twice a step, 0.15 ms for rules not used.
        self._optimiser = make_optimiser(model, job.train)
        self._network: nn.Module = self._accelerator.prepare_model(torch.compile(model) if job.train.compile else model)
        self._regulariser = Regulariser(model, job.train)
        self._scaler = torch.amp.GradScaler(device.type, enabled=job.train.precision == "fp16")
        self.autocast = autocast(job.train.precision, device)
        self._noise = torch.Generator(device)
        attach_generator(model, self._noise)
        self._host_noise = torch.Generator() if device.type != "cpu" else self._noise
        augment = Augment(job.augment, self._noise, host=self._host_noise)
        self._augment = augment if augment.active else None
        mixing = Mixing(job.augment, classes=task.classes)
        self._mixing = mixing if mixing.active else None
        dropout = any(isinstance(module, Dropout) and module.p for module in model.modules())
        self._noisy = dropout or augment.active

    def state(self) -> dict[str, Any]:
        """Everything but the weights of :attr:`shown`: plain values and tensors."""
        state = {"optimizer": self._optimiser.state_dict(), "scaler": self._scaler.state_dict()}
        return {**state, "weights": self._average.weights()} if self._average else state

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave, once ``model`` has the weights that :attr:`shown` had then."""
        load_optimiser(self._optimiser, state["optimizer"])
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
        set_rate(self._optimiser, rate)
        if self._noisy:
            for generator in (self._noise, self._host_noise):
                generator.manual_seed(mix(self._params.seed, NOISE, step))
        count = self._params.accumulate
        try:
            taken = [self._backward(step * count + number, last=number == count - 1) for number in range(count)]
            self._update(rate)
            if self._average:
                self._average.follow(step)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            raise OutOfMemory(self._largest_batch()) from error
        return taken

    def _backward(self, number: int, *, last: bool) -> Taken:
        images, labels = self._feed.batch(self._order[number], self._augment)
        targets = labels
        if self._mixing:
            seed = mix(self._params.seed, _MIXING, number)
            images, targets, labels = self._mixing(images, labels, seed=seed)
        with contextlib.nullcontext() if last else self._accelerator.no_sync(self._network):
            with self.autocast():
                loss, output = self._task.step(self._network, images, targets)
            share = loss if self._params.accumulate == 1 else loss / self._params.accumulate
            self._accelerator.backward(self._scaler.scale(share) if self._scaler.is_enabled() else share)
        return loss.detach(), output, labels

    def _update(self, rate: float) -> None:
        scaled = self._scaler.is_enabled()
        if scaled:
            self._scaler.unscale_(self._optimiser)
        self._regulariser.apply(rate)
        if self._params.clip_norm:
            self._accelerator.clip_grad_norm_(self._model.parameters(), self._params.clip_norm)
        if scaled:
            self._scaler.step(self._optimiser)
            self._scaler.update()
        else:
            self._optimiser.step()
        self._optimiser.zero_grad()

    def _largest_batch(self) -> int:
        """The largest halving of the batch size for which a forward and a backward pass go through; 0 if none."""
        size = self._order.batch // 2
        while size:
            self._optimiser.zero_grad()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            try:
                images, labels = self._feed.batch(self._order[0][:size], self._augment)
                with self.autocast():
                    loss, _ = self._task.step(self._network, images, labels)
                self._accelerator.backward(loss)
                self._optimiser.zero_grad()
                return size
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
            size //= 2
        return 0


def _is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
