"""Every run of the project: found again, compared, named, thrown away and brought back, gone on with.

The list is :mod:`workbench.gui.models.runs`'s, what is shown of the selected ones
:mod:`workbench.gui.panels.runs.compare`'s; here stands what a person does with them.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSplitter, QVBoxLayout

from workbench.engine.errors import UserError
from workbench.engine.project.runs import FINISHED, RUNNING
from workbench.engine.train.job import Job as TrainingJob
from workbench.gui.actions import Action, Trigger
from workbench.gui.models.inspectable_runs import CLASSIFYING, GENERATIVE
from workbench.gui.models.run_bin import Outcome, RunBin
from workbench.gui.models.run_columns import NAME, NOTE
from workbench.gui.models.run_facts import DAMAGED, RunFacts
from workbench.gui.models.runs import RunsFilter, RunsModel
from workbench.gui.naming import named
from workbench.gui.panels.panel import Empty, Panel
from workbench.gui.panels.runs.compare import SETTINGS, CompareRuns
from workbench.gui.panels.runs.table import RunsTable
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.button_row import ButtonRow, Entry
from workbench.gui.widgets.undo_bar import UndoBar
from workbench.gui.workspace import Workspace

_LOOK_EVERY = 5000  # milliseconds; runs that the command line trains send no signal
_SETTLED = 40  # milliseconds after the last change of the selection: an arrow key held down reads nothing in passing
_NARROW_SEARCH = 18  # characters
_MENU = "Run"
_ABOUT = (
    "Every training leaves a run here, with its settings, curves, checkpoints and scores, to be compared and resumed."
)
_NO_RUNS = Empty(icon="runs", title="No runs yet", text=_ABOUT, action="show.train", button="Train a model")
_NO_PROJECT = Empty(
    icon="runs", title="No project is open", text=_ABOUT, action="project.open", button="Open a project"
)
_KEYS = {
    "resume": "Ctrl+R",
    "start-from": "Ctrl+D",
    "look-into": "Ctrl+Shift+I",
    "open-latent": "Ctrl+Shift+L",
    "rename": "F2",
    "note": "Shift+F2",
    "delete": "Del",
    "undo-delete": "Ctrl+Z",
    "compare": "Ctrl+Shift+D",
    "open-folder": "Ctrl+Shift+F",
    "search": "Ctrl+F",
}


def _native(id: str) -> str:
    return QKeySequence(_KEYS[id]).toString(QKeySequence.SequenceFormat.NativeText)


def _entries() -> list[Entry]:
    words = (
        ("resume", "Resume", "resume", "Go on training from the last checkpoint"),
        ("start-from", "Start from", "duplicate", "Start a new run from these settings"),
        ("look-into", "Inspect", "inspect", "See how good the network is, and on what"),
        ("open-latent", "Latent", "latent", "Explore what a network that makes images has learned"),
        ("rename", "Rename", "rename", "Give the run another name"),
        ("note", "Note", "note", "Write a note beside the run"),
        ("delete", "Delete", "delete", "Delete the selected runs; this can be undone"),
        ("open-folder", "Open folder", "folder", "Show the run's files"),
    )
    return [Entry(id=id, text=text, icon=icon, about=f"{about} ({_native(id)})") for id, text, icon, about in words]


class RunsPanel(Panel):
    """See the module."""

    def __init__(self, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__("runs", workspace=workspace, theme=theme, trigger=trigger)
        self._stale = False
        self._selected: list[RunFacts] = []
        self._select_next: tuple[str, ...] = ()
        self._in_bulk = False  # many rows come and go: what follows from each is done once, at the end
        self.model = RunsModel(workspace, theme, self)
        self.runs = RunsFilter(self.model)
        self.bin = RunBin(workspace, self)
        self._build()
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED)
        self._settled.timeout.connect(self._on_selection_settled)
        self.looks = QTimer(self, interval=_LOOK_EVERY)
        self.looks.timeout.connect(self.model.refresh)
        self.model.refreshing.connect(self._on_refreshing)
        self.model.refreshed.connect(self._on_refreshed)
        self.model.refused.connect(self._on_refused)
        self.table.picked.connect(self._on_picked)
        self.compare.failed.connect(self._on_refused)
        self.search.textChanged.connect(self._on_search_changed)
        self.search.returnPressed.connect(self.table.setFocus)
        self.buttons.pressed.connect(self._on_button_pressed)
        self.undo_bar.undone.connect(self.bin.undo)
        self.bin.deleted.connect(self._on_deleted)
        self.bin.restored.connect(self._on_restored)
        self.bin.failed.connect(self._on_refused)
        workspace.project_changed.connect(self._on_project_changed)
        workspace.runs_changed.connect(self._on_runs_changed)
        workspace.datasets_changed.connect(self._on_runs_changed)
        workspace.changed.connect(self._on_workspace_changed)
        self.model.refresh()  # even before it is looked at: its commands stand in a menu

    def _build(self) -> None:
        self.search = named(QLineEdit(), "runs.search", "Search the runs")
        self.search.setPlaceholderText("Search runs")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NARROW_SEARCH)
        self.search.setToolTip(f"Every word must stand in some column ({_native('search')})")
        self.count = QLabel()
        self.count.setObjectName("runs.count")
        self.count.setProperty("role", "muted")
        self.buttons = ButtonRow(self.theme, name="runs", entries=_entries())
        self.table = RunsTable(self.runs, self.theme, name="runs.table")
        self.compare = CompareRuns(self.workspace, self.theme, name="runs")
        self.undo_bar = UndoBar(self.theme, name="runs.undo", keys=_native("undo-delete"))
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("runs.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.compare)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([400, 600])
        self.table.setMinimumHeight(self.fontMetrics().height() * 6)
        bar = QHBoxLayout()
        bar.setContentsMargins(GAP, GAP, GAP, GAP)
        bar.setSpacing(GAP)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count)
        bar.addSpacing(GAP)
        bar.addWidget(self.buttons)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.splitter, 1)
        # Below the pages, not in the content: the last run's deletion must be undoable from the empty page.
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.undo_bar)
        self.setFocusProxy(self.table)

    def commands(self) -> list[Action]:
        def action(id: str, text: str, icon: str, reason: Callable[[], str], handler: Callable[[], object]) -> Action:
            return Action(
                id=f"runs.{id}",
                text=text,
                icon=icon,
                handler=handler,
                enabled=lambda: not reason(),
                shortcut=_KEYS[id],
                menu=_MENU,
                panel=self.id,
            )

        return [
            action("resume", "Resume", "resume", self.why_not_resume, self.resume),
            action("start-from", "Start from these settings", "duplicate", self._why_not_start, self.start_from),
            action("look-into", "Inspect this run", "inspect", self._why_not_inspect, self.look_into),
            action("open-latent", "Open in Latent", "latent", self._why_not_latent, self.open_latent),
            action("rename", "Rename", "rename", self._why_not_one, self.rename),
            action("note", "Write a note", "note", self._why_not_one, self.write_note),
            action("delete", "Delete", "delete", self._why_not_any, self.delete),
            action("undo-delete", "Undo delete", "undo", self._why_not_undo, self.bin.undo),
            action("compare", "Compare settings", "compare", self._why_not_compare, self.compare_settings),
            action("open-folder", "Open folder", "folder", self._why_not_one, self.open_folder),
            action("search", "Search runs", "search", self._why_not_search, self.search_runs),
        ]

    # Following the workspace

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.looks.start()
        if self._stale:
            self._refresh()
        self._settled.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.looks.stop()

    def _refresh(self) -> None:
        self._stale = not self.isVisible()
        if not self._stale:
            self.model.refresh()

    def _on_project_changed(self) -> None:
        self._select_next = ()
        self.bin.forget()
        self.undo_bar.hide()
        self.errors.dismiss()
        self.search.clear()
        self.compare.forget()
        self.model.refresh()

    def _on_runs_changed(self) -> None:
        self._refresh()

    def _on_workspace_changed(self) -> None:
        if self.isVisible():
            self._show_what_makes_sense()

    def _on_refreshing(self) -> None:
        self._in_bulk = True

    def _on_refreshed(self) -> None:
        first = self.model.known and not self.table.currentIndex().isValid()
        if self._select_next:
            self.table.select(self._select_next)
            self._select_next = ()
        elif first and self.runs.rowCount():
            self.table.select([self.runs.facts(0).id])
        if self.workspace.project is None:
            self.show_empty(_NO_PROJECT)
        else:
            self.show_empty(_NO_RUNS if self.model.known and not self.model.rowCount() else None)
        self._in_bulk = False
        self._on_picked()

    def _on_refused(self, error: Exception, doing: str) -> None:
        self.show_error(error, doing=doing)

    # Looking

    def _on_search_changed(self, text: str) -> None:
        self._in_bulk = True
        self.runs.search(text)
        self._in_bulk = False
        self._on_picked()

    def _on_picked(self) -> None:
        if self._in_bulk:
            return
        self._selected = self.table.selected()
        self._show_what_makes_sense()
        self._settled.start()
        self.workspace.changed.emit()  # the commands in the menus ask anew what makes sense

    def _on_selection_settled(self) -> None:
        if self.isVisible():
            self.compare.show_runs(self._selected, self.table.current())

    def _show_what_makes_sense(self) -> None:
        shown, total = self.runs.rowCount(), self.model.rowCount()
        words = f"{shown:,} of {total:,} runs" if self.runs.words else f"{total:,} run{'' if total == 1 else 's'}"
        self.count.setText(words if self.model.known else "Reading runs")
        for id, reason in (
            ("resume", self.why_not_resume),
            ("start-from", self._why_not_start),
            ("look-into", self._why_not_inspect),
            ("open-latent", self._why_not_latent),
            ("rename", self._why_not_one),
            ("note", self._why_not_one),
            ("delete", self._why_not_any),
            ("open-folder", self._why_not_one),
        ):
            self.buttons.allow(id, reason())

    def search_runs(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def compare_settings(self) -> None:
        """Show the settings of the selected runs; of the two latest ones unless two or more are selected."""
        if len(self._selected) < 2:
            self.search.clear()
            latest = sorted(self.model.rows, key=lambda facts: facts.created)[-2:]
            self.table.select([facts.id for facts in reversed(latest)])
        self.compare.turn_to(SETTINGS)
        if self.isVisible():
            self._on_selection_settled()
        else:
            self.trigger("show.runs")

    # What makes sense: why not, in a sentence, or nothing

    def _one(self) -> RunFacts | None:
        return self._selected[0] if len(self._selected) == 1 else None

    def _why_not_any(self) -> str:
        return "" if self._selected else "Select a run first"

    def _why_not_one(self) -> str:
        return "" if self._one() else self._why_not_any() or "Select a single run"

    def why_not_resume(self) -> str:
        """Why the selected run cannot go on; empty if it can."""
        facts = self._one()
        if facts is None:
            return self._why_not_one()
        if facts.state == DAMAGED:
            return "This run is damaged"
        if facts.state == FINISHED:
            return "This run is finished; start from its settings instead"
        if facts.state == RUNNING:
            return "This run is being trained"
        return "Another training is under way" if self.workspace.training else ""

    def _why_not_start(self) -> str:
        facts = self._one()
        if facts is None:
            return self._why_not_one()
        return "" if facts.settings else "The settings of this run cannot be read"

    def _why_not_inspect(self) -> str:
        facts = self._one()
        if facts is None:
            return self._why_not_one()
        return "" if facts.settings.get("task.name") in CLASSIFYING else "Only runs that classify can be inspected yet"

    def _why_not_latent(self) -> str:
        facts = self._one()
        if facts is None:
            return self._why_not_one()
        makes_images = facts.settings.get("task.name") in GENERATIVE
        return "" if makes_images else "Only networks that make images have a latent space"

    def _why_not_undo(self) -> str:
        return "" if self.bin.text else "Nothing was deleted"

    def _why_not_compare(self) -> str:
        return "" if self.model.rowCount() > 1 else "There are no two runs"

    def _why_not_search(self) -> str:
        return "There is no run" if self.is_empty else ""

    # Doing

    def _on_button_pressed(self, id: str) -> None:
        {
            "resume": self.resume,
            "start-from": self.start_from,
            "look-into": self.look_into,
            "open-latent": self.open_latent,
            "rename": self.rename,
            "note": self.write_note,
            "delete": self.delete,
            "open-folder": self.open_folder,
        }[id]()

    def resume(self) -> None:
        """Go on training the selected run."""
        facts = self._one()
        assert facts
        try:
            self.workspace.resume(facts.run)
        except UserError as error:
            self.show_error(error, doing=f"resuming {facts.name}")
        else:
            self.errors.dismiss()
            self.trigger("show.train")

    def start_from(self) -> None:
        """Hand the selected run's settings to whoever edits jobs."""
        facts = self._one()
        assert facts
        try:
            job = TrainingJob.from_dict(facts.run.job(), name=facts.name)
        except UserError as error:
            self.show_error(error, doing=f"reading the settings of {facts.name}")
        else:
            self.workspace.offer_job(job)
            self.trigger("show.train")

    def look_into(self) -> None:
        """Hand the selected run to whoever looks into runs."""
        self._offer_to("inspect")

    def open_latent(self) -> None:
        """Hand the selected run to whoever explores networks that make images."""
        self._offer_to("latent")

    def _offer_to(self, panel: str) -> None:
        facts = self._one()
        assert facts
        self.trigger(f"show.{panel}")  # first: it may have to be made
        self.workspace.offer_run(facts.id)

    def rename(self) -> None:
        self.table.write(NAME)

    def write_note(self) -> None:
        self.table.write(NOTE)

    def open_folder(self) -> None:
        facts = self._one()
        assert facts
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(facts.folder))):
            error = UserError("no program of this system opens folders", where=str(facts.folder))
            self.show_error(error, doing="opening a folder")

    def delete(self) -> None:
        """Delete the selected runs; it can be undone."""
        self.errors.dismiss()
        self.bin.delete({facts.id: facts.name for facts in self._selected})

    def _on_deleted(self, outcome: Outcome) -> None:
        self._offer_undo()
        if not outcome.refusals:
            self._select_next = self.table.neighbour()
        self.workspace.runs_changed.emit()

    def _on_restored(self, outcome: Outcome) -> None:
        self._offer_undo()
        self._select_next = outcome.done
        self.workspace.runs_changed.emit()

    def _offer_undo(self) -> None:
        if self.bin.text:
            self.undo_bar.offer(self.bin.text)
        else:
            self.undo_bar.hide()

    # What a person set

    def state(self) -> dict[str, object]:
        return {
            "search": self.search.text(),
            "splitter": self.splitter.sizes(),
            "table": self.table.view_state(),
            "compare": self.compare.view_state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        search, sizes = state.get("search"), state.get("splitter")
        if isinstance(search, str):
            self.search.setText(search)
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) and size > 0 for size in sizes):
            self.splitter.setSizes(sizes)
        for part, key in ((self.table, "table"), (self.compare, "compare")):
            if isinstance(values := state.get(key), dict):
                part.restore_view(values)
