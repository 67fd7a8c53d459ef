"""The codes of images where no encoder gives them: looked for from many beginnings at once, by gradient descent.

What a GAN is asked by. Works for any network that decodes. Shapes: N images, R beginnings of each, D dimensions.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.pixels import Bytes
from workbench.engine.events import Progress
from workbench.engine.latent.explorer import Explorer
from workbench.engine.latent.sampling import prior_codes

Singles = NDArray[np.float32]
_RATE = 0.1
_PRIOR = 1e-3  # weight of a code's mean square: enough to keep it where the network was trained
_REPORT_SECONDS = 0.08


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inverted(Progress):
    """How far the search is, and the best that it has found.

    Attributes:
        codes: float32[N, D].
        pictures: uint8[N, H, W] or [N, H, W, 3], what the codes decode to.
        loss: Root mean squared difference of each picture from its image, pixels in 0..1, float32[N].
    """

    codes: Singles
    pictures: Bytes
    loss: Singles


def invert(
    explorer: Explorer, pixels: Bytes, *, seed: int = 0, steps: int = 300, restarts: int = 8
) -> Generator[Inverted, None, Singles]:
    """Look for the codes of images; close it to stop and keep what the last event had.

    Args:
        pixels: uint8[N, C, H, W], as :func:`workbench.engine.latent.originals.item_pixels` gives them.
        seed: Of the beginnings, which are drawn from the prior.
        steps: Of each beginning.
        restarts: R.

    Yields:
        The best so far, as often as a person can follow, and at the end. Images whose turn has not come have the code
        0 and a loss of infinity.

    Returns:
        The best codes, float32[N, D].
    """
    assert pixels.shape[1:] == explorer.shape
    assert min(len(pixels), steps, restarts) > 0
    count, dims = len(pixels), explorer.dims
    beginnings = prior_codes(count * restarts, dims, seed=seed).reshape(count, restarts, dims)
    best, loss = np.zeros((count, dims), np.float32), np.full(count, np.inf, np.float32)
    together = max(1, explorer.network.code_rows // restarts)
    groups = [slice(start, min(start + together, count)) for start in range(0, count, together)]
    reported = 0.0

    def told(done: int) -> Inverted:
        return Inverted(
            stage="looking for codes", done=done, total=steps * len(groups), unit="steps",
            codes=best.copy(), pictures=explorer.decode(best), loss=loss.copy(),
        )  # fmt: skip

    for number, group in enumerate(groups):
        work = explorer.network.descend(pixels[group], beginnings[group], steps=steps, rate=_RATE, prior=_PRIOR)
        for step, (codes, apart) in enumerate(work):
            nearest = np.where(np.isfinite(apart), apart, np.inf).argmin(1)
            rows = np.arange(len(nearest))
            better = apart[rows, nearest] < loss[group]
            best[group][better] = codes[rows, nearest][better]
            loss[group][better] = apart[rows, nearest][better]
            if time.monotonic() - reported > _REPORT_SECONDS:
                yield told(number * steps + step + 1)
                reported = time.monotonic()
    yield told(steps * len(groups))
    return best
