"""Running the program as a user does: within this process, as one of its own, or many times from one fork server."""

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from processes import ROOT

from workbench.cli import main
from workbench.engine.logs import LOGGER

DEADLINE = 120.0  # seconds after which a test gives up on a process that says nothing
_SMALL_PIPE = 4096  # bytes; who writes more than that waits for the reader


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout; fails if one of them is none."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.records[-1]


def call(*arguments: object) -> Outcome:
    """Run a command within this process."""
    out, err = io.StringIO(), io.StringIO()
    handlers = list(LOGGER.handlers)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # --help and --version
            code = int(end.code or 0)
        finally:
            for handler in set(LOGGER.handlers) - set(handlers):  # the next command may have another log file
                LOGGER.removeHandler(handler)
                handler.close()
    return Outcome(code, out.getvalue(), err.getvalue())


def done(*arguments: object) -> Outcome:
    """Run a command within this process and fail unless it succeeds."""
    outcome = call(*arguments)
    assert outcome.code == 0, outcome
    return outcome


def environment(home: Path) -> dict[str, str]:
    """For a process of its own: this checkout, a home of its own, one thread, so that sums add up in one order."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WORKBENCH_HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }


def run_program(*arguments: object, home: Path, cwd: Path) -> Outcome:
    """Run ``python -m workbench`` to its end."""
    ended = subprocess.run(
        [sys.executable, "-m", "workbench", *map(str, arguments)],
        cwd=cwd,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


class Program:
    """A command with ``--json`` under way, read line by line through a pipe so small that it cannot run far ahead.

    A test that stops reading holds the program where it is, and so never has to win a race.
    """

    def __init__(self, process: "subprocess.Popen[bytes] | Child", out: IO[bytes]) -> None:
        self._process, self._out, self._rest = process, out, b""
        self.id = process.pid

    @classmethod
    def start(cls, *arguments: object, home: Path, cwd: Path) -> Self:
        """Start ``python -m workbench`` as a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench", *map(str, arguments), "--json"],
            cwd=cwd,
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=_SMALL_PIPE,
        )
        assert process.stdout
        return cls(process, process.stdout)

    def records(self) -> Iterator[dict[str, Any]]:
        """What it writes from now on, to the end."""
        while True:
            ready, _, _ = select.select([self._out], [], [], DEADLINE)
            assert ready, f"process {self.id} wrote nothing for {DEADLINE:g} s"
            chunk = os.read(self._out.fileno(), _SMALL_PIPE)
            if not chunk:
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            yield from map(json.loads, lines)

    def read_until(self, step: int) -> None:
        """Read until training has passed ``step``."""
        for record in self.records():
            if record.get("event") == "steps" and record["first"] + len(record["series"]["loss"]) > step:
                return
        raise AssertionError(f"it ended before step {step}")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.id, number)

    def stop_listening(self) -> None:
        self._out.close()

    def wait(self) -> int:
        """Its exit code, negative for a signal. What it still has to say is not waited for."""
        code = self._process.wait(timeout=DEADLINE)
        self._out.close()
        return code


class Child:
    """A process that the fork server started; it stays known under its id until :meth:`wait` returns."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self._server, self.pid = server, pid

    def wait(self, timeout: float = DEADLINE) -> int:
        return int(self._server.ask({"wait": self.pid}, timeout=timeout)["code"])


class ForkServer:
    """``fork_server.py`` under way. Linux only: elsewhere a forked process may not use threads."""

    def __init__(self, *, home: Path, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fork_server.py"))],
            cwd=folder,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=DEADLINE)

    def ask(self, request: dict[str, Any], *, timeout: float = DEADLINE) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], timeout)
        assert ready, f"no answer to {request} in {timeout:g} s"
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def _start(self, arguments: Sequence[object], output: Path, errors: Path) -> Child:
        request = {"start": list(map(str, arguments)), "output": str(output), "errors": str(errors)}
        return Child(self, self.ask(request)["process"])

    def _paths(self) -> tuple[Path, Path]:
        self._count += 1
        return self._folder / f"output-{self._count}", self._folder / f"errors-{self._count}"

    def start(self, *arguments: object) -> Child:
        """Start a command whose output nobody reads."""
        return self._start(arguments, *self._paths())

    def start_reading(self, *arguments: object) -> Program:
        """Start a command and read its records as they come."""
        import fcntl  # not everywhere; neither is this server

        output, errors = self._paths()
        os.mkfifo(output)
        child = self._start([*arguments, "--json"], output, errors)
        stream = output.open("rb", buffering=0)  # returns once the child has opened its end
        fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _SMALL_PIPE)
        return Program(child, stream)

    def call(self, *arguments: object) -> Outcome:
        """Run a command to its end."""
        output, errors = self._paths()
        code = self._start(arguments, output, errors).wait()
        return Outcome(code, output.read_text(), errors.read_text())


@dataclass(frozen=True)
class History:
    """All that training computed, without the clock: equal histories are the same training to the bit.

    Attributes:
        steps: Step number to the values of each series at it.
        averages: The last moving averages.
        evaluations: Step and metrics of each evaluation.
        weights: The tensors of the last checkpoint as they lie in its file.
    """

    steps: dict[int, dict[str, float]]
    averages: dict[str, float]
    evaluations: list[tuple[int, dict[str, float]]]
    weights: bytes


def history(run: Path) -> History:
    """Read the history of a run's folder; fails if a step is missing or there twice."""
    steps: dict[int, dict[str, float]] = {}
    averages: dict[str, float] = {}
    evaluations: list[tuple[int, dict[str, float]]] = []
    for line in (run / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "steps":
            for name, values in event["series"].items():
                for step, value in enumerate(values, event["first"]):
                    assert name not in steps.setdefault(step, {}), f"step {step} is there twice"
                    steps[step][name] = value
            averages = event["averages"]
        elif event["event"] == "evaluated":
            evaluations.append((event["step"], event["metrics"]))
    assert list(steps) == list(range(1, len(steps) + 1))
    last = max((run / "checkpoints").glob("step-*"))
    content = (last / "model.safetensors").read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")  # the metadata in it has no fixed order
    return History(steps, averages, evaluations, content[header:])
