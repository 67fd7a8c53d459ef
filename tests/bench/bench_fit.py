"""What the loop costs: ``fit`` against a bare PyTorch loop over the same network, data, batch and optimiser.

    python tests/bench/bench_fit.py [--data PATH] [--pairs 5] [--cpu-time]

Pairs are interleaved and the ratio is taken pair by pair, so that a machine whose speed drifts does not matter; a ratio
of 1 means that events, metrics and Accelerate's wrappers cost nothing. ``--cpu-time`` counts processor seconds instead
of the clock's, for a machine that is busy with something else (use OMP_NUM_THREADS=1 then).
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
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

STEPS = {"cifar10-cnn": 300, "cifar10-fnn": 3000}


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


def ours(project: Project, job: Job, clock: Callable[[], float]) -> float:
    """Seconds a step from the first report to the last, reports included."""
    preferences = Preferences(device="cpu")
    run = drain(session.create(project, job, preferences=preferences))
    first = last = None
    work = fit(project, run, preferences=preferences)
    for event in work:
        if isinstance(event, ev.Steps):
            last = (event.last, clock())
            first = first or last
            if event.last >= job.train.steps - 1:
                break
    work.close()
    return (last[1] - first[1]) / (last[0] - first[0])


def bare(project: Project, job: Job, clock: Callable[[], float]) -> float:
    """Seconds a step of the loop that one would write by hand, without metrics."""
    run = drain(session.create(project, job, preferences=Preferences(device="cpu")))
    status = run.status()
    material = drain(
        load_material(
            project,
            job,
            project.dataset(status.dataset),
            project.split(status.split),
            device=torch.device("cpu"),
            preferences=Preferences(device="cpu"),
        )
    )
    items = torch.from_numpy(material.split.items[TRAIN])
    images, labels = material.feed.resident, material.feed.labels
    generator = torch.Generator().manual_seed(0)
    model = build(job.model, job.model_params, shape=material.shape, classes=10, generator=generator)
    layout = torch.channels_last if MODELS[job.model].spatial else torch.contiguous_format
    images = images.contiguous()
    model.to(memory_format=layout)
    attach_generator(model, generator)
    model.train()
    optimiser = make_optimiser(model, job.train)
    regulariser = Regulariser(model, job.train)
    batch = job.train.batch_size
    started, start_step = clock(), 0
    step = 0
    while step < job.train.steps:
        shuffled = items[torch.randperm(len(items), generator=generator)]
        for position in range(len(items) // batch):
            chosen = shuffled[position * batch : (position + 1) * batch]
            x = images[chosen].to(torch.float32, memory_format=layout).mul_(1 / 255)
            loss = F.cross_entropy(model(x), labels[chosen])
            loss.backward()
            regulariser.apply(job.train.learning_rate)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            if step == 20:
                started, start_step = clock(), step
            if step == job.train.steps:
                break
    return (clock() - started) / (step - start_step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="CIFAR-10 as a folder per class or an archive of it")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.cpu_time else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or random_images(Path(folder) / "data")
        project = Project(Path(folder) / "project")
        for name, steps in STEPS.items():
            quiet = ["train.evaluate_every=1000000", "train.checkpoint_minutes=0", "train.keep_best=false"]
            where = [f"data.source={data}", "data.protocol=train-test"]
            job = preset(name).with_settings([*where, *quiet, f"train.steps={steps}"])
            ratios = []
            for number in range(options.pairs):
                one, other = ours(project, job, clock), bare(project, job, clock)
                ratios.append(other / one)
                print(f"{name} pair {number + 1}: fit {1e3 * one:.3f} ms, bare {1e3 * other:.3f} ms a step")
            print(f"{name}: speed of fit / bare loop, median of {options.pairs}: {statistics.median(ratios):.3f}\n")


if __name__ == "__main__":
    main()
