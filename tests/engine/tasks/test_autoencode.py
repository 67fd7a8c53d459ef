"""The objectives of autoencoding, their metrics, and what is kept to look at."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.engine.errors import UserError
from workbench.engine.models import build
from workbench.engine.models.vae.autoencoder import Autoencoder, Terms
from workbench.engine.models.vae.params import VaeParams
from workbench.engine.project.previews import Sheet
from workbench.engine.tasks.autoencode.params import AutoencodeParams
from workbench.engine.tasks.autoencode.task import Autoencode, importance_bound
from workbench.engine.tasks.task import Moment, Setting, Shown

SHAPE = (1, 8, 8)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def task(**options: Any) -> Autoencode:
    return Autoencode(AutoencodeParams(**options), Setting(classes=1))


def network(**options: Any) -> Autoencoder:
    params = VaeParams.from_dict({"latent": 3, "nodes": 16, **options})
    model = build("vae", params, shape=SHAPE, classes=1, generator=seeded(1))
    assert isinstance(model, Autoencoder)
    return model


def images(count: int = 12) -> Tensor:
    return torch.randint(2, (count, *SHAPE), generator=seeded(2)).float()


def moment(epoch: float = 0.0) -> Moment:
    return Moment(step=int(epoch), epoch=epoch, noise=seeded(3))


def loss_of(epoch: float = 0.0, **options: Any) -> float:
    loss, _ = task(**options).step(network(), images(), torch.zeros(12).long(), moment(epoch))
    return float(loss.detach())


def terms_of(samples: int = 1) -> Terms:
    with torch.no_grad():
        terms: Terms = network()(images(), seeded(3), samples)
    return terms


def test_the_loss_is_the_negative_bound_and_its_numbers_are_its_terms() -> None:
    loss, numbers = task().step(network(), images(), torch.zeros(12).long(), moment())
    terms = terms_of()
    likelihood, kl = terms.log_likelihood.mean(), terms.kl.sum(1).mean()
    torch.testing.assert_close(numbers, torch.stack((likelihood, kl)))
    torch.testing.assert_close(loss.detach(), kl - likelihood)
    series = task().series([numbers.expand(5, -1)], torch.zeros(5, 12))
    assert {name: values.shape for name, values in series.items()} == dict.fromkeys(
        ("elbo", "reconstruction", "kl"), (5,)
    )
    assert float(series["elbo"][0]) == pytest.approx(-float(loss.detach()), rel=1e-6)
    assert float(series["reconstruction"][0]) == pytest.approx(-float(likelihood), rel=1e-6)


@pytest.mark.parametrize(("epoch", "weight"), [(0.0, 0.0), (1.0, 0.5), (4.0, 2.0), (9.0, 2.0)])
def test_the_divergence_is_weighed_and_warmed_up(epoch: float, weight: float) -> None:
    terms = terms_of()
    expected = -terms.log_likelihood.mean() + weight * terms.kl.sum(1).mean()
    assert loss_of(epoch, beta=2.0, warmup=4.0) == pytest.approx(float(expected), rel=1e-6)


def test_free_bits_are_of_each_dimension() -> None:
    terms = terms_of()
    kl = terms.kl.mean(0)
    free = float(kl.median())
    expected = -terms.log_likelihood.mean() + kl.clamp(min=free).sum()
    assert loss_of(free_bits=free) == pytest.approx(float(expected), rel=1e-6)
    model = network()
    loss, _ = task(free_bits=100.0).step(model, images(), torch.zeros(12).long(), moment())
    (gradient,) = torch.autograd.grad(loss, model.encoder[1].bias)  # type: ignore[index]
    alone = model(images(), seeded(3)).log_likelihood.mean()
    (expected_gradient,) = torch.autograd.grad(-alone, model.encoder[1].bias)  # type: ignore[index]
    torch.testing.assert_close(gradient, expected_gradient)  # what is free does not pull


def test_the_importance_weighted_bound_is_that_of_its_weights() -> None:
    terms = terms_of(5)
    assert terms.log_ratio is not None
    expected = (terms.log_likelihood + terms.log_ratio).double().exp().mean(0).log()
    torch.testing.assert_close(importance_bound(terms).double(), expected, rtol=1e-5, atol=1e-4)
    assert loss_of(objective="iwae", samples=5) == pytest.approx(-float(expected.mean()), rel=1e-5)
    assert loss_of(samples=5) > loss_of(objective="iwae", samples=5)


class Hears(nn.Module):
    """Keeps what an autoencoder is called with."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model, self.heard = model, list[tuple[Any, ...]]()

    def forward(self, *heard: Any) -> Terms:
        self.heard.append(heard)
        terms: Terms = self.model(*heard)
        return terms


@pytest.mark.parametrize("how", ["none", "gaussian", "blank", "flip"])
def test_only_the_encoder_gets_spoilt_images(how: str) -> None:
    model = Hears(network())
    some = torch.rand(12, *SHAPE, generator=seeded(4)) * 0.5 + 0.25
    task(corruption=how, corruption_strength=0.25).step(model, some, torch.zeros(12).long(), moment())
    accounted, _, _, shown = model.heard[0]
    assert torch.equal(accounted, some)
    if how == "none":
        assert shown is None
        return
    changed = shown != some
    if how == "gaussian":
        assert float((shown - some).std()) == pytest.approx(0.25, rel=0.1)
    else:
        assert float(changed.float().mean()) == pytest.approx(0.25, abs=0.05)
        expected = torch.zeros_like(some) if how == "blank" else 1 - some
        assert torch.equal(shown[changed], expected[changed])


def test_what_contradicts_is_refused() -> None:
    with pytest.raises(UserError, match="iwae"):
        AutoencodeParams(objective="iwae")
    with pytest.raises(UserError, match="free_bits"):
        AutoencodeParams(objective="iwae", samples=5, free_bits=0.1)


def bounds(pieces: int = 1, *, model: Autoencoder | None = None, count: int = 12, **options: Any) -> Any:
    evaluation = task(**options).evaluation(split="validation", step=0, items=np.arange(count), noise=seeded(5))
    with torch.inference_mode():
        for some in images(count).chunk(pieces):
            evaluation.add(model or network(), some, torch.zeros(len(some)))
        list(evaluation.finish(network()))
    return evaluation


def test_an_evaluation_has_every_term_and_each_dimension() -> None:
    evaluation = bounds(3, samples=4)
    metrics, vectors = evaluation.metrics(), evaluation.vectors()
    assert metrics["elbo"] == pytest.approx(-metrics["reconstruction"] - metrics["kl"])
    assert metrics["iwae"] > metrics["elbo"]
    assert set(vectors) == {"kl_per_dimension"}
    assert sum(vectors["kl_per_dimension"]) == pytest.approx(metrics["kl"], rel=1e-5)
    torch.testing.assert_close(torch.tensor(vectors["kl_per_dimension"]), terms_of().kl.mean(0))
    assert "iwae" not in bounds().metrics()


def test_beta_and_corruption_do_not_change_what_is_evaluated() -> None:
    assert bounds(beta=5.0, corruption="blank", warmup=3.0, free_bits=2.0).metrics() == bounds().metrics()


def test_dimensions_are_active_where_their_means_differ() -> None:
    model = network()
    last = model.encoder[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight[:3] *= torch.tensor([20.0, 0.0, 20.0])[:, None]
        last.bias[1] = 7.0  # far from the prior, but the same for every image
    assert bounds(model=model, count=200).metrics()["active_dimensions"] == 2


def test_a_plain_autoencoder_has_no_divergence() -> None:
    metrics = bounds(model=network(code="point")).metrics()
    assert metrics["kl"] == 0
    assert metrics["elbo"] == -metrics["reconstruction"]


def sheets(count: int = 12, *, latent: int = 3, **options: Any) -> dict[str, Sheet]:
    shown = Shown(
        step=7,
        items=np.arange(100, 100 + count),
        images=images(count),
        labels=torch.zeros(count).long(),
        noise=seeded(6),
        pixels=lambda made: (made * 255).round().to(torch.uint8),
    )
    with torch.inference_mode():
        return {sheet.kind: sheet for sheet in task(**options).previews(network(latent=latent), shown)}


def test_reconstructions_stand_below_their_images() -> None:
    sheet = sheets(20)["reconstructions"]
    assert sheet.columns == 8
    assert sheet.pictures.shape == (32, 8, 8)
    assert sheet.items == tuple(range(100, 116))
    originals = (images(20)[:16, 0] * 255).to(torch.uint8).numpy()
    assert np.array_equal(sheet.pictures[:8], originals[:8])
    assert np.array_equal(sheet.pictures[16:24], originals[8:])
    model = network()
    with torch.inference_mode():
        again = model.decode(model.encode(images(20)).mean)
    assert np.array_equal(sheet.pictures[8:16], (again[:8, 0] * 255).round().to(torch.uint8).numpy())


def test_fewer_items_than_a_row_still_make_a_sheet() -> None:
    assert sheets(3)["reconstructions"].pictures.shape == (6, 8, 8)


def test_a_plane_of_codes_is_shown_as_one() -> None:
    assert "manifold" not in sheets()
    found = sheets(latent=2)
    assert found["manifold"].pictures.shape == (225, 8, 8)
    middle = network(latent=2).decode(torch.zeros(1, 2))
    assert np.array_equal(found["manifold"].pictures[112], (middle[0, 0] * 255).round().to(torch.uint8).numpy())


def test_drawn_pixels_are_shown_where_they_are_asked_for() -> None:
    assert "drawn" not in sheets()
    found = sheets(drawn=True)
    assert set(np.unique(found["drawn"].pictures)) == {0, 255}
    assert np.array_equal(found["samples"].pictures, sheets()["samples"].pictures)


def test_training_finds_structure() -> None:
    model, objective = network(latent=2), task()
    prototypes = images(4)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    first = last = 0.0
    for step in range(150):
        batch = prototypes[torch.randint(4, (64,), generator=seeded(step))]
        loss, _ = objective.step(model, batch, torch.zeros(64), Moment(step=step, epoch=0.0, noise=seeded(step)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        first, last = first or float(loss.detach()), float(loss.detach())
    assert first == pytest.approx(64 * math.log(2), rel=0.1)
    assert last < 14  # one image for all would leave over 20 nats
