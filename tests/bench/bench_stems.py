"""What keeping the outputs of a frozen part saves: epochs of a new head with and without them.

    python tests/bench/bench_stems.py [--data FOLDER] [--weights FILE] [--backbone NAME] [--pairs 3]

Both sides train the same job through ``fit``, on decoded images in memory. An epoch's time is that of its training
steps and of one evaluation of both splits. Without --data and --weights the images and the weights are random, which
costs the same time.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("GOMP_SPINCOUNT", "4000")  # as the program itself does

import numpy as np

from workbench.engine import events as ev
from workbench.engine.data.decode import encode_png
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.train import network, session
from workbench.engine.train.job import Job

EPOCHS = {True: 40, False: 2}


def random_images(folder: Path) -> Path:
    """As many images as ants and bees have, in two classes."""
    random = np.random.default_rng(0)
    for part, count in (("train", 244), ("val", 153)):
        for number in range(count):
            path = folder / part / f"class{number % 2}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(random.integers(0, 256, (256, 256, 3), dtype=np.uint8)))
    return folder


def drain(work: object) -> object:
    """A generator's value, its events dropped."""
    while True:
        try:
            next(work)  # type: ignore[call-overload]
        except StopIteration as end:
            return end.value


def nothing_kept(*_: object, **__: object) -> Generator[ev.Event, None, None]:
    """Stands for ``load_stems`` where the whole network is to run in every step."""
    yield from ()


def measure(project: Project, job: Job, *, kept: bool, cache: Path) -> tuple[float, float, float]:
    """Seconds an epoch, with its evaluation; seconds from the start to the first step; last validation accuracy."""
    preferences = Preferences(device="cpu", cache_folder=str(cache))
    run = drain(session.create(project, job, preferences=preferences))
    began = time.perf_counter()
    started, evaluated, accuracy = 0.0, [], 0.0
    with patch.object(network, "load_stems", network.load_stems if kept else nothing_kept):
        for event in session.train(project, run, preferences=preferences):
            if isinstance(event, ev.Started):
                started = time.perf_counter() - began
            elif isinstance(event, ev.Evaluated):
                accuracy = event.metrics["validation/accuracy"]
                evaluated.append(time.perf_counter())
    # What the first epoch does for the first time is not counted.
    return (evaluated[-1] - evaluated[0]) / (len(evaluated) - 1), started, accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with train and val, a folder per class in each")
    parser.add_argument("--weights", default="none", help="a file of weights for the backbone")
    parser.add_argument("--backbone", default="torchvision/resnet18")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or random_images(Path(folder) / "data")
        project, cache = Project(Path(folder) / "project"), Path(folder) / "cache"
        ratios = []
        for pair in range(options.pairs):
            seconds = {}
            for kept in (True, False):
                job = Job.from_dict(
                    {
                        "data": {"source": str(data)},
                        "model": {
                            "name": "transfer", "reuse": "none",
                            "backbone": options.backbone, "weights": options.weights,
                        },
                        "train": {
                            "epochs": EPOCHS[kept], "batch_size": 16, "drop_last": False, "evaluate_every": 16,
                            "learning_rate": 1e-3, "keep_best": False, "checkpoint_minutes": 0,
                        },
                    },
                    name="head",
                )  # fmt: skip
                seconds[kept], started, accuracy = measure(project, job, kept=kept, cache=cache)
                words = "with stems" if kept else "without"
                print(
                    f"pair {pair + 1}, {words}: {1e3 * seconds[kept]:,.1f} ms an epoch, first step after "
                    f"{started:.1f} s, validation accuracy {accuracy:.2%} after {EPOCHS[kept]} epochs"
                )
            ratios.append(seconds[False] / seconds[True])
        print(f"{options.backbone}: an epoch without / with stems, median of {options.pairs}: "
              f"{statistics.median(ratios):.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
