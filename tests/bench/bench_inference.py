"""What the way of answers costs: ``infer`` against a bare loop over the same network, rows and pixels in memory.

    python tests/bench/bench_inference.py [--pairs 5] [--device cpu]

Both look at the same images in turns, so that a machine whose speed drifts does not matter. A ratio of 1 means that
threads, features, progress and filled-up passes cost nothing. The second figure of the large networks is with files:
images of a photograph's size made on the spot, decoded while the network runs, against decoding first. On a machine
that does something else meanwhile, believe the ratios of CPU time, which are given too.
"""

import argparse
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "4000")  # as the program itself does

import numpy as np
import torch
from PIL import Image
from torch import nn

from workbench.engine.data.pixels import ArrayPixels, Geometry, prepare
from workbench.engine.inspection.looking import FileAnswers, inspect_files
from workbench.engine.models import MODELS, build
from workbench.engine.tasks import make_task
from workbench.engine.tasks.classify.params import ClassifyParams
from workbench.engine.tasks.task import Setting
from workbench.engine.train.checkpoint import Meta
from workbench.engine.train.feed import Preprocessing, Scale
from workbench.engine.train.inference import StoredImages, batch_rows, infer
from workbench.engine.train.job import Job
from workbench.engine.train.trained import Trained

CLASSES, SECONDS, FILES, PHOTOGRAPH = 10, 1.5, 64, 224


def networks() -> dict[str, tuple[Callable[[], nn.Module], int]]:
    """Networks and the size of their images."""
    import timm
    import torchvision

    def ours(name: str, size: int) -> nn.Module:
        generator = torch.Generator().manual_seed(0)
        return build(name, MODELS[name].params(), shape=(3, size, size), classes=CLASSES, generator=generator)

    return {
        "lite0": (lambda: timm.create_model("tf_efficientnet_lite0", num_classes=CLASSES), 224),
        "resnet18": (lambda: torchvision.models.resnet18(num_classes=CLASSES), 224),
        "cnn": (lambda: ours("cnn", 32), 32),
        "fnn": (lambda: ours("fnn", 28), 28),
    }


def loaded(model: nn.Module, *, size: int, device: torch.device) -> Trained:
    """``model`` as if it were a run's."""
    values = {"data": {"source": "x"}, "model": {"name": "cnn"}}
    preprocessing = Preprocessing(
        geometry=Geometry(size=size, how="crop", mode="RGB"),
        mean=(0.485, 0.456, 0.406),
        deviation=(0.229, 0.224, 0.225),
    )
    meta = Meta(step=1, job=values, classes=tuple(map(str, range(CLASSES))), preprocessing=preprocessing.to_dict(),
                shape=(3, size, size), protocol="", split="", fingerprint="")  # fmt: skip
    model.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trained(checkpoint=Path("none"), meta=meta, job=Job.from_dict(values, name=""), model=model,
                   task=make_task("classify", ClassifyParams(), Setting(classes=CLASSES)), device=device)  # fmt: skip


def drain(work: Generator[object, None, object]) -> object:
    """A generator's value, its events dropped."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def bare(trained: Trained, pixels: np.ndarray, rows: int) -> torch.Tensor:
    """The loop that one would write by hand."""
    scale = Scale(trained.preprocessing, trained.device, channels_last=True)
    logits = []
    with torch.inference_mode():
        for start in range(0, len(pixels), rows):
            batch = torch.from_numpy(pixels[start : start + rows]).to(trained.device)
            logits.append(trained.model(scale(batch)).cpu())
    return torch.cat(logits)


def spent(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of all processors."""
    wall, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - used


def in_turns(ours: Callable[[], object], other: Callable[[], object], *, pairs: int, images: int) -> str:
    """Both in turns, and in words how they compare."""
    ours(), other()  # warm-up
    mine, theirs = [], []
    for pair in range(pairs):
        for call, times in [(ours, mine), (other, theirs)][:: 1 if pair % 2 else -1]:
            times.append(spent(call))
    wall, used = ([two[kind] / one[kind] for one, two in zip(mine, theirs, strict=True)] for kind in (0, 1))
    each = [1e3 * statistics.median(wall for wall, _ in times) / images for times in (mine, theirs)]
    return (
        f"{statistics.median(wall):.3f} by the clock, {statistics.median(used):.3f} by CPU time "
        f"({each[0]:.3f} and {each[1]:.3f} ms an image)"
    )


def measure(name: str, trained: Trained, files: list[Path], *, pairs: int) -> None:
    """Print the figures of one network; with files only where it looks at photographs."""
    shape, geometry = trained.meta.shape, trained.preprocessing.geometry
    rows = batch_rows(trained.model, shape, device=trained.device)
    few = np.random.default_rng(0).integers(0, 256, (rows, *shape), dtype=np.uint8)
    bare(trained, few, rows)
    passes = max(2, min(int(SECONDS / spent(lambda: bare(trained, few, rows))[0]), 1 + 2**28 // few.nbytes))
    pixels = np.tile(few, (passes, 1, 1, 1))
    stored = StoredImages(ArrayPixels(pixels, rows=None, unreadable={}), np.arange(len(pixels)))

    def ours() -> None:
        drain(infer(trained, stored, stage="bench"))

    def other() -> None:
        bare(trained, pixels, rows)

    words = in_turns(ours, other, pairs=pairs, images=len(pixels))
    print(f"{name} at {shape[1]}, {rows} rows: speed of infer / bare loop {words}")

    if geometry.size < PHOTOGRAPH:
        return

    def ours_from_files() -> None:
        answers = [event for event in inspect_files(trained, files) if isinstance(event, FileAnswers)]
        assert len(answers) == FILES

    def other_from_files() -> None:
        bare(trained, np.stack([prepare(path.read_bytes(), geometry, where="") for path in files]), rows)

    words = in_turns(ours_from_files, other_from_files, pairs=pairs, images=FILES)
    print(f"{name} at {shape[1]}, from files: speed of inspect_files / one after another {words}")


def photographs(folder: Path) -> list[Path]:
    """JPEG files with as much detail as photographs have."""
    random, paths = np.random.default_rng(0), []
    for number in range(FILES):
        rough = Image.fromarray(random.integers(0, 256, (50, 67, 3), dtype=np.uint8)).resize((536, 400))
        buffer = io.BytesIO()
        rough.save(buffer, "JPEG", quality=90)
        paths.append(folder / f"{number}.jpg")
        paths[-1].write_bytes(buffer.getvalue())
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    with tempfile.TemporaryDirectory() as folder:
        files = photographs(Path(folder))
        for name, (make, size) in networks().items():
            measure(name, loaded(make(), size=size, device=device), files, pairs=options.pairs)


if __name__ == "__main__":
    main()
