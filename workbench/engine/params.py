"""Parameters: frozen dataclasses whose fields carry bounds, choices and help.

The form, the job file, ``--set``, validation and what a checkpoint remembers all derive from the same field, so a
value has one definition and one way of being wrong. Field types are ``bool``, ``int``, ``float``, ``str`` and
``tuple[float, ...]``: exactly what TOML can hold and a form can edit.
"""

import dataclasses
import math
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
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked(field, self._type_of(field.name), getattr(self, field.name)))
        self.check()

    def check(self) -> None:
        """What no single field can know; raise :class:`UserError` where values contradict each other."""

    @classmethod
    def _type_of(cls, name: str) -> Any:
        return typing.get_type_hints(cls)[name]

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
        names = [field.name for field in dataclasses.fields(self)]
        prefix = f"{section}." if section else ""
        if key not in names:
            raise UserError(f"there is no setting {prefix}{key}", remedy=suggest(key, names))
        return type(self).from_dict(
            {**self.to_dict(), key: _from_text(self._type_of(key), text, f"{prefix}{key}")}, section=section
        )

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
    wrong = UserError(f"{name} must be {_describe(kind)}, not {value!r}")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise wrong
        if any(isinstance(item, bool) or not isinstance(item, int | float) for item in value):
            raise wrong
        value = tuple(float(item) for item in value)
        numbers: tuple[float, ...] = value
    else:
        assert not isinstance(kind, types.UnionType), f"{name}: unions cannot be edited"
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise wrong
        numbers = (value,) if kind in (int, float) else ()
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


_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _from_text(kind: Any, text: str, name: str) -> Value:
    """The value that ``text`` spells for a field of type ``kind``; lists are comma-separated, ``a*3`` repeats ``a``."""
    text = text.strip()
    try:
        if kind is bool:
            return _TRUTH[text.lower()]
        if kind is int:
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


def parse_numbers(text: str) -> tuple[float, ...]:
    """``"0.2*10, 0.1"``, ``"[0.2]*10 + [0.1]"`` and ``"0.2, 0.1"`` as numbers; ``ValueError`` for anything else."""
    flat = text.replace("[", " ").replace("]", " ").replace("+", ",")
    numbers: list[float] = []
    for part in flat.split(","):
        if not part.strip():
            continue
        value, star, times = part.partition("*")
        repeat = int(times) if star else 1
        if not 0 <= repeat <= LONGEST_LIST:
            raise ValueError(part)
        numbers += [float(value)] * repeat
    return tuple(numbers)
