"""The classes of a dataset, to be renamed and recoloured; what follows is one edit that can be undone."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workbench.engine.project.edits import MASK
from workbench.gui.models.dataset_edits import label_sets, recoloured, renamed
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.class_table import NAME, ClassModel, ClassView, Role
from workbench.gui.widgets.dataset.colours import ColourChoice
from workbench.gui.widgets.dataset.tables import CsvButtons
from workbench.gui.widgets.error_bar import ErrorBar
from workbench.gui.widgets.images.label import WrappedLabel

if TYPE_CHECKING:
    from workbench.engine.data.lint.facts import Facts
    from workbench.engine.data.opened import Dataset

_HINT = "Names and colours are the project's own: the imported files keep theirs. Double click a name to change it."


_UNKNOWN = "How many images hold each class, and its share of the pixels, is counted by the checks."
_EXAMINING = "How many images hold each class, and its share of the pixels, is being counted."


class ClassEditor(QWidget):
    """Signals:
    wanted: An :class:`~workbench.engine.project.edits.Edit` to do.
    class_picked: Label set and label whose items are wanted.
    examination_wanted: It shall be found out which masks hold which classes.
    """

    wanted = Signal(object)
    class_picked = Signal(str, int)
    examination_wanted = Signal()

    def __init__(self, theme: Theme, *, errors: ErrorBar) -> None:
        super().__init__()
        self._theme = theme
        self._dataset: Dataset | None = None
        self._facts: Facts | None = None
        self._examining = False
        self._label_set = named(QComboBox(), "data.classes-labels", "Which classes")
        self._label_set.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._search = named(QLineEdit(), "data.classes-search", "Find a class")
        self._search.setPlaceholderText("Find a class")
        self._search.setClearButtonEnabled(True)
        self._search.setMaximumWidth(self.fontMetrics().averageCharWidth() * 32)
        self._rename = named(QPushButton("Rename"), "data.classes-rename", "Rename the class")
        self._rename.setIcon(theme.icon("rename"))
        self._rename.setToolTip("Rename the class (F2)")
        self._colour = named(QPushButton("Colour\N{HORIZONTAL ELLIPSIS}"), "data.classes-colour", "Colour of the class")
        self._colour.setIcon(theme.icon("brush"))
        self._show = named(QPushButton("Show its items"), "data.classes-show", "Show the items of the class")
        self._show.setIcon(theme.icon("filter"))
        self.model = ClassModel(theme, self, editable=True)
        self.table = ClassView(
            self.model, theme, name="data.classes-table", about="Classes, their colours and items", picks=False
        )
        self.table.setEditTriggers(ClassView.EditTrigger.DoubleClicked | ClassView.EditTrigger.EditKeyPressed)
        self.choice = ColourChoice(self)
        self._problem = WrappedLabel()
        self._problem.setProperty("role", "error")
        self._problem.hide()
        hint = WrappedLabel(_HINT)
        hint.setProperty("role", "muted")
        self._unknown = WrappedLabel()
        self._unknown.setProperty("role", "muted")
        self._check = named(QPushButton("Check this data"), "data.classes-check", "Check this data")
        self._check.clicked.connect(self.examination_wanted)
        unknown = QHBoxLayout()
        unknown.setSpacing(GAP)
        unknown.addWidget(self._unknown, 1)
        unknown.addWidget(self._check)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._label_set)
        row.addWidget(self._search, 1)
        row.addWidget(self._count)
        row.addStretch(1)
        for button in (self._rename, self._colour, self._show):
            row.addWidget(button)
        row.addWidget(CsvButtons(theme, self.model, name="data.class-list", about="the classes", errors=errors))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addLayout(unknown)
        column.addWidget(self._problem)
        column.addWidget(self.table, 1)
        column.addWidget(hint)
        self._label_set.currentIndexChanged.connect(self._on_label_set_chosen)
        self._search.textChanged.connect(self.table.proxy.setFilterFixedString)
        self._rename.clicked.connect(self._on_rename_clicked)
        self._colour.clicked.connect(self._on_colour_clicked)
        self._show.clicked.connect(self._on_show_clicked)
        self.choice.chosen.connect(self._on_colour_chosen)
        self.model.renaming.connect(self._on_renaming)
        self.model.modelReset.connect(self._show_what_makes_sense)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.show_dataset(None)

    def show_dataset(self, dataset: "Dataset | None", *, facts: "Facts | None" = None, examining: bool = False) -> None:
        """Another dataset, or the same after an edit.

        Args:
            facts: Of its items, if somebody has looked; ``examining`` says that somebody does.
        """
        self._dataset, self._facts, self._examining = dataset, facts, examining
        names = list(label_sets(dataset)) if dataset else []
        if [self._label_set.itemData(i) for i in range(self._label_set.count())] != names:
            blocked = self._label_set.blockSignals(True)
            self._label_set.clear()
            for name in names:
                self._label_set.addItem("masks" if name == MASK else name, name)
            self._label_set.blockSignals(blocked)
        self._label_set.setVisible(len(names) > 1)
        self._on_label_set_chosen()

    def _on_label_set_chosen(self) -> None:
        self._tell("")
        self.model.show(self._dataset, self._label_set.currentData() or "", facts=self._facts)
        classes = (
            len(self._dataset.state.classes[self.model.label_set]) if self._dataset and self.model.label_set else 0
        )
        self._count.setText(f"{classes:,} class{'' if classes == 1 else 'es'}")
        if self.model.rowCount() and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.table.proxy.index(0, NAME))
        self._show_what_makes_sense()

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        self._show_what_makes_sense()

    def _show_what_makes_sense(self) -> None:
        label = self._label()
        for button in (self._rename, self._colour):
            button.setEnabled(label >= 0)
        unknown = self.model.label_set == MASK and self._facts is None
        self._show.setVisible(not unknown)
        self._show.setEnabled(self.table.currentIndex().isValid())
        self._unknown.setText(_EXAMINING if self._examining else _UNKNOWN)
        self._unknown.setVisible(unknown)
        self._check.setVisible(unknown and not self._examining)

    def _label(self) -> int:
        index = self.table.currentIndex()
        return int(index.data(Role.LABEL)) if index.isValid() else -1

    def _tell(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    @property
    def problem(self) -> str:
        """Why a class was not renamed; empty where it was."""
        return self._problem.text()

    # What a person does

    def _on_rename_clicked(self) -> None:
        index = self.table.currentIndex().siblingAtColumn(NAME)
        self.table.setFocus()
        self.table.edit(index)

    def _on_renaming(self, label: int, name: str) -> None:
        assert self._dataset
        try:
            edit = renamed(self._dataset, label_set=self.model.label_set, label=label, name=name)
        except ValueError as error:
            self._tell(str(error))
            return
        self._tell("")
        if edit:
            self.wanted.emit(edit)

    def _on_colour_clicked(self) -> None:
        index = self.table.currentIndex()
        self.choice.ask(
            str(index.data(Role.COLOUR)), at=self._colour.mapToGlobal(QPoint(0, self._colour.height() + GAP // 2))
        )

    def _on_colour_chosen(self, colour: str) -> None:
        label = self._label()
        if self._dataset and label >= 0:
            edit = recoloured(self._dataset, label_set=self.model.label_set, label=label, colour=colour)
            if edit:
                self.wanted.emit(edit)

    def _on_show_clicked(self) -> None:
        self.class_picked.emit(self.model.label_set, self._label())
