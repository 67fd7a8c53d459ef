"""Looks at a trained run, one tab each. A page is imported and made when somebody first turns to it.

Which looks there are is the panel's that has them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.gui.models.looked_run import LookedRun
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme


@dataclass(frozen=True, slots=True)
class Look:
    """A page: its id, its title, and what makes it from the model and the theme."""

    id: str
    title: str
    path: str


class Page(Protocol):
    """What a page can do beside being a widget. ``first`` (the widget that the keys begin with; no focus proxy, which
    would take the others out of the order of tabs), ``state``, ``restore`` and ``tables`` may be missing.
    """

    def figures(self) -> dict[str, QWidget]:
        """Title to what is grabbed as a picture."""
        ...


class LookPages(QWidget):
    """Args:
        looks: The pages, each made with ``model`` and the theme.
        name, about: Of the tabs.

    Signals:
        turned: Id of the page that is in view now.
    """

    turned = Signal(str)

    def __init__(self, model: LookedRun, theme: Theme, *, looks: Sequence[Look], name: str, about: str) -> None:
        super().__init__()
        self._model, self._theme, self.looks = model, theme, tuple(looks)
        self._made: dict[str, QWidget] = {}
        self._states: dict[str, dict[str, object]] = {}
        self.tabs = named(QTabBar(), name, about)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for look in self.looks:
            self.tabs.setTabData(self.tabs.addTab(look.title), look.id)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        model.changed.connect(self._on_model_changed)
        model.page_wanted.connect(self.turn_to)

    @property
    def current(self) -> str:
        return str(self.tabs.tabData(self.tabs.currentIndex()))

    def turn_to(self, id: str) -> None:
        """Bring a page into view; an unknown one changes nothing."""
        index = next((index for index, look in enumerate(self.looks) if look.id == id), -1)
        if index >= 0:
            self.tabs.setCurrentIndex(index)
            self._show_current()

    def page(self, id: str) -> QWidget:
        """The page called ``id``, made if it is not there yet."""
        if id not in self._made:
            look = next(look for look in self.looks if look.id == id)
            module, _, name = look.path.partition(":")
            make = cast(Callable[[LookedRun, Theme], QWidget], getattr(import_module(module), name))
            page = self._made[id] = make(self._model, self._theme)
            inside = _in_order(page)
            self._stack.addWidget(page)
            for one, after in pairwise((self.tabs, *inside)):  # Qt has put them at the end of the whole window
                self.setTabOrder(one, after)
            restore = getattr(page, "restore", None)
            if restore and id in self._states:
                restore(self._states.pop(id))
        return self._made[id]

    def figures(self) -> dict[str, QWidget]:
        """What can be saved as pictures of the page in view."""
        return self.offers("figures")

    def tables(self) -> dict[str, Callable[[], str]]:
        """What can be saved as tables of the page in view: title to what gives the text of the file."""
        return self.offers("tables")

    def offers(self, what: str) -> dict[str, Any]:
        """What a method of the page in view gives, title to thing; nothing where the page has no such method."""
        method = getattr(self._made.get(self.current), what, None)
        return cast(dict[str, Any], method()) if method else {}

    def _on_tab_changed(self) -> None:
        self._show_current()
        self.turned.emit(self.current)

    def _on_model_changed(self) -> None:
        self._show_current()

    def _show_current(self) -> None:
        """Not before there is something to show: a page brings libraries that take a moment to load."""
        if self._model.shown is None and self.current not in self._made:
            return
        before, page = self._stack.currentWidget(), self.page(self.current)
        focus = QApplication.focusWidget()
        inside = focus is not None and before is not None and before is not page and before.isAncestorOf(focus)
        self._stack.setCurrentWidget(page)
        if inside:  # who works with the keys goes on where the page begins, and not at the other end of the window
            first: QWidget = getattr(page, "first", self.tabs)
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def state(self) -> dict[str, dict[str, object]]:
        """What was set in each page."""
        states = dict(self._states)
        for id, page in self._made.items():
            if state := getattr(page, "state", None):
                states[id] = state()
        return states

    def restore(self, states: dict[str, dict[str, object]]) -> None:
        """Take up what :meth:`state` gave."""
        self._states = {id: state for id, state in states.items() if isinstance(state, dict)}


def _in_order(page: QWidget) -> list[QWidget]:
    """What of a page the Tab key reaches, in its order."""
    found, widget = [], page.nextInFocusChain()
    while widget is not None and widget is not page:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found
