"""One field of a form: what it is called, how its value is written, the editor for its type, and the row it stands in.

Everything here comes from the field's :class:`~workbench.engine.params.Meaning`; which values a set of parameters has,
and whether they agree with one another, is the business of :mod:`workbench.gui.widgets.forms.fields`.
"""

import html
import itertools
import re
import typing
from collections.abc import Callable
from typing import Any, cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from workbench.engine.params import Meaning, Value
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme

LONGEST_TEXT = 20_000_000  # a list of a million numbers still fits
LEAST_CHARACTERS = 9  # an editor is never narrower than this many digits
_BAR = 3  # logical pixels of the mark beside a changed field
_RUN = 3  # so many equal numbers in a list are written as one


def label_of(name: str, meaning: Meaning) -> str:
    """What a person calls the field: its label, or ``"Learning rate"`` for ``learning_rate``, without its unit."""
    if meaning.label:
        return f"{meaning.label[:1].upper()}{meaning.label[1:]}"
    words = name.removesuffix(f"_{meaning.unit.lower()}") if meaning.unit else name
    words = re.sub(r"(?<=[a-z]{3})(\d+)$", r" \1", words.replace("_", " "))
    return words[:1].upper() + words[1:]


def text_of(value: Value) -> str:
    """``value`` as a person would type it; :meth:`Params.with_text` reads it back to the same value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        runs = [(text_of(item), len(list(same))) for item, same in itertools.groupby(value)]
        return ", ".join(f"{text}*{times}" if times >= _RUN else ", ".join([text] * times) for text, times in runs)
    if isinstance(value, float):
        return re.sub(r"e([+-])0*(?=\d)", r"e\1", repr(value).removesuffix(".0")).replace("e+", "e")
    return str(value)


def _figure(value: float) -> str:
    whole = f"{value:,.0f}"
    return whole if value == int(value) and len(whole) <= len("2,147,483,647") else text_of(float(value))


def bounds_of(meaning: Meaning) -> str:
    """``"From 0 to 1"``, ``"1 or more"``, with the unit; empty where there are no bounds."""
    unit = f" {meaning.unit}" if meaning.unit else ""
    if meaning.low is not None and meaning.high is not None:
        return f"From {_figure(meaning.low)} to {_figure(meaning.high)}{unit}"
    if meaning.low is not None:
        return f"{_figure(meaning.low)}{unit} or more"
    return f"{_figure(meaning.high)}{unit} or less" if meaning.high is not None else ""


def value_in_words(value: Value) -> str:
    """``value`` for a sentence: ``"on"``, ``"0.001"``, ``"empty"``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return text_of(value) or "empty"


class CheckEditor(QCheckBox):
    """A switch."""

    edited = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.toggled.connect(self.edited)

    def value_text(self) -> str:
        return text_of(self.isChecked())

    def show_text(self, text: str) -> None:
        with QSignalBlocker(self):
            self.setChecked(text == text_of(True))


class ChoiceEditor(QComboBox):
    """One of a few words. The wheel scrolls the form and never changes the choice."""

    edited = Signal()

    def __init__(self, choices: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(LEAST_CHARACTERS - 3)
        self.addItems(choices)
        self.currentIndexChanged.connect(self.edited)

    def value_text(self) -> str:
        return self.currentText()

    def show_text(self, text: str) -> None:
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findText(text))

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 3 * GAP)  # long words are read whole in a narrow form
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style has it, but a choice that is too long ends in dots."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style = self.style()
        field = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        room = field.width() - GAP // 2
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        cast(Any, option).currentText = text  # PySide's stubs leave out that it can be set
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class TextEditor(QLineEdit):
    """A number, a list of numbers or some text, as ``--set`` takes it, with its unit at the right.

    Signals:
        edited: The user changed the text.
        noted: :attr:`note` is different.
    """

    edited = Signal()
    noted = Signal()

    def __init__(self, unit: str, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.note = ""
        self.setMaxLength(LONGEST_TEXT)
        self.setPlaceholderText(placeholder)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * LEAST_CHARACTERS)
        if unit:
            shown = QLabel(unit, self)
            shown.setProperty("role", "muted")
            inside = QHBoxLayout(self)
            inside.setContentsMargins(0, 0, GAP, 0)
            inside.addWidget(shown, alignment=Qt.AlignmentFlag.AlignRight)
            self.setTextMargins(0, 0, shown.sizeHint().width() + GAP, 0)
        self.textChanged.connect(self.edited)

    def value_text(self) -> str:
        return self.text()

    def show_text(self, text: str) -> None:
        with QSignalBlocker(self):
            self.setText(text)
            self.setCursorPosition(0)

    def say(self, note: str) -> None:
        """Have ``note`` stand below the field: what the text stands for."""
        if note != self.note:
            self.note = note
            self.noted.emit()


Editor = CheckEditor | ChoiceEditor | TextEditor


EditorMaker = Callable[[str, QWidget], TextEditor]
"""Makes the editor of one particular field, given its object name and the widget that it is in."""


def make_editor(kind: object, meaning: Meaning, parent: QWidget) -> Editor:
    """The editor for a field of type ``kind``."""
    if kind is bool:
        return CheckEditor(parent)
    if meaning.choices:
        return ChoiceEditor(meaning.choices, parent)
    listed = typing.get_origin(kind) is tuple
    return TextEditor(meaning.unit, "e.g. [0.2]*10 + [0.1]" if listed else "", parent)


class FieldRow(QWidget):
    """Label, editor, a button that takes a change back, and below them what is wrong.

    Signals:
        edited: The user changed the editor; not emitted by :meth:`show_text`.
        finished: The user is done with the editor for now.
        reset_asked: The user wants the old value back.

    Args:
        field: The field's name.
        kind: Its type.
        default: The value it has by default, for the help.
        name: Object name of the editor.
        setting: What ``--set`` calls it.
        icon: Of the button.
        maker: Makes the editor, where the one for its type will not do.
    """

    edited = Signal()
    finished = Signal()
    reset_asked = Signal()

    def __init__(
        self,
        field: str,
        *,
        kind: object,
        meaning: Meaning,
        default: Value,
        name: str,
        setting: str,
        icon: QIcon,
        theme: Theme,
        parent: QWidget,
        maker: EditorMaker | None = None,
    ) -> None:
        super().__init__(parent)
        self.field, self.meaning, self.setting = field, meaning, setting
        self.title = label_of(field, meaning)
        default_words = f"Default {value_in_words(default)}"
        self.facts = f"{bounds_of(meaning)} · {default_words}" if bounds_of(meaning) else default_words
        self.changed = False
        self._theme = theme
        self._message: QLabel | None = None  # most fields are never wrong
        self._note: QLabel | None = None  # and have nothing to say
        self.label = QLabel(self.title, self)
        self.label.setWordWrap(True)
        editor = maker(name, self) if maker else make_editor(kind, meaning, self)
        self.editor = named(editor, name, self.title)
        self.label.setBuddy(self.editor)
        self._make_reset(name, icon)
        self._explain()
        self._arrange()
        self.editor.edited.connect(self.edited)
        if isinstance(self.editor, TextEditor):
            self.editor.editingFinished.connect(self.finished)
            self.editor.noted.connect(self._on_editor_noted)

    def _make_reset(self, name: str, icon: QIcon) -> None:
        self.reset = named(QToolButton(self), f"{name}.reset", f"Reset {self.title}")
        self.reset.setAutoRaise(True)
        self.reset.setIcon(icon)
        self.reset.setFixedSize(ICON + GAP, ICON + GAP)
        self.reset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing moves when it appears
        self.reset.setSizePolicy(policy)
        self.reset.hide()
        self.reset.clicked.connect(self.reset_asked)

    def _explain(self) -> None:
        meaning = self.meaning
        self._help = f"{meaning.help} {self.facts}."
        self.editor.setAccessibleDescription(self._help)
        lines = (meaning.help, f"{self.facts}.", self.setting)
        tip = "<br>".join(html.escape(line, quote=False) for line in lines)
        self.editor.setToolTip(f"<p>{tip}</p>")
        self.label.setToolTip(f"<p>{tip}</p>")
        self._words = " ".join((self.field, self.title, meaning.help, *meaning.choices)).casefold()

    def _arrange(self) -> None:
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(GAP + _BAR, GAP // 4, 0, GAP // 4)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP // 4)
        grid.setRowMinimumHeight(0, self.fontMetrics().height() + GAP)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.editor, 0, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.reset, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        if not isinstance(self.editor, CheckEditor):
            self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_label_width(self, width: int) -> None:
        self.label.setFixedWidth(width)

    def mentions(self, word: str) -> bool:
        """Whether ``word`` occurs in the field's name, label, help or choices; ``train.steps`` is a word, too."""
        return word.casefold() in self._words or ("." in word and word.casefold() in self.setting)

    def text(self) -> str:
        """What the editor says."""
        return self.editor.value_text()

    def show_text(self, text: str) -> None:
        """Let the editor say ``text`` without anybody being told."""
        if self.editor.value_text() != text:
            self.editor.show_text(text)

    def mark(self, changed: bool, *, was: Value) -> None:
        """Show whether the field differs from ``was``, what it can be reset to."""
        if not changed and self.reset.hasFocus():
            self.editor.setFocus()
        self.reset.setToolTip(f"Back to {value_in_words(was)}")
        if changed == self.changed:
            return
        self.changed = changed
        font = self.label.font()
        font.setBold(changed)
        self.label.setFont(font)
        self.reset.setVisible(changed)
        self.update()

    @property
    def message(self) -> str:
        """What is shown to be wrong; empty while nothing is."""
        return self._message.text() if self._message else ""

    def show_message(self, message: str) -> None:
        """Explain what is wrong, or that nothing is."""
        if message == self.message:
            return
        self._message = self._message or self._make_message()
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self.editor.setAccessibleDescription(f"{message} {self._help}".strip())
        self.editor.setProperty("invalid", bool(message))
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)
        self.update()

    def _make_message(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("role", "error")
        self._grid.addWidget(label, 2, 0, 1, 3)
        return label

    def _on_editor_noted(self) -> None:
        assert isinstance(self.editor, TextEditor)
        if not self._note:
            self._note = QLabel(self)
            self._note.setWordWrap(True)
            self._note.setTextFormat(Qt.TextFormat.PlainText)
            self._note.setProperty("role", "muted")
            self._grid.addWidget(self._note, 1, 1, 1, 2)
        self._note.setText(self.editor.note)
        self._note.setVisible(bool(self.editor.note))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.changed or self.message:
            colours = self._theme.colours
            with QPainter(self) as painter:
                colour = QColor(colours.bad if self.message else colours.accent)
                painter.fillRect(0, GAP // 4, _BAR, self.height() - GAP // 2, colour)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the label is a click on what it names."""
        if event.button() == Qt.MouseButton.LeftButton and self.label.geometry().contains(event.position().toPoint()):
            self.editor.setFocus(Qt.FocusReason.MouseFocusReason)
            if isinstance(self.editor, CheckEditor):
                self.editor.click()
