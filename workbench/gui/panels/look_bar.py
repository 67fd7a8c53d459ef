"""What is looked at: which run, at which checkpoint, on which split; and what is shown below was measured on what.

Of every panel that looks into runs.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.inspectable_runs import BEST, LAST, is_training
from workbench.gui.models.looked_run import LookedRun
from workbench.gui.models.looking import SPLITS
from workbench.gui.models.run_columns import best_text, labels, score_text, started_text
from workbench.gui.models.run_facts import RunFacts
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.images.progress import ProgressLine

Entry = tuple[str, str, str, QIcon]  # its data, what it says, its tooltip, its icon
_RUN, _CHECKPOINT, _SPLIT = 34, 15, 14  # characters
_MOST_ROWS = 18


class LookBar(QWidget):
    """Follows ``model`` and changes what it looks at.

    Args:
        name: First part of the names of the widgets in it.
        export: The panel's button for what leaves it as files.

    Signals:
        snapshot_wanted, update_wanted: The buttons.
    """

    snapshot_wanted = Signal()
    update_wanted = Signal()

    def __init__(self, model: LookedRun, theme: Theme, *, name: str, export: QPushButton) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self.run = _picker(f"{name}.run", "Run", _RUN)
        self.checkpoint = _picker(f"{name}.checkpoint", "Checkpoint", _CHECKPOINT)
        self.split = _picker(f"{name}.split", "Split", _SPLIT)
        self.snapshot = named(QPushButton("Take a snapshot"), f"{name}.take-snapshot", "Take a snapshot")
        self.snapshot.setIcon(theme.icon("single"))
        self.update_button = named(QPushButton("Update"), f"{name}.update", "Look at the newest checkpoint")
        self.update_button.setProperty("primary", True)
        self.badge = ElidedLabel()
        named(self.badge, f"{name}.badge", "What the numbers are measured on")
        self.badge.setProperty("role", "muted")
        self.progress = ProgressLine(theme, name=f"{name}.progress")
        self.pickers = (self.run, self.checkpoint, self.split)
        self.buttons = (self.snapshot, self.update_button, export)
        self._lay_out()
        self.run.activated.connect(self._on_run_activated)
        self.checkpoint.activated.connect(self._on_checkpoint_activated)
        self.split.activated.connect(self._on_split_activated)
        self.snapshot.clicked.connect(self.snapshot_wanted)
        self.update_button.clicked.connect(self.update_wanted)
        model.runs.changed.connect(self.refresh)
        model.chosen.connect(self.refresh)
        model.changed.connect(self.refresh)
        model.divided.connect(self.refresh)
        model.newer.connect(self.refresh)
        model.began.connect(self.progress.follow)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.refresh()

    def _lay_out(self) -> None:
        pickers = QWidget()
        flow = FlowLayout(pickers, gap=GAP)
        for title, picker in zip(("Run", "Checkpoint", "Split"), self.pickers, strict=True):
            flow.addWidget(_titled(title, picker))
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in self.buttons:
            buttons.addWidget(button)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.addWidget(pickers, 0, 0)
        grid.addLayout(buttons, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP, 2 * GAP, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(grid)
        column.addWidget(self.badge)
        column.addWidget(self.progress)

    # What a person chooses

    def _on_run_activated(self, index: int) -> None:
        run = str(self.run.itemData(index))
        before = self._model.choice
        if before is None or before.run != run:
            self._model.choose(run, split=before.split if before else SPLITS[0])

    def _on_checkpoint_activated(self, index: int) -> None:
        choice = self._model.choice
        assert choice
        if choice.checkpoint != str(self.checkpoint.itemData(index)):
            self._model.choose(choice.run, checkpoint=str(self.checkpoint.itemData(index)), split=choice.split)

    def _on_split_activated(self, index: int) -> None:
        choice = self._model.choice
        assert choice
        if choice.split != str(self.split.itemData(index)):
            self._model.choose(choice.run, checkpoint=choice.checkpoint, split=str(self.split.itemData(index)))

    # What is shown

    def refresh(self) -> None:
        """Show what there is to choose, what is chosen, and what is there."""
        model, choice, facts = self._model, self._model.choice, self._model.facts
        rows = model.runs.rows
        _fill(self.run, self._runs(rows), choice.run if choice else "")
        _fill(self.checkpoint, _checkpoints(facts), choice.checkpoint if choice else "")
        _fill(self.split, _splits(model), choice.split if choice else "")
        self.checkpoint.setEnabled(self.checkpoint.count() > 0)
        self.split.setEnabled(self.split.count() > 0)
        training = is_training(facts)
        self.snapshot.setVisible(training)
        self.snapshot.setEnabled(not model.awaits_snapshot)
        self.snapshot.setText("Waiting for the snapshot" if model.awaits_snapshot else "Take a snapshot")
        self.snapshot.setToolTip("Have the run save its network as it is now, and look at it")
        self.update_button.setVisible(model.newest >= 0)
        self.update_button.setText(f"Update to step {model.newest:,}")
        self.badge.show_text(model.measured)

    def _runs(self, rows: Sequence[RunFacts]) -> list[Entry]:
        names = labels(rows)
        return [
            (facts.id, _run_text(facts, name), _run_tooltip(facts), self._sign if is_training(facts) else QIcon())
            for facts, name in zip(rows, names, strict=True)
        ]

    def _on_theme_changed(self) -> None:
        self._sign = self._theme.icon("start", colour="accent")
        self.update_button.setIcon(self._theme.icon("reset", colour="on_accent"))


def _run_text(facts: RunFacts, name: str) -> str:
    parts = [name, facts.dataset, score_text(facts.best), "training" if is_training(facts) else ""]
    return " · ".join(part for part in parts if part)


def _run_tooltip(facts: RunFacts) -> str:
    return f"{facts.name}\n{facts.dataset}\n{best_text(facts)}\nstarted {started_text(facts.created)}"


def _checkpoints(facts: RunFacts | None) -> list[Entry]:
    if facts is None or not facts.checkpoints:
        return []
    entries: list[Entry] = []
    best = facts.best.step if facts.best else -1
    if best in facts.checkpoints:
        entries.append((BEST, f"Best (step {best:,})", "The best evaluation on the validation split", QIcon()))
    entries.append((LAST, f"Last (step {facts.checkpoints[-1]:,})", "The newest checkpoint", QIcon()))
    entries += [(str(step), f"Step {step:,}", "", QIcon()) for step in reversed(facts.checkpoints)]
    return entries


def _splits(model: LookedRun) -> list[Entry]:
    names = [name for name in SPLITS if name in model.counts]
    return [(name, f"{name.capitalize()} ({model.counts[name]:,})", "", QIcon()) for name in names]


def _picker(name: str, title: str, characters: int) -> QComboBox:
    picker = named(QComboBox(), name, title)
    picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    picker.setMinimumContentsLength(characters)
    picker.setMaxVisibleItems(_MOST_ROWS)
    picker.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return picker


def _titled(title: str, picker: QComboBox) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP // 2)
    label = QLabel(title)
    label.setProperty("role", "muted")
    label.setBuddy(picker)
    row.addWidget(label)
    row.addWidget(picker)
    return both


def _fill(picker: QComboBox, entries: Sequence[Entry], chosen: str) -> None:
    """Put ``entries`` into ``picker``, unless they are in it: a list that is open stays as it is."""
    there = [
        (picker.itemData(row), picker.itemText(row), picker.itemIcon(row).isNull()) for row in range(picker.count())
    ]
    if there != [(id, text, icon.isNull()) for id, text, _, icon in entries]:
        picker.clear()
        for id, text, tooltip, icon in entries:
            picker.addItem(icon, text, id)
            picker.setItemData(picker.count() - 1, tooltip or None, Qt.ItemDataRole.ToolTipRole)
        view = picker.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 4 * GAP if entries else 0)
    picker.setCurrentIndex(picker.findData(chosen))
    picker.setToolTip(picker.currentText())
