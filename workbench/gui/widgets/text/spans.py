"""Where answers lie in a text, and where that is in the units that Qt counts.

Sources count characters (code points); Qt counts UTF-16 units, two for an emoji. Nothing here draws.
"""

import itertools
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engine.data.repairs.answers import occurrences, true_start
from workbench.engine.data.source import Answer

MOST_PLACES = 50  # of an answer's text that are marked
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
# Qt takes these for structure, two of them for one (line ends), or the first of a text for none (U+FEFF, with which
# published contexts do begin). What stands for them here is as long as they are.
_PLAIN = {
    "\r": " ", "\0": "\N{SYMBOL FOR NULL}", "\ufeff": "\N{WORD JOINER}",
    "\ufdd0": "\ufffd", "\ufdd1": "\ufffd", "\ufffc": "\ufffd",
}  # fmt: skip
_LOOKED_AT = 1000  # characters that tell a text's direction


class Positions:
    """Characters to UTF-16 units of one text."""

    def __init__(self, text: str) -> None:
        self._astral = [] if text.isascii() else [match.start() for match in _ASTRAL.finditer(text)]

    def units(self, character: int) -> int:
        """Where the character with this number begins, in units."""
        return character + bisect_left(self._astral, character)


def shown(text: str) -> str:
    """``text`` as a text document takes it without moving anything: every character as long as before."""
    for sign, other in _PLAIN.items():
        text = text.replace(sign, other)
    return text


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is of a script written from right to left."""
    for letter in text[:_LOOKED_AT]:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One answer to be shown; equal answers of several people are one.

    Attributes:
        text: As its source gives it.
        start: Where the source says that it starts, in characters; may be anything.
        times: How often it was given.
        fits: Whether it stands there.
        places: Where its text starts, if it does not fit; the first :data:`MOST_PLACES`.
        true: The one of them that is meant, ``None`` where that is not certain.
    """

    text: str
    start: int
    times: int
    fits: bool
    places: tuple[int, ...] = ()
    true: int | None = None

    @property
    def target(self) -> int:
        """Where to look for it: where it is meant, else nearest to where it says, else where it says."""
        if self.fits or not self.places:
            return self.start
        return self.true if self.true is not None else min(self.places, key=lambda place: abs(place - self.start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of the text that is shown alike, in characters.

    Attributes:
        start, end: It is ``text[start:end]``, never empty.
        answers: Places in the list of :class:`Marked` of those that fit here.
        found: The same of those that do not fit and whose text stands here.
        said: Whether an answer that does not fit says that it is here.
    """

    start: int
    end: int
    answers: tuple[int, ...]
    found: tuple[int, ...]
    said: bool


def marked(answers: Sequence[Answer], context: str) -> tuple[Marked, ...]:
    """The different answers in their order."""
    times: dict[Answer, int] = {}
    for answer in answers:
        times[answer] = times.get(answer, 0) + 1
    return tuple(_marked(answer, context, count) for answer, count in times.items())


def _marked(answer: Answer, context: str, times: int) -> Marked:
    if answer.fits(context):
        return Marked(text=answer.text, start=answer.start, times=times, fits=True)
    places = tuple(occurrences(answer.text, context)[:MOST_PLACES])
    true = true_start(answer, context)
    return Marked(text=answer.text, start=answer.start, times=times, fits=False, places=places, true=true)


def segments(marks: Sequence[Marked], context: str) -> tuple[Segment, ...]:
    """The stretches of ``context`` that any answer concerns, ascending and apart from one another."""
    length = len(context)
    spans: list[tuple[int, int, str, int]] = []
    for number, mark in enumerate(marks):
        if mark.fits:
            spans.append((mark.start, mark.start + len(mark.text), "answer", number))
            continue
        spans.append((mark.start, mark.start + len(mark.text), "said", number))
        places = mark.places if mark.true is None else (mark.true,)
        spans += [(place, place + len(mark.text), "found", number) for place in places]
    spans = [(max(0, start), min(length, end), sort, number) for start, end, sort, number in spans]
    spans = [span for span in spans if span[0] < span[1]]
    bounds = sorted({bound for span in spans for bound in span[:2]})
    found = []
    for start, end in itertools.pairwise(bounds):
        over = [span for span in spans if span[0] <= start and span[1] >= end]
        if over:
            found.append(
                Segment(
                    start=start,
                    end=end,
                    answers=tuple(number for _, _, sort, number in over if sort == "answer"),
                    found=tuple(dict.fromkeys(number for _, _, sort, number in over if sort == "found")),
                    said=any(sort == "said" for _, _, sort, _ in over),
                )
            )
    return tuple(found)
