"""The browser of questions: what a row says, what filters let through, and that answers are marked where they are."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers import shared_data
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.arrow import ITEMS, write_arrow
from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.opened import Dataset
from workbench.engine.data.question_set import QuestionSet
from workbench.engine.data.source import Answer, Listing, Question
from workbench.engine.data.sources.squad import open_squad
from workbench.engine.data.tree import open_tree
from workbench.engine.project.edits import Edit, as_imported, replay
from workbench.engine.project.project import DatasetRow
from workbench.gui.models.questions import QuestionsModel, Role, read_questions
from workbench.gui.theme import Theme
from workbench.gui.widgets.text.answers import place_text
from workbench.gui.widgets.text.browser import QuestionBrowser
from workbench.gui.widgets.text.context_view import ContextView
from workbench.gui.widgets.text.spans import Positions, is_right_to_left, marked, segments, shown
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
SHEEP = "🐑🐑 Zoë counts sheep. She counts two."
WOLVES = "Wolves count nothing, and nobody counts wolves."


def question(
    name: str, context: str = SHEEP, *answers: tuple[str, int], group: str = "Sheep", **more: object
) -> Question:
    given = tuple(Answer(*answer) for answer in answers)
    return Question(context, f"Is it {name}?", given, str(more.pop("split", "")), name, group, **more)  # type: ignore[arg-type]


FEW = (
    question("item 10", SHEEP, ("Zoë", 3), ("counts", 7), ("Zoë counts", 3)),
    question("item 9", SHEEP, ("two", 28), split="train"),
    question("item 2", WOLVES, group="Wolves", impossible=True, split="train"),
    question("other", WOLVES, ("Wolves", 0), group="Wolves", split="test"),
    question("silent", WOLVES, group="Wolves", split="test"),
)


def dataset_of(questions: Sequence[Question], folder: Path) -> Dataset:
    total = len(questions)
    listing = Listing(
        kind="squad", name="few", label_sets={}, total=total, records=lambda: iter(questions), content="questions"
    )
    return imported(listing, folder)


def imported(listing: Listing, folder: Path) -> Dataset:
    folder.mkdir(parents=True, exist_ok=True)
    for _ in write_arrow(listing, folder):
        pass
    items = QuestionSet(folder / ITEMS)
    row = DatasetRow(
        id="1", name=listing.name, kind="squad", origin="", signature="", fingerprint="", items=len(items),
        label_sets={}, splits={}, created=0.0, content="questions",
    )  # fmt: skip
    return Dataset(row=row, items=items, state=as_imported(labels={}, classes={}, splits=items.splits()))


def edited(dataset: Dataset, *edits: Edit) -> Dataset:
    return dataclasses.replace(dataset, state=replay(dataset.state, edits))


def published(name: str, folder: Path) -> Dataset:
    with open_tree(shared_data("squad", name)) as tree:
        return imported(open_squad(tree), folder)


@pytest.fixture
def few(tmp_path: Path) -> Dataset:
    return dataset_of(FEW, tmp_path / "few")


@pytest.fixture
def browser(qtbot: QtBot, workspace: Workspace, theme: Theme) -> QuestionBrowser:
    browser = QuestionBrowser(theme, jobs=workspace.jobs)
    qtbot.addWidget(browser)
    browser.resize(1200, 800)
    browser.show()
    return browser


@pytest.fixture
def turn_to(qtbot: QtBot, browser: QuestionBrowser) -> Callable[[Dataset], QuestionBrowser]:
    def turn_to(dataset: Dataset) -> QuestionBrowser:
        browser.show_dataset(dataset)
        qtbot.waitUntil(lambda: not browser.busy)
        return browser

    return turn_to


def ids(browser: QuestionBrowser) -> list[str]:
    return [browser.model.index(row).data(Role.NAME) for row in range(browser.model.rowCount())]


def choose(browser: QuestionBrowser, name: str, text: str) -> None:
    combo = browser.findChild(QComboBox, f"data.{name}")
    place = combo.findText(text)
    assert place >= 0, [combo.itemText(row) for row in range(combo.count())]
    combo.setCurrentIndex(place)


def look(view: ContextView, text: str) -> list[QTextCharFormat]:
    """Formats of the stretches that are exactly ``text``."""
    return [QTextCharFormat(one.format) for one in view.extraSelections() if one.cursor.selectedText() == text]


# The model


def test_what_a_row_says(few: Dataset) -> None:
    model = model_of(few)
    roles = (Role.NAME, Role.ARTICLE, Role.SPLIT, Role.ANSWERS, Role.WRONG, Role.IMPOSSIBLE, Role.EXCLUDED, Role.FLAG)
    rows = [[model.index(row).data(role) for role in roles] for row in range(model.rowCount())]
    assert rows == [
        ["item 10", "Sheep", "no split", 3, 0, False, False, ""],
        ["item 9", "Sheep", "train", 1, 1, False, False, "does not fit"],
        ["item 2", "Wolves", "train", 0, 0, True, False, "impossible"],
        ["other", "Wolves", "test", 1, 0, False, False, ""],
        ["silent", "Wolves", "test", 0, 0, False, False, ""],
    ]
    assert model.index(1).data() == "Is it item 9?"
    said = model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Is it item 9?, item 9, Sheep, train, 1 answer, does not fit"


def model_of(dataset: Dataset) -> QuestionsModel:
    work = read_questions(dataset.items, dataset.state)  # type: ignore[arg-type]
    while True:
        try:
            next(work)
        except StopIteration as end:
            model = QuestionsModel()
            model.show(end.value)
            return model


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"text": "ITEM"}, [0, 1, 2]),
        ({"text": "is it other"}, [3]),
        ({"text": "wolv"}, [2, 3, 4]),  # in the article's name
        ({"text": "zoë"}, []),
        ({"article": 1, "split": "test"}, [3, 4]),
        ({"split": ""}, [0]),
        ({"state": "fit"}, [0, 3]),
        ({"state": "unfit"}, [1]),
        ({"state": "impossible"}, [2]),
        ({"state": "unanswered"}, [4]),
        ({"state": "excluded"}, []),
        ({"order": "id"}, [2, 1, 0, 3, 4]),
        ({"order": "longest"}, [2, 3, 4, 0, 1]),
        ({"order": "shortest", "text": "i"}, [0, 1, 2, 3, 4]),
    ],
)
def test_matching(few: Dataset, choice: dict[str, object], expected: list[int]) -> None:
    catalogue = model_of(few).catalogue
    assert catalogue
    assert catalogue.matching(**choice).tolist() == expected  # type: ignore[arg-type]


def test_130_000_questions_are_filtered_and_shown_at_once(
    qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset
) -> None:
    browser = turn_to(few)
    catalogue = browser.model.catalogue
    assert catalogue
    many = 130_000
    repeat = np.arange(many) % len(few.items)
    large = dataclasses.replace(
        catalogue,
        names=[f"id {number}" for number in range(many)],
        questions=[catalogue.questions[item] for item in repeat],
        folded=[f"{catalogue.folded[item]} {number}" for number, item in enumerate(repeat)],
        **{
            key: getattr(catalogue, key)[repeat]
            for key in ("article_of", "context_of", "lengths", "answers", "wrong", "impossible", "excluded", "splits")
        },
        id_order=np.arange(many),
    )
    items = large.matching(text="99", order="longest")
    assert len(items) == sum("99" in name for name in large.names)
    fastest = 1.0
    for _ in range(3):
        started = time.perf_counter()
        browser.model.show(large, large.matching(text="99", state="fit", order="id"))
        browser.list.scrollToBottom()
        browser.list.viewport().repaint()
        fastest = min(fastest, time.perf_counter() - started)
    assert fastest < 0.1
    browser.model.show(large)
    browser.list.selectAll()
    assert len(browser.list.selected()) == many
    browser.show_dataset(None)


# The list and its filters


def test_it_shows_the_first_question_without_selecting_it(
    turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset
) -> None:
    browser = turn_to(few)
    assert browser.filters.count_text == "5 of 5"
    assert browser.reader.question == "Is it item 10?"
    assert browser.reader.facts == f"id item 10 · Sheep · no split · text of {len(SHEEP)} characters"
    assert browser.selection().tolist() == []


def test_filters_narrow_the_list_and_keep_what_is_read(
    qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset
) -> None:
    browser = turn_to(few)
    browser.list.setCurrentIndex(browser.model.index(3))
    choose(browser, "article", "Wolves (3)")
    assert ids(browser) == ["item 2", "other", "silent"]
    assert browser.selection().tolist() == [3]
    assert browser.reader.question == "Is it other?"
    choose(browser, "question-split", "test (2)")
    choose(browser, "question-order", "By id")
    assert ids(browser) == ["other", "silent"]
    search = browser.findChild(QLineEdit, "data.question-search")
    qtbot.keyClicks(search, "SILENT")
    qtbot.waitUntil(lambda: ids(browser) == ["silent"])
    assert browser.filters.count_text == "1 of 5"
    assert browser.reader.silence == "No answer is given."
    qtbot.keyClicks(search, " no such thing")
    qtbot.waitUntil(lambda: ids(browser) == [])
    every = browser.findChild(QPushButton, "data.all-questions")
    assert every.isVisible()
    assert browser.selection().tolist() == []
    qtbot.mouseClick(every, Qt.MouseButton.LeftButton)
    assert len(ids(browser)) == 5
    assert not every.isVisible()
    assert search.text() == ""


def test_states(turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(edited(few, Edit(kind="exclude", text="", parts={"": np.array([0, 3])})))
    for text, expected in (
        ("Answers do not fit (1)", ["item 9"]),
        ("Impossible (1)", ["item 2"]),
        ("No answer given (1)", ["silent"]),
        ("Excluded (2)", ["item 10", "other"]),
    ):
        choose(browser, "question-state", text)
        assert ids(browser) == expected


def test_words_in_the_texts(qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    qtbot.keyClicks(browser.findChild(QLineEdit, "data.question-search"), "NOBODY")
    qtbot.waitUntil(lambda: ids(browser) == [])
    browser.findChild(QCheckBox, "data.search-contexts").click()
    qtbot.waitUntil(lambda: ids(browser) == ["item 2", "other", "silent"])
    browser.findChild(QLineEdit, "data.question-search").setText("nobody c")
    browser.findChild(QLineEdit, "data.question-search").setText("zoë")
    qtbot.waitUntil(lambda: ids(browser) == ["item 10", "item 9"])
    browser.findChild(QCheckBox, "data.search-contexts").click()
    assert ids(browser) == []


def test_restriction(qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    chip = browser.findChild(QPushButton, "data.question-restriction")
    assert not chip.isVisible()
    browser.restrict(np.array([1, 3]), "Answers that do not fit")
    assert ids(browser) == ["item 9", "other"]
    assert chip.isVisible()
    assert chip.text() == "Answers that do not fit"
    choose(browser, "question-split", "train (2)")
    assert ids(browser) == ["item 9"]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert ids(browser) == ["item 9", "item 2"]
    assert not chip.isVisible()


def test_an_edit_keeps_filters_selection_and_place(
    turn_to: Callable[[Dataset], QuestionBrowser], tmp_path: Path
) -> None:
    many = [question(f"item {number}", SHEEP, ("Zoë", 3), split="train") for number in range(300)]
    dataset = dataset_of(many, tmp_path / "many")
    browser = turn_to(dataset)
    choose(browser, "question-order", "By id")
    browser.filters.findChild(QLineEdit).setText("item 1")
    browser.filters.changed.emit()
    chosen = np.array([110, 111, 150])
    browser.list.make_current(150)
    browser.list.select(chosen)
    bar = browser.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place, shown = bar.value(), ids(browser)
    after = edited(dataset, Edit(kind="split", text="", parts={"test": np.array([150])}))
    after = edited(after, Edit(kind="exclude", text="", parts={"": np.array([111])}))
    browser.keep_showing(after)
    assert ids(browser) == shown
    assert browser.selection().tolist() == chosen.tolist()
    assert bar.value() == place
    assert "test" in browser.reader.facts
    assert browser.model.index(browser.model.row(111)).data(Role.EXCLUDED)
    assert browser.model.index(browser.model.row(150)).data(Role.SPLIT) == "test"
    choose(browser, "question-split", "test (1)")
    assert ids(browser) == ["item 150"]


def test_keys(qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    browser.list.setFocus()
    qtbot.keyClick(browser.list, Qt.Key.Key_Down)
    assert (browser.reader.question, browser.selection().tolist()) == ("Is it item 9?", [1])
    qtbot.keyClick(browser.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert browser.selection().tolist() == [1, 2]
    qtbot.keyClick(browser.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "item 9\tIs it item 9?\nitem 2\tIs it item 2?"
    qtbot.keyClick(browser.list, Qt.Key.Key_End)
    assert browser.reader.question == "Is it silent?"
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    assert browser.reader.text.hasFocus()
    qtbot.keyClick(browser.reader.text, Qt.Key.Key_Escape)
    assert browser.list.hasFocus()
    qtbot.keyClick(browser.list, Qt.Key.Key_Home)
    qtbot.keyClick(browser.list, Qt.Key.Key_Up)
    assert browser.reader.question == "Is it item 10?"


def test_a_menu_is_about_the_selection(
    qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset
) -> None:
    browser = turn_to(few)
    heard: list[tuple[list[int], QPoint]] = []
    browser.menu_requested.connect(lambda items, place: heard.append((items.tolist(), place)))
    browser.list.select(np.array([4, 1]))
    place = browser.list.visualRect(browser.model.index(1)).center()
    port = browser.list.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, port.mapToGlobal(place))
    QApplication.sendEvent(port, event)
    assert heard == [([1, 4], port.mapToGlobal(place))]


def test_turning_away_while_it_is_read(
    qtbot: QtBot, browser: QuestionBrowser, few: Dataset, workspace: Workspace, tmp_path: Path
) -> None:
    other = dataset_of(FEW[:2], tmp_path / "other")
    browser.show_dataset(few)
    browser.show_dataset(other)
    browser.keep_showing(edited(other, Edit(kind="split", text="", parts={"test": np.array([0, 1])})))
    qtbot.waitUntil(lambda: not workspace.jobs.running())
    assert ids(browser) == ["item 10", "item 9"]
    assert [browser.model.index(row).data(Role.SPLIT) for row in range(2)] == ["test", "test"]
    browser.show_dataset(None)
    assert ids(browser) == []
    assert browser.filters.count_text == "0 of 0"


def test_everything_has_a_name(turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    kinds = (QLineEdit, QComboBox, QCheckBox, QPushButton, QToolButton)
    widgets: list[QWidget] = [browser.list, browser.reader.text, browser.reader.answers]
    widgets += [widget for kind in kinds for widget in browser.findChildren(kind)]
    names = [widget.objectName() for widget in widgets if not widget.objectName().startswith("qt_")]
    inner = {""}  # the clear buttons within Qt's line edits
    assert all(name.startswith("data.") for name in set(names) - inner)
    assert len(set(names) - inner) == len([name for name in names if name not in inner])
    assert all(widget.accessibleName() for widget in widgets if widget.objectName().startswith("data."))


# One question


def test_positions_are_characters(turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    view = browser.reader.text
    [first] = look(view, "Zoë")
    [between] = look(view, " ")
    [last] = look(view, "counts")
    colours = {one.background().color().name() for one in (first, between, last)}
    assert len(colours) == len(view.extraSelections()) == 3
    browser.reader.answers.chosen.emit(1)
    assert view.selected_text() == "counts"


def test_overlaps_are_segments_of_their_own() -> None:
    marks = marked([Answer("Zoë", 3), Answer("counts", 7), Answer("Zoë counts", 3), Answer("Zoë", 3)], SHEEP)
    assert [mark.times for mark in marks] == [2, 1, 1]
    stretches = [(SHEEP[one.start : one.end], one.answers) for one in segments(marks, SHEEP)]
    assert stretches == [("Zoë", (0, 2)), (" ", (2,)), ("counts", (1, 2))]


def test_a_wrong_answer_is_shown_where_it_says_and_where_it_is(
    turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset
) -> None:
    browser = turn_to(few)
    browser.list.setCurrentIndex(browser.model.index(1))
    true = SHEEP.index("two")
    assert SHEEP[28:31] == "nts"
    view = browser.reader.text
    [said] = look(view, "nts")
    [found] = look(view, "two")
    assert said.fontStrikeOut()
    assert not found.fontStrikeOut()
    row = browser.reader.answers.topLevelItem(0)
    assert row.text(0) == "two"
    assert row.text(1) == f"says 28, stands at {true}"
    browser.reader.answers.itemClicked.emit(row, 0)
    assert view.selected_text() == "two"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("two", 31), "says 31, stands at 32"),
        (Answer("ou", 0), "says 0, stands at 2 other places"),
        (Answer("ram", -3), "says -3, is nowhere in the text"),
        (Answer("ram", 10**9), "says 1,000,000,000, is nowhere in the text"),
        (Answer("Zoë", 3), "3–6"),
    ],
)
def test_places_in_words(theme: Theme, qtbot: QtBot, answer: Answer, words: str) -> None:
    marks = marked([answer], SHEEP)
    assert place_text(marks[0]) == words
    view = ContextView(theme, name="data.context")
    qtbot.addWidget(view)
    view.show_text(SHEEP, marks)
    view.go_to(marks[0].target, marks[0].target + len(answer.text))


def test_findings_of_a_question(turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    browser.list.setCurrentIndex(browser.model.index(1))
    finding = Finding(
        code="answer-offset", title="Answers that do not fit", severity="error", count=1, unit="answers",
        items=np.array([1, 4]), details={1: "two is at 32"},
    )  # fmt: skip
    browser.set_findings([finding])
    assert browser.reader.findings == "Answers that do not fit: two is at 32"
    browser.list.setCurrentIndex(browser.model.index(4))
    assert browser.reader.findings == "Answers that do not fit"
    browser.list.setCurrentIndex(browser.model.index(0))
    assert browser.reader.findings == ""


def test_impossible_is_said(turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    browser.list.setCurrentIndex(browser.model.index(2))
    assert browser.reader.silence.startswith("Impossible")
    assert not browser.reader.answers.isVisible()
    assert browser.reader.text.extraSelections() == []


def test_finding_words_in_the_text(qtbot: QtBot, turn_to: Callable[[Dataset], QuestionBrowser], few: Dataset) -> None:
    browser = turn_to(few)
    view, bar = browser.reader.text, browser.reader.find_bar
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    wanted = browser.findChild(QLineEdit, "data.find")
    assert wanted.hasFocus()
    qtbot.keyClicks(wanted, "COUNTS")
    assert [SHEEP[start:end] for start, end in bar.found] == ["counts", "counts"]
    first = view.textCursor().selectionStart()
    assert view.selected_text() == "counts"
    qtbot.keyClick(wanted, Qt.Key.Key_Return)
    assert view.selected_text() == "counts"
    assert view.textCursor().selectionStart() > first
    qtbot.keyClick(wanted, Qt.Key.Key_Return)
    assert view.textCursor().selectionStart() == first
    browser.list.setCurrentIndex(browser.model.index(3))
    assert len(bar.found) == 1  # the same words in another text
    qtbot.keyClick(wanted, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert bar.found == ()
    assert view.hasFocus()


@given(text=st.text(st.sampled_from("a🐑é\n\r\0\ufeff\u2028\u2029\ufffc\ufdd0ب漢")))
def test_texts_keep_their_length(text: str) -> None:
    """Whatever is in a text, a document takes it so that every character is where :class:`Positions` says."""
    from PySide6.QtGui import QTextDocument

    document = QTextDocument()
    cursor = QTextCursor(document)
    cursor.insertText(shown(text))
    positions = Positions(text)
    assert document.characterCount() - 1 == positions.units(len(text)) == len(text.encode("utf-16-le")) // 2
    for place, letter in enumerate(text):
        assert positions.units(place) == len(text[:place].encode("utf-16-le")) // 2
        if letter in "a🐑éب漢":
            cursor.setPosition(positions.units(place))
            cursor.setPosition(positions.units(place + 1), QTextCursor.MoveMode.KeepAnchor)
            assert cursor.selectedText() == letter


@given(
    context=st.text(st.sampled_from("ab🐑"), min_size=1, max_size=30),
    answers=st.lists(
        st.tuples(st.text(st.sampled_from("ab🐑"), min_size=1, max_size=4), st.integers(-3, 34)), max_size=4
    ),
)
def test_segments_cover_what_they_should(context: str, answers: list[tuple[str, int]]) -> None:
    marks = marked([Answer(*answer) for answer in answers], context)
    stretches = segments(marks, context)
    assert all(0 <= one.start < one.end <= len(context) for one in stretches)
    assert all(one.end <= other.start for one, other in itertools.pairwise(stretches))
    for place in range(len(context)):
        over = [one for one in stretches if one.start <= place < one.end]
        inside = tuple(
            number
            for number, mark in enumerate(marks)
            if mark.fits and mark.start <= place < mark.start + len(mark.text)
        )
        said = any(not mark.fits and mark.start <= place < mark.start + len(mark.text) for mark in marks)
        assert (over[0].answers if over else ()) == inside
        assert (over[0].said if over else False) == said


@pytest.mark.parametrize(
    ("text", "expected"), [("abc", False), ("كم 3", True), ("3 كم", True), ("", False), ("12", False), ("漢字", False)]
)
def test_directions(text: str, expected: bool) -> None:
    assert is_right_to_left(text) == expected


# Published sets


def test_arabic_is_laid_out_from_right_to_left(turn_to: Callable[[Dataset], QuestionBrowser], tmp_path: Path) -> None:
    browser = turn_to(published("xquad.ar.json", tmp_path / "ar"))
    view = browser.reader.text
    block = view.document().firstBlock()
    assert block.textDirection() == Qt.LayoutDirection.RightToLeft
    cursor = QTextCursor(block)
    assert view.cursorRect(cursor).left() > view.viewport().width() * 0.8
    question = next(one for one in range(1190) if browser.model.catalogue.items.question(one).context[0] == "\ufeff")  # type: ignore[union-attr]
    browser.list.setCurrentIndex(browser.model.index(question))
    item = browser.model.catalogue.items.question(question)  # type: ignore[union-attr]
    browser.reader.answers.chosen.emit(0)
    assert view.selected_text() == item.answers[0].text


def test_chinese_is_wrapped(turn_to: Callable[[Dataset], QuestionBrowser], tmp_path: Path) -> None:
    browser = turn_to(published("xquad.zh.json", tmp_path / "zh"))
    view = browser.reader.text
    assert view.horizontalScrollBar().maximum() == 0
    assert view.document().firstBlock().layout().lineCount() > 2


def test_the_longest_text_is_there_at_once(turn_to: Callable[[Dataset], QuestionBrowser], tmp_path: Path) -> None:
    browser = turn_to(published("covidqa_200414.json", tmp_path / "covid"))
    catalogue = browser.model.catalogue
    assert catalogue
    assert int(catalogue.wrong.sum()) == 175
    longest = np.flatnonzero(catalogue.lengths == catalogue.lengths.max()).tolist()
    assert int(catalogue.lengths.max()) == 67_322
    best = 1.0
    for item in [*longest, *longest][:4]:
        browser.list.setCurrentIndex(browser.model.index(0))
        started = time.perf_counter()
        browser.list.setCurrentIndex(browser.model.index(item))
        browser.reader.text.viewport().repaint()
        best = min(best, time.perf_counter() - started)
    assert best < 0.1
    answer = catalogue.items.question(longest[0]).answers[0]
    view = browser.reader.text
    cursor = QTextCursor(view.document())
    cursor.setPosition(Positions(catalogue.items.question(longest[0]).context).units(answer.start))
    browser.list.setCurrentIndex(browser.model.index(longest[0]))
    assert 0 <= view.cursorRect(cursor).top() < view.viewport().height()
    choose(browser, "question-state", "Answers do not fit (175)")
    assert browser.filters.count_text == "175 of 1,122"


def test_narrow_windows_put_the_text_below(browser: QuestionBrowser) -> None:
    assert browser.splitter.orientation() == Qt.Orientation.Horizontal
    browser.resize(500, 800)
    assert browser.splitter.orientation() == Qt.Orientation.Vertical
    assert browser.minimumSizeHint().width() <= 500
