"""The networks that can be reused, as a table to choose from. Listing them loads neither library."""

import difflib
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon

from workbench.engine.models.transfer.backbones import TORCHVISION, Backbone, backbones, choose
from workbench.gui.models.choices import ChoicesModel
from workbench.gui.models.layers import rounded

COLUMNS = ("Network", "Library", "Parameters", "Input", "Weights")
NAME, LIBRARY, PARAMETERS, SIZE, WEIGHTS = range(len(COLUMNS))
_SUGGESTED = 3


class Backbones:
    """The shipped table, read when it is first asked for."""

    def __init__(self) -> None:
        self._rows: tuple[Backbone, ...] = ()
        self._by_name: dict[str, Backbone] = {}

    @property
    def rows(self) -> tuple[Backbone, ...]:
        """All of them, torchvision's first."""
        if not self._rows:
            self._rows = backbones()
            self._by_name = {row.name: row for row in self._rows}
        return self._rows

    def find(self, text: str) -> Backbone | None:
        """What ``model.backbone = text`` names, with or without a tag; ``None`` where the table has it not."""
        library, slash, rest = text.strip().rpartition("/")
        base = rest.partition(".")[0]
        if not self.rows or not base:
            return None
        if slash:
            return self._by_name.get(f"{library}/{base}")
        return self._by_name.get(f"{TORCHVISION}/{base}") or self._by_name.get(f"timm/{base}")

    def like(self, text: str) -> list[str]:
        """Names that ``text`` may be meant to be, the likeliest first."""
        bare = choose(text).name if text.strip() else ""
        known = dict.fromkeys(_bare(row) for row in self.rows)
        near = difflib.get_close_matches(bare, list(known), n=_SUGGESTED, cutoff=0.7)
        return [row.name for name in near for row in self.rows if _bare(row) == name][:_SUGGESTED]


class BackbonesModel(ChoicesModel[Backbone]):
    """A table of :class:`Backbones`, filtered by words and sorted by any column.

    Args:
        mark: Stands before the one that is chosen now.
    """

    def __init__(self, table: Backbones, *, current: str, mark: QIcon, parent: QObject | None = None) -> None:
        super().__init__(table.rows, columns=COLUMNS, numeric=(PARAMETERS, SIZE), mark=mark, parent=parent)
        self._tags = {row.name: _words(row) for row in table.rows}
        self.set_current(table.find(current))

    def text(self, row: Backbone, column: int) -> str:
        return (
            _bare(row), row.library, rounded(row.parameters), f"{row.size} px", weights_words(row)
        )[column]  # fmt: skip

    def key(self, column: int) -> Callable[[Backbone], Any]:
        return (
            lambda row: _bare(row), lambda row: row.library, lambda row: row.parameters, lambda row: row.size,
            lambda row: -len(row.tags),
        )[column]  # fmt: skip

    def haystack(self, row: Backbone) -> str:
        return self._tags[row.name]

    def tip(self, row: Backbone) -> str:
        tags = f"Sets of weights: {', '.join(row.tags)}" if row.tags else "No weights were published for it."
        return f"{row.name}\n{row.parameters:,} parameters, made for {row.size} x {row.size} pixels\n{tags}"

    def value(self, row: Backbone, *, typed: str) -> str:
        """``row`` as the setting names it, with the tag that stands in ``typed``, if that is one of its own."""
        name, _, tag = typed.strip().rpartition("/")[2].partition(".")
        return f"{row.name}.{tag}" if name == _bare(row) and tag in row.tags else row.name

    def taken_as_typed(self, typed: str) -> str:
        return typed.strip()


def facts(row: Backbone) -> str:
    """``"11.7 M parameters · 224 px · published weights"``."""
    weights = "published weights" if row.weights else "no published weights"
    return f"{rounded(row.parameters)} parameters \N{MIDDLE DOT} {row.size} px \N{MIDDLE DOT} {weights}"


def weights_words(row: Backbone) -> str:
    """How many sets of weights there are, in words."""
    count = len(row.tags)
    return "none" if not count else "1 set" if count == 1 else f"{count} sets"


def _bare(row: Backbone) -> str:
    return row.name.partition("/")[2]


def _words(row: Backbone) -> str:
    bare = _bare(row)
    return " ".join((row.name, *(f"{bare}.{tag}" for tag in row.tags))).casefold()
