"""Image sets for tests of the gallery: made up, counted, held back."""

import io
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from workbench.engine.data.arrow import ITEMS, write_arrow
from workbench.engine.data.decode import encode_png
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.masks import encode_mask
from workbench.engine.data.opened import Dataset
from workbench.engine.data.source import Listing, Palette, Record
from workbench.engine.project.edits import MASK, as_imported
from workbench.engine.project.project import DatasetRow
from workbench.gui.models.catalogue import Catalogue

CLASSES = ("ant", "bee")
PALETTE = Palette(classes=("land", "sea"), colours=((0, 160, 0), (0, 0, 255)), coding="colour")


class Pictures:
    """Stands in for an image set: what was decoded is counted."""

    def __init__(self, count: int, *, side: int = 8, broken: frozenset[int] = frozenset()) -> None:
        self.count, self.broken = count, broken
        self.asked: list[int] = []
        self._file = encode_png(np.full((side, side), 200, np.uint8))

    def name(self, index: int) -> str:
        return f"item-{index}"

    def encoded(self, index: int) -> bytes:
        self.asked.append(index)
        return b"no image" if index in self.broken else self._file

    def mask(self, index: int) -> bytes | None:
        return None


class HeldPictures(Pictures):
    """Hands nothing out before its gate is open."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.gate = threading.Event()

    def encoded(self, index: int) -> bytes:
        self.gate.wait()
        return super().encoded(index)


class File(Pictures):
    """One image, given as its file, and its mask where there is one."""

    def __init__(self, content: bytes, *, mask: bytes | None = None) -> None:
        super().__init__(1)
        self._content, self._mask = content, mask

    def encoded(self, index: int) -> bytes:
        self.asked.append(index)
        return self._content

    def mask(self, index: int) -> bytes | None:
        return self._mask


def catalogue(pictures: Pictures, **changes: Any) -> Catalogue:
    """Every third item is unknown; the first half is for training, the rest in no split."""
    count = pictures.count
    names = [pictures.name(item) for item in range(count)]
    values: dict[str, Any] = {
        "images": pictures,
        "names": names,
        "folded": names,
        "splits": ("train", ""),
        "split_codes": (np.arange(count) >= count // 2).astype(np.int64),
        "labels": {"label": np.arange(count) % 3 - 1},
        "label_sets": {"label": CLASSES},
        "colours": {},
        "excluded": np.zeros(count, bool),
        "relabelled": np.zeros(count, bool),
    }
    return Catalogue(**(values | changes))


def masked_catalogue(content: bytes, mask: bytes) -> Catalogue:
    """One image with its mask, and no classes of its own."""
    return catalogue(File(content, mask=mask), labels={}, label_sets={}, palette=PALETTE, mask_colours=PALETTE.colours)


def flags(count: int, *items: int) -> Any:
    """bool[count], set for these."""
    chosen = np.zeros(count, bool)
    chosen[list(items)] = True
    return chosen


def encoded(pixels: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An image file of an array."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def gradient(width: int, height: int) -> Any:
    """uint8[H, W, 3]: red grows to the right, green downwards."""
    red = np.tile(np.linspace(0, 255, width), (height, 1))
    green = np.tile(np.linspace(0, 255, height)[:, None], (1, width))
    return np.stack([red, green, np.full((height, width), 30.0)], axis=-1).astype(np.uint8)


def dataset(folder: Path, files: Mapping[str, tuple[bytes, int, str]], *, masks: bool = False) -> Dataset:
    """A dataset of name to (file, label, split), imported as ever; with masks, each half land and half sea."""
    half = np.repeat(np.array([0, 1], np.uint8), 8).reshape(2, 8)
    mask = encode_mask(half, PALETTE) if masks else None
    label_sets = {} if masks else {"label": CLASSES}
    records = [
        Record(image=file, labels=() if masks else (label,), split=split, name=name, mask=mask, group="")
        for name, (file, label, split) in files.items()
    ]
    listing = Listing(
        kind="test",
        name="test",
        label_sets=label_sets,
        total=len(records),
        records=lambda: iter(records),
        content="masks" if masks else "images",
        palette=PALETTE if masks else None,
    )
    folder.mkdir(parents=True, exist_ok=True)
    for _ in write_arrow(listing, folder):
        pass
    items = ImageSet(folder / ITEMS)
    classes = dict(items.label_sets) | ({MASK: PALETTE.classes} if masks else {})
    labels = {key: items.labels(key) for key in items.label_sets}
    row = DatasetRow(
        id="d", name="test", kind="test", origin="", signature="", fingerprint="f" * 64, items=len(records),
        label_sets=label_sets, splits={}, created=0.0,
    )  # fmt: skip
    return Dataset(row=row, items=items, state=as_imported(labels=labels, classes=classes, splits=items.splits()))


def turn(
    widget: QWidget,
    angle: int,
    *,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    at: QPointF | None = None,
) -> None:
    """Turn the wheel over ``widget``."""
    place = at or QPointF(40, 40)
    event = QWheelEvent(
        place, widget.mapToGlobal(place), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
