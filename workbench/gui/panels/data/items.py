"""The items of a dataset, images or questions, and what a person does with those that are selected."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QStackedWidget, QVBoxLayout, QWidget

from workbench.engine.project.edits import MASK
from workbench.gui.jobs import Jobs
from workbench.gui.models.catalogue import Catalogue
from workbench.gui.models.dataset_edits import excluded, included, moved, relabelled
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.dataset.class_table import class_colour
from workbench.gui.widgets.dataset.picker import ClassPicker
from workbench.gui.widgets.dataset.selection_bar import SelectionBar, split_menu
from workbench.gui.widgets.images.browser import ImageBrowser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.engine.data.lint.finding import Finding
    from workbench.engine.data.opened import Dataset
    from workbench.gui.widgets.text.browser import QuestionBrowser

Items = NDArray[np.int64]


class ItemsPage(QWidget):
    """Starts empty; see :meth:`show_dataset`.

    Signals:
        wanted: An :class:`~workbench.engine.project.edits.Edit` to do.
        selection_changed: Other items are selected, or none.

    Args:
        cache: The folder where thumbnails are kept.
    """

    wanted = Signal(object)
    selection_changed = Signal()

    def __init__(self, jobs: Jobs, theme: Theme, *, cache: Path | None = None) -> None:
        super().__init__()
        self._jobs, self._theme = jobs, theme
        self._dataset: Dataset | None = None
        self.images = ImageBrowser(jobs, theme, cache=cache)
        self.questions: QuestionBrowser | None = None  # made with the first set of questions
        self.bar = SelectionBar(theme)
        self.picker = ClassPicker(self)
        self._picking: Items = np.empty(0, np.int64)
        self._menu: QMenu | None = None
        self._pages = QStackedWidget()
        self._pages.addWidget(self.images)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._pages, 1)
        column.addWidget(self.bar)
        self.images.selection_changed.connect(self._on_selection_changed)
        self.images.menu_requested.connect(self._on_menu_requested)
        self.bar.split_wanted.connect(self.move_to)
        self.bar.class_wanted.connect(self.ask_class)
        self.bar.exclusion_wanted.connect(self.exclude)
        self.bar.cleared.connect(self.clear_selection)
        self.picker.picked.connect(self._on_class_picked)

    # What is shown

    @property
    def browser(self) -> "ImageBrowser | QuestionBrowser":
        """What shows the items now."""
        if self.questions and self._pages.currentWidget() is self.questions:
            return self.questions
        return self.images

    def clear(self, *, content: str, total: int) -> None:
        """Show nothing yet of a set of ``total`` items that is to come."""
        self._dataset = None
        self.picker.hide()
        if content == "questions":
            self._pages.setCurrentWidget(self._questions())
        else:
            self._pages.setCurrentWidget(self.images)
        self.images.show_catalogue(None, total=total)
        if self.questions:
            self.questions.show_dataset(None)
        self._on_selection_changed()

    def _questions(self) -> "QuestionBrowser":
        if self.questions is None:
            from workbench.gui.widgets.text.browser import QuestionBrowser

            self.questions = QuestionBrowser(self._theme, jobs=self._jobs)
            self.questions.selection_changed.connect(self._on_selection_changed)
            self.questions.menu_requested.connect(self._on_menu_requested)
            self._pages.addWidget(self.questions)
        return self.questions

    def show_dataset(self, dataset: "Dataset", catalogue: Catalogue | None) -> None:
        """Another dataset has been opened."""
        self._dataset = dataset
        if catalogue is None:
            self._questions().show_dataset(dataset)
        else:
            self.images.show_catalogue(catalogue)
        self._on_selection_changed()

    def keep_showing(self, dataset: "Dataset", catalogue: Catalogue | None) -> None:
        """The same dataset is different, or more is known of it; filters and selection stay."""
        self._dataset = dataset
        if catalogue is None:
            self._questions().keep_showing(dataset)
        else:
            self.images.keep_showing(catalogue)
        self._on_selection_changed()

    def set_findings(self, findings: "Sequence[Finding]") -> None:
        """What the items have wrong with them."""
        self.browser.set_findings(tuple(findings))

    def restrict(self, items: Items, title: str) -> None:
        """Show these items only, and why."""
        self.browser.restrict(items, title)

    def show_finding(self, finding: "Finding") -> None:
        """Show the items of a finding only; those that belong together, side by side."""
        self.browser.show_finding(finding)

    def show_class(self, label_set: str, label: int) -> None:
        """Show the items of one class only, or those whose masks hold it."""
        assert self._dataset
        state = self._dataset.state
        if label_set == MASK:
            assert self.images.model.catalogue
            items = self.images.model.catalogue.matching(label_set=MASK, label=label)
        else:
            items = np.flatnonzero((state.labels[label_set] == label) & ~state.excluded)
        name = state.classes[label_set][label] if label >= 0 else "unknown"
        self.restrict(items, f"Class {name}")

    # The selection

    def selection(self) -> Items:
        """Ids of the selected items, ascending."""
        return self.browser.selection() if self._dataset is not None else np.empty(0, np.int64)

    def label_set(self) -> str:
        """Whose classes are set: those that are shown, if items can have them; empty where none has any."""
        if self._dataset is None or not self._dataset.items.label_sets:
            return ""
        shown = self.images.filters.label_set
        return shown if shown in self._dataset.items.label_sets else next(iter(self._dataset.items.label_sets))

    def _on_selection_changed(self) -> None:
        items = self.selection()
        left_out = int(self._dataset.state.excluded[items].sum()) if self._dataset is not None else 0
        focused = QApplication.focusWidget()
        if focused and not len(items) and self.bar.isAncestorOf(focused):
            self.browser.take_focus()  # or the keyboard would leave the panel as the bar goes
        self.bar.show_selection(len(items), excluded=left_out, classes=bool(self.label_set()))
        self.selection_changed.emit()

    def clear_selection(self) -> None:
        """Select nothing."""
        self.browser.clear_selection()

    def select_all(self) -> None:
        """Select every item that is shown."""
        self.browser.select_all()

    # What a person does

    def move_to(self, split: str, items: Items | None = None) -> None:
        """Put the selected items, or others, into a split."""
        if self._dataset is not None:
            self._want(moved(self._dataset, self._meant(items), split))

    def exclude(self, out: bool = True, items: Items | None = None) -> None:
        """Leave the selected items out, or take them in again."""
        if self._dataset is not None:
            act = excluded if out else included
            self._want(act(self._dataset, self._meant(items)))

    def ask_class(self, at: QPoint | None = None, items: Items | None = None) -> None:
        """Ask which class the selected items shall have."""
        label_set = self.label_set()
        if self._dataset is None or not label_set:
            return
        self._picking = self._meant(items)
        names = self._dataset.state.classes[label_set]
        colours = [class_colour(self._theme, self._dataset, label_set, label) for label in range(len(names))]
        self.picker.ask(names, colours, at=at or QCursor.pos())

    def _meant(self, items: Items | None) -> Items:
        return self.selection() if items is None else items

    def _on_class_picked(self, label: int) -> None:
        if self._dataset is not None:
            self._want(relabelled(self._dataset, self._picking, label_set=self.label_set(), label=label))

    def _want(self, edit: object) -> None:
        if edit is not None:
            self.wanted.emit(edit)

    def _on_menu_requested(self, items: Items, at: QPoint) -> None:
        if self._dataset is None or not len(items):
            return
        if self._menu:
            self._menu.deleteLater()
        self._menu = self._menu_for(items, at)
        self._menu.popup(at)

    def _menu_for(self, items: Items, at: QPoint) -> QMenu:
        """What can be done with these items."""
        assert self._dataset
        menu = named(QMenu(self), "data.menu", "What to do with the items")
        splits = split_menu(menu, prefix="data.menu-move")
        splits.setIcon(self._theme.icon("compare"))
        for action in splits.actions():
            action.triggered.connect(partial(self._on_menu_split, str(action.data()), items))
        menu.addMenu(splits)
        left_out = int(self._dataset.state.excluded[items].sum())

        def add(text: str, icon: str, name: str, act: partial[None]) -> None:
            action = menu.addAction(self._theme.icon(icon), text)
            action.setObjectName(name)
            action.triggered.connect(act)

        if self.label_set():
            add("Set class\N{HORIZONTAL ELLIPSIS}", "label", "data.menu-class", partial(self._on_menu_class, at, items))
        if left_out < len(items):
            add("Exclude", "eye-off", "data.menu-exclude", partial(self._on_menu_exclude, True, items))
        if left_out:
            add("Include again", "eye", "data.menu-include", partial(self._on_menu_exclude, False, items))
        menu.addSeparator()
        names = "Copy the name" if len(items) == 1 else f"Copy {len(items):,} names"
        add(names, "copy", "data.menu-copy", partial(self._on_menu_copy, items))
        return menu

    def _on_menu_split(self, split: str, items: Items, checked: bool = False) -> None:
        self.move_to(split, items)

    def _on_menu_class(self, at: QPoint, items: Items, checked: bool = False) -> None:
        self.ask_class(at, items)

    def _on_menu_exclude(self, out: bool, items: Items, checked: bool = False) -> None:
        self.exclude(out, items)

    def _on_menu_copy(self, items: Items, checked: bool = False) -> None:
        assert self._dataset
        name = self._dataset.items.name
        QGuiApplication.clipboard().setText("\n".join(name(item) for item in items.tolist()))
