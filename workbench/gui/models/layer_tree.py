"""The layers of a reused network as a tree: what stays as it is, what learns, what is left out.

Which layers there are is the engine's business. What may be asked of one of them, and what the settings are then, is
said here, so that a click is seen at once; the engine's own answer comes a moment later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from workbench.engine.models.transfer.params import TransferParams
from workbench.gui.models.layers import rounded
from workbench.gui.theme import Theme

COLUMNS = ("Layer", "State", "Parameters", "Output", "Kind")
LAYER, PART, PARAMETERS, OUTPUT, KIND = range(len(COLUMNS))
FROZEN, TRAINED, LEFT_OUT = "frozen", "trained", "left out"
_ICONS = {FROZEN: ("frozen", "muted"), TRAINED: ("train", "accent"), LEFT_OUT: ("minus", "muted")}
_TIPS = (
    "Where the layer is in the network, in the order of running",
    "Frozen layers stay as they are; trained ones learn; those behind the cut are left out",
    "Numbers that it has, with all that lies in it",
    "Shape of what it gives for one image",
    "What sort of layer it is",
)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROOT = -1
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One row: as :class:`workbench.engine.models.transfer.tree.TreeRow`, which loads torch."""

    name: str
    kind: str
    depth: int
    shape: tuple[int, ...]
    parameters: int
    may_cut: bool
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A network as settings divide it.

    Attributes:
        layers: Parents before what lies in them, in the order of running; the new head last.
        cut, frozen: Layer after which it is cut, and up to which it is frozen; empty where it is not.
        classes: Outputs of the new head; 0 while nobody knows.
        problem: Why the settings cannot be followed; empty if they can.
        divisible: Whether it can be cut anywhere.
    """

    layers: tuple[Layer, ...]
    cut: str = ""
    frozen: str = ""
    classes: int = 0
    problem: str = ""
    divisible: bool = True

    def number(self, name: str) -> int:
        """Where the layer ``name`` stands; -1 if it does not."""
        return next((number for number, layer in enumerate(self.layers) if layer.name == name), -1)

    def end(self, number: int) -> int:
        """The last row of what lies in the layer at ``number``; of layers in a row, the one with the later end runs on
        longer.
        """
        last = number
        while last + 1 < len(self.layers) and self.layers[last + 1].depth > self.layers[number].depth:
            last += 1
        return last

    def divided(self, params: TransferParams) -> "Tree":
        """The same layers as ``params`` would have them, as far as their order tells."""
        cut = self.number(params.cut)
        frozen = self.number(params.frozen) if params.reuse == "upto" else -1
        head = len(self.layers) - 1
        kept = self.end(cut) if cut >= 0 else head - 1
        still = head - 1 if params.reuse == "none" else self.end(frozen) if frozen >= 0 else -1

        def part(number: int) -> str:
            if number == head:
                return TRAINED
            return LEFT_OUT if number > kept else FROZEN if self.end(number) <= still else TRAINED

        return replace(
            self,
            layers=tuple(replace(layer, part=part(number)) for number, layer in enumerate(self.layers)),
            cut=params.cut if cut >= 0 else "",
            frozen=params.frozen if frozen >= 0 else "",
            problem="",
        )

    def why_not_here(self, number: int) -> str:
        """Why the network cannot be divided after the layer at ``number``; empty if it can."""
        layer = self.layers[number]
        if layer.may_cut:
            return ""
        if number == len(self.layers) - 1:
            return "This is the new head, which is always last and always learns."
        if not self.divisible:
            return "This network cannot be divided: its layers do not follow one another in a way that can be read."
        inside = any(
            other.may_cut and before < number <= self.end(before) for before, other in enumerate(self.layers[:number])
        )
        if inside:
            return "It lies within a block, which can only be taken as a whole. Choose the block."
        return "What follows needs more than what this layer gives, so nothing can begin behind it."

    def why_not_frozen(self, number: int) -> str:
        """Why the network cannot be frozen up to the layer at ``number``; empty if it can."""
        if why := self.why_not_here(number):
            return why
        return "It is behind the cut and left out." if self.layers[number].part == LEFT_OUT else ""

    def cut_after(self, number: int, params: TransferParams) -> TransferParams:
        """``params`` with the new head behind this layer; what is frozen ends there at the latest."""
        name = self.layers[number].name
        if params.reuse == "upto" and self.end(self.number(params.frozen)) > self.end(number):
            return params.replace(cut=name, frozen=name)
        return params.replace(cut=name)


class LayerTreeModel(QAbstractItemModel):
    """Shows a :class:`Tree`; the names of its layers are those of the settings."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.tree = Tree(layers=())
        self._parents: list[int] = []
        self._children: dict[int, list[int]] = {_ROOT: []}
        theme.changed.connect(self._on_theme_changed)

    def show_tree(self, tree: Tree) -> bool:
        """Show ``tree``; returns whether its layers are others than before, so that nothing is unfolded any more."""
        before, same = self.tree, _outline(self.tree.layers) == _outline(tree.layers)
        if same:
            self.tree = tree
            if before != tree:
                self._tell_all()
            return False
        self.beginResetModel()
        self.tree = tree
        self._parents, self._children = [], {_ROOT: []}
        path: list[int] = []
        for number, layer in enumerate(tree.layers):
            del path[layer.depth :]
            parent = path[-1] if path else _ROOT
            self._parents.append(parent)
            self._children.setdefault(parent, []).append(number)
            path.append(number)
        self.endResetModel()
        return True

    def number(self, index: Index) -> int:
        """The place in ``tree.layers`` of what ``index`` is of; -1 for none."""
        return int(index.internalId()) if index.isValid() else _ROOT

    def index_of(self, number: int) -> QModelIndex:
        """The first cell of the layer at ``number``."""
        return self.createIndex(self._children[self._parents[number]].index(number), LAYER, number)

    def opens(self, number: int) -> bool:
        """Whether the layer is best unfolded: there are places to cut at in it."""
        return any(self.tree.layers[child].may_cut for child in self._children.get(number, ()))

    def _tell_all(self) -> None:
        for numbers in self._children.values():
            if numbers:
                first, last = self.index_of(numbers[0]), self.index_of(numbers[-1])
                self.dataChanged.emit(first, last.siblingAtColumn(KIND))

    def _on_theme_changed(self) -> None:
        self._tell_all()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:
        children = self._children.get(self.number(parent), [])
        if 0 <= row < len(children) and 0 <= column < len(COLUMNS) and parent.column() <= 0:
            return self.createIndex(row, column, children[row])
        return QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        above = self._parents[self.number(index)] if index.isValid() else _ROOT
        return self.index_of(above) if above != _ROOT else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return len(self._children.get(self.number(parent), ())) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if section == PARAMETERS else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        number, column = self.number(index), index.column()
        layer = self.tree.layers[number]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(number, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(number)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column == PARAMETERS else _LEFT
            case Qt.ItemDataRole.DecorationRole if column == PART:
                icon, colour = _ICONS[layer.part]
                return self._theme.icon(icon, colour=colour)
            case Qt.ItemDataRole.ForegroundRole if layer.part != TRAINED:
                return QColor(self._theme.colours.muted)
            case Qt.ItemDataRole.FontRole:
                font = QFont()
                font.setStrikeOut(column == LAYER and layer.part == LEFT_OUT)
                font.setBold(layer.name in (self.tree.cut, self.tree.frozen))
                return font
            case _:
                return None

    def _text(self, number: int, column: int) -> str:
        layer = self.tree.layers[number]
        head = number == len(self.tree.layers) - 1
        if head and not self.tree.classes and column in (PARAMETERS, OUTPUT):
            return "?"
        shape = " x ".join(map(str, layer.shape))
        return (short(layer.name), self._part(layer), rounded(layer.parameters), shape, layer.kind)[column]

    def _part(self, layer: Layer) -> str:
        if layer.name == self.tree.frozen:
            return "last frozen"
        return "last kept" if layer.name == self.tree.cut else layer.part

    def _tip(self, number: int) -> str:
        layer = self.tree.layers[number]
        lines = [f"{layer.name} ({layer.kind}), {layer.parameters:,} parameters: {self._part(layer)}"]
        return "\n".join([*lines, self.tree.why_not_here(number) or "The network can be cut or frozen up to here."])


def _outline(layers: Sequence[Layer]) -> list[tuple[str, int, bool]]:
    return [(layer.name, layer.depth, layer.may_cut) for layer in layers]


def short(name: str) -> str:
    """The last part of a dotted path; numbers keep the word before them, for they would say nothing alone."""
    parts = name.split(".")
    start = len(parts) - 1
    while start and parts[start].isdecimal():
        start -= 1
    return ".".join(parts[start:])
