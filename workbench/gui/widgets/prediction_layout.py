"""How a few tiles, each a picture with some words, share a rectangle so that the pictures are as large as can be."""

from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QPoint, QRect, QSize

from workbench.gui.theme import GAP

PAD = GAP // 2
"""Logical pixels between a tile's edge and what is on it."""
BAR = GAP // 2
"""Height of a probability's bar."""

_LEAST_SIDE = 2 * GAP
_LEAST_LINES = 1.5  # a picture lower than that is not what one looks at; it is better off alone
_MOST_LINES = 24  # a picture higher than this many lines of text makes the words hard to find
_NEARLY = 0.93  # of the largest side is as good, where it leaves fewer places empty
_MOST_GAP = 3 * GAP


class Percent(Enum):
    """Where the percentage stands, best first."""

    BESIDE_NAME = auto()
    BESIDE_BAR = auto()
    BELOW_BAR = auto()
    """On the line that else holds the true class, so there is no room for it where the guess is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSizes:
    """What words need, in logical pixels.

    Attributes:
        line: Height of a line.
        least: Width that a class name can be told apart in; ``full`` has room for the percentage beside it.
    """

    line: int
    least: int
    full: int

    @property
    def block(self) -> int:
        """Height of all that is said of an item, in two lines with the bar between them."""
        return 2 * self.line + BAR + 2

    @property
    def tall_block(self) -> int:
        """The same in three lines."""
        return 3 * self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Where tiles are. Lengths in logical pixels.

    Attributes:
        side: Of the square for the picture.
        beside: The words stand right of the picture, not below it.
        words: Width of the words; 0 where there is no room for any.
        block: Height of the words.
        tile: Size of a tile; ``gap`` lies between two, ``corner`` is where the first one begins.
    """

    columns: int
    side: int
    beside: bool
    words: int
    block: int
    percent: Percent
    tile: QSize
    gap: QSize
    corner: QPoint

    def rect(self, index: int) -> QRect:
        row, column = divmod(index, self.columns)
        left = self.corner.x() + column * (self.tile.width() + self.gap.width())
        return QRect(QPoint(left, self.corner.y() + row * (self.tile.height() + self.gap.height())), self.tile)


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way to put ``count`` tiles into ``area``: so many columns, the words below, beside or left out."""

    count: int
    area: QSize
    text: TextSizes
    columns: int
    beside: bool
    told: bool = True

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def room(self) -> QSize:
        """For what is on one tile."""
        cell = QSize(self.area.width() // self.columns, self.area.height() // self.rows)
        return cell - QSize(2 * PAD, 2 * PAD)

    @property
    def side(self) -> int:
        """Of the picture; 0 or less where the words do not fit."""
        width, height = self.room.width(), self.room.height()
        most = _MOST_LINES * self.text.line
        if not self.told:
            return min(most, width, height)
        if self.beside:
            return min(most, height, width - GAP - self.text.least) if height >= self.text.block else 0
        return min(most, width, height - PAD - self.text.block) if width >= self.text.least else 0

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The lower, the better, among shapes with pictures of nearly one size."""
        return self.columns * self.rows, self.beside, -self.side

    def arrangement(self) -> Arrangement:
        side, text, wanted = max(1, self.side), self.text, max(self.text.full, self.side)
        spare = self.room - (QSize(side + GAP, 0) if self.beside else QSize(0, side + PAD))
        words = min(spare.width(), wanted) if self.told else 0
        percent, block = Percent.BELOW_BAR, text.block
        if words >= text.full:
            percent = Percent.BESIDE_NAME
        elif spare.height() >= text.tall_block:
            percent, block = Percent.BESIDE_BAR, text.tall_block
        if not self.told:
            content = QSize(side, side)
        elif self.beside:
            content = QSize(side + GAP + words, max(side, block))
        else:
            content = QSize(words, side + PAD + block)
        tile = content + QSize(2 * PAD, 2 * PAD)
        gap = (self.room - content).boundedTo(QSize(_MOST_GAP, _MOST_GAP)).expandedTo(QSize(0, 0))
        whole_width = self.columns * (tile.width() + gap.width()) - gap.width()
        whole_height = self.rows * (tile.height() + gap.height()) - gap.height()
        left, top = (self.area.width() - whole_width) // 2, (self.area.height() - whole_height) // 2
        return Arrangement(
            columns=self.columns,
            side=side,
            beside=self.beside,
            words=words,
            block=block,
            percent=percent,
            tile=tile,
            gap=gap,
            corner=QPoint(max(0, left), max(0, top)),
        )


def arrange(count: int, area: QSize, text: TextSizes) -> Arrangement:
    """``count`` tiles, at least 1, in ``area`` with the largest pictures; of nearly equal ones, the fullest rows."""
    columns = range(1, count + 1)
    shapes = [_Shape(count, area, text, number, beside) for number in columns for beside in (False, True)]
    if max(shape.side for shape in shapes) < max(_LEAST_SIDE, _LEAST_LINES * text.line):
        shapes = [_Shape(count, area, text, number, beside=False, told=False) for number in columns]
    largest = max(0, *(shape.side for shape in shapes))
    return min((shape for shape in shapes if max(0, shape.side) >= _NEARLY * largest), key=_rank).arrangement()


def _rank(shape: _Shape) -> tuple[int, bool, int]:
    return shape.rank
