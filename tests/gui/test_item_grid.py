"""The grid of items with what they are taken for: what a tile says, what is current, and how the place is kept."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from gallery_samples import CLASSES, Pictures, catalogue, dataset, encoded
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPainter
from pytestqt.qtbot import QtBot

from workbench.engine.data.opened import Dataset
from workbench.engine.inspection.inspection import Inspection
from workbench.gui.models.inspected_items import Verdict
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST
from workbench.gui.widgets.inspect.item_grid import ItemGrid
from workbench.gui.workspace import Workspace

COUNT = 40


def inspection(labels: list[int], bees: list[float], *, step: int = 10) -> Inspection:
    """Of ants and bees: the true labels, and the probability of bees that the network gives each item."""
    share = np.array(bees)
    return Inspection(
        run="r", name="insects", step=step, steps=20, dataset="d", split="validation", protocol="validation",
        classes=CLASSES, items=np.arange(len(labels)), labels=np.array(labels, np.int64),
        logits=np.log(np.stack([1 - share, share], 1)).astype(np.float32),
        features=np.zeros((len(labels), 2), np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("items")
    files = {
        f"item-{item}.png": (encoded(np.full((8, 8, 3), item, np.uint8)), item % 2, "validation")
        for item in range(COUNT)
    }
    return dataset(folder, files)


@pytest.fixture
def answers() -> Inspection:
    labels, bees = [item % 2 for item in range(COUNT)], [0.9 if item % 3 else 0.2 for item in range(COUNT)]
    labels[4] = -1
    return inspection(labels, bees)


@pytest.fixture
def grid(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[ItemGrid]:
    grid = ItemGrid(workspace, theme, name="inspect.items")
    qtbot.addWidget(grid)
    grid.resize(700, 500)
    yield grid
    grid.clear()


def settled(grid: ItemGrid) -> Callable[[], bool]:
    return lambda: not grid.busy


def told(grid: ItemGrid, row: int) -> list[str]:
    return str(grid.model.index(row).data(Qt.ItemDataRole.ToolTipRole)).splitlines()


def test_a_tile_says_what_it_is_taken_for(grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.show_items(data, answers, np.array([1, 2, 4, 3]))
    assert grid.shown.tolist() == [1, 2, 4, 3]
    said = [grid.model.answer(row) for row in range(4)]
    assert [one.verdict for one in said] == [Verdict.RIGHT, Verdict.WRONG, Verdict.NO_LABEL, Verdict.WRONG]
    assert [(one.predicted, one.truth) for one in said] == [("bee", "bee"), ("bee", "ant"), ("bee", ""), ("ant", "bee")]
    assert [one.share for one in said] == pytest.approx([0.9, 0.9, 0.9, 0.8])


def test_the_tool_tip_has_the_likeliest_classes(
    qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection
) -> None:
    grid.show_items(data, answers, np.array([3]))
    assert told(grid, 0) == ["item-3.png", "Taken for ant: wrong, it is bee", "80.00 %  ant", "20.00 %  bee"]
    grid.show()
    qtbot.waitUntil(settled(grid))
    assert told(grid, 0)[-1] == "8 \N{MULTIPLICATION SIGN} 8 pixels, PNG"


def test_right_wrong_and_unknown_are_told_apart_without_colour(
    qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection
) -> None:
    """Painted in grey, the signs of the three still differ."""
    grid.show_items(data, answers, np.array([1, 2, 4]))
    grid.show()
    qtbot.waitUntil(settled(grid))
    looks = []
    for row in range(3):
        rect = grid.gallery.visualRect(grid.model.index(row))
        left = rect.left() + (rect.width() - grid.tile) // 2
        side = grid.fontMetrics().height()
        top = rect.bottom() - 2 * side - 8
        image = grid.gallery.viewport().grab(rect).toImage()
        sign = image.copy(left - rect.left(), top - rect.top() - 4, side + 2, side + 8)
        grey = sign.convertToFormat(sign.Format.Format_Grayscale8)
        looks.append([grey.pixelColor(x, y).value() < 200 for x in range(grey.width()) for y in range(grey.height())])
    assert all(any(look) for look in looks)
    assert looks[0] != looks[1] != looks[2] != looks[0]


def test_keys_move_and_open(qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.show_items(data, answers, np.array([9, 7, 5]))
    grid.show()
    grid.setFocus()
    picked: list[int] = []
    grid.picked.connect(picked.append)
    qtbot.keyClick(grid.gallery, Qt.Key.Key_Right)
    qtbot.keyClick(grid.gallery, Qt.Key.Key_Right)
    assert picked == [9, 7]
    with qtbot.waitSignal(grid.opened) as opened:
        qtbot.keyClick(grid.gallery, Qt.Key.Key_Return)
    assert opened.args == [7]
    grid.step(1)
    grid.step(1)
    assert grid.current == 5
    assert picked == [9, 7, 5]


def test_a_double_click_opens(qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.show_items(data, answers, np.array([9, 7, 5]))
    grid.show()
    place = grid.gallery.visualRect(grid.model.index(2)).center()
    qtbot.mouseClick(grid.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    with qtbot.waitSignal(grid.opened) as opened:
        qtbot.mouseDClick(grid.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.args == [5]


def test_several_are_selected_and_their_names_copied(
    qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection
) -> None:
    grid.show_items(data, answers, np.array([9, 7, 5, 3]))
    grid.show()
    grid.set_current(7)
    qtbot.keyClick(grid.gallery, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selection().tolist() == [7, 5]
    qtbot.keyClick(grid.gallery, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "item-7.png\nitem-5.png"


def test_the_place_is_kept_by_item(grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.show_items(data, answers, np.arange(COUNT))
    grid.show()
    grid.set_current(31)
    grid.show_items(data, answers, np.arange(COUNT)[::-1])
    assert grid.current == 31
    assert grid.selection().tolist() == [31]
    assert grid.model.row(31) in grid.gallery.rows_in_view()
    picked: list[int] = []
    grid.picked.connect(picked.append)
    grid.show_items(data, answers, np.array([1, 2]))
    assert grid.current == -1
    assert picked == [-1]
    assert not len(grid.selection())


def test_new_answers_move_nothing(grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    items = np.arange(COUNT)
    grid.show_items(data, answers, items)
    grid.show()
    grid.set_current(20)
    bar = grid.gallery.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before, row = bar.value(), grid.model.row(20)
    later = inspection([0] * COUNT, [0.4] * COUNT, step=20)
    grid.show_items(data, later, items)
    assert (bar.value(), grid.current) == (before, 20)
    assert grid.model.answer(row).predicted == "ant"


def test_nothing_is_said_in_words(grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.set_empty_text("No bee was taken for an ant")
    grid.show()
    assert grid.empty_text == "No bee was taken for an ant"
    assert not grid.gallery.isVisible()
    grid.show_items(data, answers, np.array([1]))
    assert grid.empty_text == ""
    assert grid.gallery.isVisible()
    grid.clear()
    assert not len(grid.shown)


def test_tiles_have_bounds(qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection) -> None:
    grid.show_items(data, answers, np.arange(COUNT))
    sides: list[int] = []
    grid.tile_changed.connect(sides.append)
    grid.set_tile(10_000)
    grid.set_tile(0)
    assert sides == [LARGEST, SMALLEST]
    assert grid.tile == SMALLEST


def test_only_what_is_seen_is_painted_of_50_000(grid: ItemGrid, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    count, asked = 50_000, list[int]()
    many = catalogue(Pictures(count))
    monkeypatch.setattr("workbench.gui.widgets.inspect.item_grid.catalogue_of", lambda dataset: many)
    answer = grid.model.answer
    monkeypatch.setattr(grid.model, "answer", lambda row: (asked.append(row), answer(row))[1])
    grid.show()
    started = time.perf_counter()
    grid.show_items(data, inspection([0] * count, [0.25] * count), np.arange(count)[::-1])
    assert time.perf_counter() - started < 0.5
    grid.gallery.verticalScrollBar().setValue(400_000)
    asked.clear()
    grid.gallery.viewport().grab()
    assert 0 < len(asked) < 200


def test_items_of_another_dataset_are_refused_before_anything_changes(
    grid: ItemGrid, data: Dataset, answers: Inspection
) -> None:
    """A model that was changed by half cannot be painted any more."""
    grid.show_items(data, answers, np.arange(5))
    more = inspection([0] * (COUNT + 3), [0.5] * (COUNT + 3))
    for wrong, items in ((more, np.array([1, COUNT + 2])), (answers, np.array([-1]))):
        with pytest.raises((AssertionError, IndexError)):
            grid.show_items(data, wrong, items)
    assert grid.shown.tolist() == [0, 1, 2, 3, 4]
    assert grid.model.rowCount() == 5
    assert told(grid, 4)[0] == "item-4.png"


def test_a_tile_that_cannot_be_painted_does_not_end_the_program(
    qtbot: QtBot, grid: ItemGrid, data: Dataset, answers: Inspection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: int) -> None:
        raise ZeroDivisionError

    grid.show_items(data, answers, np.arange(5))
    with qtbot.capture_exceptions() as caught, monkeypatch.context() as broken:
        broken.setattr(grid.model, "answer", fail)
        grid.show()
        qtbot.waitUntil(lambda: bool(caught))
    assert {type(error) for _, error, _ in caught} == {ZeroDivisionError}
    # The traceback holds on to what was painted with; were that still open, Qt would end the program.
    assert not [error for _, error, frames in caught if not _closed(frames)]


def _closed(frames: TracebackType | None) -> bool:
    """Whether no painter in these frames is open."""
    while frames is not None:
        painters = [value for value in frames.tb_frame.f_locals.values() if isinstance(value, QPainter)]
        if any(painter.isActive() for painter in painters):
            return False
        frames = frames.tb_next
    return True
