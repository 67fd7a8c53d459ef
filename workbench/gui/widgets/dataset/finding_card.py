"""One finding: how bad, what, how many, where, and what can be done about it."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

SEVERITIES = {
    "error": ("error", "bad", "Error"),
    "warning": ("warning", "warning", "Warning"),
    "info": ("info", "accent", "Note"),
}
_DETAILS = 5  # that are told


def count_text(finding: "Finding", *, noun: str) -> str:
    """``"552,156 pixels in 29 images"``, ``"12 images"``."""
    unit = finding.unit if finding.count != 1 else _singular(finding.unit)
    words = f"{finding.count:,} {unit}"
    items = len(finding.items)
    if finding.unit != f"{noun}s" and items not in (0, finding.count):
        words += f" in {items:,} {noun}{'' if items == 1 else 's'}"
    return words


def _singular(plural: str) -> str:
    return f"{plural[:-2]}" if plural.endswith("classes") else plural.removesuffix("s")


class FindingCard(QFrame):
    """Signals:
    acted: One of ``"show"``, ``"exclude"``, ``"exclude-duplicates"``, ``"exclude-leaks"``, or ``"repair:<name>"``.
    """

    acted = Signal(str)

    def __init__(
        self,
        finding: "Finding",
        theme: Theme,
        *,
        number: int,
        noun: str,
        details: Sequence[str],
        repairs: Sequence[tuple[str, str]],
        leaks: int,
    ) -> None:
        super().__init__()
        self.finding = finding
        self.setProperty("card", True)
        self._theme = theme
        icon, colour, word = SEVERITIES[finding.severity]
        self._icon, self._colour = icon, colour
        self._sign = QLabel()
        severity = QLabel(word)
        severity.setProperty("role", {"error": "error", "warning": "warning", "info": "muted"}[finding.severity])
        title = WrappedLabel(finding.title)
        title.setProperty("role", "heading")
        count = QLabel(count_text(finding, noun=noun))
        count.setProperty("role", "badge")
        head = QHBoxLayout()
        head.setSpacing(GAP)
        top = Qt.AlignmentFlag.AlignTop
        head.addWidget(self._sign, 0, top)
        head.addWidget(severity, 0, top)
        head.addWidget(title, 1, top)
        head.addWidget(count, 0, top)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        column.setSpacing(GAP // 2)
        column.addLayout(head)
        if details:
            words = WrappedLabel("\n".join(details[:_DETAILS]))
            words.setProperty("role", "muted")
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(words)
        if finding.remedy:
            column.addWidget(WrappedLabel(finding.remedy))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP)
        self._add_buttons(number, noun=noun, repairs=repairs, leaks=leaks)
        if self._buttons.count():
            self._buttons.addStretch(1)
            column.addLayout(self._buttons)
        self.setAccessibleName(f"{word}: {finding.title}, {count.text()}")
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _add_buttons(self, number: int, *, noun: str, repairs: Sequence[tuple[str, str]], leaks: int) -> None:
        finding = self.finding
        name = f"data.finding-{number}"
        if len(finding.items):
            self._button("Show the items", f"{name}-show", icon="filter", act="show")
        if repairs:
            button = named(QPushButton("Repair\N{HORIZONTAL ELLIPSIS}"), f"{name}-repair", "Repair in a copy")
            menu = QMenu(button)
            for id, title in repairs:
                action = menu.addAction(title)
                action.setObjectName(f"{name}-repair-{id}")
                action.triggered.connect(partial(self._on_acted, f"repair:{id}"))
            menu.addSeparator()
            menu.addAction("Makes a repaired copy; this dataset stays as it is").setEnabled(False)
            button.setMenu(menu)
            self._buttons.addWidget(button)
        if finding.clusters:
            if leaks:
                self._button(
                    f"Exclude the {leaks:,} in train", f"{name}-exclude-leaks", icon="eye-off", act="exclude-leaks",
                    about=f"Exclude every {noun} in train that is also in validation or test",
                )  # fmt: skip
            self._button(
                "Exclude all but one of each", f"{name}-exclude-duplicates", icon="eye-off", act="exclude-duplicates"
            )
        elif len(finding.items) and finding.severity != "info":
            words = "this" if len(finding.items) == 1 else "these"
            nouns = noun if len(finding.items) == 1 else f"{noun}s"
            self._button(f"Exclude {words} {nouns}", f"{name}-exclude", icon="eye-off", act="exclude")

    def _button(self, text: str, name: str, *, icon: str, act: str, about: str = "") -> None:
        button = named(QPushButton(text), name, text)
        button.setIcon(self._theme.icon(icon))
        button.setToolTip(about)
        button.clicked.connect(partial(self._on_acted, act))
        self._buttons.addWidget(button)

    def _on_acted(self, act: str, checked: bool = False) -> None:
        self.acted.emit(act)

    def _on_theme_changed(self) -> None:
        self._sign.setPixmap(self._theme.icon(self._icon, colour=self._colour).pixmap(ICON, ICON))
