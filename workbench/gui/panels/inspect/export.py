"""What leaves the Inspect panel as files: predictions, and the pictures and tables of the page in view."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workbench.engine.waiting import waiting
from workbench.gui.jobs import Work
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.panels.exporting import LookExports, data_of, gone
from workbench.gui.panels.inspect.pages import InspectPages
from workbench.gui.theme import Theme

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset
    from workbench.engine.inspection.inspection import Inspection

_PREDICTIONS = "predictions"


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


class Exports(LookExports):
    """The button with its menu, and what it does."""

    def __init__(self, model: InspectionModel, pages: InspectPages, theme: Theme, parent: QWidget) -> None:
        about = "Export predictions, pictures and tables"
        super().__init__(model, pages, theme, parent, name="inspect", about=about)
        self._model, self.kinds = model, KINDS

    def stem(self) -> str:
        shown = self._model.inspection
        return f"{shown.name} {shown.split}" if shown else ""

    def fill_menu(self) -> None:
        for kind in self.kinds:
            self.add(_capital(kind.title), "csv" if kind.suffix == "csv" else "note", kind.id, self._on_kind_chosen)

    def _on_kind_chosen(self) -> None:
        self.ask_for_predictions(data_of(self.sender()))

    def ask_for_predictions(self, kind: str) -> None:
        """Ask where to write the predictions."""
        suffix = next(one.suffix for one in self.kinds if one.id == kind)
        self.ask(_PREDICTIONS, kind, suffix, words=_PREDICTIONS)

    def write(self, kind: str, title: str, path: Path) -> None:
        assert kind == _PREDICTIONS
        self.write_predictions(title, path)

    def write_predictions(self, kind: str, path: Path) -> None:
        """Write what is shown, in the background."""
        shown = self._model.inspection
        if shown is None:
            self.failed.emit(gone("the run"), "exporting predictions")
            return
        self.start(_predictions(shown, self._model.dataset, path, kind), path, doing="exporting predictions")


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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
