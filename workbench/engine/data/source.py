"""What a source format is: a way to recognise files by their content and to list the records in them.

One format a file beside this one; each registers a :class:`SourceFormat` in :data:`SOURCES`. A format reads through a
:class:`~workbench.engine.data.tree.Tree`, so that a folder and an archive of it are the same thing to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.engine.registry import Registry

if TYPE_CHECKING:
    from workbench.engine.data.tree import Tree

UNKNOWN = -1  # the label of an item whose class nobody has said
TRAIN, VALIDATION, TEST, NO_SPLIT = "train", "validation", "test", ""


@dataclass(frozen=True, slots=True)
class Record:
    """One image and what its source says of it.

    Attributes:
        image: An encoded image file (JPEG, PNG, ...), byte for byte as it was found.
        labels: One label a label set of the listing, 0-based, :data:`UNKNOWN` where not known.
        split: ``"train"``, ``"validation"``, ``"test"`` or, where the source does not say, ``""``.
        name: The item's name in its source, unique there; for a person to find it again.
    """

    image: bytes
    labels: tuple[int, ...]
    split: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A source opened: what it holds, and its records on demand.

    Attributes:
        kind: Name of the format.
        name: A short name for the dataset, usable as a file name.
        label_sets: Name of each label to its classes, in label order; the first is the default one.
        total: Records in all; 0 if only reading tells.
        records: Starts a fresh pass over the records, always in the same order.
        notes: Sentences for the person about what was skipped or assumed.
    """

    kind: str
    name: str
    label_sets: Mapping[str, tuple[str, ...]]
    total: int
    records: Callable[[], Iterator[Record]]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFormat:
    """One way in which images and labels lie on a disk.

    Attributes:
        title: One line for a person ("Folder per class, with or without train/ val/ test/").
        recognise: Whether a tree holds this format, from its content, quickly and without decoding pixels.
        open: The tree's listing; :class:`~workbench.engine.errors.UserError` for what is wrong with it.
    """

    title: str
    recognise: "Callable[[Tree], bool]"
    open: "Callable[[Tree], Listing]"


SOURCES: Registry[SourceFormat] = Registry("source format")
