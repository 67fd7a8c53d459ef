"""Folder per class: the way most people keep images, with or without folders for the splits above the classes."""

from collections.abc import Iterator

from workbench.engine.data.source import (
    NO_SPLIT,
    SOURCES,
    TEST,
    TRAIN,
    UNKNOWN,
    VALIDATION,
    Listing,
    Record,
    SourceFormat,
)
from workbench.engine.data.tree import Tree
from workbench.engine.errors import UserError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
UNSPLIT = "unsplit"  # our exports' name for what is in no split where other items are in one
SPLIT_NAMES = {
    "train": TRAIN, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "test": TEST, UNSPLIT: NO_SPLIT,
}  # fmt: skip
_NAMED = 3  # files that a note names
LARGEST_FILE = 1 << 30  # bytes of one image file; it is held in memory whole


def recognise(tree: Tree) -> bool:
    return any(_is_image(name) for name in tree.files)


def open_folder(tree: Tree) -> Listing:
    images = [name for name in tree.files if _is_image(name)]
    paths = [tuple(name.split("/")) for name in images]
    wrapper = _wrapper(paths)
    inner = [path[wrapper:] for path in paths]
    with_splits = _has_splits(inner, tree)
    places = [_place(path, with_splits) for path in inner]
    classes = tuple(sorted({name for _, name in places if name}))
    index = {name: label for label, name in enumerate(classes)}

    def records() -> Iterator[Record]:
        for file, path, (split, class_name) in zip(images, inner, places, strict=True):
            if tree.size(file) > LARGEST_FILE:
                raise UserError("an image file is larger than 1 GiB", where=tree.locate(file), remedy="move it away")
            label = index.get(class_name, UNKNOWN)
            yield Record(image=tree.read(file), labels=(label,), split=split, name="/".join(path))

    return Listing(
        kind="folder",
        name=tree.name,
        label_sets={"label": classes},
        total=len(images),
        records=records,
        notes=_notes(others=_others(tree, images), unknown=sum(not name for _, name in places)),
    )


def _is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES)


def _wrapper(paths: list[tuple[str, ...]]) -> int:
    """How many folders merely wrap everything: one name shared by all images, no split, and more folders inside.

    Where images also lie right in it, it is taken for a class, unless several folders or a split lie beside them.
    """
    depth = 0
    while True:
        names = {parts[depth] if len(parts) > depth + 1 else "" for parts in paths}
        name = names.pop()
        if names or not name or name.lower() in SPLIT_NAMES:
            return depth
        inside = {parts[depth + 1].lower() if len(parts) > depth + 2 else "" for parts in paths}
        if "" in inside and len(inside) < 3 and inside.isdisjoint(SPLIT_NAMES):
            return depth
        depth += 1


def _has_splits(paths: list[tuple[str, ...]], tree: Tree) -> bool:
    """Whether the top folders are splits. "train" may also be a class among others: then images lie right in it."""
    tops = {parts[0] for parts in paths if len(parts) > 1}
    splits = {top for top in tops if top.lower() in SPLIT_NAMES}
    if splits == tops:
        return bool(tops)
    if splits and not any(parts[0] in splits and len(parts) == 2 for parts in paths):
        other = min(tops - splits)
        raise UserError(
            f"{min(splits)!r} holds folders like a split, but {other!r} beside it is none", where=str(tree.path),
            remedy="keep only train, validation and test folders at the top, or only class folders",
        )  # fmt: skip
    return False


def _place(parts: tuple[str, ...], with_splits: bool) -> tuple[str, str]:
    """Split and class name of one image; an empty class name where nobody said."""
    if with_splits and len(parts) > 1:
        return SPLIT_NAMES[parts[0].lower()], parts[1] if len(parts) > 2 else ""
    return NO_SPLIT, parts[0] if len(parts) > 1 else ""


def _others(tree: Tree, images: list[str]) -> list[str]:
    if len(images) == len(tree.files):
        return []
    taken = set(images)
    return [name for name in tree.files if name not in taken]


def _notes(*, others: list[str], unknown: int) -> tuple[str, ...]:
    notes = []
    if others:
        more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
        notes.append(f"{len(others):,} files that are no images were left out: {', '.join(others[:_NAMED])}{more}.")
    if unknown:
        notes.append(f"{unknown:,} images lie in no class folder; their class is unknown.")
    return tuple(notes)


SOURCES.add(
    "folder",
    SourceFormat(
        title="Folder per class, with or without train, validation and test folders above",
        recognise=recognise,
        open=open_folder,
    ),
)
