"""Which charts a set of runs makes, and which line of them looks how.

Most charts are of one metric. Of one run, what belongs together shares a chart; what an evaluation says of each of many
things is one chart with a line for each, of which only the strongest stand out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.engine.project.curves import LEARNING_RATE, MEMORY, SAMPLES_PER_SECOND, STEP, Curves
from workbench.gui.units import larger_is_better, metric_of, split_of, unit_of
from workbench.gui.widgets.plots.legend import Entry
from workbench.gui.widgets.plots.series import Level, Trace

_FIRST = (
    "elbo", "iwae", "reconstruction", "kl", "kl_per_dimension", "active_dimensions",
    "bits_per_dim", "prior_bits", "log_det_bits", "logit_bits", "dequantisation_bits",
    "adversaries", "verdicts", "gap", "fid", "pixel_distance",
    "loss", "accuracy",
)  # fmt: skip
_LAST = (LEARNING_RATE, SAMPLES_PER_SECOND, MEMORY)
_SPLITS = (STEP, "train", "validation", "test")
_MARKED = ("validation", "test", "train", STEP)  # the first of these that there is has its best and last marked
_SOLID = (STEP, "train", "")
_TOGETHER: dict[str, dict[str, str]] = {  # chart to its metrics, and what each is called there
    "adversaries": {"discriminator_loss": "discriminator", "generator_loss": "generator"},
    "verdicts": {"real": "D(real)", "fake": "D(fake)"},
}
_ELEMENTS = {"kl_per_dimension": "dimension", "class_shares": "class"}
_STAND_OUT = 6  # lines of a chart of many that have a colour and a name
_ALL_STAND_OUT = 8  # lines, up to which all do
_KNOWN_LEVELS = ((2 * math.log(2), "2 log 2"), (math.log(2), "log 2"), (0.5, "1/2"))


def _no_levels() -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class RunCurves:
    """One run on a board.

    Attributes:
        label: Its name for people, unique on its board.
        curves: Its numbers.
        colour: Index of its colour among the theme's, where there are several runs.
        levels: Metric to the value at which it is in equilibrium, where it has one.
    """

    label: str
    curves: Curves
    colour: int = 0
    levels: Mapping[str, float] = field(default_factory=_no_levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is in a chart.

    Attributes:
        traces: The lines, the first at the back.
        entries: A legend of its own, beside the board's; usually none.
        levels: Values to mark.
    """

    traces: tuple[Trace, ...]
    entries: tuple[Entry, ...] = ()
    levels: tuple[Level, ...] = ()


def _rank(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _splits(runs: Sequence[RunCurves]) -> list[str]:
    """Every split that some metric was measured on."""
    found = dict.fromkeys(split_of(key) for run in runs for key in run.curves.keys())  # noqa: SIM118 - no mapping
    return sorted((split for split in found if split), key=lambda split: _rank(_SPLITS, split))


def charts_of(runs: Sequence[RunCurves]) -> dict[str, Plan]:
    """The charts by name, which is a metric or what several are called together: what tells most comes first, then how
    the training goes."""
    keys = list(dict.fromkeys(key for run in runs for key in run.curves.keys()))  # noqa: SIM118 - no mapping
    metrics = list(dict.fromkeys(metric_of(key) for key in keys))
    elements = dict.fromkeys(metric_of(name) for run in runs for name in run.curves.elements())
    shared = {chart: names for chart, names in _TOGETHER.items() if len(runs) == 1 and names.keys() <= {*metrics}}
    alone = [metric for metric in metrics if not any(metric in names for names in shared.values())]
    order = sorted(
        [*alone, *shared, *elements],
        key=lambda name: len(_FIRST) + 1 + _LAST.index(name) if name in _LAST else _rank(_FIRST, name),
    )
    plans: dict[str, Plan] = {}
    for name in order:
        if name in shared:
            plans[name] = _several_metrics(runs[0], shared[name], splits=_splits(runs))
        elif name in elements:
            plans[name] = _strongest(runs[0], name) if len(runs) == 1 else _each_of(runs, name)
        else:
            plans[name] = Plan(traces=_one_metric(runs, name, keys), levels=_levels(runs, [name]))
    return plans


def _one_metric(runs: Sequence[RunCurves], metric: str, keys: Sequence[str]) -> tuple[Trace, ...]:
    splits = _splits(runs)
    mine = sorted((key for key in keys if metric_of(key) == metric), key=lambda key: _rank(_SPLITS, split_of(key)))
    marked = next((split for split in _MARKED if f"{split}/{metric}" in mine), None)
    return tuple(
        Trace(
            curves=run.curves,
            key=key,
            label=_label(runs, run, split_of(key)),
            colour=run.colour if len(runs) > 1 else _rank(splits, split_of(key)) if split_of(key) else 0,
            dashed=split_of(key) not in _SOLID,
            dotted=len(runs) > 1 and split_of(key) == "train",
            smooth=split_of(key) == STEP,
            maximise=larger_is_better(metric) if split_of(key) == marked else None,
            groups=_groups(runs, run, split_of(key)),
        )
        for key in mine
        for run in runs
    )


def _several_metrics(run: RunCurves, metrics: Mapping[str, str], *, splits: Sequence[str]) -> Plan:
    """Metrics of one kind in one chart: a colour each, and the split by its strokes."""
    colours = {metric: len(splits) + number for number, metric in enumerate(metrics)}
    known = set(run.curves.keys())
    return Plan(
        traces=tuple(
            Trace(
                curves=run.curves,
                key=f"{split}/{metric}",
                label=f"{word} · {split}",
                colour=colours[metric],
                dashed=split not in _SOLID,
                dotted=split == "train",
                smooth=split == STEP,
                groups=frozenset((split, word)),
            )
            for split in splits
            for metric, word in metrics.items()
            if f"{split}/{metric}" in known
        ),
        entries=tuple(Entry(word, colours[metric]) for metric, word in metrics.items()),
        levels=_levels([run], list(metrics), colours=colours),
    )


def _strongest(run: RunCurves, name: str) -> Plan:
    """A line for each of many things, as measured on validation if it was: the strongest by name, the others pale."""
    found = {split_of(one): keys for one, keys in run.curves.elements().items() if metric_of(one) == name}
    split = next(split for split in (*_MARKED, *found) if split in found)
    keys = found[split]
    last = {key: float(run.curves.get(key).values[-1]) for key in keys}
    ranked = sorted(keys, key=lambda key: -last[key])
    named = ranked if len(ranked) <= _ALL_STAND_OUT else ranked[:_STAND_OUT]
    traces = [
        Trace(
            curves=run.curves,
            key=key,
            label=_element(name, keys.index(key)),
            colour=named.index(key) if key in named else "",
            muted=key not in named,
            groups=frozenset((split, _number(name, keys.index(key)) if key in named else _others(len(keys)))),
        )
        for key in [*reversed(ranked[len(named) :]), *named]
    ]
    entries = [Entry(_number(name, keys.index(key)), number) for number, key in enumerate(named)]
    if len(named) < len(keys):
        entries.append(Entry(_others(len(keys)), muted=True))
    return Plan(traces=tuple(traces), entries=tuple(entries))


def _each_of(runs: Sequence[RunCurves], name: str) -> Plan:
    """The same of several runs, each in its colour: too many lines to tell one from another."""
    return Plan(
        traces=tuple(
            Trace(
                curves=run.curves,
                key=key,
                label=f"{run.label} · {split_of(one)} · {_element(name, number)}",
                colour=run.colour,
                dashed=split_of(one) not in _SOLID,
                muted=True,
                groups=_groups(runs, run, split_of(one)),
            )
            for run in runs
            for one, keys in run.curves.elements().items()
            if metric_of(one) == name and split_of(one) in ("validation", "")
            for number, key in enumerate(keys)
        )
    )


def _element(name: str, index: int) -> str:
    return f"{_ELEMENTS.get(name, '')} {_number(name, index)}".strip()


def _number(name: str, index: int) -> str:
    return str(index if _ELEMENTS.get(name) == "class" else index + 1)  # classes are numbered as their labels are


def _others(count: int) -> str:
    return f"{count - _STAND_OUT} others"


def _levels(
    runs: Sequence[RunCurves],
    metrics: Sequence[str],
    *,
    colours: Mapping[str, int] | None = None,
) -> tuple[Level, ...]:
    """What all runs agree on as the equilibrium of these metrics; one line where several have the same.

    The words are short, as a chart may be small; whose it is says the colour.
    """
    agreed: dict[float, list[str]] = {}
    for metric in metrics:
        values = {run.levels.get(metric) for run in runs}
        value = values.pop()
        if value is not None and not values:
            agreed.setdefault(value, []).append(metric)
    levels = []
    for value, of in agreed.items():
        colour = colours[of[0]] if colours and len(of) == 1 else ""
        levels.append(Level(value=value, text=f"equilibrium: {_level_words(value, of[0])}", colour=colour))
    return tuple(levels)


def _level_words(value: float, metric: str) -> str:
    for known, words in _KNOWN_LEVELS:
        if math.isclose(value, known):
            return words
    return unit_of(metric).text(value)


def _label(runs: Sequence[RunCurves], run: RunCurves, split: str) -> str:
    if len(runs) == 1:
        return split or run.label
    return f"{run.label} · {split}" if split else run.label


def _groups(runs: Sequence[RunCurves], run: RunCurves, split: str) -> frozenset[str]:
    """The entries of the board's legend that a line goes with."""
    return frozenset((split, run.label) if len(runs) > 1 else (split,))


def entries_of(runs: Sequence[RunCurves]) -> list[Entry]:
    """One legend for all charts: the splits, and before them the runs where there are several."""
    splits = _splits(runs)
    if len(runs) == 1:
        return [Entry(split, index, split not in _SOLID) for index, split in enumerate(splits)]
    return [
        *(Entry(run.label, run.colour) for run in runs),
        *(Entry(split, "", split not in _SOLID, split == "train") for split in splits),
    ]
