"""What a run said of single items: written by training and evaluation, read by whoever sorts items."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import finish
from torch import nn
from torch.nn import functional as F

from workbench.engine import events as ev
from workbench.engine.data.image_set import ImageSet
from workbench.engine.errors import UserError
from workbench.engine.inspection.inspection import softmax
from workbench.engine.inspection.looking import FileAnswers, inspect_files
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.scores import item_scores, read_scores, write_scores
from workbench.engine.train import session
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained, score

PREFERENCES = Preferences(device="cpu")
ITEMS = 1797  # digits


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def create(project: Project, *settings: str, name: str = "tiny") -> Run:
    values = {
        "data": {"source": "digits", "protocol": "random", "limit": 120},
        "model": {"name": "fnn", "hidden_layers": 1, "nodes": 16},
        "train": {"steps": 20, "batch_size": 16, "evaluate_every": 10, "evaluation_sample": 50, "learning_rate": 0.01},
    }
    return finish(session.create(project, Job.from_dict(values, name=name).with_settings(settings),
                                 preferences=PREFERENCES))  # fmt: skip


def trained(project: Project, *settings: str, name: str = "tiny") -> Run:
    run = create(project, *settings, name=name)
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def test_the_last_evaluation_is_kept_item_by_item(project: Project) -> None:
    run = trained(project)
    scores = read_scores(run)
    split = project.split(run.status().split)
    assert (np.diff(scores.items) >= 0).all()
    assert set(scores.step.tolist()) == {20}
    metrics = run.status().metrics
    for part, size in (("train", 50), ("validation", 120)):
        here = scores.split == part
        assert here.sum() == size
        assert np.isin(scores.items[here], split.items[part]).all()
        assert scores.loss[here].mean() == pytest.approx(metrics[f"{part}/loss"], rel=1e-5)
        assert scores.correct[here].mean() == pytest.approx(metrics[f"{part}/accuracy"], abs=1e-9)
    labels = ImageSet(project.dataset_file(run.status().dataset)).labels()
    assert ((scores.predicted == labels[scores.items]) == scores.correct).all()


def test_they_are_what_the_network_says_of_each_image(project: Project, tmp_path: Path) -> None:
    run = trained(project)
    scores = read_scores(run)
    images = ImageSet(project.dataset_file(run.status().dataset))
    path = tmp_path / "one.png"
    loaded = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    for row in range(0, len(scores), 17):
        item = int(scores.items[row])
        path.write_bytes(images.encoded(item))
        (answer,) = (event for event in inspect_files(loaded, [path]) if isinstance(event, FileAnswers))
        shares = softmax(answer.logits[None])[0]
        assert shares.argmax() == scores.predicted[row]
        assert scores.confidence[row] == pytest.approx(shares.max(), abs=1e-5)
        assert scores.loss[row] == pytest.approx(-np.log(shares[images.labels()[item]]), abs=1e-3)


def test_an_evaluation_replaces_its_split_and_adds_new_ones(project: Project) -> None:
    run = trained(project)
    before = read_scores(run)
    result = finish(score(project, run, split="test", checkpoint="10", preferences=PREFERENCES))
    after = read_scores(run)
    test = after.split == "test"
    assert len(after) == len(before) + 120
    assert set(after.step[test].tolist()) == {10}
    assert after.loss[test].mean() == pytest.approx(result.metrics["test/loss"], rel=1e-5)
    assert (after.loss[~test] == before.loss).all()
    finish(score(project, run, split="train", checkpoint="last", preferences=PREFERENCES))
    assert (read_scores(run).split == "train").sum() == 120  # all of them, no longer the sample


def test_a_stopped_run_keeps_what_its_last_evaluation_said(project: Project) -> None:
    run = create(project)
    work = session.train(project, run, preferences=PREFERENCES)
    for event in work:
        if isinstance(event, ev.Previewed):
            break
    work.close()
    assert set(read_scores(run).step.tolist()) == {10}
    early = create(project)
    work = session.train(project, early, preferences=PREFERENCES)
    next(event for event in work if isinstance(event, ev.Started))
    work.close()
    assert len(read_scores(early)) == 0


def test_numbers_to_sort_a_dataset_by(project: Project) -> None:
    run = trained(project, name="first")
    dataset = run.status().dataset
    scores = read_scores(run)
    columns = item_scores(project, dataset)
    assert list(columns) == ["loss · first", "confidence · first"]
    for values in columns.values():
        assert (values.dtype, values.shape) == (np.float64, (ITEMS,))
    known = np.zeros(ITEMS, bool)
    known[scores.items] = True
    assert (np.isfinite(columns["loss · first"]) == known).all()
    assert columns["loss · first"][scores.items] == pytest.approx(scores.loss)
    assert columns["confidence · first"][scores.items] == pytest.approx(scores.confidence)


def test_the_latest_runs_come_first_and_have_names_of_their_own(project: Project) -> None:
    first = trained(project, name="same")
    others = [project.add_run(first.job(), first.status()) for _ in range(4)]
    for run in others[:3]:
        shutil.copytree(first.folder / "scores", run.folder / "scores")
    columns = item_scores(project, first.status().dataset)
    assert len(columns) == 6
    assert next(iter(columns)) == "loss · same"
    assert len({name.partition(" · ")[2] for name in columns}) == 3
    assert len(item_scores(project, first.status().dataset, runs=1)) == 2
    project.delete_run(others[0].id)
    assert len(item_scores(project, first.status().dataset, runs=9)) == 6


def test_runs_of_other_data_say_nothing(project: Project) -> None:
    run = trained(project)
    row = project.add_dataset("other", id="x", kind="folder", origin="", signature="", fingerprint="", items=3,
                              label_sets={"label": ("a",)}, splits={})  # fmt: skip
    assert item_scores(project, row.id) == {}
    assert len(item_scores(project, run.status().dataset)) == 2


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def rewritten(path: Path, **columns: np.ndarray) -> None:
    with np.load(path) as file:
        np.savez(path, **{**file, **columns})


DAMAGE = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:300]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("loss"),
    "one number": lambda path: path.write_bytes(npy(np.zeros(3))),
    "a column less": lambda path: np.savez(path, items=np.zeros(3, np.int64)),
    "objects": lambda path: rewritten(path, loss=np.array([{}], object)),
    "words": lambda path: rewritten(path, loss=np.full(120, "high")),
    "lengths": lambda path: rewritten(path, loss=np.zeros(7, np.float32)),
    "a table": lambda path: rewritten(path, loss=np.zeros((120, 2), np.float32)),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_is_said_and_passed_over(project: Project, how: str) -> None:
    run = trained(project, "train.steps=2", name="damaged")
    other = project.add_run(run.job(), replace(run.status(), name="sound"))
    shutil.copytree(run.folder / "scores", other.folder / "scores")
    DAMAGE[how](run.folder / "scores" / "validation.npz")
    with pytest.raises(UserError, match=r"these are no scores of items .* Evaluate the run again"):
        read_scores(run)
    assert {name.partition(" · ")[2] for name in item_scores(project, other.status().dataset)} == {"sound"}


def test_items_that_the_data_does_not_have_are_passed_over(project: Project) -> None:
    run = trained(project)
    shutil.rmtree(run.folder / "scores")
    one = np.ones(3, np.float32)
    write_scores(run, split="test", step=1, items=np.array([-1, 5, ITEMS]), loss=one, confidence=one,
                 predicted=np.zeros(3, np.int64), correct=np.zeros(3, bool))  # fmt: skip
    column = item_scores(project, run.status().dataset)["loss · tiny"]
    assert np.flatnonzero(np.isfinite(column)).tolist() == [5]


def test_the_loss_of_an_item_is_the_losses_of_torch() -> None:
    from workbench.engine.tasks.classify.params import ClassifyParams
    from workbench.engine.tasks.classify.task import Classify
    from workbench.engine.tasks.task import Setting

    logits, labels = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    written: dict[str, np.ndarray] = {}
    task = Classify(ClassifyParams(), Setting(classes=4))
    scores = task.evaluation(split="test", step=3, items=np.arange(6), noise=torch.Generator())
    scores.add(nn.Identity(), logits[:4], labels[:4])
    scores.add(nn.Identity(), logits[4:], labels[4:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "workbench.engine.tasks.classify.task.write_scores", lambda run, **columns: written.update(columns)
        )
        scores.save(Run(Path("nowhere")))
    assert written["loss"].tolist() == F.cross_entropy(logits, labels, reduction="none").tolist()
    assert written["predicted"].tolist() == logits.argmax(-1).tolist()
    assert written["correct"].tolist() == (logits.argmax(-1) == labels).tolist()
    assert written["confidence"].tolist() == pytest.approx(logits.softmax(-1).max(-1).values.tolist())
