"""The job as its file: to read, to edit, to load and to save. The text is a view; the job is the value."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.engine.train.job import Job, load_job
from workbench.gui.naming import named
from workbench.gui.theme import GAP

_FILTER = "Job files (*.toml);;All files (*)"


class JobFileView(QWidget):
    """Signals:
    edited: The job that the text now describes, after each edit that holds.
    loaded: The job of a file that was opened.
    validity_changed: :attr:`problem` is different.
    """

    edited = Signal(object)
    loaded = Signal(object)
    validity_changed = Signal()

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self.problem = ""
        self._text = named(QPlainTextEdit(), "train.job-file.text", "Job file")
        self._text.setProperty("role", "code")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setTabChangesFocus(True)
        self._wrong = QLabel(wordWrap=True)
        self._wrong.setProperty("role", "error")
        self._wrong.hide()
        load = named(QPushButton("Load…"), "train.job-file.load", "Load a job file")
        self._save = named(QPushButton("Save…"), "train.job-file.save", "Save as a job file")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(load)
        row.addWidget(self._save)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self._text, 1)
        column.addWidget(self._wrong)
        column.addLayout(row)
        self.set_job(job)
        self._text.textChanged.connect(self._on_text_changed)
        load.clicked.connect(self._on_load_clicked)
        self._save.clicked.connect(self._on_save_clicked)

    def set_job(self, job: Job) -> None:
        """Show ``job``; nothing is told."""
        self._job = job
        self._text.blockSignals(True)
        self._text.setPlainText(job.to_toml())
        self._text.blockSignals(False)
        self._say("")

    def _on_text_changed(self) -> None:
        try:
            self._job = Job.from_toml(self._text.toPlainText(), name=self._job.name)
        except UserError as error:
            self._say(str(error))
            return
        self._say("")
        self.edited.emit(self._job)

    def _say(self, problem: str) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        self._save.setEnabled(not problem)
        self.validity_changed.emit()

    def _on_load_clicked(self) -> None:
        dialog = QFileDialog(self, "Load a job file", "", _FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load)
        dialog.open()

    def load(self, path: str) -> None:
        """Read the job file at ``path``; what is wrong with it is said below the text."""
        try:
            job = load_job(Path(path))
        except UserError as error:
            self._wrong.setText(str(error))
            self._wrong.show()
            return
        self.set_job(job)
        self.loaded.emit(job)

    def _on_save_clicked(self) -> None:
        dialog = QFileDialog(self, "Save as a job file", f"{self._job.name}.toml", _FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def save(self, path: str) -> None:
        """Write the job to ``path``, whole or not at all."""
        try:
            write_bytes(Path(path), self._job.to_toml().encode())
        except (UserError, OSError) as error:
            self._wrong.setText(str(error))
            self._wrong.show()
