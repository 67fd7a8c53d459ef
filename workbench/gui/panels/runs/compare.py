"""What the selected runs have in common and where they differ: curves over one another, settings side by side, details.

Only the page that is looked at is kept up to date.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from workbench.gui.models.run_columns import labels, started_text
from workbench.gui.models.run_curves import RunCurvesCache
from workbench.gui.models.run_facts import RunFacts, default_settings, levels_of
from workbench.gui.naming import named
from workbench.gui.panels.runs.details import RunDetails
from workbench.gui.panels.runs.settings import CompareTable, Sheet
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.plots.board import BoardSettings, PlotBoard, RunCurves
from workbench.gui.workspace import Workspace

MOST_CURVES = 8
CURVES, SETTINGS, DETAILS = "curves", "settings", "details"
_PAGES = (CURVES, SETTINGS, DETAILS)


class CompareRuns(QTabWidget):
    """Three pages about the selected runs.

    Signals:
        failed: An error, and what was being done.

    Args:
        name: First part of its widgets' names, e.g. ``"runs"``.
    """

    failed = Signal(object, str)

    def __init__(self, workspace: Workspace, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, f"{name}.pages", "About the selected runs")
        self.setDocumentMode(True)
        self._selected: list[RunFacts] = []
        self._current: RunFacts | None = None
        self._colours: dict[str, int] = {}
        self._cache = RunCurvesCache(workspace, self)
        self.board = PlotBoard(theme, name=f"{name}.curves")
        self.settings = CompareTable(theme, name=f"{name}.settings")
        self.details = RunDetails(name=f"{name}.details")
        self._curves_page = _Page(self.board, margin=GAP)
        self._settings_page = _Page(self.settings, margin=0)
        self.addTab(self._curves_page, "Curves")
        self.addTab(self._settings_page, "Settings")
        self.addTab(self.details, "Details")
        self.currentChanged.connect(self._on_page_changed)
        self._cache.ready.connect(self._on_curves_read)
        self._cache.failed.connect(self._on_curves_failed)
        self.board.failed.connect(self._on_board_failed)

    def show_runs(self, selected: Sequence[RunFacts], current: RunFacts | None) -> None:
        """Compare ``selected``; ``current`` is the one whose details are shown."""
        self._selected, self._current = list(selected), current
        self._update()

    def forget(self) -> None:
        """Another project is open."""
        self._cache.clear()
        self._colours.clear()
        self.show_runs([], None)

    @property
    def page(self) -> str:
        return _PAGES[self.currentIndex()]

    @property
    def remark(self) -> str:
        """What is said above the curves; empty if there is nothing to say."""
        return self._curves_page.remark

    def turn_to(self, page: str) -> None:
        self.setCurrentIndex(_PAGES.index(page))

    def _on_page_changed(self) -> None:
        self._update()

    def _update(self) -> None:
        {CURVES: self._update_curves, SETTINGS: self._update_settings, DETAILS: self._update_details}[self.page]()

    # Curves

    def _update_curves(self) -> None:
        shown = self._selected[:MOST_CURVES]
        self._cache.want(shown)
        self._colours = _coloured(shown, self._colours)
        self._show_curves()

    def _show_curves(self) -> None:
        shown = self._selected[:MOST_CURVES]
        known = [
            RunCurves(label, curves, self._colours[facts.id], levels_of(facts.settings))
            for facts, label in zip(shown, labels(shown), strict=True)
            if (curves := self._cache.get(facts.id))
        ]
        self.board.set_runs([entry for entry in known if entry.curves.last_step])
        missing = [facts.name for facts in shown if (curves := self._cache.get(facts.id)) and not curves.last_step]
        if not shown:
            self._curves_page.explain("Select one or more runs to see their curves.")
        elif not known:
            self._curves_page.explain("Reading curves")
        elif len(missing) == len(shown):
            self._curves_page.explain("Nothing has been measured yet.")
        else:
            remarks = []
            if len(self._selected) > MOST_CURVES:
                remarks.append(f"Showing the first {MOST_CURVES} of {len(self._selected)} selected runs.")
            if missing:
                remarks.append(f"Nothing measured yet: {', '.join(missing)}.")
            self._curves_page.present(" ".join(remarks))

    def _on_curves_read(self) -> None:
        if self.page == CURVES:
            self._show_curves()

    def _on_curves_failed(self, error: Exception) -> None:
        self.failed.emit(error, "reading the curves of a run")

    def _on_board_failed(self, error: Exception) -> None:
        self.failed.emit(error, "exporting curves")

    # Settings

    def _update_settings(self) -> None:
        readable = [facts for facts in self._selected if facts.settings]
        if not readable:
            text = (
                "The settings cannot be read." if self._selected else "Select one or more runs to see their settings."
            )
            self._settings_page.explain(text)
            return
        sheets = [
            Sheet(title=label, about=f"{facts.name}, started {started_text(facts.created)}", values=facts.settings)
            for facts, label in zip(readable, labels(readable), strict=True)
        ]
        if len(readable) == 1:
            defaults = default_settings(readable[0])
            about = "What a new job of this network starts with"
            sheets = [Sheet(title="Default", about=about, values=defaults), *sheets] if defaults else sheets
            self.settings.show_sheets(sheets, equal="Every setting has its default.")
        else:
            self.settings.show_sheets(sheets, equal=f"These {len(readable)} runs have equal settings.")
        self._settings_page.present("")

    # Details

    def _update_details(self) -> None:
        self.details.show_run(self._current)

    # What a person set

    def view_state(self) -> dict[str, object]:
        return {
            "page": self.page,
            "only differences": self.settings.only_differences,
            "board": asdict(self.board.settings),
        }

    def restore_view(self, state: dict[str, object]) -> None:
        page, only, board = state.get("page"), state.get("only differences"), state.get("board")
        if page in _PAGES:
            self.turn_to(str(page))
        if isinstance(only, bool):
            self.settings.set_only_differences(only)
        if isinstance(board, dict):
            self.board.apply(_board_settings(board))


def _board_settings(values: dict[str, object]) -> BoardSettings:
    """What ``values`` say in the kinds that they should have; the rest as it is by default."""
    usual = asdict(BoardSettings())
    taken: dict[str, Any] = {key: values.get(key) for key in usual}
    return BoardSettings(**{key: value for key, value in taken.items() if type(value) is type(usual[key])})


def _coloured(runs: Sequence[RunFacts], before: dict[str, int]) -> dict[str, int]:
    """A colour a run: those shown before keep theirs, the others take the first free ones."""
    colours = {facts.id: before[facts.id] for facts in runs if facts.id in before}
    free = (number for number in range(2 * MOST_CURVES) if number not in colours.values())
    return {facts.id: colours[facts.id] if facts.id in colours else next(free) for facts in runs}


class _Page(QWidget):
    """A widget with a remark above it, or a sentence in its place."""

    def __init__(self, content: QWidget, *, margin: int) -> None:
        super().__init__()
        self._sentence = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._remark = QLabel(wordWrap=True)
        for label in (self._sentence, self._remark):
            label.setProperty("role", "muted")
            label.setTextFormat(Qt.TextFormat.PlainText)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(margin, margin, margin, 0)
        column.setSpacing(GAP)
        column.addWidget(self._remark)
        column.addWidget(content, 1)
        self._whole = whole
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._sentence)
        self._pages.addWidget(whole)

    def explain(self, text: str) -> None:
        """Show a sentence instead of the content."""
        self._sentence.setText(text)
        self._pages.setCurrentWidget(self._sentence)

    @property
    def remark(self) -> str:
        return self._remark.text()

    def present(self, remark: str) -> None:
        """Show the content, with a remark if there is one."""
        self._remark.setText(remark)
        self._remark.setVisible(bool(remark))
        self._pages.setCurrentWidget(self._whole)
