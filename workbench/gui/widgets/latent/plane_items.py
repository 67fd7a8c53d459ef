"""The items that are selected in the plane: pictures of them, and what can become of them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QLabel, QListView, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from workbench.gui.naming import named
from workbench.gui.theme import GAP, Theme
from workbench.gui.thumbnail_cache import ThumbnailCache
from workbench.gui.thumbnails import Thumbnailer
from workbench.gui.units import items_text
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.images.label import WrappedLabel
from workbench.gui.widgets.prediction_grid import fitted
from workbench.gui.workspace import Workspace

if TYPE_CHECKING:
    from workbench.engine.data.opened import Dataset

Items = NDArray[np.int64]

GROUPS = ("a", "b", "c")
_MOST = 200
_SIDE = 48  # logical pixels
_BYTES = 16 << 20
_HINT = "Take the lasso and drag around points to select their items, for a walk or for arithmetic with their codes."


class SelectedItems(QWidget):
    """Signals:
    group_wanted: The selection shall be this group of the arithmetic: ``"a"``, ``"b"`` or ``"c"``.
    walk_wanted: The walk shall go on to the selection.
    clear_wanted: Nothing shall be selected.
    picked: The item of this id shall be below the handle.
    """

    group_wanted = Signal(str)
    walk_wanted = Signal()
    clear_wanted = Signal()
    picked = Signal(int)

    def __init__(self, workspace: Workspace, theme: Theme) -> None:
        super().__init__()
        self._dataset: Dataset | None = None
        cache = ThumbnailCache(workspace.preferences.cache / "thumbnails")
        self._thumbnails = Thumbnailer(workspace.jobs, limit_bytes=_BYTES, cache=cache, parent=self)
        self._thumbnails.set_limit(workspace.preferences.limit_pixels)
        self._tiles: dict[int, QListWidgetItem] = {}
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._words = WrappedLabel(_HINT)
        self._words.setProperty("role", "muted")
        self.list = named(QListWidget(), "latent.plane-selected", "Selected items")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(_SIDE, _SIDE))
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._buttons = QWidget()
        flow = FlowLayout(self._buttons, gap=GAP // 2)
        flow.addWidget(QLabel("Take as group"))
        self.groups: dict[str, QPushButton] = {}
        for group in GROUPS:
            button = named(QPushButton(group.upper()), f"latent.plane-group-{group}", f"Take as group {group.upper()}")
            button.setToolTip(f"Group {group.upper()} of the arithmetic: A minus B plus C")
            button.clicked.connect(self._on_group_clicked)
            self.groups[group] = button
            flow.addWidget(button)
        self.walk = named(QPushButton("Add to walk"), "latent.plane-walk-selected", "Walk on to the selected items")
        self.clear = named(QPushButton("Clear"), "latent.plane-clear", "Clear the selection")
        flow.addWidget(self.walk)
        flow.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP // 2, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addWidget(self._buttons)
        column.addWidget(self.list, 1)
        self.walk.clicked.connect(self.walk_wanted)
        self.clear.clicked.connect(self.clear_wanted)
        self.list.itemActivated.connect(self._on_tile_chosen)
        self.list.itemClicked.connect(self._on_tile_chosen)
        self._thumbnails.ready.connect(self._on_thumbnails_ready)
        self.show_items(np.empty(0, np.int64))

    def set_dataset(self, dataset: "Dataset | None") -> None:
        """What the items are of."""
        if dataset is not self._dataset:
            self._dataset = dataset
            if dataset is None:
                self._thumbnails.show(None)
            else:
                self._thumbnails.show(dataset.items, fingerprint=dataset.row.fingerprint)  # type: ignore[arg-type]

    def show_items(self, items: Items) -> None:
        """Show the selected items, int64 ids; the first two hundred of them as pictures."""
        self._title.setText(f"{items_text(len(items))} selected" if len(items) else "")
        self._title.setVisible(bool(len(items)))
        self._words.setVisible(not len(items))
        self._buttons.setVisible(bool(len(items)))
        self.list.setVisible(bool(len(items)) and self._dataset is not None)
        self.list.clear()
        self._tiles = {}
        dataset = self._dataset
        if dataset is None:
            return
        for item in items[:_MOST].tolist():
            tile = QListWidgetItem()
            name = dataset.items.name(item)
            tile.setToolTip(name)
            tile.setData(Qt.ItemDataRole.UserRole, item)
            tile.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            tile.setSizeHint(QSize(_SIDE + GAP, _SIDE + GAP))
            self.list.addItem(tile)
            self._tiles[item] = tile
        if self._tiles:
            self._thumbnails.want(list(self._tiles), side=self._pixels)
            self._on_thumbnails_ready(tuple(self._tiles))

    @property
    def _pixels(self) -> int:
        return round(_SIDE * self.devicePixelRatioF())

    def _on_thumbnails_ready(self, items: tuple[int, ...]) -> None:
        for item in items:
            tile, thumbnail = self._tiles.get(item), self._thumbnails.get(item)
            if tile is not None and thumbnail is not None and thumbnail.image is not None:
                pixmap = QPixmap.fromImage(fitted(thumbnail.image, self._pixels))
                pixmap.setDevicePixelRatio(self.devicePixelRatioF())
                tile.setIcon(QIcon(pixmap))

    def _on_tile_chosen(self, tile: QListWidgetItem) -> None:
        self.picked.emit(int(tile.data(Qt.ItemDataRole.UserRole)))

    def _on_group_clicked(self) -> None:
        sender = self.sender()
        for group, button in self.groups.items():
            if button is sender:
                self.group_wanted.emit(group)
