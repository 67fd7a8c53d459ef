"""The project's database: SQLite in WAL mode, opened for each transaction.

A connection a transaction costs a fraction of a millisecond, needs no thread bookkeeping, and leaves nothing open when
a process dies. Each step of the schema is a script in :data:`MIGRATIONS`; ``PRAGMA user_version`` counts those applied.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.engine.errors import UserError

MIGRATIONS = (
    """
    CREATE TABLE datasets (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        origin TEXT NOT NULL,
        signature TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        items INTEGER NOT NULL,
        label_sets TEXT NOT NULL,
        splits TEXT NOT NULL,
        created REAL NOT NULL
    );
    CREATE INDEX datasets_signature ON datasets (signature);
    CREATE TABLE splits (
        hash TEXT NOT NULL,
        protocol TEXT NOT NULL,
        part TEXT NOT NULL,
        items BLOB NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (hash, part)
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        deleted REAL,
        created REAL NOT NULL
    );
    """,
    """
    ALTER TABLE datasets ADD COLUMN content TEXT NOT NULL DEFAULT 'images';
    ALTER TABLE datasets ADD COLUMN palette TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE datasets ADD COLUMN repairs TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE edits (
        number INTEGER PRIMARY KEY,
        dataset TEXT NOT NULL REFERENCES datasets (id),
        edit TEXT NOT NULL,
        items BLOB NOT NULL,
        moment REAL NOT NULL,
        undone INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX edits_dataset ON edits (dataset, number);
    CREATE TABLE manifests (
        hash TEXT PRIMARY KEY,
        facts TEXT NOT NULL,
        labels BLOB
    )
    """,
    """
    ALTER TABLE datasets ADD COLUMN unknowns TEXT NOT NULL DEFAULT '{}'
    """,
)
WAIT_SECONDS = 30.0  # how long a writer waits for another process's transaction


class Store:
    """The database file of one project.

    Args:
        path: ``project.db``; created, and brought up to date, if need be.

    Raises:
        UserError: The file is no database, or a newer workbench wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._plain_errors(), contextlib.closing(self._connect()) as db:
            _use_wal(db)
            self._migrate(db)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    @contextlib.contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise UserError(
                f"the project's database cannot be used ({error})",
                where=str(self.path),
                remedy="close other programs that use it, free disk space, or restore the file from a backup",
            ) from error

    def _migrate(self, db: sqlite3.Connection) -> None:
        if _version(db) == len(MIGRATIONS):
            return
        db.execute("BEGIN IMMEDIATE")  # of several processes that open an old project, one migrates and the rest wait
        try:
            version = _version(db)
            if version > len(MIGRATIONS):
                raise UserError(
                    f"this project was written by a newer workbench (schema {version})",
                    where=str(self.path.parent),
                    remedy="update the workbench",
                )
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            db.execute("COMMIT")
        except BaseException:
            _roll_back(db)
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed when the block ends, rolled back if it raises."""
        with self._plain_errors(), contextlib.closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                _roll_back(db)
                raise

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows that ``sql`` selects."""
        with self._plain_errors(), contextlib.closing(self._connect()) as db:
            return db.execute(sql, values).fetchall()


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL; where another process does so at the same time SQLite refuses at once, so the wait is ours."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:  # a full disk has ended it already
        db.execute("ROLLBACK")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
