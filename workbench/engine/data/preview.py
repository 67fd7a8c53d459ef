"""Pictures of an image file to look at: small ones quickly, and one whole with what its file says of it.

What :func:`~workbench.engine.data.decode.decode` gives is what training sees. Here 16-bit grey is brightened where it
uses a part of its range alone, as cameras and scanners of 10 to 14 bits do; everything else looks the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.engine.data.decode import LARGEST_PIXELS, flattened, orientation, unread, upright

_TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange width and height
_DEPTHS = (8, 10, 12, 14, 16)  # bits of a sensor
_PLAIN = ("1", "L", "RGB")  # what the shown pixels say as exactly as the stored ones
_WORDS = {
    "1": "black and white", "L": "8-bit grey", "LA": "8-bit grey with transparency", "P": "palette", "RGB": "RGB",
    "PA": "palette with transparency", "RGBA": "RGB with transparency", "CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "Lab",
    "HSV": "HSV",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A picture of at most the size that was asked for.

    Attributes:
        picture: RGB.
        width, height: Pixels of the image itself, upright.
        format: Of its file, ``"JPEG"``.
    """

    picture: Image.Image
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An image, upright.

    Attributes:
        picture: RGB, to be shown.
        stored: The same pixels as the file holds them, where ``picture`` does not say them all; else ``None``.
        format: Of its file, ``"JPEG"``.
        mode: How the file holds a pixel, in words.
        orientation: EXIF 1..8; 1 is upright.
        bits: Of 16-bit grey: how many are taken for its range; 0 for anything else.
        least, most: The same image's smallest and largest value.
    """

    picture: Image.Image
    stored: Image.Image | None
    format: str
    mode: str
    orientation: int = 1
    bits: int = 0
    least: int = 0
    most: int = 0

    def value(self, x: int, y: int) -> tuple[int, ...]:
        """What the file holds for the pixel in column ``x`` and row ``y`` of the upright image: one number a channel.

        For a palette the colour (with its opacity, where it has any).
        """
        pixel = (self.stored or self.picture).getpixel((x, y))
        if pixel is None:
            return ()
        return tuple(int(part) for part in pixel) if isinstance(pixel, tuple) else (int(pixel),)


def decode_small(encoded: bytes, *, side: int, where: str, limit_pixels: int = LARGEST_PIXELS) -> Small:
    """The upright first frame, at most ``side`` pixels wide and high; what is smaller keeps its size.

    A large JPEG is decoded at a half, a quarter or an eighth of its size where that suffices. Safe from several
    threads.

    Raises:
        UserError: As :func:`~workbench.engine.data.decode.decode`.
    """
    with unread(encoded, where=where, limit_pixels=limit_pixels) as image:
        width, height = image.size
        turned, name = orientation(image) in _TURNED, image.format or ""
        largest = max(width, height)
        target = (max(1, round(width * side / largest)), max(1, round(height * side / largest)))
        if largest > side:
            image.draft(None, target)
        image.load()
        picture = shown(upright(image))
        if largest > side:
            size = (target[1], target[0]) if turned else target
            picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if turned:
        width, height = height, width
    return Small(picture=picture, width=width, height=height, format=name)


def decode_whole(encoded: bytes, *, where: str, limit_pixels: int = LARGEST_PIXELS) -> Whole:
    """The upright first frame in full.

    Raises:
        UserError: As :func:`~workbench.engine.data.decode.decode`.
    """
    with unread(encoded, where=where, limit_pixels=limit_pixels) as image:
        image.load()
        turn, name, mode = orientation(image), image.format or "", _in_words(image)
        standing = upright(image)
        picture = shown(standing)
        bits = least = most = 0
        stored: Image.Image | None = None
        if _is_deep(standing):
            values = np.asarray(standing)
            least, most = int(values.min()), int(values.max())
            bits, stored = _bits(most), standing.copy()
        elif standing.mode in ("P", "PA"):
            stored = standing.convert("RGBA") if standing.has_transparency_data else None
        elif standing.mode not in _PLAIN:
            stored = standing.copy()
        return Whole(
            picture=picture, stored=stored, format=name, mode=mode, orientation=turn, bits=bits, least=least, most=most
        )


def shown(image: Image.Image) -> Image.Image:
    """The image in RGB as it is shown; ``ValueError`` where the range of its values is not known."""
    if not _is_deep(image):
        return flattened(image, "RGB")
    values: NDArray[np.int64] = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        return flattened(image, "RGB")  # which says what is wrong
    full = 2 ** _bits(int(values.max())) - 1
    return Image.fromarray(((values * 255 + full // 2) // full).astype(np.uint8)).convert("RGB")


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I")


def _bits(most: int) -> int:
    """The least depth of a sensor that holds ``most``."""
    return next((bits for bits in _DEPTHS if most < 2**bits), _DEPTHS[-1])


def _in_words(image: Image.Image) -> str:
    if _is_deep(image):
        return "32-bit grey" if image.mode == "I" and image.format != "PNG" else "16-bit grey"
    return _WORDS.get(image.mode, image.mode)
