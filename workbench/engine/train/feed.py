"""From item ids to a batch on the device: gather and scale; :mod:`.augment` changes images between the two.

Randomness is a function of (seed, purpose, epoch or step), never of what happened before: a resume has nothing to
restore and cannot drift. Shapes: N items, B a batch, C channels, H height, W width.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from workbench.engine.data.binarise import MIDDLE, ONCE, Binarisation, thresholds
from workbench.engine.data.pixels import ArrayRows, Geometry, Pixels
from workbench.engine.device import mix
from workbench.engine.errors import UserError
from workbench.engine.project.splits import Items

ORDER, NOISE, SAMPLE, EVALUATION, PREVIEW = 1, 2, 3, 5, 6  # purposes of a seed; 4 is mixing's


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What an image goes through before the network; stored with the weights and used everywhere alike.

    Attributes:
        geometry: Size and channels.
        mean, deviation: Per channel, subtracted from and dividing pixels in 0..1.
    """

    geometry: Geometry
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self.geometry), "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`."""
        return cls(
            geometry=Geometry(**{field.name: values[field.name] for field in fields(Geometry) if field.name in values}),
            mean=tuple(values["mean"]),
            deviation=tuple(values["deviation"]),
        )


class Scale:
    """Bytes to network input on a device: ``(pixel / 255 - mean) / deviation``, one multiplication and one addition.

    Args:
        channels_last: Memory layout of the result; input in the same layout costs no transposition.
    """

    def __init__(self, preprocessing: Preprocessing, device: torch.device, *, channels_last: bool) -> None:
        mean = torch.tensor(preprocessing.mean, dtype=torch.float64)
        deviation = torch.tensor(preprocessing.deviation, dtype=torch.float64)
        self._factor = self._operand(1 / (255 * deviation), device)
        self._shift = self._operand(-mean / deviation, device)
        self._shifts = bool(mean.any())
        self._reversed = preprocessing.geometry.mode == "BGR"
        self.channels_last = channels_last

    @staticmethod
    def _operand(values: Tensor, device: torch.device) -> Tensor | float:
        """One number where all channels share it (many times faster), else one a channel."""
        same = bool((values == values[0]).all())
        return float(values[0]) if same else values.float().to(device)

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        x_BCHW = images_BCHW.to(torch.float32, memory_format=layout)
        x_BCHW.mul_(self._spread(self._factor, x_BCHW))
        if self._shifts:
            x_BCHW.add_(self._spread(self._shift, x_BCHW))
        return x_BCHW

    def pixels(self, images_BCHW: Tensor) -> Tensor:
        """The inverse: uint8 [B, C, H, W], red before blue, for people to look at."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        x_BCHW = images_BCHW.to(torch.float32, memory_format=layout, copy=True)
        if self._shifts:
            x_BCHW.sub_(self._spread(self._shift, x_BCHW))
        x_BCHW.div_(self._spread(self._factor, x_BCHW)).round_().clamp_(0, 255)
        return (x_BCHW.flip(1) if self._reversed else x_BCHW).to(torch.uint8)

    def _spread(self, operand: Tensor | float, images_BCHW: Tensor) -> Tensor | float:
        """``operand`` as something that broadcasts along memory: a row of pixels rather than three channels."""
        if isinstance(operand, float):
            return operand
        width = images_BCHW.shape[3]
        return (
            operand.view(1, -1, 1, 1)
            .expand(1, -1, 1, width)
            .contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)
        )


class AsComputed:
    """What stands in for :class:`Scale` where rows are network input already.

    Args:
        channels_last: Memory layout of the result, for rows [C, H, W].
    """

    def __init__(self, *, channels_last: bool) -> None:
        self.channels_last = channels_last

    def __call__(self, rows: Tensor) -> Tensor:
        return rows.contiguous(memory_format=torch.channels_last) if self.channels_last else rows


class Feed:
    """Batches of one dataset.

    Args:
        pixels: Its decoded images, or what takes their place.
        labels: One label an item.
        device: Where batches go. An array in memory is moved there once, in the layout of ``scale``.
        scale: Bytes to network input.
        catch_all: Label of the class that was made of items without one; -1 if there is none.
        binarisation: What becomes of the grey levels of each batch.
    """

    def __init__(
        self,
        pixels: Pixels | ArrayRows[np.float32],
        labels: Items,
        *,
        device: torch.device,
        scale: Scale | AsComputed,
        catch_all: int = -1,
        binarisation: Binarisation | None = None,
    ) -> None:
        self._device, self._scale, self.catch_all = device, scale, catch_all
        self._binarisation = binarisation or Binarisation()
        self.labels = torch.from_numpy(np.ascontiguousarray(labels)).to(device)
        self._rows: Tensor | None = None
        self.resident: Tensor | None = None
        if isinstance(pixels, ArrayRows) and not isinstance(pixels.array, np.memmap):
            layout = torch.channels_last if scale.channels_last else torch.contiguous_format
            self.resident = torch.from_numpy(pixels.array).to(device).contiguous(memory_format=layout)
            if pixels.rows is not None:
                self._rows = torch.from_numpy(pixels.rows).to(device)
        else:
            self._pixels = pixels  # otherwise it may go: the tensor has taken its place

    def images(self, items: Tensor) -> Tensor:
        """Raw images of ``items`` (int64 [B], on the CPU) on the device: uint8 [B, C, H, W]."""
        if self.resident is None:
            return torch.from_numpy(self._pixels.gather(items.numpy())).to(self._device)
        rows = items.to(self._device)
        if self._rows is not None:
            rows = self._rows.index_select(0, rows)
        if not self._scale.channels_last:
            return self.resident.index_select(0, rows)
        # index_select moves whole rows only where the first axis is outermost in memory
        return self.resident.permute(0, 2, 3, 1).index_select(0, rows).permute(0, 3, 1, 2)

    def batch(
        self,
        items: Tensor,
        augment: Callable[[Tensor], Tensor] | None = None,
        *,
        noise: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Network input [B, C, H, W] and labels [B] of ``items``, on the device.

        Args:
            items: Ids int64 [B], on the CPU.
            augment: Changes raw images.
            noise: On the device, in training: what a binarisation that draws anew draws from. Without it such a one
                has the draw that never changes.
        """
        images = self.images(items)
        if augment is not None:
            images = augment(images)
        if self._binarisation.active:
            images = self._black_and_white(images, items, noise)
        return self._scale(images), self.labels.index_select(0, items.to(self._device))

    def _black_and_white(self, images: Tensor, items: Tensor, noise: torch.Generator | None) -> Tensor:
        """Bytes of 0 and 255 from grey ones; the chance of white is the grey level as a share of 255."""
        if self._binarisation.dynamic and noise is not None:
            limits = torch.empty(images.shape, dtype=torch.uint8, device=images.device).random_(0, 255, generator=noise)
        elif self._binarisation.how == ONCE or self._binarisation.dynamic:
            count = images[0].numel()
            drawn = thresholds(items.numpy(), count=count, seed=self._binarisation.seed)
            limits = torch.from_numpy(drawn).to(images.device).view(images.shape)
        else:
            return (images >= MIDDLE).byte() * 255
        return (images > limits).byte() * 255


class Order:
    """The order of training: epoch by epoch a fresh permutation, cut into batches.

    Args:
        items: The training split.
        batch: Items a batch; a split smaller than that is one batch.
        drop_last: Whether an incomplete batch is left out.
        seed: Of the permutations.
    """

    def __init__(self, items: Items, *, batch: int, drop_last: bool, seed: int) -> None:
        self._items = torch.from_numpy(np.ascontiguousarray(items))
        self.batch = min(batch, len(items))
        self.per_epoch = len(items) // self.batch if drop_last else -(-len(items) // self.batch)
        self._seed = seed
        self._epoch, self._shuffled = -1, self._items

    def __getitem__(self, number: int) -> Tensor:
        """Item ids of batch ``number``, counted from 0 over the whole run."""
        epoch, position = divmod(number, self.per_epoch)
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(mix(self._seed, ORDER, epoch))
            self._shuffled = self._items[torch.randperm(len(self._items), generator=generator)]
            self._epoch = epoch
        return self._shuffled[position * self.batch : (position + 1) * self.batch]


def evaluation_sample(items: Items, *, most: int, seed: int) -> Items:
    """At most ``most`` of ``items``, always the same ones for a seed, sorted."""
    if len(items) <= most:
        return items
    return np.sort(np.random.default_rng(mix(seed, SAMPLE)).choice(items, most, replace=False))


def channel_statistics(pixels: Pixels, items: Items) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel over ``items``, pixels in 0..1."""
    total = np.zeros(pixels.shape[0])
    squares = np.zeros(pixels.shape[0])
    for start in range(0, len(items), 1000):
        chunk = pixels.gather(items[start : start + 1000]).astype(np.float64) / 255
        total += chunk.sum((0, 2, 3))
        squares += (chunk**2).sum((0, 2, 3))
    count = len(items) * pixels.shape[1] * pixels.shape[2]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    if not (deviation > 0).all():
        raise UserError("a channel is constant over all training images", remedy="use data.normalize = unit")
    return tuple(mean.tolist()), tuple(deviation.tolist())
