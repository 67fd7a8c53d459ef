"""A threshold as a slider, as a number, and as the share of known items it accepts: three ways to say one thing."""

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP
from workbench.gui.widgets.inspect.score_scale import Scale

_STEPS = 2000  # of the slider
_CHARACTERS = 11  # that a box is wide


class ThresholdBar(QWidget):
    """Signals:
    moved: The threshold that a person chose by slider or number.
    share_wanted: Share of the known items, 0..1, that shall be accepted.
    """

    moved = Signal(float)
    share_wanted = Signal(float)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._low, self._high, self._scale = 0.0, 1.0, Scale()
        self.slider = named(QSlider(Qt.Orientation.Horizontal), f"{name}-slider", "Threshold")
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(_STEPS // 20)
        self.number = named(QDoubleSpinBox(), f"{name}-number", "Threshold as a number")
        self.number.setKeyboardTracking(False)
        self.number.setToolTip("Items that score less are rejected")
        self.share = named(QDoubleSpinBox(), f"{name}-share", "Share of the known items that is accepted, in percent")
        self.share.setKeyboardTracking(False)
        self.share.setRange(0.0, 100.0)
        self.share.setDecimals(1)
        self.share.setSingleStep(0.5)
        self.share.setSuffix(" %")
        self.share.setToolTip("Set the threshold so that this share of the known items is accepted")
        for box in (self.number, self.share):
            box.setFixedWidth(_CHARACTERS * box.fontMetrics().averageCharWidth() + 4 * GAP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.slider, 1)  # first, because keys reach widgets in the order in which they come in
        for text, widget in (("&Threshold", self.number), ("&accepts of the known", self.share)):
            label = QLabel(text)
            label.setBuddy(widget)
            row.addWidget(label)
            row.addWidget(widget)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.number.valueChanged.connect(self.moved)
        self.share.valueChanged.connect(self._on_share_changed)

    def set_range(self, low: float, high: float, *, scale: Scale) -> None:
        """What the slider reaches, in places on the scale, ``low`` below ``high``; the number may lie outside."""
        self._low, self._high, self._scale = low, high, scale
        wide = scale.from_axis(high) - scale.from_axis(low)
        blocked = QSignalBlocker(self.number)
        self.number.setDecimals(scale.decimals or max(2, min(8, math.ceil(-math.log10(wide / _STEPS)))))
        self.number.setSingleStep(wide / 100)
        self.number.setRange(scale.from_axis(low) - 10 * wide, scale.from_axis(high) + 10 * wide)
        blocked.unblock()

    def show_threshold(self, threshold: float, *, share: float) -> None:
        """Follow what was chosen elsewhere, without a signal."""
        blocked = QSignalBlocker(self.slider), QSignalBlocker(self.number), QSignalBlocker(self.share)
        place = (self._scale.place(threshold) - self._low) / (self._high - self._low)
        self.slider.setValue(round(_STEPS * min(max(place, 0.0), 1.0)))
        self.number.setValue(threshold)
        self.share.setValue(100 * share)
        for one in blocked:
            one.unblock()

    def _on_slider_moved(self, value: int) -> None:
        self.moved.emit(self._scale.from_axis(self._low + value / _STEPS * (self._high - self._low)))

    def _on_share_changed(self, percent: float) -> None:
        self.share_wanted.emit(percent / 100)
