"""A folder a class, in folders for the splits: what nearly every training script reads."""

from collections.abc import Generator, Sequence
from pathlib import Path, PurePosixPath

from workbench.engine.data.exports import EXPORTS, ExportFormat, Pace
from workbench.engine.data.exports.naming import Namer, renamed, safe_parts, split_suffix
from workbench.engine.data.source import NO_SPLIT, UNKNOWN, Listing, Record
from workbench.engine.data.sources.folder import SPLIT_NAMES, UNSPLIT
from workbench.engine.events import Progress


def write(listing: Listing, folder: Path) -> Generator[Progress, None, tuple[str, ...]]:
    """``split/class/name.suffix``; images of no known class lie right in the split's folder.

    Without any split there is no folder for one. Only the first label set is written.
    """
    key, classes = next(iter(listing.label_sets.items()))
    folders = safe_parts(classes)
    namer, pace = Namer(), Pace("exporting", total=listing.total)
    labels: set[int] = set()
    splits: set[str] = set()
    for record in listing.records():
        assert isinstance(record, Record)
        label = record.labels[0]
        labels.add(label)
        splits.add(record.split)
        stem, suffix = split_suffix(record.name, record.image)
        place = record.split or UNSPLIT
        if label != UNKNOWN:
            place = f"{place}/{folders[label]}"
        path = folder / namer.free(place, PurePosixPath(stem).name, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(record.image)
        yield from pace.tick()
    used = [folders[label] for label in sorted(labels - {UNKNOWN})]
    if splits == {NO_SPLIT} and not _like_splits(used):
        for path in (folder / UNSPLIT).iterdir():
            path.rename(folder / path.name)
        (folder / UNSPLIT).rmdir()
    notes = list(renamed(classes, folders))
    if empty := [name for label, name in enumerate(classes) if label not in labels]:
        notes.append(f"Classes without images have no folder: {', '.join(empty[:5])}{' ...' if empty[5:] else ''}.")
    if len(listing.label_sets) > 1:
        notes.append(f"Only the labels of {key!r} were written; a folder says one label an image.")
    return tuple(notes)


def _like_splits(folders: Sequence[str]) -> bool:
    """Whether class folders at the top would be taken for splits."""
    names = [name.lower() for name in folders]
    return UNSPLIT in names or (bool(names) and all(name in SPLIT_NAMES for name in names))


EXPORTS.add(
    "folder",
    ExportFormat(title="Folder per class, in folders for the splits", contents=("images",), write=write),
)
