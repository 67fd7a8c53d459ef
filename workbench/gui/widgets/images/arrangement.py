"""How a gallery shows what it shows: in which order, how large, with the masks or without; and how many they are."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from workbench.gui.models.catalogue import Catalogue
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST, STEP, USUAL
from workbench.gui.widgets.images.set_list import DOT

IMPORTED, NAME, SIZE, CLASS, SPLIT = "imported", "name", "size", "class", "split"
SCORE = "score:"  # before the name of a score
USUAL_OPACITY = 50  # percent
_CHOSEN = 9  # least characters of the order
_TOGETHER = "Copies lie side by side while such a finding is shown"


class Arrangement(QWidget):
    """The row below the filters, or right of them.

    Signals:
        order_changed: See :meth:`order`.
        masks_changed: See :attr:`opacity`.
        tile_changed: Side of a tile in logical pixels.
    """

    order_changed = Signal()
    masks_changed = Signal()
    tile_changed = Signal(int)

    def __init__(self, theme: Theme, *, panel: str = "data") -> None:
        super().__init__()
        self._theme = theme
        self._scores: tuple[str, ...] = ()
        self._catalogue: Catalogue | None = None
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._order = named(QComboBox(), f"{panel}.sort", "Sort by")
        self._order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._order.setMinimumContentsLength(_CHOSEN)
        self._order.setToolTip("Sort by")
        self._direction = named(QToolButton(), f"{panel}.direction", "Largest or last first")
        self._direction.setCheckable(True)
        self._masks = named(QToolButton(), f"{panel}.masks", "Show the masks")
        self._masks.setCheckable(True)
        self._masks.setChecked(True)
        self._masks.setIcon(theme.icon("masks"))
        self._masks.setToolTip("Show the masks (M)")
        self._opacity = named(QSlider(Qt.Orientation.Horizontal), f"{panel}.mask-opacity", "Opacity of the masks")
        self._opacity.setRange(5, 100)
        self._opacity.setPageStep(10)
        self._opacity.setValue(USUAL_OPACITY)
        self._opacity.setFixedWidth(9 * GAP)
        self._size_sign = QLabel()
        self._size = named(QSlider(Qt.Orientation.Horizontal), f"{panel}.tile-size", "Size of the tiles")
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setSingleStep(STEP)
        self._size.setPageStep(2 * STEP)
        self._size.setValue(USUAL)
        self._size.setToolTip("Size of the tiles")
        self._size.setFixedWidth(10 * GAP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self._order)
        row.addWidget(self._direction)
        row.addSpacing(GAP)
        row.addWidget(self._masks)
        row.addWidget(self._opacity)
        row.addSpacing(GAP)
        row.addWidget(self._size_sign)
        row.addWidget(self._size)
        self._order.currentIndexChanged.connect(self.order_changed)
        self._direction.toggled.connect(self._on_direction_toggled)
        self._masks.toggled.connect(self._on_masks_toggled)
        self._opacity.valueChanged.connect(self._on_opacity_changed)
        self._size.valueChanged.connect(self.tile_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._show_direction()
        self._show_opacity()
        self.fill(None)

    def fill(self, catalogue: Catalogue | None, *, label_set: str = "") -> None:
        """Offer what this set can be sorted by. What was chosen stays, where it is still offered; no signal says so."""
        self._catalogue = catalogue
        blocked = QSignalBlocker(self._order)
        chosen = self._order.currentData()
        self._order.clear()
        self._order.addItem("As imported", IMPORTED)
        self._order.addItem("Name", NAME)
        if catalogue:
            if catalogue.pixels is not None:
                self._order.addItem("Size in pixels", SIZE)
            if label_set in catalogue.class_sets:
                self._order.addItem("Class", CLASS)
            if catalogue.has_splits:
                self._order.addItem("Split", SPLIT)
        for name in self._scores:
            self._order.addItem(name, SCORE + name)
        self._order.setCurrentIndex(max(0, self._order.findData(chosen)))
        blocked.unblock()
        masked = catalogue is not None and catalogue.palette is not None
        self._masks.setVisible(masked)
        self._opacity.setVisible(masked)
        total = len(catalogue) if catalogue else 0
        metrics = self._count.fontMetrics()
        self._count.setMinimumWidth(metrics.horizontalAdvance(_counted(total, total, 0)))

    def set_scores(self, names: Sequence[str], *, label_set: str = "") -> None:
        """Offer these to sort by, too."""
        self._scores = tuple(names)
        self.fill(self._catalogue, label_set=label_set)

    def order(self) -> tuple[str, bool]:
        """What to sort by (:data:`IMPORTED`, ..., or :data:`SCORE` and a name), and whether the largest come first."""
        return str(self._order.currentData()), self._direction.isChecked()

    def reset_order(self) -> None:
        """As imported again, without a signal."""
        blocked = QSignalBlocker(self._order), QSignalBlocker(self._direction)
        self._order.setCurrentIndex(0)
        self._direction.setChecked(False)
        self._show_direction()
        for one in blocked:
            one.unblock()

    def keep_together(self, together: bool) -> None:
        """While copies lie side by side no other order can be chosen."""
        for widget in (self._order, self._direction):
            widget.setEnabled(not together)
        self._order.setToolTip(_TOGETHER if together else "Sort by")

    @property
    def opacity(self) -> float:
        """Of the masks, 0..1; 0 where they are not to be shown."""
        return self._opacity.value() / 100 if self._masks.isChecked() else 0.0

    def toggle_masks(self) -> None:
        """Show the masks, or hide them; nothing where there are none."""
        if not self._masks.isHidden():
            self._masks.toggle()

    def show_count(self, shown: int, *, total: int, selected: int = 0) -> None:
        self._count.setText(_counted(shown, total, selected))

    @property
    def count_text(self) -> str:
        return self._count.text()

    def show_tile(self, side: int) -> None:
        """Follow a size that was chosen elsewhere."""
        self._size.setValue(side)

    def _on_direction_toggled(self) -> None:
        self._show_direction()
        self.order_changed.emit()

    def _show_direction(self) -> None:
        down = self._direction.isChecked()
        self._direction.setIcon(self._theme.icon("chevron-down" if down else "chevron-up"))
        self._direction.setToolTip("Largest or last first" if down else "Smallest or first first")

    def _on_masks_toggled(self) -> None:
        self._opacity.setEnabled(self._masks.isChecked())
        self.masks_changed.emit()

    def _on_opacity_changed(self) -> None:
        self._show_opacity()
        self.masks_changed.emit()

    def _show_opacity(self) -> None:
        self._opacity.setToolTip(f"Opacity of the masks: {self._opacity.value()} %")

    def _on_theme_changed(self) -> None:
        self._size_sign.setPixmap(self._theme.icon("grid", colour=self._theme.colours.muted).pixmap(ICON, ICON))


def _counted(shown: int, total: int, selected: int) -> str:
    text = f"{shown:,} of {total:,}"
    return f"{text}{DOT}{selected:,} selected" if selected else text
