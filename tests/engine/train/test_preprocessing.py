"""What an image goes through before a network: as the network was trained, as the job says, and alike everywhere."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from frozen_family import NAME, frozen_family
from helpers import finish, write_files
from PIL import Image

from workbench.engine.data.decode import encode_png
from workbench.engine.data.ingest import find_or_import
from workbench.engine.data.opened import open_dataset
from workbench.engine.data.pixel_cache import cache_report
from workbench.engine.data.pixels import Geometry
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.train import session
from workbench.engine.train.dividing import make_split
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material, load_material
from workbench.engine.train.trained import load_trained

__all__ = ["frozen_family"]
PREFERENCES = Preferences(device="cpu")
WIDTH, HEIGHT = 30, 20


@pytest.fixture(autouse=True)
def _family(frozen_family: str) -> None: ...


@pytest.fixture
def source(tmp_path: Path) -> str:
    random = np.random.default_rng(0)
    files = {f"{kind}/{n}.png": encode_png(random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
             for kind in "ab" for n in range(10)}  # fmt: skip
    return str(write_files(tmp_path / "source", files))


def material(tmp_path: Path, source: str, *settings: str, model: str = NAME) -> Material:
    project = Project(tmp_path / "project")
    job = Job.from_dict({"data": {"source": source}, "model": {"name": model}}, name="j").with_settings(settings)
    dataset = finish(find_or_import(project, source, preferences=PREFERENCES))
    split, _ = make_split(open_dataset(project, dataset), job)
    device = torch.device("cpu")
    loaded: Material = finish(load_material(project, job, dataset, split, device=device, preferences=PREFERENCES))
    return loaded


def by_hand(
    source: str,
    *,
    size: int,
    scaled: int,
    how: Image.Resampling,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    turned: bool,
) -> np.ndarray:
    """Network input of a/0.png by Pillow and numpy alone: [3, size, size]."""
    image = Image.open(Path(source) / "a/0.png").resize((int(WIDTH * scaled / HEIGHT), scaled), how)
    left, top = round((image.width - size) / 2), round((scaled - size) / 2)
    values = np.asarray(image.crop((left, top, left + size, top + size)), np.float64).transpose(2, 0, 1) / 255
    values = values[::-1] if turned else values
    return (values - np.array(mean)[:, None, None]) / np.array(deviation)[:, None, None]


def first(loaded: Material) -> np.ndarray:
    """Network input of the first item, a/0.png."""
    item = torch.tensor([0])
    assert any(0 in items for items in loaded.split.items.values())
    array: np.ndarray = loaded.feed.batch(item)[0][0].numpy()
    return array


def test_a_network_is_shown_what_it_was_trained_with(tmp_path: Path, source: str) -> None:
    loaded = material(tmp_path, source)
    assert loaded.preprocessing == Preprocessing(
        geometry=Geometry(size=12, how="crop", mode="BGR", interpolation="bicubic", share=0.75),
        mean=(0.5, 0.25, 0.125),
        deviation=(0.2, 0.3, 0.4),
    )
    wanted = by_hand(
        source, size=12, scaled=16, how=Image.Resampling.BICUBIC, mean=(0.5, 0.25, 0.125), deviation=(0.2, 0.3, 0.4),
        turned=True,
    )  # fmt: skip
    np.testing.assert_allclose(first(loaded), wanted, atol=1e-5)


def test_what_the_job_says_goes_before_that(tmp_path: Path, source: str) -> None:
    settings = (
        "data.size=10",
        "data.central=1",
        "data.interpolation=nearest",
        "data.colour=rgb",
        "data.normalize=half",
    )
    loaded = material(tmp_path, source, *settings)
    assert loaded.preprocessing == Preprocessing(
        geometry=Geometry(size=10, how="crop", mode="RGB", interpolation="nearest", share=1.0),
        mean=(0.5,) * 3,
        deviation=(0.5,) * 3,
    )
    wanted = by_hand(
        source, size=10, scaled=10, how=Image.Resampling.NEAREST, mean=(0.5,) * 3, deviation=(0.5,) * 3, turned=False
    )
    np.testing.assert_allclose(first(loaded), wanted, atol=1e-5)
    assert first(loaded).min() >= -1
    squashed = material(tmp_path, source, "data.resize=squash").preprocessing.geometry
    assert (squashed.how, squashed.size) == ("squash", 12)


@pytest.mark.parametrize(
    ("settings", "mean"),
    [
        ((), (0.5, 0.25, 0.125)),
        (("data.colour=rgb",), (0.125, 0.25, 0.5)),
        (("data.colour=grey",), (0.875 / 3,)),
        (("data.normalize=imagenet",), (0.406, 0.456, 0.485)),
        (("data.normalize=imagenet", "data.colour=rgb"), (0.485, 0.456, 0.406)),
        (("data.normalize=unit",), (0.0, 0.0, 0.0)),
    ],
)
def test_figures_follow_the_order_of_the_channels(
    tmp_path: Path, source: str, settings: tuple[str, ...], mean: tuple[float, ...]
) -> None:
    assert material(tmp_path, source, *settings).preprocessing.mean == pytest.approx(mean)


def test_minus_114_is_that_from_pixels_of_0_to_255(tmp_path: Path, source: str) -> None:
    loaded = material(tmp_path, source, "data.normalize=minus-114", "data.colour=rgb")
    plain = material(tmp_path, source, "data.normalize=unit", "data.colour=rgb")
    np.testing.assert_allclose(first(loaded), first(plain) * 255 - 114, atol=1e-3)


def test_bgr_is_rgb_turned_round(tmp_path: Path, source: str) -> None:
    for model in (NAME, "cnn"):
        bgr, rgb = (
            material(
                tmp_path, source, f"data.colour={colour}", "data.size=16", "data.normalize=standardize", model=model
            )
            for colour in ("bgr", "rgb")
        )
        assert (bgr.preprocessing.geometry.mode, rgb.preprocessing.geometry.mode) == ("BGR", "RGB")
        assert bgr.preprocessing.mean == pytest.approx(rgb.preprocessing.mean[::-1])
        np.testing.assert_allclose(first(bgr), first(rgb)[::-1], atol=1e-5)


def test_a_network_of_ours_takes_what_it_gets(tmp_path: Path, source: str) -> None:
    assert material(tmp_path, source, model="cnn").preprocessing == Preprocessing(
        geometry=Geometry(size=20, how="crop", mode="RGB"), mean=(0.0,) * 3, deviation=(1.0,) * 3
    )


def test_a_checkpoint_remembers_it_whatever_the_family_says_later(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    values = {"data": {"source": source}, "model": {"name": NAME}, "train": {"steps": 2, "batch_size": 4}}
    run = finish(session.create(project, Job.from_dict(values, name="j"), preferences=PREFERENCES))
    finish(session.train(project, run, preferences=PREFERENCES))
    monkeypatch.setattr("workbench.engine.train.material.wanted_input", lambda *_: None)
    stored = load_trained(run, checkpoint="last", preferences=PREFERENCES).preprocessing
    assert stored.geometry == Geometry(size=12, how="crop", mode="BGR", interpolation="bicubic", share=0.75)
    assert (stored.mean, stored.deviation) == ((0.5, 0.25, 0.125), (0.2, 0.3, 0.4))
    early = {key: value for key, value in stored.to_dict().items() if key not in ("interpolation", "share")}
    assert Preprocessing.from_dict(early).geometry == Geometry(size=12, how="crop", mode="BGR")


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (("data.size=16",), {"size": 16, "how": "crop", "mode": "RGB"}),
        (("data.size=16", "data.resize=squash", "data.colour=grey"), {"size": 16, "how": "squash", "mode": "L"}),
    ],
)
def test_what_was_decoded_by_earlier_versions_is_still_found(
    tmp_path: Path, source: str, settings: tuple[str, ...], values: dict[str, object]
) -> None:
    loaded = material(tmp_path, source, *settings, model="cnn")
    text = f"{loaded.fingerprint} {sorted(values.items())}"
    (found,) = cache_report(PREFERENCES.cache).sets
    assert found.key == hashlib.sha256(text.encode()).hexdigest()[:32]
    material(tmp_path, source, *settings, "data.interpolation=lanczos", model="cnn")
    assert len(cache_report(PREFERENCES.cache).sets) == 2


def test_an_image_with_alpha_and_a_grey_one_become_three_channels(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((20, 20, 4), (200, 100, 50, 0), np.uint8)).save(buffer, "PNG")
    grey = encode_png(np.full((20, 20), 51, np.uint8))
    files = {f"{kind}/{n}.png": image for kind in "ab" for n, image in enumerate([buffer.getvalue(), grey] * 5)}
    loaded = material(tmp_path, str(write_files(tmp_path / "odd", files)), "data.normalize=unit")
    clear, dark = (loaded.feed.batch(torch.tensor([item]))[0][0] for item in (0, 1))
    torch.testing.assert_close(clear, torch.ones(3, 12, 12))  # laid on white
    torch.testing.assert_close(dark, torch.full((3, 12, 12), 0.2))
