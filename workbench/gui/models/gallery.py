"""An image set as a list model: one row an item of the current selection, answered from memory only.

What a person filters by is found out once, where the set is opened, off the GUI thread (:func:`open_catalogue`).
Pictures come from a :class:`~workbench.gui.thumbnails.Thumbnailer`; whoever shows the model says which are in view.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.engine.events import Progress
from workbench.gui.thumbnails import Images, Thumbnail, Thumbnailer

ANY = -2
"""Stands for every class in a filter; -1 is the unknown one."""
UNKNOWN_CLASS = "unknown"
NO_SPLIT_TEXT = "no split"

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """What a row can be asked for, beside ``DisplayRole`` (its name) and ``ToolTipRole``."""

    THUMBNAIL = Qt.ItemDataRole.UserRole + 1  # QImage, or None while it is loading
    NAME = Qt.ItemDataRole.UserRole + 2
    CLASS = Qt.ItemDataRole.UserRole + 3  # the class's name, "unknown" where nobody has said
    LABEL = Qt.ItemDataRole.UserRole + 4  # its number, -1 for unknown
    SPLIT = Qt.ItemDataRole.UserRole + 5  # in words, "no split" where there is none
    ITEM = Qt.ItemDataRole.UserRole + 6
    ERROR = Qt.ItemDataRole.UserRole + 7  # a sentence; empty for a readable image


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What is known of every item of a set without decoding any.

    Attributes:
        images: The set.
        names: N names, and the same folded for comparison without regard to case.
        splits: str[N].
        labels: Label set to int64[N], -1 for unknown.
        label_sets: Label set to its classes.
    """

    images: Images
    names: list[str]
    folded: list[str]
    splits: NDArray[np.str_]
    labels: Mapping[str, NDArray[np.int64]]
    label_sets: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.names)

    def split_counts(self) -> dict[str, int]:
        """Split to its number of items, the usual order first."""
        found, counts = np.unique(self.splits, return_counts=True)
        order = {"train": 0, "validation": 1, "test": 2, "": 4}
        pairs = ((str(split), int(count)) for split, count in zip(found, counts, strict=True))
        return dict(sorted(pairs, key=lambda pair: (order.get(pair[0], 3), pair[0])))

    def class_counts(self, label_set: str) -> NDArray[np.int64]:
        """int64[C + 1]: items a class, the unknown ones last."""
        labels, classes = self.labels[label_set], len(self.label_sets[label_set])
        return np.bincount(np.where(labels < 0, classes, labels), minlength=classes + 1)

    def matching(
        self, *, label_set: str = "", label: int = ANY, split: str | None = None, text: str = ""
    ) -> NDArray[np.int64]:
        """Ids of the items with this label and split and with ``text`` in their names, ascending.

        Args:
            label_set: Which labels are meant; empty for the first.
            label: A class's number, -1 for the unknown ones, :data:`ANY` for all.
            split: ``""`` for items without one, ``None`` for all.
            text: Compared without regard to case; empty for all.
        """
        chosen = np.ones(len(self), bool)
        if label != ANY:
            chosen &= self.labels[label_set or next(iter(self.labels))] == label
        if split is not None:
            chosen &= self.splits == split
        items = np.flatnonzero(chosen)
        if wanted := text.strip().casefold():
            folded = self.folded
            items = np.array([item for item in items.tolist() if wanted in folded[item]], np.int64)
        return items.astype(np.int64)


def catalogue_of(images: Any) -> Catalogue:
    """The catalogue of an :class:`~workbench.engine.data.image_set.ImageSet`. Takes a while for a large one."""
    names = images.names()
    return Catalogue(
        images=images,
        names=names,
        folded=[name.casefold() for name in names],
        splits=images.splits(),
        labels={key: images.labels(key) for key in images.label_sets},
        label_sets=dict(images.label_sets),
    )


def open_catalogue(path: Path) -> Generator[Progress, None, Catalogue]:
    """Open and check the set in ``path``; :class:`~workbench.engine.errors.UserError` if it cannot be read."""
    from workbench.engine.waiting import waiting

    def work() -> Catalogue:
        from workbench.engine.data.image_set import ImageSet

        return catalogue_of(ImageSet(path))

    return (yield from waiting(work, stage="opening"))


class GalleryModel(QAbstractListModel):
    """Items of one set, all or a selection.

    Args:
        thumbnails: Asked from memory; its ``ready`` becomes ``dataChanged``.

    Attributes:
        catalogue: The set that is shown.
        has_splits: Whether any item of it is in a split.
    """

    def __init__(self, thumbnails: Thumbnailer, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.catalogue: Catalogue | None = None
        self.has_splits = False
        self._items: NDArray[np.int64] | None = None
        self._count = 0
        self._classes: tuple[str, ...] = ()
        self._labels: NDArray[np.int64] | None = None
        thumbnails.ready.connect(self._on_thumbnails_ready)

    def show(self, catalogue: Catalogue | None, *, label_set: str = "") -> None:
        """Turn to a set, with all of its items selected; ``label_set`` is whose classes are meant, or the first."""
        self.beginResetModel()
        if self.catalogue is not catalogue:
            self.thumbnails.show(catalogue.images if catalogue else None)
        self.catalogue = catalogue
        self._items, self._count, self._classes, self._labels = None, 0, (), None
        if catalogue:
            key = label_set or next(iter(catalogue.label_sets))
            self._items, self._count = catalogue.matching(), len(catalogue)
            self._classes, self._labels = catalogue.label_sets[key], catalogue.labels[key]
            self.has_splits = bool((catalogue.splits != "").any())
        self.endResetModel()

    def select(self, items: NDArray[np.int64]) -> None:
        """Show these items, ascending ids, and no others."""
        self.beginResetModel()
        self._items, self._count = items, len(items)
        self.endResetModel()

    def items(self, first: int, last: int) -> list[int]:
        """Item ids of the rows ``first`` (inclusive, at least 0) to ``last`` (exclusive)."""
        return [] if self._items is None else self._items[max(0, first) : max(0, last)].tolist()

    def row(self, item: int) -> int:
        """The row that shows ``item``; -1 if none does."""
        if self._items is None:
            return -1
        row = int(self._items.searchsorted(item))
        return row if row < self._count and self._items[row] == item else -1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._items is None or self.catalogue is None or not index.isValid():
            return None
        item = int(self._items[index.row()])
        match role:
            case Role.THUMBNAIL:
                thumbnail = self.thumbnails.get(item)
                return thumbnail.image if thumbnail else None
            case Role.NAME | Qt.ItemDataRole.DisplayRole:
                return self.catalogue.names[item]
            case Role.CLASS:
                return self._class_name(item)
            case Role.LABEL:
                return self._label(item)
            case Role.SPLIT:
                return str(self.catalogue.splits[item]) or NO_SPLIT_TEXT
            case Role.ITEM:
                return item
            case Role.ERROR:
                thumbnail = self.thumbnails.get(item)
                return thumbnail.error if thumbnail else ""
            case Qt.ItemDataRole.ToolTipRole:
                return self._tool_tip(item)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self.catalogue.names[item]}, {self._class_name(item)}"
            case _:
                return None

    def _label(self, item: int) -> int:
        assert self._labels is not None
        return int(self._labels[item])

    def _class_name(self, item: int) -> str:
        label = self._label(item)
        return self._classes[label] if label >= 0 else UNKNOWN_CLASS

    def _tool_tip(self, item: int) -> str:
        assert self.catalogue is not None
        split = str(self.catalogue.splits[item]) or NO_SPLIT_TEXT
        lines = [self.catalogue.names[item], f"Class: {self._class_name(item)}", f"Split: {split}"]
        if thumbnail := self.thumbnails.get(item):
            lines.append(thumbnail.error or size_text(thumbnail))
        return "\n".join(lines)

    def _on_thumbnails_ready(self, items: tuple[int, ...]) -> None:
        roles = [int(Role.THUMBNAIL), int(Role.ERROR), int(Qt.ItemDataRole.ToolTipRole)]
        for item in items:
            row = self.row(item)
            if row >= 0:  # one signal a row: a view repaints all that lies between the ends of a range
                index = self.index(row)
                self.dataChanged.emit(index, index, roles)


def size_text(thumbnail: Thumbnail) -> str:
    """``"640 x 480 pixels, JPEG"`` with the proper sign between the numbers."""
    text = f"{thumbnail.width:,} \N{MULTIPLICATION SIGN} {thumbnail.height:,} pixels"
    return f"{text}, {thumbnail.format}" if thumbnail.format else text
