"""What leaves the Inspect panel as files: predictions, and the pictures and tables of the page in view."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QAction, QColor, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.engine.waiting import waiting
from workbench.gui.jobs import DONE, FAILED, Ending, Work
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.naming import named
from workbench.gui.panels.inspect.pages import InspectPages
from workbench.gui.theme import Theme
from workbench.gui.workspace import EXPORT

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection

_DOTS = "\N{HORIZONTAL ELLIPSIS}"
SCALE = 2.0
"""Pixels of a saved picture to one on the screen."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to write predictions, under the engine's name for it."""

    id: str
    title: str
    suffix: str


KINDS = (
    Kind("csv", "predictions as a table (CSV)", "csv"),
    Kind("rows", "predictions as rows of probabilities", "txt"),
    Kind("lines", "predictions as a sentence an image", "txt"),
)


class Exports(QObject):
    """The button with its menu, and what it does.

    Signals:
        failed: The error, and what was being done in words.
        written: The path of a file that is there now.
    """

    failed = Signal(object, str)
    written = Signal(object)

    def __init__(self, model: InspectionModel, pages: InspectPages, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._pages, self._theme, self._panel = model, pages, theme, parent
        self.kinds = KINDS
        self.button = named(QPushButton("Export"), "inspect.export", "Export predictions, pictures and tables")
        self.button.setIcon(theme.icon("export"))
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self._on_menu_about_to_show)
        self.button.setMenu(self.menu)

    def _on_menu_about_to_show(self) -> None:
        self.menu.clear()
        for kind in self.kinds:
            self._add(_capital(kind.title), "csv" if kind.suffix == "csv" else "note", kind.id, self._on_kind_chosen)
        figures, tables = self._pages.figures(), self._pages.tables()
        if figures or tables:
            self.menu.addSeparator()
        for title in figures:
            self._add(f"Picture: {title} (PNG)", "image", title, self._on_figure_chosen)
        for title in tables:
            self._add(f"Table: {title} (CSV)", "csv", title, self._on_table_chosen)

    def _add(self, text: str, icon: str, data: str, slot: Callable[[], None]) -> None:
        action = QAction(self._theme.icon(icon), f"{text}{_DOTS}", self.menu)
        action.setData(data)
        action.triggered.connect(slot)
        self.menu.addAction(action)

    def _on_kind_chosen(self) -> None:
        self.ask_for_predictions(_data(self.sender()))

    def _on_figure_chosen(self) -> None:
        self._ask(f"figure/{_data(self.sender())}", _data(self.sender()), "png", "PNG (*.png)")

    def _on_table_chosen(self) -> None:
        self._ask(f"table/{_data(self.sender())}", _data(self.sender()), "csv", "Comma-separated values (*.csv)")

    def ask_for_predictions(self, kind: str) -> None:
        """Ask where to write the predictions."""
        suffix = next(one.suffix for one in self.kinds if one.id == kind)
        words = "Comma-separated values (*.csv)" if suffix == "csv" else "Text (*.txt)"
        self._ask(f"predictions/{kind}", "predictions", suffix, words)

    def _ask(self, what: str, title: str, suffix: str, words: str) -> None:
        shown = self._model.inspection
        if shown is None:
            return
        dialog = named(QFileDialog(self._panel, "Export", "", words), "inspect.save", "Where to write it")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(file_name(f"{shown.name} {shown.split} {title}", suffix))
        dialog.setProperty("what", what)
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        what, _, name = str(self.sender().property("what")).partition("/")
        {"predictions": self.write_predictions, "figure": self.write_figure, "table": self.write_table}[what](
            name, Path(path)
        )

    def write_predictions(self, kind: str, path: Path) -> None:
        """Write what is shown, in the background."""
        shown = self._model.inspection
        if shown is None:
            self.failed.emit(_gone("the run"), "exporting predictions")
            return
        work = _predictions(shown, self._model.dataset, path, kind)
        job = self._model.workspace.jobs.start(work, title=f"Writing {path.name}", kind=EXPORT)
        job.ended.connect(self._on_export_ended)

    def _on_export_ended(self, ending: Ending) -> None:
        if ending.state == DONE:
            self._tell(ending.result)
        elif ending.state == FAILED:
            self.failed.emit(ending.error, "exporting predictions")

    def write_figure(self, title: str, path: Path) -> None:
        """Write a picture of the page in view as PNG, with twice the pixels that the screen shows."""
        if (figure := self._pages.figures().get(title)) is None:
            self.failed.emit(_gone(title), "exporting")
            return
        self._write(path, partial(_png, figure, ground=self._theme.colours.surface))

    def write_table(self, title: str, path: Path) -> None:
        """Write a table of the page in view as CSV."""
        if (table := self._pages.tables().get(title)) is None:
            self.failed.emit(_gone(title), "exporting")
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

    def _tell(self, path: Path) -> None:
        self._model.workspace.note(f"written to {path}", source="Export")
        self.written.emit(path)


def file_name(title: str, suffix: str) -> str:
    """A name for a file that every system takes: ``"digits-cnn-validation-predictions.csv"``."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in title.casefold())
    return f"{'-'.join(part for part in plain.split('-') if part)}.{suffix}"


def _predictions(inspection: "Inspection", dataset: "Dataset | None", path: Path, kind: str) -> Work:
    from workbench.engine.export.predictions import export_predictions

    names = yield from waiting(partial(_names, inspection, dataset), stage="reading the names")
    return (yield from export_predictions(inspection, names, path, format=kind))


def _names(inspection: "Inspection", dataset: "Dataset | None") -> list[str]:
    """What the items are called; their numbers where their dataset is not at hand."""
    if dataset is None:
        return [str(item) for item in inspection.items.tolist()]
    names = dataset.items.names()
    return [names[item] for item in inspection.items.tolist()]


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


def _gone(what: str) -> UserError:
    """Something else is looked at since the file was asked for."""
    return UserError(f"{what} is no longer shown", remedy="choose it again, and export then")


def _encoded(text: Callable[[], str]) -> bytes:
    return text().encode()


def _data(action: QObject) -> str:
    assert isinstance(action, QAction)
    return str(action.data())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
