"""What holds for every test: a home of its own, no network, nothing left running, nothing unexpected in the log."""

import logging
import os
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

from workbench.engine.device import calm_openmp
from workbench.engine.logs import LOGGER

calm_openmp()  # nothing above imports torch
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)):  # they share the cores
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
os.environ.setdefault(
    "QT_QPA_PLATFORM", "offscreen"
)  # a test needs no screen; the variable is read with the first window
# No deadline: the machine may be busy. Always the same examples: what fails here fails for everybody.
settings.register_profile("workbench", deadline=None, derandomize=True)
settings.load_profile("workbench")

JOIN_SECONDS = 5.0


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other machines have no address. Offline switches stay unset, so the way of a dead network is what runs."""
    resolve = socket.getaddrinfo

    def local_only(host: object, *rest: object, **options: object) -> object:
        if host in (None, "", "localhost", "127.0.0.1", "::1"):
            return resolve(host, *rest, **options)  # type: ignore[arg-type]
        raise socket.gaierror(socket.EAI_NONAME, f"tests ask no other machine, not even {host!r}")

    monkeypatch.setattr(socket, "getaddrinfo", local_only)


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(JOIN_SECONDS)
    assert not [thread.name for thread in left if thread.is_alive()]


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@pytest.fixture(autouse=True)
def warnings_logged() -> Iterator[list[logging.LogRecord]]:
    """What the program logged as a warning or worse. A test that expects some takes it out; any that is left fails it.

    The logger is given back as it was, without the log file that the test may have started.
    """
    records: list[logging.LogRecord] = []
    handlers, level, propagate = list(LOGGER.handlers), LOGGER.level, LOGGER.propagate
    collector = _Collector(records)
    LOGGER.addHandler(collector)
    yield records
    for handler in set(LOGGER.handlers) - set(handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    LOGGER.setLevel(level)
    LOGGER.propagate = propagate
    assert not [record.getMessage() for record in records]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests run where they are asked for, and those for an accelerator where there is one."""
    if "slow" not in config.getoption("markexpr"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow; run it with -m slow"))
    if for_accelerator := [item for item in items if item.get_closest_marker("gpu")]:
        import torch

        if not torch.accelerator.is_available():
            for item in for_accelerator:
                item.add_marker(pytest.mark.skip(reason="this machine has no accelerator"))
