"""Thumbnails on the disk: found again, bounded, shared by processes, and thrown away where they are damaged."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from workbench.gui.thumbnail_cache import FILE, Kept, Shelf, ThumbnailCache


def opened(cache: ThumbnailCache, fingerprint: str = "a") -> Shelf:
    shelf = cache.open(fingerprint)
    assert shelf
    return shelf


def kept(number: int, size: int = 100) -> Kept:
    return Kept(content=number.to_bytes(4, "big") * (size // 4), width=number + 1, height=3, format="JPEG")


def settle(shelf: Shelf) -> None:
    while shelf.settle():
        pass


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "thumbnails")
    shelf = opened(cache)
    for number in range(200):
        shelf.put(number, kept(number), side=128)
    shelf.put(7, kept(1000), side=256)
    shelf.put(7, kept(2000), side=128, mask=True)
    assert shelf.get(7, side=128) == kept(7), "also before it is written"
    settle(shelf)
    shelf.close()
    shelf, other = opened(cache), opened(cache, "b")
    assert [shelf.get(number, side=128) for number in range(200)] == [kept(number) for number in range(200)]
    assert shelf.get(7, side=256) == kept(1000)
    assert shelf.get(7, side=128, mask=True) == kept(2000)
    assert shelf.get(200, side=128) is None
    assert other.get(7, side=128) is None, "it is another dataset's"
    shelf.close()
    other.close()


def test_what_waits_is_written_on_closing(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    shelf = opened(cache)
    shelf.put(1, kept(1), side=128)
    shelf.close()
    shelf = opened(cache)
    assert shelf.get(1, side=128) == kept(1)
    shelf.close()


def test_the_size_is_bounded_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000_000_000.0
    monkeypatch.setattr("workbench.gui.thumbnail_cache.time.time", lambda: moment)
    cache = ThumbnailCache(tmp_path, limit_bytes=4 << 20)
    for day in range(3):
        moment += 86_400
        shelf = opened(cache)
        if day == 2:  # looked at again, so it is no longer the oldest
            assert shelf.get(0, side=128) == kept(0, 4000)
            settle(shelf)
        for number in range(400 * day, 400 * day + 400):
            shelf.put(number, kept(number, 4000), side=128)
        settle(shelf)
        shelf.close()
        assert (tmp_path / FILE).stat().st_size < 5 << 20
    shelf = opened(cache)
    there = [number for number in range(1200) if shelf.get(number, side=128)]
    shelf.close()
    assert 0 in there
    assert there[1] > 400, "the first day went first"
    assert set(range(800, 1200)) <= set(there)


@pytest.mark.parametrize("damage", ["cut", "garbage", "no database", "a folder", "another version"])
def test_a_damaged_cache_is_replaced_without_a_word(tmp_path: Path, damage: str) -> None:
    path = tmp_path / FILE
    cache = ThumbnailCache(tmp_path)
    if damage == "a folder":
        path.mkdir()
        assert cache.open("a") is None
        return
    shelf = opened(cache)
    for number in range(500):
        shelf.put(number, kept(number, 2000), side=128)
        if number % 50 == 0:
            settle(shelf)
    settle(shelf)
    shelf.close()
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 3])
    elif damage == "garbage":
        path.write_bytes(content[:4096] + bytes(range(256)) * ((len(content) - 4096) // 256))
    elif damage == "no database":
        path.write_bytes(b"something else" * 1000)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    for _ in range(3):
        if shelf := cache.open("a"):
            for number in range(500):
                assert shelf.get(number, side=128) in (None, kept(number, 2000))
            settle(shelf)
            shelf.close()
    shelf = opened(cache)
    shelf.put(1, kept(77), side=256)
    settle(shelf)
    shelf.close()
    shelf = opened(cache)
    assert shelf.get(1, side=256) == kept(77)
    shelf.close()


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    shelf = opened(cache)
    shelf.put(1, kept(1), side=128)
    shelf.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE thumbnails SET content = zeroblob(100)")
    db.close()
    shelf = opened(cache)
    assert shelf.get(1, side=128) is None
    shelf.close()


def test_no_cache_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert ThumbnailCache(tmp_path / "file" / "below").open("a") is None


WRITER = """
import sys
from pathlib import Path
from workbench.gui.thumbnail_cache import Kept, ThumbnailCache
shelf = ThumbnailCache(Path(sys.argv[1])).open("a")
start = int(sys.argv[2])
for number in range(start, start + 300):
    shelf.put(number, Kept(content=number.to_bytes(4, "big") * 50, width=1, height=1), side=128)
    if number % 20 == 0:
        shelf.settle()
while shelf.settle():
    pass
shelf.close()
"""


def test_processes_share_it(tmp_path: Path) -> None:
    opened(ThumbnailCache(tmp_path)).close()
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(start)], stderr=subprocess.PIPE)
        for start in (0, 1000)
    ]
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors.decode()
    shelf = opened(ThumbnailCache(tmp_path))
    found = [shelf.get(number, side=128) for start in (0, 1000) for number in range(start, start + 300)]
    shelf.close()
    numbers = [*range(300), *range(1000, 1300)]
    assert all(
        one is None or one.content[:4] == number.to_bytes(4, "big") for one, number in zip(found, numbers, strict=True)
    )
    assert sum(one is not None for one in found) >= 300, "one of them may have given way, but not both"


def test_threads_read_while_one_writes(tmp_path: Path) -> None:
    shelf = opened(ThumbnailCache(tmp_path))
    wrong: list[int] = []

    def read() -> None:
        for _ in range(20):
            for number in range(100):
                found = shelf.get(number, side=128)
                if found not in (None, kept(number)):
                    wrong.append(number)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(100):
        shelf.put(number, kept(number), side=128)
        shelf.settle()
    for reader in readers:
        reader.join()
    assert not wrong
    assert shelf.get(50, side=128) == kept(50)
    shelf.close()
