"""Sets from the Hugging Face Hub, by id, through the ``datasets`` library.

The library does the fetching and keeps its files in our cache folder. What its columns are for is found where all
Arrow tables are read; this module makes sure that a machine without a network hears so soon: the library's own retries
take half a minute.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.engine.data.source import Listing
from workbench.engine.data.sources.arrow_parts import Part, parts_listing
from workbench.engine.errors import UserError

HUB_PREFIX = "hub:"
REACH_SECONDS = 8.0
BATCH_ROWS = 32  # images held at once


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

    Images are known by their feature, and so are masks beside them and labels of type ClassLabel; without such labels a
    column with the usual name of one is taken. Columns of questions are those of the Hub's ``squad``.
    """
    parts = [_part(split, dataset, name=name) for split, dataset in loaded.items()]
    return parts_listing(parts, kind="hub", name=name, where=name)


def _part(split: str, dataset: Any, *, name: str) -> Part:
    def light(columns: list[str]) -> Any:
        return dataset.select_columns(columns).with_format("arrow")[:]

    def batches(columns: list[str]) -> Iterator[Any]:
        yield from dataset.select_columns(columns).with_format("arrow").iter(batch_size=BATCH_ROWS)

    return Part(
        where=f"{split} of {name}",
        split=split,
        rows=len(dataset),
        schema=dataset.features.arrow_schema,
        light=light,
        batches=batches,
        find=_content,
        resolves=lambda path: False,  # only columns of images may name files, those that the library fetched
    )


def _content(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None


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
