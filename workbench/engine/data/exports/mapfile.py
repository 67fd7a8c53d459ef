"""Map files: a text file of ``path<TAB>label`` lines a split, beside the images that it lists."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.exports.naming import IMAGES, Namer, one_line_names, renamed, split_suffix
from workbench.engine.data.source import NO_SPLIT, Listing, Record
from workbench.engine.data.sources.folder import UNSPLIT
from workbench.engine.events import Progress

MAP = "map.txt"
CLASSES = "classes.txt"


def write(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``images/``, ``classes.txt``, and ``map.txt`` or, with splits, ``train.txt``, ``validation.txt``, ``test.txt``.

    Items in no split are in ``unsplit.txt`` where others are in one. Only the first label set is written.
    """
    key, classes = next(iter(listing.label_sets.items()))
    namer, pace = Namer(), Pace("exporting", total=listing.total)
    grouped = False
    maps: dict[str, TextIO] = {}
    with contextlib.ExitStack() as stack:
        for record in listing.records():
            assert isinstance(record, Record)
            path = namer.free(IMAGES, *split_suffix(record.name, record.image))
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(record.image)
            if record.split not in maps:
                name = f"{record.split or UNSPLIT}.txt"
                maps[record.split] = stack.enter_context((folder / name).open("w", encoding="utf-8", newline="\n"))
            maps[record.split].write(f"{path}\t{record.labels[0]}\n")
            grouped = grouped or bool(record.group)
            yield from pace.tick()
    if set(maps) == {NO_SPLIT}:
        (folder / f"{UNSPLIT}.txt").rename(folder / MAP)
    names = one_line_names(classes)
    if names:
        (folder / CLASSES).write_text("\n".join(names) + "\n", encoding="utf-8", newline="\n")
    notes = list(renamed(classes, names))
    if len(listing.label_sets) > 1:
        notes.append(f"Only the labels of {key!r} were written; a map file says one label an image.")
    if grouped:
        notes.append("Groups were left out; a map file has no place for them.")
    return tuple(notes)


EXPORTS.add(
    "map", ExportFormat(title="Map files: path<TAB>label, beside the images", contents=("images",), write=write)
)
