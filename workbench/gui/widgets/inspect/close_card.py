"""One image closely: what the network takes it for, where it looks, whether it knows such images, and what is alike."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QSplitter, QVBoxLayout, QWidget

from workbench.engine.errors import UserError
from workbench.gui.models.inspection import InspectionModel
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE, plain
from workbench.gui.widgets.images.label import ElidedLabel, WrappedLabel
from workbench.gui.widgets.inspect.close_view import HeatView
from workbench.gui.widgets.inspect.closely import Alike, Closely, Heat, Judged, Subject
from workbench.gui.widgets.inspect.item_grid import ItemGrid
from workbench.gui.widgets.inspect.probabilities import Probabilities

if TYPE_CHECKING:
    from workbench.gui.widgets.images.picture import Picture

_SMALL = 72  # logical pixels of a neighbour's tile
_STRENGTH = 60  # percent
_ROOM = 20  # times the neighbours' height: all there is, for the picture
_LOOKING = "Looking at the training items\N{HORIZONTAL ELLIPSIS}"


class CloseCard(QWidget):
    """Shows a :class:`Subject`, or nothing.

    Args:
        name: First part of the widgets' names, ``"inspect.card"``.
    """

    def __init__(self, model: InspectionModel, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._subject: Subject | None = None
        self._target = -1
        self.closely = Closely(model, self)
        self.view = HeatView(theme, name=f"{name}-view")
        self._name = ElidedLabel()
        self._name.setProperty("role", "heading")
        self._answer = named(WrappedLabel(), f"{name}-answer", "What it is taken for")
        self._verdict = named(WrappedLabel(), f"{name}-verdict", "Whether such images are known")
        self._verdict.setProperty("role", "muted")
        self._where = named(QCheckBox("Where it looks"), f"{name}-where", "Show where the network looks")
        self._where.setToolTip("Grad-CAM: what speaks for the class that is chosen below is warm; only what is inside "
                               "the dashed frame was seen")  # fmt: skip
        self._where.setChecked(True)
        self._strength = named(QSlider(Qt.Orientation.Horizontal), f"{name}-strength", "How strongly it is shown")
        self._strength.setRange(0, 100)
        self._strength.setValue(_STRENGTH)
        self._strength.setFixedWidth(12 * GAP)
        self._heat_words = ElidedLabel()
        self._heat_words.setProperty("role", "muted")
        self.probabilities = Probabilities(theme, name=f"{name}-probabilities")
        self._alike_words = ElidedLabel()
        self._alike_words.setProperty("role", "muted")
        self.neighbours = ItemGrid(model.workspace, theme, name=f"{name}-neighbours")
        self.neighbours.set_tile(_SMALL)
        self._lay_out()
        self._connect()
        self.show_subject(None)

    def _lay_out(self) -> None:
        answered = QVBoxLayout()
        answered.setSpacing(GAP // 2)
        answered.addWidget(_heading("Probabilities"))
        answered.addWidget(self.probabilities, 1)
        both = QHBoxLayout()
        both.setSpacing(GAP)
        both.addWidget(self.view, 3)
        both.addLayout(answered, 2)
        tools = QHBoxLayout()
        tools.setSpacing(GAP // 2)
        tools.addWidget(self._where)
        tools.addWidget(self._strength)
        tools.addWidget(self._heat_words, 1)
        told = QHBoxLayout()
        told.setSpacing(GAP)
        told.addWidget(_heading("Most alike in training"))
        told.addWidget(self._alike_words, 1)
        above, below = QWidget(), QWidget()
        picture, alike = QVBoxLayout(above), QVBoxLayout(below)
        for layout in (picture, alike):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GAP // 2)
        picture.addLayout(both, 1)
        picture.addLayout(tools)
        alike.addLayout(told)
        alike.addWidget(self.neighbours, 1)
        self._parts = named(QSplitter(Qt.Orientation.Vertical), "inspect.card-parts", "Picture and what is alike")
        self._parts.setChildrenCollapsible(False)
        self._parts.addWidget(above)
        self._parts.addWidget(below)
        self._parts.setStretchFactor(0, 1)
        # Below one row of tiles; what there is more goes to the picture.
        row = self.neighbours.gallery.cell.height() + 2 * self.fontMetrics().height()
        self._parts.setSizes([_ROOM * row, row])
        column_of_all = QVBoxLayout(self)
        column_of_all.setContentsMargins(GAP, 0, 0, 0)
        column_of_all.setSpacing(GAP // 2)
        for line in (self._name, self._answer, self._verdict):
            column_of_all.addWidget(line)
        column_of_all.addWidget(self._parts, 1)

    def _connect(self) -> None:
        closely = self.closely
        closely.picture_ready.connect(self._on_picture_ready)
        closely.heat_ready.connect(self._on_heat_ready)
        closely.alike_ready.connect(self._on_alike_ready)
        closely.judged.connect(self._on_judged)
        closely.failed.connect(self._on_failed)
        self._where.toggled.connect(self._on_where_toggled)
        self._strength.valueChanged.connect(self._on_strength_changed)
        self.probabilities.chosen.connect(self._on_class_chosen)
        self._model.training_changed.connect(self._on_training_changed)
        self._model.threshold_changed.connect(self._on_threshold_changed)

    def show_subject(self, subject: Subject | None) -> None:
        """Look closely at ``subject``; at nothing for ``None``."""
        self._subject = subject
        self.view.show_heat(None)
        self._heat_words.show_text("")
        self._verdict.setText("")
        self._alike_words.show_text("")
        self.neighbours.clear()
        if subject is None:
            self.closely.drop()
            self._name.show_text("")
            self._answer.setText("")
            self.view.show_sentence("No image is chosen")
            self.probabilities.show_answer(None)
            return
        answer = subject.answer
        self._target = int(answer.predicted[0])
        self._name.show_text(subject.name)
        self._answer.setText(_in_words(subject))
        self.probabilities.show_answer(answer, chosen=self._target)
        self.closely.show(subject)
        self.closely.judge()
        self._explain()
        self._find_alike()

    @property
    def words(self) -> tuple[str, str]:
        """What it is taken for, and whether such images are known."""
        return self._answer.text(), self._verdict.text()

    @property
    def alike_words(self) -> str:
        return self._alike_words.whole

    # Where it looks

    def _explain(self) -> None:
        if self._where.isChecked() and self._subject is not None:
            self._heat_words.show_text(f"for {self._subject.answer.classes[self._target]}\N{HORIZONTAL ELLIPSIS}")
            self.closely.explain(self._target)

    def _on_class_chosen(self, label: int) -> None:
        self._target = label
        self._explain()

    def _on_where_toggled(self, on: bool) -> None:
        self._strength.setEnabled(on)
        if on:
            self._explain()
        else:
            self.view.show_heat(None)
            self._heat_words.show_text("")

    def _on_strength_changed(self, percent: int) -> None:
        self.view.set_strength(percent / 100)

    def _on_picture_ready(self, picture: "Picture") -> None:
        self.view.show_picture(picture)

    def _on_heat_ready(self, heat: Heat) -> None:
        if self._subject is None or not self._where.isChecked():
            return
        name = self._subject.answer.classes[heat.target]
        nothing = not np.any(heat.values)
        self._heat_words.show_text(f"nothing speaks for {name}" if nothing else f"for {name}")
        self.view.show_heat(None if nothing else heat)

    # What is alike

    def _find_alike(self) -> None:
        if self._model.training is None:
            self._alike_words.show_text(_LOOKING)
            self._model.want_training()
        else:
            self.closely.compare()

    def _on_training_changed(self) -> None:
        if self._subject is not None and self._model.training is not None and self.isVisible():
            self.closely.compare()
            self.closely.judge()

    def _on_alike_ready(self, alike: Alike) -> None:
        training, dataset = alike.training, self._model.dataset
        if training is not self._model.training or dataset is None or not len(alike.items):
            return
        labels = training.labels[training.rows(alike.items)].tolist()
        names = [training.classes[label] if label >= 0 else "no label" for label in labels]
        counts = ", ".join(f"{count} {name}" for name, count in Counter(names).most_common())
        near, far = alike.distances[0], alike.distances[-1]
        self._alike_words.show_text(f"{counts} · distance {near:.2f} to {far:.2f}")
        self._alike_words.setToolTip(
            f"{self._alike_words.whole}\nCosine distance of what the last layer sees: "
            + ", ".join(f"{name} {one:.3f}" for name, one in zip(names, alike.distances.tolist(), strict=True))
        )
        self.neighbours.show_items(dataset, training, alike.items)

    # Whether it is known

    def _on_threshold_changed(self) -> None:
        if self._subject is not None and self.isVisible():
            self.closely.judge()

    def _on_judged(self, judged: Judged) -> None:
        sign = "\N{CHECK MARK} Known" if judged.known else "? Unknown"
        relation = "at least" if judged.known else "below"
        self._verdict.setText(
            f"{sign}: {judged.title} {plain(judged.value, digits=3)}, {relation} {plain(judged.threshold, digits=3)}"
        )

    def _on_failed(self, what: str, error: BaseException) -> None:
        said = str(error) if isinstance(error, UserError) else f"a bug in the workbench: {error!r}"
        if what == "picture":
            self.view.show_sentence(said)
        elif what == "heat":
            self._heat_words.show_text(said)
        elif what == "alike":
            self._alike_words.show_text(said)
        else:
            self._verdict.setText(said)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _in_words(subject: Subject) -> str:
    answer = subject.answer
    taken = f"{answer.classes[int(answer.predicted[0])]}, {SHARE.text(float(answer.confidence[0]))}"
    label = int(answer.labels[0])
    if label < 0:
        return f"Taken for {taken}"
    if label == int(answer.predicted[0]):
        return f"\N{CHECK MARK} Taken for {taken}: right"
    return f"\N{MULTIPLICATION SIGN} Taken for {taken}: wrong, it is {answer.classes[label]}"
