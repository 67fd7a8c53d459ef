"""Images and colour masks in two trees, with ``class_dict.csv``: what most segmentation programs read."""

import csv
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.exports.naming import IMAGES, Namer, one_line, one_line_names, renamed, split_suffix
from workbench.engine.data.masks import STRAY, decode_mask, encode_mask, label_colours
from workbench.engine.data.source import Listing, Palette, Record
from workbench.engine.data.sources.class_dict import COLUMNS
from workbench.engine.data.sources.folder import UNSPLIT
from workbench.engine.data.sources.pairs import MANIFEST, MANIFEST_COLUMNS
from workbench.engine.events import Progress

MASKS = "masks"
CLASS_DICT = "class_dict.csv"


def write(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``images/`` and ``masks/`` with a folder a split, ``class_dict.csv``, and ``pairs.csv`` with groups and names.

    Masks that hold the colours of the classes are written byte for byte, others as colour PNGs. Ignored pixels are
    transparent there, and pixels of no class keep a colour of no class.
    """
    palette = listing.palette
    assert palette is not None
    coded, recoloured = colour_coded(palette)
    names = one_line_names(palette.classes)
    with (folder / CLASS_DICT).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((name, *colour) for name, colour in zip(names, coded.colours, strict=True))
    namer, pace, stray = Namer(), Pace("exporting", total=listing.total), Counter[str]()
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(MANIFEST_COLUMNS)
        for record in listing.records():
            assert isinstance(record, Record)
            assert record.mask is not None
            labels = decode_mask(record.mask, palette, where=f"mask of {record.name}")
            if off := int(np.count_nonzero(labels == STRAY)):
                stray[record.name] = off
            mask = record.mask if coded == palette else encode_mask(labels, coded)
            stem, suffix = split_suffix(record.name, record.image)
            place = record.split or UNSPLIT
            stem = stem.removeprefix(f"{place}/")
            image_path = namer.free(f"{IMAGES}/{place}", stem, suffix)
            mask_path = f"{MASKS}/{image_path.removeprefix(f'{IMAGES}/').removesuffix(suffix)}"
            mask_path = namer.free("", mask_path, split_suffix("", mask)[1])
            name = record.name if one_line(record.name) == record.name else ""  # the path's own is unique as well
            for path, content in ((image_path, record.image), (mask_path, mask)):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            rows.writerow([image_path, mask_path, record.split, one_line(record.group), name])
            yield from pace.tick()
    notes = list(renamed(palette.classes, names))
    if recoloured:
        notes.append("Some classes shared a colour; all of them were given new ones.")
    if stray:
        notes.append(f"{stray.total():,} mask pixels in {len(stray):,} masks are of no class, here as before.")
    if listing.label_sets:
        notes.append(f"Labels of whole images were left out: {', '.join(listing.label_sets)}.")
    return tuple(notes)


def colour_coded(palette: Palette) -> tuple[Palette, bool]:
    """The palette for masks of colours, and whether its colours had to change to differ."""
    shared = len(set(palette.colours)) < len(palette.colours)
    assert not shared or palette.coding == "index", "masks of colours cannot share one"
    colours = label_colours(len(palette.classes)) if shared else palette.colours
    return replace(palette, colours=colours, coding="colour"), shared


EXPORTS.add(
    "pairs",
    ExportFormat(title="Images and colour masks with class_dict.csv", contents=("masks",), write=write),
)
