"""One folder a run: the job, where it stands, every event, the checkpoints.

The folder is the run; the database only lists it. ``events.jsonl`` is the memory of what happened: curves, evaluations
and the best step are read from it, so a resume that cuts it back to a checkpoint cannot contradict itself.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.files import (
    TEMPORARY,
    plain_disk_errors,
    read_json,
    read_toml,
    write_bytes,
    write_json,
    write_toml,
)
from workbench.engine.project.lock import FileLock, is_held

CREATED, RUNNING, STOPPED, FINISHED, FAILED, INTERRUPTED = (
    "created",
    "running",
    "stopped",
    "finished",
    "failed",
    "interrupted",
)
KEPT = (ev.Started, ev.Steps, ev.Evaluated, ev.Checkpointed, ev.Previewed, ev.Message, ev.Finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a run stands; what ``status.json`` holds.

    Attributes:
        state: ``created``, ``running``, ``stopped``, ``finished`` or ``failed``. A run that says ``running`` while no
            process holds its lock was interrupted.
        step, total_steps: Steps taken and asked for.
        metrics: The last evaluation, ``split/metric`` to value; ``best`` the best one, with its step.
        seconds: Wall time of training so far, over all its sessions; ``step_seconds`` the median of one step.
        dataset, fingerprint, protocol, split: What it is measured on; ``split`` is the full hash.
        error: The sentence a failed run ended with.
    """

    state: str = CREATED
    name: str = ""
    created: float = 0.0
    key: str = ""
    step: int = 0
    total_steps: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    step_seconds: float = 0.0
    device: str = ""
    dataset: str = ""
    fingerprint: str = ""
    protocol: str = ""
    split: str = ""
    parameters: int = 0
    tensors: int = 0
    error: str = ""


class Run:
    """A run's folder. Reading needs no lock; writing belongs to who holds :meth:`writer`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def job(self) -> dict[str, Any]:
        """The settings it trains with, as in its ``job.toml``."""
        return read_toml(self.folder / "job.toml")

    def write_job(self, job: Mapping[str, Any]) -> None:
        write_toml(self.folder / "job.toml", dict(job))

    def status(self) -> Status:
        """Where it stands; the state is ``interrupted`` where its process died."""
        status = self._stored_status()
        if status.state == RUNNING and not is_held(self._lock_file):
            status = self._stored_status()  # it may have ended properly between the two looks
            if status.state == RUNNING:
                return replace(status, state=INTERRUPTED)
        return status

    def _stored_status(self) -> Status:
        values = read_json(self.folder / "status.json")
        try:
            return Status(**values)
        except TypeError:
            raise UserError("this is no run's status", where=str(self.folder / "status.json")) from None

    def write_status(self, status: Status) -> None:
        write_json(self.folder / "status.json", asdict(status))

    def reopen(self, *, key: str) -> None:
        """Enter a changed job's ``key``; a finished run may then go on. The caller holds :meth:`writer`."""
        status = self.status()
        state = STOPPED if status.state == FINISHED else status.state
        self.write_status(replace(status, key=key, state=state))

    @property
    def _lock_file(self) -> Path:
        return self.folder / "lock"

    def writer(self) -> FileLock:
        """The right to write to this run, for one process at a time."""
        return FileLock(self._lock_file, held=f"run {self.id} is being trained by somebody else")

    # Events

    def events(self) -> Iterator[ev.Event]:
        """What happened, in order. A half-written last line (its process died) is passed over."""
        try:
            with (self.folder / "events.jsonl").open("rb") as file:
                for line in file:
                    try:
                        values = json.loads(line)
                        values.pop("time", None)
                        yield ev.from_json(values)
                    except (ValueError, TypeError, AttributeError, RecursionError):
                        continue
        except FileNotFoundError:
            return

    def keep_events(self, *, until: int) -> None:
        """Forget what happened after step ``until``: the part that a resume repeats."""
        lines = []
        try:
            content = (self.folder / "events.jsonl").read_bytes()
        except FileNotFoundError:
            return
        for line in content.splitlines(keepends=True):
            try:
                values = json.loads(line)
                step = values["first"] if values["event"] == "steps" else values.get("step", 0)
                kept = step <= until and line.endswith(b"\n") and values["event"] != "finished"
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue
            if kept:
                lines.append(line)
        write_bytes(self.folder / "events.jsonl", b"".join(lines))

    def evaluations(self) -> list[ev.Evaluated]:
        return [event for event in self.events() if isinstance(event, ev.Evaluated)]

    # Checkpoints

    def checkpoint_steps(self) -> list[int]:
        """Steps of the complete checkpoints, ascending."""
        found = []
        for path in self.checkpoints.glob("step-*"):
            number = path.name.removeprefix("step-")
            if number.isdecimal() and (path / "meta.json").exists():
                found.append(int(number))
        return sorted(found)

    def checkpoint(self, step: int) -> Path:
        """The folder of the checkpoint at ``step``, there or not."""
        return self.checkpoints / f"step-{step:08d}"

    def best_step(self, metric: str, *, maximise: bool) -> int | None:
        """The step of the best evaluation by ``metric``; the first of equals, ``None`` before any."""
        scores = [(event.metrics[metric], event.step) for event in self.evaluations() if metric in event.metrics]
        if not scores:
            return None
        best = max(score for score, _ in scores) if maximise else min(score for score, _ in scores)
        return next(step for score, step in scores if score == best)

    def prune_checkpoints(self, *, keep: int, also: int | None) -> None:
        """Delete all but the newest ``keep`` checkpoints and the one at step ``also``."""
        steps = self.checkpoint_steps()
        for step in steps[: max(0, len(steps) - keep)]:
            if step != also:
                # Renamed first: a kill in the middle must not leave half of what looks like a checkpoint.
                doomed = self.checkpoints / f".{self.checkpoint(step).name}{TEMPORARY}"
                with contextlib.suppress(OSError):  # where somebody has it open, a later pruning gets it
                    self.checkpoint(step).rename(doomed)
                    shutil.rmtree(doomed)

    def ask_for_checkpoint(self) -> bool:
        """Let whoever trains this run, in whatever process, save a checkpoint at the next report.

        Returns:
            False where nobody trains it, and so nobody was asked.
        """
        if not is_held(self._lock_file):
            return False
        with plain_disk_errors(self._wish):
            self._wish.touch()
        return True

    def is_asked_for_checkpoint(self) -> bool:
        """Whether somebody waits for a checkpoint."""
        return self._wish.exists()

    def answer_checkpoint(self) -> None:
        """Say that there is one now. The caller holds :meth:`writer`."""
        self._wish.unlink(missing_ok=True)

    @property
    def _wish(self) -> Path:
        return self.folder / "checkpoint-wanted"

    def remove_leftovers(self) -> None:
        """Delete what killed writes left behind."""
        for folder in (self.folder, self.checkpoints):
            for path in folder.glob(f".*{TEMPORARY}"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


class EventLog:
    """Appends a run's events to its file, a line each; :meth:`sync` puts them on the disk."""

    def __init__(self, run: Run) -> None:
        self._path = run.folder / "events.jsonl"
        with plain_disk_errors(self._path):
            self._file: IO[bytes] = self._path.open("ab")

    def append(self, event: ev.Event) -> None:
        """Keep ``event`` if it is of a kind that a run keeps."""
        if isinstance(event, KEPT):
            line = json.dumps({**ev.to_json(event), "time": round(time.time(), 3)}, separators=(",", ":"))
            with plain_disk_errors(self._path):
                self._file.write(line.encode() + b"\n")
                self._file.flush()

    def sync(self) -> None:
        with plain_disk_errors(self._path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what does not reach a full disk now has been said by append()
            self._file.close()
