"""Settings side by side: what differs, how it is marked, what can be found."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from workbench.gui.panels.runs.settings import CompareTable, Sheet, value_text
from workbench.gui.theme import Theme

Role = Qt.ItemDataRole


@pytest.fixture
def compare(theme: Theme, qtbot: QtBot) -> CompareTable:
    table = CompareTable(theme, name="runs.settings")
    qtbot.addWidget(table)
    return table


SHEETS = (
    Sheet(title="a", values={"model.name": "cnn", "model.nodes": 128, "train.steps": 100, "train.nesterov": True}),
    Sheet(title="b", values={"model.name": "kan", "model.grid": 5, "train.steps": 100, "train.nesterov": True}),
    Sheet(title="c", about="more", values={"model.name": "cnn", "model.nodes": 128, "train.steps": 100.0}),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (20000, "20000"),
        (1e-8, "1e-08"),
        (0.1, "0.1"),
        ("", "empty"),
        ("<b>", "<b>"),
        ([], "empty"),
        ([0.2, 0.2, 0.2, 0.1], "0.2 × 3, 0.1"),
        ((1.0,), "1"),
    ],
)
def test_values_as_a_person_reads_them(value: object, text: str) -> None:
    assert value_text(value) == text


def test_only_differences_are_shown_at_first(compare: CompareTable) -> None:
    compare.show_sheets(SHEETS, equal="same")
    assert compare.shown() == [
        ["model.name", "cnn", "kan", "cnn"],
        ["model.nodes", "128", "–", "128"],
        ["train.nesterov", "yes", "yes", "–"],
        ["model.grid", "–", "5", "–"],
    ]
    box = compare.findChild(QCheckBox)
    assert box is not None
    assert box.text() == "Only differences (4 of 5)"
    box.click()
    assert [row[0] for row in compare.shown()][:3] == ["model.name", "model.nodes", "train.steps"]


def test_what_differs_is_marked_by_more_than_colour(compare: CompareTable) -> None:
    compare.set_only_differences(False)
    compare.show_sheets(SHEETS, equal="same")
    model = compare.table.model()
    marked = [[bool(model.index(row, column).data(Role.FontRole)) for column in range(4)] for row in range(3)]
    assert marked == [[False, False, True, False], [False, False, True, False], [False] * 4]
    assert model.index(0, 2).data(Role.AccessibleTextRole) == "kan, different"
    assert model.index(2, 2).data(Role.AccessibleTextRole) == "100"
    icons = [model.index(row, 0).data(Role.DecorationRole).pixmap(16, 16).toImage() for row in (0, 1, 2)]
    assert icons[0] == icons[1] != icons[2]
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(4)]
    assert heads == ["Setting", "a", "b", "c"]
    assert model.headerData(3, Qt.Orientation.Horizontal, Role.ToolTipRole) == "more"


def test_where_there_is_nothing_to_show_it_says_so(compare: CompareTable, qtbot: QtBot) -> None:
    compare.show_sheets((SHEETS[0], SHEETS[0]), equal="These 2 runs have equal settings.")
    compare.show()
    messages = [label.text() for label in compare.findChildren(QLabel) if label.isVisible()]
    assert messages == ["These 2 runs have equal settings."]
    search = compare.findChild(QLineEdit)
    assert search is not None
    compare.set_only_differences(False)
    assert len(compare.shown()) == 4
    qtbot.keyClicks(search, "TRAIN yes")
    assert [row[0] for row in compare.shown()] == ["train.nesterov"]
    qtbot.keyClicks(search, "x")
    assert [label.text() for label in compare.findChildren(QLabel) if label.isVisible()] == ["No setting matches."]


def test_the_theme_can_change(compare: CompareTable, theme: Theme) -> None:
    compare.show_sheets(SHEETS, equal="same")
    cell = compare.table.model().index(0, 2)
    before = cell.data(Role.BackgroundRole).color()
    theme.choose("dark")
    assert cell.data(Role.BackgroundRole).color() != before
