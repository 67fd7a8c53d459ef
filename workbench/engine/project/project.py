"""Opening a project and everything asked of it as a whole: datasets, splits, the list of runs."""

import contextlib
import json
import re
import secrets
import shutil
import time
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.engine.errors import UserError
from workbench.engine.files import TEMPORARY, new_folder, read_toml, write_json, write_toml
from workbench.engine.project.edits import EditJournal
from workbench.engine.project.lock import is_held
from workbench.engine.project.runs import FINISHED, Run, Status
from workbench.engine.project.splits import Items, Split
from workbench.engine.project.store import Store
from workbench.engine.registry import suggest

FORMAT = 1
OURS = {"project.toml", "data", "runs", "cache"} | {f"project.db{end}" for end in ("", "-journal", "-wal", "-shm")}
LONGEST_LABEL = 40  # characters of a run's name in its folder's; four bytes each still leave room for the rest
LONGEST_NAME, LONGEST_NOTE = 200, 10_000  # characters
LAST = "last"  # what stands for the latest run, and so is no run's name
DAYS_IN_BIN = 7.0  # how long a deleted run can be restored
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """An imported dataset.

    Attributes:
        origin: What was imported: a path or an identifier.
        signature: Names, sizes and times of the files then, to notice an import of the same again.
        fingerprint: SHA-256 of the content, wherever it came from.
        label_sets: Label name to its classes, in order.
        splits: Published split to its number of items; ``""`` for items without one.
        content: What the items are: ``"images"``, ``"masks"`` or ``"questions"``.
        palette: Names of the masks' classes; empty without masks.
        repairs: Sentences about what the import mended.
        unknowns: Sources whose items joined without a label, as the beginning of their items' names, to how many.
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
    content: str = "images"
    palette: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    unknowns: Mapping[str, int] = field(default_factory=dict)


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
        content: str = "images",
        palette: Sequence[str] = (),
        repairs: Sequence[str] = (),
        unknowns: Mapping[str, int] | None = None,
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
                "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    content,
                    json.dumps(list(palette)),
                    json.dumps(list(repairs)),
                    json.dumps(dict(unknowns or {})),
                ),
            )
        return self.dataset(id)

    # What a person changes of a dataset

    def edits(self, dataset: str) -> EditJournal:
        """The journal of what was changed in the dataset with this id."""
        return EditJournal(self.store, dataset)

    # Splits

    def add_split(self, split: Split) -> None:
        """Store a split's manifest; storing the same again changes nothing."""
        labels = None if split.labels is None else zlib.compress(split.labels.astype("<i8").tobytes())
        with self.store.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO manifests VALUES (?, ?, ?)", (split.hash, json.dumps(dict(split.facts)), labels)
            )
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
        items = {row["part"]: _unpacked(row["items"]) for row in rows}
        plain = Split(protocol=rows[0]["protocol"], items=items, hash=hash)
        for row in self.store.query("SELECT * FROM manifests WHERE hash = ?", hash):
            labels = None if row["labels"] is None else _unpacked(row["labels"])
            return replace(plain, facts=json.loads(row["facts"]), labels=labels)
        return plain  # an earlier version stored it

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

    def _adopt(self, run: Run) -> None:
        """Enter a run that was copied in; one whose status is damaged is listed, too, under its folder's name."""
        try:
            status = run.status()
        except UserError:
            status = Status(name=run.id, created=run.folder.stat().st_mtime)
        self._enter(run, status)

    def runs(self) -> list[RunRow]:
        """All runs that are not deleted, oldest first; a folder that the database does not know yet is entered."""
        folders = {path.name: path for path in (self.folder / "runs").glob("[!.]*") if (path / "status.json").exists()}
        rows = {row["id"]: row for row in self.store.query("SELECT * FROM runs")}
        for name in sorted(folders.keys() - rows.keys()):
            self._adopt(Run(folders[name]))
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
        if name == LAST and rows:
            return rows[-1].run
        for row in reversed(rows):
            if name in (row.run.id, row.name):
                return row.run
        recent = [known for row in reversed(rows) for known in (row.run.id, row.name)]
        known = list(dict.fromkeys([LAST, *recent])) if rows else []
        raise UserError(f"there is no run called {name!r}", remedy=suggest(name, known))

    def finished_run(self, key: str) -> Run | None:
        """The latest finished run of an identical job, if there is one."""
        for row in reversed(self.runs()):
            with contextlib.suppress(UserError):  # a run whose status is damaged is none to reuse
                status = row.run.status()
                if status.key == key and status.state == FINISHED:
                    return row.run
        return None

    def rename_run(self, run_id: str, name: str) -> None:
        """Give a run another name; two may share one. Space around and within is tidied.

        Raises:
            UserError: The name is empty, too long, holds what cannot be written, or means another run.
        """
        plain = _one_line(name, "a run's name", longest=LONGEST_NAME)
        if not plain:
            raise UserError("a run needs a name", where=run_id)
        if plain == LAST:
            raise UserError(f"{LAST!r} always means the latest run", remedy="choose another name")
        if plain != run_id and self.store.query("SELECT id FROM runs WHERE id = ?", plain):
            raise UserError(f"{plain!r} is another run's folder", remedy="choose another name")
        self._change_run(run_id, "name = ?", plain)

    def set_note(self, run_id: str, note: str) -> None:
        """Write a line beside a run; an empty one takes it away."""
        self._change_run(run_id, "note = ?", _one_line(note, "a note", longest=LONGEST_NOTE))

    def delete_run(self, run_id: str) -> None:
        """Take a run off the list. :meth:`restore_run` brings it back for :data:`DAYS_IN_BIN` days, then it is gone.

        Raises:
            UserError: There is no such run, or it is being trained.
        """
        rows = self.store.query("SELECT name FROM runs WHERE id = ? AND deleted IS NULL", run_id)
        run = Run(self.folder / "runs" / run_id)
        if not rows or not run.folder.is_dir():
            raise UserError(f"there is no run {run_id}", where=str(self.folder))
        if _is_being_trained(run):
            raise UserError(f"{rows[0]['name']} is being trained", where=run_id, remedy="stop it, then delete it")
        with run.writer():  # nobody begins to train it while it is marked
            self._change_run(run_id, "deleted = ?", time.time())

    def restore_run(self, run_id: str) -> None:
        """Put a deleted run back on the list.

        Raises:
            UserError: It was deleted too long ago.
        """
        with self.store.transaction() as db:
            if not (self.folder / "runs" / run_id).is_dir():
                raise UserError(f"run {run_id} is no longer on the disk and cannot be restored")
            db.execute("UPDATE runs SET deleted = NULL WHERE id = ?", (run_id,))

    def _change_run(self, run_id: str, change: str, value: object) -> None:
        with self.store.transaction() as db:
            if not db.execute(f"UPDATE runs SET {change} WHERE id = ? AND deleted IS NULL", (value, run_id)).rowcount:
                raise UserError(f"there is no run {run_id}", where=str(self.folder))

    def remove_leftovers(self) -> None:
        """Remove runs deleted long ago, and what imports and runs left behind whose process died while making them."""
        self._empty_bin()
        for kind in ("data", "runs"):
            for path in (self.folder / kind).glob(f".*{TEMPORARY}"):
                if time.time() - path.stat().st_mtime > _DAY:
                    shutil.rmtree(path, ignore_errors=True)

    def _empty_bin(self) -> None:
        """Remove from the disk what was deleted more than :data:`DAYS_IN_BIN` days ago.

        A folder gets its temporary name before its entry goes, so that a crash leaves either a deleted run or a
        leftover, never a folder that the list would take up again. The transaction keeps a restore out meanwhile.
        """
        doomed = []
        with self.store.transaction() as db:
            rows = db.execute("SELECT id FROM runs WHERE deleted < ?", (time.time() - DAYS_IN_BIN * _DAY,)).fetchall()
            for row in rows:
                run = Run(self.folder / "runs" / row["id"])
                leftover = run.folder.with_name(f".{run.id}{TEMPORARY}")
                if run.folder.exists():
                    if _is_being_trained(run):
                        continue
                    try:
                        run.folder.rename(leftover)
                    except OSError:  # somebody has a file of it open; the next time, then
                        continue
                    doomed.append(leftover)
                db.execute("DELETE FROM runs WHERE id = ?", (run.id,))
        for folder in doomed:
            shutil.rmtree(folder, ignore_errors=True)


def _unpacked(blob: bytes) -> Items:
    return np.frombuffer(zlib.decompress(blob), "<i8").astype(np.int64)


def _is_being_trained(run: Run) -> bool:
    return is_held(run.folder / "lock")


def _one_line(text: str, what: str, *, longest: int) -> str:
    """``text`` with every stretch of white space as one space; refused where no list could show it."""
    line = " ".join(text.split())
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in line):
        raise UserError(f"{what} cannot hold control characters")
    if len(line) > longest:
        raise UserError(f"{what} cannot be longer than {longest:,} characters (this is {len(line):,})")
    return line


def _dataset(row: Any) -> DatasetRow:
    return DatasetRow(
        **{
            **{key: row[key] for key in row.keys()},  # noqa: SIM118  a sqlite3.Row iterates over values
            "label_sets": {key: tuple(names) for key, names in json.loads(row["label_sets"]).items()},
            "splits": json.loads(row["splits"]),
            "palette": tuple(json.loads(row["palette"])),
            "repairs": tuple(json.loads(row["repairs"])),
            "unknowns": json.loads(row["unknowns"]),
        }
    )
