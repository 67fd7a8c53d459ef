"""Work in a thread of its own, seen through a generator."""

import threading
from collections.abc import Generator

import pytest

from workbench.engine.events import Progress
from workbench.engine.waiting import waiting


def test_it_reports_until_the_call_returns() -> None:
    go = threading.Event()

    def call() -> str:
        assert go.wait(10)
        return "done"

    work = waiting(call, stage="opening")
    assert next(work) == Progress(stage="opening", done=0, total=0)
    assert isinstance(next(work), Progress)
    go.set()
    results: list[str] = []

    def follow() -> Generator[Progress, None, None]:
        results.append((yield from work))

    list(follow())
    assert results == ["done"]


def test_an_error_in_the_call_is_raised_here() -> None:
    def call() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        list(waiting(call, stage="opening"))


def test_closing_waits_for_the_call() -> None:
    go, ended = threading.Event(), threading.Event()

    def call() -> None:
        go.wait(10)
        ended.set()

    work = waiting(call, stage="opening")
    next(work)
    threading.Timer(0.05, go.set).start()
    work.close()
    assert ended.is_set()
