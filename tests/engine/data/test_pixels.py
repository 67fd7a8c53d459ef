"""Decoding once: in memory, mapped, on demand; whatever the way, the same bytes."""

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from helpers import imported, png, write_files

from workbench.engine.data import pixels as module
from workbench.engine.data.decode import encode_png
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.pixels import ArrayPixels, DecodingPixels, Geometry, Pixels, load_pixels, read_header
from workbench.engine.errors import UserError
from workbench.engine.events import Progress

GREY = Geometry(size=4, how="crop", mode="L")
EVERYTHING = 1e12


def image_set(folder: Path, files: dict[str, bytes]) -> ImageSet:
    imported(write_files(folder / "source", files), folder / "set")
    return ImageSet(folder / "set" / "items.arrow")


@pytest.fixture
def forty(tmp_path: Path) -> ImageSet:
    return image_set(tmp_path, {f"c{number % 2}/{number:02}.png": png(number) for number in range(40)})


def value(work: Generator[Progress, None, Pixels]) -> Pixels:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def loading(
    images: ImageSet,
    cache: Path,
    *,
    geometry: Geometry = GREY,
    items: np.ndarray | None = None,
    memory: float = EVERYTHING,
    disk: float = EVERYTHING,
) -> Generator[Progress, None, Pixels]:
    items = np.arange(len(images)) if items is None else items
    budgets = {"memory_bytes": memory, "cache_bytes": disk}
    return load_pixels(images, geometry, items=items, fingerprint="f", cache=cache, **budgets)


def load(images: ImageSet, cache: Path, **options: object) -> Pixels:
    return value(loading(images, cache, **options))  # type: ignore[arg-type]


def expected(images: ImageSet, items: np.ndarray) -> np.ndarray:
    """Every made image is one grey value, which its name tells."""
    values = [int(images.name(int(item)).split("/")[-1].removesuffix(".png")) for item in items]
    return np.array(values, np.uint8)[:, None, None, None] * np.ones((1, 1, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("memory", "disk", "kind", "mapped"),
    [
        (EVERYTHING, EVERYTHING, ArrayPixels, False),
        (100, EVERYTHING, ArrayPixels, True),
        (100, 100, DecodingPixels, False),
    ],
)
def test_every_way_gives_the_same_bytes(
    forty: ImageSet, tmp_path: Path, memory: float, disk: float, kind: type, mapped: bool
) -> None:
    loaded = load(forty, tmp_path / "cache", memory=memory, disk=disk)
    assert isinstance(loaded, kind)
    assert isinstance(getattr(loaded, "array", None), np.memmap) == mapped
    assert loaded.shape == (1, 4, 4)
    items = np.array([39, 0, 7, 7, 12])
    assert (loaded.gather(items) == expected(forty, items)).all()


def test_a_set_is_decoded_once(forty: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(forty, tmp_path / "cache")
    monkeypatch.setattr(module, "decode_item", None)  # nobody may decode again
    second = load(forty, tmp_path / "cache")
    assert (first.gather(np.arange(40)) == second.gather(np.arange(40))).all()


def test_a_few_items_of_many_are_decoded_by_themselves(forty: ImageSet, tmp_path: Path) -> None:
    items = np.array([3, 30])
    loaded = load(forty, tmp_path / "cache", items=items)
    assert not (tmp_path / "cache").exists()
    assert (loaded.gather(items[::-1]) == expected(forty, items[::-1])).all()
    with pytest.raises(AssertionError):
        loaded.gather(np.array([4]))


def test_an_interrupted_decode_leaves_nothing(forty: ImageSet, tmp_path: Path) -> None:
    work = loading(forty, tmp_path / "cache")
    next(work)
    work.close()
    assert list((tmp_path / "cache" / "pixels").iterdir()) == []


def test_two_that_decode_at_once_agree(forty: ImageSet, tmp_path: Path) -> None:
    works = [loading(forty, tmp_path / "cache") for _ in range(2)]
    for work in works:
        next(work)
    one, other = (value(work).gather(np.arange(40)) for work in works)
    assert (one == other).all()
    assert len(list((tmp_path / "cache" / "pixels").iterdir())) == 1


def test_what_cannot_be_read_is_named_and_blank(tmp_path: Path) -> None:
    files = {f"c/{number}.png": png(number) for number in range(5)} | {"c/9.png": png(9)[:20]}
    images = image_set(tmp_path, files)
    for _ in range(2):  # decoded, then found in the cache
        loaded = load(images, tmp_path / "cache")
        assert list(loaded.unreadable) == [5]
        assert "c/9.png" in loaded.unreadable[5]
        assert not loaded.gather(np.array([5])).any()
    demanded = load(images, tmp_path / "none", memory=10, disk=10)
    with pytest.raises(UserError, match=r"c/9\.png"):
        demanded.gather(np.array([5]))


def test_another_size_is_another_entry_of_the_cache(forty: ImageSet, tmp_path: Path) -> None:
    for size in (4, 2):
        loaded = load(forty, tmp_path, geometry=Geometry(size=size, how="squash", mode="RGB"))
        assert loaded.shape == (3, size, size)
    assert len(list((tmp_path / "pixels").iterdir())) == 2


def test_a_header_is_read_without_decoding() -> None:
    colour = read_header(encode_png(np.zeros((3, 5, 3), np.uint8)))
    assert colour is not None
    assert (colour.width, colour.height, colour.grey) == (5, 3, False)
    grey = read_header(png(1))
    assert grey is not None
    assert grey.grey
    assert read_header(b"nothing") is None
