"""The commands that say what a generative run is worth: ``quality`` to a classifier's eyes, and ``likelihood``."""

import argparse
from collections.abc import Generator
from dataclasses import asdict

from workbench.console import DONE, STOPPED_BY_USER, Interrupted, Output, chosen_preferences, chosen_project, drive
from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.latent.explorer import Explorer, open_explorer
from workbench.engine.latent.likelihood import METHODS, NAIVE, Estimate, estimate_likelihood
from workbench.engine.latent.quality import Quality, quality
from workbench.engine.waiting import waiting

_LEAST = 100  # samples; fewer say nothing of a covariance


def quality_(options: argparse.Namespace, output: Output) -> int:
    if options.samples < _LEAST:
        raise UserError(f"{options.samples} samples are too few", remedy=f"use at least {_LEAST}")
    project, preferences = chosen_project(options), chosen_preferences(options)
    run = project.run(options.run)

    def work() -> Generator[ev.Event, None, Quality]:
        explorer: Explorer = yield from waiting(
            lambda: open_explorer(run, checkpoint=options.checkpoint, preferences=preferences), stage="loading the run"
        )
        return (
            yield from quality(
                project,
                run,
                explorer,
                judge=options.judge,
                preferences=preferences,
                samples=options.samples,
                seed=options.seed,
                split=options.split,
                drawn=options.drawn,
            )
        )

    try:
        measured = drive(work(), output.terminal.show)
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    output.record(asdict(measured), quality_text(measured))
    return DONE


def likelihood(options: argparse.Namespace, output: Output) -> int:
    for name, value in (("--items", options.items), ("--samples", options.samples)):
        if value < 1:
            raise UserError(f"{name} {value} makes no sense", remedy="use at least 1")
    project, preferences = chosen_project(options), chosen_preferences(options)
    run = project.run(options.run)
    try:
        estimates = [
            drive(
                estimate_likelihood(
                    project,
                    run,
                    split=options.split,
                    checkpoint=options.checkpoint,
                    preferences=preferences,
                    method=method,
                    most=options.items,
                    samples=options.samples,
                    seed=options.seed,
                ),
                output.terminal.show,
            )
            for method in METHODS
            if method != NAIVE or options.naive
        ]
    except Interrupted:
        return output.end(STOPPED_BY_USER, "interrupted")
    values = {
        one.method: {"log_prob": one.mean, "low": one.low, "high": one.high, "samples": one.samples}
        for one in estimates
    }
    first = estimates[0]
    values_of = {"run": run.id, "step": first.step, "split": first.split, "items": len(first.items)}
    output.record(
        {**values_of, **values, "protocol": first.protocol}, "\n".join(estimate_text(run.id, one) for one in estimates)
    )
    return DONE


def estimate_text(run: str, one: Estimate) -> str:
    """What a person should read of it."""
    how = "codes drawn by the encoder" if one.method != NAIVE else "naive: codes drawn from the prior"
    return (
        f"{run} at step {one.step}: -log p(x) {-one.mean:.2f} nats (95 % interval {-one.high:.2f} to {-one.low:.2f}), "
        f"{one.samples:,} {how}, first {len(one.items):,} images of {one.split} · {one.protocol}"
    )


def quality_text(measured: Quality) -> str:
    """What a person should read of it."""
    kind = "drawn samples" if measured.drawn else "samples"
    width = max(map(len, measured.classes))
    rows = [f"  {name:<{width}}  {share:7.2%}" for name, share in zip(measured.classes, measured.shares, strict=True)]
    return "\n".join(
        (
            f"{measured.run} at step {measured.step}: FID-like distance {measured.distance:.4g}, "
            f"{measured.covered} of {len(measured.classes)} classes covered",
            f"{measured.samples} {kind} beside {measured.real} images of {measured.split}, in the features of "
            f"{measured.judge} (not Inception's, so that no other FID compares)",
            "share of the samples taken for each class:",
            *rows,
        )
    )
