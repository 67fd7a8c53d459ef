"""The commands that need no window. Each takes the parsed arguments and where to speak, and returns an exit code."""

import argparse
import shlex
import sys
from dataclasses import asdict, replace
from typing import Any

from workbench.console import (
    DONE,
    MISTAKE,
    STOPPED_BY_USER,
    Interrupted,
    Output,
    chosen_preferences,
    chosen_project,
    drive,
)
from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.pixel_cache import cache_report, evict
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences, default_project
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import FINISHED, INTERRUPTED, RUNNING, STOPPED, Run
from workbench.engine.train import session
from workbench.engine.train.job import DEMO_PRESET, LATENT_DEMO_PRESET, Job, load_job, preset
from workbench.engine.train.job import presets as preset_names
from workbench.terminal import finding_text, metrics_text, report_text

_SHORT_EPOCHS = 15  # of the network that draws digits, in a demo that nobody looks at


def train(options: argparse.Namespace, output: Output) -> int:
    job = _job(options).with_settings(options.set)
    if options.data is not None:
        job = replace(job, data=job.data.replace(source=options.data))
    return _create_and_train(chosen_project(options), job, chosen_preferences(options), output, reuse=options.reuse)


def _job(options: argparse.Namespace) -> Job:
    if bool(options.job) == bool(options.preset):
        raise UserError(
            "name one job file or one preset", remedy="write workbench train JOB.toml or workbench train --preset NAME"
        )
    return load_job(options.job) if options.job else preset(options.preset)


def demo(options: argparse.Namespace, output: Output) -> int:
    """The demo without a window: a classifier of digits, and, for a few epochs, a network that draws them."""
    project, preferences = chosen_project(options), chosen_preferences(options)
    code = _create_and_train(project, preset(DEMO_PRESET), preferences, output, reuse=False)
    if code != DONE:
        return code
    short = preset(LATENT_DEMO_PRESET).with_settings([f"train.epochs={_SHORT_EPOCHS}"])
    return _create_and_train(project, short, preferences, output, reuse=False)


def _create_and_train(project: Project, job: Job, preferences: Preferences, output: Output, *, reuse: bool) -> int:
    try:
        run = drive(session.create(project, job, preferences=preferences, reuse=reuse), output.event)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted before the first step; nothing was made")
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


def resume(options: argparse.Namespace, output: Output) -> int:
    project = chosen_project(options)
    run = project.run(options.run)
    session.change_settings(run, options.set)
    return _run(project, run, chosen_preferences(options), output)


def import_(options: argparse.Namespace, output: Output) -> int:
    from workbench.engine.data.lint.report import FACTS

    project = chosen_project(options)
    work = import_dataset(
        project,
        options.source,
        preferences=chosen_preferences(options),
        repairs=options.repair,
        unknowns=options.unknowns,
    )
    try:
        row = drive(work, output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted; nothing was imported")
    if not row.repairs and not project.dataset_file(row.id).with_name(FACTS).exists():
        output.terminal.say(f"not checked yet: workbench lint {row.name}{_same_project(options)}")
    values = {
        "dataset": row.name,
        "kind": row.kind,
        "items": row.items,
        "splits": dict(row.splits),
        "labels": {name: list(classes) for name, classes in row.label_sets.items()},
        "content": row.content,
        "palette": list(row.palette),
        "repairs": list(row.repairs),
        "unknowns": dict(row.unknowns),
        "fingerprint": row.fingerprint,
    }
    output.record(values, row.name)
    return DONE


def _same_project(options: argparse.Namespace) -> str:
    """What to add to a command that is to work on the same project."""
    return f" --project {shlex.quote(str(options.project))}" if options.project else ""


def lint(options: argparse.Namespace, output: Output) -> int:
    """Whatever is found, the code is that of a job done: telling is all that was asked for."""
    from workbench.engine.data.lint.report import lint_dataset, lint_source

    preferences = chosen_preferences(options)
    known = _known_dataset(options)
    if known:
        work = lint_dataset(*known, limit_pixels=preferences.limit_pixels)
    else:
        work = lint_source(options.source, cache=preferences.cache, limit_pixels=preferences.limit_pixels)
    try:
        report = drive(work, output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    for note in report.notes:
        output.terminal.say(note)
    for finding in report.findings:
        output.record(report.finding_to_json(finding), finding_text(report, finding))
    if repairs := dict.fromkeys(name for finding in report.findings for name in finding.repairs):
        output.terminal.say(f"what mends some of it at import: {', '.join(f'--repair {name}' for name in repairs)}")
    values = report.to_json()
    del values["findings"]
    output.record(values, report_text(report))
    return DONE


def _known_dataset(options: argparse.Namespace) -> tuple[Project, DatasetRow] | None:
    """The dataset of this name; looking for one makes no project where there is none."""
    if not ((options.project or default_project()) / "project.toml").exists():
        return None
    project = chosen_project(options)
    for row in project.datasets():
        if options.source in (row.name, row.id):
            return project, row
    return None


def export(options: argparse.Namespace, output: Output) -> int:
    from workbench.engine.data.exports import export
    from workbench.engine.data.opened import dataset_listing, open_dataset

    project = chosen_project(options)
    row = project.dataset(options.dataset)
    listing = dataset_listing(open_dataset(project, row))
    try:
        summary = drive(export(listing, options.destination, format=options.format), output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted; nothing was written")
    for note in summary.notes:
        output.terminal.say(note)
    values = {
        "dataset": row.name,
        "format": options.format,
        "items": summary.items,
        "files": summary.files,
        "folder": str(summary.folder),
        "notes": list(summary.notes),
    }
    output.record(values, str(summary.folder))
    return DONE


def evaluate(options: argparse.Namespace, output: Output) -> int:
    from workbench.engine.train.trained import score

    project = chosen_project(options)
    run = project.run(options.run)
    preferences = chosen_preferences(options)
    work = score(project, run, split=options.split, checkpoint=options.checkpoint, preferences=preferences)
    try:
        result = drive(work, output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    output.record(
        {"run": run.id, **asdict(result)},
        f"{run.id} at step {result.step}: {metrics_text(result.metrics)} ({result.items} items) · {result.protocol}",
    )
    return DONE


def predict(options: argparse.Namespace, output: Output) -> int:
    """Each image is told as soon as it is known. One that cannot be read is named, and the rest goes on."""
    from workbench.engine.inspection.looking import FileAnswers, inspect_files
    from workbench.engine.train.trained import load_trained
    from workbench.predictions import Predictions

    run = chosen_project(options).run(options.run)
    trained = load_trained(run, checkpoint=options.checkpoint, preferences=chosen_preferences(options))
    predictions = Predictions(output, classes=trained.meta.classes, format=options.format)

    def show(event: ev.Event) -> None:
        if isinstance(event, FileAnswers):
            predictions.tell(event)
        elif not sys.stdout.isatty():  # a bar would be drawn between the lines
            output.terminal.show(event)

    try:
        drive(inspect_files(trained, options.files), show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    return output.end(MISTAKE, predictions.trouble) if predictions.trouble else DONE


def runs(options: argparse.Namespace, output: Output) -> int:
    project = chosen_project(options)
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


def cache(options: argparse.Namespace, output: Output) -> int:
    folder = Preferences.load().cache
    freed = evict(folder) if options.clear else 0
    report = cache_report(folder)
    size = f"{report.bytes / 2**20:,.1f} MiB of decoded images and features in {len(report.sets):,} sets"
    words = f"{size} in {folder}" + (f"; {freed / 2**20:,.1f} MiB freed" if options.clear else "")
    output.record({"folder": str(folder), "sets": len(report.sets), "bytes": report.bytes, "freed": freed}, words)
    return DONE


def presets(options: argparse.Namespace, output: Output) -> int:
    for name in preset_names():
        job = preset(name)
        length = f"{job.train.steps} steps" if job.train.steps else f"{job.train.epochs:g} epochs"
        words = f"{name:<18} {job.model:<9} {length:<12} batch {job.train.batch_size:<5} data: {job.data.source}"
        output.record({"preset": name, "job": job.to_dict()}, words)
    return DONE
