"""Changes to batches of bytes, a parameter an image: what the random ones are made of. Nothing here draws anything.

Shapes: B images, C channels, H height, W width; all images are uint8, and results keep device and memory layout.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

GREY = 128  # of what is blanked or comes from beyond the edge


def resize_regions(images_BCHW: Tensor, regions: list[tuple[int, int, int, int]]) -> Tensor:
    """Each image's region (top, left, height, width) enlarged or shrunk to H x W, bilinear with antialiasing."""
    size = images_BCHW.shape[2:]
    result_BCHW = torch.empty_like(images_BCHW)
    for index, (top, left, height, width) in enumerate(regions):
        region = images_BCHW[index : index + 1, :, top : top + height, left : left + width]
        if region.device.type != "cpu":  # only the CPU resizes bytes, and ten times faster than floats
            region = region.float()
        resized = F.interpolate(region, size=size, mode="bilinear", antialias=True)
        result_BCHW[index : index + 1] = resized.round_() if resized.is_floating_point() else resized
    return result_BCHW


def warp(images_BCHW: Tensor, matrices_B23: Tensor, *, reflect: bool) -> Tensor:
    """Output pixel ``p`` is what the image has at ``A p + t``, bilinear.

    Args:
        images_BCHW: Bytes.
        matrices_B23: ``[A | t]``, float32, in pixels (x to the right, y down) from the image's centre.
        reflect: Whether what lies beyond the edge mirrors the image; else it is mid-grey.
    """
    height, width = images_BCHW.shape[2:]
    extent = torch.tensor([width / 2, height / 2], device=matrices_B23.device)
    factor_23 = torch.cat((extent[None] / extent[:, None], 1 / extent[:, None]), 1)
    grid_BHW2 = F.affine_grid(matrices_B23 * factor_23, list(images_BCHW.shape), align_corners=False)
    x_BCHW = images_BCHW.float()
    if not reflect:
        x_BCHW.sub_(GREY)  # zeros are what the sampler knows
    mode = "reflection" if reflect else "zeros"
    moved_BCHW = F.grid_sample(x_BCHW, grid_BHW2, mode="bilinear", padding_mode=mode, align_corners=False)
    if not reflect:
        moved_BCHW.add_(GREY)
    return to_bytes(moved_BCHW)


def adjust(
    images_BCHW: Tensor,
    *,
    brightness_B: Tensor | None = None,
    contrast_B: Tensor | None = None,
    saturation_B: Tensor | None = None,
) -> Tensor:
    """Brightness, contrast and saturation, in this order, each multiplied by a factor; 1 changes nothing.

    Grey is the mean of the channels, so that their order does not matter.
    """
    x_BCHW = images_BCHW.float()
    if brightness_B is not None:
        x_BCHW.mul_(_spread(brightness_B)).clamp_(0, 255)
    if contrast_B is not None:
        _stretch(x_BCHW, x_BCHW.mean((1, 2, 3), keepdim=True), contrast_B)
    if saturation_B is not None and x_BCHW.shape[1] > 1:
        _stretch(x_BCHW, x_BCHW.mean(1, keepdim=True), saturation_B)
    return to_bytes(x_BCHW)


def blank(images_BCHW: Tensor, top_B: Tensor, left_B: Tensor, height_B: Tensor, width_B: Tensor) -> Tensor:
    """Mid-grey instead of a rectangle of each image; it may overlap the edge, or be empty."""
    height, width = images_BCHW.shape[2:]
    device = images_BCHW.device
    rows_1H, columns_1W = torch.arange(height, device=device)[None], torch.arange(width, device=device)[None]
    top_B1, left_B1 = top_B[:, None], left_B[:, None]
    in_rows_BH = (rows_1H >= top_B1) & (rows_1H < top_B1 + height_B[:, None])
    in_columns_BW = (columns_1W >= left_B1) & (columns_1W < left_B1 + width_B[:, None])
    return images_BCHW.masked_fill((in_rows_BH[:, :, None] & in_columns_BW[:, None, :])[:, None], GREY)


def to_bytes(x_BCHW: Tensor) -> Tensor:
    """Floats in 0..255, give or take rounding errors, to the nearest bytes; ``x_BCHW`` is used up."""
    return x_BCHW.round_().clamp_(0, 255).to(torch.uint8)


def _stretch(x_BCHW: Tensor, towards: Tensor, factor_B: Tensor) -> None:
    x_BCHW.sub_(towards).mul_(_spread(factor_B)).add_(towards).clamp_(0, 255)


def _spread(values_B: Tensor) -> Tensor:
    return values_B[:, None, None, None]
