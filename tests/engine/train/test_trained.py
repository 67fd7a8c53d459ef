"""Which checkpoint is loaded, and what becomes of one that goes or is damaged while it is read."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import finish

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import RUNNING, EventLog, Run
from workbench.engine.train import session
from workbench.engine.train import trained as module
from workbench.engine.train.job import Job
from workbench.engine.train.trained import choose_checkpoint, load_trained

PREFERENCES = Preferences(device="cpu")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Ten steps with a checkpoint after every other one."""
    project = Project(tmp_path / "project")
    values = {
        "data": {"source": "digits", "protocol": "random", "limit": 60},
        "model": {"name": "fnn", "hidden_layers": 1, "nodes": 8},
        "train": {"steps": 10, "batch_size": 8, "evaluate_every": 2, "checkpoint_steps": 2, "checkpoint_minutes": 0},
    }
    made: Run = finish(session.create(project, Job.from_dict(values, name="tiny"), preferences=PREFERENCES))
    finish(session.train(project, made, preferences=PREFERENCES))
    assert made.checkpoint_steps() == [2, 4, 6, 8, 10]
    return made


def training(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody trained the run now."""
    status = replace(run.status(), state=RUNNING)
    monkeypatch.setattr(Run, "status", lambda _: status)


def load(run: Run, checkpoint: str) -> int:
    return load_trained(run, checkpoint=checkpoint, preferences=PREFERENCES).meta.step


def evaluated(run: Run, step: int, accuracy: float) -> None:
    log = EventLog(run)
    log.append(ev.Evaluated(step=step, epoch=1.0, metrics={"validation/accuracy": accuracy}, seconds=0.1))
    log.close()


def test_a_network_is_ready_to_be_used(run: Run) -> None:
    trained = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    assert not trained.model.training
    assert trained.meta.step == 10
    assert trained.preprocessing.geometry.size == 8
    with torch.no_grad():
        assert trained.model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert not trained.lock.locked()
    assert load(run, "4") == 4


def test_a_finished_run_has_what_it_has(run: Run) -> None:
    for wrong in ("3", "0", "12", "first", "²"):
        with pytest.raises(UserError, match="has no checkpoint"):
            load(run, wrong)
    evaluated(run, 12, 1.1)
    with pytest.raises(UserError, match="has kept no best checkpoint"):
        load(run, "best")


def test_while_it_trains_the_next_newer_one_stands_for_one_that_is_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    training(run, monkeypatch)
    assert [load(run, which) for which in ("1", "3", "4", "9", "last")] == [2, 4, 4, 10, 10]
    with pytest.raises(UserError, match="has no checkpoint '11'"):
        load(run, "11")


def test_while_it_trains_the_best_is_the_best_on_the_disk(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    training(run, monkeypatch)
    evaluated(run, 6, 1.1)
    evaluated(run, 12, 1.2)  # whose checkpoint is being written
    assert choose_checkpoint(run, "best") == run.checkpoint(6)
    shutil.rmtree(run.checkpoint(6))
    assert choose_checkpoint(run, "best") != run.checkpoint(6)
    (run.folder / "events.jsonl").write_bytes(b"")
    assert choose_checkpoint(run, "best") == run.checkpoint(10)


@pytest.mark.parametrize(("which", "step"), [("4", 6), ("last", 8)])
def test_one_that_goes_while_it_is_read(which: str, step: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    training(run, monkeypatch)
    read = module.load_weights
    doomed = run.checkpoint(4 if which == "4" else 10)

    def gone(folder: Path, model: torch.nn.Module) -> None:
        if folder == doomed:
            shutil.rmtree(folder)
        read(folder, model)

    monkeypatch.setattr(module, "load_weights", gone)
    assert load(run, which) == step


def test_one_that_is_damaged_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    training(run, monkeypatch)
    (run.checkpoint(10) / "model.safetensors").write_bytes(b"none")
    with pytest.raises(UserError, match="the weights cannot be read"):
        load(run, "last")
    (run.checkpoint(8) / "meta.json").write_text("{}")
    with pytest.raises(UserError, match="no checkpoint of this version"):
        load(run, "8")
