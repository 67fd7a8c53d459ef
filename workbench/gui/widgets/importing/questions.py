"""A few sample questions, each with the piece of its text that answers it."""

import re
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from workbench.engine.data.source import Question
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import WrappedLabel

SHOWN = 3
_AROUND = 110  # characters of the text before and after an answer
_LONGEST = 200  # characters of a question or an answer
_LEADING, _TRAILING = re.compile(r"^\S{1,20}\s"), re.compile(r"\s\S{1,20}$")  # what is left of a word cut through
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


class QuestionSamples(QWidget):
    """One card a question."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.import-questions")
        self._theme = theme
        self._questions: list[Question] = []
        self._labels: list[WrappedLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for _ in range(SHOWN):
            label = WrappedLabel()
            label.setTextFormat(Qt.TextFormat.RichText)
            card = QFrame()
            card.setProperty("card", True)
            inner = QVBoxLayout(card)
            inner.setContentsMargins(GAP, GAP, GAP, GAP)
            inner.addWidget(label)
            column.addWidget(card)
            self._labels.append(label)
        theme.changed.connect(self._render)

    def show_questions(self, questions: Sequence[Question]) -> None:
        """Show some of these, spread over all of them."""
        last, count = len(questions) - 1, min(SHOWN, len(questions))
        self._questions = [questions[round(number * last / max(1, count - 1))] for number in range(count)]
        self._render()

    @property
    def text(self) -> str:
        """All that stands there, with its marks."""
        return "\n".join(label.text() for label in self._labels[: len(self._questions)])

    def _render(self) -> None:
        for number, label in enumerate(self._labels):
            shown = number < len(self._questions)
            card = label.parentWidget()
            assert card
            card.setVisible(shown)
            if shown:
                label.setText(self._html(self._questions[number]))

    def _html(self, question: Question) -> str:
        colours = self._theme.colours
        asked = f"<p dir='auto' style='margin:0'><b>{escape(_cut(question.question))}</b></p>"
        answer = next(iter(question.answers), None)
        if answer is None:
            body = f"{escape(_cut(question.context))}<br><i>No answer in the text</i>"
        elif not answer.fits(question.context):
            body = (
                f"{escape(_cut(answer.text))}<br><span style='color:{colours.warning}'>"
                "This answer does not stand in the text where it should.</span>"
            )
        else:
            end = answer.start + len(answer.text)
            first, last = max(0, answer.start - _AROUND), min(len(question.context), end + _AROUND)
            before, after = question.context[first : answer.start], question.context[end:last]
            if first:
                before = _ELLIPSIS + _LEADING.sub("", before)
            if last < len(question.context):
                after = _TRAILING.sub("", after) + _ELLIPSIS
            mark = f"<b style='background:{colours.selection};color:{colours.text}'>{escape(_cut(answer.text))}</b>"
            body = f"{escape(before)}{mark}{escape(after)}"
        return f"{asked}<p dir='auto' style='margin:0;color:{colours.muted}'>{body}</p>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + _ELLIPSIS
