"""What a run made of single items: one small file a split in the run's folder, rewritten by each evaluation.

Training and evaluation write it; the Data panel sorts by it, to bring forward what a network finds hard or wrong.
"""

import io
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.engine.errors import UserError
from workbench.engine.files import write_bytes
from workbench.engine.project.project import Project, RunRow
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items

RUNS = 3
"""Latest runs of a dataset whose scores :func:`item_scores` offers."""

_KINDS = {"split": "U", "step": "i", "items": "i", "loss": "f", "confidence": "f", "predicted": "i", "correct": "b"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """M items as a network saw them, sorted by id; an item that two evaluations saw is in it twice.

    Attributes:
        items: int64[M], item ids.
        split: str[M], the split that each was measured in.
        step: int64[M], of the weights.
        loss: float32[M], not averaged.
        confidence: float32[M], probability of the predicted class, 0..1.
        predicted: int64[M], the predicted label.
        correct: bool[M], whether that was the item's label then.
    """

    items: Items
    split: NDArray[np.str_]
    step: Items
    loss: NDArray[np.float32]
    confidence: NDArray[np.float32]
    predicted: Items
    correct: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.items)


def write_scores(
    run: Run,
    *,
    split: str,
    step: int,
    items: Items,
    loss: NDArray[np.float32],
    confidence: NDArray[np.float32],
    predicted: Items,
    correct: NDArray[np.bool_],
) -> None:
    """Keep what an evaluation of ``split`` said of its items, instead of what an earlier one said.

    Args:
        step: Of the weights.
        items: The ids, int64[M]; the other arrays, [M], are as in :class:`Scores`.
    """
    assert len(items) == len(loss) == len(confidence) == len(predicted) == len(correct)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        split=np.array(split),
        step=np.array(step),
        items=items,
        loss=loss,
        confidence=confidence,
        predicted=predicted,
        correct=correct,
    )
    write_bytes(_folder(run) / f"{split}.npz", buffer.getvalue())


def read_scores(run: Run) -> Scores:
    """Everything that is known of single items, of all splits; empty where nothing was ever written.

    Raises:
        UserError: A file is damaged.
    """
    parts = [_read(path) for path in sorted(_folder(run).glob("*.npz"))]
    merged = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0, {"U": "U1"}.get(kind, kind))
        for name, kind in _KINDS.items()
    }
    order = np.argsort(merged["items"], kind="stable")
    column = {name: values[order] for name, values in merged.items()}
    return Scores(
        items=column["items"].astype(np.int64),
        split=column["split"],
        step=column["step"].astype(np.int64),
        loss=column["loss"].astype(np.float32),
        confidence=column["confidence"].astype(np.float32),
        predicted=column["predicted"].astype(np.int64),
        correct=column["correct"].astype(np.bool_),
    )


def item_scores(project: Project, dataset_id: str, *, runs: int = RUNS) -> Mapping[str, NDArray[np.float64]]:
    """Numbers to sort the items of a dataset by: ``"loss · run's name"``, ``"confidence · run's name"``, newest first.

    A damaged run is passed over. Takes a moment: not for the thread of a window.

    Returns:
        float64[N] each, nan where the run says nothing of an item. Of runs with one name the later ones keep it bare.
    """
    total = project.dataset(dataset_id).items
    found: dict[str, NDArray[np.float64]] = {}
    for row in reversed(project.runs()):
        if len(found) >= 2 * runs:
            break
        try:
            if row.run.status().dataset != dataset_id:
                continue
            scores = read_scores(row.run)
        except UserError:
            continue
        kept = (scores.items >= 0) & (scores.items < total)
        if kept.any():
            name = _unlike(row, found)
            for what, values in (("loss", scores.loss), ("confidence", scores.confidence)):
                column = np.full(total, np.nan)
                column[scores.items[kept]] = values[kept]
                found[f"{what} · {name}"] = column
    return found


def _unlike(row: RunRow, found: Mapping[str, object]) -> str:
    """A name for the run that none of ``found`` has: its own, with its date, with the end of its folder's name."""
    date = time.strftime("%d %b %H:%M", time.localtime(row.created))
    names = (row.name, f"{row.name} · {date}", f"{row.name} · {date} · {row.run.id[-4:]}")
    return next((name for name in names if f"loss · {name}" not in found), row.run.id)


def _folder(run: Run) -> Path:
    return run.folder / "scores"


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    """The columns in one file, each as long as the others."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            columns = {name: file[name] for name in _KINDS}
        for name, values in columns.items():
            if values.dtype.kind != _KINDS[name] or values.ndim != (name not in ("split", "step")):
                raise ValueError(f"{name} is {values.dtype}{list(values.shape)}")
        length = len(columns["items"])
        return {name: np.broadcast_to(values, length) for name, values in columns.items()}
    except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"these are no scores of items ({error})", where=str(path), remedy="evaluate the run again"
        ) from None
