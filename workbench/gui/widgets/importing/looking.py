"""The background work of the import dialog: a source looked at with its samples as pictures, and a source checked."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from workbench.engine.data.source import Palette, Record
from workbench.engine.errors import UserError
from workbench.engine.events import Event, Progress
from workbench.engine.waiting import waiting
from workbench.gui.thumbnails import to_qimage

if TYPE_CHECKING:
    from PIL import Image

    from workbench.engine.data.lint.report import LintReport
    from workbench.engine.data.previewing import SourcePreview

SAMPLES = 24
_MASK_OPACITY = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised(Event):
    """It is known what the source is."""

    preview: "SourcePreview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured(Event):
    """A sample can be shown: ``image``, with its mask laid over it, or else why not."""

    number: int
    image: QImage | None
    error: str = ""


def look(target: str, *, cache: Path, limit_pixels: int, side: int) -> Generator[Event, None, "SourcePreview"]:
    """Recognise ``target``, then make pictures of its samples.

    Args:
        cache: Folder with what was fetched before.
        limit_pixels: The most pixels of an image that is decoded.
        side: Pixels of the square that a picture has to fill.

    Yields:
        Progress, one :class:`Recognised`, and a :class:`Pictured` a sample that is an image.
    """
    from workbench.engine.data.previewing import preview_source

    preview = yield from preview_source(target, cache=cache, items=SAMPLES)
    yield Recognised(preview=preview)
    for number, sample in enumerate(preview.samples):
        if isinstance(sample, Record):
            call = partial(_pictured, number, sample, preview.palette, limit_pixels=limit_pixels, side=side)
            yield (yield from waiting(call, stage="reading samples"))
    return preview


def check(target: str, *, cache: Path, limit_pixels: int) -> Generator[Progress, None, "LintReport"]:
    """Read all of ``target`` and look for what is wrong in it."""
    from workbench.engine.data.lint.report import lint_source

    return (yield from lint_source(target, cache=cache, limit_pixels=limit_pixels))


def _pictured(number: int, record: Record, palette: Palette | None, *, limit_pixels: int, side: int) -> Pictured:
    from workbench.engine.data.preview import decode_small

    try:
        picture = decode_small(record.image, side=side, where=record.name, limit_pixels=limit_pixels).picture
        if record.mask is not None and palette:
            picture = _masked(picture, record.mask, palette, where=record.name, limit_pixels=limit_pixels)
    except UserError as error:
        return Pictured(number=number, image=None, error=str(error))
    return Pictured(number=number, image=to_qimage(picture))


def _masked(picture: "Image.Image", mask: bytes, palette: Palette, *, where: str, limit_pixels: int) -> "Image.Image":
    """``picture`` with its mask over it, at the picture's size."""
    import numpy as np
    from PIL import Image

    from workbench.engine.data.masks import decode_mask, paint_mask

    labels = decode_mask(mask, palette, where=f"mask of {where}", limit_pixels=limit_pixels)
    width, height = picture.size
    rows = np.arange(height) * labels.shape[0] // height
    columns = np.arange(width) * labels.shape[1] // width
    veil = Image.fromarray(paint_mask(labels[np.ix_(rows, columns)], palette.colours, opacity=_MASK_OPACITY))
    return Image.alpha_composite(picture.convert("RGBA"), veil).convert("RGB")
