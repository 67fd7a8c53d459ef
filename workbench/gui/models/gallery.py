"""An image set as a list model: one row an item of the current selection, answered from memory only.

What is known of the items is a :class:`~workbench.gui.models.catalogue.Catalogue`. Pictures come from a
:class:`~workbench.gui.thumbnails.Thumbnailer`; whoever shows the model says which are in view.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from workbench.engine.project.edits import MASK
from workbench.gui.models.catalogue import NO_SPLIT_TEXT, UNKNOWN_CLASS, Catalogue, Flags, Items, catalogue_of
from workbench.gui.thumbnails import Thumbnail, Thumbnailer

if TYPE_CHECKING:
    from workbench.engine.data.lint.finding import Finding

__all__ = ["Catalogue", "GalleryModel", "Index", "Role", "Tile", "catalogue_of", "size_text"]

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


class Tile(NamedTuple):
    """All that is painted of one item.

    Attributes:
        picture: ``None`` while it is loading.
        overlay: Its mask, coloured; ``None`` where none is wanted or there yet.
        error: A sentence; empty for a readable image.
        name, split: The split is empty where there is none.
        label: -1 for unknown; ``None`` where the items have no classes of their own.
        class_name: In words.
        colour: ``"#rrggbb"`` where somebody chose one for the class, else empty.
        excluded, relabelled, marked: Left out; labelled by a person; an error was found in it.
        shares: Of the mask, (class, pixels) of those that it holds; empty where that is not known.
    """

    picture: QImage | None
    overlay: QImage | None
    error: str
    name: str
    split: str
    label: int | None
    class_name: str
    colour: str
    excluded: bool
    relabelled: bool
    marked: bool
    shares: list[int]


class GalleryModel(QAbstractListModel):
    """Items of one set, all or a selection, in any order.

    Args:
        thumbnails: Asked from memory; its ``ready`` becomes ``dataChanged``.

    Attributes:
        catalogue: The set that is shown.
        label_set: Whose classes are meant.
    """

    def __init__(self, thumbnails: Thumbnailer, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self.catalogue: Catalogue | None = None
        self.label_set = ""
        self._items: Items = np.empty(0, np.int64)
        self._rows: Items = np.empty(0, np.int64)  # of every item; -1 where it is not shown
        self._count = 0
        self._classes: tuple[str, ...] = ()
        self._labels: Items | None = None
        self._marked: Flags = np.empty(0, bool)
        self._findings: Sequence[Finding] = ()
        thumbnails.ready.connect(self._on_thumbnails_ready)

    def show(self, catalogue: Catalogue | None, *, label_set: str = "") -> None:
        """Turn to a set, with all that is not excluded selected; ``label_set`` is whose classes are meant."""
        self.beginResetModel()
        self._take(catalogue, label_set)
        self._findings = ()
        self._mark()
        self._show_items(catalogue.matching() if catalogue else np.empty(0, np.int64))
        self.endResetModel()

    def update(self, catalogue: Catalogue, *, label_set: str) -> None:
        """Take what is known now of the same set; the rows stay."""
        self._take(catalogue, label_set)
        self._mark()
        self._announce()

    def set_findings(self, findings: "Sequence[Finding]") -> None:
        """Mark the items in which errors were found."""
        self._findings = findings
        self._mark()
        self._announce()

    def select(self, items: Items) -> bool:
        """Show these items in this order and no others; returns whether that is different from before."""
        if np.array_equal(items, self._items):
            return False
        self.beginResetModel()
        self._show_items(items)
        self.endResetModel()
        return True

    def _take(self, catalogue: Catalogue | None, label_set: str) -> None:
        if not (catalogue and self.catalogue and catalogue.images is self.catalogue.images):
            self.thumbnails.show(
                catalogue.images if catalogue else None,
                fingerprint=catalogue.fingerprint if catalogue else "",
                palette=catalogue.palette if catalogue else None,
            )
        self.catalogue, self.label_set = catalogue, label_set
        self._classes, self._labels = (), None
        if catalogue:
            key = self.label_set = label_set or next(iter(catalogue.label_sets), "")
            self._classes, self._labels = catalogue.label_sets.get(key, ()), catalogue.labels.get(key)

    def _mark(self) -> None:
        self._marked = np.zeros(len(self.catalogue) if self.catalogue else 0, bool)
        for finding in self._findings:
            if finding.severity == "error":
                self._marked[finding.items] = True

    def _show_items(self, items: Items) -> None:
        self._items, self._count = items, len(items)
        self._rows = np.full(len(self.catalogue) if self.catalogue else 0, -1, np.int64)
        self._rows[items] = np.arange(len(items))

    def _announce(self) -> None:
        if self._count:
            self.dataChanged.emit(self.index(0), self.index(self._count - 1))

    @property
    def shown(self) -> Items:
        """Ids of the items, row by row."""
        return self._items

    def items(self, first: int, last: int) -> list[int]:
        """Item ids of the rows ``first`` (inclusive, at least 0) to ``last`` (exclusive)."""
        found: list[int] = self._items[max(0, first) : max(0, last)].tolist()
        return found

    def row(self, item: int) -> int:
        """The row that shows ``item``; -1 if none does."""
        return int(self._rows[item]) if 0 <= item < len(self._rows) else -1

    def rows(self, items: Items) -> Items:
        """The rows that show ``items``, ascending; those that are not shown are left out."""
        rows = self._rows[items]
        return np.sort(rows[rows >= 0])

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    def tile(self, row: int) -> Tile:
        """What is painted of a row; one call, because a full window asks for hundreds."""
        catalogue, item = self.catalogue, int(self._items[row])
        assert catalogue
        thumbnail = self.thumbnails.get(item)
        label = None if self._labels is None else int(self._labels[item])
        counts = catalogue.mask_counts
        return Tile(
            thumbnail.image if thumbnail else None,
            self.thumbnails.overlay(thumbnail) if thumbnail else None,
            thumbnail.error if thumbnail else "",
            catalogue.names[item],
            catalogue.split(item),
            label,
            self._classes[label] if label is not None and label >= 0 else UNKNOWN_CLASS,
            catalogue.colour(self.label_set, label) if label is not None else "",
            bool(catalogue.excluded[item]),
            bool(catalogue.relabelled[item]),
            bool(self._marked[item]),
            [] if counts is None else counts[item].tolist(),
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.catalogue is None or not index.isValid():
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
                return -1 if self._labels is None else int(self._labels[item])
            case Role.SPLIT:
                return self.catalogue.split(item) or NO_SPLIT_TEXT
            case Role.ITEM:
                return item
            case Role.ERROR:
                thumbnail = self.thumbnails.get(item)
                return thumbnail.error if thumbnail else ""
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(self._lines(item))
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(self._lines(item))
            case _:
                return None

    def _class_name(self, item: int) -> str:
        if self._labels is None:
            return ""
        label = int(self._labels[item])
        return self._classes[label] if label >= 0 else UNKNOWN_CLASS

    def _lines(self, item: int) -> list[str]:
        """What a person can read of an item, the name first."""
        catalogue = self.catalogue
        assert catalogue
        lines = [catalogue.names[item]]
        if self._labels is not None:
            lines.append(f"Class: {self._class_name(item)}" + (", by hand" if catalogue.relabelled[item] else ""))
        lines.append(f"Split: {catalogue.split(item) or NO_SPLIT_TEXT}")
        if held := self._held(item):
            lines.append(f"Mask: {held}")
        if catalogue.excluded[item]:
            lines.append("Excluded")
        for finding in self._findings:
            if finding.severity == "error" and self._marked[item] and item in finding.items:
                lines.append(finding.details.get(item, finding.title))
        if thumbnail := self.thumbnails.get(item):
            lines.append(thumbnail.error or size_text(thumbnail))
        return lines

    def _held(self, item: int) -> str:
        """``"water 61 %, land 39 %"``: the classes of a mask, the largest first."""
        catalogue = self.catalogue
        if catalogue is None or catalogue.mask_counts is None or catalogue.palette is None:
            return ""
        counts = catalogue.mask_counts[item]
        total = max(1, int(counts.sum()))
        largest = np.argsort(-counts, kind="stable")
        return ", ".join(
            f"{catalogue.palette.classes[label]} {100 * counts[label] / total:.0f} %"
            for label in largest.tolist()
            if counts[label]
        )

    def colour(self, label: int) -> str:
        """Of a class of the label set that is meant; empty where nobody chose one."""
        return self.catalogue.colour(self.label_set, label) if self.catalogue else ""

    def mask_colour(self, label: int) -> str:
        """What a class of the masks is drawn in."""
        return self.catalogue.colour(MASK, label) if self.catalogue else ""

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
