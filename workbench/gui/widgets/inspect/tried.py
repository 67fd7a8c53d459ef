"""Files that somebody dropped to have them classified: one row each, answered one after the other."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workbench.engine.events import Event
from workbench.gui.jobs import FAILED, Ending, Job
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.looking import Weights
from workbench.gui.units import SHARE
from workbench.gui.widgets.inspect.closely import Subject

if TYPE_CHECKING:
    from workbench.engine.inspection.inspection import Inspection
    from workbench.engine.inspection.looking import FileAnswers

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("File", "Taken for", "How sure", "Folder")
FILES = "files"
"""Stands for a split where what is inspected are files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One file: an inspection of it alone, or why there is none."""

    path: Path
    answer: "Inspection | None"
    error: str = ""

    @property
    def subject(self) -> Subject:
        assert self.answer is not None
        return Subject(name=self.path.name, read=self.path.read_bytes, answer=self.answer)


class TriedFiles(QAbstractTableModel):
    """The newest drop comes after the ones before; a file that is dropped again is answered again, in its place.

    Signals:
        working: Whether files are still to be answered.
        failed: The error, where the network could not be asked at all.
    """

    working = Signal(bool)
    failed = Signal(object)

    def __init__(self, model: InspectionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rows: list[Tried] = []
        self._targets: list[Path] = []  # everything that was dropped; asked again when the weights are others
        self._waiting: list[Path] = []  # dropped while others are being answered
        self._job: Job | None = None
        self._weights: Weights | None = None
        model.changed.connect(self._on_model_changed)

    # What is there

    @property
    def job(self) -> Job | None:
        return self._job

    def row(self, row: int) -> Tried:
        return self._rows[row]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        tried, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.ToolTipRole:
            return tried.error or str(tried.path)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 2:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if column == 0:
            return tried.path.name
        if column == 3:
            return tried.path.parent.name
        if tried.answer is None:
            return "cannot be read" if column == 1 else "–"
        if column == 1:
            return tried.answer.classes[int(tried.answer.predicted[0])]
        return SHARE.text(float(tried.answer.confidence[0]))

    def merged(self) -> "tuple[Inspection, list[str]] | None":
        """All answers as one inspection, and the files' paths in its order; ``None`` where there is none."""
        good = [tried for tried in self._rows if tried.answer is not None]
        if not good:
            return None
        answers = [tried.answer for tried in good if tried.answer is not None]
        whole = replace(
            answers[0],
            items=np.arange(len(answers), dtype=np.int64),
            labels=np.concatenate([answer.labels for answer in answers]),
            logits=np.concatenate([answer.logits for answer in answers]),
            features=np.concatenate([answer.features for answer in answers]),
        )
        return whole, [str(tried.path) for tried in good]

    # What happens to it

    def take(self, paths: Sequence[Path]) -> None:
        """Classify files, and all images in folders."""
        fresh = [path for path in paths if path not in self._targets]
        self._targets += fresh
        if self._job:
            self._waiting += paths
        else:
            self._ask(list(paths))

    def clear(self) -> None:
        """Forget all files."""
        self.stop()
        self._targets.clear()
        self._empty()

    def stop(self) -> None:
        """Answer no more; what is answered stays."""
        self._waiting.clear()
        if self._job:
            self._job.stop()
            self._job = None
            self.working.emit(False)

    def _empty(self) -> None:
        self.beginResetModel()
        self._rows.clear()
        self.endResetModel()

    def _ask(self, paths: list[Path]) -> None:
        self.stop()
        self._weights = self._model.weights
        if self._weights is None or self._model.inspection is None or not paths:
            return
        work = _classify(self._weights, self._model.inspection, paths)
        self._job = self._model.workspace.jobs.start(work, title="Classifying files", quiet=True)
        self._job.events.connect(self._on_job_events)
        self._job.ended.connect(self._on_job_ended)
        self.working.emit(True)

    def _on_model_changed(self) -> None:
        """Other weights say other things."""
        if self._model.weights is not self._weights and self._targets:
            self._empty()
            self._ask(list(self._targets))

    def _on_job_events(self, events: tuple[Event, ...]) -> None:
        if self.sender() is not self._job:
            return
        places = {tried.path: row for row, tried in enumerate(self._rows)}
        fresh: list[Tried] = []
        for event in events:
            if not isinstance(event, Answered):
                continue
            row = places.get(event.tried.path)
            if row is None:
                fresh.append(event.tried)
            else:
                self._rows[row] = event.tried
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(fresh) - 1)
            self._rows += fresh
            self.endInsertRows()

    def _on_job_ended(self, ending: Ending) -> None:
        if self.sender() is not self._job:
            return
        self._job = None
        waiting, self._waiting = self._waiting, []
        if ending.state == FAILED:
            self.failed.emit(ending.error)
        if waiting:
            self._ask(waiting)
        else:
            self.working.emit(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """A file has its answer."""

    tried: Tried


def _classify(weights: Weights, like: "Inspection", paths: list[Path]) -> Generator[Event, None, None]:
    from workbench.engine.inspection.looking import FileAnswers, inspect_files

    trained = yield from weights.load()
    answered = partial(_tried, like)
    for event in inspect_files(trained, paths):
        yield Answered(tried=answered(event)) if isinstance(event, FileAnswers) else event


def _tried(like: "Inspection", said: "FileAnswers") -> Tried:
    """The answer as an inspection; the truth is the class that the file's folder is called, if there is one."""
    if said.error:
        return Tried(path=said.path, answer=None, error=said.error)
    folder = said.path.parent.name
    label = like.classes.index(folder) if folder in like.classes else -1
    answer = replace(
        like,
        dataset="",
        split=FILES,
        items=np.zeros(1, np.int64),
        labels=np.array([label], np.int64),
        logits=said.logits[None],
        features=said.features[None],
    )
    return Tried(path=said.path, answer=answer)
