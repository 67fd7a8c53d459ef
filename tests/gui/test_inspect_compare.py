"""The Compare page: which items changed from run to run, in words and by class, and the way to them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from inspected_runs import Heard, Zoo, make_zoo
from inspection_samples import answers, inspected
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from workbench.gui.models.comparing import AFTER, BEFORE, CHANGE, CLASS, Compared, compare_inspections, signed
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.compare import ComparePage, verdict
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")

MINUS = "\N{MINUS SIGN}"
Left = Qt.MouseButton.LeftButton
LABELS = [0] * 6 + [1] * 6


def compared(before: list[int], now: list[int], *, name: str = "new") -> Compared:
    """From what one run said of the twelve items to what another says; the first knows one item more."""
    first = inspected([*LABELS, 0], answers([*LABELS, 0], [*before, 0], classes=2), run="old", name="old")
    second = inspected(LABELS, answers(LABELS, now, classes=2), run="new", name=name)
    return compare_inspections(first, second)


def mended() -> Compared:
    """Two cats mended, one dog broken, one dog wrong in both."""
    return compared([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0])


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def page(model: InspectionModel, theme: Theme, workspace: Workspace, qtbot: QtBot) -> Iterator[ComparePage]:
    page = ComparePage(model, theme)
    qtbot.addWidget(page)
    page.resize(1150, 480)
    page.show()
    yield page
    model.runs.follow(False)
    workspace.jobs.join()


def column(page: ComparePage, number: int) -> list[str]:
    proxy = page.table.proxy
    return [str(proxy.index(row, number).data()) for row in range(proxy.rowCount())]


def test_counts_shares_and_classes_are_those_of_the_common_items(page: ComparePage, model: InspectionModel) -> None:
    both = mended()
    model.show(both.shown)
    page.comparing.show(both)
    assert page.tiles["shown"].number == "83.3 %"  # 10 of 12
    assert page.tiles["baseline"].number == "75.0 %"
    assert page.tiles["baseline"].below == "of 12 items"
    assert page.tiles["difference"].number == "+8.3 points"
    texts = [page.outcomes.cell(id).text() for id in ("both_right", "fixed", "broken", "both_wrong")]
    assert texts == ["8 both right", "2 fixed", "1 broken", "1 both wrong"]
    assert column(page, CLASS) == ["class 1", "class 0"]  # what became worse first
    assert column(page, BEFORE) == ["83.3 %", "66.7 %"]
    assert column(page, AFTER) == ["66.7 %", "100.0 %"]
    assert column(page, CHANGE) == [f"{MINUS}16.7", "+33.3"]


def test_each_group_and_each_class_leads_to_its_items(page: ComparePage, model: InspectionModel, qtbot: QtBot) -> None:
    both = mended()
    model.show(both.shown)
    page.comparing.show(both)
    heard = Heard()
    model.items_wanted.connect(heard.of("items"))
    for id in ("fixed", "broken", "both_wrong"):
        qtbot.mouseClick(page.outcomes.cell(id), Left)
    rect = page.table.visualRect(page.table.proxy.index(0, CHANGE))
    qtbot.mouseClick(page.table.viewport(), Left, pos=rect.center())
    said = [(items.tolist(), title) for _, items, title in heard.said]
    assert said == [
        ([4, 5], "Fixed"),
        ([10], "Broken"),
        ([11], "Both wrong"),
        ([10], "class 1: broken, then fixed"),
    ]


def test_an_empty_group_cannot_be_opened(page: ComparePage) -> None:
    page.comparing.show(compared(LABELS, LABELS))
    assert not page.outcomes.cell("fixed").isEnabled()
    assert page.outcomes.cell("both_right").isEnabled()


def test_the_verdict_says_whether_it_may_be_chance() -> None:
    words = verdict(mended())
    assert words.startswith(
        "New is better than old on 12 validation items: it gets 2 right that the other gets wrong, and 1"
    )
    assert "nearly all of such comparisons" in words  # 2 against 1 is as even as three tosses can be
    assert "it may be chance" in words
    wrong = [1 - label for label in LABELS]
    assert "it is hardly chance" in verdict(compared(wrong, LABELS))
    assert f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{2 * 0.5**12:.2g}" in verdict(compared(wrong, LABELS))
    assert "is worse than" in verdict(compared(LABELS, wrong))


def test_runs_that_agree_are_called_equal() -> None:
    assert verdict(compared(LABELS, LABELS)).endswith("equally good on 12 validation items: not one item changed.")
    swapped = compared([1, *LABELS[1:]], [0, 1, *LABELS[2:]])
    assert "equally good on 12 validation items: it gets 1 right that the other gets wrong, and 1" in verdict(swapped)
    assert "That says nothing for either" in verdict(swapped)


def test_runs_of_one_name_are_told_apart() -> None:
    assert verdict(compared([1, *LABELS[1:]], LABELS, name="old")).startswith("This run is better than the other")


@pytest.mark.parametrize(
    ("share", "text"), [(0.0123, "+1.2"), (-0.2, f"{MINUS}20.0"), (0.0001, "0.0"), (-0.0001, "0.0")]
)
def test_differences_have_a_sign(share: float, text: str) -> None:
    assert signed(share) == text


def test_without_another_run_it_says_what_is_missing(page: ComparePage, model: InspectionModel) -> None:
    model.show(mended().shown)
    assert page.message.text.startswith("There is no other run of this data")
    assert not page.picker.isEnabled()
    assert page.figures() == {}


def test_another_run_is_chosen_looked_at_on_the_same_split_and_compared(
    page: ComparePage, model: InspectionModel, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:  # fmt: skip
    zoo = make_zoo(workspace.opened(), tmp_path, monkeypatch)
    choose_first(zoo, model, qtbot)
    box = page.findChild(QComboBox, "compare.run")
    assert [box.itemText(row).split(" · ")[0] for row in range(box.count())] == ["Choose a run", "old"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.comparing.compared is not None)
    assert zoo.asked[-1] == ("old", "test", "best")
    assert page.verdict.text().endswith("not one item changed.")
    with qtbot.waitSignal(model.changed):
        model.choose(model.inspection.run, split="validation")  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: page.comparing.compared is not None)
    assert zoo.asked[-1] == ("old", "validation", "best")
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert page.comparing.compared is None
    assert page.message.text.startswith("Choose another run")


def test_a_comparison_that_fails_or_is_stopped_says_so(
    page: ComparePage, model: InspectionModel, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:  # fmt: skip
    zoo = make_zoo(workspace.opened(), tmp_path, monkeypatch)
    old = choose_first(zoo, model, qtbot)
    zoo.broken = "the images are gone"
    with qtbot.waitSignal(model.failed) as told:
        page.comparing.choose(old)
    assert told.args[1] == "comparing"
    assert page.message.text == "the images are gone"
    zoo.broken, zoo.held = "", True
    page.comparing.choose(old)
    stop = page.findChild(QPushButton, "compare.progress.stop")
    qtbot.waitUntil(stop.isVisible)
    qtbot.mouseClick(stop, Left)
    qtbot.waitUntil(lambda: page.comparing.job is None)
    assert page.picker.currentText() == "Choose a run"


def choose_first(zoo: Zoo, model: InspectionModel, qtbot: QtBot) -> str:
    """Look at a new run; returns the id of an older one."""
    old, new = zoo.add("old", created=1_700_000_000.0), zoo.add("new", created=1_700_000_100.0)
    zoo.add("elsewhere", created=1_700_000_200.0)
    other = zoo.project.run("elsewhere")
    other.write_status(type(other.status())(**{**_plain(other), "dataset": "another"}))
    model.runs.follow()
    qtbot.waitUntil(lambda: model.runs.known)
    with qtbot.waitSignal(model.changed):
        model.choose(new.id, split="test")
    qtbot.waitUntil(lambda: model.job is None)
    return old.id


def _plain(run: object) -> dict[str, object]:
    status = run.status()  # type: ignore[attr-defined]
    return {name: getattr(status, name) for name in status.__slots__}


def test_the_choice_is_taken_up_again(page: ComparePage) -> None:
    page.restore({"run": "r-1"})
    assert page.state() == {"run": "r-1"}
    page.restore({"run": 3})
    assert page.state() == {"run": "r-1"}


def test_a_remembered_run_of_another_project_is_forgotten(
    page: ComparePage, model: InspectionModel, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:  # fmt: skip
    zoo = make_zoo(workspace.opened(), tmp_path, monkeypatch)
    page.restore({"run": "20200101-elsewhere"})
    choose_first(zoo, model, qtbot)
    qtbot.waitUntil(lambda: page.comparing.run == "")
    assert page.comparing.problem == ""
    assert page.message.text.startswith("Choose another run")


def test_items_that_only_one_was_asked_about_are_left_out() -> None:
    assert len(mended().comparison.items) == 12
    assert np.array_equal(mended().support, [6, 6])
