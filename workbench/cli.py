"""The command line: the same engine without a window.

Exit codes: 0 done; 1 our bug; 2 the user's mistake, one line on stderr; 130 interrupted, with a checkpoint saved.
With ``--json`` stdout holds JSON lines and nothing else; everything for people goes to stderr.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

from workbench import __version__
from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.device import calm_openmp
from workbench.engine.errors import UserError
from workbench.engine.logs import LOGGER, start_log_file
from workbench.engine.preferences import Preferences, default_project, log_file
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, INTERRUPTED, RUNNING, STOPPED, Run
from workbench.engine.train import session
from workbench.engine.train.job import Job, load_job, preset, presets
from workbench.terminal import Terminal, metrics_text

DONE, BUG, MISTAKE, STOPPED_BY_USER = 0, 1, 2, 130
DEMO_PRESET = "digits-cnn"
R = TypeVar("R")


class Interrupted(Exception):
    """The person pressed Ctrl+C (or the system asked us to end); the work was closed and has saved what it had."""


class Output:
    """Where a command's result goes: JSON lines on stdout, or words."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.terminal = Terminal()

    def record(self, values: dict[str, Any], words: str) -> None:
        """One result: ``values`` as a JSON line, or ``words`` for a person."""
        print(json.dumps(values, ensure_ascii=False) if self.as_json else words, flush=True)  # noqa: T201

    def event(self, event: ev.Event) -> None:
        self.terminal.show(event)
        if self.as_json and not isinstance(event, ev.Progress):
            self.record(ev.to_json(event), "")


def drive(work: Generator[ev.Event, None, R], show: Callable[[ev.Event], None]) -> R:
    """Iterate ``work`` to its end and return its value; on a signal close it and raise :class:`Interrupted`."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    with _signals(ask), contextlib.closing(work):
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


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Send Ctrl+C and the system's request to end to ``handler``."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    calm_openmp()
    start_log_file()
    output = Output(as_json="--json" in given)
    try:
        with _signals(signal.default_int_handler), output.terminal:
            options = _parser().parse_args(given)
            command: Callable[[argparse.Namespace, Output], int] = options.command
            return command(options, output)
    except UserError as error:
        LOGGER.info("refused: %s", error)
        return _end(output, MISTAKE, str(error))
    except BrokenPipeError:
        # Whoever read the results is gone. The interpreter flushes stdout once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED_BY_USER
    except KeyboardInterrupt:
        return _end(output, STOPPED_BY_USER, "interrupted")
    except Exception as error:
        LOGGER.exception("a bug")
        return _end(output, BUG, f"a bug in the workbench: {type(error).__name__}: {error} (details: {log_file()})")


def _end(output: Output, code: int, sentence: str) -> int:
    line = " ".join(sentence.split())
    print(f"workbench: {line}", file=sys.stderr, flush=True)  # noqa: T201
    if output.as_json:
        output.record({"error": line, "code": code}, "")
    return code


# Commands


def _project(options: argparse.Namespace) -> Project:
    return Project(options.project or default_project())


def _preferences(options: argparse.Namespace) -> Preferences:
    preferences = Preferences.load()
    return preferences.replace(device=options.device) if getattr(options, "device", None) else preferences


def _train(options: argparse.Namespace, output: Output) -> int:
    job = _job(options).with_settings(options.set)
    if options.data is not None:
        job = replace(job, data=job.data.replace(source=options.data))
    return _create_and_train(_project(options), job, _preferences(options), output, reuse=options.reuse)


def _job(options: argparse.Namespace) -> Job:
    if bool(options.job) == bool(options.preset):
        raise UserError(
            "name one job file or one preset", remedy="write workbench train JOB.toml or workbench train --preset NAME"
        )
    return load_job(options.job) if options.job else preset(options.preset)


def _demo(options: argparse.Namespace, output: Output) -> int:
    return _create_and_train(_project(options), preset(DEMO_PRESET), _preferences(options), output, reuse=False)


def _create_and_train(project: Project, job: Job, preferences: Preferences, output: Output, *, reuse: bool) -> int:
    try:
        run = drive(session.create(project, job, preferences=preferences, reuse=reuse), output.event)
    except Interrupted:
        return _end(output, STOPPED_BY_USER, "interrupted before the first step; nothing was made")
    return _run(project, run, preferences, output)


def _run(project: Project, run: Run, preferences: Preferences, output: Output) -> int:
    try:
        drive(session.train(project, run, preferences=preferences), output.event)
    except Interrupted:
        _result(project, run, output)
        return STOPPED_BY_USER
    _result(project, run, output)
    return DONE


def _result(project: Project, run: Run, output: Output) -> None:
    status = run.status()
    step = status.step
    resume = f"workbench resume {run.id} --project {project.folder}"
    where = f"checkpoint of step {step} saved" if step else "stopped before the first step"
    words = (
        f"{run.id}: {metrics_text(status.metrics)} · {status.protocol}"
        if status.state == FINISHED
        else f"{run.id}: {where}; go on with: {resume}"
    )
    output.record(_run_values(project, run), words)


def _run_values(project: Project, run: Run) -> dict[str, Any]:
    status = run.status()
    names = {row.id: row.name for row in project.datasets()}
    return {
        "run": run.id,
        "name": status.name,
        "status": status.state,
        "steps": status.step,
        "total_steps": status.total_steps,
        "metrics": dict(status.metrics),
        "best": dict(status.best),
        "seconds": status.seconds,
        "step_seconds": status.step_seconds,
        "device": status.device,
        "protocol": status.protocol,
        "dataset": names.get(status.dataset, ""),
        "parameters": status.parameters,
        "tensors": status.tensors,
        "folder": str(run.folder),
    } | ({"error": status.error} if status.error else {})


def _resume(options: argparse.Namespace, output: Output) -> int:
    project = _project(options)
    run = project.run(options.run)
    session.change_settings(run, options.set)
    return _run(project, run, _preferences(options), output)


def _import(options: argparse.Namespace, output: Output) -> int:
    work = import_dataset(_project(options), options.source, preferences=_preferences(options))
    try:
        row = drive(work, output.terminal.show)
    except Interrupted:
        return _end(output, STOPPED_BY_USER, "interrupted; nothing was imported")
    values = {
        "dataset": row.name,
        "kind": row.kind,
        "items": row.items,
        "splits": dict(row.splits),
        "labels": {name: list(classes) for name, classes in row.label_sets.items()},
        "fingerprint": row.fingerprint,
    }
    output.record(values, row.name)
    return DONE


def _evaluate(options: argparse.Namespace, output: Output) -> int:
    from workbench.engine.train.trained import score

    project = _project(options)
    run = project.run(options.run)
    work = score(project, run, split=options.split, checkpoint=options.checkpoint, preferences=_preferences(options))
    try:
        result = drive(work, output.terminal.show)
    except Interrupted:
        return _end(output, STOPPED_BY_USER, "interrupted")
    output.record(
        {"run": run.id, **asdict(result)},
        f"{run.id} at step {result.step}: {metrics_text(result.metrics)} ({result.items} items) · {result.protocol}",
    )
    return DONE


def _predict(options: argparse.Namespace, output: Output) -> int:
    from workbench.engine.train.trained import load_trained, predict

    run = _project(options).run(options.run)
    trained = load_trained(run, checkpoint=options.checkpoint, preferences=_preferences(options))
    for prediction in predict(trained, options.files):
        name, share = prediction.probabilities[0]
        ranked = " ".join(f"{label}:{value:.3f}" for label, value in prediction.probabilities[:5])
        output.record(
            {
                "path": prediction.path,
                "class": name,
                "probability": share,
                "probabilities": dict(prediction.probabilities),
            },
            f"Class: {name}, predictions: {ranked}, image: {prediction.path}",
        )
    return DONE


def _runs(options: argparse.Namespace, output: Output) -> int:
    project = _project(options)
    for row in project.runs():
        try:
            values = _run_values(project, row.run)
        except UserError as error:  # one damaged run hides no other
            output.record({"run": row.run.id, "status": "damaged", "error": str(error)}, f"? {row.run.id}  {error}")
            continue
        state = values["status"]
        mark = {FINISHED: " ", RUNNING: ">", STOPPED: "=", INTERRUPTED: "!"}.get(state, "?")
        words = f"{mark} {row.run.id}  {state}  {values['steps']}/{values['total_steps']}  "
        output.record(values, words + f"{metrics_text(values['metrics'])}  {values['protocol']}")
    return DONE


def _presets(options: argparse.Namespace, output: Output) -> int:
    for name in presets():
        job = preset(name)
        length = f"{job.train.steps} steps" if job.train.steps else f"{job.train.epochs:g} epochs"
        words = f"{name:<18} {job.model:<9} {length:<12} batch {job.train.batch_size:<5} data: {job.data.source}"
        output.record({"preset": name, "job": job.to_dict()}, words)
    return DONE


# Arguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A mistake like any other: one line instead of the whole usage."""
        raise UserError(message, remedy=f"see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument("--project", type=Path, metavar="DIR", help="project folder, created if absent")
    common.add_argument("--json", action="store_true", help="JSON lines on stdout")
    on_device = _Parser(add_help=False)
    on_device.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps, xpu")
    settings = _Parser(add_help=False)
    settings.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="repeatable")
    at_checkpoint = _Parser(add_help=False)
    at_checkpoint.add_argument("--checkpoint", default="last", help="best, last, or a step (default: last)")

    parser = _Parser(prog="workbench", description="A deep-learning workbench.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, command: Callable[[argparse.Namespace, Output], int], help: str, *parents: _Parser) -> _Parser:
        one = commands.add_parser(name, help=help, description=help, parents=[common, *parents], allow_abbrev=False)
        one.set_defaults(command=command)
        return one

    add("demo", _demo, "train a classifier of handwritten digits, from data that ships", on_device)
    add("presets", _presets, "list the job files that ship")
    one = add("import", _import, "import data into the project")
    one.add_argument("source", metavar="PATH|ID", help="folder, archive, file, digits, torchvision:NAME or owner/name")
    one = add("train", _train, "train a job", on_device, settings)
    one.add_argument("job", nargs="?", type=Path, metavar="JOB.toml")
    one.add_argument("--preset", help="a job file that ships")
    one.add_argument("--data", metavar="PATH|NAME", help="what to train on instead of data.source")
    one.add_argument("--reuse", action="store_true", help="return a finished identical run instead of training again")
    one = add("resume", _resume, "go on with a run", on_device, settings)
    one.add_argument("run", help="id or name of a run, or last")
    one = add("evaluate", _evaluate, "measure a run on one of its splits", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("--split", default="validation", help="train, validation or test (default: validation)")
    one = add("predict", _predict, "classify image files", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add("runs", _runs, "list the project's runs")
    return parser
