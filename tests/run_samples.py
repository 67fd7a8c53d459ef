"""Runs for tests of the window, made without training anything."""

import math
from dataclasses import replace
from typing import Any

from workbench.engine import events as ev
from workbench.engine.project.project import Project
from workbench.engine.project.runs import CREATED, FINISHED, EventLog, Run, Status
from workbench.engine.train.job import preset

SPLIT = "3f9c" + "0" * 60


def add_run(
    project: Project,
    name: str,
    *,
    state: str = FINISHED,
    created: float = 1_700_000_000.0,
    step: int = 100,
    accuracy: float | None = 0.9,
    settings: tuple[str, ...] = (),
    model: str = "digits-cnn",
    error: str = "",
    **more: Any,
) -> Run:
    """A run that stands at ``step`` of 200 (or of ``step``, if it is finished), with a curve and a checkpoint."""
    job = replace(preset(model).with_settings(settings), name=name)
    protocol = f"random 1437+180/180 · split {SPLIT[:4]}"
    status = Status(
        state=CREATED, name=name, created=created, protocol=protocol, split=SPLIT, fingerprint="9f3ac27d" * 8
    )
    run = project.add_run(job.to_dict(), status)
    metrics = {"validation/loss": 0.4, "validation/accuracy": accuracy} if accuracy is not None else {}
    if step:
        log_steps(run, 1, step)
        (run.checkpoint(step)).mkdir(parents=True)
        (run.checkpoint(step) / "meta.json").write_text("{}")
    done = replace(
        status,
        state=state,
        step=step,
        total_steps=step if state == FINISHED else 200,
        metrics=metrics,
        best={"step": step, **metrics} if metrics else {},
        seconds=75.0,
        step_seconds=0.0042,
        device="cpu (2 threads)",
        parameters=12345,
        tensors=14,
        error=error,
    )
    run.write_status(replace(done, **more))
    return run


def log_steps(run: Run, first: int, last: int) -> None:
    """Write a falling loss for the steps ``first`` to ``last``, each included."""
    log = EventLog(run)
    loss = tuple(2 * math.exp(-step / 50) for step in range(first, last + 1))
    log.append(
        ev.Steps(
            first=first,
            epoch=last / 28,
            series={"loss": loss},
            averages={"loss": loss[-1]},
            learning_rate=0.001,
            seconds=0.004,
            samples_per_second=9000.0,
        )
    )
    log.close()
