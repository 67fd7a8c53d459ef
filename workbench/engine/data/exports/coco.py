"""COCO instances: JSON with the run lengths of each class in each image, one file a split, beside the images."""

import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from workbench.engine.data import rle
from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.exports.naming import IMAGES, Namer, one_line_names, renamed, split_suffix
from workbench.engine.data.masks import IGNORED, STRAY, decode_mask
from workbench.engine.data.source import Listing, Palette, Record
from workbench.engine.data.sources.folder import UNSPLIT
from workbench.engine.events import Progress

ANNOTATIONS = "annotations"
BACKGROUND = "background"


def write(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``images/`` and ``annotations/instances_<split>.json``: one annotation for each class in each image.

    A first class called background is what no annotation covers; without one, ``info`` says so and every pixel is
    covered. Ignored pixels, and those of no class, are covered by a crowd (``iscrowd``). An image has its ``name`` and
    ``group`` beside COCO's own keys, a category its ``color``.
    """
    palette = listing.palette
    assert palette is not None
    names = one_line_names(palette.classes)
    first = int(names[0].lower() == BACKGROUND and len(names) > 1)
    categories = [
        {"id": label + 1 - first, "name": names[label], "color": list(palette.colours[label])}
        for label in range(first, len(names))
    ]
    background = {"name": names[0], "color": list(palette.colours[0])} if first else None
    head = {"info": {"description": listing.name, BACKGROUND: background}, "categories": categories}
    files: dict[str, _Instances] = {}
    namer, pace, stray = Namer(), Pace("exporting", total=listing.total), Counter[str]()
    (folder / ANNOTATIONS).mkdir()
    try:
        for record in listing.records():
            assert isinstance(record, Record)
            assert record.mask is not None
            labels = decode_mask(record.mask, palette, where=f"mask of {record.name}")
            if off := int(np.count_nonzero(labels == STRAY)):
                stray[record.name] = off
            place = record.split or UNSPLIT
            stem, suffix = split_suffix(record.name, record.image)
            path = namer.free(f"{IMAGES}/{place}", stem.removeprefix(f"{place}/"), suffix)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(record.image)
            if place not in files:
                files[place] = _Instances(folder / ANNOTATIONS / f"instances_{place}.json", head)
            files[place].add(record, path, labels, first=first)
            yield from pace.tick()
        for instances in files.values():
            instances.finish()
    finally:
        for instances in files.values():
            instances.file.close()
    return _notes(listing, palette, names, stray)


class _Instances:
    """One JSON file, its annotations written as they come and its images at the end."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        self.file.write(json.dumps(head)[:-1] + ', "annotations": [')
        self._images: list[dict[str, Any]] = []
        self._count = 0

    def add(self, record: Record, path: str, labels: Any, *, first: int) -> None:
        height, width = labels.shape
        id = len(self._images) + 1
        self._images.append(
            {
                "id": id, "file_name": path, "height": height, "width": width, "name": record.name,
                "group": record.group,
            }
        )  # fmt: skip
        labels = np.where(labels == STRAY, np.uint8(IGNORED), labels)
        for label in np.unique(labels).tolist():
            if label < first:
                continue
            crowd = label == IGNORED
            self._annotate(id, 1 if crowd else label + 1 - first, labels == label, crowd=crowd)

    def _annotate(self, image: int, category: int, bits: rle.Bits, *, crowd: bool) -> None:
        patch = rle.cut_out(bits)
        self._count += 1
        annotation = {
            "id": self._count,
            "image_id": image,
            "category_id": category,
            "iscrowd": int(crowd),
            "area": int(np.count_nonzero(bits)),
            "bbox": [patch.left, patch.top, patch.bits.shape[1], patch.bits.shape[0]],
            "segmentation": {"size": list(bits.shape), "counts": rle.compress(rle.encode(bits))},
        }
        self.file.write((",\n" if self._count > 1 else "\n") + json.dumps(annotation))

    def finish(self) -> None:
        self.file.write('\n], "images": [\n' + ",\n".join(json.dumps(image) for image in self._images) + "\n]}\n")


def _notes(listing: Listing, palette: Palette, names: tuple[str, ...], stray: Counter[str]) -> tuple[str, ...]:
    notes = list(renamed(palette.classes, names))
    if stray:
        notes.append(f"{stray.total():,} mask pixels of no class, in {len(stray):,} masks, are written as ignored.")
    if listing.label_sets:
        notes.append(f"Labels of whole images were left out: {', '.join(listing.label_sets)}.")
    return tuple(notes)


EXPORTS.add(
    "coco",
    ExportFormat(title="COCO instances: JSON with run lengths, beside the images", contents=("masks",), write=write),
)
