"""Work in the background. :class:`Job` is the one class of the program that owns a thread.

A job iterates an engine's generator of events in its ``QThread`` and hands the events on in the GUI thread, in batches,
so that panels repaint once a frame however much happens. Between two events its thread looks whether it should pause or
stop, and closes the generator itself; the generator then saves what there is to save.
"""

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, QTimerEvent, Signal

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.logs import LOGGER
from workbench.gui.pace import Pace

RUNNING, PAUSED, STOPPING = "running", "paused", "stopping"
DONE, STOPPED, FAILED = "done", "stopped", "failed"
FRAME_MILLISECONDS = 50  # events reach panels twenty times a second at most, as often as a loop reports
TELL_SECONDS = 0.5
SWITCH_SECONDS = 0.0005  # see share_the_interpreter()
_NICENESS = 5
_STACK_BYTES = 16 << 20  # what the main thread has on Linux twice over; some systems give a thread half a megabyte

Work = Generator[ev.Event, None, Any]


def share_the_interpreter() -> None:
    """Let Python's threads take turns ten times as often as by default, so that a training loop does not make the
    window wait; call it once, before the first job. Measured effect: DESIGN of the threads, delays a third as long.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ended.

    Attributes:
        state: ``done``, ``stopped`` or ``failed``.
        result: What the generator returned, if it is done.
        error: What it raised, if it failed.
    """

    state: str
    result: Any = None
    error: BaseException | None = None


class Job(QObject):
    """One piece of work under way.

    Signals, all in the GUI thread:
        events: A non-empty tuple of events, in order; none after :meth:`stop`.
        changed: Progress or state are different; for progress twice a second at most, since nobody reads faster.
        state_changed: It was paused, goes on, or is to end.
        ended: The :class:`Ending`, exactly once, after the last events and after the thread has ended.

    Args:
        work: The generator; nothing of it has run yet.
        title: For people: "Training cifar10-cnn".
        kind: ``"training"``, ``"import"`` ...: what panels look for.
        quiet: Not worth a line in the list of jobs, because it lasts an instant or is nobody's wish.
    """

    events = Signal(object)
    changed = Signal()
    state_changed = Signal()
    ended = Signal(object)

    def __init__(
        self, work: Work, *, title: str, kind: str = "", quiet: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.title, self.kind, self.quiet = title, kind, quiet
        self.pace = Pace()
        self.state = RUNNING
        self._thread = _Thread(work, self)
        self._timer = 0
        self._told = 0.0

    def start(self) -> None:
        """Begin. A job is started once."""
        assert not self._timer
        self._timer = self.startTimer(FRAME_MILLISECONDS)
        self._thread.finished.connect(self._on_thread_finished)  # somebody may wait for what takes less than a frame
        self._thread.start()

    def pause(self) -> None:
        """Hold the work after the event that it is busy with; it keeps all it has."""
        if self.state == RUNNING:
            self._thread.may_go_on.clear()
            self._enter(PAUSED)

    def resume(self) -> None:
        if self.state == PAUSED:
            self.pace.rest()
            self._thread.may_go_on.set()
            self._enter(RUNNING)

    def stop(self) -> None:
        """Ask for the end. From now on no event is handed on; ``ended`` still comes."""
        if self.state in (RUNNING, PAUSED):
            self._thread.stop_asked.set()
            self._thread.may_go_on.set()
            self._thread.queue.clear()
            self._enter(STOPPING)

    @property
    def alive(self) -> bool:
        """Whether ``ended`` is still to come."""
        return self.state in (RUNNING, PAUSED, STOPPING)

    def _enter(self, state: str) -> None:
        self.state = state
        self.state_changed.emit()
        self.changed.emit()

    def timerEvent(self, event: QTimerEvent) -> None:
        self._deliver()

    def _on_thread_finished(self) -> None:
        if self.alive:  # it is not where somebody has waited for the thread
            self._deliver()
            self._conclude()

    def _deliver(self) -> None:
        queue, batch = self._thread.queue, []
        with contextlib.suppress(IndexError):
            while True:
                batch.append(queue.popleft())
        if not batch or self.state == STOPPING:
            return
        for event in batch:
            self.pace.add(event)
        self.events.emit(tuple(batch))
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self.changed.emit()

    def _conclude(self) -> None:
        self.killTimer(self._timer)
        self._thread.wait()
        ending = self._thread.ending
        if ending.error is not None and not isinstance(ending.error, UserError):
            LOGGER.error("%s failed", self.title, exc_info=ending.error)
        self._enter(ending.state)
        self.ended.emit(ending)

    def join(self) -> None:
        """Stop and wait for the thread. Blocks; for the very end of the program, when no event loop runs any more."""
        if self.alive:
            self.stop()
            self._thread.wait()
            self._conclude()


class _Thread(QThread):
    """Iterates the generator. The queue and the flags are all that both threads touch."""

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self.setStackSize(_STACK_BYTES)
        self.queue: deque[ev.Event] = deque()
        self.stop_asked = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.ending = Ending(state=STOPPED)
        self._work = work

    def run(self) -> None:
        _yield_to_the_window()
        try:
            with contextlib.closing(self._work):
                while not self.stop_asked.is_set():
                    try:
                        event = next(self._work)
                    except StopIteration as end:
                        self.ending = Ending(state=DONE, result=end.value)
                        return
                    if not self.stop_asked.is_set():
                        self.queue.append(event)
                    self.may_go_on.wait()
        except BaseException as error:  # whatever it is, the window lives on and says so
            self.ending = Ending(state=FAILED, error=error)


def _yield_to_the_window() -> None:
    """Ask the system to prefer the window's thread to this one and to those that it starts. Linux: a thread has its own
    niceness. Alone on a processor it is as fast as before.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class Jobs(QObject):
    """All jobs that have not ended, oldest first.

    Signals:
        started: The :class:`Job`, before its first event.
        ended: The job and its :class:`Ending`, after the job's own signal.
    """

    started = Signal(object)
    ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []

    def start(self, work: Work, *, title: str, kind: str = "", quiet: bool = False) -> Job:
        """Begin ``work``. Connect to the job's signals before the event loop runs again, and nothing is missed."""
        job = Job(work, title=title, kind=kind, quiet=quiet, parent=self)
        self._jobs.append(job)
        job.ended.connect(self._on_job_ended)
        self.started.emit(job)
        job.start()
        return job

    def running(self, kind: str = "") -> list[Job]:
        """Jobs that have not ended, all or those of one kind."""
        return [job for job in self._jobs if not kind or job.kind == kind]

    def stop_all(self) -> None:
        for job in list(self._jobs):
            job.stop()

    def join(self) -> None:
        """Stop everything and wait, also for what is started meanwhile; for the end of the program."""
        while self._jobs:
            self._jobs[0].join()

    def _on_job_ended(self, ending: Ending) -> None:
        job = self.sender()
        assert isinstance(job, Job)
        self._jobs.remove(job)
        self.ended.emit(job, ending)
        job.deleteLater()
