"""RandAugment (Cubuk and others 2020, arXiv 1909.13719, section 3) on batches of bytes.

The fourteen operations and what a strength of 0 to 30 means to each are those of the paper's code. Every image draws
its own operations; those that drew the same one are changed together.
"""

import math

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from workbench.engine.train.image_ops import adjust, warp

STRONGEST = 30
GEOMETRIC = ("shear-x", "shear-y", "translate-x", "translate-y", "rotate")
OPERATIONS = (
    "identity",
    *GEOMETRIC,
    "brightness",
    "colour",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
)
_ADJUSTMENTS = {"brightness": "brightness_B", "colour": "saturation_B", "contrast": "contrast_B"}


class RandAugment:
    """``operations`` draws an image, with replacement, one after the other, each with a random sign where it has one.

    Args:
        operations: Number of operations, at least 1.
        strength: From 0 to 30, of all of them.
        generator: On the CPU; nothing else is drawn from.
    """

    def __init__(self, *, operations: int, strength: float, generator: torch.Generator) -> None:
        self._operations, self._strength, self._generator = operations, strength, generator

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        batch = len(images_BCHW)
        for _ in range(self._operations):
            chosen = torch.randint(len(OPERATIONS), (batch,), generator=self._generator).tolist()
            signs = (torch.randint(2, (batch,), generator=self._generator) * 2 - 1).tolist()
            images_BCHW = change(images_BCHW, chosen, signs, strength=self._strength)
        return images_BCHW


def change(images_BCHW: Tensor, chosen: list[int], signs: list[int], *, strength: float) -> Tensor:
    """One operation an image: its number in :data:`OPERATIONS`, and 1 or -1. The batch that is given stays as it is."""
    device = images_BCHW.device
    share = strength / STRONGEST
    result_BCHW = images_BCHW.clone()
    names = [OPERATIONS[number] for number in chosen]
    moved = [index for index, name in enumerate(names) if name in GEOMETRIC]
    if moved:
        matrices = torch.tensor(
            [_matrix(names[index], signs[index] * share, width=images_BCHW.shape[3]) for index in moved]
        )
        where = torch.tensor(moved, device=device)
        result_BCHW[where] = warp(images_BCHW[where], matrices.to(device), reflect=False)
    for name in OPERATIONS[len(GEOMETRIC) + 1 :]:
        coloured = [index for index, other in enumerate(names) if other == name]
        if coloured:
            where = torch.tensor(coloured, device=device)
            result_BCHW[where] = _colour(images_BCHW[where], name, [signs[index] for index in coloured], share)
    return result_BCHW


def _matrix(name: str, amount: float, *, width: int) -> list[list[float]]:
    """Where an output pixel's content comes from, see :func:`warp`; ``amount`` is from -1 to 1."""
    if name == "rotate":
        angle = math.radians(30 * amount)
        return [[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]]
    shear, shift = 0.3 * amount, 150 / 331 * width * amount
    return [
        [1.0, shear if name == "shear-x" else 0.0, shift if name == "translate-x" else 0.0],
        [shear if name == "shear-y" else 0.0, 1.0, shift if name == "translate-y" else 0.0],
    ]


def _colour(images_BCHW: Tensor, name: str, signs: list[int], share: float) -> Tensor:
    changed: Tensor
    if name in _ADJUSTMENTS:
        factors_B = 1 + 0.9 * share * torch.tensor(signs, dtype=torch.float32, device=images_BCHW.device)
        return adjust(images_BCHW, **{_ADJUSTMENTS[name]: factors_B})
    if name == "sharpness":
        return torch.cat(
            [tv.adjust_sharpness(images_BCHW[i : i + 1], 1 + 0.9 * share * sign) for i, sign in enumerate(signs)]
        )
    if name == "posterize":
        changed = tv.posterize(images_BCHW, 8 - round(4 * share))
    elif name == "solarize":
        changed = tv.solarize(images_BCHW, 255 * (1 - share))
    else:
        changed = tv.autocontrast(images_BCHW) if name == "autocontrast" else tv.equalize(images_BCHW)
    return changed
