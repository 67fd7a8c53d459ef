"""What leaves a panel as files: the button with its menu, the question where to, pictures and tables of its pages."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QAction, QColor, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.gui.jobs import DONE, FAILED, Ending, Work
from workbench.gui.models.looked_run import LookedRun
from workbench.gui.naming import named
from workbench.gui.panels.look_pages import LookPages
from workbench.gui.theme import Theme
from workbench.gui.workspace import EXPORT

_DOTS = "\N{HORIZONTAL ELLIPSIS}"
SCALE = 2.0
"""Pixels of a saved picture to one on the screen."""
FILTERS = {
    "csv": "Comma-separated values (*.csv)",
    "gif": "Animated pictures (*.gif)",
    "npz": "NumPy arrays (*.npz)",
    "png": "PNG (*.png)",
    "txt": "Text (*.txt)",
}


class LookExports(QObject):
    """Every page's figures and tables; subclasses add what else there is.

    Args:
        name: First part of the names of the widgets; the panel's.
        about: What the button is for.

    Signals:
        failed: The error, and what was being done in words.
        written: The path of a file that is there now.
    """

    failed = Signal(object, str)
    written = Signal(object)

    def __init__(
        self, model: LookedRun, pages: LookPages, theme: Theme, parent: QWidget, *, name: str, about: str
    ) -> None:
        super().__init__(parent)
        self._looked, self._pages, self._theme, self._panel, self._name = model, pages, theme, parent, name
        self.button = named(QPushButton("Export"), f"{name}.export", about)
        self.button.setIcon(theme.icon("export"))
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self._on_menu_about_to_show)
        self.button.setMenu(self.menu)

    # What subclasses say

    def stem(self) -> str:
        """First part of a file's name; empty while nothing can be exported."""
        raise NotImplementedError

    def fill_menu(self) -> None:
        """Add what is not of a page, before all else."""

    def write(self, kind: str, title: str, path: Path) -> None:
        """Write ``title`` of a kind that a subclass has asked for."""
        raise NotImplementedError

    # The menu

    def _on_menu_about_to_show(self) -> None:
        self.menu.clear()
        self.fill_menu()
        figures, tables = self._pages.figures(), self._pages.tables()
        if (figures or tables) and self.menu.actions():
            self.menu.addSeparator()
        for title in figures:
            self.add(f"Picture: {title} (PNG)", "image", title, self._on_figure_chosen)
        for title in tables:
            self.add(f"Table: {title} (CSV)", "csv", title, self._on_table_chosen)

    def add(self, text: str, icon: str, data: str, slot: Callable[[], None]) -> None:
        """An entry; :func:`data_of` its sender is ``data``."""
        action = QAction(self._theme.icon(icon), f"{text}{_DOTS}", self.menu)
        action.setData(data)
        action.triggered.connect(slot)
        self.menu.addAction(action)

    def _on_figure_chosen(self) -> None:
        self.ask("figure", data_of(self.sender()), "png")

    def _on_table_chosen(self) -> None:
        self.ask("table", data_of(self.sender()), "csv")

    def ask(self, kind: str, title: str, suffix: str, *, words: str = "") -> None:
        """Ask where to write something.

        Args:
            words: Last part of the name that is suggested; the title where there is none.
        """
        stem = self.stem()
        if not stem:
            return
        dialog = named(
            QFileDialog(self._panel, "Export", "", FILTERS[suffix]), f"{self._name}.save", "Where to write it"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(file_name(f"{stem} {words or title}", suffix))
        dialog.setProperty("what", f"{kind}/{title}")
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        kind, _, title = str(self.sender().property("what")).partition("/")
        if kind == "figure":
            self.write_figure(title, Path(path))
        elif kind == "table":
            self.write_table(title, Path(path))
        else:
            self.write(kind, title, Path(path))

    # Writing

    def write_figure(self, title: str, path: Path) -> None:
        """Write a picture of the page in view as PNG, with twice the pixels that the screen shows."""
        if (figure := self._pages.figures().get(title)) is None:
            self.failed.emit(gone(title), "exporting")
            return
        self._write(path, partial(_png, figure, ground=self._theme.colours.surface))

    def write_table(self, title: str, path: Path) -> None:
        """Write a table of the page in view as CSV."""
        if (table := self._pages.tables().get(title)) is None:
            self.failed.emit(gone(title), "exporting")
            return
        self._write(path, partial(_encoded, table))

    def _write(self, path: Path, content: Callable[[], bytes]) -> None:
        try:
            write_bytes(path, content())
        except (UserError, OSError) as error:
            plain = error if isinstance(error, UserError) else UserError(
                f"the file cannot be written ({error.strerror})", where=str(path), remedy="choose another folder"
            )  # fmt: skip
            self.failed.emit(plain, "exporting")
        else:
            self._tell(path)

    def start(self, work: Work, path: Path, *, doing: str) -> None:
        """Write in the background; ``work`` returns the path."""
        job = self._looked.workspace.jobs.start(work, title=f"Writing {path.name}", kind=EXPORT)
        job.setProperty("doing", doing)
        job.ended.connect(self._on_export_ended)

    def _on_export_ended(self, ending: Ending) -> None:
        if ending.state == DONE:
            self._tell(ending.result)
        elif ending.state == FAILED:
            self.failed.emit(ending.error, str(self.sender().property("doing")))

    def _tell(self, path: Path) -> None:
        self._looked.workspace.note(f"written to {path}", source="Export")
        self.written.emit(path)


def file_name(title: str, suffix: str) -> str:
    """A name for a file that every system takes: ``"digits-cnn-validation-predictions.csv"``."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in title.casefold())
    return f"{'-'.join(part for part in plain.split('-') if part)}.{suffix}"


def _png(widget: QWidget, *, ground: str) -> bytes:
    image = QPixmap((widget.size().toSizeF() * SCALE).toSize())
    image.setDevicePixelRatio(SCALE)
    image.fill(QColor(ground))
    widget.render(image)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(content.data())


def gone(what: str) -> UserError:
    """Something else is looked at since the file was asked for."""
    return UserError(f"{what} is no longer shown", remedy="choose it again, and export then")


def _encoded(text: Callable[[], str]) -> bytes:
    return text().encode()


def data_of(action: QObject) -> str:
    """What :meth:`LookExports.add` was given for an entry."""
    assert isinstance(action, QAction)
    return str(action.data())
