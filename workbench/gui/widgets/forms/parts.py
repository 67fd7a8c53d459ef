"""What a form consists of beside its fields: headings that fold what stands below them, and the strip that explains."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.forms.field import FieldRow

_CHEVRON = 4  # half of the size of the mark that points to the right or down, logical pixels
_LINES = 4  # lines of help that have their place whether they are filled or not


class Heading(QPushButton):
    """Folds and unfolds; says beside its title how much of what it hides is changed or wrong.

    Args:
        title: The words that always stand there.
        main: Whether it heads a section or a part of one.
    """

    def __init__(self, title: str, *, name: str, main: bool, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, title)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title, self._main, self._theme = title, main, theme
        self.detail = self.note = ""
        self._wrong = False
        self._open_before: bool | None = None
        self.toggled.connect(self._on_toggled)
        self.show_state()

    def show_state(self, *, detail: str = "", changed: int = 0, wrong: int = 0) -> None:
        """Say what is below: ``detail`` in a word, how many fields are changed and how many are wrong."""
        self.detail, self._wrong = detail, bool(wrong)
        self.note = f"{wrong} to correct" if wrong else f"{changed} changed" if changed else ""
        self._on_toggled()

    def hold_open(self, held: bool) -> None:
        """Unfold while something is looked for; afterwards be as before."""
        if held and self._open_before is None:
            self._open_before = self.isChecked()
            self.setChecked(True)
        elif not held and self._open_before is not None:
            self.setChecked(self._open_before)
            self._open_before = None

    def _on_toggled(self) -> None:
        words = (self._title, self.detail, self.note, "unfolded" if self.isChecked() else "folded")
        self.setAccessibleName(", ".join(word for word in words if word))
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(
            metrics.horizontalAdvance(self._title) + 6 * GAP,
            metrics.height() + (GAP + GAP // 2 if self._main else GAP),
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.underMouse() and self.isEnabled():
                painter.fillRect(self.rect(), QColor(colours.raised))
            self._paint_chevron(painter)
            left, right = 3 * GAP, self.width() - GAP
            note_width = painter.fontMetrics().horizontalAdvance(self.note)
            if self.note:
                painter.setPen(QColor(colours.bad if self._wrong else colours.accent))
                self._write(painter, self.note, right - note_width, right + GAP // 2)
                right -= note_width + GAP
            font = self.font()
            font.setBold(self._main)
            painter.setFont(font)
            painter.setPen(QColor(colours.text if self.isEnabled() and self._main else colours.muted))
            left = self._write(painter, self._title, left, right) + GAP
            painter.setFont(self.font())
            painter.setPen(QColor(colours.muted))
            self._write(painter, self.detail, left, right)
            if self.hasFocus():
                painter.setPen(QPen(QColor(colours.accent), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 3, 3)

    def _paint_chevron(self, painter: QPainter) -> None:
        painter.setPen(QPen(QColor(self._theme.colours.muted), 1.5, c=Qt.PenCapStyle.RoundCap))
        half, centre = _CHEVRON, QPointF(GAP + _CHEVRON, self.height() / 2)
        across, along = QPointF(half, 0), QPointF(0, half / 2)
        if not self.isChecked():
            across, along = QPointF(0, half), QPointF(half / 2, 0)
        painter.drawPolyline([centre - across - along, centre + along, centre + across - along])

    def _write(self, painter: QPainter, text: str, left: int, right: int) -> int:
        """Write ``text`` from ``left``, shortened where it would pass ``right``; returns where it ends."""
        metrics = painter.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, right - left))
        painter.drawText(QRect(left, 0, max(0, right - left) + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return left + metrics.horizontalAdvance(text)


class HelpStrip(QFrame):
    """Explains the field that has the focus, always at the same place, so that nothing moves while one goes through."""

    HINT = "Choose a setting to read what it does."

    def __init__(self, *, name: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, "Help")
        self._theme = theme
        self._title, self._body, self._facts = QLabel(self), QLabel(self.HINT, self), QLabel(self)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP // 4)
        for label in (self._title, self._body, self._facts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
        self._body.setProperty("role", "muted")
        self._facts.setProperty("role", "muted")
        self._title.hide()
        self._facts.hide()
        column.addStretch(1)
        self.setMinimumHeight(_LINES * self.fontMetrics().lineSpacing() + 3 * GAP)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def explain(self, row: FieldRow | None) -> None:
        """Show the help of ``row``, or how to get some."""
        self._title.setText(row.title if row else "")
        self._body.setText(row.meaning.help if row else self.HINT)
        self._facts.setText(f"{row.facts} · {row.setting}" if row else "")
        self._title.setVisible(row is not None)
        self._facts.setVisible(row is not None)
        self._body.setProperty("role", "" if row else "muted")
        self._body.style().unpolish(self._body)
        self._body.style().polish(self._body)

    def text(self) -> str:
        """All that it says."""
        return "\n".join(label.text() for label in (self._title, self._body, self._facts) if label.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(QColor(self._theme.colours.line))
            painter.drawLine(0, 0, self.width(), 0)
