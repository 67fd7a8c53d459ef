"""What every command needs: exit codes, JSON or words, the project it is about, and what happens on a signal."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.engine import events as ev
from workbench.engine.preferences import Preferences, default_project
from workbench.terminal import Terminal

if TYPE_CHECKING:
    from workbench.engine.project.project import Project

R = TypeVar("R")
DONE, BUG, MISTAKE, STOPPED_BY_USER = 0, 1, 2, 130


class Output:
    """Where a command's result goes: JSON lines on stdout, or words."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.terminal = Terminal()

    def record(self, values: dict[str, Any], words: str) -> None:
        """One result: ``values`` as a JSON line, or ``words`` for a person."""
        print(json.dumps(values, ensure_ascii=False) if self.as_json else words, flush=True)  # noqa: T201

    def end(self, code: int, sentence: str) -> int:
        """Say why it ends like this, in one line on stderr; returns ``code``."""
        line = " ".join(sentence.split())
        print(f"workbench: {line}", file=sys.stderr, flush=True)  # noqa: T201
        if self.as_json:
            self.record({"error": line, "code": code}, "")
        return code

    def event(self, event: ev.Event) -> None:
        self.terminal.show(event)
        if self.as_json and not isinstance(event, ev.Progress):
            self.record(ev.to_json(event), "")


@contextlib.contextmanager
def signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Send Ctrl+C and the system's request to end to ``handler``."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


class Interrupted(Exception):
    """The person pressed Ctrl+C (or the system asked us to end); the work was closed and has saved what it had."""


def drive(work: Generator[ev.Event, None, R], show: Callable[[ev.Event], None]) -> R:
    """Iterate ``work`` to its end and return its value; on a signal close it and raise :class:`Interrupted`."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    with signals(ask), contextlib.closing(work):
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                result: R = end.value
                return result
            show(event)
            if asked:
                work.close()
                raise Interrupted


def chosen_project(options: argparse.Namespace) -> "Project":
    from workbench.engine.project.project import Project  # which no window needs before it is there

    return Project(options.project or default_project())


def chosen_preferences(options: argparse.Namespace) -> Preferences:
    preferences = Preferences.load()
    return preferences.replace(device=options.device) if getattr(options, "device", None) else preferences
