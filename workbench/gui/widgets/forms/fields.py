"""The fields of one set of parameters, and the one rule for what a person types into them.

The frozen :class:`~workbench.engine.params.Params` is the only copy of the values: every edit makes a new one, and the
editors show it. What is typed and does not hold stays in its editor, explained, while the value stays as it was; it
is tried again with every further edit, since another field may have been what it contradicted.
"""

import re
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.engine.params import Params
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.forms.field import EditorMaker, FieldRow, TextEditor, text_of
from workbench.gui.widgets.forms.parts import Heading

P = TypeVar("P", bound=Params)
PATIENCE_MILLISECONDS = 700  # "1e" is on its way to "1e-3"; this long after the last key it is a mistake
WIDEST_LABEL = 0.4  # share of the form's width that labels may have before they are broken into lines


def settle(params: P, texts: Mapping[str, str]) -> tuple[P, dict[str, UserError]]:
    """``params`` with as many of ``texts`` as hold together, the first of them before the others.

    Returns:
        The new parameters, and for each field whose text was refused the reason.
    """
    try:
        return params.with_texts(texts), {}
    except UserError as error:
        if len(texts) == 1:
            return params, dict.fromkeys(texts, error)
    left = dict(texts)
    errors: dict[str, UserError] = {}
    going_on = True
    while going_on:
        going_on, errors = False, {}
        for field, text in list(left.items()):
            try:
                params = params.with_text(field, text)
            except UserError as error:
                errors[field] = error
            else:
                going_on = True
                del left[field]
    return params, errors


def in_words(error: UserError, labels: Mapping[str, str]) -> str:
    """The sentence of ``error`` with fields called by their ``labels``."""
    text = str(error)
    for field, label in labels.items():
        if "_" in field:
            text = re.sub(rf"\b{re.escape(field)}\b", label.lower(), text)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?")) else ".")


class FieldsView(QWidget):
    """A row for each field, the advanced ones folded away below.

    Signals:
        changed: The new parameters, after an edit that holds; not after :meth:`set_params`.
        validity_changed: :attr:`errors` are different.
        marks_changed: What differs from the baseline, or is wrong, is different.

    Args:
        params: What is shown.
        name: Object name of the whole; a field's editor is ``name.field``.
        baseline: What a change is measured against.
        section: The job file's section, for the name in the help.
        leave_out: Fields that are not shown.
        makers: Field to what makes its editor, where the one for its type will not do.
    """

    changed = Signal(object)
    validity_changed = Signal()
    marks_changed = Signal()

    def __init__(
        self,
        params: Params,
        *,
        baseline: Params,
        theme: Theme,
        name: str,
        parent: QWidget,
        section: str = "",
        leave_out: Collection[str] = (),
        makers: Mapping[str, EditorMaker] | None = None,
    ) -> None:
        super().__init__(parent)
        self._makers = dict(makers or {})
        self._params, self._baseline = params, baseline
        self._errors: dict[str, UserError] = {}
        self._telling = False
        self.rows: dict[str, FieldRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        shown = {field: meaning for field, meaning in params.meanings().items() if field not in leave_out}
        main = [field for field, meaning in shown.items() if not meaning.advanced]
        advanced = [field for field, meaning in shown.items() if meaning.advanced]
        self._make_rows(main, section, theme, name, self)
        self._make_advanced(advanced, section, theme, name)
        self._labels = {field: row.title for field, row in self.rows.items()}
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MILLISECONDS)
        self._patience.timeout.connect(self._on_patience_ended)
        self._show_values(self.rows)
        self._show_marks()

    def _make_rows(self, fields: Sequence[str], section: str, theme: Theme, name: str, parent: QWidget) -> None:
        kinds = typing.get_type_hints(type(self._params))
        meanings, defaults = self._params.meanings(), type(self._params)()
        icon = theme.icon("reset")
        column = parent.layout()
        assert column is not None
        for field in fields:
            row = FieldRow(
                field,
                kind=kinds[field],
                meaning=meanings[field],
                default=getattr(defaults, field),
                name=f"{name}.{field}",
                setting=f"{section}.{field}" if section else field,
                icon=icon,
                theme=theme,
                parent=parent,
                maker=self._makers.get(field),
            )
            row.edited.connect(self._on_row_edited)
            row.finished.connect(self._on_row_finished)
            row.reset_asked.connect(self._on_row_reset_asked)
            column.addWidget(row)
            self.rows[field] = row

    def _make_advanced(self, fields: Sequence[str], section: str, theme: Theme, name: str) -> None:
        title = f"Advanced ({len(fields)})"
        self._advanced = Heading(title, name=f"{name}.advanced", main=False, theme=theme, parent=self)
        if not fields:
            self._advanced.hide()
        self._hidden = QWidget(self)
        hidden_column = QVBoxLayout(self._hidden)
        hidden_column.setContentsMargins(0, 0, 0, 0)
        hidden_column.setSpacing(0)
        self._make_rows(fields, section, theme, name, self._hidden)
        self._hidden.hide()
        self._advanced.toggled.connect(self._hidden.setVisible)
        self._column.addWidget(self._advanced)
        self._column.addWidget(self._hidden)

    @property
    def params(self) -> Params:
        """The last value in which everything held."""
        return self._params

    @property
    def baseline(self) -> Params:
        return self._baseline

    @property
    def errors(self) -> dict[str, UserError]:
        """Field to what is wrong with the text in its editor."""
        return dict(self._errors)

    @property
    def changed_fields(self) -> set[str]:
        """Shown fields that differ from the baseline or whose text is refused."""
        return {field for field in self.rows if field in self._errors or self._differs(field)}

    def explanation(self, field: str) -> str:
        """What is wrong with ``field``, as the form says it; empty if nothing is."""
        return in_words(self._errors[field], self._labels) if field in self._errors else ""

    def set_params(self, params: Params, *, baseline: Params | None = None) -> None:
        """Show other values of the same class; what was refused is forgotten. ``baseline`` stays if none is given."""
        assert type(params) is type(self._params)
        baseline = baseline or self._baseline
        if self._telling and (params, baseline) == (self._params, self._baseline):
            return  # somebody who was told hands back the same; the text under the cursor stays as it is typed
        self._baseline = baseline
        if self._replace(params, errors={}):
            self.validity_changed.emit()

    def reset_all(self) -> None:
        """Back to the baseline, as if the user had typed it; fields that are not shown keep their values."""
        before = self._params
        after = before.replace(**{field: getattr(self._baseline, field) for field in self.rows})
        self._tell(before, self._replace(after, errors={}))

    def _replace(self, params: Params, *, errors: dict[str, UserError], typed: Collection[str] = ()) -> bool:
        """Hold ``params``; what is refused is in ``errors``. Returns whether other things are refused than before.

        Editors of fields that hold another value now, or that were refused and are no longer, are written anew, unless
        they were ``typed``: ``1e-3`` stays ``1e-3`` and the cursor where it is.
        """
        before, refused = self._params, self._errors
        self._params, self._errors = params, errors
        moved = {field for field in self.rows if getattr(before, field) != getattr(params, field)}
        self._show_values((moved | refused.keys()) - errors.keys() - set(typed))
        self._show_marks()
        self._show_messages(new=False)
        return {field: str(error) for field, error in refused.items()} != {
            field: str(error) for field, error in errors.items()
        }

    def _take(self, texts: Mapping[str, str]) -> None:
        """Hold what ``texts`` and all that was refused so far say, as far as it holds."""
        before = self._params
        refused = {field: self.rows[field].text() for field in self._errors if field not in texts}
        texts = {**texts, **refused}
        params, errors = settle(before, texts)
        held = texts.keys() - errors.keys()
        # What another field's edit has set is not what was typed there any more.
        errors = {field: error for field, error in errors.items() if not _differs(before, params, field)}
        self._tell(before, self._replace(params, errors=errors, typed=held))

    def _tell(self, before: Params, validity_changed: bool) -> None:
        self._telling = True
        try:
            if self._params != before:
                self.changed.emit(self._params)
            if validity_changed:
                self.validity_changed.emit()
        finally:
            self._telling = False

    def _on_row_edited(self) -> None:
        row = self.sender()
        assert isinstance(row, FieldRow)
        self._take({row.field: row.text()})
        if isinstance(row.editor, TextEditor) and row.field in self._errors:
            self._patience.start()
        else:
            self._show_messages()

    def _on_row_reset_asked(self) -> None:
        row = self.sender()
        assert isinstance(row, FieldRow)
        field = row.field
        old = {name: text_of(getattr(self._baseline, name)) for name in self.rows}
        # Where the old value contradicts another field's new one, that field goes back, too: epochs with steps.
        others = [name for name in self.rows if name != field and self._differs(name)]
        tries: list[dict[str, str]] = [{field: old[field]}, *({field: old[field], name: old[name]} for name in others)]
        texts = next((texts for texts in tries if not settle(self._params, texts)[1]), tries[0])
        for name, text in texts.items():
            self.rows[name].show_text(text)
        self._take(texts)
        self._show_messages()

    def _on_row_finished(self) -> None:
        if QApplication.mouseButtons() == Qt.MouseButton.NoButton:  # else what is being clicked would move away
            self._show_messages()

    def _on_patience_ended(self) -> None:
        self._show_messages()

    def _differs(self, field: str) -> bool:
        return _differs(self._params, self._baseline, field)

    def _show_values(self, fields: Iterable[str]) -> None:
        for field in fields:
            self.rows[field].show_text(text_of(getattr(self._params, field)))

    def _show_marks(self) -> None:
        changed = self.changed_fields
        for field, row in self.rows.items():
            row.mark(field in changed, was=getattr(self._baseline, field))
        hidden = {field for field, row in self.rows.items() if row.meaning.advanced}
        self._advanced.show_state(changed=len(changed & hidden), wrong=len(self._errors.keys() & hidden))
        self.marks_changed.emit()

    def _show_messages(self, *, new: bool = True) -> None:
        """Explain what is wrong; unless ``new``, only keep what is explained already up to date."""
        if new:
            self._patience.stop()
        for field, row in self.rows.items():
            if new or row.message:
                row.show_message(self.explanation(field))

    def filter(self, words: Sequence[str]) -> int:
        """Show the fields that ``words`` all occur in, wherever they stand, or every field; returns how many."""
        found = {field for field, row in self.rows.items() if all(map(row.mentions, words))}
        for field, row in self.rows.items():
            row.setVisible(field in found)
        advanced = {field for field, row in self.rows.items() if row.meaning.advanced}
        self._advanced.setVisible(bool(found & advanced))
        self._advanced.hold_open(bool(words))
        return len(found)

    def open_to(self, field: str) -> FieldRow:
        """The row of ``field``, unfolded if it is an advanced one."""
        row = self.rows[field]
        if row.meaning.advanced:
            self._advanced.setChecked(True)
        return row

    def tab_stops(self) -> list[QWidget]:
        """What the Tab key goes through, from top to bottom."""
        stops: dict[bool, list[QWidget]] = {False: [], True: []}
        for row in self.rows.values():
            stops[row.meaning.advanced] += [row.editor, row.reset]
        return [*stops[False], self._advanced, *stops[True]]

    def row_of(self, widget: QWidget | None) -> FieldRow | None:
        """The row that ``widget`` is in."""
        return next((row for row in self.rows.values() if widget is not None and row.isAncestorOf(widget)), None)


def _differs(one: Params, other: Params, field: str) -> bool:
    return bool(getattr(one, field) != getattr(other, field))


def align(views: Sequence[FieldsView], *, width: int) -> None:
    """Give all labels of ``views`` one width, so that editors stand in one column; long labels break into lines."""
    word, whole = label_widths(views)
    for view in views:
        for row in view.rows.values():
            row.set_label_width(min(whole, max(word, int(WIDEST_LABEL * width))))


def label_widths(views: Sequence[FieldsView]) -> tuple[int, int]:
    """Logical pixels that the longest word of a label takes, and the longest label, in bold."""
    font = QFont(views[0].font())
    font.setBold(True)
    advance = QFontMetrics(font).horizontalAdvance
    titles = [row.title for view in views for row in view.rows.values()]
    words = [word for title in titles for word in title.split()]
    return max(map(advance, words), default=0) + GAP // 2, max(map(advance, titles), default=0) + GAP // 2
