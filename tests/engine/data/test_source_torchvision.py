"""torchvision's sets, from files that are already there."""

import gzip
import io
import socket
import struct
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import listed, png, shared_data, write_files
from PIL import Image

from workbench.engine.data.importing import open_source
from workbench.engine.data.sources.torchvision_sets import SETS
from workbench.engine.errors import UserError

NAMES = {"train": "train", "test": "t10k"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_idx_sets_that_are_there(tmp_path: Path, name: str) -> None:
    import torchvision.datasets

    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    files = {}
    for prefix in NAMES.values():
        files[f"{prefix}-images-idx3-ubyte"] = struct.pack(">IIII", 0x803, 3, 28, 28) + images.tobytes()
        files[f"{prefix}-labels-idx1-ubyte"] = struct.pack(">II", 0x801, 3) + bytes([4, 9, 0])
    write_files(tmp_path / "torchvision" / name / "raw", files)
    listing, records = listed(f"torchvision:{name}", cache=tmp_path)
    assert (listing.kind, listing.name, listing.total) == ("torchvision", name, 6)
    assert listing.label_sets == {"label": tuple(getattr(torchvision.datasets, name).classes)}
    assert [(record.name, record.split, record.labels) for record in records] == [
        (f"{split}/000{index}", split, (label,)) for split in NAMES for index, label in enumerate([4, 9, 0])
    ]
    for record, image in zip(records, [*images, *images], strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(record.image))), image)


@pytest.mark.parametrize("name", SETS)
def test_without_a_network_the_error_says_what_goes_where(tmp_path: Path, name: str) -> None:
    before, start = socket.getdefaulttimeout(), time.monotonic()
    with pytest.raises(UserError) as caught, open_source(f"torchvision:{name}", cache=tmp_path):
        pass
    assert time.monotonic() - start < 10
    assert socket.getdefaulttimeout() == before
    message = str(caught.value)
    assert all(file in message for file in SETS[name].files)
    assert str(tmp_path / "torchvision" / SETS[name].folder) in message
    assert "://" not in message


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'CIFAR10'"):
        listed("torchvision:CIFAR1O", cache=tmp_path)


@pytest.mark.parametrize("name", ["SVHN", "STL10"])
def test_planes_become_pixels(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    planes = np.random.default_rng(1).integers(0, 256, (2, 3, 5, 6), dtype=np.uint8)
    made = SimpleNamespace(data=planes, labels=np.array([1, 0]), classes=["0", "1"])
    monkeypatch.setattr(torchvision.datasets, name, lambda *_, **__: made)
    _, records = listed(f"torchvision:{name}", cache=tmp_path)
    assert [(record.split, record.labels) for record in records] == [
        (split, (label,)) for split in ("train", "test") for label in (1, 0)
    ]
    expected = planes[1].transpose(1, 2, 0)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(records[1].image))), expected)


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
def test_pixels_stay_pixels(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    pixels = np.random.default_rng(1).integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
    made = SimpleNamespace(data=pixels, targets=[1, 0], classes=["a", "b"])
    monkeypatch.setattr(torchvision.datasets, name, lambda *_, **__: made)
    listing, records = listed(f"torchvision:{name}", cache=tmp_path)
    assert listing.label_sets == {"label": ("a", "b")}
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(records[3].image))), pixels[1])


def test_flowers_are_passed_on_as_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    root = write_files(tmp_path / "jpg", {f"{split}.jpg": png(n) for n, split in enumerate(("train", "val", "test"))})

    def make(_: str, *, split: str, download: bool) -> SimpleNamespace:
        assert download
        return SimpleNamespace(_image_files=[root / f"{split}.jpg"], _labels=[2], classes=["a", "b", "c"])

    monkeypatch.setattr(torchvision.datasets, "Flowers102", make)
    _, records = listed("torchvision:Flowers102", cache=tmp_path)
    assert [(record.name, record.split, record.image) for record in records] == [
        ("train/0000", "train", png(0)),
        ("validation/0000", "validation", png(1)),
        ("test/0000", "test", png(2)),
    ]


def test_real_mnist_laid_out_by_hand(tmp_path: Path) -> None:
    source = shared_data("mnist")
    raw = tmp_path / "torchvision" / "MNIST" / "raw"
    files = {path.stem: gzip.decompress(path.read_bytes()) for path in source.glob("*.gz")}
    write_files(raw, files)
    with open_source("torchvision:MNIST", cache=tmp_path) as listing:
        assert listing.total == 70_000
        first = next(listing.records())
    with open_source(str(source), cache=tmp_path) as listing:
        expected = next(listing.records())
    assert (first.image, first.labels, first.split) == (expected.image, expected.labels, expected.split)
