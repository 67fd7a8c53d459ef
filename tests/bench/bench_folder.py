"""An image folder after its first epoch: decoded once, against torchvision's plain loop that decodes every time.

    python tests/bench/bench_folder.py [--data FOLDER] [--size 64] [--pairs 5]

Both give the network the same float batches of 64 at the same size; only the way there is timed, without a network.
Without ``--data``, 2,000 JPEGs of 256 x 256 are made.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "4000")

import numpy as np
import torch
from bench_fit import drain
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.splits import TRAIN
from workbench.engine.train import session
from workbench.engine.train.feed import Order
from workbench.engine.train.job import Job
from workbench.engine.train.material import load_material

BATCH = 64


def photographs(folder: Path, *, count: int = 2000) -> Path:
    """Smooth random JPEGs in ten classes, about as large on disk as photographs are."""
    random = np.random.default_rng(0)
    for number in range(count):
        rough = Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8))
        path = folder / f"class{number % 10}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        rough.resize((256, 256), Image.Resampling.BICUBIC).save(path, quality=90)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["WORKBENCH_HOME"] = temporary
        data = options.data or photographs(Path(temporary) / "data")
        project = Project(Path(temporary) / "project")
        preferences = Preferences(device="cpu")
        job = Job.from_dict({"data": {"source": str(data), "size": options.size}, "model": {"name": "cnn"}}, name="b")
        started = time.perf_counter()
        run = drain(session.create(project, job, preferences=preferences))
        status = run.status()
        dataset, split = project.dataset(status.dataset), project.split(status.split)
        device = torch.device("cpu")
        material = drain(load_material(project, job, dataset, split, device=device, preferences=preferences))
        print(f"import and first decode of {dataset.items} images: {time.perf_counter() - started:.2f} s")
        items = material.split.items[TRAIN]
        transform = v2.Compose(
            [v2.ToImage(), v2.Resize(options.size), v2.CenterCrop(options.size), v2.ToDtype(torch.float32, scale=True)]
        )
        folder = data / "train" if (data / "train").is_dir() else data
        loader = DataLoader(
            ImageFolder(folder, transform), batch_size=BATCH, shuffle=True, num_workers=2, persistent_workers=True
        )
        for _ in loader:  # workers start
            pass
        ratios = []
        for number in range(options.pairs):
            started = time.perf_counter()
            order = Order(items, batch=BATCH, drop_last=False, seed=number)
            for batch in range(order.per_epoch):
                material.feed.batch(order[batch])
            ours = len(items) / (time.perf_counter() - started)
            started = time.perf_counter()
            seen = sum(len(images) for images, _ in loader)
            theirs = seen / (time.perf_counter() - started)
            ratios.append(ours / theirs)
            print(f"pair {number + 1}: ours {ours:,.0f}, ImageFolder + DataLoader {theirs:,.0f} images a second")
        print(f"ratio, median of {options.pairs}: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
