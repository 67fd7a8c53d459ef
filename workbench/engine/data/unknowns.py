"""Items of further sources that join a dataset without a label: what a network should know that it does not know.

They keep the split that their source gives them. Their names begin with the name of that source, so that they can be
told apart, filtered and grouped.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from workbench.engine.data.source import UNKNOWN, Item, Listing, Record
from workbench.engine.errors import UserError


@dataclass
class Joined:
    """Which items have joined, as far as the latest pass has come.

    Attributes:
        beginnings: What the names of each source's items begin with, up to the first slash.
        counts: Beginning to number of items, of what went through :meth:`counted`.
    """

    beginnings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def counted(self, listing: Listing) -> Listing:
        """``listing``, which :func:`with_unknowns` made and a repair may have changed, with its passes counted."""

        def records() -> Iterator[Item]:
            self.counts.clear()
            for item in listing.records():
                beginning = item.name.partition("/")[0]
                if beginning in self.beginnings:
                    self.counts[beginning] += 1
                yield item

        return replace(listing, records=records)


def with_unknowns(listing: Listing, others: Sequence[Listing]) -> tuple[Listing, Joined]:
    """``listing``, and after its items those of ``others`` without their labels.

    Raises:
        UserError: One of them holds something else than images, which cannot be in one dataset with them.
    """
    joined = Joined()
    if not others:
        return listing, joined
    for one in (listing, *others):
        if one.content != "images":
            raise UserError(
                f"images without a label can join images only, and this holds {one.content}", where=one.name,
                remedy="choose sources of images",
            )  # fmt: skip

    def records() -> Iterator[Item]:
        joined.beginnings.clear()
        taken: set[str] = set()
        for item in listing.records():
            taken.add(item.name.partition("/")[0])
            yield item
        joined.beginnings += _beginnings(others, taken)
        for other, beginning in zip(others, tuple(joined.beginnings), strict=True):
            for item in other.records():
                record = cast(Record, item)
                yield replace(
                    record,
                    labels=(UNKNOWN,) * len(listing.label_sets),
                    name=f"{beginning}/{record.name}",
                    group=f"{beginning}/{record.group}" if record.group else "",
                )

    totals = [one.total for one in (listing, *others)]
    whole = replace(
        listing,
        total=sum(totals) if all(totals) else 0,
        records=records,
        notes=(*listing.notes, *(f"{other.name}: {note}" for other in others for note in other.notes)),
        problems=(*listing.problems, *(problem for other in others for problem in other.problems)),
    )
    return whole, joined


def _beginnings(others: Sequence[Listing], taken: set[str]) -> list[str]:
    """The names of the sources, with a number where two have the same or an item's name begins so already."""
    found: list[str] = []
    for other in others:
        name, number = other.name, 2
        while name in taken or name in found:
            name, number = f"{other.name}-{number}", number + 1
        found.append(name)
    return found
