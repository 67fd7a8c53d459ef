"""What a chart costs the thread that paints it, here and with plain pyqtgraph.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_plot.py [--rounds 150] [--seconds 5]

(a) One 800 x 500 chart: new numbers, range and lines anew, painted; 1,000, 10,000 and 100,000 points, raw and smoothed
    line, against a PlotWidget with ``setData`` (raw line only) at its defaults and with its own decimation.
(b) A live feed: 100,000 points are there, ten more come twenty times a second; frames painted a second, and how late
    the event loop's timers are.
(c) A board of six charts under a share of 0.04 of the time: the share that it took, and how late numbers were seen.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from workbench.engine import events as ev
from workbench.engine.project.curves import Curves
from workbench.gui.theme import Theme
from workbench.gui.widgets.plots.board import WHILE_TRAINING, BoardSettings, PlotBoard, RunCurves
from workbench.gui.widgets.plots.live_plot import LivePlot, Trace, View

SIZES = (1_000, 10_000, 100_000)
PER_EPOCH = 390
FEED_HZ = 20
NEW = 10  # steps a report


def losses(first: int, count: int, *, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    steps = np.arange(first, first + count)
    return 2.3 * np.exp(-steps / 20_000) + 0.2 + 0.1 * random.gamma(2, 0.5, size=count)


def report(first: int, values: Sequence[float], *, names: Sequence[str] = ("loss",)) -> ev.Steps:
    last = first + len(values) - 1
    return ev.Steps(
        first=first,
        epoch=last / PER_EPOCH,
        series={name: tuple(values) for name in names},
        averages={},
        learning_rate=1e-3,
        seconds=0.01,
        samples_per_second=10_000.0 + last % 100,
    )


def curves_of(count: int, *, names: Sequence[str] = ("loss",)) -> Curves:
    curves = Curves()
    curves.add(
        ev.Started(
            run="run",
            step=0,
            total_steps=count,
            steps_per_epoch=PER_EPOCH,
            parameters=1,
            tensors=1,
            device="cpu",
            protocol="bench",
        )
    )
    for first in range(1, count + 1, 100):
        curves.add(report(first, losses(first, min(100, count + 1 - first), seed=first).tolist(), names=names))
    return curves


def figures(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * len(ordered))]
    return f"median {1000 * statistics.median(ordered):6.2f} ms   p95 {1000 * p95:6.2f} ms"


def timed(widget: QWidget, change: Callable[[int], None], *, rounds: int) -> str:
    """Time of each change with everything that it makes Qt paint; the processor's tells what a busy machine adds."""
    widget.resize(800, 500)
    widget.show()
    QApplication.processEvents()
    seconds, work = [], []
    for index in range(rounds + 10):
        started, worked = time.perf_counter(), time.thread_time()
        change(index)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.MetaCall.value)
        QApplication.processEvents()
        seconds.append(time.perf_counter() - started)
        work.append(time.thread_time() - worked)
    widget.hide()
    return f"{figures(seconds[10:])}   processor {figures(work[10:])}"


def one_chart(theme: Theme, *, rounds: int) -> None:
    print("(a) one 800 x 500 chart, one report of 10 steps and its painting")
    for size in SIZES:
        for smoothing in (0.0, 0.98):
            curves = curves_of(size)
            plot = LivePlot(theme, name="bench.plot", title="Loss", legend=False)
            plot.look(View(smoothing=smoothing))
            plot.set_traces([Trace(curves=curves, key="step/loss", label="step", smooth=True, maximise=False)])

            def grow(index: int, curves: Curves = curves, plot: LivePlot = plot, size: int = size) -> None:
                curves.add(report(size + 1 + NEW * index, losses(size, NEW, seed=index).tolist()))
                plot.refresh()

            words = f"smoothing {smoothing}" if smoothing else "raw line only "
            print(f"    {size:7,} points   LivePlot, {words}   {timed(plot, grow, rounds=rounds)}")
        for decimates in (False, True):
            widget = pg.PlotWidget()
            item = widget.plot(pen=pg.mkPen("#3366cc", width=1))
            if decimates:
                item.setDownsampling(auto=True, method="peak")
                item.setClipToView(True)
            y = np.concatenate((losses(1, size, seed=0), losses(size, NEW * (rounds + 10), seed=1)))
            x = np.arange(1.0, len(y) + 1)

            def put(index: int, item: pg.PlotDataItem = item, size: int = size, x=x, y=y) -> None:
                end = size + NEW * (index + 1)
                item.setData(x[:end], y[:end])

            words = "its decimation" if decimates else "as it comes   "
            slow = max(20, rounds // (5 if size == SIZES[-1] and not decimates else 1))
            print(f"    {size:7,} points   pyqtgraph, {words}    {timed(widget, put, rounds=slow)}")
            widget.close()


class Lateness:
    """How late a timer of 5 ms comes."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._due = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start(5)

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.seconds.append(max(0.0, now - self._due - 0.005))
        self._due = now

    def stop(self) -> None:
        self._timer.stop()


def run_for(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def live_feed(theme: Theme, *, seconds: float) -> None:
    curves = curves_of(SIZES[-1])
    plot = LivePlot(theme, name="bench.live", title="Loss", legend=False)
    plot.look(View(smoothing=0.98))
    plot.set_traces([Trace(curves=curves, key="step/loss", label="step", smooth=True, maximise=False)])
    plot.resize(800, 500)
    plot.show()
    QApplication.processEvents()
    feed = QTimer()
    feed.setTimerType(Qt.TimerType.PreciseTimer)
    feeds = 0

    def come() -> None:
        nonlocal feeds
        curves.add(report(SIZES[-1] + 1 + NEW * feeds, losses(SIZES[-1], NEW, seed=feeds).tolist()))
        plot.refresh()
        feeds += 1

    feed.timeout.connect(come)
    before = plot.view.paints
    late = Lateness()
    feed.start(1000 // FEED_HZ)
    run_for(seconds)
    feed.stop()
    late.stop()
    frames = (plot.view.paints - before) / seconds
    print(f"(b) 100,000 points and {NEW} more {FEED_HZ} times a second: {frames:.1f} frames a second")
    print(f"    lateness of the event loop   {figures(late.seconds)}   worst {1000 * max(late.seconds):.1f} ms")
    plot.close()


def board(theme: Theme, *, seconds: float) -> None:
    names = ("loss", "accuracy", "kl", "reconstruction")
    curves = curves_of(SIZES[-1], names=names)
    plots = PlotBoard(theme, name="bench.plots")
    plots.apply(BoardSettings(smoothing=0.98))
    plots.share = WHILE_TRAINING
    plots.resize(1280, 800)
    plots.set_runs([RunCurves("run", curves)])
    plots.show()
    run_for(1.5)
    for plot in plots.plots.values():
        plot.take_cost()
    spent, came, latencies, feeds = 0.0, {}, [], 0

    def look() -> None:
        for metric, plot in plots.plots.items():
            if not plot.stale and metric in came:
                latencies.append(time.perf_counter() - came.pop(metric))

    def come() -> None:
        nonlocal feeds
        look()
        curves.add(report(SIZES[-1] + 1 + NEW * feeds, losses(SIZES[-1], NEW, seed=feeds).tolist(), names=names))
        for metric in plots.plots:
            came.setdefault(metric, time.perf_counter())
        plots.refresh()
        feeds += 1

    feed = QTimer()
    feed.timeout.connect(come)
    feed.start(1000 // FEED_HZ)
    watch = QTimer()
    watch.timeout.connect(look)
    watch.start(5)
    late = Lateness()
    before, paints = plots.painting_seconds, sum(plot.view.paints for plot in plots.plots.values())
    run_for(seconds)
    spent = plots.painting_seconds - before
    paints = sum(plot.view.paints for plot in plots.plots.values()) - paints
    feed.stop()
    late.stop()
    print(f"(c) {len(plots.plots)} charts of 100,000 points, fed {FEED_HZ} times a second, share {WHILE_TRAINING}")
    print(f"    took {spent / seconds:.3f} of the time, {paints / seconds:.1f} charts a second")
    print(f"    from the first unseen number to its painting   {figures(latencies)}   worst {max(latencies):.2f} s")
    print(f"    lateness of the event loop   {figures(late.seconds)}   worst {1000 * max(late.seconds):.1f} ms")
    plots.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    app = QApplication([])
    theme = Theme(app, choice="light")
    one_chart(theme, rounds=options.rounds)
    live_feed(theme, seconds=options.seconds)
    board(theme, seconds=options.seconds)


if __name__ == "__main__":
    main()
