"""Sliders for the coordinates of a code that the plane does not show, the strongest first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.latent.plane_axes import DIMENSIONS, Axes

Floats = NDArray[np.float64]

MOST_SLIDERS, STRONGEST = 256, 32
"""Of more dimensions than the first, the second number of them have sliders."""
_FINE = 100  # positions a unit
_USUAL = 4.0  # units to each side of 0; more where the data's codes reach further


class CodeSlider(QAbstractSlider):
    """One coordinate: its name, how much there is along it, a groove with a handle, its value. Two hundred of these are
    light, because each paints itself.

    Args:
        name: Object name.
        title: Of the axis: ``"z 7"``.
    """

    def __init__(self, theme: Theme, *, name: str, title: str, widest: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, name, title)
        self._theme, self._title, self._widest = theme, title, widest
        self._strength = 0.0
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSingleStep(_FINE // 20)
        self.setPageStep(_FINE // 2)
        self.set_reach(_USUAL)

    def set_reach(self, reach: float) -> None:
        """Let values go from ``-reach`` to ``reach``."""
        self.setRange(-round(reach * _FINE), round(reach * _FINE))

    def set_strength(self, share: float, text: str) -> None:
        """How much there is along the axis: a share of 1 for the bar, and words."""
        self._strength = share
        self.setToolTip(f"{self._title}: {text}" if text else self._title)
        self.setAccessibleDescription(text)
        self.update()

    @property
    def amount(self) -> float:
        """The value as a coordinate."""
        return self.value() / _FINE

    @property
    def title(self) -> str:
        return self._title

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 30, metrics.height() + GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 18, self.sizeHint().height())

    def _groove(self) -> tuple[float, float]:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance(self._widest) + 2 * GAP
        right = self.width() - metrics.horizontalAdvance("\N{MINUS SIGN}00.00") - 2 * GAP
        return float(left), float(max(right, left + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, middle = self._theme.colours, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._groove()
        painter.setPen(QColor(colours.text))
        painter.drawText(QRectF(GAP / 2, 0, left, self.height()), Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(QRectF(left, middle - 1.5, right - left, 3), 1.5, 1.5)
        if self._strength > 0:
            painter.setBrush(QColor(colours.muted))
            wide = max(2.0, self._strength * (left - 1.5 * GAP))
            painter.drawRoundedRect(QRectF(GAP / 2, self.height() - 3, wide, 2), 1, 1)
        zero, place = (left + right) / 2, self._place()
        painter.setBrush(QColor(colours.accent if self.isEnabled() else colours.muted))
        painter.drawRoundedRect(QRectF(min(zero, place), middle - 1.5, abs(place - zero), 3), 1.5, 1.5)
        painter.fillRect(QRectF(zero - 0.5, middle - 5, 1, 10), QColor(colours.muted))
        painter.drawEllipse(QRectF(place - 6, middle - 6, 12, 12))
        painter.setPen(QColor(colours.text if self.value() else colours.muted))
        text = f"{self.amount:.2f}".replace("-", "\N{MINUS SIGN}")
        room = QRectF(right + GAP, 0, self.width() - right - 1.5 * GAP, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _place(self) -> float:
        left, right = self._groove()
        share = (self.sliderPosition() - self.minimum()) / max(1, self.maximum() - self.minimum())
        return left + share * (right - left)

    def _go(self, x: float) -> None:
        left, right = self._groove()
        share = (x - left) / (right - left)
        self.setSliderPosition(self.minimum() + round(share * (self.maximum() - self.minimum())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event.position().x())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setValue(0)

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        super().sliderChange(change)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel scrolls the list, and nobody wants a code changed by passing over it


class CodeSliders(QWidget):
    """Signals:
    moved: A person moved the slider of this axis; its value is :meth:`amount`.
    zero_wanted: All coordinates of the sliders shall be 0, which for components is the middle of the codes.
    item_wanted: They shall be those of the item that was chosen last.

    Args:
        name: First part of its widgets' names.
    """

    moved = Signal(int)
    zero_wanted = Signal()
    item_wanted = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme, self._name = theme, name
        self._sliders: dict[int, CodeSlider] = {}
        self._words = WrappedLabel()
        self._words.setProperty("role", "muted")
        self.zero = named(QPushButton("All to 0"), f"{name}-zero", "Set the other coordinates to 0")
        self.item = named(QPushButton("To the item"), f"{name}-item", "Set the other coordinates to the item's")
        self.item.setToolTip("Set these to the code of the item that was chosen last")
        self.item.setEnabled(False)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setObjectName(f"{name}-list")
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.zero)
        buttons.addWidget(self.item)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP // 2, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._words)
        column.addWidget(self._area, 1)
        column.addLayout(buttons)
        self.zero.clicked.connect(self.zero_wanted)
        self.item.clicked.connect(self.item_wanted)

    @property
    def axes(self) -> tuple[int, ...]:
        """Those that have a slider, from the top."""
        return tuple(self._sliders)

    def amount(self, axis: int) -> float:
        return self._sliders[axis].amount

    def slider(self, axis: int) -> CodeSlider:
        return self._sliders[axis]

    def clear(self) -> None:
        """No sliders: the plane shows all there is."""
        self._sliders = {}
        self._words.setText("")
        self._area.setWidget(QWidget())

    def show_others(self, axes: Axes, others: Sequence[int]) -> None:
        """Make sliders for the axes that the plane does not show.

        Args:
            axes: All of them.
            others: Indices, the strongest first; of very many the first ones have sliders.
        """
        noun = "dimensions" if axes.kind == DIMENSIONS else "principal axes"
        words = f"The other {len(others):,} {noun}"
        if axes.measure:
            words += f", by {axes.measure}: the strongest first"
        if axes.dims > MOST_SLIDERS:
            words = f"The {STRONGEST} strongest of the other {len(others):,} {noun}"
            words += f" by {axes.measure}" if axes.measure else ""
            others = others[:STRONGEST]
        titles, strengths, measure = [axes.name(index) for index in others], axes.strengths[others], axes.measure
        self._words.setText(words)
        widest = max(titles, key=len, default="")
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, GAP // 2, 0)
        column.setSpacing(0)
        most = float(strengths.max(initial=0)) or 1.0
        self._sliders = {}
        for axis, title, strength in zip(others, titles, strengths.tolist(), strict=True):
            slider = CodeSlider(self._theme, name=f"{self._name}-{axis + 1}", title=title, widest=widest, parent=holder)
            if measure:
                slider.set_strength(strength / most, f"{measure} {strength:.3g}")
            if measure == "variance":
                slider.set_reach(max(_USUAL, round(4 * strength**0.5, 1)))
            slider.valueChanged.connect(self._on_slider_moved)
            self._sliders[axis] = slider
            column.addWidget(slider)
        column.addStretch(1)
        self._area.setWidget(holder)  # which deletes the one before

    def show_amounts(self, coordinates: Floats) -> None:
        """Follow the coordinates [D] of the code; no signal. A slider's end is moved where a code lies beyond it."""
        for axis, slider in self._sliders.items():
            amount = float(coordinates[axis])
            value = round(amount * _FINE)
            if value == slider.value():
                continue
            blocked = QSignalBlocker(slider)
            if not slider.minimum() <= value <= slider.maximum():
                slider.set_reach(abs(amount) * 1.25)
            slider.setValue(value)
            blocked.unblock()

    def _on_slider_moved(self, value: int) -> None:
        sender = self.sender()
        for axis, slider in self._sliders.items():
            if slider is sender:
                self.moved.emit(axis)
                return
