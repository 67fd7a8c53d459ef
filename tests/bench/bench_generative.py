"""What the loop costs where networks make images: ``fit`` against loops as one would write them by hand.

    python tests/bench/bench_generative.py [--data PATH] [--pairs 3] [PRESET ...]

Network, data, batch, optimiser, clipping and average are the preset's on both sides; the loops by hand have no metrics,
previews or events. The two take turns, as in ``bench_fit``. A ratio of 1 means that the program costs nothing.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from bench_fit import TURN_SECONDS, TURNS, Turns, drain, ours, random_images  # sets the environment, before torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.engine.models import MODELS, build
from workbench.engine.models.layers import attach_generator
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.splits import TRAIN
from workbench.engine.train import session
from workbench.engine.train.average import WeightAverage
from workbench.engine.train.job import Job, preset
from workbench.engine.train.material import load_material
from workbench.engine.train.optimisers import make_optimiser

PRESETS = ("mnist-vae-20", "mnist-vae-modern", "mnist-gan", "mnist-gan-modern", "mnist-flow", "mnist-flow-modern")

Part = tuple[nn.Module, Callable[[Tensor], Tensor]]
"""What an optimiser updates, and its loss of a batch."""


def autoencoder(model: Any, noise: torch.Generator) -> list[Part]:
    """One code an image, a Bernoulli likelihood, the divergence in closed form."""

    def loss(x: Tensor) -> Tensor:
        mean, log_variance = model.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=noise)
        reconstruction = F.binary_cross_entropy_with_logits(model.decoder(z), x, reduction="sum")
        kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        return (reconstruction + kl) / len(x)

    return [(model, loss)]


def adversaries(model: Any, noise: torch.Generator) -> list[Part]:
    """The loss that does not saturate; each objective draws codes of its own."""

    def fakes(count: int) -> Tensor:
        made: Tensor = model.generator(torch.randn(count, model.dims, generator=noise))
        return made

    def discriminator(x: Tensor) -> Tensor:
        with torch.no_grad():
            made = fakes(len(x))
        return F.softplus(-model.discriminator(x)).mean() + F.softplus(model.discriminator(made)).mean()

    def generator(x: Tensor) -> Tensor:
        model.discriminator.requires_grad_(False)
        loss = F.softplus(-model.discriminator(fakes(len(x)))).mean()
        model.discriminator.requires_grad_(True)
        return loss

    return [(model.discriminator, discriminator), (model.generator, generator)]


def flow(model: Any, noise: torch.Generator) -> list[Part]:
    """The sum of the network's own terms."""
    return [(model, lambda x: -torch.stack(tuple(model(x, noise))).sum(0).mean() / x[0].numel())]


BY_HAND: dict[str, Callable[[Any, torch.Generator], list[Part]]] = {
    "autoencode": autoencoder,
    "adversarial": adversaries,
    "density": flow,
}


def bare(project: Project, job: Job) -> Turns:
    """Steps of the loop by hand."""
    preferences = Preferences(device="cpu")
    status = drain(session.create(project, job, preferences=preferences)).status()
    dataset, split = project.dataset(status.dataset), project.split(status.split)
    material = drain(load_material(project, job, dataset, split, device=torch.device("cpu"), preferences=preferences))
    items, images = torch.from_numpy(material.split.items[TRAIN]), material.feed.resident.contiguous()
    generator = torch.Generator().manual_seed(0)
    model = build(job.model, job.model_params, shape=material.shape, classes=10, generator=generator)
    layout = torch.channels_last if job.channels_last else torch.contiguous_format
    model.to(memory_format=layout)
    attach_generator(model, generator)
    half = MODELS[job.model].normalize == "half"

    def scaled(chosen: Tensor) -> Tensor:
        x = images[chosen].to(torch.float32, memory_format=layout).mul_((2 if half else 1) / 255)
        return x.sub_(1) if half else x

    if prepare := getattr(model, "prepare", None):
        prepare(scaled(items[:2000]))
    model.train()
    parts = [(make_optimiser(part, job.train), part, loss) for part, loss in BY_HAND[job.task](model, generator)]
    average = WeightAverage(model, decay=job.train.ema) if job.train.ema else None
    steps, started = 0, time.perf_counter()
    for number, chosen in enumerate(_batches(items, job.train.batch_size, generator)):
        x = scaled(chosen)
        for optimiser, part, loss in parts:
            loss(x).backward()
            if job.train.clip_norm:
                nn.utils.clip_grad_norm_(part.parameters(), job.train.clip_norm)
            optimiser.step()
            model.zero_grad()
        if average:
            average.follow(number)
        steps += 1
        if time.perf_counter() - started >= TURN_SECONDS:
            yield steps, time.perf_counter() - started
            steps, started = 0, time.perf_counter()


def _batches(items: Tensor, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        shuffled = items[torch.randperm(len(items), generator=generator)]
        for position in range(len(items) // batch):
            yield shuffled[position * batch : (position + 1) * batch]


def compare(project: Project, name: str, *, data: Path, pairs: int) -> None:
    """Print the ratio of each pair, and their median."""
    quiet = ["train.evaluate_every=100000000", "train.checkpoint_minutes=0", "train.keep_best=false"]
    what = [f"data.source={data}", "data.protocol=train-test", "data.size=28", "data.colour=grey"]
    job = preset(name).with_settings([*what, *quiet, "train.steps=100000000"])
    both = {"fit": ours(project, job), "bare": bare(project, job)}
    for turns in both.values():  # warm-up
        next(turns)
    ratios = []
    for number in range(pairs):
        steps, seconds = dict.fromkeys(both, 0), dict.fromkeys(both, 0.0)
        for turn in range(TURNS):
            for side in sorted(both, reverse=bool(turn % 2)):  # nobody always comes second
                more, spent = next(both[side])
                steps[side] += more
                seconds[side] += spent
        each = {side: 1e3 * seconds[side] / steps[side] for side in both}
        ratios.append(each["bare"] / each["fit"])
        print(f"{name} pair {number + 1}: fit {each['fit']:.3f} ms, bare {each['bare']:.3f} ms a step")
    print(f"{name}: speed of fit / loop by hand, median of {pairs}: {statistics.median(ratios):.3f}\n")
    for turns in both.values():
        turns.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--data", type=Path, help="a folder per class, or an archive of it")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or random_images(Path(folder) / "data")
        project = Project(Path(folder) / "project")
        for name in options.presets:
            compare(project, name, data=data, pairs=options.pairs)


if __name__ == "__main__":
    main()
