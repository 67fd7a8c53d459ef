"""An item decoded whole, to be shown large: the image with halved copies of it, and its mask's labels likewise.

All of this is for worker threads; :mod:`workbench.gui.widgets.images.view` paints it.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from workbench.engine.errors import UserError
from workbench.engine.events import Event
from workbench.gui.thumbnails import Images, to_qimage

if TYPE_CHECKING:
    from workbench.engine.data.preview import Whole
    from workbench.engine.data.source import Palette

_LEAST_LEVEL = 256  # halving ends here

Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A decoded image, upright.

    Attributes:
        item: Item id.
        levels: The image, and copies of half, a quarter ... its size.
        format: Of its file, ``"JPEG"``.
        file_bytes: Size of its file.
        whole: What else its file says; ``None`` where a test does not care.
        labels: The label of every pixel of its mask, uint8[H, W], and fewer of them like ``levels``; empty without one.
        counts: int64[256]: pixels of each label.
        mask_error: Why the mask cannot be read; else empty.
    """

    item: int
    levels: tuple[QImage, ...]
    format: str
    file_bytes: int
    whole: "Whole | None" = None
    labels: tuple[Labels, ...] = ()
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    mask_error: str = ""


def decode_large(
    images: Images, item: int, *, palette: "Palette | None" = None, limit_pixels: int = 0
) -> Generator[Event, None, Picture]:
    """Decode one item whole; :class:`~workbench.engine.errors.UserError` if its image cannot be read.

    Args:
        palette: What its mask means, if it has one.
        limit_pixels: The most pixels of an image that is decoded; 0 for as many as ever are.
    """
    from workbench.engine.waiting import waiting

    return (yield from waiting(lambda: _decode_large(images, item, palette, limit_pixels), stage="reading the image"))


def _decode_large(images: Images, item: int, palette: "Palette | None", limit_pixels: int) -> Picture:
    from workbench.engine.data.decode import LARGEST_PIXELS
    from workbench.engine.data.masks import decode_mask, label_counts
    from workbench.engine.data.preview import decode_whole

    encoded, where, limit = images.encoded(item), images.name(item), limit_pixels or LARGEST_PIXELS
    whole = decode_whole(encoded, where=where, limit_pixels=limit)
    levels = [to_qimage(whole.picture)]
    while max(levels[-1].width(), levels[-1].height()) > 2 * _LEAST_LEVEL:
        half = levels[-1].size() / 2
        levels.append(
            levels[-1].scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        )
    labels: list[Labels] = []
    counts, mask_error = np.zeros(256, np.int64), ""
    if palette and (mask := images.mask(item)) is not None:
        try:
            labels = [decode_mask(mask, palette, where=where, limit_pixels=limit)]
            counts = label_counts(labels[0])
            while max(labels[-1].shape) > 2 * _LEAST_LEVEL:
                labels.append(halved(labels[-1]))
        except UserError as error:
            mask_error = str(error)
    return Picture(
        item=item,
        levels=tuple(levels),
        format=whole.format,
        file_bytes=len(encoded),
        whole=whole,
        labels=tuple(labels),
        counts=counts,
        mask_error=mask_error,
    )


def halved(labels: Labels) -> Labels:
    """Every other label of every other row; stray where any of the four is."""
    from workbench.engine.data.masks import STRAY

    fewer = labels[::2, ::2].copy()
    for part in (labels[1::2, ::2], labels[::2, 1::2], labels[1::2, 1::2]):
        fewer[: part.shape[0], : part.shape[1]][part == STRAY] = STRAY
    return fewer
