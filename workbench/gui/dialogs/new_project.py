"""Where a new project is to be: a name and a folder, checked while one types."""

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP

_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,80}")


class NewProject(QDialog):
    """Signals: ``wanted`` with the folder to make and open. The dialog stays until :meth:`accept` or an error.

    Args:
        where: The folder that is proposed to hold it.
    """

    wanted = Signal(object)

    def __init__(self, *, where: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("new-project")
        self.setWindowTitle("New project")
        self._name = named(QLineEdit(_free_name(where)), "new-project.name", "Name")
        self._where = named(QLineEdit(str(where)), "new-project.where", "Folder that will hold it")
        browse = named(QPushButton("Browse…"), "new-project.browse", "Choose the folder")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._on_browse_clicked)
        self._path = QLabel(wordWrap=True)
        self._path.setProperty("role", "muted")
        self._problem = QLabel(wordWrap=True)
        self._problem.setProperty("role", "error")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._create = named(QPushButton("Create"), "new-project.create", "Create the project")
        self._create.setProperty("primary", True)
        buttons.addButton(self._create, QDialogButtonBox.ButtonRole.AcceptRole)
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "new-project.cancel", "Cancel")
        row = QHBoxLayout()
        row.addWidget(self._where, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.setVerticalSpacing(GAP)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Name", self._name)
        where_label = QLabel("&In folder")
        where_label.setBuddy(self._where)
        form.addRow(where_label, row)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.addLayout(form)
        column.addWidget(self._path)
        column.addWidget(self._problem)
        column.addStretch(1)
        column.addSpacing(GAP)
        column.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)
        self._name.textChanged.connect(self._on_text_changed)
        self._where.textChanged.connect(self._on_text_changed)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self._create.setDefault(True)
        self._name.selectAll()
        self._on_text_changed()

    @property
    def folder(self) -> Path:
        return Path(self._where.text()).expanduser() / self._name.text().strip()

    def show_problem(self, sentence: str) -> None:
        """Say why it cannot be made."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _on_text_changed(self) -> None:
        name = self._name.text().strip()
        wrong = ""
        if not name:
            wrong = "Give it a name."
        elif not _NAME.fullmatch(name) or name in (".", ".."):
            wrong = 'A name cannot hold any of / \\ : * ? " < > | and has at most 80 letters.'
        elif not self._where.text().strip():
            wrong = "Choose a folder that will hold it."
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            wrong = "There is something of this name already. Choose another name, or open it."
        self._create.setEnabled(not wrong)
        self._path.setText(f"Will be made at {self.folder}" if not wrong else "")
        self._path.setVisible(not wrong)
        self.show_problem(wrong)

    def _on_accepted(self) -> None:
        self.wanted.emit(self.folder)

    def _on_browse_clicked(self) -> None:
        dialog = QFileDialog(self, "Folder that will hold the project", self._where.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._where.setText)
        dialog.open()


def _free_name(where: Path) -> str:
    number = 1
    while (where / f"project-{number}").exists():
        number += 1
    return f"project-{number}"
