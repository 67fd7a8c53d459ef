"""What can go wrong while a run trains, in words: what happened, what is kept, what to do."""

import torch

from workbench.engine.errors import UserError
from workbench.engine.project.runs import Run


def not_finite(run: Run, what: str, value: float, *, step: int) -> UserError:
    """A loss or metric is no number any more."""
    return UserError(
        f"{what} became {value} at step {step}; {_last_good(run)}",
        where=run.id,
        remedy="lower train.learning_rate, set train.clip_norm = 1, or use train.precision = fp32",
    )


def out_of_memory(run: Run, device: torch.device, *, batch: int, fits: int) -> UserError:
    """The device has no room for batches of ``batch``; ``fits`` are known to fit, 0 if not even one image does."""
    remedy = (
        f"a batch of {fits} fits: set train.batch_size = {fits}"
        if fits
        else "not even one image fits: use smaller images (data.size) or a smaller network"
    )
    return UserError(
        f"{device.type} ran out of memory with batches of {batch}; {_last_good(run)}", where=run.id, remedy=remedy
    )


def _last_good(run: Run) -> str:
    steps = run.checkpoint_steps()
    return f"the checkpoint of step {steps[-1]} is kept" if steps else "there is no checkpoint yet"
