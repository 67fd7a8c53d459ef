"""The Score page: what its numbers, bars and sentences say, and how a person gets from them to the items."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from inspected_runs import Heard
from inspection_samples import answers, inspected, random_answers
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from workbench.engine.inspection.inspection import Inspection
from workbench.gui.models.class_scores import CLASS, F1, PRECISION, RECALL, SUPPORT, of_class, said_to_be
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.reliability import BINS, bin_of
from workbench.gui.widgets.inspect.score import ScorePage
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")

Left = Qt.MouseButton.LeftButton
# 10 cats of which 9 are found, 5 dogs of which 2 are, 1 of the cats and 3 of the dogs taken for the other.
PETS = ("cat", "dog")
LABELS = [0] * 10 + [1] * 5
SAID = [0] * 9 + [1] + [1] * 2 + [0] * 3


def pets(**more: Any) -> Inspection:
    return inspected(LABELS, answers(LABELS, SAID, classes=2), classes=PETS, items=np.arange(15) + 100, **more)


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def shown(
    model: InspectionModel, theme: Theme, workspace: Workspace, qtbot: QtBot
) -> Iterator[Callable[[Inspection], ScorePage]]:
    page = ScorePage(model, theme)
    qtbot.addWidget(page)
    page.resize(1150, 520)
    page.show()

    def show(inspection: Inspection) -> ScorePage:
        model.show(inspection)
        qtbot.waitUntil(lambda: page.scored is not None and page.scored.inspection is inspection, timeout=30_000)
        return page

    yield show
    workspace.jobs.join()


def column(page: ScorePage, number: int) -> list[str]:
    """What stands in a column of the table, from top to bottom."""
    proxy = page.table.proxy
    return [str(proxy.index(row, number).data()) for row in range(proxy.rowCount())]


def test_the_numbers_are_those_of_the_items_and_say_of_which(shown: Callable[[Inspection], ScorePage]) -> None:
    page = shown(pets(split="test"))
    assert page.tiles["accuracy"].number == "73.3 %"  # 11 of 15
    assert page.tiles["accuracy"].below.endswith("11 of 15 items")
    low, high = (float(word) for word in page.tiles["accuracy"].below.replace("%", "").split("·")[0].split("to"))
    assert low < 73.3 < high
    assert page.tiles["balanced"].number == "65.0 %"  # (9/10 + 2/5) / 2
    precision = np.array([9 / 12, 2 / 3])
    recall = np.array([9 / 10, 2 / 5])
    assert page.tiles["macro-f1"].number == f"{100 * np.mean(2 * precision * recall / (precision + recall)):.1f} %"
    sure = np.log1p(np.exp(-4.0))
    assert float(page.tiles["loss"].number) == pytest.approx((11 * sure + 4 * (sure + 4)) / 15, rel=1e-3)
    assert page.measured.text().startswith("Measured on 15 test items at step 10: random 70/20/10 · split 3f9c.")


def test_two_classes_have_no_top_five_and_many_do(shown: Callable[[Inspection], ScorePage]) -> None:
    page = shown(pets())
    assert not page.tiles["top5"].isVisible()
    labels, logits = random_answers(200, 12)
    page = shown(inspected(labels, logits))
    order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    assert page.tiles["top5"].isVisible()
    assert page.tiles["top5"].number == f"{100 * (order == labels[:, None]).any(1).mean():.1f} %"


def test_classes_stand_worst_first_and_are_sorted_and_found(
    shown: Callable[[Inspection], ScorePage], qtbot: QtBot
) -> None:
    page = shown(pets())
    assert column(page, CLASS) == ["dog", "cat"]
    assert column(page, PRECISION) == ["66.7 %", "75.0 %"]
    assert column(page, RECALL) == ["40.0 %", "90.0 %"]
    assert column(page, SUPPORT) == ["5", "10"]
    header = page.table.horizontalHeader()
    middle = QPoint(header.sectionViewportPosition(F1) + header.sectionSize(F1) // 2, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Left, pos=middle)
    assert column(page, CLASS) == ["cat", "dog"]
    qtbot.keyClicks(page.filter, "DO")
    assert column(page, CLASS) == ["dog"]


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_what_has_no_number_stands_last(shown: Callable[[Inspection], ScorePage], order: Qt.SortOrder) -> None:
    # Nothing is ever taken for the third class, and no item is of the fourth.
    labels, said = [0, 0, 1, 2, 0], [0, 0, 1, 1, 3]
    page = shown(inspected(labels, answers(labels, said, classes=5)))
    page.table.sortByColumn(PRECISION, order)
    assert column(page, PRECISION)[-1] == "–"
    assert column(page, CLASS)[-1] == "class 2"
    page.table.sortByColumn(RECALL, order)
    assert column(page, CLASS)[-1] == "class 3"
    assert len(column(page, CLASS)) == 4  # of the fifth there is nothing to say


def test_a_class_leads_to_its_items_the_wrong_ones_first(
    shown: Callable[[Inspection], ScorePage], model: InspectionModel, qtbot: QtBot
) -> None:
    page = shown(pets())
    heard = Heard()
    model.items_wanted.connect(heard.of("items"))
    rect = page.table.visualRect(page.table.proxy.index(0, RECALL))
    qtbot.mouseClick(page.table.viewport(), Left, pos=rect.center())
    _, items, title = heard.said[0]
    assert title == "Class dog"
    assert sorted(items[:3].tolist()) == [112, 113, 114]
    assert sorted(items.tolist()) == [110, 111, 112, 113, 114]
    page.table.setCurrentIndex(page.table.proxy.index(1, PRECISION))
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    _, items, title = heard.said[1]
    assert title == "Taken for cat"
    assert sorted(items[:3].tolist()) == [112, 113, 114]
    assert len(items) == 12


def test_items_of_a_class_are_ordered_by_how_likely_it_is() -> None:
    labels, logits = random_answers(300, 4)
    one = inspected(labels, logits, items=np.arange(300) * 3)
    share = {int(item): one.probabilities[row, 2] for row, item in enumerate(one.items)}
    mine = of_class(one, 2)
    assert set(mine.tolist()) == set((np.flatnonzero(labels == 2) * 3).tolist())
    assert [share[item] for item in mine.tolist()] == sorted(share[item] for item in mine.tolist())
    taken = said_to_be(one, 2)
    wrong = [int(item) for item in taken if labels[item // 3] != 2]
    assert taken[: len(wrong)].tolist() == sorted(wrong, key=lambda item: -share[item])


def test_the_table_is_copied_as_a_file(shown: Callable[[Inspection], ScorePage], qtbot: QtBot) -> None:
    page = shown(pets())
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "class,items,precision,recall,f1,predicted"
    assert lines[1].split(",")[:4] == ["cat", "10", "0.75", "0.9"]


def test_items_without_a_label_have_no_score_and_it_says_so(model: InspectionModel, theme: Theme, qtbot: QtBot) -> None:
    page = ScorePage(model, theme)
    qtbot.addWidget(page)
    page.show()
    model.show(inspected([-1, -1], [[1, 0], [0, 1]], split="unlabelled"))
    assert page.message.text.startswith("None of these items has a label")
    assert page.figures() == {}


def test_nothing_is_computed_while_it_is_out_of_view(
    model: InspectionModel, theme: Theme, workspace: Workspace, qtbot: QtBot
) -> None:
    page = ScorePage(model, theme)
    qtbot.addWidget(page)
    model.show(pets())
    assert workspace.jobs.running() == []
    page.show()
    qtbot.waitUntil(lambda: page.scored is not None)
    workspace.jobs.join()


# Calibration


def overconfident(items: int, *, split: str, seed: int) -> Inspection:
    """Logits three times what they should be, so that the right temperature is 3."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(items, 5)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (random.uniform(size=(items, 1)) > np.cumsum(shares, 1)).sum(1)
    return inspected(labels, 3 * logits, split=split)


def test_a_temperature_fitted_to_validation_makes_the_test_split_calibrated(
    shown: Callable[[Inspection], ScorePage], model: InspectionModel, qtbot: QtBot
) -> None:
    test, validation = overconfident(3000, split="test", seed=1), overconfident(2000, split="validation", seed=2)
    model.counts = {"test": 3000, "validation": 2000}
    page = shown(test)
    assert page.scored is not None
    assert page.scored.calibrated is None
    assert not page.scaled.isEnabled()
    assert "Waiting" in page.told.text()
    model.put(validation)
    qtbot.waitUntil(lambda: page.scored is not None and page.scored.calibrated is not None)
    after = page.scored.calibrated
    assert after is not None
    assert after.temperature == pytest.approx(3, rel=0.1)
    assert after.reliability.ece < 0.03 < page.scored.reliability.ece
    assert "fitted to 2,000 validation items" in page.told.text()
    assert "too sure of itself" in page.told.text()


def test_validation_itself_is_judged_with_what_was_fitted_to_its_other_half(
    shown: Callable[[Inspection], ScorePage], qtbot: QtBot
) -> None:
    page = shown(overconfident(3000, split="validation", seed=1))
    assert page.scored is not None
    assert page.scored.calibrated is not None
    assert page.scored.calibrated.temperature == pytest.approx(3, rel=0.1)
    assert "each half of the validation items scaled by what was fitted to the other half" in page.told.text()


def test_the_switch_shows_the_chart_after_scaling(shown: Callable[[Inspection], ScorePage], qtbot: QtBot) -> None:
    page = shown(overconfident(1000, split="validation", seed=1))
    before = [page.reliability.count(index) for index in range(page.reliability.bins())]
    qtbot.mouseClick(page.scaled, Left, pos=QPoint(8, page.scaled.height() // 2))
    after = [page.reliability.count(index) for index in range(page.reliability.bins())]
    assert before[-1] > 2 * after[-1]
    assert sum(before) == sum(after) == 1000


def test_a_bin_is_read_with_the_mouse_and_the_arrows_and_leads_to_its_items(
    shown: Callable[[Inspection], ScorePage], model: InspectionModel, qtbot: QtBot
) -> None:
    page = shown(pets())
    chart, last = page.reliability, page.reliability.bins() - 1
    assert chart.words(last) == "93 to 100 % sure: 15 items, 73.3 % right, mean confidence 98.2 %"
    assert chart.words(0) == "0 to 7 % sure: no items"
    heard = Heard()
    model.items_wanted.connect(heard.of("items"))
    qtbot.mouseClick(chart, Left, pos=chart.rect_of(0).center().toPoint())
    assert heard.said == []  # an empty bin leads nowhere
    chart.setFocus()
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.current == last
    assert chart.accessibleDescription() == chart.words(last)
    qtbot.keyClick(chart, Qt.Key.Key_Return)
    _, items, title = heard.said[0]
    assert title == "93 to 100 % sure"
    assert set(items[:4].tolist()) == {109, 112, 113, 114}  # the wrong ones first
    other = page.confidence
    assert other.words(BINS - 1) == "95 to 100 % sure: 11 right, 4 wrong"
    qtbot.mouseClick(other, Left, pos=QPointF(other.rect_of(BINS - 1).center()).toPoint())
    assert len(heard.said[1][1]) == 15


def test_a_bin_holds_its_upper_edge() -> None:
    assert bin_of(np.array([0.0, 0.05, 0.0501, 0.95, 1.0])).tolist() == [0, 0, 1, 18, 19]


def test_a_hundred_classes_of_fifty_thousand_items_are_all_there(
    shown: Callable[[Inspection], ScorePage],
) -> None:
    labels, logits = random_answers(50_000, 102)
    page = shown(inspected(labels, logits, split="train"))
    assert len(column(page, CLASS)) == 102
    assert page.tiles["accuracy"].number == f"{100 * (logits.argmax(1) == labels).mean():.1f} %"


def test_what_was_set_is_taken_up_again(shown: Callable[[Inspection], ScorePage]) -> None:
    page = shown(pets())
    page.restore({"scaled": True, "splitter": "x"})
    assert page.state()["scaled"] is True
    page.restore({})
    assert page.state()["scaled"] is False
