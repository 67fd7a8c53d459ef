"""One network, one image, one answer to the last bit, whoever asks and however; and what that costs in time."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import finish, png, shared_data, write_files, write_tar
from PIL import Image
from torch import Tensor, nn

from workbench.engine.data.ingest import import_dataset
from workbench.engine.data.pixels import Geometry, prepare
from workbench.engine.errors import UserError
from workbench.engine.events import Progress
from workbench.engine.inspection.inspection import Inspection
from workbench.engine.inspection.looking import ALL, FileAnswers, inspect_dataset, inspect_files, inspect_run
from workbench.engine.models import MODELS, build
from workbench.engine.preferences import Preferences
from workbench.engine.project.project import Project
from workbench.engine.project.runs import Run
from workbench.engine.train import session
from workbench.engine.train.inference import Answers, DecodedImages, Forward, answers_to, batch_rows, infer
from workbench.engine.train.job import Job
from workbench.engine.train.trained import Trained, load_trained

PREFERENCES = Preferences(device="cpu")
CPU = torch.device("cpu")
PHOTOGRAPHS = 100


def trained_on(project: Project, source: Path, *settings: str, model: str = "cnn") -> Run:
    values = {
        "data": {"source": str(source), "protocol": "random", "size": 48, "validation": 0.3, "test": 0.2},
        "model": {"name": model},
        "train": {"steps": 2, "batch_size": 8, "evaluate_every": 2},
    }
    job = Job.from_dict(values, name="tiny").with_settings(settings)
    run: Run = finish(session.create(project, job, preferences=PREFERENCES))
    finish(session.train(project, run, preferences=PREFERENCES))
    return run


def files_say(trained: Trained, paths: list[Path]) -> dict[str, FileAnswers]:
    answers = [event for event in inspect_files(trained, paths) if isinstance(event, FileAnswers)]
    assert [answer.path for answer in answers] == paths
    return {f"{answer.path.parent.name}/{answer.path.name}": answer for answer in answers}


def names_of(project: Project, inspection: Inspection) -> list[str]:
    from workbench.engine.data.opened import open_dataset

    names = open_dataset(project, project.dataset(inspection.dataset)).items.names()
    return ["/".join(str(names[item]).split("/")[-2:]) for item in inspection.items]


def assert_same(project: Project, inspection: Inspection, answers: dict[str, FileAnswers]) -> None:
    """The same images, and the same bits for each."""
    names = names_of(project, inspection)
    assert sorted(names) == sorted(answers)
    for row, name in enumerate(names):
        assert (inspection.logits[row] == answers[name].logits).all(), name
        assert (inspection.features[row] == answers[name].features).all(), name


# Photographs


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred of them, links in a folder for each class."""
    folder = tmp_path_factory.mktemp("photographs") / "insects"
    source = shared_data("hymenoptera", "subset_256px", "train")
    for name in ("ants", "bees"):
        (folder / name).mkdir(parents=True)
        for path in sorted((source / name).iterdir())[: PHOTOGRAPHS // 2]:
            (folder / name / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(tmp_path_factory.mktemp("home")))
        yield Project(tmp_path_factory.mktemp("identity") / "project")


NETWORKS = {
    "cnn": (),
    "cnn mirrored": ("task.mirror=true", "data.normalize=standardize"),
    "cnn half": ("train.precision=bf16", "data.colour=bgr"),
    "fnn grey": ("data.colour=grey", "train.channels_last=false"),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_all_say_the_same_of_photographs(kind: str, project: Project, photographs: Path, tmp_path: Path) -> None:
    run = trained_on(project, photographs, *NETWORKS[kind], model=kind.split()[0])
    trained = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    files = sorted(photographs.rglob("*.jpg"))
    assert len(files) == PHOTOGRAPHS
    answers = files_say(trained, files)
    assert_same(project, finish(inspect_run(project, run, split=ALL, checkpoint="2", preferences=PREFERENCES)), answers)
    for split in ("train", "validation", "test"):
        part = finish(inspect_run(project, run, split=split, checkpoint="last", preferences=PREFERENCES))
        assert_same(project, part, {name: answers[name] for name in names_of(project, part)})
    content = {f"{file.parent.name}/{file.name}": file.read_bytes() for file in files}
    packed = finish(import_dataset(project, str(write_tar(tmp_path / "packed.tar", content)), preferences=PREFERENCES))
    there = finish(inspect_dataset(project, run, packed, checkpoint="last", preferences=PREFERENCES))
    assert_same(project, there, answers)
    few = finish(inspect_dataset(project, run, packed, checkpoint="last", preferences=PREFERENCES, most=7))
    assert_same(project, few, {name: answers[name] for name in names_of(project, few)})
    reloaded = load_trained(run, checkpoint="last", preferences=PREFERENCES)
    mixed = [files[place] for place in np.random.default_rng(0).permutation(PHOTOGRAPHS)]
    assert_same(project, there, files_say(reloaded, mixed))
    for file in files[:: PHOTOGRAPHS // 6]:
        (alone,) = files_say(reloaded, [file]).values()
        same = answers[f"{file.parent.name}/{file.name}"]
        assert (alone.logits == same.logits).all()
        assert (alone.features == same.features).all()


# Files of unusual kinds


def odd_images() -> dict[str, bytes]:
    """What people have on their disks, made on the spot."""
    random = np.random.default_rng(0)
    colour = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    alpha = random.integers(0, 256, (40, 60, 1), dtype=np.uint8)

    def saved(image: Image.Image, format: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    rgb = Image.fromarray(colour)
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "alpha.png": saved(Image.fromarray(np.concatenate([colour, alpha], 2)), "PNG"),
        "palette.png": saved(rgb.quantize(16), "PNG", transparency=3),
        "grey.png": saved(Image.fromarray(alpha[..., 0]), "PNG"),
        "grey16.png": saved(Image.fromarray(random.integers(0, 65536, (40, 60), dtype=np.uint16)), "PNG"),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG"),
        "turned.jpg": saved(rgb, "JPEG", exif=exif),
        "bilevel.png": saved(rgb.convert("1"), "PNG"),
        "strip.png": saved(Image.fromarray(random.integers(0, 256, (20, 200, 3), dtype=np.uint8)), "PNG"),
        "plain.webp": saved(rgb, "WEBP", lossless=True),
        "greyalpha.png": saved(rgb.convert("LA"), "PNG"),
    }


@pytest.mark.parametrize("settings", [("data.resize=squash",), ("data.central=0.8", "data.interpolation=bicubic")])
def test_all_say_the_same_of_odd_files(settings: tuple[str, ...], project: Project, tmp_path: Path) -> None:
    shades = {f"{name}/{number}.png": png(base + number, side=50)
              for name, base in (("bright", 200), ("dark", 0)) for number in range(8)}  # fmt: skip
    run = trained_on(project, write_files(tmp_path / "shades", shades), "data.colour=rgb", *settings)
    trained = load_trained(run, checkpoint="best", preferences=PREFERENCES)
    odd = {f"odd/{name}": content for name, content in odd_images().items()} | {"dark/one.png": png(3)}
    folder = write_files(tmp_path / "odd things", odd)
    answers = files_say(trained, [folder / name for name in odd])
    assert len({answer.logits.tobytes() for answer in answers.values()}) == len(odd)  # no two are mixed up
    for source in (folder, write_tar(tmp_path / "odd things.tar.gz", odd)):
        row = finish(import_dataset(project, str(source), preferences=PREFERENCES))
        there = finish(inspect_dataset(project, run, row, checkpoint="last", preferences=PREFERENCES))
        assert_same(project, there, answers)
        assert sorted(there.labels.tolist()) == [-1] * (len(odd) - 1) + [1]


def test_the_real_network_says_what_its_reference_says(tmp_path: Path) -> None:
    """tf_efficientnet_lite0 through this path against a plain pass in one batch, but for rounding."""
    pytest.importorskip("timm")
    import timm
    from safetensors.torch import load_file

    model = timm.create_model("tf_efficientnet_lite0")
    model.load_state_dict(load_file(shared_data("weights", "tf_efficientnet_lite0_timm.safetensors")))
    files = sorted(shared_data("hymenoptera", "subset_256px", "val").rglob("*.jpg"))[::15]
    geometry = Geometry(size=224, how="crop", mode="RGB", interpolation="bicubic", share=0.875)
    pixels = [prepare(file.read_bytes(), geometry, where="") for file in files]
    subject = bare(model, shape=(3, 224, 224), classes=1000, mean=0.5, deviation=0.5)
    shown = DecodedImages(len(files), shape=(3, 224, 224), read=lambda place: pixels[place])
    answers = finish(infer(subject, shown, stage="x"))
    with torch.no_grad():
        batch = (torch.from_numpy(np.stack(pixels)) / 255 - 0.5) / 0.5
        features = model.forward_head(model.forward_features(batch), pre_logits=True)
        logits = model(batch)
    assert answers.logits == pytest.approx(logits.numpy(), abs=2e-4)
    assert answers.features == pytest.approx(features.numpy(), abs=2e-4)


# The passes


def bare(
    model: nn.Module,
    *,
    shape: tuple[int, int, int] = (3, 8, 8),
    classes: int = 3,
    mean: float = 0.0,
    deviation: float = 1.0,
    mirror: bool = False,
) -> Trained:
    """``model`` as if it had been loaded."""
    from workbench.engine.tasks import make_task
    from workbench.engine.tasks.classify.params import ClassifyParams
    from workbench.engine.tasks.task import Setting
    from workbench.engine.train.checkpoint import Meta

    values = {"data": {"source": "x"}, "model": {"name": "cnn"}}
    preprocessing = {"size": shape[1], "how": "crop", "mode": "RGB", "mean": [mean] * 3, "deviation": [deviation] * 3}
    meta = Meta(step=1, job=values, classes=tuple(map(str, range(classes))), preprocessing=preprocessing, shape=shape,
                protocol="", split="", fingerprint="")  # fmt: skip
    model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    task = make_task("classify", ClassifyParams(mirror=mirror), Setting(classes=classes))
    return Trained(checkpoint=Path("none"), meta=meta, job=Job.from_dict(values, name=""), model=model, task=task,
                   device=CPU)  # fmt: skip


class Flat(nn.Module):
    """A dense layer that notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.last = nn.Linear(3 * 8 * 8, 3)
        self.rows: list[int] = []
        self.before: Callable[[], None] = lambda: None

    def forward(self, x: Tensor) -> Tensor:
        self.rows.append(len(x))
        self.before()
        return self.last(x.flatten(1))

    def head(self, features: np.ndarray) -> np.ndarray:
        return features @ self.last.weight.detach().numpy().T + self.last.bias.detach().numpy()


def random_pixels(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 8, 8), dtype=np.uint8)


def shown(pixels: np.ndarray) -> DecodedImages:
    return DecodedImages(len(pixels), shape=(3, 8, 8), read=lambda place: pixels[place])


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].task == "classify"])
def test_passes_have_a_multiple_of_eight_rows(name: str) -> None:
    if name == "transfer":
        pytest.skip("its own tests build networks of this size")
    for size in (28, 32, 96):
        model = build(name, MODELS[name].params(), shape=(3, size, size), classes=10, generator=torch.Generator())
        rows = batch_rows(model, (3, size, size), device=CPU)
        assert rows % 8 == 0
        assert 8 <= rows <= 1024
        assert rows == batch_rows(model, (3, size, size), device=CPU)
        assert batch_rows(model, (3, size, size), device=torch.device("cuda")) >= rows


def test_every_pass_has_the_same_number_of_rows() -> None:
    model = Flat()
    forward = Forward(bare(model))
    model.rows.clear()
    for count in (1, 5, forward.rows):
        pixels = random_pixels(count)
        logits, features = forward(pixels)
        assert features == pytest.approx(pixels.reshape(count, -1) / 255, abs=1e-6)
        assert logits == pytest.approx(model.head(features), abs=1e-5)
    assert set(model.rows) == {forward.rows}


def test_with_mirroring_both_are_means() -> None:
    model, pixels = Flat(), random_pixels(4)
    plain, mirrored = Forward(bare(model))(pixels), Forward(bare(model))(np.ascontiguousarray(pixels[..., ::-1]))
    logits, features = Forward(bare(model, mirror=True))(pixels)
    assert logits == pytest.approx((plain[0] + mirrored[0]) / 2, abs=1e-6)
    assert features == pytest.approx((plain[1] + mirrored[1]) / 2, abs=1e-6)
    assert logits == pytest.approx(model.head(features), abs=1e-5)


def test_answers_come_in_order_pass_by_pass() -> None:
    pixels = random_pixels(2500)
    events = list(answers_to(bare(Flat()), shown(pixels), stage="looking"))
    answers = [event for event in events if isinstance(event, Answers)]
    assert [answer.first for answer in answers] == [0, 1024, 2048]
    assert [len(answer) for answer in answers] == [1024, 1024, 452]
    assert np.concatenate([answer.features for answer in answers]) == pytest.approx(pixels.reshape(2500, -1) / 255)
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, 2500, 2500)
    assert {event.stage for event in progress} == {"looking"}
    assert list(answers_to(bare(Flat()), shown(pixels[:0]), stage="looking")) == []


def test_an_image_that_cannot_be_read_is_told_or_ends_it() -> None:
    pixels = random_pixels(20)

    def read(place: int) -> np.ndarray:
        if place in (3, 11):
            raise UserError("it is broken", where=f"image {place}")
        return pixels[place]

    images = DecodedImages(20, shape=(3, 8, 8), read=read)
    answers = finish(infer(bare(Flat()), images, stage="x"))
    assert answers.unreadable == {3: "image 3: it is broken", 11: "image 11: it is broken"}
    sound = np.setdiff1d(np.arange(20), [3, 11])
    whole = finish(infer(bare(Flat()), shown(pixels), stage="x"))
    assert (answers.logits[sound] == whole.logits[sound]).all()
    with pytest.raises(UserError, match=r"image 3: it is broken"):
        finish(infer(bare(Flat()), images, stage="x", stop=True))


def test_a_slow_pass_does_not_keep_whoever_waits() -> None:
    model = Flat()
    subject = bare(model)
    Forward(subject)
    model.before = lambda: time.sleep(0.5)
    waits, last = [], time.monotonic()
    for _ in answers_to(subject, shown(random_pixels(3)), stage="x"):
        waits.append(time.monotonic() - last)
        last = time.monotonic()
    assert len(waits) >= 10
    assert float(np.median(waits)) < 0.1


@pytest.mark.parametrize("events", [1, 2, 4])
def test_it_can_be_closed_at_any_time(events: int) -> None:
    model = Flat()
    subject = bare(model)
    passes: list[int] = []
    model.before = lambda: (passes.append(1), time.sleep(0.02))[0]
    work = answers_to(subject, shown(random_pixels(50_000)), stage="x")
    for _ in range(events):
        next(work)
    started = time.monotonic()
    work.close()
    assert time.monotonic() - started < 2
    assert len(passes) < 20
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("network", "decode"))]


def test_two_may_use_one_network_at_a_time() -> None:
    """Listening to layers must not mix up what two of them hear."""
    subject, pixels = bare(Flat()), random_pixels(3000)
    wanted = finish(infer(subject, shown(pixels), stage="x"))
    found: list[Any] = []

    def look() -> None:
        found.append(finish(infer(subject, shown(pixels), stage="x")))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    for answers in found:
        assert (answers.logits == wanted.logits).all()
        assert (answers.features == wanted.features).all()


def test_a_full_device_is_said_plainly() -> None:
    model = Flat()
    forward = Forward(bare(model))

    def full() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model.before = full
    with pytest.raises(UserError, match="not enough memory"):
        forward(random_pixels(2))
    assert replace(bare(model)).lock.acquire(blocking=False)
