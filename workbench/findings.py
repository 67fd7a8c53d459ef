"""What ``workbench inspect`` and ``workbench compare`` have to say: to a person at a terminal, and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from workbench.engine.inspection.calibration import Reliability
from workbench.engine.inspection.comparison import Comparison
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.scoring import Interval, Report
from workbench.engine.inspection.unknown import UnknownRow
from workbench.engine.project.splits import Items

_WORST, _PAIRS, _NAMED = 10, 5, 5  # classes, pairs of classes and items that are listed
_LONGEST = 28  # characters of a name in a table


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What the labelled items of an inspection say of a run.

    Attributes:
        report, before: With the logits as they are.
        calibrated, after: The same at the fitted temperature.
        fitted_on: Split that the temperature was fitted on.
        confused: Cells (truth, predicted, items) of most errors.
    """

    report: Report
    before: Reliability
    calibrated: Report
    after: Reliability
    fitted_on: str
    confused: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that ``inspect`` says; ``scored`` is ``None`` where no item has a label."""

    inspection: Inspection
    scored: Scored | None
    unknown: tuple[UnknownRow, ...]


# In words


def findings_text(findings: Findings) -> str:
    inspection, scored = findings.inspection, findings.scored
    about = f"{_side(inspection)} · {inspection.split}, {len(inspection):,} items"
    lines = [about, f"measured on {inspection.protocol}", ""]
    if scored:
        lines += [*_scores(scored.report), "", *_classes(inspection, scored.report), ""]
        if scored.confused:
            names = inspection.classes
            pairs = [f"{names[i]} taken for {names[j]} ({count:,})" for i, j, count in scored.confused[:_PAIRS]]
            lines += [f"most often confused: {', '.join(pairs)}", ""]
        fitted = "these items" if scored.fitted_on == inspection.split else scored.fitted_on
        lines += _calibration(scored, fitted_on=fitted)
    else:
        lines.append("None of these items has a label, so there is no score.")
    if findings.unknown:
        lines += ["", *_unknown(findings.unknown)]
    return "\n".join(lines)


def comparison_text(result: Comparison, first: Inspection, second: Inspection, names: Sequence[str]) -> str:
    """``names`` of the dataset's items, by id."""
    chance = f"p = {result.p:.3g}" if result.p >= 0.001 else "p < 0.001"
    low, high = result.difference_interval
    rows = [("fixed", result.fixed), ("broken", result.broken), ("both wrong", result.both_wrong)]
    lines = [
        f"first   {_side(first)}: {_percent(result.first_accuracy)}",
        f"second  {_side(second)}: {_percent(result.second_accuracy)}",
        f"measured on {len(result.items):,} items that both have in {first.split}, {first.protocol}",
        "",
        f"{_verdict(result.difference)} (95 %: {100 * low:+.2f} to {100 * high:+.2f}), {chance} (McNemar, exact)",
        *(f"{title:<12} {len(items):>8,}  {_first(items, names)}".rstrip() for title, items in rows),
        f"{'both right':<12} {len(result.both_right):>8,}",
    ]
    if second.protocol != first.protocol:
        lines.insert(3, f"the second run's own: {second.protocol}")
    if result.unlike:
        lines.append(f"left out, since they are of other classes in the second run: {result.unlike:,}")
    return "\n".join(lines)


def _verdict(difference: float) -> str:
    if not difference:
        return "both are right equally often: +0.00 points"
    return f"the second is {'better' if difference > 0 else 'worse'}: {100 * difference:+.2f} points"


def _side(inspection: Inspection) -> str:
    name = inspection.name if inspection.name == inspection.run else f"{inspection.name} ({inspection.run})"
    return f"{name}, step {inspection.step:,} of {inspection.steps:,}"


def _first(items: Items, names: Sequence[str]) -> str:
    rest = len(items) - _NAMED
    return ", ".join(names[item] for item in items[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _scores(scores: Report) -> list[str]:
    rows = [
        ("accuracy", scores.accuracy, _range(scores.accuracy_interval)),
        ("macro F1", scores.macro_f1, _range(scores.macro_f1_interval)),
        ("balanced accuracy", scores.balanced_accuracy, ""),
    ]
    if scores.top < len(scores.support):
        rows.insert(1, (f"top {scores.top}", scores.top5, ""))
    lines = [f"{name:<18} {_percent(value):>9}  {between}".rstrip() for name, value, between in rows]
    if scores.unlabelled:
        lines.append(f"of {scores.items:,} items with a label; {scores.unlabelled:,} have none")
    return lines


def _classes(inspection: Inspection, scores: Report) -> list[str]:
    worst = scores.worst
    shown = worst[:_WORST]
    title = "classes, worst first" if len(shown) == len(worst) else f"worst {len(shown)} of {len(worst):,} classes"
    width = max(len(title), *(min(len(inspection.classes[label]), _LONGEST) for label in shown))
    lines = [f"{title:<{width}}  precision    recall        F1    items  predicted"]
    for label in shown:
        shares = "".join(f"{_percent(column[label]):>10}" for column in (scores.precision, scores.recall, scores.f1))
        name = _short(inspection.classes[label])
        lines.append(f"{name:<{width}} {shares} {scores.support[label]:>8,}  {scores.predicted[label]:>9,}")
    return lines


def _calibration(scored: Scored, *, fitted_on: str) -> list[str]:
    before, after, report, calibrated = scored.before, scored.after, scored.report, scored.calibrated
    rows = [
        ("expected error (ECE)", _percent(before.ece), _percent(after.ece)),
        ("largest error (MCE)", _percent(before.mce), _percent(after.mce)),
        ("loss", f"{report.loss:.4f}", f"{calibrated.loss:.4f}"),
        ("Brier score", f"{report.brier:.4f}", f"{calibrated.brier:.4f}"),
    ]
    heading = (
        f"{'calibration':<20} {'as trained':>12}  at temperature {calibrated.temperature:.2f}, fitted on {fitted_on}"
    )
    return [heading, *(f"{name:<20} {one:>12}  {other:>19}" for name, one, other in rows)]


def _unknown(rows: tuple[UnknownRow, ...]) -> list[str]:
    width = max(len("unknown"), *(min(len(row.unknowns), _LONGEST) for row in rows))
    lines = [f"{'unknown':<{width}}  {'score':<16}  items    AUROC       AP   accepted"]
    lines += [
        f"{_short(row.unknowns):<{width}}  {row.score:<16} {row.unknown:>6,} {_number(row.auroc):>8} "
        f"{_number(row.average_precision):>8} {_percent(row.fpr):>10}"
        for row in rows
        if row.unknown
    ]
    lines.append(f"accepted: what passes of them where 95 % of the {rows[0].known:,} known items do")
    none = dict.fromkeys(row.unknowns for row in rows if not row.unknown)
    return (lines if any(row.unknown for row in rows) else []) + [
        f"{name}: all of its items are of classes that this run knows, so none is unknown to it" for name in none
    ]


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.2f} %"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _range(interval: Interval) -> str:
    return f"95 %: {100 * interval[0]:.2f} to {100 * interval[1]:.2f}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


# As JSON


def findings_values(findings: Findings) -> dict[str, Any]:
    inspection, scored = findings.inspection, findings.scored
    values = {**_side_values(inspection), "items": len(inspection), "unknown": _plain(findings.unknown)}
    if scored is None:
        return values
    report, names = scored.report, inspection.classes
    columns = ("precision", "recall", "f1", "support", "predicted")
    table = [
        {"class": name, **{column: _plain(getattr(report, column)[label]) for column in columns}}
        for label, name in enumerate(names)
    ]
    whole = {field.name: _plain(getattr(report, field.name)) for field in fields(report) if field.name not in columns}
    calibration = {"temperature": scored.calibrated.temperature, "fitted_on": scored.fitted_on}
    for key, one, its in (("before", scored.before, report), ("after", scored.after, scored.calibrated)):
        calibration[key] = {**_plain(one), "loss": _plain(its.loss), "brier": _plain(its.brier)}
    confused = [{"truth": names[i], "predicted": names[j], "items": count} for i, j, count in scored.confused]
    return {**values, "score": whole, "classes": table, "calibration": calibration, "confused": confused}


def comparison_values(result: Comparison, first: Inspection, second: Inspection) -> dict[str, Any]:
    return {**_plain(result), "first": _side_values(first), "second": _side_values(second)}


def _side_values(inspection: Inspection) -> dict[str, Any]:
    """What an inspection is of."""
    return {key: getattr(inspection, key) for key in ("run", "name", "step", "steps", "dataset", "split", "protocol")}


def _plain(value: Any) -> Any:
    """What JSON can hold; what is no finite number becomes nothing."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
