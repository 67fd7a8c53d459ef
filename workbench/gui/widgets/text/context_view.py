"""A text to read with the answers marked in it; thousands of lines of it are there at once."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QTextEdit

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.text.spans import Marked, Positions, Segment, segments, shown

_LINE_HEIGHT = 135.0  # per cent
_STRENGTH = 0.3  # of an answer's colour behind its text
_FROM_TOP = 0.3  # where in the view a place is put that is gone to
_Underline = QTextCharFormat.UnderlineStyle


class ContextView(QTextEdit):
    """Read only; positions are characters (code points), as sources count them."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "Text")
        self._theme = theme
        self._marks: tuple[Marked, ...] = ()
        self._segments: tuple[Segment, ...] = ()
        self._found: Sequence[tuple[int, int]] = ()
        self._text = ""
        self._positions = Positions("")
        self._goal: int | None = None  # what was gone to, until the person scrolls: kept in view when the size changes
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        self.document().setDefaultTextOption(option)
        self.document().setDocumentMargin(GAP)
        self.verticalScrollBar().sliderMoved.connect(self._on_scrolled_by_hand)
        theme.changed.connect(self._mark)

    def show_text(self, text: str, marks: tuple[Marked, ...]) -> None:
        """Show ``text`` from its first answer on."""
        if text != self._text:
            self._goal = None  # clearing may take a scroll bar away, which changes the size
            self._text, self._positions, self._found = text, Positions(text), ()
            self.clear()
            cursor = self.textCursor()
            spacious = QTextBlockFormat()
            spacious.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            cursor.setBlockFormat(spacious)
            cursor.insertText(shown(text))
        self._marks, self._segments = marks, segments(marks, text)
        self._mark()
        self._put_cursor(0, 0)
        if marks:
            first = min(marks, key=lambda mark: mark.target)
            self._scroll_to(first.target)
        else:
            self._goal = None
            self.verticalScrollBar().setValue(0)

    @property
    def marked_segments(self) -> tuple[Segment, ...]:
        return self._segments

    def show_found(self, found: Sequence[tuple[int, int]]) -> None:
        """Mark these places, first character and the one after the last, beside the answers."""
        self._found = found
        self._mark()

    def go_to(self, start: int, end: int) -> None:
        """Select a stretch and bring it into view; what lies outside the text is as if at its end."""
        self._put_cursor(start, end)
        self._scroll_to(start)

    def selected_text(self) -> str:
        """What is selected, lines parted by line feeds."""
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def _put_cursor(self, start: int, end: int) -> None:
        cursor = self.textCursor()
        cursor.setPosition(self._unit(start))
        cursor.setPosition(self._unit(end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)

    def _unit(self, character: int) -> int:
        return self._positions.units(max(0, min(character, len(self._text))))

    def _scroll_to(self, character: int) -> None:
        self._goal = character
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._unit(character))
        bar = self.verticalScrollBar()
        top = self.cursorRect(cursor).top() + bar.value()
        bar.setValue(round(top - _FROM_TOP * self.viewport().height()))

    def _mark(self) -> None:
        """Hand the view what to paint behind and below which stretches."""
        selections = []
        for segment in self._segments:
            selections.append(self._selection(segment.start, segment.end, self._format(segment)))
        sign = QTextCharFormat()
        sign.setBackground(QColor(self._theme.colours.selection))
        sign.setForeground(QColor(self._theme.colours.text))
        sign.setUnderlineStyle(_Underline.DotLine)
        selections += [self._selection(start, end, sign) for start, end in self._found]
        self.setExtraSelections(selections)

    def _selection(self, start: int, end: int, look: QTextCharFormat) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._unit(start))
        cursor.setPosition(self._unit(end), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor, selection.format = cursor, look
        return selection

    def _format(self, segment: Segment) -> QTextCharFormat:
        colours, look = self._theme.colours, QTextCharFormat()
        look.setForeground(QColor(colours.text))
        tints = [self._theme.series_colour(number) for number in (*segment.answers, *segment.found)]
        background, share = colours.surface, _STRENGTH / max(1, len(tints)) ** 0.5  # the text stays legible on many
        for tint in tints:
            background = mixed(background, tint, share)
        if tints:
            look.setBackground(QColor(background))
        if segment.said and not tints:
            look.setForeground(QColor(colours.warning))
            look.setFontStrikeOut(True)
        elif segment.said:
            look.setUnderlineStyle(_Underline.WaveUnderline)
            look.setUnderlineColor(QColor(colours.warning))
        elif segment.found:
            look.setUnderlineStyle(_Underline.DashUnderline)
            look.setUnderlineColor(QColor(colours.text))
        elif len(segment.answers) > 1:
            look.setUnderlineStyle(_Underline.SingleUnderline)
            look.setUnderlineColor(QColor(colours.text))
        return look

    def _on_scrolled_by_hand(self) -> None:
        self._goal = None

    # What Qt tells

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._goal = None
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._goal = None
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._goal is not None:
            self._scroll_to(self._goal)


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, ``share`` of the way to the other."""
    a, b = QColor(one), QColor(other)
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round((1 - share) * first + share * second) for first, second in parts)).name()
