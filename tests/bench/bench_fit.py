"""What the loop costs: ``fit`` against a bare PyTorch loop over the same network, data, batch and optimiser.

    python tests/bench/bench_fit.py [--data PATH] [--pairs 5]

The two take turns every few tenths of a second, and a pair is the ratio of what they took in many turns, so that a
machine whose speed drifts does not matter. A ratio of 1 means that events, metrics and Accelerate cost nothing.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "4000")  # as the program itself does

import numpy as np
import torch
from torch.nn import functional as F

from workbench.engine import events as ev
from workbench.engine.data.decode import encode_png
from workbench.engine.models import MODELS, build
from workbench.engine.models.layers import attach_generator
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.splits import TRAIN
from workbench.engine.train import session
from workbench.engine.train.fit import fit
from workbench.engine.train.job import Job, preset
from workbench.engine.train.material import load_material
from workbench.engine.train.optimisers import Regulariser, make_optimiser

TURN_SECONDS, TURNS = 0.4, 20


def random_images(folder: Path, *, count: int = 5000) -> Path:
    """A folder per class of random 32 x 32 images, for a machine without CIFAR-10."""
    random = np.random.default_rng(0)
    for part, share in (("train", count), ("test", count // 5)):
        for number in range(share):
            path = folder / part / f"class{number % 10}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)))
    return folder


def drain(work: object) -> object:
    """A generator's value, its events dropped."""
    while True:
        try:
            next(work)  # type: ignore[call-overload]
        except StopIteration as end:
            return end.value


Turns = Generator[tuple[int, float], None, None]
"""Steps and seconds of one turn; a turn ends when it has lasted ``TURN_SECONDS``."""


def ours(project: Project, job: Job) -> Turns:
    """The loop of the program, its reports included."""
    preferences = Preferences(device="cpu")
    work = fit(project, drain(session.create(project, job, preferences=preferences)), preferences=preferences)
    done, since, started = 0, 0, 0.0
    for event in work:
        if isinstance(event, ev.Steps):
            done = event.last
            now = time.perf_counter()
            if started and now - started >= TURN_SECONDS:
                yield done - since, now - started
                now = 0.0
            if not started or not now:
                since, started = done, time.perf_counter()


def bare(project: Project, job: Job) -> Turns:
    """The loop that one would write by hand, without metrics."""
    preferences = Preferences(device="cpu")
    status = drain(session.create(project, job, preferences=preferences)).status()
    dataset, split = project.dataset(status.dataset), project.split(status.split)
    device = torch.device("cpu")
    material = drain(load_material(project, job, dataset, split, device=device, preferences=preferences))
    items = torch.from_numpy(material.split.items[TRAIN])
    images, labels = material.feed.resident.contiguous(), material.feed.labels
    generator = torch.Generator().manual_seed(0)
    model = build(job.model, job.model_params, shape=material.shape, classes=10, generator=generator)
    layout = torch.channels_last if MODELS[job.model].spatial else torch.contiguous_format
    model.to(memory_format=layout)
    attach_generator(model, generator)
    model.train()
    optimiser = make_optimiser(model, job.train)
    regulariser = Regulariser(model, job.train)
    batch = job.train.batch_size
    steps, started = 0, time.perf_counter()
    while True:
        shuffled = items[torch.randperm(len(items), generator=generator)]
        for position in range(len(items) // batch):
            chosen = shuffled[position * batch : (position + 1) * batch]
            x = images[chosen].to(torch.float32, memory_format=layout).mul_(1 / 255)
            loss = F.cross_entropy(model(x), labels[chosen])
            loss.backward()
            regulariser.apply(job.train.learning_rate)
            optimiser.step()
            optimiser.zero_grad()
            steps += 1
            if time.perf_counter() - started >= TURN_SECONDS:
                yield steps, time.perf_counter() - started
                steps, started = 0, time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="CIFAR-10 as a folder per class or an archive of it")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or random_images(Path(folder) / "data")
        project = Project(Path(folder) / "project")
        for name in ("cifar10-cnn", "cifar10-fnn"):
            quiet = ["train.evaluate_every=100000000", "train.checkpoint_minutes=0", "train.keep_best=false"]
            where = [f"data.source={data}", "data.protocol=train-test"]
            job = preset(name).with_settings([*where, *quiet, "train.steps=100000000"])
            both = {"fit": ours(project, job), "bare": bare(project, job)}
            for turns in both.values():  # warm-up
                next(turns)
            ratios = []
            for number in range(options.pairs):
                steps, seconds = dict.fromkeys(both, 0), dict.fromkeys(both, 0.0)
                for turn in range(TURNS):
                    for side in sorted(both, reverse=bool(turn % 2)):  # nobody always comes second
                        more, spent = next(both[side])
                        steps[side] += more
                        seconds[side] += spent
                each = {side: 1e3 * seconds[side] / steps[side] for side in both}
                ratios.append(each["bare"] / each["fit"])
                print(f"{name} pair {number + 1}: fit {each['fit']:.3f} ms, bare {each['bare']:.3f} ms a step")
            print(f"{name}: speed of fit / bare loop, median of {options.pairs}: {statistics.median(ratios):.3f}\n")
            for turns in both.values():
                turns.close()


if __name__ == "__main__":
    main()
