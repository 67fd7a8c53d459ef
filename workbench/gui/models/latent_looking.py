"""What jobs of the Latent panel do. They run in a thread of their own; here alone the engine's networks are loaded.

Every piece of work takes plain values and opens what it needs by itself, so that nothing of the window is touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.engine.events import Progress
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.waiting import waiting
from workbench.gui.jobs import Work
from workbench.gui.models.looking import SPLITS, Choice, Divided, split_sizes

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.latent.explorer import Explorer


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentLook:
    """What a look gave.

    Attributes:
        run: Id.
        split: The one that was chosen, or the first that there is.
        dataset: The run's, opened.
        counts: Items in each split.
    """

    run: str
    split: str
    explorer: "Explorer"
    dataset: "Dataset | None"
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What an earlier look opened; used again where it is the same."""

    run: str
    explorer: "Explorer | None"
    dataset: "Dataset | None"


def look_latent(project: Project, choice: Choice, *, preferences: Preferences, before: Before) -> Work:
    """Load the network of a run and open its data.

    Yields:
        :class:`~workbench.gui.models.looking.Divided` first, then progress.

    Returns:
        A :class:`LatentLook`.
    """
    from workbench.engine.data.opened import open_dataset

    run = project.run(choice.run)
    row = project.dataset(run.status().dataset)
    yield Progress(stage="opening the data", done=0, total=0)
    opened = before.dataset
    dataset = opened if opened and opened.row == row else (
        yield from waiting(lambda: open_dataset(project, row), stage="opening the data")
    )  # fmt: skip
    counts = {name: count for name, count in split_sizes(project, run.id, dataset).items() if name in SPLITS[:3]}
    yield Divided(counts=counts)
    split = choice.split if choice.split in counts else next((name for name in SPLITS if name in counts), choice.split)
    explorer = yield from waiting(lambda: _explorer(project, choice, preferences, before), stage="loading the network")
    return LatentLook(run=run.id, split=split, explorer=explorer, dataset=dataset, counts=counts)


def _explorer(project: Project, choice: Choice, preferences: Preferences, before: Before) -> "Explorer":
    from workbench.engine.latent.explorer import open_explorer
    from workbench.engine.train.trained import choose_checkpoint

    run = project.run(choice.run)
    if before.explorer is not None and before.run == run.id:
        step = choose_checkpoint(run, choice.checkpoint).name.rpartition("-")[2]
        if step.isdecimal() and int(step) == before.explorer.step:
            return before.explorer
    return open_explorer(run, checkpoint=choice.checkpoint, preferences=preferences)


def encode(project: Project, run: str, explorer: "Explorer", split: str, *, preferences: Preferences) -> Work:
    """The codes of all items of a split. Returns :class:`~workbench.engine.latent.codes.Codes`."""
    from workbench.engine.latent.codes import encode_split

    return (yield from encode_split(project, project.run(run), explorer, split=split, preferences=preferences))
