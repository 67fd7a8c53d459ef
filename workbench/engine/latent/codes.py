"""The codes of a split: where a network puts the images of its data."""

import time
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.engine import events as ev
from workbench.engine.data.opened import Dataset, open_dataset
from workbench.engine.data.pixels import Pixels
from workbench.engine.latent.explorer import POSTERIOR, Explorer
from workbench.engine.latent.originals import decoded, run_data, split_items
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.project.splits import Items
from workbench.engine.train.dividing import choose_label_set
from workbench.engine.waiting import waiting

Singles = NDArray[np.float32]
UNKNOWN = -1
_REPORT_SECONDS = 0.05
_ROWS, _BYTES = 512, 4 * 1024**2  # images that are read at once, at most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codes:
    """Where the images of a split lie. Shapes: N items, D dimensions, K classes.

    Attributes:
        run, step: Whose weights, and the steps behind them.
        split: What of the run's data.
        protocol: As stands beside every number of the run.
        classes: Names of the classes as they are now; empty where the data has none.
        items: Ids, int64[N].
        labels: int64[N] into ``classes``, -1 where there is none.
        mean, deviation: Of each code, float32[N, D]; the deviation is 0 where codes are exact, and not to be written.
    """

    run: str
    step: int
    split: str
    protocol: str
    classes: tuple[str, ...]
    items: Items
    labels: Items
    mean: Singles
    deviation: Singles

    def __post_init__(self) -> None:
        assert self.mean.shape == self.deviation.shape
        assert len(self.items) == len(self.labels) == len(self.mean)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def dims(self) -> int:
        return int(self.mean.shape[1])


def encode_split(
    project: Project, run: Run, explorer: Explorer, *, split: str, preferences: Preferences, most: int = 0
) -> Generator[ev.Event, None, Codes]:
    """Find the codes of a split of the run's own data; images that cannot be read are left out.

    Args:
        most: Look at this many items at most, evenly spaced; 0 for all.

    Yields:
        Progress, at least ten times a second. Closing waits for one pass of the network at most.

    Raises:
        UserError: The network gives images no codes; there is no such split; the data is gone; the device's memory is
            full.
    """
    explorer.check_encodes()
    row, stored = run_data(project, run)
    items = split_items(stored, split)
    if 0 < most < len(items):
        items = items[np.linspace(0, len(items) - 1, most).astype(int)]
    opened: Dataset = yield from waiting(partial(open_dataset, project, row), stage="opening the data")
    pixels = yield from decoded(opened, explorer, items, stored, preferences=preferences)
    if pixels.unreadable:
        bad = np.isin(items, np.fromiter(pixels.unreadable, np.int64))
        if bad.any():
            yield ev.Message(text=f"{bad.sum():,} images cannot be read and are left out", level="warning")
            items = items[~bad]
    mean, deviation = yield from _encoded(explorer, pixels, items, stage=f"encoding {split}")
    wanted = str(run.job().get("data", {}).get("label", ""))
    name = choose_label_set(row, wanted if wanted in row.label_sets else "", needed=False)
    return Codes(
        run=run.id,
        step=explorer.step,
        split=split,
        protocol=explorer.protocol,
        classes=opened.state.classes[name] if name else (),
        items=items,
        labels=opened.state.labels[name][items] if name else np.full(len(items), UNKNOWN, np.int64),
        mean=mean,
        deviation=deviation,
    )


def _encoded(
    explorer: Explorer, pixels: Pixels, items: Items, *, stage: str
) -> Generator[ev.Progress, None, tuple[Singles, Singles]]:
    """Mean and deviation of each item's code. Reading runs ahead of the network, each in a thread of its own."""
    shape = (len(items), explorer.dims)
    mean = np.empty(shape, np.float32)
    exact = explorer.encodes != POSTERIOR
    deviation = np.broadcast_to(np.float32(0), shape) if exact else np.empty(shape, np.float32)
    rows = max(1, min(_ROWS, _BYTES // int(np.prod(explorer.shape)), explorer.network.image_rows))
    running: list[Future[int]] = []

    def read(start: int) -> "NDArray[np.uint8]":
        some = items[start : start + rows]
        return explorer.binarisation(pixels.gather(some), some)

    def look(start: int, reading: "Future[NDArray[np.uint8]]") -> int:
        found, spread = explorer.encode(reading.result())
        part = slice(start, start + len(found))
        mean[part] = found
        if not exact:
            deviation[part] = spread
        return len(found)

    yield ev.Progress(stage=stage, done=0, total=len(items))
    done, reported = 0, time.monotonic()
    starts = iter(range(0, len(items), rows))
    with ThreadPoolExecutor(1, thread_name_prefix="encode") as network, ThreadPoolExecutor(1, "read") as reader:
        try:
            while done < len(items):
                while len(running) < 3 and (start := next(starts, None)) is not None:
                    running.append(network.submit(look, start, reader.submit(read, start)))
                if wait(running[:1], timeout=_REPORT_SECONDS).done:
                    done += running.pop(0).result()
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    yield ev.Progress(stage=stage, done=done, total=len(items))
        finally:
            for future in running:
                future.cancel()
    yield ev.Progress(stage=stage, done=len(items), total=len(items))
    return mean, deviation
