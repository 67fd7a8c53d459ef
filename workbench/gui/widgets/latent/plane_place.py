"""Where the handle is: a code, its coordinates along the axes, and which two of them the plane shows. Numbers only, no
widget.
"""

import numpy as np
from numpy.typing import NDArray

from workbench.gui.widgets.latent.plane_axes import Axes

Codes = NDArray[np.float32]
Floats = NDArray[np.float64]


class Place:
    """Attributes:
        axes: The directions that the plane and the sliders go along.
        pair: Indices of the axes across and upwards, two different ones.
        coordinates: float64[D] along :attr:`axes`.

    Args:
        code: [D]; the middle of the prior unless told otherwise.
    """

    def __init__(self, axes: Axes, *, pair: tuple[int, int] = (0, 1), code: Codes | None = None) -> None:
        self.axes, self.pair = axes, pair
        self.coordinates: Floats = np.zeros(axes.dims)
        self._code: Floats = np.zeros(axes.dims)
        self.go_to(np.zeros(axes.dims, np.float32) if code is None else code)

    @property
    def code(self) -> Codes:
        """float32[D]."""
        return self._code.astype(np.float32)

    @property
    def dims(self) -> int:
        return self.axes.dims

    @property
    def handle(self) -> tuple[float, float]:
        """Where it is in the plane."""
        i, j = self.pair
        return float(self.coordinates[i]), float(self.coordinates[j])

    @property
    def others(self) -> list[int]:
        """The axes that the plane does not show, the strongest first."""
        return [index for index in self.axes.order.tolist() if index not in self.pair]

    def go_to(self, code: Codes) -> None:
        """To a code [D]."""
        self.coordinates, self._code = self.axes.coordinates(code), code.astype(np.float64)

    def move(self, axis: int, amount: float) -> None:
        """Set one coordinate. With hundreds of them this takes no longer than with two."""
        self._code += (amount - self.coordinates[axis]) * self.axes.basis[axis]
        self.coordinates[axis] = amount

    def set_others(self, coordinates: Floats) -> None:
        """Set those that the plane does not show to some of ``coordinates`` [D]; the handle stays."""
        own = np.array(coordinates, np.float64)
        own[list(self.pair)] = self.coordinates[list(self.pair)]
        self.coordinates, self._code = own, self.axes.code(own).astype(np.float64)
