"""The Walk page: waypoints chosen and arranged, frames with scores, paths compared, the player, what is saved."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latent_walks import DIMS, Digits, ShownModel, digits, shown_model
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

from workbench.engine.errors import UserError
from workbench.engine.latent.inversion import Inverted
from workbench.engine.latent.walk import walk
from workbench.gui.models.walk_work import DRAWS
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.filmstrip import LARGEST
from workbench.gui.widgets.latent.walk import WalkPage
from workbench.gui.widgets.latent.waypoints_picker import mime_of
from workbench.gui.workspace import Workspace

MIDDLE = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture
def model(workspace: Workspace, data: Digits, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShownModel]:
    model = shown_model(workspace, data, monkeypatch)
    yield model
    model.close()
    model.deleteLater()


@pytest.fixture
def page(qtbot: QtBot, model: ShownModel, theme: Theme) -> WalkPage:
    return opened(qtbot, model, theme)


def opened(qtbot: QtBot, model: ShownModel, theme: Theme) -> WalkPage:
    page = WalkPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1100, 640)
    page.show()
    qtbot.waitUntil(lambda: page.picker.catalogue is not None and not page.picker.busy)
    return page


def walked(page: WalkPage) -> Callable[[], bool]:
    return lambda: bool(page.walk.strips) and not page.walk.busy


def order(model: ShownModel) -> list[int]:
    return [point.item for point in model.waypoints]


def test_the_empty_page_teaches(page: WalkPage) -> None:
    assert "Choose two or more" in page.message.text
    assert not page.add.isEnabled()
    assert not page.clear.isEnabled()
    assert not page.figures()
    assert not page.films()


def test_enter_and_double_click_add_waypoints(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    gallery = page.picker.gallery
    qtbot.mouseClick(gallery.viewport(), MIDDLE, pos=gallery.visualRect(page.picker.list.index(2)).center())
    assert page.add.isEnabled()
    qtbot.keyClick(gallery, Qt.Key.Key_Return)
    assert order(model) == [2]
    assert "One more" in page.message.text
    place = gallery.visualRect(page.picker.list.index(5)).center()
    qtbot.mouseClick(gallery.viewport(), MIDDLE, pos=place)
    qtbot.mouseDClick(gallery.viewport(), MIDDLE, pos=place)
    assert order(model) == [2, 5]
    qtbot.waitUntil(walked(page))
    assert [card.caption for card in page.row.cards] == ["2", "5"]


def test_the_picker_narrows_down_by_class_and_name(qtbot: QtBot, page: WalkPage, data: Digits) -> None:
    sevens = np.flatnonzero(data.labels == 7)
    page.picker.choose_class(7)
    assert page.picker.list.shown.tolist() == sevens.tolist()
    assert f"{len(sevens)} of 120" in page.picker.count_text
    qtbot.keyClicks(page.picker._text, f"digit-{sevens[1]}.")
    qtbot.waitUntil(lambda: page.picker.list.shown.tolist() == [sevens[1]])


def test_frames_are_the_path_and_waypoints_are_marked(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17, 28])
    page.path.setCurrentIndex(page.path.findData("straight"))
    qtbot.waitUntil(walked(page))
    strip = page.walk.main
    assert strip is not None
    assert model.codes is not None
    assert model.explorer is not None
    expected = walk(model.codes.mean[[3, 17, 28]], frames=9, how="straight")
    assert np.array_equal(strip.codes, expected)
    assert strip.pictures is not None
    assert strip.scores is not None
    assert np.array_equal(strip.pictures, model.explorer.decode(expected))
    assert strip.scores == pytest.approx(model.explorer.score(model.explorer.pixels_of(strip.pictures)))
    frames = page.strips.strips["straight"].frames
    assert [frame.mark for frame in frames] == ["1", "", "", "", "2", "", "", "", "3"]
    assert [frame.title for frame in frames] == ["0", "0.25", "0.50", "0.75", "1", "1.25", "1.50", "1.75", "2"]
    assert [frame.above is not None for frame in frames] == [bool(frame.mark) for frame in frames]
    assert frames[1].value == f"{strip.scores[1]:.2f}"
    assert page.score_heading == "ELBO, nats"
    assert page.curve.lines[0].values == pytest.approx(strip.scores.tolist())


def test_the_original_stands_above_its_reconstruction(
    qtbot: QtBot, page: WalkPage, model: ShownModel, data: Digits
) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    above = page.strips.strips[page.walk.path].frames[-1].above
    assert above is not None
    assert above.pixelColor(3, 4).red() == data.pixels[17, 0, 4, 3]


def test_numbers_of_frames(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    for frames in (61, 3):
        page.frames.setValue(frames)
        qtbot.waitUntil(walked(page))
        assert len(page.strips.strips[page.walk.path].frames) == frames
        assert page.player.slider.maximum() == frames - 1
    model.add_waypoint_items([1, 2, 4])
    qtbot.waitUntil(walked(page))
    assert page.walk.main is not None
    assert len(page.walk.main.codes) == 5, "every waypoint is a frame"


def test_three_paths_below_one_another(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.mouseClick(page.compare, MIDDLE)
    qtbot.waitUntil(walked(page))
    assert [strip.path for strip in page.walk.strips] == ["straight", "spherical", "quantiles"]
    assert all(strip.isVisible() for strip in page.strips.strips.values())
    middles = [strip.codes[4] for strip in page.walk.strips]
    assert not np.allclose(middles[0], middles[1])
    assert not np.allclose(middles[0], middles[2])
    assert len(page.curve.lines) == 3
    pictures, columns = page.sheets()["Filmstrip"]()
    assert (len(pictures), columns) == (27, 9)
    quantiles = page.strips.strips["quantiles"]
    qtbot.mouseClick(quantiles, MIDDLE, pos=quantiles.frame_rect(2).center())
    assert (page.walk.path, page.player.position) == ("quantiles", 2)
    assert page.player.words.startswith("Quantiles · frame 3 of 9")


def test_scores_go_before_originals_where_room_is_scarce(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    page.resize(1160, 400)  # a small window that tells of an error, or of a search
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    strip = page.strips.strips[page.walk.path]
    qtbot.waitUntil(lambda: strip.frames[0].above is None)
    assert page.strips.verticalScrollBar().maximum() == 0
    page.resize(1160, 640)
    qtbot.waitUntil(lambda: strip.frames[0].above is not None)


def test_three_paths_are_seen_whole_in_a_small_window(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    page.resize(1160, 464)  # what a window of 1280 x 800 leaves
    model.add_waypoint_items([3, 17, 28])
    qtbot.waitUntil(walked(page))
    upright = page.parts.sizes()
    page.compare.click()
    qtbot.waitUntil(walked(page))
    area, strips = page.strips, list(page.strips.strips.values())
    qtbot.waitUntil(lambda: page.parts.orientation() == Qt.Orientation.Horizontal)
    QApplication.processEvents()
    assert area.verticalScrollBar().maximum() == 0
    assert area.horizontalScrollBar().maximum() == 0
    assert all(strip.height() - strip.height_without_pictures >= 56 for strip in strips)
    assert [strip.frames[0].above is not None for strip in strips] == [False] * 3, "they stand in the row of waypoints"
    page.resize(1700, 900)
    qtbot.waitUntil(lambda: strips[0].frames[0].above is not None)
    page.resize(1160, 464)
    page.compare.click()
    qtbot.waitUntil(walked(page))
    assert page.parts.orientation() == Qt.Orientation.Vertical
    assert page.parts.sizes() == pytest.approx(upright, abs=2)


def test_equal_pictures_have_equal_scores_on_every_path(
    qtbot: QtBot, page: WalkPage, model: ShownModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer: Any = model.explorer

    def noisy(pixels: Any, *, seed: int = 0) -> Any:
        """As a likelihood whose codes are drawn."""
        return np.random.default_rng(seed).normal(size=len(pixels)).astype(np.float32)

    monkeypatch.setattr(explorer, "score", noisy)
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    page.compare.click()
    qtbot.waitUntil(walked(page))
    ends = [strip.scores[[0, -1]].tolist() for strip in page.walk.strips if strip.scores is not None]
    assert len(ends) == 3
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][0] == pytest.approx(np.mean([noisy(np.zeros(9), seed=seed)[0] for seed in range(DRAWS)]), abs=1e-6)


def test_waypoints_are_reordered_removed_and_cleared_by_keys(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17, 28])
    page.row.setFocus()
    qtbot.keyClick(page.row, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert order(model) == [17, 3, 28]
    assert page.row.current == 1
    qtbot.keyClick(page.row, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert order(model) == [3, 17, 28]
    qtbot.keyClick(page.row, Qt.Key.Key_End)
    qtbot.keyClick(page.row, Qt.Key.Key_Delete)
    assert order(model) == [3, 17]
    qtbot.mouseClick(page.clear, MIDDLE)
    assert not model.waypoints
    assert not page.walk.strips


def test_waypoints_are_reordered_and_removed_by_mouse(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17, 28])
    start, end = page.row.card_rect(0).center(), page.row.card_rect(2).center() + QPoint(30, 0)
    qtbot.mousePress(page.row, MIDDLE, pos=start)
    qtbot.mouseMove(page.row, pos=start + QPoint(20, 0))
    qtbot.mouseMove(page.row, pos=end)
    qtbot.mouseRelease(page.row, MIDDLE, pos=end)
    assert order(model) == [17, 28, 3]
    qtbot.mouseClick(page.row, MIDDLE, pos=page.row.cross_rect(1).center())
    assert order(model) == [17, 3]


def test_items_are_dropped_where_they_are_wanted(page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    place = QPointF(page.row.card_rect(1).left(), 20)
    mime = mime_of([40, 41])
    drop = QDropEvent(place, Qt.DropAction.CopyAction, mime, MIDDLE, Qt.KeyboardModifier.NoModifier)
    page.row.dropEvent(drop)  # Qt delivers it only while something is really dragged
    assert order(model) == [3, 40, 41, 17]


def test_samples_are_waypoints_too(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    qtbot.mouseClick(page.sample, MIDDLE)
    qtbot.mouseClick(page.sample, MIDDLE)
    qtbot.waitUntil(walked(page))
    first, second = (point.code for point in model.waypoints)
    assert first is not None
    assert second is not None
    assert not np.array_equal(first, second)
    frames = page.strips.strips[page.walk.path].frames
    assert frames[0].above is None, "a sample has no original"
    assert [card.image is not None for card in page.row.cards] == [True, True]
    sizes = page.strips.strips[page.walk.path]
    assert sizes.height() - sizes.height_without_pictures <= LARGEST, "no empty row of originals"


def test_the_player_plays_loops_and_goes_to_and_fro(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    page.frames.setValue(3)
    page.player.speed.setCurrentIndex(page.player.speed.count() - 1)
    qtbot.waitUntil(walked(page))
    seen: list[int] = []
    page.player.moved.connect(seen.append)
    qtbot.keyClick(page.row, Qt.Key.Key_Space)  # the row has no use for it, so the page gets it
    assert page.player.playing
    qtbot.waitUntil(lambda: len(seen) >= 4)
    qtbot.keyClick(page.player, Qt.Key.Key_Space)
    assert not page.player.playing
    assert seen[:4] == [1, 2, 0, 1]
    page.player.course.setCurrentIndex(1)
    page.player.go(0)
    seen.clear()
    page.player.toggle()
    qtbot.waitUntil(lambda: len(seen) >= 5)
    page.player.pause()
    assert seen[:5] == [1, 2, 1, 0, 1]
    frames, rate = page.films()["Walk"]()
    assert (len(frames), rate) == (4, 20.0), "there and back, no frame twice"


def test_scrubbing_shows_the_frame_everywhere(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    page.player.slider.setFocus()
    qtbot.keyClick(page.player.slider, Qt.Key.Key_Right)
    assert page.player.position == 1
    strip = page.strips.strips[page.walk.path]
    assert strip.current == 1
    assert page.player.view.image == strip.frames[1].image
    assert f"ELBO {strip.frames[1].value} nats" in page.player.words
    assert page.player.words.endswith("step 1,200")
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert page.player.position == 8
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert page.player.slider.value() == 7


def test_another_snapshot_changes_everything(qtbot: QtBot, page: WalkPage, model: ShownModel, data: Digits) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    before = page.walk.main
    assert before is not None
    later = data.explorer(step=2400)
    later.scale = later.scale * 2
    model.show(later, codes=None, dataset=data.dataset)
    qtbot.waitUntil(lambda: page.walk.main is not None and page.walk.main.step == 2400 and not page.walk.busy)
    after = page.walk.main
    assert after is not None
    assert order(model) == [3, 17]
    assert after.codes == pytest.approx(before.codes / 2, rel=1e-4)
    assert page.player.words.endswith("step 2,400")


def test_a_project_is_closed_while_another_page_is_in_view(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    page.hide()
    model.workspace.project_changed.emit()
    assert model.explorer is None
    assert not page.save.isEnabled()


def test_only_the_last_wish_is_scored(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    for frames in range(10, 40):
        page.frames.setValue(frames)
    qtbot.waitUntil(walked(page))
    assert page.walk.main is not None
    assert len(page.walk.main.codes) == 39
    explorer: Any = model.explorer
    assert explorer.scored < 5 * DRAWS


def test_nothing_is_computed_while_nobody_looks(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    page.hide()
    model.add_waypoint_items([3, 17])
    QApplication.processEvents()
    assert not page.walk.strips
    page.show()
    qtbot.waitUntil(walked(page))


def test_a_gif_is_written(qtbot: QtBot, page: WalkPage, model: ShownModel, tmp_path: Path) -> None:
    model.add_waypoint_items([3, 17])
    page.player.course.setCurrentIndex(1)
    qtbot.waitUntil(walked(page))
    qtbot.mouseClick(page.save, MIDDLE)
    dialog = page.findChild(object, "latent.walk-save")
    assert dialog is not None
    dialog.reject()
    with qtbot.waitSignal(page.film.written):
        page.film.write(tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        assert getattr(film, "n_frames", 1) == 16
        assert film.size == (256, 256)


def test_the_table_has_a_line_a_frame(qtbot: QtBot, page: WalkPage, model: ShownModel) -> None:
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    head, first, *rest, last = page.tables()["Walk"]().splitlines()
    assert head == "path,frame,t,waypoint,ELBO_nats"
    assert first.startswith("spherical,1,0,1,-")
    assert last.startswith("spherical,9,1,2,-")
    assert len(rest) == 7


def test_what_was_set_is_taken_up_again(qtbot: QtBot, page: WalkPage, model: ShownModel, theme: Theme) -> None:
    page.path.setCurrentIndex(page.path.findData("quantiles"))
    page.frames.setValue(15)
    page.compare.setChecked(True)
    page.player.course.setCurrentIndex(1)
    other = opened(qtbot, model, theme)
    other.restore(page.state())
    assert other.state() == page.state()
    assert other.walk.path == "quantiles"
    assert other.frames.value() == 15


def test_a_flow_says_bits_once(
    qtbot: QtBot, workspace: Workspace, data: Digits, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = {"encodes": "exact", "score_name": "bits per dimension", "score_unit": "bits/dim"}
    model = shown_model(workspace, data, monkeypatch, **flow)
    page = opened(qtbot, model, theme)
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(walked(page))
    assert page.score_heading == "bits/dim"
    assert "bits per dimension" not in page.player.words
    assert f"{page.strips.strips['spherical'].frames[0].value} bits/dim" in page.player.words
    explorer: Any = model.explorer
    assert explorer.scored == 1, "nothing is drawn, so once is enough"
    model.close()
    model.deleteLater()


class Searching:
    """Stands in for the search: a better code whenever it is let go on."""

    def __init__(self) -> None:
        self.rounds, self.closed = 0, False

    def __call__(self, explorer: Any, pixels: Any, **options: Any) -> Any:
        codes = np.full((len(pixels), DIMS), np.nan, np.float32)
        loss = np.full(len(pixels), np.inf, np.float32)
        try:
            while self.rounds < 1000:
                time.sleep(0.005)
                self.rounds += 1
                codes[:], loss[:] = self.rounds / 1000, 0.5 - self.rounds / 4000
                yield Inverted(stage="looking", done=self.rounds, total=1000, unit="steps", codes=codes.copy(),
                               pictures=explorer.decode(codes), loss=loss.copy())  # fmt: skip
        finally:
            self.closed = True
        return codes


def test_a_gan_is_searched_live_and_can_be_stopped(
    qtbot: QtBot, workspace: Workspace, data: Digits, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Searching()
    monkeypatch.setattr("workbench.engine.latent.inversion.invert", search)
    model = shown_model(workspace, data, monkeypatch, encodes="no", score_name="D(x)", score_unit="")
    page = opened(qtbot, model, theme)
    assert "by trial" in page.message.text
    model.add_waypoint_items([3, 17])
    qtbot.waitUntil(lambda: bool(page.walk.strips))
    assert page.finding.isVisible()
    first = page.walk.strips[0].codes[0, 0]
    qtbot.waitUntil(lambda: page.walk.strips[0].codes[0, 0] > first)
    assert "Looking for the codes of 2 images" in page.finding.words
    assert "difference" in page.finding.words
    progress = page.finding.findChild(QProgressBar, "latent.finding-progress")
    assert progress is not None
    assert progress.maximum() == 1000, "the steps of the search, not the images that were read before"
    qtbot.mouseClick(page.finding.findChild(object, "latent.finding-stop"), MIDDLE)
    qtbot.waitUntil(lambda: search.closed)
    assert search.rounds < 1000
    assert not page.finding.isVisible()
    qtbot.waitUntil(walked(page))
    best = page.walk.strips[0].codes[0, 0]
    assert best > 0
    rounds = search.rounds
    page.frames.setValue(5)
    qtbot.waitUntil(walked(page))
    assert search.rounds == rounds, "it does not begin again by itself"
    assert page.score_heading == "D(x)"
    model.close()
    model.deleteLater()


def test_an_error_is_told(qtbot: QtBot, page: WalkPage, model: ShownModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        yield from ()
        raise UserError("digit-3.png cannot be read")

    monkeypatch.setattr("workbench.engine.latent.originals.item_pixels", broken)
    with qtbot.waitSignal(model.failed) as failed:
        model.add_waypoint_items([3])
    assert "cannot be read" in str(failed.args[0])
