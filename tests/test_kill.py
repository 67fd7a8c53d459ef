"""Training that is ended from outside, politely or not, and then goes on as if nothing had happened."""

import random
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from programs import ForkServer, History, Outcome, Program, call, done, history

if sys.platform != "linux":
    pytest.skip("a forked process may use torch on Linux only", allow_module_level=True)

STEPS = 200
JOB = f"""
[data]
source = "digits"
protocol = "random"
limit = 400

[augment]
flip = true
translate = 1
cutout = 2

[model]
name = "cnn"
hidden_layers = 1
nodes = 32
normalization = "batch"
dropout = 0.2
padding = "same"

[train]
steps = {STEPS}
batch_size = 16
learning_rate = 3e-3
weight_decay = 0.01
schedule = "one-cycle"
evaluate_every = 45
checkpoint_steps = 7
checkpoint_minutes = 0
checkpoint_keep = 3
"""
MID_EPOCH = 31  # an epoch has 25 steps
KILLS = 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[ForkServer]:
    with ForkServer(home=home, folder=home) as started:
        started.call("presets")  # it has imported everything when it answers
        yield started


@pytest.fixture(scope="module")
def job(home: Path) -> Path:
    path = home / "job.toml"
    path.write_text(JOB)
    return path


@pytest.fixture(scope="module")
def uninterrupted(server: ForkServer, job: Path, home: Path) -> History:
    """The history to which every other one must be equal."""
    trained = server.call("train", job, "--project", home / "uninterrupted", "--json")
    assert trained.code == 0, trained.err
    reference = history(Path(trained.last["folder"]))
    assert len(reference.steps) == STEPS
    assert [step for step, _ in reference.evaluations] == [45, 90, 135, 180, STEPS]
    return reference


@pytest.fixture
def project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    return tmp_path / "project"


def only_run(project: Path) -> Path:
    (folder,) = (path for path in (project / "runs").iterdir() if not path.name.startswith("."))
    return folder


def state(project: Path) -> tuple[str, int]:
    """What ``runs`` says of the only run: its status and step."""
    (record,) = done("runs", "--project", project, "--json").records
    return record["status"], record["steps"]


def finished(server: ForkServer, project: Path, *settings: str) -> History:
    """Resume the project's run to its end; its history."""
    resumed: Outcome = server.call("resume", "last", "--project", project, "--json", *settings)
    assert resumed.code == 0, resumed.err
    assert (resumed.last["status"], resumed.last["steps"]) == ("finished", STEPS)
    return history(only_run(project))


def test_killed_in_the_middle_of_an_epoch(
    server: ForkServer, job: Path, home: Path, project: Path, uninterrupted: History, tmp_path: Path
) -> None:
    program = Program.start("train", job, "--project", project, home=home, cwd=tmp_path)
    program.read_until(MID_EPOCH)
    program.signal(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    status, step = state(project)
    assert status == "interrupted"
    assert 0 < step < STEPS
    assert finished(server, project) == uninterrupted


def test_killed_before_the_first_checkpoint(
    server: ForkServer, job: Path, project: Path, uninterrupted: History
) -> None:
    rare = ("--set", "train.checkpoint_steps=0", "--set", "train.checkpoint_minutes=1000", "--set")
    rare += ("train.keep_best=false",)
    program = server.start_reading("train", job, "--project", project, *rare)
    program.read_until(MID_EPOCH)
    program.signal(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    assert not list((only_run(project) / "checkpoints").iterdir())
    assert finished(server, project) == uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end(
    number: signal.Signals, server: ForkServer, job: Path, project: Path, uninterrupted: History
) -> None:
    program = server.start_reading("train", job, "--project", project)
    program.read_until(MID_EPOCH)
    program.signal(number)
    last = list(program.records())[-1]
    assert program.wait() == 130
    assert last["status"] == "stopped"
    assert MID_EPOCH <= last["steps"] < STEPS
    assert (only_run(project) / "checkpoints" / f"step-{last['steps']:08d}" / "meta.json").exists()
    assert state(project) == ("stopped", last["steps"])
    assert finished(server, project) == uninterrupted


def test_asked_to_end_as_a_process_of_its_own(
    server: ForkServer, job: Path, home: Path, project: Path, uninterrupted: History, tmp_path: Path
) -> None:
    program = Program.start("train", job, "--project", project, home=home, cwd=tmp_path)
    program.read_until(MID_EPOCH)
    program.signal(signal.SIGINT)
    assert list(program.records())[-1]["status"] == "stopped"
    assert program.wait() == 130
    assert finished(server, project) == uninterrupted


def test_a_reader_that_goes_away_ends_training_with_a_checkpoint(
    server: ForkServer, job: Path, project: Path, uninterrupted: History
) -> None:
    program = server.start_reading("train", job, "--project", project)
    program.read_until(MID_EPOCH)
    program.stop_listening()
    assert program.wait() == 130
    status, step = state(project)
    assert status == "stopped"
    assert (only_run(project) / "checkpoints" / f"step-{step:08d}").exists()
    assert finished(server, project) == uninterrupted


def test_killed_twenty_times_at_random_moments(
    server: ForkServer, job: Path, project: Path, uninterrupted: History
) -> None:
    """Starting up, importing, decoding, training, evaluating and saving are all hit, some of them more than once."""
    moments = random.Random(0)
    reached: set[int] = set()
    for _ in range(KILLS):
        runs = done("runs", "--project", project, "--json").records
        assert [run["status"] for run in runs] in ([], ["created"], ["interrupted"])
        reached |= {run["steps"] for run in runs}
        program = server.start_reading(*(["resume", "last"] if runs else ["train", job]), "--project", project)
        records = moments.choice([0, 0, 1, 2, 3])  # so few that the run does not end before the last kill
        for _ in islice(program.records(), records):
            pass
        time.sleep(moments.uniform(0, 0.02 if records else 0.2))
        program.signal(signal.SIGKILL)
        assert program.wait() == -signal.SIGKILL
    assert len(reached) > 3, "the kills came too early to hit training"
    assert finished(server, project) == uninterrupted


def test_one_run_is_trained_by_one_process_and_another_beside_it(
    server: ForkServer, job: Path, project: Path, uninterrupted: History
) -> None:
    program = server.start_reading("train", job, "--project", project)
    program.read_until(MID_EPOCH)
    first = only_run(project)
    for refused in (
        call("resume", first.name, "--project", project),
        call("resume", first.name, "--project", project, "--set", "train.steps=300"),
    ):
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.count("\n") == 1
        assert f"process {program.id}" in refused.err

    second = server.call("train", job, "--project", project, "--json")
    assert second.code == 0, second.err
    states = {record["run"]: record["status"] for record in done("runs", "--project", project, "--json").records}
    assert states == {first.name: "running", second.last["run"]: "finished"}

    assert list(program.records())[-1]["status"] == "finished"
    assert program.wait() == 0
    assert history(first) == history(Path(second.last["folder"])) == uninterrupted
