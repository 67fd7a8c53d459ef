"""The command line: arguments in, exit code out. No command: the window.

Exit codes: 0 done; 1 our bug; 2 the user's mistake, one line on stderr; 130 interrupted, with a checkpoint saved.
With ``--json`` stdout holds JSON lines and nothing else; everything for people goes to stderr. Nothing heavy is
imported before it is known what is wanted, since a window should be there at once.
"""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, cast

from workbench import __version__
from workbench.console import BUG, MISTAKE, STOPPED_BY_USER, Output, signals
from workbench.engine.device import calm_openmp
from workbench.engine.errors import UserError
from workbench.engine.logs import LOGGER, start_log_file
from workbench.engine.preferences import Preferences, demo_project, log_file

Command = Callable[[argparse.Namespace, Output], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    calm_openmp()
    start_log_file()
    output = Output(as_json="--json" in given)
    try:
        with signals(signal.default_int_handler), output.terminal:
            options = _parser().parse_args(given)
            command: Command = options.command
            return command(options, output)
    except UserError as error:
        LOGGER.info("refused: %s", error)
        return output.end(MISTAKE, str(error))
    except BrokenPipeError:
        # Whoever read the results is gone. The interpreter flushes stdout once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED_BY_USER
    except KeyboardInterrupt:
        return output.end(STOPPED_BY_USER, "interrupted")
    except Exception as error:
        LOGGER.exception("a bug")
        return output.end(BUG, f"a bug in the workbench: {type(error).__name__}: {error} (details: {log_file()})")


def _command(name: str, *, module: str = "commands") -> Command:
    """The command of this name in :mod:`workbench.commands` or another module, imported when it is run."""

    def run(options: argparse.Namespace, output: Output) -> int:
        return cast(Command, getattr(import_module(f"workbench.{module}"), name))(options, output)

    return run


def _open(options: argparse.Namespace, output: Output) -> int:
    if not has_display() and "QT_QPA_PLATFORM" not in os.environ:
        raise UserError(
            "there is no display to open a window on",
            remedy="use the commands (workbench --help), or set QT_QPA_PLATFORM=offscreen for a window nobody sees",
        )
    return int(load_app().open_window(Preferences.load(), project=getattr(options, "project", None)))


def _demo(options: argparse.Namespace, output: Output) -> int:
    if options.screenshots and not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.screenshots or (has_display() and not options.headless and not output.as_json):
        preferences = Preferences.load()
        preferences = preferences.replace(device=options.device) if options.device else preferences
        project = options.project or demo_project()
        return int(load_app().open_demo(preferences, project=project, screenshots=options.screenshots))
    return _command("demo")(options, output)


def load_app() -> Any:
    """The module :mod:`workbench.app`, which brings Qt, and which no other command needs.

    Python's collector of garbage rests from here until the window is there: starting makes very many objects and hardly
    any garbage.
    """
    gc.disable()
    return import_module("workbench.app")


def has_display() -> bool:
    """Whether a person could see a window of this process."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform:
        return platform not in ("offscreen", "minimal", "vnc")
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


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
    parser.set_defaults(command=_open)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    def add(name: str, command: Command, help: str, *parents: _Parser) -> _Parser:
        one = commands.add_parser(name, help=help, description=help, parents=[common, *parents], allow_abbrev=False)
        one.set_defaults(command=command)
        return one

    add("open", _open, "open the window (as no command at all does)")
    one = add("demo", _demo, "train on handwritten digits that ship: to tell them apart, and to draw them", on_device)
    one.add_argument("--headless", action="store_true", help="in the terminal, without a window")
    one.add_argument("--screenshots", type=Path, metavar="DIR", help="write <panel>.png for each panel, then close")
    add("presets", _command("presets"), "list the job files that ship")
    one = add("import", _command("import_"), "import data into the project")
    one.add_argument("source", metavar="PATH|ID", help="folder, archive, file, digits, torchvision:NAME or owner/name")
    one.add_argument("--repair", action="append", default=[], metavar="NAME", help="mend on the way; repeatable")
    one.add_argument(
        "--unknowns",
        action="append",
        default=[],
        metavar="PATH2|ID",
        help="a source whose items join without a label; repeatable",
    )
    one = add("lint", _command("lint"), "say what is wrong with data, whether imported or not")
    one.add_argument("source", metavar="PATH|NAME", help="what import takes, or a dataset of the project")
    one = add("export", _command("export"), "write a dataset of the project in a format that others read")
    one.add_argument("dataset", metavar="NAME", help="a dataset of the project")
    one.add_argument("destination", type=Path, metavar="DIR", help="where to; a new or an empty folder")
    one.add_argument("--format", required=True, help="see which by naming a wrong one")
    one = add("train", _command("train"), "train a job", on_device, settings)
    one.add_argument("job", nargs="?", type=Path, metavar="JOB.toml")
    one.add_argument("--preset", help="a job file that ships")
    one.add_argument("--data", metavar="PATH|NAME", help="what to train on instead of data.source")
    one.add_argument("--reuse", action="store_true", help="return a finished identical run instead of training again")
    one = add("resume", _command("resume"), "go on with a run", on_device, settings)
    one.add_argument("run", help="id or name of a run, or last")
    one = add("evaluate", _command("evaluate"), "measure a run on one of its splits", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("--split", default="validation", help="train, validation or test (default: validation)")
    one = add("predict", _command("predict"), "classify image files", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE|FOLDER")
    one.add_argument(
        "--format", choices=("lines", "rows", "csv"), default="lines", help="a sentence, probabilities, or a table"
    )
    inspected = _command("inspect", module="inspecting")
    one = add("inspect", inspected, "say what a run's answers are worth", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("--split", default="validation", help="train, validation, test or unlabelled")
    one.add_argument("--unknowns", action="append", default=[], metavar="NAME", help="dataset of unknowns; repeatable")
    one.add_argument("--export", type=Path, metavar="DIR", help="write the predictions there")
    one.add_argument("--format", help="of the predictions: csv (default), rows or lines")
    compared = _command("compare_", module="inspecting")
    one = add("compare", compared, "compare two runs item by item", on_device, at_checkpoint)
    one.add_argument("first", metavar="RUN", help="id or name of a run, or last")
    one.add_argument("second", metavar="RUN", help="the run to compare it with")
    one.add_argument("--split", default="validation", help="train, validation or test (default: validation)")
    judged = _command("quality_", module="judging")
    one = add("quality", judged, "say how good a generative run's samples are", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("--judge", required=True, metavar="RUN", help="a finished run of a classifier")
    one.add_argument("--samples", type=int, default=10_000, help="how many to draw (default: 10000)")
    one.add_argument("--seed", type=int, default=0, help="of the samples")
    one.add_argument("--split", default="validation", help="real images to compare with (default: validation)")
    one.add_argument("--drawn", action="store_true", help="with the likelihood's own noise, beside binarised images")
    estimated = _command("likelihood", module="judging")
    one = add("likelihood", estimated, "say how probable a variational autoencoder finds images", on_device,
              at_checkpoint)  # fmt: skip
    one.add_argument("run", help="id or name of a run, or last")
    one.add_argument("--split", default="test", help="train, validation or test (default: test)")
    one.add_argument("--items", type=int, default=1000, help="the first so many images of it (default: 1000)")
    one.add_argument("--samples", type=int, default=1000, help="codes for each image (default: 1000)")
    one.add_argument("--naive", action="store_true", help="also with codes drawn from the prior, to see it fail")
    one.add_argument("--seed", type=int, default=0, help="of the codes")
    explored = _command("latent", module="exploring")
    one = add("latent", explored, "look into the latent space of a generative run", on_device, at_checkpoint)
    one.add_argument("run", help="id or name of a run, or last")
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("--samples", type=int, metavar="N", help="pictures of N codes that are drawn from the prior")
    what.add_argument("--manifold", type=int, metavar="N", help="an N x N grid of the first two dimensions")
    what.add_argument("--walk", metavar="ITEM,ITEM,...", help="the way from image to image, by ids of the run's data")
    what.add_argument("--codes", metavar="SPLIT", help="the codes of train, validation or test")
    what.add_argument("--reconstruct", type=int, metavar="N", help="N validation images and what becomes of them")
    one.add_argument("--temperature", type=float, default=1.0, help="deviation of the samples' codes (default: 1)")
    one.add_argument("--path", default="spherical", help="of a walk: straight, spherical (default) or quantiles")
    one.add_argument("--frames", type=int, default=9, help="of a walk (default: 9)")
    one.add_argument("--scale", type=int, default=4, help="pixels of the file for one of a picture (default: 4)")
    one.add_argument("--seed", type=int, default=0, help="of whatever is drawn (default: 0)")
    one.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a .png; of a walk also .gif; of codes .csv or .npz"
    )
    add("runs", _command("runs"), "list the project's runs")
    one = add("cache", _command("cache"), "say how large the cache of decoded images and features is")
    one.add_argument("--clear", action="store_true", help="empty it, except for what is in use")
    return parser
