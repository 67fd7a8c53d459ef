"""Curves: what was added is there, exactly, however it came; smoothing and best against the plain loop."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine import events as ev
from workbench.engine.errors import UserError
from workbench.engine.project.curves import Curves, read_curves, smoothed, write_csv
from workbench.engine.project.runs import EventLog, Run, Status

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def started(step: int = 0, *, steps_per_epoch: int = 10) -> ev.Started:
    return ev.Started(
        run="run", step=step, total_steps=99, steps_per_epoch=steps_per_epoch, parameters=1, tensors=1, device="cpu",
        protocol="p",
    )  # fmt: skip


def stretch(first: int, values: list[float], *, memory: int = 0, epoch: float | None = None) -> ev.Steps:
    last = first + len(values) - 1
    return ev.Steps(
        first=first, epoch=last / 10 if epoch is None else epoch, series={"loss": tuple(values)}, averages={},
        learning_rate=1 / last, seconds=0.1, samples_per_second=float(last), memory=memory,
    )  # fmt: skip


def evaluated(step: int, value: float, *, name: str = "validation/accuracy") -> ev.Evaluated:
    return ev.Evaluated(step=step, epoch=step / 10, metrics={name: value}, seconds=0.1)


def plain_average(values: list[float], weight: float) -> list[float]:
    total, result = 0.0, []
    for count, value in enumerate(values, start=1):
        total = weight * total + (1 - weight) * value
        result.append(total / (1 - weight**count))
    return result


def test_keys_and_lines() -> None:
    curves = Curves()
    for event in (started(), stretch(1, [3.0, 2.0]), evaluated(2, 0.5), stretch(3, [1.0]), ev.Message(text="word")):
        curves.add(event)
    assert curves.keys() == ("step/loss", "learning_rate", "samples_per_second", "validation/accuracy")
    line = curves.get("step/loss")
    assert line.steps.tolist() == [1, 2, 3]
    assert line.epochs.tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert line.values.tolist() == [3.0, 2.0, 1.0]
    assert line.steps.dtype == np.int64
    assert curves.get("learning_rate").steps.tolist() == [2, 3]
    assert curves.get("samples_per_second").values.tolist() == [2.0, 3.0]
    assert curves.get("validation/accuracy").epochs.tolist() == [0.2]
    assert (curves.last_step, curves.steps_per_epoch) == (3, 10)


def test_nothing_there() -> None:
    curves = Curves()
    assert (curves.keys(), len(curves.get("step/loss")), curves.version("step/loss")) == ((), 0, 0)
    assert curves.best("step/loss", maximise=True) is None
    assert curves.last_step == curves.steps_per_epoch == 0
    assert len(curves.smoothed("step/loss", 0.9)) == 0


def test_epochs_of_a_file_without_its_beginning() -> None:
    curves = Curves()
    curves.add(stretch(1, [1.0] * 4, epoch=2.0))
    assert curves.get("step/loss").epochs.tolist() == [0.5, 1.0, 1.5, 2.0]


def test_memory_appears_with_its_first_bytes() -> None:
    curves = Curves()
    curves.add(stretch(1, [1.0]))
    assert "memory" not in curves.keys()  # noqa: SIM118 - no mapping
    curves.add(stretch(2, [1.0], memory=7))
    curves.add(stretch(3, [1.0]))
    assert curves.get("memory").values.tolist() == [7.0, 0.0]


def test_views_are_read_only_and_not_copies() -> None:
    curves = Curves()
    curves.add(stretch(1, [1.0, 2.0]))
    line = curves.get("step/loss")
    with pytest.raises(ValueError, match="read-only"):
        line.values[0] = 0.0
    assert np.shares_memory(line.values, curves.get("step/loss").values)
    assert not np.shares_memory(line.values, line.copy().values)


def test_versions_grow_with_their_own_line_only() -> None:
    curves = Curves()
    curves.add(stretch(1, [1.0]))
    before = curves.version("step/loss")
    curves.add(evaluated(1, 0.5))
    assert curves.version("step/loss") == before
    curves.add(stretch(2, [1.0]))
    assert curves.version("step/loss") > before


def test_checkpoints_are_cut_back_too() -> None:
    curves = Curves()
    for step in (5, 10, 15):
        curves.add(ev.Checkpointed(step=step, path=""))
    curves.add(started(10))
    curves.add(ev.Checkpointed(step=12, path=""))
    assert curves.checkpoints == (5, 10, 12)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("steps"), st.lists(NUMBERS, min_size=1, max_size=90)),
        st.tuples(st.just("evaluated"), NUMBERS),
        st.tuples(st.just("back"), st.integers(0, 200)),
    ),
    max_size=25,
)


@given(actions=ACTIONS, weight=st.sampled_from([0.0, 0.5, 0.99]))
def test_any_history_equals_plain_lists(actions: list[tuple[str, object]], weight: float) -> None:
    curves, losses, scores = Curves(), [], []
    version = 0
    for what, value in actions:
        if what == "steps":
            curves.add(stretch(len(losses) + 1, value))
            losses += value
            assert curves.version("step/loss") > version
        elif what == "evaluated":
            curves.add(evaluated(len(losses), value))
            scores = [pair for pair in scores if pair[0] < len(losses)] + [(len(losses), value)]
        else:
            step = min(value, len(losses))
            curves.add(started(step))
            losses, scores = losses[:step], [pair for pair in scores if pair[0] <= step]
        version = curves.version("step/loss")
        line, score = curves.get("step/loss"), curves.get("validation/accuracy")
        assert line.values.tolist() == losses
        assert line.steps.tolist() == list(range(1, len(losses) + 1))
        assert list(zip(score.steps.tolist(), score.values.tolist(), strict=True)) == scores
        # Asked for after every change, so that continuing and cutting back what was smoothed is tested as well.
        np.testing.assert_allclose(
            curves.smoothed("step/loss", weight), plain_average(losses, weight), rtol=1e-9, atol=1e-6
        )


@pytest.mark.parametrize("count", [1, 63, 64, 65, 4096, 4097, 20_000])
@pytest.mark.parametrize("weight", [0.0, 0.001, 0.6, 0.97, 0.999])
def test_smoothing_equals_the_plain_loop(count: int, weight: float) -> None:
    values = np.random.default_rng(count).normal(size=count)
    expected = plain_average(values.tolist(), weight)
    np.testing.assert_allclose(smoothed(values, weight), expected, rtol=0, atol=1e-9)
    head = smoothed(values[: count // 3], weight)
    tail = smoothed(values[count // 3 :], weight, before=head)
    np.testing.assert_allclose(np.concatenate((head, tail)), expected, rtol=0, atol=1e-9)


def test_smoothing_a_constant_is_the_constant() -> None:
    np.testing.assert_allclose(smoothed(np.full(1000, 3.0), 0.999), 3.0, rtol=1e-12)


@given(values=st.lists(st.integers(0, 5), min_size=1, max_size=60), maximise=st.booleans())
def test_best_is_the_first_of_equals(values: list[int], maximise: bool) -> None:
    curves = Curves()
    curves.add(stretch(1, [float(value) for value in values]))
    best = max(values) if maximise else min(values)
    assert curves.best("step/loss", maximise=maximise) == (values.index(best) + 1, best)


def test_a_hundred_thousand_steps_take_logarithmically_many_allocations() -> None:
    curves = Curves()
    buffers = set()
    for first in range(1, 100_001, 100):
        curves.add(stretch(first, [1.0] * 100))
        buffers.add(curves.get("step/loss").values.__array_interface__["data"][0])
    assert len(buffers) < 20


def drained(work: Iterator[ev.Progress]) -> list[ev.Progress]:
    return list(work)


def test_csv_round_trip(tmp_path: Path) -> None:
    curves = Curves()
    values = [0.1, 1 / 3, 1e-12, 7.0]
    curves.add(stretch(1, values))
    curves.add(evaluated(4, 2 / 3))
    work = write_csv(
        tmp_path / "a" / "curves.csv", {key: curves.get(key) for key in ("step/loss", "validation/accuracy")}
    )
    curves.add(started(0))  # what was asked for stays what is written
    events = drained(work)
    with (tmp_path / "a" / "curves.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["curve", "step", "epoch", "value"]
    assert [float(row[3]) for row in rows[1:5]] == values
    assert rows[5] == ["validation/accuracy", "4", "0.4", repr(2 / 3)]
    assert (events[-1].done, events[-1].total) == (5, 5)


def test_csv_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((UserError, OSError)):
        drained(write_csv(tmp_path / "file" / "curves.csv", {}))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_reading_a_run(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    run.write_status(Status())
    log = EventLog(run)
    for event in (started(), stretch(1, [3.0, 2.0]), evaluated(2, 0.5)):
        log.append(event)
    log.close()
    work = read_curves(run)
    returned = []

    def read() -> Iterator[ev.Progress]:
        returned.append((yield from work))

    assert all(isinstance(event, ev.Progress) for event in read())
    curves = returned[0]
    assert curves.get("step/loss").values.tolist() == [3.0, 2.0]
    assert curves.steps_per_epoch == 10


# Numbers that come several at once


def with_vector(step: int, *values: float, name: str = "validation/kl_per_dimension") -> ev.Evaluated:
    return ev.Evaluated(
        step=step, epoch=step / 10, metrics={"validation/kl": sum(values)}, seconds=0.1, vectors={name: tuple(values)}
    )


def test_each_element_has_a_line_of_its_own_that_is_no_metric() -> None:
    curves = Curves()
    curves.add(with_vector(0, 0.0, 0.5))
    curves.add(with_vector(10, 1.0, 2.0, 3.0))
    assert curves.keys() == ("validation/kl",)
    assert curves.elements() == {
        "validation/kl_per_dimension": tuple(f"validation/kl_per_dimension[{number}]" for number in range(3))
    }
    first, _, third = (curves.get(key) for key in curves.elements()["validation/kl_per_dimension"])
    assert (first.steps.tolist(), first.values.tolist()) == ([0, 10], [0.0, 1.0])
    assert (third.steps.tolist(), third.values.tolist()) == ([10], [3.0])


def test_a_resume_takes_elements_back() -> None:
    curves = Curves()
    for step in (0, 10, 20):
        curves.add(with_vector(step, float(step)))
    curves.add(
        ev.Started(
            run="r", step=10, total_steps=99, steps_per_epoch=10, parameters=1, tensors=1, device="cpu", protocol="p"
        )
    )
    assert curves.get("validation/kl_per_dimension[0]").steps.tolist() == [0, 10]
