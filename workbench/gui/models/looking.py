"""What jobs of the Inspect panel do. They run in a thread of their own; here alone the engine's networks are loaded.

Every piece of work takes plain values and opens what it needs by itself, so that nothing of the window is touched.
"""

import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.engine.events import Event, Progress
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.waiting import waiting
from workbench.gui.jobs import Work
from workbench.gui.models.inspectable_runs import BEST

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.train.trained import Trained

TRAIN, VALIDATION, TEST, UNLABELLED = "train", "validation", "test", "unlabelled"
SPLITS = (VALIDATION, TEST, TRAIN, UNLABELLED)
"""In the order in which they are offered; the first that there is is looked at where none is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to be looked at.

    Attributes:
        run: Id.
        checkpoint: ``"best"``, ``"last"``, or a step.
        split: See :data:`SPLITS`.
    """

    run: str
    checkpoint: str = BEST
    split: str = VALIDATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided(Event):
    """Items in each split that can be looked at, told before the looking begins."""

    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look gave. ``dataset`` is the one that the items are of."""

    inspection: "Inspection"
    dataset: "Dataset | None"
    counts: Mapping[str, int]


class Weights:
    """The network behind an inspection, loaded once, by the first job that asks.

    Args:
        run, step: Which checkpoint.
    """

    def __init__(self, project: Project, run: str, step: int, preferences: Preferences) -> None:
        self.run, self.step = run, step
        self._project, self._preferences = project, preferences
        self._lock = threading.Lock()
        self._trained: Trained | None = None

    def load(self) -> "Generator[Event, None, Trained]":
        """For jobs alone: ``trained = yield from weights.load()``.

        Raises:
            UserError: The checkpoint is gone, or cannot be read.
        """
        return (yield from waiting(self._load, stage="loading the network"))

    def _load(self) -> "Trained":
        from workbench.engine.train.trained import load_trained

        with self._lock:
            if self._trained is None:
                run = self._project.run(self.run)
                self._trained = load_trained(run, checkpoint=str(self.step), preferences=self._preferences)
            return self._trained


def look(project: Project, choice: Choice, *, preferences: Preferences, opened: "Dataset | None") -> Work:
    """Look at a run on one of its splits; on the first that there is where it has not the one that was chosen.

    Args:
        opened: The dataset that is open; it is not opened again if it is the run's.

    Yields:
        :class:`Divided` first, then progress.

    Returns:
        A :class:`Look`.
    """
    from workbench.engine.data.opened import open_dataset
    from workbench.engine.inspection.looking import inspect_run

    run = project.run(choice.run)
    row = project.dataset(run.status().dataset)
    yield Progress(stage="opening the data", done=0, total=0)
    dataset = opened if opened and opened.row == row else (
        yield from waiting(lambda: open_dataset(project, row), stage="opening the data")
    )  # fmt: skip
    counts = split_sizes(project, run.id, dataset)
    yield Divided(counts=counts)
    split = choice.split if choice.split in counts else next((name for name in SPLITS if name in counts), choice.split)
    inspection = yield from inspect_run(
        project, run, split=split, checkpoint=choice.checkpoint, preferences=preferences
    )
    yield from waiting(lambda: _prime(inspection), stage="reading the answers")
    return Look(inspection=inspection, dataset=dataset, counts=counts)


def look_at_split(project: Project, run: str, step: int, split: str, *, preferences: Preferences) -> Work:
    """Look with the same weights at another split. Returns an inspection."""
    from workbench.engine.inspection.looking import inspect_run

    inspection = yield from inspect_run(
        project, project.run(run), split=split, checkpoint=str(step), preferences=preferences
    )
    yield from waiting(lambda: _prime(inspection), stage="reading the answers")
    return inspection


def look_at_dataset(project: Project, run: str, step: int, name: str, *, preferences: Preferences) -> Work:
    """Look with the same weights at all of another dataset. Returns an inspection and the opened dataset."""
    from workbench.engine.data.opened import open_dataset
    from workbench.engine.inspection.looking import inspect_dataset

    row = project.dataset(name)
    dataset = yield from waiting(lambda: open_dataset(project, row), stage="opening the data")
    inspection = yield from inspect_dataset(
        project, project.run(run), row, checkpoint=str(step), preferences=preferences
    )
    yield from waiting(lambda: _prime(inspection), stage="reading the answers")
    return inspection, dataset


def _prime(inspection: "Inspection") -> None:
    """Have computed what every page asks of an inspection first, so that it is not the window's thread that does."""
    _ = inspection.predicted, inspection.confidence


def split_sizes(project: Project, run: str, dataset: "Dataset") -> dict[str, int]:
    """Items in each split of a run that has any, and in ``"unlabelled"`` those of its data that nobody labelled."""
    from workbench.engine.data.image_set import ImageSet
    from workbench.engine.train.dividing import choose_label_set

    of = project.run(run)
    stored = project.split(of.status().split)
    counts = {name: len(stored.items[name]) for name in SPLITS if name in stored.items and len(stored.items[name])}
    if isinstance(dataset.items, ImageSet):
        label_set = choose_label_set(dataset.row, str(of.job().get("data", {}).get("label", "")))
        labels = dataset.items.labels(label_set) if stored.labels is None else stored.labels
        without = (labels < 0) & ~dataset.state.excluded
        for items in stored.items.values():
            without[items] = False
        if without.any():
            counts[UNLABELLED] = int(without.sum())
    return counts
