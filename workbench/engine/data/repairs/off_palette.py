"""Repairs of mask pixels that are no class: the class of the nearest colour, or no class at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.engine.data.decode import opened
from workbench.engine.data.masks import IGNORED, STRAY, Labels, decode_mask, encode_mask, read_colours
from workbench.engine.data.repairs import REPAIRS, Mend, Repair
from workbench.engine.data.source import Item, Listing, Palette, Record

CODE = "off-palette"
NEAREST, IGNORE = "off-palette-nearest", "off-palette-ignore"

_Fill = Callable[[Labels, bytes, Palette, str, int], Labels]


def _mending(fill: _Fill) -> Callable[[Listing, int], Mend]:
    """A repair that writes a mask anew where it has stray pixels, and leaves every other one byte for byte."""

    def prepare(listing: Listing, limit_pixels: int) -> Mend:
        palette = listing.palette
        assert palette is not None

        def mend(item: Item) -> tuple[Item | None, int]:
            assert isinstance(item, Record)
            assert item.mask is not None
            labels = decode_mask(item.mask, palette, where=f"mask of {item.name}", limit_pixels=limit_pixels)
            stray = int(np.count_nonzero(labels == STRAY))
            if not stray:
                return item, 0
            filled = fill(labels, item.mask, palette, item.name, limit_pixels)
            return replace(item, mask=encode_mask(filled, palette)), stray

        return mend

    return prepare


def _ignored(labels: Labels, encoded: bytes, palette: Palette, where: str, limit_pixels: int) -> Labels:
    return np.where(labels == STRAY, np.uint8(IGNORED), labels)


def _nearest(labels: Labels, encoded: bytes, palette: Palette, where: str, limit_pixels: int) -> Labels:
    with opened(encoded, where=where, limit_pixels=limit_pixels) as image:
        colours = read_colours(image)
    stray = labels == STRAY
    red, green, blue = colours[stray].astype(np.uint32).T
    packed, place = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    found = np.stack((packed >> 16, packed >> 8 & 255, packed & 255), axis=1)
    filled = labels.copy()
    filled[stray] = nearest_class(found, palette)[place]
    return filled


def _unless_index(listing: Listing) -> str:
    """Numbers of classes are not near or far from one another."""
    return IGNORE if listing.palette and listing.palette.coding == "index" else ""


def nearest_class(colours: npt.NDArray[np.integer[Any]], palette: Palette) -> npt.NDArray[np.uint8]:
    """uint8[N]: the class whose colour is nearest to each of integer[N, 3] in RGB; of equally near ones the first."""
    best = np.full(len(colours), 1 << 30, np.int64)
    labels = np.zeros(len(colours), np.uint8)
    for label, colour in enumerate(palette.colours):
        distance = ((colours.astype(np.int64) - colour) ** 2).sum(axis=1)
        labels[distance < best] = label
        best = np.minimum(best, distance)
    return labels


REPAIRS.add(
    NEAREST,
    Repair(
        title="Give mask pixels of no class the class of the nearest colour (indices are ignored instead)",
        done="Mask pixels of no class given the class of the nearest colour: {count} (masks: {items}).",
        mends=(CODE,),
        contents=("masks",),
        prepare=_mending(_nearest),
        choice=CODE,
        instead=_unless_index,
    ),
)
REPAIRS.add(
    IGNORE,
    Repair(
        title="Ignore mask pixels of no class",
        done="Mask pixels of no class that are ignored from now on: {count} (masks: {items}).",
        mends=(CODE,),
        contents=("masks",),
        prepare=_mending(_ignored),
        choice=CODE,
    ),
)
