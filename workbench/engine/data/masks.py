"""Mask files to a label a pixel and back: the one place that knows how a palette's codings are spelled in files.

A label map is uint8[H, W]: the class, :data:`IGNORED` where the mask says that a pixel does not count, :data:`STRAY`
where it says something that is no class. So a set of masks has at most :data:`LARGEST_CLASSES` classes.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from workbench.engine.data.decode import LARGEST_PIXELS, encode_png, opened
from workbench.engine.data.source import Colour, Palette
from workbench.engine.errors import UserError

IGNORED = 255
STRAY = 254
LARGEST_CLASSES = 254
OPAQUE = 128  # alpha from here on; below, a pixel is ignored

Labels = npt.NDArray[np.uint8]

_MAGENTA, _HATCH = (255, 0, 255), 4  # what stray pixels are drawn in, and how many pixels wide a stripe is


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskFacts:
    """What is to be known of one mask.

    Attributes:
        width, height: In upright pixels.
        mode: Pillow's name of how its pixels are stored (``"P"``: a palette file).
        counts: int64[C], pixels of each class.
        ignored, stray: Pixels that count for no class, because the mask says so or because it names none.
    """

    width: int
    height: int
    mode: str
    counts: npt.NDArray[np.int64]
    ignored: int
    stray: int


def decode_mask(encoded: bytes, palette: Palette, *, where: str, limit_pixels: int = LARGEST_PIXELS) -> Labels:
    """The label of every pixel of a mask file, uint8[H, W], :data:`IGNORED` and :data:`STRAY` among them.

    Where the classes have colours, a palette file is looked at through its palette and a grey ``v`` is the colour
    ``(v, v, v)``; a pixel with alpha below 128 is ignored. Where the values are the labels, a palette file's indices
    are taken as they are, 255 is ignored, and so is alpha below 128 in a file with an alpha channel; the colours and
    transparency of a file's palette are then only how it is drawn. Safe from several threads.

    Args:
        encoded: The file's content.
        where: What to call the mask in an error.
        limit_pixels: The most pixels to decode.

    Raises:
        UserError: It is no image, is cut short, is too large, or its pixels are floating-point numbers.
    """
    return _decoded(encoded, palette, where, limit_pixels)[0]


def mask_facts(encoded: bytes, palette: Palette, where: str, *, limit_pixels: int = LARGEST_PIXELS) -> MaskFacts:
    """Counts of one mask; arguments and errors as in :func:`decode_mask`."""
    labels, mode = _decoded(encoded, palette, where, limit_pixels)
    counts = label_counts(labels)
    return MaskFacts(
        width=labels.shape[1],
        height=labels.shape[0],
        mode=mode,
        counts=counts[: len(palette.classes)].copy(),
        ignored=int(counts[IGNORED]),
        stray=int(counts[STRAY]),
    )


def label_counts(labels: Labels) -> npt.NDArray[np.int64]:
    """int64[256]: pixels of each value of a label map."""
    # Pillow counts bytes as they are; numpy's bincount would widen each to eight bytes first.
    return np.array(Image.fromarray(np.ascontiguousarray(labels)).histogram(), np.int64)


def encode_mask(labels: Labels, palette: Palette) -> bytes:
    """A PNG file that :func:`decode_mask` reads back as ``labels`` with the same palette; stray pixels stay stray.

    With colours, ignored pixels are transparent black; otherwise they are 255 and stray ones 254.
    """
    if palette.coding == "index":
        return encode_png(labels)
    table = np.zeros((256, 4), np.uint8)
    table[: len(palette.colours), :3] = palette.colours
    table[STRAY, :3] = _unused_colour(palette)
    table[:IGNORED, 3] = 255
    return encode_png(table[labels] if (labels == IGNORED).any() else table[labels, :3])


def paint_mask(labels: Labels, colours: Sequence[Colour], *, opacity: float) -> npt.NDArray[np.uint8]:
    """A label map to lay over its image: uint8[H, W, 4], red, green, blue, alpha (not premultiplied).

    Args:
        colours: One (red, green, blue) a class.
        opacity: Of the classes, 0..1. Ignored pixels are transparent; stray ones are hatched in opaque magenta and
            black, so that they show on whatever is below.
    """
    table = np.zeros((256, 4), np.uint8)
    table[: len(colours), :3] = np.array(colours, np.uint8).reshape(-1, 3)
    table[: len(colours), 3] = round(255 * opacity)
    table[STRAY] = (*_MAGENTA, 255)
    painted = table[labels]
    rows, columns = np.nonzero(labels == STRAY)
    dark = (rows + columns) // _HATCH % 2 == 1
    painted[rows[dark], columns[dark], :3] = 0
    return painted


def label_colours(count: int) -> tuple[Colour, ...]:
    """Colours for classes that have none, black first: the colour map of PASCAL VOC, all 256 of it distinct."""
    return tuple((_spread(label), _spread(label >> 1), _spread(label >> 2)) for label in range(count))


def file_colours(encoded: bytes, *, where: str) -> tuple[Colour, ...]:
    """The 256 colours of a palette file's indices, as it is drawn; greys for a grey file.

    Raises:
        UserError: It cannot be read, or holds colours themselves.
    """
    with opened(encoded, where=where) as image:
        if image.mode not in ("P", "L"):
            raise UserError("the mask has no palette", where=where)
        return tuple((red, green, blue) for red, green, blue, _ in np.asarray(_value_colours(image))[0].tolist())


def _spread(value: int) -> int:
    """Every third bit of ``value``, the lowest one first, from the highest bit of the result down."""
    return sum((value >> 3 * bit & 1) << 7 - bit for bit in range(3))


def _decoded(encoded: bytes, palette: Palette, where: str, limit_pixels: int) -> tuple[Labels, str]:
    assert len(palette.classes) <= LARGEST_CLASSES, len(palette.classes)
    with opened(encoded, where=where, limit_pixels=limit_pixels) as image:
        mode = image.mode
        if mode == "F":
            raise UserError("the mask's pixels are floating-point numbers", where=where, remedy="save it as a PNG")
        if palette.coding == "index":
            return _by_index(image, len(palette.classes), step=_grey_step(encoded)), mode
        return _by_colour(image, palette), mode


def _by_index(image: Image.Image, count: int, *, step: int) -> Labels:
    table: Labels = np.full(256, STRAY, np.uint8)
    table[np.arange(count) * step % 256] = np.arange(count)
    if step == 1:
        table[IGNORED] = IGNORED
    labels: Labels
    if image.mode in ("1", "L", "P"):
        labels = table[np.asarray(image).astype(np.uint8, copy=False)]
        return labels
    if image.mode.startswith("I"):
        values = np.asarray(image)
        labels = table[np.where((values < 0) | (values > IGNORED), STRAY, values).astype(np.uint8)]
        return labels
    if image.mode in ("LA", "PA", "La"):
        pixels = np.asarray(image)
        labels, clear = table[pixels[..., 0]], pixels[..., 1] < OPAQUE
    else:  # an index saved as a colour is grey; anything else is no index
        pixels = np.asarray(image.convert("RGBA"))
        grey = (pixels[..., 0] == pixels[..., 1]) & (pixels[..., 0] == pixels[..., 2])
        labels, clear = np.where(grey, table[pixels[..., 0]], np.uint8(STRAY)), pixels[..., 3] < OPAQUE
    labels[clear] = IGNORED
    return labels


def _grey_step(encoded: bytes) -> int:
    """What Pillow multiplies the values of a grey PNG of 2 or 4 bits by, to fill 0..255; 1 for any other file."""
    if not encoded.startswith(b"\x89PNG") or encoded[25:26] != b"\0":
        return 1
    return {2: 85, 4: 17}.get(encoded[24], 1)


def _by_colour(image: Image.Image, palette: Palette) -> Labels:
    image = _eight_bits(image)
    if image.mode == "1":
        image = image.convert("L")
    if image.mode == "P" or (image.mode == "L" and "transparency" not in image.info):
        labels: Labels = _classes(_value_colours(image), palette)[0][np.asarray(image)]
        return labels
    if image.mode != "RGBA":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return _classes(image, palette)


def read_colours(image: Image.Image) -> npt.NDArray[np.uint8]:
    """uint8[H, W, 3]: the colours of a mask that has some, as they are compared with those of the classes."""
    return np.asarray(_eight_bits(image).convert("RGB"))


def _eight_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I"):
        return image
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _value_colours(image: Image.Image) -> Image.Image:
    """The 256 values of a palette or grey image as a row of RGBA."""
    values = image.crop((0, 0, 256, 1))  # keeps the palette and what is transparent
    values.frombytes(bytes(range(256)))
    return values.convert("RGBA")


def _classes(image: Image.Image, palette: Palette) -> Labels:
    """Labels of an RGB or RGBA image."""
    channels = 0x808080 if palette.coding == "threshold" else 0xFFFFFF  # the bits of a pixel that decide
    table = _table(palette.colours, channels)
    layout = "RGBX" if image.mode == "RGB" else "RGBA"
    packed = np.frombuffer(image.tobytes("raw", layout), "<u4")
    labels: Labels = table[packed & channels] ^ np.uint8(STRAY)
    if layout == "RGBA":
        labels[packed >> 24 < OPAQUE] = IGNORED
    return labels.reshape(image.height, image.width)


@functools.lru_cache(maxsize=2)  # masks of one set come one after another, and small ones take less time than a table
def _table(colours: tuple[Colour, ...], channels: int) -> Labels:
    """uint8[2**24], read-only: for each colour its label ^ :data:`STRAY`."""
    table = np.zeros(1 << 24, np.uint8)  # zeros take no memory until they are looked at, so a stray pixel is 0 in here
    for label, (red, green, blue) in reversed(tuple(enumerate(colours))):
        table[(red | green << 8 | blue << 16) & channels] = label ^ STRAY
    table.flags.writeable = False
    return table


def _unused_colour(palette: Palette) -> Colour:
    """A colour that is no class, and with the threshold coding does not become one where that can be."""
    corners: list[Colour] = [(r, g, b) for r in (255, 0) for g in (0, 255) for b in (255, 0)]
    others: list[Colour] = [(value, 128, 64) for value in range(256)]
    return next(colour for colour in corners + others if colour not in palette.colours)
