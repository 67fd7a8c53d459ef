"""What a classifier says of the samples of any generative run, and the command that asks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs import call, done
from torch import Tensor

from workbench.engine.errors import UserError
from workbench.engine.latent.explorer import open_explorer
from workbench.engine.latent.quality import Quality, judge_samples, quality
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.tasks.adversarial.judging import verdict

PREFERENCES = Preferences(device="cpu")
COMMON = """
[data]
source = "digits"
protocol = "random"
limit = 200
{data}

[train]
steps = 4
batch_size = 16
evaluate_every = 4
evaluation_sample = 20

[model]
{model}
"""
MODELS = {
    "judge": ('name = "fnn"\nhidden_layers = 1\nnodes = 12', ""),
    "gan": ('name = "gan"\nlatent = 5\nhidden = 8', ""),
    "vae": ('name = "vae"', 'binarize = "once"'),
}


@dataclass(frozen=True)
class Shelf:
    """A project with a judge and two generative runs."""

    folder: Path
    runs: dict[str, str]

    @property
    def project(self) -> Project:
        return Project(self.folder)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("quality")
    runs = {}
    for name, (model, data) in MODELS.items():
        path = folder / f"{name}.toml"
        path.write_text(COMMON.format(model=model, data=data))
        records = done("train", path, "--project", folder / "project", "--device", "cpu", "--json").records
        runs[name] = next(record["run"] for record in records if record["event"] == "finished")
    return Shelf(folder / "project", runs)


def value(work: Iterator[object]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def measured(shelf: Shelf, name: str, **options: Any) -> Quality:
    run = shelf.project.run(shelf.runs[name])
    explorer = open_explorer(run, checkpoint="last", preferences=PREFERENCES)
    work = quality(
        shelf.project, run, explorer, judge=shelf.runs["judge"], preferences=PREFERENCES,
        **{"samples": 130, **options},
    )  # fmt: skip
    found: Quality = value(work)
    return found


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_samples_are_measured_and_the_seed_decides(shelf: Shelf, name: str) -> None:
    one = measured(shelf, name)
    assert (one.run, one.judge, one.step, one.samples) == (shelf.runs[name], shelf.runs["judge"], 4, 130)
    assert 0 < one.real <= 130
    assert one.distance > 0
    assert one.classes == tuple(map(str, range(10)))
    assert sum(one.shares) == pytest.approx(1)
    assert one.covered == sum(share >= 0.05 for share in one.shares)
    assert measured(shelf, name) == one
    assert measured(shelf, name, seed=1).distance != one.distance


def test_drawn_samples_are_compared_with_binarised_images(shelf: Shelf) -> None:
    assert measured(shelf, "vae", drawn=True).distance != measured(shelf, "vae").distance
    # A generator without a likelihood draws what it decodes, and its run has no binarised images.
    assert measured(shelf, "gan", drawn=True).distance == measured(shelf, "gan").distance


def test_fewer_samples_mean_fewer_real_images(shelf: Shelf) -> None:
    assert measured(shelf, "gan", samples=7).real == 7


class _Copying:
    """An explorer whose samples are real pictures, in turn."""

    dims = 3

    def __init__(self, pictures: np.ndarray) -> None:
        self._pictures, self._next = pictures, 0

    def decode(self, codes: np.ndarray) -> np.ndarray:
        assert codes.dtype == np.float32
        places = np.arange(self._next, self._next + len(codes)) % len(self._pictures)
        self._next += len(codes)
        return self._pictures[places]


def rows(pictures: Tensor) -> tuple[Tensor, Tensor]:
    assert pictures.dtype == torch.uint8
    assert pictures.shape[1:] in ((1, 4, 4), (3, 4, 4))
    features = pictures.float().mean((1, 3))
    return features, features


@pytest.mark.parametrize("shape", [(128, 4, 4), (128, 4, 4, 3)])
def test_samples_like_the_real_ones_are_at_no_distance(shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    real = value(judge_samples(_Copying(pictures), rows, samples=128))
    same = value(judge_samples(_Copying(pictures), rows, samples=256))
    darker = value(judge_samples(_Copying(pictures // 2), rows, samples=128))
    # Twice the same images have nearly the covariance of once.
    assert verdict(same, real).distance < 0.1 < verdict(darker, real).distance


def test_what_cannot_judge_or_be_judged_is_refused(shelf: Shelf) -> None:
    run = shelf.project.run(shelf.runs["gan"])
    explorer = open_explorer(run, checkpoint="last", preferences=PREFERENCES)
    with pytest.raises(UserError, match="learned no classes"):
        value(quality(shelf.project, run, explorer, judge=run.id, preferences=PREFERENCES))
    with pytest.raises(UserError, match="no 'nonsense' split"):
        measured(shelf, "gan", split="nonsense")


def test_the_command_says_it_to_people_and_to_programs(shelf: Shelf) -> None:
    arguments = ("quality", shelf.runs["gan"], "--judge", shelf.runs["judge"], "--samples", 100)
    said = done(*arguments, "--project", shelf.folder)
    assert "FID-like distance" in said.out
    assert "share of the samples" in said.out
    record = done(*arguments, "--project", shelf.folder, "--json").last
    assert record["samples"] == 100
    assert len(record["shares"]) == 10
    assert call(*arguments[:-1], 99, "--project", shelf.folder).code == 2
    assert call("quality", shelf.runs["judge"], "--judge", shelf.runs["judge"], "--project", shelf.folder).code == 2
