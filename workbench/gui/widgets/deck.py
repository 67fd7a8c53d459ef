"""The panels as docks: one in view, or several side by side, or torn off into windows of their own."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from workbench.gui.theme import Theme
from workbench.gui.widgets.dock_title import DockTitle

_AREA, _BESIDE = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One panel's place: its id, its title, and what makes it when it is first shown."""

    id: str
    title: str
    make: Callable[[], QWidget]


class Deck(QMainWindow):
    """Holds a dock for each place. Panels are made when they first come into view.

    Signals:
        shown: Id of the panel that is now the current one.
    """

    shown = Signal(str)

    def __init__(self, places: list[Place], theme: Theme) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setObjectName("deck")
        self.setDockNestingEnabled(True)
        self._places = {place.id: place for place in places}
        self._docks: dict[str, _Dock] = {}
        self._made: dict[str, QWidget] = {}
        self._theme = theme
        self.current = ""

    def _furnish(self) -> None:
        """Make the docks, all of them: a stored layout names them."""
        for place in self._places.values() if not self._docks else ():
            dock = _Dock(place, self._theme, self)
            dock.hide()
            self.addDockWidget(_AREA, dock)
            dock.visibilityChanged.connect(self._on_visibility_changed)
            self._docks[place.id] = dock

    def panel(self, id: str) -> QWidget:
        """The panel, made if it was not yet."""
        self._furnish()
        if id not in self._made:
            self._made[id] = self._places[id].make()
            self._docks[id].setWidget(self._made[id])
        return self._made[id]

    def made(self) -> dict[str, QWidget]:
        """The panels that exist, by id."""
        return dict(self._made)

    def show_panel(self, id: str, *, beside: bool = False) -> None:
        """Bring a panel into view in place of the current one, or ``beside`` it; a torn-off one comes to the front."""
        panel, dock = self.panel(id), self._docks[id]
        if dock.isFloating() or dock.isVisible():
            dock.show()
            dock.raise_()
            if dock.isFloating():
                dock.activateWindow()
        else:
            before = self._docks.get(self.current) or next(iter(self._docked()), None)
            if before and not before.isFloating() and before.isVisible() and before is not dock:
                if beside:  # splitting a dock that shares its place with hidden ones would only add a tab
                    self.addDockWidget(_BESIDE, dock)
                else:
                    self.tabifyDockWidget(before, dock)
                    before.hide()
            dock.show()
            dock.raise_()
        self._enter(id)
        panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter(self, id: str) -> None:
        if id != self.current:
            self.current = id
        self.shown.emit(id)

    def _docked(self) -> list["_Dock"]:
        return [dock for dock in self._docks.values() if dock.isVisible() and not dock.isFloating()]

    def tear_off(self, id: str) -> None:
        """Make a panel a window of its own, or put it back."""
        dock = self._docks[id]
        dock.setFloating(not dock.isFloating())
        dock.show()

    def put_back(self, id: str) -> None:
        """End a panel's life as a window of its own or beside others; it is out of view until it is shown."""
        dock = self._docks[id]
        dock.setFloating(False)
        self.addDockWidget(_AREA, dock)
        dock.hide()

    def _on_visibility_changed(self, visible: bool) -> None:
        dock = self.sender()
        if visible and isinstance(dock, _Dock):
            self.panel(dock.id)  # a restored layout shows docks that nobody asked for
            dock.refresh(closable=len(self._docked()) > 1)
        for other in self._docked():
            other.refresh(closable=len(self._docked()) > 1)

    def layout_state(self) -> QByteArray:
        return self.saveState()

    def restore_layout(self, state: QByteArray) -> None:
        """Put the docks where :meth:`layout_state` found them; nonsense changes nothing."""
        self._furnish()
        self.restoreState(state)
        visible = self._docked()
        if visible and self.current not in {dock.id for dock in visible}:
            self.current = visible[0].id


class _Dock(QDockWidget):
    def __init__(self, place: Place, theme: Theme, deck: Deck) -> None:
        super().__init__(place.title, deck)
        self.id = place.id
        self.setObjectName(f"dock.{place.id}")
        self.setWidget(QWidget())
        self._title = DockTitle(self, theme, name=place.id)
        self.setTitleBarWidget(self._title)

    def refresh(self, *, closable: bool) -> None:
        self._title.set_closable(closable or self.isFloating())
