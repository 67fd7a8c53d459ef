"""The confusion matrix: what its cells, words, colours and pairs say, and how a person gets from them to the items."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from gallery_samples import turn
from inspection_samples import inspected, random_answers
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from workbench.engine.inspection.inspection import Inspection
from workbench.gui.models.confusion import HEADER, Cell, ConfusionTable, Counting, percent_text
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect import confusion as confusion_page
from workbench.gui.widgets.inspect.confusion import ConfusionPage
from workbench.gui.widgets.inspect.confusion_colours import LEVELS, Scale, colour_table, dark_text
from workbench.gui.widgets.inspect.confusion_frame import Frame
from workbench.gui.widgets.inspect.confusion_names import Names
from workbench.gui.widgets.inspect.confusion_picture import MatrixPicture
from workbench.gui.workspace import Workspace

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")

# Rows are the truth: 70 ants, 83 bees, 20 wasps of which half are taken for bees.
INSECTS = {"ants": (64, 6, 0), "bees": (7, 74, 2), "wasps": (0, 10, 10)}


def inspection(rows: dict[str, tuple[int, ...]], *, unlabelled: tuple[int, ...] = (), step: int = 40) -> Inspection:
    """What a network said that takes so many items of each class for each; items are numbered row by row."""
    cells = [
        (label, predicted, count)
        for label, counts in [*enumerate(rows.values()), (-1, unlabelled)]
        for predicted, count in enumerate(counts)
    ]
    labels = np.repeat([label for label, _, _ in cells], [count for _, _, count in cells])
    predicted = np.repeat([predicted for _, predicted, _ in cells], [count for _, _, count in cells])
    random = np.random.default_rng(0)
    logits = random.uniform(0, 1, (len(labels), len(rows))).astype(np.float32)
    logits[np.arange(len(labels)), predicted] += 2
    return Inspection(
        run="r", name="insects", step=step, steps=80, dataset="d", split="validation", protocol="published",
        classes=tuple(rows), items=np.arange(len(labels)) + 100, labels=labels, logits=logits,
        features=np.zeros((len(labels), 2), np.float32),
    )  # fmt: skip


def many(classes: int, items: int) -> Inspection:
    random = np.random.default_rng(1)
    labels = random.integers(0, classes, items)
    logits = random.normal(size=(items, classes)).astype(np.float32)
    logits[np.arange(items), labels] += 2
    return Inspection(
        run="r", name="many", step=1, steps=1, dataset="d", split="test", protocol="test",
        classes=tuple(f"class {label:03}" for label in range(classes)), items=np.arange(items), labels=labels,
        logits=logits, features=np.zeros((items, 2), np.float32),
    )  # fmt: skip


# The table


def test_counts_are_those_that_are_counted_one_by_one() -> None:
    shown = many(7, 500)
    table = ConfusionTable(shown)
    for truth in range(7):
        for predicted in range(7):
            counted = sum(
                int(label) == truth and int(row.argmax()) == predicted
                for label, row in zip(shown.labels, shown.logits, strict=True)
            )
            assert table.counts[truth, predicted] == counted
            assert len(table.items(Cell(truth, predicted))) == counted
    recall, precision = table.shares(Counting.RECALL), table.shares(Counting.PRECISION)
    assert recall.sum(1) == pytest.approx(np.ones(7))
    assert precision.sum(0) == pytest.approx(np.ones(7))


def test_items_of_cells_rows_and_columns() -> None:
    table = ConfusionTable(inspection(INSECTS, unlabelled=(1, 0, 4)))
    assert table.items(Cell(1, 0)).tolist() == list(range(170, 177))
    assert table.items(Cell(0, HEADER)).tolist() == list(range(100, 170))
    assert table.items(Cell(HEADER, 2)).tolist() == [
        *range(251, 253),
        *range(263, 273),
    ]  # those without a label are not
    assert table.items(Cell(3, 2)).tolist() == list(range(274, 278))
    assert table.items(Cell(3, HEADER)).tolist() == list(range(273, 278))


@pytest.mark.parametrize(
    ("cell", "counting", "words"),
    [
        (Cell(1, 0), Counting.COUNTS, "bees taken for ants: 7 of 83 bees (8 %)"),
        (Cell(1, 0), Counting.RECALL, "bees taken for ants: 7 of 83 bees (8 %)"),
        (Cell(1, 0), Counting.PRECISION, "bees taken for ants: 7 of 71 taken for ants (10 %)"),
        (Cell(0, 0), Counting.COUNTS, "ants recognised: 64 of 70 ants (91 %)"),
        (Cell(0, 2), Counting.COUNTS, "ants taken for wasps: 0 of 70 ants (0 %)"),
        (Cell(1, HEADER), Counting.COUNTS, "bees: 74 of 83 recognised (recall 89 %)"),
        (Cell(HEADER, 1), Counting.COUNTS, "taken for bees: 74 of 90 are (precision 82 %)"),
        (Cell(3, 2), Counting.COUNTS, "items without a label taken for wasps: 4 of 5 items without a label (80 %)"),
        (Cell(3, HEADER), Counting.COUNTS, "5 items without a label, most of them (4) taken for wasps"),
    ],
)
def test_words(cell: Cell, counting: Counting, words: str) -> None:
    assert ConfusionTable(inspection(INSECTS, unlabelled=(1, 0, 4))).words(cell, counting) == words


def test_a_class_without_items_is_no_division_by_nothing() -> None:
    table = ConfusionTable(inspection({"ants": (3, 0), "bees": (0, 0)}))
    assert table.words(Cell(1, HEADER)) == "bees: no items in this split"
    assert table.words(Cell(HEADER, 1)) == "taken for bees: no items"
    assert table.words(Cell(1, 0)) == "bees taken for ants: 0 of 0 bees"
    assert np.isfinite(table.shares(Counting.PRECISION)).all()


def test_pairs_come_worst_first_by_what_is_counted() -> None:
    table = ConfusionTable(inspection(INSECTS))
    by_count = [(pair.cell, pair.count) for pair in table.pairs(Counting.COUNTS)]
    assert by_count == [(Cell(2, 1), 10), (Cell(1, 0), 7), (Cell(0, 1), 6), (Cell(1, 2), 2)]
    assert [pair.cell for pair in table.pairs(Counting.PRECISION)] == [Cell(1, 2), Cell(2, 1), Cell(1, 0), Cell(0, 1)]
    assert [pair.share for pair in table.pairs(Counting.RECALL)] == pytest.approx([10 / 20, 6 / 70, 7 / 83, 2 / 83])


@pytest.mark.parametrize(("share", "text"), [(0.0, "0"), (0.001, "<1"), (0.084, "8"), (0.9999, ">99"), (1.0, "100")])
def test_percent_is_not_rounded_to_all_or_nothing(share: float, text: str) -> None:
    assert percent_text(share) == text


# The colours


def luminance(colour: int) -> float:
    """WCAG's, of 0xRRGGBB."""

    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour >> shift & 255) for shift in (16, 8, 0))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def seen_without_green(colour: int) -> np.ndarray[Any, Any]:
    """Linear light as an eye without green cones sees it (Machado et al. 2009, severity 1)."""
    parts = np.array([colour >> shift & 255 for shift in (16, 8, 0)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    matrix = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    return np.array(matrix) @ linear


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_more_is_further_from_the_background_and_readable(theme: Theme, choice: str) -> None:
    theme.choose(choice)
    table = colour_table(theme)
    dark = dark_text(table)
    for scale in Scale:
        levels = [int(colour) & 0xFFFFFF for colour in table[scale * LEVELS : (scale + 1) * LEVELS]]
        light = [luminance(colour) for colour in levels]
        assert light == sorted(light, reverse=choice == "light")
        assert abs(light[1] - light[0]) > 0.01  # one item is seen
        for colour, is_dark in zip(levels, dark[scale * LEVELS :], strict=False):
            here = luminance(colour)
            assert ((here + 0.05) / 0.05 if is_dark else 1.05 / (here + 0.05)) >= 4.5
    strongest = [seen_without_green(int(table[(scale + 1) * LEVELS - 1]) & 0xFFFFFF) for scale in Scale]
    for one in range(3):
        assert all(np.abs(strongest[one] - strongest[other]).max() > 0.1 for other in range(one))


# The frame


def test_zooming_keeps_what_is_under_the_mouse() -> None:
    frame = Frame()
    frame.lay_out(QRectF(100, 50, 600, 400), rows=40, columns=40, largest=90)
    assert frame.cell == 10
    assert frame.seen == QRectF(200, 50, 400, 400)  # in the middle of the room
    at = QPointF(433, 222)
    before = ((at - frame.origin) / frame.cell).toTuple()
    frame.zoom_by(3, at=at)
    assert frame.cell == 30
    assert ((at - frame.origin) / frame.cell).toTuple() == pytest.approx(before)
    frame.move_by(1e6, -1e6)
    assert (frame.rect(0, 0).left(), frame.rect(39, 0).bottom()) == (100, 450)
    frame.zoom_by(1e-9, at=at)
    assert frame.cell == 10


def test_cells_tile_the_matrix_and_are_found_again() -> None:
    frame = Frame()
    frame.lay_out(QRectF(0, 0, 333, 333), rows=102, columns=102, largest=90)
    edges = [frame.rect(0, column) for column in range(102)]
    assert all(left.right() == right.left() for left, right in pairwise(edges))
    for place in (0, 17, 101):
        middle = frame.rect(place, place).center()
        assert (frame.row_at(middle.y()), frame.column_at(middle.x())) == (place, place)
    assert frame.row_at(-1) == frame.column_at(334) == -1


def test_revealing_moves_no_more_than_needed() -> None:
    frame = Frame()
    frame.lay_out(QRectF(0, 0, 400, 400), rows=40, columns=40, largest=90)
    frame.zoom_by(4, at=QPointF(0, 0))
    frame.reveal(5, 5)
    assert frame.origin == QPointF(0, 0)
    frame.reveal(12, -1)
    assert (frame.origin.x(), frame.rect(12, 0).bottom()) == (0, 400)


# The picture


def test_each_kind_of_cell_has_its_own_scale_and_end() -> None:
    table = ConfusionTable(inspection(INSECTS, unlabelled=(1, 0, 4)))
    picture = MatrixPicture(table, counting=Counting.COUNTS, order=np.array([2, 0, 1]), hide_right=False)
    assert [[picture.text(row, column) for column in range(3)] for row in range(4)] == [
        ["10", "", "10"], ["", "64", "6"], ["2", "7", "74"], ["4", "1", ""],
    ]  # fmt: skip
    assert (picture.levels // LEVELS).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 2, 2]]
    assert [int(picture.levels[place] % LEVELS) for place in ((2, 2), (0, 2), (3, 0))] == [LEVELS - 1] * 3
    assert [(entry.title, entry.high) for entry in picture.legend()] == [
        ("Right", "74"), ("Wrong", "10"), ("No label", "4"),
    ]  # fmt: skip
    assert picture.second_text(0, 2) == "50 %"


def test_a_hidden_diagonal_has_no_number_and_no_place_in_the_legend() -> None:
    table = ConfusionTable(inspection(INSECTS))
    picture = MatrixPicture(table, counting=Counting.RECALL, order=table.order("name"), hide_right=True)
    assert [picture.text(place, place) for place in range(3)] == ["", "", ""]
    assert picture.text(2, 1) == "50"
    assert [(entry.title, entry.high) for entry in picture.legend()] == [("Wrong", "50 %")]


def test_what_is_painted_is_the_matrix(qapp: object, theme: Theme) -> None:
    table = ConfusionTable(many(30, 4000))
    picture = MatrixPicture(table, counting=Counting.COUNTS, order=table.order("confused"), hide_right=False)
    frame = Frame()
    frame.lay_out(QRectF(0, 0, 150, 150), rows=30, columns=30, largest=90)
    image = QImage(150, 150, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    picture.paint(painter, frame, theme=theme, font=QFont())
    painter.end()
    colours = colour_table(theme)
    for row in range(30):
        for column in range(30):
            middle = frame.rect(row, column).center().toPoint()
            assert image.pixel(middle) == int(colours[picture.levels[row, column]])


def test_names_share_the_room(qapp: object) -> None:
    names = Names([f"a rather long name {place}" for place in range(9)], ["x"] * 9, font=QFont())
    left, top = names.margins(1000, 600)
    assert 0 < left < 300
    assert 0 < top < 200


# The page


@pytest.fixture
def model(workspace: Workspace) -> InspectionModel:
    return InspectionModel(workspace, workspace)


@pytest.fixture
def page(qtbot: QtBot, model: InspectionModel, theme: Theme) -> ConfusionPage:
    model.show(inspection(INSECTS))
    page = ConfusionPage(model, theme)
    qtbot.addWidget(page)
    page.resize(1000, 600)
    page.show()
    return page


class Wanted:
    """What others are asked to show."""

    def __init__(self, model: InspectionModel) -> None:
        self.asked: list[tuple[list[int], str]] = []
        self.last: Any = None
        model.items_wanted.connect(self.take)

    def take(self, items: Any, title: str) -> None:
        self.asked.append((sorted(items.tolist()), title))
        self.last = items


def middle(page: ConfusionPage, cell: Cell) -> QPoint:
    return page.view.cell_rect(cell).center().toPoint()


def test_pointing_reads_a_cell(qtbot: QtBot, page: ConfusionPage) -> None:
    qtbot.mouseMove(page.view, middle(page, Cell(1, 0)))
    qtbot.waitUntil(lambda: page.told == "bees taken for ants: 7 of 83 bees (8 %)")
    left = page.view.cell_rect(Cell(2, 0))
    qtbot.mouseMove(page.view, QPoint(int(left.left()) - 20, int(left.center().y())))
    qtbot.waitUntil(lambda: page.told == "wasps: 10 of 20 recognised (recall 50 %)")
    above = page.view.cell_rect(Cell(0, 2))
    qtbot.mouseMove(page.view, QPoint(int(above.center().x()), int(above.top()) - 10))
    qtbot.waitUntil(lambda: page.told == "taken for wasps: 10 of 12 are (precision 83 %)")


def test_a_double_click_opens_the_items_surest_first(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    wanted = Wanted(model)
    qtbot.mouseDClick(page.view, Qt.MouseButton.LeftButton, pos=middle(page, Cell(2, 1)))
    assert wanted.asked == [(list(range(253, 263)), "wasps taken for bees")]
    assert model.inspection is not None
    sure = model.inspection.confidence[model.inspection.rows(wanted.last)]
    assert (np.diff(sure) <= 0).all()
    left = page.view.cell_rect(Cell(0, 0))
    qtbot.mouseDClick(page.view, Qt.MouseButton.LeftButton, pos=QPoint(int(left.left()) - 20, int(left.center().y())))
    assert wanted.asked[-1] == (list(range(100, 170)), "all ants")


def test_an_empty_cell_opens_nothing(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    wanted = Wanted(model)
    qtbot.mouseDClick(page.view, Qt.MouseButton.LeftButton, pos=middle(page, Cell(0, 2)))
    assert wanted.asked == []


def test_keys_walk_over_cells_and_headers(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    wanted, view = Wanted(model), page.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    walked = [view.current]
    for key in ("Right", "Down", "Down", "Down", "Left", "Left", "Left", "Up"):
        qtbot.keyClick(view, getattr(Qt.Key, f"Key_{key}"))
        walked.append(view.current)
    assert walked == [
        Cell(0, 0), Cell(0, 1), Cell(1, 1), Cell(2, 1), Cell(2, 1), Cell(2, 0), Cell(2, HEADER), Cell(2, HEADER),
        Cell(1, HEADER),
    ]  # fmt: skip
    assert view.accessibleDescription() == "bees: 74 of 83 recognised (recall 89 %)"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert wanted.asked[-1][1] == "all bees"
    qtbot.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert view.current == Cell(2, 2)


def test_the_wheel_zooms_and_a_drag_moves(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    model.show(many(102, 3000))
    view = page.view
    at = QPointF(view.frame.room.center())
    before = view.cell_at(at)
    small = view.frame.cell
    for _ in range(6):
        turn(view, 120, at=at)
    assert view.frame.cell > 2 * small
    assert view.cell_at(at) == before
    turn(view, -120, keys=Qt.KeyboardModifier.ShiftModifier, at=at)
    assert view.cell_at(at - QPointF(120, 0)) == before
    turn(view, 120, keys=Qt.KeyboardModifier.ShiftModifier, at=at)
    start = at.toPoint()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(60, 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 40))
    assert view.cell_at(at + QPointF(60, 40)) == before
    assert view.current is None  # a drag is no click
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.frame.cell == pytest.approx(small)


def test_pairs_lead_to_the_cell_and_its_items(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    wanted = Wanted(model)
    page.pairs.selectRow(1)
    assert page.view.current == Cell(1, 0)
    page.pairs.setFocus()
    qtbot.keyClick(page.pairs, Qt.Key.Key_Return)
    assert wanted.asked == [(list(range(170, 177)), "bees taken for ants")]
    row = page.pairs.model()
    assert [row.index(0, column).data() for column in range(4)] == ["wasps", "bees", "10", "50 %"]
    page.counting.setCurrentIndex(2)
    assert [row.index(0, column).data() for column in range(4)] == ["bees", "wasps", "2", "17 %"]


def test_orders_are_those_of_the_classes(page: ConfusionPage) -> None:
    def shown(order: str) -> list[str]:
        page.order.setCurrentIndex(page.order.findData(order))
        picture = page.view.picture
        assert picture is not None
        return [picture.table.classes[label] for label in picture.columns]

    assert shown("name") == ["ants", "bees", "wasps"]
    assert shown("support") == ["bees", "ants", "wasps"]
    assert shown("recall") == ["wasps", "bees", "ants"]
    assert page.as_csv() == "true class,wasps,bees,ants\nwasps,10,10,0\nbees,2,74,7\nants,0,6,64\n"


def test_the_current_cell_outlives_another_order_and_a_later_step(page: ConfusionPage, model: InspectionModel) -> None:
    page.view.set_current(Cell(2, 1))
    page.order.setCurrentIndex(page.order.findData("recall"))
    model.show(inspection({**INSECTS, "wasps": (0, 4, 16)}, step=80))
    assert page.view.current == Cell(2, 1)
    assert page.told == "wasps taken for bees: 4 of 20 wasps (20 %)"


def test_no_errors_and_no_items_are_said_in_words(qtbot: QtBot, page: ConfusionPage, model: InspectionModel) -> None:
    model.show(inspection({"ants": (3, 0), "bees": (0, 4)}))
    assert page.pairs.isHidden()
    model.show(inspection({"ants": (0, 0), "bees": (0, 0)}))
    assert page.view.picture is None
    assert not page.view.isVisible()
    assert page.figures() == page.tables() == {}
    assert page.told == ""


def test_a_hidden_page_is_brought_up_to_date_when_it_is_seen(page: ConfusionPage, model: InspectionModel) -> None:
    page.hide()
    model.show(inspection({"ants": (3, 1), "bees": (0, 4)}))
    assert page.view.picture is not None
    assert len(page.view.picture.columns) == 3
    page.show()
    assert len(page.view.picture.columns) == 2


def test_choices_are_remembered(page: ConfusionPage, model: InspectionModel, theme: Theme, qtbot: QtBot) -> None:
    page.counting.setCurrentIndex(1)
    page.order.setCurrentIndex(4)
    page.hide_right.setChecked(True)
    other = ConfusionPage(model, theme)
    qtbot.addWidget(other)
    other.restore({**page.state(), "order": "no such order"})
    assert (other.counting.currentIndex(), other.order.currentIndex(), other.hide_right.isChecked()) == (1, 0, True)
    other.restore(page.state())
    assert other.order.currentIndex() == 4


def test_very_many_classes_are_counted_in_a_job(
    qtbot: QtBot, page: ConfusionPage, model: InspectionModel, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confusion_page, "_AT_ONCE", 100)
    before = page.view.picture
    later = replace(inspection(INSECTS), step=20, logits=inspection(INSECTS).logits[:, [1, 2, 0]])
    model.show(later)
    assert page.view.picture is before  # it stays until there is another one
    qtbot.waitUntil(lambda: page.view.picture is not before)
    assert page._measured.whole.endswith("step 20")
    assert page.pairs.pairs == ConfusionTable(later).pairs(Counting.COUNTS)
    page.order.setCurrentIndex(1)
    page.hide_right.setChecked(True)
    model.forget()
    assert page.view.picture is None
    workspace.jobs.join()
    assert page.view.picture is None  # what was under way is nobody's any more


def test_no_more_pairs_are_listed_than_anybody_reads() -> None:
    labels, logits = random_answers(4000, 60, sure=0.0)
    table = ConfusionTable(inspected(labels, logits))
    assert len(table.pairs(Counting.COUNTS)) == 1000
    assert table.pairs(Counting.COUNTS, most=7) == table.pairs(Counting.COUNTS)[:7]
