"""The answers to one question: text and place of each, and what is wrong with it in words."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.text.spans import Marked, is_right_to_left

_MOST_ROWS = 4  # without scrolling
_LONGEST = 300  # characters of an answer that any width could show
_TIP = 2000  # characters of it in its tool tip
DASH = "\N{EN DASH}"


class AnswerList(QTreeWidget):
    """One row an answer; as high as its rows, up to a few.

    Signals:
        chosen: The number of an answer that is to be looked at in the text.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Answers")
        self._theme = theme
        self._marks: tuple[Marked, ...] = ()
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(0)
        self.setIconSize(QSize(ICON, ICON))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(1)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemClicked.connect(self._on_item_clicked)
        self.itemActivated.connect(self._on_item_clicked)
        theme.changed.connect(self._on_theme_changed)

    def show_answers(self, marks: tuple[Marked, ...]) -> None:
        """List these."""
        self._marks = marks
        self.clear()
        for mark in marks:
            text = " ".join(mark.text[:_LONGEST].split())
            row = QTreeWidgetItem([text, place_text(mark)])
            side = Qt.AlignmentFlag.AlignRight if is_right_to_left(text) else Qt.AlignmentFlag.AlignLeft
            row.setTextAlignment(0, side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setToolTip(0, mark.text[:_TIP])
            row.setToolTip(1, place_text(mark))
            row.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{text}, {place_text(mark)}")
            self.addTopLevelItem(row)
        self._on_theme_changed()
        self.setVisible(bool(marks))
        line = max(self.sizeHintForRow(0), ICON + GAP // 2)
        frame = self.height() - self.viewport().height() if self.isVisible() else 2 * GAP
        self.setFixedHeight(min(len(marks), _MOST_ROWS) * line + max(frame, GAP // 2))

    def _on_theme_changed(self) -> None:
        for number, mark in enumerate(self._marks):
            row = self.topLevelItem(number)
            assert row
            row.setIcon(0, self._theme.icon("warning", colour="warning") if not mark.fits else self._swatch(number))
            row.setForeground(1, QColor(self._theme.colours.muted if mark.fits else self._theme.colours.warning))

    def _swatch(self, number: int) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(ICON * ratio), round(ICON * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.series_colour(number)))
        painter.drawRoundedRect(QRect(3, 3, ICON - 6, ICON - 6), 3, 3)
        painter.end()
        return QIcon(pixmap)

    def _on_item_clicked(self, row: QTreeWidgetItem) -> None:
        self.chosen.emit(self.indexOfTopLevelItem(row))


def place_text(mark: Marked) -> str:
    """Where an answer stands, and how often it was given, in words; characters are counted from 0."""
    times = f" \N{MULTIPLICATION SIGN} {mark.times}" if mark.times > 1 else ""
    if mark.fits:
        return f"{mark.start:,}{DASH}{mark.start + len(mark.text):,}{times}"
    said = f"says {mark.start:,}"
    if not mark.places:
        return f"{said}, is nowhere in the text{times}"
    if mark.true is not None:
        return f"{said}, stands at {mark.true:,}{times}"
    return f"{said}, stands at {len(mark.places):,} other places{times}"
