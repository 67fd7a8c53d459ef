"""Repairs: what can be mended while a dataset is read, each chosen by name and counted.

A repair never touches the source. It changes items on their way from one listing to the next, so that what is imported
is clean and the import can say what was done. One module a repair; each registers itself in :data:`REPAIRS`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.engine.data.decode import LARGEST_PIXELS
from workbench.engine.data.source import Content, Item, Listing, Problem
from workbench.engine.errors import UserError
from workbench.engine.registry import Registry

Mend = Callable[[Item], tuple[Item | None, int]]
"""An item mended, or ``None`` to leave it out; and how many units (pixels, answers, ...) that was. 0: as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One way to mend.

    Attributes:
        title: What it does, for a person ("Give stray mask pixels the nearest colour's class").
        done: The sentence of what was done, with ``{count}`` units in ``{items}`` items.
        mends: Codes of the findings that it mends.
        contents: What datasets it is for.
        prepare: The function that mends the items of one listing, whose images have at most so many pixels. Called once
            a pass.
        parts: Whether it also does without every part of a source that cannot be read, whatever is wrong with it.
        first: Whether it goes before others, which would stumble over what it leaves out.
        choice: Repairs with the same word here mend the same thing in different ways: after one of them there is
            nothing left for another. Empty for one that has no such other.
        instead: Name of the repair that is done in its place for a listing where this one means nothing; empty for
            itself.
    """

    title: str
    done: str
    mends: tuple[str, ...]
    contents: tuple[Content, ...]
    prepare: Callable[[Listing, int], Mend]
    parts: bool = False
    first: bool = False
    choice: str = ""
    instead: Callable[[Listing], str] = lambda listing: ""

    def takes(self, problem: Problem) -> bool:
        """Whether a problem of the source is none any more once this is done."""
        return problem.code in self.mends or (self.parts and problem.severity != "info")


REPAIRS: Registry[Repair] = Registry("repair")


@dataclass
class Tally:
    """What a pass over a repaired listing mended: repair to units and items."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, repair: str, units: int) -> None:
        before = self.counts.get(repair, (0, 0))
        self.counts[repair] = (before[0] + units, before[1] + 1)

    def sentences(self) -> tuple[str, ...]:
        """What was done, one sentence a repair that had anything to do."""
        return tuple(
            REPAIRS[name].done.format(count=f"{units:,}", items=f"{items:,}")
            for name, (units, items) in self.counts.items()
        )


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The repairs of these names, each once, in the order in which they are done.

    Raises:
        UserError: There is no repair of such a name.
    """
    return tuple(sorted(dict.fromkeys(names), key=lambda name: not REPAIRS[name].first))


def repaired(listing: Listing, names: Sequence[str], *, limit_pixels: int = LARGEST_PIXELS) -> tuple[Listing, Tally]:
    """``listing`` with the repairs ``names`` done (see :func:`in_order`), and the tally of the latest pass over it.

    Args:
        limit_pixels: An image or mask with more pixels cannot be used.

    Raises:
        UserError: There is no repair of such a name, or it is for other data.
    """
    repairs = {name: REPAIRS[name] for name in in_order(REPAIRS[name].instead(listing) or name for name in names)}
    for name, repair in repairs.items():
        if listing.content not in repair.contents:
            raise UserError(
                f"the repair {name!r} is for {' and '.join(repair.contents)}, and this holds {listing.content}",
                where=listing.name, remedy="leave it away",
            )  # fmt: skip
    tally = Tally()

    def records() -> Iterator[Item]:
        tally.counts.clear()
        mends = {name: repair.prepare(listing, limit_pixels) for name, repair in repairs.items()}
        for item in listing.records():
            mended = _mended(item, mends, tally)
            if mended is not None:
                yield mended

    left = (problem for problem in listing.problems if not any(repair.takes(problem) for repair in repairs.values()))
    return replace(listing, records=records, problems=tuple(left)), tally


def _mended(item: Item, mends: Mapping[str, Mend], tally: Tally) -> Item | None:
    for name, mend in mends.items():
        changed, units = mend(item)
        if units:
            tally.add(name, units)
        if changed is None:
            return None
        item = changed
    return item
