"""The CIFAR binary version: fixed-length records of label bytes and 32x32 planes of red, green and blue.

Format and class order: https://www.cs.toronto.edu/~kriz/cifar.html. The Python version there is pickled and is refused.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from workbench.engine.data.decode import encode_png
from workbench.engine.data.source import SOURCES, TEST, TRAIN, Listing, Record, SourceFormat
from workbench.engine.data.sources.classes import class_names, item_name
from workbench.engine.data.tree import Tree
from workbench.engine.errors import UserError

SIDE = 32
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_COARSE = """
    aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
    household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes
    large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees
    vehicles_1 vehicles_2
"""
_FINE = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm
"""
CIFAR100_COARSE, CIFAR100_FINE = tuple(_COARSE.split()), tuple(_FINE.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelByte:
    """Where one label set stands in a record and what its classes are called if no file says."""

    byte: int
    names_file: str
    standard: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    kind: str
    files: re.Pattern[str]
    test_file: str
    labels: Mapping[str, _LabelByte]

    @property
    def record(self) -> int:
        """Bytes of one record."""
        return len(self.labels) + 3 * SIDE * SIDE


_CIFAR10 = _Variant(
    kind="cifar10",
    files=re.compile(r"data_batch_\d+\.bin|test_batch\.bin"),
    test_file="test_batch.bin",
    labels={"label": _LabelByte(byte=0, names_file="batches.meta.txt", standard=CIFAR10_CLASSES)},
)
_CIFAR100 = _Variant(
    kind="cifar100",
    files=re.compile(r"train\.bin|test\.bin"),
    test_file="test.bin",
    labels={
        "label": _LabelByte(byte=1, names_file="fine_label_names.txt", standard=CIFAR100_FINE),
        "coarse_label": _LabelByte(byte=0, names_file="coarse_label_names.txt", standard=CIFAR100_COARSE),
    },
)
_PICKLED = re.compile(r"data_batch_\d+|test_batch|batches\.meta")


def _matching(tree: Tree, pattern: re.Pattern[str]) -> list[str]:
    return [name for name in tree.files if pattern.fullmatch(name, name.rfind("/") + 1)]


def _recognise10(tree: Tree) -> bool:
    return bool(_matching(tree, _CIFAR10.files) or _matching(tree, _PICKLED))


def _recognise100(tree: Tree) -> bool:
    """``train.bin`` is too plain a name to trust alone."""
    files = _matching(tree, _CIFAR100.files)
    if not files:
        return False
    named = any(posixpath.basename(name) in ("fine_label_names.txt", "coarse_label_names.txt") for name in tree.files)
    return named or all(tree.size(name) % _CIFAR100.record == 0 for name in files)


def _open(tree: Tree, variant: _Variant) -> Listing:
    files = _matching(tree, variant.files)
    if not files:
        raise UserError(
            "this is the Python version of CIFAR, whose files could run programs", where=str(tree.path),
            remedy="fetch the binary version instead",
        )  # fmt: skip
    folders = {posixpath.dirname(name) for name in files}
    if len(folders) > 1:
        first, second, *_ = sorted(folders)
        raise UserError(
            f"there is a set in {first or 'the top folder'!r} and one in {second!r}", where=str(tree.path),
            remedy="import one of them",
        )  # fmt: skip
    folder = folders.pop()
    # Training comes first, as a person expects; "test_batch" would only by luck sort after "data_batch".
    files.sort(key=lambda name: (posixpath.basename(name) == variant.test_file, len(name), name))
    for name in files:
        size = tree.size(name)
        if size % variant.record or not size:
            raise UserError(
                f"the file is truncated: {size:,} bytes are no whole number of {variant.record}-byte records",
                where=tree.locate(name), remedy="fetch it again",
            )  # fmt: skip
    label_sets = {key: _names(tree, folder, label) for key, label in variant.labels.items()}

    def records() -> Iterator[Record]:
        for name in files:
            yield from _records(tree, name, variant, label_sets)

    total = sum(tree.size(name) for name in files) // variant.record
    return Listing(kind=variant.kind, name=tree.name, label_sets=label_sets, total=total, records=records)


def _names(tree: Tree, folder: str, label: _LabelByte) -> tuple[str, ...]:
    file = posixpath.join(folder, label.names_file)
    return class_names(tree.read(file), where=tree.locate(file)) if file in tree.files else label.standard


def _records(tree: Tree, name: str, variant: _Variant, label_sets: Mapping[str, tuple[str, ...]]) -> Iterator[Record]:
    rows = np.frombuffer(tree.read(name), np.uint8).reshape(-1, variant.record)
    images = rows[:, len(variant.labels) :].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    file = posixpath.basename(name)
    split = TEST if file == variant.test_file else TRAIN
    for index, (row, image) in enumerate(zip(rows, images, strict=True)):
        labels = tuple(int(row[label.byte]) for label in variant.labels.values())
        for value, (key, classes) in zip(labels, label_sets.items(), strict=True):
            if value >= len(classes):
                raise UserError(
                    f"{key} {value} of record {index} is none of the {len(classes)} classes", where=tree.locate(name),
                    remedy="the file is damaged, or its list of class names is",
                )  # fmt: skip
        item = item_name(file.removesuffix(".bin"), index, total=len(rows))
        yield Record(image=encode_png(image), labels=labels, split=split, name=item)


SOURCES.add(
    "cifar10",
    SourceFormat(
        title="CIFAR-10, binary version: data_batch_1.bin ... test_batch.bin",
        recognise=_recognise10,
        open=lambda tree: _open(tree, _CIFAR10),
    ),
)
SOURCES.add(
    "cifar100",
    SourceFormat(
        title="CIFAR-100, binary version: train.bin and test.bin",
        recognise=_recognise100,
        open=lambda tree: _open(tree, _CIFAR100),
    ),
)
