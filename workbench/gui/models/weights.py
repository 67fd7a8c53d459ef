"""What a backbone can begin with, as a table to choose from: published weights, none, a file, a run of the project."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon

from workbench.engine import events as ev
from workbench.engine.models.transfer.params import IMAGENET, NOTHING, OF_RUN
from workbench.engine.project.project import Project
from workbench.gui.models.choices import ChoicesModel
from workbench.gui.models.run_facts import Reading, RunFacts, read_facts
from workbench.gui.units import unit_of

COLUMNS = ("Weights", "What they are")
FILE = "file:"  # no value of the setting: a file is still to be chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One thing to begin with: what the setting says, and what that is."""

    value: str
    title: str
    about: str


ALWAYS = (
    Weights(value=IMAGENET, title="imagenet", about="Published with the network; fetched once, then kept"),
    Weights(value=NOTHING, title="none", about="Random: it learns everything from your images"),
    Weights(value=FILE, title="A file\N{HORIZONTAL ELLIPSIS}", about="A .safetensors, .pth or .bin file"),
)


class WeightsModel(ChoicesModel[Weights]):
    """Runs are added as soon as they are known, by :meth:`set_runs`."""

    def __init__(self, *, current: str, mark: QIcon, parent: QObject | None = None) -> None:
        super().__init__(ALWAYS, columns=COLUMNS, mark=mark, parent=parent)
        self._wish = current.strip()
        self.set_runs(())

    def set_runs(self, runs: Sequence[Weights]) -> None:
        rows = (*ALWAYS, *runs)
        file = bool(self._wish) and not self._wish.startswith(OF_RUN)
        here = [row for row in rows if row.value == self._wish] or [row for row in rows if file and row.value == FILE]
        self.set_current(here[0] if here else None)
        self.set_all(rows)

    def text(self, row: Weights, column: int) -> str:
        return (row.title, row.about)[column]

    def tip(self, row: Weights) -> str:
        return row.about if row.value == FILE else f"{row.about}\nmodel.weights = {row.value}"

    def value(self, row: Weights, *, typed: str) -> str:
        return row.value

    def taken_as_typed(self, typed: str) -> str:
        return typed.strip()


def runs_with_weights(project: Project) -> Generator[ev.Progress, None, tuple[Weights, ...]]:
    """The project's runs of a transferred network that have a checkpoint, newest first."""
    reading = yield from read_facts(project, before=Reading())
    return tuple(
        _weights(facts) for facts in reversed(reading.facts) if facts.model == "transfer" and facts.checkpoints
    )


def _weights(facts: RunFacts) -> Weights:
    backbone = str(facts.settings.get("model.backbone", ""))
    score = f"{unit_of(facts.best.metric).text(facts.best.value)} on {facts.dataset}" if facts.best else facts.dataset
    about = " \N{MIDDLE DOT} ".join(part for part in (backbone, score) if part)
    return Weights(value=f"{OF_RUN}{facts.id}", title=facts.name, about=about)


def weights_words(value: str) -> str:
    """What a value of the setting stands for, in a few words; empty for a run, whose name is not known here."""
    value = value.strip()
    if value == IMAGENET:
        return "Its published weights"
    if value == NOTHING:
        return "Random weights"
    return "The last checkpoint of a run" if value.startswith(OF_RUN) else "Weights from a file" if value else ""
