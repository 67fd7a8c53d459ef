"""What 50,000 points cost the GUI thread while a hand moves over them, and 100,000 scores while a threshold is dragged.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_scatter.py [--count 50000] [--classes 102] [--scale 2]

A frame is the time from an event of the mouse to the end of the painting that it causes. Sixty frames a second leave
16.7 ms for each. On a machine that is busy with other things only the time on the processor says something. The widgets
are the real ones: the scatter with names, a selection and faded groups; plot, bar and sentences of the Unknown page.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from workbench.engine.inspection.inspection import Inspection
from workbench.engine.preferences import Preferences
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.scatter import Scatter, Tool
from workbench.gui.widgets.inspect.scatter_names import Name
from workbench.gui.widgets.inspect.unknown import UnknownPage
from workbench.gui.workspace import Workspace

SIZES = ((900, 620), (1500, 1000))
FRAMES = 300
NONE, LEFT, RIGHT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def mouse(widget: QWidget, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
    moving = kind == QEvent.Type.MouseMove
    event = QMouseEvent(
        kind, at, widget.mapToGlobal(at), NONE if moving else button, button, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def wheel(widget: QWidget, at: QPointF, angle: int) -> None:
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, angle), NONE, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def measured(what: str, acts: Iterator[Callable[[], None]]) -> None:
    """Do each, paint, and print how long it took."""
    frames, own = [], []
    for act in acts:
        began, spent = time.perf_counter(), time.thread_time()
        act()
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - began))
        own.append(1000 * (time.thread_time() - spent))
    p50, p99 = np.percentile(frames, (50, 99))
    own50, own99 = np.percentile(own, (50, 99))
    print(f"  {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(frames):.1f} ms of {len(frames)}; "
          f"on the processor p50 {own50:.1f} ms, p99 {own99:.1f} ms")  # fmt: skip


def circle(widget: QWidget, frame: int, *, turns: float = 3.0) -> QPointF:
    angle = 2 * np.pi * turns * frame / FRAMES
    radius = 0.35 * min(widget.width(), widget.height())
    return QPointF(widget.width() / 2 + radius * np.cos(angle), widget.height() / 2 + radius * np.sin(angle))


def cloud(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """float32[M, 2] in blobs, and int64[M] which one."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, count)
    points = random.normal(0, 4, (classes, 2))[labels] + random.normal(0, 0.8, (count, 2))
    return points.astype(np.float32), labels


def scatter(theme: Theme, *, size: tuple[int, int], count: int, classes: int) -> None:
    points, labels = cloud(count, classes)
    widget = Scatter(theme, name="bench.scatter")
    widget.resize(*size)
    widget.show()
    palette = np.array([int(colour[1:], 16) for colour in theme.colours.series], np.uint32)
    began = time.perf_counter()
    widget.set_points(points)
    widget.set_colours(
        palette[labels % len(palette)], shapes=(labels % 6).astype(np.uint8), front=labels < (classes + 1) // 2
    )
    widget.set_selection(np.flatnonzero(labels == 0))
    middles = [points[labels == label].mean(0).tolist() for label in range(classes) if (labels == label).any()]
    widget.set_names([Name(text=f"class {i}", x=x, y=y, colour="#2f62d9") for i, (x, y) in enumerate(middles)])
    QApplication.processEvents()
    pixels = f"{size[0]} x {size[1]} at {widget.devicePixelRatioF():g}"
    print(f"{count:,} points, {classes} classes, {pixels}: shown after {1000 * (time.perf_counter() - began):.0f} ms")

    def moves(button: Qt.MouseButton, *, turns: float = 3.0) -> Iterator[Callable[[], None]]:
        if button != NONE:
            mouse(widget, QEvent.Type.MouseButtonPress, circle(widget, 0, turns=turns), button)
        for frame in range(FRAMES):
            at = circle(widget, frame, turns=turns)
            yield lambda at=at: mouse(widget, QEvent.Type.MouseMove, at, button)
        if button != NONE:
            end = circle(widget, FRAMES, turns=turns)
            yield lambda: mouse(widget, QEvent.Type.MouseButtonRelease, end, button)

    def zooms() -> Iterator[Callable[[], None]]:
        for frame in range(FRAMES):
            angle = 60 if frame % 100 < 50 else -60
            yield lambda angle=angle: wheel(widget, QPointF(size[0] / 3, size[1] / 3), angle)

    def places() -> Iterator[Callable[[], None]]:
        steps = np.random.default_rng(1).normal(0, 0.02, points.shape).astype(np.float32)
        for frame in range(60):
            yield lambda frame=frame: widget.set_points(points + frame * steps)

    measured("moving", moves(RIGHT))
    widget.fit()
    measured("zooming", zooms())
    widget.fit()
    measured("hovering", moves(NONE))
    measured("drawing a lasso, and what it holds at the end", moves(LEFT, turns=0.95))
    widget.set_tool(Tool.RECTANGLE)
    measured("drawing a rectangle", moves(LEFT, turns=0.45))
    measured("points that move", places())
    widget.close()
    widget.deleteLater()


def inspection(count: int, classes: int, *, known: bool) -> Inspection:
    random = np.random.default_rng(known)
    labels = random.integers(0, classes, count)
    logits = random.normal(size=(count, classes)).astype(np.float32)
    logits[np.arange(count), labels] += 4 if known else 1
    return Inspection(
        run="run", name="run", step=1, steps=1, dataset="data", split="validation", protocol="made up",
        classes=tuple(map(str, range(classes))), items=np.arange(count),
        labels=labels if known else np.full(count, -1), logits=logits, features=logits,
    )  # fmt: skip


def threshold(theme: Theme, *, count: int, classes: int) -> None:
    workspace = Workspace(Preferences(device="cpu"))
    model = InspectionModel(workspace)
    page = UnknownPage(model, theme)
    page.resize(1200, 700)
    page.show()
    began = time.perf_counter()
    model.show(inspection(count, classes, known=True))
    model.put_unknowns("others", inspection(count, classes, known=False))
    while page.threshold is None or page.knownness.busy or len(page.verdicts.sentences) < 2:
        QApplication.processEvents()
    print(f"{count:,} known and {count:,} unknown items: scored after {time.perf_counter() - began:.1f} s")
    plot = page.histograms
    area = plot.area()

    def drags() -> Iterator[Callable[[], None]]:
        mouse(plot, QEvent.Type.MouseButtonPress, area.center(), LEFT)
        for frame in range(FRAMES):
            x = area.center().x() + 0.45 * area.width() * np.sin(6 * np.pi * frame / FRAMES)
            at = QPointF(x, area.center().y())
            yield lambda at=at: mouse(plot, QEvent.Type.MouseMove, at, LEFT)
        mouse(plot, QEvent.Type.MouseButtonRelease, area.center(), LEFT)

    measured("dragging the threshold", drags())
    page.close()
    workspace.jobs.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--classes", type=int, default=102)
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels to a logical one")
    options = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    app = QApplication([])
    theme = Theme(app, choice="light")
    for size in SIZES:
        scatter(theme, size=size, count=options.count, classes=options.classes)
    threshold(theme, count=options.count, classes=options.classes)


if __name__ == "__main__":
    main()
