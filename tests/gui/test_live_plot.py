"""One chart: what it says is exact, what it paints keeps the peaks, and hands move it as expected."""

import csv
import gc
import io
import weakref
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from plot_helpers import curves_of, evaluated, stretch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qt_helpers import settle
from shiboken6 import isValid

from workbench.engine.project.curves import Curves, write_csv
from workbench.gui.theme import DARK, LIGHT, Theme
from workbench.gui.units import BYTES, NUMBER, RATE, SHARE, STEPS, unit_of
from workbench.gui.widgets.plots.axis import Axis
from workbench.gui.widgets.plots.lines import Window, decimated, nearest
from workbench.gui.widgets.plots.live_plot import LivePlot, Trace, View

VALUES = [4.0, 3.0, 1.0, 2.0, 1.0, 3.0]


def traces_of(curves: Curves) -> list[Trace]:
    return [
        Trace(curves=curves, key="step/loss", label="step", smooth=True),
        Trace(curves=curves, key="validation/loss", label="validation", colour=2, dashed=True, maximise=False),
    ]


@pytest.fixture
def curves() -> Curves:
    return curves_of(stretch(1, VALUES), evaluated(3, validation_loss=1.5), evaluated(6, validation_loss=1.25))


@pytest.fixture
def plot(qtbot: QtBot, theme: Theme, curves: Curves) -> LivePlot:
    plot = LivePlot(theme, name="test.plot", title="Loss")
    qtbot.addWidget(plot)
    plot.set_traces(traces_of(curves))
    plot.resize(600, 400)
    plot.show()
    QApplication.processEvents()
    return plot


def place(plot: LivePlot, x: float, y: float) -> QPoint:
    """Pixel of the view at these shares of the inside of the axes."""
    area = plot.view.area()
    return QPoint(round(area.left() + x * area.width()), round(area.top() + y * area.height()))


def drag(qtbot: QtBot, plot: LivePlot, start: QPoint, end: QPoint, button: Qt.MouseButton) -> None:
    port = plot.view.viewport()
    qtbot.mousePress(port, button, pos=start)
    for at in ((start + end) / 2, end):
        # QTest.mouseMove says nothing of the buttons that are down.
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(at), QPointF(port.mapToGlobal(at)), Qt.MouseButton.NoButton, button,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(port, event)
    qtbot.mouseRelease(port, button, pos=end)


def turn_wheel(plot: LivePlot, at: QPoint, notches: int, *, keys: Qt.KeyboardModifier | None = None) -> bool:
    port = plot.view.viewport()
    event = QWheelEvent(
        QPointF(at), QPointF(port.mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        keys or Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(port, event)
    return event.isAccepted()


# Points for pixels

ANY_VALUES = st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=400)


@given(
    values=ANY_VALUES,
    columns=st.integers(1, 60),
    low=st.floats(-20, 380),
    width=st.floats(0.5, 500),
    whole=st.booleans(),
    log=st.booleans(),
)
def test_every_column_keeps_its_extremes(
    values: list[float], columns: int, low: float, width: float, whole: bool, log: bool
) -> None:
    y = np.array(values)
    x = np.arange(1, len(y) + 1) if whole else np.cumsum(0.5 + np.abs(np.sin(np.arange(len(y)))))
    left, right = (np.log10(max(low, 0.5)), np.log10(max(low, 0.5) + width)) if log else (low, low + width)
    edges = Window(left=float(left), right=float(right), bottom=0, top=1, log_x=log).edges(columns)
    px, py = decimated(x, y, edges=edges)
    assert len(px) <= 2 * columns + 2
    assert (np.diff(px) >= 0).all()
    for start, end in pairwise(edges):
        full, points = y[(x >= start) & (x < end)], py[(px >= start) & (px < end)]
        assert (len(points) > 0) == (len(full) > 0)
        if len(full):
            assert (points.min(), points.max()) == (full.min(), full.max())
    outside = y[x < edges[0]], y[x >= edges[-1]]
    assert not len(outside[0]) or py[0] == outside[0][-1]
    assert not len(outside[1]) or py[-1] == outside[1][0]


@given(places=st.lists(st.integers(0, 50), min_size=1, max_size=20, unique=True), value=st.floats(-5, 60))
def test_nearest(places: list[int], value: float) -> None:
    x = np.array(sorted(places))
    assert nearest(x, value) == int(np.argmin(np.abs(x - value)))


# What it says


def test_readings_are_exact(plot: LivePlot) -> None:
    plot.look(View(smoothing=0.5))
    step, validation = plot.readings(4)
    assert (step.label, step.step, step.value) == ("step", 4, 2.0)
    assert step.epoch == pytest.approx(0.4)
    weights = np.array([0.125, 0.25, 0.5, 1.0])
    assert step.smoothed == pytest.approx(float((weights * VALUES[:4]).sum() / weights.sum()), abs=1e-12)
    assert (validation.step, validation.value, validation.smoothed) == (3, 1.5, None)
    assert plot.readings(5.1)[1].step == 6


def test_readings_by_epoch(plot: LivePlot) -> None:
    plot.look(View(epochs=True))
    assert [reading.step for reading in plot.readings(0.51)] == [5, 6]


def test_hovering_reads_what_is_there(qtbot: QtBot, plot: LivePlot) -> None:
    left, right, _, _ = plot.shown_range
    qtbot.mouseMove(plot.view.viewport(), place(plot, (4 - left) / (right - left), 0.5))
    assert plot.cursor_place() == 4
    before = plot.view.grab().toImage()
    qtbot.mouseMove(plot.view.viewport(), QPoint(1, 1))
    assert plot.cursor_place() is None
    assert plot.view.grab().toImage() != before


def test_arrow_keys_move_the_read_out(qtbot: QtBot, plot: LivePlot) -> None:
    plot.view.setFocus()
    qtbot.keyClick(plot.view, Qt.Key.Key_Right)
    start = plot.cursor_place()
    for _ in range(30):
        qtbot.keyClick(plot.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert start is not None
    assert plot.cursor_place() == 6 > start
    qtbot.keyClick(plot.view, Qt.Key.Key_Escape)
    assert plot.cursor_place() is None


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("validation/accuracy", 0.91239, "91.24 %"),
        ("step/loss", 0.31274, "0.3127"),
        ("step/loss", 0.000012, "1.2e-5"),
        ("learning_rate", 0.001, "0.001"),
        ("samples_per_second", 12_400.0, "12.4k/s"),
        ("samples_per_second", 640.0, "640 /s"),
        ("memory", 1.53 * 2**30, "1.53 GiB"),
        ("step/loss", 0.0, "0"),
    ],
)
def test_values_in_words(key: str, value: float, text: str) -> None:
    assert unit_of(key).text(value) == text


@pytest.mark.parametrize(
    ("unit", "log", "low", "high", "texts"),
    [
        (NUMBER, False, 0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (SHARE, False, 0.0, 1.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (STEPS, False, 1.0, 20_000.0, ["5k", "10k", "15k", "20k"]),
        (STEPS, False, 1.0, 3.0, ["1", "2", "3"]),
        (RATE, False, 11_000.0, 15_000.0, ["11k/s", "12k/s", "13k/s", "14k/s", "15k/s"]),
        (BYTES, False, 0.0, 5 * 2.0**30, [f"{number} GiB" for number in range(6)]),
        (NUMBER, True, -3.0, 1.0, ["0.001", "0.01", "0.1", "1", "10"]),
    ],
)
def test_ticks(plot: LivePlot, unit: object, log: bool, low: float, high: float, texts: list[str]) -> None:
    axis = Axis("left")
    axis.dress(plot.font(), line=LIGHT.line, text=LIGHT.muted)
    axis.show_as(unit, log=log)
    axis.setRange(low, high)
    size = plot.fontMetrics().height() * 14.0
    assert [
        text for spacing, values in axis.levels(low, high, size) for text in axis.texts(values, spacing) if text
    ] == texts


# Looking


def test_all_of_it_is_shown_at_first(plot: LivePlot) -> None:
    left, right, bottom, top = plot.shown_range
    assert left == 1
    assert 6 <= right < 6.3
    assert bottom < 1
    assert top > 4


def test_log_axes_cope_with_zeros(qtbot: QtBot, plot: LivePlot, curves: Curves) -> None:
    curves.add(evaluated(6, validation_loss=0.0))
    curves.add(stretch(7, [0.0, 0.01]))
    plot.look(View(log_x=True, log_y=True))
    plot.refresh()
    left, _, bottom, top = plot.shown_range
    assert left == pytest.approx(1)
    assert 0.001 < bottom < 0.01
    assert top > 4
    assert plot.readings(7)[0].value == 0.0
    qtbot.mouseMove(plot.view.viewport(), place(plot, 0.9, 0.5))
    assert not plot.grab().isNull()


def test_large_numbers_become_logarithmic(plot: LivePlot, curves: Curves) -> None:
    plot.set_traces([Trace(curves=curves, key="samples_per_second", label="speed")])
    plot.look(View(log_y=True))
    assert 1000 < plot.shown_range[2] < 2000 < plot.shown_range[3] < 5000
    plot.look(View())
    assert plot.shown_range[3] == pytest.approx(2200)
    assert not plot.grab().isNull()


def test_a_line_of_zeros_on_log_axes(qtbot: QtBot, theme: Theme) -> None:
    plot = LivePlot(theme, name="test.plot")
    qtbot.addWidget(plot)
    curves = curves_of(stretch(1, [0.0, 0.0]))
    plot.look(View(log_x=True, log_y=True))
    plot.set_traces(traces_of(curves))
    assert not plot.grab().isNull()


def test_one_point_is_seen(qtbot: QtBot, theme: Theme) -> None:
    plot = LivePlot(theme, name="test.plot", legend=False)
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.set_traces([Trace(curves=curves_of(stretch(1, [2.0])), key="step/loss", label="step", colour="#ff0000")])
    image = plot.grab().toImage()
    red = sum(image.pixelColor(x, y).name() == "#ff0000" for x in range(image.width()) for y in range(image.height()))
    assert red >= 4


def test_waiting(qtbot: QtBot, theme: Theme) -> None:
    plot = LivePlot(theme, name="test.plot")
    qtbot.addWidget(plot)
    plot.set_traces(traces_of(Curves()))
    plot.fit()
    plot.home()
    assert plot.readings(3) == ()
    blank = plot.grab().toImage()
    plot.view.chart.message = ""
    plot.view.retouch()
    assert plot.grab().toImage() != blank


def test_only_what_changed_is_painted_anew(plot: LivePlot, curves: Curves) -> None:
    assert not plot.stale
    paints = plot.view.paints
    plot.refresh()
    QApplication.processEvents()
    assert plot.view.paints == paints
    curves.add(stretch(7, [5.0]))
    assert plot.stale
    plot.refresh()
    QApplication.processEvents()
    assert plot.view.paints > paints
    assert plot.take_cost() > 0 == plot.take_cost()


# Hands


def test_following_ends_with_a_zoom_and_comes_back(qtbot: QtBot, plot: LivePlot, curves: Curves) -> None:
    with qtbot.waitSignal(plot.follow_changed) as changed:
        assert turn_wheel(plot, place(plot, 1.0, 0.5), 3)
    assert changed.args == [False]
    zoomed = plot.shown_range
    assert zoomed[1] - zoomed[0] < 3
    curves.add(stretch(7, [1.0] * 20))
    plot.refresh()
    assert plot.shown_range == zoomed
    plot.follow = True  # goes to the newest with the width that was chosen
    left, right, _, _ = plot.shown_range
    assert 26 <= right < 27
    assert right - left == pytest.approx(zoomed[1] - zoomed[0])
    curves.add(stretch(27, [1.0] * 20))
    plot.refresh()
    assert plot.shown_range[1] - plot.shown_range[0] == pytest.approx(right - left)
    assert 46 <= plot.shown_range[1] < 48


@pytest.mark.parametrize("way", ["key", "double click"])
def test_home_shows_everything_again(qtbot: QtBot, plot: LivePlot, curves: Curves, way: str) -> None:
    everything = plot.shown_range
    turn_wheel(plot, place(plot, 0.2, 0.2), 5)
    assert plot.shown_range != everything
    if way == "key":
        plot.view.setFocus()
        qtbot.keyClick(plot.view, Qt.Key.Key_Home)
    else:
        qtbot.mouseDClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=place(plot, 0.5, 0.5))
    assert plot.follow
    assert plot.shown_range == pytest.approx(everything)
    curves.add(stretch(7, [9.0]))
    plot.refresh()
    assert plot.shown_range[3] > 9


def test_dragging_a_box_zooms_into_it(qtbot: QtBot, plot: LivePlot) -> None:
    left, right, bottom, top = plot.shown_range
    drag(qtbot, plot, place(plot, 0.25, 0.25), place(plot, 0.75, 0.5), Qt.MouseButton.LeftButton)
    now = plot.shown_range
    width, height = right - left, top - bottom
    assert now == pytest.approx(
        (left + 0.25 * width, left + 0.75 * width, top - 0.5 * height, top - 0.25 * height), abs=0.02 * width
    )
    assert not plot.follow


def test_a_flat_box_zooms_sideways_only(qtbot: QtBot, plot: LivePlot) -> None:
    before = plot.shown_range
    drag(qtbot, plot, place(plot, 0.25, 0.5), place(plot, 0.75, 0.5), Qt.MouseButton.LeftButton)
    assert plot.shown_range[2:] == before[2:]
    assert plot.shown_range[0] > before[0]


def test_dragging_with_the_right_button_pans(qtbot: QtBot, plot: LivePlot) -> None:
    before = plot.shown_range
    drag(qtbot, plot, place(plot, 0.25, 0.5), place(plot, 0.5, 0.5), Qt.MouseButton.RightButton)
    now = plot.shown_range
    assert now[1] - now[0] == pytest.approx(before[1] - before[0])
    assert now[0] == pytest.approx(before[0] - 0.25 * (before[1] - before[0]), abs=0.05)


def test_the_wheel_over_an_axis_zooms_that_axis(plot: LivePlot) -> None:
    before = plot.shown_range
    turn_wheel(plot, QPoint(4, place(plot, 0, 0.5).y()), 2)
    assert plot.shown_range[:2] == before[:2]
    assert plot.shown_range[2:] != before[2:]


def test_the_wheel_scrolls_where_it_does_not_zoom(plot: LivePlot) -> None:
    before = plot.shown_range
    plot.view.wheel_zooms = False
    assert not turn_wheel(plot, place(plot, 0.5, 0.5), 2)
    assert plot.shown_range == before
    assert turn_wheel(plot, place(plot, 0.5, 0.5), 2, keys=Qt.KeyboardModifier.ControlModifier)
    assert plot.shown_range != before


@pytest.mark.parametrize("log", [False, True])
def test_zooming_without_end_stays_finite(plot: LivePlot, log: bool) -> None:
    plot.look(View(log_x=log, log_y=log))
    for notches in (400, -800):
        for _ in range(4):
            turn_wheel(plot, place(plot, 0.5, 0.5), notches // 4)
        assert np.isfinite(plot.shown_range).all()
        assert not plot.grab().isNull()


def test_the_legend_switches_lines_off(qtbot: QtBot, plot: LivePlot) -> None:
    first, second = (plot.findChild(object, f"test.plot.legend.{index}") for index in (0, 1))
    with qtbot.waitSignal(plot.hidden_changed) as changed:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert changed.args == [frozenset({"step"})]
    assert [reading.label for reading in plot.readings(3)] == ["validation"]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    qtbot.waitUntil(second.hasFocus)
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert plot.readings(3) == ()
    assert plot.hidden == {"step", "validation"}
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert plot.hidden == {"step"}


# Looks and files


def test_the_theme_changes_at_once(plot: LivePlot, theme: Theme) -> None:
    corner = plot.view.area().topLeft().toPoint() + QPoint(2, 2)
    assert plot.view.grab().toImage().pixelColor(corner).name() == LIGHT.surface
    theme.choose("dark")
    assert plot.view.grab().toImage().pixelColor(corner).name() == DARK.surface
    theme.choose("light")


@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
def test_png(plot: LivePlot, tmp_path: Path, scale: float) -> None:
    plot.export_png(tmp_path / "chart.png", scale=scale)
    with Image.open(tmp_path / "chart.png") as image:
        image.load()
        assert image.width == pytest.approx((plot.view.width() + 16) * scale, abs=1)
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20
    assert [path.name for path in tmp_path.iterdir()] == ["chart.png"]


def test_csv(plot: LivePlot, tmp_path: Path) -> None:
    for _ in write_csv(tmp_path / "chart.csv", plot.lines()):
        pass
    rows = list(csv.DictReader(io.StringIO((tmp_path / "chart.csv").read_text())))
    assert [float(row["value"]) for row in rows if row["curve"] == "step"] == VALUES
    assert [int(row["step"]) for row in rows if row["curve"] == "validation"] == [3, 6]


# Leaks


def test_a_chart_goes_when_it_is_deleted(theme: Theme, curves: Curves) -> None:
    plot = LivePlot(theme, name="test.plot")
    plot.set_traces(traces_of(curves))
    plot.show()
    QApplication.processEvents()
    parts = [weakref.ref(part) for part in (plot, plot.view, plot.view.chart)]
    plot.close()
    plot.deleteLater()
    settle()
    assert not isValid(plot)
    del plot
    gc.collect()
    assert [part() for part in parts] == [None] * 3
    theme.choose("dark")  # reaches nobody who is gone
    theme.choose("light")


def test_a_thousand_updates_keep_nothing(plot: LivePlot, curves: Curves) -> None:
    def update(times: int) -> int:
        for _ in range(times):
            curves.add(stretch(curves.last_step + 1, [1.0, 2.0]))
            plot.refresh()
            QApplication.processEvents()
        gc.collect()
        return len(gc.get_objects())

    before = update(50)
    assert update(1000) - before < 50
