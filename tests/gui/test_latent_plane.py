"""The Plane page: axes and numbers, the handle, what is decoded, sliders, items, what lies over the codes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latent_walks import Digits, LinearExplorer, digits
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from workbench.engine.latent.codes import Codes
from workbench.gui.models.latent import WALK, LatentModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.plane import PlanePage
from workbench.gui.widgets.latent.plane_axes import (
    COMPONENTS,
    DIMENSIONS,
    KL,
    VARIANCE,
    kl_per_dimension,
    own_dimensions,
    principal_components,
    share_within,
)
from workbench.gui.widgets.latent.plane_density import SHARES, density_of
from workbench.gui.widgets.latent.plane_overlays import MOST_ELLIPSES
from workbench.gui.widgets.latent.plane_view import Hand
from workbench.gui.workspace import Workspace

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


# Numbers


def test_coordinates_along_principal_axes_are_those_of_a_textbook() -> None:
    random = np.random.default_rng(0)
    codes = (random.normal(size=(300, 5)) * [3, 1, 0.5, 2, 0.1] + 4).astype(np.float32)
    axes = principal_components(codes)
    centred = codes - codes.mean(0, dtype=np.float64)
    _, sizes, rows = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(axes.basis * rows, 1)), 1, atol=1e-6)
    np.testing.assert_allclose(axes.strengths, sizes**2 / 300, rtol=1e-6)
    np.testing.assert_allclose(axes.project(codes, 0, 2)[7], axes.coordinates(codes[7])[[0, 2]], atol=1e-5)
    np.testing.assert_allclose(axes.code(axes.coordinates(codes[3])), codes[3], atol=1e-5)
    x, y = axes.centre(1, 4)
    np.testing.assert_allclose([x, y], axes.coordinates(np.zeros(5))[[1, 4]])


def test_own_dimensions_are_measured_by_the_kl_of_posteriors_and_the_variance_of_points() -> None:
    random = np.random.default_rng(1)
    mean, deviation = random.normal(size=(200, 3)), random.uniform(0.2, 1.1, (200, 3))
    wanted = (0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)).mean(0)
    kl = kl_per_dimension(mean.astype(np.float32), deviation.astype(np.float32))
    np.testing.assert_allclose(kl, wanted, rtol=1e-5)
    axes = own_dimensions(3, mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))
    assert axes.measure == KL
    assert axes.order.tolist() == np.argsort(-wanted).tolist()
    exact = own_dimensions(3, mean=mean.astype(np.float32), deviation=np.zeros((200, 3), np.float32))
    assert exact.measure == VARIANCE
    np.testing.assert_allclose(exact.strengths, mean.var(0), rtol=1e-5)
    assert own_dimensions(4).measure == ""


@pytest.mark.parametrize("dims", [1, 2, 20, 784])
def test_the_share_of_the_prior_within_a_radius_is_the_chi_distribution_s(dims: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    for radius in (0.0, 0.3, 1.0, 2.0, 4.5, 27.0, 29.5, 80.0):
        assert share_within(radius, dims) == pytest.approx(stats.chi.cdf(radius, dims), abs=1e-9)


def test_lines_of_density_hold_their_share_of_the_points() -> None:
    points = np.random.default_rng(2).normal(size=(40_000, 2)).astype(np.float32)
    density = density_of(points)
    assert density is not None
    for share, level in zip(SHARES, density.levels, strict=True):
        lines = density.lines(level)
        radius = np.hypot(lines[:, 0], lines[:, 1])
        assert radius.std() < 0.1
        within = (np.hypot(points[:, 0], points[:, 1]) < radius.mean()).mean()
        assert within == pytest.approx(share, abs=0.03)
    assert density_of(points[:3]) is None
    assert density_of(np.ones((50, 2), np.float32)) is None


# The page


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits(tmp_path_factory.mktemp("digits"))


Shows = Callable[..., PlanePage]


@pytest.fixture
def model(workspace: Workspace) -> Iterator[LatentModel]:
    model = LatentModel(workspace)
    yield model
    model.close()


@pytest.fixture
def page(qtbot: QtBot, model: LatentModel, theme: Theme) -> Iterator[PlanePage]:
    page = PlanePage(model, theme)
    qtbot.addWidget(page)
    page.resize(1000, 640)
    page.show()
    yield page
    page.side.set_dataset(None)
    page.selected.set_dataset(None)
    page.points.show(None, None)


def network(data: Digits, dims: int, **changes: Any) -> Any:
    """Decodes ``dims`` principal components of the digits."""
    whole = data.explorer()
    if dims <= 8:
        return LinearExplorer(whole.mean, whole.axes[:dims], whole.scale[:dims], dims=dims, **changes)
    axes = np.zeros((dims, 64), np.float32)
    axes[:8] = whole.axes
    scale = np.concatenate([whole.scale, np.ones(dims - 8, np.float32)])
    return LinearExplorer(whole.mean, axes, scale, dims=dims, **changes)


def codes_of(data: Digits, explorer: Any) -> Codes:
    codes: Codes = data.codes(explorer)
    return codes


@pytest.fixture
def shown(qtbot: QtBot, page: PlanePage, model: LatentModel, data: Digits) -> Shows:
    """Show a network of so many dimensions with the codes of the digits, and wait for its first picture."""

    def show(dims: int = 2, *, with_codes: bool = True, **changes: Any) -> PlanePage:
        explorer = network(data, dims, **changes)
        model.show(explorer, codes=codes_of(data, explorer) if with_codes else None, dataset=data.dataset)
        qtbot.waitUntil(lambda: not page.finder.busy)
        caught_up(qtbot, page, model)
        return page

    return show


def caught_up(qtbot: QtBot, page: PlanePage, model: LatentModel) -> None:
    """Wait until the picture is that of the code below the handle, and check that it is."""
    qtbot.waitUntil(lambda: not model.decoder.busy)
    assert page.code is not None
    assert model.explorer is not None
    wanted = model.explorer.decode(page.code[None])[0]
    image = page.side.picture.image
    assert image is not None
    found = np.array([[image.pixelColor(x, y).red() for x in range(8)] for y in range(8)])
    assert np.abs(found - wanted.astype(int)).max() <= 1


def pixel(page: PlanePage, x: float, y: float) -> QPoint:
    place = page.view.view.to_pixels(np.array([[x, y]]))[0].tolist()
    return QPoint(round(place[0]), round(place[1]))


def test_dragging_decodes_what_is_below_the_handle(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown()
    qtbot.mousePress(page.view, LEFT, NONE, pixel(page, 1.9, 1.9))
    for x in (1.5, 1.0, 0.4):
        qtbot.mouseMove(page.view, pixel(page, x, -1.1))
    assert page.view.held
    caught_up(qtbot, page, model)
    qtbot.mouseRelease(page.view, LEFT, NONE, pixel(page, 0.4, -1.1))
    assert not page.view.held
    assert page.code is not None
    np.testing.assert_allclose(page.code, [0.4, -1.1], atol=2 / page.view.view.scale)
    first, second, third, *_ = page.side.readout.lines
    x, y = page.code.tolist()
    assert first == f"z = ({x:.2f}, {y:.2f})".replace("-", "\N{MINUS SIGN}")
    assert second.startswith(f"{np.hypot(x, y):.2f} from the centre")
    assert f"{100 * (1 - np.exp(-(x * x + y * y) / 2)):.1f} %" in third


def test_the_handle_taken_at_its_edge_does_not_jump(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown()
    before = page.view.handle
    at = pixel(page, *before) + QPoint(6, 5)
    qtbot.mousePress(page.view, LEFT, NONE, at)
    assert page.view.handle == before
    qtbot.mouseMove(page.view, at + QPoint(30, 0))
    qtbot.mouseRelease(page.view, LEFT, NONE, at + QPoint(30, 0))
    assert page.view.handle[0] - before[0] == pytest.approx(30 / page.view.view.scale, abs=1 / page.view.view.scale)


def test_arrow_keys_move_the_handle_and_with_shift_by_a_pixel(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown()
    scale = page.view.view.scale
    x, y = page.view.handle
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    qtbot.keyClick(page.view, Qt.Key.Key_Up, SHIFT)
    assert page.view.handle[0] - x == pytest.approx(10 / scale)
    assert page.view.handle[1] - y == pytest.approx(1 / scale)
    caught_up(qtbot, page, model)
    qtbot.keyClick(page.view, Qt.Key.Key_Right, CONTROL)
    assert page.view.current >= 0
    assert page.view.handle[0] - x == pytest.approx(10 / scale)


def test_with_the_lasso_only_the_handle_itself_moves_it(qtbot: QtBot, shown: Shows) -> None:
    page = shown()
    page.view.set_hand(Hand.LASSO)
    before = page.view.handle
    corners = [QPoint(5, 5), QPoint(page.view.width() - 5, 5), QPoint(page.view.width() - 5, page.view.height() - 5),
               QPoint(5, page.view.height() - 5)]  # fmt: skip
    qtbot.mousePress(page.view, LEFT, NONE, corners[0])
    for corner in corners[1:]:
        qtbot.mouseMove(page.view, corner)
    qtbot.mouseRelease(page.view, LEFT, NONE, corners[-1])
    assert page.view.handle == before
    assert len(page.view.selection) > 100
    at = pixel(page, *before)
    qtbot.mousePress(page.view, LEFT, NONE, at)
    qtbot.mouseMove(page.view, at + QPoint(25, 0))
    qtbot.mouseRelease(page.view, LEFT, NONE, at + QPoint(25, 0))
    assert page.view.handle != before


def test_a_click_on_a_point_takes_its_item(qtbot: QtBot, shown: Shows, model: LatentModel, data: Digits) -> None:
    page = shown(8)
    codes = model.codes
    assert codes is not None
    edge = int(page.view.points[:, 0].argmax())  # alone out there
    qtbot.mouseClick(page.view, LEFT, NONE, page.view.place(edge).toPoint())
    caught_up(qtbot, page, model)
    assert page.code is not None
    np.testing.assert_allclose(page.code, codes.mean[edge], atol=1e-4)
    assert page.side.item_name == f"digit-{edge}.png \N{MIDDLE DOT} {codes.labels[edge]}"
    qtbot.waitUntil(lambda: page.side.original.image is not None and page.side.reconstruction.image is not None)
    reconstruction, picture = page.side.reconstruction.image, page.side.picture.image
    assert reconstruction is not None
    assert picture is not None
    worst = max(abs(reconstruction.pixelColor(x, 4).red() - picture.pixelColor(x, 4).red()) for x in range(8))
    assert worst <= 1
    page.findChild(QPushButton, "latent.plane-walk").click()
    assert [point.item for point in model.waypoints] == [edge]


def test_a_place_without_an_item_is_added_to_the_walk_as_a_code(shown: Shows, model: LatentModel) -> None:
    page = shown()
    model.place(np.array([0.25, -1.5], np.float32))
    page.findChild(QPushButton, "latent.plane-walk").click()
    (point,) = model.waypoints
    assert point.item == -1
    assert point.code is not None
    np.testing.assert_allclose(point.code, [0.25, -1.5])
    assert "(0.25, \N{MINUS SIGN}1.50)" in point.title
    assert WALK == "walk"
    page.findChild(QPushButton, "latent.plane-centre").click()
    assert page.view.handle == (0, 0)


def test_several_dimensions_begin_along_the_principal_axes(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown(8)
    assert page.axes is not None
    assert page.axes.kind == COMPONENTS
    assert model.codes is not None
    np.testing.assert_allclose(page.view.points, page.axes.project(model.codes.mean, 0, 1), atol=1e-5)
    assert page.code is not None
    np.testing.assert_allclose(page.code, 0, atol=1e-6)
    assert len(page.sliders.axes) == 6
    assert set(page.sliders.axes) == {2, 3, 4, 5, 6, 7}


def test_sliders_move_the_other_coordinates_live(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown(8)
    axes = page.axes
    assert axes is not None
    before = axes.coordinates(page.code)
    slider = page.sliders.slider(3)
    page.tabs.setCurrentWidget(page.sliders)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    caught_up(qtbot, page, model)
    after = axes.coordinates(page.code)
    assert after[3] == pytest.approx(slider.amount, abs=1e-5)
    assert abs(slider.amount - before[3]) == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(np.delete(after, 3), np.delete(before, 3), atol=1e-5)
    page.sliders.zero.click()
    np.testing.assert_allclose(axes.coordinates(page.code)[2:], 0, atol=1e-5)
    np.testing.assert_allclose(axes.coordinates(page.code)[:2], before[:2], atol=1e-5)


def test_sliders_go_to_the_item_that_was_chosen(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown(8)
    assert model.codes is not None
    assert page.axes is not None
    assert not page.sliders.item.isEnabled()
    page.view.picked.emit(17)
    page.sliders.zero.click()
    page.sliders.item.click()
    caught_up(qtbot, page, model)
    np.testing.assert_allclose(page.code, model.codes.mean[17], atol=1e-4)


def test_other_axes_show_another_plane_through_the_same_code(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown(8)
    page.view.picked.emit(17)
    code = page.code
    kind = page.findChild(QComboBox, "latent.plane-axes")
    kind.setCurrentIndex(kind.findData(DIMENSIONS))
    assert page.axes is not None
    assert page.axes.kind == DIMENSIONS
    np.testing.assert_allclose(page.code, code, atol=1e-5)
    assert page.pair == tuple(page.axes.order[:2].tolist())
    across, upwards = page.bar.axes.across, page.bar.axes.upwards
    across.setCurrentIndex(across.findData(page.pair[1]))  # the other axis gives way
    assert page.pair[0] != page.pair[1]
    upwards.setCurrentIndex(upwards.findData(5))
    assert model.codes is not None
    assert page.pair[1] == 5
    np.testing.assert_allclose(page.view.points[:, 1], model.codes.mean[:, 5], atol=1e-6)
    assert 5 not in page.sliders.axes
    caught_up(qtbot, page, model)
    np.testing.assert_allclose(page.code, code, atol=1e-5)


def test_of_very_many_dimensions_the_strongest_have_sliders(shown: Shows, model: LatentModel) -> None:
    page = shown(300)
    assert page.axes is not None
    assert page.axes.kind == COMPONENTS
    assert len(page.sliders.axes) == 32
    assert page.sliders.axes[0] == 2
    assert "32 strongest of the other 298 principal axes" in page.sliders._words.text()


def test_a_newer_snapshot_keeps_the_handle(qtbot: QtBot, shown: Shows, model: LatentModel, data: Digits) -> None:
    page = shown()
    model.place(np.array([0.5, 1.0], np.float32))
    later = network(data, 2, step=2400)
    model.show(later, codes=codes_of(data, later), dataset=data.dataset)
    caught_up(qtbot, page, model)
    np.testing.assert_allclose(page.code, [0.5, 1.0], atol=1e-6)


def test_the_next_network_s_codes_keep_the_axes_and_the_item_that_were_chosen(
    qtbot: QtBot, shown: Shows, model: LatentModel, data: Digits
) -> None:
    page = shown(8)
    page.bar.axes.across.setCurrentIndex(page.bar.axes.across.findData(3))
    pair = page.pair
    page.view.picked.emit(17)
    name = page.side.item_name
    later = network(data, 8, step=2400)
    model.show(later, dataset=data.dataset)  # its codes are still to come
    assert page.side.item_name == name
    model.show(later, codes=codes_of(data, later), dataset=data.dataset)
    qtbot.waitUntil(lambda: not page.finder.busy)
    assert page.axes is not None
    assert (page.axes.kind, page.pair) == (COMPONENTS, pair)
    assert page.side.item_name == name
    assert page.sliders.item.isEnabled()
    qtbot.waitUntil(lambda: page.side.reconstruction.image is not None)


def test_networks_of_other_sizes_follow_each_other_with_everything_laid_over_them(
    qtbot: QtBot, shown: Shows, model: LatentModel, page: PlanePage
) -> None:
    page.findChild(QComboBox, "latent.plane-ellipses").setCurrentIndex(2)
    page.findChild(QComboBox, "latent.plane-density").setCurrentIndex(1)
    for dims in (8, 2, 20, 2):
        shown(dims)
        assert page.code is not None
        assert len(page.code) == dims
        assert len(page.sliders.axes) == dims - 2
        assert page.view.ellipses.count > 0
        words = page.side.readout.lines[0]
        assert words.startswith("z = (" if dims == 2 else "PC 1")
    shown(2, with_codes=False, encodes="no")
    assert page.view.ellipses.count == 0


def test_a_network_without_codes_does_not_decide_the_axes_of_the_next(shown: Shows) -> None:
    page = shown(8, with_codes=False, encodes="no")
    assert page.axes is not None
    assert page.axes.kind == DIMENSIONS
    page.restore(page.state())
    page = shown(8)
    assert page.axes is not None
    assert page.axes.kind == COMPONENTS


def test_all_codes_are_in_view_at_first_but_for_a_stray_one(page: PlanePage) -> None:
    codes = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32) * 3
    codes[0] = 500, 500
    page.view.set_points(codes)
    assert page.view.in_view().tolist() == list(range(1, 4000))


def test_a_network_without_codes_has_the_prior_alone(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown(with_codes=False, encodes="no")
    assert len(page.view.points) == 0
    assert "no codes for images" in page._caption.whole
    qtbot.mouseClick(page.view, LEFT, NONE, pixel(page, 1.0, 2.0))
    caught_up(qtbot, page, model)
    np.testing.assert_allclose(page.code, [1, 2], atol=2 / page.view.view.scale)
    for sign in (-3.0, 3.0):  # the outermost circle is in view
        assert page.view.rect().contains(pixel(page, 0, sign))


def test_one_dimension_is_no_plane(qtbot: QtBot, page: PlanePage, model: LatentModel, data: Digits) -> None:
    model.show(network(data, 1), dataset=data.dataset)
    assert page.code is None
    assert page.figures() == {}
    qtbot.mouseClick(page.view, LEFT, NONE, QPoint(50, 50))
    assert page.code is None


def test_the_score_comes_when_the_handle_rests(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown()
    assert page.side.readout.lines[3] == ""
    page.findChild(QCheckBox, "latent.plane-scores").click()
    qtbot.waitUntil(lambda: "nats" in page.side.readout.lines[3])
    assert model.explorer is not None
    wanted = float(model.explorer.score(model.explorer.pixels_of(model.explorer.decode(page.code[None])))[0])
    words = page.side.readout.lines[3].replace("\N{MINUS SIGN}", "-").split()
    assert words[0] == "ELBO"
    assert float(words[1]) == pytest.approx(wanted, rel=1e-3)
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    assert page.side.readout.lines[3] == "ELBO \N{HORIZONTAL ELLIPSIS}"


def test_a_selection_becomes_a_group_or_stops_of_the_walk(shown: Shows, model: LatentModel) -> None:
    page = shown()
    page.view.set_selection(np.array([4, 9, 30]))
    page.view.lassoed.emit(page.view.selection)
    assert page.tabs.currentWidget() is page.selected
    assert page.selected.list.count() == 3
    page.findChild(QPushButton, "latent.plane-group-b").click()
    assert model.group("b").tolist() == [4, 9, 30]
    assert model.group("a").tolist() == []
    page.selected.walk.click()
    assert [point.item for point in model.waypoints] == [4, 9, 30]
    page.selected.clear.click()
    assert len(page.view.selection) == 0
    assert page.selected.list.count() == 0


def test_posteriors_are_of_the_selection_or_of_what_is_in_view(shown: Shows, model: LatentModel) -> None:
    page = shown()
    box = page.findChild(QComboBox, "latent.plane-ellipses")
    assert page.view.ellipses.count == 0
    box.setCurrentIndex(box.findData(2))
    inside = len(page.view.in_view())
    assert page.view.ellipses.count == min(inside, MOST_ELLIPSES)
    page.view.set_selection(np.array([4, 9, 30]))
    page.view.lassoed.emit(page.view.selection)
    assert page.view.ellipses.count == 3
    assert "posteriors of 3 selected" in page._caption.whole
    box.setCurrentIndex(0)
    assert page.view.ellipses.count == 0


def test_dragging_leaves_the_picture_of_the_points_alone(
    qtbot: QtBot, shown: Shows, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown()
    page.view.grab()
    rendered: list[float] = []
    monkeypatch.setattr(page.view, "_render", rendered.append)
    qtbot.mousePress(page.view, LEFT, NONE, QPoint(40, 40))
    for step in range(5):
        qtbot.mouseMove(page.view, QPoint(50 + 9 * step, 60))
        page.view.grab()
    qtbot.mouseRelease(page.view, LEFT, NONE, QPoint(90, 60))
    assert rendered == []


def test_options_are_remembered(shown: Shows) -> None:
    page = shown()
    box = page.findChild(QComboBox, "latent.plane-density")
    box.setCurrentIndex(2)
    page.findChild(QCheckBox, "latent.plane-prior").click()
    state = page.state()
    box.setCurrentIndex(0)
    page.findChild(QCheckBox, "latent.plane-prior").click()
    page.restore(state)
    assert page.bar.density == "shading"
    assert not page.view.circles.shown
    page.restore({"density": 7, "ellipses": [], "prior": "maybe"})
    assert page.bar.prior


def test_a_broken_decoder_says_so(qtbot: QtBot, shown: Shows, model: LatentModel) -> None:
    page = shown()
    errors: list[tuple[BaseException, str]] = []
    model.failed.connect(lambda error, doing: errors.append((error, doing)))

    def broken(codes: Any) -> Any:
        raise ValueError("no memory left")

    assert model.explorer is not None
    model.explorer.decode = broken  # type: ignore[method-assign]
    qtbot.keyClick(page.view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0][1] == "decoding"


def test_the_page_of_no_network_is_harmless(qtbot: QtBot, page: PlanePage, tmp_path: Path) -> None:
    qtbot.mouseClick(page.view, LEFT, NONE, QPoint(30, 30))
    qtbot.keyClick(page.view, Qt.Key.Key_Left)
    page.findChild(QPushButton, "latent.plane-walk").click()
    page.findChild(QPushButton, "latent.plane-centre").click()
    assert page.grab().save(str(tmp_path / "page.png"))
