"""A second source in the import dialog, small and out of the way: images that join without a label.

A network should say that it does not know them; Inspect shows whether it does, and a class can be made of them.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.images.targets import Known, Verdict, judge
from workbench.gui.widgets.importing.inspection import Inspection
from workbench.gui.widgets.importing.words import facts
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.previewing import SourcePreview

_ABOUT = (
    "Images of something else. They join without a label, to see later whether a network says that it does not know "
    "them."
)


class UnknownsCard(QFrame):
    """Hidden until :meth:`begin`.

    Signals:
        changed: :attr:`target`, or whether it can be imported, is different.
        failed: An error that is a bug in the workbench.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        named(self, "data.import-unknowns-card", "Unknowns")
        self.setProperty("card", True)
        self._theme = theme
        self._known: Known | None = None
        self._inspection = Inspection(workspace, self)
        self._line = named(QLineEdit(), "data.import-unknowns-target", "Path or name of the unknowns")
        self._line.setPlaceholderText("Path of a folder or an archive of images of something else")
        self._line.setClearButtonEnabled(True)
        self._line.setAcceptDrops(False)
        self._folder = named(
            QPushButton("Folder\N{HORIZONTAL ELLIPSIS}"), "data.import-unknowns-folder", "Choose a folder of unknowns"
        )
        self._folder.setIcon(theme.icon("folder"))
        self._folder.setAutoDefault(False)
        self._leave_out = named(QToolButton(), "data.import-unknowns-remove", "Import without unknowns")
        self._leave_out.setIcon(theme.icon("close"))
        self._leave_out.setToolTip("Import without unknowns")
        self._sign, self._verdict = QLabel(), WrappedLabel()
        self._sign.setFixedWidth(ICON)
        self._lay_out()
        self._line.textChanged.connect(self._on_line_changed)
        self._folder.clicked.connect(self._on_folder_clicked)
        self._leave_out.clicked.connect(self.clear)
        self._inspection.changed.connect(self._on_inspection_changed)
        self._inspection.failed.connect(self.failed)
        theme.changed.connect(self._say)
        self.hide()

    def _lay_out(self) -> None:
        title = QLabel("Unknowns")
        title.setProperty("role", "heading")
        entry, verdict = QHBoxLayout(), QHBoxLayout()
        for row in (entry, verdict):
            row.setSpacing(GAP)
        entry.addWidget(title)
        entry.addWidget(self._line, 1)
        entry.addWidget(self._folder)
        entry.addWidget(self._leave_out)
        verdict.addWidget(self._sign)
        verdict.addWidget(self._verdict, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP + GAP // 2, GAP, GAP, GAP)
        column.setSpacing(GAP // 2)
        column.addLayout(entry)
        column.addLayout(verdict)

    def begin(self) -> None:
        """Show it, for a person to name what joins."""
        self.show()
        self._say()
        self._line.setFocus()
        self.changed.emit()

    def clear(self) -> None:
        """Nothing joins."""
        self._line.clear()
        self.hide()
        self.changed.emit()

    def stop(self) -> None:
        """End looking at it."""
        self._inspection.stop()

    def look_again(self) -> None:
        """Look at the source once more, if there is one that was not looked at."""
        if self.target and self._inspection.preview is None:
            self._on_line_changed()

    def show_known(self, known: Known | None) -> None:
        self._known = known
        self._say()

    @property
    def target(self) -> str:
        """What joins; empty for nothing."""
        return self._line.text().strip()

    @property
    def fits(self) -> bool:
        """Whether it can be imported as it stands there, which nothing can, too."""
        return not self.target or self._judged().good

    @property
    def verdict(self) -> str:
        """What is said of it now."""
        return self._verdict.text()

    @property
    def looks_soon(self) -> bool:
        """Whether it is looked at as soon as nobody types any more."""
        return self._inspection.due

    def _judged(self) -> Verdict:
        preview = self._inspection.preview
        if self._inspection.refused:
            return Verdict(False, self._inspection.refused)
        if preview and not preview.remote and preview.content != "images":
            return Verdict(False, f"It holds {preview.content}. Only images can join images.")
        if preview and (wrong := [problem for problem in preview.problems if problem.severity == "error"]):
            return Verdict(False, f"It cannot be imported as it is: {wrong[0].what}.")
        if preview and not preview.remote:
            return Verdict(True, f"{preview.name}: {DOT.join(_kept(preview))}. All of them join without a label.")
        return judge(self.target, known=self._known)

    def _say(self) -> None:
        verdict = self._judged() if self.target else Verdict(True, "")
        sign, colour = ("check", "good") if verdict.good else ("warning", "warning")
        text = verdict.text
        if not self.target:
            sign, colour, text = "info", "muted", _ABOUT
        elif self._inspection.looking:
            sign, colour, text = "info", "muted", f"{verdict.text}: looking at it" if text else "Looking at it"
        self._verdict.setText(text)
        self._verdict.setProperty("role", "muted" if sign == "info" else "")
        self._verdict.style().polish(self._verdict)
        ink = getattr(self._theme.colours, colour)
        self._sign.setPixmap(self._theme.icon(sign, colour=ink).pixmap(ICON, ICON))

    def _on_line_changed(self) -> None:
        good = judge(self.target, known=self._known).good
        self._inspection.turn_to(self.target if good else "", side=1)
        self._say()
        self.changed.emit()

    def _on_inspection_changed(self) -> None:
        self._say()
        self.changed.emit()

    def _on_folder_clicked(self) -> None:
        dialog = QFileDialog(self, "Choose a folder of unknowns")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._line.setText)
        dialog.open()


def _kept(preview: "SourcePreview") -> list[str]:
    """The facts that stay true: how many there are, and in which splits."""
    said = facts(preview)
    classes = ("class", "unknown class")
    return [fact for fact in said if not fact.endswith(classes) and not fact.endswith("classes")]
