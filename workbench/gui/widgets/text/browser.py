"""A set of questions to look through: filters above, the list, and one question with its text beside or below it.

It knows nothing of projects or imports: whoever has opened a dataset hands it over. What takes long (reading the set
once, searching all texts) happens in jobs of its own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.gui.jobs import DONE, FAILED, Ending, Job, Jobs
from workbench.gui.models.questions import QuestionCatalogue, QuestionsModel, fold, read_questions, search_contexts
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.text.filters import QuestionFilters
from workbench.gui.widgets.text.question_list import QuestionList
from workbench.gui.widgets.text.reader import QuestionReader

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.opened import Dataset

_BESIDE = 120  # characters of width from which on the reader lies beside the list, else below it
_LIST_SHARE = 0.42  # of the width, and of the height where the reader lies below

Items = NDArray[np.int64]


class QuestionBrowser(QWidget):
    """Starts empty; see :meth:`show_dataset`.

    Args:
        panel: First part of its widgets' names.
        jobs: Where sets are read and texts searched; by default jobs of its own, which end with the program at the
            latest.

    Signals:
        selection_changed: :meth:`selection` is different.
        menu_requested: A menu about these items (NDArray[int64]) is wanted at this place on the screen.
    """

    selection_changed = Signal()
    menu_requested = Signal(object, QPoint)

    def __init__(self, theme: Theme, *, panel: str = "data", jobs: Jobs | None = None) -> None:
        super().__init__()
        self._jobs = Jobs(self) if jobs is None else jobs
        application = QCoreApplication.instance()
        if jobs is None and application:
            application.aboutToQuit.connect(self._jobs.join)
        self._dataset: Dataset | None = None
        self._restriction: Items | None = None
        self._findings: tuple[Finding, ...] = ()
        self._reading: Job | None = None
        self._searching: Job | None = None
        self._sought = ""  # the words that are searched for now
        self._searched = ("", np.empty(0, bool))  # those that were, and which texts have them
        self._current = -1  # what the reader showed last
        self.model = QuestionsModel(parent=self)
        self.filters = QuestionFilters(theme, panel=panel)
        self.list = QuestionList(self.model, theme, name=f"{panel}.question-list")
        self.reader = QuestionReader(theme, panel=panel)
        self._words = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._words.setProperty("role", "muted")
        self._every = named(QPushButton("Show all"), f"{panel}.all-questions", "Show all questions")
        self._every.clicked.connect(self._on_every_clicked)
        self._none = QWidget()
        middle = QVBoxLayout(self._none)
        middle.setSpacing(GAP)
        middle.addStretch(1)
        middle.addWidget(self._words)
        middle.addWidget(self._every, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(2)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.reader)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.splitter)
        self._pages.addWidget(self._none)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.filters)
        column.addWidget(self._pages, 1)
        self._arranged = False
        self.filters.changed.connect(self._on_filters_changed)
        self.filters.released.connect(self._on_restriction_released)
        self.list.moved.connect(self._on_list_moved)
        self.list.opened.connect(self._on_list_opened)
        self.list.selection_changed.connect(self.selection_changed)
        self.list.menu_requested.connect(self.menu_requested)
        self.reader.left.connect(self.list.setFocus)
        self.show_dataset(None)

    # What is shown

    def show_dataset(self, dataset: "Dataset | None") -> None:
        """Turn to a dataset of questions, or to none; nothing is narrowed down any more."""
        self._stop_jobs()
        self._dataset, self._restriction, self._findings = dataset, None, ()
        self._searched, self._current = ("", np.empty(0, bool)), -1
        self.filters.show_restriction("")
        self.filters.fill(None)
        self.filters.setEnabled(False)
        self.model.show(None)
        self.filters.show_count(0, total=len(dataset.items) if dataset else 0)
        self._say("Reading the questions" if dataset else "")
        if dataset:
            assert dataset.items.content == "questions", dataset.row.name
            work = read_questions(dataset.items, dataset.state)  # type: ignore[arg-type]  # as just asserted
            self._reading = self._jobs.start(work, title="Reading the questions", quiet=True)
            self._reading.ended.connect(self._on_reading_ended)
            self._reading.changed.connect(self._on_reading_changed)
        self.selection_changed.emit()

    def keep_showing(self, dataset: "Dataset") -> None:
        """Show the same dataset as it is after an edit: filters, selection and place stay."""
        if self._dataset is None or dataset.items is not self._dataset.items:
            self.show_dataset(dataset)
            return
        self._dataset = dataset
        if self.model.catalogue:
            self._turn_to(self.model.catalogue.in_state(dataset.state), keep=True)

    def restrict(self, items: Items | None, title: str = "") -> None:
        """Show only these items, and ``title`` as the reason on a chip that takes it back; ``None`` for no restriction.

        The filters hold within it.
        """
        self._restriction = None if items is None else np.asarray(items, np.int64)
        self.filters.show_restriction("" if items is None else title or "A selection")
        self._refresh(top=True)

    def set_findings(self, findings: "Sequence[Finding]") -> None:
        """What the checks say; each question's own stand beside it."""
        self._findings = tuple(findings)
        self.reader.show_findings(self._sentences(self.list.current()))

    def show_finding(self, finding: "Finding") -> None:
        """Show the questions of a finding only."""
        self.restrict(finding.items, finding.title)

    def take_focus(self) -> None:
        """The list has the keyboard."""
        self.list.setFocus()

    def clear_selection(self) -> None:
        """Select nothing; the list has the keyboard."""
        self.list.clearSelection()
        self.list.setFocus()

    def select_all(self) -> None:
        """Select every question that is shown."""
        self.list.selectAll()
        self.list.setFocus()

    def selection(self) -> Items:
        """int64: ids of the selected items, ascending."""
        return self.list.selected()

    @property
    def busy(self) -> bool:
        """Whether a set is being read or texts are being searched."""
        return self._reading is not None or self._searching is not None

    def _turn_to(self, catalogue: QuestionCatalogue, *, keep: bool) -> None:
        self.filters.setEnabled(True)
        self.filters.fill(catalogue, keep=keep)
        self.model.catalogue = catalogue
        self._refresh(top=not keep)

    def _refresh(self, *, top: bool = False) -> None:
        """Show what the filters let through now; what was current and selected stays so, if it is among it."""
        catalogue, filters = self.model.catalogue, self.filters
        if catalogue is None:
            return
        items = catalogue.matching(
            text=filters.text,
            contexts=self._contexts_with(filters.text),
            article=filters.article,
            split=filters.split,
            state=filters.state,
            order=filters.order,
        )
        if self._restriction is not None:
            items = items[np.isin(items, self._restriction)]
        current, selected, value = self._current, self.list.selected(), self.list.verticalScrollBar().value()
        self.model.show(catalogue, items)
        self.filters.show_count(len(items), total=len(catalogue), searching=self._searching is not None)
        if len(items):
            self._pages.setCurrentWidget(self.splitter)
            self.list.make_current(current, scroll=False)
            self.list.select(selected)
            if top or self.model.row(current) < 0:
                self.list.scrollToTop()
            else:
                self.list.verticalScrollBar().setValue(value)
                self.list.scrollTo(self.list.currentIndex())
        elif self._searching:
            self._say("Searching the texts")
        else:
            self._say("No question matches", offer_all=True)
        self.selection_changed.emit()

    def _say(self, words: str, *, offer_all: bool = False) -> None:
        self._words.setText(words)
        self._every.setVisible(offer_all)
        self._pages.setCurrentWidget(self._none)

    # One question

    def _on_list_moved(self, item: int) -> None:
        catalogue = self.model.catalogue
        if catalogue is None or item < 0:
            return
        self._current = item
        self.reader.show_question(
            catalogue.items.question(item),
            split=str(catalogue.splits[item]),
            excluded=bool(catalogue.excluded[item]),
            findings=self._sentences(item),
        )

    def _sentences(self, item: int) -> list[str]:
        """What the findings say of one item."""
        found = []
        for finding in self._findings:
            place = int(np.searchsorted(finding.items, item))
            if place < len(finding.items) and finding.items[place] == item:
                details = finding.details.get(item, "")
                found.append(f"{finding.title}: {details}" if details else finding.title)
        return found

    def _on_list_opened(self) -> None:
        self.reader.text.setFocus()

    # Filters, and the words in the texts

    def _on_filters_changed(self) -> None:
        self._search_contexts()
        self._refresh()

    def _on_restriction_released(self) -> None:
        self.restrict(None)

    def _on_every_clicked(self) -> None:
        self._restriction = None
        self.filters.show_restriction("")
        self.filters.clear()
        self.list.setFocus()

    def _contexts_with(self, text: str) -> NDArray[np.bool_] | None:
        words, found = self._searched
        return found if self.filters.in_contexts and words and words == fold(text) else None

    def _search_contexts(self) -> None:
        """Begin to look for the words in all texts, if they are wanted there and not known yet."""
        catalogue, words = self.model.catalogue, fold(self.filters.text)
        if self._searching:
            self._searching.stop()
            self._searching = None
        if catalogue and words and self.filters.in_contexts and self._searched[0] != words:
            self._sought = words
            work = search_contexts(catalogue, words)
            self._searching = self._jobs.start(work, title="Searching the texts", quiet=True)
            self._searching.ended.connect(self._on_searching_ended)

    def _on_searching_ended(self, ending: Ending) -> None:
        if self.sender() is not self._searching:
            return
        self._searching = None
        if ending.state == DONE:
            self._searched = (self._sought, ending.result)
        self._refresh()

    def _on_reading_changed(self) -> None:
        if self._reading and self.sender() is self._reading:
            share = self._reading.pace.fraction
            self._say("Reading the questions" + (f", {share * 100:.0f} %" if share else ""))

    def _on_reading_ended(self, ending: Ending) -> None:
        if self.sender() is not self._reading:
            return
        self._reading = None
        if ending.state == DONE:
            assert self._dataset
            catalogue: QuestionCatalogue = ending.result
            self._turn_to(catalogue.in_state(self._dataset.state), keep=False)
        elif ending.state == FAILED:
            assert ending.error
            known = isinstance(ending.error, UserError)
            self._say(str(ending.error) if known else f"A bug in the workbench: {ending.error}")

    def _stop_jobs(self) -> None:
        for job in (self._reading, self._searching):
            if job:
                job.stop()
        self._reading = self._searching = None

    # What Qt tells

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= self.fontMetrics().averageCharWidth() * _BESIDE
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if way != self.splitter.orientation() or not self._arranged:
            self._arranged = True
            self.splitter.setOrientation(way)
            self.reader.setContentsMargins(GAP // 2 if wide else 0, 0 if wide else GAP // 2, 0, 0)
            room = self.width() if wide else self.height()
            self.splitter.setSizes([round(room * _LIST_SHARE), round(room * (1 - _LIST_SHARE))])
