"""What leaves the Latent panel as files: sheets of pictures, films, codes, and what the page in view shows."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workbench.engine.errors import UserError
from workbench.engine.waiting import waiting
from workbench.gui.jobs import Work
from workbench.gui.models.latent import LatentModel
from workbench.gui.panels.exporting import LookExports, data_of, gone
from workbench.gui.panels.latent.pages import LatentPages
from workbench.gui.panels.latent.picture_dialog import PictureDialog, PictureWish
from workbench.gui.theme import Theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.engine.latent.codes import Codes

_CODES, _SHEET, _FILM = "codes", "sheet", "film"
_FORMATS = (("csv", "CSV", "csv"), ("npz", "npz", "grid"))  # suffix, what it is called, its icon
_HUNDREDTH = 0.01  # seconds; what a GIF counts in


class LatentExports(LookExports):
    """The button with its menu, and what it does."""

    def __init__(self, model: LatentModel, pages: LatentPages, theme: Theme, parent: QWidget) -> None:
        super().__init__(model, pages, theme, parent, name="latent", about="Export pictures, films and codes")
        self._model = model
        self._wish = PictureWish(enlarge=1)

    def stem(self) -> str:
        return f"{self._model.name or 'latent'} {self._pages.current}" if self._model.explorer else ""

    def fill_menu(self) -> None:
        for title in self._pages.offers("sheets"):
            self.add(f"Sheet: {title} (PNG, any size)", "image", title, self._on_sheet_chosen)
        for title in self._pages.offers("films"):
            self.add(f"Film: {title} (GIF)", "start", title, self._on_film_chosen)
        if self._model.encodes:
            if self.menu.actions():
                self.menu.addSeparator()
            for suffix, words, icon in _FORMATS:
                self.add(f"Codes of the data ({words})", icon, suffix, self._on_codes_chosen)

    # Codes

    def _on_codes_chosen(self) -> None:
        self.ask_for_codes(data_of(self.sender()))

    def ask_for_codes(self, suffix: str) -> None:
        """Ask where to write the codes of the split that is shown, as CSV or npz."""
        self._model.want_codes()
        self.ask(_CODES, suffix, suffix, words=f"{self._model.split} codes")

    def write_codes(self, path: Path) -> None:
        """Write the codes of the split that is shown, in the background."""
        model, project = self._model, self._model.workspace.project
        if model.explorer is None:
            self.failed.emit(gone("the run"), "exporting codes")
        elif model.codes is not None:
            self.start(_write_codes(model.codes, path), path, doing="exporting codes")
        elif project is not None and model.run is not None:
            from workbench.gui.models.latent_looking import encode

            work = encode(project, model.run.id, model.explorer, model.split, preferences=model.workspace.preferences)
            self.start(_encode_and_write(work, path), path, doing="exporting codes")

    # Sheets and films

    def _on_sheet_chosen(self) -> None:
        self.ask_for_sheet(data_of(self.sender()))

    def ask_for_sheet(self, title: str) -> None:
        """Ask how large a sheet of the page in view is to be, and where to write it."""
        make = self._pages.offers("sheets").get(title)
        if make is None:
            self.failed.emit(gone(title), "exporting")
            return
        pictures, columns = make()
        rows = -(-len(pictures) // columns)
        self._ask_how(_SHEET, title, "png", columns=columns, rows=rows, shape=pictures.shape[1:3], rate=0.0)

    def _on_film_chosen(self) -> None:
        self.ask_for_film(data_of(self.sender()))

    def ask_for_film(self, title: str) -> None:
        """Ask how large and how fast a film of the page in view is to be, and where to write it."""
        make = self._pages.offers("films").get(title)
        if make is None:
            self.failed.emit(gone(title), "exporting")
            return
        frames, rate = make()
        try:  # those that are still to be read know how large they are
            shape = frames.size if callable(frames) else frames.shape[1:3]
        except UserError as error:
            self.failed.emit(error, "exporting a film")
            return
        self._ask_how(_FILM, title, "gif", columns=1, rows=1, shape=shape, rate=rate)

    def _ask_how(
        self, kind: str, title: str, suffix: str, *, columns: int, rows: int, shape: tuple[int, ...], rate: float
    ) -> None:
        dialog = PictureDialog(
            title, columns=columns, rows=rows, width=shape[1], height=shape[0], rate=rate, parent=self._panel
        )
        dialog.setProperty("what", f"{kind}/{suffix}/{title}")
        dialog.wanted.connect(self._on_picture_wanted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_picture_wanted(self, wish: PictureWish) -> None:
        kind, suffix, title = str(self.sender().property("what")).split("/", 2)
        self._wish = wish
        self.ask(kind, title, suffix)

    def write(self, kind: str, title: str, path: Path) -> None:
        if kind == _CODES:
            self.write_codes(path)
        elif kind == _SHEET:
            self.write_sheet(title, path, self._wish)
        else:
            assert kind == _FILM
            self.write_film(title, path, self._wish)

    def write_sheet(self, title: str, path: Path, wish: PictureWish) -> None:
        """Write a sheet of the page in view as PNG, in the background."""
        make = self._pages.offers("sheets").get(title)
        if make is None:
            self.failed.emit(gone(title), "exporting")
            return
        pictures, columns = make()
        self.start(_write_sheet(path, pictures, columns, wish, self._about(title)), path, doing="exporting a sheet")

    def write_film(self, title: str, path: Path, wish: PictureWish) -> None:
        """Write a film of the page in view as GIF, in the background."""
        make = self._pages.offers("films").get(title)
        if make is None:
            self.failed.emit(gone(title), "exporting")
            return
        frames, _ = make()
        self.start(_write_film(path, frames, wish, self._about(title)), path, doing="exporting a film")

    def _about(self, title: str) -> "tuple[str, int, str]":
        explorer = self._model.explorer
        return self._model.name, explorer.step if explorer else 0, title


def _write_codes(codes: "Codes", path: Path) -> Work:
    from workbench.engine.export.latent import write_codes

    return (yield from write_codes(path, codes))


def _encode_and_write(encoding: Work, path: Path) -> Work:
    codes = yield from encoding
    return (yield from _write_codes(codes, path))


def _write_sheet(
    path: Path, pictures: "NDArray[np.uint8]", columns: int, wish: PictureWish, about: tuple[str, int, str]
) -> Work:
    from workbench.engine.export.latent import About, write_sheet

    if len(pictures) == 0:
        raise UserError("there are no pictures to write")
    run, step, shows = about
    write = partial(
        write_sheet, path, pictures, columns=columns, scale=wish.enlarge, gap=wish.gap,
        about=About(run=run, step=step, shows=shows),
    )  # fmt: skip
    yield from waiting(write, stage="writing")
    return path


def _write_film(
    path: Path,
    frames: "NDArray[np.uint8] | Callable[[], NDArray[np.uint8]]",
    wish: PictureWish,
    about: tuple[str, int, str],
) -> Work:
    from workbench.engine.export.latent import About, write_gif

    run, step, shows = about
    pictures = (yield from waiting(frames, stage="reading")) if callable(frames) else frames
    seconds = max(2 * _HUNDREDTH, 1 / wish.rate)
    write = partial(
        write_gif, path, pictures, seconds=seconds, boomerang=wish.both_ways, scale=wish.enlarge,
        about=About(run=run, step=step, shows=shows),
    )  # fmt: skip
    yield from waiting(write, stage="writing")
    return path
