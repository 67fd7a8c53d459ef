"""What each column of the list of runs says of a run, and what it is sorted by."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.engine.project.runs import CREATED, FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED
from workbench.gui.models.run_facts import DAMAGED, RunFacts, Score
from workbench.gui.pace import duration_text
from workbench.gui.units import BITS, SHARE, unit_of, words_of

Key = float | int | str | tuple[str, float] | None

NONE = "–"
STATES = {  # state: its rank when sorted, icon, colour of the icon, what it means
    RUNNING: (0, "start", "accent", "being trained now"),
    CREATED: (1, "clock", "muted", "not yet begun"),
    STOPPED: (2, "pause", "muted", "by somebody; it can be resumed"),
    INTERRUPTED: (3, "bolt", "warning", "its process died; it can be resumed from its last checkpoint"),
    FAILED: (4, "error", "bad", "it ended with an error"),
    FINISHED: (5, "check", "good", "trained to its end"),
    DAMAGED: (6, "warning", "bad", "a file of it cannot be read"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        key: For remembering widths and order.
        text: What a cell says; :data:`NONE` stands for an empty one where ``numeric``.
        order: What it is sorted by; ``None`` comes last, whichever way.
        numeric: Right-aligned.
    """

    key: str
    title: str
    about: str
    text: Callable[[RunFacts], str]
    order: Callable[[RunFacts], Key]
    numeric: bool = False
    tooltip: Callable[[RunFacts], str] = lambda facts: ""


def score_text(score: Score | None) -> str:
    """``"91.23 %"`` for a share, ``"loss 0.412"`` or ``"ELBO -101.3 nats"`` for anything else."""
    if score is None:
        return NONE
    name = score.metric.rpartition("/")[2]
    text = unit_of(name).text(score.value)
    if unit_of(name) is SHARE:
        return text
    return text if unit_of(name) is BITS else f"{words_of(name)} {text}"


def metric_text(metric: str, value: float) -> str:
    """``"validation accuracy 91.23 %"``."""
    split, _, name = metric.rpartition("/")
    return f"{split} {words_of(name)} {unit_of(name).text(value)}".strip()


def steps_text(facts: RunFacts) -> str:
    """``"12,000 of 20,000"``; one number where the run is at its end."""
    step, total = int(facts.status.step), int(facts.status.total_steps)
    return f"{step:,}" if step == total or not total else f"{step:,} of {total:,}"


def started_text(created: float) -> str:
    """Local date and minute."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(created))
    except (OverflowError, ValueError, OSError):  # a date beyond all calendars
        return NONE


def state_text(facts: RunFacts) -> str:
    """``"Stopped: by somebody; it can be resumed"``."""
    meaning = STATES[facts.state][3] if facts.state in STATES else "this version does not know this state"
    return f"{facts.state.capitalize()}: {meaning}"


def best_text(facts: RunFacts) -> str:
    """The best score with its step."""
    score = facts.best
    if score is None:
        return "not evaluated yet"
    at = f" at step {score.step:,}" if score.step >= 0 else ""
    return f"{metric_text(score.metric, score.value)}{at}"


def _best_tooltip(facts: RunFacts) -> str:
    measured = f"\nmeasured on {facts.status.protocol or 'unknown data'}" if facts.best else ""
    return f"Best evaluation: {best_text(facts)}{measured}"


def _last_text(facts: RunFacts) -> str:
    if not facts.status.metrics:
        return "Not evaluated yet"
    lines = [metric_text(name, value) for name, value in facts.status.metrics.items()]
    return "\n".join(["Last evaluation", *lines, f"measured on {facts.status.protocol or 'unknown data'}"])


def _time_text(facts: RunFacts) -> str:
    if not facts.status.seconds:
        return ""
    pace = f", {1e3 * facts.status.step_seconds:.3g} ms a step" if facts.status.step_seconds else ""
    return f"{facts.status.seconds:,.1f} s{pace}, on {facts.status.device or 'an unknown device'}"


def _state_tooltip(facts: RunFacts) -> str:
    return f"{state_text(facts)}\n{facts.error}" if facts.error else state_text(facts)


def _score_order(score: Score | None) -> Key:
    return (score.metric, score.value) if score else None


COLUMNS = (
    Column(
        key="state",
        title="State",
        about="Whether it is being trained, done, or why it is not",
        text=lambda facts: facts.state.capitalize(),
        order=lambda facts: STATES.get(facts.state, (9,))[0],
        tooltip=_state_tooltip,
    ),
    Column(
        key="name",
        title="Name",
        about="Double-click to rename",
        text=lambda facts: facts.name,
        order=lambda facts: facts.name.casefold() or None,
        tooltip=lambda facts: f"{facts.name}\nrun {facts.id}",
    ),
    Column(
        key="model",
        title="Model",
        about="The kind of network",
        text=lambda facts: facts.model or NONE,
        order=lambda facts: facts.model or None,
    ),
    Column(
        key="data",
        title="Data",
        about="The dataset that it was trained on",
        text=lambda facts: facts.dataset or NONE,
        order=lambda facts: facts.dataset.casefold() or None,
    ),
    Column(
        key="best",
        title="Best score",
        about="The best evaluation on the validation split",
        text=lambda facts: score_text(facts.best),
        order=lambda facts: _score_order(facts.best),
        numeric=True,
        tooltip=_best_tooltip,
    ),
    Column(
        key="at",
        title="At step",
        about="The step of the best score",
        text=lambda facts: f"{facts.best.step:,}" if facts.best and facts.best.step >= 0 else NONE,
        order=lambda facts: facts.best.step if facts.best and facts.best.step >= 0 else None,
        numeric=True,
        tooltip=_best_tooltip,
    ),
    Column(
        key="last",
        title="Last score",
        about="The last evaluation on the validation split",
        text=lambda facts: score_text(facts.last),
        order=lambda facts: _score_order(facts.last),
        numeric=True,
        tooltip=_last_text,
    ),
    Column(
        key="protocol",
        title="Measured on",
        about="How the data is divided, and the first digits of the split's hash: only equal ones compare",
        text=lambda facts: facts.status.protocol or NONE,
        order=lambda facts: facts.status.protocol or None,
        tooltip=lambda facts: facts.status.protocol,
    ),
    Column(
        key="steps",
        title="Steps",
        about="Steps taken, of those asked for",
        text=lambda facts: steps_text(facts) if facts.status.total_steps else NONE,
        order=lambda facts: facts.status.step if facts.status.total_steps else None,
        numeric=True,
    ),
    Column(
        key="time",
        title="Time",
        about="How long it has trained, over all its sessions",
        text=lambda facts: duration_text(facts.status.seconds) if facts.status.seconds else NONE,
        order=lambda facts: facts.status.seconds or None,
        numeric=True,
        tooltip=_time_text,
    ),
    Column(
        key="device",
        title="Device",
        about="What it was trained on last",
        text=lambda facts: facts.status.device or NONE,
        order=lambda facts: facts.status.device or None,
    ),
    Column(
        key="started",
        title="Started",
        about="When it was made",
        text=lambda facts: started_text(facts.created),
        order=lambda facts: facts.created,
        tooltip=lambda facts: started_text(facts.created),
    ),
    Column(
        key="note",
        title="Note",
        about="Double-click to write one",
        text=lambda facts: facts.note,
        order=lambda facts: facts.note.casefold() or None,
    ),
)
KEYS = tuple(column.key for column in COLUMNS)
NAME, NOTE, STARTED = (KEYS.index(key) for key in ("name", "note", "started"))


def labels(runs: Sequence[RunFacts]) -> list[str]:
    """A name for each of ``runs`` that no other of them has: when it was started is added where names are equal."""
    names = Counter(facts.name for facts in runs)
    longer = [
        facts.name if names[facts.name] == 1 else f"{facts.name} · {started_text(facts.created)}" for facts in runs
    ]
    times = Counter(longer)
    return [
        label if times[label] == 1 else f"{label} · {facts.id[-4:]}" for label, facts in zip(longer, runs, strict=True)
    ]
