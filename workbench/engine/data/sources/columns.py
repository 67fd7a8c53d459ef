"""What the columns of a table are for: found by the names that people give them, and by what they hold.

Tables of text (CSV), Parquet and Arrow files and the Hub's sets share this: which column is the image, which are
labels, and how values become labels. Nothing here reads files.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.engine.data.source import NO_SPLIT, TEST, TRAIN, UNKNOWN, VALIDATION
from workbench.engine.data.sources.classes import LARGEST_LABEL, numbered_classes
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES, UNSPLIT
from workbench.engine.errors import UserError

CLASSES_KEY = "workbench.classes"  # metadata of a Parquet file: column to its classes, in label order
IMAGE_NAMES = ("image", "img", "picture", "photo", "bytes", "content")
PATH_NAMES = (
    "path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img", "img_path",
    "image_name", "image_file", "image_id", "img_id", "id",
)  # fmt: skip
MASK_NAMES = ("mask", "annotation", "label", "segmentation", "segmentation_mask", "labels", "semantic", "seg")
LABEL_NAMES = (
    "label", "labels", "fine_label", "class", "category", "target", "y", "species", "breed", "class_name", "classname",
    "label_name", "class_id", "label_id", "category_id", "coarse_label",
)  # fmt: skip
SPLIT_COLUMNS = ("split", "subset", "partition", "set", "usage")
GROUP_COLUMNS = ("group", "group_id", "patient", "patient_id", "subject", "subject_id", "place", "site")
NAME_COLUMNS = ("name", "item", "item_name")
_SPLITS = {
    "train": TRAIN, "training": TRAIN, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
    "dev": VALIDATION, "test": TEST, "testing": TEST, "": NO_SPLIT, UNSPLIT: NO_SPLIT,
}  # fmt: skip
_TAKEN = frozenset({"image", "mask", "split", "name", "group"})  # columns of our own; no label set may have their names
_WHOLE = re.compile(r"-?[0-9]{1,19}")

KindName = Literal["image", "bytes", "class", "text", "whole", "other"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds: ``classes`` are those of a column of class numbers or names whose list is known."""

    name: KindName
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column is what; ``""`` for what there is none of.

    Attributes:
        image, mask: Columns that hold encoded files.
        path: A column that names files.
        labels: Columns that become label sets.
        ignored: The rest.
    """

    image: str = ""
    path: str = ""
    mask: str = ""
    labels: tuple[str, ...] = ()
    split: str = ""
    group: str = ""
    name: str = ""
    ignored: tuple[str, ...] = ()

    def note(self) -> str:
        """A sentence that says what was taken for what."""
        parts = {"image": self.image or self.path, "mask": self.mask, "label": ", ".join(map(repr, self.labels))}
        parts |= {"split": self.split, "group": self.group, "name": self.name}
        said = [f"{what} from {value if what == 'label' else repr(value)}" for what, value in parts.items() if value]
        left = f" Left out: {', '.join(map(repr, self.ignored))}." if self.ignored else ""
        return f"Columns taken: {', '.join(said)}.{left}"


def guess_roles(
    kinds: Mapping[str, Kind], *, values: Callable[[str], Sequence[Any]], resolves: Callable[[str, str], bool]
) -> Roles:
    """The likeliest use of each column; without any image or path column if there is none to be found.

    Args:
        kinds: Column to what it holds, in order.
        values: The first few hundred values of a column, or all; not called for images.
        resolves: Whether, in a column, a text names an image that is there.
    """
    free = dict(kinds)

    def take(column: str) -> str:
        free.pop(column, None)
        return column

    def named(names: Sequence[str], fits: Callable[[str], bool]) -> str:
        known = {column.strip().casefold(): column for column in reversed(free)}
        return take(next((known[name] for name in names if name in known and fits(known[name])), ""))

    images = [column for column, kind in kinds.items() if kind.name == "image"]
    images = images or [column for column, kind in kinds.items() if kind.name == "bytes"]
    mask = ""
    if len(images) > 1:
        plain = {column.strip().casefold(): column for column in reversed(images[1:])}
        mask = take(next((plain[name] for name in MASK_NAMES if name in plain), ""))
    image = take(images[0] if images else "")
    path = "" if image else take(_path_column(free, values, resolves))
    split = named(SPLIT_COLUMNS, lambda column: any(_known_split(value) for value in values(column)))
    group = named(GROUP_COLUMNS, lambda column: free[column].name in ("text", "whole"))
    name = named(NAME_COLUMNS, lambda column: free[column].name == "text" and _all_differ(values(column)))
    labels = _label_columns(free, values)
    ignored = tuple(column for column in free if column not in labels)
    return Roles(image=image, path=path, mask=mask, labels=labels, split=split, group=group, name=name, ignored=ignored)


def label_set_names(columns: Sequence[str]) -> tuple[str, ...]:
    """The label sets' names: the columns' own, but for those that a dataset needs for itself."""
    names: list[str] = []
    for column in columns:
        name = column.strip() or "label"
        while name in _TAKEN or name in names:
            name = "label" if name in _TAKEN and "label" not in names else f"{name}_"
        names.append(name)
    return tuple(names)


def to_labels(
    values: Sequence[Any], *, kind: Kind, column: str, where: str
) -> tuple[tuple[str, ...], list[int], dict[int, str]]:
    """Classes, one label a value, and index to what is wrong with a value that is none.

    With a list of classes a value is one of them or its number. Without: whole numbers are labels, from 0 on and -1 for
    unknown; any other text is the name of a class, and the classes are sorted. An empty value is unknown.

    Raises:
        UserError: No value at all is a label, or there are too many classes.
    """
    if kind.classes is not None:
        index = {name: label for label, name in enumerate(kind.classes)}
        return kind.classes, *_listed(values, index, count=len(kind.classes), column=column)
    plain = [_plain(value) for value in values]
    whole = [
        int(value) if isinstance(value, int) or _WHOLE.fullmatch(value) else None for value in plain if value != ""
    ]
    if not any(number is None for number in whole):
        return _numbers(plain, [number for number in whole if number is not None], column=column, where=where)
    texts = sorted({str(value) for value in plain if value != ""})
    if len(texts) > LARGEST_LABEL:
        raise UserError(f"column {column!r} holds {len(texts):,} different texts, which are no classes", where=where)
    index = {name: label for label, name in enumerate(texts)}
    return tuple(texts), [UNKNOWN if value == "" else index[str(value)] for value in plain], {}


def to_splits(values: Iterable[Any]) -> tuple[list[str], list[str]]:
    """One split a value, and the values that name none, sorted."""
    splits, odd = [], set()
    for value in values:
        text = "" if value is None else str(value).strip()
        splits.append(_SPLITS.get(text.casefold(), NO_SPLIT))
        if text.casefold() not in _SPLITS:
            odd.add(text)
    return splits, sorted(odd)


def named_split(name: str) -> str | None:
    """The split that a file, folder or column value calls ``name``; ``None`` where it is no name of one."""
    return _SPLITS.get(name.casefold()) if name else None


def own_classes(text: bytes | str | None) -> dict[str, tuple[str, ...]]:
    """Column to classes, as our own export says in the metadata; nothing where it is not that."""
    try:
        found = json.loads(text or "{}")
        return {str(key): unique_names(names) for key, names in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def unique_names(names: Any) -> tuple[str, ...]:
    """``names`` as classes; ValueError if it is no list of texts that all differ."""
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("these are no names")
    if len(set(names)) != len(names) or len(names) > LARGEST_LABEL + 1:
        raise ValueError("these are no names of classes")
    return tuple(names)


def names_paths(column: str) -> bool:
    """Whether a column is called as those are that name images, by their paths or their ids."""
    return column.strip().casefold() in PATH_NAMES


def is_image_path(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower().endswith(IMAGE_SUFFIXES)


def _path_column(
    kinds: Mapping[str, Kind], values: Callable[[str], Sequence[Any]], resolves: Callable[[str, str], bool]
) -> str:
    """The column most of whose values name an image that is there, else one that looks as if it should."""
    best, score = "", (0.0, 0.0, 0)
    for place, (column, kind) in enumerate(kinds.items()):
        if kind.name not in ("text", "whole"):
            continue
        some = [str(value) for value in values(column) if value not in (None, "")][:50]
        if not some:
            continue
        found = sum(resolves(column, value) for value in some) / len(some)
        alike = sum(map(is_image_path, some)) / len(some)
        known = names_paths(column)
        if alike < 0.5 and not found:
            alike = 0.1 if known and column.strip().casefold() != "id" and kind.name == "text" else 0.0
        new = (found, alike + known / 2 if alike else 0.0, -place)
        if new[:2] > (0.0, 0.0) and new > score:
            best, score = column, new
    return best


def _label_columns(kinds: Mapping[str, Kind], values: Callable[[str], Sequence[Any]]) -> tuple[str, ...]:
    """Every column whose classes are listed; else the likeliest by its name; else the likeliest by its values."""
    order = {name: place for place, name in enumerate(LABEL_NAMES)}

    def rank(column: str) -> int:
        return order.get(column.strip().casefold(), len(order))

    listed = [column for column, kind in kinds.items() if kind.classes is not None]
    if listed:
        return tuple(sorted(listed, key=rank))
    plain = [column for column, kind in kinds.items() if kind.name in ("text", "whole")]
    named = sorted((column for column in plain if rank(column) < len(order)), key=rank)
    if named:
        return (named[0],)
    repeated = [column for column in plain if _repeats(values(column))]
    return (repeated[0],) if repeated else ()


def _repeats(values: Sequence[Any]) -> bool:
    """Whether these may be classes: short values, each of which occurs more than once on average."""
    found = [str(value) for value in values if value not in (None, "")]
    return bool(found) and 2 * len(set(found)) <= len(found) and max(map(len, found)) <= 100


def _all_differ(values: Sequence[Any]) -> bool:
    return all(values) and len(set(values)) == len(values)


def _known_split(value: Any) -> bool:
    return value not in (None, "") and str(value).strip().casefold() in _SPLITS


def _plain(value: Any) -> int | str:
    """A cell as a whole number or text; ``""`` for an empty one."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():  # what becomes of whole numbers with gaps
        return int(value)
    return value if isinstance(value, int) else str(value).strip()


def _listed(
    values: Sequence[Any], index: Mapping[str, int], *, count: int, column: str
) -> tuple[list[int], dict[int, str]]:
    # Names may be empty or have outer spaces, so the very name comes before what is left without those.
    spelt = [value if isinstance(value, str) and value in index else _plain(value) for value in values]
    # Numbers count as labels only where no class is called by one, or class "2" would be mistaken for label 2.
    named = any(isinstance(value, str) and value in index for value in spelt)
    labels, wrong = [], {}
    for place, value in enumerate(spelt):
        label = UNKNOWN
        if isinstance(value, str) and value in index and values[place] is not None:
            label = index[value]
        elif value != "":
            number = _number(value, named=named)
            if number is not None and UNKNOWN <= number < count:
                label = number
            else:
                wrong[place] = f"{column} {str(value)[:40]!r} is none of the {count:,} classes"
        labels.append(label)
    return labels, wrong


def _number(value: int | str, *, named: bool) -> int | None:
    if isinstance(value, int):
        return value
    return int(value) if _WHOLE.fullmatch(value) and not named else None


def _numbers(
    values: Sequence[int | str], numbers: Sequence[int], *, column: str, where: str
) -> tuple[tuple[str, ...], list[int], dict[int, str]]:
    fitting = [number for number in numbers if UNKNOWN <= number <= LARGEST_LABEL]
    if numbers and not fitting:
        raise UserError(
            f"column {column!r} holds numbers that are no labels ({min(numbers)} to {max(numbers)})", where=where,
            remedy="labels count from 0",
        )  # fmt: skip
    labels, wrong = [], {}
    for place, value in enumerate(values):
        number = UNKNOWN if value == "" else int(value)
        if not UNKNOWN <= number <= LARGEST_LABEL:
            number, wrong[place] = UNKNOWN, f"{column} {number} is no label, which are 0 to {LARGEST_LABEL:,}"
        labels.append(number)
    return numbered_classes(max(fitting, default=UNKNOWN)), labels, wrong
