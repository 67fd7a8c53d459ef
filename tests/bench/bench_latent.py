"""How long a person waits who drags through a latent space, from the event of the mouse to the painted picture.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_latent.py [--points 50000] [--frames 600] [--only vae]

The widgets, the decoder and the networks are the real ones, untrained, in a real event loop: sixty events of the mouse
a second, first in quiet and then beside a training in another thread, as the program runs it. An event counts until a
picture that is at least as new is on the paper, so one that was skipped costs what it made a person wait. The aim is a
p99 of at most 16 ms for the dense decoders, and 100 ms for a manifold of 20 x 20. On a machine that does something else
meanwhile, believe the figures of the processor: what the window's thread itself spends on a frame.
"""

import argparse
import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "4000")  # as the program itself does

import numpy as np
import torch
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from workbench.engine import events as ev
from workbench.engine.data.pixels import Geometry
from workbench.engine.latent.codes import Codes
from workbench.engine.latent.explorer import Explorer, explorer_of
from workbench.engine.models import MODELS, build
from workbench.engine.preferences import Preferences
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.task import Setting
from workbench.engine.train.checkpoint import Meta
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.trained import Trained
from workbench.gui.jobs import share_the_interpreter
from workbench.gui.models.latent import LatentModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.latent.manifold import ManifoldPage
from workbench.gui.widgets.latent.plane import PlanePage
from workbench.gui.workspace import Workspace

NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
FRAME_MILLISECONDS = 16
SIZE = (1240, 760)


@dataclass(frozen=True, slots=True)
class Network:
    """A family with settings, on images of ``shape``."""

    family: str
    settings: dict[str, object]
    shape: tuple[int, int, int] = (1, 28, 28)


NETWORKS = {
    "vae 2-500-784": Network("vae", {"latent": 2}),
    "vae 20-500-784": Network("vae", {"latent": 20}),
    "vae-conv 28 px": Network("vae-conv", {}),
    "vae-conv 64 px, colour": Network("vae-conv", {}, (3, 64, 64)),
    "gan": Network("gan", {}),
    "gan-conv": Network("gan-conv", {}, (1, 32, 32)),
    "flow": Network("flow", {}),
}


def explorer(network: Network) -> Explorer:
    """The network as if it were a run's."""
    kind = MODELS[network.family]
    params = kind.params(**network.settings)
    generator = torch.Generator().manual_seed(0)
    model = build(network.family, params, shape=network.shape, classes=10, generator=generator).eval()
    channels, size, _ = network.shape
    values = {"data": {"source": "x"}, "model": {"name": network.family, **network.settings}}
    preprocessing = Preprocessing(
        geometry=Geometry(size=size, how="crop", mode="RGB" if channels == 3 else "L"),
        mean=(0.0,) * channels, deviation=(1.0,) * channels,
    )  # fmt: skip
    meta = Meta(
        step=1, job=values, classes=tuple("0123456789"), preprocessing=preprocessing.to_dict(), shape=network.shape,
        protocol="made up", split="", fingerprint="",
    )  # fmt: skip
    task = make_task(kind.task, TASKS[kind.task].params(), Setting(classes=10))
    trained = Trained(
        checkpoint=Path("none"), meta=meta, job=Job.from_dict(values, name=""), model=model, task=task,
        device=torch.device("cpu"),
    )  # fmt: skip
    return explorer_of(trained, run="bench")


def codes(count: int, dims: int) -> Codes:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, count)
    mean = random.normal(0, 1.5, (10, dims))[labels] + random.normal(0, 0.5, (count, dims))
    return Codes(
        run="bench", step=1, split="validation", protocol="made up", classes=tuple("0123456789"),
        items=np.arange(count), labels=labels, mean=mean.astype(np.float32),
        deviation=np.full((count, dims), 0.1, np.float32),
    )  # fmt: skip


def training() -> Generator[ev.Event, None, None]:
    """A training of the dense network as fast as it goes, batch 128."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(784, 500), torch.nn.Tanh(), torch.nn.Linear(500, 20), torch.nn.Linear(20, 500), torch.nn.Tanh(),
        torch.nn.Linear(500, 784),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters())
    images = torch.rand(128, 784)
    step = 0
    while True:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        yield ev.Progress(stage="training", done=step, total=0)


@dataclass
class Waits:
    """When each request was made, and how long it took until it or a later one was seen."""

    open: list[tuple[int, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    asked: int = 0
    painted: int = 0

    def on_painted(self, number: int) -> None:
        now = time.perf_counter()
        self.painted += 1
        self.seconds.extend(now - at for own, at in self.open if own <= number)
        self.open = [(own, at) for own, at in self.open if own > number]


class Drag(QObject):
    """Sends events of the mouse to a widget, sixty a second, until ``frames`` are through."""

    def __init__(self, widget: QWidget, *, frames: int, waits: Waits, number: Callable[[], int]) -> None:
        super().__init__()
        self._widget, self._frames, self._waits, self._number = widget, frames, waits, number
        self._frame = 0
        self._loop = QEventLoop()
        self.own: list[float] = []
        self._timer = QTimer(self, interval=FRAME_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_frame)

    def run(self) -> None:
        self._send(QEvent.Type.MouseButtonPress)
        self._spent = time.thread_time()
        self._timer.start()
        self._loop.exec()

    def _place(self) -> QPointF:
        angle = 6 * np.pi * self._frame / self._frames
        radius = 0.35 * min(self._widget.width(), self._widget.height())
        middle = QPointF(self._widget.width() / 2, self._widget.height() / 2)
        return middle + QPointF(radius * np.cos(angle), radius * np.sin(1.7 * angle))

    def _send(self, kind: QEvent.Type) -> None:
        at, moving = self._place(), kind == QEvent.Type.MouseMove
        event = QMouseEvent(
            kind, at, self._widget.mapToGlobal(at), NONE if moving else LEFT, LEFT, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self._widget, event)

    def _on_frame(self) -> None:
        spent = time.thread_time()
        self.own.append(spent - self._spent)
        self._spent = spent
        if self._frame == self._frames:
            self._timer.stop()
            self._send(QEvent.Type.MouseButtonRelease)
            QTimer.singleShot(300, self._loop.quit)
        self._frame += 1
        at = time.perf_counter()
        self._send(QEvent.Type.MouseMove)
        self._waits.asked += 1
        self._waits.open.append((self._number(), at))


def tell(what: str, seconds: list[float], *, more: str = "") -> None:
    if not seconds:
        print(f"  {what}: nothing was painted")
        return
    p50, p99 = 1000 * np.percentile(seconds, (50, 99))
    print(f"  {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {1000 * max(seconds):.1f} ms of {len(seconds)}{more}")


def until(ready: Callable[[], bool], *, seconds: float = 60.0) -> None:
    end = time.perf_counter() + seconds
    while not ready() and time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def drag(page: PlanePage, model: LatentModel, *, frames: int, what: str) -> None:
    waits = Waits()
    decoder = model.decoder
    numbers = [0]
    ask = decoder.ask

    def noting(channel: str, codes: np.ndarray, *, score: bool = False, noise: int = -1) -> int:
        number = ask(channel, codes, score=score, noise=noise)
        if channel == "plane":
            numbers[0] = number
        return number

    decoder.ask = noting  # type: ignore[method-assign]
    page.side.picture.painted.connect(waits.on_painted)
    hand = Drag(page.view, frames=frames, waits=waits, number=lambda: numbers[0])
    hand.run()
    page.side.picture.painted.disconnect(waits.on_painted)
    del decoder.ask
    own = 1000 * np.percentile(hand.own, (50, 99))
    more = f"; {waits.painted} pictures for {waits.asked} events"
    more += f"; the window's thread p50 {own[0]:.1f} ms, p99 {own[1]:.1f} ms"
    tell(what, waits.seconds, more=more)


def manifold(page: ManifoldPage, *, what: str, times: int = 20) -> None:
    seconds = []
    painted: list[int] = []
    page.view.painted.connect(painted.append)
    for time_ in range(times):
        before, began = len(painted), time.perf_counter()
        page.view.zoom(1.1 if time_ % 2 == 0 else 1 / 1.1, at=(0.3, 0.6))
        until(lambda before=before: len(painted) > before)
        seconds.append(time.perf_counter() - began)
    tell(what, seconds)


def network(theme: Theme, name: str, kind: Network, *, points: int, frames: int) -> None:
    workspace = Workspace(Preferences(device="cpu"))
    model = LatentModel(workspace)
    model.failed.connect(lambda error, doing: print(f"  failed while {doing}: {error!r}"))
    shown = explorer(kind)
    began = time.perf_counter()
    some = codes(points, shown.dims) if shown.encodes != "no" else None
    print(f"{name}, {shown.dims} dimensions, {points if some else 0:,} points")
    page = PlanePage(model, theme)
    page.resize(*SIZE)
    page.show()
    model.show(shown, codes=some)
    until(lambda: page.side.picture.image is not None and not page.finder.busy)
    print(f"  shown after {1000 * (time.perf_counter() - began):.0f} ms")
    single = np.zeros((1, shown.dims), np.float32)
    tell("decoding alone, one code", [timed(lambda: shown.decode(single)) for _ in range(100)])
    drag(page, model, frames=frames, what="drag to picture, quiet")
    job = workspace.jobs.start(training(), title="training", kind="training")
    until(lambda: job.pace.done > 10)
    drag(page, model, frames=frames, what="drag to picture, beside a training")
    job.stop()
    until(lambda: not job.alive)
    page.close()
    sheet = ManifoldPage(model, theme)
    sheet.resize(*SIZE)
    sheet.show()
    until(lambda: sheet.view.sheet is not None)
    manifold(sheet, what="manifold of 20 x 20, asked to painted")
    sheet.close()
    for widget in (page, sheet):
        widget.deleteLater()
    model.close()
    workspace.jobs.join()
    QApplication.processEvents()


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    options = parser.parse_args()
    share_the_interpreter()
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(app, choice="light")
    for name, kind in NETWORKS.items():
        if options.only in name:
            network(theme, name, kind, points=options.points, frames=options.frames)


if __name__ == "__main__":
    main()
