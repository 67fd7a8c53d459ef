"""Repairs: what can be mended while a dataset is read, each chosen by name and counted.

A repair never touches the source. It changes items on their way from one listing to the next, so that what is imported
is clean and the import can say what was done. One module a repair; each registers itself in :data:`REPAIRS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.engine.data.source import Content, Item, Listing
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
        prepare: The function that mends the items of one listing. Called once a pass.
    """

    title: str
    done: str
    mends: tuple[str, ...]
    contents: tuple[Content, ...]
    prepare: Callable[[Listing], Mend]


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


def repaired(listing: Listing, names: Sequence[str]) -> tuple[Listing, Tally]:
    """``listing`` with the repairs ``names`` done in order, and the tally of the latest pass over its records.

    Raises:
        UserError: There is no repair of such a name.
    """
    repairs = {name: REPAIRS[name] for name in names}
    tally = Tally()

    def records() -> Iterator[Item]:
        tally.counts.clear()
        mends = {name: repair.prepare(listing) for name, repair in repairs.items()}
        for item in listing.records():
            mended = _mended(item, mends, tally)
            if mended is not None:
                yield mended

    mended_codes = {code for repair in repairs.values() for code in repair.mends}
    left = tuple(problem for problem in listing.problems if problem.code not in mended_codes)
    return replace(listing, records=records, problems=left), tally


def _mended(item: Item, mends: Mapping[str, Mend], tally: Tally) -> Item | None:
    for name, mend in mends.items():
        changed, units = mend(item)
        if units:
            tally.add(name, units)
        if changed is None:
            return None
        item = changed
    return item
