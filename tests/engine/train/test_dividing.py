"""A job's split is of the dataset as a person has left it, and an old run's of the dataset as it was."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import finish, png, shared_data, write_files

from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import TEST, TRAIN, VALIDATION, Split
from workbench.engine.project.splits.protocols import MNIST
from workbench.engine.train import session
from workbench.engine.train.dividing import make_split
from workbench.engine.train.job import Job, preset, presets
from workbench.engine.train.material import load_material
from workbench.engine.train.trained import Score, load_trained, score

PREFERENCES = Preferences(device="cpu")
CLASSES = ("cat", "dog", "eel")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def name(project: Project, tmp_path: Path) -> str:
    """Sixty pictures, three classes, a train and a test split; ``p<number>`` in the name says whose they are."""
    files = {
        f"{part}/{label}/p{number % 12}_{number}.png": png(80 * CLASSES.index(label) + number)
        for part, first, last in ((TRAIN, 0, 16), (TEST, 16, 20))
        for label in CLASSES
        for number in range(first, last)
    }
    row = finish(import_dataset(project, str(write_files(tmp_path / "pets", files)), preferences=PREFERENCES))
    assert row.splits == {TRAIN: 48, TEST: 12}
    return row.name


def job(name: str, *settings: str) -> Job:
    values = {
        "data": {"source": name},
        "model": {"name": "fnn", "hidden_layers": 1, "nodes": 8},
        "train": {"steps": 12, "batch_size": 8, "evaluate_every": 6, "learning_rate": 0.01},
    }
    return Job.from_dict(values, name="tiny").with_settings(settings)


def opened(project: Project, name: str) -> Dataset:
    return open_dataset(project, project.dataset(name))


def split_of(project: Project, name: str, *settings: str) -> Split:
    return make_split(opened(project, name), job(name, *settings))[0]


def edit(project: Project, name: str, kind: str, parts: dict[str, list[int]], **more: object) -> None:
    made = {key: np.array(items, np.int64) for key, items in parts.items()}
    project.edits(project.dataset(name).id).add(Edit(kind=kind, text="", parts=made, **more))  # type: ignore[arg-type]


def in_parts(split: Split) -> list[int]:
    return sorted(np.concatenate(list(split.items.values())).tolist())


def trained(project: Project, name: str, *settings: str) -> Run:
    run = finish(session.create(project, job(name, *settings), preferences=PREFERENCES))
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def scored(project: Project, run: Run, split: str) -> Score:
    return finish(score(project, run, split=split, checkpoint="last", preferences=PREFERENCES))


# The state as it is now


def test_excluded_items_are_in_no_part(project: Project, name: str) -> None:
    for protocol in ("auto", "random", "hold-out", "k-fold", "train-test"):
        assert 5 in in_parts(split_of(project, name, f"data.protocol={protocol}"))
    edit(project, name, "exclude", {"": [5, 50]})
    for protocol in ("auto", "random", "hold-out", "k-fold", "train-test"):
        split = split_of(project, name, f"data.protocol={protocol}")
        assert in_parts(split) == [item for item in range(60) if item not in (5, 50)]
        assert split.facts["excluded"] == 2
    edit(project, name, "include", {"": [5, 50]})
    assert 5 in in_parts(split_of(project, name))


def test_auto_takes_the_splits_that_a_person_made(project: Project, name: str) -> None:
    before = split_of(project, name)
    assert before.protocol == "hold-out 10 % of train · seed 0"
    edit(project, name, "split", {VALIDATION: [0, 1, 16]})
    split = split_of(project, name)
    assert split.items[VALIDATION].tolist() == [0, 1, 16]
    assert split.protocol == "assigned published + 3 by hand"
    drawn = {TRAIN: list(range(30)), VALIDATION: list(range(30, 45)), TEST: list(range(45, 60))}
    edit(project, name, "split", drawn, value="random 50/25/25 · seed 3")
    assert split_of(project, name).protocol == "assigned random 50/25/25 · seed 3"
    edit(project, name, "split", {TRAIN: [59]})
    split = split_of(project, name)
    assert split.protocol == "assigned random 50/25/25 · seed 3 + 1 by hand"
    assert (len(split.items[TRAIN]), 59 in split.items[TRAIN]) == (31, True)
    published = split_of(project, name, "data.protocol=train-test")
    assert {key: len(items) for key, items in published.items.items()} == {TRAIN: 48, VALIDATION: 12}
    journal = project.edits(project.dataset(name).id)
    for _ in range(3):
        journal.undo()
    assert split_of(project, name).hash == before.hash


def test_a_presets_protocol_gives_way_to_what_a_person_made(project: Project, name: str) -> None:
    edit(project, name, "split", {VALIDATION: [0, 20, 40]})
    for protocol in ("GoMLX 50000/10000", "official 1020+1020/6149", "CNTK swapped 6149/1020"):
        split, said = make_split(opened(project, name), job(name, f"data.protocol={protocol}"))
        assert split.protocol == "assigned published + 3 by hand"
        assert said.endswith(f"instead of {protocol!r}")


def test_labels_are_those_of_now(project: Project, name: str) -> None:
    before = split_of(project, name)
    edit(project, name, "label", {"2": [0]}, label_set="label")
    after = split_of(project, name)
    assert after.labels is not None
    assert after.labels[0] == 2
    assert after.hash != before.hash
    assert (after.facts["relabelled"], len(after.facts["edits"])) == (1, 64)
    edit(project, name, "label", {"-1": [7]}, label_set="label")
    assert 7 not in in_parts(split_of(project, name))


def test_names_of_classes_do_not_change_what_is_learned(project: Project, name: str) -> None:
    before = split_of(project, name)
    edit(project, name, "name", {}, label_set="label", label=2, value="fish")
    assert split_of(project, name).hash == before.hash
    run = trained(project, name)
    assert load_trained(run, checkpoint="last", preferences=PREFERENCES).meta.classes == ("cat", "dog", "fish")


def test_groups_by_name(project: Project, name: str) -> None:
    names = opened(project, name).items.names()
    split = split_of(project, name, "data.protocol=random", r"data.groups=/(p\d+)_", "data.validation=0.25")
    whose = [{names[item].split("/")[-1].split("_")[0] for item in part} for part in split.items.values()]
    assert sum(map(len, whose)) == 12
    assert split.protocol == "random 65/25/10 by group · seed 0"
    assert split.facts["groups"] == r"/(p\d+)_"
    with pytest.raises(UserError, match="the source gives no groups"):
        split_of(project, name, "data.protocol=grouped")
    with pytest.raises(UserError, match="is found in no item's name"):
        split_of(project, name, "data.groups=zzz")


def test_bad_settings_are_said_where_they_are_made(name: str) -> None:
    with pytest.raises(UserError, match=r"data\.groups = '\(' is no pattern"):
        job(name, "data.groups=(")
    with pytest.raises(UserError, match="fold = 6 is more than folds = 5"):
        job(name, "data.fold=6")
    assert job(name, "data.fold=6", "data.folds=6").data.fold == 6


# What a run keeps


def test_the_manifest_says_how_it_came_about(project: Project, name: str) -> None:
    edit(project, name, "label", {"1": [0, 1]}, label_set="label")
    run = finish(session.create(project, job(name, "data.protocol=k-fold", "data.fold=2"), preferences=PREFERENCES))
    wanted = split_of(project, name, "data.protocol=k-fold", "data.fold=2")
    stored = project.split(run.status().split)
    assert stored.facts == wanted.facts
    assert stored.facts["protocol"] == "k-fold"
    assert (stored.facts["fold"], stored.facts["folds"], stored.facts["seed"]) == (2, 5, 0)
    assert stored.facts["stratified"] == "label"
    assert stored.facts["counts"] == {key: len(items) for key, items in stored.items.items()}
    assert stored.labels is not None
    assert stored.labels.tolist() == wanted.labels.tolist()  # type: ignore[union-attr]
    unedited = finish(session.create(project, job(name, "data.limit=9"), preferences=PREFERENCES))
    with project.store.transaction() as db:
        db.execute("DELETE FROM manifests")  # as an earlier version stored its splits
    early = project.split(unedited.status().split)
    assert (early.facts, early.labels) == ({}, None)


@pytest.mark.parametrize("edited_before", [False, True])
def test_an_old_run_gives_the_same_numbers_whatever_is_edited_since(
    project: Project, name: str, edited_before: bool
) -> None:
    if edited_before:
        edit(project, name, "label", {"0": [20, 21, 55]}, label_set="label")
    run = trained(project, name)
    before = {part: asdict(scored(project, run, part)) for part in (TRAIN, VALIDATION, TEST)}
    validated = project.split(run.status().split).items[VALIDATION].tolist()
    edit(project, name, "label", {"1": [0, 1, 2, *validated], "2": [50, 58]}, label_set="label")
    edit(project, name, "exclude", {"": [*validated[:2], 3, 59]})
    edit(project, name, "split", {TRAIN: [52, 53], TEST: [10, *validated[2:]]})
    edit(project, name, "name", {}, label_set="label", label=0, value="kitten")
    assert {part: asdict(scored(project, run, part)) for part in before} == before
    new = trained(project, name)
    assert new.status().split != run.status().split
    assert scored(project, new, TEST).metrics != before[TEST]["metrics"]
    assert scored(project, new, TEST).protocol != before[TEST]["protocol"]


def test_a_run_that_is_resumed_after_edits_goes_on_bit_for_bit(project: Project, name: str) -> None:
    whole = trained(project, name)
    halted = finish(session.create(project, job(name), preferences=PREFERENCES))
    work = session.train(project, halted, preferences=PREFERENCES)
    for event in work:
        if getattr(event, "step", 0) >= 6:
            break
    work.close()
    assert halted.status().state == "stopped"
    edit(project, name, "label", {"2": list(range(30))}, label_set="label")
    edit(project, name, "exclude", {"": [4, 5, 6, 50]})
    finish(session.train(project, halted, preferences=PREFERENCES))
    assert [event.metrics for event in halted.evaluations()] == [event.metrics for event in whole.evaluations()]


def test_a_run_is_reused_only_for_the_same_labels_and_splits(project: Project, name: str) -> None:
    def reused() -> Run:
        return finish(session.create(project, job(name), preferences=PREFERENCES, reuse=True))

    run = trained(project, name)
    assert reused().id == run.id
    edit(project, name, "label", {"1": [0]}, label_set="label")
    assert reused().id != run.id
    project.edits(project.dataset(name).id).undo()
    assert reused().id == run.id
    edit(project, name, "exclude", {"": [0]})
    assert reused().id != run.id


KEYS = {  # as earlier versions had them: finished runs are still found
    ("digits-cnn", "random"): "9018667828ab6d1b88d163020c8cbd65acabafd207d99c3191ef982742f9cb6c",
    ("cifar10-cnn", "GoMLX 50000/10000"): "6fa6acd2c222561c863ed27b5409da4830b8a83ecad7a069655648ffcc4e3d68",
}


@pytest.mark.parametrize(("which", "protocol"), KEYS)
def test_the_keys_of_earlier_runs_stay(which: str, protocol: str) -> None:
    job = preset(which).with_settings([f"data.protocol={protocol}"])
    assert job.key(fingerprint="f", split="s") == KEYS[which, protocol]


@pytest.mark.parametrize("which", presets())
def test_new_settings_of_the_data_count_once_they_are_set(which: str) -> None:
    plain = preset(which)
    assert Job.from_toml(plain.to_toml(), name=which) == plain
    key = plain.key(fingerprint="f", split="s")
    for setting in ("data.folds=7", "data.fold=3", "data.groups=folder"):
        assert plain.with_settings([setting]).key(fingerprint="f", split="s") != key


def test_folds_are_different_runs(project: Project, name: str) -> None:
    splits = [split_of(project, name, "data.protocol=k-fold", f"data.fold={fold}") for fold in range(1, 6)]
    assert len({split.hash for split in splits}) == 5
    assert sorted(np.concatenate([split.items[VALIDATION] for split in splits])) == list(range(12, 60))


# Networks that make images need no labels


def generative(name: str, *settings: str) -> Job:
    values = {"data": {"source": name}, "model": {"name": "vae"}, "train": {"steps": 4, "batch_size": 8}}
    return Job.from_dict(values, name="tiny").with_settings(settings)


def generative_split(project: Project, name: str, *settings: str) -> Split:
    return make_split(opened(project, name), generative(name, *settings))[0]


def test_items_without_a_label_are_used(project: Project, name: str) -> None:
    assert generative_split(project, name).hash == split_of(project, name).hash
    edit(project, name, "label", {"-1": [0, 7, 20]}, label_set="label")
    split = generative_split(project, name)
    assert in_parts(split) == list(range(60))
    assert in_parts(split_of(project, name)) == [item for item in range(60) if item not in (0, 7, 20)]
    assert split.labels is not None
    assert split.labels[7] == -1


def test_data_with_one_class_is_used(project: Project, tmp_path: Path) -> None:
    files = {f"only/{number}.png": png(number) for number in range(20)}
    row = finish(import_dataset(project, str(write_files(tmp_path / "one", files)), preferences=PREFERENCES))
    with pytest.raises(UserError, match="only one class"):
        split_of(project, row.name)
    assert in_parts(generative_split(project, row.name)) == list(range(20))


def unlabelled(project: Project, tmp_path: Path) -> str:
    """Thirty photographs with masks, which have no classes of their own."""
    files = {"class_dict.csv": b"name,r,g,b\nroad,1,1,1\nwater,2,2,2\n"}
    for number in range(30):
        files |= {f"{number}_sat.png": png(number, side=8), f"{number}_mask.png": png(1 + number % 2, side=8)}
    row = finish(import_dataset(project, str(write_files(tmp_path / "land", files)), preferences=PREFERENCES))
    assert (row.content, dict(row.label_sets)) == ("masks", {})
    return row.name


def test_data_without_labels_is_used(project: Project, tmp_path: Path) -> None:
    name = unlabelled(project, tmp_path)
    with pytest.raises(UserError, match="no classes of their own"):
        split_of(project, name)
    split = generative_split(project, name, "data.limit=10")
    assert {part: len(items) for part, items in split.items.items()} == {TRAIN: 10, VALIDATION: 3, TEST: 3}
    dataset = opened(project, name)
    material = finish(
        load_material(
            project, generative(name), dataset.row, generative_split(project, name),
            device=torch.device("cpu"), preferences=PREFERENCES,
        )
    )  # fmt: skip
    assert material.classes == ()
    assert material.feed.batch(torch.tensor([3, 4]))[1].tolist() == [-1, -1]
    with pytest.raises(UserError, match="no classes of their own"):
        generative_split(project, name, "data.label=x")


def test_a_run_names_what_became_of_grey_levels(project: Project, name: str) -> None:
    def protocol(*settings: str) -> str:
        run = finish(session.create(project, generative(name, *settings), preferences=PREFERENCES))
        return run.status().protocol

    assert protocol("data.binarize=once", "data.binarize_seed=3").endswith(" · binarised once (seed 3)")
    assert protocol("data.binarize=threshold").endswith(" · thresholded at 128")
    assert "binarised anew each batch" in protocol("data.binarize=dynamic")
    assert protocol("model.likelihood=bernoulli").endswith(" · grey levels as probabilities")
    assert protocol("model.likelihood=gaussian") == generative_split(project, name).badge


def test_mnist_is_divided_as_published_likelihoods_have_it(project: Project) -> None:
    row = finish(import_dataset(project, str(shared_data("mnist")), preferences=PREFERENCES))
    split, said = make_split(open_dataset(project, row), generative(row.name, f"data.protocol={MNIST}"))
    assert said == ""
    assert {part: len(items) for part, items in split.items.items()} == {
        TRAIN: 50_000,
        VALIDATION: 10_000,
        TEST: 10_000,
    }
    published = opened(project, row.name).items.splits()
    assert (published[np.concatenate((split.items[TRAIN], split.items[VALIDATION]))] == TRAIN).all()
    assert (published[split.items[TEST]] == TEST).all()


def test_another_set_is_divided_otherwise_and_it_is_said(project: Project, name: str) -> None:
    split, said = make_split(opened(project, name), generative(name, f"data.protocol={MNIST}"))
    assert split.protocol == "hold-out 10 % of train · seed 0"
    assert "48 training and 12 test images, not 60000 and 10000" in said


@pytest.mark.parametrize("how", ["no", "once", "threshold", "dynamic"])
def test_a_run_without_labels_trains_to_its_end_and_again_alike(project: Project, tmp_path: Path, how: str) -> None:
    name = unlabelled(project, tmp_path)
    job = generative(name, f"data.binarize={how}", "model.nodes=8", "model.latent=2", "train.evaluate_epochs=1")

    def bound() -> float:
        run = finish(session.create(project, job, preferences=PREFERENCES))
        finish(session.train(project, run, preferences=PREFERENCES))
        status = run.status()
        assert status.state == "finished"
        assert status.protocol.startswith("random 80/10/10")
        return float(status.metrics["validation/elbo"])

    assert bound() == bound()
