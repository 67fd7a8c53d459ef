"""A small card beside a point: its picture, and what is said of it. It lies over the points and lets the mouse pass."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.widgets.images.label import ElidedLabel, WrappedLabel
from workbench.gui.widgets.prediction_grid import fitted
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

_SIDE = 112  # logical pixels of the picture
_CHARACTERS = 24  # of a line
_BYTES = 16 << 20


class PointCard(QFrame):
    """Hidden until :meth:`show_item`."""

    def __init__(self, workspace: Workspace, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setProperty("card", True)
        self.setObjectName("inspect.point-card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        cache = ThumbnailCache(workspace.preferences.cache / "thumbnails")
        self._thumbnails = Thumbnailer(workspace.jobs, limit_bytes=_BYTES, cache=cache, parent=self)
        self._thumbnails.set_limit(workspace.preferences.limit_pixels)
        self._dataset: Dataset | None = None
        self._item = -1
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._name = ElidedLabel()
        self._words = WrappedLabel()
        self._words.setFixedWidth(max(_SIDE, _CHARACTERS * self.fontMetrics().averageCharWidth()))
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP // 2)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._name)
        column.addWidget(self._words)
        self._thumbnails.ready.connect(self._on_thumbnails_ready)
        self.hide()

    def set_dataset(self, dataset: "Dataset | None") -> None:
        """What the items are of; without one there are words only."""
        if dataset is not self._dataset:
            self._dataset = dataset
            if dataset is None:
                self._thumbnails.show(None)
            else:
                self._thumbnails.show(dataset.items, fingerprint=dataset.row.fingerprint)  # type: ignore[arg-type]
            self.hide()

    def show_item(self, item: int, name: str, text: str, *, at: QPointF) -> None:
        """Show an item with its name and what is said of it, beside a place of the parent."""
        self._item = item
        self._words.setText(text)
        self._name.show_text(name)
        self._picture.setVisible(self._dataset is not None)
        if self._dataset is not None:
            self._thumbnails.want([item], side=self._pixels)
            self._show_picture()
        self.adjustSize()
        self._place(at)
        self.show()
        self.raise_()

    @property
    def text(self) -> str:
        """What is read on it; empty while it is hidden."""
        return "" if self.isHidden() else f"{self._name.whole}\n{self._words.text()}"

    @property
    def _pixels(self) -> int:
        return round(_SIDE * self.devicePixelRatioF())

    def _place(self, at: QPointF) -> None:
        """To the right of the place and below, or where there is room."""
        room, size = self._parent.size(), self.size()
        x, y = round(at.x()) + 2 * GAP, round(at.y()) + 2 * GAP
        if x + size.width() > room.width():
            x = round(at.x()) - 2 * GAP - size.width()
        if y + size.height() > room.height():
            y = round(at.y()) - 2 * GAP - size.height()
        self.move(max(0, x), max(0, min(y, room.height() - size.height())))

    def _show_picture(self) -> None:
        thumbnail = self._thumbnails.get(self._item)
        if thumbnail is None or thumbnail.image is None:
            self._picture.setPixmap(QPixmap())
            self._picture.setText("" if thumbnail is None else "This file cannot be read")
            return
        pixmap = QPixmap.fromImage(fitted(thumbnail.image, self._pixels))
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self._picture.setPixmap(pixmap)

    def _on_thumbnails_ready(self, items: tuple[int, ...]) -> None:
        if self._item in items:
            self._show_picture()
