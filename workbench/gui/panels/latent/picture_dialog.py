"""How large a picture, or how large and how fast a film, is to be written."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP
from workbench.gui.widgets.images.label import WrappedLabel

LARGEST = 64
_COMFORTABLE = 1000  # pixels that a picture should have at first
_FASTEST = 50.0
_WIDTH = 46  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureWish:
    """Attributes:
    enlarge: Pixels of the file to one of the picture, each way.
    gap: Pixels of the file between two pictures of a sheet.
    rate: Frames a second of a film.
    both_ways: Whether the film runs back again, too.
    """

    enlarge: int
    gap: int = 0
    rate: float = 0.0
    both_ways: bool = False


class PictureDialog(QDialog):
    """Signals:
        wanted: A :class:`PictureWish`.

    Args:
        title: What is written.
        columns, rows: Pictures in the file.
        width, height: Pixels of one.
        rate: Frames a second to begin with; 0 for a sheet, which does not move.
    """

    wanted = Signal(object)

    def __init__(
        self, title: str, *, columns: int, rows: int, width: int, height: int, rate: float, parent: QWidget
    ) -> None:  # fmt: skip
        super().__init__(parent)
        named(self, "latent.picture-dialog", f"Export {title}")
        self.setWindowTitle(f"Export {title}")
        self._grid, self._one = (columns, rows), (width, height)
        self.enlarge = named(QSpinBox(), "latent.picture-enlarge", "Enlarge how many times")
        self.enlarge.setRange(1, LARGEST)
        self.enlarge.setValue(max(1, min(LARGEST, _COMFORTABLE // max(columns * width, rows * height))))
        self.enlarge.setSuffix(" times")
        self.lines = named(QCheckBox("A line between the pictures"), "latent.picture-lines", "A line between pictures")
        self.rate = named(QDoubleSpinBox(), "latent.picture-rate", "Frames a second")
        self.rate.setRange(0.5, _FASTEST)
        self.rate.setDecimals(1)
        self.rate.setValue(rate or 1.0)
        self.both_ways = named(QCheckBox("There and back again"), "latent.picture-both-ways", "There and back again")
        self.size_words = WrappedLabel()
        self.size_words.setProperty("role", "muted")
        self._film = rate > 0
        form = QFormLayout(self)
        form.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        form.setSpacing(GAP)
        form.addRow("&Enlarge", self.enlarge)
        if self._film:
            form.addRow("&Frames a second", self.rate)
            form.addRow("", self.both_ways)
        else:
            self.lines.setChecked(True)
            form.addRow("", self.lines)
        form.addRow(self.size_words)
        save = named(QPushButton("Save as\N{HORIZONTAL ELLIPSIS}"), "latent.picture-save", "Choose where to save it")
        save.setProperty("primary", True)
        save.setDefault(True)
        cancel = named(QPushButton("Cancel"), "latent.picture-cancel", "Close this dialog")
        cancel.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(save)
        form.addRow(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _WIDTH)
        self.enlarge.valueChanged.connect(self._show_size)
        self.lines.toggled.connect(self._show_size)
        save.clicked.connect(self._on_save_clicked)
        cancel.clicked.connect(self.reject)
        self._show_size()

    @property
    def wish(self) -> PictureWish:
        enlarge = self.enlarge.value()
        if self._film:
            return PictureWish(enlarge=enlarge, rate=self.rate.value(), both_ways=self.both_ways.isChecked())
        return PictureWish(enlarge=enlarge, gap=max(1, enlarge // 2) if self.lines.isChecked() else 0)

    def _show_size(self) -> None:
        wish = self.wish
        wide, high = (
            many * one * wish.enlarge + (many - 1) * wish.gap for many, one in zip(self._grid, self._one, strict=True)
        )
        self.size_words.setText(f"{wide:,} \N{MULTIPLICATION SIGN} {high:,} pixels")

    def _on_save_clicked(self) -> None:
        self.accept()
        self.wanted.emit(self.wish)
