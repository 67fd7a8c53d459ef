"""From a job to a run and back into one: import, split, reuse, resume. What the command line and the window call."""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial

from workbench.engine import events as ev
from workbench.engine.data.ingest import find_or_import
from workbench.engine.data.opened import open_dataset
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, BeginsWithOthers
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FINISHED, Run, Status
from workbench.engine.train.dividing import make_split, protocol_badge
from workbench.engine.train.job import Job
from workbench.engine.waiting import waiting

Work = Generator[ev.Event, None, Run]
"""Work on a run: yields events, returns the run."""


def create(project: Project, job: Job, *, preferences: Preferences, reuse: bool = False) -> Work:
    """Make a run of ``job``: find or import its data, divide it, enter the run. Nothing is trained yet.

    Args:
        reuse: Return a finished run of exactly this job, data and split instead, if there is one.

    Raises:
        UserError: The data cannot be divided so, or the network cannot be built or begin as the job says.
    """
    job.check()
    dataset = yield from find_or_import(project, job.data.source, preferences=preferences)
    opened = yield from waiting(partial(open_dataset, project, dataset), stage="opening the data")
    split, remark = make_split(opened, job)
    if remark:
        yield ev.Message(text=remark, level="warning")
    job = _settled(project, job)
    if MODELS[job.model].pretrained:
        from workbench.engine.train.outline import check_network  # loads torch

        yield from waiting(partial(check_network, job, opened), stage="checking the network")
    key = job.key(fingerprint=dataset.fingerprint, split=split.hash)
    if reuse and (finished := project.finished_run(key)):
        yield ev.Message(text=f"run {finished.id} is the same and finished: reusing it")
        return finished
    project.add_split(split)
    status = Status(
        name=job.name,
        created=time.time(),
        key=key,
        dataset=dataset.id,
        fingerprint=dataset.fingerprint,
        protocol=protocol_badge(split, job),
        split=split.hash,
    )
    return project.add_run(job.to_dict(), status)


def _settled(project: Project, job: Job) -> Job:
    """The job with what others made named for good: runs by their ids, files by their whole paths.

    A name may mean another run later, and "last" the one that is made here.

    Raises:
        UserError: There is no such run or file, or the run has no weights yet.
    """
    if judge := getattr(job.task_params, "judge", ""):
        job = replace(job, task_params=job.task_params.replace(judge=_with_weights(project, judge)))
    if job.train.init_from:
        return replace(job, train=job.train.replace(init_from=_with_weights(project, job.train.init_from)))
    if isinstance(job.model_params, BeginsWithOthers):
        return replace(job, model_params=job.model_params.settled(lambda name: _with_weights(project, name)))
    return job


def _with_weights(project: Project, name: str) -> str:
    """The id of the run called ``name``."""
    run = project.run(name)
    if not run.checkpoint_steps():
        raise UserError(f"run {run.id} has no checkpoint yet", remedy="resume it, and let it train for a while")
    return run.id


def train(project: Project, run: Run, *, preferences: Preferences) -> Work:
    """Train ``run`` to its end from wherever it stands; a finished one only repeats its last event."""
    status = run.status()
    if status.state == FINISHED:
        yield ev.Finished(
            run=run.id, step=status.step, metrics=status.metrics, best=status.best, seconds=status.seconds
        )
        return run
    from workbench.engine.train.fit import fit  # torch is loaded when it is needed, not when a project is opened

    yield from fit(project, run, preferences=preferences)
    return run


def _steps(new: Job, old: Job, status: Status) -> int:
    """Steps that ``new`` asks for in all, going by those of ``old``; 0 where these do not tell."""
    if new.train.steps or not old.train.epochs:
        return new.train.steps
    alike = all(
        getattr(new.train, name) == getattr(old.train, name) for name in ("batch_size", "accumulate", "drop_last")
    )
    return math.ceil(new.train.epochs * status.total_steps / old.train.epochs) if alike else 0


def change_settings(run: Run, settings: Sequence[str]) -> None:
    """Apply ``section.key=value`` settings to a run that is to be resumed.

    Only ``[train]`` may change: other data or another network would be another run. A finished run that is given more
    steps is open again.

    Raises:
        UserError: Another section is named, a value is wrong, or the run is being trained now.
    """
    if not settings:
        return
    with run.writer():
        status = run.status()
        old = Job.from_dict(run.job(), name=status.name)
        new = old.with_settings(settings)
        if old.to_dict() == new.to_dict():
            return
        steps = _steps(new, old, status)
        if steps and steps < status.step:
            raise UserError(
                f"this run has taken {status.step} steps already, more than {steps}",
                where=run.id,
                remedy="ask for more steps, or start anew",
            )
        if new.train.init_from != old.train.init_from:
            raise UserError("a resumed run goes on from its own weights", where=run.id, remedy="start anew instead")
        if {**old.to_dict(), "train": 0} != {**new.to_dict(), "train": 0}:
            raise UserError(
                "a resumed run keeps its data and its network",
                where=run.id,
                remedy="change only train.*, or start anew",
            )
        run.write_job(new.to_dict())
        key = new.key(fingerprint=status.fingerprint, split=status.split)
        run.reopen(key=key)
