"""What looking through 100,000 images costs: opening them, and the GUI thread while thumbnails stream in.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_gallery.py [--count 100000] [--folder PATH] [--only edit]

Makes distinct JPEG files, imports them as ever, and opens the real browser on them in processes of their own: first
with no thumbnails on the disk, then with those that the first left there. A frame is the time that the GUI thread is
busy between two turns of its event loop, heard by a timer that is due at every turn.

Then the real panel edits it: how long until an edit is seen, before and after the images were examined.

The pictures are crops of a few hundred, each tinted: photographs to a decoder, quickly made. ``--folder`` keeps them
and the project, so that a rerun is quick. The system's own cache of files is as it is; "cold" is about ours.
"""

import argparse
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QElapsedTimer, QEventLoop, QObject, Qt, QTimer

if TYPE_CHECKING:
    from workbench.gui.widgets.images.browser import ImageBrowser

ROOT = Path(__file__).resolve().parents[2]
BASES, CLASSES, FOLDERS_OF = 300, 20, 5000
SIZE = (1280, 800)
WARM_UP = 1.0  # seconds
SECONDS = 15.0  # of scrolling
JUMPS = 60
EDITS = 5  # of each kind
NOTCH = 16  # milliseconds between two steps of steady scrolling
STEP = 40  # pixels a step: a hand that scrolls fast


def make_files(folder: Path, *, count: int, side: int) -> None:
    """``count`` JPEG files of ``side`` by three quarters of it, in folders by class; those that are there stay."""
    width, height = side, side * 3 // 4
    random = np.random.default_rng(0)
    bases = [_base(random, width + 32, height + 32) for _ in range(min(BASES, count))]
    for number in range(count):
        path = folder / f"class {number % CLASSES:02}" / f"{number // FOLDERS_OF:02}-{number}.jpg"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        left, top = random.integers(0, 32, 2)
        pixels = bases[number % len(bases)][top : top + height, left : left + width]
        tint = random.integers(-20, 20, 3).astype(np.int16)
        image = Image.fromarray(np.clip(pixels + tint, 0, 255).astype(np.uint8))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
        path.write_bytes(file.getvalue())


def _base(random: np.random.Generator, width: int, height: int) -> np.ndarray:
    """int16[H, W, 3]: large shapes with a grain over them."""
    coarse = Image.fromarray(random.integers(0, 255, (height // 16 + 2, width // 16 + 2, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    return smooth + random.integers(-10, 10, (height, width, 3), dtype=np.int16)


def import_files(project: Path, folder: Path) -> float:
    """Seconds that the import took; 0 if it was there."""
    from workbench.engine.data.ingest import import_dataset
    from workbench.engine.preferences import Preferences
    from workbench.engine.project.project import Project

    started, opened = time.perf_counter(), Project(project)
    if opened.datasets():
        return 0.0
    for _ in import_dataset(opened, str(folder), preferences=Preferences()):
        pass
    return time.perf_counter() - started


class Beats(QObject):
    """Milliseconds between the turns of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._clock, self._moments = QElapsedTimer(), list[float]()
        self._timer = QTimer(self, interval=0, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timer_due)
        self._clock.start()

    def listen(self) -> None:
        self._moments.clear()
        self._timer.start()

    def heard(self) -> list[float]:
        self._timer.stop()
        return [after - before for before, after in pairwise(self._moments)]

    def _on_timer_due(self) -> None:
        self._moments.append(self._clock.nsecsElapsed() / 1e6)


def summary(frames: list[float]) -> dict[str, float]:
    """A turn in which nothing was to be done takes microseconds; frames are those of half a millisecond and more."""
    busy = sorted(frame for frame in frames if frame > 0.5) or [0.0]
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {"frames": len(busy), **{key: busy[int(share * len(busy))] for key, share in at.items()}, "max": busy[-1]}


def loop_until(condition: Callable[[], bool], *, seconds: float = 60.0) -> float:
    """Run the event loop until then; the seconds that it took."""
    loop, started = QEventLoop(), time.perf_counter()
    while not condition():
        assert time.perf_counter() - started < seconds, "this takes too long"
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)
    return time.perf_counter() - started


def steps(browser: "ImageBrowser", *, seconds: float) -> Iterator[None]:
    """Scroll down as a hand does, there and back."""
    bar, direction = browser.gallery.verticalScrollBar(), 1
    for _ in range(int(1000 * seconds / NOTCH)):
        if bar.value() in (bar.minimum(), bar.maximum()):
            direction = 1 if bar.value() == bar.minimum() else -1
        bar.setValue(bar.value() + direction * STEP)
        yield


def jumps(browser: "ImageBrowser") -> Iterator[None]:
    """Drag the bar's handle here and there; a jump lasts a quarter of a second."""
    random, bar = np.random.default_rng(1), browser.gallery.verticalScrollBar()
    for _ in range(JUMPS):
        bar.setValue(int(random.integers(0, bar.maximum())))
        for _ in range(250 // NOTCH):
            yield


def drive(beats: Beats, moves: Iterator[None]) -> dict[str, float]:
    loop, timer = QEventLoop(), QTimer(interval=NOTCH, timerType=Qt.TimerType.PreciseTimer)

    def move() -> None:
        if next(moves, StopIteration) is StopIteration:
            timer.stop()
            loop.quit()

    timer.timeout.connect(move)
    beats.listen()
    timer.start()
    loop.exec()
    return summary(beats.heard())


def resident() -> float:
    """MiB of memory that this process has of its own; the images' file, which is mapped, is the system's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().split("RssAnon:")[1].split()[0]) / 1024


def look(project: Path, cache: Path) -> None:
    """Child: open the set and look through it; prints what it cost."""
    from PySide6.QtWidgets import QApplication

    from workbench.engine.project.project import Project
    from workbench.gui.jobs import Jobs, share_the_interpreter
    from workbench.gui.theme import Theme
    from workbench.gui.widgets.images.browser import ImageBrowser

    app = QApplication([])
    share_the_interpreter()
    theme, jobs, result = Theme(app, choice="light"), Jobs(), dict[str, object]()
    browser = ImageBrowser(jobs, theme, cache=cache)
    browser.resize(*SIZE)
    browser.show()
    beats, opened, before = Beats(), Project(project), resident()
    row = opened.datasets()[0]
    import pyarrow  # noqa: F401  the window has long loaded it when a second set is opened

    def seen() -> int:
        rows = browser.gallery.rows_in_view()
        return sum(browser.thumbnails.get(item) is not None for item in browser.model.items(rows.start, rows.stop))

    beats.listen()
    started = time.perf_counter()
    open_set(browser, jobs, opened, row)
    loop_until(lambda: browser.model.rowCount() > 0)
    result["open"] = time.perf_counter() - started
    loop_until(lambda: seen() > 0)
    result["first"] = time.perf_counter() - started
    loop_until(lambda: seen() == len(browser.gallery.rows_in_view()))
    result["all"], result["tiles"] = time.perf_counter() - started, len(browser.gallery.rows_in_view())
    result["opening"] = summary(beats.heard())
    loop_until(lambda: not browser.gallery.busy)
    drive(beats, steps(browser, seconds=WARM_UP))
    result["steady"] = drive(beats, steps(browser, seconds=SECONDS))
    result["jumps"] = drive(beats, jumps(browser))
    result["settled"] = loop_until(lambda: seen() == len(browser.gallery.rows_in_view()))
    loop_until(lambda: not browser.gallery.busy)
    result["narrowing"] = narrow(browser)
    result["memory"] = {"before": before, "after": resident(), "thumbnails": browser.thumbnails.bytes / 2**20}
    browser.show_catalogue(None)
    jobs.join()
    print(json.dumps(result), flush=True)
    os._exit(0)


def open_set(browser: "ImageBrowser", jobs: object, project: object, row: object) -> None:
    """As the panel does: opened and catalogued in a job, shown when it is done."""
    from workbench.engine.data.opened import open_dataset
    from workbench.engine.waiting import waiting
    from workbench.gui.models.gallery import catalogue_of

    job = jobs.start(waiting(lambda: catalogue_of(open_dataset(project, row)), stage="opening"), title="Opening")
    job.ended.connect(lambda ending: browser.show_catalogue(ending.result))


def narrow(browser: "ImageBrowser") -> dict[str, float]:
    """Milliseconds in the GUI thread for what a person does with the filters."""
    catalogue = browser.model.catalogue
    scores = np.random.default_rng(0).random(len(catalogue))
    times = {}

    def timed(what: str, act: Callable[[], object]) -> None:
        started = time.perf_counter()
        act()
        times[what] = 1000 * (time.perf_counter() - started)

    timed("scores", lambda: browser.set_scores({"Score": scores}))
    sort = browser.arrangement._order
    timed("sort by score", lambda: sort.setCurrentIndex(sort.count() - 1))
    timed("one class", lambda: browser.filters._class.setCurrentIndex(3))
    timed("all classes", lambda: browser.filters._class.setCurrentIndex(0))
    browser.filters._text.setText("77")
    timed("name contains", browser._narrow)
    browser.filters.clear()
    browser._narrow()
    timed("select all", browser.gallery.selectAll)
    timed("selection", browser.selection)
    timed("after an edit", lambda: browser.keep_showing(catalogue))
    return times


def edit(project: Path) -> None:
    """Child: edit the set in the real panel, and print how long it took until the edit was painted, in milliseconds."""
    from PySide6.QtWidgets import QApplication

    from workbench.engine.preferences import Preferences
    from workbench.gui.jobs import share_the_interpreter
    from workbench.gui.models.dataset_edits import excluded, moved, relabelled
    from workbench.gui.panels.data import DataPanel
    from workbench.gui.theme import Theme
    from workbench.gui.workspace import Workspace

    for left in project.glob("data/*/facts.npz"):
        left.unlink()
    app = QApplication([])
    share_the_interpreter()
    workspace = Workspace(Preferences())
    workspace.open_project(project)
    panel = DataPanel(workspace=workspace, theme=Theme(app, choice="light"), trigger=lambda id: None)
    panel.resize(*SIZE)
    panel.show()
    model, beats, result = panel.model, Beats(), dict[str, dict[str, float]]()
    loop_until(lambda: model.dataset is not None)
    loop_until(lambda: not panel.browser.gallery.busy)
    heard: list[object] = []
    model.edited.connect(heard.append)
    label_set, few = next(iter(model.dataset.items.label_sets)), np.arange(40, 52)
    many = np.arange(0, len(model.dataset.items), 2)
    acts: dict[str, Callable[[], None]] = {
        "12 moved": lambda: model.edit(moved(model.dataset, few, "test")),
        "12 given a class": lambda: model.edit(relabelled(model.dataset, few, label_set=label_set, label=3)),
        "12 excluded": lambda: model.edit(excluded(model.dataset, few)),
        "half moved": lambda: model.edit(moved(model.dataset, many, "validation")),
    }
    examined: list[str] = []
    model.examined.connect(lambda: examined.append(""))

    def done(act: Callable[[], None]) -> tuple[float, list[float]]:
        heard.clear()
        examined.clear()
        beats.listen()
        started = time.perf_counter()
        act()
        loop_until(lambda: bool(heard))
        app.processEvents()  # what was changed is painted
        taken = 1000 * (time.perf_counter() - started)
        loop_until(lambda: model.facts is None or bool(examined))
        loop_until(lambda: not model.busy and not panel.browser.gallery.busy)
        return taken, beats.heard()

    def measure(when: str) -> None:
        for what, act in acts.items():
            times: dict[str, list[float]] = {"": [], ", undone": []}
            frames = list[float]()
            for _ in range(EDITS):
                for how, do in (("", act), (", undone", model.undo)):
                    taken, between = done(do)
                    times[how].append(taken)
                    frames += between
            for how, taken_each in times.items():
                result[f"{what}{how}{when}"] = {
                    "p50": float(np.median(taken_each)), "max": max(taken_each), "frame": max(frames),
                }  # fmt: skip

    while model.last:  # of an earlier measurement that was broken off
        done(model.undo)
    measure("")
    model.examine()
    loop_until(lambda: bool(examined) and model.facts is not None, seconds=1200)
    measure(", with facts")
    print(json.dumps(result), flush=True)
    os._exit(0)


def child(project: Path, cache: Path, *, only: str = "look") -> dict[str, dict[str, float]]:
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "bench")])
    arguments = [sys.executable, __file__, "--child", only, "--folder", str(project), "--cache", str(cache)]
    done = subprocess.run(arguments, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    values: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return values


def report(what: str, values: dict[str, dict[str, float]]) -> None:
    print(f"{what}: opened {values['open']:.2f} s, first thumbnails {values['first']:.2f} s, "
          f"all {values['tiles']} tiles {values['all']:.2f} s")  # fmt: skip
    for kind in ("opening", "steady", "jumps"):
        frames = values[kind]
        print(f"  frames, {kind}: p50 {frames['p50']:.1f} ms, p95 {frames['p95']:.1f} ms, p99 {frames['p99']:.1f} ms, "
              f"max {frames['max']:.1f} ms of {frames['frames']:.0f}")  # fmt: skip
    print(f"  all tiles {values['settled']:.2f} s after the last jump")
    print("  in the GUI thread: " + ", ".join(f"{key} {value:.0f} ms" for key, value in values["narrowing"].items()))
    memory = values["memory"]
    print(f"  memory {memory['before']:.0f} to {memory['after']:.0f} MiB, thumbnails {memory['thumbnails']:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--side", type=int, default=160, help="width of the images in pixels")
    parser.add_argument("--folder", type=Path, help="where images and project are kept for the next time")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", choices=("look", "edit"), help="one of the measurements")
    parser.add_argument("--child", choices=("look", "edit"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "look":
        look(options.folder, options.cache)
    elif options.child == "edit":
        edit(options.folder)
    with tempfile.TemporaryDirectory() as name:
        home = options.folder or Path(name)
        os.environ.setdefault("WORKBENCH_HOME", str(home / "home"))
        files = home / f"files-{options.count}-{options.side}"
        project, cache = home / f"project-{options.count}-{options.side}", home / "thumbnails"
        make_files(files, count=options.count, side=options.side)
        seconds = import_files(project, files)
        if seconds:
            print(f"imported {options.count:,} images in {seconds:.1f} s, {options.count / seconds:,.0f} a second")
        if options.only != "edit":
            shutil.rmtree(cache, ignore_errors=True)
            for what in ("cold", "warm"):
                report(what, child(project, cache))
            taken = sum(path.stat().st_size for path in cache.glob("*")) / 2**20
            print(f"thumbnails on the disk: {taken:.1f} MiB")
        if options.only != "look":
            for what, values in child(project, cache, only="edit").items():
                print(f"edit, {what}: seen after {values['p50']:.0f} ms, at most {values['max']:.0f} ms, "
                      f"longest frame {values['frame']:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
