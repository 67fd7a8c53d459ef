"""What the window costs, and what training costs the window.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_window.py [--data PATH] [--pairs 5] [--seconds 20]

1. Time from the start of a process to its first painted window, as a ratio to a bare PySide6 window.
2. Delay of the event loop while ``cifar10-cnn`` trains on the CPU with all plots live, and without a training.
3. Steps a second of that training with the window, as a ratio to the same training without it: in one process, where
   the window's thread works and sleeps by turns of half a second (what it costs), and in processes of their own, one
   with the window and one without (on a machine whose speed drifts, the noisier of the two).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bench_fit import drain, random_images
from PySide6.QtCore import QElapsedTimer, Qt, QTimer

if TYPE_CHECKING:
    from workbench.app import App
    from workbench.gui.jobs import Job

ROOT = Path(__file__).resolve().parents[2]
HEARTBEAT = 5  # milliseconds
WARM_UP = 5.0  # seconds of training that do not count
TURN = 0.5  # seconds

BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1280, 800)
window.show()
"""
OURS = """
from workbench.cli import load_app  # as the program does
from workbench.engine.preferences import Preferences
app = load_app().App(Preferences.load())
window = app.window
app.show()
app = app.qt
"""
UNTIL_PAINTED = """
import sys, time
from PySide6.QtCore import QEvent, QObject
class Watch(QObject):
    painted = False
    def eventFilter(self, watched, event):
        self.painted = self.painted or event.type() == QEvent.Type.Paint
        return False
watch = Watch()
app.installEventFilter(watch)
while not watch.painted:
    app.processEvents()
print(time.time(), "torch" in sys.modules, flush=True)
import os
os._exit(0)
"""


def environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "bench")])
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONPATH": path, "WORKBENCH_HOME": str(home)}


def seconds_to_window(program: str, home: Path) -> float:
    started = time.time()
    done = subprocess.run(
        [sys.executable, "-c", program + UNTIL_PAINTED],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    moment, torch_loaded = done.stdout.split()
    assert torch_loaded == "False", "torch was imported before the window appeared"
    return float(moment) - started


def start_up(home: Path, *, pairs: int) -> None:
    for program in (BARE, OURS):
        seconds_to_window(program, home)  # files into the system's cache
    times = [(seconds_to_window(BARE, home), seconds_to_window(OURS, home)) for _ in range(pairs)]
    ratios = sorted(ours / bare for bare, ours in times)
    bare, ours = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"first window: bare {bare:.3f} s, ours {ours:.3f} s; ratio, median of {pairs}: "
          f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")  # fmt: skip


def settings(data: str, *, evaluates: bool) -> list[str]:
    """A training without end; evaluations would make rates differ by how many of them fall into the time."""
    every = 200 if evaluates else 100_000_000
    quiet = ["train.evaluation_sample=1000", "data.limit=10000", f"train.evaluate_every={every}"]
    return [f"data.source={data}", "data.protocol=train-test", "train.steps=100000000", *quiet]


def without_window(folder: Path, data: str, seconds: float) -> None:
    """Child: train in the main thread, as the command line does; prints steps a second."""
    from workbench.engine import events as ev
    from workbench.engine.device import calm_openmp
    from workbench.engine.preferences import Preferences
    from workbench.engine.project.project import Project
    from workbench.engine.train import session
    from workbench.engine.train.job import preset

    calm_openmp()
    preferences = Preferences(device="cpu")
    project = Project(folder)
    run = drain(
        session.create(
            project, preset("cifar10-cnn").with_settings(settings(data, evaluates=False)), preferences=preferences
        )
    )
    begun, first = 0.0, 0
    work = session.train(project, run, preferences=preferences)
    for event in work:
        if isinstance(event, ev.Started):
            begun = time.perf_counter() + WARM_UP
        if isinstance(event, ev.Steps) and begun and time.perf_counter() > begun:
            if not first:
                first, begun = event.last, time.perf_counter()
            elif time.perf_counter() - begun > seconds:
                print(json.dumps({"rate": (event.last - first) / (time.perf_counter() - begun)}), flush=True)
                os._exit(0)


def training_window(folder: Path, data: str, *, trains: str) -> "tuple[App, Job | None]":
    """The real window with the Train panel in view, and the training that has taken its first steps."""
    from workbench.app import App
    from workbench.engine.device import calm_openmp
    from workbench.engine.preferences import Preferences

    calm_openmp()
    app = App(Preferences(device="cpu", theme="light"))
    app.window.resize(1280, 800)
    app.show()
    app.window.open_project(folder)
    app.window.deck.show_panel("train")
    while app.workspace.device is None:
        loop_for(app, 0.05)
    if trains:
        from workbench.engine.train.job import preset

        job = preset("cifar10-cnn").with_settings(settings(data, evaluates=trains == "evaluating"))
        app.workspace.train(job)
        while not app.workspace.training or not app.workspace.training.pace.done:
            loop_for(app, 0.05)
    return app, app.workspace.training


def with_window(folder: Path, data: str, seconds: float, *, trains: str) -> None:
    """Child: the real window, driven for a while; prints steps a second and the delays of its event loop."""
    app, job = training_window(folder, data, trains=trains)
    clock, beats = QElapsedTimer(), []

    def beat() -> None:
        beats.append(clock.nsecsElapsed() / 1e6)

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(HEARTBEAT)
    timer.timeout.connect(beat)
    loop_for(app, WARM_UP)
    first, since = (job.pace.done if job else 0), time.perf_counter()
    clock.start()
    timer.start()
    loop_for(app, seconds)
    late = sorted(max(0.0, after - before - HEARTBEAT) for before, after in pairwise(beats))
    rate = ((job.pace.done if job else 0) - first) / (time.perf_counter() - since)
    result = {
        "rate": rate,
        "beats": len(late),
        "p95": late[int(0.95 * len(late))],
        "p99": late[int(0.99 * len(late))],
        "max": late[-1],
    }
    print(json.dumps(result), flush=True)
    os._exit(0)


def turns(folder: Path, data: str, seconds: float) -> None:
    """Child: the real window, whose thread works and sleeps by turns; prints the ratio of the training's speeds."""
    app, job = training_window(folder, data, trains="with")
    loop_for(app, WARM_UP)
    steps, spent = {"live": 0, "asleep": 0}, {"live": 0.0, "asleep": 0.0}
    for number in range(int(2 * seconds)):
        for side in sorted(steps, reverse=bool(number % 2)):
            first, started = steps_taken(job), time.perf_counter()
            if side == "live":
                loop_for(app, TURN)
            else:
                time.sleep(TURN)
            steps[side] += steps_taken(job) - first
            spent[side] += time.perf_counter() - started
    rates = {side: steps[side] / spent[side] for side in steps}
    print(json.dumps({"ratio": rates["live"] / rates["asleep"], **rates}), flush=True)
    os._exit(0)


def steps_taken(job: "Job") -> int:
    """Steps of the training so far, whether or not the window has heard of them."""
    waiting = [event.last for event in list(job._thread.queue) if hasattr(event, "last")]
    return waiting[-1] if waiting else job.pace.done


def loop_for(app: "App", seconds: float) -> None:
    QTimer.singleShot(int(1000 * seconds), app.qt.exit)
    app.qt.exec()


def child(what: str, folder: Path, data: str, seconds: float, home: Path) -> dict[str, float]:
    arguments = [sys.executable, __file__, "--child", what, "--folder", str(folder), "--data", data]
    done = subprocess.run(
        [*arguments, "--seconds", str(seconds)], env=environment(home), stdout=subprocess.PIPE, text=True, check=True
    )
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def report(what: str, values: dict[str, float]) -> None:
    print(f"event loop, {what}: p95 {values['p95']:.1f} ms, p99 {values['p99']:.1f} ms, max {values['max']:.1f} ms "
          f"of {values['beats']:.0f} beats")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="CIFAR-10 as a folder per class or an archive of it")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", choices=("start", "loop"))
    parser.add_argument("--child")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.child == "without":
        without_window(options.folder, options.data, options.seconds)
    elif options.child == "turns":
        turns(options.folder, options.data, options.seconds)
    elif options.child:
        with_window(
            options.folder, options.data, options.seconds, trains={"idle": ""}.get(options.child, options.child)
        )
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name) / "home", Path(name) / "project"
        if options.only != "loop":
            start_up(home, pairs=2 * options.pairs)
        if options.only == "start":
            return
        data = options.data or str(random_images(Path(name) / "data"))
        report("no training", child("idle", folder, data, options.seconds, home))
        for _ in range(options.pairs):
            report("training with evaluations", child("evaluating", folder, data, options.seconds, home))
        for _ in range(options.pairs):
            values = child("turns", folder, data, options.seconds, home)
            rates = f"{values['live']:.1f} / {values['asleep']:.1f}"
            print(f"window working / asleep: {rates} steps/s = {values['ratio']:.3f}")
        ratios = []
        for number in range(options.pairs):
            order = ("with", "without") if number % 2 else ("without", "with")  # nobody always comes second
            both = {what: child(what, folder, data, options.seconds, home) for what in order}
            ratios.append(both["with"]["rate"] / both["without"]["rate"])
            report("training", both["with"])
            print(f"pair {number + 1}: {both['with']['rate']:.1f} steps/s with the window, "
                  f"{both['without']['rate']:.1f} without: {ratios[-1]:.3f}")  # fmt: skip
        print(f"throughput with the window / without, median of {options.pairs}: {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
