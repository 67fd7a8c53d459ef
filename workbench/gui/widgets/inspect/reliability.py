"""How often a network was right where it was about so sure: bars that should end on the diagonal.

Beside it, how its confidence is spread over what it got right and wrong.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.inspect.bin_chart import BinChart

if TYPE_CHECKING:
    from workbench.engine.inspection.calibration import Reliability

BINS = 20
"""Of the histogram."""
_LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_FEW = 30  # items of a bin below which its bar is faint: it may be luck
_FAINT = 0.45


class ReliabilityChart(BinChart):
    """A bar a bin of confidence, as high as the share of its items that were right; what lacks to the mean confidence,
    or is more than that, is hatched.
    """

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__(theme, name=name, title="Reliability: share that is right")
        self._shown: Reliability | None = None

    def show_bins(self, reliability: "Reliability | None") -> None:
        self._shown, self.current = reliability, -1
        self.update()

    def bins(self) -> int:
        return len(self._shown.count) if self._shown is not None else 0

    def count(self, index: int) -> int:
        assert self._shown
        return int(self._shown.count[index])

    def top_text(self) -> str:
        return "100 %"

    def words(self, index: int) -> str:
        """``"80 to 87 % sure: 24 items, 79.2 % right, mean confidence 83.1 %"``."""
        assert self._shown
        low, high = (100 * float(edge) for edge in self._shown.edges[index : index + 2])
        count = self.count(index)
        if not count:
            return f"{low:.0f} to {high:.0f} % sure: no items"
        right, sure = 100 * float(self._shown.accuracy[index]), 100 * float(self._shown.confidence[index])
        items = "1 item" if count == 1 else f"{count:,} items"
        return f"{low:.0f} to {high:.0f} % sure: {items}, {right:.1f} % right, mean confidence {sure:.1f} %"

    def paint(self, painter: QPainter, area: QRectF) -> None:
        assert self._shown
        colours, shown = self._theme.colours, self._shown
        for level in _LEVELS:
            self.draw_level(painter, area, share=level, text=f"{100 * level:.0f} %")
        for index in np.flatnonzero(shown.count).tolist():
            self._paint_bin(painter, area, index)
        painter.setPen(QPen(QColor(colours.text), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())

    def _paint_bin(self, painter: QPainter, area: QRectF, index: int) -> None:
        assert self._shown
        colours, room = self._theme.colours, self.rect_of(index)
        room.adjust(0.75, 0, -0.75, 0)
        right, sure = float(self._shown.accuracy[index]), float(self._shown.confidence[index])
        bar = QColor(self._theme.series_colour(0))
        bar.setAlphaF(1.0 if self.count(index) >= _FEW else _FAINT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(bar)
        height = max(1.5, right * area.height())
        painter.drawRect(QRectF(room.left(), area.bottom() - height, room.width(), height))
        top, bottom = area.bottom() - max(right, sure) * area.height(), area.bottom() - min(right, sure) * area.height()
        ink = QColor(colours.bad if sure > right else colours.warning)
        gap = QRectF(room.left(), top, room.width(), bottom - top)
        if sure <= right:  # the bar lies beneath: a piece of ground, so that the hatching is seen
            painter.setBrush(QColor(colours.surface))
            painter.drawRect(gap)
        faint = QColor(ink)
        faint.setAlphaF(0.18)
        painter.setBrush(faint)
        painter.drawRect(gap)
        painter.setBrush(QBrush(ink, Qt.BrushStyle.BDiagPattern if sure > right else Qt.BrushStyle.FDiagPattern))
        painter.drawRect(gap)
        painter.setPen(QPen(ink, 2))
        painter.drawLine(QPointF(room.left(), area.bottom() - sure * area.height()),
                         QPointF(room.right(), area.bottom() - sure * area.height()))  # fmt: skip


class ConfidenceChart(BinChart):
    """How many items the network was about so sure of: right ones upwards, wrong ones downwards and hatched. Each have
    a scale of their own, since a good network leaves few wrong ones to see.
    """

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__(theme, name=name, title="Confidence")
        self._right = self._wrong = np.empty(0, np.int64)

    def show_items(self, confidence: NDArray[np.float64] | None, right: NDArray[np.bool_] | None) -> None:
        """Show N items: how sure the network was of each, 0..1, and whether it was right."""
        self.current = -1
        self._right = self._wrong = np.empty(0, np.int64)
        if confidence is not None and right is not None:
            where = bin_of(confidence)
            self._right = np.bincount(where[right], minlength=BINS)
            self._wrong = np.bincount(where[~right], minlength=BINS)
        self.update()

    def bins(self) -> int:
        return len(self._right)

    def count(self, index: int) -> int:
        return int(self._right[index] + self._wrong[index])

    def top_text(self) -> str:
        return f"{_most(self._right):,}" if self.bins() else ""

    def words(self, index: int) -> str:
        """``"80 to 85 % sure: 24 right, 3 wrong"``."""
        low, high = 100 * index // BINS, 100 * (index + 1) // BINS
        return f"{low} to {high} % sure: {int(self._right[index]):,} right, {int(self._wrong[index]):,} wrong"

    def paint(self, painter: QPainter, area: QRectF) -> None:
        middle, half = area.center().y(), area.height() / 2
        for share, text in ((1.0, self.top_text()), (0.5, "0"), (0.0, f"{_most(self._wrong):,}")):
            self.draw_level(painter, area, share=share, text=text)
        painter.setPen(Qt.PenStyle.NoPen)
        for counts, brushes, up in (
            (self._right, (QBrush(QColor(self._theme.series_colour(0))),), True),
            (self._wrong, _wrong_brushes(self._theme.colours.bad), False),
        ):
            for index in np.flatnonzero(counts).tolist():
                room = self.rect_of(index).adjusted(0.75, 0, -0.75, 0)
                height = max(2.0, int(counts[index]) / _most(counts) * half)
                for brush in brushes:
                    painter.setBrush(brush)
                    painter.drawRect(QRectF(room.left(), middle - height if up else middle, room.width(), height))
        painter.setPen(QPen(QColor(self._theme.colours.muted), 1))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        self._paint_legend(painter, area)

    def _paint_legend(self, painter: QPainter, area: QRectF) -> None:
        """At the right of the head, while no bin is read there; without numbers where there is no room for them."""
        if self.current >= 0:
            return
        metrics = self.fontMetrics()
        side, line = metrics.ascent() * 0.8, metrics.height()
        wrong, right = f"wrong {int(self._wrong.sum()):,}", f"right {int(self._right.sum()):,}"
        room = self.width() - metrics.horizontalAdvance(f"{self.title} {wrong} {right}") - 2 * side - 4 * GAP
        if room < 0:
            wrong, right = "wrong", "right"
        end = float(area.right())
        for text, brushes in (
            (wrong, _wrong_brushes(self._theme.colours.bad)),
            (right, (QBrush(QColor(self._theme.series_colour(0))),)),
        ):
            width = metrics.horizontalAdvance(text)
            painter.setPen(QColor(self._theme.colours.muted))
            painter.drawText(QRectF(end - width, 0, width + 1, line), int(Qt.AlignmentFlag.AlignVCenter), text)
            painter.setPen(Qt.PenStyle.NoPen)
            chip = QRectF(end - width - side - GAP // 2, (line - side) / 2, side, side)
            for brush in brushes:
                painter.setBrush(brush)
                painter.drawRect(chip)
            end = chip.left() - GAP


def _most(counts: NDArray[np.int64]) -> int:
    return max(1, int(counts.max()))


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """int64[N], the bin of the histogram that each item is in; a bin holds its upper edge."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _wrong_brushes(colour: str) -> tuple[QBrush, QBrush]:
    """Told from right ones by more than their colour."""
    faint = QColor(colour)
    faint.setAlphaF(0.35)
    return QBrush(faint), QBrush(QColor(colour), Qt.BrushStyle.BDiagPattern)
