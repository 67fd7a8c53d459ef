"""The classes of a source, each with its number of items as a bar, in as many columns as fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

_CHARACTERS = 26  # of the narrowest column
_MOST_ROWS = 4
_TINT = 0.16


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class: its name, the colour of its chip, how many items it has (-1 where that was not counted)."""

    name: str
    colour: str
    count: int = -1


class ClassList(QWidget):
    """Paints up to four rows of classes; what does not fit is counted in the last place."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        named(self, "data.import-classes", "Classes")
        self._theme = theme
        self._lines: list[ClassLine] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_classes(self, lines: Sequence[ClassLine]) -> None:
        self._lines = list(lines)
        self.setAccessibleDescription(", ".join(_words(line) for line in self._lines))
        self._fit()
        self.update()

    def _columns(self, width: int) -> int:
        return max(1, width // (self.fontMetrics().averageCharWidth() * _CHARACTERS))

    def _row(self) -> int:
        return self.fontMetrics().height() + GAP // 2

    def _rows(self) -> int:
        return min(_MOST_ROWS, -(-len(self._lines) // self._columns(self.width())))

    def _fit(self) -> None:
        """As high as the lines need at this width; a scroll area asks nobody how high that would be."""
        self.setFixedHeight(self._rows() * self._row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 2 * _CHARACTERS, self._rows() * self._row())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * _CHARACTERS, self._row())

    def _places(self) -> list[tuple[ClassLine, QRect]]:
        """The lines that are shown, column by column; the last may stand for all that are not."""
        columns = self._columns(self.width())
        rows = self._rows()
        shown = self._lines[: rows * columns]
        left_over = len(self._lines) - len(shown)
        if left_over:
            shown[-1] = ClassLine(f"and {left_over + 1:,} more", "")
        width = (self.width() + 2 * GAP) // columns
        return [
            (line, QRect(number // rows * width, number % rows * self._row(), width - 2 * GAP, self._row()))
            for number, line in enumerate(shown)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        most = max((line.count for line in self._lines), default=0)
        for line, rect in self._places():
            self._paint_line(painter, line, rect, share=line.count / most if most > 0 and line.count > 0 else 0.0)

    def _paint_line(self, painter: QPainter, line: ClassLine, rect: QRect, *, share: float) -> None:
        colours, metrics = self._theme.colours, self.fontMetrics()
        inside = rect.adjusted(0, 1, 0, -1)
        if line.colour and line.count >= 0:
            bar = QColor(colours.accent)
            bar.setAlphaF(_TINT)
            painter.fillRect(inside, QColor(colours.raised))
            painter.fillRect(QRect(inside.topLeft(), QSize(round(inside.width() * share), inside.height())), bar)
        text = inside.adjusted(GAP // 2, 0, -GAP // 2, 0)
        vertical = Qt.AlignmentFlag.AlignVCenter
        if line.colour:
            side = metrics.height() // 2
            chip = QRect(text.left(), text.center().y() - side // 2, side, side)
            painter.fillRect(chip, QColor(line.colour))
            painter.setPen(QColor(colours.muted))
            painter.drawRect(chip.adjusted(0, 0, -1, -1))
            text.adjust(side + GAP // 2, 0, 0, 0)
        if line.count >= 0:
            number = f"{line.count:,}"
            painter.setPen(QColor(colours.muted))
            painter.drawText(text, int(Qt.AlignmentFlag.AlignRight | vertical), number)
            text.adjust(0, 0, -metrics.horizontalAdvance(number) - GAP, 0)
        painter.setPen(QColor(colours.text if line.colour else colours.muted))
        name = metrics.elidedText(line.name, Qt.TextElideMode.ElideMiddle, text.width())
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | vertical), name)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            places = self._places()
            under = next((line for line, rect in places if rect.contains(event.pos())), None)
            words = _words(under) if under else ""
            if under and not under.colour:
                words = ", ".join(line.name for line in self._lines[len(places) - 1 :])[:2000]
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


def _words(line: ClassLine) -> str:
    return f"{line.name}: {line.count:,}" if line.count >= 0 else line.name
