"""A trained run looked into in the real window: what it gets wrong, what it does not know, which run is better."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import png, write_files
from person import Person
from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QListView,
    QListWidget,
    QMenu,
    QPushButton,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.gui.models.confusion import Cell
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def person(qtbot: QtBot, theme: Theme) -> Iterator[Person]:
    person = Person(qtbot, theme)
    yield person
    person.leave()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Dark and bright squares, of which a third have the wrong name: no network gets these right."""
    images = {f"{'bright' if number % 3 == 0 else 'dark'}/{number:02}.png": png(number, side=8) for number in range(60)}
    images |= {f"bright/b{number:02}.png": png(255 - number, side=8) for number in range(60)}
    return write_files(tmp_path / "pets", images)


def train(person: Person, steps: int) -> None:
    person.keys(Key.Key_2, control=True)
    person.choose("train.data", "pets")
    person.set_setting("steps", str(steps))
    person.click("train.start")


def train_to_the_end(person: Person, steps: int) -> None:
    before = len(person.workspace.opened().runs())
    train(person, steps)
    person.wait(lambda: len(person.workspace.opened().runs()) > before and person.workspace.training is None)


def page(person: Person, number: int) -> Any:
    """The page of the Inspect panel that a shortcut turns to."""
    pages = person.window.panel("inspect").pages
    person.bot.keyClick(person.window, Key(Key.Key_0 + number), Qt.KeyboardModifier.AltModifier)
    person.wait(lambda: pages.tabs.currentIndex() == number - 1)
    return pages.page(pages.current)


def drag(widget: QWidget, path: list[QPoint]) -> None:
    """Press, move and release the left button; the platform of the tests moves no real mouse while a button is down."""
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * (len(path) - 1), QEvent.Type.MouseButtonRelease]
    for kind, at in zip(kinds, [*path, path[-1]], strict=True):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Left
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Left
        place, on_screen = QPointF(at), QPointF(widget.mapToGlobal(at))
        QApplication.sendEvent(
            widget, QMouseEvent(kind, place, on_screen, button, held, Qt.KeyboardModifier.NoModifier)
        )  # fmt: skip


def looked(person: Person, model: InspectionModel) -> None:
    person.wait(lambda: model.inspection is not None and model.job is None)


def items_shown(person: Person, title: str) -> Any:
    """The Items page, when it shows what was asked for under this title."""
    pages = person.window.panel("inspect").pages
    person.wait(lambda: pages.current == "items")
    shown = pages.page("items")
    person.wait(lambda: shown.filters.chip.text == title and not shown.list.busy)
    return shown


def save(person: Person, path: Path) -> None:
    dialog = person.find("inspect.save", QFileDialog)
    with person.bot.waitSignal(person.window.panel("inspect").exports.written, timeout=30_000):
        dialog.fileSelected.emit(str(path))
    dialog.close()
    person.come_back()


def test_a_day_of_looking_into_runs(person: Person, pets: Path, tmp_path: Path) -> None:
    person.new_project(tmp_path / "zoo")
    person.import_folder(pets)
    person.import_folder(write_files(tmp_path / "grey", {f"c/{n}.png": png(120 + n, side=8) for n in range(9)}))
    person.wait(lambda: len(person.workspace.opened().datasets()) == 2)
    train_to_the_end(person, 3)
    train_to_the_end(person, 40)
    short, long = (row.run.id for row in person.workspace.opened().runs())

    # Its score, class by class
    person.keys(Key.Key_3, control=True)
    panel = person.window.panel("inspect")
    model: InspectionModel = panel.model
    looked(person, model)
    assert model.inspection is not None
    assert model.inspection.run == long
    classes = person.find("score.classes", QTableView)
    person.wait(lambda: classes.model().rowCount(QModelIndex()) == 2)
    assert "validation items" in person.find("score.measured", QLabel).text()
    panel.bar.split.setFocus()
    assert [tabbed(person) for _ in range(4)] == ["inspect.export", "inspect.pages", "score.filter", "score.classes"]
    header = classes.horizontalHeader()
    person.bot.mouseClick(header.viewport(), Left, pos=QPoint(header.sectionPosition(0) + 20, header.height() // 2))
    assert [classes.model().index(row, 0).data() for row in (0, 1)] == ["bright", "dark"]
    classes.setFocus()
    classes.setCurrentIndex(classes.model().index(0, 0))
    person.keys(Key.Key_Return, to=classes)
    items = items_shown(person, "Class bright")
    assert set(model.inspection.labels[model.inspection.rows(items.grid.shown)]) == {0}

    # From item to item with the keys, and what speaks for the other class
    grid = person.find("inspect.items", QListView)
    grid.setFocus()
    first, second = items.grid.shown[:2].tolist()
    person.wait(lambda: items.grid.current == first)
    person.keys(Key.Key_N, to=grid)
    assert items.grid.current == second
    person.keys(Key.Key_P, to=grid)
    assert items.grid.current == first
    card = items.card.card
    person.wait(lambda: card.view.has_image and bool(card.words[1]) and len(card.neighbours.shown) > 0)
    other = 1 - int(model.inspection.predicted[model.inspection.rows(np.array([first]))[0]])
    probabilities = person.find("inspect.card-probabilities", QListView)
    probabilities.setFocus()
    name = model.inspection.classes[other]
    with person.bot.waitSignals([card.closely.heat_ready], timeout=30_000):
        person.keys(Key.Key_Down, to=probabilities)
    assert card._heat_words.whole.endswith(f"for {name}")

    # A cell of the matrix, with the mouse and with the keys
    confusion = page(person, 2)
    matrix = confusion.view
    wrong = confusion.pairs.pairs[0].cell
    person.bot.mouseDClick(matrix, Left, pos=matrix.cell_rect(wrong).center().toPoint())
    title = confusion._table.title(wrong)
    items = items_shown(person, title)
    assert items.list.tally.wrong == len(items.list.items) > 0
    page(person, 2)
    matrix.setFocus()
    matrix.set_current(Cell(*wrong))
    person.keys(Key.Key_Right if wrong.predicted == matrix.picture.columns[0] else Key.Key_Left, to=matrix)
    person.keys(Key.Key_Return, to=matrix)
    right = items_shown(person, f"{model.inspection.classes[wrong.truth]} recognised")
    assert grid.hasFocus()  # whoever came by the keys goes on with them
    assert right.list.tally.wrong == 0

    # When to say "I don't know"
    unknown = page(person, 4)
    person.wait(lambda: not unknown.knownness.busy and model.threshold is not None)
    usual = model.threshold
    line, middle = round(unknown.histograms.x_of(usual.value)), unknown.histograms.height() // 2
    drag(unknown.histograms, [QPoint(line + step, middle) for step in (0, 10, 40)])
    person.wait(lambda: model.threshold.value > usual.value)
    dragged = model.threshold
    unknown.histograms.setFocus()
    for _ in range(3):
        person.keys(Key.Key_Left, to=unknown.histograms)
    person.wait(lambda: model.threshold.value < dragged.value)
    menu = unknown.sets.findChild(QMenu)
    menu.aboutToShow.emit()
    (grey,) = menu.actions()
    assert grey.text() == "grey"
    grey.trigger()
    person.wait(lambda: unknown.items.choice.findData("grey") > 0 and not unknown.knownness.busy)
    person.choose("inspect.unknown-set", "Unknown: grey")
    person.wait(lambda: len(unknown.items.rejected.shown) + len(unknown.items.accepted.shown) == 9)

    # Drawn around in the embedding
    embedding = page(person, 5)
    scatter = embedding.scatter
    person.wait(lambda: embedding.embedding.positions is not None and not embedding.embedding.busy)
    wide, high = scatter.width() - 3, scatter.height() - 3
    drag(scatter, [QPoint(2, 2), QPoint(wide, 2), QPoint(wide, high), QPoint(2, high), QPoint(2, 2)])
    assert len(scatter.selection) == len(model.inspection)
    person.click("inspect.embedding-show")
    items_shown(person, f"{len(model.inspection)} selected in the embedding")

    # Any other image
    folder = write_files(tmp_path / "new", {"dark/a.png": png(3), "bright/b.png": png(250), "torn.png": b"no image"})
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    how: Any = (Qt.DropAction.CopyAction, mime, Left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(panel, QDragEnterEvent(QPoint(60, 60), *how))
    QApplication.sendEvent(panel, QDropEvent(QPointF(60, 60), *how))
    assert panel.pages.current == "try"
    files = panel.pages.page("try").files
    person.wait(lambda: files.rowCount() == 3 and files.job is None)
    said = {files.index(row, 0).data(): files.index(row, 1).data() for row in range(3)}
    assert said["torn.png"] == "cannot be read"
    assert said["b.png"] == "bright"

    # Against the other run
    compare = page(person, 7)
    picker = person.find("compare.run", QComboBox)
    person.wait(lambda: picker.count() == 2)
    person.choose("compare.run", picker.itemText(1))
    person.wait(lambda: compare.comparing.compared is not None)
    assert compare.comparing.compared.baseline.run == short

    # What leaves the program
    panel.exports.ask_for_predictions("csv")
    save(person, tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [int(row["item"]) for row in rows] == model.inspection.items.tolist()
    panel.exports.ask_for_predictions("lines")
    save(person, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text().startswith("Class: ")
    page(person, 2)
    panel.exports.menu.aboutToShow.emit()
    figure = next(one for one in panel.exports.menu.actions() if one.text().startswith("Picture: Confusion"))
    figure.trigger()
    save(person, tmp_path / "matrix.png")
    assert not QImage(str(tmp_path / "matrix.png")).isNull()

    # While a run trains
    train(person, 100_000)
    job = person.workspace.training
    assert job is not None
    person.wait(lambda: job.pace.done > 5)
    person.keys(Key.Key_3, control=True)
    runs = person.find("inspect.run", QComboBox)
    person.wait(lambda: runs.count() == 3)
    runs.setFocus()
    person.keys(Key.Key_Home, to=runs)
    person.wait(lambda: model.choice is not None and model.choice.run not in (short, long))
    busy = model.choice.run
    if model.facts is not None and not model.facts.checkpoints:
        person.bot.mouseClick(person.find("inspect.fill", QPushButton), Left)
    person.wait(lambda: model.inspection is not None and model.inspection.run == busy and model.job is None)
    assert f"step {model.inspection.step:,} of 100,000, in training" in panel.bar.badge.whole
    seen = model.inspection.step
    person.click("inspect.take-snapshot")
    person.wait(lambda: model.inspection is not None and model.inspection.step > seen and model.job is None)
    seen = model.inspection.step
    assert person.workspace.opened().run(busy).ask_for_checkpoint()  # as another program would
    person.wait(panel.bar.update_button.isVisible)
    person.click("inspect.update")
    person.wait(lambda: model.inspection is not None and model.inspection.step > seen and model.job is None)
    assert panel.errors.text == ""
    person.keys(Key.Key_2, control=True)
    person.click("train.stop")
    person.wait(lambda: person.workspace.training is None)

    # Closed and opened again
    person.keys(Key.Key_3, control=True)
    runs.setFocus()
    person.keys(Key.Key_Down, to=runs)
    person.wait(lambda: any(text.startswith("Test") for text in texts(panel.bar.split)))
    person.choose("inspect.split", next(text for text in texts(panel.bar.split) if text.startswith("Test")))
    person.wait(
        lambda: model.inspection is not None and (model.inspection.run, model.inspection.split) == (long, "test")
    )
    person.keys(Key.Key_Q, control=True, to=person.window)
    person.wait(lambda: not person.window.isVisible())
    person.leave()
    person.start()
    recent = person.find("welcome.recent", QListWidget)
    person.bot.mouseClick(recent.viewport(), Left, pos=recent.visualItemRect(recent.item(0)).center())
    person.wait(lambda: person.workspace.project is not None)
    assert person.window.deck.current == "inspect"
    panel = person.window.panel("inspect")
    looked(person, panel.model)
    assert panel.model.inspection is not None
    assert (panel.model.inspection.run, panel.model.inspection.split) == (long, "test")
    assert panel.pages.current == "confusion"


def tabbed(person: Person) -> str:
    """Where the Tab key leads."""
    person.keys(Key.Key_Tab)
    focus = QApplication.focusWidget()
    return focus.objectName() if focus else ""


def texts(box: QComboBox) -> list[str]:
    return [box.itemText(row) for row in range(box.count())]
