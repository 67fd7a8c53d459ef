"""What every command needs to speak: exit codes, JSON or words, and what happens on a signal."""

import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from workbench.engine import events as ev
from workbench.terminal import Terminal

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
