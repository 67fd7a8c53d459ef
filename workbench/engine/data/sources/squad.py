"""SQuAD: questions about texts as JSON, versions 1.1 and 2.0 (Rajpurkar et al., 2016 and 2018), one file or several.

Published relatives leave out versions and titles, number their questions and point at the wrong character; all of that
is read as it stands. An answer that does not fit its text stays an item's answer, since telling and mending that is for
the lint and the repairs; no text is ever changed. What is not of the format's shape becomes a problem with its path.
"""

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from workbench.engine.data.source import (
    NO_SPLIT,
    SOURCES,
    TEST,
    TRAIN,
    VALIDATION,
    Answer,
    Listing,
    Problem,
    Question,
    SourceFormat,
)
from workbench.engine.data.tree import FolderTree, Tree
from workbench.engine.errors import UserError

SPLIT_WORDS = {
    "train": TRAIN, "training": TRAIN, "dev": VALIDATION, "val": VALIDATION, "valid": VALIDATION,
    "validation": VALIDATION, "test": TEST,
}  # fmt: skip
LARGEST_FILE = 1 << 30  # bytes; the whole of SQuAD 2.0 has 47 million
LARGEST_OFFSET = 1 << 40
_MOST_FILES = 200  # JSON files in one source; where there are more, each belongs to an image
_HEAD = 1 << 16  # bytes that show the shape
_MOST_DIGITS = 20
_SHAPE = re.compile(r'\A\s*\{.*"paragraphs"\s*:\s*\[', re.DOTALL)
_PARAGRAPH = re.compile(r'"(?:context|qas)"\s*:')
_FILES_ORDER = (TRAIN, VALIDATION, TEST, NO_SPLIT)


class _Twice(dict[str, Any]):
    """An object of JSON in which a key is given twice: which of the values is meant, nobody can tell."""


class _Wrong(Exception):
    """A part that is left out: what is wrong with it, and where below the part that is read."""

    def __init__(self, what: str, *, at: str = "", code: str = "squad-shape", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.at, self.code, self.remedy = what, at, code, remedy


def recognise(tree: Tree) -> bool:
    return any(_looks_like_squad(tree, name) for name in _json_files(tree))


def open_squad(tree: Tree) -> Listing:
    found = [name for name in _json_files(tree) if _looks_like_squad(tree, name)]
    found.sort(key=lambda name: (_FILES_ORDER.index(_split_of(name)), name))
    reader = _Reader(tree)
    failures: list[UserError] = []
    for name in found:
        try:
            reader.read(name)
        except UserError as error:
            failures.append(error)
    if failures and len(failures) == len(found):
        raise failures[0]
    reader.problems += [
        Problem(code="squad-file", what=failure.what, where=failure.where, remedy=failure.remedy)
        for failure in failures
    ]
    questions = tuple(reader.questions)

    def records() -> Iterator[Question]:
        return iter(questions)

    return Listing(
        kind="squad",
        name=tree.name,
        label_sets={},
        total=len(questions),
        records=records,
        notes=reader.notes(others=len(tree.files) - len(found)),
        content="questions",
        problems=tuple(reader.problems),
    )


def _json_files(tree: Tree) -> list[str]:
    names = [name for name in tree.files if name.lower().endswith(".json")]
    if isinstance(tree, FolderTree) and tree.only:
        names = list(tree.files)
    return names if len(names) <= _MOST_FILES else []


def _looks_like_squad(tree: Tree, name: str) -> bool:
    try:
        if tree.size(name) > LARGEST_FILE:
            return False
        if isinstance(tree, FolderTree):
            with (tree.root / name).open("rb") as file:
                head = file.read(_HEAD)
        else:
            head = tree.read(name)[:_HEAD]
    except (OSError, UserError):
        return False  # whoever reads it says why
    text = head.decode(json.detect_encoding(head), "ignore")
    return bool(_SHAPE.match(text) and _PARAGRAPH.search(text))


def _split_of(name: str) -> str:
    """The split that a file's name says, else its folders' names from the inside out."""
    for part in reversed(PurePosixPath(name).parts):
        words = re.split(r"[^a-z]+", part.lower().removesuffix(".json"))
        splits = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
        if len(splits) == 1:
            return splits.pop()
    return NO_SPLIT


class _Reader:
    """Questions and problems of all files so far."""

    def __init__(self, tree: Tree) -> None:
        self.questions: list[Question] = []
        self.problems: list[Problem] = []
        self._tree = tree
        self._first: dict[str, str] = {}  # id to where it stands
        self._articles = 0
        self._plausible = 0
        self._encodings: list[str] = []
        self._file, self._split = "", NO_SPLIT

    def read(self, name: str) -> None:
        """Add a file; :class:`UserError` where there is nothing in it to be read."""
        self._file, self._split = self._tree.locate(name), _split_of(name)
        content = self._tree.read(name)
        encoding = json.detect_encoding(content)
        whole = _parsed(content, encoding=encoding, where=self._file)
        if encoding != "utf-8":
            mark = "UTF-8 with a byte order mark"
            words = mark if encoding == "utf-8-sig" else encoding.upper()
            self._encodings.append(f"{PurePosixPath(name).name} was read as {words}.")
        try:
            articles = _items(_object(whole), "data")
        except _Wrong as wrong:
            remedy = "a SQuAD file is an object with a list of articles called data"
            raise UserError(wrong.what, where=self._file, remedy=remedy) from None
        for number, article in enumerate(articles):
            self._articles += 1
            path = f"data[{number}]"
            try:
                self._read_article(article, path)
            except _Wrong as wrong:
                self._complain(wrong, path)

    def notes(self, *, others: int) -> tuple[str, ...]:
        """Sentences about what was skipped and assumed."""
        notes = list(self._encodings)
        if others:
            notes.append(f"{others:,} {'file that is' if others == 1 else 'files that are'} no SQuAD JSON left out.")
        if self._plausible:
            notes.append(f"{self._plausible:,} plausible answers to questions without an answer were left out.")
        return tuple(notes)

    def _read_article(self, article: Any, path: str) -> None:
        values = _object(article)
        title = _group(values, "title")
        if title is None:
            title = _group(values, "document_id")
        for number, paragraph in enumerate(_items(values, "paragraphs")):
            below = f"{path}.paragraphs[{number}]"
            try:
                self._read_paragraph(paragraph, below, title)
            except _Wrong as wrong:
                self._complain(wrong, below)

    def _read_paragraph(self, paragraph: Any, path: str, title: str | None) -> None:
        values = _object(paragraph)
        context = _text(values, "context")
        group = title if title is not None else _group(values, "document_id")
        if group is None:
            group = f"article {self._articles}"
        for number, qa in enumerate(_items(values, "qas")):
            below = f"{path}.qas[{number}]"
            try:
                self._read_question(qa, below, context, group)
            except _Wrong as wrong:
                self._complain(wrong, below)

    def _read_question(self, qa: Any, path: str, context: str, group: str) -> None:
        values = _object(qa)
        name = _id(values)
        if name in self._first:
            what = f"the id {_short(name)} is listed twice, first at {self._first[name]}"
            raise _Wrong(what, code="listed-twice", remedy="give each question an id of its own")
        question = _text(values, "question")
        impossible = values.get("is_impossible", False)
        if not isinstance(impossible, bool):
            raise _Wrong(f"is_impossible is {_sort(impossible)} and not true or false")
        given = values.get("answers")
        answers = [] if given is None else _items(values, "answers")
        if impossible and answers:
            raise _Wrong("the question is marked as impossible and has answers", code="squad-contradiction")
        if not impossible and not answers and self._split != TEST:
            raise _Wrong(
                "the question has no answer", code="no-answer",
                remedy="add one, mark it as is_impossible, or name the file test if its answers are kept secret",
            )  # fmt: skip
        read = tuple(self._answers(answers, path))
        if len(read) < len(answers) and not read:
            return  # each was complained about
        plausible = values.get("plausible_answers")
        self._plausible += len(plausible) if isinstance(plausible, list) else 0
        self._first[name] = f"{self._file}: {path}"
        self.questions.append(
            Question(
                context=context,
                question=question,
                answers=read,
                split=self._split,
                name=name,
                group=group,
                impossible=impossible,
            )
        )

    def _answers(self, answers: list[Any], path: str) -> Iterator[Answer]:
        for number, answer in enumerate(answers):
            try:
                values = _object(answer)
                text = _text(values, "text")
                if not text:
                    raise _Wrong("the answer is an empty text", code="no-answer")
                yield Answer(text=text, start=_start(values))
            except _Wrong as wrong:
                self._complain(wrong, f"{path}.answers[{number}]")

    def _complain(self, wrong: _Wrong, path: str) -> None:
        where = f"{self._file}: {path}{'.' if wrong.at else ''}{wrong.at}"
        self.problems.append(Problem(code=wrong.code, what=wrong.what, where=where, remedy=wrong.remedy))


def _parsed(content: bytes, *, encoding: str, where: str) -> Any:
    if len(content) > LARGEST_FILE:
        raise UserError("the file is larger than 1 GiB", where=where, remedy="divide it into several")
    try:
        return json.loads(content.decode(encoding), object_pairs_hook=_object_of, parse_int=_whole_number)
    except UnicodeDecodeError as error:
        what = f"the file is not {encoding.upper()} text from byte {error.start:,} on"
        raise UserError(what, where=where, remedy="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        what = f"the JSON is damaged or cut short ({error.msg.lower()})"
        place = f"{where}, line {error.lineno:,}, column {error.colno:,}"
        raise UserError(what, where=place, remedy="fetch or make it again") from error
    except RecursionError:
        raise UserError("the JSON is nested too deeply for a SQuAD file", where=where) from None


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Twice(values)


def _whole_number(digits: str) -> int | float:
    """Numbers too long to be meant become no whole number at all; Python refuses the longest with an error."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float("inf")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, _Twice):
        raise _Wrong("a key is given twice in this object", code="squad-key-twice", remedy="remove one of the two")
    if not isinstance(value, dict):
        raise _Wrong(f"this is {_sort(value)} and not an object")
    return value


def _items(values: dict[str, Any], key: str) -> list[Any]:
    found = _present(values, key)
    if not isinstance(found, list):
        raise _Wrong(f"{key} is {_sort(found)} and not a list", at=key)
    return found


def _text(values: dict[str, Any], key: str) -> str:
    found = _present(values, key)
    if not isinstance(found, str):
        raise _Wrong(f"{key} is {_sort(found)} and not a text", at=key)
    return _checked(found, key)


def _group(values: dict[str, Any], key: str) -> str | None:
    """A title or number of what a text belongs to; ``None`` where there is none."""
    found = values.get(key)
    if found is None:
        return None
    if isinstance(found, str) or (isinstance(found, int) and not isinstance(found, bool)):
        return _checked(str(found), key)
    raise _Wrong(f"{key} is {_sort(found)} and not a text", at=key)


def _id(values: dict[str, Any]) -> str:
    found = _present(values, "id")
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise _Wrong(f"the id is {_sort(found)} and neither a text nor a whole number", at="id")
    name = _checked(str(found), "id")
    if not name.strip():
        raise _Wrong("the id is empty", at="id", remedy="give each question an id of its own")
    return name


def _start(values: dict[str, Any]) -> int:
    found = _present(values, "answer_start")
    if isinstance(found, bool) or not isinstance(found, int):
        raise _Wrong(f"answer_start is {_sort(found)} and not a whole number", at="answer_start")
    if abs(found) > LARGEST_OFFSET:
        raise _Wrong(f"answer_start {found} is beyond any text", at="answer_start")
    return found


def _present(values: dict[str, Any], key: str) -> Any:
    if key not in values:
        raise _Wrong(f"there is no {key} in this object")
    return values[key]


def _checked(text: str, key: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = f"{key} holds half of a character (a lone surrogate) at {error.start:,}"
        raise _Wrong(what, at=key, code="squad-text") from None
    if "\0" in text:
        raise _Wrong(f"{key} holds a null character at {text.index(chr(0)):,}", at=key, code="squad-text")
    return text


def _sort(value: Any) -> str:
    """What sort of JSON value this is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}\N{HORIZONTAL ELLIPSIS}")


SOURCES.add(
    "squad",
    SourceFormat(
        title="SQuAD 1.1 or 2.0 JSON with questions about texts, one file or train, dev and test",
        recognise=recognise,
        open=open_squad,
    ),
)
