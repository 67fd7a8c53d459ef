"""Charts of networks that make images: what belongs together, many lines in one chart, values of equilibrium."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from plot_helpers import PER_EPOCH, curves_of, evaluated, stretch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from workbench.engine import events as ev
from workbench.engine.project.curves import Curves
from workbench.gui.models.run_columns import metric_text, score_text
from workbench.gui.models.run_facts import Score, levels_of
from workbench.gui.theme import Theme
from workbench.gui.units import larger_is_better, title_of, unit_of
from workbench.gui.widgets.plots.board import PlotBoard, RunCurves
from workbench.gui.widgets.plots.live_plot import LivePlot

KL = "kl_per_dimension"
LEVELS = {"discriminator_loss": 2 * math.log(2), "generator_loss": math.log(2), "real": 0.5, "fake": 0.5}


@pytest.fixture
def board(qtbot: QtBot, theme: Theme) -> PlotBoard:
    board = PlotBoard(theme, name="test.plots")
    qtbot.addWidget(board)
    board.resize(1000, 600)
    board.show()
    return board


def measured(step: int, values: Sequence[float]) -> ev.Evaluated:
    return ev.Evaluated(
        step=step, epoch=step / PER_EPOCH, metrics={"validation/kl": sum(values)}, seconds=0.1,
        vectors={f"validation/{KL}": tuple(values), f"train/{KL}": tuple(values)},
    )  # fmt: skip


def adversaries() -> Curves:
    numbers = {"discriminator_loss": (1.0, 1.3), "generator_loss": (0.9, 0.7), "real": (0.7, 0.6), "fake": (0.3, 0.4)}
    steps = ev.Steps(
        first=1,
        epoch=0.2,
        series=numbers,
        averages={},
        learning_rate=0.1,
        seconds=0.1,
        samples_per_second=2.0,
        memory=0,
    )
    whole = {f"{split}_{name}": values[-1] for split in ("train", "validation") for name, values in numbers.items()}
    return curves_of(steps, evaluated(2, **whole))


def switch(plot: LivePlot, label: str) -> QAbstractButton:
    return next(button for button in plot.findChildren(QAbstractButton) if button.text() == label)


# Many lines in one chart


@pytest.mark.parametrize(("dims", "named"), [(2, 2), (8, 8), (20, 6), (64, 6)])
def test_the_strongest_dimensions_stand_out(board: PlotBoard, dims: int, named: int) -> None:
    strengths = [float((7 * number) % dims) for number in range(dims)]
    board.set_runs([RunCurves("run", curves_of(measured(0, [0.0] * dims), measured(10, strengths)))])
    plot = board.plots[KL]
    assert plot.title == "KL of each dimension (nats)"
    assert len(plot.traces) == dims
    bold = [trace for trace in plot.traces if not trace.muted]
    best = sorted(range(dims), key=lambda number: -strengths[number])[:named]
    assert [trace.label for trace in bold] == [f"dimension {number + 1}" for number in best]
    assert len({trace.colour for trace in bold}) == named
    assert all(trace.key.startswith("validation/") for trace in plot.traces)
    readings = plot.readings(10)
    assert [reading.value for reading in readings] == [strengths[number] for number in best]
    words = [button.text() for button in plot.findChildren(QAbstractButton)]
    assert words == [str(number + 1) for number in best] + ([f"{dims - 6} others"] if dims > 8 else [])


def test_the_order_follows_the_newest_evaluation(board: PlotBoard) -> None:
    curves = curves_of(measured(0, [2.0, 1.0]))
    board.set_runs([RunCurves("run", curves)])
    assert [trace.label for trace in board.plots[KL].traces] == ["dimension 1", "dimension 2"]
    curves.add(measured(10, [1.0, 3.0]))
    board.refresh()
    assert [trace.label for trace in board.plots[KL].traces] == ["dimension 2", "dimension 1"]


def test_the_others_are_switched_off_together(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", curves_of(measured(0, [float(number) for number in range(20)])))])
    plot = board.plots[KL]
    qtbot.mouseClick(switch(plot, "14 others"), Qt.MouseButton.LeftButton)
    assert plot.hidden == {f"dimension {number}" for number in range(1, 15)}
    qtbot.mouseClick(switch(plot, "20"), Qt.MouseButton.LeftButton)
    assert "dimension 20" in plot.hidden
    board.refresh()
    qtbot.mouseClick(switch(plot, "14 others"), Qt.MouseButton.LeftButton)
    assert plot.hidden == {"dimension 20"}


def test_several_runs_keep_their_colours(board: PlotBoard) -> None:
    runs = [RunCurves(name, curves_of(measured(0, [1.0, 2.0])), colour) for name, colour in (("one", 3), ("two", 5))]
    board.set_runs(runs)
    traces = board.plots[KL].traces
    assert sorted((trace.colour, trace.label) for trace in traces) == [
        (3, "one · validation · dimension 1"), (3, "one · validation · dimension 2"),
        (5, "two · validation · dimension 1"), (5, "two · validation · dimension 2"),
    ]  # fmt: skip


def test_their_numbers_are_exported_with_the_others(board: PlotBoard, tmp_path: Path) -> None:
    board.set_runs([RunCurves("run", curves_of(measured(0, [1.0, 2.0])))])
    board.export_csv(tmp_path / "curves.csv")
    rows = list(csv.reader((tmp_path / "curves.csv").read_text().splitlines()))
    assert [f"validation/{KL}[1]", "0", "0.0", "2.0"] in rows


# Two networks


def test_the_two_networks_share_charts_with_their_equilibrium(qtbot: QtBot, board: PlotBoard) -> None:
    board.set_runs([RunCurves("run", adversaries(), 0, LEVELS)])
    assert list(board.plots)[:2] == ["adversaries", "verdicts"]
    losses, verdicts = board.plots["adversaries"], board.plots["verdicts"]
    assert {trace.label for trace in losses.traces} == {
        f"{who} · {split}" for who in ("discriminator", "generator") for split in ("step", "train", "validation")
    }
    assert [(level.value, level.text) for level in losses.levels] == [
        (2 * math.log(2), "equilibrium: 2 log 2"),
        (math.log(2), "equilibrium: log 2"),
    ]
    assert [level.text for level in verdicts.levels] == ["equilibrium: 1/2"]
    _, _, bottom, top = losses.shown_range
    assert bottom < math.log(2)
    assert top > 2 * math.log(2)
    qtbot.mouseClick(switch(losses, "generator"), Qt.MouseButton.LeftButton)
    assert losses.hidden == {f"generator · {split}" for split in ("step", "train", "validation")}


def test_several_pairs_are_compared_one_metric_a_chart(board: PlotBoard) -> None:
    runs = [RunCurves(name, adversaries(), number, LEVELS) for number, name in enumerate(("one", "two"))]
    board.set_runs(runs)
    assert "adversaries" not in board.plots
    assert [level.text for level in board.plots["generator_loss"].levels] == ["equilibrium: log 2"]
    other = RunCurves("two", adversaries(), 1, {**LEVELS, "generator_loss": 0.0})
    board.set_runs([runs[0], other])
    assert not board.plots["generator_loss"].levels


def test_a_level_is_seen(qtbot: QtBot, board: PlotBoard, theme: Theme) -> None:
    plot = LivePlot(theme, name="test.level")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    board.set_runs([RunCurves("run", adversaries(), 0, LEVELS)])
    chart = board.plots["verdicts"]
    traces = chart.traces
    plot.set_traces(traces)
    plot.show()
    without, before = plot.view.grab().toImage(), plot.shown_range
    plot.set_traces(traces, levels=chart.levels)
    assert plot.shown_range == before  # between the lines anyway
    assert plot.view.grab().toImage() != without


def test_the_runs_own_options_say_where_the_equilibrium_is() -> None:
    assert levels_of({"task.name": "classify"}) == {}
    assert levels_of({"task.name": "no such"}) == {}
    assert levels_of({"task.name": "adversarial"}) == pytest.approx(LEVELS)
    assert levels_of({"task.name": "adversarial", "task.loss": "hinge"})["discriminator_loss"] == 2.0


# Names, units and what is best


def test_the_order_of_charts_begins_with_what_counts(board: PlotBoard) -> None:
    names = ("loss", "kl", "reconstruction", "elbo")
    curves = curves_of(evaluated(1, **{f"validation_{name}": 1.0 for name in names}), stretch(2, [1.0]))
    board.set_runs([RunCurves("run", curves)])
    assert list(board.plots)[:4] == ["elbo", "reconstruction", "kl", "loss"]


@pytest.mark.parametrize(
    ("metric", "title", "text", "better"),
    [
        ("elbo", "ELBO (nats)", "-101.3 nats", True),
        ("iwae", "IWAE bound (nats)", "-101.3 nats", True),
        ("reconstruction", "Reconstruction (nats)", "-101.3 nats", False),
        ("kl", "KL to the prior (nats)", "-101.3 nats", None),
        ("bits_per_dim", "Bits per dimension", "-101.3 bits/dim", False),
        ("prior_bits", "Prior (bits/dim)", "-101.3 bits/dim", None),
        ("discriminator_loss", "Loss of the discriminator", "-101.3", None),
        ("generator_loss", "Loss of the generator", "-101.3", None),
        ("real", "D(real)", "-101.3", None),
        ("active_dimensions", "Active dimensions", "-101", None),
        ("fid", "FID-like distance", "-101.3", False),
        ("pixel_distance", "Distance of coarse pixels", "-101.3", False),
    ],
)
def test_metrics_in_words(metric: str, title: str, text: str, better: bool | None) -> None:
    assert title_of(metric) == title
    assert unit_of(f"validation/{metric}").text(-101.3) == text
    assert larger_is_better(metric) is better


def test_units_are_not_repeated_on_the_axis() -> None:
    assert unit_of("validation/elbo").tick(-100.0, spacing=20.0, largest=120.0) == "-100"


def test_scores_in_lists() -> None:
    assert score_text(Score(metric="validation/elbo", value=-101.31)) == "ELBO -101.3 nats"
    assert score_text(Score(metric="validation/bits_per_dim", value=1.8)) == "1.8 bits/dim"
    assert metric_text("validation/elbo", -101.31) == "validation ELBO -101.3 nats"
