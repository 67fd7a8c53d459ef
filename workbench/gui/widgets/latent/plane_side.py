"""What lies below the handle: its picture, its numbers, and the item beside it that was chosen last."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import ElidedLabel
from workbench.gui.widgets.latent.plane_picture import PictureView
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

Pictures = NDArray[np.uint8]

_LINES = 4
_WORDS = 26  # characters of width beside the picture
_BYTES = 4 << 20
_ORIGINAL_SIDE = 256  # pixels that a large original is read with


class Readout(QWidget):
    """A few lines that change with every movement of a hand: painted, because a label would have the page laid out
    anew each time.
    """

    def __init__(self, theme: Theme, *, name: str, text: str) -> None:
        super().__init__()
        named(self, name, text)
        self._theme = theme
        self._lines: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines

    def show_lines(self, *lines: str) -> None:
        """The first one stands out."""
        if lines != self._lines:
            self._lines = lines
            self.update()

    def settle(self) -> None:
        """Tell a screen reader, too: the hand rests."""
        self.setAccessibleDescription(", ".join(line for line in self._lines if line))
        self.setToolTip("\n".join(line for line in self._lines if line))

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 30, _LINES * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        for number, line in enumerate(self._lines):
            painter.setPen(QColor(self._theme.colours.muted if number else self._theme.colours.text))
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(QPointF(0, number * metrics.lineSpacing() + metrics.ascent()), text)


class PlaneSide(QWidget):
    """Signals:
    walk_wanted: The walk shall go on to what is below the handle.
    centre_wanted: The handle shall go to the middle of the prior.
    """

    walk_wanted = Signal()
    centre_wanted = Signal()

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self._dataset: Dataset | None = None
        self._item = -1
        self._exact = False  # whether the original is as the network sees it, and not just its file
        cache = ThumbnailCache(workspace.preferences.cache / "thumbnails")
        self._thumbnails = Thumbnailer(workspace.jobs, limit_bytes=_BYTES, cache=cache, parent=self)
        self._thumbnails.set_limit(workspace.preferences.limit_pixels)
        self.picture = PictureView(theme, name="latent.plane-picture", text="What is decoded at the handle")
        self.original = PictureView(theme, name="latent.plane-original", text="Original of the item", small=True)
        self.reconstruction = PictureView(
            theme, name="latent.plane-reconstruction", text="Reconstruction of the item", small=True
        )
        self.readout = Readout(theme, name="latent.plane-readout", text="Where the handle is")
        self._name = ElidedLabel()
        self._beside = self._make_beside()
        self.walk = named(QPushButton("Add to walk"), "latent.plane-walk", "Walk on to what is below the handle")
        self.centre = named(QPushButton("Centre"), "latent.plane-centre", "Handle to the prior's centre")
        self.centre.setToolTip("Put the handle at the centre of the prior")
        buttons = QWidget()
        flow = FlowLayout(buttons, gap=GAP // 2)
        flow.addWidget(self.walk)
        flow.addWidget(self.centre)
        words = QWidget()
        words.setFixedWidth(self.fontMetrics().averageCharWidth() * _WORDS)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._name)
        column.addWidget(self._beside, 1)
        column.addWidget(self.readout)
        column.addWidget(buttons)
        column.addStretch(0)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP // 2, 0, 0, GAP // 2)
        row.setSpacing(GAP)
        row.addWidget(self.picture, 1)
        row.addWidget(words)
        self.walk.clicked.connect(self.walk_wanted)
        self.centre.clicked.connect(self.centre_wanted)
        self._thumbnails.ready.connect(self._on_thumbnails_ready)
        self.show_item(-1, "")

    def _make_beside(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        for text, view in (("Original", self.original), ("Decoded", self.reconstruction)):
            column = QVBoxLayout()
            column.setSpacing(GAP // 4)
            label = ElidedLabel()
            label.show_text(text)
            label.setProperty("role", "muted")
            column.addWidget(label)
            column.addWidget(view, 1)
            row.addLayout(column, 1)
        return holder

    def shows(self, dataset: "Dataset") -> bool:
        """Whether the items are of this dataset, however often it was opened."""
        return self._dataset is not None and self._dataset.row.id == dataset.row.id

    def set_dataset(self, dataset: "Dataset | None") -> None:
        """What the items are of."""
        if dataset is not self._dataset:
            self._dataset = dataset
            if dataset is None:
                self._thumbnails.show(None)
            else:
                self._thumbnails.show(dataset.items, fingerprint=dataset.row.fingerprint)  # type: ignore[arg-type]

    def show_item(self, item: int, name: str) -> None:
        """Show an item's original beside the picture and make room for its reconstruction; none for -1."""
        self._item, self._exact = item, False
        self._beside.setVisible(item >= 0)
        self._name.setVisible(item >= 0)
        self._name.show_text(name)
        self.original.show_image(None)
        self.reconstruction.show_picture(None)
        if item >= 0 and self._dataset is not None:
            self._thumbnails.want([item], side=_ORIGINAL_SIDE)
            self._on_thumbnails_ready((item,))

    def show_original(self, item: int, picture: Pictures) -> None:
        """Show the original as the network sees it, uint8[H, W] or [H, W, 3], in place of its file."""
        if item == self._item:
            self._exact = True
            self.original.show_picture(picture)

    @property
    def item_name(self) -> str:
        return self._name.whole

    def _on_thumbnails_ready(self, items: tuple[int, ...]) -> None:
        if not self._exact and self._item in items and (thumbnail := self._thumbnails.get(self._item)) is not None:
            self.original.show_image(thumbnail.image)
