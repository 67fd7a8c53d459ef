"""The looks at one dataset, one tab each: its items, classes, numbers, findings, splits. All follow one model."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.gui.jobs import Job
from workbench.gui.models.dataset import DatasetModel, Told
from workbench.gui.models.item_scores import ItemScores
from workbench.gui.naming import named
from workbench.gui.panels.data.items import Items, ItemsPage
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.checks import ChecksPage
from workbench.gui.widgets.dataset.classes import ClassEditor
from workbench.gui.widgets.dataset.splits import SplitsPage
from workbench.gui.widgets.dataset.statistics import StatisticsPage
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

ITEMS, CLASSES, STATISTICS, CHECKS, SPLITS = "items", "classes", "statistics", "checks", "splits"
TITLES = {ITEMS: "Items", CLASSES: "Classes", STATISTICS: "Statistics", CHECKS: "Checks", SPLITS: "Splits"}


class _Tabs(QTabBar):
    """All as high as they are with a badge in one of them, so that nothing below moves when it comes and goes."""

    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        return QSize(size.width(), self.fontMetrics().height() + 3 * GAP)


class DatasetPages(QWidget):
    """Follows ``model``; what is out of view is brought up to date when it comes into view.

    Signals:
        turned: Id of the page that is in view now.
        repair_wanted: Name of the repair that a copy of the dataset shall be made with.
    """

    turned = Signal(str)
    repair_wanted = Signal(str)

    def __init__(self, model: DatasetModel, workspace: Workspace, theme: Theme, *, errors: ErrorBar) -> None:
        super().__init__()
        self._model, self._workspace = model, workspace
        self.items = ItemsPage(workspace.jobs, theme, cache=workspace.preferences.cache / "thumbnails")
        self.classes = ClassEditor(theme, errors=errors)
        self.statistics = StatisticsPage(theme, errors=errors)
        self.checks = ChecksPage(theme)
        self.splits = SplitsPage(workspace.jobs, theme, errors=errors)
        self._pages: dict[str, QWidget] = {
            ITEMS: self.items, CLASSES: self.classes, STATISTICS: self.statistics, CHECKS: self.checks,
            SPLITS: self.splits,
        }  # fmt: skip
        self._stale: set[str] = set()
        self._refreshers: dict[str, Callable[[], None]] = {
            CLASSES: self._refresh_classes, STATISTICS: self._refresh_statistics, CHECKS: self._refresh_checks,
            SPLITS: self._refresh_splits,
        }  # fmt: skip
        self.tabs = named(_Tabs(), "data.pages", "Looks at the dataset")
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self._stack = QStackedWidget()
        for id, page in self._pages.items():
            self.tabs.setTabData(self.tabs.addTab(TITLES[id]), id)
            self._stack.addWidget(page)
        self._scores = ItemScores(model, workspace, self)
        self._scores.changed.connect(self.items.images.set_scores)
        self._badge = QLabel(self)
        self._badge.setProperty("role", "badge")
        self._show_badge()
        row = QHBoxLayout()
        row.addWidget(self.tabs)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self._on_preferences_changed()
        self._connect()

    def _connect(self) -> None:
        model = self._model
        self._workspace.preferences_changed.connect(self._on_preferences_changed)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        model.turned.connect(self._on_turned)
        model.opened.connect(self._on_opened)
        model.edited.connect(self._on_edited)
        model.examining.connect(self._on_examining)
        model.examined.connect(self._on_examined)
        for editing in (self.items, self.classes, self.checks, self.splits):
            editing.wanted.connect(model.edit)
        for showing in (self.classes, self.statistics, self.splits):
            showing.class_picked.connect(self.show_class)
        for asking in (self.classes, self.statistics, self.checks):
            asking.examination_wanted.connect(model.examine)
        self.statistics.items_picked.connect(self.show_items)
        self.checks.finding_picked.connect(self._on_finding_picked)
        self.checks.repair_wanted.connect(self.repair_wanted)

    # Turning

    @property
    def current(self) -> str:
        return str(self.tabs.tabData(self.tabs.currentIndex()))

    def turn_to(self, id: str) -> None:
        """Bring a page into view, if the dataset has it."""
        index = list(TITLES).index(id)
        if self.tabs.isTabVisible(index):
            self.tabs.setCurrentIndex(index)

    def _on_tab_changed(self) -> None:
        self._stack.setCurrentWidget(self._pages[self.current])
        self._catch_up()
        self.turned.emit(self.current)

    def show_items(self, items: Items, title: str) -> None:
        """Turn to the items, and show these only."""
        self.turn_to(ITEMS)
        self.items.restrict(items, title)

    def show_class(self, label_set: str, label: int) -> None:
        """Turn to the items, and show those of one class only."""
        self.turn_to(ITEMS)
        self.items.show_class(label_set, label)

    def _on_finding_picked(self, finding: "Finding") -> None:
        self.turn_to(ITEMS)
        self.items.show_finding(finding)

    # Following the model

    def _on_turned(self) -> None:
        row = self._model.row
        content = row.content if row else "images"
        self.tabs.setTabVisible(list(TITLES).index(CLASSES), content != "questions")
        self.items.clear(content=content, total=row.items if row else 0)
        self._show_badge()
        self._invalidate()

    def _on_opened(self) -> None:
        assert self._model.dataset
        self.items.show_dataset(self._model.dataset, self._model.catalogue)
        self._invalidate()

    def _on_edited(self, told: Told) -> None:
        assert self._model.dataset
        self.items.keep_showing(self._model.dataset, self._model.catalogue)
        self._invalidate()

    def _on_examining(self, job: Job) -> None:
        self._invalidate(CLASSES, STATISTICS, CHECKS)

    def _on_examined(self) -> None:
        if self._model.dataset and self._model.facts is not None:
            self.items.keep_showing(self._model.dataset, self._model.catalogue)
            self.items.set_findings(self._model.findings)
        self._show_badge()
        self._invalidate(CLASSES, STATISTICS, CHECKS)

    def _invalidate(self, *pages: str) -> None:
        self._stale |= set(pages or self._refreshers)
        self._catch_up()

    def _catch_up(self) -> None:
        if self.current in self._stale:
            self._stale.discard(self.current)
            self._refreshers[self.current]()

    def _on_preferences_changed(self) -> None:
        self.items.images.set_limit(self._workspace.preferences.limit_pixels)

    def _refresh_classes(self) -> None:
        examining = self._model.examination is not None
        self.classes.show_dataset(self._model.dataset, facts=self._model.facts, examining=examining)

    def _refresh_statistics(self) -> None:
        self.statistics.show_dataset(self._model.dataset)
        self.statistics.show_statistics(self._model.statistics, examining=self._model.examination is not None)

    def _refresh_checks(self) -> None:
        self.checks.show_dataset(self._model.dataset)
        known = self._model.facts is not None and self._model.statistics is not None
        self.checks.show_findings(self._model.findings, known=known, moment=self._model.moment)
        if self._model.examination:
            self.checks.follow(self._model.examination)

    def _refresh_splits(self) -> None:
        self.splits.show_dataset(self._model.dataset)

    def _show_badge(self) -> None:
        count = sum(finding.severity != "info" for finding in self._model.findings)
        self._badge.setText(f"{count:,}")
        self._badge.setVisible(count > 0)
        index = list(TITLES).index(CHECKS)
        words = f"{count:,} error{'' if count == 1 else 's'} and warnings" if count else ""
        self.tabs.setTabToolTip(index, words)
        # The tab bar measures a button when it is set.
        self.tabs.setTabButton(index, QTabBar.ButtonPosition.RightSide, self._badge if count else None)

    @property
    def badge(self) -> int:
        """Errors and warnings, as the tab tells."""
        return int(self._badge.text().replace(",", "") or 0)
