"""The dialog that imports data: a path or a name, what it is, and how far the import has come.

It starts the import and may be closed while that runs: the job goes on and is seen among the activities.
"""

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.drop import targets_of
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.targets import Known, Verdict, find_known, judge
from workbench.gui.workspace import Workspace

_WIDTH = 96  # characters
_COLUMNS = 3  # of examples


class ImportDialog(QDialog):
    """Open it with :meth:`ask`.

    Signals:
        started: The job of an import that was begun here.
        failed_unseen: It failed after the dialog was closed: the error, and what was being done in words.
    """

    started = Signal(object)
    failed_unseen = Signal(object, str)

    def __init__(self, workspace: Workspace, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "data.import-dialog", "Import data")
        self.setWindowTitle("Import data")
        self.setAcceptDrops(True)
        self._workspace, self._theme = workspace, theme
        self._known: Known | None = None
        self._job: Job | None = None
        self._looking: Job | None = None
        self.errors = ErrorBar(theme, name="data.import-error")
        self._line = named(QLineEdit(), "data.import-target", "Path or name of what to import")
        self._line.setPlaceholderText("Path of a folder, an archive or a file, or a name")
        self._line.setClearButtonEnabled(True)
        self._line.setAcceptDrops(False)  # the dialog takes it, wherever it is dropped
        self._folder = named(QPushButton("Folder\N{HORIZONTAL ELLIPSIS}"), "data.import-folder", "Choose a folder")
        self._file = named(QPushButton("File\N{HORIZONTAL ELLIPSIS}"), "data.import-file", "Choose a file or archive")
        self._verdict = WrappedLabel()
        self._sign = QLabel()
        self._sign.setFixedWidth(ICON)
        self._drop = _DropField(theme)
        self._progress = ProgressLine(theme, name="data.import-progress")
        self._import = named(QPushButton("Import"), "data.import-start", "Import")
        self._import.setProperty("primary", True)
        self._import.setDefault(True)
        self._close = named(QPushButton("Cancel"), "data.import-close", "Close this dialog")
        self._close.setAutoDefault(False)
        self._examples = QWidget()
        self._lay_out()
        self._line.textChanged.connect(self._on_line_changed)
        self._folder.clicked.connect(self._on_folder_clicked)
        self._file.clicked.connect(self._on_file_clicked)
        self._import.clicked.connect(self._on_import_clicked)
        self._close.clicked.connect(self.reject)
        theme.changed.connect(self._judge)
        self._judge()

    def _lay_out(self) -> None:
        for button in (self._folder, self._file):
            button.setAutoDefault(False)
            button.setIcon(self._theme.icon("folder" if button is self._folder else "image"))
        entry = QHBoxLayout()
        entry.setSpacing(GAP)
        entry.addWidget(self._line, 1)
        entry.addWidget(self._folder)
        entry.addWidget(self._file)
        verdict = QHBoxLayout()
        verdict.setSpacing(GAP)
        verdict.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self._verdict, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self._import)
        self._body = QVBoxLayout()
        self._body.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        self._body.setSpacing(GAP)
        self._body.addLayout(entry)
        self._body.addLayout(verdict)
        self._body.addWidget(self._drop)
        self._body.addWidget(self._examples)
        self._body.addStretch(1)
        self._body.addWidget(self._progress)
        self._body.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.errors)
        column.addLayout(self._body)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _WIDTH)

    def ask(self) -> None:
        """Open the dialog; an import that was begun in it and still runs is what it shows."""
        if not self._job:
            self.errors.dismiss()
        self.open()
        self._line.setFocus()
        self._line.selectAll()

    @property
    def target(self) -> str:
        return self._line.text().strip()

    @property
    def verdict(self) -> str:
        """What is said of the target now."""
        return self._verdict.text()

    # What is known

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._known is None and self._looking is None:
            self._looking = self._workspace.jobs.start(find_known(), title="Looking up formats", quiet=True)
            self._looking.ended.connect(self._on_looking_ended)

    def _on_looking_ended(self, ending: Ending) -> None:
        self._looking = None
        if ending.state == DONE:
            self._known = ending.result
            self._fill_examples(ending.result)
            self._judge()
            self._grow()
        elif ending.state == FAILED:
            assert ending.error
            self.errors.show_error(ending.error, doing="looking up what can be imported")

    def _fill_examples(self, known: Known) -> None:
        column = QVBoxLayout(self._examples)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(_heading("Files that are understood"))
        lines = WrappedLabel("\n".join(f"\N{BULLET} {line}" for line in known.formats))
        lines.setProperty("role", "muted")
        column.addWidget(lines)
        column.addSpacing(GAP // 2)
        column.addWidget(_heading("Names that are understood"))
        grid = QGridLayout()
        grid.setSpacing(GAP // 2)
        names = [known.digits, *(f"{known.torchvision}{name}" for name in known.sets), f"{known.hub}owner/name"]
        for number, name in enumerate(names):
            button = named(QPushButton(name), f"data.example-{number}", f"Take {name}")
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._line.setText, name))
            grid.addWidget(button, number // _COLUMNS, number % _COLUMNS)
        column.addLayout(grid)

    def _grow(self) -> None:
        """Be as high as the wrapped lines need; Qt sees to that before a dialog is shown, but not afterwards."""
        layout = self.layout()
        assert layout
        layout.activate()
        self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    # What the person does

    def _on_line_changed(self) -> None:
        if self.errors.isVisible():
            self.errors.dismiss()
        self._judge()

    def _judge(self) -> None:
        verdict = judge(self.target, known=self._known) if self._known else Verdict(False, "")
        busy = self._job is not None
        for widget in (self._line, self._folder, self._file, self._drop, self._examples):
            widget.setEnabled(not busy)
        self._import.setEnabled(verdict.good and not busy)
        self._close.setText("Go on in the background" if busy else "Cancel")
        self._verdict.setText(verdict.text or "Nothing is changed where your files are: the project keeps a copy.")
        self._verdict.setProperty("role", "" if verdict.text else "muted")
        self._verdict.style().polish(self._verdict)
        colours = self._theme.colours
        name, colour = ("check", colours.good) if verdict.good else ("warning", colours.warning)
        if not verdict.text:
            name, colour = "info", colours.muted
        self._sign.setPixmap(self._theme.icon(name, colour=colour).pixmap(ICON, ICON))

    def _on_folder_clicked(self) -> None:
        self._browse("Choose a folder", QFileDialog.FileMode.Directory)

    def _on_file_clicked(self) -> None:
        self._browse("Choose a file or an archive", QFileDialog.FileMode.ExistingFile)

    def _browse(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._line.setText)
        dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self._job and targets_of(event.mimeData()):
            self._drop.light_up(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.light_up(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.light_up(False)
        targets = targets_of(event.mimeData())
        if targets:
            self._line.setText(targets[0])
            event.acceptProposedAction()

    # The import

    def _on_import_clicked(self) -> None:
        self.errors.dismiss()
        self._job = self._workspace.import_data(self.target)
        self._job.ended.connect(self._on_import_ended)
        self._progress.follow(self._job)
        self._grow()
        self._judge()
        self.started.emit(self._job)

    def _on_import_ended(self, ending: Ending) -> None:
        self._job = None
        self._judge()
        if ending.state == FAILED:
            assert ending.error
            doing = f"importing {self.target}"
            if not self.isVisible():
                self.failed_unseen.emit(ending.error, doing)
                return
            self.errors.show_error(ending.error, doing=doing)
            self._grow()
        elif ending.state == DONE:
            self._line.clear()
            self.accept()


class _DropField(QFrame):
    """Says that something may be dropped here; the dialog takes it wherever it falls."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._lit = theme, False
        self.setObjectName("data.import-drop")
        text = QLabel("Drop a folder, an archive or a file here", alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        text.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 3 * GAP, 2 * GAP, 3 * GAP)
        column.addWidget(text)
        theme.changed.connect(self.update)

    def light_up(self, lit: bool) -> None:
        self._lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if self._lit else colours.line), 2, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(colours.selection if self._lit else colours.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), GAP, GAP)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label
