"""Decoding once: in memory, mapped, on demand; whatever the way, the same bytes."""

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from helpers import imported, png, write_files
from processes import finish, kill, start_and_wait_for

from workbench.engine.data import pixel_cache
from workbench.engine.data import pixels as module
from workbench.engine.data.decode import encode_png
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.pixel_cache import cache_report, evict
from workbench.engine.data.pixels import (
    ArrayPixels,
    DecodingPixels,
    Geometry,
    Pixels,
    decode_item,
    load_pixels,
    read_header,
)
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


class Counted:
    """Decodes as the real thing and remembers what."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def __call__(self, images: ImageSet, item: int, geometry: Geometry) -> np.ndarray:
        self.items.append(item)
        return decode_item(images, item, geometry)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(module, "decode_item", counted)
    monkeypatch.setattr(module, "_CHUNK", 2)
    return counted


def stopped(forty: ImageSet, cache: Path, *, after: int) -> int:
    """Decode until ``after`` items are done and stop; how many were."""
    work = loading(forty, cache)
    done = 0
    for event in work:
        done = event.done
        if done >= after:
            break
    work.close()
    return done


def test_a_stopped_decode_goes_on_where_it_was(
    forty: ImageSet, tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT_SECONDS", 0.0)
    done = stopped(forty, tmp_path, after=10)
    assert 10 <= done < 40
    assert [one.complete for one in cache_report(tmp_path).sets] == [False]
    counted.items.clear()
    work = loading(forty, tmp_path)
    assert next(work) == Progress(stage="decoding", done=done, total=40)
    assert (value(work).gather(np.arange(40)) == expected(forty, np.arange(40))).all()
    assert sorted(counted.items) == list(range(done, 40))


def test_what_could_not_be_read_is_remembered_over_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 1)
    monkeypatch.setattr(module, "_REPORT_SECONDS", 0.0)
    images = image_set(tmp_path, {f"c/{n:02}.png": png(n)[: 20 if n % 5 == 0 else None] for n in range(20)})
    assert stopped(images, tmp_path / "cache", after=7) < 20
    assert list(load(images, tmp_path / "cache").unreadable) == [0, 5, 10, 15]


DAMAGE = {
    "the count": lambda part: (part / "done.json").write_text("{"),
    "another shape": lambda part: (part / "done.json").write_text('{"shape": [2], "items": 9, "unreadable": {}}'),
    "no bytes": lambda part: (part / "pixels.u8").write_bytes(b""),
    "half an image": lambda part: (part / "pixels.u8").write_bytes((part / "pixels.u8").read_bytes()[:83]),
    "more than was counted": lambda part: (part / "pixels.u8").write_bytes(bytes(16 * 40)),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_half_a_decode_that_was_damaged_is_done_again(
    forty: ImageSet, tmp_path: Path, how: str, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT_SECONDS", 0.0)
    stopped(forty, tmp_path, after=10)
    (part,) = (tmp_path / "pixels").glob("*.part")
    if how == "more than was counted":  # what a crash leaves: bytes that nobody vouches for
        (part / "done.json").write_text('{"shape": [40, 1, 4, 4], "items": 0, "unreadable": {}}')
    DAMAGE[how](part)
    assert (load(forty, tmp_path).gather(np.arange(40)) == expected(forty, np.arange(40))).all()


def test_a_cut_set_is_decoded_anew(forty: ImageSet, tmp_path: Path) -> None:
    load(forty, tmp_path)
    (one,) = cache_report(tmp_path).sets
    (one.folder / "pixels.u8").write_bytes(bytes(100))
    assert (load(forty, tmp_path).gather(np.arange(40)) == expected(forty, np.arange(40))).all()


DECODE_SLOWLY = """
import sys, time
from pathlib import Path
import numpy as np
from workbench.engine.data import pixel_cache, pixels
from workbench.engine.data.image_set import ImageSet

plain, pixels._CHUNK, pixel_cache._NOTE_SECONDS = pixels.decode_item, 2, 0.0

def slowly(images, item, geometry):
    time.sleep(0.02)
    return plain(images, item, geometry)

pixels.decode_item = slowly
images = ImageSet(Path(sys.argv[1]))
for event in pixels.load_pixels(
    images, pixels.Geometry(size=4, how="crop", mode="L"), items=np.arange(len(images)), fingerprint="f",
    cache=Path(sys.argv[2]), memory_bytes=1e12, cache_bytes=1e12,
):
    if event.done >= 10 and sys.argv[3] == "told":
        print("going", flush=True)
        sys.argv[3] = "."
"""


def test_a_killed_decode_goes_on_where_it_was(forty: ImageSet, tmp_path: Path, counted: Counted) -> None:
    process = start_and_wait_for("going", DECODE_SLOWLY, forty.path, tmp_path / "cache", "told")
    kill(process)
    work = loading(forty, tmp_path / "cache")
    done = next(work).done
    assert 4 <= done < 40
    assert (value(work).gather(np.arange(40)) == expected(forty, np.arange(40))).all()
    assert sorted(counted.items) == list(range(done, 40))


def test_two_processes_do_not_decode_the_same(forty: ImageSet, tmp_path: Path, counted: Counted) -> None:
    process = start_and_wait_for("going", DECODE_SLOWLY, forty.path, tmp_path / "cache", "told")
    work = loading(forty, tmp_path / "cache")
    assert next(work).stage == "decoding in another process"
    assert (value(work).gather(np.arange(40)) == expected(forty, np.arange(40))).all()
    assert counted.items == []
    finish(process)


def test_two_that_decode_at_once_agree(forty: ImageSet, tmp_path: Path) -> None:
    works = [loading(forty, tmp_path / "cache") for _ in range(2)]
    for work in works:
        next(work)
    one, other = (value(work).gather(np.arange(40)) for work in works)
    assert (one == other).all()
    assert [one.complete for one in cache_report(tmp_path / "cache").sets] == [True]


@pytest.mark.parametrize(("memory", "kind"), [(EVERYTHING, ArrayPixels), (100, DecodingPixels)])
def test_one_that_does_not_get_on_is_not_waited_for(
    forty: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: float, kind: type
) -> None:
    monkeypatch.setattr(pixel_cache, "_STALLED_SECONDS", 0.1)
    paused = loading(forty, tmp_path)
    next(paused)
    loaded = load(forty, tmp_path, memory=memory)
    assert isinstance(loaded, kind)
    assert (loaded.gather(np.arange(40)) == expected(forty, np.arange(40))).all()
    paused.close()


def test_what_fits_the_memory_but_not_the_cache_is_decoded_once(
    forty: ImageSet, tmp_path: Path, counted: Counted
) -> None:
    loaded = load(forty, tmp_path, disk=100)
    for _ in range(2):
        assert (loaded.gather(np.arange(40)) == expected(forty, np.arange(40))).all()
    assert sorted(counted.items) == list(range(40))
    assert cache_report(tmp_path).sets == ()


# The cache as a whole

SET = 40 * 16  # bytes of a set without what is written beside it


def keys(cache: Path) -> list[str]:
    return [one.key for one in cache_report(cache).sets]


def fill(
    images: ImageSet, cache: Path, *, disk: float = EVERYTHING, memory: float = EVERYTHING, **how: object
) -> Pixels:
    geometry = Geometry(size=4, how=how.get("how", "crop"), mode=how.get("mode", "L"))
    return load(images, cache, geometry=geometry, disk=disk, memory=memory)


def test_the_longest_unused_makes_room(forty: ImageSet, tmp_path: Path) -> None:
    fill(forty, tmp_path)
    (first,) = keys(tmp_path)
    fill(forty, tmp_path, how="squash")
    (second,) = set(keys(tmp_path)) - {first}
    os.utime(tmp_path / "pixels" / second, (5, 5))
    fill(forty, tmp_path)  # used again, so the other one is the older now
    fill(forty, tmp_path, mode="RGB", disk=4.5 * SET)
    assert second not in keys(tmp_path)
    assert keys(tmp_path)[0] == first
    report = cache_report(tmp_path)
    assert len(report.sets) == 2
    assert SET * 4 < report.bytes < SET * 4.5
    assert not any(one.busy for one in report.sets)


def test_what_is_in_use_stays_and_what_has_no_room_then_does_without(forty: ImageSet, tmp_path: Path) -> None:
    used = fill(forty, tmp_path, memory=100)
    assert isinstance(used.array, np.memmap)  # type: ignore[attr-defined]
    assert [one.busy for one in cache_report(tmp_path).sets] == [True]
    assert evict(tmp_path) == 0
    without = fill(forty, tmp_path, how="squash", disk=1.8 * SET, memory=100)
    assert isinstance(without, DecodingPixels)
    assert len(keys(tmp_path)) == 1
    del used
    assert [one.busy for one in cache_report(tmp_path).sets] == [False]
    assert isinstance(fill(forty, tmp_path, how="squash", disk=1.8 * SET), ArrayPixels)
    assert len(keys(tmp_path)) == 1


def test_what_has_no_room_removes_nothing(forty: ImageSet, tmp_path: Path) -> None:
    used, _ = fill(forty, tmp_path, memory=100), fill(forty, tmp_path, how="squash")
    fill(forty, tmp_path, mode="RGB", disk=3.5 * SET)
    assert len(keys(tmp_path)) == 2
    del used


IN_USE = """
import sys
from pathlib import Path
import numpy as np
from workbench.engine.data.image_set import ImageSet
from workbench.engine.data.pixels import Geometry, load_pixels

images = ImageSet(Path(sys.argv[1]))
work = load_pixels(
    images, Geometry(size=4, how="crop", mode="L"), items=np.arange(len(images)), fingerprint="f",
    cache=Path(sys.argv[2]), memory_bytes=1, cache_bytes=1e12,
)
try:
    while True:
        next(work)
except StopIteration as end:
    pixels = end.value
print("open", flush=True)
input()
"""


def test_what_another_process_uses_stays_until_it_dies(forty: ImageSet, tmp_path: Path) -> None:
    process = start_and_wait_for("open", IN_USE, forty.path, tmp_path / "cache")
    assert [one.busy for one in cache_report(tmp_path / "cache").sets] == [True]
    assert evict(tmp_path / "cache") == 0
    kill(process)
    report = cache_report(tmp_path / "cache")
    assert [one.busy for one in report.sets] == [False]
    assert evict(tmp_path / "cache") == report.bytes
    assert cache_report(tmp_path / "cache").sets == ()


def test_one_that_is_being_decoded_counts_whole_and_stays(forty: ImageSet, tmp_path: Path) -> None:
    work = loading(forty, tmp_path)
    next(work)
    (one,) = cache_report(tmp_path).sets
    assert (one.complete, one.busy) == (False, True)
    assert one.bytes >= SET
    assert evict(tmp_path) == 0
    assert isinstance(fill(forty, tmp_path, how="squash", disk=1.5 * SET, memory=100), DecodingPixels)
    work.close()
    (one,) = cache_report(tmp_path).sets
    assert (one.complete, one.busy) == (False, False)
    assert evict(tmp_path) == one.bytes
    assert cache_report(tmp_path).sets == ()


def test_leftovers_go(forty: ImageSet, tmp_path: Path) -> None:
    fill(forty, tmp_path)
    write_files(tmp_path / "pixels" / ".gone-0123", {"pixels.u8": b"x"})
    write_files(tmp_path / "pixels" / ".old.abc.part", {"pixels.u8": b"y" * 500})  # as an earlier version wrote it
    assert len(cache_report(tmp_path).sets) == 2
    evict(tmp_path)
    assert [path.name for path in (tmp_path / "pixels").iterdir()] == [".locks"]


def test_an_empty_cache_has_nothing_to_report(tmp_path: Path) -> None:
    assert cache_report(tmp_path / "none").bytes == evict(tmp_path / "none") == 0


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
    assert len(cache_report(tmp_path).sets) == 2


def test_a_header_is_read_without_decoding() -> None:
    colour = read_header(encode_png(np.zeros((3, 5, 3), np.uint8)))
    assert colour is not None
    assert (colour.width, colour.height, colour.grey) == (5, 3, False)
    grey = read_header(png(1))
    assert grey is not None
    assert grey.grey
    assert read_header(b"nothing") is None
