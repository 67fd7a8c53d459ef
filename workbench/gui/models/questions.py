"""A set of questions as a list model: one row a question of the current selection, answered from memory only.

What a person filters, sorts and searches by is read once, off the GUI thread (:func:`read_questions`); an edit then
only changes splits and exclusions (:meth:`QuestionCatalogue.in_state`). The texts themselves stay in the file.
"""

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.engine.data.source import Question
from workbench.engine.events import Progress
from workbench.gui.models.catalogue import NO_SPLIT_TEXT

ANY_STATE, FIT, UNFIT, IMPOSSIBLE, UNANSWERED, EXCLUDED = "all", "fit", "unfit", "impossible", "unanswered", "excluded"
STATES = {
    FIT: "Answers fit",
    UNFIT: "Answers do not fit",
    IMPOSSIBLE: "Impossible",
    UNANSWERED: "No answer given",
    EXCLUDED: "Excluded",
}
SOURCE_ORDER, BY_ARTICLE, SHORTEST, LONGEST, BY_ID = "source", "article", "shortest", "longest", "id"
ORDERS = {
    SOURCE_ORDER: "In their order",
    BY_ARTICLE: "By article",
    SHORTEST: "Shortest text first",
    LONGEST: "Longest text first",
    BY_ID: "By id",
}

_REPORT_SECONDS = 0.05
_CHUNK = 1 << 20  # characters of texts that are searched between two signs of life

Index = QModelIndex | QPersistentModelIndex
Items = NDArray[np.int64]


class Questions(Protocol):
    """What is asked of a :class:`~workbench.engine.data.question_set.QuestionSet`."""

    def __len__(self) -> int: ...
    def question(self, index: int) -> Question: ...
    def records(self) -> Iterator[Question]: ...


class State(Protocol):
    """What is asked of a :class:`~workbench.engine.project.edits.Curated`."""

    @property
    def splits(self) -> NDArray[np.str_]: ...
    @property
    def excluded(self) -> NDArray[np.bool_]: ...


class Role(IntEnum):
    """What a row can be asked for, beside ``DisplayRole`` (what is asked) and ``ToolTipRole``."""

    ITEM = Qt.ItemDataRole.UserRole + 1
    NAME = Qt.ItemDataRole.UserRole + 2  # the id
    ARTICLE = Qt.ItemDataRole.UserRole + 3
    SPLIT = Qt.ItemDataRole.UserRole + 4  # in words, "no split" where there is none
    ANSWERS = Qt.ItemDataRole.UserRole + 5  # how many
    WRONG = Qt.ItemDataRole.UserRole + 6  # how many of them do not fit
    IMPOSSIBLE = Qt.ItemDataRole.UserRole + 7
    EXCLUDED = Qt.ItemDataRole.UserRole + 8
    FLAG = Qt.ItemDataRole.UserRole + 9  # in words what is special about it; empty for nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCatalogue:
    """What is known of every question of a set. Do not change the arrays.

    Attributes:
        items: The set.
        names, questions: The ids and what is asked, N each.
        folded: Question, id and article of each, folded for comparison without regard to case.
        articles: Names in order of appearance.
        article_of: int64[N], places in ``articles``.
        contexts: The different texts, folded.
        context_of: int64[N], places in ``contexts``.
        lengths: int64[N], characters of the text.
        answers, wrong: int64[N], answers and those of them that do not fit.
        impossible, excluded: bool[N].
        splits: str[N].
        id_order: int64[N], the items sorted by id, numbers in ids by their value.
    """

    items: Questions
    names: list[str]
    questions: list[str]
    folded: list[str]
    articles: tuple[str, ...]
    article_of: Items
    contexts: tuple[str, ...]
    context_of: Items
    lengths: Items
    answers: Items
    wrong: Items
    impossible: NDArray[np.bool_]
    excluded: NDArray[np.bool_]
    splits: NDArray[np.str_]
    id_order: Items

    def __len__(self) -> int:
        return len(self.names)

    def in_state(self, state: State) -> "QuestionCatalogue":
        """The same questions with the splits and exclusions of ``state``."""
        return replace(self, splits=state.splits, excluded=state.excluded)

    def split_counts(self) -> dict[str, int]:
        """Split to its number of questions, the usual order first."""
        found, counts = np.unique(self.splits, return_counts=True)
        order = {"train": 0, "validation": 1, "test": 2, "": 4}
        pairs = ((str(split), int(count)) for split, count in zip(found, counts, strict=True))
        return dict(sorted(pairs, key=lambda pair: (order.get(pair[0], 3), pair[0])))

    def article_counts(self) -> Items:
        """int64[A]: questions an article."""
        return np.bincount(self.article_of, minlength=len(self.articles))

    def in_a_state(self, state: str) -> NDArray[np.bool_]:
        """bool[N]: whether a question is in one of :data:`STATES` or :data:`ANY_STATE`."""
        inside: NDArray[np.bool_]
        match state:
            case "fit":
                inside = (self.answers > 0) & (self.wrong == 0)
            case "unfit":
                inside = self.wrong > 0
            case "impossible":
                inside = self.impossible
            case "unanswered":
                inside = (self.answers == 0) & ~self.impossible
            case "excluded":
                inside = self.excluded
            case _:
                inside = np.ones(len(self), bool)
        return inside

    def matching(
        self,
        *,
        text: str = "",
        contexts: NDArray[np.bool_] | None = None,
        article: int = -1,
        split: str | None = None,
        state: str = ANY_STATE,
        order: str = SOURCE_ORDER,
    ) -> Items:
        """Ids of the questions that all of these let through.

        Args:
            text: In question, id or article, without regard to case; empty for all.
            contexts: bool[contexts]: texts whose questions have ``text`` as well, as :func:`search_contexts` finds.
            article: A place in :attr:`articles`, -1 for all.
            split: ``""`` for questions without one, ``None`` for all.
            order: One of :data:`ORDERS`; equal ones stay in their order.
        """
        chosen = self.in_a_state(state)
        if article >= 0:
            chosen = chosen & (self.article_of == article)
        if split is not None:
            chosen = chosen & (self.splits == split)
        items = np.flatnonzero(chosen)
        if wanted := fold(text):
            folded = self.folded
            found = np.fromiter((wanted in folded[item] for item in items.tolist()), bool, len(items))
            if contexts is not None:
                found |= contexts[self.context_of[items]]
            items = items[found]
        return self._sorted(items.astype(np.int64), order)

    def _sorted(self, items: Items, order: str) -> Items:
        match order:
            case "article":
                return items[np.argsort(self.article_of[items], kind="stable")]
            case "shortest":
                return items[np.argsort(self.lengths[items], kind="stable")]
            case "longest":
                return items[np.argsort(-self.lengths[items], kind="stable")]
            case "id":
                wanted = np.zeros(len(self), bool)
                wanted[items] = True
                return self.id_order[wanted[self.id_order]]
            case _:
                return items


def fold(text: str) -> str:
    """``text`` as it is compared."""
    return text.strip().casefold()


def read_questions(items: Questions, state: State) -> Generator[Progress, None, QuestionCatalogue]:
    """The catalogue of a set. Reads every text once: about a second for 100,000 questions."""
    total = len(items)
    yield Progress(stage="reading the questions", done=0, total=total)
    names: list[str] = []
    questions: list[str] = []
    folded: list[str] = []
    articles: dict[str, int] = {}
    contexts: dict[str, int] = {}
    numbers = np.zeros((5, total), np.int64)  # article, context, length, answers, wrong
    impossible = np.zeros(total, bool)
    reported = time.monotonic()
    for place, question in enumerate(items.records()):
        names.append(question.name)
        questions.append(question.question)
        folded.append(f"{question.question}\n{question.name}\n{question.group}".casefold())
        impossible[place] = question.impossible
        numbers[:, place] = (
            articles.setdefault(question.group, len(articles)),
            contexts.setdefault(question.context, len(contexts)),
            len(question.context),
            len(question.answers),
            sum(not answer.fits(question.context) for answer in question.answers),
        )
        if time.monotonic() - reported >= _REPORT_SECONDS:
            yield Progress(stage="reading the questions", done=place, total=total)
            reported = time.monotonic()
    yield Progress(stage="sorting", done=total, total=total)
    return QuestionCatalogue(
        items=items,
        names=names,
        questions=questions,
        folded=folded,
        articles=tuple(articles),
        article_of=numbers[0],
        contexts=tuple(context.casefold() for context in contexts),
        context_of=numbers[1],
        lengths=numbers[2],
        answers=numbers[3],
        wrong=numbers[4],
        impossible=impossible,
        excluded=state.excluded,
        splits=state.splits,
        id_order=np.array(sorted(range(total), key=[_natural(name) for name in names].__getitem__), np.int64),
    )


def search_contexts(catalogue: QuestionCatalogue, text: str) -> Generator[Progress, None, NDArray[np.bool_]]:
    """bool[contexts]: the texts that hold ``text``, without regard to case."""
    wanted, searched = fold(text), 0
    found = np.zeros(len(catalogue.contexts), bool)
    for place, context in enumerate(catalogue.contexts):
        found[place] = wanted in context
        searched += len(context)
        if searched >= _CHUNK:
            searched = 0
            yield Progress(stage="searching the texts", done=place, total=len(found))
    yield Progress(stage="searching the texts", done=len(found), total=len(found))
    return found


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts ``item 9`` before ``item 10``."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return tuple((int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts)


class QuestionsModel(QAbstractListModel):
    """Questions of one set, all or a selection, in any order.

    Attributes:
        catalogue: The set that is shown.
        has_splits: Whether any question of it is in a split.
    """

    def __init__(self, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalogue: QuestionCatalogue | None = None
        self.has_splits = False
        self._items: Items = np.empty(0, np.int64)
        self._rows: Items = np.empty(0, np.int64)  # item to row, -1 where it is not shown

    def show(self, catalogue: QuestionCatalogue | None, items: Items | None = None) -> None:
        """Turn to a set, or another state of the same, and show ``items`` of it in this order; all by default."""
        self.beginResetModel()
        self.catalogue = catalogue
        self.has_splits = catalogue is not None and bool((catalogue.splits != "").any())
        count = len(catalogue) if catalogue else 0
        self._items = np.arange(count) if items is None else items
        self._rows = np.full(count, -1, np.int64)
        self._rows[self._items] = np.arange(len(self._items))
        self.endResetModel()

    @property
    def items(self) -> Items:
        """int64[rows]: what each row shows."""
        return self._items

    def rows(self, items: Items) -> Items:
        """int64: the rows that show any of ``items``, ascending."""
        found = self._rows[items[items < len(self._rows)]]
        return np.sort(found[found >= 0])

    def row(self, item: int) -> int:
        """The row that shows ``item``; -1 if none does."""
        return int(self._rows[item]) if 0 <= item < len(self._rows) else -1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        catalogue = self.catalogue
        if catalogue is None or not index.isValid():
            return None
        item = int(self._items[index.row()])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return catalogue.questions[item]
            case Role.ITEM:
                return item
            case Role.NAME:
                return catalogue.names[item]
            case Role.ARTICLE:
                return catalogue.articles[int(catalogue.article_of[item])]
            case Role.SPLIT:
                return str(catalogue.splits[item]) or NO_SPLIT_TEXT
            case Role.ANSWERS:
                return int(catalogue.answers[item])
            case Role.WRONG:
                return int(catalogue.wrong[item])
            case Role.IMPOSSIBLE:
                return bool(catalogue.impossible[item])
            case Role.EXCLUDED:
                return bool(catalogue.excluded[item])
            case Role.FLAG:
                return flag_text(catalogue, item)
            case Qt.ItemDataRole.ToolTipRole:
                return f"{catalogue.questions[item]}\n{self._facts(item)}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{catalogue.questions[item]}, {self._facts(item)}"
            case _:
                return None

    def _facts(self, item: int) -> str:
        assert self.catalogue
        catalogue = self.catalogue
        article = article_text(catalogue.articles[int(catalogue.article_of[item])])
        split = str(catalogue.splits[item]) or NO_SPLIT_TEXT
        facts = [catalogue.names[item], article, split, answers_text(catalogue, item), flag_text(catalogue, item)]
        if catalogue.excluded[item]:
            facts.append("excluded")
        return ", ".join(fact for fact in facts if fact)


def article_text(article: str) -> str:
    """An article as it is shown: a bare number says what it is."""
    return f"article {article}" if article.isdecimal() else article


def answers_text(catalogue: QuestionCatalogue, item: int) -> str:
    """``"1 answer"``, ``"3 answers"``, ``"no answer"``."""
    count = int(catalogue.answers[item])
    return {0: "no answer", 1: "1 answer"}.get(count, f"{count:,} answers")


def flag_text(catalogue: QuestionCatalogue, item: int) -> str:
    """What is special about a question, in words; empty for nothing."""
    wrong, count = int(catalogue.wrong[item]), int(catalogue.answers[item])
    if wrong:
        return "does not fit" if count == 1 else f"{wrong:,} of {count:,} do not fit"
    return "impossible" if catalogue.impossible[item] else ""
