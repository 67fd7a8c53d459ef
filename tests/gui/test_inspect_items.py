"""The Items page: what is listed in which order, how it is narrowed down and restricted, and the item beside it."""

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import dataset, encoded
from inspection_samples import inspected
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workbench.engine.data.opened import Dataset
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.ranking import RANKINGS, rank
from workbench.gui.models.catalogue import ANY
from workbench.gui.models.inspected_items import Verdict
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.models.item_list import LISTED, Choice, ItemList
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.items import ItemsPage
from workbench.gui.workspace import Workspace

COUNT = 30
CLASSES = ("ants", "bees", "wasps")
NAMES = [f"Garden/Item-{item:02}.png" if item % 2 else f"wood/item-{item:02}.png" for item in range(COUNT)]


def answers(
    *, step: int = 10, unlabelled: tuple[int, ...] = (7, 8), seed: int = 0, split: str = "validation"
) -> Inspection:
    """Of the items 5 to 24."""
    random = np.random.default_rng(seed)
    labels = np.array([-1 if item in unlabelled else item % 3 for item in range(5, 25)])
    logits = random.normal(size=(20, 3))
    return inspected(labels, logits, classes=CLASSES, items=np.arange(5, 25), step=step, split=split)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder: Path = tmp_path_factory.mktemp("items")
    pictures = [encoded(np.full((4, 4, 3), item, np.uint8)) for item in range(COUNT)]
    return dataset(folder, {name: (pictures[item], -1, "train") for item, name in enumerate(NAMES)})


# The list


@pytest.fixture
def listed(qtbot: QtBot, workspace: Workspace) -> ItemList:
    return ItemList(workspace.jobs, ranking="worst", parent=workspace)


def want(qtbot: QtBot, listed: ItemList, choice: Choice, **how: object) -> list[int]:
    listed.want(choice, **{"ranking": LISTED, **how})  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: not listed.busy)
    found: list[int] = listed.items.tolist()
    return found


@pytest.mark.parametrize("ranking", list(RANKINGS))
def test_every_ranking_orders_as_the_engine_does(qtbot: QtBot, listed: ItemList, ranking: str) -> None:
    shown = answers()
    listed.take(shown)
    assert want(qtbot, listed, Choice(), ranking=ranking) == rank(ranking, shown).tolist()
    assert listed.left_out == 20 - len(rank(ranking, shown))


def test_filters_let_through_what_they_say(qtbot: QtBot, listed: ItemList) -> None:
    shown = answers()
    listed.take(shown, folded=[name.casefold() for name in NAMES])
    said = {
        int(item): (int(label), int(row.argmax()))
        for item, label, row in zip(shown.items, shown.labels, shown.logits, strict=True)
    }
    for choice, wanted in (
        (Choice(truth=1), lambda item: said[item][0] == 1),
        (Choice(truth=-1), lambda item: item in (7, 8)),
        (Choice(predicted=2), lambda item: said[item][1] == 2),
        (Choice(verdict=Verdict.RIGHT), lambda item: said[item][0] == said[item][1]),
        (Choice(verdict=Verdict.WRONG), lambda item: said[item][0] not in (-1, said[item][1])),
        (Choice(verdict=Verdict.NO_LABEL), lambda item: item in (7, 8)),
        (Choice(text=" GARDEN/item-1 "), lambda item: item % 2 == 1 and 10 <= item < 20),
        (Choice(truth=0, predicted=1, text="wood"), lambda item: said[item] == (0, 1) and item % 2 == 0),
    ):
        assert want(qtbot, listed, choice) == [item for item in range(5, 25) if wanted(item)]
        tally = listed.tally
        assert tally.right + tally.wrong + tally.no_label == len(listed.items)


def test_items_that_were_asked_for_keep_their_order(qtbot: QtBot, listed: ItemList) -> None:
    listed.take(answers())
    among = np.array([20, 6, 99, 11, 2])  # two of them were not inspected
    assert want(qtbot, listed, Choice(), among=among) == [20, 6, 11]
    ranked = want(qtbot, listed, Choice(), among=among, ranking="least-confident")
    assert ranked == [item for item in rank("least-confident", answers()).tolist() if item in (20, 6, 11)]


def test_the_former_order_stays_until_the_new_one_is_known(qtbot: QtBot, listed: ItemList) -> None:
    listed.take(answers())
    before = want(qtbot, listed, Choice())
    listed.want(Choice(), ranking="most-sure")
    assert listed.busy
    assert listed.items.tolist() == before
    qtbot.waitUntil(lambda: not listed.busy)
    assert listed.items.tolist() != before


# The page


class FakeCard(QLabel):
    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self.shown: list[int] = []

    def show_item(self, item: int) -> None:
        self.shown.append(item)


@pytest.fixture(autouse=True)
def _fake_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one asks a network."""
    name = "workbench.gui.widgets.inspect.item_card"
    fake = types.ModuleType(name)
    fake.ItemCard = FakeCard  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, fake)


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def page(qtbot: QtBot, model: InspectionModel, theme: Theme, data: Dataset) -> Iterator[ItemsPage]:
    model.show(answers(), dataset=data)
    page = ItemsPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1000, 600)
    page.show()
    qtbot.waitUntil(settled(page))
    yield page
    page.grid.clear()


def settled(page: ItemsPage) -> Callable[[], bool]:
    return lambda: not page.list.busy and not page.grid.busy


def combo(page: QWidget, name: str) -> QComboBox:
    found = page.findChild(QComboBox, f"inspect.{name}")
    assert isinstance(found, QComboBox)
    return found


def choose(page: QWidget, name: str, data: object) -> None:
    box = combo(page, name)
    box.setCurrentIndex(box.findData(data))


def type_text(qtbot: QtBot, page: ItemsPage, text: str) -> None:
    line = page.findChild(QLineEdit, "inspect.text")
    assert isinstance(line, QLineEdit)
    qtbot.keyClicks(line, text)


def test_the_worst_come_first(page: ItemsPage) -> None:
    shown = answers()
    assert page.grid.shown.tolist() == rank("worst", shown).tolist()
    right = int((shown.labels == shown.predicted).sum())
    assert page.count_text == f"18 of 20 · {right} right · {18 - right} wrong · 2 have no place in this order"


def test_another_order_and_filters(qtbot: QtBot, page: ItemsPage) -> None:
    choose(page, "ranking", "most-sure")
    qtbot.waitUntil(lambda: len(page.grid.shown) == 20)
    assert page.grid.shown.tolist() == rank("most-sure", answers()).tolist()
    choose(page, "truth", -1)
    assert sorted(page.grid.shown) == [7, 8]
    assert page.count_text == "2 of 20 · 2 without a label"
    choose(page, "truth", ANY)
    type_text(qtbot, page, "wood")
    qtbot.waitUntil(lambda: len(page.grid.shown) == 10)
    every = page.findChild(QWidget, "inspect.show-all")
    assert every is not None
    qtbot.mouseClick(every, Qt.MouseButton.LeftButton)
    assert len(page.grid.shown) == 20
    assert not every.isVisible()


def test_classes_are_offered_with_their_numbers(page: ItemsPage) -> None:
    shown = answers()
    truth = combo(page, "truth")
    counts = [int((shown.labels == label).sum()) for label in range(3)]
    assert [truth.itemText(row) for row in range(truth.count())] == [
        "Any true class", *(f"{name} ({count})" for name, count in zip(CLASSES, counts, strict=True)), "no label (2)",
    ]  # fmt: skip
    assert combo(page, "predicted").count() == 4


def test_what_others_ask_for_is_shown_under_its_title(qtbot: QtBot, page: ItemsPage, model: InspectionModel) -> None:
    choose(page, "verdict", Verdict.RIGHT)
    model.show_items(np.array([9, 21, 7]), "bees taken for ants")
    assert page.grid.shown.tolist() == [9, 21, 7]
    assert page.filters.chip.text == "bees taken for ants"
    assert page.filters.ranking == LISTED
    cross = page.findChild(QWidget, "inspect.widen")
    assert cross is not None
    qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert page.filters.chip.text == ""
    qtbot.waitUntil(lambda: len(page.grid.shown) == 18)
    assert page.filters.ranking == "worst"


def test_nothing_that_matches_is_said(qtbot: QtBot, page: ItemsPage) -> None:
    type_text(qtbot, page, "elephant")
    qtbot.waitUntil(lambda: page.grid.empty_text == "No item matches")
    assert page.count_text == "0 of 20"


def test_a_later_step_keeps_choice_item_and_title(
    qtbot: QtBot, page: ItemsPage, model: InspectionModel, data: Dataset
) -> None:
    model.show_items(np.array([9, 21, 7]), "the lasso")
    page.grid.set_current(21)
    choose(page, "predicted", 1)
    model.show(answers(step=20, seed=1), dataset=data)
    assert page.filters.choice().predicted == 1
    choose(page, "predicted", ANY)
    assert page.grid.shown.tolist() == [9, 21, 7]
    assert page.filters.chip.text == "the lasso (at step 10)"
    model.show(answers(step=20, split="test"), dataset=data)
    assert page.filters.chip.text == ""
    qtbot.waitUntil(lambda: len(page.grid.shown) == 18)


def test_without_labels_the_least_certain_come_first(
    qtbot: QtBot, page: ItemsPage, model: InspectionModel, data: Dataset
) -> None:
    none = answers(unlabelled=tuple(range(5, 25)), split="unlabelled")
    model.show(none, dataset=data)
    qtbot.waitUntil(lambda: len(page.grid.shown) == 20)
    assert page.grid.shown.tolist() == rank("least-confident", none).tolist()
    choose(page, "ranking", "worst")
    qtbot.waitUntil(lambda: "no place in this order" in page.count_text)
    assert page.grid.empty_text.startswith("None of these items has a place in this order")


def card(page: ItemsPage) -> FakeCard:
    assert isinstance(page.card, FakeCard)
    return page.card


def test_the_card_follows_the_current_item(qtbot: QtBot, page: ItemsPage) -> None:
    first, second, third = page.grid.shown[:3].tolist()
    assert card(page).shown[-1] == first
    page.grid.setFocus()
    qtbot.keyClick(page.grid.gallery, Qt.Key.Key_Right)
    qtbot.keyClick(page.grid.gallery, Qt.Key.Key_N)
    assert card(page).shown[-2:] == [second, third]
    qtbot.keyClick(page.grid.gallery, Qt.Key.Key_P)
    assert card(page).shown[-1] == second


def test_the_card_can_be_put_away(qtbot: QtBot, page: ItemsPage) -> None:
    qtbot.keyClick(page.grid.gallery, Qt.Key.Key_I)
    assert card(page).isHidden()
    told = len(card(page).shown)
    page.grid.step(1)
    assert len(card(page).shown) == told
    page.grid.opened.emit(page.grid.current)
    assert card(page).isVisible()
    assert card(page).shown[-1] == page.grid.current


def test_the_card_shows_what_a_later_step_says(
    qtbot: QtBot, page: ItemsPage, model: InspectionModel, data: Dataset
) -> None:
    current, told = page.grid.current, len(card(page).shown)
    model.show(answers(step=20), dataset=data)
    qtbot.waitUntil(settled(page))
    assert card(page).shown[told:] == [current]
    model.show(answers(step=20, split="test", unlabelled=()), dataset=data)
    qtbot.waitUntil(settled(page))
    model.forget()
    assert card(page).isHidden()


def test_an_item_that_is_wanted_is_found_behind_filters(qtbot: QtBot, page: ItemsPage, model: InspectionModel) -> None:
    model.show_items(np.array([9, 21]), "two of them")
    model.open_item(12)
    qtbot.waitUntil(lambda: page.grid.current == 12)
    assert page.filters.chip.text == ""
    assert card(page).shown[-1] == 12
    model.open_item(2)  # has no answer
    assert page.grid.current == 12


def test_names_are_copied(qtbot: QtBot, page: ItemsPage) -> None:
    page.grid.set_current(12)
    copy = page.findChild(QWidget, "inspect.item-copy")
    assert copy is not None
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "wood/item-12.png"


def test_a_page_that_is_made_late_shows_what_is_there(
    qtbot: QtBot, model: InspectionModel, theme: Theme, data: Dataset
) -> None:
    """As the panel does it: the page is made when somebody asks it for something, before it was ever seen."""
    model.show(answers(), dataset=data)
    page = ItemsPage(model, theme)
    qtbot.addWidget(page)
    model.show_items(np.array([9, 21]), "two of them")
    assert page.grid.shown.tolist() == [9, 21]
    qtbot.waitUntil(settled(page))
    page.grid.clear()


def test_without_the_data_or_a_run_it_says_so(
    qtbot: QtBot, model: InspectionModel, theme: Theme, data: Dataset
) -> None:
    page = ItemsPage(model, theme)
    qtbot.addWidget(page)
    page.show()
    assert not page.filters.isEnabled()
    assert page.count_text == ""
    model.show(answers())
    assert page.grid.empty_text.startswith("The images of this run cannot be shown")
    model.show(answers(step=20), dataset=data)
    qtbot.waitUntil(lambda: len(page.grid.shown) == 18)
    model.forget()
    assert not len(page.grid.shown)


def test_choices_are_remembered(qtbot: QtBot, page: ItemsPage, model: InspectionModel, theme: Theme) -> None:
    choose(page, "ranking", "highest-entropy")
    page.grid.set_tile(80)
    other = ItemsPage(model, theme)
    qtbot.addWidget(other)
    other.restore({"tile": "wide", "ranking": 7})
    other.restore(page.state())
    qtbot.waitUntil(lambda: not other.list.busy and not page.list.busy)
    assert (other.grid.tile, other.filters.ranking) == (80, "highest-entropy")
    assert other.grid.shown.tolist() == rank("highest-entropy", answers()).tolist()
    other.grid.clear()


def test_an_item_that_is_wanted_of_a_page_that_is_just_made_is_found(
    qtbot: QtBot, model: InspectionModel, theme: Theme, data: Dataset
) -> None:
    """The order of the items is still being computed then."""
    model.show(answers(), dataset=data)
    page = ItemsPage(model, theme)
    qtbot.addWidget(page)
    page.show()
    assert page.list.busy
    model.open_item(21)
    qtbot.waitUntil(settled(page))
    assert page.grid.current == 21
    assert card(page).shown[-1] == 21
    page.grid.clear()


def test_an_item_without_a_place_in_the_order_is_found_in_another(
    qtbot: QtBot, page: ItemsPage, model: InspectionModel
) -> None:
    assert 7 not in page.grid.shown  # nobody knows its label, so it has no loss
    model.open_item(7)
    qtbot.waitUntil(lambda: page.grid.current == 7)
    assert page.filters.ranking == "least-confident"
