"""What a backbone begins with: published weights, a file, or one of our own runs.

Loading is strict about the layers that are kept and says what it took from where; nothing is ever unpickled.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import interpolate_embeddings

from workbench.engine.errors import UserError
from workbench.engine.events import Event, Message
from workbench.engine.files import read_json
from workbench.engine.models.transfer import library
from workbench.engine.models.transfer.backbones import TIMM, Choice, choose
from workbench.engine.models.transfer.fetching import published_file
from workbench.engine.models.transfer.model import TransferNet
from workbench.engine.models.transfer.params import IMAGENET, NOTHING, OF_RUN, TransferParams
from workbench.engine.models.transfer.states import (
    State,
    difference,
    own_names,
    read_state,
    recognised,
    stripped,
    superfluous,
    without_classifier,
)
from workbench.engine.waiting import waiting


def load_pretrained(
    model: nn.Module, params: TransferParams, *, of_run: Callable[[str], Path]
) -> Generator[Event, None, None]:
    """Give a network that was just built the weights that ``params.weights`` names.

    Args:
        model: What ``build`` gave for ``params``, on any device.
        params: The options.
        of_run: The folder of a run's checkpoint, given the run's id.

    Yields:
        Progress while files are fetched and read, and a message that says what was loaded.

    Raises:
        UserError: The weights cannot be fetched or read, or are another network's.
    """
    assert isinstance(model, TransferNet)
    wish, choice = params.weights.strip(), choose(params.backbone)
    if wish == NOTHING:
        return
    if wish == IMAGENET:
        path = yield from published_file(choice)
        source = f"published ({path.name})"
        given = yield from waiting(partial(read_state, path), stage="reading weights")
    elif wish.startswith(OF_RUN):
        run = wish.removeprefix(OF_RUN).strip()
        path = of_run(run)
        source, given = f"run {run}", (yield from waiting(partial(_of_run, run, path), stage="reading weights"))
        if _prepared_otherwise(path, choice):
            yield Message(
                text=f"run {run} was shown images scaled otherwise than this backbone's: see data.normalize",
                level="warning",
            )
    else:
        path = Path(wish).expanduser()
        source = str(path)
        given = yield from waiting(partial(read_state, path), stage="reading weights")
    taken = yield from waiting(partial(_fit, model, given, choice, path), stage="loading weights")
    yield Message(text=f"{taken} tensors of {choice} loaded: {source}")


def _of_run(run: str, folder: Path) -> State:
    job = read_json(folder / "meta.json").get("job", {})
    kind = str(job.get("model", {}).get("name", ""))
    if kind != "transfer":
        raise UserError(
            f"run {run} has no backbone to reuse: its network is {kind or 'unknown'}",
            remedy="choose a run of the model transfer",
        )
    return own_names(read_state(folder / "model.safetensors"))


def _prepared_otherwise(folder: Path, choice: Choice) -> bool:
    seen, usual = read_json(folder / "meta.json").get("preprocessing", {}), library.wanted_by(choice)
    if seen.get("mode", "RGB") != "RGB":
        return False
    pairs = zip(
        (*seen.get("mean", usual.mean), *seen.get("deviation", usual.deviation)),
        (*usual.mean, *usual.deviation),
        strict=True,
    )
    return any(abs(one - other) > 0.01 for one, other in pairs)


def _fit(model: TransferNet, given: State, choice: Choice, path: Path) -> int:
    """Load what fits; the number of tensors that were taken."""
    needed = model.backbone_state()
    wanted = library.wanted_by(choice)
    sketch = library.without_memory(choice, size=(wanted.size, wanted.size))
    known = frozenset(sketch.module.state_dict())
    raw = stripped(given, known)
    given = without_classifier(raw, sketch.classifier)
    first, strange = difference(needed, given), superfluous(known, given)
    if first or strange:
        if adapted := _adapted(model, raw, choice, sketch.classifier):
            given, first, strange = adapted, "", ""
        else:
            raise _misfit(raw, choice, path, first or f"{strange} is unknown to it", part=not strange)
    strange = next((name for name in needed if name in given and not given[name].isfinite().all()), "")
    if strange:
        raise UserError(
            f"{strange} holds values that are no numbers", where=str(path), remedy="choose weights that were not spoilt"
        )
    model.load_backbone({**{name: needed[name] for name in needed.keys() - given.keys()}, **given})
    return len(needed.keys() & given.keys())


def _misfit(given: State, choice: Choice, path: Path, first: str, *, part: bool) -> UserError:
    """What to say; ``part`` where all that is given is this network's."""
    fits = recognised(given)
    if fits and f"{choice.library}/{choice.name}" not in fits:
        remedy = f"set model.backbone to what they fit: {' or '.join(fits[:4])}"
    elif part and first.endswith("is missing"):
        remedy = "use weights of the whole network, or set model.cut as it was for them"
    else:
        remedy = "set model.backbone to the network that they were saved from"
    return UserError(
        f"these weights are not those of {choice} (first difference: {first})", where=str(path), remedy=remedy
    )


def _adapted(model: TransferNet, given: State, choice: Choice, classifier: tuple[str, ...]) -> State | None:
    """``given`` made to fit by the library's own means: other names, positions for another image size."""
    try:
        adapted = (_by_timm if choice.library == TIMM else _by_torchvision)(model, given, choice, classifier)
    except Exception:  # it was made for that library's files; what it makes of others is no concern of anybody
        return None
    return None if difference(model.backbone_state(), adapted) else adapted


def _by_timm(model: TransferNet, given: State, choice: Choice, classifier: tuple[str, ...]) -> State:
    last = next((given[f"{name}.weight"] for name in classifier if f"{name}.weight" in given), None)
    classes = 0 if last is None else len(last)
    # Told that the file has as many classes as the network, timm loads strictly.
    overlay = {"state_dict": dict(given), "num_classes": classes, "label_offset": 0, "custom_load": False}
    options: dict[str, Any] = {"img_size": model.size} if library.timm_config(choice)["fixed_input_size"] else {}
    with torch.random.fork_rng(devices=[]):
        network = timm.create_model(
            choice.full, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=classes, **options
        )
    state: dict[str, Tensor] = network.state_dict()
    return without_classifier(state, classifier)


def _by_torchvision(model: TransferNet, given: State, choice: Choice, classifier: tuple[str, ...]) -> State:
    patch = given["conv_proj.weight"].shape[-1]
    state: dict[str, Tensor] = interpolate_embeddings(model.size[0], patch, OrderedDict(given))
    return without_classifier(state, classifier)
