"""All charts of some runs: which there are, when they are painted, and that keys, settings and files work."""

import csv
import gc
import time
import weakref
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from plot_helpers import curves_of, evaluated, started, stretch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from qt_helpers import settle
from shiboken6 import isValid

from workbench.engine.errors import UserError
from workbench.engine.project.curves import Curves
from workbench.gui.jobs import Jobs
from workbench.gui.theme import Theme
from workbench.gui.widgets.plots.board import BoardSettings, PlotBoard, RunCurves


def some_curves(*, shift: float = 0.0) -> Curves:
    return curves_of(
        stretch(1, [3.0 + shift, 2.0, 1.0]),
        evaluated(3, train_loss=1.0, validation_loss=1.5 + shift, train_accuracy=0.5, validation_accuracy=0.4),
    )


@pytest.fixture
def board(qtbot: QtBot, theme: Theme) -> PlotBoard:
    board = PlotBoard(theme, name="test.plots")
    qtbot.addWidget(board)
    board.resize(1000, 600)
    board.show()
    return board


def thing(board: PlotBoard, name: str) -> QWidget:
    found = board.findChild(QWidget, f"test.plots.{name}")
    assert isinstance(found, QWidget), name
    return found


def seen(board: PlotBoard) -> list[str]:
    return [metric for metric, plot in board.plots.items() if plot.isVisible()]


def current(board: PlotBoard) -> bool:
    return not any(plot.stale for plot in board.plots.values())


def test_charts_and_their_order(board: PlotBoard) -> None:
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    assert list(board.plots) == ["loss", "accuracy", "learning_rate", "samples_per_second"]
    assert [plot.title for plot in board.plots.values()] == ["Loss", "Accuracy", "Learning rate", "Samples a second"]
    loss = board.plots["loss"].traces
    assert [trace.label for trace in loss] == ["step", "train", "validation"]
    assert [trace.dashed for trace in loss] == [False, False, True]
    assert [trace.smooth for trace in loss] == [True, False, False]
    assert [trace.maximise for trace in loss] == [None, None, False]
    assert len({trace.colour for trace in loss}) == 3
    assert [trace.maximise for trace in board.plots["accuracy"].traces] == [None, True]


def test_a_new_metric_gets_its_chart(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    before = board.plots["loss"]
    curves.add(evaluated(4, validation_kl=0.3))
    curves.add(stretch(4, [1.0], memory=1 << 30))
    board.refresh()
    assert list(board.plots) == ["kl", "loss", "accuracy", "learning_rate", "samples_per_second", "memory"]
    assert board.plots["loss"] is before
    qtbot.waitUntil(lambda: current(board))
    assert board.plots["kl"].readings(4)[0].value == 0.3


def test_several_runs_have_a_colour_each(board: PlotBoard) -> None:
    board.set_runs([RunCurves("one", some_curves(), 3), RunCurves("two", some_curves(shift=1.0), 5)])
    traces = board.plots["loss"].traces
    assert {(trace.label.split(" ")[0], trace.colour) for trace in traces} == {("one", 3), ("two", 5)}
    assert [trace.label for trace in traces if trace.dashed] == ["one · validation", "two · validation"]
    assert [trace.label for trace in traces if trace.dotted] == ["one · train", "two · train"]
    board.set_runs([RunCurves("two", some_curves(shift=1.0), 5)])
    assert [trace.label for trace in board.plots["loss"].traces] == ["step", "train", "validation"]


def test_the_legend_counts_for_every_chart(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("one", some_curves(), 0), RunCurves("two", some_curves(), 1)])
    qtbot.mouseClick(thing(board, "legend.0"), Qt.MouseButton.LeftButton)
    assert {reading.label for reading in board.plots["accuracy"].readings(3)} == {"two · train", "two · validation"}
    qtbot.mouseClick(thing(board, "legend.4"), Qt.MouseButton.LeftButton)
    assert {reading.label for reading in board.plots["accuracy"].readings(3)} == {"two · train"}


def test_nothing_yet(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", Curves())])
    assert board.plots == {}
    assert not board.grab().isNull()
    assert not thing(board, "export").isEnabled()
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    assert len(seen(board)) == 4
    board.set_runs([])
    assert board.plots == {}


@pytest.mark.parametrize("key", [None, Qt.Key.Key_Return])
def test_one_chart_grows_and_escape_brings_all_back(qtbot: QtBot, board: PlotBoard, key: Qt.Key | None) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    QApplication.processEvents()
    view = board.plots["accuracy"].view
    with qtbot.waitSignal(board.settings_changed):
        if key is None:
            qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.area().center().toPoint())
        else:
            view.setFocus()
            qtbot.keyClick(view, key)
    assert seen(board) == ["accuracy"]
    assert board.settings == BoardSettings(large=True, metric="accuracy")
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert len(seen(board)) == 4
    assert not board.settings.large


def test_the_chooser_changes_the_large_chart(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    qtbot.mouseClick(thing(board, "one"), Qt.MouseButton.LeftButton)
    assert seen(board) == ["loss"]
    chooser = thing(board, "metric")
    assert isinstance(chooser, QComboBox)
    assert [chooser.itemText(index) for index in range(3)] == ["Loss", "Accuracy", "Learning rate"]
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    assert seen(board) == ["accuracy"]
    qtbot.mouseClick(thing(board, "grid"), Qt.MouseButton.LeftButton)
    assert len(seen(board)) == 4


def test_switches_reach_every_chart(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    for name in ("epochs", "log-x", "log-y"):
        qtbot.mouseClick(thing(board, name), Qt.MouseButton.LeftButton)
    slider = thing(board, "smoothing")
    assert isinstance(slider, QSlider)
    slider.setValue(slider.maximum())
    expected = BoardSettings(epochs=True, log_x=True, log_y=True, smoothing=0.999)
    assert board.settings == expected
    assert {plot.settings for plot in board.plots.values()} == {expected.view}
    slider.setValue(0)
    assert board.settings.smoothing == 0


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 0.9, 0.98, 0.999])
def test_settings_come_back(qtbot: QtBot, board: PlotBoard, smoothing: float) -> None:
    settings = BoardSettings(epochs=True, log_y=True, smoothing=smoothing, large=True, metric="accuracy")
    with qtbot.assertNotEmitted(board.settings_changed):
        board.apply(settings)
        board.set_runs([RunCurves("run", some_curves())])
    assert board.settings == settings
    assert seen(board) == ["accuracy"]
    assert board.plots["accuracy"].settings == settings.view


def test_follow_and_fit(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    QApplication.processEvents()
    follow = thing(board, "follow")
    assert isinstance(follow, QToolButton)
    plot = board.plots["loss"]
    everything = plot.shown_range
    plot.view.setFocus()
    qtbot.keyClick(plot.view, Qt.Key.Key_Plus)
    assert not follow.isChecked()
    qtbot.mouseClick(thing(board, "fit"), Qt.MouseButton.LeftButton)
    assert plot.shown_range == pytest.approx(everything)
    assert not plot.follow
    qtbot.mouseClick(follow, Qt.MouseButton.LeftButton)
    assert plot.follow


def test_columns_follow_the_width(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    curves.add(stretch(4, [1.0], memory=1 << 30))
    board.set_runs([RunCurves("run", curves)])

    def columns() -> int:
        QApplication.processEvents()
        return len({plot.x() for plot in board.plots.values()})

    board.resize(1400, 800)
    assert columns() == 3
    board.resize(700, 450)
    assert columns() == 2
    board.resize(300, 450)
    assert columns() == 1
    assert thing(board, "export").geometry().right() <= 300


# When things are painted


def test_everything_is_up_to_date_within_a_second(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.share = 0.001  # a budget that lets almost nothing happen
    board.set_runs([RunCurves("run", curves)])
    for step in range(4, 40):
        curves.add(stretch(step, [1.0]))
        curves.add(evaluated(step, validation_accuracy=0.5))
        board.refresh()
        QApplication.processEvents()
    assert not current(board)
    began = time.monotonic()
    qtbot.waitUntil(lambda: current(board), timeout=5000)
    assert time.monotonic() - began < 1.5


def test_one_chart_a_tick(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.share = 1.0
    board.set_runs([RunCurves("run", curves)])
    qtbot.waitUntil(lambda: current(board))
    curves.add(stretch(4, [1.0]))
    board.refresh()
    counts = []
    while not current(board):
        QApplication.processEvents()
        counts.append(sum(plot.stale for plot in board.plots.values()))
    assert set(counts) == {0, 1, 2, 3} or set(counts) == {0, 1, 2}
    assert all(before - after <= 1 for before, after in pairwise(counts))


def test_painting_keeps_to_its_share(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    qtbot.waitUntil(lambda: current(board))
    board.share = 0.02
    before, began = board.painting_seconds, time.monotonic()

    def fed_long_enough() -> bool:
        curves.add(stretch(curves.last_step + 1, [1.0]))
        board.refresh()
        return time.monotonic() - began > 1.5

    qtbot.waitUntil(fed_long_enough)
    share = (board.painting_seconds - before) / (time.monotonic() - began)
    assert 0 < share < 0.04


def test_hidden_boards_paint_nothing(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    qtbot.waitUntil(lambda: current(board))
    board.hide()
    paints = [plot.view.paints for plot in board.plots.values()]
    curves.add(stretch(4, [1.0]))
    board.refresh()
    qtbot.wait(150)
    assert [plot.view.paints for plot in board.plots.values()] == paints
    assert not current(board)
    board.show()
    qtbot.waitUntil(lambda: current(board))


def test_a_resume_takes_the_lines_back(qtbot: QtBot, board: PlotBoard) -> None:
    curves = some_curves()
    board.set_runs([RunCurves("run", curves)])
    curves.add(stretch(4, [1.0] * 10))
    curves.add(started(2))
    board.refresh()
    qtbot.waitUntil(lambda: current(board))
    assert board.plots["loss"].readings(99)[0].step == 2
    assert board.plots["loss"].shown_range[1] < 3


# Files


def test_pictures(board: PlotBoard, tmp_path: Path) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    QApplication.processEvents()
    board.export_png(tmp_path / "one.png")
    board.export_png(tmp_path / "all.png", all_charts=True, scale=1.0)
    board.apply(BoardSettings(large=True))
    board.export_png(tmp_path / "all-from-large.png", all_charts=True)
    sizes = {}
    for path in tmp_path.iterdir():
        with Image.open(path) as image:
            image.load()
            sizes[path.stem] = image.size
    assert set(sizes) == {"one", "all", "all-from-large"}
    assert sizes["all"][0] > sizes["one"][0] * 0.9


@pytest.mark.parametrize("several", [False, True])
def test_numbers(qtbot: QtBot, theme: Theme, tmp_path: Path, several: bool) -> None:
    jobs = Jobs()
    board = PlotBoard(theme, name="test.plots", jobs=jobs)
    qtbot.addWidget(board)
    board.set_runs([RunCurves(f"run {index}", some_curves()) for index in range(1 + several)])
    with qtbot.waitSignal(board.exported) as exported:
        board.export_csv(tmp_path / "curves.csv")
    assert exported.args == [tmp_path / "curves.csv"]
    with (tmp_path / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    name = "run 1/step/loss" if several else "step/loss"
    assert [float(row["value"]) for row in rows if row["curve"] == name] == [3.0, 2.0, 1.0]
    jobs.join()
    jobs.deleteLater()


def test_what_cannot_be_written_is_said(qtbot: QtBot, board: PlotBoard, tmp_path: Path) -> None:
    board.set_runs([RunCurves("run", some_curves())])
    (tmp_path / "file").write_text("")
    for write in (board.export_png, board.export_csv):
        with qtbot.waitSignal(board.failed) as failed:
            write(tmp_path / "file" / "x")
        assert isinstance(failed.args[0], UserError)


# Leaks


def test_a_board_goes_when_it_is_deleted(theme: Theme) -> None:
    board = PlotBoard(theme, name="test.plots")
    board.set_runs([RunCurves("run", some_curves())])
    board.show()
    QApplication.processEvents()
    parts = [weakref.ref(part) for part in (board, *board.plots.values(), board.plots["loss"].view)]
    board.close()
    board.deleteLater()
    settle()
    assert not isValid(board)
    del board
    gc.collect()
    assert not [part() for part in parts if part() is not None]
    theme.choose("dark")
    theme.choose("light")


def test_changing_runs_keeps_no_charts(board: PlotBoard) -> None:
    def plots() -> int:
        settle()
        return len(board.findChildren(QWidget))

    board.set_runs([RunCurves("run", some_curves())])
    before = plots()
    for _ in range(20):
        board.set_runs([RunCurves("one", some_curves(), 0), RunCurves("two", curves_of(stretch(1, [1.0])), 1)])
        board.set_runs([])
        board.set_runs([RunCurves("run", some_curves())])
    assert plots() == before


def test_the_legend_of_a_run_that_begins_is_seen(qtbot: QtBot, board: PlotBoard) -> None:
    """A board that is in view before the first number comes shows its legend when there is something to tell apart."""
    curves = Curves()
    board.set_runs([RunCurves("run", curves)])
    for event in (started(0), stretch(1, [1.0, 0.5]), evaluated(2, train_loss=0.6, validation_loss=0.7)):
        curves.add(event)
        board.refresh()
        QApplication.processEvents()
    entries = [board.findChild(QAbstractButton, f"test.plots.legend.{number}") for number in range(3)]
    assert all(entry is not None and entry.isVisible() and entry.height() > 5 for entry in entries)
    assert all(board.rect().contains(entry.mapTo(board, entry.rect().center())) for entry in entries)
    bottom = max(entry.mapTo(board, entry.rect().bottomLeft()).y() for entry in entries)
    assert all(plot.mapTo(board, plot.rect().topLeft()).y() >= bottom for plot in board.plots.values())
