"""How the labels of a mask are coloured in a thumbnail."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.engine.data.source import Colour

_MAGENTA = 0xFFFF00FF


def colour_table(colours: "Sequence[Colour]", opacity: float) -> list[int]:
    """0xAARRGGBB for each of the 256 labels: nothing for what is ignored, opaque magenta for what is no class."""
    from workbench.engine.data.masks import STRAY

    table = [0] * 256
    alpha = round(255 * opacity) << 24
    for label, (red, green, blue) in enumerate(colours):
        table[label] = alpha | red << 16 | green << 8 | blue
    table[STRAY] = _MAGENTA
    return table
