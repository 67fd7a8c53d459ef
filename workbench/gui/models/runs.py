"""The runs of the open project as a table that follows them, and the view of it that a search narrows.

What is known of a run comes from :mod:`workbench.gui.models.run_facts`, in a job, and its words from
:mod:`workbench.gui.models.run_columns`. Names and notes are changed through the model; everything else about a run is
the panel's business.
"""

import html
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QIcon

from workbench.engine.errors import UserError
from workbench.engine.project.project import Project
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.models.run_columns import COLUMNS, NAME, NOTE, STATES, Column, Key
from workbench.gui.models.run_facts import Reading, RunFacts, read_facts
from workbench.gui.theme import Theme
from workbench.gui.workspace import Workspace

Index = QModelIndex | QPersistentModelIndex
_TOOLTIP_WIDTH = 80  # characters


class RunsModel(QAbstractTableModel):
    """A row a run, oldest first; :data:`COLUMNS` across.

    Signals:
        refreshing: Rows may come and go, many perhaps; :attr:`refreshed` follows before the event loop runs again.
        refreshed: What is shown is what the project holds (it may be the same as before).
        refused: An error, and what was being done ("renaming r").
    """

    refreshing = Signal()
    refreshed = Signal()
    refused = Signal(object, str)

    def __init__(self, workspace: Workspace, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._theme = workspace, theme
        self._rows: list[RunFacts] = []
        self._icons: dict[str, QIcon] = {}
        self._reading = Reading()
        self._project: Project | None = None
        self._job: Job | None = None
        self._again = self._outdated = False
        self.known = False
        """Whether the runs of the open project have been read; before, an empty table means nothing."""
        # Not at once: at the end of the program jobs are stopped one by one, and none may begin in between.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        theme.changed.connect(self._on_theme_changed)

    # Following the project

    def refresh(self) -> None:
        """Read what has changed, in the background; :attr:`refreshed` follows."""
        if self._workspace.project is not self._project:
            self._forget()
        if self._job:
            self._again = True
        elif self._project:
            self._again = self._outdated = False
            work = read_facts(self._project, before=self._reading)
            self._job = self._workspace.jobs.start(work, title="Reading the runs", quiet=True)
            self._job.ended.connect(self._on_reading_ended)
        else:
            self.refreshed.emit()

    def _forget(self) -> None:
        self.beginResetModel()
        self._rows, self._reading, self.known = [], Reading(), False
        self._project = self._workspace.project
        self._outdated = True  # what a job under way brings is another project's
        self.endResetModel()

    def _on_reading_ended(self, ending: Ending) -> None:
        self._job = None
        again, outdated = self._again or (self._outdated and ending.state != FAILED), self._outdated
        if ending.state == DONE and not outdated:
            self._reading = ending.result
            self.refreshing.emit()
            self._take(ending.result.facts)
            self.known = True
            self.refreshed.emit()
        elif ending.state == FAILED and not outdated:
            assert ending.error is not None
            self.refused.emit(ending.error, "reading the runs")
        if again:
            self._later.start()

    def _take(self, facts: Sequence[RunFacts]) -> None:
        """Change what is different, and nothing else: selection, editors and scroll bars stay where they are."""
        kept = {one.id for one in facts}
        end = len(self._rows)
        while end > 0:
            first = end
            while first > 0 and self._rows[first - 1].id not in kept:
                first -= 1
            if first < end:
                self.beginRemoveRows(QModelIndex(), first, end - 1)
                del self._rows[first:end]
                self.endRemoveRows()
            end = first - 1
        row = 0
        while row < len(facts):
            here = self._rows[row].id if row < len(self._rows) else ""
            new = row
            while new < len(facts) and facts[new].id != here:
                new += 1
            if new > row:
                self.beginInsertRows(QModelIndex(), row, new - 1)
                self._rows[row:row] = facts[row:new]
                self.endInsertRows()
                row = new
            else:
                self._change(row, facts[row])
                row += 1

    def _change(self, row: int, facts: RunFacts) -> None:
        before, self._rows[row] = self._rows[row], facts
        if before == facts:
            return
        for number, column in enumerate(COLUMNS):  # cell by cell: an editor that is open in another one keeps its text
            if (column.text(before), column.tooltip(before)) != (column.text(facts), column.tooltip(facts)):
                self.dataChanged.emit(self.index(row, number), self.index(row, number))

    # Asking

    @property
    def rows(self) -> Sequence[RunFacts]:
        return self._rows

    def facts(self, row: int) -> RunFacts:
        return self._rows[row]

    def order(self, row: int, column: int) -> Key:
        return COLUMNS[column].order(self._rows[row])

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.ToolTipRole:
                return column.about
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        facts, column = self._rows[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return column.text(facts)
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(facts.state) if column.key == "state" else None
            case Qt.ItemDataRole.ToolTipRole:
                return plain(column.tooltip(facts) or column.text(facts))
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {column.text(facts)}"
        return None

    def _icon(self, state: str) -> QIcon:
        if state not in self._icons:
            _, name, colour, _ = STATES.get(state, (9, "help", "muted", ""))
            self._icons[state] = self._theme.icon(name, colour=getattr(self._theme.colours, colour))
        return self._icons[state]

    def _on_theme_changed(self) -> None:
        self._icons.clear()
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    # Changing

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return usual | Qt.ItemFlag.ItemIsEditable if index.column() in (NAME, NOTE) else usual

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename a run or write its note; :attr:`refused` says why if that cannot be."""
        facts, project = self._rows[index.row()], self._project
        if role != Qt.ItemDataRole.EditRole or index.column() not in (NAME, NOTE) or project is None:
            return False
        text, renaming = " ".join(str(value).split()), index.column() == NAME
        if text == (facts.name if renaming else facts.note):
            return True
        try:
            if renaming:
                project.rename_run(facts.id, text)
            else:
                project.set_note(facts.id, text)
        except UserError as error:
            self.refused.emit(error, f"{'renaming' if renaming else 'writing a note on'} {facts.name}")
            return False
        self._outdated = True  # what is being read now may have been read before
        self._change(index.row(), replace(facts, name=text) if renaming else replace(facts, note=text))
        self._workspace.runs_changed.emit()
        return True


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def plain(text: str) -> str:
    """A tooltip that shows ``text`` as it is: wrapped, and never taken for HTML."""
    wrapped = "\n".join(textwrap.fill(line, _TOOLTIP_WIDTH) for line in text.splitlines())
    return "<qt>" + html.escape(wrapped).replace("\n", "<br>") + "</qt>" if "<" in wrapped else wrapped


class RunsFilter(QSortFilterProxyModel):
    """The runs that hold every word of a search, in any column, sorted with what is missing at the end."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__(model)
        self._model = model
        self._words: tuple[str, ...] = ()
        self.setSourceModel(model)
        self.setDynamicSortFilter(True)

    @property
    def words(self) -> tuple[str, ...]:
        return self._words

    def search(self, text: str) -> None:
        """Show the runs that hold each word of ``text``, upper or lower case."""
        words = tuple(text.casefold().split())
        if words != self._words:
            self.beginFilterChange()
            self._words = words
            self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def facts(self, row: int) -> RunFacts:
        return self._model.facts(self.mapToSource(self.index(row, 0)).row())

    def row_of(self, run_id: str) -> int:
        """The row that shows the run, -1 where none does."""
        for row, facts in enumerate(self._model.rows):
            if facts.id == run_id:
                return self.mapFromSource(self._model.index(row, 0)).row()
        return -1

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._words:
            return True
        facts = self._model.facts(row)
        text = "\n".join([facts.id, *(column.text(facts) for column in COLUMNS)]).casefold()
        return all(word in text for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        one = self._model.order(left.row(), left.column())
        other = self._model.order(right.row(), right.column())
        if one is None or other is None:  # Qt swaps the two to sort the other way round; what is missing stays last
            if one is other:
                return False
            return (other is None) == (self.sortOrder() == Qt.SortOrder.AscendingOrder)
        return one < other  # type: ignore[operator]  # one column, one type
