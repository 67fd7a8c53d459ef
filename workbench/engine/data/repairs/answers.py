"""Repairs of answers that do not stand where they say: moved to where they do, or left out.

No text is changed. An answer is moved only where nothing can be confused: its text occurs once in the whole context, or
one occurrence lies right beside the place that is said while every other is far from it.
"""

from dataclasses import replace

from workbench.engine.data.repairs import REPAIRS, Mend, Repair
from workbench.engine.data.source import Answer, Item, Listing, Question

FINDING = "answer-offset"
NEAR = 32  # characters; where characters were lost or added before an answer, so far it is off at most
FARTHER = 4  # how many times as far away as the nearest occurrence the next one has to be


def occurrences(text: str, context: str) -> list[int]:
    """Every place where ``text`` starts in ``context``, ascending, overlapping ones too; none for an empty text."""
    places: list[int] = []
    place = context.find(text) if text else -1
    while place >= 0:
        places.append(place)
        place = context.find(text, place + 1)
    return places


def true_start(answer: Answer, context: str) -> int | None:
    """Where an answer that does not fit belongs; ``None`` where that is not certain.

    It is certain if the text occurs exactly once. Of several occurrences it is the nearest one, if that is at most
    :data:`NEAR` characters from where the answer says and every other at least :data:`FARTHER` times as far.
    """
    places = occurrences(answer.text, context)
    if len(places) == 1:
        return places[0]
    distances = sorted((abs(place - answer.start), place) for place in places)
    if distances and distances[0][0] <= NEAR and distances[1][0] >= FARTHER * distances[0][0]:
        return distances[0][1]
    return None


def _prepare_move(listing: Listing, limit_pixels: int) -> Mend:
    def move(item: Item) -> tuple[Item | None, int]:
        assert isinstance(item, Question)
        answers = tuple(_moved(answer, item.context) for answer in item.answers)
        count = sum(new != old for new, old in zip(answers, item.answers, strict=True))
        return (replace(item, answers=answers), count) if count else (item, 0)

    return move


def _moved(answer: Answer, context: str) -> Answer:
    if answer.fits(context):
        return answer
    start = true_start(answer, context)
    return answer if start is None else replace(answer, start=start)


def _prepare_drop(listing: Listing, limit_pixels: int) -> Mend:
    def drop(item: Item) -> tuple[Item | None, int]:
        assert isinstance(item, Question)
        kept = tuple(answer for answer in item.answers if answer.fits(item.context))
        count = len(item.answers) - len(kept)
        if not count:
            return item, 0
        return (replace(item, answers=kept) if kept else None), count

    return drop


REPAIRS.add(
    "move-answers",
    Repair(
        title="Move answers to where their text stands, if that is certain",
        done="Answers moved to where their text stands: {count} (questions: {items}).",
        mends=(FINDING,),
        contents=("questions",),
        prepare=_prepare_move,
    ),
)
REPAIRS.add(
    "drop-answers",
    Repair(
        title="Leave out answers that do not fit, and questions that have no other",
        done="Answers left out because they do not fit: {count} (questions: {items}); "
        "a question without another went, too.",
        mends=(FINDING,),
        contents=("questions",),
        prepare=_prepare_drop,
    ),
)
