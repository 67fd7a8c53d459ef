"""What the items of every imported set have, whatever they are: a name, a split, a group."""

from typing import Any

import numpy as np
import numpy.typing as npt


class ItemTable:
    """N items by index, 0-based.

    Args:
        table: The Arrow table of an imported set.

    Raises:
        KeyError, TypeError, ValueError: It is not one.
    """

    def __init__(self, table: Any) -> None:
        self._names: list[str] = table["name"].to_pylist()
        self._splits = np.array(table["split"].to_pylist(), dtype=np.str_)
        grouped = "group" in table.column_names  # the first versions kept none
        self._groups = np.array(table["group"].to_pylist() if grouped else [""] * len(self._names), dtype=np.str_)

    def __len__(self) -> int:
        return len(self._names)

    def splits(self) -> npt.NDArray[np.str_]:
        """str[N]: ``"train"``, ``"validation"``, ``"test"`` or ``""``."""
        return self._splits.copy()

    def groups(self) -> npt.NDArray[np.str_]:
        """str[N]: what an item belongs to (a place, an article), ``""`` where nobody said."""
        return self._groups.copy()

    def name(self, index: int) -> str:
        return self._names[index]

    def names(self) -> list[str]:
        return list(self._names)
