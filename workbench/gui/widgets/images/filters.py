"""What narrows a gallery down: class, split, a part of the name; how many are left; and how large the tiles are."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QWidget

from workbench.gui.models.gallery import ANY, NO_SPLIT_TEXT, UNKNOWN_CLASS, Catalogue
from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.widgets.images.gallery import LARGEST, SMALLEST, STEP, USUAL
from workbench.gui.widgets.images.tile import paint_chip

_PAUSE_MILLISECONDS = 120  # after a letter was typed
_NAMED, _CHOSEN = 12, 5  # least characters of the name and of a combo box
_MOST_CHIPS = 256  # classes that are marked with their colour in the list


class ImageFilters(QWidget):
    """The row above the gallery.

    Signals:
        changed: Other items are wanted; see :meth:`choice`.
        label_set_changed: Name of the label set that is meant from now on.
        tile_changed: Side of a tile in logical pixels.
    """

    changed = Signal()
    label_set_changed = Signal(str)
    tile_changed = Signal(int)

    def __init__(self, theme: Theme, *, panel: str = "data") -> None:
        super().__init__()
        self._theme = theme
        self._catalogue: Catalogue | None = None
        self._label_set = named(QComboBox(), f"{panel}.label-set", "Which labels")
        self._class = named(QComboBox(), f"{panel}.class", "Class")
        self._split = named(QComboBox(), f"{panel}.split", "Split")
        for combo in (self._label_set, self._class, self._split):
            # Otherwise it measures each of its entries, and a set may have 20,000 classes.
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(_CHOSEN)
        self._text = named(QLineEdit(), f"{panel}.text", "Part of the name")
        self._text.setPlaceholderText("Name contains")
        self._text.setClearButtonEnabled(True)
        self._text.setAcceptDrops(False)  # what is dropped anywhere on the panel is imported
        self._text.setMinimumWidth(self.fontMetrics().averageCharWidth() * _NAMED)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._size_sign = QLabel()
        self._size = named(QSlider(Qt.Orientation.Horizontal), f"{panel}.tile-size", "Size of the tiles")
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setSingleStep(STEP)
        self._size.setPageStep(2 * STEP)
        self._size.setValue(USUAL)
        self._size.setToolTip("Size of the tiles")
        self._size.setFixedWidth(12 * GAP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._label_set, 2)
        row.addWidget(self._class, 2)
        row.addWidget(self._split, 2)
        row.addWidget(self._text, 3)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self._size_sign)
        row.addWidget(self._size)
        self._typing = QTimer(self, singleShot=True, interval=_PAUSE_MILLISECONDS)
        self._typing.timeout.connect(self.changed)
        self._text.textChanged.connect(self._typing.start)
        self._class.currentIndexChanged.connect(self.changed)
        self._split.currentIndexChanged.connect(self.changed)
        self._label_set.currentIndexChanged.connect(self._on_label_set_chosen)
        self._size.valueChanged.connect(self.tile_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def fill(self, catalogue: Catalogue | None) -> None:
        """Offer what this set has. Nothing is narrowed down any more, and no signal says so."""
        self._catalogue = catalogue
        self._typing.stop()
        widgets = (self._label_set, self._class, self._split, self._text)
        blocked = [widget.blockSignals(True) for widget in widgets]
        self._text.clear()
        self._label_set.clear()
        self._split.clear()
        self._split.addItem("All splits", None)
        if catalogue:
            self._label_set.addItems(list(catalogue.label_sets))
            for split, count in catalogue.split_counts().items():
                self._split.addItem(f"{split or NO_SPLIT_TEXT} ({count:,})", split)
        self._label_set.setVisible(self._label_set.count() > 1)
        self._split.setEnabled(self._split.count() > 2)
        self._fill_classes()
        for widget, was in zip(widgets, blocked, strict=True):
            widget.blockSignals(was)

    def choice(self) -> tuple[int, str | None, str]:
        """Label (or :data:`ANY`), split (``None`` for all) and text that are wanted."""
        label = self._class.currentData()
        return (ANY if label is None else int(label)), self._split.currentData(), self._text.text()

    @property
    def label_set(self) -> str:
        return self._label_set.currentText()

    @property
    def narrowed(self) -> bool:
        return self.choice() != (ANY, None, "")

    def clear(self) -> None:
        """Let everything through again."""
        self._text.clear()
        self._class.setCurrentIndex(0)
        self._split.setCurrentIndex(0)
        self._typing.stop()
        self.changed.emit()

    def show_count(self, shown: int, *, total: int) -> None:
        self._count.setText(f"{shown:,} of {total:,}")

    @property
    def count_text(self) -> str:
        return self._count.text()

    def show_tile(self, side: int) -> None:
        """Follow a size that was chosen elsewhere."""
        self._size.setValue(side)

    def focus_text(self) -> None:
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()

    def _fill_classes(self) -> None:
        self._class.clear()
        self._class.addItem("All classes", ANY)
        if self._catalogue is None:
            return
        counts = self._catalogue.class_counts(self.label_set).tolist()
        for label, name in enumerate(self._catalogue.label_sets[self.label_set]):
            self._class.addItem(f"{name} ({counts[label]:,})", label)
        if counts[-1]:
            self._class.addItem(f"{UNKNOWN_CLASS} ({counts[-1]:,})", -1)
        self._paint_chips()

    def _paint_chips(self) -> None:
        for row in range(1, min(self._class.count(), _MOST_CHIPS)):
            self._class.setItemIcon(row, self._chip(self._class.itemData(row)))

    def _chip(self, label: int) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(ICON * ratio), round(ICON * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        inside = pixmap.deviceIndependentSize().toSize()
        rect = pixmap.rect()
        rect.setSize(inside)
        paint_chip(painter, rect.adjusted(4, 4, -4, -4), label, theme=self._theme)
        painter.end()
        return QIcon(pixmap)

    def _on_label_set_chosen(self) -> None:
        blocked = self._class.blockSignals(True)
        self._fill_classes()
        self._class.blockSignals(blocked)
        self.label_set_changed.emit(self.label_set)
        self.changed.emit()

    def _on_theme_changed(self) -> None:
        self._size_sign.setPixmap(self._theme.icon("grid", colour=self._theme.colours.muted).pixmap(ICON, ICON))
        self._paint_chips()
