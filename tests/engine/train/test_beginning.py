"""What a run begins with is settled, and what cannot be is said, before there is a run."""

import shutil
from pathlib import Path

import pytest
import torchvision
from helpers import finish, png, write_files
from safetensors.torch import save_file

from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.train import session
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained

PREFERENCES = Preferences(device="cpu")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    write_files(
        tmp_path / "pets",
        {f"{kind}/{n}.png": png(n + 99 * (kind == "dog")) for kind in ("cat", "dog") for n in range(6)},
    )
    return Project(tmp_path / "project")


def create(project: Project, *settings: str) -> Run:
    values = {
        "data": {"source": str(project.folder.parent / "pets"), "size": 32},
        "model": {"name": "transfer", "backbone": "torchvision/resnet18", "weights": "none", "cut": "layer1"},
        "train": {"steps": 1, "batch_size": 4},
    }
    job = Job.from_dict(values, name="tiny").with_settings(settings)
    run: Run = finish(session.create(project, job, preferences=PREFERENCES))
    return run


def trained(project: Project, *settings: str) -> Run:
    run = create(project, *settings)
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model.cut=layer9", r"cannot be divided after a layer called 'layer9'.*layer1, layer2"),
        ("model.reuse=upto", r"set model\.frozen"),
        ("model.backbone=torchvision/resnet19", "no network called 'resnet19'"),
        ("model.backbone=torchvision/vit_b_32", r"patches of 32 x 32.*\bSet data\.size = 32 or 64"),
        ("model.weights=gone.pth", r"no such file of weights: /.*gone\.pth"),
        ("model.weights=run:gone", "no run called 'gone'"),
        ("train.init_from=gone", "no run called 'gone'"),
    ],
)
def test_what_cannot_be_makes_no_run(project: Project, setting: str, words: str) -> None:
    more = ("data.size=40",) if "vit" in setting else ()
    with pytest.raises(UserError, match=f"(?i){words}"):
        create(project, setting, *more)
    assert not project.runs()


@pytest.mark.parametrize(
    ("section", "key", "start"),
    [("train", "init_from", ""), ("model", "weights", "run:")],
    ids=["init_from", "weights"],
)
@pytest.mark.parametrize("name", ["last", "tiny"])
def test_a_run_is_named_by_its_id_for_good(project: Project, section: str, key: str, start: str, name: str) -> None:
    first = trained(project)
    second = trained(project, f"{section}.{key}={start}{name}")
    assert second.job()[section][key] == f"{start}{first.id}"


def test_a_run_without_weights_is_nothing_to_begin_with(project: Project) -> None:
    empty = create(project)
    for setting in (f"train.init_from={empty.id}", "model.weights=run:last"):
        with pytest.raises(UserError, match=f"run {empty.id} has no checkpoint yet.*Resume it"):
            create(project, setting)
    assert len(project.runs()) == 1


def test_a_file_is_named_by_its_whole_path(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(torchvision.models.resnet18(weights=None).state_dict(), tmp_path / "w.safetensors")
    monkeypatch.chdir(tmp_path)
    run = create(project, "model.weights=w.safetensors")
    monkeypatch.chdir("/")
    assert run.job()["model"]["weights"] == str(tmp_path / "w.safetensors")
    finish(session.train(project, run, preferences=PREFERENCES))


def test_a_run_cannot_end_before_where_it_is(project: Project) -> None:
    run = trained(project, "train.epochs=6")
    step = run.status().step
    with pytest.raises(UserError, match=rf"has taken {step} steps already, more than {step // 2}"):
        session.change_settings(run, ["train.epochs=3"])
    session.change_settings(run, ["train.epochs=7"])
    finish(session.train(project, run, preferences=PREFERENCES))
    assert run.status().step == step * 7 // 6


def test_checkpoints_that_somebody_took_away_are_said(project: Project) -> None:
    run = trained(project)
    (run.checkpoint(1) / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"the file is gone\).*Take another checkpoint"):
        load_trained(run, checkpoint="last", preferences=PREFERENCES)
    shutil.rmtree(run.checkpoint(1))
    with pytest.raises(UserError, match=rf"checkpoints of run {run.id} are gone.*Train it anew"):
        load_trained(run, checkpoint="last", preferences=PREFERENCES)
