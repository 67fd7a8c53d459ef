"""Writing: the old file or the new one, a whole folder or none; reading: the value or one plain sentence."""

import errno
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import run

from workbench.engine.errors import UserError
from workbench.engine.files import (
    new_folder,
    plain_disk_errors,
    read_json,
    read_toml,
    sync,
    write_bytes,
    write_json,
    write_toml,
)

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
readers = pytest.mark.parametrize("read", [read_json, read_toml])


def fails(code: int) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writing_makes_the_folders_above(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "c", b"content")
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"content"
    assert names(tmp_path / "a" / "b") == ["c"]


@pytest.mark.parametrize("step", ["replace", "fsync"])
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "the disk is full: {}. Free some space and resume"),
        (errno.EDQUOT, "the disk is full: {}. Free some space and resume"),
        (errno.EACCES, "no permission to write: {}. Choose another folder"),
        (errno.EROFS, "no permission to write: {}. Choose another folder"),
    ],
)
def test_a_write_that_fails_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, sentence: str
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    monkeypatch.setattr(os, step, fails(code))
    with pytest.raises(UserError) as caught:
        write_bytes(path, b"new")
    assert str(caught.value) == sentence.format(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_what_no_user_causes_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", fails(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        write_bytes(tmp_path / "file", b"new")
    assert names(tmp_path) == []
    with pytest.raises(ZeroDivisionError), plain_disk_errors(tmp_path):
        _ = 1 / 0


def test_a_reader_sees_one_whole_version(tmp_path: Path) -> None:
    path, versions = tmp_path / "file", [bytes([number]) * 50_000 for number in range(2)]
    write_bytes(path, versions[0])
    stop = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        write_bytes(path, versions[number % 2])
    stop.set()
    reader.join()
    assert seen <= set(versions)


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with new_folder(path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"1")
        assert folder.parent == tmp_path
        assert not path.exists()
    assert (path / "deep" / "file").read_bytes() == b"1"
    assert names(tmp_path) == ["new"]


def test_a_new_folder_appears_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(error: BaseException | None = None) -> None:
        with new_folder(tmp_path / "new") as folder:
            (folder / "file").write_bytes(b"1")
            if error:
                raise error

    for error in (ZeroDivisionError(), KeyboardInterrupt(), GeneratorExit()):
        with pytest.raises(type(error)):
            fill(error)
        assert names(tmp_path) == []
    for step in ("rename", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, fails(errno.ENOSPC))
            with pytest.raises(UserError, match="the disk is full"):
                fill()
        assert names(tmp_path) == []


def test_a_new_folder_is_not_there_after_a_crash(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from workbench.engine.files import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "file").write_bytes(b"1")
    os._exit(7)
"""
    run(code, tmp_path / "new", exit_code=7)
    [left] = names(tmp_path)
    assert left.startswith(".new.")
    assert left.endswith(".part")


def test_an_existing_folder_is_not_replaced(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "file", b"old")
    with pytest.raises(OSError, match=r"not empty|exist"), new_folder(tmp_path / "new") as folder:
        (folder / "file").write_bytes(b"new")
    assert (tmp_path / "new" / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["new"]


def test_flushing_files_and_folders(tmp_path: Path) -> None:
    write_bytes(tmp_path / "file", b"1")
    sync(tmp_path / "file")
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "none")


@given(JSON)
def test_json_survives(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert read_json(path) == json.loads(json.dumps(value)) == value


@given(st.dictionaries(st.text(), st.integers(-(2**62), 2**62) | st.booleans() | st.text() | st.lists(st.text())))
def test_toml_survives(tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "value.toml"
    write_toml(path, value)
    assert read_toml(path) == value


@readers
@given(st.binary() | st.text("{}[]\"'=.,:#\n\\u01e-+truefalsnxinf ").map(str.encode))
def test_garbage_is_a_value_or_the_users_mistake(
    tmp_path_factory: pytest.TempPathFactory, read: Callable[[Path], Any], content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage"
    path.write_bytes(content)
    message = ""
    try:
        read(path)
    except UserError as error:
        message = str(error)
    assert not message or str(path) in message
    assert "\n" not in message


@readers
@pytest.mark.parametrize("content", [b"a = " + b"[" * 100_000, b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"\0"])
def test_hostile_content_is_refused(tmp_path: Path, read: Callable[[Path], Any], content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UserError, match="this is not"):
        read(tmp_path / "file")


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_toml(tmp_path / "a.toml") == read_json(tmp_path / "a.json") == {"a": 1}


@readers
def test_what_is_no_file(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path, sentence in (
        (tmp_path / "none", "there is no such file"),
        (tmp_path, "this is a folder, not a file"),
        (tmp_path / "file" / "below", "this file cannot be read"),
        (tmp_path / ("long" * 100), "this file cannot be read"),
    ):
        with pytest.raises(UserError, match=sentence) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_a_real_full_disk(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(UserError, match="the disk is full"), plain_disk_errors(tmp_path):
        full.write_bytes(b"1")
