"""A network that draws digits explored in the real window, from its first steps on: by mouse and keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from person import Person
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui.models.latent import LatentModel
from workbench.gui.theme import Theme

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def person(qtbot: QtBot, theme: Theme) -> Iterator[Person]:
    person = Person(qtbot, theme)
    yield person
    person.leave()


def page(person: Person, number: int) -> Any:
    """The page of the Latent panel that a shortcut turns to."""
    pages = person.window.panel("latent").pages
    person.bot.keyClick(person.window, Key(Key.Key_0 + number), Qt.KeyboardModifier.AltModifier)
    person.wait(lambda: pages.tabs.currentIndex() == number - 1)
    return pages.page(pages.current)


def drag(person: Person, widget: QWidget, path: list[QPoint]) -> None:
    """Press, move and release the left button; the platform of the tests moves no real mouse while a button is down."""
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * (len(path) - 1), QEvent.Type.MouseButtonRelease]
    for kind, at in zip(kinds, [*path, path[-1]], strict=True):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Left
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Left
        event = QMouseEvent(
            kind, QPointF(at), QPointF(widget.mapToGlobal(at)), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(widget, event)


def explored(person: Person, model: LatentModel) -> None:
    person.wait(lambda: model.explorer is not None and model.job is None)


def snapshot(person: Person, model: LatentModel) -> None:
    """Have the run that trains save itself, and wait until that is what is explored."""
    before = model.explorer.step if model.explorer else -1
    person.click("latent.take-snapshot")
    person.wait(lambda: model.explorer is not None and model.explorer.step > before and model.job is None)


def save(person: Person, panel: Any, path: Path) -> None:
    person.click("latent.picture-save")
    dialog = person.find("latent.save", QFileDialog)
    with person.bot.waitSignal(panel.exports.written, timeout=30_000):
        dialog.fileSelected.emit(str(path))
    dialog.close()
    person.come_back()


def test_a_day_of_exploring(person: Person, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")

    # From an empty panel to a network that learns while it is explored
    person.keys(Key.Key_5, control=True)
    panel: Any = person.window.panel("latent")
    model: LatentModel = panel.model
    fill = person.find("latent.fill", QPushButton)
    person.wait(lambda: fill.text() == "Try it on digits")
    person.bot.mouseClick(fill, Left)
    job = person.workspace.training
    assert job is not None
    person.wait(lambda: job.pace.done > 5 and model.facts is not None)
    job.pause()  # whatever the machine, it goes on training while it is explored
    job.resume()
    snapshot(person, model)
    explorer = model.explorer
    assert explorer is not None
    assert f"training · step {explorer.step:,}" in panel.bar.badge.whole

    # Dragged through the plane: the picture follows
    plane = page(person, 1)
    person.wait(lambda: model.codes is not None)
    pictures: list[Any] = []
    model.decoder.decoded.connect(lambda decoded: pictures.append(decoded) if decoded.channel == "plane" else None)
    view = plane.view
    person.wait(lambda: plane.code is not None and view.isVisible())
    middle = QPoint(view.width() // 2, view.height() // 2)
    before = plane.code.copy()
    drag(person, view, [middle, middle + QPoint(40, 20), middle + QPoint(90, -60)])
    person.wait(lambda: bool(pictures) and np.array_equal(pictures[-1].codes[0], plane.code))
    assert not np.array_equal(plane.code, before)
    dragged = plane.code.copy()
    view.setFocus()
    person.keys(Key.Key_Left, to=view)
    person.wait(lambda: np.array_equal(pictures[-1].codes[0], plane.code))
    assert plane.code[0] < dragged[0]
    person.click("latent.plane-walk")
    assert len(model.waypoints) == 1

    # The manifold, and what the training left of it
    manifold = page(person, 2)
    person.wait(lambda: manifold.view.sheet is not None)
    pictures_shown, columns = manifold.sheet()
    assert len(pictures_shown) == columns * columns
    person.wait(lambda: len(model.sheets("manifold")) >= 1)

    # A walk to an image of the data, exported as a film
    codes = model.codes
    assert codes is not None
    walk = page(person, 3)
    model.add_waypoint_items(codes.items[:1])
    person.wait(lambda: "Walk" in panel.pages.offers("films"))
    panel.exports.menu.aboutToShow.emit()
    film = next(one for one in panel.exports.menu.actions() if one.text().startswith("Film: Walk"))
    film.trigger()
    save(person, panel, tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames > 2
    assert walk.isVisible()

    # Samples: warmer, one of them compared with the training images, all of them as a sheet
    samples = page(person, 5)
    person.wait(lambda: samples.grid.count == 64)
    samples.bar.temperature.setFocus()
    person.keys(Key.Key_Right, to=samples.bar.temperature)
    assert samples.samples.temperature > 1
    person.bot.mouseClick(samples.grid, Left, pos=samples.grid.cell_rect(9).center())
    person.wait(lambda: "validation image" in samples.card.verdict.text())
    panel.exports.menu.aboutToShow.emit()
    sheet = next(one for one in panel.exports.menu.actions() if one.text().startswith("Sheet: Samples"))
    sheet.trigger()
    save(person, panel, tmp_path / "samples.png")
    with Image.open(tmp_path / "samples.png") as png:
        assert min(png.size) >= 64

    # It still learns: a later snapshot keeps the samples that were drawn, as the network sees them now
    drawn = samples.samples.codes.copy()
    if person.workspace.training is not None:
        snapshot(person, model)
        person.wait(lambda: samples.grid.count == 64)
        assert np.array_equal(samples.samples.codes, drawn)
        person.keys(Key.Key_2, control=True)
        person.click("train.stop")
        person.wait(lambda: person.workspace.training is None)
        person.keys(Key.Key_5, control=True)
    assert panel.errors.text == ""

    # From the list of runs; then closed and opened again
    run = model.choice.run if model.choice else ""
    person.keys(Key.Key_7, control=True)
    runs: Any = person.window.panel("runs")
    person.wait(lambda: runs.runs.rowCount() == 1 and runs.buttons.isVisible())
    person.wait(lambda: not runs._why_not_latent())
    person.click("runs.open-latent")
    person.wait(lambda: person.window.deck.current == "latent")
    explored(person, model)
    person.keys(Key.Key_Q, control=True, to=person.window)
    person.wait(lambda: not person.window.isVisible())
    person.leave()
    person.start()
    recent = person.find("welcome.recent", QListWidget)
    person.bot.mouseClick(recent.viewport(), Left, pos=recent.visualItemRect(recent.item(0)).center())
    person.wait(lambda: person.workspace.project is not None)
    assert person.window.deck.current == "latent"
    panel = person.window.panel("latent")
    explored(person, panel.model)
    assert panel.model.choice.run == run
    assert panel.pages.current == "samples"
    again = panel.pages.page("samples")
    person.wait(lambda: again.grid.count == 64)
    assert again.samples.temperature == pytest.approx(1.05)
