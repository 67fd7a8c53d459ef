"""The one training loop: a generator of events that any reader iterates and any reader stops by closing it.

A step itself is :mod:`.stepper`'s, what is told of steps :mod:`.reporting`'s, evaluations :mod:`.measuring`'s. Losses
stay on the device until a report; a report, an evaluation and a checkpoint end at a step boundary, so closing the
generator at any ``yield`` finds a state that can be saved.
"""

import contextlib
import math
import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from workbench.engine import events as ev
from workbench.engine.device import check_precision, choose_device, describe
from workbench.engine.errors import UserError
from workbench.engine.models.layers import count
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import FAILED, FINISHED, RUNNING, STOPPED, EventLog, Run
from workbench.engine.project.splits import TRAIN
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.task import Judge, Setting, Task
from workbench.engine.train.checkpoint import Meta, load_trainer, save_checkpoint
from workbench.engine.train.evaluate import piece_size
from workbench.engine.train.feed import Order, Scale
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material, load_material
from workbench.engine.train.measuring import Measuring
from workbench.engine.train.network import Network, begin
from workbench.engine.train.reporting import Reporter
from workbench.engine.train.schedules import evaluation_steps, learning_rate
from workbench.engine.train.stepper import OutOfMemory, Stepper
from workbench.engine.train.trouble import out_of_memory
from workbench.engine.waiting import waiting

REPORT_SECONDS = 0.05  # twenty reports a second: what a plot can show
PAUSE_SECONDS = 0.5  # a reader who is away for longer has paused the run


def fit(project: Project, run: Run, *, preferences: Preferences) -> Generator[ev.Event, None, None]:
    """Train ``run`` from its last checkpoint, or from the start, to its end.

    Yields:
        Events, at least ten times a second as long as a step is shorter than that; ``Finished`` last.

    Raises:
        UserError: Somebody else trains this run; its data is missing; the loss is not finite; the device's memory or
            the disk is full. The last good checkpoint stays.

    Closing the generator saves a checkpoint and marks the run as stopped.
    """
    with run.writer():
        run.remove_leftovers()
        run.answer_checkpoint()  # whoever asked a process that has ended has seen it end
        before = run.status()
        loop: _Loop | None = None
        log: EventLog | None = None

        def conclude(state: str, error: str = "") -> None:
            status = loop.status() if loop else before
            run.write_status(replace(status, state=state, error=error))

        try:
            run.write_status(replace(before, state=RUNNING, error=""))
            job = Job.from_dict(run.job(), name=before.name)
            device = choose_device(preferences.device)
            check_precision(job.train.precision, device)
            if preferences.threads:
                torch.set_num_threads(preferences.threads)
            dataset = project.dataset(before.dataset)
            material = yield from load_material(
                project, job, dataset, project.split(before.split), device=device, preferences=preferences
            )
            run.keep_events(until=max(run.checkpoint_steps(), default=0))
            log = EventLog(run)
            network = yield from begin(project, run, job, material, device=device, preferences=preferences)
            # Building the first optimiser of a process makes torch import its compiler: seconds without a word
            judge: Judge | None = None
            if name := getattr(job.task_params, "judge", ""):
                from workbench.engine.train.judge import load_judge  # few runs have one

                asking = partial(load_judge, project, name, preferences=preferences)
                judge = yield from waiting(asking, stage="loading the judge")
            building = partial(_Loop, run, job, material, network, device, log, judge)
            loop = yield from waiting(building, stage="preparing")
            del material, network  # the loop holds what it needs: images give way to what a frozen part made of them
            with contextlib.closing(loop.events()) as events:
                for event in events:
                    left = time.monotonic()
                    yield event
                    loop.rest(time.monotonic() - left)
        except GeneratorExit:
            if loop and loop.step:
                loop.save()
                loop.measuring.keep_scores()
            conclude(STOPPED)
            raise
        except UserError as error:
            conclude(FAILED, str(error))
            raise
        except BaseException as error:
            conclude(FAILED, f"{type(error).__name__}: {error}")
            raise
        else:
            conclude(FINISHED)
        finally:
            if log:
                log.close()


class _Loop:
    """The state of one session of one run."""

    def __init__(
        self,
        run: Run,
        job: Job,
        material: Material,
        network: Network,
        device: torch.device,
        log: EventLog,
        judge: Judge | None,
    ) -> None:
        self.run, self.job, self.device, self.log = run, job, device, log
        self.material = replace(material, feed=network.feed)
        self.params = job.train
        training = network.feed.labels.cpu()[torch.from_numpy(material.split.items[TRAIN])]
        counts = torch.bincount(training[training >= 0], minlength=len(material.classes)).tolist()
        scale = Scale(material.preprocessing, device, channels_last=job.channels_last)
        setting = Setting(
            classes=len(material.classes),
            counts=counts,
            catch_all=network.feed.catch_all,
            judge=judge,
            pixels=scale.pixels,
        )
        self.task: Task = make_task(job.task, job.task_params, setting)
        self.order = Order(
            material.split.items[TRAIN],
            batch=self.params.batch_size,
            drop_last=self.params.drop_last,
            seed=self.params.seed,
        )
        self.steps_per_epoch = max(1, self.order.per_epoch // self.params.accumulate)
        self.total = self.params.steps or max(1, math.ceil(self.params.epochs * self.steps_per_epoch))
        self.rate = learning_rate(self.params, total=self.total, steps_per_epoch=self.steps_per_epoch)
        self.evaluates = evaluation_steps(self.params, self.total, steps_per_epoch=self.steps_per_epoch)
        self.model = network.model
        self.stepper = Stepper(
            self.model,
            job,
            self.task,
            feed=network.feed,
            order=self.order,
            device=device,
            classes=len(material.classes),
        )
        self.measuring = Measuring(
            run,
            job,
            self.task,
            self.material,
            scale=scale,
            piece=piece_size(self.model, network.shape, most=self.params.evaluation_batch, device=device),
            autocast=self.stepper.autocast,
            device=device,
        )
        self.reporter = Reporter(run, self.task, self.params, device=device)
        self.counts = count(self.model)

        self.step = 0
        self.asked = False  # somebody wants a checkpoint now
        self.earlier_seconds = 0.0
        self.session_started = time.monotonic()
        self.last_checkpoint = self.last_report = time.monotonic()
        self._restore()

    def _restore(self) -> None:
        steps = self.run.checkpoint_steps()
        if not steps:
            return
        state = load_trainer(self.run.checkpoint(steps[-1]))
        self.stepper.load_state(state)
        self.reporter.averages = dict(state["averages"])
        self.earlier_seconds = state["seconds"]
        self.step = steps[-1]

    @property
    def network(self) -> nn.Module:
        """What is evaluated and saved: the trained network, or an average over its steps."""
        return self.stepper.shown

    # What the run looks like from outside

    @property
    def epoch(self) -> float:
        return self.step / self.steps_per_epoch

    @property
    def seconds(self) -> float:
        return self.earlier_seconds + time.monotonic() - self.session_started

    def status(self) -> Any:
        """The run's status now; its state is left as it is."""
        best, evaluations = self.measuring.best(), self.measuring.evaluations
        return replace(
            self.run.status(),
            step=self.step,
            total_steps=self.total,
            metrics=dict(evaluations[-1].metrics) if evaluations else {},
            best={"step": best.step, **best.metrics} if best else {},
            seconds=round(self.seconds, 3),
            step_seconds=self.reporter.step_seconds,
            device=describe(self.device),
            protocol=self.material.badge,
            parameters=self.counts.parameters,
            tensors=self.counts.tensors,
        )

    # The loop

    def events(self) -> Generator[ev.Event, None, None]:
        """Train to the end."""
        yield self._kept(
            ev.Started(
                run=self.run.id,
                step=self.step,
                total_steps=self.total,
                steps_per_epoch=self.steps_per_epoch,
                parameters=self.counts.parameters,
                tensors=self.counts.tensors,
                device=describe(self.device),
                protocol=self.material.badge,
            )
        )
        self.run.write_status(replace(self.status(), state=RUNNING))
        self.session_started = self.last_checkpoint = self.last_report = time.monotonic()
        due = self.evaluates(self.step) if self.step else TASKS[self.job.task].from_start
        if due and not self.measuring.is_measured(self.step):
            yield from self._evaluate()  # of a later session: it was stopped in the middle of this one
        self.model.train()
        while self.step < self.total and not self.measuring.out_of_patience():
            self._take_step()
            evaluates = self.evaluates(self.step)
            if evaluates or time.monotonic() - self.last_report >= REPORT_SECONDS:
                yield self._report()
                self.asked = self.run.is_asked_for_checkpoint()
            if evaluates:
                yield from self._evaluate()
                self.model.train()
            if self._checkpoint_is_due():
                if self.reporter.pending:
                    yield self._report()
                yield self._checkpoint()
        if self.reporter.pending:
            yield self._report()
        if not self.measuring.is_measured(self.step):
            yield from self._evaluate()
        if self.step not in self.run.checkpoint_steps():
            yield self._checkpoint()
        self.measuring.keep_scores()
        best = self.measuring.best()
        yield self._kept(
            ev.Finished(
                run=self.run.id,
                step=self.step,
                metrics=self.measuring.evaluations[-1].metrics,
                best={"step": best.step, **best.metrics} if best else {},
                seconds=round(self.seconds, 3),
            )
        )

    def rest(self, seconds: float) -> None:
        """Take ``seconds`` between two events, if they are a pause, out of the time that training has taken."""
        if seconds > PAUSE_SECONDS:
            self.session_started += seconds
            self.last_report += seconds

    def _take_step(self) -> None:
        started = time.perf_counter()
        try:
            taken = self.stepper.take(self.step, self.rate(self.step))
        except OutOfMemory as error:
            raise out_of_memory(self.run, self.device, batch=self.order.batch, fits=error.fits) from error
        self.step += 1
        self.reporter.add(taken, seconds=time.perf_counter() - started)

    def _report(self) -> ev.Event:
        event = self.reporter.report(step=self.step, epoch=self.epoch, rate=self.rate(self.step - 1))
        self.last_report = time.monotonic()
        return self._kept(event)

    def _evaluate(self) -> Generator[ev.Event, None, None]:
        event = yield from self.measuring.evaluate(self.network, step=self.step, epoch=self.epoch)
        self.last_report = time.monotonic()
        yield self._kept(event)
        for preview in self.measuring.previews(self.network, step=self.step, epoch=self.epoch):
            yield self._kept(preview)
        self.run.write_status(replace(self.status(), state=RUNNING))
        if self.params.keep_best and self.measuring.best() is event and self.step < self.total:
            yield self._checkpoint()

    def _checkpoint_is_due(self) -> bool:
        if self.step == self.total:
            return False  # the end saves one anyway
        if self.asked:
            return True
        if self.params.checkpoint_steps and self.step % self.params.checkpoint_steps == 0:
            return True
        minutes = self.params.checkpoint_minutes
        return bool(minutes) and time.monotonic() - self.last_checkpoint >= 60 * minutes

    def _checkpoint(self) -> ev.Event:
        path = self.save()
        best = self.measuring.best()
        self.asked = False
        self.run.answer_checkpoint()
        self.run.prune_checkpoints(keep=self.params.checkpoint_keep, also=best.step if best else None)
        self.run.write_status(replace(self.status(), state=RUNNING))
        return self._kept(ev.Checkpointed(step=self.step, path=path, best=best is not None and best.step == self.step))

    def save(self) -> str:
        """Save the state at this step boundary; returns the checkpoint's path relative to the run's folder."""
        self.log.sync()
        self.last_checkpoint = time.monotonic()
        folder = save_checkpoint(
            self.run,
            self.network,
            {
                **self.stepper.state(),
                "averages": self.reporter.averages,
                "seconds": self.seconds,
            },
            Meta(
                step=self.step,
                job=self.job.to_dict(),
                classes=self.material.classes,
                preprocessing=self.material.preprocessing.to_dict(),
                shape=self.material.shape,
                protocol=self.material.badge,
                split=self.material.split.hash,
                fingerprint=self.run.status().fingerprint,
                catch_all=self.material.feed.catch_all,
            ),
        )
        return folder.relative_to(self.run.folder).as_posix()

    def _kept(self, event: ev.Event) -> ev.Event:
        self.log.append(event)
        return event
