"""Bits per dimension, their parts, the inverse and the previews."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.engine.models import MODELS, build
from workbench.engine.models.flow.base import Flow, levels_of
from workbench.engine.models.generative import Posterior
from workbench.engine.params import Params
from workbench.engine.project.previews import RECONSTRUCTIONS, SAMPLES
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.density.params import DensityParams
from workbench.engine.tasks.density.task import Density
from workbench.engine.tasks.task import Moment, Setting, Shown

PARTS = ("prior_bits", "log_det_bits", "logit_bits", "dequantisation_bits")
FAMILIES = [name for name in MODELS if MODELS[name].task == "density"]
EVERY = pytest.mark.parametrize("name", FAMILIES)


def small(name: str) -> Params:
    values = {"nodes": 16, "couplings": 2, "width": 8, "further_width": 8, "steps": 1, "further_steps": 1}
    known = MODELS[name].params.meanings()
    return MODELS[name].params.from_dict({key: value for key, value in values.items() if key in known})


def flow(name: str, shape: tuple[int, int, int] = (1, 8, 8)) -> Flow:
    model = build(name, small(name), shape=shape, classes=0, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    assert isinstance(model, Flow)
    return model


def task(**values: float) -> Density:
    made = make_task("density", DensityParams(**values), Setting(classes=0))
    assert isinstance(made, Density)
    return made


def images(count: int, shape: tuple[int, int, int] = (1, 8, 8)) -> Tensor:
    return torch.randint(0, 256, (count, *shape), generator=torch.Generator().manual_seed(2)).float() / 255


def labels(count: int) -> Tensor:
    return torch.full((count,), -1)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_density_is_to_be_made_small_and_learns_no_classes() -> None:
    kind = TASKS["density"]
    assert (kind.headline, kind.maximise, kind.classes, kind.from_start) == (
        "validation/bits_per_dim",
        False,
        False,
        True,
    )
    assert set(FAMILIES) == {"flow", "flow-multiscale"}


@EVERY
def test_a_step_gives_bits_per_dimension_and_their_parts(name: str) -> None:
    model, one = flow(name), task()
    assert one.parts(model) == (model,)
    loss, numbers = one.step(model, images(5), labels(5), Moment(step=0, epoch=0.0, noise=noise()), part=0)
    assert not numbers.requires_grad
    expected = -model.log_prob(images(5), noise()).mean() / (64 * math.log(2))
    torch.testing.assert_close(loss, expected)
    series = one.series([torch.stack([numbers, 2 * numbers])], torch.stack([labels(5)] * 2))
    assert tuple(series) == PARTS
    torch.testing.assert_close(sum(series.values()), torch.stack([loss, 2 * loss]).detach())
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@EVERY
def test_an_evaluation_gathers_means_over_the_split(name: str) -> None:
    model, one = flow(name).eval(), task()
    evaluation = one.evaluation(split="validation", step=3, items=np.arange(10), noise=noise())
    with torch.inference_mode():
        for some in images(10).split(4):
            evaluation.add(model, some, labels(len(some)))
        assert list(evaluation.finish(model)) == []
        again = noise()
        expected = torch.cat([model.score(some, again) for some in images(10).split(4)]).mean()
        error = (model.pixels(model.encode(images(10)).mean) - images(10)).abs().max()
    metrics = evaluation.metrics()
    assert tuple(metrics) == ("bits_per_dim", *PARTS, "inverse_error")
    assert metrics["bits_per_dim"] == pytest.approx(float(expected), rel=1e-5)
    assert sum(metrics[part] for part in PARTS) == pytest.approx(metrics["bits_per_dim"], rel=1e-5)
    assert 0 < metrics["inverse_error"] < 1e-4
    assert metrics["inverse_error"] == pytest.approx(float(error), abs=1e-6)
    assert evaluation.vectors() == {}


def test_a_broken_inverse_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    model = flow("flow").eval()
    right = model.restore
    monkeypatch.setattr(model, "restore", lambda codes: right(codes * 1.01))
    evaluation = task().evaluation(split="validation", step=0, items=np.arange(4), noise=noise())
    with torch.inference_mode():
        evaluation.add(model, images(4), labels(4))
    assert evaluation.metrics()["inverse_error"] > 1e-3


@pytest.mark.parametrize("size", [300, 100, 7])
def test_the_inverse_is_measured_on_the_first_items_however_they_come(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked = flow("flow").eval(), []
    right = model.encode

    def encode(some: Tensor) -> Posterior:
        asked.append(some)
        return right(some)

    monkeypatch.setattr(model, "encode", encode)
    evaluation = task().evaluation(split="train", step=0, items=np.arange(300), noise=noise())
    with torch.inference_mode():
        for some in images(300).split(size):
            evaluation.add(model, some, labels(len(some)))
    assert torch.equal(torch.cat(asked), images(300)[:256])


@EVERY
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8)])
@pytest.mark.parametrize("count", [1, 3, 24])
def test_previews_are_samples_and_exact_reconstructions(name: str, shape: tuple[int, int, int], count: int) -> None:
    model = flow(name, shape).eval()
    given = images(count, shape)

    def shown(step: int) -> Shown:
        return Shown(
            step=step,
            items=np.arange(count) + 100,
            images=given,
            labels=labels(count),
            noise=noise(),
            pixels=lambda images: levels_of(images).to(torch.uint8),
        )

    with torch.inference_mode():
        samples, reconstructions = task().previews(model, shown(7))
        again, _ = task().previews(model, shown(8))
        calm, _ = task(temperature=0.0).previews(model, shown(7))
    assert (samples.kind, samples.step, samples.columns) == (SAMPLES, 7, 8)
    assert samples.pictures.shape == ((32, 8, 8) if shape[0] == 1 else (32, 8, 8, 3))
    assert samples.pictures.dtype == np.uint8
    assert np.array_equal(samples.pictures, again.pictures)
    assert (samples.pictures != samples.pictures[0]).any()
    assert (calm.pictures == calm.pictures[0]).all()
    assert (reconstructions.kind, reconstructions.columns) == (RECONSTRUCTIONS, min(count, 8))
    assert reconstructions.items == tuple(range(100, 100 + count))
    assert len(reconstructions.pictures) == 2 * count
    rows = reconstructions.pictures.reshape(-1, 2, reconstructions.columns, *reconstructions.pictures.shape[1:])
    assert np.array_equal(rows[:, 0], rows[:, 1])
    first = levels_of(given[0]).numpy().astype(np.uint8)
    assert np.array_equal(rows[0, 0, 0], first[0] if shape[0] == 1 else first.transpose(1, 2, 0))


@EVERY
def test_a_flow_learns(name: str) -> None:
    model, one = flow(name), task()
    given = (images(32) * 0.3 * 255).round() / 255
    assert isinstance(model, nn.Module)
    model.prepare(given)
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    losses = []
    for step in range(30):
        loss, _ = one.step(model, given, labels(32), Moment(step=step, epoch=0.0, noise=noise(step)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1
