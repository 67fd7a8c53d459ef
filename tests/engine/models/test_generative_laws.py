"""What holds for every family that makes images: a new one is tested by being registered."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import MODELS, build
from workbench.engine.models.generative import Generative
from workbench.engine.models.layers import attach_generator, count, summary
from workbench.engine.params import Params
from workbench.engine.project.previews import Sheet
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.task import Moment, Setting, Shown, Task

SHAPES = [(1, 8, 8), (3, 32, 32)]
COUNT = 6
GENERATIVE = [name for name in MODELS if MODELS[name].task != "classify"]
EVERY = pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in GENERATIVE for shape in SHAPES])
SMALL = {"nodes": 24, "hidden": 24, "channels": 8, "couplings": 2, "latent": 4, "width": 16}


def suitable(name: str) -> Params:
    """A small one, with dropout where the family has some by default."""
    known = MODELS[name].params.meanings()
    return MODELS[name].params.from_dict({key: value for key, value in SMALL.items() if key in known})


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(name: str, shape: tuple[int, int, int]) -> Tensor:
    """Whole levels of grey on the scale that the family takes by default."""
    levels = torch.randint(256, (COUNT, *shape), generator=seeded(3)) / 255
    return 2 * levels - 1 if MODELS[name].normalize == "half" else levels


def network(name: str, shape: tuple[int, int, int], seed: int = 1) -> nn.Module:
    """Prepared as training prepares it."""
    model = build(name, suitable(name), shape=shape, classes=1, generator=seeded(seed))
    attach_generator(model, seeded(seed))
    if prepare := getattr(model, "prepare", None):
        prepare(images(name, shape))
    return model


def generative(name: str, shape: tuple[int, int, int], seed: int = 1) -> Generative:
    model = network(name, shape, seed).eval()
    assert isinstance(model, Generative)
    return model


def task_of(name: str) -> Task:
    task = MODELS[name].task
    return make_task(task, TASKS[task].params(), Setting(classes=1, counts=[COUNT]))


def moment() -> Moment:
    return Moment(step=0, epoch=0.0, noise=seeded(5))


def codes(model: Generative) -> Tensor:
    return torch.randn(COUNT, model.dims, generator=seeded(4))


@pytest.fixture(autouse=True)
def untouched() -> object:
    """The state of torch's own generator is nobody's to use."""
    torch.manual_seed(11)
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before)


def test_there_are_families_that_make_images() -> None:
    assert "vae" in GENERATIVE
    assert all(TASKS[MODELS[name].task].from_start for name in GENERATIVE)


@EVERY
@torch.no_grad()
def test_codes_become_images_of_the_shape_and_kind_of_its_input(name: str, shape: tuple[int, int, int]) -> None:
    model = generative(name, shape)
    for made in (model.decode(codes(model)), model.draw(codes(model), seeded())):
        assert made.shape == (COUNT, *shape)
        assert made.dtype == torch.float32
        assert made.isfinite().all()
    assert not torch.equal(model.decode(codes(model))[0], model.decode(codes(model))[1])


@EVERY
@torch.no_grad()
def test_images_have_codes_or_it_is_said_that_they_have_none(name: str, shape: tuple[int, int, int]) -> None:
    model = generative(name, shape)
    assert model.encodes in ("posterior", "exact", "no")
    if model.encodes == "no":
        with pytest.raises(UserError):
            model.encode(images(name, shape))
        return
    mean, deviation = model.encode(images(name, shape))
    assert mean.shape == deviation.shape == (COUNT, model.dims)
    assert mean.dtype == deviation.dtype == torch.float32
    assert mean.isfinite().all()
    assert ((deviation > 0) if model.encodes == "posterior" else (deviation == 0)).all()
    again, _ = model.encode(images(name, shape))
    assert torch.equal(mean, again)


@EVERY
@torch.no_grad()
def test_scores_are_one_number_an_image(name: str, shape: tuple[int, int, int]) -> None:
    model = generative(name, shape)
    scores = model.score(images(name, shape), seeded())
    assert scores.shape == (COUNT,)
    assert scores.dtype == torch.float32
    assert scores.isfinite().all()
    assert model.score_name


@EVERY
@torch.no_grad()
def test_chance_comes_from_the_generator_handed_in(name: str, shape: tuple[int, int, int]) -> None:
    model = generative(name, shape)
    assert torch.equal(model.draw(codes(model), seeded(7)), model.draw(codes(model), seeded(7)))
    assert torch.equal(model.score(images(name, shape), seeded(7)), model.score(images(name, shape), seeded(7)))


@EVERY
@torch.no_grad()
def test_the_network_runs_without_noise_and_is_counted(name: str, shape: tuple[int, int, int]) -> None:
    model = network(name, shape).eval()
    model(images(name, shape))
    rows = summary(model, shape)
    assert sum(row.macs for row in rows) > 0
    assert sum(row.parameters for row in rows) <= count(model).parameters


@EVERY
def test_a_step_gives_every_trainable_parameter_a_gradient(name: str, shape: tuple[int, int, int]) -> None:
    model, task = network(name, shape).train(), task_of(name)
    parts = task.parts(model)
    assert len(parts) == len(task.losses)
    trained: set[nn.Parameter] = set()
    for index, part in enumerate(parts):
        model.zero_grad(set_to_none=True)
        loss, numbers = task.step(model, images(name, shape), torch.zeros(COUNT).long(), moment(), part=index)
        loss.backward()
        assert loss.shape == ()
        assert not numbers.requires_grad
        for key, parameter in part.named_parameters():
            if parameter.requires_grad:
                assert parameter.grad is not None, key
                assert parameter.grad.isfinite().all(), key
                trained.add(parameter)
    assert trained == {parameter for parameter in model.parameters() if parameter.requires_grad}


@EVERY
def test_a_step_follows_from_its_noise(name: str, shape: tuple[int, int, int]) -> None:
    losses: list[float] = []
    for _ in range(2):
        model, task = network(name, shape).train(), task_of(name)
        for part in range(len(task.parts(model))):
            loss, _ = task.step(model, images(name, shape), torch.zeros(COUNT).long(), moment(), part=part)
            losses.append(float(loss.detach()))
    half = len(losses) // 2
    assert losses[:half] == losses[half:]


@EVERY
def test_steps_have_metrics(name: str, shape: tuple[int, int, int]) -> None:
    model, task = network(name, shape).train(), task_of(name)
    labels = torch.zeros(COUNT).long()
    outputs = []
    for part in range(len(task.parts(model))):
        steps = [task.step(model, images(name, shape), labels, moment(), part=part)[1] for _ in range(3)]
        outputs.append(torch.stack(steps))
    series = task.series(outputs, labels.expand(3, -1))
    assert all(values.shape == (3,) and values.isfinite().all() for values in series.values())


@EVERY
def test_an_evaluation_has_the_headline_and_is_the_same_twice(name: str, shape: tuple[int, int, int]) -> None:
    found = []
    for pieces in (1, 1, 2):
        model, task = network(name, shape).eval(), task_of(name)
        evaluation = task.evaluation(split="validation", step=0, items=np.arange(COUNT), noise=seeded(9))
        with torch.inference_mode():
            for some in images(name, shape).chunk(pieces):
                evaluation.add(model, some, torch.zeros(len(some)).long())
            for _ in evaluation.finish(model):
                pass
        found.append(evaluation.metrics())
        assert all(len(values) > 1 for values in evaluation.vectors().values())
    assert found[0] == found[1]
    assert found[0].keys() == found[2].keys()
    headline = TASKS[MODELS[name].task].headline
    needs_more = headline.endswith("fid")  # a classifier that judges
    assert needs_more or headline.removeprefix("validation/") in found[0]
    assert all(np.isfinite(list(found[0].values())))


@EVERY
def test_previews_are_pictures_and_the_same_for_the_same_weights(name: str, shape: tuple[int, int, int]) -> None:
    model, task = network(name, shape).eval(), task_of(name)
    shown = Shown(
        step=3,
        items=np.arange(COUNT),
        images=images(name, shape),
        labels=torch.zeros(COUNT).long(),
        noise=seeded(),
        pixels=lambda made: (made.clamp(0, 1) * 255).round().to(torch.uint8),
    )
    with torch.inference_mode():
        first = task.previews(model, shown)
        second = task.previews(model, replace(shown, noise=seeded()))
    assert "samples" in {sheet.kind for sheet in first}
    for one, other in zip(first, second, strict=True):
        assert isinstance(one, Sheet)
        assert isinstance(other, Sheet)
        assert one.pictures.dtype == np.uint8
        assert one.pictures.shape[1:3] == shape[1:]
        assert len(one.pictures) % one.columns == 0
        assert np.array_equal(one.pictures, other.pictures)


@EVERY
@torch.no_grad()
def test_a_saved_state_gives_the_same_network_bit_for_bit(name: str, shape: tuple[int, int, int]) -> None:
    model = generative(name, shape, 1)
    other = build(name, suitable(name), shape=shape, classes=1, generator=seeded(2)).eval()
    assert isinstance(model, nn.Module)
    other.load_state_dict(model.state_dict())
    assert isinstance(other, Generative)
    assert torch.equal(model.decode(codes(model)), other.decode(codes(model)))
    assert torch.equal(model.score(images(name, shape), seeded()), other.score(images(name, shape), seeded()))


@EVERY
def test_the_generator_alone_decides_the_weights(name: str, shape: tuple[int, int, int]) -> None:
    one, same, other = (
        list(build(name, suitable(name), shape=shape, classes=1, generator=seeded(seed)).parameters())
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
