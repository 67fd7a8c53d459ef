"""Python in a process of its own, for what only a second process can show: locks, crashes, imports."""

import os
import subprocess
import sys
from pathlib import Path

import workbench

ROOT = Path(workbench.__file__).parents[1]
SECONDS = 120.0


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run ``code`` with ``arguments`` in ``sys.argv``; its output is collected."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def start_and_wait_for(word: str, code: str, *arguments: object) -> subprocess.Popen[str]:
    """As :func:`start`, until it prints ``word`` as its first line."""
    process = start(code, *arguments)
    assert process.stdout
    line = process.stdout.readline().strip()
    if line != word:
        _, errors = process.communicate(timeout=SECONDS)
        raise AssertionError(f"{line!r} instead of {word!r}: {errors}")
    return process


def finish(process: subprocess.Popen[str], *, code: int = 0) -> str:
    """Wait for the end; returns what it printed. Any other exit code than ``code`` fails, with what it said."""
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == code, errors
    return output


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=SECONDS)


def run(code: str, *arguments: object, exit_code: int = 0) -> str:
    return finish(start(code, *arguments), code=exit_code)
