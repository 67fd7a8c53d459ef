"""A finding: one kind of trouble in a dataset, with how often and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.engine.data.source import Severity

Items = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of trouble over a whole dataset.

    Attributes:
        code: Short stable name, ``"off-palette"``.
        title: What it is, in a few words ("Mask pixels whose colour is no class").
        severity: ``"error"`` where training would fail or learn something false, ``"warning"`` where it may,
            ``"info"`` for what is only worth knowing.
        count: How many over the whole set, in ``unit``.
        unit: What is counted, in the plural: ``"images"``, ``"pixels"``, ``"answers"``, ``"lines"``.
        items: Ids of the items concerned, ascending; empty where it concerns the source as a whole.
        details: Item id, or -1 for the source, to words about it; for the first few only where there are many.
        remedy: What a person can do about it, as a sentence.
        repairs: Names in ``REPAIRS`` of what mends it at import, the gentlest first.
        clusters: For duplicates: ids that belong together, each ascending.
    """

    code: str
    title: str
    severity: Severity
    count: int
    unit: str
    items: Items
    details: Mapping[int, str] = field(default_factory=dict)
    remedy: str = ""
    repairs: tuple[str, ...] = ()
    clusters: tuple[tuple[int, ...], ...] = ()
