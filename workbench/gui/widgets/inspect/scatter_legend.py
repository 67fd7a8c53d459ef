"""What the colours and forms of points mean: a list of groups that can be brought forward, or a scale."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from workbench.gui.models.colouring import Groups, Measure
from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.units import SHARE, plain
from workbench.gui.widgets.inspect.point_looks import group_looks, paint_ramp, sample, sample_size

Items = NDArray[np.int64]
_GROUP = Qt.ItemDataRole.UserRole
_BAR = 12.0  # logical pixels


class ScatterLegend(QWidget):
    """Signals:
    front_changed: Other groups are brought forward, see :attr:`front`.

    Args:
        name: First part of its widgets' names, ``panel.thing``.
    """

    front_changed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._groups: Groups | None = None
        self.list = named(QListWidget(), f"{name}-groups", "Groups of points; those chosen are brought forward")
        self.list.setSelectionMode(QListWidget.SelectionMode.MultiSelection)
        self.list.setIconSize(sample_size())
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setToolTip("Click a group to bring it forward and to fade the others; click it again to leave it")
        self.scale = _ScaleBar(theme, name=f"{name}-scale")
        self._pages = QStackedLayout(self)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.scale)
        column.addStretch(1)
        self._pages.addWidget(self.list)
        self._pages.addWidget(holder)
        self.list.itemSelectionChanged.connect(self.front_changed)
        theme.changed.connect(self._on_theme_changed)

    def show_groups(self, groups: Groups) -> None:
        """List the groups that have points. Those in front stay so where the names are the same; no signal."""
        kept = set(self.front.tolist()) if self._groups and self._groups.names == groups.names else set()
        self._groups = groups
        self.list.blockSignals(True)
        self.list.clear()
        counts = groups.counts()
        for number in np.flatnonzero(counts).tolist():
            item = QListWidgetItem(f"{groups.names[number]}  {counts[number]:,}")
            item.setData(_GROUP, number)
            self.list.addItem(item)
            item.setSelected(number in kept)
        self.list.blockSignals(False)
        self._on_theme_changed()
        self._pages.setCurrentIndex(0)

    def show_measure(self, title: str, measure: Measure) -> None:
        self._groups = None
        self.list.clear()
        self.scale.show_measure(title, measure)
        self._pages.setCurrentIndex(1)

    def clear(self) -> None:
        self._groups = None
        self.list.clear()
        self._pages.setCurrentIndex(0)

    @property
    def front(self) -> Items:
        """int64, the groups that are brought forward; none where all are alike."""
        return np.array([item.data(_GROUP) for item in self.list.selectedItems()], np.int64)

    def point_out(self, group: int) -> None:
        """Have the line of a group in sight; nothing for -1."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            font = item.font()
            font.setBold(item.data(_GROUP) == group)
            if font != item.font():
                item.setFont(font)
            if item.data(_GROUP) == group:
                self.list.scrollToItem(item)

    def _on_theme_changed(self) -> None:
        if self._groups is None:
            return
        inks, forms = group_looks(self._theme, self._groups)
        for row in range(self.list.count()):
            item = self.list.item(row)
            number = item.data(_GROUP)
            item.setIcon(sample(self._theme, int(inks[number]), int(forms[number]), ratio=self.devicePixelRatioF()))


class _ScaleBar(QWidget):
    """A bar of colours with its ends and its middle as numbers."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        named(self, name, "What the colours mean")
        self._theme = theme
        self._title = ""
        self._measure: Measure | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_measure(self, title: str, measure: Measure) -> None:
        self._title, self._measure = title, measure
        self.setAccessibleDescription(f"{title}: {', '.join(self.texts)}")
        self.update()

    @property
    def texts(self) -> tuple[str, ...]:
        """Lowest, middle and highest, in words."""
        one = self._measure
        if one is None:
            return ()
        return tuple(
            SHARE.text(value) if one.share else plain(value, digits=3)
            for value in (one.low, (one.low + one.high) / 2, one.high)
        )

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 * metrics.averageCharWidth(), round(2 * metrics.height() + _BAR + 2 * GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._measure is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, wide = QFontMetricsF(self.font()), float(self.width())
        painter.setPen(QColor(self._theme.colours.text))
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, wide)
        painter.drawText(QRectF(0, 0, wide, metrics.height()), Qt.AlignmentFlag.AlignLeft, title)
        top = metrics.height() + GAP / 2
        paint_ramp(painter, QRectF(0, top, wide, _BAR), self._theme)
        painter.setPen(QColor(self._theme.colours.muted))
        below = QRectF(0, top + _BAR + GAP / 4, wide, metrics.height())
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for text, side in zip(self.texts, sides, strict=True):
            painter.drawText(below, side, text)
