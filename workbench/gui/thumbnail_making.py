"""One item's small picture, and its mask's labels at the same size, from its files or from what the disk has kept.

All of this is for worker threads. What is asked for and when is the business of :mod:`workbench.gui.thumbnails`.
"""

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from workbench.engine.errors import UserError
from workbench.gui.thumbnail_cache import SIDES, WORTHWHILE_PIXELS, Kept, Shelf

if TYPE_CHECKING:
    from PIL import Image

    from workbench.engine.data.source import Palette

CRISP = 64
"""Images of at most this many pixels a side are shown pixel by pixel when they are enlarged."""

_LEAST_BYTES = 1 << 10  # what an entry counts at least, so that the number of entries is bounded, too
_QUALITY = 88  # of the JPEG files that are kept

Labels = NDArray[np.uint8]


class Images(Protocol):
    """The part of :class:`~workbench.engine.data.image_set.ImageSet` that pictures are made from."""

    def name(self, index: int) -> str: ...

    def encoded(self, index: int) -> bytes: ...

    def mask(self, index: int) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """One item's picture, or why there is none.

    Attributes:
        item: Item id.
        side: Device pixels of the square that it was made for.
        image: At most ``side`` pixels wide and high, the aspect ratio kept; ``None`` for an unreadable image.
        width, height: Pixels of the image itself, upright; 0 for an unreadable one.
        format: Of its file, ``"JPEG"``; empty where it is not known.
        error: A sentence; empty for a readable image.
        masked: Whether its mask was asked for.
        labels: The mask with the class as the index of a pixel, as large as ``image``; ``None`` without one.
        mask_error: A sentence about an unreadable mask; else empty.
    """

    item: int
    side: int
    image: QImage | None = None
    width: int = 0
    height: int = 0
    format: str = ""
    error: str = ""
    masked: bool = False
    labels: QImage | None = None
    mask_error: str = ""

    @property
    def bytes(self) -> int:
        pictures = [picture for picture in (self.image, self.labels) if picture]
        return max(_LEAST_BYTES, sum(picture.sizeInBytes() for picture in pictures))

    def serves(self, side: int, *, masked: bool = False) -> bool:
        """Whether it is as good as one made for ``side``, with its mask or without."""
        largest = max(self.width, self.height)
        fits = self.image is None or self.side == side or largest <= max(CRISP, min(self.side, side))
        return fits and (self.masked or not masked)


def make_thumbnail(
    images: Images,
    item: int,
    *,
    side: int,
    masks: "Palette | None" = None,
    shelf: Shelf | None = None,
    limit_pixels: int = 0,
) -> Thumbnail:
    """Decode one item for a square of ``side`` device pixels. What is smaller than that keeps its size.

    Args:
        masks: The mask is decoded, too, and means classes as this says.
        shelf: Where large pictures are looked for first and kept.
        limit_pixels: The most pixels of an image that is decoded; 0 for as many as ever are.
    """
    try:
        picture, kept = _picture(images, item, side, shelf, limit_pixels)
    except UserError as error:
        return Thumbnail(item=item, side=side, error=str(error), masked=masks is not None)
    labels, mask_error = None, ""
    if masks:
        try:
            labels = _labels(images, item, picture.size, masks, side, shelf, limit_pixels)
        except UserError as error:
            mask_error = str(error)
    return Thumbnail(
        item=item,
        side=side,
        image=to_qimage(picture),
        width=kept.width,
        height=kept.height,
        format=kept.format,
        masked=masks is not None,
        labels=labels,
        mask_error=mask_error,
    )


def _shelf_side(side: int) -> int:
    """Of the pictures that are kept, the side to make one of ``side`` from; 0 if they are all too small."""
    return next((kept for kept in SIDES if kept >= side), 0)


def _picture(
    images: Images, item: int, side: int, shelf: Shelf | None, limit_pixels: int
) -> "tuple[Image.Image, Kept]":
    """The picture in its size, and what is known of its image."""
    from PIL import Image

    from workbench.engine.data.decode import LARGEST_PIXELS
    from workbench.engine.data.preview import decode_small

    shelf_side = _shelf_side(side) if shelf else 0
    if shelf and shelf_side and (kept := shelf.get(item, side=shelf_side)):
        try:
            with Image.open(io.BytesIO(kept.content), formats=("JPEG",)) as image:
                return _fitted(image.convert("RGB"), side, kept), kept
        except Exception:  # whatever is wrong with what was kept, the image itself is there
            pass
    small = decode_small(
        images.encoded(item),
        side=shelf_side or max(side, CRISP),
        where=images.name(item),
        limit_pixels=limit_pixels or LARGEST_PIXELS,
    )
    content = b""
    if shelf and shelf_side and small.width * small.height > WORTHWHILE_PIXELS:
        file = io.BytesIO()
        small.picture.save(file, "JPEG", quality=_QUALITY)
        content = file.getvalue()
    kept = Kept(content=content, width=small.width, height=small.height, format=small.format)
    if shelf and content:
        shelf.put(item, kept, side=shelf_side)
    return _fitted(small.picture, side, kept), kept


def _fitted(picture: "Image.Image", side: int, whole: Kept) -> "Image.Image":
    """At most ``side`` pixels wide and high, in the proportions of the whole image; a crisp one keeps its size."""
    from PIL.Image import Resampling

    if max(picture.size) <= max(side, CRISP):
        return picture
    largest = max(whole.width, whole.height)
    size = max(1, round(whole.width * side / largest)), max(1, round(whole.height * side / largest))
    return picture.resize(size, Resampling.BICUBIC, reducing_gap=2.0)


def _labels(
    images: Images,
    item: int,
    size: tuple[int, int],
    palette: "Palette",
    side: int,
    shelf: Shelf | None,
    limit_pixels: int,
) -> QImage | None:
    from workbench.engine.data.decode import LARGEST_PIXELS
    from workbench.engine.data.masks import decode_mask

    shelf_side = _shelf_side(side) if shelf else 0
    if shelf and shelf_side and (kept := shelf.get(item, side=shelf_side, mask=True)):
        labels = np.frombuffer(zlib.decompress(kept.content), np.uint8).reshape(kept.height, kept.width)
        return labels_image(shrunk(labels, size))
    encoded = images.mask(item)
    if encoded is None:
        return None
    labels = decode_mask(encoded, palette, where=images.name(item), limit_pixels=limit_pixels or LARGEST_PIXELS)
    if shelf and shelf_side and labels.size > WORTHWHILE_PIXELS:
        height, width = labels.shape
        share = min(1.0, shelf_side / max(width, height))
        labels = shrunk(labels, (max(1, round(width * share)), max(1, round(height * share))))
        kept = Kept(content=zlib.compress(labels.tobytes(), 1), width=labels.shape[1], height=labels.shape[0])
        shelf.put(item, kept, side=shelf_side, mask=True)
    return labels_image(shrunk(labels, size))


def shrunk(labels: Labels, size: tuple[int, int]) -> Labels:
    """uint8[height, width]: the labels nearest to the new pixels' centres, so that none are mixed.

    A new pixel in which any is stray is stray: what is wrong with a mask must not vanish because it is small.

    Args:
        size: New width and height.
    """
    from workbench.engine.data.masks import STRAY

    (height, width), (columns, rows) = labels.shape, size
    if (width, height) == size:
        return labels
    down = ((np.arange(rows) + 0.5) * height / rows).astype(np.int64)
    across = ((np.arange(columns) + 0.5) * width / columns).astype(np.int64)
    fewer: Labels = labels[down[:, None], across[None, :]]
    stray_rows, stray_columns = np.nonzero(labels == STRAY)
    fewer[stray_rows * rows // height, stray_columns * columns // width] = STRAY
    return fewer


def labels_image(labels: Labels) -> QImage:
    """A copy whose pixels are the labels; what they look like is up to its colour table."""
    height, width = labels.shape
    return QImage(np.ascontiguousarray(labels).tobytes(), width, height, width, QImage.Format.Format_Indexed8).copy()


def to_qimage(picture: "Image.Image") -> QImage:
    """A copy of an RGB image in the format that is painted without conversion. Safe outside the GUI thread."""
    # 0xffRRGGBB in memory on every machine that Qt runs on here; Pillow's BGRX would leave the first byte 0, and Qt
    # takes that for transparent where it paints with an opacity.
    pixels = picture.convert("RGBA").tobytes("raw", "BGRA")
    width, height = picture.size
    return QImage(pixels, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
