"""A class made of the items that have no label: how they are divided, learned, measured and remembered."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import finish, png, write_files

from workbench.engine import events as ev
from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.opened import open_dataset
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import DatasetRow, Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TEST, TRAIN, VALIDATION, Division, Split, divide
from workbench.engine.train import session
from workbench.engine.train.checkpoint import load_meta
from workbench.engine.train.dividing import make_split
from workbench.engine.train.job import Job
from workbench.engine.train.outline import outline
from workbench.engine.train.trained import Score, load_trained, score

PREFERENCES = Preferences(device="cpu")
KINDS = ("cat", "dog")
OTHER = "data.catch_all=other"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def brought_in(project: Project, tmp_path: Path, **unknown: int) -> DatasetRow:
    """Forty pets, 10 a class in train and 10 in validation; and pictures without a label: how many in each split."""
    pets = {f"{split}/{kind}/{n}.png": png(n + 120 * (kind == "dog")) for split in ("train", "val") for kind in KINDS
            for n in range(10)}  # fmt: skip
    others = {f"{split}/thing/{n}.png": png(60 + n) for split, count in unknown.items() for n in range(count)}
    if list(unknown) == ["loose"]:
        others = {name.removeprefix("loose/thing/"): image for name, image in others.items()}
    sources = [str(write_files(tmp_path / "others", others))] if others else []
    source = str(write_files(tmp_path / "pets", pets))
    row: DatasetRow = finish(import_dataset(project, source, preferences=PREFERENCES, unknowns=sources))
    return row


def job(row: DatasetRow, *settings: str) -> Job:
    values = {
        "data": {"source": row.name, "size": 4},
        "model": {"name": "fnn", "hidden_layers": 1, "nodes": 8},
        "train": {"steps": 30, "batch_size": 10, "evaluate_every": 30, "learning_rate": 0.05},
    }
    return Job.from_dict(values, name="tiny").with_settings(settings)


def split_of(project: Project, row: DatasetRow, *settings: str) -> tuple[Split, str]:
    return make_split(open_dataset(project, row), job(row, *settings))


def counts(split: Split) -> dict[str, list[int]]:
    assert split.labels is not None
    return {part: np.bincount(split.labels[items], minlength=3).tolist() for part, items in split.items.items()}


def trained(project: Project, row: DatasetRow, *settings: str) -> Run:
    run = finish(session.create(project, job(row, *settings), preferences=PREFERENCES))
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def measured(project: Project, run: Run, split: str) -> Score:
    result: Score = finish(score(project, run, split=split, checkpoint="last", preferences=PREFERENCES))
    return result


# Dividing


def test_without_it_unlabelled_items_are_in_no_split(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=6, val=4)
    for protocol in ("published", "random", "hold-out", "k-fold"):
        split, _ = split_of(project, row, f"data.protocol={protocol}")
        assert sum(map(len, split.items.values())) == (20 if protocol == "hold-out" else 40)
        assert split.labels is None
        assert "catch_all" not in split.facts


def test_published_ones_keep_their_split(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=6, val=4, test=5)
    split, remark = split_of(project, row, OTHER)
    assert counts(split) == {TRAIN: [10, 10, 6], VALIDATION: [10, 10, 4], TEST: [0, 0, 5]}
    assert (split.protocol, remark) == ("published 26+24/5", "")
    assert split.facts["catch_all"] == "other"
    assert split.hash != split_of(project, row)[0].hash
    project.add_split(split)
    again = project.split(split.hash)
    assert again.labels is not None
    assert counts(again) == counts(split)


@pytest.mark.parametrize("protocol", ["random", "k-fold"])
def test_drawn_splits_hold_their_share_of_them(project: Project, tmp_path: Path, protocol: str) -> None:
    row = brought_in(project, tmp_path, train=20)
    split, _ = split_of(
        project, row, OTHER, f"data.protocol={protocol}", "data.validation=0.2", "data.test=0.2", "data.folds=5"
    )
    assert counts(split)[VALIDATION] == [4, 4, 4]
    assert counts(split)[TRAIN] == ([12, 12, 12] if protocol == "random" else [16, 16, 16])


def test_those_in_no_split_are_drawn_into_the_published_ones(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, loose=16)
    split, _ = split_of(project, row, OTHER)
    assert counts(split) == {TRAIN: [10, 10, 8], VALIDATION: [10, 10, 8]}
    assert split.protocol == "published 28+28 · unlabelled ones drawn with seed 0"
    other, _ = split_of(project, row, OTHER, "data.split_seed=1")
    assert other.hash != split.hash
    same, _ = split_of(project, row, OTHER)
    assert same.hash == split.hash
    known = split.labels[split.items[TRAIN]] < 2  # type: ignore[index]
    assert (split.items[TRAIN][known] == split_of(project, row)[0].items[TRAIN]).all()


def test_some_that_are_only_in_test_can_be_told_apart_but_not_learned(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, test=5)
    with pytest.raises(UserError, match=r"no item without a label is in train.*data\.protocol = random"):
        split_of(project, row, OTHER)
    split, _ = split_of(project, row, OTHER, "data.protocol=random", "data.validation=0.2", "data.test=0.2")
    assert [part[2] for part in counts(split).values()] == [3, 1, 1]
    with_train, remark = split_of(project, brought_in(project, tmp_path / "b", train=3, test=5), OTHER)
    assert counts(with_train)[VALIDATION] == [10, 10, 0]
    assert "no item of 'other' is in validation" in remark


def test_splits_that_hold_nothing_else_are_none(project: Project, tmp_path: Path) -> None:
    labels = np.array([0] * 20 + [1] * 20 + [2] * 12)
    loose, tail = [""] * 40, [TRAIN] * 5 + [VALIDATION] * 4 + [TEST] * 3

    def divided(of_known: list[str], protocol: str = "auto") -> Split:
        made = Division(
            labels=labels, published=np.array(of_known + tail), validation=0.25, test=0.25, seed=0, catch_all=2
        )
        return divide(made.complete(), protocol=protocol)

    random = divided(loose)
    assert random.protocol == "random 50/25/25 · seed 0"
    assert {name: np.bincount(labels[part]).tolist() for name, part in random.items.items()} == {
        TRAIN: [10, 10, 6], VALIDATION: [5, 5, 3], TEST: [5, 5, 3]
    }  # fmt: skip
    for protocol in ("published", "hold-out"):
        with pytest.raises(UserError, match="does not come with"):
            divided(loose, protocol)
    held_out = divided([TRAIN] * 40)
    assert held_out.protocol == "hold-out 25 % of train · seed 0 · unlabelled ones drawn with seed 0"
    assert np.bincount(labels[held_out.items[VALIDATION]]).tolist() == [5, 5, 2]
    assert np.bincount(labels[held_out.items[TEST]]).tolist() == [0, 0, 3]  # which tells of them alone, and may


@pytest.mark.parametrize("limit", [2, 5, 10])
def test_a_limit_leaves_some_of_them(project: Project, tmp_path: Path, limit: int) -> None:
    row = brought_in(project, tmp_path, train=2, val=2)
    split, _ = split_of(project, row, OTHER, f"data.limit={limit}")
    assert [len(part) for part in split.items.values()] == [limit, limit]
    assert [part[2] for part in counts(split).values()] == [1, 1]


def test_a_name_that_is_taken_and_data_without_such_items_are_refused(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=6, val=4)
    with pytest.raises(UserError, match="a class 'dog' already"):
        split_of(project, row, "data.catch_all=dog")
    with pytest.raises(UserError, match=r"every item of this data has a label.*--unknowns"):
        split_of(project, brought_in(project, tmp_path / "b"), OTHER)
    with pytest.raises(UserError, match="no name of a class"):
        job(row, "data.catch_all= a  b ")


def test_one_class_and_the_others_are_two_to_tell_apart(project: Project, tmp_path: Path) -> None:
    cats = str(write_files(tmp_path / "cats", {f"cat/{n}.png": png(n) for n in range(10)}))
    rest = str(write_files(tmp_path / "rest", {f"{n}.png": png(100 + n) for n in range(10)}))
    row = finish(import_dataset(project, cats, preferences=PREFERENCES, unknowns=[rest]))
    with pytest.raises(UserError, match="only one class"):
        split_of(project, row)
    split, _ = split_of(project, row, OTHER)
    assert np.unique(split.labels).tolist() == [0, 1]


def test_a_label_of_a_persons_takes_an_item_out_of_it(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=6, val=4)
    item = int(np.flatnonzero(open_dataset(project, row).items.names() == np.array("others/train/thing/0.png"))[0])
    run = trained(project, row, OTHER)
    before = measured(project, run, "train")
    project.edits(row.id).add(Edit(kind="label", text="", parts={"1": np.array([item])}, label_set="label"))
    split, _ = split_of(project, row, OTHER)
    assert counts(split)[TRAIN] == [10, 11, 5]
    assert split.facts["relabelled"] == 1
    assert measured(project, run, "train") == before  # the run keeps what it was


# Training


def test_it_is_the_last_class_of_a_run_and_is_measured(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=10, val=5)
    run = trained(project, row, OTHER)
    trained_run = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    assert trained_run.meta.classes == ("cat", "dog", "other")
    assert trained_run.meta.catch_all == 2
    (evaluation,) = run.evaluations()
    for part, known, unknown in ((TRAIN, 20, 10), (VALIDATION, 20, 5)):
        accuracy, of_known, of_unknown = (
            evaluation.metrics[f"{part}/{name}"] for name in ("accuracy", "known_accuracy", "unknown_recall")
        )
        assert accuracy * (known + unknown) == pytest.approx(of_known * known + of_unknown * unknown)
        assert 0.4 < of_known <= 1
    assert of_known != accuracy
    assert measured(project, run, "validation").metrics == {
        name: pytest.approx(value, abs=1e-5) for name, value in evaluation.metrics.items() if "validation" in name
    }


def test_without_it_nothing_else_is_measured(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=10, val=5)
    run = trained(project, row)
    assert set(run.status().metrics) == {
        f"{part}/{name}" for part in (TRAIN, VALIDATION) for name in ("loss", "accuracy")
    }
    folder = run.checkpoint(run.checkpoint_steps()[-1])
    assert load_meta(folder).catch_all == -1
    values = json.loads((folder / "meta.json").read_text())
    del values["catch_all"]
    (folder / "meta.json").write_text(json.dumps(values))
    assert load_meta(folder).catch_all == -1  # a checkpoint of an earlier version


def test_a_split_without_such_items_has_no_recall_of_them(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=10)
    metrics = trained(project, row, OTHER).status().metrics
    assert metrics["validation/known_accuracy"] == metrics["validation/accuracy"]
    assert "validation/unknown_recall" not in metrics
    assert "train/unknown_recall" in metrics


def test_the_outline_of_the_network_counts_it(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=10)
    assert finish(outline(project, job(row, OTHER), row)).classes == 3
    assert finish(outline(project, job(row), row)).classes == 2


def test_a_job_without_it_is_the_job_it_was(project: Project, tmp_path: Path) -> None:
    row = brought_in(project, tmp_path, train=10)
    plain, caught = job(row), job(row, OTHER)
    keys = {one.key(fingerprint="f", split="s") for one in (plain, caught)}
    assert len(keys) == 2
    assert caught.key(fingerprint="f", split="s") == replace(caught, name="x").key(fingerprint="f", split="s")
    events = list(session.create(project, caught, preferences=PREFERENCES))
    assert not [event for event in events if isinstance(event, ev.Message) and event.level == "info"]
