"""The table of a network's layers."""

import subprocess
import sys

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from workbench.engine.models import layers
from workbench.gui.models.layers import COLUMNS, KIND, LAYER, MACS, OUTPUT, PARAMETERS, LayersModel, readable, rounded

ROWS = [
    layers.LayerRow(name="stem.conv", kind="Conv2d", output_shape=(32, 16, 16), parameters=896, macs=45_000_000),
    layers.LayerRow(name="blocks.0.norm", kind="BatchNorm2d", output_shape=(32, 16, 16), parameters=64, macs=0),
    layers.LayerRow(name="dense.last", kind="Linear", output_shape=(10,), parameters=1_233_607, macs=123_456),
]


def text(
    model: QAbstractItemModel, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole
) -> object:
    return model.index(row, column).data(role)


def test_rows_are_written_for_people(qtmodeltester: ModelTester) -> None:
    model = LayersModel()
    model.set_rows(ROWS)
    qtmodeltester.check(model)
    assert [text(model, 0, column) for column in range(len(COLUMNS))] == [
        "stem / conv",
        "Conv2d",
        "32 x 16 x 16",
        "896",
        "45,000,000",
    ]
    assert text(model, 1, LAYER) == "blocks 1 / norm"
    assert text(model, 1, LAYER, Qt.ItemDataRole.ToolTipRole) == "blocks.0.norm"
    assert text(model, 2, KIND) == "Linear"
    assert text(model, 2, OUTPUT) == "10"
    assert text(model, 2, PARAMETERS, Qt.ItemDataRole.EditRole) == 1_233_607
    assert model.headerData(PARAMETERS, Qt.Orientation.Horizontal) == "Parameters"


def test_numbers_stand_at_the_right() -> None:
    model = LayersModel()
    model.set_rows(ROWS)
    for column in range(len(COLUMNS)):
        right = bool(text(model, 0, column, Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight)  # type: ignore[operator]
        assert right == (column in (PARAMETERS, MACS))


def test_totals() -> None:
    model = LayersModel()
    assert model.totals == ""
    model.set_rows(ROWS)
    assert model.totals == "3 layers · 1,234,567 parameters · 45.1 M multiply-adds an image"
    model.set_rows(ROWS[:1])
    assert model.totals.startswith("1 layer · 896 parameters")


def test_setting_rows_replaces_them(qtbot: QtBot) -> None:
    model = LayersModel()
    model.set_rows(ROWS)
    with qtbot.waitSignal(model.modelReset):
        model.set_rows(ROWS[1:])
    assert model.rowCount() == 2
    assert model.rowCount(model.index(0, 0)) == 0
    assert text(model, 0, KIND) == "BatchNorm2d"
    assert model.data(QModelIndex()) is None


def test_large_numbers_are_rounded() -> None:
    words = {0: "0", 999: "999", 1000: "1 k", 45_123_456: "45.1 M", 999_600: "1 M", 2_500_000_000: "2.5 G"}
    assert {number: rounded(number) for number in words} == words


def test_paths_are_made_readable() -> None:
    words = {"further.3.dense": "further 4 / dense", "0": "1", "stem_conv": "stem conv", "a.0.1.b": "a 1 2 / b"}
    assert {name: readable(name) for name in words} == words


def test_no_torch_is_needed() -> None:
    code = "import sys; import workbench.gui.models.layers, workbench.gui.form; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
