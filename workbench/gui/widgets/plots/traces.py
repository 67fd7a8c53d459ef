"""Which charts a set of runs makes, and which line of them looks how."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engine.project.curves import LEARNING_RATE, MEMORY, SAMPLES_PER_SECOND, STEP, Curves
from workbench.gui.units import larger_is_better, metric_of, split_of
from workbench.gui.widgets.plots.legend import Entry
from workbench.gui.widgets.plots.series import Trace

_FIRST = ("loss", "accuracy")
_LAST = (LEARNING_RATE, SAMPLES_PER_SECOND, MEMORY)
_SPLITS = (STEP, "train", "validation", "test")
_MARKED = ("validation", "test", "train", STEP)  # the first of these that there is has its best and last marked
_SOLID = (STEP, "train", "")


@dataclass(frozen=True, slots=True)
class RunCurves:
    """One run on a board.

    Attributes:
        label: Its name for people, unique on its board.
        curves: Its numbers.
        colour: Index of its colour among the theme's, where there are several runs.
    """

    label: str
    curves: Curves
    colour: int = 0


def _rank(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _splits(runs: Sequence[RunCurves]) -> list[str]:
    """Every split that some metric was measured on."""
    found = dict.fromkeys(split_of(key) for run in runs for key in run.curves.keys())  # noqa: SIM118 - no mapping
    return sorted((split for split in found if split), key=lambda split: _rank(_SPLITS, split))


def charts_of(runs: Sequence[RunCurves]) -> dict[str, list[Trace]]:
    """The lines of each chart by metric: loss, accuracy, whatever else is measured, then how the training goes."""
    keys = dict.fromkeys(key for run in runs for key in run.curves.keys())  # noqa: SIM118 - no mapping
    metrics = sorted(
        dict.fromkeys(metric_of(key) for key in keys),
        key=lambda metric: len(_FIRST) + 1 + _LAST.index(metric) if metric in _LAST else _rank(_FIRST, metric),
    )
    splits = _splits(runs)
    charts: dict[str, list[Trace]] = {}
    for metric in metrics:
        mine = sorted((key for key in keys if metric_of(key) == metric), key=lambda key: _rank(_SPLITS, split_of(key)))
        marked = next((split for split in _MARKED if f"{split}/{metric}" in mine), None)
        charts[metric] = [
            Trace(
                curves=run.curves,
                key=key,
                label=_label(runs, run, split_of(key)),
                colour=run.colour if len(runs) > 1 else _rank(splits, split_of(key)) if split_of(key) else 0,
                dashed=split_of(key) not in _SOLID,
                dotted=len(runs) > 1 and split_of(key) == "train",
                smooth=split_of(key) == STEP,
                maximise=larger_is_better(metric) if split_of(key) == marked else None,
            )
            for key in mine
            for run in runs
        ]
    return charts


def _label(runs: Sequence[RunCurves], run: RunCurves, split: str) -> str:
    if len(runs) == 1:
        return split or run.label
    return f"{run.label} · {split}" if split else run.label


def entries_of(runs: Sequence[RunCurves]) -> list[Entry]:
    """One legend for all charts: the splits, and before them the runs where there are several."""
    splits = _splits(runs)
    if len(runs) == 1:
        return [Entry(split, index, split not in _SOLID) for index, split in enumerate(splits)]
    return [
        *(Entry(run.label, run.colour) for run in runs),
        *(Entry(split, "", split not in _SOLID, split == "train") for split in splits),
    ]


def hidden_labels(runs: Sequence[RunCurves], hidden: frozenset[str]) -> frozenset[str]:
    """The traces that are off where these entries of the legend are."""
    return frozenset(
        _label(runs, run, split)
        for run in runs
        for split in ("", *_splits(runs))
        if split in hidden or (len(runs) > 1 and run.label in hidden)
    )
