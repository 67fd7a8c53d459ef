"""Progress in words: rates, time left, and what an evaluation in the middle does to them."""

import pytest

from workbench.engine import events as ev
from workbench.gui.pace import Pace, duration_text, number_text


def steps(first: int, count: int) -> ev.Steps:
    return ev.Steps(
        first=first,
        epoch=1.0,
        series={"loss": (1.0,) * count},
        averages={},
        learning_rate=0.1,
        seconds=0.01,
        samples_per_second=100.0,
    )


def started(step: int = 0) -> ev.Started:
    return ev.Started(
        run="r", step=step, total_steps=1000, steps_per_epoch=10, parameters=1, tensors=1, device="cpu", protocol="p"
    )


def test_an_import_tells_items_rate_and_time_left() -> None:
    pace = Pace()
    assert (pace.words(), pace.fraction) == ("starting", None)
    for second in range(5):
        pace.add(ev.Progress(stage="importing", done=100 * second, total=1000), now=float(second))
    assert pace.fraction == pytest.approx(0.4)
    assert pace.rate == pytest.approx(100.0)
    assert pace.words() == "importing 400 of 1,000 · 100 items/s · 6 s left"


def test_what_is_counted_is_told() -> None:
    pace = Pace()
    for second in range(3):
        pace.add(ev.Progress(stage="t-SNE, round", done=50 * second, total=500, unit="rounds"), now=float(second))
    assert pace.words() == "t-SNE, round 100 of 500 \N{MIDDLE DOT} 50 rounds/s \N{MIDDLE DOT} 8 s left"


def test_training_counts_steps_from_where_it_began() -> None:
    pace = Pace()
    pace.add(started(500), now=0.0)
    pace.add(steps(501, 100), now=2.0)
    assert pace.rate == pytest.approx(50.0)
    assert pace.words() == "training 600 of 1,000 · 50 steps/s · 8 s left"
    pace.add(ev.Progress(stage="evaluating train", done=3, total=9), now=2.1)
    assert (pace.done, pace.total, pace.stage) == (600, 1000, "evaluating train")
    pace.add(ev.Evaluated(step=600, epoch=1.0, metrics={}, seconds=1.0), now=2.2)
    assert pace.stage == "training"


def test_a_pause_does_not_spoil_the_rate() -> None:
    pace = Pace()
    pace.add(started(), now=0.0)
    pace.add(steps(1, 100), now=1.0)
    pace.rest()
    assert pace.rate == 0.0
    pace.add(steps(101, 1), now=100.0)
    pace.add(steps(102, 100), now=101.0)
    assert pace.rate == pytest.approx(100.0)


def test_unknown_length_counts_seconds() -> None:
    pace = Pace()
    pace.add(ev.Progress(stage="opening", done=3, total=0), now=0.0)
    assert (pace.fraction, pace.seconds_left, pace.words()) == (None, None, "opening · 3 s")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (1200, "20 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_numbers() -> None:
    assert [number_text(value) for value in (0.01234, 3.14159, 99.9, 12345.6)] == ["0.0123", "3.14", "99.9", "12,346"]
