"""The answers of one checkpoint on the items of one dataset, which all views of a run are made from.

Shapes: M items, K classes, D features.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.engine.project.splits import Items

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a checkpoint makes of M items.

    Attributes:
        run, name: The run's id, and what a person calls it.
        step: Of the weights; ``steps`` is how many the run is to take.
        dataset: Id of the dataset that the items are of.
        split: ``"train"``, ``"validation"``, ``"test"``, ``"unlabelled"`` or ``"all"``.
        protocol: What the numbers are measured on, as shown beside each of them.
        classes: Names, in label order; the catch-all class, if the run has one, is the last (see ``catch_all``).
        items: int64[M], ids in the dataset, ascending.
        labels: int64[M] into ``classes``, -1 where the item is of none of them or nobody knows.
        logits: float32[M, K].
        features: float32[M, D], what the last layer sees.
        catch_all: Label of the class that was made of unknown items; -1 if there is none.
    """

    run: str
    name: str
    step: int
    steps: int
    dataset: str
    split: str
    protocol: str
    classes: tuple[str, ...]
    items: Items
    labels: Items
    logits: Singles
    features: Singles
    catch_all: int = -1

    def __post_init__(self) -> None:
        assert len(self.items) == len(self.labels) == len(self.logits) == len(self.features)
        assert self.logits.shape[1:] == (len(self.classes),)

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def probabilities(self) -> Floats:
        """float64[M, K], the softmax of the logits; rows add up to 1."""
        return softmax(self.logits)

    @cached_property
    def predicted(self) -> Items:
        """int64[M], the most likely class, the first of equals."""
        predicted: Items = self.logits.argmax(1)
        return predicted

    @cached_property
    def confidence(self) -> Floats:
        """float64[M], probability of the predicted class, 0..1."""
        return np.take_along_axis(self.probabilities, self.predicted[:, None], 1)[:, 0]

    @property
    def known(self) -> NDArray[np.bool_]:
        """bool[M], whether the item has a label among the classes."""
        known: NDArray[np.bool_] = self.labels >= 0
        return known

    def rows(self, items: Items) -> Items:
        """Positions of ``items`` (ids, each of them in :attr:`items`)."""
        return np.searchsorted(self.items, items)


def softmax(logits: Singles | Floats, *, temperature: float = 1.0) -> Floats:
    """float64[M, K], shifted by the maximum, so that it overflows nowhere."""
    scaled: Floats = logits.astype(np.float64) / temperature
    scaled -= scaled.max(1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(1, keepdims=True)
    return scaled
