"""Finding words in the text that is read: every place marked, one of them the current one."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme

MOST_FOUND = 1000  # places that are marked


class FindBar(QWidget):
    """Hidden until :meth:`begin`.

    Signals:
        changed: :attr:`found` is different.
        gone_to: This place is to be brought into view: its first character and the one after its last.
        closed: It was put away; nothing is found any more.
    """

    changed = Signal()
    gone_to = Signal(int, int)
    closed = Signal()

    def __init__(self, theme: Theme, *, panel: str) -> None:
        super().__init__()
        self.found: tuple[tuple[int, int], ...] = ()
        """First character of each place and the one after its last."""
        self.current = -1
        """The place that was gone to last."""
        self._text, self._start = "", 0
        self._wanted = named(QLineEdit(), f"{panel}.find", "Find in this text")
        self._wanted.setPlaceholderText("Find in this text")
        self._wanted.setClearButtonEnabled(True)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._count.setMinimumWidth(self.fontMetrics().horizontalAdvance("1,000 of 1,000+"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._wanted, 1)
        row.addWidget(self._count)
        for thing, icon, words, slot in (
            ("find-previous", "chevron-up", "Previous place (Shift+Enter)", self._on_previous_clicked),
            ("find-next", "chevron-down", "Next place (Enter)", self._on_next_clicked),
            ("find-close", "close", "Close (Escape)", self.finish),
        ):
            button = named(QToolButton(), f"{panel}.{thing}", words.split(" (")[0])
            button.setToolTip(words)
            button.setIcon(theme.icon(icon))
            button.clicked.connect(slot)
            row.addWidget(button)
        self._wanted.textChanged.connect(self._on_wanted_changed)
        self.hide()

    def begin(self) -> None:
        """Show it and take the keyboard."""
        self.show()
        self._wanted.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._wanted.selectAll()
        self._on_wanted_changed()

    def finish(self) -> None:
        """Put it away."""
        if not self.isHidden():
            self.hide()
            self._search()
            self.closed.emit()

    def look_in(self, text: str, *, start: int = 0) -> None:
        """Search another text for the same words, without going there.

        Args:
            start: The character from which on places are gone to first.
        """
        self._text, self._start = text, start
        self._search()

    def _search(self) -> None:
        wanted = "" if self.isHidden() else self._wanted.text()
        places: list[tuple[int, int]] = []
        if wanted:
            for match in re.finditer(re.escape(wanted), self._text, re.IGNORECASE):
                places.append(match.span())
                if len(places) == MOST_FOUND:
                    break
        self.found = tuple(places)
        following = (number for number, place in enumerate(places) if place[0] >= self._start)
        self.current = next(following, 0) if places else -1
        self._tell()
        self.changed.emit()

    def _step(self, step: int) -> None:
        if self.found:
            self.current = (self.current + step) % len(self.found)
            self._tell()
            self.gone_to.emit(*self.found[self.current])

    def _tell(self) -> None:
        count = f"{len(self.found):,}" + ("+" if len(self.found) == MOST_FOUND else "")
        words = f"{self.current + 1:,} of {count}" if self.found else "Not found"
        self._count.setText(words if self._wanted.text() else "")

    def _on_wanted_changed(self) -> None:
        self._search()
        self._step(0)

    def _on_previous_clicked(self) -> None:
        self._step(-1)

    def _on_next_clicked(self) -> None:
        self._step(1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape:
                self.finish()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            case _:
                super().keyPressEvent(event)
