"""Which line is which, beside the chart and never over it; a click or the space bar takes a line away and
brings it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.plots import painting as paint

_SAMPLE = 20.0  # logical pixels of line in front of a word


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend. ``colour`` is an index of the theme's series, ``#rrggbb``, or empty for the text's.

    ``muted`` ones stand for lines that are pale and thin.
    """

    label: str
    colour: int | str = ""
    dashed: bool = False
    dotted: bool = False
    muted: bool = False


def entry_style(entry: Entry, theme: Theme) -> paint.Style:
    if entry.muted:
        return paint.Style(QColor(theme.colours.muted), width=paint.THIN)
    colour = theme.series_colour(entry.colour) if isinstance(entry.colour, int) else entry.colour
    return paint.Style(QColor(colour or theme.colours.text), dashed=entry.dashed, dotted=entry.dotted)


class Legend(QWidget):
    """The entries, each a switch. One of them is a stop of the tab key; the arrow keys go from one to the next.

    Signals:
        hidden_changed: The labels that are switched off, a frozenset.
    """

    hidden_changed = Signal(object)

    def __init__(self, theme: Theme, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._name = theme, name
        self._entries: tuple[Entry, ...] = ()
        self._buttons: list[_Switch] = []
        self._layout = FlowLayout(self, gap=GAP // 2)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    @property
    def hidden(self) -> frozenset[str]:
        """Labels that are switched off."""
        return frozenset(button.entry.label for button in self._buttons if not button.isChecked())

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; what was switched off under the same label stays off."""
        if tuple(entries) == self._entries:
            return
        hidden = self.hidden
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.setParent(None)
            button.deleteLater()
        self._entries = tuple(entries)
        self._buttons = []
        for index, entry in enumerate(self._entries):
            button = _Switch(entry, self._theme, self)
            named(button, f"{self._name}.{index}", f"Show {entry.label}")
            button.setChecked(entry.label not in hidden)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if index == 0 else Qt.FocusPolicy.ClickFocus)
            button.toggled.connect(self._on_button_toggled)
            self._layout.addWidget(button)
            button.show()
            self._buttons.append(button)
        self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        at = next((index for index, button in enumerate(self._buttons) if button.hasFocus()), None)
        if event.key() in steps and at is not None:
            going = self._buttons[(at + steps[Qt.Key(event.key())]) % len(self._buttons)]
            self._buttons[at].setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            going.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            going.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            event.ignore()

    def _on_button_toggled(self, on: bool) -> None:
        self.hidden_changed.emit(self.hidden)


class _Switch(QAbstractButton):
    """A piece of line and a word; struck out when it is off."""

    def __init__(self, entry: Entry, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._theme = theme
        self.setText(entry.label)
        self.setToolTip(f"Show or hide {entry.label}")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        width = GAP + _SAMPLE + GAP * 0.75 + metrics.horizontalAdvance(self.text()) + GAP
        return QSize(round(width), round(metrics.height() + GAP * 0.75))

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        least = round(GAP * 3 + _SAMPLE + metrics.horizontalAdvance("mmm…"))
        return QSize(min(least, self.sizeHint().width()), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()  # the legend's: an abstract button would walk through every button of the window
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        paint_entry(
            painter, area.adjusted(GAP, 0, -GAP / 2, 0), entry=self.entry, theme=self._theme, on=self.isChecked()
        )


def paint_entry(painter: QPainter, area: QRectF, *, entry: Entry, theme: Theme, on: bool = True) -> None:
    """The sample and the word of one entry, in a painter's own font."""
    colours = theme.colours
    font = painter.font()
    font.setStrikeOut(not on)
    painter.setFont(font)
    if on:
        sample = QRectF(area.left(), area.top(), _SAMPLE, area.height())
        paint.draw_sample(painter, sample, style=entry_style(entry, theme))
    else:
        painter.setPen(QPen(QColor(colours.muted), 1))
        middle = paint.sharp(area.center().y())
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.left() + _SAMPLE, middle))
    painter.setPen(QColor(colours.text if on else colours.muted))
    words = area.adjusted(_SAMPLE + GAP * 0.75, 0, 0, 0)
    text = QFontMetricsF(font).elidedText(entry.label, Qt.TextElideMode.ElideRight, words.width() + 1)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
