"""Opening a project and everything asked of it as a whole: datasets, splits, the list of runs."""

import contextlib
import json
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.files import new_folder, read_toml, write_json, write_toml
from workbench.engine.project.runs import FINISHED, Run, Status
from workbench.engine.project.splits import Split
from workbench.engine.project.store import Store
from workbench.engine.registry import suggest

FORMAT = 1
OURS = {"project.toml", "data", "runs", "cache"} | {f"project.db{end}" for end in ("", "-journal", "-wal", "-shm")}
LONGEST_LABEL = 40  # characters of a run's name in its folder's; four bytes each still leave room for the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """An imported dataset.

    Attributes:
        origin: What was imported: a path or an identifier.
        signature: Names, sizes and times of the files then, to notice an import of the same again.
        fingerprint: SHA-256 of the content, wherever it came from.
        label_sets: Label name to its classes, in order.
        splits: Published split to its number of items; ``""`` for items without one.
    """

    id: str
    name: str
    kind: str
    origin: str
    signature: str
    fingerprint: str
    items: int
    label_sets: Mapping[str, tuple[str, ...]]
    splits: Mapping[str, int]
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as the project lists it."""

    run: Run
    name: str
    note: str
    created: float


class Project:
    """A project folder.

    Args:
        folder: Where it is; created if absent.

    Raises:
        UserError: The folder holds something else, is a file, cannot be written, or is from a newer workbench.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.folder = folder.expanduser().resolve()
            self._create()
        except (OSError, RuntimeError) as error:  # no such user's home, a loop of links, a name too long, no permission
            reason = error.strerror if isinstance(error, OSError) else error
            raise UserError(f"the project folder cannot be used ({reason})", where=str(folder)) from error
        self.name = str(read_toml(self.folder / "project.toml").get("name", self.folder.name))
        self.store = Store(self.folder / "project.db")

    def _create(self) -> None:
        marker = self.folder / "project.toml"
        if marker.exists():
            version = read_toml(marker).get("format")
            if version != FORMAT:
                raise UserError(
                    f"this project has format {version!r}", where=str(marker), remedy="update the workbench"
                )
            return
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError("a project is a folder, and this is a file", where=str(self.folder))
        if self.folder.is_dir():
            foreign = sorted(p.name for p in self.folder.iterdir() if p.name not in OURS and not p.name.startswith("."))
            if foreign:
                raise UserError(
                    f"this folder is not a project and not empty (it holds {foreign[0]!r})",
                    where=str(self.folder),
                    remedy="name a new or an empty folder",
                )
        write_toml(marker, {"format": FORMAT, "name": self.folder.name})

    # Datasets

    def datasets(self) -> list[DatasetRow]:
        """All datasets, oldest first."""
        return [_dataset(row) for row in self.store.query("SELECT * FROM datasets ORDER BY created")]

    def dataset(self, name: str) -> DatasetRow:
        """The dataset called ``name``."""
        for row in self.store.query("SELECT * FROM datasets WHERE name = ? OR id = ?", name, name):
            return _dataset(row)
        raise UserError(
            f"there is no dataset called {name!r}", remedy=suggest(name, [row.name for row in self.datasets()])
        )

    def find_dataset(self, signature: str) -> DatasetRow | None:
        """The dataset whose source looked exactly like this when it was imported."""
        rows = self.store.query("SELECT * FROM datasets WHERE signature = ? ORDER BY created DESC", signature)
        return _dataset(rows[0]) if rows else None

    def dataset_file(self, dataset: str) -> Path:
        """The Arrow file of the dataset with this id."""
        return self.folder / "data" / dataset / "items.arrow"

    def add_dataset(
        self,
        name: str,
        *,
        id: str,
        kind: str,
        origin: str,
        signature: str,
        fingerprint: str,
        items: int,
        label_sets: Mapping[str, tuple[str, ...]],
        splits: Mapping[str, int],
    ) -> DatasetRow:
        """Enter an imported dataset under ``name``, or ``name-2`` and so on where that is taken."""
        base = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
        with self.store.transaction() as db:
            taken = {row["name"] for row in db.execute("SELECT name FROM datasets")}
            free = base
            number = 2
            while free in taken:
                free = f"{base}-{number}"
                number += 1
            db.execute(
                "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    id,
                    free,
                    kind,
                    origin,
                    signature,
                    fingerprint,
                    items,
                    json.dumps({key: list(names) for key, names in label_sets.items()}),
                    json.dumps(dict(splits)),
                    time.time(),
                ),
            )
        return self.dataset(id)

    # Splits

    def add_split(self, split: Split) -> None:
        """Store a split's manifest; storing the same again changes nothing."""
        with self.store.transaction() as db:
            for part, items in split.items.items():
                db.execute(
                    "INSERT OR IGNORE INTO splits VALUES (?, ?, ?, ?, ?)",
                    (
                        split.hash,
                        split.protocol,
                        part,
                        zlib.compress(items.astype("<i8").tobytes()),
                        time.time(),
                    ),
                )

    def split(self, hash: str) -> Split:
        """The stored split with this hash."""
        rows = self.store.query("SELECT * FROM splits WHERE hash = ?", hash)
        if not rows:
            raise UserError(f"this project does not hold the split {hash[:8]}", where=str(self.folder))
        items = {row["part"]: np.frombuffer(zlib.decompress(row["items"]), "<i8").astype(np.int64) for row in rows}
        return Split(protocol=rows[0]["protocol"], items=items, hash=hash)

    # Runs

    def add_run(self, job: Mapping[str, Any], status: Status) -> Run:
        """Make a new run's folder and enter it."""
        moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(status.created))
        label = re.sub(r"[^\w.-]+", "-", status.name)[:LONGEST_LABEL].strip("-.") or "run"
        run = Run(self.folder / "runs" / f"{moment}-{label}-{secrets.token_hex(2)}")
        with new_folder(run.folder) as folder:
            write_toml(folder / "job.toml", dict(job))
            write_json(folder / "status.json", asdict(status))
            (folder / "checkpoints").mkdir()
        self._enter(run, status)
        return run

    def _enter(self, run: Run, status: Status) -> None:
        with self.store.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO runs (id, name, created) VALUES (?, ?, ?)",
                (run.id, status.name, status.created),
            )

    def runs(self) -> list[RunRow]:
        """All runs that are not deleted, oldest first; a folder that the database does not know yet is entered."""
        folders = {path.name: path for path in (self.folder / "runs").glob("[!.]*") if (path / "status.json").exists()}
        rows = {row["id"]: row for row in self.store.query("SELECT * FROM runs")}
        for name in sorted(folders.keys() - rows.keys()):
            run = Run(folders[name])
            self._enter(run, run.status())
        if folders.keys() - rows.keys():
            rows = {row["id"]: row for row in self.store.query("SELECT * FROM runs")}
        return [
            RunRow(run=Run(folders[row["id"]]), name=row["name"], note=row["note"], created=row["created"])
            for row in sorted(rows.values(), key=lambda row: (row["created"], row["id"]))
            if row["deleted"] is None and row["id"] in folders
        ]

    def run(self, name: str) -> Run:
        """The run with this id, or the latest one with this name; ``last`` is the latest of all."""
        rows = self.runs()
        if name == "last" and rows:
            return rows[-1].run
        for row in reversed(rows):
            if name in (row.run.id, row.name):
                return row.run
        raise UserError(f"there is no run called {name!r}", remedy=suggest(name, [row.run.id for row in rows][-5:]))

    def finished_run(self, key: str) -> Run | None:
        """The latest finished run of an identical job, if there is one."""
        for row in reversed(self.runs()):
            with contextlib.suppress(UserError):  # a run whose status is damaged is none to reuse
                status = row.run.status()
                if status.key == key and status.state == FINISHED:
                    return row.run
        return None

    def remove_leftovers(self) -> None:
        """Delete the temporary folders of imports and runs whose process died while making them."""
        for kind in ("data", "runs"):
            for path in (self.folder / kind).glob(".*.part"):
                if time.time() - path.stat().st_mtime > 24 * 3600:
                    shutil.rmtree(path, ignore_errors=True)


def _dataset(row: Any) -> DatasetRow:
    return DatasetRow(
        **{
            **{key: row[key] for key in row.keys()},  # noqa: SIM118  a sqlite3.Row iterates over values
            "label_sets": {key: tuple(names) for key, names in json.loads(row["label_sets"]).items()},
            "splits": json.loads(row["splits"]),
        }
    )
