"""Image sets that torchvision knows how to fetch. It checks what it downloads; we only list what it then holds."""

import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.data.decode import encode_png
from workbench.engine.data.source import TEST, TRAIN, VALIDATION, Listing, Record
from workbench.engine.data.sources.classes import item_name, numbered_classes
from workbench.engine.errors import UserError
from workbench.engine.registry import Registry

TORCHVISION_PREFIX = "torchvision:"
SILENCE_SECONDS = 8.0  # how long a server may say nothing

Item = tuple[bytes, int]  # an encoded image and its label


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchvisionSet:
    """What differs between the sets.

    Attributes:
        folder: Where torchvision looks, below the cache folder.
        files: What it looks for there, for a person who must put it there by hand.
        items: The images and labels of a torchvision dataset object, and how many.
        classes: Class names of such an object.
        splits: Our split to the argument that selects it.
    """

    folder: str
    files: tuple[str, ...]
    items: "Callable[[Any], tuple[int, Iterator[Item]]]"
    classes: "Callable[[Any], tuple[str, ...]]" = lambda dataset: tuple(dataset.classes)
    splits: tuple[tuple[str, dict[str, Any]], ...] = ((TRAIN, {"train": True}), (TEST, {"train": False}))


def torchvision_listing(name: str, *, cache: Path) -> Listing:
    """The listing of the set that torchvision calls ``name``; fetched into ``cache/torchvision`` if it is not there.

    Raises:
        UserError: There is no such set, or it is neither there nor to be had.
    """
    entry = SETS[name]
    root = cache / "torchvision"

    import torchvision.datasets

    make = getattr(torchvision.datasets, name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _impatient():
            parts = [(split, make(str(root), download=True, **choice)) for split, choice in entry.splits]
    except Exception as error:  # torchvision raises RuntimeError, URLError, and what its readers of files raise
        reason = re.sub(r"\w+://\S+", "its server", " ".join(str(error).split()))[:200]
        raise UserError(
            f"torchvision's set {name} is not here and cannot be fetched ({reason})",
            remedy=f"check the network, or put {', '.join(entry.files)} into {root / entry.folder} by hand",
        ) from error

    def records() -> Iterator[Record]:
        for split, part in parts:
            total, items = entry.items(part)
            for index, (image, label) in enumerate(items):
                yield Record(image=image, labels=(label,), split=split, name=item_name(split, index, total=total))

    return Listing(
        kind="torchvision",
        name=name,
        label_sets={"label": entry.classes(parts[0][1])},
        total=sum(entry.items(part)[0] for _, part in parts),
        records=records,
    )


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """A time limit on new connections. torchvision offers no other way, and would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _arrays(images: Any, labels: Any) -> tuple[int, Iterator[Item]]:
    """uint8[N, H, W] or uint8[N, H, W, 3] and N labels."""
    pairs = zip(np.asarray(images), np.asarray(labels).tolist(), strict=True)
    return len(images), ((encode_png(image), int(label)) for image, label in pairs)


def _channels_last(images: Any) -> Any:
    return np.asarray(images).transpose(0, 2, 3, 1)


def _flower_files(dataset: Any) -> tuple[int, Iterator[Item]]:
    # The photographs are passed on as the files they are; the public way would decode them.
    files, labels = dataset._image_files, dataset._labels
    return len(files), ((Path(file).read_bytes(), int(label)) for file, label in zip(files, labels, strict=True))


def _mnist(name: str) -> TorchvisionSet:
    files = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
    return TorchvisionSet(
        folder=f"{name}/raw", files=files, items=lambda dataset: _arrays(dataset.data, dataset.targets)
    )


def _cifar(file: str) -> TorchvisionSet:
    return TorchvisionSet(folder="", files=(file,), items=lambda dataset: _arrays(dataset.data, dataset.targets))


_TRAIN_TEST = ((TRAIN, {"split": "train"}), (TEST, {"split": "test"}))

SETS: Registry[TorchvisionSet] = Registry("torchvision set")
SETS.add("CIFAR10", _cifar("cifar-10-python.tar.gz"))
SETS.add("CIFAR100", _cifar("cifar-100-python.tar.gz"))
SETS.add("MNIST", _mnist("MNIST"))
SETS.add("FashionMNIST", _mnist("FashionMNIST"))
SETS.add("KMNIST", _mnist("KMNIST"))
SETS.add(
    "SVHN",
    TorchvisionSet(
        folder="",
        files=("train_32x32.mat", "test_32x32.mat"),
        items=lambda dataset: _arrays(_channels_last(dataset.data), dataset.labels),
        classes=lambda dataset: numbered_classes(9),
        splits=_TRAIN_TEST,
    ),
)
SETS.add(
    "STL10",
    TorchvisionSet(
        folder="",
        files=("stl10_binary.tar.gz",),
        items=lambda dataset: _arrays(_channels_last(dataset.data), dataset.labels),
        splits=_TRAIN_TEST,
    ),
)
SETS.add(
    "Flowers102",
    TorchvisionSet(
        folder="flowers-102",
        files=("102flowers.tgz", "imagelabels.mat", "setid.mat"),
        items=_flower_files,
        splits=((TRAIN, {"split": "train"}), (VALIDATION, {"split": "val"}), (TEST, {"split": "test"})),
    ),
)
