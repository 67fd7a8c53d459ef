"""One writer at a time, and none that is dead."""

import errno
import io
import os
from pathlib import Path

import pytest
from processes import finish, kill, start_and_wait_for

from workbench.engine.errors import UserError
from workbench.engine.project.lock import FileLock, is_held

HOLD = """
import sys
from pathlib import Path
from workbench.engine.project.lock import FileLock
with FileLock(Path(sys.argv[1]), held="busy"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught, FileLock(path, held="it is busy"):
        pass
    return str(caught.value)


def test_held_from_with_to_its_end(path: Path) -> None:
    assert not is_held(path)
    assert not path.exists()  # asking makes nothing
    with FileLock(path, held=""):
        assert is_held(path)
        assert path.read_text() == f"{os.getpid()}\n"
    assert not is_held(path)
    with pytest.raises(ZeroDivisionError), FileLock(path, held=""):
        _ = 1 / 0
    with FileLock(path, held=""):
        assert is_held(path)


def test_a_second_writer_in_this_process(path: Path) -> None:
    with FileLock(path, held=""):
        assert refusal(path) == f"it is busy: process {os.getpid()}. Stop that one first"
        assert refusal(path) == f"it is busy: process {os.getpid()}. Stop that one first"
        assert is_held(path)


def test_a_second_writer_in_another_process(path: Path) -> None:
    holder = start_and_wait_for("held", HOLD, path)
    assert refusal(path) == f"it is busy: process {holder.pid}. Stop that one first"
    assert is_held(path)
    finish(holder)
    assert not is_held(path)


def test_the_lock_of_a_killed_process_blocks_nobody(path: Path) -> None:
    holder = start_and_wait_for("held", HOLD, path)
    kill(holder)
    assert not is_held(path)
    with FileLock(path, held=""):
        assert path.read_text() == f"{os.getpid()}\n"


def test_who_only_asks_is_in_nobodys_way(path: Path) -> None:
    if os.name == "nt":
        pytest.skip("there is only one sort of lock here")
    import fcntl

    path.write_text("")
    with path.open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert not is_held(path)


def test_a_file_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert refusal(tmp_path / "lock") == f"no permission to write: {tmp_path / 'lock'}. Choose another folder"


def test_a_full_disk_is_said_and_nothing_stays_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(self: Path, mode: str) -> io.BufferedRandom:
        return io.BufferedRandom(Full(self, mode.replace("b", "")))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        assert "the disk is full" in refusal(path)
    assert not is_held(path)
    with FileLock(path, held="it is busy"):
        assert is_held(path)
