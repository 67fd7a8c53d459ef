"""The one way from pixels to a trained network's answers, whoever asks: Inspect, ``predict`` or a script.

On a CPU an answer depends to the last bit on how many images a forward pass has, but neither on an image's place in it
nor on its neighbours. So every pass here has the same number of rows, which follows from the network alone; the last
one is filled up with copies. Reading and decoding run ahead in threads of their own, and so does the network, so that
whoever iterates hears from it however long a pass takes. What the answers are for is others' business.

Shapes: M images, B rows of a forward pass, K classes, D features, C channels, H = W pixels.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.engine.data.pixels import ArrayPixels, Bytes
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.models.layers import answers, last_dense, summary
from workbench.engine.project.splits import Items
from workbench.engine.train.evaluate import autocast
from workbench.engine.train.feed import Scale
from workbench.engine.train.trained import Trained

Singles = NDArray[np.float32]
_REPORT_SECONDS = 0.05
# Measured on two cores: a pass is fastest where it has some billions of multiply-adds, and where no layer's output
# exceeds what the allocator of the C library keeps for the next one, which is 32 MiB.
_MACS, _LARGEST, _MOST = 4e9, 32 * 1024**2, 1024
_ACCELERATOR = 64  # times as much of each for a device that wants to be filled
_STEP = 8


def batch_rows(model: nn.Module, shape: tuple[int, int, int], *, device: torch.device) -> int:
    """Rows of every forward pass: a multiple of 8 that the network and the kind of device decide, never the clock."""
    layers = summary(model, shape)
    macs = sum(row.macs for row in layers)
    largest = 4 * max(int(np.prod(shape)), *(int(np.prod(row.output_shape)) for row in layers))
    more = 1 if device.type == "cpu" else _ACCELERATOR
    most = min(_MOST, more * _MACS / max(1, macs), more * _LARGEST / largest)
    return max(_STEP, int(most) // _STEP * _STEP)


class Images(Protocol):
    """M images that a network is to be shown.

    Attributes:
        at_once: How many one thread had best take at a time.
    """

    at_once: int

    def __len__(self) -> int: ...

    def take(self, positions: range, closing: threading.Event) -> tuple[Bytes, dict[int, str]]:
        """Pixels uint8[b, C, H, W] of some of them, and which of these cannot be read and why; theirs are zero.

        Called from several threads. Once ``closing`` is set nobody wants the result.
        """
        ...


class StoredImages:
    """Images that were decoded before.

    Args:
        pixels: Of a dataset.
        items: The ids to show, int64[M].
    """

    at_once = _MOST

    def __init__(self, pixels: ArrayPixels, items: Items) -> None:
        self._pixels, self._items = pixels, items

    def __len__(self) -> int:
        return len(self._items)

    def take(self, positions: range, closing: threading.Event) -> tuple[Bytes, dict[int, str]]:
        items = self._items[positions.start : positions.stop]
        unreadable = self._pixels.unreadable
        bad = {place: unreadable[item] for place, item in zip(positions, items.tolist(), strict=True)
               if item in unreadable} if unreadable else {}  # fmt: skip
        return self._pixels.gather(items), bad


class DecodedImages:
    """Images that are decoded as they are needed.

    Args:
        count: M.
        shape: C, H and W.
        read: Pixels uint8[C, H, W] of the image at a position, from any thread; :class:`UserError` if it has none.
    """

    at_once = _STEP

    def __init__(self, count: int, *, shape: tuple[int, int, int], read: Callable[[int], Bytes]) -> None:
        self._count, self._shape, self._read = count, shape, read

    def __len__(self) -> int:
        return self._count

    def take(self, positions: range, closing: threading.Event) -> tuple[Bytes, dict[int, str]]:
        pixels, bad = np.zeros((len(positions), *self._shape), np.uint8), {}
        for row, place in enumerate(positions):
            if closing.is_set():
                break
            try:
                pixels[row] = self._read(place)
            except UserError as error:
                bad[place] = f"{error.where}: {error.what}"
        return pixels, bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a network says of b images in a row.

    Attributes:
        first: Position of the first of them.
        logits: float32[b, K], as the task evaluates: with ``task.mirror`` the mean over an image and its mirror image.
        features: float32[b, D], what the last layer sees; the mean over the passes where the task makes several, whose
            mean logits are what a linear last layer makes of it.
        unreadable: Position to why the image there could not be read. Its answers mean nothing.
    """

    first: int
    logits: Singles
    features: Singles
    unreadable: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.logits)


class Forward:
    """Forward passes of one network, all of :attr:`rows` rows, in evaluation mode and the precision of its training.

    Raises:
        UserError: The device has no memory left.
    """

    def __init__(self, trained: Trained) -> None:
        self._trained = trained
        self._context = autocast(trained.job.train.precision, trained.device)
        self._scale = Scale(trained.preprocessing, trained.device, channels_last=trained.job.channels_last)
        with trained.lock:
            self.rows = batch_rows(trained.model, trained.meta.shape, device=trained.device)
            blank = np.zeros((1, *trained.meta.shape), np.uint8)
            with torch.inference_mode(), self._context():
                self._last = last_dense(trained.model, self._scale(torch.from_numpy(blank).to(trained.device)))

    def __call__(self, pixels: Bytes) -> tuple[Singles, Singles]:
        """Logits float32[b, K] and features float32[b, D] of images uint8[b, C, H, W]; b is 1 to :attr:`rows`."""
        count = len(pixels)
        if count < self.rows:
            pixels = pixels[np.arange(self.rows) % count]
        trained, listening = self._trained, _Listening(self._trained.model, self._last)
        try:
            with trained.lock, torch.inference_mode(), self._context():
                images = self._scale(torch.from_numpy(pixels).to(trained.device))
                logits = trained.classifier.predict(listening, images)
            features = torch.stack(listening.heard).mean(0) if len(listening.heard) > 1 else listening.heard[0]
            return logits[:count].float().cpu().numpy(), features[:count].float().cpu().numpy()
        except torch.OutOfMemoryError:
            raise UserError(
                "the device has not enough memory left to show images to this network",
                remedy="stop what else uses it, or use the device cpu",
            ) from None


class _Listening(nn.Module):
    """A network that remembers what its last layer saw in each pass."""

    def __init__(self, model: nn.Module, last: nn.Module | None) -> None:
        super().__init__()
        self._shown = (model, last)  # in a tuple: they are no parts of this one
        self.heard: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        logits, features = answers(self._shown[0], images, last=self._shown[1])
        self.heard.append(features)
        return logits


def answers_to(trained: Trained, images: Images, *, stage: str) -> Generator[Progress | Answers, None, None]:
    """Show ``images`` to a network, in order.

    Args:
        stage: What to call it in the progress.

    Yields:
        Answers, pass by pass, and progress, at least ten times a second. Closing waits for one pass at most.
    """
    total, done, reported = len(images), 0, time.monotonic()
    if not total:
        return
    workers = max(2, os.cpu_count() or 1)
    closing = threading.Event()
    running: deque[Future[Answers]] = deque()
    with (
        ThreadPoolExecutor(1, thread_name_prefix="network") as network,
        ThreadPoolExecutor(workers, thread_name_prefix="decode") as readers,
    ):
        try:
            yield Progress(stage=stage, done=0, total=total)
            preparing = network.submit(Forward, trained)
            while not wait([preparing], timeout=_REPORT_SECONDS).done:
                yield Progress(stage=stage, done=0, total=total)
            forward = preparing.result()

            def look(first: int, parts: "list[Future[tuple[Bytes, dict[int, str]]]]") -> Answers:
                taken = [part.result() for part in parts]
                bad = {place: why for _, some in taken for place, why in some.items()}
                logits, features = forward(
                    np.concatenate([pixels for pixels, _ in taken]) if taken[1:] else taken[0][0]
                )
                return Answers(first=first, logits=logits, features=features, unreadable=bad)

            starts = iter(range(0, total, forward.rows))
            ahead = 2 + -(-2 * workers * images.at_once // forward.rows)
            while done < total:
                while len(running) < ahead and (first := next(starts, None)) is not None:
                    stop = min(first + forward.rows, total)
                    parts = [readers.submit(images.take, range(start, min(start + images.at_once, stop)), closing)
                             for start in range(first, stop, images.at_once)]  # fmt: skip
                    running.append(network.submit(look, first, parts))
                if wait([running[0]], timeout=_REPORT_SECONDS).done:
                    answered = running.popleft().result()
                    done += len(answered)
                    yield answered
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    yield Progress(stage=stage, done=done, total=total)
        finally:
            closing.set()
            for future in running:
                future.cancel()
    yield Progress(stage=stage, done=total, total=total)


def infer(trained: Trained, images: Images, *, stage: str, stop: bool = False) -> Generator[Progress, None, Answers]:
    """The answers to all of ``images`` in one piece.

    Args:
        stop: End with an error at the first image that cannot be read.

    Yields, Raises:
        As :func:`answers_to`.
    """
    logits = np.zeros((len(images), len(trained.meta.classes)), np.float32)
    features = np.zeros((len(images), 0), np.float32)
    unreadable: dict[int, str] = {}
    for answer in answers_to(trained, images, stage=stage):
        if isinstance(answer, Progress):
            yield answer
            continue
        unreadable.update(answer.unreadable)
        if unreadable and stop:
            raise UserError(
                next(iter(unreadable.values())), remedy="mend or remove it, or train with data.on_error = skip"
            )
        if not answer.first:
            features = np.empty((len(images), answer.features.shape[1]), np.float32)
        logits[answer.first : answer.first + len(answer)] = answer.logits
        features[answer.first : answer.first + len(answer)] = answer.features
    return Answers(first=0, logits=logits, features=features, unreadable=unreadable)
