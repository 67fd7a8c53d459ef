"""What is said of a source in a few words."""

from typing import TYPE_CHECKING

from workbench.gui.widgets.images.set_list import counted

if TYPE_CHECKING:
    from workbench.engine.data.previewing import SourcePreview

_SPLITS = {"": "in no split"}
_ORDER = ("train", "validation", "test")


def facts(preview: "SourcePreview") -> list[str]:
    """``["60,000 images", "10 classes", "train 50,000", "test 10,000"]``; what was not counted is not said."""
    if preview.remote:
        return []
    found = [_items(preview)]
    if preview.content == "questions":
        found += [counted(preview.answers, "answer")] if preview.answers else []
        found += [f"{preview.impossible:,} without an answer"] if preview.impossible else []
        found += [counted(preview.groups, "article")] if preview.groups else []
    elif preview.palette:
        found.append(counted(len(preview.palette.classes), "class"))
        found += [counted(preview.groups, "area")] if preview.groups else []
    else:
        found.append(counted(len(preview.classes), "class") if preview.classes else "no classes")
    for name, classes in list(preview.label_sets.items())[1:]:
        found.append(f"{counted(len(classes), 'class')} in {name}")
    if preview.unlabelled and preview.classes:
        found.append(f"{preview.unlabelled:,} of unknown class")
    return [*found, *_splits(preview)]


def basis(preview: "SourcePreview") -> str:
    """What the counts are of, where they are not of everything."""
    if preview.remote or preview.complete:
        return ""
    return f"Counted in the first {preview.counted:,} items; the rest is read when it is imported."


def import_words(preview: "SourcePreview | None", *, repairs: int) -> str:
    """What the Import button does."""
    if repairs:
        return "Import and repair"
    return f"Import {_items(preview)}" if preview and preview.total else "Import"


def _items(preview: "SourcePreview") -> str:
    noun = "question" if preview.content == "questions" else "image"
    if not preview.total:
        return f"more than {counted(preview.counted, noun)}"
    return counted(preview.total, noun) + (" with masks" if preview.content == "masks" else "")


def _splits(preview: "SourcePreview") -> list[str]:
    splits = preview.splits
    if not any(splits):
        return ["no splits"]
    ordered = sorted(splits, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    if not preview.complete:
        return [_SPLITS.get(name, name) for name in ordered]
    return [f"{_SPLITS.get(name, name)} {splits[name]:,}" for name in ordered]
