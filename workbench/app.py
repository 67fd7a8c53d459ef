"""The composition root: preferences, workspace, theme and window, wired together and run.

The only module that knows both halves of the program. What it imports at its top is what a window needs to appear;
torch and everything that leans on it come afterwards, in a job.

What has been loaded when the window is there, and what torch adds later, is taken out of the garbage collector's sight:
looking through a million objects that stay would hold the window up for a tenth of a second each time.
"""

import gc
import os
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from workbench import __version__
from workbench.engine.errors import UserError
from workbench.engine.logs import LOGGER
from workbench.engine.preferences import Preferences, demo_project
from workbench.gui.demo import Demo
from workbench.gui.jobs import Ending, Job, share_the_interpreter
from workbench.gui.memory import Memory
from workbench.gui.panels import PANELS
from workbench.gui.theme import Theme
from workbench.gui.window import Window
from workbench.gui.workspace import Workspace

PICTURE_SIZE = QSize(1440, 900)
_SIGNAL_MILLISECONDS = 200  # how long Ctrl+C in the terminal may wait


class App:
    """One window and all it stands on.

    Args:
        preferences: Theme, scale and device.
    """

    def __init__(self, preferences: Preferences) -> None:
        if preferences.scale != 100:
            os.environ.setdefault("QT_SCALE_FACTOR", f"{preferences.scale / 100:g}")
        share_the_interpreter()
        self.qt = QApplication.instance() or QApplication([sys.argv[0]])
        assert isinstance(self.qt, QApplication)
        self.qt.setQuitOnLastWindowClosed(False)  # the window says when it has left
        self.qt.setApplicationName("workbench")
        self.qt.setApplicationDisplayName("Workbench")
        self.qt.setApplicationVersion(__version__)
        self.qt.setDesktopFileName("workbench")
        self.theme = Theme(self.qt, choice=preferences.theme)
        self.qt.setWindowIcon(self.theme.icon("app"))
        self.workspace = Workspace(preferences)
        self.window = Window(self.workspace, self.theme, Memory())
        self.demo = Demo(self.workspace, self.workspace)
        self.window.demo_wanted.connect(self._on_demo_wanted)
        self.window.left.connect(self.qt.quit)
        self.window.appeared.connect(self._on_window_appeared)
        self.workspace.device_known.connect(gc.freeze)

    def show(self) -> None:
        """Bring the window to the screen; what is heavy is loaded once it is there."""
        self.window.show()

    def _on_window_appeared(self) -> None:
        gc.freeze()
        gc.enable()
        self.workspace.look_for_devices()

    def run(self) -> int:
        """The event loop, until the window has been left. Ctrl+C in the terminal leaves it as a click would."""
        before = sys.excepthook, threading.excepthook
        sys.excepthook = self._on_exception
        heartbeat = QTimer(interval=_SIGNAL_MILLISECONDS)  # Python sees a signal only when it runs
        heartbeat.timeout.connect(_nothing)
        heartbeat.start()
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return self.qt.exec()
        finally:
            heartbeat.stop()
            self.workspace.jobs.join()
            sys.excepthook, threading.excepthook = before
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        self.window.leave()

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """A bug in a slot: it is written down and shown, and the window stays."""
        LOGGER.error("a bug in the window", exc_info=(kind, error, trace))
        self.window.errors.show_error(error, doing="using the window")

    def try_demo(self, folder: Path) -> bool:
        """Open (or make) the project in ``folder`` and train on data that ships; whether that has begun."""
        if not self.window.open_project(folder):
            return False
        self.window.deck.show_panel("train")
        self.demo.start()
        return True

    def _on_demo_wanted(self) -> None:
        self.try_demo(demo_project())


def open_window(preferences: Preferences, *, project: Path | None) -> int:
    """Show the window, with ``project`` open if there is one, until it is closed; returns the exit code."""
    app = App(preferences)
    if project:
        app.window.open_project(project)
    app.show()
    return app.run()


def open_demo(preferences: Preferences, *, project: Path, screenshots: Path | None) -> int:
    """Show the window with the demo under way.

    Args:
        screenshots: Where to write a picture of each panel after the run; the window is then closed.

    Raises:
        UserError: The project, the run or a picture failed, where pictures were asked for.
    """
    from workbench.gui.screenshots import Screenshots

    app = App(preferences)
    app.show()
    failures: list[BaseException] = []

    def on_job_ended(job: Job, ending: Ending) -> None:
        if ending.error:
            failures.append(ending.error)

    def on_pictures_finished(error: UserError | None) -> None:
        failures.extend([error] if error else [])
        app.window.leave()

    if not app.try_demo(project):
        failures.append(UserError(app.window.errors.text))
    if screenshots:
        app.window.resize(PICTURE_SIZE)
        app.workspace.jobs.ended.connect(on_job_ended)
        pictures = Screenshots(
            app.window,
            screenshots,
            panels=[kind.id for kind in PANELS],
            show=app.window.deck.show_panel,
            busy=lambda: bool(app.workspace.jobs.running()) or _charts_lag(app.window),
        )
        pictures.finished.connect(on_pictures_finished)
    code = app.run()
    if screenshots and failures:
        raise failures[0]
    return code


def _charts_lag(window: QWidget) -> bool:
    """Whether a chart that is seen has numbers that it does not show yet; they are painted one after the other."""
    from workbench.gui.widgets.plots.live_plot import LivePlot

    return any(plot.stale and not plot.visibleRegion().isEmpty() for plot in window.findChildren(LivePlot))


def _nothing() -> None:
    pass
