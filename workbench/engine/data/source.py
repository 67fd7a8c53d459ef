"""What a source of data is: items, a listing of them, and a way to recognise files by their content.

One format a module in :mod:`workbench.engine.data.sources`; each registers a :class:`SourceFormat` in :data:`SOURCES`.
A format reads through a :class:`~workbench.engine.data.tree.Tree`, so that a folder and an archive of it are the same
to it. A :class:`Listing` is the one shape that is imported, checked, repaired and exported, wherever its items come
from.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from workbench.engine.registry import Registry

if TYPE_CHECKING:
    from workbench.engine.data.tree import Tree

UNKNOWN = -1  # the label of an item whose class nobody has said
TRAIN, VALIDATION, TEST, NO_SPLIT = "train", "validation", "test", ""
Severity = Literal["error", "warning", "info"]

Content = Literal["images", "masks", "questions"]
"""What the items of a dataset are: images, images each with a mask, or questions about a text."""
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One image and what its source says of it.

    Attributes:
        image: An encoded image file (JPEG, PNG, ...), byte for byte as it was found.
        labels: One label a label set of the listing, 0-based, :data:`UNKNOWN` where not known.
        split: ``"train"``, ``"validation"``, ``"test"`` or, where the source does not say, ``""``.
        name: The item's name in its source, unique there; for a person to find it again.
        mask: An encoded image file whose pixels mean classes as the listing's palette says; ``None`` without one.
        group: What it belongs to (a place, a patient), which no split should cut apart; ``""`` where nobody said.
    """

    image: bytes
    labels: tuple[int, ...]
    split: str
    name: str
    mask: bytes | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A piece of a context: its text, and where it starts there, in characters (code points)."""

    text: str
    start: int

    def fits(self, context: str) -> bool:
        """Whether the text stands where the answer says."""
        return self.start >= 0 and context.startswith(self.text, self.start)


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a text.

    Attributes:
        context: The text.
        question: What is asked.
        answers: As its source gives them; several people may have answered.
        split, group: As in :class:`Record`; the group is the article.
        name: The question's id, unique in its source.
        impossible: Whether the source says that the text does not answer it.
    """

    context: str
    question: str
    answers: tuple[Answer, ...]
    split: str
    name: str
    group: str = ""
    impossible: bool = False


Item = Record | Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The classes of the masks of a set, and how a mask's pixels mean them.

    Attributes:
        classes: Names, in label order.
        colours: One (red, green, blue) in 0..255 a class; what the classes are drawn in where the masks hold indices.
        coding: ``"colour"``: a pixel has its class's colour. ``"threshold"``: the same once each channel is 255 where
            it is at least 128 and 0 elsewhere (DeepGlobe). ``"index"``: a grey or palette mask's value is the label.
    """

    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    coding: Literal["colour", "threshold", "index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a part of a source; the rest of it can be read.

    Attributes:
        code: Short name of the kind, ``"label-range"``; findings are counted by it.
        what, where, remedy: As in a :class:`~workbench.engine.errors.UserError`.
        severity: An ``"error"`` keeps the source from being imported as it is. An ``"info"`` is about how the source
            is written; of anything else the part it is about is not among the items.
        count: How many such parts there are; more than 1 where a format does not tell each of very many.
    """

    code: str
    what: str
    where: str
    remedy: str = ""
    severity: Severity = "error"
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A source opened: what it holds, and its items on demand.

    Attributes:
        kind: Name of the format.
        name: A short name for the dataset, usable as a file name.
        label_sets: Name of each label to its classes, in label order; the first is the default one. Empty for
            questions, and for masks whose images have no classes of their own.
        total: Items in all; 0 if only reading tells.
        records: Starts a fresh pass over the items, always in the same order. All are :class:`Record` for images and
            masks, and :class:`Question` for questions.
        notes: Sentences for the person about what was skipped or assumed.
        content: What the items are.
        palette: The masks' classes; ``None`` unless the content is masks.
        problems: What is wrong with parts of the source; those parts are not among the items.
    """

    kind: str
    name: str
    label_sets: Mapping[str, tuple[str, ...]]
    total: int
    records: Callable[[], Iterator[Item]]
    notes: tuple[str, ...] = field(default=())
    content: Content = "images"
    palette: Palette | None = None
    problems: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFormat:
    """One way in which data lie on a disk.

    Attributes:
        title: One line for a person ("Folder per class, with or without train/ val/ test/").
        recognise: Whether a tree holds this format, from its content, quickly and without decoding pixels.
        open: The tree's listing; :class:`~workbench.engine.errors.UserError` for what is wrong with it as a whole.
    """

    title: str
    recognise: "Callable[[Tree], bool]"
    open: "Callable[[Tree], Listing]"


SOURCES: Registry[SourceFormat] = Registry("source format")
