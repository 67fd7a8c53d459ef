"""The commands that say what a run's answers are worth: ``inspect`` and ``compare``."""

import argparse
from collections.abc import Generator
from pathlib import Path

from workbench.console import DONE, STOPPED_BY_USER, Interrupted, Output, chosen_preferences, chosen_project, drive
from workbench.engine import events as ev
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.errors import UserError
from workbench.engine.export.predictions import PREDICTION_FORMATS, export_predictions
from workbench.engine.files import write_bytes
from workbench.engine.inspection.calibration import fit_temperature, reliability
from workbench.engine.inspection.comparison import compare
from workbench.engine.inspection.confusion import confusion, most_confused
from workbench.engine.inspection.inspection import Inspection, softmax
from workbench.engine.inspection.looking import UNLABELLED, inspect_dataset, inspect_run
from workbench.engine.inspection.scoring import report
from workbench.engine.inspection.unknown import UnknownRow, unknown_table
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TRAIN, VALIDATION
from workbench.engine.train.dividing import choose_label_set
from workbench.engine.waiting import waiting
from workbench.findings import Findings, Scored, comparison_text, comparison_values, findings_text, findings_values


def inspect(options: argparse.Namespace, output: Output) -> int:
    if options.format and not options.export:
        raise UserError("--format says how to export, and there is no --export", remedy="add --export FOLDER")
    format = options.format or "csv"
    PREDICTION_FORMATS[format]  # a mistyped name is found before any work
    project = chosen_project(options)
    run = project.run(options.run)
    look = _Look(project, run, checkpoint=options.checkpoint, preferences=chosen_preferences(options))
    written: tuple[Path, ...] = ()
    try:
        findings = drive(_findings(look, options.split, options.unknowns), output.terminal.show)
        if options.export:
            work = _export(look, findings.inspection, options.export, format=format)
            written = drive(work, output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    output.record({**findings_values(findings), "files": [str(path) for path in written]}, findings_text(findings))
    for path in written:
        output.terminal.say(f"written: {path}")
    return DONE


def compare_(options: argparse.Namespace, output: Output) -> int:
    project, preferences = chosen_project(options), chosen_preferences(options)
    looks = [
        _Look(project, project.run(name), checkpoint=options.checkpoint, preferences=preferences)
        for name in (options.first, options.second)
    ]
    try:
        first, second = (drive(look.at(options.split), output.terminal.show) for look in looks)
        result = compare(first, second)
        names = drive(looks[0].names(), output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    output.record(comparison_values(result, first, second), comparison_text(result, first, second, names))
    return DONE


class _Look:
    """One checkpoint of a run, to be asked about several sets of items.

    ``"last"`` and ``"best"`` are settled by the first answer, so that all are of the same weights while the run trains.
    """

    def __init__(self, project: Project, run: Run, *, checkpoint: str, preferences: Preferences) -> None:
        self.project = project
        self.run = run
        self._checkpoint = checkpoint
        self._preferences = preferences

    @property
    def splits(self) -> list[str]:
        """Names of its own splits that have items."""
        return [name for name, items in self.project.split(self.run.status().split).items.items() if len(items)]

    def at(self, split: str) -> Generator[ev.Event, None, Inspection]:
        """A split of its own."""
        work = inspect_run(
            self.project, self.run, split=split, checkpoint=self._checkpoint, preferences=self._preferences
        )
        return (yield from self._settled(work))

    def at_dataset(self, name: str) -> Generator[ev.Event, None, Inspection]:
        """All items of another dataset."""
        row = self.project.dataset(name)
        work = inspect_dataset(self.project, self.run, row, checkpoint=self._checkpoint, preferences=self._preferences)
        return (yield from self._settled(work))

    def _settled(self, work: Generator[ev.Event, None, Inspection]) -> Generator[ev.Event, None, Inspection]:
        inspection = yield from work
        self._checkpoint = str(inspection.step)
        return inspection

    def opened(self) -> Generator[ev.Event, None, Dataset]:
        """The dataset that the run was trained on."""
        row = self.project.dataset(self.run.status().dataset)
        return (yield from waiting(lambda: open_dataset(self.project, row), stage="opening the data"))

    def names(self) -> Generator[ev.Event, None, list[str]]:
        """Names of that dataset's items, by id."""
        opened = yield from self.opened()
        return opened.items.names()

    def has_unlabelled(self) -> Generator[ev.Event, None, bool]:
        """Whether that dataset has items without a label that are in none of the run's splits."""
        opened = yield from self.opened()
        assert isinstance(opened.items, ImageSet), opened.row.content
        split = self.project.split(self.run.status().split)
        label_set = choose_label_set(opened.row, str(self.run.job().get("data", {}).get("label", "")))
        labels = opened.items.labels(label_set) if split.labels is None else split.labels
        free = ~opened.state.excluded & (labels < 0)
        for part in split.items.values():
            free[part] = False
        return bool(free.any())


def _findings(look: _Look, split: str, unknowns: list[str]) -> Generator[ev.Event, None, Findings]:
    inspection = yield from look.at(split)
    unknown = yield from _unknown(look, inspection, unknowns)
    scored = (yield from _scored(look, inspection)) if inspection.known.any() else None
    return Findings(inspection=inspection, scored=scored, unknown=unknown)


def _scored(look: _Look, inspection: Inspection) -> Generator[ev.Event, None, Scored]:
    fitting = inspection
    if inspection.split != VALIDATION and VALIDATION in look.splits:
        fitting = yield from look.at(VALIDATION)
    temperature = yield from waiting(lambda: fit_temperature(fitting.logits, fitting.labels), stage="calibrating")
    matrix = confusion(inspection.labels, inspection.predicted, len(inspection.classes))
    return Scored(
        report=(yield from waiting(lambda: report(inspection), stage="scoring")),
        before=reliability(inspection.probabilities, inspection.labels),
        calibrated=(yield from waiting(lambda: report(inspection, temperature=temperature), stage="scoring")),
        after=reliability(softmax(inspection.logits, temperature=temperature), inspection.labels),
        fitted_on=fitting.split,
        confused=tuple(most_confused(matrix)),
    )


def _unknown(
    look: _Look, inspection: Inspection, names: list[str]
) -> Generator[ev.Event, None, tuple[UnknownRow, ...]]:
    """The table for the named datasets and for what its own data has without a label."""
    sets: dict[str, Inspection] = {}
    if inspection.split != UNLABELLED and (yield from look.has_unlabelled()):
        sets[UNLABELLED] = yield from look.at(UNLABELLED)
    for name in names:
        sets[name] = yield from look.at_dataset(name)
    if not sets and not (inspection.catch_all >= 0 and (inspection.labels == inspection.catch_all).any()):
        return ()
    training = yield from look.at(TRAIN)
    rows = yield from waiting(lambda: unknown_table(inspection, sets, training), stage="comparing with the unknown")
    return tuple(rows)


def _export(
    look: _Look, inspection: Inspection, folder: Path, *, format: str
) -> Generator[ev.Event, None, tuple[Path, ...]]:
    """Write the predictions into ``folder``; with bare rows go lists of the images and the classes that they are of."""
    stem = f"{inspection.run}-{inspection.split}-{inspection.step}"
    suffix = PREDICTION_FORMATS[format].suffix
    path = folder / (f"{stem}{suffix}" if suffix == f".{format}" else f"{stem}.{format}{suffix}")
    beside = {"classes": list(inspection.classes)}
    names = yield from look.names()
    beside["images"] = images = [names[item] for item in inspection.items]
    others = {folder / f"{stem}.{key}.txt": lines for key, lines in beside.items()} if format == "rows" else {}
    for file in (path, *others):
        if file.exists():
            raise UserError("there is such a file already", where=str(file), remedy="name another folder")
    yield from export_predictions(inspection, images, path, format=format)
    for file, lines in others.items():
        write_bytes(file, "".join(f"{' '.join(line.splitlines())}\n" for line in lines).encode())
    return path, *others
