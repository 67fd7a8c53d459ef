"""What a source is, in one look: its format and name, counts, samples, classes, and what was noticed on the way."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from workbench.engine.data.source import Question, Record
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.label import ElidedLabel, WrappedLabel
from workbench.gui.widgets.images.set_list import DOT
from workbench.gui.widgets.importing.classes import ClassLine, ClassList
from workbench.gui.widgets.importing.looking import Pictured
from workbench.gui.widgets.importing.questions import QuestionSamples
from workbench.gui.widgets.importing.strip import SampleStrip
from workbench.gui.widgets.importing.words import basis, facts

if TYPE_CHECKING:
    from workbench.engine.data.previewing import SourcePreview

_ICONS = {"images": "image", "masks": "masks", "questions": "note"}
_MOST_NOTES = 6
_REMOTE = "It is fetched when it is imported. What is in it can be seen and checked in the Data panel then."


class PreviewCard(QFrame):
    """Empty until :meth:`show_preview`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        named(self, "data.import-preview", "What it is")
        self.setProperty("card", True)
        self._theme = theme
        self._preview: SourcePreview | None = None
        self._icon = QLabel()
        self._name = ElidedLabel()
        self._name.setProperty("role", "title")
        self._format, self._facts, self._notes = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self._format.setProperty("role", "muted")
        self._notes.setProperty("role", "muted")
        self.strip = SampleStrip(theme)
        self.questions = QuestionSamples(theme)
        self.classes = ClassList(theme)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self._icon)
        head.addWidget(self._name, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, GAP + GAP // 2, 2 * GAP, GAP + GAP // 2)
        column.setSpacing(GAP)
        column.addLayout(head)
        for widget in (self._format, self._facts, self.strip, self.questions, self.classes, self._notes):
            column.addWidget(widget)
        theme.changed.connect(self._on_theme_changed)

    def show_preview(self, preview: "SourcePreview") -> None:
        self._preview = preview
        self._name.show_text(preview.name)
        self._format.setText(preview.title)
        self._facts.setText(DOT.join(facts(preview)))
        self._facts.setVisible(bool(self._facts.text()))
        records = [sample for sample in preview.samples if isinstance(sample, Record)]
        first = next(iter(preview.label_sets.values()), ())
        self.strip.show_samples(records, classes=first)
        self.strip.setVisible(bool(records))
        asked = [sample for sample in preview.samples if isinstance(sample, Question)]
        self.questions.show_questions(asked)
        self.questions.setVisible(bool(asked))
        notes = [_REMOTE] if preview.remote else [line for line in (basis(preview), *preview.notes) if line]
        more = [f"and {len(notes) - _MOST_NOTES + 1:,} more"] if len(notes) > _MOST_NOTES else []
        self._notes.setText("\n".join([*notes[: _MOST_NOTES - len(more)], *more]))
        self._notes.setToolTip("\n".join(notes) if more else "")
        self._notes.setVisible(bool(notes))
        self._on_theme_changed()

    def show_picture(self, pictured: Pictured) -> None:
        self.strip.show_picture(pictured.number, pictured.image, error=pictured.error)

    @property
    def text(self) -> str:
        """All that is said."""
        labels = (self._name.whole, self._format.text(), self._facts.text(), self._notes.text())
        return "\n".join(text for text in labels if text)

    def _on_theme_changed(self) -> None:
        if not self._preview:
            return
        icon = self._theme.icon(_ICONS[self._preview.content], colour=self._theme.colours.muted)
        self._icon.setPixmap(icon.pixmap(ICON, ICON))
        lines = self._class_lines(self._preview)
        self.classes.show_classes(lines)
        self.classes.setVisible(bool(lines))

    def _class_lines(self, preview: "SourcePreview") -> list[ClassLine]:
        if preview.palette:
            pairs = zip(preview.palette.classes, preview.palette.colours, strict=True)
            return [ClassLine(name, QColor(*colour).name()) for name, colour in pairs]
        counts = preview.classes.items()
        return [ClassLine(name, self._theme.series_colour(label), count) for label, (name, count) in enumerate(counts)]
