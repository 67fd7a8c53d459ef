"""The dialog that imports data: a path or a name, what it is, what is wrong with it, and how far the import has come.

It starts the import and may be closed while that runs: the job goes on and is seen among the activities. Looking and
checking end with the dialog.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.jobs import DONE, FAILED, Ending, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.drop import targets_of
from workbench.gui.widgets.images.imports import Imports
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.progress import ProgressLine
from workbench.gui.widgets.images.targets import Known, Verdict, find_known, judge
from workbench.gui.widgets.importing.checks import ChecksCard, unmended
from workbench.gui.widgets.importing.inspection import Inspection
from workbench.gui.widgets.importing.intro import Intro
from workbench.gui.widgets.importing.preview import PreviewCard
from workbench.gui.widgets.importing.queue import TargetQueue
from workbench.gui.widgets.importing.unknowns import UnknownsCard
from workbench.gui.widgets.importing.words import import_words
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.previewing import SourcePreview

_WIDTH, _HEIGHT = 118, 40  # characters and lines, where the screen has room for them
_LEAST_WIDTH, _LEAST_HEIGHT = 60, 18
_SHARE = 0.9  # of the screen, at most
_PREVIEW, _INTRO = 1, 0  # pages


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
        self._learning: Job | None = None
        self._imports = Imports(workspace, self)
        self._inspection = Inspection(workspace, self)
        self.errors = ErrorBar(theme, name="data.import-error")
        self._line = named(QLineEdit(), "data.import-target", "Path or name of what to import")
        self._line.setPlaceholderText("Path of a folder, an archive or a file, or a name")
        self._line.setClearButtonEnabled(True)
        self._line.setAcceptDrops(False)  # the dialog takes it, wherever it is dropped
        self._folder = named(QPushButton("Folder\N{HORIZONTAL ELLIPSIS}"), "data.import-folder", "Choose a folder")
        self._file = named(QPushButton("File\N{HORIZONTAL ELLIPSIS}"), "data.import-file", "Choose a file or archive")
        self._sign, self._verdict = QLabel(), WrappedLabel()
        self._again = named(QPushButton("Look again"), "data.import-again", "Look at it again")
        self._queue = TargetQueue()
        self.unknowns = UnknownsCard(workspace, theme)
        self._add_unknowns = named(QPushButton("Add unknowns"), "data.import-unknowns", "Add unknowns")
        self._intro, self.preview, self.checks = Intro(theme), PreviewCard(theme), ChecksCard(theme)
        self._pages = QStackedWidget()
        self._progress = ProgressLine(theme, name="data.import-progress")
        self._import = named(QPushButton("Import"), "data.import-start", "Import")
        self._close = named(QPushButton("Cancel"), "data.import-close", "Close this dialog")
        self._lay_out()
        self._connect()
        self._judge()

    def _lay_out(self) -> None:
        for button, icon in ((self._folder, "folder"), (self._file, "image"), (self._again, "reset")):
            button.setIcon(self._theme.icon(icon))
            button.setAutoDefault(False)
        self._close.setAutoDefault(False)
        self._add_unknowns.setAutoDefault(False)
        self._add_unknowns.setFlat(True)
        self._add_unknowns.setIcon(self._theme.icon("plus"))
        self._add_unknowns.setToolTip("Images of something else, which join without a label")
        self._import.setProperty("primary", True)
        self._import.setDefault(True)
        self._sign.setFixedWidth(ICON)
        entry, verdict, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (entry, verdict, buttons):
            row.setSpacing(GAP)
        entry.addWidget(self._line, 1)
        entry.addWidget(self._folder)
        entry.addWidget(self._file)
        verdict.addWidget(self._sign)
        verdict.addWidget(self._verdict, 1)
        verdict.addWidget(self._again)
        buttons.addWidget(self._add_unknowns)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self._import)
        self._pages.addWidget(_scrolled(self._intro, name="data.import-intro", text="What can be imported"))
        seen = QWidget()
        column = QVBoxLayout(seen)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.preview)
        column.addWidget(self.checks)
        column.addStretch(1)
        self._pages.addWidget(_scrolled(seen, name="data.import-seen", text="What it is, and the checks"))
        body = QVBoxLayout()
        body.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        body.setSpacing(GAP)
        body.addLayout(entry)
        body.addLayout(verdict)
        body.addWidget(self._queue)
        body.addWidget(self._pages, 1)
        body.addWidget(self.unknowns)
        body.addWidget(self._progress)
        body.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.errors)
        whole.addLayout(body)

    def _connect(self) -> None:
        self._line.textChanged.connect(self._on_line_changed)
        self._inspection.changed.connect(self._judge)
        self._inspection.recognised.connect(self._on_recognised)
        self._inspection.pictured.connect(self.preview.show_picture)
        self._inspection.failed.connect(self._on_looking_failed)
        self._again.clicked.connect(self._inspection.look)
        self._folder.clicked.connect(self._on_folder_clicked)
        self._file.clicked.connect(self._on_file_clicked)
        self._import.clicked.connect(self._on_import_clicked)
        self._close.clicked.connect(self.reject)
        self._add_unknowns.clicked.connect(self.unknowns.begin)
        self.unknowns.changed.connect(self._judge)
        self.unknowns.failed.connect(self._on_looking_failed)
        self._intro.chosen.connect(self._line.setText)
        self._queue.all_wanted.connect(self._on_all_wanted)
        self._imports.began.connect(self._on_one_began)
        self._imports.failed.connect(self._on_one_failed)
        self.checks.changed.connect(self._judge)
        self.checks.wanted.connect(self._on_checks_wanted)
        self._theme.changed.connect(self._judge)

    def ask(self, targets: Sequence[str] = ()) -> None:
        """Open the dialog, with things to import that were named elsewhere.

        An import that was begun in it and still runs is what it shows; what is named comes after it, then.
        """
        if self._busy:
            self._queue.put([*self._queue.take_all(), *targets])
        else:
            self.errors.dismiss()
            if targets:
                self._take(targets)
        if not self.isVisible():
            self.resize(self._proper_size())
        self.open()
        self._line.setFocus()
        self._line.selectAll()

    def _proper_size(self) -> QSize:
        metrics, screen = self.fontMetrics(), self.screen().availableSize() * _SHARE
        least = QSize(metrics.averageCharWidth() * _LEAST_WIDTH, metrics.lineSpacing() * _LEAST_HEIGHT)
        wanted = QSize(metrics.averageCharWidth() * _WIDTH, metrics.lineSpacing() * _HEIGHT)
        self.setMinimumSize(least.boundedTo(screen))
        return wanted.boundedTo(screen).expandedTo(self.minimumSize())

    @property
    def target(self) -> str:
        return self._line.text().strip()

    @property
    def verdict(self) -> str:
        """What is said of the target now."""
        return self._verdict.text()

    @property
    def waiting(self) -> str:
        """What is said of further things that were dropped; empty where there are none."""
        return self._queue.text

    @property
    def looks_soon(self) -> bool:
        """Whether the target is looked at as soon as nobody types any more."""
        return self._inspection.due or self.unknowns.looks_soon

    @property
    def _busy(self) -> bool:
        return self._job is not None or self._imports.busy

    # What is known

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._known is None and self._learning is None:
            self._learning = self._workspace.jobs.start(find_known(), title="Looking up formats", quiet=True)
            self._learning.ended.connect(self._on_learning_ended)
        if self.target and not self._busy:
            self._on_line_changed()
            self.unknowns.look_again()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._inspection.stop()
        self.unknowns.stop()

    def _on_learning_ended(self, ending: Ending) -> None:
        self._learning = None
        if ending.state == DONE:
            self._known = ending.result
            self._intro.show_known(ending.result)
            self.unknowns.show_known(ending.result)
            self._judge()
        elif ending.state == FAILED:
            assert ending.error
            self.errors.show_error(ending.error, doing="looking up what can be imported")

    # What the person does

    def _take(self, targets: Sequence[str]) -> None:
        """Show the first of these; the others come after it."""
        self._queue.put(targets[1:])
        self._line.setText(targets[0])

    def _on_line_changed(self) -> None:
        if self.errors.isVisible():
            self.errors.dismiss()
        self.checks.clear()
        good = judge(self.target, known=self._known).good
        side = round(self.preview.strip.side * self.devicePixelRatioF())
        self._inspection.turn_to(self.target if good else "", side=side)

    def _judged(self) -> Verdict:
        if self._inspection.refused:
            return Verdict(False, self._inspection.refused)
        return judge(self.target, known=self._known)

    def _judge(self) -> None:
        """Bring everything in line with what is known of the target."""
        verdict, busy, preview = self._judged(), self._busy, self._inspection.preview
        for widget in (self._line, self._folder, self._file, self._intro, self._pages, self.unknowns):
            widget.setEnabled(not busy)
        self._queue.setEnabled(not busy and not self.unknowns.target)  # which join one import, not all of them
        pictures = preview is None or preview.content == "images"
        self._add_unknowns.setVisible(pictures and bool(self.target) and not self.unknowns.isVisibleTo(self))
        self._add_unknowns.setEnabled(not busy)
        repairs = self.checks.chosen()
        broken = unmended(preview.problems, repairs) if preview and preview.problems else []
        self._pages.setCurrentIndex(_PREVIEW if preview else _INTRO)
        self._import.setEnabled(verdict.good and not broken and not busy and self.unknowns.fits)
        others = " and unknowns" if self.unknowns.target else ""
        self._import.setText(f"{import_words(preview, repairs=len(repairs))}{others}")
        self._close.setText("Go on in the background" if busy else "Cancel")
        self._again.setVisible(bool(self._inspection.refused or broken) and not busy)
        text, sign = verdict.text, "check" if verdict.good else "warning"
        if broken:
            text, sign = _blocked(repairable=not unmended(broken, self.checks.offered)), "error"
        elif preview and not preview.remote:
            text = "Recognised. Nothing is changed where your files are: the project keeps a copy."
        elif self._inspection.looking:
            text, sign = f"{verdict.text}: looking at it", "info"
        elif not text:
            text, sign = "Nothing is changed where your files are: the project keeps a copy.", "info"
        self._say(text, sign)

    def _say(self, text: str, sign: str) -> None:
        colours = self._theme.colours
        colour = {"check": colours.good, "warning": colours.warning, "error": colours.bad, "info": colours.muted}[sign]
        self._verdict.setText(text)
        self._verdict.setProperty("role", "muted" if sign == "info" else "")
        self._verdict.style().polish(self._verdict)
        self._sign.setPixmap(self._theme.icon(sign, colour=colour).pixmap(ICON, ICON))

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
        if not self._busy and targets_of(event.mimeData()):
            self._intro.drop.light_up(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._intro.drop.light_up(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._intro.drop.light_up(False)
        targets = targets_of(event.mimeData())
        if targets and not self._busy:
            self._take(targets)
            event.acceptProposedAction()

    # Looking and checking

    def _on_recognised(self, preview: "SourcePreview") -> None:
        self.preview.show_preview(preview)
        self.checks.show_problems(preview.problems, content=preview.content)
        self.checks.setVisible(not preview.remote)
        if not preview.remote:
            self._on_checks_wanted()

    def _on_checks_wanted(self) -> None:
        self.checks.follow(self._inspection.check())

    def _on_looking_failed(self, error: BaseException) -> None:
        self.errors.show_error(error, doing=f"looking at {self.target}")

    # The import

    def _on_import_clicked(self) -> None:
        self.errors.dismiss()
        self._inspection.stop()
        self.unknowns.stop()
        others = [self.unknowns.target] if self.unknowns.target else []
        self._job = self._workspace.import_data(self.target, repairs=self.checks.chosen(), unknowns=others)
        self._job.ended.connect(self._on_import_ended)
        self._progress.follow(self._job)
        self._judge()
        self.started.emit(self._job)

    def _on_import_ended(self, ending: Ending) -> None:
        self._job = None
        self._judge()
        if ending.state == FAILED:
            assert ending.error
            self._tell(ending.error, f"importing {self.target}")
        elif ending.state == DONE:
            self._go_on()

    def _go_on(self) -> None:
        """Turn to the next thing, or be done."""
        following = self._queue.take()
        self.unknowns.clear()
        self._line.setText(following)
        if not following:
            self.accept()

    def _on_all_wanted(self) -> None:
        self.errors.dismiss()
        self._inspection.stop()
        targets = [self.target, *self._queue.take_all()]
        self._line.clear()
        self._imports.add(targets)

    def _on_one_began(self, job: Job) -> None:
        self._progress.follow(job)
        job.ended.connect(self._on_one_ended)
        self._judge()
        self.started.emit(job)

    def _on_one_ended(self, ending: Ending) -> None:
        self._judge()
        if ending.state == DONE and not self._imports.busy and not self.errors.text:
            self.accept()

    def _on_one_failed(self, error: BaseException, doing: str) -> None:
        self._tell(error, doing)

    def _tell(self, error: BaseException, doing: str) -> None:
        if self.isVisible():
            self.errors.show_error(error, doing=doing)
        else:
            self.failed_unseen.emit(error, doing)


def _scrolled(widget: QWidget, *, name: str, text: str) -> QScrollArea:
    area = named(QScrollArea(widgetResizable=True), name, text)
    area.setWidget(widget)
    return area


def _blocked(*, repairable: bool) -> str:
    if repairable:
        return "It cannot be imported as it is. Choose a repair below, or mend the files and look again."
    return "It cannot be imported as it is. Mend the files and look again."
