"""Forms made from parameters. A form shows a frozen value and makes new ones; it keeps no values of its own.

:class:`ParamsForm` is for one set of parameters, :class:`JobForm` for all that decides a run. What can be said of one
field comes from its ``Meaning``; starting a run, presets and the choice of a model are the business of panels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, TypeVar, cast

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.params import Params
from workbench.engine.tasks import TASKS
from workbench.engine.train.job import SECTIONS, Job
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.forms.field import LEAST_CHARACTERS, EditorMaker
from workbench.gui.widgets.forms.fields import FieldsView, align, label_widths
from workbench.gui.widgets.forms.parts import Heading, HelpStrip

P = TypeVar("P", bound=Params)
Makers = Mapping[tuple[type[Params], str], EditorMaker]
TITLES = {"task": "Task", "data": "Data", "augment": "Augmentation", "model": "Model", "train": "Training"}
_OPEN = ("model", "train")  # unfolded at first
_ELSEWHERE = {"data": ("source",)}  # chosen by the panel, not in the form


class ParamsForm(QWidget, Generic[P]):
    """A form for one set of parameters.

    Signals:
        changed: The new parameters, after each edit by the user that holds.
        validity_changed: :attr:`errors` are different.

    Args:
        params: What is shown.
        name: Object name; a field's editor is ``name.field``, the button that resets it ``name.field.reset``.
        baseline: What changes are measured against and reset to; the defaults if there is none.
    """

    changed = Signal(object)
    validity_changed = Signal()

    def __init__(
        self, params: P, *, theme: Theme, name: str, baseline: P | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._view = FieldsView(params, baseline=baseline or type(params)(), theme=theme, name=name, parent=self)
        self._reset = _reset_button(name, self)
        self._help = HelpStrip(name=f"{name}.help", theme=theme, parent=self)
        foot = QHBoxLayout()
        foot.setContentsMargins(GAP, 0, GAP, 0)
        foot.addStretch(1)
        foot.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._view)
        column.addLayout(foot)
        column.addStretch(1)
        column.addWidget(self._help)
        self._view.changed.connect(self.changed)
        self._view.validity_changed.connect(self.validity_changed)
        self._view.marks_changed.connect(self._on_marks_changed)
        self._reset.clicked.connect(self._view.reset_all)
        _application().focusChanged.connect(self._on_focus_changed)
        self._on_marks_changed()

    @property
    def params(self) -> P:
        """The last value in which everything held."""
        return cast(P, self._view.params)

    def set_params(self, params: P, *, baseline: P | None = None) -> None:
        """Show ``params``; ``changed`` is not emitted. The baseline stays if none is given."""
        self._view.set_params(params, baseline=baseline)

    @property
    def errors(self) -> dict[str, UserError]:
        """Field to what is wrong with the text that stands there."""
        return self._view.errors

    @property
    def valid(self) -> bool:
        """Whether every text that stands there holds."""
        return not self._view.errors

    def _on_marks_changed(self) -> None:
        _show_count(self._reset, len(self._view.changed_fields))

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self.isAncestorOf(now):
            self._help.explain(self._view.row_of(now))

    def resizeEvent(self, event: QResizeEvent) -> None:
        align([self._view], width=self.width())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    heading: Heading
    body: QWidget
    view: FieldsView


class JobForm(QWidget):
    """A form for a whole job, section by section, but for where its data comes from and what its model is.

    Signals:
        changed: The new :class:`~workbench.engine.train.job.Job`, after each edit by the user that holds; what the
            panel itself sets is not told.
        validity_changed: :attr:`errors` are different.

    Args:
        job: What is shown.
        name: Object name; the editor of a field is ``name.section.field``.
        baseline: What changes are measured against and reset to, usually the preset; all defaults if there is none.
        makers: What makes the editor of a field of some parameters, where the one for its type will not do.
    """

    changed = Signal(object)
    validity_changed = Signal()

    def __init__(
        self,
        job: Job,
        *,
        theme: Theme,
        name: str = "train.form",
        baseline: Job | None = None,
        makers: Makers | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._theme, self._name, self._job = theme, name, job
        self._makers = dict(makers or {})
        self._baseline = baseline
        self._search = named(QLineEdit(self), f"{name}.search", "Search settings")
        self._search.setPlaceholderText("Search settings")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._on_search_changed)
        self._reset = _reset_button(name, self)
        self._reset.clicked.connect(self._on_reset_clicked)
        self._scroll = self._make_scroll_area()
        self._help = HelpStrip(name=f"{name}.help", theme=theme, parent=self)
        self._sections = {section: self._make_section(section) for section in SECTIONS}
        self._arrange()
        _application().focusChanged.connect(self._on_focus_changed)
        self._on_marks_changed()

    def _make_scroll_area(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = self._content = QWidget(area)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, GAP)
        self._column.setSpacing(0)
        self._nothing = QLabel(content)
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setProperty("role", "muted")
        self._nothing.setContentsMargins(GAP, GAP, GAP, GAP)
        self._nothing.hide()
        self._column.addWidget(self._nothing)
        area.setWidget(content)
        return area

    def _make_section(self, section: str) -> _Section:
        content, name = self._content, f"{self._name}.{section}"
        heading = Heading(TITLES[section], name=name, main=True, theme=self._theme, parent=content)
        heading.setChecked(section in _OPEN)
        body = QWidget(content)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, GAP)
        view = self._make_view(section, body)
        column.addWidget(view)
        if not heading.isChecked():
            body.hide()  # setVisible(True) would lay it out, in vain before it is shown
        heading.toggled.connect(body.setVisible)
        self._column.addWidget(heading)
        self._column.addWidget(body)
        return _Section(heading=heading, body=body, view=view)

    def _make_view(self, section: str, parent: QWidget) -> FieldsView:
        params = _params_of(self._job, section)
        view = FieldsView(
            params,
            baseline=self._baseline_of(section),
            theme=self._theme,
            name=f"{self._name}.{section}",
            parent=parent,
            section=section,
            leave_out=_ELSEWHERE.get(section, ()),
            makers={field: maker for (kind, field), maker in self._makers.items() if kind is type(params)},
        )
        view.changed.connect(self._on_section_changed)
        view.validity_changed.connect(self.validity_changed)
        view.marks_changed.connect(self._on_marks_changed)
        return view

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(GAP, GAP, GAP, GAP)
        head.setSpacing(GAP)
        head.addWidget(self._search, 1)
        head.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._help)
        self._column.addStretch(1)

    @property
    def job(self) -> Job:
        """The last job in which everything held."""
        return self._job

    @property
    def errors(self) -> dict[tuple[str, str], UserError]:
        """Section and field to what is wrong with the text that stands there."""
        return {
            (section, field): error
            for section, part in self._sections.items()
            for field, error in part.view.errors.items()
        }

    @property
    def valid(self) -> bool:
        """Whether every text that stands there holds."""
        return not self.errors

    def first_error(self) -> str:
        """What is wrong first, with its place, in one line; empty if nothing is."""
        for section, field in self.errors:
            view = self._sections[section].view
            return f"{TITLES[section]}, {view.rows[field].title}: {view.explanation(field)}"
        return ""

    def set_job(self, job: Job, *, baseline: Job | None = None) -> None:
        """Show ``job``; ``changed`` is not emitted. The baseline stays if none is given."""
        before, self._job = self._job, job
        self._baseline = baseline or self._baseline
        for section in SECTIONS:
            if _kind_of(before, section) != _kind_of(job, section):
                self._rebuild(section)
            else:
                view = self._sections[section].view
                view.set_params(_params_of(job, section), baseline=self._baseline_of(section))
        self._on_marks_changed()

    def set_model(self, name: str) -> None:
        """Another family with its defaults; every other section stays as it is, ``changed`` is not emitted."""
        self._set_kind("model", name, MODELS[name].params)

    def set_task(self, name: str) -> None:
        """Another task with its defaults; every other section stays as it is, ``changed`` is not emitted."""
        self._set_kind("task", name, TASKS[name].params)

    def _set_kind(self, section: str, name: str, kind: type[Params]) -> None:
        if _kind_of(self._job, section) != name:
            changes: dict[str, Any] = {section: name, f"{section}_params": kind()}
            self._job = replace(self._job, **changes)
            self._rebuild(section)
            self._on_marks_changed()

    def _rebuild(self, section: str) -> None:
        part = self._sections[section]
        was_valid = not part.view.errors
        column = part.body.layout()
        assert column is not None
        column.removeWidget(part.view)
        part.view.hide()
        for widget in part.view.findChildren(QWidget):
            widget.setObjectName("")  # it lives on until the event loop runs, and nobody should find it
        part.view.deleteLater()
        view = self._make_view(section, part.body)
        column.addWidget(view)
        self._sections[section] = replace(part, view=view)
        self._help.explain(None)
        self._align()
        if self._search.text().strip():
            self._on_search_changed()
        _chain([part.heading, *view.tab_stops()])
        if not was_valid:
            self.validity_changed.emit()

    def reveal(self, section: str, field: str) -> None:
        """Bring a field into view, unfolding what hides it, and give it the focus."""
        if self._search.text():
            self._search.clear()
        part = self._sections[section]
        part.heading.setChecked(True)
        row = part.view.open_to(field)
        row.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        QCoreApplication.sendPostedEvents(cast(QObject, None), QEvent.Type.LayoutRequest.value)
        self._scroll.ensureWidgetVisible(row, 0, 2 * GAP)

    def _baseline_of(self, section: str) -> Params:
        if self._baseline and _kind_of(self._baseline, section) == _kind_of(self._job, section):
            return _params_of(self._baseline, section)
        return type(_params_of(self._job, section))()

    def _on_section_changed(self, params: Params) -> None:
        view = self.sender()
        section = next(section for section, part in self._sections.items() if part.view is view)
        changes: dict[str, Any] = {_attribute(section): params}
        self._job = replace(self._job, **changes)
        self.changed.emit(self._job)

    def _on_marks_changed(self) -> None:
        for section, part in self._sections.items():
            changed = part.view.changed_fields
            part.heading.show_state(
                detail=_kind_of(self._job, section), changed=len(changed), wrong=len(part.view.errors)
            )
        _show_count(self._reset, sum(len(part.view.changed_fields) for part in self._sections.values()))

    def _on_reset_clicked(self) -> None:
        for part in self._sections.values():
            part.view.reset_all()

    def _on_search_changed(self) -> None:
        words = self._search.text().split()
        found = 0
        for part in self._sections.values():
            here = part.view.filter(words)
            part.heading.hold_open(bool(words))
            part.heading.setVisible(bool(here))
            part.body.setVisible(bool(here) and part.heading.isChecked())
            found += here
        self._nothing.setText(f"No setting has to do with “{self._search.text().strip()}”.")
        self._nothing.setVisible(not found)
        self._scroll.verticalScrollBar().setValue(0)

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self.isAncestorOf(now):
            rows = (part.view.row_of(now) for part in self._sections.values())
            self._help.explain(next((row for row in rows if row), None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._search.text():
            self._search.clear()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._align()

    def _align(self) -> None:
        align([part.view for part in self._sections.values()], width=self.width())
        word, _ = label_widths([part.view for part in self._sections.values()])
        digits = self.fontMetrics().horizontalAdvance("0") * LEAST_CHARACTERS
        self._scroll.setMinimumWidth(word + digits + 10 * GAP)


def _reset_button(name: str, parent: QWidget) -> QPushButton:
    button = named(QPushButton(parent), f"{name}.reset-all", "Reset all")
    button.setFlat(True)
    return button


def _show_count(button: QPushButton, changed: int) -> None:
    button.setText(f"Reset all ({changed} changed)" if changed else "Reset all")
    button.setEnabled(bool(changed))


def _attribute(section: str) -> str:
    return f"{section}_params" if section in ("model", "task") else section


def _params_of(job: Job, section: str) -> Params:
    return cast(Params, getattr(job, _attribute(section)))


def _kind_of(job: Job, section: str) -> str:
    """The name of the model or task; empty for a section of which there is only one kind."""
    return str(getattr(job, section)) if section in ("model", "task") else ""


def _chain(widgets: list[QWidget]) -> None:
    for one, other in pairwise(widgets):
        QWidget.setTabOrder(one, other)


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
