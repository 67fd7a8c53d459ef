"""How a dataset is split now, and new splits by a named protocol: seen before they are made, made as one edit."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, Ending, Job, Jobs
from workbench.gui.models.dataset_edits import divided, noun, published_again
from workbench.gui.models.splitting import Outcome, Plan, measurement, outcome, warnings_of
from workbench.gui.models.statistics import splits_of
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.card import Card, CardPage
from workbench.gui.widgets.dataset.class_table import ClassModel, ClassView, SplitLegend
from workbench.gui.widgets.dataset.split_form import SplitForm
from workbench.gui.widgets.dataset.tables import CsvButtons
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

_ROWS, _FEW_ROWS = 12, 7  # of a table that are seen at once; where the cards lie below one another
_BESIDE = 150  # characters of width from which on the two cards lie side by side
_OLD_RUNS = "Runs keep the splits that they were measured on, whatever is changed here."


class SplitsPage(CardPage):
    """Signals:
    wanted: An :class:`~workbench.engine.project.edits.Edit` to do.
    class_picked: Label set and label whose items are wanted.
    """

    wanted = Signal(object)
    class_picked = Signal(str, int)

    def __init__(self, jobs: Jobs, theme: Theme, *, errors: ErrorBar) -> None:
        super().__init__()
        self._jobs, self._theme = jobs, theme
        self._dataset: Dataset | None = None
        self._looking: Job | None = None
        self._planning: Job | None = None
        self._outcome: Outcome | None = None
        self._stale = True
        self._lay_out_now(errors)
        self._lay_out_new()
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(GAP)
        self._sides.addWidget(self._now, 1)
        self._sides.addWidget(self._new, 1)
        self.column.addLayout(self._sides)
        self.column.addStretch(1)
        self.form.changed.connect(self._plan)
        self.apply.clicked.connect(self._on_apply_clicked)
        self.reset.clicked.connect(self._on_reset_clicked)

    def _lay_out_now(self, errors: ErrorBar) -> None:
        self._now = Card("Splits now")
        self._protocol, self._badge, self._now_warnings = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self._badge.setProperty("role", "muted")
        self._now_warnings.setProperty("role", "warning")
        self.now_model = ClassModel(self._theme, self)
        self.now_table = ClassView(
            self.now_model, self._theme, name="data.splits-now", about="Items a class and split", picks=True
        )
        self.now_table.picked.connect(self._on_class_picked)
        self.now_legend = SplitLegend(self._theme)
        self.reset = named(QPushButton("Back to the published splits"), "data.splits-reset", "Put the splits back")
        self.reset.setIcon(self._theme.icon("reset"))
        self._now.head.addWidget(
            CsvButtons(self._theme, self.now_model, name="data.splits", about="the splits", errors=errors)
        )
        old = WrappedLabel(_OLD_RUNS)
        old.setProperty("role", "muted")
        for widget in (self._protocol, self._badge, self._now_warnings, self.now_legend, self.now_table, old):
            self._now.body.addWidget(widget)
        self._now.body.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._now.body.addStretch(1)

    def _lay_out_new(self) -> None:
        self._new = Card("New splits")
        self.form = SplitForm()
        self._problem, self._warnings, self._name = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self._problem.setProperty("role", "error")
        self._warnings.setProperty("role", "warning")
        self._name.setProperty("role", "muted")
        self.new_model = ClassModel(self._theme, self)
        self.new_table = ClassView(
            self.new_model, self._theme, name="data.splits-new", about="Items a class and split then", picks=True
        )
        self.new_legend = SplitLegend(self._theme)
        preview = QLabel("This would give")
        preview.setProperty("role", "heading")
        self.apply = named(QPushButton("Apply"), "data.splits-apply", "Make these splits")
        self.apply.setProperty("primary", True)
        self._undone = QLabel("One edit, which can be undone")
        self._undone.setProperty("role", "muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.apply)
        buttons.addWidget(self._undone)
        buttons.addStretch(1)
        self._preview: tuple[QWidget, ...] = (preview, self._name, self.new_legend, self.new_table, self._warnings)
        result = QVBoxLayout()
        result.setSpacing(GAP)
        for widget in (self._problem, *self._preview):
            result.addWidget(widget)
        result.addLayout(buttons)
        result.addStretch(1)
        self._inner = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._inner.setSpacing(2 * GAP)
        self._inner.addWidget(self.form, 2)
        self._inner.addLayout(result, 3)
        self._new.body.addLayout(self._inner)
        self._new.body.addStretch(1)

    # What is shown

    def show_dataset(self, dataset: "Dataset | None") -> None:
        """Another dataset, or the same after an edit."""
        self._dataset = dataset
        self._drop()
        self._stale = True
        if self.isVisible():
            self._refresh()

    def _drop(self) -> None:
        for job in (self._looking, self._planning):
            if job:
                job.stop()
        self._looking = self._planning = None

    def _refresh(self) -> None:
        from workbench.engine.train.dividing import made_by  # here, for the window has no need of runs to appear

        self._stale = False
        dataset = self._dataset
        for card in (self._now, self._new):
            card.setVisible(dataset is not None)
        if dataset is None:
            return
        self.form.offer(dataset)
        label_set = self.form.plan().label_set
        self.now_model.show(dataset, label_set)
        self._fit(self.now_table)
        self._show_legend(self.now_legend, dataset)
        splits = made_by(dataset)
        published = bool((dataset.items.splits() != "").any())
        if splits:
            self._protocol.setText(f"Made by: {splits}")
        elif published:
            self._protocol.setText("As published: every item is in the split that its source gives it.")
        else:
            self._protocol.setText("The source gives no splits. A run draws its own unless some are made here.")
        self.reset.setText("Back to the published splits" if published else "Back to no splits")
        self.reset.setVisible(published_again(dataset) is not None)
        self._tell(self._now_warnings, ())
        self._tell(self._badge, ())
        work = waiting(_Looking(dataset, label_set), stage="splitting")
        self._looking = self._jobs.start(work, title=f"Looking at the splits of {dataset.row.name}", quiet=True)
        self._looking.ended.connect(self._on_looking_ended)
        self._plan()

    def _on_looking_ended(self, ending: Ending) -> None:
        if self.sender() is not self._looking:
            return
        self._looking = None
        if ending.state == DONE:
            badge, warnings = ending.result
            self._tell(self._badge, (f"A run now is measured on: {badge}",) if badge else ())
            self._tell(self._now_warnings, warnings)

    def _fit(self, table: ClassView) -> None:
        table.setFixedHeight(table.height_for(_ROWS if self._beside else _FEW_ROWS) + GAP // 2)

    def _show_legend(self, legend: SplitLegend, dataset: "Dataset") -> None:
        kept = dataset.state.splits[~dataset.state.excluded]
        legend.show_splits([(split, int((kept == split).sum())) for split in splits_of(kept)])

    def _tell(self, label: QLabel, sentences: tuple[str, ...]) -> None:
        label.setText("\n".join(sentences))
        label.setVisible(bool(sentences))

    @property
    def _beside(self) -> bool:
        return self.width() >= self.fontMetrics().averageCharWidth() * _BESIDE

    # Planning

    def _plan(self) -> None:
        if self._dataset is None or not self.isVisible():
            return
        if self._planning:
            self._planning.stop()
        self.apply.setEnabled(False)
        work = waiting(_Planning(self._dataset, self.form.plan()), stage="splitting")
        self._planning = self._jobs.start(work, title=f"Planning splits of {self._dataset.row.name}", quiet=True)
        self._planning.ended.connect(self._on_planning_ended)

    def _on_planning_ended(self, ending: Ending) -> None:
        if self.sender() is not self._planning:
            return
        self._planning = None
        found, error = ending.result, ending.error
        self._outcome = found if isinstance(found, Outcome) else None
        problem = f"{type(error).__name__}: {error}" if error else ""
        if isinstance(found, UserError):
            problem = str(found)[:1].upper() + str(found)[1:]
        self._tell(self._problem, (problem,) if problem else ())
        self.apply.setEnabled(self._outcome is not None)
        for widget in self._preview:
            widget.setVisible(self._outcome is not None)
        if self._outcome is None:
            self.form.show_groups("")
            return
        self._show_outcome(self._outcome)

    def _show_outcome(self, found: Outcome) -> None:
        self.new_model.show(found.dataset, self.form.plan().label_set)
        self._fit(self.new_table)
        self._show_legend(self.new_legend, found.dataset)
        self._tell(self._name, (found.badge or found.name,))
        self._tell(self._warnings, found.warnings)
        assert self._dataset
        self.form.show_groups(self._groups_text(found, noun(self._dataset)))

    def _groups_text(self, found: Outcome, word: str) -> str:
        if not found.groups:
            return ""
        least, most = found.sizes
        sizes = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        return f"{found.groups:,} group{'' if found.groups == 1 else 's'} of {sizes} {word}{'' if most == 1 else 's'}"

    # What a person does

    def _on_apply_clicked(self) -> None:
        assert self._dataset
        assert self._outcome
        self.wanted.emit(divided(self._dataset, self._outcome.parts, protocol=self._outcome.name))

    def _on_reset_clicked(self) -> None:
        assert self._dataset
        edit = published_again(self._dataset)
        if edit:
            self.wanted.emit(edit)

    def _on_class_picked(self, label: int) -> None:
        if self.now_model.label_set:
            self.class_picked.emit(self.now_model.label_set, label)

    # What Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._looking or self._planning:
            self._drop()
            self._stale = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        direction, beside = QBoxLayout.Direction, self._beside
        self._sides.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._inner.setDirection(direction.TopToBottom if beside else direction.LeftToRight)
        self._fit(self.now_table)
        self._fit(self.new_table)


class _Looking:
    """What a run would be measured on now, and what is wrong with the splits."""

    def __init__(self, dataset: "Dataset", label_set: str) -> None:
        self._dataset, self._label_set = dataset, label_set

    def __call__(self) -> tuple[str, tuple[str, ...]]:
        dataset, label_set = self._dataset, self._label_set
        groups = dataset.items.groups()
        split = bool(np.any(dataset.state.splits != ""))
        warnings = warnings_of(dataset, label_set=label_set, groups=groups) if split else ()
        badge, why_not = measurement(dataset, label_set=label_set)
        return badge, (*filter(None, [why_not]), *warnings)


class _Planning:
    """What would come of a plan, or why nothing can: a plan that does not fit is no failure, for a person tries."""

    def __init__(self, dataset: "Dataset", plan: Plan) -> None:
        self._dataset, self._plan = dataset, plan

    def __call__(self) -> Outcome | UserError:
        try:
            return outcome(self._dataset, self._plan)
        except UserError as error:
            return error
