"""Events: every kind through JSON and back, and nothing else accepted."""

import json
import typing
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engine import events as ev

FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    float: FINITE,
    tuple[str, ...]: st.lists(st.text()).map(tuple),
    Mapping[str, float]: st.dictionaries(st.text(), FINITE),
    Mapping[str, int]: st.dictionaries(st.text(), st.integers()),
    Mapping[str, tuple[float, ...]]: st.dictionaries(st.text(), st.lists(FINITE).map(tuple)),
}
EVENTS = {
    name: st.builds(kind, **{key: VALUES[hint] for key, hint in typing.get_type_hints(kind).items()})
    for name, kind in ev.KINDS.items()
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=3) | st.sampled_from(list(ev.KINDS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["event", "step", "series"]), inner),
    max_leaves=5,
)


def test_every_kind_is_known() -> None:
    kinds = {value for value in vars(ev).values() if isinstance(value, type) and issubclass(value, ev.Event)}
    assert kinds - {ev.Event} == set(ev.KINDS.values())


@pytest.mark.parametrize("name", ev.KINDS)
@given(st.data())
def test_json_and_back(name: str, data: st.DataObject) -> None:
    event = data.draw(EVENTS[name])
    values = ev.to_json(event)
    assert values["event"] == name
    assert ev.from_json(values) == ev.from_json(json.loads(json.dumps(values))) == event


@given(ANYTHING)
def test_anything_else_is_a_value_error(values: Any) -> None:
    try:
        event = ev.from_json(values)
    except ValueError:
        return
    assert isinstance(event, ev.Event)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"event": "event"},
        {"event": "checkpointed", "step": 1},
        {"event": "checkpointed", "step": 1, "path": "", "more": 1},
        {"event": "steps", "series": [1]},
        {"event": ["steps"]},
        [],
    ],
)
def test_what_is_no_event_of_this_version(values: Any) -> None:
    with pytest.raises(ValueError, match="not an event"):
        ev.from_json(values)


def test_the_last_step_of_a_stretch() -> None:
    def stretch(series: dict[str, tuple[float, ...]]) -> ev.Steps:
        return ev.Steps(
            first=11, epoch=1.0, series=series, averages={}, learning_rate=0.1, seconds=0.1, samples_per_second=1.0
        )

    assert stretch({"loss": (1.0, 2.0, 3.0)}).last == 13
    assert stretch({}).last == 10
