"""Inspections kept with their run, so that a second look is instant: one file a split, or other dataset, and step.

A file says what it was made from: the weights, the items and what a person had changed of them. One that is damaged,
or made from anything else than what is asked about now, is as good as none. Files of checkpoints that are gone go when
the next one is written.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.engine.inspection.inspection import Inspection, Singles
from workbench.engine.project.edits import Edit
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items

_FORMAT = 1
_ARRAYS = {"items": ("i", 1), "labels": ("i", 1), "logits": ("f", 2), "features": ("f", 2)}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an inspection is kept, and what it has to be made from to be believed.

    Attributes:
        run: The run.
        name: Of the split, or of another dataset (``data-<id>``).
        step: Of the weights.
        source: What it is made from, as JSON knows it.
    """

    run: Run
    name: str
    step: int
    source: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return self.run.folder / "predictions" / f"{self.name}-{self.step:08d}.npz"


def weights_mark(checkpoint: Path) -> str:
    """Tells the weights in a checkpoint's folder from others of the same step, without reading them."""
    digest = hashlib.sha256((checkpoint / "meta.json").read_bytes())
    facts = (checkpoint / "model.safetensors").stat()
    digest.update(f"{facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def edits_mark(edits: list[Edit]) -> str:
    """Tells what a person has made of a dataset from what it was at other times."""
    digest = hashlib.sha256()
    for edit in edits:
        digest.update(json.dumps([edit.kind, edit.label_set, edit.label, edit.value]).encode())
        for value, items in edit.parts.items():
            digest.update(f"{value} {len(items)} ".encode() + items.astype("<i8").tobytes())
    return digest.hexdigest() if edits else ""


def keep(place: Place, inspection: Inspection) -> None:
    """Write ``inspection``, whole or not at all; a run that was deleted meanwhile is not made again.

    Raises:
        UserError: The disk is full, or not to be written to.
    """
    if not place.run.folder.is_dir():
        return
    facts = {"format": _FORMAT, "source": dict(place.source), "protocol": inspection.protocol,
             "classes": list(inspection.classes), "catch_all": inspection.catch_all}  # fmt: skip
    buffer = io.BytesIO()
    np.savez(
        buffer,
        facts=np.array(json.dumps(facts)),
        items=inspection.items,
        labels=inspection.labels,
        logits=inspection.logits,
        features=inspection.features,
    )
    write_bytes(place.path, buffer.getvalue())
    steps = set(place.run.checkpoint_steps())
    for path in place.path.parent.glob("*.npz"):
        step = re.search(r"-(\d+)$", path.stem)
        if step and int(step[1]) not in steps:
            path.unlink(missing_ok=True)


def kept(place: Place, *, name: str, steps: int, dataset: str, split: str) -> Inspection | None:
    """The inspection that is kept at ``place``; ``None`` where there is none to be believed.

    Args:
        name, steps, dataset, split: What :class:`Inspection` calls so.
    """
    try:
        with np.load(io.BytesIO(place.path.read_bytes()), allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            arrays = {array: _checked(file[array], array) for array in _ARRAYS}
        if facts["format"] != _FORMAT or facts["source"] != json.loads(json.dumps(dict(place.source))):
            return None
        inspection = Inspection(
            run=place.run.id,
            name=name,
            step=place.step,
            steps=steps,
            dataset=dataset,
            split=split,
            protocol=str(facts["protocol"]),
            classes=tuple(map(str, facts["classes"])),
            items=_items(arrays["items"]),
            labels=_items(arrays["labels"]),
            logits=_singles(arrays["logits"]),
            features=_singles(arrays["features"]),
            catch_all=int(facts["catch_all"]),
        )
        return inspection if _sound(inspection) else None
    except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, RecursionError, AssertionError,
            OverflowError, NotImplementedError, zipfile.BadZipFile, zlib.error, UserError):  # fmt: skip
        return None


def _checked(array: NDArray[Any], name: str) -> NDArray[Any]:
    if (array.dtype.kind, array.ndim) != _ARRAYS[name]:
        raise ValueError(name)
    return array


def _items(array: NDArray[Any]) -> Items:
    return array.astype(np.int64, copy=False)


def _singles(array: NDArray[Any]) -> Singles:
    return array.astype(np.float32, copy=False)


def _sound(inspection: Inspection) -> bool:
    labels, classes = inspection.labels, len(inspection.classes)
    return (
        len(inspection) > 0
        and bool((np.diff(inspection.items) > 0).all())
        and inspection.items[0] >= 0
        and bool(((labels >= -1) & (labels < classes)).all())
        and -1 <= inspection.catch_all < classes
    )
