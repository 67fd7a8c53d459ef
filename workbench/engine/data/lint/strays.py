"""Which colours the mask pixels have that are no class: what a person needs to see where they come from."""

import numpy as np

from workbench.engine.data.decode import opened
from workbench.engine.data.masks import STRAY, decode_mask
from workbench.engine.data.source import Palette

_SHOWN = 3


def stray_colours(encoded: bytes, palette: Palette, *, where: str, limit_pixels: int) -> str:
    """The most frequent ones in words: ``"12,345 pixels of (0, 0, 0), 3 of (1, 0, 0) and 7 of 2 other colours"``.

    Raises:
        UserError: The mask cannot be decoded.
    """
    stray = decode_mask(encoded, palette, where=where, limit_pixels=limit_pixels) == STRAY
    with opened(encoded, where=where, limit_pixels=limit_pixels) as image:
        if palette.coding == "index" and image.mode in ("L", "P"):
            values, counts = np.unique(np.asarray(image)[stray], return_counts=True)
            names = [f"the value {value}" for value in values]
        else:
            colours = np.asarray(image.convert("RGB"))[stray].astype(np.uint32)
            packed, counts = np.unique(colours @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
            names = [f"({value >> 16}, {value >> 8 & 255}, {value & 255})" for value in packed]
    order = np.argsort(-counts, kind="stable")
    words = [f"{counts[place]:,} of {names[place]}" for place in order[:_SHOWN]]
    words[0] = words[0].replace(" of ", " pixels of " if counts[order[0]] != 1 else " pixel of ", 1)
    rest = order[_SHOWN:]
    if len(rest):
        plural = "colours" if len(rest) > 1 else "colour"
        words.append(f"{counts[rest].sum():,} of {len(rest):,} other {plural}")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
