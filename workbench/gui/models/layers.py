"""The layers of a network as a table. What a layer is and costs is the engine's business; torch is not needed here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from workbench.engine.models.layers import LayerRow

COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Multiply-adds")
LAYER, KIND, OUTPUT, PARAMETERS, MACS = range(len(COLUMNS))
_TIPS = (
    "Where the layer is in the network",
    "What sort of layer it is",
    "Shape of what it gives for one image: channels x height x width, or features",
    "Numbers that training changes",
    "Multiplications with an addition that it takes for one image",
)
_NUMERIC = (PARAMETERS, MACS)
Index = QModelIndex | QPersistentModelIndex


class LayersModel(QAbstractTableModel):
    """Rows of :func:`workbench.engine.models.layers.summary`, in the order in which the layers run.

    ``EditRole`` gives the bare number or text, for sorting and copying.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()

    def set_rows(self, rows: "Sequence[LayerRow]") -> None:
        """Show these layers and no others."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    @property
    def totals(self) -> str:
        """``"12 layers · 1,234,567 parameters · 45.1 M multiply-adds an image"``; empty without layers."""
        if not self._rows:
            return ""
        parameters = sum(row.parameters for row in self._rows)
        macs = sum(row.macs for row in self._rows)
        layers = "1 layer" if len(self._rows) == 1 else f"{len(self._rows):,} layers"
        return f"{layers} · {parameters:,} parameters · {rounded(macs)} multiply-adds an image"

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(row, column)
            case Qt.ItemDataRole.EditRole:
                return _value(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return row.name if column == LAYER else None
            case _:
                return None


def rounded(number: int) -> str:
    """``"45.1 M"``: three digits and a letter, for thousands (k), millions, (US) billions and so on."""
    value, letters = float(number), ["", " k", " M", " G", " T"]
    while value >= 999.5 and len(letters) > 1:
        value /= 1000
        del letters[0]
    return f"{value:.0f}{letters[0]}" if isinstance(number, int) and value == number else f"{value:.3g}{letters[0]}"


def readable(name: str) -> str:
    """A dotted path for people: ``"blocks.0.conv"`` is ``"blocks 1 / conv"``, counted from one as people do."""
    words: list[str] = []
    for part in name.split("."):
        if part.isdecimal() and words:
            words[-1] = f"{words[-1]} {int(part) + 1}"
        else:
            words.append(str(int(part) + 1) if part.isdecimal() else part.replace("_", " "))
    return " / ".join(words)


def _value(row: "LayerRow", column: int) -> Any:
    shape = " x ".join(map(str, row.output_shape))
    return (readable(row.name), row.kind, shape, row.parameters, row.macs)[column]


def _text(row: "LayerRow", column: int) -> str:
    value = _value(row, column)
    if column in _NUMERIC:
        return f"{value:,}"
    return str(value)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMERIC else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
