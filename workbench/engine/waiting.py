"""A sign of life from work that cannot report by itself: an index is read, a file fetched, a library imported."""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from workbench.engine.events import Progress

T = TypeVar("T")
_PAUSE = 0.05


def waiting(call: Callable[[], T], *, stage: str) -> Generator[Progress, None, T]:
    """The result of ``call``, which runs in a thread of its own.

    Yields:
        Progress of unknown length, twenty times a second; ``done`` counts the seconds.

    Closing the generator waits for the call: whoever made something has to be there to close it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix=stage) as pool:
        future = pool.submit(call)
        started = time.monotonic()
        while not wait([future], timeout=_PAUSE).done:
            yield Progress(stage=stage, done=int(time.monotonic() - started), total=0)
        return future.result()
