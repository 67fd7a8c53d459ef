"""Checks of questions, their answers and the texts that they are about."""

from collections.abc import Iterator

import numpy as np

from workbench.engine.data.lint.checks.subject import CHECKS, Subject, clusters, found, found_clusters, same_content
from workbench.engine.data.lint.finding import Finding, Items
from workbench.engine.data.source import TEST


def _ids(subject: Subject) -> Items:
    return np.arange(len(subject.facts.answers))


def _to_leave_out(code: str, title: str, items: Items, *, remedy: str) -> Iterator[Finding]:
    """An error in whole questions, which leaving them out mends."""
    return found(code, title, "error", items=items, unit="questions", remedy=remedy, repairs=("leave-out",))


@CHECKS.register("answer-offset")
def answer_offset(subject: Subject) -> Iterator[Finding]:
    """Answers that do not stand where they say."""
    facts = subject.facts
    movable, wrong = int(facts.movable_answers.sum()), int(facts.wrong_answers.sum())

    def words(item: int) -> str:
        certain = facts.movable_answers[item]
        of = f"{facts.wrong_answers[item]} of {facts.answers[item]} answers"
        return f"{of}; {'it is certain where' if certain else 'it is not certain where'} they belong"

    return found(
        "answer-offset",
        "Answers that do not stand where they say",
        "error",
        items=np.flatnonzero(facts.wrong_answers),
        unit="answers",
        count=wrong,
        words=words,
        details={-1: f"of {movable:,} of them it is certain where they belong"} if wrong else {},
        remedy="They can be moved to where their text stands where that is certain, or left out.",
        repairs=("move-answers", "drop-answers"),
    )


@CHECKS.register("empty-answer")
def empty_answer(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    return found(
        "empty-answer",
        "Answers without a visible character",
        "error",
        items=np.flatnonzero(facts.empty_answers),
        unit="answers",
        count=int(facts.empty_answers.sum()),
        remedy="Leave the questions out, or mark them as impossible in the source.",
        repairs=("leave-out",),
    )


@CHECKS.register("unanswered")
def unanswered(subject: Subject) -> Iterator[Finding]:
    """Questions without an answer that are not said to have none; of a test split, answers may be kept secret."""
    facts = subject.facts
    silent = (facts.answers == 0) & ~facts.impossible & (subject.splits[: len(facts.answers)] != TEST)
    return found(
        "unanswered",
        "Questions without an answer",
        "warning",
        items=np.flatnonzero(silent),
        unit="questions",
        remedy="Answer them, leave them out, or mark them as impossible in the source.",
    )


@CHECKS.register("impossible-answered")
def impossible_answered(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts
    return _to_leave_out(
        "impossible-answered",
        "Questions that are said to have no answer, and have one",
        np.flatnonzero(facts.impossible & (facts.answers > 0)),
        remedy="Decide in the source which of the two is true, or leave them out.",
    )


@CHECKS.register("empty-question")
def empty_question(subject: Subject) -> Iterator[Finding]:
    return _to_leave_out(
        "empty-question",
        "Questions that ask nothing",
        np.flatnonzero(subject.facts.question_length == 0),
        remedy="Leave them out.",
    )


@CHECKS.register("empty-context")
def empty_context(subject: Subject) -> Iterator[Finding]:
    return _to_leave_out(
        "empty-context",
        "Questions about a text that is empty",
        np.flatnonzero(subject.facts.context_length == 0),
        remedy="Leave them out.",
    )


@CHECKS.register("repeated-question")
def repeated_question(subject: Subject) -> Iterator[Finding]:
    """The same question about the same text; white space and case do not tell two apart."""
    return found_clusters(
        subject,
        "repeated-question",
        "Questions asked more than once about the same text",
        "warning",
        among=clusters(_ids(subject), *same_content(subject.facts), subject.facts.perceptual),
        unit="questions",
        remedy="Leave out all but one of each, unless they are meant to count more.",
    )


@CHECKS.register("context-across")
def context_across(subject: Subject) -> Iterator[Finding]:
    """Texts of which one question is learnt and another measured on."""
    among = subject.divided(clusters(_ids(subject), *same_content(subject.facts)))
    return found_clusters(
        subject,
        "context-across",
        "Questions about a text that several splits share",
        subject.leak(among),
        among=among,
        unit="questions",
        remedy="Divide the set by articles; a score on a text that was learnt from is too good.",
    )
