"""The row of switches above the charts: how the numbers are looked at, as one frozen value that others can keep."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from workbench.gui.naming import named
from workbench.gui.theme import GAP, ICON, Theme
from workbench.gui.units import title_of
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.plots.series import View

_NOTCHES = 120  # of the smoothing slider; each takes the same share of what the weight is short of 1
_LEAST_FRESH = 0.001  # 1 - weight at the slider's end


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """How a person likes the charts.

    Attributes:
        epochs: The x axis counts epochs, not steps.
        log_x, log_y: Axes are logarithmic.
        smoothing: Weight of the past in smoothed lines, 0 to 0.999.
        large: One large chart instead of all.
        metric: Which one that is; empty for the first.
    """

    epochs: bool = False
    log_x: bool = False
    log_y: bool = False
    smoothing: float = 0.9
    large: bool = False
    metric: str = ""

    @property
    def view(self) -> View:
        return View(epochs=self.epochs, log_x=self.log_x, log_y=self.log_y, smoothing=self.smoothing)


class PlotToolbar(QWidget):
    """The switches. They show :attr:`settings` and change them.

    Signals:
        changed: A person chose other settings.
        follow_asked: Follow was switched on or off.
        fit_asked: Show everything.
        export_asked: ``"chart"``, ``"all"`` or ``"numbers"``.
    """

    changed = Signal()
    follow_asked = Signal(bool)
    fit_asked = Signal()
    export_asked = Signal(str)

    def __init__(self, theme: Theme, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings = BoardSettings()
        self._grid = self._switch(f"{name}.grid", "All charts", icon="grid")
        self._one = self._switch(f"{name}.one", "One large chart", icon="single")
        self._metric = named(QComboBox(self), f"{name}.metric", "Chart shown")
        self._metric.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._steps = self._switch(f"{name}.steps", "Count steps", text="Step")
        self._epochs = self._switch(f"{name}.epochs", "Count epochs", text="Epoch")
        self._log_x = self._switch(f"{name}.log-x", "Logarithmic x axis", text="Log x")
        self._log_y = self._switch(f"{name}.log-y", "Logarithmic y axis", text="Log y")
        self._smoothing = named(QSlider(Qt.Orientation.Horizontal, self), f"{name}.smoothing", "Smoothing")
        self._weight = QLabel(self)
        self._follow = self._switch(f"{name}.follow", "Follow the newest data", icon="follow", text="Follow")
        self._fit = self._button(f"{name}.fit", "Show everything", icon="zoom-fit", text="Fit")
        self._export = self._button(f"{name}.export", "Export charts or numbers", icon="export", text="Export")
        self._exports = [
            self._action("Image of this chart…", "chart", name=f"{name}.export-chart"),
            self._action("Image of all charts…", "all", name=f"{name}.export-all"),
            self._action("Numbers as CSV…", "numbers", name=f"{name}.export-numbers"),
        ]
        self._arrange()
        self._follow.setChecked(True)
        for button in (self._grid, self._one, self._steps, self._epochs, self._log_x, self._log_y):
            button.clicked.connect(self._on_switch_clicked)
        self._metric.activated.connect(self._on_switch_clicked)
        self._smoothing.valueChanged.connect(self._on_smoothing_changed)
        self._follow.clicked.connect(self.follow_asked)
        self._fit.clicked.connect(self.fit_asked)
        theme.changed.connect(self._on_theme_changed)
        self.show_settings(self._settings)

    def _arrange(self) -> None:
        self._smoothing.setRange(0, _NOTCHES)
        self._smoothing.setPageStep(10)
        metrics = self.fontMetrics()
        self._smoothing.setFixedWidth(metrics.averageCharWidth() * 11)
        self._weight.setMinimumWidth(metrics.horizontalAdvance("0.999"))
        title = QLabel("Smoothing", self)
        title.setBuddy(self._smoothing)
        menu = QMenu(self._export)
        menu.addActions(self._exports)
        self._export.setMenu(menu)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        flow = FlowLayout(self, gap=GAP)
        flow.addWidget(_together(self, self._grid, self._one, exclusive=True))
        flow.addWidget(self._metric)
        flow.addWidget(_together(self, self._steps, self._epochs, exclusive=True))
        flow.addWidget(_together(self, self._log_x, self._log_y))
        flow.addWidget(_together(self, title, self._smoothing, self._weight, gap=GAP // 2))
        flow.addWidget(_together(self, self._follow, self._fit))
        flow.addWidget(self._export)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._wide = flow.sizeHint().width()
        self.setSizePolicy(policy)

    def _button(self, name: str, words: str, *, text: str = "", icon: str = "") -> QToolButton:
        button = named(QToolButton(self), name, words)
        button.setToolTip(words)
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setProperty("glyph", icon)
        if icon:
            button.setIcon(self._theme.icon(icon))
            button.setIconSize(QSize(ICON, ICON))
        if icon and text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _switch(self, name: str, words: str, *, text: str = "", icon: str = "") -> QToolButton:
        button = self._button(name, words, text=text, icon=icon)
        button.setCheckable(True)
        return button

    def _action(self, text: str, what: str, *, name: str) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.setData(what)
        action.triggered.connect(self._on_export_triggered)
        return action

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where one line is too short for all words, signs must do for those that have one."""
        super().resizeEvent(event)
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        style = beside if self.width() >= self._wide else alone
        for button in (self._follow, self._fit, self._export):
            button.setToolButtonStyle(style)

    @property
    def settings(self) -> BoardSettings:
        return self._settings

    def show_settings(self, settings: BoardSettings) -> None:
        """Bring every switch in line, without a signal."""
        self._settings = settings
        for button, on in (
            (self._grid, not settings.large),
            (self._one, settings.large),
            (self._steps, not settings.epochs),
            (self._epochs, settings.epochs),
            (self._log_x, settings.log_x),
            (self._log_y, settings.log_y),
        ):
            button.setChecked(on)
        self._metric.setVisible(settings.large)
        self._metric.setCurrentIndex(max(0, self._metric.findData(settings.metric)))
        notch = _notch(settings.smoothing)
        if notch != self._smoothing.value():
            blocked = self._smoothing.blockSignals(True)
            self._smoothing.setValue(notch)
            self._smoothing.blockSignals(blocked)
        self._weight.setText(f"{settings.smoothing:.3g}" if settings.smoothing else "off")

    def show_metrics(self, metrics: Sequence[str]) -> None:
        """Offer these for the large chart."""
        self._metric.clear()
        for metric in metrics:
            self._metric.addItem(title_of(metric), metric)
        self._metric.setCurrentIndex(max(0, self._metric.findData(self._settings.metric)))
        self._export.setEnabled(bool(metrics))
        self._metric.setEnabled(bool(metrics))
        self.updateGeometry()

    def show_follow(self, on: bool) -> None:
        self._follow.setChecked(on)

    def _on_switch_clicked(self) -> None:
        self._settings = replace(
            self._settings,
            large=self._one.isChecked(),
            metric=(self._one.isChecked() and self._metric.currentData()) or self._settings.metric,
            epochs=self._epochs.isChecked(),
            log_x=self._log_x.isChecked(),
            log_y=self._log_y.isChecked(),
        )
        self.show_settings(self._settings)
        self.changed.emit()

    def _on_smoothing_changed(self, notch: int) -> None:
        self._settings = replace(self._settings, smoothing=_weight(notch))
        self.show_settings(self._settings)
        self.changed.emit()

    def _on_export_triggered(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.export_asked.emit(action.data())

    def _on_theme_changed(self) -> None:
        for button in self.findChildren(QToolButton):
            if button.property("glyph"):
                button.setIcon(self._theme.icon(button.property("glyph")))


def _weight(notch: int) -> float:
    """The weight at a place of the slider, to three digits: 0, then ever closer to 1."""
    fresh: float = _LEAST_FRESH ** (notch / _NOTCHES)
    return round(1 - fresh, 3)


def _notch(weight: float) -> int:
    return round(_NOTCHES * math.log(1 - min(weight, 1 - _LEAST_FRESH)) / math.log(_LEAST_FRESH))


def _together(parent: QWidget, *widgets: QWidget, exclusive: bool = False, gap: int = 0) -> QWidget:
    """A group that stays in one line."""
    box = QWidget(parent)
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget)
    if exclusive:
        group = QButtonGroup(box)
        for widget in widgets:
            assert isinstance(widget, QToolButton)
            group.addButton(widget)
    return box
