"""What narrows a list of questions down: words, article, split, state; in what order; and how many are left."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from workbench.gui.models.catalogue import NO_SPLIT_TEXT
from workbench.gui.models.questions import ANY_STATE, ORDERS, SOURCE_ORDER, STATES, QuestionCatalogue
from workbench.gui.naming import named
from workbench.gui.theme import Theme
from workbench.gui.widgets.flow import FlowLayout

_PAUSE_MILLISECONDS = 120  # after a letter was typed
_SEARCHED, _CHOSEN = 34, 12  # characters of the search line and of a combo box
_MOST_ARTICLES = 2000  # that are offered one by one; more are found by searching


class QuestionFilters(QWidget):
    """The rows above the list.

    Signals:
        changed: Other questions are wanted, or in another order.
        released: What the list was restricted to from outside no longer counts.
    """

    changed = Signal()
    released = Signal()

    def __init__(self, theme: Theme, *, panel: str) -> None:
        super().__init__()
        self._text = named(QLineEdit(), f"{panel}.question-search", "Search questions")
        self._text.setPlaceholderText("Question, id or article contains")
        self._text.setClearButtonEnabled(True)
        self._text.setAcceptDrops(False)  # what is dropped anywhere on the panel is imported
        self._text.setFixedWidth(self.fontMetrics().averageCharWidth() * _SEARCHED)
        self._contexts = named(QCheckBox("Texts too"), f"{panel}.search-contexts", "Search the texts, too")
        self._contexts.setToolTip("Also find questions whose text contains the words")
        self._article = named(QComboBox(), f"{panel}.article", "Article")
        self._split = named(QComboBox(), f"{panel}.question-split", "Split")
        self._state = named(QComboBox(), f"{panel}.question-state", "State")
        self._order = named(QComboBox(), f"{panel}.question-order", "Order")
        for combo in self._combos():
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(_CHOSEN)
        for order, words in ORDERS.items():
            self._order.addItem(words, order)
        self._chip = named(QPushButton(), f"{panel}.question-restriction", "Show all again")
        self._chip.setIcon(theme.icon("close"))
        self._chip.setToolTip("Show all again")
        self._chip.hide()
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        row = FlowLayout(self)
        for widget in (self._text, self._contexts, *self._combos(), self._chip, self._count):
            row.addWidget(widget)
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._typing.timeout.connect(self.changed)
        self._text.textChanged.connect(self._typing.start)
        self._contexts.toggled.connect(self.changed)
        for combo in self._combos():
            combo.currentIndexChanged.connect(self.changed)
        self._chip.clicked.connect(self.released)

    def _combos(self) -> tuple[QComboBox, ...]:
        return self._article, self._split, self._state, self._order

    def fill(self, catalogue: QuestionCatalogue | None, *, keep: bool = False) -> None:
        """Offer what this set has, without a signal. What was chosen stays chosen only if ``keep``."""
        split, state, article = self.split, self.state, self.article
        self._typing.stop()
        widgets = (self._text, self._contexts, *self._combos())
        blocked = [widget.blockSignals(True) for widget in widgets]
        if not keep:
            self._text.clear()
            self._contexts.setChecked(False)
            self._order.setCurrentIndex(0)
        for combo, words, anything in (
            (self._article, "All articles", -1),
            (self._split, "All splits", None),
            (self._state, "All questions", ANY_STATE),
        ):
            combo.clear()
            combo.addItem(words, anything)
        if catalogue:
            self._offer(catalogue)
        if keep:
            self._article.setCurrentIndex(max(0, self._article.findData(article)))
            self._split.setCurrentIndex(max(0, 0 if split is None else self._split.findData(split)))
            self._state.setCurrentIndex(max(0, self._state.findData(state)))
        for combo in (self._article, self._split, self._state):
            combo.setVisible(combo.count() > 2)
        for widget, was in zip(widgets, blocked, strict=True):
            widget.blockSignals(was)

    def _offer(self, catalogue: QuestionCatalogue) -> None:
        if len(catalogue.articles) <= _MOST_ARTICLES:
            counts = catalogue.article_counts().tolist()
            for place, (name, count) in enumerate(zip(catalogue.articles, counts, strict=True)):
                self._article.addItem(f"{name or 'no article'} ({count:,})", place)
        for split, count in catalogue.split_counts().items():
            self._split.addItem(f"{split or NO_SPLIT_TEXT} ({count:,})", split)
        for state, words in STATES.items():
            if count := int(catalogue.in_a_state(state).sum()):
                self._state.addItem(f"{words} ({count:,})", state)

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def in_contexts(self) -> bool:
        """Whether the texts are to be searched, too."""
        return self._contexts.isChecked()

    @property
    def article(self) -> int:
        """Its place in the catalogue, -1 for all."""
        place = self._article.currentData()
        return -1 if place is None else int(place)

    @property
    def split(self) -> str | None:
        """``None`` for all."""
        chosen: str | None = self._split.currentData()
        return chosen

    @property
    def state(self) -> str:
        return str(self._state.currentData() or ANY_STATE)

    @property
    def order(self) -> str:
        return str(self._order.currentData() or SOURCE_ORDER)

    def clear(self) -> None:
        """Let everything through again; the order stays."""
        blocked = self.blockSignals(True)
        self._text.clear()
        for combo in (self._article, self._split, self._state):
            combo.setCurrentIndex(0)
        self._contexts.setChecked(False)
        self._typing.stop()
        self.blockSignals(blocked)
        self.changed.emit()

    def show_restriction(self, title: str) -> None:
        """Say what the list is restricted to from outside; an empty title for nothing."""
        self._chip.setText(title)
        self._chip.setAccessibleName(f"{title}: show all again" if title else "Show all again")
        self._chip.setVisible(bool(title))

    def show_count(self, shown: int, *, total: int, searching: bool = False) -> None:
        self._count.setText(f"{shown:,} of {total:,}" + (", searching the texts" if searching else ""))

    @property
    def count_text(self) -> str:
        return self._count.text()

    def focus_text(self) -> None:
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()
