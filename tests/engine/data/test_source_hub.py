"""Hub sets, tried on local parquet folders: the library reads them by the same road, without a network."""

import socket
import time
from pathlib import Path

import datasets
import pytest
from helpers import png, written

from workbench.engine.data.importing import open_source
from workbench.engine.data.sources.hub import hub_listing, loaded_listing
from workbench.engine.errors import UserError

IMAGES = [{"bytes": png(number), "path": None} for number in range(4)]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    datasets.disable_progress_bars()


def load(tmp_path: Path, features: dict[str, object], splits: dict[str, dict[str, list[object]]]) -> object:
    """A parquet folder as ``load_dataset`` gives it back."""
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    for split, columns in splits.items():
        part = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
        part.to_parquet(str(folder / f"{split}-00000-of-00001.parquet"))
    return datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))


def test_class_labels_and_splits(tmp_path: Path) -> None:
    label, coarse = datasets.ClassLabel(names=["cat", "ant"]), datasets.ClassLabel(names=["x"])
    features = {"coarse_label": coarse, "img": datasets.Image(), "fine_label": label, "id": datasets.Value("int64")}
    loaded = load(tmp_path, features, {
        "train": {"img": IMAGES[:2], "fine_label": [1, None], "coarse_label": [0, 0], "id": [7, 8]},
        "test": {"img": IMAGES[2:], "fine_label": [0, 1], "coarse_label": [0, -1], "id": [9, 9]},
    })  # fmt: skip
    listing = loaded_listing(loaded, name="pets")
    records = list(listing.records())
    assert listing.label_sets == {"fine_label": ("cat", "ant"), "coarse_label": ("x",)}
    assert (listing.kind, listing.name, listing.total, listing.notes) == ("hub", "pets", 4, ())
    assert [(record.name, record.split, record.labels) for record in records] == [
        ("train/0000", "train", (1, 0)),
        ("train/0001", "train", (-1, 0)),
        ("test/0000", "test", (0, 0)),
        ("test/0001", "test", (1, -1)),
    ]
    assert [record.image for record in records] == [png(number) for number in range(4)]
    out = tmp_path / "out"
    out.mkdir()
    assert written(listing, out).splits == {"train": 2, "test": 2}


def test_text_labels_are_sorted_over_all_splits(tmp_path: Path) -> None:
    features = {"image": datasets.Image(), "label": datasets.Value("string")}
    loaded = load(tmp_path, features, {
        "train": {"image": IMAGES[:2], "label": ["wolf", None]},
        "validation": {"image": IMAGES[2:3], "label": ["sheep"]},
    })  # fmt: skip
    listing = loaded_listing(loaded, name="pets")
    assert listing.label_sets == {"label": ("sheep", "wolf")}
    assert [record.labels for record in listing.records()] == [(1,), (-1,), (0,)]
    assert [record.split for record in listing.records()] == ["train", "train", "validation"]


def test_whole_number_labels(tmp_path: Path) -> None:
    features = {"image": datasets.Image(), "labels": datasets.Value("int32")}
    loaded = load(tmp_path, features, {"train": {"image": IMAGES[:3], "labels": [2, 0, -1]}})
    listing = loaded_listing(loaded, name="pets")
    assert listing.label_sets == {"labels": ("0", "1", "2")}
    assert [record.labels for record in listing.records()] == [(2,), (0,), (-1,)]


def test_numbers_that_are_no_labels_are_refused(tmp_path: Path) -> None:
    features = {"image": datasets.Image(), "label": datasets.Value("int64")}
    loaded = load(tmp_path, features, {"train": {"image": IMAGES[:2], "label": [-7, 10**12]}})
    with pytest.raises(UserError, match="-7 to 1000000000000"):
        loaded_listing(loaded, name="pets")


def test_no_labels_and_an_odd_split() -> None:
    part = datasets.Dataset.from_dict({"image": IMAGES[:1]}, features=datasets.Features({"image": datasets.Image()}))
    listing = loaded_listing({"extra": part}, name="pets")
    [record] = listing.records()
    assert (record.labels, record.split, record.name, listing.label_sets) == ((-1,), "", "extra/0000", {"label": ()})
    assert len(listing.notes) == 2


def test_no_images() -> None:
    part = datasets.Dataset.from_dict({"text": ["a"]})
    with pytest.raises(UserError, match="no image column among text"):
        loaded_listing({"train": part}, name="pets")


def test_an_item_without_an_image() -> None:
    features = datasets.Features({"image": datasets.Image()})
    part = datasets.Dataset.from_dict({"image": [IMAGES[0], None]}, features=features)
    with pytest.raises(UserError, match="train/0001 of pets"):
        list(loaded_listing({"train": part}, name="pets").records())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("target", ["hub:owner/name", "hub:owner/name:config", "owner/name"])
def test_without_a_network_the_error_comes_soon(tmp_path: Path, target: str) -> None:
    start = time.monotonic()
    with pytest.raises(UserError, match="'owner/name' cannot be loaded") as caught, open_source(target, cache=tmp_path):
        pass
    assert time.monotonic() - start < 10
    assert "import their folder" in str(caught.value)


@pytest.mark.usefixtures("no_network")
def test_offline_mode_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: pytest.fail("it asked"))
    asked: list[object] = []

    def load_dataset(*args: object, **options: object) -> None:
        asked.append((*args, options))
        raise ConnectionError("offline")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(UserError, match="offline"):
        hub_listing("owner/name:small", cache=tmp_path)
    assert asked == [("owner/name", "small", {"cache_dir": str(tmp_path / "hub")})]
