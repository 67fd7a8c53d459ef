"""Events as a person at a terminal sees them: one progress bar on stderr, sentences above it."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from workbench.engine import events as ev

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.lint.report import LintReport

_NAMED = 3  # items that a finding's line names
_SINGULAR: Mapping[str, str] = {"classes": "class"}


def metric_text(name: str, value: float) -> str:
    """A metric for people: shares in percent, everything else with four digits."""
    return f"{name} {100 * value:.2f} %" if name.endswith(("accuracy", "recall")) else f"{name} {value:.4g}"


def metrics_text(metrics: Mapping[str, float]) -> str:
    return " · ".join(metric_text(name, value) for name, value in metrics.items())


def finding_text(report: "LintReport", finding: "Finding") -> str:
    """A finding in one line: how bad, how many, what, and the first items."""
    first = report.first(finding)[:_NAMED]
    rest = len(finding.items) - len(first)
    where = ", ".join(first) + (f" and {rest:,} more" if rest else "")
    also = finding.details.get(-1, "")
    unit = _SINGULAR.get(finding.unit, finding.unit.removesuffix("s")) if finding.count == 1 else finding.unit
    words = f"{finding.severity:<8} {finding.count:>9,} {unit:<9} {finding.title}"
    return f"{words}{f' ({also})' if also else ''}{f': {where}' if where else ''}"


def report_text(report: "LintReport") -> str:
    """What the checks found in all, in one line."""
    splits = ", ".join(f"{count:,} {name or 'undivided'}" for name, count in report.splits.items())
    items = f"{report.items:,} {'questions' if report.content == 'questions' else 'images'}"
    nouns = {"error": "error", "warning": "warning", "info": "remark"}
    counts = {noun: report.count(severity) for severity, noun in nouns.items()}
    found = ", ".join(f"{count} {noun}{'s' if count > 1 else ''}" for noun, count in counts.items() if count)
    return f"{report.name}: {items}{f' ({splits})' if splits else ''}: {found or 'nothing found'}"


class Terminal:
    """Shows events as they come. Use as a context manager, so that the bar is closed whatever happens.

    Where nobody watches, what is said before training starts is held back until it starts or the work is done: a
    script that made a mistake then finds the one line that names it, and no more.

    Args:
        stream: Where to, stderr if ``None``; the bar is drawn only where this is a terminal, sentences always.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._bar: Any = None  # a tqdm while something is under way
        self._stage = ""
        self._step_seconds = 0.0
        self._holding = not self._stream.isatty()
        self._held: list[str] = []

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close()
        if kind is None:
            self._release()

    def show(self, event: ev.Event) -> None:
        """Show one event."""
        match event:
            case ev.Progress():
                self._progress(event)
            case ev.Message():
                self.say(f"{event.level}: {event.text}" if event.level != "info" else event.text)
            case ev.Started():
                self._release()
                begin = f"from step {event.step}" if event.step else "from the start"
                self.say(
                    f"run {event.run} {begin}: {event.total_steps} steps on {event.device}, "
                    f"{event.parameters:,} parameters in {event.tensors} tensors\nmeasured on {event.protocol}"
                )
                self._open("training", event.total_steps, event.step, "step")
            case ev.Steps():
                self._steps(event)
            case ev.Evaluated():
                self.say(f"step {event.step} (epoch {event.epoch:.2f}): {metrics_text(event.metrics)}")
            case ev.Checkpointed():
                self.say(f"step {event.step}: checkpoint saved{' (best so far)' if event.best else ''}")
            case ev.Imported():
                counts = ", ".join(f"{count} {name or 'undivided'}" for name, count in event.splits.items())
                verb = "already imported" if event.reused else "imported"
                classes = f" in {len(event.classes)} classes" if event.classes else ""
                self.say(f"{verb} {event.name}: {event.items} items ({counts}){classes}")
            case ev.Finished():
                self._close()
                each = f", {1e3 * self._step_seconds:.2f} ms a step" if self._step_seconds else ""
                self.say(
                    f"finished at step {event.step} after {event.seconds:.1f} s{each}: {metrics_text(event.metrics)}"
                )

    def say(self, text: str) -> None:
        """Print a sentence above the bar."""
        if self._holding:
            self._held.append(text)
        elif self._bar is None:
            print(text, file=self._stream, flush=True)
        else:
            self._bar.write(text, file=self._stream)

    def _release(self) -> None:
        self._holding = False
        for text in self._held:
            self.say(text)
        self._held.clear()

    def _open(self, stage: str, total: int, done: int, unit: str) -> None:
        from tqdm import tqdm  # which no window needs

        self._close()
        self._stage = stage
        self._bar = tqdm(
            total=total or None,
            initial=done,
            desc=stage,
            unit=f" {unit}",
            file=self._stream,
            disable=not self._stream.isatty(),
            dynamic_ncols=True,
            smoothing=0.1,
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._stage = ""

    def _progress(self, event: ev.Progress) -> None:
        if self._stage == "training":  # an evaluation within training does not move its bar
            self._bar.set_description_str(event.stage)
            return
        if self._stage != event.stage:
            self._open(event.stage, event.total, 0, "item")
        assert self._bar is not None
        self._bar.update(event.done - self._bar.n)
        if event.total and event.done >= event.total:
            self._close()

    def _steps(self, event: ev.Steps) -> None:
        self._step_seconds = event.seconds
        if self._bar is None:
            return
        self._bar.set_description_str("training", refresh=False)
        averages = " ".join(f"~{metric_text(name, value)}" for name, value in event.averages.items())
        name, numbers = next(iter(event.series.items()))  # a loss comes first
        self._bar.set_postfix_str(f"{name.replace('_', ' ')} {numbers[-1]:.4g} {averages}", refresh=False)
        self._bar.update(event.last - self._bar.n)
