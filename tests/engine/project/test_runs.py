"""A run's folder: where it stands, what happened, what is kept."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import kill, start_and_wait_for

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.project import runs
from workbench.engine.project.runs import (
    CREATED,
    FINISHED,
    INTERRUPTED,
    RUNNING,
    STOPPED,
    EventLog,
    Run,
    Status,
)


def make(folder: Path, *, state: str = CREATED) -> Run:
    run = Run(folder)
    run.checkpoints.mkdir(parents=True)
    run.write_status(Status(state=state, name="name"))
    return run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make(tmp_path / "run")


@contextmanager
def log(run: Run) -> Iterator[EventLog]:
    one = EventLog(run)
    try:
        yield one
    finally:
        one.close()


def record(run: Run, *events: ev.Event) -> None:
    with log(run) as one:
        for event in events:
            one.append(event)
        one.sync()


def stretch(first: int, last: int) -> ev.Steps:
    series = {"loss": tuple(float(step) for step in range(first, last + 1))}
    return ev.Steps(
        first=first, epoch=1.0, series=series, averages={}, learning_rate=0.1, seconds=0.1, samples_per_second=1.0
    )


def evaluated(step: int, score: float) -> ev.Evaluated:
    return ev.Evaluated(step=step, epoch=1.0, metrics={"validation/accuracy": score}, seconds=0.1)


def started(step: int = 0) -> ev.Started:
    return ev.Started(
        run="run", step=step, total_steps=9, steps_per_epoch=3, parameters=1, tensors=1, device="cpu", protocol="p"
    )


EVENTS = (
    started(),
    ev.Message(text="a word"),
    stretch(1, 10),
    evaluated(10, 0.5),
    ev.Checkpointed(step=10, path="checkpoints/step-00000010"),
    stretch(11, 20),
    evaluated(20, 0.25),
    ev.Checkpointed(step=20, path="checkpoints/step-00000020"),
    stretch(21, 23),
    ev.Finished(run="run", step=23),
)


def checkpoint(run: Run, *steps: int) -> None:
    for step in steps:
        run.checkpoint(step).mkdir()
        (run.checkpoint(step) / "meta.json").write_text("{}")
        (run.checkpoint(step) / "weights").write_text("1")


# Status


def test_the_status_survives(run: Run) -> None:
    status = Status(
        state=STOPPED, name="n", step=3, metrics={"a/b": 0.5}, best={"step": 2}, protocol="p · q", error="é"
    )
    run.write_status(status)
    assert run.status() == status


HOLD = """
import sys
from pathlib import Path
from workbench.engine.project.runs import RUNNING, Run, Status
run = Run(Path(sys.argv[1]))
with run.writer():
    run.write_status(Status(state=RUNNING, step=4))
    print("running", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_was_interrupted(run: Run) -> None:
    process = start_and_wait_for("running", HOLD, run.folder)
    assert run.status() == Status(state=RUNNING, step=4)
    with pytest.raises(UserError) as caught, run.writer():
        pass
    assert str(caught.value) == (
        f"run run is being trained by somebody else: process {process.pid}. Stop that one first"
    )
    kill(process)
    assert run.status() == Status(state=INTERRUPTED, step=4)
    with run.writer():
        assert run.status().state == RUNNING


def test_a_run_that_never_ran_under_a_lock(run: Run) -> None:
    run.write_status(Status(state=RUNNING))
    assert run.status().state == INTERRUPTED


def test_a_run_that_ends_while_one_looks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_status(Status(state=RUNNING))

    def ends(path: Path) -> bool:
        run.write_status(Status(state=FINISHED))
        return False

    monkeypatch.setattr(runs, "is_held", ends)
    assert run.status().state == FINISHED


@pytest.mark.parametrize("content", ["[]", "[1]", "3", '{"stage": "x"}', '{"state"'])
def test_a_broken_status_is_named(run: Run, content: str) -> None:
    (run.folder / "status.json").write_text(content)
    with pytest.raises(UserError) as caught:
        run.status()
    assert str(run.folder / "status.json") in str(caught.value)


def test_a_finished_run_is_opened_again(run: Run) -> None:
    for before, after in ((FINISHED, STOPPED), (STOPPED, STOPPED), (CREATED, CREATED)):
        run.write_status(Status(state=before, key="old", step=5))
        run.reopen(key="new")
        assert run.status() == Status(state=after, key="new", step=5)


def test_the_job_survives(run: Run) -> None:
    job = {"name": "x", "train": {"steps": 3, "learning_rates": [0.1, 0.2]}}
    run.write_job(job)
    assert run.job() == job


# Events


def test_what_happened_is_read_back(run: Run) -> None:
    assert list(run.events()) == []
    record(run, *EVENTS[:4])
    record(run, ev.Progress(stage="decoding", done=1, total=2), *EVENTS[4:])
    assert tuple(run.events()) == EVENTS
    assert run.evaluations() == [EVENTS[3], EVENTS[6]]
    for line in (run.folder / "events.jsonl").read_text().splitlines():
        assert json.loads(line)["time"] > 1e9


def test_a_reader_sees_an_event_at_once(run: Run) -> None:
    with log(run) as one:
        one.append(EVENTS[0])
        assert list(run.events()) == [EVENTS[0]]


@pytest.mark.parametrize(
    "line",
    [b"", b'{"event": "evaluated", "st', b"[]", b"[1]", b"3", b"null", b"\xff", b'{"event": "later"}', b"[" * 99_999],
)
def test_lines_that_are_no_events_are_passed_over(run: Run, line: bytes) -> None:
    record(run, *EVENTS)
    path = run.folder / "events.jsonl"
    path.write_bytes(line + b"\n" + path.read_bytes() + line)
    assert tuple(run.events()) == EVENTS
    run.keep_events(until=100)
    assert tuple(run.events()) == EVENTS[:-1]


@given(st.binary() | st.text('{}[]":,eventsp0 ').map(str.encode))
def test_garbage_is_passed_over(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    line = json.dumps(ev.to_json(EVENTS[3])).encode() + b"\n"
    (run.folder / "events.jsonl").write_bytes(garbage + b"\n" + line + garbage)
    assert EVENTS[3] in run.events()
    run.keep_events(until=10)
    assert EVENTS[3] in run.events()


@pytest.mark.parametrize(("until", "kept"), [(0, EVENTS[:2]), (10, EVENTS[:5]), (20, EVENTS[:8]), (99, EVENTS[:9])])
def test_what_a_resume_repeats_is_forgotten(run: Run, until: int, kept: tuple[ev.Event, ...]) -> None:
    run.keep_events(until=until)
    assert not (run.folder / "events.jsonl").exists()
    record(run, *EVENTS)
    run.keep_events(until=until)
    assert tuple(run.events()) == kept


def test_after_half_a_line_the_next_one_is_whole(run: Run) -> None:
    record(run, *EVENTS[:4])
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "steps", "first": 11, "ser')
    run.keep_events(until=10)
    record(run, EVENTS[5])
    assert list(run.events()) == [*EVENTS[:4], EVENTS[5]]


def test_a_full_disk_while_logging(run: Run) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (run.folder / "events.jsonl").symlink_to("/dev/full")
    with log(run) as one, pytest.raises(UserError, match=r"the disk is full: .*events\.jsonl"):
        one.append(EVENTS[0])


# Checkpoints


def test_the_best_step(run: Run) -> None:
    assert run.best_step("validation/accuracy", maximise=True) is None
    record(run, *(evaluated(step, score) for step, score in [(1, 0.5), (2, 0.7), (3, 0.2), (4, 0.7), (5, 0.2)]))
    assert run.best_step("validation/accuracy", maximise=True) == 2
    assert run.best_step("validation/accuracy", maximise=False) == 3
    assert run.best_step("validation/loss", maximise=False) is None


def test_complete_checkpoints_are_listed(run: Run) -> None:
    checkpoint(run, 20, 3, 100_000_000)
    (run.checkpoint(4)).mkdir()
    for name in ("step-", "step-x", "step-²", ".step-00000009.part", "other"):
        (run.checkpoints / name).mkdir()
        (run.checkpoints / name / "meta.json").write_text("{}")
    assert run.checkpoint_steps() == [3, 20, 100_000_000]
    assert run.checkpoint(3).name == "step-00000003"


@pytest.mark.parametrize(
    ("keep", "also", "left"),
    [
        (1, None, [5]),
        (2, None, [4, 5]),
        (2, 1, [1, 4, 5]),
        (2, 5, [4, 5]),
        (2, 77, [4, 5]),
        (5, None, [1, 2, 3, 4, 5]),
        (9, None, [1, 2, 3, 4, 5]),
    ],
)
def test_the_newest_and_the_best_are_kept(run: Run, keep: int, also: int | None, left: list[int]) -> None:
    checkpoint(run, 1, 2, 3, 4, 5)
    run.prune_checkpoints(keep=keep, also=also)
    assert run.checkpoint_steps() == left
    assert sorted(path.name for path in run.checkpoints.iterdir()) == [run.checkpoint(step).name for step in left]


def test_pruning_never_leaves_half_of_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(path: Path) -> None:
        (path / "weights").unlink()
        raise KeyboardInterrupt

    checkpoint(run, 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(runs.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            run.prune_checkpoints(keep=1, also=None)
    assert run.checkpoint_steps() == [2]
    assert not run.checkpoint(1).exists()
    run.remove_leftovers()
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00000002"]


def test_leftovers_of_killed_writes_go(run: Run) -> None:
    checkpoint(run, 1)
    (run.checkpoints / ".step-00000002.abc.part").mkdir()
    (run.checkpoints / ".step-00000002.abc.part" / "file").write_text("1")
    (run.folder / ".status.json.abc.part").write_text("{")
    before = run.status()
    run.remove_leftovers()
    assert sorted(path.name for path in run.folder.iterdir()) == ["checkpoints", "status.json"]
    assert run.checkpoint_steps() == [1]
    assert run.status() == replace(before)
