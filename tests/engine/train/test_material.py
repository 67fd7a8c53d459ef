"""Choices that are made for the person: size, colour, protocol; and what becomes of broken images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import png, write_files

from workbench.engine import events as ev
from workbench.engine.data.decode import encode_png
from workbench.engine.data.ingest import find_or_import
from workbench.engine.data.opened import open_dataset
from workbench.engine.errors import UserError
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.train.dividing import make_split
from workbench.engine.train.job import Job
from workbench.engine.train.material import Material, load_material

PREFERENCES = Preferences(device="cpu")


def colour(value: int, width: int, height: int) -> bytes:
    return encode_png(np.full((height, width, 3), value, np.uint8))


def load(tmp_path: Path, files: dict[str, bytes], **data: object) -> tuple[Material, list[ev.Event]]:
    project = Project(tmp_path / "project")
    source = str(write_files(tmp_path / "source", files))
    job = Job.from_dict({"data": {"source": source, **data}, "model": {"name": "fnn"}}, name="j")
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
    device = torch.device("cpu")
    material = finish(load_material(project, job, dataset, split, device=device, preferences=PREFERENCES))
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
