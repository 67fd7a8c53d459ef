"""Parameters: every class that a form or a job file can show, and the text that a person types."""

import dataclasses
import json
import math
import tomllib
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import tomli_w
from hypothesis import given, reject
from hypothesis import strategies as st

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.params import LONGEST_LIST, Meaning, Params, param, parse_numbers
from workbench.engine.preferences import Preferences
from workbench.engine.tasks import TASKS
from workbench.engine.train.params import AugmentParams, DataParams, TrainParams

KINDS: dict[str, type[Params]] = {
    **{f"model {name}": MODELS[name].params for name in MODELS},
    **{f"task {name}": TASKS[name].params for name in TASKS},
    **{kind.__name__: kind for kind in (DataParams, AugmentParams, TrainParams, Preferences)},
}
FIELDS = [pytest.param(kind, name, id=f"{title}.{name}") for title, kind in KINDS.items() for name in kind.meanings()]
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
every_field = pytest.mark.parametrize(("kind", "name"), FIELDS)
NUMBERS = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Params):
    """One field of each type."""

    on: bool = param(False, "A switch.")
    count: int = param(3, "A count.", low=0, high=10**6)
    rate: float = param(0.5, "A rate.", low=0, high=1)
    name: str = param("", "Some text.")
    way: str = param("left", "A choice.", choices=("left", "right"))
    rates: tuple[float, ...] = param((), "Some rates.", low=0, high=1)

    def check(self) -> None:
        if self.way == "right" and not self.on:
            raise UserError("right needs on", remedy="switch it on")


def refusal(kind: type[Params], values: dict[str, Any], *, section: str = "") -> str:
    with pytest.raises(UserError) as caught:
        kind.from_dict(values, section=section)
    return str(caught.value)


def complaint(call: Callable[[], object]) -> str:
    """The user's mistake that ``call`` reports, if it does; nothing else may be raised."""
    try:
        call()
    except UserError as error:
        return str(error)
    return ""


def type_of(kind: type[Params], name: str) -> Any:
    return typing.get_type_hints(kind)[name]


def field_values(kind: Any, meaning: Meaning) -> st.SearchStrategy[Any]:
    low = 0 if meaning.low is None else meaning.low
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(math.ceil(low), int(meaning.high or 2**31))
    if kind is float:
        return st.floats(low, meaning.high or 1e300)
    if kind is str:
        plain = st.text(st.characters(exclude_categories=["Cs"])).map(str.strip)
        return st.sampled_from(meaning.choices) if meaning.choices else plain
    assert kind == NUMBERS
    return st.lists(st.floats(low, meaning.high or 1e300), max_size=5).map(tuple)


@st.composite
def instances(draw: st.DrawFn, kind: type[Params]) -> Params:
    fields = {name: field_values(type_of(kind, name), meaning) for name, meaning in kind.meanings().items()}
    values = draw(st.fixed_dictionaries({}, optional=fields))
    try:
        return kind.from_dict(values)
    except UserError:  # two values that contradict each other
        reject()


def spelled(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(repr, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@every_kind
@given(st.data())
def test_values_survive_every_form(kind: type[Params], data: st.DataObject) -> None:
    params = data.draw(instances(kind))
    values = params.to_dict()
    assert kind.from_dict(values) == params
    assert kind.from_dict(json.loads(json.dumps(values))) == params
    assert kind.from_dict(tomllib.loads(tomli_w.dumps(values))) == params
    assert kind().with_texts({name: spelled(value) for name, value in values.items()}) == params
    assert params.changed() == {name for name, value in values.items() if value != getattr(kind(), name)}


@every_field
def test_every_field_is_explained(kind: type[Params], name: str) -> None:
    meaning = kind.meanings()[name]
    assert meaning.help.endswith(".")
    assert type_of(kind, name) in (bool, int, float, str, NUMBERS)


@every_field
def test_a_mistyped_name_suggests_the_right_one(kind: type[Params], name: str) -> None:
    wanted = f"there is no setting part.{name}x. Did you mean {name!r}? Known: "
    assert refusal(kind, {f"{name}x": 1}, section="part").startswith(wanted)
    with pytest.raises(UserError) as caught:
        kind().with_text(f"{name}x", "1", section="part")
    assert str(caught.value).startswith(wanted)


@every_field
def test_bounds_are_inclusive(kind: type[Params], name: str) -> None:
    meaning = kind.meanings()[name]
    whole = type_of(kind, name) is int
    for bound, away, word in ((meaning.low, -math.inf, "too small"), (meaning.high, math.inf, "too large")):
        if bound is None:
            continue
        beyond = int(bound) + int(math.copysign(1, away)) if whole else math.nextafter(bound, away)
        assert word in refusal(kind, {name: beyond})
        just = int(bound) if whole else bound
        message = complaint(lambda just=just: kind.from_dict({name: just}))
        assert "The least is" not in message  # it may contradict another field, but is within its own bounds
        assert "The most is" not in message


WRONG: dict[Any, list[object]] = {
    bool: [0, 1, "true", 1.0],
    int: [True, 1.0, "1", [1]],
    float: [True, "1", [1.0], math.nan, math.inf, -math.inf, 10**400],
    str: [1, True, ["a"], {}],
    NUMBERS: [0.1, "0.1", [True], ["0.1"], [math.nan], [math.inf], [[0.1]], [10**400], {"a": 1}],
}


@every_field
def test_a_wrong_type_is_refused_in_one_line(kind: type[Params], name: str) -> None:
    for value in WRONG[type_of(kind, name)]:
        message = refusal(kind, {name: value}, section="part")
        assert message.startswith(f"part.{name} ")
        assert "\n" not in message


def test_whole_numbers_pass_as_numbers() -> None:
    sample = Sample(rate=1, rates=[0, 1])
    assert (type(sample.rate), sample.rates, [type(rate) for rate in sample.rates]) == (float, (0.0, 1.0), [float] * 2)


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["above", "below"])
def test_numbers_beyond_all_bounds(value: int) -> None:
    assert "count is beyond" in refusal(Sample, {"count": value})


def test_a_choice_that_there_is_not() -> None:
    assert refusal(Sample, {"way": "rigth"}) == "way cannot be 'rigth'. Did you mean 'right'? Known: left, right"


def test_values_that_contradict_each_other() -> None:
    assert refusal(Sample, {"way": "right"}, section="part") == "part.right needs on. Switch it on"


def test_settings_are_checked_together() -> None:
    assert Sample().with_texts({"way": "right", "on": "yes"}) == Sample(way="right", on=True)
    with pytest.raises(UserError, match="right needs on"):
        Sample().with_text("way", "right")


def test_frozen_and_replaced() -> None:
    sample = Sample(count=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.count = 5  # type: ignore[misc]
    assert sample.replace(rate=0.25) == Sample(count=4, rate=0.25)
    with pytest.raises(UserError, match="too large"):
        sample.replace(rate=2.0)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("count", " 7 ", 7),
        ("count", "1e3", 1000),
        ("count", "50_000", 50_000),
        ("count", "12.0", 12),
        ("rate", "1e-1", 0.1),
        ("rate", "1", 1.0),
        ("name", " a = b ", "a = b"),
        ("way", "left", "left"),
        ("rates", "0.5*2, 1", (0.5, 0.5, 1.0)),
        ("rates", "", ()),
        *[("on", word, True) for word in ("true", "True", "YES", "on", "1")],
        *[("on", word, False) for word in ("false", "no", "Off", "0")],
    ],
)
def test_text_that_is_understood(key: str, text: str, value: object) -> None:
    assert getattr(Sample(on=True).with_text(key, text), key) == value


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        *[("count", text, "part.count must be a whole number") for text in ("1.5", "x", "", "nan", "inf", "1e400")],
        *[("rate", text, "part.rate must be a number") for text in ("0,5", "x", "")],
        *[("rate", text, "part.rate must be finite") for text in ("nan", "inf", "-1e999")],
        *[("on", text, "part.on must be true or false") for text in ("", "2", "maybe")],
        *[("rates", text, "part.rates must be a list of numbers") for text in ("a", "0.1*", "[0.1", "0.1*-1", "1 2")],
        ("rates", "nan", "part.rates must be finite"),
        ("rates", "0.1, 1.5", "part.rates = 1.5 is too large"),
        ("count", "-1", "part.count = -1 is too small. The least is 0"),
    ],
)
def test_text_that_is_not(key: str, text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        Sample().with_text(key, text, section="part")
    assert str(caught.value).startswith(message)


@given(st.sampled_from(list(Sample.meanings())), st.text())
def test_any_text_is_a_value_or_the_users_mistake(key: str, text: str) -> None:
    assert "\n" not in complaint(lambda: Sample(on=True).with_text(key, text))


# Lists of numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("[0.2]*10 + [0.1]", (0.2,) * 10 + (0.1,)),
        ("0.2*10, 0.1", (0.2,) * 10 + (0.1,)),
        ("[0.2*2, 0.1]", (0.2, 0.2, 0.1)),
        ("0.2, 0.1,", (0.2, 0.1)),
        ("[0.2, 0.1] * 2", (0.2, 0.1, 0.2, 0.1)),
        ("1e-3+2E+1", (0.001, 20.0)),
        ("-1, +2, .5, 5.", (-1.0, 2.0, 0.5, 5.0)),
        ("0.1*0", ()),
        ("[]", ()),
        ("", ()),
    ],
)
def test_lists_of_numbers(text: str, numbers: tuple[float, ...]) -> None:
    assert parse_numbers(text) == numbers


@given(st.text("0123456789.,+-*[]eE _infa\n\t") | st.text())
def test_any_text_is_numbers_or_a_value_error(text: str) -> None:
    try:
        numbers = parse_numbers(text)
    except ValueError:
        return
    assert all(type(number) is float for number in numbers)


GAP = st.sampled_from(["", " ", "  "])
LISTS = st.tuples(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4), st.integers(0, 5), GAP)


@given(st.lists(LISTS, min_size=1, max_size=5))
def test_what_python_understands_means_the_same(parts: list[tuple[list[float], int, str]]) -> None:
    text = "+".join(f"{gap}{numbers}{gap}*{gap}{times}{gap}" for numbers, times, gap in parts)
    assert parse_numbers(text) == tuple(eval(text))


@pytest.mark.parametrize(
    "text", [f"1*{LONGEST_LIST + 1}", f"1*{LONGEST_LIST}, 1", f"[1, 1]*{LONGEST_LIST}", "1*" + "9" * 99]
)
def test_lists_have_an_end(text: str) -> None:
    with pytest.raises(ValueError, match="more than"):
        parse_numbers(text)


def test_the_longest_list() -> None:
    assert len(parse_numbers(f"1*{LONGEST_LIST}")) == LONGEST_LIST
