"""What every panel is: a bar for errors, a page that teaches while there is nothing to show, and the content."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from workbench.gui.actions import Action, Trigger
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.workspace import Workspace

_PICTURE = 48  # logical pixels of the icon on an empty page
_READABLE = 60  # characters in a line that is easy to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """What an empty panel says: what it is for, and the one command that fills it.

    Attributes:
        icon: A name in ``resources/icons``.
        title: What is missing, in a few words.
        text: What the panel is for, in a sentence or two.
        action: Id of the command; empty for none. ``button`` is what stands on it.
        other, other_button: A second way out, in the same words.
    """

    icon: str
    title: str
    text: str
    action: str = ""
    button: str = ""
    other: str = ""
    other_button: str = ""


class Panel(QWidget):
    """Base of the panels. A subclass fills :attr:`content` and overrides what it needs.

    Args:
        id: ``"train"``; the first part of its widgets' names.
        workspace: What it shows and acts on.
        theme: Colours and icons.
        trigger: Runs any command of the program by its id, for buttons that lead to other panels.
    """

    def __init__(self, id: str, *, workspace: Workspace, theme: Theme, trigger: Trigger) -> None:
        super().__init__()
        self.id, self.workspace, self.theme, self.trigger = id, workspace, theme, trigger
        self.setObjectName(id)
        self.errors = ErrorBar(theme, name=f"{id}.error")
        self.content = QWidget()
        self._empty = _EmptyPage(id, theme, trigger)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.content)
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.errors)
        layout.addWidget(pages, 1)

    def commands(self) -> list[Action]:
        """The panel's own entries for the table of actions. Their ids begin with the panel's."""
        return []

    def show_empty(self, empty: Empty | None) -> None:
        """Show the page that teaches, or the content again for ``None``."""
        if empty:
            self._empty.fill(empty)
        self._pages.setCurrentWidget(self._empty if empty else self.content)

    @property
    def is_empty(self) -> bool:
        return self._pages.currentWidget() is self._empty

    def show_error(self, error: BaseException, *, doing: str) -> None:
        """Show ``error`` above the content; ``doing`` completes "while …"."""
        self.errors.show_error(error, doing=doing)

    def leave(self) -> None:
        """The window closes for good: end what would outlive it."""

    def state(self) -> dict[str, object]:
        """Plain values (for JSON) to remember for the next time: widths, choices. No content."""
        return {}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; what is missing or makes no sense is passed over."""


class _EmptyPage(QWidget):
    def __init__(self, panel: str, theme: Theme, trigger: Trigger) -> None:
        super().__init__()
        self._theme, self._trigger, self._content = theme, trigger, Empty(icon=panel, title=" ", text="")
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self._title = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self._title.setProperty("role", "title")
        self._text = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter, wordWrap=True)
        self._text.setProperty("role", "muted")
        self._text.setFixedWidth(self.fontMetrics().averageCharWidth() * _READABLE)
        self._button = named(QPushButton(), f"{panel}.fill", "Begin")
        self._button.setProperty("primary", True)
        self._other = named(QPushButton(), f"{panel}.fill-other", "Begin otherwise")
        for button in (self._button, self._other):
            button.clicked.connect(self._on_button_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(GAP)
        column.addStretch(2)
        column.addWidget(self._picture)
        column.addSpacing(GAP)
        column.addWidget(self._title)
        column.addWidget(self._text, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(GAP)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._other, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        theme.changed.connect(self._on_theme_changed)

    def fill(self, content: Empty) -> None:
        self._content = content
        self._title.setText(content.title)
        self._text.setText(content.text)
        self._text.setFixedHeight(self._text.heightForWidth(self._text.width()))
        for button, action, text in (
            (self._button, content.action, content.button),
            (self._other, content.other, content.other_button),
        ):
            button.setText(text)  # first: a button that appears is laid out for what stands on it
            button.setVisible(bool(action))
            button.setAccessibleName(text or "Begin")
            button.setProperty("command", action)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        colour = self._theme.colours.muted
        self._picture.setPixmap(self._theme.icon(self._content.icon, colour=colour).pixmap(_PICTURE, _PICTURE))

    def _on_button_clicked(self) -> None:
        self._trigger(str(self.sender().property("command")))
