"""What a person chooses about an embedding: its layout, what the points are coloured by, and which items they are."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from workbench.gui.models import colouring
from workbench.gui.models.embedding import PCA, TSNE
from workbench.gui.naming import named
from workbench.gui.theme import Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.inspect.scatter import Scatter
from workbench.gui.widgets.inspect.scatter_tools import ScatterTools

USUAL_PERPLEXITY = 30.0


class EmbeddingBar(QWidget):
    """Signals:
    layout_chosen: ``"pca"`` or ``"tsne"``.
    again_wanted: t-SNE shall be run anew with this perplexity.
    colouring_chosen: See :attr:`colouring`.
    parts_wanted: Names of all further splits that shall be shown.
    names_toggled: See :attr:`names`.
    """

    layout_chosen = Signal(str)
    again_wanted = Signal()
    colouring_chosen = Signal()
    parts_wanted = Signal(object)
    names_toggled = Signal()

    def __init__(self, scatter: Scatter, theme: Theme) -> None:
        super().__init__()
        self._remembered = colouring.LABEL
        self._layouts: dict[str, QToolButton] = {}
        self._parts: dict[str, QCheckBox] = {}
        group = QButtonGroup(self)
        for id, text, about in (
            (PCA, "PCA", "The two directions in which the items differ most; at once"),
            (TSNE, "t-SNE", "Items that are alike lie together; takes a while"),
        ):
            button = named(QToolButton(), f"inspect.embedding-{id}", text)
            button.setText(text)
            button.setToolTip(about)
            button.setCheckable(True)
            button.setFocusPolicy(button.focusPolicy().StrongFocus)
            button.clicked.connect(self._on_layout_clicked)
            group.addButton(button)
            self._layouts[id] = button
        self._layouts[PCA].setChecked(True)
        self._perplexity = named(QDoubleSpinBox(), "inspect.embedding-perplexity", "Perplexity")
        self._perplexity.setRange(2, 500)
        self._perplexity.setDecimals(0)
        self._perplexity.setValue(USUAL_PERPLEXITY)
        self._perplexity.setPrefix("perplexity ")
        self._perplexity.setToolTip("About how many neighbours of an item count; a third of the items at most")
        self._again = named(QPushButton("Run again"), "inspect.embedding-again", "Run t-SNE again")
        self._again.clicked.connect(self.again_wanted)
        self._colouring = named(QComboBox(), "inspect.embedding-colour", "Colour by")
        self._colouring.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._colouring.currentIndexChanged.connect(self._on_colouring_chosen)
        self._names = named(QCheckBox("Names"), "inspect.embedding-names", "Write names among the points")
        self._names.setChecked(True)
        self._names.toggled.connect(self.names_toggled)
        label = QLabel("&Colour by")
        label.setBuddy(self._colouring)
        self._flow = FlowLayout(self)
        for widget in (
            *self._layouts.values(), self._perplexity, self._again, label, self._colouring, self._names,
            ScatterTools(scatter, theme, name="inspect.embedding-tool"),
        ):  # fmt: skip
            self._flow.addWidget(widget)
        self.offer_colourings((), several=False)
        self.show_layout(PCA, running=False)

    # What was chosen

    @property
    def colouring(self) -> str:
        """A key of :mod:`workbench.gui.models.colouring`."""
        return str(self._colouring.currentData())

    @property
    def colouring_title(self) -> str:
        return self._colouring.currentText()

    @property
    def perplexity(self) -> float:
        return self._perplexity.value()

    @property
    def names(self) -> bool:
        """Whether names are written among the points."""
        return self._names.isChecked()

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return {"colour": self._remembered, "names": self.names, "perplexity": self.perplexity}

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        colour, perplexity = state.get("colour"), state.get("perplexity")
        if isinstance(colour, str):
            self._remembered = colour
            self._colouring.setCurrentIndex(max(0, self._colouring.findData(colour)))
        if isinstance(perplexity, float):
            self._perplexity.setValue(perplexity)
        self._names.setChecked(state.get("names") is not False)

    # What is offered

    def offer_colourings(self, scores: Sequence[tuple[str, str]], *, several: bool) -> None:
        """Offer scores (id, title) beside the usual, and the split where there are several. What was chosen stays."""
        blocked = QSignalBlocker(self._colouring)
        self._colouring.clear()
        for key, title in colouring.TITLES.items():
            if several or key != colouring.SPLIT:
                self._colouring.addItem(title, key)
        for id, title in scores:
            self._colouring.addItem(f"Known by: {title}", colouring.SCORE + id)
        self._colouring.setCurrentIndex(max(0, self._colouring.findData(self._remembered)))
        blocked.unblock()

    def offer_parts(self, splits: Sequence[str], *, chosen: Collection[str]) -> None:
        """Offer to show the items of these splits, too; those that are chosen are ticked, and no signal says so."""
        if list(self._parts) == list(splits):
            return
        for box in self._parts.values():
            self._flow.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._parts = {}
        for split in splits:
            box = named(QCheckBox(f"+ {split}"), f"inspect.embedding-with-{split}", f"Show the {split} items, too")
            box.setToolTip(f"Show the {split} items, too")
            box.setChecked(split in chosen)
            box.toggled.connect(self._on_parts_toggled)
            self._flow.addWidget(box)
            box.show()
            self._parts[split] = box
        self.updateGeometry()

    def show_layout(self, layout: str, *, running: bool) -> None:
        """Follow what is shown, and whether t-SNE is at work."""
        self._layouts[layout].setChecked(True)
        for widget in (self._perplexity, self._again):
            widget.setVisible(layout == TSNE)
            widget.setEnabled(not running)

    def _on_layout_clicked(self) -> None:
        self.layout_chosen.emit(next(id for id, button in self._layouts.items() if button.isChecked()))

    def _on_colouring_chosen(self) -> None:
        self._remembered = self.colouring
        self.colouring_chosen.emit()

    def _on_parts_toggled(self) -> None:
        self.parts_wanted.emit(tuple(split for split, box in self._parts.items() if box.isChecked()))
