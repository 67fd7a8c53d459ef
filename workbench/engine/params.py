"""Parameters: frozen dataclasses whose fields carry bounds, choices and help.

The form, the job file, ``--set``, validation and what a checkpoint remembers all derive from the same field, so a
value has one definition and one way of being wrong. Field types are ``bool``, ``int``, ``float``, ``str`` and
``tuple[float, ...]``: exactly what TOML can hold and a form can edit.
"""

import dataclasses
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from workbench.engine.errors import UserError
from workbench.engine.registry import suggest

Value = bool | int | float | str | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a form, a help text and a check need to know of one parameter."""

    help: str
    label: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    advanced: bool = False


def param(
    default: Any,
    help: str,  # the word a form shows; shadowing the builtin here costs nothing
    *,
    label: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str = "",
    advanced: bool = False,
) -> Any:
    """A dataclass field with its :class:`Meaning` attached. Bounds are inclusive."""
    meaning = Meaning(help=help, label=label, low=low, high=high, choices=choices, unit=unit, advanced=advanced)
    return dataclasses.field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Base of every parameter set. Subclasses are ``frozen``, ``slots`` and ``kw_only``, and validate on creation."""

    def __post_init__(self) -> None:
        kinds = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked(field, kinds[field.name], getattr(self, field.name)))
        self.check()

    def check(self) -> None:
        """What no single field can know; raise :class:`UserError` where values contradict each other."""

    @classmethod
    def meanings(cls) -> dict[str, Meaning]:
        """Field name to meaning, in declaration order, which is the order of the form."""
        return {field.name: field.metadata["meaning"] for field in dataclasses.fields(cls)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, section: str = "") -> Self:
        """Build from plain values (TOML, JSON); unknown keys and wrong values raise :class:`UserError`.

        Args:
            values: Key to value; missing keys take their default.
            section: The table the keys stand in, named in errors as ``section.key``.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        prefix = f"{section}." if section else ""
        for key in values:
            if key not in known:
                raise UserError(f"there is no setting {prefix}{key}", remedy=suggest(key, known))
        try:
            return cls(**values)
        except UserError as error:
            if not section or error.where:
                raise
            raise UserError(f"{prefix}{error.what}", remedy=error.remedy) from None

    def with_text(self, key: str, text: str, *, section: str = "") -> Self:
        """A copy with ``key`` parsed from the text a person typed, as in ``--set section.key=text``."""
        return self.with_texts({key: text}, section=section)

    def with_texts(self, texts: Mapping[str, str], *, section: str = "") -> Self:
        """As :meth:`with_text` for several keys, checked together: what contradicts halfway through is no mistake."""
        kinds = typing.get_type_hints(type(self))
        prefix = f"{section}." if section else ""
        values: dict[str, Any] = self.to_dict()
        for key, text in texts.items():
            if key not in kinds:
                raise UserError(f"there is no setting {prefix}{key}", remedy=suggest(key, list(kinds)))
            values[key] = _from_text(kinds[key], text, f"{prefix}{key}")
        return type(self).from_dict(values, section=section)

    def replace(self, **changes: Value) -> Self:
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Value]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def changed(self) -> set[str]:
        """Names of the fields that differ from their default: what a form marks."""
        return {field.name for field in dataclasses.fields(self) if getattr(self, field.name) != field.default}


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "a list of numbers"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[kind]


def _checked(field: "dataclasses.Field[Any]", kind: Any, value: Any) -> Value:
    name, meaning = field.name, field.metadata["meaning"]
    assert not isinstance(kind, types.UnionType), f"{name}: unions cannot be edited"
    numbers: tuple[float, ...] = ()
    if typing.get_origin(kind) is tuple:
        fits = isinstance(value, list | tuple) and all(_is_number(item) for item in value)
    elif kind in (int, float):
        fits = _is_number(value) and (kind is float or isinstance(value, int))
    else:
        fits = isinstance(value, kind)
    if not fits:
        raise UserError(f"{name} must be {_describe(kind)}, not {value!r}")
    try:
        if typing.get_origin(kind) is tuple:
            value = numbers = tuple(float(item) for item in value)
        elif kind in (int, float):
            numbers = (float(value),)
            value = kind(value)
    except OverflowError:
        raise UserError(f"{name} is beyond all numbers that can be used") from None
    for number in numbers:
        if not math.isfinite(number):
            raise UserError(f"{name} must be finite, not {number}")
        if meaning.low is not None and number < meaning.low:
            raise UserError(f"{name} = {number:g} is too small", remedy=f"the least is {meaning.low:g}")
        if meaning.high is not None and number > meaning.high:
            raise UserError(f"{name} = {number:g} is too large", remedy=f"the most is {meaning.high:g}")
    if meaning.choices and value not in meaning.choices:
        raise UserError(f"{name} cannot be {value!r}", remedy=suggest(str(value), list(meaning.choices)))
    return typing.cast(Value, value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _from_text(kind: Any, text: str, name: str) -> Value:
    """The value that ``text`` spells for a field of type ``kind``; lists are comma-separated, ``a*3`` repeats ``a``."""
    text = text.strip()
    try:
        if kind is bool:
            return _TRUTH[text.lower()]
        if kind is int:  # 1e6 and 50_000 are whole numbers to a person
            number = float(text.replace("_", ""))
            if number != int(number):
                raise ValueError(text)
            return int(number)
        if kind is float:
            return float(text)
        if typing.get_origin(kind) is tuple:
            return parse_numbers(text)
    except (ValueError, KeyError, OverflowError):
        raise UserError(f"{name} must be {_describe(kind)}, not {text!r}") from None
    return text


LONGEST_LIST = 1_000_000
_LIST_PART = re.compile(
    r"\s*(?:\[(?P<list>[^][]*)\]|(?P<number>[+-]?[\w.]+(?:(?<=[eE])[+-]\w+)?))"  # [0.2, 0.1] or 0.2 or 1e-3
    r"\s*(?:\*\s*(?P<times>\d+)\s*)?(?:[,+]|$)"
)


def parse_numbers(text: str) -> tuple[float, ...]:
    """``"0.2*10, 0.1"``, ``"[0.2]*10 + [0.1]"`` and ``"[0.2, 0.1]*3"`` as Python would have them.

    Raises:
        ValueError: It is anything else, or more than :data:`LONGEST_LIST` numbers.
    """
    numbers: list[float] = []
    text, position = text.strip(), 0
    while position < len(text):
        part = _LIST_PART.match(text, position)
        if not part:
            raise ValueError(f"not a list of numbers: {text[position:]}")
        some = (float(part["number"]),) if part["number"] else parse_numbers(part["list"])
        times = int(part["times"] or 1)
        if len(numbers) + times * len(some) > LONGEST_LIST:
            raise ValueError(f"more than {LONGEST_LIST} numbers")
        numbers += some * times
        position = part.end()
    return tuple(numbers)
