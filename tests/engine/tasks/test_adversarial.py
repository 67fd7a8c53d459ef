"""Losses of two networks against each other, by hand; and Fréchet distances against scipy."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import Tensor
from torch.nn import functional as F

from workbench.engine.models import MODELS, build
from workbench.engine.models.gan.pair import AdversarialPair
from workbench.engine.models.layers import attach_generator
from workbench.engine.project.previews import Sheet
from workbench.engine.tasks import TASKS, make_task
from workbench.engine.tasks.adversarial.judging import Judged, Moments, Verdict, frechet_distance, verdict
from workbench.engine.tasks.adversarial.params import AdversarialParams
from workbench.engine.tasks.adversarial.task import (
    DISCRIMINATOR,
    GENERATOR,
    Adversarial,
    discriminator_loss,
    generator_loss,
)
from workbench.engine.tasks.task import Moment, Setting, Shown

SHAPE = (1, 8, 8)
REAL = torch.tensor([2.0, -0.5, 0.3, 4.0])
FAKE = torch.tensor([-1.5, 0.2, -3.0, 0.9])


def pair(name: str = "gan", **options: object) -> AdversarialPair:
    small = {"gan": {"latent": 5, "hidden": 4}, "gan-conv": {"generator_channels": 4, "discriminator_channels": 4}}
    params = MODELS[name].params.from_dict({**small[name], **options})
    model = build(name, params, shape=SHAPE, classes=3, generator=torch.Generator().manual_seed(1))
    attach_generator(model, torch.Generator().manual_seed(1))
    assert isinstance(model, AdversarialPair)
    return model


def task(setting: Setting | None = None, **options: object) -> Adversarial:
    made = make_task("adversarial", AdversarialParams.from_dict(options), setting or Setting(classes=3))
    assert isinstance(made, Adversarial)
    return made


def moment(seed: int = 0) -> Moment:
    return Moment(step=0, epoch=0.0, noise=torch.Generator().manual_seed(seed))


def images(rows: int = 6) -> Tensor:
    return torch.rand(rows, *SHAPE, generator=torch.Generator().manual_seed(3)) * 2 - 1


def labels(rows: int = 6) -> Tensor:
    return torch.zeros(rows, dtype=torch.int64)


def test_the_cross_entropies_are_those_of_the_definition() -> None:
    real, fake = REAL.double().sigmoid(), FAKE.double().sigmoid()
    wanted = -real.log().mean() - (1 - fake).log().mean()
    assert float(discriminator_loss(REAL, FAKE, "non-saturating")) == pytest.approx(float(wanted), rel=1e-6)
    assert float(discriminator_loss(REAL, FAKE, "minimax")) == pytest.approx(float(wanted), rel=1e-6)
    assert float(generator_loss(FAKE, "non-saturating")) == pytest.approx(float(-fake.log().mean()), rel=1e-6)
    assert float(generator_loss(FAKE, "minimax")) == pytest.approx(float((1 - fake).log().mean()), rel=1e-6)


def test_smoothing_lowers_the_target_of_real_images_alone() -> None:
    real, fake = REAL.double().sigmoid(), FAKE.double().sigmoid()
    wanted = -(0.9 * real.log() + 0.1 * (1 - real).log()).mean() - (1 - fake).log().mean()
    actual = discriminator_loss(REAL, FAKE, "non-saturating", smoothing=0.1)
    assert float(actual) == pytest.approx(float(wanted), rel=1e-6)


def test_the_hinge_is_that_of_the_definition() -> None:
    wanted = sum(max(0.0, 1 - x) for x in REAL.tolist()) / 4 + sum(max(0.0, 1 + x) for x in FAKE.tolist()) / 4
    assert float(discriminator_loss(REAL, FAKE, "hinge")) == pytest.approx(wanted, rel=1e-6)
    assert float(generator_loss(FAKE, "hinge")) == pytest.approx(-sum(FAKE.tolist()) / 4, rel=1e-6)


def test_losses_stay_finite_for_sure_discriminators() -> None:
    for loss in ("non-saturating", "minimax", "hinge"):
        assert discriminator_loss(torch.tensor([-500.0]), torch.tensor([500.0]), loss).isfinite()
        assert generator_loss(torch.tensor([-500.0]), loss).isfinite()


@pytest.mark.parametrize("loss", ["non-saturating", "minimax", "hinge"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_equilibrium_is_where_a_discriminator_that_cannot_tell_is_best(loss: str, smoothing: float) -> None:
    smoothing = 0.0 if loss == "hinge" else smoothing
    said = AdversarialParams(loss=loss, label_smoothing=smoothing).equilibrium()
    logits = torch.linspace(-3, 3, 6001)
    values = torch.stack([discriminator_loss(x[None], x[None], loss, smoothing=smoothing) for x in logits])
    assert said["discriminator_loss"] == pytest.approx(float(values.min()), abs=1e-5)
    if loss != "hinge":  # which is flat between its margins
        best = logits[values.argmin()]
        assert said["real"] == said["fake"] == pytest.approx(float(best.sigmoid()), abs=1e-3)
        assert said["generator_loss"] == pytest.approx(float(generator_loss(best[None], loss)), abs=2e-3)


def test_the_equilibrium_of_the_usual_loss() -> None:
    said = AdversarialParams().equilibrium()
    assert said == {
        "discriminator_loss": pytest.approx(2 * math.log(2)),
        "generator_loss": pytest.approx(math.log(2)),
        "real": 0.5,
        "fake": 0.5,
    }


@pytest.mark.parametrize("name", ["gan", "gan-conv"])
@pytest.mark.parametrize("part", [DISCRIMINATOR, GENERATOR])
def test_each_part_changes_its_own_weights_alone(name: str, part: int) -> None:
    model, adversarial = pair(name), task()
    learner, opponent = adversarial.parts(model)[part], adversarial.parts(model)[1 - part]
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    optimiser = torch.optim.SGD(learner.parameters(), lr=0.5)
    loss, _ = adversarial.step(model, images(), labels(), moment(), part=part)
    loss.backward()
    optimiser.step()
    assert all(weight.grad is None for weight in opponent.parameters())
    assert all(weight.requires_grad for weight in model.parameters())
    moved = {key for key, value in model.named_parameters() if not torch.equal(value, before[key])}
    own = "discriminator." if part == DISCRIMINATOR else "generator."
    assert moved
    assert all(key.startswith(own) for key in moved)


def test_the_parts_are_the_discriminator_first() -> None:
    model, adversarial = pair(), task()
    assert adversarial.parts(model) == (model.discriminator, model.generator)
    assert adversarial.losses == ("discriminator_loss", "generator_loss")


def test_a_step_is_what_its_parts_say_of_codes_drawn_anew() -> None:
    model, adversarial, now = pair(dropout=0.0), task(), moment()
    twin = torch.Generator().manual_seed(0)
    loss, numbers = adversarial.step(model, images(), labels(), now, part=DISCRIMINATOR)
    first = torch.randn(6, 5, generator=twin)
    statistics = model.generator.norm_1.running_mean.clone()
    with torch.no_grad():
        real, fake = model(images()), model(model.decode(first))
    wanted = F.binary_cross_entropy(real.sigmoid(), torch.ones(6)) + F.binary_cross_entropy(
        fake.sigmoid(), torch.zeros(6)
    )
    torch.testing.assert_close(loss.detach(), wanted)
    assert not numbers.requires_grad
    assert numbers.tolist() == pytest.approx([float(real.sigmoid().mean()), float(fake.sigmoid().mean())], rel=1e-4)
    assert not torch.equal(statistics, torch.zeros_like(statistics)), "the generator's statistics follow its batches"
    loss, number = adversarial.step(model, images(), labels(), now, part=GENERATOR)
    second = torch.randn(6, 5, generator=twin)
    assert not torch.equal(first, second)
    with torch.no_grad():
        fake = model(model.decode(second))
    torch.testing.assert_close(loss.detach(), F.binary_cross_entropy(fake.sigmoid(), torch.ones(6)))
    assert not number.requires_grad


def test_numbers_of_steps_become_series() -> None:
    steps = torch.tensor([[0.6, 0.4], [0.7, 0.2], [0.5, 0.5]])
    series = task().series((steps, torch.zeros(3)), torch.zeros(3, 6))
    assert series["real"].tolist() == pytest.approx([0.6, 0.7, 0.5])
    assert series["fake"].tolist() == pytest.approx([0.4, 0.2, 0.5])


def evaluated(adversarial: Adversarial, model: AdversarialPair, split: str = "validation") -> dict[str, float]:
    model.eval()
    noise = torch.Generator().manual_seed(9)
    evaluation = adversarial.evaluation(split=split, step=1, items=np.arange(6), noise=noise)
    with torch.inference_mode():
        for start in (0, 4):
            evaluation.add(model, images()[start : start + 4], labels()[start : start + 4])
    for _ in evaluation.finish(model):
        pass
    shares = evaluation.vectors().get("class_shares", ())
    return {**evaluation.metrics(), **{f"share {index}": share for index, share in enumerate(shares)}}


def test_an_evaluation_is_the_mean_over_items_and_as_many_samples() -> None:
    model = pair().eval()
    metrics = evaluated(task(label_smoothing=0.3), model)
    twin = torch.Generator().manual_seed(9)
    codes = torch.cat([torch.randn(rows, 5, generator=twin) for rows in (4, 2)])
    with torch.inference_mode():
        fakes = model.decode(codes)
        real, fake = model(images()).double().sigmoid(), model(fakes).double().sigmoid()
    assert metrics == {
        "discriminator_loss": pytest.approx(float(-real.log().mean() - (1 - fake).log().mean()), rel=1e-5),
        "generator_loss": pytest.approx(float(-fake.log().mean()), rel=1e-5),
        "real": pytest.approx(float(real.mean()), rel=1e-5),
        "fake": pytest.approx(float(fake.mean()), rel=1e-5),
        "gap": pytest.approx(float(real.mean() - fake.mean()), rel=1e-3),
        "pixel_distance": pytest.approx(distance(images().flatten(1).numpy(), fakes.flatten(1).numpy()), rel=1e-4),
    }
    assert TASKS["adversarial"].headline.removeprefix("validation/") in metrics


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Fréchet's distance as it is usually written, with scipy's root of a product that is not symmetric."""
    first, second = np.cov(one.astype(np.float64), rowvar=False), np.cov(other.astype(np.float64), rowvar=False)
    # Singular covariances need a little on the diagonal for sqrtm.
    root = sqrtm((first + 1e-9 * np.eye(len(first))) @ (second + 1e-9 * np.eye(len(second))))
    apart = one.mean(0, dtype=np.float64) - other.mean(0, dtype=np.float64)
    return float(apart @ apart + np.trace(first + second) - 2 * np.trace(root).real)


def gathered(rows: np.ndarray, pieces: int = 3) -> Moments:
    moments = Moments()
    for piece in np.array_split(rows, pieces):
        moments.add(torch.from_numpy(piece))
    return moments


@pytest.mark.parametrize("features", [1, 3, 20])
def test_frechets_distance_is_scipys(features: int) -> None:
    chance = np.random.default_rng(features)
    one = chance.normal(size=(200, features)) @ chance.normal(size=(features, features)) + 3
    other = chance.normal(size=(300, features)) @ chance.normal(size=(features, features))
    if features == 1:
        first, second = one.std(ddof=1), other.std(ddof=1)
        wanted = (one.mean() - other.mean()) ** 2 + (first - second) ** 2
    else:
        wanted = distance(one, other)
    assert frechet_distance(gathered(one), gathered(other)) == pytest.approx(wanted, rel=1e-8)
    assert frechet_distance(gathered(other), gathered(one)) == pytest.approx(wanted, rel=1e-8)
    assert frechet_distance(gathered(one), gathered(one, pieces=7)) == pytest.approx(0, abs=1e-8)


def test_moments_are_numpys() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32) * 7 + 100
    moments = gathered(rows)
    np.testing.assert_allclose(moments.mean().numpy(), rows.mean(0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance().numpy(), np.cov(rows.astype(np.float64), rowvar=False), rtol=1e-8)


def test_fewer_images_than_features_still_have_a_distance() -> None:
    chance = np.random.default_rng(1)
    value = frechet_distance(gathered(chance.normal(size=(5, 12))), gathered(chance.normal(size=(4, 12))))
    assert math.isfinite(value)
    assert value > 0


def test_classes_count_as_covered_from_half_a_fair_share_on() -> None:
    said = Verdict(distance=1.0, shares=(0.6, 0.125, 0.124, 0.151))
    assert said.covered == 3
    assert said.metrics() == {"fid": 1.0, "classes_covered": 3.0, "least_class": 0.124, "most_class": 0.6}


def brightness(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """A judge of three classes by mean brightness, whose features are the means of the rows."""
    assert pictures.dtype == torch.uint8
    mean = pictures.float().mean((1, 2, 3))
    logits = -(mean[:, None] - torch.tensor([60.0, 127.0, 200.0])).abs()
    return logits, pictures.float().mean((1, 3))


def to_bytes(batch: Tensor) -> Tensor:
    return ((batch + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def test_a_judge_says_what_samples_are_like_and_sees_real_images_once() -> None:
    shown: list[int] = []

    def judge(pictures: Tensor) -> tuple[Tensor, Tensor]:
        shown.append(len(pictures))
        return brightness(pictures)

    setting = Setting(classes=3, judge=judge, pixels=to_bytes)
    adversarial, model = task(setting, judge_samples=150), pair().eval()
    metrics = evaluated(adversarial, model)
    assert sum(shown) == 6 + 150
    twin = torch.Generator().manual_seed(9)
    sizes = [4, 2, 64, 64, 22]
    drawn = [torch.randn(rows, 5, generator=twin) for rows in sizes][2:]
    with torch.inference_mode():
        pictures = torch.cat([to_bytes(model.decode(codes)) for codes in drawn])
    logits, features = brightness(pictures)
    wanted = verdict(judged(pictures), judged(to_bytes(images())))
    assert metrics["fid"] == pytest.approx(wanted.distance, rel=1e-9)
    assert metrics["fid"] == pytest.approx(
        distance(features.numpy(), brightness(to_bytes(images()))[1].numpy()), rel=1e-3
    )
    shares = [float((logits.argmax(1) == label).float().mean()) for label in range(3)]
    assert [metrics[f"share {label}"] for label in range(3)] == pytest.approx(shares)
    assert (metrics["least_class"], metrics["most_class"]) == (pytest.approx(min(shares)), pytest.approx(max(shares)))
    shown.clear()
    assert evaluated(adversarial, model)["fid"] == metrics["fid"]
    assert sum(shown) == 150
    shown.clear()
    assert "fid" not in evaluated(adversarial, model, split="train")
    assert not shown


def judged(pictures: Tensor) -> Judged:
    found = Judged()
    found.add(pictures, brightness)
    return found


def test_a_preview_is_a_sheet_of_the_same_codes_at_every_step() -> None:
    model = pair().eval()

    def sheet(step: int) -> Sheet:
        noise = torch.Generator().manual_seed(4)
        shown = Shown(step=step, items=np.arange(6), images=images(), labels=labels(), noise=noise, pixels=to_bytes)
        with torch.inference_mode():
            (preview,) = task().previews(model, shown)
        return preview

    one, same = sheet(0), sheet(7)
    assert (one.kind, one.columns, one.pictures.shape) == ("samples", 8, (64, 8, 8))
    assert one.pictures.dtype == np.uint8
    np.testing.assert_array_equal(one.pictures, same.pictures)
    assert same.step == 7


def test_a_preview_in_colour_has_its_channels_last() -> None:
    params = MODELS["gan"].params.from_dict({"latent": 5, "hidden": 4})
    model = build("gan", params, shape=(3, 8, 8), classes=3, generator=torch.Generator()).eval()
    shown = Shown(
        step=0, items=np.arange(2), images=torch.zeros(2, 3, 8, 8), labels=labels(2), noise=torch.Generator(),
        pixels=to_bytes,
    )  # fmt: skip
    with torch.inference_mode():
        (preview,) = task().previews(model, shown)
    assert preview.pictures.shape == (64, 8, 8, 3)
