"""Batches mixed with themselves: mixup and CutMix. Targets become shares of classes.

What is drawn is a function of the seed that is handed in, and is drawn on the CPU: no step waits for a device.

Shapes: B images, C channels, H height, W width, K classes.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from workbench.engine.train.params import AugmentParams

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, the latter two exclusive."""


class Mixed(NamedTuple):
    """A mixed batch: images [B, C, H, W], targets [B, K] that sum to 1, and of each the label of the larger part."""

    images: Tensor
    targets: Tensor
    labels: Tensor


class Mixing:
    """Mixup or CutMix as ``params`` say; one of the two for each batch, equally often, where both are on.

    An image's partner is its predecessor in the batch, whose order is random already.

    Args:
        params: The parameters of both beta distributions.
        classes: K.
    """

    def __init__(self, params: AugmentParams, *, classes: int) -> None:
        self._params, self._classes = params, classes

    @property
    def active(self) -> bool:
        return self._params.mixes

    def __call__(self, images_BCHW: Tensor, labels_B: Tensor, *, seed: int) -> Mixed:
        """Mix a batch of network input and its labels."""
        random = np.random.default_rng(seed)
        pastes = bool(self._params.cutmix) and (not self._params.mixup or random.random() < 0.5)
        alpha = self._params.cutmix if pastes else self._params.mixup
        share = float(random.beta(alpha, alpha))
        if pastes:
            height, width = images_BCHW.shape[2:]
            middle = int(random.integers(width)), int(random.integers(height))
            images_BCHW, share = cutmix(images_BCHW, box_around(middle, 1 - share, width=width, height=height))
        else:
            images_BCHW = mixup(images_BCHW, share)
        targets_BK = F.one_hot(labels_B, self._classes).float()
        return Mixed(
            images=images_BCHW,
            targets=torch.lerp(targets_BK.roll(1, 0), targets_BK, share),
            labels=labels_B if share >= 0.5 else labels_B.roll(1, 0),
        )


def mixup(images_BCHW: Tensor, share: float) -> Tensor:
    """Zhang and others 2018: ``share`` of each image and the rest of its predecessor."""
    return torch.lerp(images_BCHW.roll(1, 0), images_BCHW, share)


def cutmix(images_BCHW: Tensor, box: Box) -> tuple[Tensor, float]:
    """Yun and others 2019: each image with its predecessor's ``box``; and the share of the area that stays its own."""
    left, top, right, bottom = box
    height, width = images_BCHW.shape[2:]
    mixed_BCHW = images_BCHW.clone()
    mixed_BCHW[:, :, top:bottom, left:right] = images_BCHW.roll(1, 0)[:, :, top:bottom, left:right]
    return mixed_BCHW, 1 - (right - left) * (bottom - top) / (width * height)


def box_around(middle: tuple[int, int], area: float, *, width: int, height: int) -> Box:
    """The box of the image's shape and ``area`` (a share of it) around ``middle`` (x, y), cut off at the edges."""
    x, y = middle
    reach = 0.5 * area**0.5
    across, down = int(reach * width), int(reach * height)
    return max(x - across, 0), max(y - down, 0), min(x + across, width), min(y + down, height)
