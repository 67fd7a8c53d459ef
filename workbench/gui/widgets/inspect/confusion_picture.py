"""What is drawn of a confusion matrix: a colour and a text for each cell, in the order that is wanted.

Prepared once whenever that changes, so that zooming and moving only draw.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QStaticText

from workbench.gui.models.confusion import HEADER, Cell, ConfusionTable, Counting, percent_text
from workbench.gui.theme import Theme
from workbench.gui.widgets.inspect.confusion_colours import LEVELS, Entry, Scale, colour_table, dark_text
from workbench.gui.widgets.inspect.confusion_frame import Frame

_SMALLEST_TEXT = 0.8  # of the usual size; below that there are no numbers
_LARGEST_TEXT = 1.6
_AROUND = 4.0  # pixels of a cell beside its number
_LINES = 3.4  # heights of a line from which on a cell has a second one
_LINED = 10.0  # side of a cell from which on lines part the cells
_HIDDEN = 3 * LEVELS


class MatrixPicture:
    """A table, counted in one way and in one order.

    Attributes:
        rows, columns: int64, labels in order; the row without labels, if there is one, is the last.
        values: float64[R, K] in that order: items or shares.
    """

    def __init__(
        self, table: ConfusionTable, *, counting: Counting, order: NDArray[np.int64], hide_right: bool
    ) -> None:
        self.table, self.counting, self.hide_right = table, counting, hide_right
        self.columns = order
        self.rows = np.append(order, len(order)) if table.has_unlabelled else order
        shares, counts = table.shares(counting), table.counts
        cells = np.ix_(self.rows, self.columns)
        self._counts, self._shares = counts[cells], shares[cells]
        self.values = self._counts.astype(np.float64) if counting is Counting.COUNTS else self._shares
        kinds = np.full(self.values.shape, int(Scale.WRONG))
        kinds[np.arange(len(order)), np.arange(len(order))] = int(Scale.RIGHT)
        kinds[len(order) :] = int(Scale.NO_LABEL)
        self._kinds = kinds
        self.most = [float(self.values[kinds == kind].max(initial=0.0)) for kind in Scale]
        if counting is not Counting.COUNTS:
            self.most[Scale.RIGHT] = 1.0
        ends = np.array([most or 1.0 for most in self.most])[kinds]
        self.levels = (kinds * LEVELS + np.ceil(self.values / ends * (LEVELS - 1))).astype(np.int64)
        if hide_right:
            self.levels[kinds == int(Scale.RIGHT)] = _HIDDEN
        self._texts, self._numbers = self._worded()

    def row_of(self, truth: int) -> int:
        """Place of a row; -1 for none."""
        return -1 if truth == HEADER else int(np.flatnonzero(self.rows == truth)[0])

    def column_of(self, predicted: int) -> int:
        return -1 if predicted == HEADER else int(np.flatnonzero(self.columns == predicted)[0])

    def cell(self, row: int, column: int) -> Cell:
        """The labels at a place; -1 stands for the whole row or column."""
        return Cell(HEADER if row < 0 else int(self.rows[row]), HEADER if column < 0 else int(self.columns[column]))

    def text(self, row: int, column: int) -> str:
        """What stands in a cell; nothing where there are no items, or they are hidden."""
        number = int(self._numbers[row, column])
        return "" if number < 0 or self.levels[row, column] == _HIDDEN else self._texts[number]

    def _worded(self) -> tuple[list[str], NDArray[np.int64]]:
        """The different texts, and int64[R, K], which of them stands in a cell; -1 for none."""
        filled = self.values > 0
        distinct, places = np.unique(self.values[filled], return_inverse=True)
        counted = self.counting is Counting.COUNTS
        texts = [f"{int(value):,}" if counted else percent_text(float(value)) for value in distinct]
        numbers = np.full(self.values.shape, -1, np.int64)
        numbers[filled] = places
        return texts, numbers

    def second_text(self, row: int, column: int) -> str:
        """What stands below it where there is room: the share beside a count, the count beside a share."""
        count, share = int(self._counts[row, column]), float(self._shares[row, column])
        return f"{percent_text(share)} %" if self.counting is Counting.COUNTS else f"{count:,}"

    @property
    def widest(self) -> str:
        """The text of the greatest cell; hardly any is wider."""
        most = float(self.values[self.levels != _HIDDEN].max(initial=0.0))
        return f"{int(most):,}" if self.counting is Counting.COUNTS else percent_text(most)

    def legend(self) -> list[Entry]:
        """The scales that are used."""
        titles = {Scale.RIGHT: "Right", Scale.WRONG: "Wrong", Scale.NO_LABEL: "No label"}
        used = [Scale.WRONG] if self.hide_right else [Scale.RIGHT, Scale.WRONG]
        if self.table.has_unlabelled and self.counting is not Counting.PRECISION:
            used.append(Scale.NO_LABEL)
        used = [scale for scale in used if self.most[scale] > 0]  # a scale from 0 to 0 says nothing
        return [Entry(scale=scale, title=titles[scale], low="0", high=self._end(self.most[scale])) for scale in used]

    def _end(self, most: float) -> str:
        return f"{int(most):,}" if self.counting is Counting.COUNTS else f"{percent_text(most)} %"

    # Drawing

    def paint(self, painter: QPainter, frame: Frame, *, theme: Theme, font: QFont) -> None:
        """The cells that are in sight, with their numbers where these can be read."""
        rows, columns = frame.rows_seen(), frame.columns_seen()
        if not rows or not columns:
            return
        table = colour_table(theme)
        levels = self.levels[rows.start : rows.stop, columns.start : columns.stop]
        pixels = np.ascontiguousarray(table[levels])
        image = QImage(pixels.data, len(columns), len(rows), 4 * len(columns), QImage.Format.Format_RGB32)
        first, last = frame.rect(rows.start, columns.start), frame.rect(rows.stop - 1, columns.stop - 1)
        painter.save()
        painter.setClipRect(frame.seen)
        painter.drawImage(first.united(last), image)
        self._paint_lines(painter, frame, theme=theme)
        if (scale := _scale(frame.cell, self.widest, font)) > 0:
            self._paint_numbers(painter, frame, dark_text(table), scale=scale, font=font)
        painter.restore()

    def _paint_lines(self, painter: QPainter, frame: Frame, *, theme: Theme) -> None:
        seen = frame.seen
        painter.setPen(QPen(QColor(theme.colours.line), 0))
        if frame.cell >= _LINED:
            for row in frame.rows_seen():
                painter.drawLine(QPointF(seen.left(), frame.edge_y(row)), QPointF(seen.right(), frame.edge_y(row)))
            for column in frame.columns_seen():
                x = frame.edge_x(column)
                painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))
        painter.drawRect(seen.adjusted(0, 0, -1, -1))
        if self.table.has_unlabelled:
            painter.setPen(QPen(QColor(theme.colours.text), 2))
            y = frame.edge_y(len(self.columns))
            painter.drawLine(QPointF(seen.left(), y), QPointF(seen.right(), y))

    def _paint_numbers(
        self, painter: QPainter, frame: Frame, dark: NDArray[np.bool_], *, scale: float, font: QFont
    ) -> None:
        rows, columns = frame.rows_seen(), frame.columns_seen()
        used = QFont(font)
        used.setPointSizeF(font.pointSizeF() * scale)
        painter.setFont(used)
        metrics = QFontMetricsF(used)
        line = metrics.height()
        twice = frame.cell >= _LINES * line and metrics.horizontalAdvance("100 %") + _AROUND <= frame.cell
        seen = np.s_[rows.start : rows.stop, columns.start : columns.stop]
        levels, numbers = self.levels[seen], self._numbers[seen]
        filled = (numbers >= 0) & (levels != _HIDDEN)
        rise = 0.1 * line - line if twice else -line / 2
        halves = [frame.edge_y(row) + frame.cell / 2 for row in rows]
        middles = [frame.edge_x(column) + frame.cell / 2 for column in columns]
        # A matrix may have thousands of cells in sight: one pen for all on dark cells, then one for those on
        # light ones, and each text laid out once.
        prepared: dict[int, tuple[QStaticText, float]] = {}
        for ink, here in (("#ffffff", filled & ~dark[levels]), ("#000000", filled & dark[levels])):
            painter.setPen(QColor(ink))
            for row, column, number in zip(*(part.tolist() for part in (*here.nonzero(), numbers[here])), strict=True):
                if number not in prepared:
                    text = self._texts[number]
                    prepared[number] = QStaticText(text), metrics.horizontalAdvance(text) / 2
                static, half = prepared[number]
                painter.drawStaticText(int(middles[column] - half), int(halves[row] + rise), static)
            if twice:
                self._paint_second(painter, frame, here, top=halves, first=(rows.start, columns.start), line=line)

    def _paint_second(
        self,
        painter: QPainter,
        frame: Frame,
        here: NDArray[np.bool_],
        *,
        top: list[float],
        first: tuple[int, int],
        line: float,
    ) -> None:
        for row, column in np.argwhere(here).tolist():
            rect = frame.rect(row + first[0], column + first[1])
            rect.setTop(top[row] + 0.1 * line)
            painter.drawText(rect, _TOP, self.second_text(row + first[0], column + first[1]))


_TOP = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)


def _scale(cell: float, widest: str, font: QFont) -> float:
    """How large numbers are, in usual sizes; 0 where a cell is too small for them."""
    metrics = QFontMetricsF(font)
    wide, high = metrics.horizontalAdvance(widest) + 1, metrics.height()
    scale = min(max(1.0, min(_LARGEST_TEXT, cell / (5 * high))), (cell - _AROUND) / wide, (cell - 2) / high)
    return scale if scale >= _SMALLEST_TEXT else 0.0
