"""Encoded image files to pixels and back: the one place that knows about orientation, transparency and odd depths."""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from workbench.engine.errors import UserError

Mode = Literal["L", "RGB"]
Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]

LARGEST_PIXELS = 400_000_000
# Pillow warns above its own limit and raises above twice that. One limit for the whole process, set once: changing it
# around each call would race between threads. Ours is checked before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS

# Not every format that Pillow knows: some of the others start outside programs.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")

_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(encoded: bytes, *, mode: Mode, where: str, limit_pixels: int = LARGEST_PIXELS) -> Image.Image:
    """The upright first frame of an image file, as 8-bit grey or RGB. Safe from several threads.

    Transparent pixels are laid on white. 16-bit grey is divided by 257, so that 65535 becomes 255.

    Args:
        encoded: The file's content.
        where: What to call the image in an error.
        limit_pixels: The most pixels to decode.

    Raises:
        UserError: It is no image, is cut short, is too large, or its pixels have no range that is known (floats).
    """
    with opened(encoded, where=where, limit_pixels=limit_pixels) as image:
        return flattened(image, mode)


@contextlib.contextmanager
def opened(encoded: bytes, *, where: str, limit_pixels: int = LARGEST_PIXELS) -> Iterator[Image.Image]:
    """The upright first frame of an image file in the mode it is stored in, palette and alpha kept.

    What Pillow raises inside the context is turned into a :class:`UserError` too; a ``ValueError`` gives its reason.

    Args, Raises: As in :func:`decode`.
    """
    with unread(encoded, where=where, limit_pixels=limit_pixels) as image:
        image.load()
        yield upright(image)


@contextlib.contextmanager
def unread(encoded: bytes, *, where: str, limit_pixels: int = LARGEST_PIXELS) -> Iterator[Image.Image]:
    """An image file of which the header alone was read: as it lies in the file, its pixels still to be loaded.

    Args, Raises: As in :func:`opened`.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            if image.width * image.height > limit_pixels:
                raise _too_large(limit_pixels, where)
            yield image
    except UserError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(limit_pixels, where) from error
    except Exception as error:  # Pillow's decoders raise whatever they trip over: SyntaxError, struct.error, ...
        reason = " ".join(str(error).split()) if encoded else "the file is empty"
        if encoded and isinstance(error, UnidentifiedImageError):  # whose own message is the address of a buffer
            reason = "it is in no format known here"
        raise UserError(
            f"this cannot be read as an image ({reason or type(error).__name__})", where=where,
            remedy="replace the file or leave it out",
        ) from error  # fmt: skip


def fit(
    image: Image.Image,
    *,
    size: int,
    how: Literal["crop", "squash"],
    interpolation: Interpolation = "bilinear",
    share: float = 1.0,
) -> npt.NDArray[np.uint8]:
    """Pixels uint8[C, H, W] of ``image`` (mode L or RGB), resized with antialiasing.

    Args:
        size: Side of the square to fill, in pixels; 0 keeps the image as it is.
        how: ``"squash"`` ignores the aspect ratio; ``"crop"`` scales the short side.
        interpolation: How to resize.
        share: Of the scaled side, cut out of the centre: the image is scaled to ``size / share`` first. In (0, 1].
    """
    if size:
        image = _scaled(image, size, math.floor(size / share), how, Image.Resampling[interpolation.upper()])
    pixels = np.array(image, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def seen(
    width: int, height: int, *, size: int, how: Literal["crop", "squash"], share: float = 1.0
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what :func:`fit` leaves of an image of ``width`` x ``height`` pixels, in these.

    To a pixel or so: :func:`fit` cuts out whole pixels of the scaled image.
    """
    if not size:
        return 0.0, 0.0, float(width), float(height)
    part = size / math.floor(size / share)
    across, down = (width * part, height * part) if how == "squash" else (min(width, height) * part,) * 2
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def encode_png(array: npt.NDArray[np.uint8]) -> bytes:
    """A PNG file of uint8[H, W] (grey), [H, W, 3] (RGB) or [H, W, 4] (RGBA), the same bytes wherever zlib is the same.

    Three times as fast as Pillow on small images, which is what sources without files hold by the ten thousand.
    Format: W3C PNG, third edition; rows are unfiltered.
    """
    assert array.dtype == np.uint8, array.dtype
    assert array.ndim == 2 or array.shape[2:] in ((3,), (4,)), array.shape
    height, width = array.shape[:2]
    rows = np.zeros((height, 1 + array[0].size), np.uint8)
    rows[:, 1:] = array.reshape(height, -1)
    colour = {1: 0, 3: 2, 4: 6}[1 if array.ndim == 2 else array.shape[2]]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def _too_large(limit_pixels: int, where: str) -> UserError:
    return UserError(f"the image has more than {limit_pixels:,} pixels", where=where, remedy="make it smaller")


def orientation(image: Image.Image) -> int:
    """How the camera was held, EXIF 1..8; 1 where the file does not say."""
    try:
        number: Any = image.getexif().get(_ORIENTATION)
        return int(number) if number in _UPRIGHT else 1
    except Exception:  # a damaged EXIF block says nothing about the pixels
        return 1


def upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as its EXIF orientation asks for; the same object where nothing is to be done."""
    turn = _UPRIGHT.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def flattened(image: Image.Image, mode: Mode) -> Image.Image:
    """8-bit grey or RGB without transparency, as :func:`decode` says. ``ValueError`` where the range is not known."""
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("its pixels need more than 16 bits")
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")  # not every mode has a direct way to grey
    # convert() to the mode it has still copies, so that nothing refers to the file that is about to be closed.
    return image.convert(mode)


def _scaled(image: Image.Image, size: int, side: int, how: str, resampling: Image.Resampling) -> Image.Image:
    """The square of ``size`` pixels in the middle of ``image``, scaled to a side of ``side`` pixels."""
    width = height = side
    if how == "crop":
        short = min(image.size)
        if max(image.size) > 3 * short:  # a strip would be enlarged to something huge only to be cut
            image = _centre(image, min(image.width, 3 * short), min(image.height, 3 * short))
        width, height = (max(side, math.floor(length * side / short)) for length in image.size)
    image = image.resize((width, height), resampling)
    return image if image.size == (size, size) else _centre(image, size, size)


def _centre(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
