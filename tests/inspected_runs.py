"""A project with data and runs that can be looked into, without a network: a stand-in gives the answers."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspection_samples import inspected
from lint_samples import entered, noise, shades
from run_samples import add_run

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.inspection import looking
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Split

STEPS = 200
SPLIT = Split(
    protocol="random 6/4/2",
    items={"train": np.arange(6), "validation": np.arange(6, 10), "test": np.arange(10, 12)},
    hash="5e1f" + "0" * 60,
)


@dataclass
class Zoo:
    """The project, and what the stand-in for the network was asked: run, split and checkpoint.

    Attributes:
        broken: Sentence that the next looks fail with; empty for none.
        held: Looks wait while this is set, and can be stopped.
    """

    project: Project
    row: DatasetRow
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    broken: str = ""
    held: bool = False

    def add(self, name: str, *, step: int = 100, **more: Any) -> Run:
        """A run on the data, with a checkpoint at ``step`` (none for 0) that is its best one."""
        return add_run(self.project, name, step=step, dataset=self.row.id, split=SPLIT.hash, **more)

    def save(self, run: Run, step: int) -> None:
        """Give ``run`` one more checkpoint, as its training would."""
        run.checkpoint(step).mkdir()
        (run.checkpoint(step) / "meta.json").write_text("{}")
        status = run.status()
        run.write_status(type(status)(**{**_plain(status), "step": step}))

    def inspect_run(
        self, project: Project, run: Run, *, split: str, checkpoint: str, preferences: object
    ) -> Generator[ev.Event, None, Inspection]:
        self.asked.append((run.status().name, split, checkpoint))
        yield ev.Progress(stage=f"looking at {split}", done=0, total=4)
        while self.held:
            yield ev.Progress(stage=f"looking at {split}", done=1, total=4)
        if self.broken:
            raise UserError(self.broken)
        steps = run.checkpoint_steps()
        step = {"best": int(run.status().best.get("step", -1)), "last": steps[-1]}.get(checkpoint) or int(checkpoint)
        items = SPLIT.items[split]
        labels = items % 2
        logits = np.stack([1.0 - labels, 1.5 * labels], 1)
        logits[0] = logits[0, ::-1] + 0.2  # the first one is wrong
        return inspected(
            labels, logits, items=items, classes=("a", "b"), run=run.id, name=run.status().name, split=split,
            dataset=self.row.id, step=step,
        )  # fmt: skip

    def inspect_dataset(
        self, project: Project, run: Run, dataset: DatasetRow, *, checkpoint: str, preferences: object, most: int = 0
    ) -> Generator[ev.Event, None, Inspection]:
        self.asked.append((run.status().name, dataset.name, checkpoint))
        yield ev.Progress(stage="looking", done=0, total=2)
        return inspected(
            [-1, -1], [[0, 1], [1, 0]], classes=("a", "b"), run=run.id, split="all", dataset=dataset.id,
            step=int(checkpoint),
        )  # fmt: skip


def _plain(status: Any) -> dict[str, Any]:
    return {name: getattr(status, name) for name in status.__slots__}


def make_zoo(project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    """Two classes of six images each, divided, and no run yet."""
    row, _ = entered(project, shades(folder / "shades"))
    project.add_split(SPLIT)
    zoo = Zoo(project=project, row=row)
    monkeypatch.setattr(looking, "inspect_run", zoo.inspect_run)
    monkeypatch.setattr(looking, "inspect_dataset", zoo.inspect_dataset)
    return zoo


def add_strangers(project: Project, folder: Path) -> DatasetRow:
    """Another dataset, of two images."""
    for number in range(2):
        path = folder / "strangers" / "c" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(500 + number))
    row, _ = entered(project, folder / "strangers")
    return row


class Heard:
    """What signals said, in order."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def of(self, name: str) -> Callable[..., None]:
        """A slot that writes down that the signal ``name`` came, and with what."""

        def slot(*arguments: object) -> None:
            self.said.append((name, *arguments))

        return slot

    def count(self, name: str) -> int:
        return sum(entry[0] == name for entry in self.said)
