"""One question to read: what is asked, where it comes from, its answers, and the text with the answers marked in it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.engine.data.source import Question
from workbench.gui.models.catalogue import NO_SPLIT_TEXT
from workbench.gui.models.questions import article_text
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import ElidedLabel, WrappedLabel
from workbench.gui.widgets.text.answers import AnswerList
from workbench.gui.widgets.text.context_view import ContextView
from workbench.gui.widgets.text.find_bar import FindBar
from workbench.gui.widgets.text.question_list import DOT
from workbench.gui.widgets.text.spans import Marked, is_right_to_left, marked

_LONGEST = 600  # characters of a question that are shown; all of it is in the tool tip


class QuestionReader(QWidget):
    """Empty until :meth:`show_question`.

    Signals:
        left: The person wants back to the list.
    """

    left = Signal()

    def __init__(self, theme: Theme, *, panel: str) -> None:
        super().__init__()
        self._shown: Question | None = None
        self._marks: tuple[Marked, ...] = ()
        self._question = WrappedLabel()
        self._question.setProperty("role", "title")
        self._question.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts = ElidedLabel()
        self._facts.setProperty("role", "muted")
        self._silence = QLabel()
        self._silence.setProperty("role", "muted")
        self._findings = WrappedLabel()
        self._findings.setProperty("role", "warning")
        self.answers = AnswerList(theme, name=f"{panel}.answers")
        self.text = ContextView(theme, name=f"{panel}.context")
        self.find_bar = FindBar(theme, panel=panel)
        named(self, f"{panel}.reader", "Question")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        for widget in (self._question, self._facts, self._silence, self.answers, self._findings, self.find_bar):
            column.addWidget(widget)
        column.addWidget(self.text, 1)
        self.answers.chosen.connect(self._on_answer_chosen)
        self.find_bar.changed.connect(self._on_found_changed)
        self.find_bar.gone_to.connect(self.text.go_to)
        self.find_bar.closed.connect(self._on_find_closed)

    def show_question(self, question: Question, *, split: str, excluded: bool, findings: Sequence[str] = ()) -> None:
        """Show one from its first answer on; the same one again keeps its place.

        Args:
            split, excluded: As they are now.
            findings: Sentences about it.
        """
        length = f"text of {len(question.context):,} characters"
        facts = [f"id {question.name}", article_text(question.group), split or NO_SPLIT_TEXT, length]
        facts.append("excluded" if excluded else "")
        self._facts.show_text(DOT.join(fact for fact in facts if fact))
        self.show_findings(findings)
        if question == self._shown:
            return
        self._shown = question
        text = " ".join(question.question.split())
        self._question.setText(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}")
        self._question.setToolTip(text if len(text) > _LONGEST else "")
        backwards = is_right_to_left(text)
        self._question.setLayoutDirection(
            Qt.LayoutDirection.RightToLeft if backwards else Qt.LayoutDirection.LeftToRight
        )
        self._silence.setText(
            "Impossible: the source says that the text does not answer this."
            if question.impossible
            else "No answer is given."
        )
        self._silence.setVisible(not question.answers)
        self._marks = marked(question.answers, question.context)
        self.answers.show_answers(self._marks)
        self.text.show_text(question.context, self._marks)
        first = min((mark.target for mark in self._marks), default=0)
        self.find_bar.look_in(question.context, start=first)

    def show_findings(self, findings: Sequence[str]) -> None:
        """What the checks say of the question, a line each."""
        self._findings.setText("\n".join(findings))
        self._findings.setVisible(bool(findings))

    @property
    def facts(self) -> str:
        """Id, article, split, length."""
        return self._facts.whole

    @property
    def question(self) -> str:
        return self._question.text()

    @property
    def findings(self) -> str:
        return self._findings.text()

    @property
    def silence(self) -> str:
        """What stands in place of answers; empty where there are some."""
        return "" if self._silence.isHidden() else self._silence.text()

    def begin_find(self) -> None:
        """Ask for words to find in the text."""
        self.find_bar.begin()

    def _on_answer_chosen(self, number: int) -> None:
        mark = self._marks[number]
        self.text.go_to(mark.target, mark.target + len(mark.text))

    def _on_found_changed(self) -> None:
        self.text.show_found(self.find_bar.found)

    def _on_find_closed(self) -> None:
        self.text.setFocus()

    # What Qt tells

    def event(self, event: QEvent) -> bool:
        # The window has the same keys for another search: what is focused here says first that it wants them.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Find)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Find):
            self.begin_find()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
