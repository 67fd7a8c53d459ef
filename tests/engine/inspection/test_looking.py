"""What is asked of a checkpoint, what of it is kept with the run, and what happens while the run trains."""

import io
import json
import os
import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import finish, png, write_files
from processes import run as run_python

from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.opened import open_dataset
from workbench.engine.errors import UserError
from workbench.engine.inspection import looking
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.looking import (
    ALL,
    UNLABELLED,
    FileAnswers,
    checkpoints,
    image_files,
    inspect_dataset,
    inspect_files,
    inspect_run,
)
from workbench.engine.preferences import Preferences
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import RUNNING, Run
from workbench.engine.train import session
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained, score

PREFERENCES = Preferences(device="cpu")
UNKNOWN = {f"loose{number}.png": png(100 + number, side=8) for number in range(10)}
SHADES = {f"{name}/{number:02}.png": png(base + number, side=8)
          for name, base in (("bright", 200), ("dark", 0)) for number in range(20)}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two classes of 20 images, and 10 of which nobody knows the class."""
    return write_files(tmp_path / "shades", {**SHADES, **UNKNOWN})


def create(project: Project, source: Path | str, *settings: str) -> Run:
    values = {
        "data": {"source": str(source), "protocol": "random", "validation": 0.3, "test": 0.2},
        "model": {"name": "fnn", "hidden_layers": 1, "nodes": 8},
        "train": {"steps": 6, "batch_size": 4, "evaluate_every": 2, "checkpoint_steps": 2, "learning_rate": 0.01,
                  "checkpoint_minutes": 0},
    }  # fmt: skip
    job = Job.from_dict(values, name="tiny").with_settings(settings)
    run: Run = finish(session.create(project, job, preferences=PREFERENCES))
    return run


def trained(project: Project, source: Path | str, *settings: str) -> Run:
    run = create(project, source, *settings)
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def look(project: Project, run: Run, split: str = "validation", checkpoint: str = "last") -> Inspection:
    found: Inspection = finish(inspect_run(project, run, split=split, checkpoint=checkpoint, preferences=PREFERENCES))
    return found


def look_at(project: Project, run: Run, row: DatasetRow, *, most: int = 0) -> Inspection:
    found: Inspection = finish(
        inspect_dataset(project, run, row, checkpoint="last", preferences=PREFERENCES, most=most)
    )
    return found


def imported(project: Project, folder: Path) -> DatasetRow:
    row: DatasetRow = finish(import_dataset(project, str(folder), preferences=PREFERENCES))
    return row


def never(*_: object, **__: object) -> Any:
    raise AssertionError("the network was loaded again")


@pytest.fixture
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Once called, nothing may load a network."""
    return lambda: monkeypatch.setattr("workbench.engine.train.trained.load_trained", never)


def assert_equal(first: Inspection, second: Inspection) -> None:
    for name in ("run", "name", "step", "steps", "dataset", "split", "protocol", "classes", "catch_all"):
        assert getattr(first, name) == getattr(second, name), name
    for name in ("items", "labels", "logits", "features"):
        one, other = getattr(first, name), getattr(second, name)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert (one == other).all()


# A run's own splits


def test_a_split_as_the_run_had_it(project: Project, images: Path) -> None:
    run = trained(project, images)
    status, stored = run.status(), project.split(run.status().split)
    dataset = open_dataset(project, project.dataset(status.dataset))
    for split in ("train", "validation", "test"):
        found = look(project, run, split)
        assert (found.run, found.step, found.steps, found.split) == (run.id, 6, 6, split)
        assert (found.classes, found.catch_all) == (("bright", "dark"), -1)
        assert found.protocol == status.protocol
        assert (found.items == stored.items[split]).all()
        assert (found.labels == dataset.items.labels()[found.items]).all()
        assert (found.logits.dtype, found.features.shape) == (np.float32, (len(found), 8))
        measured = finish(score(project, run, split=split, checkpoint="last", preferences=PREFERENCES))
        assert (found.predicted == found.labels).mean() == pytest.approx(measured.metrics[f"{split}/accuracy"])
        likely = found.probabilities[np.arange(len(found)), found.labels]
        assert -np.log(likely).mean() == pytest.approx(measured.metrics[f"{split}/loss"], rel=1e-5)
    network = load_trained(run, checkpoint="last", preferences=PREFERENCES).model
    last = [module for module in network.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        assert last(torch.from_numpy(found.features)).numpy() == pytest.approx(found.logits, abs=1e-5)


def test_items_without_a_label_and_all_of_them(project: Project, images: Path) -> None:
    run = trained(project, images)
    row = project.dataset(run.status().dataset)
    loose = look(project, run, UNLABELLED)
    names = open_dataset(project, row).items.names()
    assert sorted(str(names[item]) for item in loose.items) == sorted(UNKNOWN)
    assert set(loose.labels.tolist()) == {-1}
    everything = look(project, run, ALL)
    assert everything.items.tolist() == list(range(50))
    assert (everything.labels[loose.items] == -1).all()
    gone = np.array([loose.items[0], everything.items[everything.labels == 0][0]])
    project.edits(row.id).add(Edit(kind="exclude", text="two", parts={"": gone}))
    assert loose.items[1:].tolist() == look(project, run, UNLABELLED).items.tolist()
    assert gone[0] not in look(project, run, ALL).items
    assert gone[1] in look(project, run, ALL).items  # the run had it in one of its splits


def test_labels_are_those_of_then(project: Project, images: Path) -> None:
    row = imported(project, images)
    changed = np.flatnonzero(open_dataset(project, row).items.labels() == 0)[:4].astype(np.int64)
    project.edits(row.id).add(Edit(kind="label", text="4 dark", parts={"1": changed}, label_set="label"))
    run = trained(project, row.name)
    before = look(project, run, ALL)
    assert (before.labels[np.isin(before.items, changed)] == 1).all()
    project.edits(row.id).undo()
    after = look(project, run, ALL)
    assert (after.labels == before.labels).all()


def test_a_catch_all_class_is_the_label_of_unknown_items(project: Project, images: Path) -> None:
    run = trained(project, images, "data.catch_all=neither")
    parts = [look(project, run, split) for split in ("train", "validation", "test")]
    everything = look(project, run, ALL)
    for found in (*parts, everything):
        assert (found.classes, found.catch_all) == (("bright", "dark", "neither"), 2)
    assert sum((found.labels == 2).sum() for found in parts) == (everything.labels == 2).sum() == 10
    with pytest.raises(UserError, match="nothing to look at in unlabelled"):
        look(project, run, UNLABELLED)


def test_a_split_that_does_not_exist(project: Project, images: Path) -> None:
    run = trained(project, images)
    with pytest.raises(UserError, match=r"no 'tset' split\. Did you mean 'test'"):
        look(project, run, "tset")
    with pytest.raises(UserError, match="has no checkpoint '3'"):
        look(project, run, "test", "3")
    with pytest.raises(UserError, match="has no checkpoint yet"):
        look(project, create(project, images), "test")


def test_broken_images_end_it_or_are_left_out(project: Project, images: Path) -> None:
    write_files(images, {"bright/zz.png": b"text", "dark/zz.png": png(5, side=8)[:40]})
    run = trained(project, images, "data.on_error=skip")
    everything = look(project, run, ALL)
    assert len(everything) == 50
    assert everything.protocol.endswith("2 unreadable left out")
    again = look(project, run, ALL)
    assert_equal(again, everything)
    for folder in run.checkpoints.iterdir():  # as if it had been trained before they broke
        meta = json.loads((folder / "meta.json").read_text())
        meta["job"]["data"]["on_error"] = "stop"
        (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(UserError, match=r"zz\.png: this cannot be read"):
        look(project, run, ALL)
    other = look_at(project, run, project.dataset(run.status().dataset))
    assert len(other) == 50  # of other data they are always left out
    assert other.protocol == "shades · 52 images · 2 unreadable left out"


# Other data


def test_another_dataset_has_the_labels_of_equal_names(project: Project, images: Path, tmp_path: Path) -> None:
    run = trained(project, images)
    files = {f"{name}/{number}.png": png(base + number, side=12)
             for name, base in (("amber", 90), ("bright", 210), ("dark", 10)) for number in range(6)}  # fmt: skip
    row = imported(project, write_files(tmp_path / "more", files))
    found = look_at(project, run, row)
    assert (found.dataset, found.split, found.protocol) == (row.id, ALL, "more · 18 images")
    assert found.labels.tolist() == [-1] * 6 + [0] * 6 + [1] * 6
    few = look_at(project, run, row, most=5)
    assert few.protocol == "more · 5 of 18 images"
    assert (few.logits == found.logits[found.rows(few.items)]).all()
    edits = project.edits(row.id)
    edits.add(Edit(kind="name", text="amber is bright", label_set="label", label=0, value="bright"))
    edits.add(Edit(kind="exclude", text="one", parts={"": np.array([17])}))
    after = look_at(project, run, row)
    assert after.labels.tolist() == [0] * 6 + [0] * 6 + [1] * 5
    assert after.protocol == "more · 17 images"


def test_data_without_images(project: Project, images: Path, tmp_path: Path) -> None:
    run = trained(project, images)
    question = {"id": "1", "question": "Who?", "answers": [{"text": "I", "answer_start": 0}]}
    content = {"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "I am", "qas": [question]}]}]}
    path = tmp_path / "questions.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="has no images"):
        look_at(project, run, imported(project, path))


# What is kept


def test_a_second_look_needs_no_network(
    project: Project, images: Path, tmp_path: Path, no_second_look: Callable[[], None]
) -> None:
    run = trained(project, images)
    row = imported(project, write_files(tmp_path / "more", {"dark/a.png": png(1), "grey/b.png": png(99)}))
    first = [look(project, run, split) for split in ("validation", ALL, UNLABELLED)]
    other = look_at(project, run, row)
    kept = sorted(path.name for path in (run.folder / "predictions").iterdir())
    assert kept == ["all-00000006.npz", f"data-{row.id}-00000006.npz", "unlabelled-00000006.npz",
                    "validation-00000006.npz"]  # fmt: skip
    no_second_look()
    for before, split in zip(first, ("validation", ALL, UNLABELLED), strict=True):
        assert_equal(look(project, run, split), before)
    assert_equal(look_at(project, run, row), other)
    project.rename_run(run.id, "a better name")
    assert look(project, run).name == "a better name"
    with pytest.raises(AssertionError):
        look(project, run, "test")


def test_what_is_kept_is_of_these_weights_and_this_data(project: Project, images: Path) -> None:
    run = trained(project, images)
    first = look(project, run)
    weights = run.checkpoint(6) / "model.safetensors"
    shutil.copy(run.checkpoint(2) / "model.safetensors", weights)
    second = look(project, run)
    assert (second.logits != first.logits).any()
    moved = project.folder.parent / "moved"
    shutil.copytree(project.folder, moved, copy_function=shutil.copy2)
    assert_equal(look(Project(moved), Project(moved).run(run.id)), second)
    path = run.folder / "predictions" / "validation-00000006.npz"
    (run.folder / "predictions" / "test-00000006.npz").write_bytes(path.read_bytes())
    assert look(project, run, "test").items.tolist() == project.split(run.status().split).items["test"].tolist()
    os.utime(weights, (1, 1))
    assert_equal(look(project, run), second)


def rewritten(path: Path, **columns: np.ndarray) -> None:
    with np.load(path) as file:
        np.savez(path, **{**file, **columns})


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:300]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("logits"),
    "flipped": lambda path: path.write_bytes(path.read_bytes().replace(path.read_bytes()[400:404], b"abcd")),
    "a column less": lambda path: np.savez(path, items=np.zeros(3, np.int64)),
    "objects": lambda path: rewritten(path, logits=np.array([[{}]], object)),
    "lengths": lambda path: rewritten(path, labels=np.zeros(3, np.int64)),
    "classes": lambda path: rewritten(path, logits=np.zeros((12, 7), np.float32)),
    "labels": lambda path: rewritten(path, labels=np.full(12, 9)),
    "order": lambda path: rewritten(path, items=np.zeros(12, np.int64)),
    "facts": lambda path: rewritten(path, facts=np.array("[" * 9000)),
    "no table": lambda path: rewritten(path, facts=np.array("[1, 2]")),
}


def test_what_is_damaged_is_made_again(project: Project, images: Path) -> None:
    run = trained(project, images, "train.steps=2")
    first = look(project, run)
    assert len(first) == 12
    path = run.folder / "predictions" / "validation-00000002.npz"
    whole = path.read_bytes()
    for how, damage in DAMAGE.items():
        path.write_bytes(whole)
        damage(path)
        assert_equal(look(project, run), first)
        with np.load(io_of(path)) as now, np.load(io_of(whole)) as before:
            assert all((now[name] == before[name]).all() for name in before), how


def io_of(content: Path | bytes) -> io.BytesIO:
    return io.BytesIO(content.read_bytes() if isinstance(content, Path) else content)


def test_a_folder_that_cannot_be_written_costs_only_the_next_look(project: Project, images: Path) -> None:
    run = trained(project, images)
    (run.folder / "predictions").write_text("in the way")
    events: list[ev.Event] = []

    def collected() -> Generator[None, None, Inspection]:
        work = inspect_run(project, run, split="test", checkpoint="last", preferences=PREFERENCES)
        while True:
            try:
                events.append(next(work))
            except StopIteration as end:
                result: Inspection = end.value
                return result
            yield

    assert len(finish(collected())) == 8
    said = [event for event in events if isinstance(event, ev.Message)]
    assert [event.level for event in said] == ["warning"]
    assert "cannot be kept for the next time" in said[0].text


def test_answers_of_checkpoints_that_are_gone_go_too(project: Project, images: Path) -> None:
    run = trained(project, images)
    look(project, run, checkpoint="2")
    look(project, run, checkpoint="4")
    shutil.rmtree(run.checkpoint(2))
    look(project, run)
    kept = sorted(path.name for path in (run.folder / "predictions").iterdir())
    assert kept == ["validation-00000004.npz", "validation-00000006.npz"]


def test_it_can_be_closed_at_any_time(project: Project, images: Path) -> None:
    run = trained(project, images)
    for after in (0, 1, 3, 5, 8):
        work = inspect_run(project, run, split=ALL, checkpoint="last", preferences=PREFERENCES)
        for _, _ in zip(range(after), work, strict=False):
            pass
        work.close()
        assert len(look(project, run, ALL)) == 50
        shutil.rmtree(run.folder / "predictions")


# While it trains


def test_a_run_is_looked_at_while_it_trains(project: Project, images: Path) -> None:
    run = create(project, images, "train.steps=40", "train.checkpoint_keep=2")
    work = session.train(project, run, preferences=PREFERENCES)
    seen = {}
    for event in work:
        if isinstance(event, ev.Checkpointed) and event.step in (8, 20):
            there = checkpoints(run)
            assert (there.training, there.last) == (True, event.step)
            assert there.best in there.steps
            found = look(project, run)
            assert (found.step, found.steps) == (event.step, 40)
            best = look(project, run, checkpoint="best")
            assert best.step == there.best
            early = look(project, run, checkpoint="1" if event.step == 8 else "4")
            assert early.step == min(step for step in there.steps if step >= (1 if event.step == 8 else 4))
            seen[event.step] = found.logits
    assert (seen[8] != seen[20]).any()
    there = checkpoints(run)
    assert (there.training, there.last, there.steps[-1]) == (False, 40, 40)


def test_a_checkpoint_that_goes_while_it_is_read(
    project: Project, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(project, images)
    from workbench.engine.train import trained as module

    read = module.load_weights

    def gone(folder: Path, model: torch.nn.Module) -> None:
        if folder == run.checkpoint(4):
            shutil.rmtree(folder)
        read(folder, model)

    monkeypatch.setattr(module, "load_weights", gone)
    training = replace(run.status(), state=RUNNING)
    monkeypatch.setattr(Run, "status", lambda _: training)
    assert look(project, run, checkpoint="4").step == 6


def test_what_there_is_to_look_at_is_known_without_torch(project: Project, images: Path) -> None:
    run = trained(project, images)
    there = checkpoints(run)
    assert there.steps == tuple(run.checkpoint_steps())
    assert there.best == run.status().best["step"]
    assert checkpoints(create(project, images)) == looking.Checkpoints(steps=(), best=None, training=False)
    code = (
        "import sys; from pathlib import Path; from workbench.engine.project.runs import Run;"
        "from workbench.engine.inspection.looking import checkpoints;"
        "print(checkpoints(Run(Path(sys.argv[1]))).last, 'torch' in sys.modules)"
    )
    assert run_python(code, run.folder).split() == ["6", "False"]


# Files


def test_files_and_folders(project: Project, images: Path, tmp_path: Path) -> None:
    network = load_trained(trained(project, images), checkpoint="last", preferences=PREFERENCES)
    write_files(tmp_path / "in", {"b/2.png": png(3), "b/.hidden/x.png": png(1), "a.JPG": b"text", "b/1.png": png(9),
                                  "note.txt": b"", ".b.png": png(1)})  # fmt: skip
    alone = tmp_path / "shades" / "dark" / "03.png"
    events = list(inspect_files(network, [alone, tmp_path / "in", tmp_path / "absent.png"]))
    answers = [event for event in events if isinstance(event, FileAnswers)]
    found = [str(answer.path.relative_to(tmp_path)) for answer in answers]
    assert found == ["shades/dark/03.png", "in/a.JPG", "in/b/1.png", "in/b/2.png", "absent.png"]
    assert [bool(answer.error) for answer in answers] == [False, True, False, False, True]
    for answer in answers:
        assert len(answer.logits) == (0 if answer.error else 2)
        assert len(answer.features) == (0 if answer.error else 8)
    assert answers[1].error.startswith(f"{tmp_path / 'in' / 'a.JPG'}: this cannot be read as an image")
    assert answers[4].error.endswith("the file cannot be read (No such file or directory)")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="there is no image in this folder"):
        image_files([tmp_path / "empty"])
    assert list(inspect_files(network, [])) == []
