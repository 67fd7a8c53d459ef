"""From what a person points at to a listing of items: recognise the format and open it.

The formats do the reading; :mod:`workbench.engine.data.arrow` writes what they list.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The formats register themselves; none of these imports is unused.
import workbench.engine.data.sources.cifar
import workbench.engine.data.sources.disk_dataset
import workbench.engine.data.sources.flowers
import workbench.engine.data.sources.folder
import workbench.engine.data.sources.idx
import workbench.engine.data.sources.pairs
import workbench.engine.data.sources.squad  # noqa: F401
from workbench.engine.data.source import SOURCES, Listing
from workbench.engine.data.sources import coco, mapfile, table
from workbench.engine.data.sources.digits import digits_listing
from workbench.engine.data.sources.hub import HUB_PREFIX, hub_listing
from workbench.engine.data.sources.torchvision_sets import TORCHVISION_PREFIX, torchvision_listing
from workbench.engine.data.tree import FolderTree, Tree, open_tree
from workbench.engine.errors import UserError

DIGITS = "digits"
# The special ones first: every one of them might also pass for a folder that holds some images.
ORDER = (
    "idx", "cifar10", "cifar100", "flowers102", "squad", "coco", "hugging-face", "parquet", "pairs", "map", "table",
    "folder",
)  # fmt: skip
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(:[\w.-]+)?")


def recognise(tree: Tree) -> str:
    """Name of the format that ``tree`` holds; :class:`UserError` that lists what is understood if it holds none."""
    for name in _order():
        if SOURCES[name].recognise(tree):
            return name
    what = "no images are recognised in this" if tree.files else "there are no files in this"
    known = "; ".join(SOURCES[name].title for name in _order())
    raise UserError(what, where=str(tree.path), remedy=f"What is understood: {known}")


@contextmanager
def open_source(target: str, *, cache: Path) -> Iterator[Listing]:
    """The listing of what ``target`` names; its records can be read until the context ends.

    Args:
        target: ``"digits"``, ``"torchvision:NAME"``, ``"hub:owner/name[:config]"``, a path (``~`` is the home folder),
            or ``"owner/name"`` where no such path exists.
        cache: Folder that downloads may fill; they are kept for the next time.

    Raises:
        UserError: There is no such thing, it is in no known format, or it cannot be fetched.
    """
    if target == DIGITS:
        yield digits_listing()
    elif target.startswith(TORCHVISION_PREFIX):
        yield torchvision_listing(target.removeprefix(TORCHVISION_PREFIX), cache=cache)
    elif _is_hub_id(target):
        yield hub_listing(target, cache=cache)
    else:
        with open_tree(_path(target)) as tree:
            yield SOURCES[recognise(tree)].open(tree)


def signature(target: str) -> str:
    """SHA-256 in hex over what can be told of ``target`` without reading content: path, names, sizes, times.

    Two equal signatures mean that nothing was changed in between; for an id it is the id that is hashed. A list of
    images, which is a map file, a table or COCO's JSON, covers the images that it names or that are beside it.
    """
    if target == DIGITS or target.startswith(TORCHVISION_PREFIX) or _is_hub_id(target):
        return hashlib.sha256(target.removeprefix(HUB_PREFIX).encode()).hexdigest()
    path = _path(target)
    tree = FolderTree(path) if path.is_dir() else FolderTree(path.parent, only=path.name)
    digest = hashlib.sha256(_line(str(path)))
    for name in tree.files:
        status = tree.stat(name)
        digest.update(_line(name, status.st_size, status.st_mtime_ns))
    if tree.only:
        for file in _named_by(tree):
            status = file.stat()
            digest.update(_line(str(file), status.st_size, status.st_mtime_ns))
    return digest.hexdigest()


def _named_by(tree: FolderTree) -> list[Path]:
    """The files that a lone list of images names and that are there."""
    try:
        listed = {"map": mapfile.listed_files, "table": table.listed_files, "coco": coco.listed_files}
        kind = recognise(tree)
        files = listed[kind](tree) if kind in listed else []
    except UserError:  # what is wrong with it is said when it is opened
        return []
    return [file for file in files if file.is_file()]


def _order() -> list[str]:
    return [*(name for name in ORDER if name in SOURCES), *(name for name in SOURCES if name not in ORDER)]


def _is_hub_id(target: str) -> bool:
    return target.startswith(HUB_PREFIX) or (bool(_HUB_ID.fullmatch(target)) and not Path(target).exists())


def _path(target: str) -> Path:
    try:
        path = Path(target).expanduser()
        if target and path.exists():
            return path.resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user's home
        pass
    raise UserError(
        "there is no such file, folder or dataset", where=repr(target),
        remedy=f"give a path, {DIGITS}, {TORCHVISION_PREFIX}NAME or {HUB_PREFIX}owner/name",
    )  # fmt: skip


def _line(*values: Any) -> bytes:
    """Values as one unambiguous line for a digest."""
    return json.dumps(values, ensure_ascii=True).encode() + b"\n"
