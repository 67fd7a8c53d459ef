"""The project folder: made, refused, moved, shared, and everything it lists."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import finish, kill, run, start, start_and_wait_for

from workbench.engine.errors import UserError
from workbench.engine.files import TEMPORARY
from workbench.engine.project.project import DAYS_IN_BIN, FORMAT, LONGEST_NAME, LONGEST_NOTE, DatasetRow, Project
from workbench.engine.project.runs import CREATED, FINISHED, STOPPED, Run, Status
from workbench.engine.project.splits import Division, Split, divide

JOB: dict[str, Any] = {"name": "j", "model": {"name": "fnn"}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def add(project: Project, name: str, *, id: str, signature: str = "s") -> DatasetRow:
    return project.add_dataset(
        name,
        id=id,
        kind="folder",
        origin="/data",
        signature=signature,
        fingerprint="f",
        items=3,
        label_sets={"label": ("a", "b"), "other": ()},
        splits={"train": 2, "": 1},
    )


def split(*, seed: int = 0) -> Split:
    labels = np.arange(200) % 2
    return divide(
        Division(labels=labels, published=np.full(200, ""), validation=0.2, test=0.1, seed=seed), protocol="random"
    )


def status(name: str, *, created: float = 1.0, key: str = "", state: str = CREATED) -> Status:
    return Status(name=name, created=created, key=key, state=state)


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        Project(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The folder


def test_a_project_is_made_where_there_is_none(tmp_path: Path) -> None:
    project = Project(tmp_path / "a" / "b" / "pröject")
    assert project.name == "pröject"
    assert (project.datasets(), project.runs()) == ([], [])
    assert sorted(path.name for path in project.folder.iterdir()) == ["project.db", "project.toml"]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [".project.toml.abc.part"],
        [".DS_Store"],
        ["data", "runs", "cache"],
        ["project.db-journal"],
        [".project.toml.abc.part", "project.db", "project.db-wal", "project.db-shm"],
    ],
)
def test_a_folder_that_is_empty_or_half_made_opens(tmp_path: Path, before: list[str]) -> None:
    for name in before:
        if "." in name:
            (tmp_path / name).write_bytes(b"")
        else:
            (tmp_path / name).mkdir()
    assert Project(tmp_path).datasets() == []


def test_another_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"1")
    assert refusal(tmp_path) == (
        f"this folder is not a project and not empty (it holds 'holiday.jpg'): {tmp_path}. "
        "Name a new or an empty folder"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert refusal(tmp_path / "file") == f"a project is a folder, and this is a file: {tmp_path / 'file'}"
    assert refusal(tmp_path / "file" / "below").startswith("the project folder cannot be used (Not a directory)")
    assert refusal(tmp_path / ("long" * 100)).startswith("the project folder cannot be used (File name too long)")
    assert refusal(Path("~no-such-user/x")).startswith("the project folder cannot be used (Could not determine home")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(tmp_path / "loop").startswith("the project folder cannot be used (")


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)
    assert refusal(tmp_path / "p") == f"the project folder cannot be used (Permission denied): {tmp_path / 'p'}"


def test_other_formats_are_refused(project: Project) -> None:
    marker = project.folder / "project.toml"
    marker.write_text(f"format = {FORMAT + 1}")
    assert refusal(project.folder) == f"this project has format {FORMAT + 1}: {marker}. Update the workbench"
    marker.write_text("format =")
    assert refusal(project.folder).startswith("this is not TOML (")
    assert str(marker) in refusal(project.folder)


def test_the_name_is_the_files(project: Project) -> None:
    (project.folder / "project.toml").write_text(f'format = {FORMAT}\nname = "Mushrooms"')
    assert Project(project.folder).name == "Mushrooms"


def test_a_moved_project_opens(project: Project, tmp_path: Path) -> None:
    dataset = add(project, "d", id="1")
    project.add_split(split())
    one = project.add_run(JOB, status("r"))
    new = tmp_path / "elsewhere" / "renamed"
    new.parent.mkdir()
    shutil.move(project.folder, new)
    moved = Project(new)
    assert moved.name == "project"
    assert moved.datasets() == [dataset]
    assert moved.split(split().hash).items.keys() == split().items.keys()
    assert [row.run.folder for row in moved.runs()] == [new / "runs" / one.id]
    assert moved.run("r").job() == JOB
    assert moved.dataset_file("1") == new / "data" / "1" / "items.arrow"


CREATE = """
import sys, time
from pathlib import Path
from workbench.engine.project.project import Project
while time.time() < float(sys.argv[2]):
    pass
for number in range(8):
    project = Project(Path(sys.argv[1]) / str(number))
    project.add_dataset("same", id=sys.argv[3], kind="", origin="", signature="", fingerprint="", items=0,
        label_sets={}, splits={})
"""


def test_processes_make_the_same_project_at_once(tmp_path: Path) -> None:
    moment = time.time() + 1.0
    for process in [start(CREATE, tmp_path, moment, name) for name in "abc"]:
        finish(process)
    for number in range(8):
        datasets = Project(tmp_path / str(number)).datasets()
        assert sorted(row.id for row in datasets) == ["a", "b", "c"]
        assert sorted(row.name for row in datasets) == ["same", "same-2", "same-3"]


def test_a_crash_right_after_the_first_file(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from workbench.engine.project import project
project.Store = lambda path: os._exit(7)
project.Project(Path(sys.argv[1]))
"""
    run(code, tmp_path / "p", exit_code=7)
    assert Project(tmp_path / "p").datasets() == []


# Datasets


def test_datasets_are_listed_with_all_they_are(project: Project) -> None:
    row = add(project, "pets", id="1")
    assert row.created == pytest.approx(time.time(), abs=60)
    assert row == DatasetRow(
        id="1",
        name="pets",
        kind="folder",
        origin="/data",
        signature="s",
        fingerprint="f",
        items=3,
        label_sets={"label": ("a", "b"), "other": ()},
        splits={"train": 2, "": 1},
        created=row.created,
    )
    other = add(project, "cars", id="2", signature="t")
    assert project.datasets() == [row, other]
    assert project.dataset("pets") == project.dataset("1") == project.find_dataset("s") == row
    assert project.find_dataset("none") is None
    with pytest.raises(UserError) as caught:
        project.dataset("pet")
    assert str(caught.value) == "there is no dataset called 'pet'. Did you mean 'pets'? Known: pets, cars"


def test_the_newest_of_two_with_one_signature(project: Project) -> None:
    add(project, "old", id="1")
    new = add(project, "new", id="2")
    assert project.find_dataset("s") == new


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a-2", "a", "a"], ["a-2", "a", "a-3"]),
        (["my pets/2024", "my pets 2024"], ["my-pets-2024", "my-pets-2024-2"]),
        (["", "../..", "***"], ["data", "data-2", "data-3"]),
        (["Größe", "v1.0_b"], ["Größe", "v1.0_b"]),
    ],
)
def test_names_are_plain_and_taken_once(project: Project, wanted: list[str], given: list[str]) -> None:
    assert [add(project, name, id=f"{number}").name for number, name in enumerate(wanted)] == given


# Splits


def test_splits_are_kept_as_they_were(project: Project) -> None:
    add(project, "d", id="1")
    one, other = split(), split(seed=1)
    for manifest in (one, one, other):
        project.add_split(manifest)
    stored = project.split(one.hash)
    assert (stored.protocol, stored.hash, stored.badge) == (one.protocol, one.hash, one.badge)
    assert {name: items.tolist() for name, items in stored.items.items()} == {
        name: items.tolist() for name, items in one.items.items()
    }
    assert all(items.dtype == np.int64 for items in stored.items.values())
    assert project.split(other.hash).items["train"].tolist() == other.items["train"].tolist()
    with pytest.raises(UserError, match="this project does not hold the split 0123abcd"):
        project.split("0123abcd" * 8)


# Runs


def test_runs_are_listed_and_found(project: Project) -> None:
    assert project.runs() == []
    with pytest.raises(UserError, match=r"there is no run called 'last'\. There are none yet"):
        project.run("last")
    runs = [project.add_run(JOB, status(name, created=created)) for name, created in (("a", 2), ("b", 1), ("a", 3))]
    rows = project.runs()
    assert [(row.run.id, row.name, row.created) for row in rows] == [
        (runs[1].id, "b", 1),
        (runs[0].id, "a", 2),
        (runs[2].id, "a", 3),
    ]
    assert project.run("last").id == project.run("a").id == runs[2].id
    assert project.run(runs[0].id).id == runs[0].id
    assert project.run("b").job() == JOB
    with pytest.raises(UserError, match="there is no run called 'c'"):
        project.run("c")


@pytest.mark.parametrize("name", ["../../escape", "a/b", "x" * 300, "\U0001f344\u4e2d" * 200, "", "...", "two words"])
def test_any_name_makes_a_folder_of_ours(project: Project, name: str) -> None:
    one = project.add_run(JOB, status(name))
    assert one.folder.parent == project.folder / "runs"
    assert one.status().name == name
    one.write_status(one.status())  # longer temporary names fit, too
    assert project.run(one.id).id == one.id
    assert len({project.add_run(JOB, status(name)).id for _ in range(5)}) == 5


def test_runs_copied_in_by_hand_are_adopted(project: Project, tmp_path: Path) -> None:
    one = project.add_run(JOB, status("theirs", created=5))
    other = Project(tmp_path / "other")
    mine = other.add_run(JOB, status("mine", created=9))
    shutil.copytree(one.folder, other.folder / "runs" / one.id)
    (other.folder / "runs" / "no run").mkdir()
    (other.folder / "runs" / f".x{TEMPORARY}").mkdir()
    for _ in range(2):
        assert [(row.run.id, row.name, row.created) for row in other.runs()] == [
            (one.id, "theirs", 5),
            (mine.id, "mine", 9),
        ]
    shutil.rmtree(mine.folder)
    assert [row.name for row in other.runs()] == ["theirs"]


def test_a_run_whose_entry_was_lost_to_a_crash(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Project, "_enter", crash)
        with pytest.raises(KeyboardInterrupt):
            project.add_run(JOB, status("r"))
    assert project.run("r").status() == status("r")


def test_an_identical_finished_run_is_found(project: Project) -> None:
    for created, (key, state) in enumerate([("k", FINISHED), ("k", FINISHED), ("k", STOPPED), ("l", CREATED)]):
        project.add_run(JOB, status(f"{created}", created=created, key=key, state=state))
    found = project.finished_run("k")
    assert isinstance(found, Run)
    assert found.status().name == "1"
    assert project.finished_run("l") is None
    assert project.finished_run("m") is None


def test_old_leftovers_go_and_young_ones_stay(project: Project) -> None:
    for kind in ("data", "runs"):
        for name, age in (("old", 25), ("young", 23)):
            folder = project.folder / kind / f".{name}{TEMPORARY}"
            folder.mkdir(parents=True)
            os.utime(folder, (time.time() - 3600 * age,) * 2)
    project.remove_leftovers()
    for kind in ("data", "runs"):
        assert [path.name for path in (project.folder / kind).iterdir()] == [f".young{TEMPORARY}"]


def names(project: Project) -> list[str]:
    return [row.name for row in project.runs()]


def test_a_damaged_run_that_was_copied_in_hides_no_other(project: Project) -> None:
    project.add_run(JOB, status("whole"))
    broken = project.folder / "runs" / "20990101-000000-broken"
    broken.mkdir()
    (broken / "status.json").write_text("{")
    assert names(project) == ["whole", "20990101-000000-broken"]
    project.rename_run(broken.name, "hopeless")
    project.delete_run(broken.name)
    assert names(project) == ["whole"]


def test_runs_are_renamed_and_annotated(project: Project) -> None:
    one = project.add_run(JOB, status("before"))
    project.rename_run(one.id, "  wide\tnet \n")
    project.set_note(one.id, " lost at  epoch 3\r\n\U0001f468\u200d\U0001f33e ")
    row = Project(project.folder).runs()[0]
    assert (row.name, row.note) == ("wide net", "lost at epoch 3 \U0001f468\u200d\U0001f33e")
    assert project.run("wide net").id == one.id
    with pytest.raises(UserError):
        project.run("before")
    project.set_note(one.id, " ")
    assert project.runs()[0].note == ""
    other = project.add_run(JOB, status("other", created=2))
    project.rename_run(other.id, "wide net")
    assert project.run("wide net").id == other.id  # the latest of two
    project.rename_run(one.id, one.id)
    assert project.run(one.id).id == one.id


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "a run needs a name"),
        (" \n\t\u2003", "a run needs a name"),
        ("last", "'last' always means the latest run"),
        ("a\x00b", "a run's name cannot hold control characters"),
        ("\ud800", "a run's name cannot hold control characters"),
        ("x" * (LONGEST_NAME + 1), f"a run's name cannot be longer than {LONGEST_NAME} characters"),
    ],
)
def test_names_that_are_none_are_refused(project: Project, name: str, sentence: str) -> None:
    one = project.add_run(JOB, status("r"))
    with pytest.raises(UserError, match=sentence):
        project.rename_run(one.id, name)
    assert names(project) == ["r"]


def test_a_name_cannot_hide_another_run(project: Project) -> None:
    one, other = project.add_run(JOB, status("a")), project.add_run(JOB, status("b"))
    with pytest.raises(UserError, match="another run's folder"):
        project.rename_run(one.id, other.id)
    with pytest.raises(UserError, match="a note cannot be longer than 10,000 characters"):
        project.set_note(one.id, "x" * (LONGEST_NOTE + 1))
    for change in (project.rename_run, project.set_note):
        with pytest.raises(UserError, match="there is no run nonsense"):
            change("nonsense", "x")
    with pytest.raises(UserError, match="there is no run nonsense"):
        project.delete_run("nonsense")


def test_a_deleted_run_is_gone_until_it_is_restored(project: Project) -> None:
    one, other = project.add_run(JOB, status("a", key="k", state=FINISHED)), project.add_run(JOB, status("b"))
    project.set_note(one.id, "kept")
    project.delete_run(one.id)
    assert names(project) == ["b"]
    assert project.finished_run("k") is None
    for refused in (project.delete_run, lambda id: project.rename_run(id, "x"), project.run):
        with pytest.raises(UserError, match="there is no run"):
            refused(one.id)
    project.remove_leftovers()
    for _ in range(2):
        project.restore_run(one.id)
        assert [(row.name, row.note) for row in project.runs()] == [("a", "kept"), ("b", "")]
    assert other.id in {row.run.id for row in project.runs()}


TRAIN = """
import sys
from pathlib import Path
from workbench.engine.project.runs import Run
with Run(Path(sys.argv[1])).writer():
    print("training", flush=True)
    sys.stdin.read()
"""


def test_a_run_under_way_is_not_deleted(project: Project) -> None:
    one = project.add_run(JOB, status("a"))
    trainer = start_and_wait_for("training", TRAIN, one.folder)
    with pytest.raises(UserError) as caught:
        project.delete_run(one.id)
    assert str(caught.value) == f"a is being trained: {one.id}. Stop it, then delete it"
    assert names(project) == ["a"]
    kill(trainer)
    project.delete_run(one.id)
    assert names(project) == []
    with one.writer():  # nor removed, where somebody trains it still
        forget(project, one.id)
        project.remove_leftovers()
        assert one.folder.exists()
    project.remove_leftovers()
    assert not one.folder.exists()


def forget(project: Project, run_id: str, *, days: float = DAYS_IN_BIN + 0.01) -> None:
    """As if the run had been deleted so many days ago."""
    with project.store.transaction() as db:
        db.execute("UPDATE runs SET deleted = ? WHERE id = ?", (time.time() - days * 24 * 3600, run_id))


def test_runs_deleted_long_ago_leave_the_disk(project: Project, tmp_path: Path) -> None:
    runs = [project.add_run(JOB, status(name)) for name in ("old", "young", "kept")]
    for one, days in zip(runs, (DAYS_IN_BIN + 0.01, DAYS_IN_BIN - 0.01), strict=False):
        project.delete_run(one.id)
        forget(project, one.id, days=days)
    backup = shutil.copytree(runs[0].folder, tmp_path / "backup")
    project.remove_leftovers()
    assert [one.folder.exists() for one in runs] == [False, True, True]
    with pytest.raises(UserError, match="no longer on the disk"):
        project.restore_run(runs[0].id)
    project.restore_run(runs[1].id)
    assert sorted(names(project)) == ["kept", "young"]
    shutil.copytree(backup, runs[0].folder)  # a backup is as good as new
    assert sorted(names(project)) == ["kept", "old", "young"]


def test_a_crash_while_the_bin_is_emptied(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    one = project.add_run(JOB, status("a"))
    project.delete_run(one.id)
    forget(project, one.id)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", crash)
        with pytest.raises(KeyboardInterrupt):
            project.remove_leftovers()
    assert names(project) == []
    leftover = project.folder / "runs" / f".{one.id}{TEMPORARY}"
    os.utime(leftover, (time.time() - 25 * 3600,) * 2)
    project.remove_leftovers()
    assert list((project.folder / "runs").iterdir()) == []


def test_a_bin_that_cannot_be_emptied_now_is_emptied_later(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    one = project.add_run(JOB, status("a"))
    project.delete_run(one.id)
    forget(project, one.id)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "a file of it is open")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        project.remove_leftovers()
    assert (one.folder.exists(), names(project)) == (True, [])
    project.remove_leftovers()
    assert (one.folder.exists(), names(project)) == (False, [])
