"""Starts the program many times for the price of one: a process that has imported everything and forks for each start.

Importing torch takes seconds, so a test that kills the program twenty times could not afford to start it twenty times.
Reads JSON lines from stdin. ``{"start": [...], "output": PATH, "errors": PATH}`` forks a child that runs the command
line with its stdout and stderr in those files, and answers ``{"process": ID}``; ``{"wait": ID}`` answers
``{"code": N}``, negative for a signal, once that child has ended.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

# What the program imports late, it imports here.
import datasets  # noqa: F401
import torch
import torch._dynamo
from sklearn.datasets import load_digits

import workbench.engine.train.fit
import workbench.engine.train.trained  # noqa: F401
from workbench.cli import main


def start(arguments: list[str], output: str, errors: str) -> int:
    """The id of a child that runs ``workbench ARGUMENTS``."""
    process = os.fork()
    if process == 0:
        _child(arguments, output, errors)
    return process


def _child(arguments: list[str], output: str, errors: str) -> NoReturn:
    code = 70
    try:
        for number, (path, mode) in enumerate(
            ((os.devnull, os.O_RDONLY), (output, os.O_WRONLY), (errors, os.O_WRONLY))
        ):
            os.dup2(os.open(path, mode | (os.O_CREAT if number else 0)), number)
        code = main(arguments)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def serve() -> None:
    torch.set_num_threads(1)
    load_digits()
    # A lock that another thread holds at the moment of a fork stays locked in the child for ever. Arrow's allocator
    # keeps one thread, which it brings safely through a fork.
    threads = {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}
    assert threads - {"jemalloc_bg_thd"} == {Path("/proc/self/comm").read_text().strip()}, threads
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer = {"process": start(request["start"], request["output"], request["errors"])}
        else:
            answer = {"code": os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
