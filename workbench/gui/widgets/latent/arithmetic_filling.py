"""Where the groups of a sum came from: a class, all others, or a hand. The groups themselves are the model's."""

import numpy as np
from numpy.typing import NDArray

from workbench.gui.models.latent import LatentModel

Items = NDArray[np.int64]

PICKED, OTHERS = -1, -2
"""In place of a class: picked by hand, and all but those of group A."""
BY_HAND = -1
"""In place of a class as direction: what the groups give."""


class Filling:
    """Fills the groups of ``model``, and knows from what, as long as nobody else changes them."""

    def __init__(self, model: LatentModel) -> None:
        self._model = model
        self._filled: dict[str, tuple[Items, int]] = {}

    def fill(self, letter: str, items: Items, label: int = PICKED) -> None:
        """Make ``items`` (int64) the group; ``label`` is the class that they are all of, or :data:`OTHERS`."""
        self._filled[letter] = np.asarray(items, np.int64), label
        self._model.set_group(letter, items)

    def label(self, letter: str) -> int:
        """The class that the group is all of, :data:`OTHERS`, or :data:`PICKED`."""
        items, label = self._filled.get(letter, (None, PICKED))
        return label if items is not None and np.array_equal(items, self._model.group(letter)) else PICKED

    def towards(self) -> int:
        """The class that A and B lead to, away from all others; else :data:`BY_HAND`."""
        return self.label("a") if self.label("b") == OTHERS and self.label("a") >= 0 else BY_HAND
