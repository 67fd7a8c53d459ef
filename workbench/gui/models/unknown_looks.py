"""Which items are taken for unknowns, and what one checkpoint makes of them: the book that the inspection model keeps.

The names outlive the weights: whoever chose a dataset of strangers wants it looked at with the next checkpoint, too.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection


class UnknownLooks:
    """Attributes:
    found: Inspections by the name of their dataset, and ``"unlabelled"`` for items of the run's own data.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._datasets: dict[str, Dataset] = {}
        self.found: dict[str, Inspection] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the other datasets that were chosen, looked at or not."""
        return tuple(self._names)

    @property
    def missing(self) -> list[str]:
        """Names of those that are still to be looked at."""
        return [name for name in self._names if name not in self.found]

    def add(self, name: str) -> bool:
        """Choose a dataset; whether it was not chosen before."""
        fresh = name not in self._names
        if fresh:
            self._names.append(name)
        return fresh

    def remove(self, name: str) -> bool:
        """Choose it no longer; whether it was chosen."""
        if name not in self._names:
            return False
        self._names.remove(name)
        self.found.pop(name, None)
        self._datasets.pop(name, None)
        return True

    def put(self, name: str, inspection: "Inspection", *, dataset: "Dataset | None") -> None:
        """Take up what was found; ``dataset`` is what the items are of, opened, where that is not known yet."""
        self.found[name] = inspection
        if dataset is not None:
            self._datasets[name] = dataset

    def dataset(self, name: str) -> "Dataset | None":
        return self._datasets.get(name)

    def forget_answers(self) -> None:
        """Other weights are looked at; what was chosen stays."""
        self.found, self._datasets = {}, {}

    def forget(self) -> None:
        """Another project is open."""
        self._names.clear()
        self.forget_answers()
