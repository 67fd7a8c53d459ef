"""The scatter: what is painted where, which point is found, what is selected by drawing, how the view moves."""

from collections.abc import Sequence

import numpy as np
import pytest
from gallery_samples import turn
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect import lasso
from workbench.gui.widgets.inspect.point_plane import NEAR
from workbench.gui.widgets.inspect.rasterise import CHOSEN, FADED, PLAIN, SHAPES, Canvas, border_for, ink_of, stamp
from workbench.gui.widgets.inspect.scatter import Overlay, Scatter, Tool
from workbench.gui.widgets.inspect.scatter_names import Name
from workbench.gui.widgets.inspect.scatter_view import View, fitted

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, ALT, NONE = (
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier,
)  # fmt: skip
GROUND, OUTLINE = 0x102030, 0xFFFFFF
CORNERS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=12)


# Drawing around points


def plain_inside(x: float, y: float, polygon: Sequence[tuple[float, float]]) -> bool:
    """The rule of even and odd, one point and one edge at a time, as every textbook has it."""
    odd = False
    before = len(polygon) - 1
    for here in range(len(polygon)):
        (x0, y0), (x1, y1) = polygon[here], polygon[before]
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            odd = not odd
        before = here
    return odd


@given(corners=CORNERS)
def test_a_lasso_holds_what_a_loop_over_its_edges_says(corners: list[tuple[int, int]]) -> None:
    grid = np.stack(np.meshgrid(np.arange(-1, 21), np.arange(-1, 21)), -1).reshape(-1, 2)
    points = grid + np.array([0.37, 0.41])  # no point on an edge, where either answer would do
    found = lasso.inside(points, np.array(corners, float))
    assert found.tolist() == [plain_inside(x, y, corners) for x, y in points.tolist()]


@given(corners=CORNERS)
def test_a_ray_through_a_corner_counts_once(corners: list[tuple[int, int]]) -> None:
    points = np.stack(np.meshgrid(np.arange(21) + 0.013, np.arange(21)), -1).reshape(-1, 2)  # as high as the corners
    found = lasso.inside(points, np.array(corners, float))
    assert found.sum() == sum(plain_inside(x, y, corners) for x, y in points.tolist())


def test_a_line_without_an_area_holds_nothing() -> None:
    points = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert not lasso.inside(points, np.array([[0.0, 0.0], [2.0, 2.0]])).any()
    assert lasso.inside(np.empty((0, 2)), np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])).shape == (0,)


def test_a_rectangle_holds_its_border_from_any_corner() -> None:
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [1.0, 2.1]])
    for corner, opposite in (((0.0, 0.0), (1.0, 2.0)), ((1.0, 0.0), (0.0, 2.0)), ((1.0, 2.0), (0.0, 0.0))):
        assert lasso.in_rectangle(points, corner, opposite).tolist() == [True, True, False, False]


# What is seen


def test_points_and_pixels_are_each_other_s_inverse() -> None:
    view = View(x=3.0, y=-2.0, scale=7.5, width=300, height=200)
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    pixels = view.to_pixels(points)
    back = np.array([view.to_point(x, y) for x, y in pixels.tolist()])
    np.testing.assert_allclose(back, points, atol=1e-6)
    assert view.to_pixels(np.array([[3.0, -2.0]])).tolist() == [[150.0, 100.0]]
    assert view.to_pixels(np.array([[3.0, -1.0]]))[0, 1] < 100  # upwards is up


def test_zooming_keeps_the_point_under_the_mouse() -> None:
    view = View(x=1.0, y=1.0, scale=10.0, width=300, height=200)
    for at in ((0.0, 0.0), (150.0, 100.0), (299.0, 20.0)):
        assert view.zoomed(3.0, at=at).to_point(*at) == pytest.approx(view.to_point(*at))


def test_everything_fits_in_with_a_margin() -> None:
    points = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32) * [5, 1] + [100, 7]
    pixels = fitted(points.astype(np.float32), width=400, height=300).to_pixels(points)
    assert (pixels > 5).all()
    assert (pixels < [395, 295]).all()
    assert np.ptp(pixels[:, 0]) == pytest.approx(0.88 * 400, rel=1e-3)
    alone = fitted(np.array([[4.0, 5.0]], np.float32), width=400, height=300)
    assert alone.to_pixels(np.array([[4.0, 5.0]])).tolist() == [[200.0, 150.0]]


# Painting


def painted(
    places: list[tuple[float, float]], colours: list[int], *, shapes: list[int] | None = None,
    layers: list[int] | None = None, radius: float = 3.0,
) -> np.ndarray:  # fmt: skip
    """uint32[40, 60], 0xRRGGBB of an image."""
    count = len(places)
    ink = ink_of(
        np.array(colours, np.uint32), shapes=np.array(shapes or [0] * count, np.uint8),
        layers=np.array(layers or [PLAIN] * count, np.uint8), ground=GROUND, outline=OUTLINE,
    )  # fmt: skip
    canvas = Canvas(60, 40, border=border_for(radius))
    canvas.paint(np.array(places, float).reshape(-1, 2), ink=ink, radius=radius)
    border = canvas.border
    inside: np.ndarray = canvas.pixels[border:-border, border:-border] & 0xFFFFFF
    return inside


def test_a_disc_is_painted_about_its_middle() -> None:
    image = painted([(20.5, 10.5)], [0xFF0000], radius=4.0)
    down, right = np.nonzero(image == 0xFF0000)
    assert (down.mean(), right.mean()) == (10.0, 20.0)
    assert np.hypot(down - 10, right - 20).max() < 4.5
    area = (image == 0xFF0000).sum() + 0.5 * ((image != 0xFF0000) & (image != GROUND)).sum()
    assert area == pytest.approx(np.pi * 16, rel=0.1)


def test_what_lies_outside_is_left_out_and_what_sticks_in_is_seen() -> None:
    image = painted([(-40.0, 5.0), (500.0, 5.0), (1e9, -1e9), (-1.0, 20.0)], [0xFF0000] * 4)
    assert set(np.nonzero(image == 0xFF0000)[1].tolist()) <= {0, 1, 2}
    assert (image == 0xFF0000).any()
    assert (painted([], []) == GROUND).all()


def test_layers_lie_over_one_another() -> None:
    image = painted([(20, 20), (20, 20), (20, 20)], [0x00FF00, 0xFF0000, 0x0000FF], layers=[CHOSEN, PLAIN, FADED])
    assert image[20, 20] == 0x00FF00
    assert (image == OUTLINE).any()
    assert not (image == 0xFF0000).any()
    faded = painted([(20, 20)], [0xFF0000], layers=[FADED])[20, 20]
    assert faded not in (0xFF0000, GROUND)


def test_the_rare_are_not_covered_by_the_many() -> None:
    count = 2000
    places = np.random.default_rng(0).uniform(5, 35, (count, 2))
    colours, rare = np.full(count, 0x0000FF, np.uint32), np.arange(count) % 500 == 7
    colours[rare] = 0xFF0000
    plain = np.full(count, PLAIN, np.uint8)
    canvas = Canvas(40, 40, border=border_for(3.0))
    ink = ink_of(colours, shapes=np.zeros(count, np.uint8), layers=plain, ground=GROUND, outline=OUTLINE, rare=rare)
    canvas.paint(places, ink=ink, radius=3.0)
    x, y = np.floor(places[rare]).astype(int).T + canvas.border
    assert set((canvas.pixels[y, x] & 0xFFFFFF).tolist()) == {0xFF0000}


def test_forms_differ_and_are_about_as_large() -> None:
    areas = {shape: len(stamp(shape, 6.0).inner) for shape in SHAPES}
    assert max(areas.values()) < 1.9 * min(areas.values())
    images = {painted([(20, 20)], [0xFF0000], shapes=[form], radius=6.0).tobytes() for form in range(len(SHAPES))}
    assert len(images) == len(SHAPES)


# The widget


@pytest.fixture
def scatter(qtbot: QtBot, theme: Theme) -> Scatter:
    scatter = Scatter(theme, name="test.scatter")
    qtbot.addWidget(scatter)
    scatter.resize(400, 300)
    scatter.show()
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(6)), -1).reshape(-1, 2)
    scatter.set_points(grid.astype(np.float32))
    return scatter


def mouse(
    scatter: Scatter, kind: QEvent.Type, at: QPointF, *, button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = NONE,
) -> None:  # fmt: skip
    moving = kind == QEvent.Type.MouseMove
    event = QMouseEvent(
        kind, at, scatter.mapToGlobal(at), Qt.MouseButton.NoButton if moving else button, button, keys
    )  # fmt: skip
    QApplication.sendEvent(scatter, event)


def drag(
    scatter: Scatter, places: Sequence[QPointF], *, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE
) -> None:
    mouse(scatter, QEvent.Type.MouseButtonPress, places[0], button=button, keys=keys)
    for place in places[1:]:
        mouse(scatter, QEvent.Type.MouseMove, place, button=button, keys=keys)
    mouse(scatter, QEvent.Type.MouseButtonRelease, places[-1], button=button, keys=keys)


def click(scatter: Scatter, at: QPointF, *, keys: Qt.KeyboardModifier = NONE) -> None:
    mouse(scatter, QEvent.Type.MouseButtonPress, at, keys=keys)
    mouse(scatter, QEvent.Type.MouseButtonRelease, at, keys=keys)


def around(scatter: Scatter, first: int, last: int, *, by: float = 12) -> list[QPointF]:
    """A line around the rectangle between two points."""
    a, b = scatter.place(first), scatter.place(last)
    left, right = min(a.x(), b.x()) - by, max(a.x(), b.x()) + by
    top, bottom = min(a.y(), b.y()) - by, max(a.y(), b.y()) + by
    return [QPointF(left, top), QPointF(right, top), QPointF(right, bottom), QPointF(left, bottom)]


def box(*cells: tuple[int, int]) -> list[int]:
    return sorted(8 * y + x for x, y in cells)


def test_the_point_under_the_mouse_is_the_nearest(scatter: Scatter, qtbot: QtBot) -> None:
    heard: list[int] = []
    scatter.hovered.connect(heard.append)
    mouse(scatter, QEvent.Type.MouseMove, scatter.place(13) + QPointF(3, -4))
    mouse(scatter, QEvent.Type.MouseMove, scatter.place(13) + QPointF(2, -4))
    mouse(scatter, QEvent.Type.MouseMove, scatter.place(13) + QPointF(NEAR + 1, 0))
    assert heard == [13, -1]
    random = np.random.default_rng(0)
    scatter.set_points(random.normal(size=(500, 2)).astype(np.float32))
    places = scatter.view.to_pixels(scatter.points)
    for x, y in random.uniform(0, 300, (40, 2)).tolist():
        distance = np.hypot(places[:, 0] - x, places[:, 1] - y)
        wanted = int(distance.argmin()) if distance.min() <= NEAR else -1
        assert scatter.at(QPointF(x, y)) == wanted


def test_a_point_in_front_is_found_before_a_faded_one(scatter: Scatter) -> None:
    scatter.set_points(np.array([[0, 0], [0, 0], [10, 0]], np.float32))
    scatter.set_colours(np.zeros(3, np.uint32), front=np.array([False, True, True]))
    assert scatter.at(scatter.place(0)) == 1


def test_a_click_picks(scatter: Scatter, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scatter.picked) as heard:
        click(scatter, scatter.place(20))
    assert heard.args == [20]
    assert not len(scatter.selection)


def test_a_lasso_selects_shift_adds_and_alt_takes_away(scatter: Scatter) -> None:
    heard: list[list[int]] = []
    scatter.lassoed.connect(lambda items: heard.append(items.tolist()))
    drag(scatter, around(scatter, 0, 9))
    assert heard[-1] == box((0, 0), (1, 0), (0, 1), (1, 1))
    drag(scatter, around(scatter, 10, 10), keys=SHIFT)
    assert heard[-1] == sorted([*box((0, 0), (1, 0), (0, 1), (1, 1)), 10])
    drag(scatter, around(scatter, 0, 1), keys=ALT)
    assert heard[-1] == [8, 9, 10]
    click(scatter, scatter.place(30), keys=SHIFT)
    click(scatter, scatter.place(8), keys=ALT)
    assert heard[-1] == [9, 10, 30]
    drag(scatter, around(scatter, 47, 47))
    assert scatter.selection.tolist() == [47]
    click(scatter, scatter.place(0) + QPointF(20, 20))
    assert heard[-1] == []


def test_a_rectangle_selects(scatter: Scatter, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scatter.tool_changed):
        scatter.set_tool(Tool.RECTANGLE)
    corners = around(scatter, 18, 36)
    drag(scatter, [corners[0], QPointF(5, 5), corners[2]])
    assert scatter.selection.tolist() == box(*((x, y) for x in (2, 3, 4) for y in (2, 3, 4)))


def test_what_is_faded_is_not_selected(scatter: Scatter) -> None:
    front = np.arange(48) % 2 == 0
    scatter.set_colours(np.zeros(48, np.uint32), front=front)
    drag(scatter, around(scatter, 0, 47))
    assert scatter.selection.tolist() == np.flatnonzero(front).tolist()


def test_the_right_button_always_moves_and_a_tool_makes_the_left_one(scatter: Scatter) -> None:
    before = scatter.place(0)
    drag(scatter, [QPointF(100, 100), QPointF(120, 110), QPointF(130, 105)], button=RIGHT)
    assert scatter.place(0) == before + QPointF(30, 5)
    scatter.set_tool(Tool.MOVE)
    drag(scatter, [QPointF(100, 100), QPointF(70, 95)])
    assert (scatter.place(0) - before).manhattanLength() < 1e-9
    assert not len(scatter.selection)


def test_the_wheel_zooms_about_the_mouse_and_a_double_click_fits(scatter: Scatter) -> None:
    fit, at = scatter.view, scatter.place(21)
    turn(scatter, 240, at=at)
    assert scatter.view.scale > 1.2 * fit.scale
    assert (scatter.place(21) - at).manhattanLength() < 1e-6
    mouse(scatter, QEvent.Type.MouseButtonDblClick, QPointF(50, 50))
    assert scatter.view == fit
    turn(scatter, -100_000)
    assert scatter.view.scale >= fit.scale / 4.1


def test_points_that_move_keep_colours_selection_and_a_chosen_view(scatter: Scatter) -> None:
    scatter.set_selection(np.array([3, 4]))
    scatter.set_points(scatter.points * 2)
    assert scatter.selection.tolist() == [3, 4]
    assert scatter.place(0).x() > 0  # all of it is still in view
    scatter.zoom(2.0)
    view = scatter.view
    scatter.set_points(scatter.points + 0.1)
    assert scatter.view == view
    scatter.set_points(scatter.points[:10])
    assert not len(scatter.selection)


def test_another_size_keeps_the_middle(scatter: Scatter, qtbot: QtBot) -> None:
    scatter.zoom(3.0)
    middle = scatter.view.to_point(200, 150)
    scatter.resize(600, 450)
    qtbot.waitUntil(lambda: scatter.view.width == 600)
    assert scatter.view.to_point(300, 225) == pytest.approx(middle)


def test_the_keys_step_pick_select_and_zoom(scatter: Scatter, qtbot: QtBot) -> None:
    picked: list[int] = []
    scatter.picked.connect(picked.append)
    click(scatter, scatter.place(9))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Left):
        qtbot.keyClick(scatter, key)
    assert scatter.current == 25
    qtbot.keyClick(scatter, Qt.Key.Key_Return)
    assert picked == [9, 25]
    qtbot.keyClick(scatter, Qt.Key.Key_Space)
    qtbot.keyClick(scatter, Qt.Key.Key_Down)
    qtbot.keyClick(scatter, Qt.Key.Key_Space)
    assert scatter.selection.tolist() == [17, 25]
    qtbot.keyClick(scatter, Qt.Key.Key_Space)
    assert scatter.selection.tolist() == [25]
    qtbot.keyClick(scatter, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(scatter.selection) == 48
    qtbot.keyClick(scatter, Qt.Key.Key_Escape)
    assert not len(scatter.selection)
    fit = scatter.view
    qtbot.keyClick(scatter, Qt.Key.Key_Plus)
    qtbot.keyClick(scatter, Qt.Key.Key_Left, SHIFT)
    assert scatter.view.scale > fit.scale
    assert scatter.view.x < fit.x
    qtbot.keyClick(scatter, Qt.Key.Key_0)
    assert scatter.view == fit


def test_escape_gives_a_lasso_up(scatter: Scatter, qtbot: QtBot) -> None:
    scatter.set_selection(np.array([5]))
    path = around(scatter, 0, 47)
    mouse(scatter, QEvent.Type.MouseButtonPress, path[0])
    for place in path[1:]:
        mouse(scatter, QEvent.Type.MouseMove, place)
    qtbot.keyClick(scatter, Qt.Key.Key_Escape)
    mouse(scatter, QEvent.Type.MouseButtonRelease, path[-1])
    assert scatter.selection.tolist() == [5]


class Handle(Overlay):
    """Takes what begins within 20 pixels of a point."""

    def __init__(self) -> None:
        self.point, self.heard, self.painted = (3.0, 3.0), list[str](), 0

    def paint(self, painter: QPainter, view: View) -> None:
        self.painted += 1

    def press(self, at: QPointF, view: View) -> bool:
        x, y = view.to_pixels(np.array([self.point]))[0].tolist()
        return (at - QPointF(x, y)).manhattanLength() < 20

    def drag(self, at: QPointF, view: View) -> None:
        self.point = view.to_point(at.x(), at.y())

    def release(self, at: QPointF, view: View) -> None:
        self.heard.append("let go")


def test_an_overlay_takes_what_begins_on_it(scatter: Scatter, qtbot: QtBot) -> None:
    handle = Handle()
    scatter.add_overlay(handle)
    start, end = scatter.place(27), scatter.place(0)
    drag(scatter, [start, end])
    assert handle.point == pytest.approx((0.0, 0.0), abs=1e-6)
    assert handle.heard == ["let go"]
    assert not len(scatter.selection)
    qtbot.waitUntil(lambda: handle.painted > 0)
    drag(scatter, around(scatter, 46, 47))
    assert scatter.selection.tolist() == [46, 47]


def test_colours_names_and_the_theme_are_seen(scatter: Scatter, theme: Theme) -> None:
    red = np.full(48, 0xFF0000, np.uint32)
    scatter.set_colours(red)
    image = scatter.grab().toImage()
    at = scatter.place(20).toPoint()
    assert image.pixelColor(at).name() == "#ff0000"
    assert image.pixelColor(at.x() + 20, at.y() + 20).name() == theme.colours.surface
    scatter.set_names([Name(text="MMMM", x=4.0, y=2.0, colour="#00ff00")])
    assert scatter.grab().toImage().pixelColor(at).name() != "#ff0000"  # point 20 lies below the name
    scatter.set_names(())
    theme.choose("dark")
    image = scatter.grab().toImage()
    assert image.pixelColor(at.x() + 20, at.y() + 20).name() == theme.colours.surface
    assert image.pixelColor(at).name() == "#ff0000"


def test_without_points_there_is_a_sentence(scatter: Scatter) -> None:
    scatter.set_points(np.empty((0, 2), np.float32))
    blank = scatter.grab().toImage()
    scatter.set_text("Nothing here")
    assert scatter.grab().toImage() != blank
    assert scatter.at(QPointF(10, 10)) == -1
    for key in _ALL_KEYS:
        scatter.keyPressEvent(_key(key))


_ALL_KEYS = (Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_A, Qt.Key.Key_0)


def _key(key: Qt.Key) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, NONE)
