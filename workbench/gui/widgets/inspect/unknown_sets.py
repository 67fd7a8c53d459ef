"""Which sets of unknown items are looked at: those of the data, and other datasets that a person adds."""

from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QToolButton, QWidget

from workbench.gui.models.inspection import InspectionModel
from workbench.gui.naming import named
from workbench.gui.theme import ICON, Theme
from workbench.gui.widgets.flow import FlowLayout


class UnknownSets(QWidget):
    """A chip for each other dataset, with a cross to remove it, and a menu to add one."""

    def __init__(self, model: InspectionModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._chips: list[QWidget] = []
        self._title = QLabel("Unknown items:")
        self._add = named(QPushButton("Add a dataset"), "inspect.unknown-add", "Add a dataset as unknown items")
        self._add.setIcon(theme.icon("plus"))
        self._add.setToolTip("Take the items of another dataset for unknown ones, where they are of no known class")
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._on_menu_about_to_show)
        self._add.setMenu(self._menu)
        self._flow = FlowLayout(self)
        self._flow.addWidget(self._title)
        self._flow.addWidget(self._add)
        model.unknowns_changed.connect(self._refresh)
        model.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = []
        self._flow.removeWidget(self._add)
        for name in self._own():
            label = QLabel(name)
            label.setProperty("role", "badge")
            label.setToolTip("Items of the run's own data")
            self._chips.append(label)
        for place, name in enumerate(self._model.unknown_names):
            self._chips.append(self._chip(name, place))
        for chip in self._chips:
            self._flow.addWidget(chip)
            chip.show()
        self._flow.addWidget(self._add)
        self._add.setEnabled(self._model.inspection is not None)
        self.updateGeometry()

    def _own(self) -> list[str]:
        shown = self._model.inspection
        own = [name for name in self._model.unknowns if name not in self._model.unknown_names]
        if shown is not None and shown.catch_all >= 0 and (shown.labels == shown.catch_all).any():
            own.insert(0, shown.classes[shown.catch_all])
        return own

    def _chip(self, name: str, place: int) -> QWidget:
        known = self._model.unknowns.get(name)
        button = named(QToolButton(), f"inspect.unknown-remove-{place}", f"Remove {name} from the unknown items")
        button.setText(name if known is not None else f"{name} \N{HORIZONTAL ELLIPSIS}")
        button.setIcon(self._theme.icon("close"))
        button.setIconSize(QSize(ICON * 2 // 3, ICON * 2 // 3))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip("Remove it from the unknown items" if known is not None else "It is being looked at")
        button.clicked.connect(partial(self._model.remove_unknowns, name))
        return button

    def choices(self) -> list[str]:
        """Names of the datasets that could be added."""
        project, shown = self._model.workspace.project, self._model.inspection
        rows = project.datasets() if project else []
        taken = self._model.unknown_names
        own = shown.dataset if shown is not None else ""
        return [row.name for row in rows if row.content == "images" and row.id != own and row.name not in taken]

    def _on_menu_about_to_show(self) -> None:
        self._menu.clear()
        names = self.choices()
        for name in names:
            self._menu.addAction(name, partial(self._model.add_unknowns, name))
        if not names:
            self._menu.addAction("Import another dataset first: there is none").setEnabled(False)
