"""The colours of a confusion matrix: one scale for what is right, one for what is wrong, one for what nobody can judge.

Blue, orange and grey are told apart by colour-blind eyes; along each scale the lightness alone says more or less, away
from the background. Each has its own end, which the legend names: errors are few, and on one scale they would not show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

LEVELS = 256
"""Colours of a scale; the first is that of nothing at all."""
_LEAST = 0.16  # of the way to the strongest colour: a single item among thousands is still seen
_LIGHT = ("#b23f00", "#1d4fb8", "#4a515b")  # by scale
_DARK = ("#ffab66", "#8db6ff", "#c3c9d2")
_BAR = 14  # characters


class Scale(IntEnum):
    """What a cell is of."""

    WRONG = 0
    RIGHT = 1
    NO_LABEL = 2


def colour_table(theme: Theme) -> NDArray[np.uint32]:
    """uint32[3 * LEVELS + 1], 0xffRRGGBB: the scales one after the other, then the colour of a hidden cell."""
    surface = _rgb(theme.colours.surface)
    steps = np.linspace(_LEAST, 1.0, LEVELS - 1)[:, None]
    scales = [
        np.vstack([surface, surface + steps * (_rgb(strongest) - surface)]) for strongest in strongest_colours(theme)
    ]
    table = np.vstack([*scales, _rgb(theme.colours.raised)]).round().astype(np.uint32)
    return np.uint32(0xFF000000) | table[:, 0] << np.uint32(16) | table[:, 1] << np.uint32(8) | table[:, 2]


def strongest_colours(theme: Theme) -> tuple[str, str, str]:
    """``"#rrggbb"`` at the end of each :class:`Scale`."""
    return _DARK if theme.dark else _LIGHT


def dark_text(table: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """bool of each colour: whether black is easier to read on it than white."""
    channels = np.stack([table >> np.uint32(shift) & np.uint32(255) for shift in (16, 8, 0)], -1) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    dark: NDArray[np.bool_] = (luminance + 0.05) ** 2 > 1.05 * 0.05
    return dark


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A scale in the legend: what it is of, and what its two ends mean."""

    scale: Scale
    title: str
    low: str
    high: str


class ScaleLegend(QWidget):
    """The scales in a row."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Colours of the matrix")
        self._theme = theme
        self._entries: tuple[Entry, ...] = ()
        theme.changed.connect(self.update)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        told = "; ".join(f"{entry.title}: from {entry.low} to {entry.high}" for entry in entries)
        self.setAccessibleDescription(told)
        self.updateGeometry()
        self.update()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = sum(self._width(entry) for entry in self._entries) + 3 * GAP * max(0, len(self._entries) - 1)
        return QSize(width, metrics.height() + GAP // 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _width(self, entry: Entry) -> int:
        metrics = self.fontMetrics()
        texts = sum(metrics.horizontalAdvance(text) for text in (entry.title, entry.low, entry.high))
        return texts + _BAR * metrics.averageCharWidth() + 3 * GAP

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics, colours = QPainter(self), self.fontMetrics(), self._theme.colours
        table, left = colour_table(self._theme), 0.0
        middle, flags = self.height() / 2, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

        def write(text: str, colour: str, gap: int) -> None:
            nonlocal left
            painter.setPen(QColor(colour))
            wide = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(left, 0, wide + 1, self.height()), flags, text)
            left += wide + gap

        for entry in self._entries:
            write(entry.title, colours.text, GAP)
            write(entry.low, colours.muted, GAP)
            high = 0.7 * metrics.height()
            bar = QRectF(left, middle - high / 2, _BAR * metrics.averageCharWidth(), high)
            gradient = QLinearGradient(bar.topLeft(), bar.topRight())
            first = int(entry.scale) * LEVELS
            gradient.setColorAt(0.0, QColor(int(table[first + 1]) & 0xFFFFFF))
            gradient.setColorAt(1.0, QColor(int(table[first + LEVELS - 1]) & 0xFFFFFF))
            painter.fillRect(bar, gradient)
            left += bar.width() + GAP
            write(entry.high, colours.muted, 3 * GAP)
