"""The dialog that writes a dataset out for other programs: in which format, where to, which splits.

It starts the export and may be closed while that runs: the job goes on and is seen among the activities. That a
destination holds all of an export or nothing of it is the engine's to see to.
"""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.events import Progress
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.set_list import DOT, counted
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.exports import ExportSummary
    from workbench.engine.data.opened import Dataset

_WIDTH, _LEAST_WIDTH = 84, 56  # characters
_MOST_ROWS = 8  # of formats in view
_NAME = Qt.ItemDataRole.UserRole
_ORDER = ("train", "validation", "test", "")
_NO_SPLIT = "no split"


@dataclass(frozen=True, slots=True)
class _Format:
    name: str
    title: str
    contents: tuple[str, ...]


class ExportDialog(QDialog):
    """Open it with :meth:`ask`.

    Signals:
        started: The job of an export that was begun here.
        failed_unseen: It failed after the dialog was closed: the error, and what was being done in words.
    """

    started = Signal(object)
    failed_unseen = Signal(object, str)

    def __init__(self, workspace: Workspace, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "data.export-dialog", "Export data")
        self._workspace, self._theme = workspace, theme
        self._dataset: Dataset | None = None
        self._formats: list[_Format] = []
        self._learning: Job | None = None
        self._job: Job | None = None
        self._proposed = ""  # the destination, for as long as the person has not changed it
        self._home = Path.home()
        self.errors = ErrorBar(theme, name="data.export-error")
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._list = named(QListWidget(), "data.export-formats", "Format")
        self._where = named(QLineEdit(), "data.export-folder", "Folder to write to")
        self._browse = named(QPushButton("Browse\N{HORIZONTAL ELLIPSIS}"), "data.export-browse", "Choose the folder")
        self._splits: dict[str, QCheckBox] = {}
        self._split_row = QHBoxLayout()
        self._summary = WrappedLabel()
        self._progress = ProgressLine(theme, name="data.export-progress")
        self._done, self._done_sign, self._done_text = QFrame(), QLabel(), WrappedLabel()
        self._open = named(QPushButton("Open folder"), "data.export-open", "Open the folder that was written")
        self._start = named(QPushButton("Export"), "data.export-start", "Export")
        self._close = named(QPushButton("Cancel"), "data.export-close", "Close this dialog")
        self._written: Path | None = None
        self._lay_out()
        self._list.currentRowChanged.connect(self._on_format_chosen)
        self._list.itemActivated.connect(self._where.setFocus)
        self._where.textChanged.connect(self._on_choice_changed)
        self._browse.clicked.connect(self._on_browse_clicked)
        self._start.clicked.connect(self._on_start_clicked)
        self._open.clicked.connect(self._on_open_clicked)
        self._close.clicked.connect(self.reject)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _lay_out(self) -> None:
        self._start.setProperty("primary", True)
        self._start.setDefault(True)
        for button, icon in ((self._browse, "folder"), (self._open, "open-folder"), (self._close, "")):
            button.setAutoDefault(False)
            if icon:
                button.setIcon(self._theme.icon(icon))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._summary.setProperty("role", "muted")
        where, buttons, done = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(self._done)
        for row in (where, buttons, done, self._split_row):
            row.setSpacing(GAP)
        where.addWidget(self._where, 1)
        where.addWidget(self._browse)
        self._split_row.setSpacing(2 * GAP)
        self._done.setProperty("card", True)
        done.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        done.addWidget(self._done_sign, 0, Qt.AlignmentFlag.AlignTop)
        done.addWidget(self._done_text, 1)
        done.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)
        self._done.hide()
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self._start)
        body = QVBoxLayout()
        body.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        body.setSpacing(GAP)
        body.addWidget(self._title)
        body.addWidget(_heading("Format", self._list))
        body.addWidget(self._list)
        body.addSpacing(GAP // 2)
        body.addWidget(_heading("Splits"))
        body.addLayout(self._split_row)
        body.addSpacing(GAP // 2)
        body.addWidget(_heading("Folder", self._where))
        body.addLayout(where)
        body.addWidget(self._summary)
        body.addWidget(self._done)
        body.addStretch(1)
        body.addWidget(self._progress)
        body.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.errors)
        whole.addLayout(body)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _LEAST_WIDTH)

    def ask(self, dataset: "Dataset") -> None:
        """Open the dialog for a dataset as it is now; an export that still runs is what it shows instead."""
        if not self._job:
            self.errors.dismiss()
            self._done.hide()
            self._dataset, self._written = dataset, None
            self.setWindowTitle(f"Export {dataset.row.name}")
            self._title.setText(f"Export {dataset.row.name}")
            self._fill_splits(dataset)
            self._fill_formats()
            self._propose()
            self._judge()
        if not self.isVisible():
            metrics, screen = self.fontMetrics(), self.screen().availableSize()
            self.resize(min(metrics.averageCharWidth() * _WIDTH, round(screen.width() * 0.9)), self.sizeHint().height())
        self.open()
        self._list.setFocus()

    @property
    def summary(self) -> str:
        """What is said of what will be written, or of what was."""
        return self._done_text.text() if self._done.isVisibleTo(self) else self._summary.text()

    @property
    def destination(self) -> str:
        return self._where.text().strip()

    # What is known

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._formats and self._learning is None:
            self._learning = self._workspace.jobs.start(_find_formats(), title="Looking up formats", quiet=True)
            self._learning.ended.connect(self._on_learning_ended)

    def _on_learning_ended(self, ending: Ending) -> None:
        self._learning = None
        if ending.state == DONE:
            self._formats = ending.result
            self._fill_formats()
        elif ending.state == FAILED:
            assert ending.error
            self.errors.show_error(ending.error, doing="looking up what can be written")

    def _fill_formats(self) -> None:
        assert self._dataset
        before = self._format
        able = [entry for entry in self._formats if self._dataset.items.content in entry.contents]
        able.sort(key=lambda entry: len(entry.contents))  # made for this content before those that take anything
        blocked = self._list.blockSignals(True)
        self._list.clear()
        for entry in able:
            item = QListWidgetItem(entry.title)
            item.setData(_NAME, entry.name)
            self._list.addItem(item)
        names = [entry.name for entry in able]
        self._list.setCurrentRow(names.index(before) if before in names else 0)
        self._list.blockSignals(blocked)
        rows = min(max(len(able), 3), _MOST_ROWS)
        self._list.setFixedHeight(rows * max(self._list.sizeHintForRow(0), self.fontMetrics().height() + GAP) + GAP)
        self._on_format_chosen()

    def _fill_splits(self, dataset: "Dataset") -> None:
        while taken := self._split_row.takeAt(0):
            if widget := taken.widget():
                widget.hide()
                widget.deleteLater()
        self._splits.clear()
        counts = _split_counts(dataset)
        for split in sorted(counts, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)):
            box = QCheckBox(f"{split or _NO_SPLIT} {counts[split]:,}")
            named(box, f"data.export-split-{split or 'none'}", f"Export items in {split or _NO_SPLIT}")
            box.setChecked(True)
            box.setEnabled(len(counts) > 1)
            box.toggled.connect(self._on_choice_changed)
            self._split_row.addWidget(box)
            self._splits[split] = box
        self._split_row.addStretch(1)

    @property
    def _format(self) -> str:
        item = self._list.currentItem()
        return str(item.data(_NAME)) if item else ""

    # What the person does

    def _on_format_chosen(self) -> None:
        if self.destination == self._proposed:
            self._propose()
        self._on_choice_changed()

    def _on_choice_changed(self) -> None:
        """Something else may be written now, so what was written before is no longer the subject."""
        self._written = None
        self._done.hide()
        self._judge()

    def _propose(self) -> None:
        """A folder that is not there yet, beside where the last one went."""
        assert self._dataset
        self._proposed = str(_free(self._home / f"{self._dataset.row.name}-{self._format or 'export'}"))
        self._where.setText(self._proposed)

    def _on_browse_clicked(self) -> None:
        dialog = QFileDialog(self, "Choose where to write", str(self._home))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.choose_folder)
        dialog.open()

    def choose_folder(self, folder: str) -> None:
        """Write to ``folder`` if it is empty, else to a new one in it."""
        path = Path(folder)
        if _is_taken(path):
            self._home = path
            self._propose()
        else:
            self._where.setText(folder)

    def _judge(self) -> None:
        """Bring everything in line with what is chosen."""
        if not self._dataset:
            return
        busy, chosen = self._job is not None, self._chosen_splits()
        for widget in (self._list, self._where, self._browse):
            widget.setEnabled(not busy)
        for box in self._splits.values():
            box.setEnabled(not busy and len(self._splits) > 1)
        self._start.setEnabled(bool(self._format and self.destination and chosen) and not busy)
        self._start.setVisible(self._written is None)
        self._close.setText("Go on in the background" if busy else "Close" if self._written else "Cancel")
        self._summary.setText(self._what_is_written(chosen))
        self._summary.setVisible(self._written is None)

    def _chosen_splits(self) -> list[str]:
        return [split for split, box in self._splits.items() if box.isChecked()]

    def _what_is_written(self, chosen: list[str]) -> str:
        assert self._dataset
        if not chosen:
            return "Choose at least one split."
        counts, state = _split_counts(self._dataset), self._dataset.state
        noun = "question" if self._dataset.items.content == "questions" else "image"
        parts = [f"{counted(sum(counts[split] for split in chosen), noun)} will be written"]
        if excluded := int(state.excluded.sum()):
            parts.append(f"{excluded:,} excluded ones are left out")
        if state.digest:
            parts.append("your changes are in it")
        return DOT.join(parts)

    def _on_start_clicked(self) -> None:
        assert self._dataset
        self.errors.dismiss()
        chosen = self._chosen_splits()
        splits = chosen if len(chosen) < len(self._splits) else None
        destination = Path(self.destination).expanduser()
        self._job = self._workspace.export_data(self._dataset, destination, self._format, splits=splits)
        self._job.ended.connect(self._on_export_ended)
        self._progress.follow(self._job)
        self._judge()
        self.started.emit(self._job)

    def _on_export_ended(self, ending: Ending) -> None:
        self._job = None
        if ending.state == FAILED:
            assert ending.error
            doing = f"exporting to {self.destination}"
            if self.isVisible():
                self.errors.show_error(ending.error, doing=doing)
            else:
                self.failed_unseen.emit(ending.error, doing)
        elif ending.state == DONE:
            self._show_done(ending.result)
        self._judge()

    def _show_done(self, summary: "ExportSummary") -> None:
        assert self._dataset
        self._written = summary.folder
        self._home = summary.folder.parent
        noun = "question" if self._dataset.items.content == "questions" else "image"
        line = f"{counted(summary.items, noun)} written as {counted(summary.files, 'file')} to"
        self._done_text.setText("\n".join([f"{line}\n{summary.folder}", *summary.notes]))
        self._done.show()
        self._open.setFocus()

    def _on_open_clicked(self) -> None:
        assert self._written
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))

    def _on_theme_changed(self) -> None:
        icon = self._theme.icon("check", colour=self._theme.colours.good)
        self._done_sign.setPixmap(icon.pixmap(ICON, ICON))


def _find_formats() -> Generator[Progress, None, list[_Format]]:
    return (yield from waiting(_known, stage="looking up formats"))


def _known() -> list[_Format]:
    from workbench.engine.data.exports import EXPORTS

    return [_Format(name, EXPORTS[name].title, tuple(EXPORTS[name].contents)) for name in EXPORTS]


def _split_counts(dataset: "Dataset") -> Counter[str]:
    """Split to the items that are in it and not excluded."""
    return Counter(dataset.state.splits[~dataset.state.excluded].tolist())


def _is_taken(path: Path) -> bool:
    try:
        return path.exists() and (not path.is_dir() or any(path.iterdir()))
    except OSError:  # no permission to look; the engine says what is wrong with it
        return False


def _free(path: Path) -> Path:
    """``path``, or the first of ``path-2``, ``path-3`` ... that is not there."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _heading(text: str, buddy: QWidget | None = None) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    if buddy:
        label.setBuddy(buddy)
    return label
