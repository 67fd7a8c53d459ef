"""The Arithmetic page: groups picked, dropped, of a class or lassoed, their sum, its strength and its neighbours."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from latent_walks import Digits, ShownModel, digits, shown_model
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from workbench.engine.latent.arithmetic import directions, mean_code
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.arithmetic import ArithmeticPage
from workbench.gui.widgets.latent.arithmetic_model import STEPS
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
def page(qtbot: QtBot, model: ShownModel, theme: Theme) -> ArithmeticPage:
    return opened(qtbot, model, theme)


def opened(qtbot: QtBot, model: ShownModel, theme: Theme) -> ArithmeticPage:
    page = ArithmeticPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1150, 640)
    page.show()
    qtbot.waitUntil(lambda: page.picker.catalogue is not None and not page.picker.busy)
    return page


def summed(page: ArithmeticPage) -> Callable[[], bool]:
    sums = page.sums
    return lambda: sums.complete and not sums.busy and sums.result is not None and sums.strip is not None


def fill(model: ShownModel) -> None:
    for name, items in (("a", [7, 17]), ("b", [1, 11, 21]), ("c", [3])):
        model.set_group(name, items)


def test_the_empty_page_teaches_and_has_an_example(qtbot: QtBot, page: ArithmeticPage, data: Digits) -> None:
    assert "thick sevens" in page.message.text()
    assert not page.figures()
    qtbot.mouseClick(page.example, MIDDLE)
    qtbot.waitUntil(summed(page))
    zeros, ones = np.flatnonzero(data.labels == 0), np.flatnonzero(data.labels == 1)
    assert [card.choice.currentText() for card in page.groups.values()] == ["All of 1", "All of 0", "Picked"]
    assert page.groups["a"].count_text == f"{len(ones)} items"
    assert page.groups["c"].pictures.items == (zeros[0],)
    assert not page.example.isVisible()
    assert set(page.figures()) == {"Arithmetic"}


def test_the_sum_is_c_and_the_difference_of_the_means(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    fill(model)
    qtbot.waitUntil(summed(page))
    codes, explorer = model.codes, model.explorer
    assert codes is not None
    assert explorer is not None
    a, b, c = (codes.mean[rows].mean(0) for rows in ([7, 17], [1, 11, 21], [3]))
    assert page.sums.code == pytest.approx(a - b + c, abs=1e-5)
    assert page.sums.result is not None
    assert page.sums.strip is not None
    assert np.array_equal(page.sums.result, explorer.decode((a - b + c)[None])[0])
    expected = np.stack([c + np.float32(t) * (a - b) for t in STEPS])
    assert np.abs(page.sums.strip.astype(int) - explorer.decode(expected).astype(int)).max() <= 1
    assert [frame.title for frame in page.strip.frames] == [f"{t:.1f}" for t in STEPS]
    means = {name: page.groups[name].mean.image for name in "abc"}
    assert means["b"] is not None
    assert means["b"].pixelColor(3, 4).red() == explorer.decode(b[None])[0, 4, 3]


def test_representatives_are_the_nearest_to_the_mean(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    model.set_group("a", np.arange(40))
    qtbot.waitUntil(lambda: "a" in page.sums.groups)
    assert model.codes is not None
    away = ((model.codes.mean[:40] - mean_code(model.codes, np.arange(40))) ** 2).sum(1)
    assert page.groups["a"].pictures.items == tuple(np.argsort(away)[:6].tolist())
    assert page.groups["a"].count_text == "40 items"


def test_the_slider_is_live(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    fill(model)
    qtbot.waitUntil(summed(page))
    before = page.sums.result
    page.slider.setFocus()
    qtbot.keyClick(page.slider, Qt.Key.Key_Home)
    assert page.sums.strength == -2.0
    assert page.number.value() == -2.0
    qtbot.waitUntil(lambda: page.sums.result is not before)
    assert "taken away" in page._words.text()
    page.number.setValue(0.0)
    qtbot.waitUntil(summed(page))
    assert "C as it is" in page._words.text()
    assert model.codes is not None
    assert page.sums.code == pytest.approx(model.codes.mean[3])
    page.strip.setFocus()
    qtbot.keyClick(page.strip, Qt.Key.Key_End)
    assert page.sums.strength == 3.0
    assert page.slider.value() == page.slider.maximum()


def test_neighbours_are_the_nearest_codes_without_c(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    fill(model)
    page.number.setValue(0.0)
    page.sums.set_strength(0.0)
    qtbot.waitUntil(summed(page))
    qtbot.waitUntil(lambda: len(page.near.items) == 6)
    assert model.codes is not None
    away = ((model.codes.mean - model.codes.mean[3]) ** 2).sum(1)
    nearest = np.argsort(away)
    assert nearest[0] == 3
    assert page.near.items == tuple(nearest[1:7].tolist())


def test_a_class_is_a_direction(qtbot: QtBot, page: ArithmeticPage, model: ShownModel, data: Digits) -> None:
    gallery = page.picker.gallery
    place = gallery.visualRect(page.picker.list.index(0)).center()
    qtbot.mouseClick(gallery.viewport(), MIDDLE, pos=place)
    qtbot.keyClick(gallery, Qt.Key.Key_Return)
    assert model.group("c").tolist() == [0], "what is chosen gets the difference"
    page.direction.setCurrentIndex(page.direction.findData(3))
    page.direction.activated.emit(page.direction.currentIndex())
    qtbot.waitUntil(summed(page))
    assert page.groups["b"].choice.currentText() == "All but 3"
    codes, groups = model.codes, page.sums.groups
    assert codes is not None
    assert groups["a"].mean - groups["b"].mean == pytest.approx(directions(codes)[3], abs=1e-5)
    model.set_group("a", [5])  # by the lasso, say
    assert page.direction.currentData() == -1
    assert page.groups["a"].choice.currentText() == "Picked"


def test_letters_put_the_selection_into_groups(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    gallery = page.picker.gallery
    assert not page.to_group["a"].isEnabled()
    qtbot.mouseClick(gallery.viewport(), MIDDLE, pos=gallery.visualRect(page.picker.list.index(1)).center())
    qtbot.keyClick(gallery, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(gallery, Qt.Key.Key_B)
    assert model.group("b").tolist() == [1, 2]
    qtbot.mouseClick(page.to_group["a"], MIDDLE)
    assert model.group("a").tolist() == [1, 2]
    assert "C (get it)" in page.message.text()
    page.groups["b"]._clear.click()
    assert not len(model.group("b"))


def test_items_are_dropped_on_a_group(page: ArithmeticPage, model: ShownModel) -> None:
    mime = mime_of([40, 41])
    drop = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, mime, MIDDLE, Qt.KeyboardModifier.NoModifier)
    page.groups["b"].dropEvent(drop)
    assert model.group("b").tolist() == [40, 41]


def test_another_snapshot_sums_other_codes(qtbot: QtBot, page: ArithmeticPage, model: ShownModel, data: Digits) -> None:
    fill(model)
    qtbot.waitUntil(summed(page))
    before = page.sums.code
    assert before is not None
    later = data.explorer(step=2400)
    later.scale = later.scale * 2
    model.show(later, codes=data.codes(later), dataset=data.dataset)
    qtbot.waitUntil(lambda: summed(page)() and not np.array_equal(page.sums.code, before))  # type: ignore[arg-type]
    assert page.sums.code == pytest.approx(before / 2, abs=1e-4)


def test_without_codes_it_says_why(
    qtbot: QtBot, workspace: Workspace, data: Digits, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shown_model(workspace, data, monkeypatch, encodes="no")
    page = opened(qtbot, model, theme)
    assert "gives images no codes" in page._none.text
    assert not page.direction.isEnabled()
    assert not page.example.isVisible()
    assert not page.sheets()
    model.close()
    model.deleteLater()


def test_what_leaves_as_pictures(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    fill(model)
    qtbot.waitUntil(summed(page))
    pictures, columns = page.sheets()["Strip over the strength"]()
    assert pictures.shape == (11, 8, 8)
    assert columns == 11
    frames, rate = page.films()["Strength"]()
    assert len(frames) == 11
    assert rate > 0
    other = {"strength": 2.5}
    page.restore(other)
    assert page.state() == other


def test_a_small_window_has_room_for_all_of_it(qtbot: QtBot, page: ArithmeticPage, model: ShownModel) -> None:
    page.resize(1160, 440)  # what a window of 1280 x 800 leaves
    fill(model)
    qtbot.waitUntil(summed(page))
    qtbot.waitUntil(lambda: len(page.near.items) == 6)
    assert page.minimumSizeHint().height() <= 440
    assert page.size().height() == 440
    strip = page.strip
    assert strip.minimumSizeHint().width() <= strip.width()
    small = strip.height() - strip.height_without_pictures
    assert small >= 56
    page.resize(1700, 900)
    qtbot.waitUntil(lambda: strip.height() - strip.height_without_pictures >= 2 * small)
