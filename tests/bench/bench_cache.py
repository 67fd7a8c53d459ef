"""Epochs 1, 2 and 3 over a folder of JPEGs: the decode cache against torchvision's ImageFolder and a DataLoader.

    python tests/bench/bench_cache.py [--data FOLDER-OR-TAR] [--size 64] [--batch 64] [--rounds 3] [--network both]

Both sides see the same files at the same size and in batches of the same size, and take turns epoch by epoch in one
process; the DataLoader has two workers, which live on between epochs. A round begins with an empty cache. Our first
epoch includes the decode that fills it; the import before it is told apart and together. ``nothing`` is no network at
all: what the input alone can do. ``small``, two convolutions, is trained by SGD in the same lines on both sides.

``--data`` takes a folder with a subfolder for each class, or with such a folder called ``train``, or a tar of either;
without it 4,000 JPEGs of 256 x 256 pixels are made.
"""

import argparse
import os
import shutil
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "4000")  # as the program itself does

import numpy as np
import torch
from bench_fit import drain
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.train import session
from workbench.engine.train.feed import Order
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material, load_material

EPOCHS = 3
DEVICE = torch.device("cpu")
Batch = tuple[Tensor, Tensor]
Learn = Callable[[Batch], None]


def photographs(folder: Path, *, count: int = 2000) -> Path:
    """Smooth random JPEGs in ten classes, about as large on disk as photographs are."""
    random = np.random.default_rng(0)
    for number in range(count):
        rough = Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8))
        path = folder / f"class{number % 10}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        rough.resize((256, 256), Image.Resampling.BICUBIC).save(path, quality=90)
    return folder


def the_folder(data: Path, temporary: Path) -> Path:
    """The folder of classes that both sides train on."""
    if data.is_file():
        with tarfile.open(data) as archive:
            archive.extractall(temporary / "data", filter="data")
        data = temporary / "data"
    while not (data / "train").is_dir() and len(inside := [path for path in data.iterdir() if path.is_dir()]) == 1:
        data = inside[0]
    return data / "train" if (data / "train").is_dir() else data


def learner(network: str, *, classes: int) -> Learn:
    """What is done with a batch."""
    if network == "nothing":
        return lambda batch: None
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(512, classes),
    ).to(memory_format=torch.channels_last)  # fmt: skip
    optimiser = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)

    def learn(batch: Batch) -> None:
        images, labels = batch
        loss = F.cross_entropy(model(images.contiguous(memory_format=torch.channels_last)), labels)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return learn


def an_epoch(batches: Iterable[Batch], learn: Learn) -> int:
    """How many images there were."""
    seen = 0
    for batch in batches:
        learn(batch)
        seen += len(batch[1])
    return seen


def ours(
    folder: Path, home: Path, options: argparse.Namespace, network: str
) -> Generator[tuple[float, int], None, None]:
    """Seconds and images of the import, then of each epoch."""
    os.environ["WORKBENCH_HOME"] = str(home)
    project, preferences = Project(home / "project"), Preferences(device="cpu")
    values = {"data": {"source": str(folder), "size": options.size, "colour": "rgb", "protocol": "random"},
              "model": {"name": "cnn"}}  # fmt: skip
    job = Job.from_dict(values, name="b")
    started = time.perf_counter()
    status = drain(session.create(project, job, preferences=preferences)).status()
    dataset, split = project.dataset(status.dataset), project.split(status.split)
    yield time.perf_counter() - started, dataset.items
    learn = learner(network, classes=len(dataset.label_sets["label"]))
    everything = torch.arange(dataset.items).numpy()
    material: Material | None = None
    for number in range(EPOCHS):
        started = time.perf_counter()
        if material is None:
            material = drain(load_material(project, job, dataset, split, device=DEVICE, preferences=preferences))
        order = Order(everything, batch=options.batch, drop_last=False, seed=number)
        seen = an_epoch((material.feed.batch(order[batch]) for batch in range(order.per_epoch)), learn)
        yield time.perf_counter() - started, seen


def theirs(folder: Path, options: argparse.Namespace, network: str) -> Generator[tuple[float, int], None, None]:
    """The same written plainly with torchvision; nothing is imported."""
    yield 0.0, 0
    transform = v2.Compose(
        [v2.ToImage(), v2.Resize(options.size), v2.CenterCrop(options.size), v2.ToDtype(torch.float32, scale=True)]
    )
    learn = learner(network, classes=len(ImageFolder(folder).classes))
    started = time.perf_counter()
    images = ImageFolder(folder, transform)
    loader = DataLoader(images, batch_size=options.batch, shuffle=True, num_workers=2, persistent_workers=True)
    for _ in range(EPOCHS):
        seen = an_epoch(loader, learn)
        yield time.perf_counter() - started, seen
        started = time.perf_counter()


def a_round(folder: Path, options: argparse.Namespace, network: str) -> dict[str, list[float]]:
    """Images a second in each epoch, import included in the first for ``ours with import``."""
    with tempfile.TemporaryDirectory() as home:
        sides = {"ours": ours(folder, Path(home), options, network), "theirs": theirs(folder, options, network)}
        importing, _ = next(sides["ours"])
        next(sides["theirs"])
        speeds: dict[str, list[float]] = {"ours": [], "theirs": [], "ours with import": []}
        for epoch in range(EPOCHS):
            for side in sorted(sides, reverse=bool(epoch % 2)):  # nobody always comes second
                seconds, seen = next(sides[side])
                speeds[side].append(seen / seconds)
                print(f"  {network}, epoch {epoch + 1}, {side}: {seconds:.2f} s, {seen / seconds:,.0f} images a second")
                if side == "ours":
                    speeds["ours with import"].append(seen / (seconds + (0 if epoch else importing)))
        print(f"  {network}: importing took {importing:.2f} s")
        for work in sides.values():
            work.close()
        shutil.rmtree(Path(home) / "cache", ignore_errors=True)
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--network", choices=("nothing", "small", "both"), default="both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data = options.data or photographs(Path(temporary) / "made", count=4000)
        folder = the_folder(data, Path(temporary))
        for network in ("nothing", "small") if options.network == "both" else (options.network,):
            rounds = [a_round(folder, options, network) for _ in range(options.rounds)]
            for epoch in range(EPOCHS):
                for side in ("ours", "ours with import") if epoch == 0 else ("ours",):
                    ratios = [speeds[side][epoch] / speeds["theirs"][epoch] for speeds in rounds]
                    middle, each = statistics.median(ratios), ", ".join(f"{ratio:.2f}" for ratio in ratios)
                    print(f"{network}, epoch {epoch + 1}: {side} / theirs, median {middle:.2f} ({each})")


if __name__ == "__main__":
    main()
