"""Files of weights, read without unpickling, and their tensors by the backbone's own names.

Others wrap a network's weights in tables and prefixes and keep its classifier; all of that is taken off here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from workbench.engine.errors import UserError
from workbench.engine.models.transfer.backbones import backbones, digest

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".tar")  # the last of .pth.tar
# In a checkpoint of others; the averaged weights first, which are the better ones
_TABLES = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model", "weights", "teacher")
_PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "net.", "network.")
_OWN = ("frozen.", "tail.")  # the parts of a TransferNet
_TRAINING_ONLY = ("AuxLogits.", "aux1.", "aux2.")  # outputs that torchvision's older networks have while they train

State = Mapping[str, Tensor]


def read_state(path: Path) -> State:
    """The tensors of a file with one of :data:`SUFFIXES`, as they are called in it.

    Raises:
        UserError: It cannot be read, or holds anything but tensors.
    """
    _check_file(path)
    again = "fetch or save that file again"
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        found: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=False)
    except OSError as error:
        raise UserError(f"the weights cannot be read ({error.strerror or error})", where=str(path)) from None
    except SafetensorError as error:
        raise UserError(f"the weights cannot be read ({error})", where=str(path), remedy=again) from None
    except Exception as error:  # torch raises half a dozen kinds here
        if "eights only" not in str(error):
            damaged = "the weights cannot be read (the file is damaged, or torch did not save it)"
            raise UserError(damaged, where=str(path), remedy=again) from None
        raise UserError(
            "the weights cannot be read (it holds more than tensors)", where=str(path),
            remedy="save the network's state_dict alone, best as .safetensors",
        ) from None  # fmt: skip
    return _tensors(found, path)


def _check_file(path: Path) -> None:
    """Raise :class:`UserError` where ``path`` is no file, an empty one, or by its name one of something else."""
    if not path.exists():
        raise UserError(
            "there is no such file of weights", where=str(path),
            remedy="set model.weights to one that is there, or to imagenet, none or run:ID",
        )  # fmt: skip
    if path.is_dir():
        raise UserError("this is a folder, not a file of weights", where=str(path), remedy="choose a file in it")
    if path.suffix.lower() not in SUFFIXES:
        raise UserError("this is no file of weights", where=str(path), remedy=f"choose one of {', '.join(SUFFIXES)}")
    if not path.stat().st_size:
        raise UserError("this file of weights is empty", where=str(path), remedy="fetch or save it again")


def _tensors(found: Any, path: Path) -> State:
    while isinstance(found, Mapping):
        inner = next((found[key] for key in _TABLES if isinstance(found.get(key), Mapping) and found[key]), None)
        if inner is None:
            break
        found = inner
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)} \
        if isinstance(found, Mapping) else {}  # fmt: skip
    if not tensors:
        raise UserError("there are no tensors in this file", where=str(path), remedy="save the network's state_dict")
    return tensors


def own_names(state: State) -> State:
    """The tensors of one of our transfer runs by the backbone's names, whatever it froze; without its head."""
    return {name.removeprefix(part): tensor for name, tensor in state.items() for part in _OWN if name.startswith(part)}


def stripped(state: State, names: frozenset[str]) -> State:
    """``state`` without the prefix under which most of ``names`` are found in it."""
    if any(name.startswith(_OWN) for name in state):
        state = own_names(state)
    best, most = "", sum(name in names for name in state)
    for prefix in _candidates(state):
        hits = sum(name.removeprefix(prefix) in names for name in state if name.startswith(prefix))
        if hits > most:
            best, most = prefix, hits
    if not best:
        return state
    return {name.removeprefix(best): tensor for name, tensor in state.items() if name.startswith(best)}


def _candidates(state: State) -> list[str]:
    """Prefixes that wrappers put before names, one or several after another."""
    found: list[str] = []
    names = list(state)
    open_ends = [""]
    while open_ends:
        start = open_ends.pop()
        for prefix in _PREFIXES:
            whole = start + prefix
            if len(whole) < 60 and any(name.startswith(whole) for name in names):
                found.append(whole)
                open_ends.append(whole)
    return found


def without_classifier(state: State, classifier: tuple[str, ...]) -> State:
    """``state`` without the tensors of the modules in ``classifier`` and without what serves training alone."""
    gone = (*(f"{name}." for name in classifier), *_TRAINING_ONLY)
    return {name: tensor for name, tensor in state.items() if not name.startswith(gone)}


def difference(needed: State, given: State) -> str:
    """The first tensor that is needed and not given, or given in another shape; empty where all is well."""
    for name, tensor in needed.items():
        if name not in given:
            if name.endswith("num_batches_tracked"):  # which files of long ago lack, and nothing here needs
                continue
            return f"{name} is missing"
        if given[name].shape != tensor.shape:
            return f"{name} is {_shape(given[name])} instead of {_shape(tensor)}"
    return ""


def superfluous(known: frozenset[str], given: State) -> str:
    """The first tensor that is given and that the whole backbone does not know; empty where there is none."""
    return next((name for name in given if name not in known), "")


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a number"


def recognised(state: State) -> list[str]:
    """The names of the backbones whose tensors, names and shapes, these are. Several may share all of them."""
    known: dict[str, list[str]] = {}
    classifiers: set[tuple[str, ...]] = {()}
    for entry in backbones():
        known.setdefault(entry.key, []).append(entry.name)
        classifiers.add(entry.classifier)
    for classifier in sorted(classifiers, key=len):
        if all(any(name.startswith(f"{one}.") for name in state) for one in classifier):
            shapes = {name: tuple(tensor.shape) for name, tensor in without_classifier(state, classifier).items()}
            if (key := digest(shapes)) in known:
                return known[key]
    return []
