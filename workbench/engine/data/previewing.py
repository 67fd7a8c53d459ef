"""What a source is, seen quickly: enough to decide whether to import it, long before all of it has been read.

Labels and splits of formats that read one file an item are counted without reading those files; of others, for as long
as patience lasts. What is wrong inside the items is left to :mod:`workbench.engine.data.lint`.
"""

import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from workbench.engine.data.importing import DIGITS, open_source, recognise, signature
from workbench.engine.data.source import SOURCES, UNKNOWN, Content, Item, Listing, Palette, Problem, Question
from workbench.engine.data.sources.folder import IMAGE_SUFFIXES
from workbench.engine.data.sources.hub import HUB_PREFIX
from workbench.engine.data.sources.torchvision_sets import SETS, TORCHVISION_PREFIX
from workbench.engine.data.tree import FolderTree, Tree, open_tree
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.waiting import waiting

PATIENCE_SECONDS = 1.0  # for counting; opening takes what it takes
LARGEST_SAMPLES = 256 << 20  # bytes of all samples together
_TITLES = {
    "digits": "The handwritten digits that come with the program",
    "torchvision": "A set that torchvision knows",
    "hub": "A set of the Hugging Face Hub",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePreview:
    """What can be said of a source before it is imported.

    Attributes:
        kind: Name of the format.
        title: The format in a line for a person.
        name: What the dataset would be called.
        content: What the items are.
        total: Items in all; 0 if only reading tells.
        counted: Items that ``splits``, ``classes``, ``groups`` and ``answers`` were counted from, the first ones.
        splits: Split to items, ``""`` for those without one.
        classes: Class of the first label set to items, in label order, also where that is 0; empty where the items
            have no classes. Names only, and zeros, where nothing was counted.
        unlabelled: Items whose class is not known.
        label_sets: As in the listing.
        palette: The masks' classes.
        groups: How many places, patients or articles the items are from; 0 where nobody said.
        answers: Answers to the questions.
        impossible: Questions that the text does not answer.
        samples: A few items, from the first to the last that was within reach.
        notes, problems: As in the listing.
        remote: Whether it has to be fetched first, so that nothing else is known yet.
    """

    kind: str
    title: str
    name: str
    content: Content = "images"
    total: int = 0
    counted: int = 0
    splits: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    label_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    palette: Palette | None = None
    groups: int = 0
    answers: int = 0
    impossible: int = 0
    samples: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    remote: bool = False

    @property
    def complete(self) -> bool:
        """Whether the counts are of all items."""
        return not self.remote and self.counted >= self.total


def preview_source(
    target: str, *, cache: Path, items: int = 24, patience: float = PATIENCE_SECONDS
) -> Generator[Progress, None, SourcePreview]:
    """Look at what ``target`` names, as :func:`~workbench.engine.data.importing.open_source` understands it.

    Nothing is written and the network is not asked: what was not fetched before is only named.

    Args:
        cache: Folder with what was fetched before.
        items: How many samples to take, spread over the source.
        patience: Seconds that counting may take.

    Yields:
        Progress of unknown length, twenty times a second. Closing the generator soon ends the work.

    Raises:
        UserError: There is no such thing, it is in no known format, or it is damaged as a whole.
    """
    stopped = threading.Event()
    work = waiting(lambda: _look(target, cache, items, patience, stopped), stage="looking at it")
    try:
        while True:
            yield next(work)
    except StopIteration as end:
        preview: SourcePreview = end.value
        return preview
    finally:
        stopped.set()  # first, because closing waits for the work
        work.close()


def _look(target: str, cache: Path, items: int, patience: float, stopped: threading.Event) -> SourcePreview:
    if remote := _not_fetched(target, cache):
        return remote
    with ExitStack() as stack:
        path = _path(target)
        tree: _SkimmingTree | None = None
        if path is None:
            listing = stack.enter_context(open_source(target, cache=cache))
        else:
            found = stack.enter_context(open_tree(path))
            # One file alone may point at others that no tree shows, so its format gets the tree that it knows.
            tree = None if isinstance(found, FolderTree) and found.only else _SkimmingTree(found)
            listing = SOURCES[recognise(found)].open(tree or found)
        survey = _Survey(listing, items, patience, stopped)
        if not (tree and survey.skim(tree)):
            survey.read()
    return survey.preview()


def _not_fetched(target: str, cache: Path) -> SourcePreview | None:
    """What can be said of a set that is on the network only; ``None`` for what is here."""
    if target.startswith(TORCHVISION_PREFIX):
        name = target.removeprefix(TORCHVISION_PREFIX)
        folder = cache / "torchvision" / SETS[name].folder
        kind, here = "torchvision", all((folder / file).exists() for file in SETS[name].files)
    elif target == DIGITS or _path(target):
        return None
    else:
        signature(target)  # raises where the target is no identifier either
        repository = target.removeprefix(HUB_PREFIX).partition(":")[0]
        name = repository.rpartition("/")[2]
        kind, here = "hub", (cache / "hub" / repository.replace("/", "___")).exists()
    return None if here else SourcePreview(kind=kind, title=_TITLES[kind], name=name, remote=True)


def _path(target: str) -> Path | None:
    """Where ``target`` lies; ``None`` for an identifier and for what is not there."""
    if target == DIGITS or target.startswith((TORCHVISION_PREFIX, HUB_PREFIX)) or not target:
        return None
    try:
        path = Path(target).expanduser()
        return path.resolve() if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user's home
        return None


class _SkimmingTree(Tree):
    """A tree whose image files can be passed over: for as long as ``skim`` is set they read as empty.

    Attributes:
        skimmed: Files that were passed over.
    """

    def __init__(self, tree: Tree) -> None:
        self.name, self.path, self.files = tree.name, tree.path, tree.files
        self.skim, self.skimmed = False, 0
        self._tree = tree

    def read(self, name: str) -> bytes:
        if self.skim and name.lower().endswith(IMAGE_SUFFIXES):
            self.skimmed += 1
            return b""
        return self._tree.read(name)

    def stream(self, name: str) -> BinaryIO:
        return super().stream(name) if self.skim else self._tree.stream(name)

    def size(self, name: str) -> int:
        return 0 if self.skim else self._tree.size(name)

    def locate(self, name: str) -> str:
        return self._tree.locate(name)


class _Survey:
    """Counts the items of one listing and keeps a few of them."""

    def __init__(self, listing: Listing, items: int, patience: float, stopped: threading.Event) -> None:
        self._listing, self._items, self._patience, self._stopped = listing, items, patience, stopped
        self._start()

    def _start(self) -> None:
        self._counted = self._answers = self._impossible = 0
        self._whole = False
        self._splits: Counter[str] = Counter()
        self._labels: Counter[int] = Counter()
        self._groups: set[str] = set()
        self._samples = _Spread(self._items)
        self._trouble: UserError | None = None
        self._until = time.monotonic() + self._patience

    def skim(self, tree: _SkimmingTree) -> bool:
        """Count without the images, then read a few; whether the format reads its files such that this can be done."""
        tree.skim = True
        try:
            for item in self._each():
                if not tree.skimmed:
                    return False
                self._count(item)
        except UserError:  # it looks at the images as it goes; they have to be read, then
            return False
        finally:
            tree.skim = False
        self._sample(tree)
        return bool(tree.skimmed)

    def read(self) -> None:
        """Count, and read every item on the way."""
        self._start()
        try:
            for item in self._each():
                self._count(item)
                self._samples.add(item)
        except UserError as error:
            self._trouble = error

    def _each(self) -> Iterator[Item]:
        """The items, for as long as there is patience."""
        for item in self._listing.records():
            yield item
            if self._stopped.is_set() or time.monotonic() > self._until:
                return
        self._whole = True

    def _count(self, item: Item) -> None:
        self._counted += 1
        self._splits[item.split] += 1
        self._groups.add(item.group)
        if isinstance(item, Question):
            self._answers += len(item.answers)
            self._impossible += item.impossible
        elif item.labels:
            self._labels[item.labels[0]] += 1

    def _sample(self, tree: _SkimmingTree) -> None:
        """Go over the items once more and read those that are wanted, and no others."""
        steps = max(1, self._items - 1)
        wanted = {round(number * (self._counted - 1) / steps) for number in range(self._items)}
        records = self._listing.records()
        try:
            for number in range(max(wanted) + 1):
                if self._stopped.is_set():
                    return
                tree.skim = number not in wanted
                item = next(records)
                if not tree.skim:
                    self._samples.add(item)
        except UserError as error:
            self._trouble = error
        finally:
            tree.skim = False

    def preview(self) -> SourcePreview:
        listing, trouble = self._listing, self._trouble
        first = next(iter(listing.label_sets.values()), ())
        problems = listing.problems
        if trouble:
            problems += (Problem(code="source", what=trouble.what, where=trouble.where, remedy=trouble.remedy),)
        return SourcePreview(
            kind=listing.kind,
            title=SOURCES[listing.kind].title if listing.kind in SOURCES else _TITLES.get(listing.kind, listing.kind),
            name=listing.name,
            content=listing.content,
            total=listing.total or (self._counted if self._whole else 0),
            counted=self._counted,
            splits=dict(self._splits),
            classes={name: self._labels[label] for label, name in enumerate(first)},
            unlabelled=self._labels[UNKNOWN],
            label_sets=listing.label_sets,
            palette=listing.palette,
            groups=len(self._groups - {""}),
            answers=self._answers,
            impossible=self._impossible,
            samples=tuple(self._samples.spread()),
            notes=listing.notes,
            problems=problems,
        )


class _Spread:
    """A few items spread evenly over a sequence whose length nobody knows beforehand."""

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._kept: list[Item] = []
        self._stride, self._seen, self._bytes = 1, 0, 0

    def add(self, item: Item) -> None:
        if self._seen % self._stride == 0 and self._bytes + _bytes(item) <= LARGEST_SAMPLES:
            self._kept.append(item)
            self._bytes += _bytes(item)
            if len(self._kept) >= 2 * self._most:
                self._kept, self._stride = self._kept[::2], 2 * self._stride
                self._bytes = sum(map(_bytes, self._kept))
        self._seen += 1

    def spread(self) -> list[Item]:
        """At most as many as were asked for, the first one among them."""
        steps, last = max(1, self._most - 1), len(self._kept) - 1
        if last < self._most:
            return list(self._kept)
        return [self._kept[round(number * last / steps)] for number in range(self._most)]


def _bytes(item: Item) -> int:
    if isinstance(item, Question):
        return 4 * (len(item.context) + len(item.question))
    return len(item.image) + len(item.mask or b"")
