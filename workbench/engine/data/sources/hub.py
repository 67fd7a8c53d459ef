"""Image sets from the Hugging Face Hub, by id, through the ``datasets`` library.

The library does the fetching and keeps its files in our cache folder. This module finds the image and label columns
and makes sure that a machine without a network hears so soon: the library's own retries take half a minute.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.engine.data.source import NO_SPLIT, TEST, TRAIN, UNKNOWN, VALIDATION, Listing, Record
from workbench.engine.data.sources.classes import LARGEST_LABEL, item_name, numbered_classes
from workbench.engine.errors import UserError

HUB_PREFIX = "hub:"
LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "coarse_label")  # the likeliest first
REACH_SECONDS = 8.0
_SPLITS = {
    "train": TRAIN, "training": TRAIN, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "test": TEST,
}  # fmt: skip
_TAKEN = ("image", "split", "name")  # columns of our own


def hub_listing(identifier: str, *, cache: Path) -> Listing:
    """The image set called ``owner/name``, ``hub:owner/name`` or ``hub:owner/name:config``, fetched if it must be.

    Args:
        cache: Folder for what is fetched; ``cache/hub`` is made inside.

    Raises:
        UserError: No such set, no way to reach the Hub, or no image column.
    """
    repository, _, config = identifier.removeprefix(HUB_PREFIX).partition(":")
    folder = cache / "hub"
    known = (folder / repository.replace("/", "___")).exists()
    if not _offline() and not known:
        _reach(repository)

    import datasets

    try:
        loaded: Any = datasets.load_dataset(repository, config or None, cache_dir=str(folder))
    except Exception as error:  # the library lets through what its many parts raise: OSError, ValueError, its own
        raise _not_loaded(repository, _reason(error)) from error
    return loaded_listing(loaded, name=repository.rpartition("/")[2])


def loaded_listing(loaded: Mapping[str, Any], *, name: str) -> Listing:
    """The listing of what ``datasets.load_dataset`` gave: split name to ``datasets.Dataset``.

    The image column is known by its feature. Label columns are those of type ClassLabel, else one of
    :data:`LABEL_COLUMNS` that holds whole numbers or text; the classes of text are sorted.
    """
    import datasets

    features = next(iter(loaded.values())).features
    images = [key for key, feature in features.items() if isinstance(feature, datasets.Image)]
    if not images:
        raise UserError(
            f"there is no image column among {', '.join(features) or 'no columns'}", where=name,
            remedy="choose a set of images",
        )  # fmt: skip
    columns = _label_columns(features)
    readers = {column: _labels(column, features[column], loaded, where=name) for column in columns}
    label_sets = {column: classes for column, (classes, _) in readers.items()} or {"label": ()}
    plain = {
        split: part.select_columns([images[0], *columns]).cast_column(images[0], datasets.Image(decode=False))
        for split, part in loaded.items()
    }

    def records() -> Iterator[Record]:
        for split, part in plain.items():
            for index, row in enumerate(part):
                item = item_name(split, index, total=len(part))
                labels = tuple(to_label(row[column]) for column, (_, to_label) in readers.items()) or (UNKNOWN,)
                image = _encoded(row[images[0]], where=f"{item} of {name}")
                yield Record(image=image, labels=labels, split=_SPLITS.get(split.lower(), NO_SPLIT), name=item)

    return Listing(
        kind="hub",
        name=name,
        label_sets=label_sets,
        total=sum(len(part) for part in loaded.values()),
        records=records,
        notes=_notes(loaded, images, columns),
    )


def _label_columns(features: Mapping[str, Any]) -> list[str]:
    import datasets

    usable = {key: feature for key, feature in features.items() if key not in _TAKEN}
    columns = [key for key, feature in usable.items() if isinstance(feature, datasets.ClassLabel)]
    if columns:
        return sorted(columns, key=lambda key: LABEL_COLUMNS.index(key) if key in LABEL_COLUMNS else len(LABEL_COLUMNS))
    plain = ("string", "large_string", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    return [key for key in LABEL_COLUMNS if getattr(usable.get(key), "dtype", "") in plain][:1]


def _labels(
    column: str, feature: Any, loaded: Mapping[str, Any], *, where: str
) -> tuple[tuple[str, ...], Callable[[Any], int]]:
    """The classes of a column and what turns one of its values into a label."""
    import datasets

    if isinstance(feature, datasets.ClassLabel):
        return tuple(feature.names), lambda value: UNKNOWN if value is None else int(value)
    values = {value for part in loaded.values() for value in part.unique(column) if value is not None}
    if feature.dtype.endswith("string"):
        classes = tuple(sorted(values))
        index = {text: label for label, text in enumerate(classes)}
        return classes, lambda value: index.get(value, UNKNOWN)
    if any(not UNKNOWN <= value <= LARGEST_LABEL for value in values):
        raise UserError(
            f"column {column!r} holds numbers that are no labels ({min(values)} to {max(values)})", where=where,
            remedy="labels count from 0",
        )  # fmt: skip
    return numbered_classes(max(values, default=UNKNOWN)), lambda value: UNKNOWN if value is None else int(value)


def _encoded(cell: Any, *, where: str) -> bytes:
    content, path = (cell or {}).get("bytes"), (cell or {}).get("path")
    if content is not None:
        return bytes(content)
    try:
        return Path(path or "").read_bytes()
    except OSError as error:
        raise UserError("the set has no image here", where=where, remedy="leave the item out of the set") from error


def _notes(loaded: Mapping[str, Any], images: list[str], columns: list[str]) -> tuple[str, ...]:
    notes = [f"Split {split!r} was kept as no split." for split in loaded if split.lower() not in _SPLITS]
    if len(images) > 1:
        notes.append(f"Images were taken from column {images[0]!r}; {', '.join(images[1:])} were left out.")
    if not columns:
        notes.append("There is no label column; every class is unknown.")
    return tuple(notes)


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _reach(repository: str) -> None:
    """Ask the Hub for the set once, briefly, so that no network or a misspelt name shows at once."""
    import huggingface_hub

    try:
        huggingface_hub.HfApi().dataset_info(repository, timeout=REACH_SECONDS)
    except Exception as error:  # the HTTP library underneath has changed more than once; any failure means the same
        raise _not_loaded(repository, _reason(error)) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _not_loaded(repository: str, reason: str) -> UserError:
    return UserError(
        f"the Hugging Face Hub's set {repository!r} cannot be loaded and there is no such folder here ({reason})",
        remedy="check the name and the network, or download its images on another machine and import their folder",
    )
