"""What a person chooses about the plane: what the mouse does, which axes it has, and what lies over the codes."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.latent.plane_axes import COMPONENTS, DIMENSIONS, Axes
from workbench.gui.widgets.latent.plane_view import Hand, PlaneView

_HANDS = {
    Hand.HANDLE: ("Explore", "Drag anywhere: what is below the handle is decoded. A click on a point takes its item."),
    Hand.LASSO: ("Lasso", "Drag around points to select them. Shift adds to the selection, Alt takes away."),
    Hand.RECTANGLE: ("Rectangle", "Drag a rectangle to select points. Shift adds to the selection, Alt takes away."),
    Hand.MOVE: ("Move", "Drag the plane about; with the right button that always works. The wheel zooms."),
}  # fmt: skip
NOTHING, CONTOURS, SHADING = "", "contours", "shading"


class AxesChooser(QWidget):
    """Which two directions are shown: only where there are more than two.

    Signals:
        kind_chosen: ``"dimensions"`` or ``"components"``.
        pair_chosen: Another pair, see :attr:`pair`.
    """

    kind_chosen = Signal(str)
    pair_chosen = Signal()

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._kind = named(QComboBox(), f"{name}-axes", "Axes")
        self._kind.addItem("Dimensions", DIMENSIONS)
        self._kind.addItem("Principal axes", COMPONENTS)
        self._kind.setToolTip("Two dimensions of the code, or the two directions in which the codes of the data differ")
        self.across = named(QComboBox(), f"{name}-across", "Axis across")
        self.upwards = named(QComboBox(), f"{name}-upwards", "Axis upwards")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        label = QLabel("&Axes")
        label.setBuddy(self._kind)
        for widget in (label, self._kind, self.across, self.upwards):
            row.addWidget(widget)
        for box in (self.across, self.upwards):
            box.setMinimumContentsLength(6)
            box.setMaxVisibleItems(20)
            box.currentIndexChanged.connect(self._on_pair_chosen)
        self._kind.currentIndexChanged.connect(self._on_kind_chosen)

    @property
    def kind(self) -> str:
        return str(self._kind.currentData())

    @property
    def pair(self) -> tuple[int, int]:
        """Indices of the axes across and upwards."""
        return int(self.across.currentData()), int(self.upwards.currentData())

    def offer(self, axes: Axes, pair: tuple[int, int], *, components: bool) -> None:
        """Offer the axes of a basis, the strongest first; no signal.

        Args:
            components: Whether there are codes to find components of.
        """
        blocked = [QSignalBlocker(box) for box in (self._kind, self.across, self.upwards)]
        self._kind.setCurrentIndex(self._kind.findData(axes.kind))
        self._kind.setEnabled(components)
        order = axes.order.tolist()
        for box, own in zip((self.across, self.upwards), pair, strict=True):
            box.clear()
            for index in order:
                box.addItem(axes.name(index), index)
            box.setCurrentIndex(box.findData(own))
        for one in blocked:
            one.unblock()

    def _on_kind_chosen(self) -> None:
        self.kind_chosen.emit(self.kind)

    def _on_pair_chosen(self) -> None:
        i, j = self.pair
        if i == j:  # one direction is no plane: the other axis gives way
            other = self.upwards if self.sender() is self.across else self.across
            blocked = QSignalBlocker(other)
            other.setCurrentIndex((other.currentIndex() + 1) % other.count())
            blocked.unblock()
        self.pair_chosen.emit()


class PlaneBar(QWidget):
    """Signals:
    options_changed: What lies over the codes shall be different.
    names_toggled: See :attr:`names`.
    score_toggled: See :attr:`scores`.
    """

    options_changed = Signal()
    names_toggled = Signal()
    score_toggled = Signal()

    def __init__(self, view: PlaneView, theme: Theme) -> None:
        super().__init__()
        self._view = view
        self._hands: dict[Hand, QToolButton] = {}
        self.axes = AxesChooser(name="latent.plane")
        flow = FlowLayout(self)
        flow.addWidget(self._make_hands(theme))
        flow.addWidget(self.axes)
        self._ellipses = named(QComboBox(), "latent.plane-ellipses", "Posteriors")
        self._ellipses.setToolTip("How sure the network is of an item's code: of those selected, or of those in view")
        self._ellipses.addItem("No posteriors", 0)
        for deviations in (1, 2):
            self._ellipses.addItem(f"Posteriors, {deviations} \N{GREEK SMALL LETTER SIGMA}", deviations)
        self._density = named(QComboBox(), "latent.plane-density", "Density of the codes")
        self._density.setToolTip("Lines that hold 25, 50, 75 and 90 % of the codes, or a shading")
        for text, kind in (("No density", NOTHING), ("Density as lines", CONTOURS), ("Density as shading", SHADING)):
            self._density.addItem(text, kind)
        self._prior = self._box("prior", "Prior", "Circles at 1, 2 and 3 standard deviations of the prior", on=True)
        self._names = self._box("names", "Names", "Write the names of the classes among the points", on=True)
        self._scores = self._box("scores", "Score", "Score what is decoded whenever the handle rests", on=False)
        for widget in (self._ellipses, self._density, self._prior, self._names, self._scores):
            flow.addWidget(widget)
        for box in (self._ellipses, self._density):
            box.currentIndexChanged.connect(self.options_changed)
        self._prior.toggled.connect(self.options_changed)
        self._names.toggled.connect(self.names_toggled)
        self._scores.toggled.connect(self.score_toggled)
        view.hand_changed.connect(self._on_hand_changed)
        self._on_hand_changed()

    def _make_hands(self, theme: Theme) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 4)
        group = QButtonGroup(self)
        for hand, (text, about) in _HANDS.items():
            button = named(QToolButton(), f"latent.plane-tool-{hand.value}", text)
            button.setText(text)
            button.setToolTip(about)
            button.setCheckable(True)
            button.clicked.connect(partial(self._view.set_hand, hand))
            group.addButton(button)
            self._hands[hand] = button
            row.addWidget(button)
        fit = named(QToolButton(), "latent.plane-tool-fit", "Show all codes")
        fit.setIcon(theme.icon("zoom-fit"))
        fit.setToolTip("Show all codes (0)")
        fit.clicked.connect(self._view.fit)
        row.addWidget(fit)
        for button in (*self._hands.values(), fit):
            button.setFocusPolicy(button.focusPolicy().StrongFocus)
        return holder

    def _box(self, name: str, text: str, about: str, *, on: bool) -> QCheckBox:
        box = named(QCheckBox(text), f"latent.plane-{name}", text)
        box.setToolTip(about)
        box.setChecked(on)
        return box

    @property
    def deviations(self) -> int:
        """Of the ellipses; 0 for none."""
        return int(self._ellipses.currentData())

    @property
    def density(self) -> str:
        """:data:`NOTHING`, :data:`CONTOURS` or :data:`SHADING`."""
        return str(self._density.currentData())

    @property
    def prior(self) -> bool:
        return self._prior.isChecked()

    @property
    def names(self) -> bool:
        return self._names.isChecked()

    @property
    def scores(self) -> bool:
        return self._scores.isChecked()

    def offer(self, *, codes: bool, posteriors: bool, classes: bool, dims: int, score: str) -> None:
        """Show what makes sense for a network.

        Args:
            codes: Whether items have codes; without them there is only the prior.
            posteriors: Whether codes have a spread.
            score: Name of the network's score.
        """
        self.axes.setVisible(dims > 2)
        self._ellipses.setVisible(codes and posteriors)
        self._density.setVisible(codes)
        self._names.setVisible(codes and classes)
        for hand in (Hand.LASSO, Hand.RECTANGLE):
            self._hands[hand].setVisible(codes)
        if not codes and self._view.hand in (Hand.LASSO, Hand.RECTANGLE):
            self._view.set_hand(Hand.HANDLE)
        self._scores.setVisible(bool(score))
        self._scores.setText(score or "Score")
        self._scores.setAccessibleName(score or "Score")
        self.updateGeometry()

    def state(self) -> dict[str, object]:
        """Plain values to remember."""
        return {
            "ellipses": self.deviations, "density": self.density, "prior": self.prior, "names": self.names,
            "scores": self.scores,
        }  # fmt: skip

    def restore(self, state: dict[str, object]) -> None:
        """Take up what :meth:`state` gave; nonsense is passed over."""
        for box, key in ((self._ellipses, "ellipses"), (self._density, "density")):
            box.setCurrentIndex(max(0, box.findData(state.get(key))))
        self._prior.setChecked(state.get("prior") is not False)
        self._names.setChecked(state.get("names") is not False)
        self._scores.setChecked(state.get("scores") is True)

    def _on_hand_changed(self) -> None:
        self._hands[self._view.hand].setChecked(True)
