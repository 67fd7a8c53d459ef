"""Questions as SQuAD JSON: version 2.0 where any question is impossible, else 1.1; one file a split.

Read again by :mod:`workbench.engine.data.sources.squad` it gives the same questions, ids, groups and splits. Written
piece by piece, so that no split has to fit into memory.
"""

import json
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.source import NO_SPLIT, TEST, TRAIN, VALIDATION, Listing, Question
from workbench.engine.events import Progress

FILES = {TRAIN: "train.json", VALIDATION: "dev.json", TEST: "test.json", NO_SPLIT: "all.json"}


def write_squad(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """Write the questions of ``listing``; a pass over it finds out the version, a second one writes."""
    any_impossible = False
    pace = Pace("counting", total=listing.total)
    for question in listing.records():
        assert isinstance(question, Question)
        any_impossible |= question.impossible
        yield from pace.tick()
    files: dict[str, _SquadFile] = {}
    silent = 0
    pace = Pace("exporting", total=listing.total)
    with ExitStack() as stack:
        for question in listing.records():
            assert isinstance(question, Question)
            split = question.split
            if split not in files:
                stream = stack.enter_context((folder / FILES[split]).open("w", encoding="utf-8", newline="\n"))
                files[split] = _SquadFile(stream, impossible=any_impossible)
            files[split].add(question)
            silent += split != TEST and not question.answers and not question.impossible
            yield from pace.tick()
        for file in files.values():
            file.close()
    if not silent:
        return ()
    return (f"{silent:,} questions outside the test split have no answer, which SQuAD files do not provide for.",)


class _SquadFile:
    """One file under way. Neighbours of one group are an article, neighbours with one text a paragraph of it."""

    def __init__(self, stream: TextIO, *, impossible: bool) -> None:
        self._stream = stream
        self._with_impossible = impossible
        self._last: Question | None = None
        version = "v2.0" if impossible else "1.1"
        stream.write(f'{{"version": {_json(version)}, "data": [')

    def add(self, question: Question) -> None:
        last = self._last
        if last is None or last.group != question.group:
            self._stream.write("" if last is None else "]}]}, ")
            self._stream.write(f'{{"title": {_json(question.group)}, "paragraphs": [')
            self._open_paragraph(question)
        elif last.context != question.context:
            self._stream.write("]}, ")
            self._open_paragraph(question)
        else:
            self._stream.write(", ")
        self._last = question
        values: dict[str, Any] = {
            "id": question.name,
            "question": question.question,
            "answers": [{"text": answer.text, "answer_start": answer.start} for answer in question.answers],
        }
        if self._with_impossible:
            values["is_impossible"] = question.impossible
        self._stream.write(_json(values))

    def close(self) -> None:
        self._stream.write("]}]}]}\n" if self._last else "]}\n")

    def _open_paragraph(self, question: Question) -> None:
        self._stream.write(f'{{"context": {_json(question.context)}, "qas": [')


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


EXPORTS.add(
    "squad",
    ExportFormat(
        title="SQuAD JSON, one file for each split",
        contents=("questions",),
        write=write_squad,
    ),
)
