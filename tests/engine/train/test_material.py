"""Choices that are made for the person: size, colour, protocol; and what becomes of broken images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import png, write_files

from workbench.engine import events as ev
from workbench.engine.data.binarise import Binarisation
from workbench.engine.data.decode import encode_png
from workbench.engine.data.ingest import find_or_import
from workbench.engine.data.opened import open_dataset
from workbench.engine.errors import UserError
from workbench.engine.models import MODELS
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.train.dividing import make_split
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material, load_material

PREFERENCES = Preferences(device="cpu")


def colour(value: int, width: int, height: int) -> bytes:
    return encode_png(np.full((height, width, 3), value, np.uint8))


def load(
    tmp_path: Path,
    files: dict[str, bytes],
    *,
    model: str = "fnn",
    augment: dict[str, object] | None = None,
    memory_gib: float = 4.0,
    **data: object,
) -> tuple[Material, list[ev.Event]]:
    project = Project(tmp_path / "project")
    source = str(write_files(tmp_path / "source", files))
    job = Job.from_dict(
        {"data": {"source": source, **data}, "model": {"name": model}, "augment": augment or {}}, name="j"
    )
    seen: list[ev.Event] = []

    def finish(work: object) -> object:
        while True:
            try:
                seen.append(next(work))  # type: ignore[call-overload]
            except StopIteration as end:
                return end.value

    dataset = finish(find_or_import(project, source, preferences=PREFERENCES))
    split, remark = make_split(open_dataset(project, dataset), job)
    if remark:
        seen.append(ev.Message(text=remark, level="warning"))
    device, preferences = torch.device("cpu"), replace(PREFERENCES, memory_gib=memory_gib)
    material = finish(load_material(project, job, dataset, split, device=device, preferences=preferences))
    return material, seen


def said(events: list[ev.Event]) -> str:
    return " / ".join(event.text for event in events if isinstance(event, ev.Message))


def classes(*images: bytes) -> dict[str, bytes]:
    return {f"{name}/{number}.png": image for name in "ab" for number, image in enumerate(images)}


def test_images_of_one_size_keep_it(tmp_path: Path) -> None:
    material, events = load(tmp_path, classes(*(png(n, side=6) for n in range(10))))
    assert material.shape == (1, 6, 6)
    assert material.classes == ("a", "b")
    assert not said(events)


def test_oblong_images_are_made_square_and_different_ones_scaled_and_it_is_said(tmp_path: Path) -> None:
    material, events = load(tmp_path / "one", classes(*(colour(n, 12, 8) for n in range(10))))
    assert material.shape == (3, 8, 8)
    assert "12x8" in said(events)
    material, events = load(tmp_path / "two", classes(*(colour(n, 8 + n, 8) for n in range(10))))
    assert material.shape == (3, 64, 64)
    assert "data.size" in said(events)
    material, events = load(
        tmp_path / "three", classes(*(colour(n, 8 + n, 8) for n in range(10))), size=16, colour="grey"
    )
    assert material.shape == (1, 16, 16)
    assert not said(events)


def test_a_broken_image_stops_or_is_left_out_and_counted(tmp_path: Path) -> None:
    files = classes(*(png(n) for n in range(20))) | {"a/broken.png": png(3)[:30]}
    with pytest.raises(UserError, match=r"a/broken\.png.*data\.on_error = skip"):
        load(tmp_path, files)
    material, events = load(tmp_path, files, on_error="skip")
    assert "1 images cannot be read" in said(events)
    assert "1 unreadable left out" in material.badge
    assert sum(len(items) for items in material.split.items.values()) == 40


def test_only_broken_images_are_an_error_even_when_skipping(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no readable image"):
        load(tmp_path, classes(*(bytes([n]) * 10 for n in range(10))), on_error="skip")


def test_standardised_training_images_have_mean_0_and_deviation_1(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    files = classes(*(encode_png(random.integers(0, 256, (5, 5, 3), dtype=np.uint8)) for _ in range(40)))
    material, _ = load(tmp_path, files, normalize="standardize")
    images, _ = material.feed.batch(torch.from_numpy(material.split.items["train"]))
    torch.testing.assert_close(images.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(images.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_a_presets_protocol_gives_way_on_other_data_and_says_so(tmp_path: Path) -> None:
    material, events = load(tmp_path, classes(*(png(n) for n in range(20))), protocol="GoMLX 50000/10000")
    assert material.split.protocol.startswith("random")
    assert "instead of 'GoMLX 50000/10000'" in said(events)
    with pytest.raises(UserError, match="train and a test split"):
        load(tmp_path, classes(*(png(n) for n in range(20))), protocol="train-test")


def test_an_unknown_label_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no labels called 'labl'.*label"):
        load(tmp_path, classes(*(png(n) for n in range(10))), label="labl")


# Black and white


def textures(count: int = 12) -> tuple[dict[str, bytes], np.ndarray]:
    """Grey images, and their pixels uint8 [2 * count, 1, 8, 8] in the order of their ids."""
    pixels = np.random.default_rng(1).integers(0, 256, (2 * count, 1, 8, 8), dtype=np.uint8)
    names = sorted(f"{label}/{number:02}.png" for label in "ab" for number in range(count))
    return {name: encode_png(image[0]) for name, image in zip(names, pixels, strict=True)}, pixels


def fed(material: Material, items: list[int]) -> np.ndarray:
    """What the network sees, in bytes."""
    images, _ = material.feed.batch(torch.tensor(items))
    return (images.numpy() * 255).round().astype(np.uint8)


@pytest.mark.parametrize("how", ["once", "threshold", "dynamic"])
@pytest.mark.parametrize("kept", ["in memory", "mapped", "augmented"])
def test_what_is_evaluated_is_black_and_white_however_it_is_kept(tmp_path: Path, how: str, kept: str) -> None:
    files, pixels = textures()
    material, _ = load(
        tmp_path,
        files,
        model="vae",
        binarize=how,
        binarize_seed=5,
        augment={"translate": 1} if kept == "augmented" else None,
        memory_gib=1e-6 if kept == "mapped" else 4.0,
    )
    wanted = Binarisation(how=how, seed=5)(pixels, np.arange(len(pixels)))
    assert (fed(material, [3, 20, 7]) == wanted[[3, 20, 7]]).all()
    assert (fed(material, [7]) == wanted[[7]]).all()
    assert Binarisation(how=how, seed=5).badge in material.badge


def test_part_of_a_set_is_drawn_as_the_whole_is(tmp_path: Path) -> None:
    files, pixels = textures(60)
    material, _ = load(tmp_path, files, model="vae", binarize="once", limit=4)
    items = [int(item) for part in material.split.items.values() for item in part]
    wanted = Binarisation(how="once")(pixels, np.arange(len(pixels)))
    assert (fed(material, items) == wanted[items]).all()


def test_anew_is_drawn_from_the_noise_of_the_step(tmp_path: Path) -> None:
    files, pixels = textures()
    material, _ = load(tmp_path, files, model="vae", binarize="dynamic")
    items = torch.tensor([2] * 4000)

    def draw(seed: int) -> torch.Tensor:
        return material.feed.batch(items, noise=torch.Generator().manual_seed(seed))[0]

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    share, chance = draw(1).mean(0).numpy(), pixels[2] / 255
    assert (abs(share - chance) <= 5 * np.sqrt(chance * (1 - chance) / 4000)).all()
    for how in ("once", "threshold"):
        fixed, _ = load(tmp_path / how, files, model="vae", binarize=how, augment={"translate": 1})
        noisy = fixed.feed.batch(items[:2], noise=torch.Generator().manual_seed(1))[0]
        assert torch.equal(noisy, fixed.feed.batch(items[:2])[0])


def test_augmentation_comes_first(tmp_path: Path) -> None:
    files, pixels = textures()
    material, _ = load(tmp_path, files, model="vae", binarize="once", augment={"translate": 1})
    images, _ = material.feed.batch(torch.tensor([4]), lambda images: 255 - images)
    wanted = Binarisation(how="once")(255 - pixels[[4]], np.array([4]))
    assert ((images.numpy() * 255).round() == wanted).all()


def test_colours_are_not_made_black_and_white(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"3 channels.*data\.colour = grey"):
        load(tmp_path, classes(*(colour(n, 8, 8) for n in range(10))), model="vae", binarize="once")


def test_each_kind_of_network_has_its_scale(tmp_path: Path) -> None:
    files, _ = textures()
    for model in (name for name in MODELS if MODELS[name].task != "classify"):
        low = {"unit": 0.0, "half": -1.0}[MODELS[model].normalize]
        material, _ = load(tmp_path / model, files, model=model)
        images, _ = material.feed.batch(torch.from_numpy(material.split.items["train"]))
        assert (images.min() < low + 0.05, images.min() >= low, 0.95 < images.max() <= 1) == (True, True, True)
