"""How samples are drawn: how many, how warm, as means or as pixels, and which draw."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSlider, QSpinBox, QWidget

from workbench.gui.models.latent_samples import COUNTS, LAST_SEED, WARMEST, Samples
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.flow import FlowLayout

_PARTS = 20  # of the slider to one unit of temperature
_SLIDER = 24  # characters
_MEANS, _PIXELS = "Means", "Drawn pixels"


class SampleBar(QWidget):
    """Follows ``samples`` and changes what is wanted of them."""

    def __init__(self, samples: Samples, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._samples = samples
        self.count = named(QComboBox(), f"{name}-count", "How many samples")
        for count in COUNTS:
            self.count.addItem(f"{count}", count)
        self.temperature = named(QSlider(Qt.Orientation.Horizontal), f"{name}-temperature", "Temperature")
        self.temperature.setRange(0, round(WARMEST * _PARTS))
        self.temperature.setPageStep(_PARTS // 4)
        self.temperature.setFixedWidth(self.fontMetrics().averageCharWidth() * _SLIDER)
        self.temperature.setToolTip("1 draws from the prior; less stays near the middle, more reaches further out")
        self.warmth = QLabel()
        self.warmth.setFixedWidth(self.fontMetrics().horizontalAdvance("0.00 "))
        self.kind = named(QComboBox(), f"{name}-kind", "What is shown of each sample")
        self.kind.addItems([_MEANS, _PIXELS])
        self.kind.setToolTip("The means of the pixels, or pixels drawn from the likelihood")
        self.seed = named(QSpinBox(), f"{name}-seed", "Draw")
        self.seed.setRange(0, LAST_SEED)
        self.seed.setToolTip("The same number gives the same draw again")
        self.again = named(QPushButton("New draw"), f"{name}-again", "Draw new samples")
        self.again.setIcon(theme.icon("reset"))
        flow = FlowLayout(self, gap=2 * GAP)
        for text, *widgets in (
            ("&Samples", self.count),
            ("&Temperature", self.temperature, self.warmth),
            ("S&how", self.kind),
            ("&Draw", self.seed, self.again),
        ):
            together = _together(str(text), *widgets)
            flow.addWidget(together)
            if self.kind in widgets:
                self._show = together
        self.count.activated.connect(self._on_count_chosen)
        self.temperature.valueChanged.connect(self._on_temperature_moved)
        self.kind.activated.connect(self._on_kind_chosen)
        self.seed.valueChanged.connect(self._on_seed_changed)
        self.again.clicked.connect(self._on_again_clicked)
        samples.asked.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is wanted."""
        samples = self._samples
        with QSignalBlocker(self.temperature), QSignalBlocker(self.seed):
            self.temperature.setValue(round(samples.temperature * _PARTS))
            self.seed.setValue(samples.seed)
        self.count.setCurrentIndex(self.count.findData(samples.count))
        self.kind.setCurrentIndex(int(samples.drawn))
        self._show.setVisible(samples.noisy)
        self.warmth.setText(f"{samples.temperature:.2f}")
        live = samples.preview is None
        for widget in (self.count, self.temperature, self.kind, self.seed, self.again):
            widget.setEnabled(live)

    def _on_count_chosen(self, index: int) -> None:
        self._samples.want(count=int(self.count.itemData(index)))

    def _on_temperature_moved(self, value: int) -> None:
        self._samples.want(temperature=value / _PARTS)

    def _on_kind_chosen(self, index: int) -> None:
        self._samples.want(drawn=index == 1)

    def _on_seed_changed(self, seed: int) -> None:
        self._samples.want(seed=seed)

    def _on_again_clicked(self) -> None:
        self._samples.want(seed=(self._samples.seed + 1) % (LAST_SEED + 1))


def _together(text: str, *widgets: QWidget) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP // 2)
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setBuddy(widgets[0])
    row.addWidget(label)
    for widget in widgets:
        row.addWidget(widget)
    return both
