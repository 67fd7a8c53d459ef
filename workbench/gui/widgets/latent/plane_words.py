"""What is said of a place in the space of codes, and of what a plane shows."""

import numpy as np
from numpy.typing import NDArray

from workbench.gui.widgets.latent.plane_axes import Axes, share_within

DOT = " \N{MIDDLE DOT} "


def number(value: float) -> str:
    """Two places after the point, with a real minus."""
    text = f"{value:.2f}"
    return ("0.00" if text == "-0.00" else text).replace("-", "\N{MINUS SIGN}")


def place_words(axes: Axes, coordinates: NDArray[np.float64], pair: tuple[int, int]) -> str:
    """Where the handle is: ``"z = (0.53, 1.20)"``, or along two axes of several."""
    i, j = pair
    x, y = number(coordinates[i]), number(coordinates[j])
    return f"z = ({x}, {y})" if axes.dims == 2 else f"{axes.name(i)} {x}{DOT}{axes.name(j)} {y}"


def distance_words(code: NDArray[np.float32]) -> tuple[str, str]:
    """How far a code is from the middle of the prior, and how unusual that is."""
    norm = float(np.linalg.norm(code))
    share = share_within(norm, len(code))
    closer = f"{100 * share:.1f} %" if share < 0.9995 else "over 99.9 %"
    return f"{norm:.2f} from the centre", f"{closer} of the prior nearer"
