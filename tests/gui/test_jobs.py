"""Jobs: order, pausing, stopping, failing, and that nothing of them stays behind."""

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Generator

import pytest
from PySide6.QtCore import QCoreApplication, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qt_helpers import settle

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, FAILED, PAUSED, RUNNING, STOPPED, STOPPING, Ending, Job, Jobs


class Heard:
    """What a job has said."""

    def __init__(self, job: Job) -> None:
        self.numbers: list[int] = []
        self.endings: list[Ending] = []
        self.threads: set[bool] = set()
        job.events.connect(self.events)
        job.ended.connect(self.ended)

    def events(self, events: tuple[ev.Event, ...]) -> None:
        self.threads.add(QThread.currentThread() is QCoreApplication.instance().thread())
        self.numbers += [event.done for event in events if isinstance(event, ev.Progress)]

    def ended(self, ending: Ending) -> None:
        self.threads.add(QThread.currentThread() is QCoreApplication.instance().thread())
        self.endings.append(ending)


def counting(count: int, result: object = None) -> Generator[ev.Event, None, object]:
    for number in range(count):
        yield ev.Progress(stage="counting", done=number, total=count)
    return result


class Gate:
    """Endless work that takes a step only when it is let, and says when it was closed."""

    def __init__(self) -> None:
        self.may = threading.Semaphore(0)
        self.closed_in: int | None = None
        self.taken = 0

    def work(self) -> Generator[ev.Event, None, None]:
        try:
            while True:
                yield ev.Progress(stage="waiting", done=self.taken, total=0)
                while not self.may.acquire(timeout=0.01):
                    yield ev.Progress(stage="waiting", done=self.taken, total=0)
                self.taken += 1
        finally:
            self.closed_in = threading.get_ident()


@pytest.fixture
def jobs(qapp: QApplication) -> Generator[Jobs, None, None]:
    jobs = Jobs()
    yield jobs
    jobs.join()
    jobs.deleteLater()


def until_ended(qtbot: QtBot, heard: Heard) -> Ending:
    qtbot.waitUntil(lambda: bool(heard.endings), timeout=10_000)
    return heard.endings[0]


def test_events_come_whole_and_in_order_in_the_gui_thread(qtbot: QtBot, jobs: Jobs) -> None:
    job = jobs.start(counting(5000, result="all"), title="counting")
    heard = Heard(job)
    ending = until_ended(qtbot, heard)
    assert (ending.state, ending.result, ending.error) == (DONE, "all", None)
    assert heard.numbers == list(range(5000))
    assert heard.threads == {True}
    assert not jobs.running()


def test_the_work_runs_elsewhere(qtbot: QtBot, jobs: Jobs) -> None:
    def where() -> Generator[ev.Event, None, int]:
        yield ev.Message(text="here")
        return threading.get_ident()

    heard = Heard(jobs.start(where(), title="where"))
    assert until_ended(qtbot, heard).result != threading.get_ident()


def test_nothing_is_heard_after_a_stop_but_the_end(qtbot: QtBot, jobs: Jobs) -> None:
    gate = Gate()
    job = jobs.start(gate.work(), title="gate")
    heard = Heard(job)
    qtbot.waitUntil(lambda: bool(heard.numbers))
    gate.may.release(100)
    job.stop()
    assert job.state == STOPPING
    before = len(heard.numbers)
    ending = until_ended(qtbot, heard)
    assert ending.state == STOPPED
    assert len(heard.numbers) == before
    assert gate.closed_in not in (None, threading.get_ident())
    job.stop()  # again: nothing happens
    settle()
    assert len(heard.endings) == 1


def test_a_pause_holds_the_work_and_a_stop_ends_a_pause(qtbot: QtBot, jobs: Jobs) -> None:
    gate = Gate()
    job = jobs.start(gate.work(), title="gate")
    heard = Heard(job)
    qtbot.waitUntil(lambda: bool(heard.numbers))
    job.pause()
    assert job.state == PAUSED
    qtbot.wait(100)  # what is in flight arrives
    gate.may.release(5)
    taken = gate.taken
    qtbot.wait(100)
    assert gate.taken <= taken + 1
    job.resume()
    assert job.state == RUNNING
    qtbot.waitUntil(lambda: gate.taken == 5)
    job.pause()
    job.stop()
    assert until_ended(qtbot, heard).state == STOPPED


def test_what_is_raised_arrives_and_a_bug_is_logged(qtbot: QtBot, jobs: Jobs, warnings_logged: list[object]) -> None:
    def fails(error: BaseException) -> Generator[ev.Event, None, None]:
        yield ev.Progress(stage="failing", done=1, total=2)
        raise error

    mistake = Heard(jobs.start(fails(UserError("no such thing")), title="mistake"))
    assert str(until_ended(qtbot, mistake).error) == "no such thing"
    assert not warnings_logged
    bug = Heard(jobs.start(fails(ZeroDivisionError("oh")), title="bug"))
    ending = until_ended(qtbot, bug)
    assert ending.state == FAILED
    assert isinstance(ending.error, ZeroDivisionError)
    assert bug.numbers == [1]
    assert len(warnings_logged) == 1
    warnings_logged.clear()


def test_what_is_raised_while_closing_is_a_failure(qtbot: QtBot, jobs: Jobs) -> None:
    def cannot_save() -> Generator[ev.Event, None, None]:
        try:
            while True:
                yield ev.Progress(stage="working", done=0, total=0)
        finally:
            raise UserError("the disk is full")

    job = jobs.start(cannot_save(), title="saving")
    heard = Heard(job)
    qtbot.waitUntil(lambda: bool(heard.numbers))
    job.stop()
    ending = until_ended(qtbot, heard)
    assert (ending.state, str(ending.error)) == (FAILED, "the disk is full")


def test_two_hundred_cycles_leave_nothing(qtbot: QtBot, jobs: Jobs) -> None:
    def cycle() -> weakref.ref[Job]:
        gate = Gate()
        job = jobs.start(gate.work(), title="cycle")
        heard = Heard(job)
        qtbot.waitUntil(lambda: bool(heard.numbers), timeout=10_000)
        job.stop()
        until_ended(qtbot, heard)
        return weakref.ref(job)

    def census() -> tuple[int, int]:
        settle()
        gc.collect()
        return len(gc.get_objects()), threading.active_count()

    for _ in range(10):
        cycle()
    objects, threads = census()
    references = [cycle() for _ in range(200)]
    after_objects, after_threads = census()
    assert not any(reference() for reference in references[:-1])
    assert after_threads <= threads + 1
    assert after_objects - objects < 200 + len(references)  # less than one object a cycle beside the references


@pytest.mark.parametrize("value", [None, True])
def test_the_binding_loses_no_reference(qtbot: QtBot, jobs: Jobs, value: object) -> None:
    """PySide6 6.12.0 on Python 3.11 lost one to ``None`` a ``processEvents()`` and one to ``True`` an ``emit()``."""

    def spend(times: int) -> None:
        for _ in range(times):
            jobs.started.emit(value)
            QCoreApplication.processEvents()

    spend(100)
    before = sys.getrefcount(value)
    spend(2000)
    assert abs(sys.getrefcount(value) - before) < 500


def test_the_end_of_the_program_joins_everything(qapp: QApplication) -> None:
    gates: list[Gate] = [Gate() for _ in range(3)]
    jobs = Jobs()
    heard = [Heard(jobs.start(gate.work(), title="gate")) for gate in gates]
    jobs.join()
    assert [len(one.endings) for one in heard] == [1, 1, 1]
    assert all(gate.closed_in is not None or not gate.taken for gate in gates)
    assert not jobs.running()
    jobs.deleteLater()


def test_who_starts_and_ends_is_told(qtbot: QtBot, jobs: Jobs) -> None:
    told: list[tuple[str, str]] = []
    on_started: Callable[[Job], None] = lambda job: told.append(("started", job.title))  # noqa: E731
    jobs.started.connect(on_started)
    jobs.ended.connect(lambda job, ending: told.append((ending.state, job.title)))
    heard = Heard(jobs.start(counting(3), title="one", kind="import"))
    assert jobs.running("import")
    assert not jobs.running("training")
    until_ended(qtbot, heard)
    assert told == [("started", "one"), ("done", "one")]
