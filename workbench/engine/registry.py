"""Names to things: explicit tables that refuse duplicates and whose errors list what there is."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from workbench.engine.errors import UserError

T = TypeVar("T")
_MOST = 20  # names that a sentence can list


def suggest(word: str, among: list[str]) -> str:
    """A remedy for a mistyped name: the nearest known one if there is one, then all of them, or of many the nearest."""
    if not among:
        return "There are none yet"
    near = get_close_matches(word, among, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    if len(among) <= _MOST:
        return f"{hint}Known: {', '.join(among)}"
    alike = get_close_matches(word, among, n=_MOST // 2, cutoff=0.3)
    listed = list(dict.fromkeys([*alike, *among[: _MOST // 4]]))[: _MOST // 2]
    return f"{hint}Known: {', '.join(listed)} and {len(among) - len(listed):,} more"


class Registry(Generic[T]):
    """An ordered table of named things of one sort.

    Args:
        noun: What one entry is called in messages, e.g. ``"model"``.
    """

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register ``entry`` and return it; a name that is taken is a programming error."""
        assert name not in self._entries, f"{self.noun} {name!r} is registered twice"
        self._entries[name] = entry
        return entry

    def register(self, name: str) -> Callable[[T], T]:
        """The decorator form of :meth:`add`."""
        return lambda entry: self.add(name, entry)

    def __getitem__(self, name: str) -> T:
        """The entry called ``name``; a :class:`UserError` that lists the names otherwise."""
        if name not in self._entries:
            raise UserError(f"there is no {self.noun} called {name!r}", remedy=suggest(name, self.names()))
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> list[str]:
        return list(self._entries)

    def values(self) -> list[T]:
        return list(self._entries.values())
