"""What the list of runs knows of each run, read in the background and again only where a file has changed.

Reading a thousand folders takes longer than a window may wait, and most of them never change. How it is shown is
:mod:`workbench.gui.models.runs`'s business.
"""

import dataclasses
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.project.project import Project, RunRow
from workbench.engine.project.runs import RUNNING, Run, Status
from workbench.engine.tasks import TASKS, ranking_metric
from workbench.engine.train.job import Job

DAMAGED = "damaged"
_SIGN_OF_LIFE = 0.03  # seconds between two events while reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One metric of a run. ``step`` is -1 where nobody wrote it down."""

    metric: str
    value: float
    step: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """One run at a glance.

    Attributes:
        state: As in :class:`Status`, or :data:`DAMAGED`.
        dataset: The dataset's name; empty where nobody knows.
        settings: ``section.key`` to value, as in its ``job.toml``; empty if that is damaged.
        best, last: The headline metric of the best and the last evaluation, on the validation split.
        checkpoints: Their steps, ascending.
        error: The sentence a failed run ended with, or what is damaged.
    """

    id: str
    folder: Path
    name: str
    note: str
    created: float
    state: str
    status: Status
    dataset: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    best: Score | None = None
    last: Score | None = None
    checkpoints: tuple[int, ...] = ()
    error: str = ""

    @property
    def run(self) -> Run:
        return Run(self.folder)

    @property
    def model(self) -> str:
        return str(self.settings.get("model.name", ""))


def _score(metrics: Mapping[str, float], *, task: str) -> Score | None:
    name = ranking_metric(task, metrics)
    return Score(metric=name, value=metrics[name], step=int(metrics.get("step", -1))) if name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What a run's two files hold, and how they looked then."""

    signature: tuple[int, ...]
    status: Status
    settings: Mapping[str, Any]
    checkpoints: tuple[int, ...]
    damage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All runs of a project at one moment, oldest first; hand it to the next :func:`read_facts`."""

    facts: tuple[RunFacts, ...] = ()
    files: Mapping[str, _Files] = field(default_factory=dict)


def read_facts(project: Project, *, before: Reading) -> Generator[ev.Progress, None, Reading]:
    """Read every run of ``project``; files that look as they did ``before`` are not opened again."""
    rows = project.runs()
    names = {row.id: row.name for row in project.datasets()}
    facts, files = [], {}
    told = time.monotonic()
    for number, row in enumerate(rows):
        files[row.run.id] = known = _look(row.run, before.files.get(row.run.id))
        facts.append(_facts(row, known, datasets=names))
        if time.monotonic() - told > _SIGN_OF_LIFE:
            yield ev.Progress(stage="reading runs", done=number, total=len(rows))
            told = time.monotonic()
    return Reading(facts=tuple(facts), files=files)


def _facts(row: RunRow, files: _Files, *, datasets: Mapping[str, str]) -> RunFacts:
    task = str(files.settings.get("task.name", ""))
    source = Path(str(files.settings.get("data.source", ""))).name
    return RunFacts(
        id=row.run.id,
        folder=row.run.folder,
        name=row.name,
        note=row.note,
        created=row.created,
        state=DAMAGED if files.damage else files.status.state,
        status=files.status,
        dataset=datasets.get(files.status.dataset, source),
        settings=files.settings,
        best=_score(files.status.best, task=task),
        last=_score(files.status.metrics, task=task),
        checkpoints=files.checkpoints,
        error=files.damage or files.status.error,
    )


def _look(run: Run, before: _Files | None) -> _Files:
    signature = (*_appearance(run.folder / "status.json"), *_appearance(run.folder / "job.toml"))
    # A run that died while it was running leaves its file as it is; its lock must be asked each time.
    if before and before.signature == signature and before.status.state != RUNNING:
        return before
    status, settings, damage = Status(), {}, ""
    try:
        settings = flat(run.job())
    except UserError as error:
        damage = str(error)
    try:
        status = _sound(run.status(), where=run.folder / "status.json")
    except UserError as error:
        damage = str(error)
    checkpoints = tuple(run.checkpoint_steps())  # the status is written after each of them
    return _Files(signature=signature, status=status, settings=settings, checkpoints=checkpoints, damage=damage)


def _appearance(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, -1)
    return (found.st_mtime_ns, found.st_size)


def _sound(status: Status, *, where: Path) -> Status:
    """``status`` if its values are of the kinds that they should be: the file may have been edited by hand."""
    for entry in dataclasses.fields(Status):
        value, sample = getattr(status, entry.name), getattr(Status(), entry.name)
        if isinstance(sample, str):
            fits = isinstance(value, str)
        elif isinstance(sample, int | float):
            fits = _is_number(value)
        else:
            fits = isinstance(value, dict) and all(_is_number(number) for number in value.values())
        if not fits:
            raise UserError(f"this status says {entry.name} = {value!r}", where=str(where))
    return status


def _is_number(value: object) -> bool:
    """Whether it is a number that can be shown; nothing that a run counts is larger."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15


def flat(job: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a job as ``section.key`` to value; its name is not among them."""
    return {
        f"{section}.{key}": value
        for section, table in job.items()
        if isinstance(table, Mapping)
        for key, value in table.items()
    }


def levels_of(settings: Mapping[str, Any]) -> dict[str, float]:
    """Metric to the value at which it is in equilibrium, of a run whose networks compete; empty for others.

    Args:
        settings: As :func:`flat` gives them.
    """
    task = str(settings.get("task.name", ""))
    own = {key.removeprefix("task."): value for key, value in settings.items() if key.startswith("task.")}
    own.pop("name", None)
    try:
        params = TASKS[task].params.from_dict(own)
    except UserError:
        return {}
    return params.equilibrium() if isinstance(params, HasEquilibrium) else {}


@runtime_checkable
class HasEquilibrium(Protocol):
    """Options of a task in which networks compete."""

    def equilibrium(self) -> dict[str, float]:
        """Metric to the value at which neither gains."""
        ...


def default_settings(facts: RunFacts) -> dict[str, Any]:
    """What a new job of the same network and task would say; empty where this version knows them not."""
    names = {section: {"name": str(facts.settings.get(f"{section}.name", ""))} for section in ("task", "model")}
    try:
        return flat(Job.from_dict(names, name="").to_dict())
    except UserError:
        return {}
