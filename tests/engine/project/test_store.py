"""The database: brought up to date once, shared by processes, whole after a crash."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from processes import finish, run, start

from workbench.engine.errors import UserError
from workbench.engine.project import store as module
from workbench.engine.project.store import MIGRATIONS, Store

TABLES = {"datasets", "splits", "runs", "edits", "manifests"}
INSERT = "INSERT INTO runs (id, name, created) VALUES (?, ?, 0)"


def version(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def change(path: Path, sql: str) -> None:
    db = sqlite3.connect(path)
    try:
        db.executescript(sql)
    finally:
        db.close()


def tables(store: Store) -> set[str]:
    return {row["name"] for row in store.query("SELECT name FROM sqlite_master WHERE type = 'table'")}


def ids(store: Store) -> list[str]:
    return [row["id"] for row in store.query("SELECT id FROM runs ORDER BY id")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "project.db"


@pytest.mark.parametrize("empty", [False, True])
def test_a_new_database(path: Path, empty: bool) -> None:
    if empty:
        path.write_bytes(b"")
    store = Store(path)
    assert version(path) == len(MIGRATIONS)
    assert tables(store) == TABLES
    assert store.query("PRAGMA journal_mode")[0][0] == "wal"


def test_opening_again_changes_nothing(path: Path) -> None:
    with Store(path).transaction() as db:
        db.execute(INSERT, ("a", "b"))
    assert ids(Store(path)) == ["a"]


def test_each_version_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path).transaction() as db:
        db.execute(INSERT, ("a", "b"))
    newer = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN mark TEXT DEFAULT 'new'", "CREATE TABLE more (id TEXT); ")
    monkeypatch.setattr(module, "MIGRATIONS", newer)
    store = Store(path)
    assert version(path) == len(newer)
    assert [tuple(row) for row in store.query("SELECT id, mark FROM runs")] == [("a", "new")]
    assert "more" in tables(store)


def test_a_migration_is_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Store(path)
    broken = (*MIGRATIONS, "CREATE TABLE more (id TEXT)", "CREATE TABLE even (more TEXT); SELECT 1 FROM nowhere")
    monkeypatch.setattr(module, "MIGRATIONS", broken)
    with pytest.raises(UserError, match="nowhere"):
        Store(path)
    assert version(path) == len(MIGRATIONS)
    assert tables(old) == TABLES


def test_a_newer_schema_is_refused(path: Path) -> None:
    Store(path)
    change(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(UserError) as caught:
        Store(path)
    assert str(caught.value) == (
        f"this project was written by a newer workbench (schema {len(MIGRATIONS) + 1}): {path.parent}. "
        "Update the workbench"
    )


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_broken_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UserError, match="the project's database cannot be used") as caught:
        Store(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_folder_is_no_database(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UserError, match="cannot be used"):
        Store(path)


def test_a_transaction_is_kept_or_undone(path: Path) -> None:
    store = Store(path)
    with store.transaction() as db:
        db.execute(INSERT, ("kept", ""))

    def fail() -> None:
        with store.transaction() as db:
            db.execute(INSERT, ("undone", ""))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ids(store) == ["kept"]


def test_our_own_mistakes_are_not_the_users(path: Path) -> None:
    store = Store(path)
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute("INSERT INTO runs (id, name) VALUES ('r', 'a run that was never created')")
    with pytest.raises(sqlite3.ProgrammingError):
        store.query("SELECT * FROM runs WHERE id = ?")


def test_a_full_disk_says_so(path: Path) -> None:
    store = Store(path)

    def fill() -> None:
        with store.transaction() as db:
            db.execute("PRAGMA max_page_count = 20")
            for number in range(100):
                db.execute(INSERT, (f"{number}", "x" * 4000))

    with pytest.raises(UserError, match="database or disk is full"):
        fill()
    assert ids(store) == []


def test_what_has_been_undone_by_itself_is_not_undone_twice(path: Path) -> None:
    store = Store(path)

    def fail() -> None:
        with store.transaction() as db:
            db.execute("ROLLBACK")  # as SQLite itself does where the disk is full
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_a_writer_waits_for_another(path: Path) -> None:
    store = Store(path)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.transaction() as db:
            db.execute(INSERT, ("first", ""))
            inside.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    assert ids(store) == []  # readers do not wait
    threading.Timer(0.2, leave.set).start()
    with store.transaction() as db:
        assert [row["id"] for row in db.execute("SELECT id FROM runs")] == ["first"]
        db.execute(INSERT, ("second", ""))
    holder.join()
    assert ids(store) == ["first", "second"]


def test_a_wait_without_end_has_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(path)
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    with store.transaction(), pytest.raises(UserError, match="locked"), store.transaction():
        pass


def test_opening_waits_while_another_process_sets_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE before (id TEXT)")  # not in WAL yet, as in the other's first instant
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO before VALUES ('a')")
    timer = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    timer.start()
    assert "before" in tables(Store(path))
    timer.join()
    other.close()


WRITE_MANY = """
import sys
from pathlib import Path
from workbench.engine.project.store import Store
store = Store(Path(sys.argv[1]))
for number in range(40):
    with store.transaction() as db:
        count = db.execute("SELECT count(*) FROM runs").fetchone()[0]
        db.execute("INSERT INTO runs (id, name, created) VALUES (?, ?, ?)", (f"{sys.argv[2]}-{number}", "", count))
"""


def test_two_processes_write_at_the_same_time(path: Path) -> None:
    for process in [start(WRITE_MANY, path, name) for name in "ab"]:
        finish(process)
    counts = [row["created"] for row in Store(path).query("SELECT created FROM runs ORDER BY created")]
    assert counts == list(range(80))  # each transaction saw all of those before it


CRASH = """
import os, sys
from pathlib import Path
from workbench.engine.project.store import Store
store = Store(Path(sys.argv[1]))
insert = "INSERT INTO runs (id, name, created) VALUES (?, '', 0)"
with store.transaction() as db:
    db.execute(insert, ("committed",))
with store.transaction() as db:
    for number in range(2000):
        db.execute(insert, (f"{number}",))
    os._exit(7)
"""


def test_a_crash_within_a_transaction_undoes_it(path: Path) -> None:
    run(CRASH, path, exit_code=7)
    began = time.monotonic()
    store = Store(path)
    assert ids(store) == ["committed"]
    assert store.query("PRAGMA integrity_check")[0][0] == "ok"
    with store.transaction() as db:
        db.execute(INSERT, ("next", ""))
    assert ids(store) == ["committed", "next"]
    assert time.monotonic() - began < module.WAIT_SECONDS  # nobody waits for the dead
