"""The main job on real data, cut short: each format is imported, trained on, resumed and asked. Skipped without it."""

from pathlib import Path

import pytest
from helpers import shared_data
from programs import done

SHORT = (
    "--set",
    "data.size=32",
    "--set",
    "train.steps=6",
    "--set",
    "train.evaluate_every=3",
    "--set",
    "data.limit=60",
    "--json",
)


@pytest.mark.parametrize(
    ("parts", "preset", "classes", "protocol"),
    [
        (("cifar10", "cifar10_image_folder.tar"), "cifar10-fnn", 10, "train-test 50000/10000"),
        (("cifar10", "lossless_first4000", "cifar-10-batches-bin"), "cifar10-cnn", 10, "hold-out"),
        (("mnist",), "digits-cnn", 10, "hold-out"),
        (("hymenoptera", "subset_256px"), "cifar10-cnn-deep", 2, "published 244+153"),
        (("flowers5", "subset_80_30"), "cifar10-fast", 5, "published 400+150"),
    ],
)
def test_a_job_on_real_images(
    parts: tuple[str, ...], preset: str, classes: int, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = shared_data(*parts)
    named = ("--set", "data.protocol=train-test") if "image_folder" in parts[-1] else ()
    run = done("train", "--preset", preset, "--data", data, *SHORT, *named, "--project", "p").last
    assert (run["status"], run["steps"]) == ("finished", 6)
    assert protocol in run["protocol"]
    more = done("resume", run["run"], "--set", "train.steps=9", "--project", "p", "--json").last
    assert more["steps"] == 9
    score = done("evaluate", run["run"], "--project", "p", "--json").last
    assert score["metrics"]["validation/accuracy"] == more["metrics"]["validation/accuracy"]
    image = next(iter(data.rglob("*.jpg")), None) if data.is_dir() else None
    if image is not None:
        guess = done("predict", run["run"], image, "--project", "p", "--json").last
        assert len(guess["probabilities"]) == classes
        assert sum(guess["probabilities"].values()) == pytest.approx(1, abs=1e-6)
