"""The previews of a run: the timeline, the tiles, and what is said where something is missing."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from helpers import png, write_files
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QToolButton, QToolTip
from pytestqt.qtbot import QtBot

from workbench.engine.data.ingest import import_dataset
from workbench.engine.events import Previewed
from workbench.engine.project.previews import (
    DRAWN,
    MANIFOLD,
    PREDICTIONS,
    RECONSTRUCTIONS,
    SAMPLES,
    PredictedItem,
    Predictions,
    Sheet,
)
from workbench.engine.project.project import DatasetRow
from workbench.engine.project.runs import Run, Status
from workbench.gui.jobs import Job
from workbench.gui.panels.train.preview_bar import FILM, IMAGE
from workbench.gui.panels.train.previews import PreviewsView
from workbench.gui.theme import Theme
from workbench.gui.widgets.prediction_grid import PredictionGrid, Tile, fitted, share_text
from workbench.gui.widgets.prediction_layout import TextSizes, arrange
from workbench.gui.widgets.sheet_view import SheetView
from workbench.gui.workspace import Workspace

ITEMS = 6
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.Key.Key_Right
TEXT = TextSizes(line=17, least=60, full=110)

# Said for every window that is shown by the platform that draws nowhere.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def dataset(workspace: Workspace, tmp_path: Path) -> DatasetRow:
    """Grey squares of two classes, ``cat`` and ``dog``, in turns of one shade each."""
    files = {
        f"{name}/{shade}.png": png(shade) for name in ("cat", "dog") for shade in range(10 + (name == "dog"), 90, 20)
    }
    work = import_dataset(
        workspace.opened(), str(write_files(tmp_path / "pets", files)), preferences=workspace.preferences
    )
    while True:
        try:
            next(work)
        except StopIteration as end:
            row: DatasetRow = end.value
            return row


@pytest.fixture
def run(workspace: Workspace, dataset: DatasetRow) -> Run:
    job = {"model": {"name": "cnn"}, "data": {"source": dataset.name}}
    status = Status(name="pets", created=1.0, dataset=dataset.id, fingerprint=dataset.fingerprint)
    return workspace.opened().add_run(job, status)


@pytest.fixture
def view(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[PreviewsView]:
    view = PreviewsView(workspace, theme)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def previewed(run: Run, step: int, *, right: int) -> Previewed:
    """A preview in which the first ``right`` of the items, all of them cats, are taken for cats."""
    items = tuple(
        PredictedItem(item=item, label=0, classes=(0, 1) if item < right else (1, 0), probabilities=(0.75, 0.25))
        for item in range(ITEMS)
    )
    path = f"previews/step-{step:08d}.json"
    Predictions(step=step, items=items).save(run.folder / path)
    return Previewed(step=step, epoch=step / 100, kind=PREDICTIONS, path=path)


def show(qtbot: QtBot, view: PreviewsView, run: Run, *, count: int) -> list[Previewed]:
    events = [previewed(run, 100 * (number + 1), right=number % (ITEMS + 1)) for number in range(count)]
    view.show_run(run)
    view.set_events(events)
    settled(qtbot, view)
    return events


def settled(qtbot: QtBot, view: PreviewsView) -> None:
    """Wait until there is nothing left to read."""
    qtbot.waitUntil(lambda: not view._workspace.jobs.running() and bool(view.grid.tiles))


def click(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, LEFT)


# The view


def test_it_says_that_there_is_nothing_yet(view: PreviewsView, run: Run) -> None:
    nothing = view.grid.text
    view.show_run(run)
    assert "No run" in nothing
    assert "No previews yet" in view.grid.text
    assert not view.timeline.isVisible()


def test_the_newest_preview_is_shown_with_classes_pictures_and_score(
    qtbot: QtBot, view: PreviewsView, run: Run
) -> None:
    show(qtbot, view, run, count=3)
    assert view.timeline.words == "step 300 · epoch 3.0 · 2 of 6 right"
    first, last = view.grid.tiles[0], view.grid.tiles[-1]
    assert (first.true, first.guesses, first.right) == ("cat", (("cat", 0.75), ("dog", 0.25)), True)
    assert (last.guesses[0][0], last.right) == ("dog", False)
    assert first.image
    assert first.image.size() == QSize(4, 4)
    assert first.image.pixelColor(1, 1).red() == 10
    assert first.name == "cat/10.png"


def test_buttons_and_keys_leaf_through(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=4)
    timeline = view.timeline
    assert timeline.following
    assert not timeline.next.isEnabled()
    click(qtbot, timeline.previous)
    assert view.timeline.words.startswith("step 300")
    assert not timeline.following
    qtbot.keyClick(timeline.slider, Qt.Key.Key_Left)
    assert view.timeline.words.startswith("step 200")
    assert [tile.right for tile in view.grid.tiles] == [True] + [False] * 5
    qtbot.keyClick(timeline.slider, Qt.Key.Key_Home)
    assert not timeline.previous.isEnabled()
    click(qtbot, timeline.next)
    assert view.timeline.words.startswith("step 200")


@pytest.mark.parametrize("where", ["slider", "tiles", "button"])
def test_the_newest_is_followed_until_one_turns_back_and_again_on_request(
    qtbot: QtBot, view: PreviewsView, run: Run, where: str
) -> None:
    show(qtbot, view, run, count=3)
    timeline = view.timeline
    view.add(previewed(run, 400, right=4))
    assert timeline.words.startswith("step 400")
    end = QPoint(timeline.slider.width() - 8, timeline.slider.height() // 2)
    qtbot.mousePress(timeline.slider, LEFT, pos=end)
    qtbot.mouseMove(timeline.slider, QPoint(timeline.slider.width() // 3, end.y()))
    qtbot.mouseRelease(timeline.slider, LEFT, pos=QPoint(timeline.slider.width() // 3, end.y()))
    assert not timeline.following
    assert timeline.words.startswith("step 200")
    view.add(previewed(run, 500, right=5))
    assert timeline.words.startswith("step 200")
    if where == "button":
        click(qtbot, timeline.latest)
    else:
        qtbot.keyClick(timeline.slider if where == "slider" else view.grid, Qt.Key.Key_End)
    assert timeline.following
    view.add(previewed(run, 600, right=6))
    assert timeline.words == "step 600 · epoch 6.0 · 6 of 6 right"


def test_a_click_on_the_slider_goes_there(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=11)
    slider = view.timeline.slider
    qtbot.mouseClick(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert view.timeline.position == 5


def test_playing_ends_with_the_newest(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=3)
    play = view.timeline.play
    seen: list[int] = []
    view.timeline.moved.connect(seen.append)
    click(qtbot, play)
    assert (view.timeline.playing, play.accessibleName(), view.timeline.position) == (True, "Pause", 0)
    qtbot.waitUntil(lambda: not view.timeline.playing)
    assert seen == [0, 1, 2]
    assert play.accessibleName() == "Play"
    assert not view.timeline.following


def test_going_elsewhere_or_hiding_ends_the_playing(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=9)
    click(qtbot, view.timeline.play)
    click(qtbot, view.timeline.next)
    assert not view.timeline.playing
    click(qtbot, view.timeline.play)
    view.hide()
    assert not view.timeline.playing


def test_previews_from_before_a_resume_are_replaced(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=6)
    view.add(previewed(run, 300, right=6))
    assert view.timeline.words == "step 300 · epoch 3.0 · 6 of 6 right"
    assert view.timeline.slider.maximum() == 2


def test_the_step_in_view_stays_when_the_list_is_read_again(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    events = show(qtbot, view, run, count=6)
    view.timeline.go(2)
    previewed(run, 300, right=6)
    view.set_events(events[1:])
    assert view.timeline.words == "step 300 · epoch 3.0 · 6 of 6 right"


def test_pictures_are_read_once_a_run(qtbot: QtBot, view: PreviewsView, run: Run, workspace: Workspace) -> None:
    started: list[Job] = []
    workspace.jobs.started.connect(started.append)
    events = show(qtbot, view, run, count=3)
    view.timeline.go(0)
    view.show_run(run)
    view.set_events(events)
    settled(qtbot, view)
    assert len(started) == 1
    assert started[0].quiet
    started.clear()


def test_nothing_is_read_while_it_is_hidden(qtbot: QtBot, view: PreviewsView, run: Run, workspace: Workspace) -> None:
    view.hide()
    view.show_run(run)
    view.set_events([previewed(run, 100, right=1)])
    assert not workspace.jobs.running()
    view.show()
    settled(qtbot, view)
    assert view.timeline.words == "step 100 · epoch 1.0 · 1 of 6 right"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"{",
        b"[]",
        b'{"step": 1, "items": []}',
        b'{"step": Infinity, "items": []}',
        b'{"step": 1, "items": [{"item": 0, "label": 0, "classes": [0], "probabilities": [NaN]}]}',
        b'{"step": 1, "items": [{"item": 0, "label": 0, "classes": [0, 1], "probabilities": [0.5]}]}',
        b'{"step": 1, "items": [{"item": 0, "label": 0, "classes": [], "probabilities": []}]}',
    ],
)
def test_a_missing_or_damaged_preview_is_said_in_its_place(
    qtbot: QtBot, view: PreviewsView, run: Run, content: bytes | None
) -> None:
    events = show(qtbot, view, run, count=3)
    file = run.folder / events[1].path
    file.unlink() if content is None else file.write_bytes(content)
    view.set_events(events)
    click(qtbot, view.timeline.previous)
    assert view.grid.text.startswith("The preview of step 200 cannot be shown: ")
    assert not view.grid.tiles
    assert view.timeline.words == "step 200 · epoch 2.0"
    click(qtbot, view.timeline.previous)
    assert len(view.grid.tiles) == ITEMS


def test_a_path_out_of_the_run_is_not_followed(view: PreviewsView, run: Run) -> None:
    view.show_run(run)
    view.add(Previewed(step=1, epoch=0.0, kind=PREDICTIONS, path="../../secret.json"))
    assert "outside the run's folder" in view.grid.text


def test_items_and_classes_that_the_data_lacks_are_shown_without(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    event = previewed(run, 100, right=1)
    strange = (PredictedItem(item=1000, label=9, classes=(7,), probabilities=(1.0,)),)
    Predictions(step=100, items=strange).save(run.folder / event.path)
    view.show_run(run)
    view.add(event)
    settled(qtbot, view)
    (tile,) = view.grid.tiles
    assert (tile.image, tile.true, tile.guesses) == (None, "class 9", (("class 7", 1.0),))
    assert "no such item" in tile.problem


def test_lost_data_is_said_and_the_guesses_stay(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    status = run.status()
    run.write_status(replace(status, dataset="gone"))
    show(qtbot, view, run, count=1)
    assert "there is no dataset called 'gone'" in view.problem
    assert view.grid.tiles[0].guesses[0] == ("class 1", 0.75)
    run.write_status(status)
    view.hide()
    view.show()  # looks again
    settled(qtbot, view)
    assert view.problem == ""
    assert view.grid.tiles[0].guesses[0] == ("dog", 0.75)


def test_other_data_under_the_same_name_is_not_shown(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    run.write_status(replace(run.status(), fingerprint="another"))
    show(qtbot, view, run, count=1)
    assert "not what the run was trained on" in view.problem
    assert view.grid.tiles[0].image is None


def test_another_run_brings_its_own(qtbot: QtBot, view: PreviewsView, run: Run, workspace: Workspace) -> None:
    show(qtbot, view, run, count=5)
    view.timeline.go(0)
    other = workspace.opened().add_run(run.job(), replace(run.status(), name="other"))
    show(qtbot, view, other, count=2)
    assert view.timeline.words.startswith("step 200")
    assert view.timeline.following
    assert all(tile.image for tile in view.grid.tiles)


# The tiles


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> PredictionGrid:
    grid = PredictionGrid(theme, name="train.grid")
    qtbot.addWidget(grid)
    grid.resize(600, 400)
    grid.set_items([tile(number) for number in range(10)])
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def tile(number: int) -> Tile:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(number)
    guesses = (("cat", 0.6), ("<dog>", 0.3), ("fox", 0.0996), ("owl", 0.0004))
    return Tile(image=image, name=f"pets/{number}", true="cat" if number % 2 else "owl", guesses=guesses)


def test_arrows_move_over_the_tiles_and_each_is_described(qtbot: QtBot, grid: PredictionGrid) -> None:
    columns = sum(grid.tile_rect(index).top() == grid.tile_rect(0).top() for index in range(10))
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert grid.accessibleDescription() == "pets/0: taken for cat, 60 %, but it is owl"
    qtbot.keyClick(grid, RIGHT)
    assert grid.accessibleDescription() == "pets/1: taken for cat, 60 %, which is right"
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.current == 1 + columns
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert grid.current == 1
    qtbot.mouseClick(grid, LEFT, pos=grid.tile_rect(7).center())
    assert grid.current == 7


def test_keys_tell_the_best_three_guesses_and_follow_the_preview(qtbot: QtBot, grid: PredictionGrid) -> None:
    grid.setFocus()
    qtbot.keyClick(grid, RIGHT)
    told = QToolTip.text()
    assert "pets/" in told
    assert "&lt;dog&gt;" in told
    assert "10 %" in told
    assert "<td>owl" not in told
    grid.set_items([replace(one, guesses=(("hen", 1.0),)) for one in grid.tiles])
    assert "hen" in QToolTip.text()
    grid.set_text("gone")
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    assert grid.accessibleDescription() == "gone"


def test_no_more_than_two_dozen_are_shown(grid: PredictionGrid) -> None:
    grid.set_items([tile(number) for number in range(40)])
    assert len(grid.tiles) == 24


def test_right_wrong_and_light_dark_look_different(qtbot: QtBot, grid: PredictionGrid, theme: Theme) -> None:
    def seen(true: str) -> QImage:
        grid.set_items([replace(tile(0), true=true)])
        return grid.grab().toImage()

    right, wrong, unknown = seen("cat"), seen("owl"), seen("")
    assert len({bytes(image.constBits()) for image in (right, wrong, unknown)}) == 3
    theme.choose("dark")
    assert seen("cat") != right


def test_tiles_lie_within_the_room_and_apart() -> None:
    sizes = ((40, 30), (150, 90), (480, 270), (880, 520), (1580, 820), (300, 900), (2000, 120))
    for count, (width, height) in product((1, 3, 10, 24), sizes):
        arrangement = arrange(count, QSize(width, height), TEXT)
        rects = [arrangement.rect(index) for index in range(count)]
        assert not any(one.intersects(other) for index, one in enumerate(rects) for other in rects[:index])
        if width > 40:  # so little cannot hold two dozen
            assert all(QRect(0, 0, width, height).contains(rect) for rect in rects), (count, width, height)


def test_tiles_use_the_room_well() -> None:
    assert arrange(24, QSize(900, 520), TEXT).columns == 8
    assert arrange(24, QSize(500, 900), TEXT).columns == 4
    assert arrange(3, QSize(900, 400), TEXT).side > 250
    assert arrange(24, QSize(500, 300), TEXT).beside  # below the words the pictures would be half as large
    assert arrange(24, QSize(300, 100), TEXT).words == 0


def test_small_pictures_keep_their_pixels_and_large_ones_their_shape() -> None:
    image = QImage(2, 1, QImage.Format.Format_RGB32)
    image.setPixel(0, 0, 0xFF000000)
    image.setPixel(1, 0, 0xFFFFFFFF)
    large = fitted(image, 100)
    assert large.size() == QSize(100, 50)
    assert {large.pixelColor(x, 25).red() for x in range(100)} == {0, 255}
    assert fitted(QImage(640, 320, QImage.Format.Format_RGB32), 100).size() == QSize(100, 50)


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    assert [share_text(share) for share in (0.0, 0.001, 0.5, 0.998, 1.0)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]


# Sheets of pictures


def sheet_at(run: Run, step: int, kind: str, *, side: int = 4, colour: bool = False) -> Previewed:
    """Four pictures whose grey level is the step's."""
    shape = (4, side, side, 3) if colour else (4, side, side)
    path = f"previews/step-{step:08d}.{kind}.png"
    Sheet(kind=kind, step=step, pictures=np.full(shape, step % 256, np.uint8), columns=2).save(run.folder / path)
    return Previewed(step=step, epoch=step / 100, kind=kind, path=path)


def sheets(run: Run, *kinds: str, steps: tuple[int, ...] = (0, 50, 100)) -> list[Previewed]:
    return [sheet_at(run, step, kind) for step in steps for kind in kinds]


def level(view: PreviewsView) -> int:
    sheet = view.sheet.sheet
    assert sheet is not None
    return int(sheet.pictures[0, 0, 0])


def button_of(view: PreviewsView, kind: str) -> QToolButton:
    found = view.findChild(QToolButton, f"train.previews.kind-{kind}")
    assert isinstance(found, QToolButton)
    return found


def test_the_switch_offers_what_the_run_has(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    view.show_run(run)
    view.set_events(sheets(run, SAMPLES, RECONSTRUCTIONS))
    assert view.bar.kinds == (SAMPLES, RECONSTRUCTIONS)
    assert view.kind == SAMPLES
    assert level(view) == 100
    click(qtbot, button_of(view, RECONSTRUCTIONS))
    assert view.kind == RECONSTRUCTIONS
    assert view.sheet.sheet.kind == RECONSTRUCTIONS
    view.add(sheet_at(run, 150, MANIFOLD))
    assert view.bar.kinds == (SAMPLES, RECONSTRUCTIONS, MANIFOLD)
    assert view.kind == RECONSTRUCTIONS


def test_a_classifiers_previews_need_no_switch(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    show(qtbot, view, run, count=2)
    assert view.bar.kinds == ()
    assert view.grid.isVisible()
    assert not view.sheet.isVisible()


def test_sheets_are_leafed_through_from_the_first_step_on(qtbot: QtBot, view: PreviewsView, run: Run) -> None:
    view.show_run(run)
    view.set_events(sheets(run, SAMPLES, DRAWN))
    view.sheet.setFocus()
    qtbot.keyClick(view.sheet, Qt.Key.Key_Home)
    assert level(view) == 0
    assert view.timeline.words == "step 0 · epoch 0.0"
    qtbot.keyClick(view.sheet, RIGHT)
    assert level(view) == 50
    click(qtbot, button_of(view, DRAWN))
    assert (view.sheet.sheet.kind, level(view)) == (DRAWN, 50)
    assert "step 50" in view.sheet.accessibleDescription()
    view.add(sheet_at(run, 150, DRAWN))
    assert level(view) == 50
    qtbot.keyClick(view.sheet, Qt.Key.Key_End)
    assert level(view) == 150


def test_a_kind_that_is_not_there_yet_is_waited_for(view: PreviewsView, run: Run, workspace: Workspace) -> None:
    view.show_run(run)
    view.set_events(sheets(run, SAMPLES))
    view.show_kind(MANIFOLD)
    assert view.kind == SAMPLES
    view.add(sheet_at(run, 150, MANIFOLD))
    assert (view.kind, level(view)) == (MANIFOLD, 150)


def test_sheets_of_a_resumed_run_are_replaced(view: PreviewsView, run: Run) -> None:
    view.show_run(run)
    view.set_events(sheets(run, SAMPLES, RECONSTRUCTIONS))
    view.add(sheet_at(run, 60, SAMPLES))
    assert view.timeline.slider.maximum() == 2  # 0, 50, 60
    view.show_kind(RECONSTRUCTIONS)
    assert view.timeline.slider.maximum() == 2  # of these nothing is known to be older


@pytest.mark.parametrize("damage", ["gone", "no picture", "another kind"])
def test_a_damaged_sheet_is_said(view: PreviewsView, run: Run, damage: str) -> None:
    event = sheet_at(run, 50, SAMPLES)
    if damage == "gone":
        (run.folder / event.path).unlink()
    elif damage == "no picture":
        (run.folder / event.path).write_bytes(b"not one")
    else:
        event = replace(event, kind=MANIFOLD)
    view.show_run(run)
    view.set_events([event])
    assert view.sheet.text.startswith("The preview of step 50 cannot be shown")


def test_a_sheet_and_its_film_are_written(
    qtbot: QtBot, view: PreviewsView, run: Run, tmp_path: Path, workspace: Workspace
) -> None:
    view.show_run(run)
    view.set_events(sheets(run, SAMPLES))
    failed: list[object] = []
    view.failed.connect(failed.append)
    view.export(IMAGE, tmp_path / "sheet.png")
    view.export(FILM, tmp_path / "film.gif")
    qtbot.waitUntil(lambda: not workspace.jobs.running(), timeout=20_000)
    with Image.open(tmp_path / "sheet.png") as image:
        assert min(image.size) >= 450
        assert image.getpixel((0, 0)) == 100
    with Image.open(tmp_path / "film.gif") as film:
        levels = []
        for frame in range(film.n_frames):
            film.seek(frame)
            levels.append(film.convert("L").getpixel((1, 1)))
    assert levels[:3] == [0, 50, 100]
    assert set(levels[3:]) <= {100}
    view.export(FILM, tmp_path)  # a folder
    qtbot.waitUntil(lambda: bool(failed), timeout=20_000)


@pytest.fixture
def pictures(qtbot: QtBot, theme: Theme) -> Iterator[SheetView]:
    pictures = SheetView(theme, name="test.sheet")
    qtbot.addWidget(pictures)
    pictures.resize(400, 300)
    pictures.show()
    qtbot.waitExposed(pictures)
    return pictures


def chequered(kind: str, *, count: int = 4, side: int = 8, columns: int = 2, colour: bool = False) -> Sheet:
    board = (np.indices((side, side)).sum(0) % 2 * 255).astype(np.uint8)
    if colour:
        board = np.stack([board, 0 * board, 255 - board], -1)
    return Sheet(kind=kind, step=1, pictures=np.stack([board] * count), columns=columns)


@pytest.mark.parametrize("kind", [SAMPLES, RECONSTRUCTIONS, MANIFOLD])
@pytest.mark.parametrize("columns", [1, 2, 4])
def test_pictures_are_enlarged_by_whole_pixels_and_lie_apart(pictures: SheetView, kind: str, columns: int) -> None:
    pictures.set_sheet(chequered(kind, columns=columns), about="some")
    places = pictures.places()
    assert {place.width() % 8 for place in places} == {place.height() % 8 for place in places} == {0}
    for one, other in product(range(4), repeat=2):
        assert one == other or not places[one].intersects(places[other])
    assert QRect(pictures.rect()).contains(places[-1].toAlignedRect())
    if kind == MANIFOLD and columns == 2:
        assert places[0].right() == places[1].left()


@pytest.mark.parametrize("colour", [False, True])
def test_each_pixel_is_as_it_is(pictures: SheetView, colour: bool) -> None:
    sheet = chequered(SAMPLES, colour=colour)
    pictures.set_sheet(sheet, about="some")
    image, place = pictures.grab().toImage(), pictures.places()[3]
    scale, ratio = place.width() / 8, pictures.devicePixelRatioF()
    for y, x in product(range(8), repeat=2):
        at = place.topLeft() + QPointF((x + 0.5) * scale, (y + 0.5) * scale)
        seen = image.pixelColor(int(at.x() * ratio), int(at.y() * ratio))
        wanted = sheet.pictures[3, y, x] if colour else [sheet.pictures[3, y, x]] * 3
        assert [seen.red(), seen.green(), seen.blue()] == [int(value) for value in wanted]


def test_pictures_larger_than_the_room_are_made_smaller(pictures: SheetView) -> None:
    pictures.set_sheet(chequered(SAMPLES, side=600), about="some")
    assert all(QRect(pictures.rect()).contains(place.toAlignedRect()) for place in pictures.places())


def test_reconstructions_lie_nearer_to_their_originals(pictures: SheetView) -> None:
    pictures.set_sheet(chequered(RECONSTRUCTIONS, count=8, columns=2), about="some")
    first, second, third = (pictures.places()[row * 2] for row in range(3))
    assert second.top() - first.bottom() < third.top() - second.bottom()
