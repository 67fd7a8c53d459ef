"""The browser: filters, order, findings, scores, what is picked out, and what an edit leaves in place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gallery_samples import CLASSES, PALETTE, Pictures, catalogue, encoded, flags, gradient, masked_catalogue
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QComboBox, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from workbench.engine.data.lint.finding import Finding
from workbench.engine.data.masks import encode_mask
from workbench.gui.models.catalogue import Catalogue
from workbench.gui.models.gallery import Role
from workbench.gui.theme import Theme
from workbench.gui.widgets.images.browser import ImageBrowser
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
COPIES = Finding(
    code="copies", title="The same picture twice", severity="error", count=4, unit="images",
    items=np.array([1, 2, 7, 9]), clusters=((2, 9), (1, 7)),
)  # fmt: skip
DARK = Finding(code="dark", title="Hardly any light", severity="info", count=2, unit="images", items=np.array([3, 4]))


@pytest.fixture
def browser(qtbot: QtBot, workspace: Workspace, theme: Theme) -> Iterator[ImageBrowser]:
    browser = ImageBrowser(workspace.jobs, theme)
    qtbot.addWidget(browser)
    browser.resize(1000, 700)
    browser.show()
    yield browser
    browser.show_catalogue(None)


def combo(browser: ImageBrowser, thing: str) -> QComboBox:
    found: QComboBox = browser.findChild(QComboBox, f"data.{thing}")
    return found


def choose(browser: ImageBrowser, thing: str, text: str) -> None:
    box = combo(browser, thing)
    row = next(row for row in range(box.count()) if box.itemText(row).startswith(text))
    box.setCurrentIndex(row)


def texts(browser: ImageBrowser, thing: str) -> list[str]:
    box = combo(browser, thing)
    return [box.itemText(row) for row in range(box.count())]


def shown(browser: ImageBrowser) -> list[int]:
    return browser.model.shown.tolist()


def test_another_label_set_has_other_classes(browser: ImageBrowser) -> None:
    whole = catalogue(Pictures(12))
    labels = dict(whole.labels) | {"sting": np.array([0, 1, 2] * 4)}
    browser.show_catalogue(
        replace(whole, labels=labels, label_sets={"label": CLASSES, "sting": ("no", "yes", "who knows")})
    )
    label_set = browser.findChild(QComboBox, "data.label-set")
    classes = browser.findChild(QComboBox, "data.class")
    assert [classes.itemText(row) for row in range(classes.count())] == [
        "All classes", "ant (4)", "bee (4)", "unknown (4)",
    ]  # fmt: skip
    label_set.setCurrentIndex(1)
    classes.setCurrentIndex(classes.findText("who knows (4)"))
    assert [browser.model.index(row).data(Role.CLASS) for row in range(browser.model.rowCount())] == ["who knows"] * 4
    browser.show_catalogue(whole)
    assert label_set.isHidden()
    assert browser.model.rowCount() == 12


def test_the_state_decides_about_excluded_items(browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(6), excluded=flags(6, 2), relabelled=flags(6, 4)))
    assert browser.count_text == "5 of 6"
    assert texts(browser, "state") == [
        "Any state", "Labelled (3)", "Not labelled (2)", "Labelled by hand (1)", "Excluded (1)", "Also excluded",
    ]  # fmt: skip
    for state, expected in (("Excluded", [2]), ("Labelled by hand", [4]), ("Also", [0, 1, 2, 3, 4, 5])):
        choose(browser, "state", state)
        assert shown(browser) == expected


def test_sorting(qtbot: QtBot, browser: ImageBrowser) -> None:
    class Named(Pictures):
        def name(self, index: int) -> str:
            return ["img10", "img9", "img100", "img1"][index]

    browser.show_catalogue(catalogue(Named(4), pixels=np.array([5, 0, 9, 5])))
    assert texts(browser, "sort") == ["As imported", "Name", "Size in pixels", "Class", "Split"]
    direction: QToolButton = browser.findChild(QToolButton, "data.direction")
    for order, ascending, descending in (
        ("As", [0, 1, 2, 3], [3, 2, 1, 0]),
        ("Name", [3, 1, 0, 2], [2, 0, 1, 3]),
        ("Size", [0, 3, 2, 1], [2, 0, 3, 1]),
        ("Class", [1, 2, 0, 3], [2, 1, 0, 3]),
    ):
        choose(browser, "sort", order)
        qtbot.waitUntil(lambda wanted=ascending: shown(browser) == wanted)
        direction.click()
        assert shown(browser) == descending
        direction.click()
    browser.set_scores({"Loss": np.array([0.5, np.nan, 0.1, 0.9])})
    choose(browser, "sort", "Loss")
    assert shown(browser) == [2, 0, 3, 1]
    browser.set_scores({})
    assert texts(browser, "sort")[-1] == "Split"
    assert shown(browser) == [0, 1, 2, 3]


def test_findings_filter_and_lay_copies_side_by_side(browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(12)))
    assert combo(browser, "finding").isHidden()
    browser.set_findings([COPIES, DARK])
    assert texts(browser, "finding") == ["Any finding", "The same picture twice (4)", "Hardly any light (2)"]
    choose(browser, "finding", "The same")
    assert shown(browser) == [2, 9, 1, 7]
    assert not combo(browser, "sort").isEnabled()
    choose(browser, "finding", "Hardly")
    assert shown(browser) == [3, 4]
    assert combo(browser, "sort").isEnabled()
    browser.set_findings([])
    assert combo(browser, "finding").isHidden()
    assert len(shown(browser)) == 12


def test_what_somebody_picked_out_can_be_left_again(qtbot: QtBot, browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(12), excluded=flags(12, 5)))
    choose(browser, "class", "bee")
    browser.restrict(np.array([1, 3, 4]), "Taken for bees")
    assert shown(browser) == [1, 3, 4], "a filter from before must hide nothing of it"
    assert (browser.filters.chip.isVisible(), browser.filters.chip.text) == (True, "Taken for bees")
    choose(browser, "class", "ant")
    assert shown(browser) == [1, 4]
    qtbot.mouseClick(browser.findChild(QToolButton, "data.widen"), Qt.MouseButton.LeftButton)
    assert shown(browser) == [1, 4, 7, 10]
    assert browser.filters.chip.isHidden()
    browser.restrict(np.array([4, 5]), "With an excluded one")
    assert shown(browser) == [4, 5]
    browser.restrict(None)
    assert len(shown(browser)) == 11


def test_nothing_matches_and_all_is_shown_again(qtbot: QtBot, browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(12)))
    browser.restrict(np.array([1]), "One")
    choose(browser, "class", "bee")
    every = next(button for button in browser.findChildren(type(browser._every)) if button is browser._every)
    assert every.isVisible()
    qtbot.mouseClick(every, Qt.MouseButton.LeftButton)
    assert len(shown(browser)) == 12
    assert browser.filters.chip.isHidden()


def test_the_selection_is_of_items(qtbot: QtBot, browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(12)))
    browser.set_scores({"Loss": -np.arange(12.0)})
    choose(browser, "sort", "Loss")
    with qtbot.waitSignal(browser.selection_changed):
        browser.gallery.select_rows(np.array([0, 1, 5]))
    assert browser.selection().tolist() == [6, 10, 11]
    assert browser.count_text == "12 of 12 \N{MIDDLE DOT} 3 selected"
    choose(browser, "sort", "As imported")
    assert browser.gallery.selected_rows().tolist() == [6, 10, 11]
    heard: list[Any] = []
    browser.menu_requested.connect(lambda items, place: heard.append(items.tolist()))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    QApplication.sendEvent(browser.gallery.viewport(), event)
    assert heard == [[6, 10, 11]]


def edited(before: Catalogue, **changes: Any) -> Catalogue:
    return replace(before, **changes)


def test_an_edit_leaves_everything_in_its_place(qtbot: QtBot, browser: ImageBrowser) -> None:
    before = catalogue(Pictures(3000))
    browser.show_catalogue(before)
    choose(browser, "class", "bee")
    choose(browser, "sort", "Name")
    qtbot.waitUntil(lambda: not browser._jobs.running())
    bar = browser.gallery.verticalScrollBar()
    bar.setValue(2345)
    browser.gallery.select_rows(np.array([100, 101, 150]))
    items, rows = browser.selection().tolist(), browser.gallery.rows_in_view()
    browser.keep_showing(edited(before, relabelled=flags(3000, *items)))
    assert bar.value() == 2345
    assert browser.selection().tolist() == items
    assert browser.gallery.rows_in_view() == rows
    assert browser.model.tile(100).relabelled
    renamed = edited(before, label_sets={"label": ("ant", "wasp")})
    browser.keep_showing(renamed)
    assert combo(browser, "class").currentText() == "wasp (1,000)"
    assert len(shown(browser)) == 1000


def test_excluding_closes_the_gap_and_keeps_the_view(qtbot: QtBot, browser: ImageBrowser) -> None:
    before = catalogue(Pictures(3000))
    browser.show_catalogue(before)
    browser.gallery.verticalScrollBar().setValue(3000)
    first = browser.model.items(browser.gallery.rows_in_view().start, 10**6)[0]
    gone = [0, 1, 2, first + 1]
    browser.gallery.select_rows(np.array([first + 1, first + 2]))
    browser.keep_showing(edited(before, excluded=flags(3000, *gone)))
    assert browser.count_text == "2,996 of 3,000 \N{MIDDLE DOT} 1 selected"
    assert browser.selection().tolist() == [first + 2]
    seen = browser.gallery.rows_in_view()
    assert first in browser.model.items(seen.start, seen.stop)
    assert "4 excluded" in combo(browser, "state").toolTip()


def test_another_set_begins_anew(browser: ImageBrowser) -> None:
    browser.show_catalogue(catalogue(Pictures(12)))
    browser.set_findings([DARK])
    browser.restrict(np.array([1]), "One")
    browser.keep_showing(catalogue(Pictures(5)))
    assert len(shown(browser)) == 5
    assert combo(browser, "finding").isHidden()
    assert browser.filters.chip.isHidden()
    browser.show_catalogue(None, total=77)
    assert browser.count_text == "0 of 77"
    assert browser.selection().tolist() == []


def mask_set() -> Catalogue:
    labels = np.zeros((40, 60), np.uint8)
    labels[:, 30:] = 1
    return masked_catalogue(encoded(gradient(60, 40)), encode_mask(labels, PALETTE))


def ready(browser: ImageBrowser) -> Callable[[], bool]:
    return lambda: not browser.gallery.busy and browser.model.index(0).data(Role.THUMBNAIL) is not None


def test_masks_lie_over_the_tiles_and_can_be_put_away(qtbot: QtBot, browser: ImageBrowser) -> None:
    browser.show_catalogue(mask_set())
    toggle: QToolButton = browser.findChild(QToolButton, "data.masks")
    opacity: QSlider = browser.findChild(QSlider, "data.mask-opacity")
    assert toggle.isVisible()
    assert opacity.isVisible()
    qtbot.waitUntil(ready(browser))
    overlay = browser.model.tile(0).overlay
    assert overlay
    assert overlay.pixelColor(50, 20).getRgb() == (0, 0, 255, 128)
    opacity.setValue(100)
    overlay = browser.model.tile(0).overlay
    assert overlay
    assert overlay.pixelColor(50, 20).getRgb() == (0, 0, 255, 255)
    browser.gallery.setFocus()
    qtbot.keyClick(browser.gallery, Qt.Key.Key_M)
    assert not toggle.isChecked()
    assert browser.model.tile(0).overlay is None
    browser.show_catalogue(catalogue(Pictures(3)))
    assert toggle.isHidden()


def test_masks_are_filtered_once_they_are_known(qtbot: QtBot, browser: ImageBrowser) -> None:
    whole = mask_set()
    browser.show_catalogue(whole)
    assert not combo(browser, "class").isEnabled()
    browser.keep_showing(replace(whole, mask_counts=np.array([[2400, 0]]), pixels=np.array([2400])))
    assert texts(browser, "class") == ["All classes", "land (1)", "sea (0)"]
    choose(browser, "class", "sea")
    assert shown(browser) == []
    assert "Size in pixels" in texts(browser, "sort")


@pytest.mark.parametrize("width", [500, 700, 1000, 1280, 1900])
def test_the_filters_fit_any_width(qtbot: QtBot, browser: ImageBrowser, width: int) -> None:
    browser.show_catalogue(catalogue(Pictures(12)))
    browser.set_findings([COPIES])
    browser.restrict(np.arange(5), "Something rather long that somebody picked out")
    browser.resize(width, 700)
    qtbot.waitUntil(lambda: browser.width() == width)
    QApplication.processEvents()
    boxes = [widget for widget in browser.filters.children() if hasattr(widget, "isVisible") and widget.isVisible()]
    assert len(boxes) == 6
    rects = [box.geometry() for box in boxes]
    assert all(browser.filters.rect().contains(rect) for rect in rects)
    assert not any(one.intersects(other) for one in rects for other in rects if one is not other)
    assert not browser.filters.geometry().intersects(browser.arrangement.geometry())
    assert CLASSES == ("ant", "bee")
