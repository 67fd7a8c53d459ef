"""The classes of masks that a table holds: as our own export says, else as many as their pixels have values."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from workbench.engine.data.arrow import read_metadata
from workbench.engine.data.decode import FORMATS, LARGEST_PIXELS
from workbench.engine.data.source import Colour, Palette
from workbench.engine.data.sources.classes import numbered_classes
from workbench.engine.errors import UserError

IGNORED = 255  # the value of pixels that belong to no class


def palette_of(schema: Any, *, masks: Callable[[], Iterator[tuple[str, bytes]]]) -> Palette:
    """The palette in the schema's metadata, else one of classes ``"0"`` to the largest value in any mask.

    Args:
        masks: Starts a pass over the masks: a place for messages, and an encoded file.

    Raises:
        UserError: A mask cannot be read, or is in colours whose classes nobody said.
    """
    try:
        known = read_metadata(schema)[1]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        known = None
    if known is not None and known.classes:
        return known
    largest, colours = -1, ()  # type: int, tuple[Colour, ...]
    for where, encoded in masks():
        try:
            with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise UserError(f"the mask has more than {LARGEST_PIXELS:,} pixels", where=where)
                if image.mode not in ("1", "L", "P"):
                    raise UserError(
                        "the mask is in colours and nothing says which class each is", where=where,
                        remedy="save the images and masks as files beside a class_dict.csv and import their folder",
                    )  # fmt: skip
                if image.mode == "P" and not colours:
                    colours = _palette_colours(image)
                values = np.asarray(image).astype(np.uint8)
        except UserError:
            raise
        except Exception as error:  # Pillow's decoders raise whatever they trip over
            raise UserError(
                "this cannot be read as a mask", where=where, remedy="replace it or leave it out"
            ) from error
        classes = values[values != IGNORED]
        largest = max(largest, int(classes.max()) if classes.size else -1)
    made_up = [colours[value] if value < len(colours) else distinct_colour(value) for value in range(largest + 1)]
    return Palette(classes=numbered_classes(largest), colours=tuple(made_up), coding="index")


def distinct_colour(value: int) -> Colour:
    """The colour map of the PASCAL VOC development kit: bits 0, 3, 6 of a label make red's highest bits, and so on."""
    channels = [0, 0, 0]
    for place in range(7, -1, -1):
        for channel in range(3):
            channels[channel] |= (value >> channel & 1) << place
        value >>= 3
    return channels[0], channels[1], channels[2]


def _palette_colours(image: Image.Image) -> tuple[Colour, ...]:
    flat = image.getpalette("RGB") or []
    return tuple((flat[place], flat[place + 1], flat[place + 2]) for place in range(0, len(flat) - 2, 3))
