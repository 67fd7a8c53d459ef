"""The Manifold page: ranges of quantiles and their ticks, what is decoded where, the way to the plane, the past."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from latent_walks import Digits, LinearExplorer, ShownModel, digits
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.engine.events import Previewed
from workbench.engine.latent.manifold import grid_codes
from workbench.engine.latent.plane import Plane
from workbench.engine.project.previews import Sheet
from workbench.gui.models.latent import PLANE
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.manifold import ManifoldPage
from workbench.gui.widgets.latent.manifold_range import LEAST, WHOLE, Range, ticks, z_of
from workbench.gui.workspace import Workspace

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


# Ranges


def test_zooming_keeps_the_place_under_the_mouse_and_stays_within_the_prior() -> None:
    near = WHOLE.zoomed(4, at=(0.3, 0.6))
    assert near.width == pytest.approx(0.25)
    assert (0.3 - near.left) / near.width == pytest.approx(0.3)
    assert (0.6 - near.bottom) / near.height == pytest.approx(0.6)
    back = near.zoomed(1 / 100, at=(0.31, 0.6))
    assert (back.left, back.bottom, back.right, back.top) == (0, 0, 1, 1)
    assert WHOLE.zoomed(1e9, at=(0, 0)).width == LEAST
    corner = near.moved(100, -100)
    assert (corner.right, corner.bottom) == pytest.approx((1, 0))
    assert corner.width == pytest.approx(0.25)


def test_cells_count_from_the_top_left() -> None:
    seen = Range(0.2, 0.4, 0.6, 0.8)
    assert seen.cell_of(0.21, 0.79, side=4) == (0, 0)
    assert seen.cell_of(0.59, 0.41, side=4) == (3, 3)
    assert seen.cell_of(0.61, 0.5, side=4) is None
    assert seen.middle_of(0, 0, side=4) == pytest.approx((0.25, 0.75))
    assert seen.cell_of(*seen.middle_of(2, 1, side=4), side=4) == (2, 1)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.31, 0.37), (0.4999, 0.5003), (0.0, 0.0101)])
def test_ticks_are_round_and_within(low: float, high: float) -> None:
    found = ticks(low, high, most=8)
    assert 1 <= len(found) <= 9
    assert all(max(low, 1e-9) - 1e-9 <= tick <= high + 1e-9 for tick in found)
    assert 0.0 not in found
    assert 1.0 not in found
    assert np.allclose(np.diff(found), np.diff(found)[0] if len(found) > 1 else 0)


def test_places_are_the_prior_s_quantiles() -> None:
    assert z_of(0.5) == pytest.approx(0)
    assert z_of(0.975) == pytest.approx(1.959964, abs=1e-5)
    assert np.isfinite(z_of(0.0))


# The page


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits(tmp_path_factory.mktemp("digits"))


class TimedModel(ShownModel):
    """With sheets of its training."""

    made_sheets: tuple[Previewed, ...] = ()

    def sheets(self, kind: str) -> list[Previewed]:
        return [one for one in self.made_sheets if one.kind == kind]


@pytest.fixture
def model(workspace: Workspace) -> Iterator[TimedModel]:
    model = TimedModel(workspace)
    yield model
    model.close()


@pytest.fixture
def page(qtbot: QtBot, model: TimedModel, theme: Theme) -> ManifoldPage:
    page = ManifoldPage(model, theme)
    qtbot.addWidget(page)
    page.resize(900, 640)
    page.show()
    return page


def show(qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits, dims: int = 2, **changes: Any) -> None:
    whole = data.explorer()
    explorer: Any = LinearExplorer(whole.mean, whole.axes[:dims], whole.scale[:dims], dims=dims, **changes)
    codes = data.codes(explorer) if explorer.encodes != "no" else None
    model.show(explorer, codes=codes, dataset=data.dataset)
    caught_up(qtbot, model)


def caught_up(qtbot: QtBot, model: TimedModel) -> None:
    qtbot.waitUntil(lambda: not model.decoder.busy)


def expected(model: TimedModel, side: int, seen: Range = WHOLE, plane: Plane | None = None) -> Any:
    explorer = model.explorer
    assert explorer is not None
    flat = plane or Plane(origin=np.zeros(explorer.dims), axes=np.eye(explorer.dims)[:2])
    codes = grid_codes(side, low=(seen.left, seen.bottom), high=(seen.right, seen.top), plane=flat)
    return explorer.decode(codes)


def test_the_whole_prior_is_decoded(qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits) -> None:
    show(qtbot, page, model, data)
    pictures, columns = page.sheet()
    assert columns == 20
    np.testing.assert_array_equal(pictures, expected(model, 20))
    sheet = page.view.sheet
    assert sheet is not None
    assert sheet.image.width() == 160
    image = sheet.image.copy(3 * 8, 5 * 8, 8, 8)  # column 3, row 5
    found = [[image.pixelColor(x, y).red() for x in range(8)] for y in range(8)]
    np.testing.assert_array_equal(found, pictures[5 * 20 + 3])
    page.side_box.setValue(7)
    caught_up(qtbot, model)
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 7))
    assert list(page.sheets()) == ["Manifold"]
    assert page.sheets()["Manifold"]()[1] == 7
    assert list(page.figures()) == ["Manifold with axes"]


def test_the_wheel_enlarges_and_a_double_click_goes_back(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    show(qtbot, page, model, data)
    at = page.view.area().center() + QPointF(40, -30)
    before = page.view.to_quantiles(at)
    event = QWheelEvent(
        at, page.view.mapToGlobal(at), QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(page.view, event)
    assert page.view.range.width < 0.6
    assert page.view.to_quantiles(at) == pytest.approx(before, abs=1e-6)
    caught_up(qtbot, model)
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 20, page.view.range))
    qtbot.mouseDClick(page.view, LEFT, NONE, at.toPoint())
    assert page.view.range == WHOLE
    caught_up(qtbot, model)
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 20))


def test_a_drawn_rectangle_fills_the_view(qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits) -> None:
    show(qtbot, page, model, data)
    area = page.view.area()
    first, last = area.topLeft() + QPointF(40, 60), area.topLeft() + QPointF(120, 110)
    left, top = page.view.to_quantiles(first)
    right, bottom = page.view.to_quantiles(last)
    qtbot.mousePress(page.view, LEFT, NONE, first.toPoint())
    qtbot.mouseMove(page.view, last.toPoint())
    qtbot.mouseRelease(page.view, LEFT, NONE, last.toPoint())
    seen = page.view.range
    assert seen.width == pytest.approx(seen.height)
    assert seen.left <= left + 0.01
    assert seen.right >= right - 0.01
    assert seen.bottom <= bottom + 0.01
    assert seen.top >= top - 0.01
    assert seen.width == pytest.approx(right - left, abs=0.02)
    page.whole.click()
    assert page.view.range == WHOLE


def test_pointing_shows_a_picture_large_and_a_click_goes_to_the_plane(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    show(qtbot, page, model, data)
    pages: list[str] = []
    model.page_wanted.connect(pages.append)
    area = page.view.area()
    at = QPointF(area.left() + 4.5 / 20 * area.width(), area.top() + 2.5 / 20 * area.height()).toPoint()
    qtbot.mouseMove(page.view, at - QPoint(1, 1))
    qtbot.mouseMove(page.view, at)
    assert page.view.cell == (4, 2)
    image = page.picture.image
    assert image is not None
    found = [[image.pixelColor(x, y).red() for x in range(8)] for y in range(8)]
    np.testing.assert_array_equal(found, page.sheet()[0][2 * 20 + 4])
    code = np.array([z_of(4.5 / 20), z_of(1 - 2.5 / 20)])
    assert f"{np.hypot(*code):.2f} from the centre" in page.readout.lines[2]
    with qtbot.waitSignal(model.placed):
        qtbot.mouseClick(page.view, LEFT, NONE, at)
    assert pages == [PLANE]
    np.testing.assert_allclose(model.code, code, atol=1e-5)


def test_the_keyboard_walks_over_the_pictures(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    show(qtbot, page, model, data)
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    first = page.view.cell
    assert first is not None
    qtbot.keyClick(page.view, Qt.Key.Key_Down)
    assert page.view.cell == (first[0], first[1] + 1)
    with qtbot.waitSignal(model.placed):
        qtbot.keyClick(page.view, Qt.Key.Key_Return)
    qtbot.keyClick(page.view, Qt.Key.Key_Plus)
    near = page.view.range
    assert near.width == pytest.approx(0.8)
    qtbot.keyClick(page.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert page.view.range.left == pytest.approx(max(0, near.left - 0.08))
    qtbot.keyClick(page.view, Qt.Key.Key_0)
    assert page.view.range == WHOLE


def test_several_dimensions_are_held_at_nothing_or_as_in_the_plane(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    show(qtbot, page, model, data, dims=5)
    assert page.rest.isVisible()
    page.axes.across.setCurrentIndex(page.axes.across.findData(1))
    page.axes.upwards.setCurrentIndex(page.axes.upwards.findData(3))
    caught_up(qtbot, model)
    axes = np.eye(5)[[1, 3]]
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 20, plane=Plane(origin=np.zeros(5), axes=axes)))
    model.code = np.array([1, 2, -1, 0.5, 1.5], np.float32)
    page.rest.setCurrentIndex(1)
    caught_up(qtbot, model)
    rest = np.array([1, 0, -1, 0, 1.5])
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 20, plane=Plane(origin=rest, axes=axes)))
    np.testing.assert_allclose(page.code_at(0.5, 0.5), rest, atol=1e-6)


def test_principal_axes_go_through_the_middle_of_the_prior(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    show(qtbot, page, model, data, dims=5)
    kind = page.axes._kind
    kind.setCurrentIndex(kind.findData("components"))
    caught_up(qtbot, model)
    np.testing.assert_allclose(page.code_at(0.5, 0.5), 0, atol=1e-6)
    assert model.codes is not None
    centred = model.codes.mean - model.codes.mean.mean(0)
    most = np.linalg.svd(centred, compute_uv=False)[0] ** 2 / len(centred)
    along = page.code_at(0.9, 0.5)
    assert np.linalg.norm(along) == pytest.approx(z_of(0.9), abs=1e-4)
    assert (centred @ along).var() == pytest.approx(most * z_of(0.9) ** 2, rel=1e-3)


def sheets(folder: Path, steps: tuple[int, ...]) -> tuple[Previewed, ...]:
    made = []
    for step in steps:
        pictures = np.full((9, 8, 8), step % 256, np.uint8)
        path = f"step-{step:08d}.manifold.png"
        Sheet(kind="manifold", step=step, pictures=pictures, columns=3).save(folder / path)
        made.append(Previewed(step=step, epoch=step / 100, kind="manifold", path=path))
    return tuple(made)


def test_the_slider_goes_back_over_the_training(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits, tmp_path: Path
) -> None:
    model.made_up = SimpleNamespace(id="r", folder=tmp_path)
    model.made_sheets = sheets(tmp_path, (0, 100, 200))
    show(qtbot, page, model, data)
    assert page.timeline.isVisible()
    assert page.live
    assert page.timeline.words == "Now: step 1,200, decoded live"
    page.timeline.go(1)
    assert page.timeline.words == "Step 100 \N{MIDDLE DOT} epoch 1 \N{MIDDLE DOT} kept by the training"
    pictures, columns = page.sheet()
    assert columns == 3
    assert (pictures == 100).all()
    assert not page.side_box.isEnabled()
    model.made_sheets = (*model.made_sheets, *sheets(tmp_path, (300,)))
    model.sheets_changed.emit()
    assert (page.sheet()[0] == 100).all()
    page.timeline.follow()
    assert page.live
    caught_up(qtbot, model)
    np.testing.assert_array_equal(page.sheet()[0], expected(model, 20))
    page.timeline.go(1)
    show(qtbot, page, model, data, step=2400)  # another network is looked at as it is now
    assert page.live
    assert page.timeline.words == "Now: step 2,400, decoded live"


def test_the_training_is_offered_as_a_film(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits, tmp_path: Path
) -> None:
    model.made_up = SimpleNamespace(id="r", folder=tmp_path)
    model.made_sheets = sheets(tmp_path, (0,))
    show(qtbot, page, model, data)
    assert page.films() == {}
    model.made_sheets = sheets(tmp_path, (0, 100, 200))
    film, rate = page.films()["Manifold during training"]()
    frames = film()
    assert rate > 0
    assert frames.shape[:3] == (3, *film.size)
    assert [int(frame.max()) for frame in frames] == [0, 100, 200]


def test_a_damaged_preview_is_told(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits, tmp_path: Path
) -> None:
    model.made_up = SimpleNamespace(id="r", folder=tmp_path)
    model.made_sheets = sheets(tmp_path, (0, 100))
    show(qtbot, page, model, data)
    (tmp_path / model.made_sheets[0].path).write_bytes(b"nothing")
    errors: list[str] = []
    model.failed.connect(lambda error, doing: errors.append(doing))
    page.timeline.go(0)
    assert errors == ["reading a preview"]


def test_without_previews_it_says_why(qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits) -> None:
    show(qtbot, page, model, data)
    assert not page.timeline.isVisible()
    assert page._no_timeline.isVisible()
    assert "kept no manifolds" in page._no_timeline.text()
    show(qtbot, page, model, data, dims=5)
    assert "two dimensions" in page._no_timeline.text()


def test_no_network_and_one_dimension_show_a_sentence(
    qtbot: QtBot, page: ManifoldPage, model: TimedModel, data: Digits
) -> None:
    assert page.sheets() == {}
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    show(qtbot, page, model, data, dims=1)
    assert page.view.sheet is None
    assert page.figures() == {}


def test_what_was_chosen_is_remembered(qtbot: QtBot, page: ManifoldPage) -> None:
    page.restore({"side": 12, "rest": "plane", "axes": "components"})
    assert page.state() == {"side": 12, "rest": "plane", "axes": "components"}
    page.restore({"side": "many", "rest": 3})
    assert page.side_box.value() == 12
