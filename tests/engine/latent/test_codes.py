"""The codes of a split, from the pixels that the run was trained on."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import finish, png, write_files
from latent_networks import Linear, trained

from workbench.engine import events as ev
from workbench.engine.data.binarise import Binarisation
from workbench.engine.data.opened import open_dataset
from workbench.engine.data.pixels import Geometry
from workbench.engine.errors import UserError
from workbench.engine.latent import codes as codes_module
from workbench.engine.latent.codes import Codes, encode_split
from workbench.engine.latent.explorer import Explorer, explorer_of, open_explorer
from workbench.engine.latent.originals import file_pixels, item_pixels
from workbench.engine.latent.sampling import nearest_training, training_images
from workbench.engine.preferences import Preferences
from workbench.engine.project.edits import Edit
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.train import session
from workbench.engine.train.feed import Preprocessing
from workbench.engine.train.job import Job
from workbench.engine.train.trained import load_trained

PREFERENCES = Preferences(device="cpu")
SHAPE = Preprocessing(geometry=Geometry(size=8, how="crop", mode="L"), mean=(0.0,), deviation=(1.0,))
SHADES = {f"{name}/{number:02}.png": png(base + 3 * number, side=8)
          for name, base in (("bright", 160), ("dark", 0)) for number in range(20)}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_files(tmp_path / "shades", SHADES)


def create(project: Project, source: Path, *settings: str) -> Run:
    values = {
        "data": {"source": str(source), "protocol": "random", "validation": 0.3, "test": 0.2},
        "model": {"name": "vae", "latent": 2, "nodes": 8},
        "train": {"steps": 4, "batch_size": 8, "checkpoint_minutes": 0, "checkpoint_steps": 4},
    }
    run: Run = finish(
        session.create(project, Job.from_dict(values, name="tiny").with_settings(settings), preferences=PREFERENCES)
    )
    return run


def hand_made(run: Run, *, encodes: str = "posterior", **data: str) -> Explorer:
    return explorer_of(trained(Linear((1, 8, 8), 2, encodes=encodes), SHAPE, **data), run=run.id)


def encode(project: Project, run: Run, explorer: Explorer, split: str = "validation", *, most: int = 0) -> Codes:
    found: Codes = finish(encode_split(project, run, explorer, split=split, preferences=PREFERENCES, most=most))
    return found


def test_a_trained_run_from_its_files_to_its_codes(project: Project, images: Path) -> None:
    run = create(project, images, "data.binarize=once")
    finish(session.train(project, run, preferences=PREFERENCES))
    explorer = open_explorer(run, checkpoint="last", preferences=PREFERENCES)
    assert (explorer.run, explorer.step, explorer.family, explorer.dims) == (run.id, 4, "vae", 2)
    assert (explorer.shape, explorer.encodes) == ((1, 8, 8), "posterior")
    assert explorer.protocol == run.status().protocol
    codes = encode(project, run, explorer)
    stored = project.split(run.status().split)
    assert (codes.items == stored.items["validation"]).all()
    assert (codes.run, codes.step, codes.split, codes.classes) == (run.id, 4, "validation", ("bright", "dark"))
    assert codes.protocol == run.status().protocol
    opened = open_dataset(project, project.dataset(run.status().dataset))
    assert (codes.labels == opened.items.labels()[codes.items]).all()  # type: ignore[union-attr]
    known = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    pixels = np.stack([np.full((1, 8, 8), level(opened.items.name(int(item))), np.uint8) for item in codes.items])
    seen = Binarisation(how="once")(pixels, codes.items)
    assert set(np.unique(seen)) == {0, 255}
    with torch.no_grad():
        mean, deviation = known.model.encode(torch.from_numpy(seen) / 255.0)  # type: ignore[operator]
    assert codes.mean == pytest.approx(mean.numpy(), abs=1e-5)
    assert codes.deviation == pytest.approx(deviation.numpy(), abs=1e-5)
    score = explorer.score(seen)
    assert score.shape == (len(codes),)
    assert np.isfinite(score).all()


def drained(work: Generator[ev.Event, None, Any]) -> tuple[Any, list[str]]:
    """What work returns, and what it said on the way."""
    said = []
    while True:
        try:
            event = next(work)
            said += [event.text] if isinstance(event, ev.Message) else []
        except StopIteration as end:
            return end.value, said


def level(name: str) -> int:
    folder, number = name.split("/")
    return (160 if folder == "bright" else 0) + 3 * int(number.removesuffix(".png"))


@pytest.mark.parametrize(("split", "most", "count"), [("train", 0, 20), ("test", 0, 8), ("train", 7, 7)])
def test_every_split_and_a_part_of_it(project: Project, images: Path, split: str, most: int, count: int) -> None:
    run = create(project, images)
    codes = encode(project, run, hand_made(run), split, most=most)
    assert codes.mean.shape == codes.deviation.shape == (count, 2)
    assert (np.diff(codes.items) > 0).all()
    whole = encode(project, run, hand_made(run), split)
    assert codes.mean == pytest.approx(whole.mean[np.isin(whole.items, codes.items)], abs=1e-6)


def test_labels_are_those_of_now(project: Project, images: Path) -> None:
    run = create(project, images)
    first = encode(project, run, hand_made(run))
    item = first.items[:1]
    other = 1 - int(first.labels[0])
    project.edits(run.status().dataset).add(
        Edit(kind="label", text="one", label_set=next(iter(project.dataset(run.status().dataset).label_sets)),
             parts={str(other): item})
    )  # fmt: skip
    assert encode(project, run, hand_made(run)).labels[0] == other


def test_exact_codes_have_no_deviation_and_take_no_memory_for_it(project: Project, images: Path) -> None:
    run = create(project, images)
    codes = encode(project, run, hand_made(run, encodes="exact"))
    assert not codes.deviation.any()
    assert codes.deviation.strides == (0, 0)


def test_what_cannot_be_encoded(project: Project, images: Path) -> None:
    run = create(project, images)
    with pytest.raises(UserError, match="gives images no codes"):
        encode(project, run, hand_made(run, encodes="no"))
    with pytest.raises(UserError, match="no 'tset' split"):
        encode(project, run, hand_made(run), "tset")


def test_a_classifier_is_refused_before_it_is_loaded(project: Project, images: Path) -> None:
    run = create(project, images, "model.name=fnn")
    with pytest.raises(UserError, match="makes no images"):
        open_explorer(run, checkpoint="last", preferences=PREFERENCES)


def test_progress_comes_in_time_and_closing_ends_it(
    project: Project, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(project, images)
    explorer = hand_made(run)
    monkeypatch.setattr(codes_module, "_ROWS", 2)
    model = explorer.network.model
    plain = model.encode

    def slow(pixels: torch.Tensor) -> object:
        time.sleep(0.06)
        return plain(pixels)

    monkeypatch.setattr(model, "encode", slow, raising=False)
    work = encode_split(project, run, explorer, split="train", preferences=PREFERENCES)
    times, dones = [], []
    for event in work:
        if isinstance(event, ev.Progress) and event.stage == "encoding train":
            times.append(time.monotonic())
            dones.append(event.done)
            if event.done >= 6:
                break
    work.close()
    assert dones == sorted(dones)
    assert np.diff(times).max() < 0.5
    explorer.decode(np.zeros((1, 2), np.float32))


def test_an_unreadable_image_is_left_out_and_said(project: Project, tmp_path: Path) -> None:
    source = write_files(tmp_path / "bad", {**SHADES, "dark/99.png": png(3, side=8)[:45]})
    run = create(project, source, "data.on_error=skip")
    explorer, said, count = hand_made(run), [], 0
    for split in ("train", "validation", "test"):
        work = encode_split(project, run, explorer, split=split, preferences=PREFERENCES)
        codes, messages = drained(work)
        said += messages
        count += len(codes)
    assert count == 40
    assert said == ["1 images cannot be read and are left out"]


# Items and files


@pytest.mark.parametrize("how", ["no", "once", "threshold", "dynamic"])
def test_items_as_the_network_sees_them(project: Project, images: Path, how: str) -> None:
    run = create(project, images)
    explorer = hand_made(run, binarize=how)
    opened = open_dataset(project, project.dataset(run.status().dataset))
    items = np.array([31, 2, 31])
    found = finish(item_pixels(project, run, explorer, items, preferences=PREFERENCES))
    assert found.shape == (3, 1, 8, 8)
    grey = np.stack([np.full((1, 8, 8), level(opened.items.name(int(item))), np.uint8) for item in items])
    assert (found == Binarisation(how=how)(grey, items)).all()
    assert (found[0] == found[2]).all()


def test_items_that_are_none(project: Project, images: Path) -> None:
    run = create(project, images)
    for item in (40, -1):
        with pytest.raises(UserError, match=f"no item {item}"):
            finish(item_pixels(project, run, hand_made(run), np.array([item]), preferences=PREFERENCES))


def test_a_file_goes_the_same_way(project: Project, images: Path, tmp_path: Path) -> None:
    run = create(project, images)
    path = images / "bright" / "03.png"
    assert (file_pixels(hand_made(run), path) == 169).all()
    drawn = file_pixels(hand_made(run, binarize="once"), path)
    assert set(np.unique(drawn)) == {0, 255}
    assert (drawn == file_pixels(hand_made(run, binarize="once"), path)).all()
    with pytest.raises(UserError, match="cannot be read"):
        file_pixels(hand_made(run), tmp_path / "none.png")


# The nearest training images


def test_the_nearest_training_image_in_grey_levels(project: Project, images: Path) -> None:
    run = create(project, images)
    explorer = hand_made(run, binarize="once")
    opened = open_dataset(project, project.dataset(run.status().dataset))
    training = project.split(run.status().split).items["train"]
    levels = np.array([level(opened.items.name(int(item))) for item in training])
    pictures = np.full((2, 8, 8), 0, np.uint8)
    pictures[0], pictures[1] = levels[3], 255
    items, distances = finish(nearest_training(project, run, explorer, pictures, preferences=PREFERENCES))
    assert items[:, 0].tolist() == [training[3], training[levels.argmax()]]
    assert distances[:, 0] == pytest.approx([0, (255 - levels.max()) / 255], abs=1e-6)
    some = finish(training_images(project, run, explorer, split="validation", most=5, preferences=PREFERENCES))
    assert len(some) == 5
    assert some.pictures.shape == (5, 8, 8)


def test_a_set_larger_than_the_memory_is_compared_with_in_part(project: Project, images: Path) -> None:
    run = create(project, images)
    little = Preferences(device="cpu", memory_gib=64 * 6 / 1024**3)
    found, said = drained(training_images(project, run, hand_made(run), preferences=little))
    assert len(found) == 6
    assert said == ["compared with 6 of 20 images: the memory has no room for more"]
