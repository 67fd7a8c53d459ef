"""All that is known of one run, as text that can be selected and copied."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from workbench.gui.models.run_columns import best_text, metric_text, started_text, state_text, steps_text
from workbench.gui.models.run_facts import DAMAGED, RunFacts
from workbench.gui.naming import named
from workbench.gui.pace import duration_text
from workbench.gui.theme import GAP

_DIGITS = 16  # of a hash: they tell any two apart


def lines_of(facts: RunFacts) -> list[tuple[str, str]]:
    """Label and text, a row each; what a run does not have is left out."""
    status = facts.status
    counts = f"{int(status.parameters):,} parameters in {int(status.tensors):,} tensors" if status.parameters else ""
    pace = f"{1e3 * status.step_seconds:.3g} ms a step (median)" if status.step_seconds else ""
    time = f"{duration_text(status.seconds)} ({status.seconds:,.1f} s)" if status.seconds else ""
    rows = [
        ("State", state_text(facts)),
        ("Damage" if facts.state == DAMAGED else "Error", facts.error),
        ("Best", best_text(facts) if facts.best else ""),
        ("Last evaluation", " · ".join(metric_text(name, value) for name, value in status.metrics.items())),
        ("Measured on", status.protocol),
        ("Split", status.split[:_DIGITS]),
        ("Dataset", _joined(facts.dataset, status.fingerprint and f"fingerprint {status.fingerprint[:_DIGITS]}")),
        ("Network", _joined(facts.model, counts)),
        ("Steps", _joined(steps_text(facts) if status.total_steps else "", pace)),
        ("Time", _joined(time, status.device and f"on {status.device}")),
        ("Started", started_text(facts.created)),
        ("Checkpoints", _checkpoints(facts)),
        ("Note", facts.note),
        ("Run", facts.id),
        ("Folder", str(facts.folder)),
    ]
    return [(label, text) for label, text in rows if text]


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _checkpoints(facts: RunFacts) -> str:
    best = facts.best.step if facts.best else -1
    return ", ".join(f"{step:,} (best)" if step == best else f"{step:,}" for step in facts.checkpoints)


class RunDetails(QScrollArea):
    """Shows one run.

    Args:
        name: First part of its widgets' names, e.g. ``"runs.details"``.
    """

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._name = name
        self._lines: list[tuple[str, str]] = []
        self._texts: list[tuple[QLabel, QLabel]] = []
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        named(self, name, "Details of the run")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        page = QWidget()
        self._form = QFormLayout(page)
        self._form.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        self._form.setHorizontalSpacing(3 * GAP)
        self._form.setVerticalSpacing(GAP)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._form.addRow(self._title)
        self.setWidget(page)

    def show_run(self, facts: RunFacts | None) -> None:
        """Show ``facts``, or that nothing is selected."""
        lines = lines_of(facts) if facts else []
        self._title.setText(facts.name if facts else "Select a run to read about it.")
        if lines == self._lines:
            return  # a selection that somebody has made in it stays
        self._lines = lines
        while len(self._texts) < len(lines):
            self._add_row()
        for number, (label, text) in enumerate(self._texts):
            shown = number < len(lines)
            label.setText(lines[number][0] if shown else "")
            text.setText(lines[number][1] if shown else "")
            text.setAccessibleName(" ".join(lines[number]) if shown else "")
            self._form.setRowVisible(text, shown)

    @property
    def lines(self) -> list[tuple[str, str]]:
        return list(self._lines)

    def _add_row(self) -> None:
        label, text = QLabel(alignment=Qt.AlignmentFlag.AlignTop), QLabel(wordWrap=True)
        label.setProperty("role", "muted")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        text.setMinimumWidth(1)
        text.setObjectName(f"{self._name}.line-{len(self._texts)}")
        self._texts.append((label, text))
        self._form.addRow(label, text)
