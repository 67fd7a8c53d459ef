"""Questions about texts in Arrow tables, in the columns that the Hub's ``squad`` has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.engine.data.source import Answer, Listing, Question
from workbench.engine.data.sources.classes import item_name
from workbench.engine.data.sources.columns import to_splits
from workbench.engine.data.sources.rows import Skipped
from workbench.engine.errors import UserError

if TYPE_CHECKING:
    from workbench.engine.data.sources.arrow_parts import Part

QUESTION_COLUMNS = frozenset({"context", "question", "answers"})
_NAMES, _GROUPS, _IMPOSSIBLE = ("id", "name"), ("title", "group"), ("is_impossible", "impossible")


def question_listing(parts: "Sequence[Part]", *, kind: str, name: str, where: str) -> Listing:
    """The listing of parts that have the columns context, question and answers.

    ``id`` is the name and ``title`` the group. A question without answers counts as one that the text does not answer
    unless a column says otherwise. Rows that are no questions become problems.
    """
    have = set(parts[0].schema.names)
    columns = [column for column in (*QUESTION_COLUMNS, *_NAMES, *_GROUPS, *_IMPOSSIBLE) if column in have]
    skipped, notes, total = Skipped(), [], sum(part.rows for part in parts)
    first: dict[str, int] = {}
    for row, found in enumerate(_rows(parts, columns, total)):
        if isinstance(found, str):
            skipped.add(row, "not-a-question", found, f"row {row} of {where}", "correct it or leave it out")
        elif found.name in first:
            what = f"the id {found.name[:40]!r} of row {first[found.name]} is there again"
            skipped.add(row, "listed-twice", what, f"row {row} of {where}", "give each question an id of its own")
        else:
            first[found.name] = row
    if not first and skipped.problems:
        problem = skipped.problems[0]
        raise UserError(problem.what, where=problem.where, remedy=problem.remedy)
    notes = [f"Split {split!r} was kept as no split." for split in to_splits(part.split for part in parts)[1]]

    def records() -> Iterator[Question]:
        for row, found in enumerate(_rows(parts, columns, total)):
            if row not in skipped.rows and isinstance(found, Question):
                yield found

    return Listing(
        kind=kind,
        name=name,
        label_sets={},
        total=len(first),
        records=records,
        notes=tuple(notes),
        content="questions",
        problems=tuple(skipped.problems),
    )


def _rows(parts: "Sequence[Part]", columns: Sequence[str], total: int) -> Iterator[Question | str]:
    """Each row as a question, or what is wrong with it."""
    number = 0
    for part in parts:
        [split], _ = to_splits([part.split])
        for batch in part.batches(list(columns)):
            for row in batch.select(list(columns)).to_pylist():
                yield _question(row, split=split, name=item_name(part.split or "items", number, total=total))
                number += 1


def _question(row: Mapping[str, Any], *, split: str, name: str) -> Question | str:
    context, asked = row["context"], row["question"]
    if not isinstance(context, str) or not isinstance(asked, str):
        return "there is no text or no question"
    answers = _answers(row["answers"])
    if answers is None:
        return "the answers are not texts with a place each"
    said = next((row[key] for key in _IMPOSSIBLE if isinstance(row.get(key), bool)), None)
    return Question(
        context=context,
        question=asked,
        answers=answers,
        split=split,
        name=str(next((row[key] for key in _NAMES if row.get(key) not in (None, "")), name)),
        group=str(next((row[key] for key in _GROUPS if row.get(key) is not None), "")),
        impossible=not answers if said is None else said,
    )


def _answers(cell: Any) -> tuple[Answer, ...] | None:
    """A struct of two lists, as ``datasets`` keeps a list of structs, or a list of structs."""
    if isinstance(cell, Mapping):
        texts, starts = cell.get("text"), cell.get("answer_start")
    elif isinstance(cell, list) and all(isinstance(answer, Mapping) for answer in cell):
        texts, starts = [answer.get("text") for answer in cell], [answer.get("answer_start") for answer in cell]
    else:
        return None
    if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
        return None
    if not all(isinstance(text, str) for text in texts) or not all(type(start) is int for start in starts):
        return None
    return tuple(map(Answer, texts, starts))
