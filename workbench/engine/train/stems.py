"""What the frozen part of a network makes of each item, computed once instead of in every step.

A frozen part gives an item the same numbers for ever, as long as nothing before the cut is random. So they are kept,
in memory and on the disk beside the decoded images, and only the rest of the network runs while it is trained. The
numbers are of fixed batches, so they depend on the item alone: a run that is resumed, or another run of the same frozen
part, finds or computes the same bits.

What a network must offer is :class:`Stemmed`; loading its weights, and training, is others' business.
"""

import hashlib
import json
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Protocol, cast, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.engine import events as ev
from workbench.engine.data.pixel_cache import Part, Place
from workbench.engine.data.pixels import GIB, ArrayRows, from_cache, rows_of
from workbench.engine.preferences import Preferences
from workbench.engine.train.evaluate import Autocast, autocast
from workbench.engine.train.feed import AsComputed, Feed
from workbench.engine.train.inference import batch_rows
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material
from workbench.engine.waiting import waiting

Singles = NDArray[np.float32]
_REPORT_SECONDS = 0.05
_ELSEWHERE = "computing features in another process"
# Options of a model that change nothing before the cut, or change its weights, which are part of the key by themselves
_NOT_OF_THE_STEM = ("weights", "statistics", "dropout", "drop_path", "backbone_rate", "layer_decay")


@runtime_checkable
class Stemmed(Protocol):
    """A network with a part that is not trained."""

    frozen: nn.Module

    def stem(self, x: Tensor) -> Tensor:
        """What the frozen part makes of network input [B, C, H, W]."""
        ...

    def rest(self, stem: Tensor) -> Tensor:
        """Logits [B, K] from that."""
        ...

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        """What is trained, each with its share of the learning rate."""
        ...


class OnStems(nn.Module):
    """The same network, fed with stems. It shares the modules and their names with the whole one.

    Args:
        whole: A :class:`Stemmed` network.
    """

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self._modules, self._parameters, self._buffers = whole._modules, whole._parameters, whole._buffers
        object.__setattr__(self, "_whole", whole)  # not as a child, which would change every name

    def forward(self, stem: Tensor) -> Tensor:
        return self._network.rest(stem)

    def parameter_groups(self) -> list[tuple[float, list[nn.Parameter]]]:
        return self._network.parameter_groups()

    def train(self, mode: bool = True) -> "OnStems":
        cast(nn.Module, self._network).train(mode)  # it knows what stays in evaluation
        self.training = mode
        return self

    @property
    def _network(self) -> Stemmed:
        return cast(Stemmed, self.__dict__["_whole"])


def has_frozen_part(model: nn.Module) -> bool:
    """Whether there is anything to compute once."""
    return isinstance(model, Stemmed) and any(True for _ in model.frozen.parameters())


def load_stems(
    model: nn.Module, job: Job, material: Material, *, device: torch.device, preferences: Preferences
) -> Generator[ev.Event, None, tuple[Feed, tuple[int, ...]] | None]:
    """Compute what the frozen part of ``model`` makes of all items of the split, or find it computed.

    Closing the generator, or a crash, loses the last seconds of the work; the next one goes on from there.

    Args:
        model: On ``device``, in its memory layout, with the weights that the frozen part is to keep.

    Yields:
        Progress at least ten times a second as long as a batch is shorter than that, and a message where the frozen
        part has to run in every step.

    Returns:
        A feed of stems in the place of images, and the shape of one; ``None`` where the whole network has to run.
    """
    if not has_frozen_part(model):
        return None
    if why := _what_is_random(job):
        yield ev.Message(text=f"The frozen layers run in every step, because of {why}.")
        return None
    network = cast(Stemmed, model)
    model.eval()
    items = np.unique(np.concatenate(list(material.split.items.values())))
    rows = batch_rows(model, material.shape, device=device)
    context = autocast(job.train.precision, device)
    blank = partial(_run, network, material.feed, items[:1], rows, context)
    shape = (yield from waiting(blank, stage="computing features")).shape[1:]
    key = yield from waiting(
        partial(_key, network, job, material, items=items, rows=rows, device=device), stage="computing features"
    )
    place = Place(preferences.cache, key, shape=(len(items), *shape), width=4, file="stems.f32")
    budget = preferences.memory_gib * GIB

    def fill(part: Part) -> Generator[ev.Progress, None, None]:
        return _compute(network, material.feed, items, rows, context, first=part.done, keep=part.keep)

    found = yield from from_cache(
        place, np.float32, fill, memory_bytes=budget, cache_bytes=preferences.cache_gib * GIB, elsewhere=_ELSEWHERE
    )
    if found:
        array = found[0]
    elif place.bytes <= budget:
        array = np.empty(place.shape, np.float32)

        def keep(start: int, some: Singles, bad: dict[int, str]) -> None:
            array[start : start + len(some)] = some

        yield from _compute(network, material.feed, items, rows, context, first=0, keep=keep)
    else:
        yield ev.Message(
            text=f"The frozen layers run in every step: what they make of {len(items):,} items takes "
            f"{_size(place.bytes)}, more than the image memory and the cache have room for.",
            level="warning",
        )
        return None
    spatial = len(shape) == 3 and job.channels_last
    feed = Feed(
        ArrayRows(array, rows=rows_of(items, total=len(material.feed.labels))),
        material.feed.labels.cpu().numpy(),
        device=device,
        scale=AsComputed(channels_last=spatial),
        catch_all=material.feed.catch_all,
    )
    return feed, shape


def _size(count: int) -> str:
    return f"{count / GIB:,.1f} GiB" if count >= GIB else f"{max(1, round(count * 1024 / GIB)):,} MiB"


def _what_is_random(job: Job) -> str:
    """Why the same item is not the same before the cut every time, for a person; empty where it is."""
    if getattr(job.task_params, "mirror", False):
        return "mirrored evaluation (task.mirror)"
    return "augmentation" if job.augment.active else ""


def _run(
    network: Stemmed,
    feed: Feed,
    items: NDArray[np.int64],
    rows: int,
    context: Autocast,
) -> Singles:
    """Stems of at most ``rows`` items, in a batch that is filled up to just so many."""
    filled = np.concatenate((items, np.repeat(items[:1], rows - len(items))))
    with torch.inference_mode(), context():
        stem = network.stem(feed.batch(torch.from_numpy(filled))[0])[: len(items)]
    return np.ascontiguousarray(stem.float().cpu().numpy())


def _compute(
    network: Stemmed,
    feed: Feed,
    items: NDArray[np.int64],
    rows: int,
    context: Autocast,
    *,
    first: int,
    keep: Callable[[int, Singles, dict[int, str]], None],
) -> Generator[ev.Progress, None, None]:
    """Stems of ``items[first:]`` in order, each batch handed to ``keep``."""
    yield ev.Progress(stage="computing features", done=first, total=len(items))
    reported = time.monotonic()
    for start in range(first, len(items), rows):
        some = items[start : start + rows]
        keep(start, _run(network, feed, some, rows, context), {})
        if time.monotonic() - reported > _REPORT_SECONDS:
            reported = time.monotonic()
            yield ev.Progress(stage="computing features", done=start + len(some), total=len(items))


def _key(
    network: Stemmed, job: Job, material: Material, *, items: NDArray[np.int64], rows: int, device: torch.device
) -> str:
    """A hash of all that decides about the numbers, and of nothing else."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.frozen.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy().data)
    params = {key: value for key, value in job.model_params.to_dict().items() if key not in _NOT_OF_THE_STEM}
    values_ = [
        material.fingerprint, material.preprocessing.to_dict(), job.model, params, job.train.precision,
        job.channels_last, rows, device.type, torch.__version__,
    ]  # fmt: skip
    digest.update(json.dumps(values_, sort_keys=True).encode())
    digest.update(items.astype("<i8").tobytes())
    return digest.hexdigest()[:32]
