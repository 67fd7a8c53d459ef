"""The looks at a dataset as a person uses them: select, move, exclude, rename, read, check, divide, undo."""

import json
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.engine.data.decode import encode_png
from workbench.engine.data.lint import report
from workbench.engine.events import Progress
from workbench.engine.project.project import DatasetRow, Project
from workbench.gui.actions import Actions
from workbench.gui.dialogs.palette import CommandPalette
from workbench.gui.models import dataset as module
from workbench.gui.panels.data import DataPanel
from workbench.gui.panels.data.pages import CHECKS, CLASSES, ITEMS, SPLITS, STATISTICS
from workbench.gui.theme import Theme
from workbench.gui.widgets.dataset.class_table import NAME, ClassView, SplitLegend
from workbench.gui.widgets.dataset.finding_card import FindingCard
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
SEED = 5
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[DataPanel]:
    panel = DataPanel(workspace=workspace, theme=theme, trigger=print)
    qtbot.addWidget(panel)
    panel.resize(1200, 800)
    panel.show()
    yield panel
    workspace.jobs.join()


@pytest.fixture
def actions(panel: DataPanel, theme: Theme) -> Actions:
    """The panel's commands with their shortcuts, as the window enters them."""
    table = Actions(theme, panel)
    for action in panel.commands():
        table.add(action, owner=panel)
    panel.workspace.changed.connect(table.refresh)
    return table


def pets(folder: Path, *, copies: bool = False) -> Path:
    """``train|test/cat|dog/*.png``, eight each, of two sizes; with ``copies`` two of train are in test, too."""
    generator = np.random.default_rng(SEED)
    for split in ("train", "test"):
        for kind in ("cat", "dog"):
            where = folder / split / kind
            where.mkdir(parents=True)
            for number in range(8):
                pixels = generator.integers(0, 256, (24, 24 if number < 6 else 40, 3)).astype(np.uint8)
                (where / f"{number % 2}_{number:02}.png").write_bytes(encode_png(pixels))
    if copies:
        for name in ("0_00.png", "0_02.png"):
            (folder / "test" / "dog" / f"copy {name}").write_bytes((folder / "train" / "dog" / name).read_bytes())
    return folder


def settled(qtbot: QtBot, panel: DataPanel) -> None:
    def quiet() -> bool:
        return not panel.workspace.jobs.running() and not panel.imports.waiting and not panel.model.busy

    qtbot.waitUntil(quiet, timeout=20_000)


def imported(qtbot: QtBot, panel: DataPanel, target: Path) -> None:
    panel.import_targets([str(target)])
    settled(qtbot, panel)
    qtbot.waitUntil(lambda: panel.model.dataset is not None)
    settled(qtbot, panel)


def button(panel: QWidget, name: str) -> QPushButton:
    found = panel.findChild(QPushButton, f"data.{name}")
    assert found, name
    return found


def click(qtbot: QtBot, panel: DataPanel, name: str) -> None:
    qtbot.waitUntil(button(panel, name).isVisible)
    qtbot.mouseClick(button(panel, name), LEFT)


def turn(qtbot: QtBot, panel: DataPanel, page: str) -> None:
    """Click the page's tab."""
    tabs = panel.pages.tabs
    index = next(i for i in range(tabs.count()) if tabs.tabData(i) == page)
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(index).center() - QPoint(tabs.tabRect(index).width() // 4, 0))
    assert panel.pages.current == page
    settled(qtbot, panel)


def select(qtbot: QtBot, panel: DataPanel, *items: int) -> None:
    """Click the first item, and the others with Ctrl held."""
    gallery = panel.browser.gallery
    for place, item in enumerate(items):
        rect = gallery.visualRect(panel.browser.model.index(panel.browser.model.row(item)))
        keys = Qt.KeyboardModifier.ControlModifier if place else Qt.KeyboardModifier.NoModifier
        qtbot.mouseClick(gallery.viewport(), LEFT, keys, rect.center())
    assert panel.browser.selection().tolist() == sorted(items)


def state(panel: DataPanel) -> Any:
    assert panel.model.dataset
    return panel.model.dataset.state


# Items


def test_what_is_selected_can_be_moved_and_that_undone(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    bar = panel.pages.items.bar
    assert not bar.isVisible()
    select(qtbot, panel, 0, 1, 2)
    assert bar.isVisible()
    assert bar.text == "3 selected"
    next(action for action in bar.menu.actions() if action.text() == "Validation").trigger()
    settled(qtbot, panel)
    assert "validation 3" in panel.header.text
    assert panel.browser.selection().tolist() == [0, 1, 2]
    assert panel.undo_bar.isVisible()
    assert panel.undo_bar.text.startswith("3 images moved to validation. The imported files stay as they are")
    click(qtbot, panel, "move")
    QApplication.activePopupWidget().close()
    qtbot.mouseClick(panel.undo_bar.findChild(QPushButton, "data.undo.button"), LEFT)
    settled(qtbot, panel)
    assert "validation" not in panel.header.text
    assert not panel.undo_bar.isVisible()
    click(qtbot, panel, "clear-selection")
    assert not bar.isVisible()


def test_keys_exclude_undo_and_redo(qtbot: QtBot, panel: DataPanel, actions: Actions, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    assert not actions.command("data.exclude").isEnabled()
    assert not actions.command("data.undo").isEnabled()
    select(qtbot, panel, 4, 5)
    qtbot.keyClick(panel.browser.gallery, Qt.Key.Key_Delete)
    settled(qtbot, panel)
    assert np.flatnonzero(state(panel).excluded).tolist() == [4, 5]
    assert "2 excluded" in panel.header.text
    assert panel.browser.count_text.startswith("30 of 32")
    assert actions.command("data.undo").text() == "Undo: 2 images excluded"
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(panel.browser.gallery, Qt.Key.Key_Z, control)
    settled(qtbot, panel)
    assert not state(panel).excluded.any()
    assert actions.command("data.undo").text() == "Undo"
    assert actions.command("data.redo").text() == "Redo: 2 images excluded"
    qtbot.keyClick(panel.browser.gallery, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    settled(qtbot, panel)
    assert state(panel).excluded.sum() == 2


def test_a_class_is_typed_and_taken(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    label_set = panel.pages.items.label_set()
    cats = np.flatnonzero(state(panel).labels[label_set] == 0)[:2].tolist()
    select(qtbot, panel, *cats)
    click(qtbot, panel, "set-class")
    picker = panel.pages.items.picker
    assert picker.isVisible()
    qtbot.keyClicks(picker.line, "DO")
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert not picker.isVisible()
    settled(qtbot, panel)
    assert state(panel).labels[label_set][cats].tolist() == [1, 1]
    assert "2 relabelled" in panel.header.text
    assert panel.undo_bar.text.startswith("2 images given the class dog")


def test_the_menu_does_what_the_bar_does(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    panel.browser.menu_requested.emit(np.array([3, 7]), QPoint(50, 50))
    menu = panel.findChild(QMenu, "data.menu")
    texts = {action.objectName(): action for action in menu.actions()}
    assert {"data.menu-class", "data.menu-exclude", "data.menu-copy"} <= set(texts)
    assert "data.menu-include" not in texts
    texts["data.menu-copy"].trigger()
    names = panel.model.dataset.items.names() if panel.model.dataset else []
    assert QApplication.clipboard().text() == f"{names[3]}\n{names[7]}"
    texts["data.menu-exclude"].trigger()
    menu.close()
    settled(qtbot, panel)
    assert np.flatnonzero(state(panel).excluded).tolist() == [3, 7]
    panel.browser.menu_requested.emit(np.array([3]), QPoint(50, 50))
    again = panel.pages.items.findChildren(QMenu, "data.menu")[-1]
    include = next(action for action in again.actions() if action.objectName() == "data.menu-include")
    include.trigger()
    again.close()
    settled(qtbot, panel)
    assert np.flatnonzero(state(panel).excluded).tolist() == [7]


# Classes


def test_a_class_is_renamed_where_it_stands(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, CLASSES)
    table = panel.pages.classes.table

    def type_name(row: int, name: str) -> None:
        place = table.visualRect(table.proxy.index(row, NAME)).center()
        qtbot.mouseClick(table.viewport(), LEFT, pos=place)
        qtbot.mouseDClick(table.viewport(), LEFT, pos=place)
        editor = table.findChild(QLineEdit)
        editor.selectAll()
        qtbot.keyClicks(editor, name)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: table.state() != ClassView.State.EditingState)
        settled(qtbot, panel)

    type_name(1, "hound")
    label_set = panel.pages.items.label_set()
    assert state(panel).classes[label_set] == ("cat", "hound")
    assert table.proxy.index(1, NAME).data() == "hound"
    assert panel.undo_bar.text.startswith("Class dog renamed to hound")
    type_name(1, "cat")
    assert panel.pages.classes.problem == "Another class is called cat already"
    assert table.proxy.index(1, NAME).data() == "hound"
    combo = panel.findChild(QComboBox, "data.class")
    assert combo.findText("hound (16)") > 0


def test_a_class_gets_a_colour(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, CLASSES)
    click(qtbot, panel, "classes-colour")
    choice = panel.pages.classes.choice
    assert choice.isVisible()
    tenth = choice.findChildren(QToolButton)[9]
    qtbot.mouseClick(tenth, LEFT)
    settled(qtbot, panel)
    label_set = panel.pages.items.label_set()
    assert state(panel).colours[label_set] == {0: tenth.toolTip()}


# Statistics


def test_a_class_in_the_histogram_leads_to_its_items(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, STATISTICS)
    view = panel.pages.statistics.classes
    assert panel.pages.statistics.legend.entries == "train 16, test 16"
    assert panel.pages.statistics.model.words(1) == "dog: 16 items (train 8, test 8)"
    qtbot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(view.proxy.index(1, 1)).center())
    assert panel.pages.current == ITEMS
    assert panel.browser.count_text.startswith("16 of 32")


def test_a_bar_of_sizes_leads_to_its_items(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, STATISTICS)
    histogram = panel.pages.statistics.histogram
    last = len(histogram.bins) - 1
    assert histogram.words(last) == "40 pixels: 8"
    panel.pages.statistics.ensureWidgetVisible(histogram)
    qtbot.mouseClick(histogram, LEFT, pos=histogram.rect_of(last).center().toPoint())
    assert panel.pages.current == ITEMS
    assert panel.browser.count_text.startswith("8 of 32")
    turn(qtbot, panel, STATISTICS)
    scatter = panel.pages.statistics.scatter
    qtbot.mouseMove(scatter, scatter.place(24, 24).toPoint())
    qtbot.mouseClick(scatter, LEFT, pos=scatter.place(24, 24).toPoint())
    assert panel.browser.count_text.startswith("24 of 32")


def test_numbers_can_be_taken_away(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, STATISTICS)
    click(qtbot, panel, "classes-copy")
    assert QApplication.clipboard().text().splitlines() == ["class,train,test,all", "cat,8,8,16", "dog,8,8,16"]
    click(qtbot, panel, "statistics-copy-channels")
    words = QApplication.clipboard().text()
    scope: dict[str, Any] = {}
    exec(words, scope)
    assert len(scope["mean"]) == len(scope["std"]) == 3
    assert "train, 16 images" in words
    assert 0.45 < scope["mean"][0] < 0.55


def test_a_table_is_saved_or_it_is_said_why_not(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, STATISTICS)
    buttons: Any = button(panel, "classes-save").parentWidget()
    buttons.save(str(tmp_path / "classes.csv"))
    assert (tmp_path / "classes.csv").read_text().startswith("class,train,test,all\n")
    buttons.save(str(tmp_path / "nowhere" / "classes.csv"))
    assert "cannot be written" in panel.errors.text


# Checks


def cards(panel: DataPanel) -> list[FindingCard]:
    return panel.pages.checks.cards


def test_copies_across_splits_are_found_shown_and_excluded(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets", copies=True))
    qtbot.waitUntil(lambda: panel.pages.badge > 0)
    turn(qtbot, panel, CHECKS)
    number, card = next((n, card) for n, card in enumerate(cards(panel)) if card.finding.clusters)
    assert len(card.finding.items) == 4
    click(qtbot, panel, f"finding-{number}-show")
    assert panel.pages.current == ITEMS
    assert panel.browser.count_text.startswith("4 of 34")
    shown = panel.browser.model.shown.tolist()
    assert [tuple(sorted(shown[:2])), tuple(sorted(shown[2:]))] == list(card.finding.clusters)  # side by side
    turn(qtbot, panel, CHECKS)
    click(qtbot, panel, f"finding-{number}-exclude-leaks")
    settled(qtbot, panel)
    left_out = np.flatnonzero(state(panel).excluded)
    assert len(left_out) == 2
    assert set(state(panel).splits[left_out]) == {"train"}
    assert not [card for card in cards(panel) if card.finding.clusters]
    assert "2 excluded ones are left out" in panel.pages.checks.summary


def test_clean_data_is_said_to_be_clean(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, CHECKS)
    panel.pages.checks.show_findings((), known=True, moment=0.0)
    assert panel.pages.checks.summary.startswith("No findings in 32 images")
    assert "Checked on 1970" in panel.pages.checks.summary


def test_findings_are_copied(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets", copies=True))
    turn(qtbot, panel, CHECKS)
    click(qtbot, panel, "checks-copy-json")
    values = json.loads(QApplication.clipboard().text())
    assert values["dataset"] == "pets"
    assert len(values["findings"]) == len(cards(panel))
    assert any("copy 0_00.png" in name for finding in values["findings"] for name in finding["items"])
    click(qtbot, panel, "checks-copy")
    assert QApplication.clipboard().text().startswith("pets: ")


def test_a_large_set_is_checked_on_request_and_that_can_be_stopped(
    qtbot: QtBot, panel: DataPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    examine = report.examine_dataset

    def held(project: Project, row: DatasetRow, *, limit_pixels: int) -> Generator[Progress, None, Any]:
        while not gate.wait(0.005):
            yield Progress(stage="examining", done=1, total=32)
        return (yield from examine(project, row, limit_pixels=limit_pixels))

    monkeypatch.setattr(report, "examine_dataset", held)
    monkeypatch.setattr(module, "AT_ONCE", 5)
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, CHECKS)
    assert panel.pages.checks.summary.startswith("This data has not been checked yet")
    click(qtbot, panel, "check")
    assert panel.pages.checks.summary.startswith("Checking 32 images")
    assert panel.pages.checks.progress.isVisible()
    qtbot.mouseClick(panel.pages.checks.progress.findChild(QPushButton, "data.examination.stop"), LEFT)
    settled(qtbot, panel)
    assert panel.pages.checks.summary.startswith("This data has not been checked yet")
    turn(qtbot, panel, STATISTICS)
    click(qtbot, panel, "statistics-check")
    gate.set()
    settled(qtbot, panel)
    assert panel.pages.statistics.sizes_card.isVisible()


# Splits


def test_splits_are_drawn_seen_made_and_put_back(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, SPLITS)
    page = panel.pages.splits
    assert not button(panel, "splits-reset").isVisible()
    page.form.seed.setValue(7)
    page.form.validation.setValue(25)
    page.form.test.setValue(25)
    qtbot.waitUntil(lambda: page.new_legend.entries == "train 16, validation 8, test 8")
    qtbot.waitUntil(lambda: page.apply.isEnabled())
    assert page.new_model.words(0).endswith("16 items (train 8, validation 4, test 4)")
    assert page.now_legend.entries == "train 16, test 16"
    qtbot.mouseClick(page.apply, LEFT)
    settled(qtbot, panel)
    assert page.now_legend.entries == "train 16, validation 8, test 8"
    assert state(panel).protocol == "random 50/25/25 · seed 7"
    shown = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert "Made by: random 50/25/25 · seed 7" in shown
    assert any(text.startswith("A run now is measured on: assigned random 50/25/25") for text in shown)
    assert "train 16 \N{MIDDLE DOT} validation 8 \N{MIDDLE DOT} test 8" in panel.header.text
    click(qtbot, panel, "splits-reset")
    settled(qtbot, panel)
    assert page.now_legend.entries == "train 16, test 16"
    panel.model.undo()
    settled(qtbot, panel)
    assert page.now_legend.entries == "train 16, validation 8, test 8"


def test_groups_are_counted_while_a_pattern_is_typed(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, SPLITS)
    form = panel.pages.splits.form
    form.groups.setCurrentIndex(form.groups.findText("Pattern in the name"))
    assert form.pattern.isVisible()
    qtbot.keyClicks(form.pattern, r"/(\d)_")
    qtbot.waitUntil(lambda: form.groups_text == "2 groups of 16 images")
    form.pattern.clear()
    qtbot.keyClicks(form.pattern, "(")
    problem = panel.pages.splits._problem
    qtbot.waitUntil(lambda: "is no pattern" in problem.text())
    assert not panel.pages.splits.apply.isEnabled()


def test_a_protocol_shows_only_what_it_needs(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, SPLITS)
    form = panel.pages.splits.form
    form.protocol.setCurrentText("k-fold")
    assert form.folds.isVisible()
    assert not form.validation.isVisible()
    form.folds.setValue(3)
    form.fold.setValue(9)
    assert form.plan().fold == 3
    form.protocol.setCurrentText("train-test")
    assert not form.seed.isVisible()
    settled(qtbot, panel)


# Repairs


def test_a_repaired_copy_becomes_the_chosen_dataset(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    context = "The sun rises in the east. The moon does not."
    wrong = {"question": "Where?", "id": "1", "answers": [{"text": "the east", "answer_start": 3}]}
    right = {"question": "What?", "id": "2", "answers": [{"text": "The sun", "answer_start": 0}]}
    paragraphs = [{"context": context, "qas": [wrong, right]}]
    file = tmp_path / "texts.json"
    file.write_text(json.dumps({"version": "1.1", "data": [{"title": "sky", "paragraphs": paragraphs}]}))
    imported(qtbot, panel, file)
    tabs = panel.pages.tabs
    assert CLASSES not in {tabs.tabData(i) for i in range(tabs.count()) if tabs.isTabVisible(i)}
    turn(qtbot, panel, STATISTICS)
    measure = panel.findChild(QComboBox, "data.statistics-measure")
    assert measure.currentText() == "Length of the context"
    assert measure.sizeHint().width() > measure.fontMetrics().horizontalAdvance(measure.currentText())
    qtbot.waitUntil(lambda: measure.width() >= measure.sizeHint().width())
    turn(qtbot, panel, CHECKS)
    number, card = next((n, card) for n, card in enumerate(cards(panel)) if card.finding.repairs)
    name = f"data.finding-{number}-repair-{card.finding.repairs[0]}"
    menu = button(panel, f"finding-{number}-repair").menu()
    next(action for action in menu.actions() if action.objectName() == name).trigger()
    settled(qtbot, panel)
    qtbot.waitUntil(lambda: panel.header.text.startswith("texts-repaired"))
    settled(qtbot, panel)
    assert not [card for card in cards(panel) if card.finding.repairs]
    assert [row.name for row in panel.workspace.opened().datasets()] == ["texts", "texts-repaired"]


def test_the_page_in_view_is_remembered(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, SPLITS)
    kept = panel.state()
    turn(qtbot, panel, ITEMS)
    panel.restore({"page": 3})
    assert panel.pages.current == ITEMS
    panel.restore(kept)
    assert panel.pages.current == SPLITS


def test_the_legend_of_the_set_before_is_gone_at_once(qtbot: QtBot, theme: Theme) -> None:
    legends = [SplitLegend(theme) for _ in range(2)]
    for legend in legends:
        qtbot.addWidget(legend)
        legend.resize(400, 40)
    legends[0].show_splits([("train", 50_000), ("validation", 1), ("test", 10_000)])
    legends[0].grab()
    for legend in legends:
        legend.show_splits([("train", 244)])
    assert legends[0].grab().toImage() == legends[1].grab().toImage()


def test_nothing_moves_when_the_badge_comes(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "clean"))
    tabs = panel.pages.tabs
    before = (tabs.height(), tabs.tabRect(0), panel.pages.items.y())
    assert panel.pages.badge == 0
    imported(qtbot, panel, pets(tmp_path / "pets", copies=True))
    assert panel.pages.badge > 0
    assert (tabs.height(), tabs.tabRect(0), panel.pages.items.y()) == before


def masked(folder: Path) -> Path:
    """Four images with masks, in all of which is land, and in one of them water on a quarter of it."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    generator = np.random.default_rng(SEED)
    for number in range(4):
        mask = np.zeros((8, 8, 3), np.uint8)
        mask[..., 1] = 255
        if number == 2:
            mask[:4, :4] = (0, 0, 255)
        pixels = generator.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        (folder / "images" / f"{number}.png").write_bytes(encode_png(pixels))
        (folder / "masks" / f"{number}.png").write_bytes(encode_png(mask))
    (folder / "class_dict.csv").write_text("name,r,g,b\nland,0,255,0\nwater,0,0,255\n")
    return folder


def test_classes_of_masks_are_counted_by_the_checks(
    qtbot: QtBot, panel: DataPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    imported(qtbot, panel, masked(tmp_path / "land"))
    turn(qtbot, panel, CLASSES)
    page = panel.pages.classes
    assert page.model.words(1) == "water"
    assert any("counted by the checks" in label.text() for label in page.findChildren(QLabel) if label.isVisible())
    click(qtbot, panel, "classes-check")
    settled(qtbot, panel)
    assert page.model.words(1) == "water: 1 images, 6.2 % of all pixels"
    assert page.model.as_csv().splitlines() == [
        "class,no split,all,share of pixels", "land,4,4,0.937500", "water,1,1,0.062500",
    ]  # fmt: skip
    assert not any("counted by the checks" in label.text() for label in page.findChildren(QLabel) if label.isVisible())
    page.table.setCurrentIndex(page.table.proxy.index(1, NAME))
    click(qtbot, panel, "classes-show")
    assert panel.pages.current == ITEMS
    assert panel.browser.model.shown.tolist() == [2]


def test_what_no_task_learns_from_is_not_offered(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    few = {"context": "The sun rises.", "qas": [
        {"id": "1", "question": "What?", "answers": [{"text": "The sun", "answer_start": 0}]}]}  # fmt: skip
    path = tmp_path / "few.json"
    path.write_text(json.dumps({"version": "1.1", "data": [{"title": "sun", "paragraphs": [few]}]}))
    imported(qtbot, panel, path)
    assert not button(panel, "train-on").isEnabled()
    assert button(panel, "train-on").toolTip() == "There is no task yet that learns from questions about texts."
    imported(qtbot, panel, masked(tmp_path / "land"))  # images to learn to make
    assert button(panel, "train-on").isEnabled()
    imported(qtbot, panel, pets(tmp_path / "pets"))
    assert button(panel, "train-on").isEnabled()
    assert not button(panel, "train-on").toolTip()


def test_copies_lie_side_by_side(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets", copies=True))
    finding = next(one for one in panel.model.findings if one.clusters)
    panel.pages.items.show_finding(finding)
    assert panel.browser.model.shown.tolist() == [item for cluster in finding.clusters for item in cluster]


def test_undo_says_what_it_undoes(qtbot: QtBot, panel: DataPanel, actions: Actions, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    assert actions.command("data.undo").text() == "Undo"
    select(qtbot, panel, 0, 3)
    panel.pages.items.move_to("validation")
    settled(qtbot, panel)
    assert actions.command("data.undo").text() == "Undo: 2 images moved to validation"
    palette = CommandPalette(actions, panel.theme, panel)
    palette.show()
    qtbot.keyClicks(palette.findChild(QLineEdit, "palette.query"), "undo")
    found = palette.findChild(QListWidget, "palette.commands")
    assert found.item(0).text().startswith("Undo: 2 images moved to validation")
    qtbot.keyClick(palette.findChild(QLineEdit, "palette.query"), Qt.Key.Key_Return)
    settled(qtbot, panel)
    assert actions.command("data.redo").text() == "Redo: 2 images moved to validation"
    assert "validation" not in state(panel).splits


def test_all_that_is_shown_is_selected_by_key(qtbot: QtBot, panel: DataPanel, actions: Actions, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    actions.trigger("data.select-all")
    assert len(panel.browser.selection()) == 32
    actions.trigger("data.clear")
    assert len(panel.browser.selection()) == 0
    turn(qtbot, panel, CLASSES)
    assert not actions.command("data.select-all").isEnabled()


def test_a_plan_that_does_not_fit_is_no_failure(qtbot: QtBot, panel: DataPanel, tmp_path: Path) -> None:
    imported(qtbot, panel, pets(tmp_path / "pets"))
    turn(qtbot, panel, SPLITS)
    page = panel.pages.splits
    page.form.groups.setCurrentText("Pattern in the name")
    page.form.pattern.setText("(")
    qtbot.waitUntil(lambda: not page.apply.isEnabled())
    settled(qtbot, panel)
    told = [label.text() for label in page.findChildren(QLabel) if label.property("role") == "error"]
    assert any(text[:1].isupper() for text in told)
    assert not [note for note in panel.workspace.notes if note.level == "error"]
