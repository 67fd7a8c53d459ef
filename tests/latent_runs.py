"""Runs of small networks that make images, really trained, for tests of what is made of them."""

import shutil
from pathlib import Path

from helpers import finish

from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.train import session
from workbench.engine.train.job import preset

QUICK = ("model.nodes=16", "train.epochs=0", "train.evaluate_epochs=0", "train.evaluate_every=3")


def train_digits(project: Project, *, steps: int = 6, settings: tuple[str, ...] = ()) -> Run:
    """A few steps of the demo's network; checkpoints at every third."""
    job = preset("digits-vae").with_settings(
        [*QUICK, f"train.steps={steps}", "train.checkpoint_steps=3", "train.checkpoint_keep=9", *settings]
    )
    preferences = Preferences(device="cpu")
    run: Run = finish(session.create(project, job, preferences=preferences))
    finish(session.train(project, run, preferences=preferences))
    return run


def copied(source: Project, folder: Path) -> None:
    """A copy of a project whose runs took a while to train."""
    shutil.copytree(source.folder, folder, dirs_exist_ok=True)
