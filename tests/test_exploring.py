"""``workbench latent`` as a person and a script meet it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import png, write_files
from PIL import Image
from programs import Outcome, call, done

JOB = """
[data]
protocol = "random"
validation = 0.25
test = 0.25

[train]
steps = 6
batch_size = 4
checkpoint_steps = 3
checkpoint_minutes = 0

[model]
name = "{name}"
"""
MODELS = {
    "vae": ("latent = 2", "nodes = 8"),
    "gan": ("latent = 4", "hidden = 8"),
    "flow": ("couplings = 2", "nodes = 8", "hidden_layers = 1"),
    "fnn": ("nodes = 8", "hidden_layers = 1"),
}


def opened(path: Path) -> Image.Image:
    """A picture, its file closed again."""
    with Image.open(path) as image:
        image.load()
        return image


@dataclass(frozen=True)
class Place:
    """A project with a run of each kind on 24 squares of 8 x 8 pixels, and a folder to write to."""

    project: Path
    out: Path

    def call(self, *arguments: object) -> Outcome:
        return call("latent", *arguments, "--project", self.project, "--device", "cpu")

    def record(self, *arguments: object) -> dict[str, Any]:
        arguments = (*arguments, "--project", self.project, "--device", "cpu")
        return done("latent", *arguments, "--json").last


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explored")
    squares = {f"{name}/{number:02}.png": png(base + 3 * number, side=8)
               for name, base in (("bright", 200), ("dark", 0)) for number in range(12)}  # fmt: skip
    write_files(folder / "squares", squares)
    for name, settings in MODELS.items():
        job = folder / f"{name}.toml"
        job.write_text("\n".join([JOB.format(name=name), *settings]))
        done("train", job, "--data", folder / "squares", "--project", folder / "project", "--device", "cpu")
    return folder / "project"


@pytest.fixture
def place(project: Path, tmp_path: Path) -> Place:
    return Place(project, tmp_path)


@pytest.mark.parametrize("run", ["vae", "gan", "flow"])
def test_samples_of_every_kind_of_run(place: Place, run: str) -> None:
    path = place.out / "samples.png"
    record = place.record(run, "--samples", 5, "--scale", 2, "--temperature", 0.5, "--out", path)
    assert (record["step"], record["file"], record["temperature"]) == (6, str(path), 0.5)
    assert record["protocol"].startswith("random")
    image = opened(path)
    assert image.size == (3 * 16, 2 * 16)
    assert record["shows"] == image.text["Description"] == "5 samples of the prior, temperature 0.5, seed 0"  # type: ignore[attr-defined]
    first = np.asarray(image)
    place.record(run, "--samples", 5, "--scale", 2, "--temperature", 0.5, "--seed", 1, "--out", path)
    assert (np.asarray(opened(path)) != first).any()


def test_an_earlier_checkpoint(place: Place) -> None:
    path = place.out / "samples.png"
    assert place.record("vae", "--samples", 1, "--checkpoint", 3, "--out", path)["step"] == 3


def test_a_manifold_for_people(place: Place) -> None:
    outcome = place.call("vae", "--manifold", 7, "--out", place.out / "new" / "manifold.png")
    assert outcome.code == 0, outcome
    assert outcome.out.startswith("7 x 7 codes at equal steps of the prior's quantiles, dimensions 1 and 2 · run ")
    assert "step 6" in outcome.out
    assert "written: " in outcome.err
    assert opened(place.out / "new" / "manifold.png").size == (7 * 32, 7 * 32)


@pytest.mark.parametrize(("run", "score"), [("vae", "ELBO"), ("gan", "D(x)"), ("flow", "bits per dimension")])
def test_a_walk_between_images(place: Place, run: str, score: str) -> None:
    path = place.out / "walk.gif"
    record = place.record(run, "--walk", "3, 14,15", "--frames", 6, "--path", "straight", "--out", path)
    assert record["items"] == [3, 14, 15]
    assert record["score"] == score
    assert len(record["scores"]) == 6
    assert record["shows"] == "6 frames of a straight walk through items 3, 14, 15"
    assert opened(path).size == (32, 32)
    place.record(run, "--walk", "3,14", "--path", "quantiles", "--out", place.out / "walk.png")
    assert opened(place.out / "walk.png").size == (9 * 32, 32)


def test_a_flow_meets_the_images_that_it_walks_between(place: Place) -> None:
    place.record("flow", "--walk", "0,20", "--scale", 1, "--out", place.out / "walk.png")
    walked = np.asarray(opened(place.out / "walk.png")).astype(int)
    assert np.abs(walked[:, :8] - 200).max() <= 1
    assert np.abs(walked[:, -8:] - 24).max() <= 1


def test_codes_as_a_table_and_as_arrays(place: Place) -> None:
    record = place.record("vae", "--codes", "train", "--out", place.out / "codes.csv")
    assert (record["items"], record["dims"], record["split"]) == (12, 2, "train")
    lines = (place.out / "codes.csv").read_text().splitlines()
    assert lines[0] == "item,class,mean 1,mean 2,deviation 1,deviation 2"
    assert len(lines) == 13
    place.record("flow", "--codes", "validation", "--out", place.out / "codes.npz")
    with np.load(place.out / "codes.npz") as arrays:
        assert arrays["mean"].shape == (6, 64)
        assert arrays["classes"].tolist() == ["bright", "dark"]


@pytest.mark.parametrize("run", ["vae", "gan", "flow"])
def test_reconstructions_of_every_kind_of_run(place: Place, run: str) -> None:
    record = place.record(run, "--reconstruct", 100, "--scale", 1, "--out", place.out / "pairs.png")
    assert len(record["items"]) == len(record["scores"]) == 6  # all that there are
    pairs = np.asarray(opened(place.out / "pairs.png")).astype(int)
    assert pairs.shape == (16, 48)
    if run == "flow":
        assert np.abs(pairs[:8] - pairs[8:]).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("vae", "--samples", "4", "--out", "a.gif"), "cannot be written to a file of this kind: a.gif"),
        (("vae", "--codes", "train", "--out", "a.png"), "Name one that ends in .csv or .npz"),
        (("vae", "--samples", "0", "--out", "a.png"), "--samples 0 is out of range"),
        (("vae", "--manifold", "1000", "--out", "a.png"), "It goes from 1 to 100"),
        (("vae", "--walk", "3", "--out", "a.png"), "at least two ids"),
        (("vae", "--walk", "3,x", "--out", "a.png"), "no list of items"),
        (("vae", "--walk", "3,4", "--path", "sferical", "--out", "a.png"), "did you mean 'spherical'"),
        (("vae", "--walk", "3,99", "--out", "a.png"), "no item 99"),
        (("vae", "--codes", "tset", "--out", "a.csv"), "did you mean 'test'"),
        (("vae", "--samples", "4", "--manifold", "4", "--out", "a.png"), "not allowed with"),
        (("vae", "--out", "a.png"), "one of the arguments"),
        (("vae", "--samples", "4"), "--out"),
        (("vae", "--samples", "4", "--checkpoint", "5", "--out", "a.png"), "no checkpoint '5'"),
        (("gan", "--codes", "train", "--out", "a.csv"), "gives images no codes"),
        (("fnn", "--samples", "4", "--out", "a.png"), "makes no images"),
    ],
)
def test_mistakes(place: Place, arguments: tuple[str, ...], sentence: str) -> None:
    outcome = place.call(*arguments)
    assert outcome.code == 2, outcome
    assert sentence.lower() in outcome.err.lower()
    assert not Path("a.png").exists()
