"""Checkpoints: a folder each, complete or absent.

``model.safetensors`` holds the weights and, in its header, all that is needed to use them; ``meta.json`` the same for
people; ``trainer.pt`` the optimiser and the counters, read with ``weights_only=True``. Nothing is ever unpickled.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.files import new_folder, plain_disk_errors, read_json, write_json
from workbench.engine.project.runs import FINISHED, Run
from workbench.engine.registry import suggest

BEST, LAST = "best", "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What weights mean.

    Attributes:
        step: Steps behind them.
        job: The job file's tables.
        classes: Class names in label order.
        preprocessing: As :meth:`Preprocessing.to_dict` gives it.
        shape: Channels, height, width of the network's input.
        protocol, split, fingerprint: What they were trained on.
        catch_all: Label of the class that was made of items without one; -1 if there is none.
    """

    step: int
    job: Mapping[str, Any]
    classes: tuple[str, ...]
    preprocessing: Mapping[str, Any]
    shape: tuple[int, int, int]
    protocol: str
    split: str
    fingerprint: str
    catch_all: int = -1


def save_checkpoint(run: Run, model: nn.Module, trainer: Mapping[str, Any], meta: Meta) -> Path:
    """Write the checkpoint of step ``meta.step``; one that is there already stays as it is.

    Returns:
        Its folder.
    """
    folder = run.checkpoint(meta.step)
    if folder.exists():
        return folder
    weights = {name: tensor.detach().to("cpu").contiguous() for name, tensor in model.state_dict().items()}
    values = asdict(meta)
    with new_folder(folder) as temporary, plain_disk_errors(folder):
        _save(weights, temporary / "model.safetensors", values)
        torch.save(dict(trainer), temporary / "trainer.pt")
        write_json(temporary / "meta.json", values)
    return folder


def _save(weights: dict[str, Tensor], path: Path, values: Mapping[str, Any]) -> None:
    try:
        save_file(weights, path, metadata={"format": "pt", "workbench": json.dumps(values)})
    except SafetensorError as error:  # it reports a full disk as one of its own
        if "No space left" in str(error) or "os error 28" in str(error):
            raise OSError(28, "No space left on device") from error
        raise


def load_meta(folder: Path) -> Meta:
    """What the checkpoint in ``folder`` is; :class:`UserError` where it is none."""
    values = read_json(folder / "meta.json")
    try:
        return Meta(**{**values, "classes": tuple(values["classes"]), "shape": tuple(values["shape"])})
    except (TypeError, KeyError):
        raise UserError("this is no checkpoint of this version", where=str(folder)) from None


def load_weights(folder: Path, model: nn.Module) -> None:
    """Load a checkpoint's weights into ``model``, strictly."""
    path = folder / "model.safetensors"
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        reason = "the file is gone" if isinstance(error, FileNotFoundError) else str(error)
        raise UserError(
            f"the weights cannot be read ({reason})", where=str(path), remedy="take another checkpoint, or train anew"
        ) from None
    own = model.state_dict()
    missing, foreign = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    wrong = [name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape]
    if missing or foreign or wrong:
        first = (missing + foreign + sorted(wrong))[0]
        raise UserError(
            f"these weights are another network's (first difference: {first})",
            where=str(path),
            remedy="choose a run of the same model with the same options and classes",
        )
    model.load_state_dict(weights)


def load_trainer(folder: Path) -> dict[str, Any]:
    """The optimiser's and the loop's state, on the CPU."""
    path = folder / "trainer.pt"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds here; all mean that the file is bad
        raise UserError(f"the trainer's state cannot be read ({type(error).__name__})", where=str(path)) from None
    assert isinstance(state, dict)
    return state


def find_checkpoint(run: Run, which: str, *, metric: str, maximise: bool) -> Path:
    """The folder of checkpoint ``which``: ``"last"``, ``"best"``, or a step number."""
    steps = run.checkpoint_steps()
    if not steps and run.status().state == FINISHED:
        raise UserError(f"the checkpoints of run {run.id} are gone", where=str(run.folder), remedy="train it anew")
    if not steps:
        raise UserError(f"run {run.id} has no checkpoint yet", remedy="resume it, and let it train for a while")
    if which == LAST:
        return run.checkpoint(steps[-1])
    if which == BEST:
        best = run.best_step(metric, maximise=maximise)
        if best in steps:
            return run.checkpoint(best)
        raise UserError(f"run {run.id} has kept no best checkpoint", remedy="use --checkpoint last")
    if which in map(str, steps):
        return run.checkpoint(int(which))
    raise UserError(f"run {run.id} has no checkpoint {which!r}", remedy=suggest(which, [BEST, LAST, *map(str, steps)]))
