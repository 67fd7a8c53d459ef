"""Random changes to training images, one by one; :mod:`.mixing` mixes them with one another.

Everything is drawn from the generators that are handed in. Flip, translation and cutout draw on the images' device, as
they always did, so that earlier runs can be repeated; whatever came later draws on the CPU, where its figures are
needed, so that no step waits for a device and every device sees the same changes.

Shapes: B images, C channels, H height, W width.
"""

import math

import torch
from torch import Tensor

from workbench.engine.train.image_ops import adjust, blank, resize_regions, warp
from workbench.engine.train.params import AugmentParams

_ASPECTS = (3 / 4, 4 / 3)  # width over height of a crop
_ERASED, _ERASED_ASPECTS = (0.02, 0.33), (0.3, 1 / 0.3)  # share of the area, and height over width
_TRIES = 10  # draws until a rectangle fits, as torchvision has it


class Augment:
    """Random changes to a batch of bytes [B, C, H, W].

    Args:
        params: What to change.
        generator: On the images' device.
        host: On the CPU; may be left out where ``generator`` is.
    """

    def __init__(
        self, params: AugmentParams, generator: torch.Generator, *, host: torch.Generator | None = None
    ) -> None:
        self._params, self._generator = params, generator
        self._host = generator if host is None else host
        self._randaugment = None
        if params.randaugment:
            from workbench.engine.train.randaugment import RandAugment  # torchvision takes a second to load

            self._randaugment = RandAugment(
                operations=params.randaugment, strength=params.randaugment_strength, generator=self._host
            )

    @property
    def active(self) -> bool:
        return self._params.alters

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        params = self._params
        if params.crop:
            images_BCHW = resize_regions(images_BCHW, self._regions(images_BCHW))
        if params.rotate:
            images_BCHW = self._turn(images_BCHW)
        if params.flip or params.translate:
            images_BCHW = self._move(images_BCHW)
        if self._randaugment:
            images_BCHW = self._randaugment(images_BCHW)
        if params.colour:
            images_BCHW = self._tint(images_BCHW)
        if params.cutout:
            images_BCHW = self._cut(images_BCHW)
        if params.erase:
            images_BCHW = self._erase(images_BCHW)
        return images_BCHW

    def _draw(self, batch: int, high: int, device: torch.device) -> Tensor:
        """Whole numbers in [0, high), one an image."""
        return torch.randint(high, (batch,), generator=self._generator, device=device)

    def _between(self, low: float, high: float, *shape: int) -> Tensor:
        """Numbers in [low, high), on the CPU."""
        return low + (high - low) * torch.rand(shape, generator=self._host)

    def _rectangles(
        self, batch: int, size: torch.Size, areas: tuple[float, float], aspects: tuple[float, float]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Heights and widths [B] of the first of some draws that fits, and whether one did.

        Args:
            batch: How many.
            size: Height and width of the images.
            areas: Shares of the image's area, evenly drawn.
            aspects: Width over height, its logarithm evenly drawn.
        """
        area = self._between(*areas, batch, _TRIES) * size[0] * size[1]
        aspect = self._between(math.log(aspects[0]), math.log(aspects[1]), batch, _TRIES).exp()
        heights, widths = (area / aspect).sqrt().round().long(), (area * aspect).sqrt().round().long()
        fits = (heights > 0) & (heights <= size[0]) & (widths > 0) & (widths <= size[1])
        first = fits.int().argmax(1, keepdim=True)
        return heights.gather(1, first)[:, 0], widths.gather(1, first)[:, 0], fits.any(1)

    def _places(self, heights: Tensor, widths: Tensor, size: torch.Size) -> tuple[Tensor, Tensor]:
        """Tops and lefts [B] of rectangles that lie within the image, evenly drawn."""
        down, right = self._between(0, 1, len(heights)), self._between(0, 1, len(widths))
        return (down * (size[0] - heights + 1)).long(), (right * (size[1] - widths + 1)).long()

    def _regions(self, images_BCHW: Tensor) -> list[tuple[int, int, int, int]]:
        """Top, left, height and width of each image's crop (Szegedy and others 2015); all of it where none fits."""
        size = images_BCHW.shape[2:]
        heights, widths, fits = self._rectangles(len(images_BCHW), size, (self._params.crop, 1.0), _ASPECTS)
        heights, widths = heights.where(fits, torch.tensor(size[0])), widths.where(fits, torch.tensor(size[1]))
        tops, lefts = self._places(heights, widths, size)
        return [tuple(region) for region in torch.stack((tops, lefts, heights, widths), 1).tolist()]

    def _turn(self, images_BCHW: Tensor) -> Tensor:
        angles_B = torch.deg2rad(self._between(-self._params.rotate, self._params.rotate, len(images_BCHW)))
        cos_B, sin_B, zero_B = angles_B.cos(), angles_B.sin(), torch.zeros_like(angles_B)
        matrices_B23 = torch.stack((cos_B, sin_B, zero_B, -sin_B, cos_B, zero_B), 1).view(-1, 2, 3)
        return warp(images_BCHW, matrices_B23.to(images_BCHW.device), reflect=True)

    def _move(self, images_BCHW: Tensor) -> Tensor:
        """Translation and flip, in one look-up."""
        batch, _, height, width = images_BCHW.shape
        device = images_BCHW.device
        rows = torch.arange(height, device=device).expand(batch, height)
        columns = torch.arange(width, device=device).expand(batch, width)
        if self._params.translate:
            reach = min(self._params.translate, height - 1, width - 1)
            rows = _reflect(rows + self._draw(batch, 2 * reach + 1, device)[:, None] - reach, height)
            columns = _reflect(columns + self._draw(batch, 2 * reach + 1, device)[:, None] - reach, width)
        if self._params.flip:
            mirrored = self._draw(batch, 2, device)[:, None].bool()
            columns = torch.where(mirrored, width - 1 - columns, columns)
        which = torch.arange(batch, device=device)[:, None, None]
        moved_BHWC = images_BCHW.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]]
        return moved_BHWC.permute(0, 3, 1, 2)

    def _tint(self, images_BCHW: Tensor) -> Tensor:
        reach = self._params.colour
        factors = self._between(1 - reach, 1 + reach, 3, len(images_BCHW)).to(images_BCHW.device)
        return adjust(images_BCHW, brightness_B=factors[0], contrast_B=factors[1], saturation_B=factors[2])

    def _cut(self, images_BCHW: Tensor) -> Tensor:
        """DeVries and Taylor 2017: a square around a random pixel, filled with mid-grey; it may overlap the edge."""
        batch, _, height, width = images_BCHW.shape
        device, side = images_BCHW.device, self._params.cutout
        top_B = self._draw(batch, height, device) - side // 2
        left_B = self._draw(batch, width, device) - side // 2
        side_B = torch.full_like(top_B, side)
        return blank(images_BCHW, top_B, left_B, side_B, side_B)

    def _erase(self, images_BCHW: Tensor) -> Tensor:
        """Zhong and others 2017: a rectangle within some of the images, filled with mid-grey."""
        size, device = images_BCHW.shape[2:], images_BCHW.device
        erased = self._between(0, 1, len(images_BCHW)) < self._params.erase
        heights, widths, fits = self._rectangles(len(images_BCHW), size, _ERASED, _ERASED_ASPECTS)
        heights = heights.where(erased & fits, torch.tensor(0))
        tops, lefts = self._places(heights, widths.where(fits, torch.tensor(0)), size)
        return blank(images_BCHW, *(values.to(device) for values in (tops, lefts, heights, widths)))


def _reflect(index: Tensor, length: int) -> Tensor:
    """``index`` folded back into [0, length) at the edges, the edge pixel not repeated."""
    return (length - 1) - ((index.abs()) - (length - 1)).abs()
