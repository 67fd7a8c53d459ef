"""What goes on: every job with its progress and its buttons, and below them what has been said, newest first."""

import time

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.jobs import PAUSED, STOPPING, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.workspace import MESSAGES_KEPT, Note, Workspace

_STEPS_OF_BAR = 1000


class Activity(QWidget):
    """The content of the Activity dock."""

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("activity")
        self._theme = theme
        self._rows: dict[Job, _JobRow] = {}
        self._none = QLabel("Nothing is running.")
        self._none.setProperty("role", "muted")
        self._list = QVBoxLayout()
        self._list.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        self._list.setSpacing(GAP)
        self._list.addWidget(self._none)
        self._list.addStretch(1)
        rows = QWidget()
        rows.setLayout(self._list)
        jobs = QScrollArea(widgetResizable=True)
        jobs.setFrameShape(QFrame.Shape.NoFrame)
        jobs.setWidget(rows)
        named(jobs, "activity.jobs", "Jobs")
        self._model = NotesModel(workspace, theme, self)
        messages = named(QListView(), "activity.messages", "Messages")
        messages.setModel(self._model)
        messages.setWordWrap(True)
        messages.setIconSize(QSize(ICON, ICON))
        messages.setResizeMode(QListView.ResizeMode.Adjust)
        messages.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        messages.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(jobs)
        halves.addWidget(messages)
        halves.setSizes([600, 400])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(halves)
        workspace.jobs.started.connect(self._on_job_started)
        workspace.jobs.ended.connect(self._on_job_ended)

    def _on_job_started(self, job: Job) -> None:
        if not job.quiet:
            self._rows[job] = _JobRow(job, self._theme)
            self._list.insertWidget(self._list.count() - 1, self._rows[job])
            self._none.hide()

    def _on_job_ended(self, job: Job, ending: Ending) -> None:
        row = self._rows.pop(job, None)
        if row:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
            self._none.setVisible(not self._rows)


class _JobRow(QWidget):
    """One job: title, bar, words, Pause, Stop."""

    def __init__(self, job: Job, theme: Theme) -> None:
        super().__init__()
        self._job, self._theme = job, theme
        title = QLabel(job.title)
        title.setProperty("role", "heading")
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words = QLabel()
        self._words.setProperty("role", "muted")
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        # Never without a range: under a stylesheet Qt goes on painting a busy bar thirty times a second for good
        self._bar = QProgressBar(textVisible=False, maximum=_STEPS_OF_BAR)
        named(self._bar, "activity.progress", f"Progress of {job.title}")
        self._pause = named(QToolButton(), "activity.pause", f"Pause {job.title}")
        self._stop = named(QToolButton(), "activity.stop", f"Stop {job.title}")
        self._stop.setToolTip("Stop")
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._bar, 1)
        row.addWidget(self._pause)
        row.addWidget(self._stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 4)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self._words)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._stop.clicked.connect(job.stop)
        job.changed.connect(self._on_job_changed)
        job.state_changed.connect(self._on_state_changed)
        theme.changed.connect(self._on_state_changed)
        self._on_state_changed()
        self._on_job_changed()

    def _on_pause_clicked(self) -> None:
        if self._job.state == PAUSED:
            self._job.resume()
        else:
            self._job.pause()

    def _on_job_changed(self) -> None:
        pace, state = self._job.pace, self._job.state
        self._bar.setValue(round(_STEPS_OF_BAR * (pace.fraction or 0.0)))
        self._words.setText({PAUSED: f"paused · {pace.words()}", STOPPING: "stopping…"}.get(state, pace.words()))

    def _on_state_changed(self) -> None:
        state = self._job.state
        self._pause.setIcon(self._theme.icon("resume" if state == PAUSED else "pause"))
        words = "Go on" if state == PAUSED else "Pause"
        self._pause.setToolTip(words)
        self._pause.setAccessibleName(f"{words}: {self._job.title}")
        self._stop.setIcon(self._theme.icon("stop"))
        for button in (self._pause, self._stop):
            button.setEnabled(state != STOPPING)


class NotesModel(QAbstractListModel):
    """The workspace's messages, newest first."""

    def __init__(self, workspace: Workspace, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._notes: list[Note] = list(workspace.notes)
        workspace.noted.connect(self._on_noted)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._notes)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        note = self._notes[-1 - index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            moment = time.strftime("%H:%M:%S", time.localtime(note.moment))
            source = f"{note.source}: " if note.source else ""
            return f"{moment}  {source}{note.text}"
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon(note.level)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{note.level}: {note.source} {note.text}"
        return None

    def _icon(self, level: str) -> QIcon:
        colours = self._theme.colours
        colour = {"warning": colours.warning, "error": colours.bad}.get(level, colours.muted)
        return self._theme.icon(level, colour=colour)

    def _on_noted(self, note: Note) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._notes.append(note)
        self.endInsertRows()
        if len(self._notes) > MESSAGES_KEPT:
            self.beginRemoveRows(QModelIndex(), MESSAGES_KEPT, len(self._notes) - 1)
            del self._notes[:-MESSAGES_KEPT]
            self.endRemoveRows()
